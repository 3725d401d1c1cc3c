"""The evidence: texts that recur, verbatim, nearly, or as a template.

Idea:   a diversity number convinces no reader; the three jokes themselves do. Four views: the
        commonest whole outputs, clusters of near-duplicates, templates (what is left when rare
        words become gaps), and the passages found in many documents.
Run:    python -m synthdata explain data.jsonl
Omits:  topics and meanings.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthdata.similarity.near_duplicates import NearDuplicates, near_duplicates
from synthdata.similarity.repeats import Repeats, repeats
from synthdata.text.ngrams import by_document, grams
from synthdata.text.tokens import DEFAULT_POLICY, Policy, Tokens, check_texts, encode
from synthdata.text.words import MOSTLY

GAP = "___"
FIXED_SHARE, TEMPLATE_SHARE, FEWEST = 0.05, 0.02, 3
_FIXED_WORDS = 3
FURTHER = 30
"""Most pieces of evidence of a view, those beyond its examples included."""
WORDINGS = 12
"""Most wordings of a cluster."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One piece of evidence."""

    text: str
    """The repeated text, not shortened."""
    count: int
    """Number of documents that have it."""
    note: str = ""
    """Further details."""
    wordings: tuple[tuple[str, int], ...] = ()
    """Different texts of a cluster with their numbers, the commonest first (HTML only)."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One view of what repeats."""

    title: str
    """Title of the view."""
    summary: str
    """The part of the collection concerned."""
    items: tuple[Item, ...]
    """The worst first; empty if nothing repeats."""
    further: tuple[Item, ...] = ()
    """What comes after them, up to `FURTHER` in all (HTML only)."""

    @classmethod
    def of(cls, title: str, summary: str, found: Iterable[Item], top: int) -> Evidence:
        """A view whose examples are the first `top` that were found."""
        items = tuple(found)
        return cls(title=title, summary=summary, items=items[:top], further=items[top:FURTHER])


def explain(
    texts: Sequence[str], *, policy: Policy = DEFAULT_POLICY, top: int = 3, seed: int = 0
) -> list[Evidence]:
    """The four views of a collection, each with up to `top` examples; see `views`."""
    check_texts(texts)
    return views([policy(text) for text in texts], top=top, seed=seed)


def views(
    texts: Sequence[str],
    *,
    top: int = 3,
    seed: int = 0,
    near: NearDuplicates | None = None,
    repeated: Repeats | None = None,
    frames: Frames | None = None,
) -> list[Evidence]:
    """The four views of normalised texts; earlier findings can be passed in.

    ValueError for `top` below 1.
    """
    if top < 1:
        raise ValueError(f"top is at least 1 example, got {top}")
    return [
        commonest(texts, top),
        clusters(texts, top, seed, near),
        templates(texts, top, frames),
        passages(texts, top, repeated),
    ]


def commonest(texts: Sequence[str], top: int = 3) -> Evidence:
    """Whole outputs that occur more than once."""
    times = Counter(texts)
    again = sum(count for count in times.values() if count > 1)
    commonest = repeated_texts(times, max(top, FURTHER))
    return Evidence.of(
        "Commonest outputs",
        f"{_share(again, len(texts))} of documents are given word for word more than once",
        (Item(text=text, count=count) for text, count in commonest),
        top,
    )


def repeated_texts(times: Mapping[str, int], top: int) -> list[tuple[str, int]]:
    """The commonest texts that occur twice or more; ties are in alphabetical order.

    >>> repeated_texts({"b": 2, "a": 2, "c": 1}, 3)
    [('a', 2), ('b', 2)]
    """
    several = ((text, count) for text, count in times.items() if count > 1)
    return heapq.nsmallest(top, several, key=lambda pair: (-pair[1], pair[0]))


def clusters(
    texts: Sequence[str], top: int = 3, seed: int = 0, found: NearDuplicates | None = None
) -> Evidence:
    """Groups of near-duplicates, each represented by its commonest member."""
    if found is None:
        found = near_duplicates(texts, seed=seed)
    items = []
    for cluster in found.clusters[: max(top, FURTHER)]:
        members = Counter(texts[i] for i in cluster.documents)
        wordings = sorted(members, key=lambda text: (-members[text], text))
        note = "word for word" if cluster.distinct == 1 else f"{cluster.distinct} wordings"
        if cluster.distinct > 1:
            note += f", another: {wordings[1]}"
        told = tuple((text, members[text]) for text in wordings[:WORDINGS])
        items.append(
            Item(
                text=wordings[0],
                count=len(cluster.documents),
                note=note,
                wordings=told if len(told) > 1 else (),
            )
        )
    inside = sum(len(c.documents) for c in found.clusters)
    return Evidence.of(
        "Near-duplicates",
        f"{_share(inside, len(texts))} of documents have a near-duplicate, "
        f"in {len(found.clusters):,} clusters",
        items,
        top,
    )


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Templates of a collection."""

    documents: int
    """Number of documents searched; 0 if words are not separated, so that there was no search."""
    frames: tuple[tuple[str, tuple[int, ...]], ...]
    """Each frame, its gaps shown, and the documents that fill it; the commonest first."""

    @property
    def filled(self) -> int:
        """Number of documents that fill a template."""
        return sum(len(who) for _, who in self.frames)


def find_templates(texts: Sequence[str], tokens: Tokens | None = None) -> Frames:
    """Frames that different documents fill differently.

    A word in fewer than 5 % of the documents (or 3 of them) becomes a gap, neighbouring gaps become
    one, and the resulting frames are counted. A template has at least three fixed words, one gap,
    and 2 % of the documents (or 3). This is only for texts with spaces between words. `tokens` are
    these texts encoded, used if that was by words.
    """
    if tokens is None or tokens.tokeniser != "word":
        tokens = encode(texts, "word")
    if not texts or sum(tokens.mixture.values()) >= MOSTLY:
        return Frames(documents=0, frames=())
    least = max(FEWEST, TEMPLATE_SHARE * len(texts))
    enough = max(FEWEST, FIXED_SHARE * len(texts))
    key, _, _ = by_document(grams(tokens, 1))
    # keys number the words that occur, which may be a part of the vocabulary
    frequent = np.zeros(len(tokens.vocabulary), dtype=bool)
    frequent[np.unique(tokens.ids)] = np.bincount(key) >= enough
    starts = tokens.starts.tolist()
    frames: dict[tuple[str, ...], list[int]] = {}
    fixed = frequent[tokens.ids].tolist()
    ids = tokens.ids.tolist()
    for document in range(len(texts)):
        frame: list[str] = []
        for at in range(starts[document], starts[document + 1]):
            if fixed[at]:
                frame.append(tokens.vocabulary[ids[at]])
            elif not frame or frame[-1] != GAP:
                frame.append(GAP)
        if GAP in frame and sum(word != GAP for word in frame) >= _FIXED_WORDS:
            frames.setdefault(tuple(frame), []).append(document)
    kept = sorted(
        ((frame, who) for frame, who in frames.items() if len(who) >= least),
        key=lambda pair: (-len(pair[1]), pair[0]),
    )
    return Frames(
        documents=len(texts),
        frames=tuple((" ".join(frame), tuple(who)) for frame, who in kept),
    )


def templates(texts: Sequence[str], top: int = 3, found: Frames | None = None) -> Evidence:
    """The commonest templates, each with an example."""
    if found is None:
        found = find_templates(texts)
    title = "Templates"
    if not found.documents:
        return Evidence(title=title, summary="not looked for: words are not separated", items=())
    items = (
        Item(text=frame, count=len(who), note=f"for example: {min(texts[i] for i in who)}")
        for frame, who in found.frames[: max(top, FURTHER)]
    )
    return Evidence.of(
        title,
        f"{_share(found.filled, len(texts))} of documents fill a template "
        f"({len(found.frames)} found)",
        items,
        top,
    )


def passages(texts: Sequence[str], top: int = 3, found: Repeats | None = None) -> Evidence:
    """The passages of 40 letters or more that cost most, and the longest."""
    if found is None:
        found = repeats(texts, examples=top)
    heaviest = [
        Item(text=span.text.strip(), count=span.documents, note=f"{span.occurrences} times")
        for span in found.heaviest
    ]
    items = heaviest[:top]
    if found.longest and found.longest[0] not in found.heaviest:
        span = found.longest[0]
        items.append(Item(text=span.text.strip(), count=span.documents, note="the longest"))
    share = "none" if found.size == 0 else f"{found.share:.1%}"
    return Evidence(
        title="Repeated passages",
        summary=f"{share} of the text stands in passages of {found.min_length} bytes or more that "
        "other documents have too",
        items=tuple(items),
        further=tuple(heaviest[top:FURTHER]),
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"
