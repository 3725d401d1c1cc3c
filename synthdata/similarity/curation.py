"""Curation: drop copies, boilerplate and empty talk, then keep the most varied rest.

Idea:   each kind of waste has a definition that can be checked by hand, and each dropped document a
        reason. A budget of N keeps the N that together have the most: greedy choice by the number
        of new n-grams. Without the cap on long documents (`most_varied`) it provably reaches at
        least 63 % (1 - 1/e) of the best possible choice.
Source: greedy coverage: Nemhauser, Wolsey & Fisher, Mathematical Programming 1978; its lazy form:
        Minoux 1978.
Run:    python -m synthdata curate data.jsonl -o kept.jsonl --drop near-duplicates --budget 1000
Omits:  judging quality. A varied set of bad texts is varied.
"""

from __future__ import annotations

import heapq
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from synthdata.text import ngrams
from synthdata.text.tokens import DEFAULT_POLICY, Policy, Tokens, check_texts, encode
from synthdata.text.words import MOSTLY

Waste = Literal["near-duplicates", "boilerplate", "low-information"]
WASTE: tuple[Waste, ...] = get_args(Waste)

FEWEST_WORDS = 3
LOOP_RATIO = 6.0
LOOP_BYTES = 200
PASSAGE = {"word": 8, "character": 20}
COMMON_SHARE, COMMON_DOCUMENTS = 0.05, 5
_GRAM = {"word": 2, "character": 4}


@dataclass(frozen=True, kw_only=True)
class Curated:
    """The kept documents, and why the rest was dropped."""

    kept: tuple[int, ...]
    """Numbers of the kept documents, in their order."""
    reason: tuple[str, ...]
    """[n] why each document was dropped; "" for those kept."""

    @property
    def dropped(self) -> dict[str, int]:
        """Number of documents dropped for each reason."""
        return dict(sorted(Counter(why for why in self.reason if why).items()))


def curate(
    texts: Sequence[str],
    *,
    drop: Sequence[Waste] = WASTE,
    cap_per_cluster: int | None = None,
    budget: int | None = None,
    policy: Policy = DEFAULT_POLICY,
    seed: int = 0,
) -> Curated:
    """Choose documents to keep; the documents are never changed.

    The steps, in this order: "low-information" (`low_information`), "near-duplicates" (all but the
    first of a cluster) or `cap_per_cluster` (all but the first K), "boilerplate" (`boilerplate`),
    then the `budget`. ValueError on an unknown name in `drop`, or a cap or budget below 1.

    If the first K near-duplicates are kept, so are the first K of a cluster of documents that
    differ in their numbers and are boilerplate to each other: a sentence with a changing number is
    kept once.

    >>> curate(["why did it cross the road", "Why did it cross the road", "a b c d"]).kept
    (0, 2)
    """
    check_texts(texts)
    for name in drop:
        if name not in WASTE:
            raise ValueError(f"cannot drop {name!r}; choose among {', '.join(WASTE)}")
    for what, number in (("cap_per_cluster", cap_per_cluster), ("budget", budget)):
        if number is not None and number < 1:
            raise ValueError(f"{what} keeps at least 1 document, got {number}")
    plain = [policy(text) for text in texts]
    reason = [""] * len(plain)

    def remaining() -> list[int]:
        return [i for i, why in enumerate(reason) if not why]

    if "low-information" in drop:
        for i, text in enumerate(plain):
            if low_information(text):
                reason[i] = "low-information"
    cap = 1 if "near-duplicates" in drop else cap_per_cluster
    if "near-duplicates" in drop and cap_per_cluster is not None:
        cap = cap_per_cluster
    if cap is not None:
        from synthdata.similarity.near_duplicates import near_duplicates

        left = remaining()
        label = near_duplicates([plain[i] for i in left], seed=seed).label.tolist()
        size: Counter[int] = Counter()
        for i, cluster in zip(left, label):
            size[cluster] += 1
            if size[cluster] > cap:
                reason[i] = "near-duplicates"
    if "boilerplate" in drop:
        left = remaining()
        common = boilerplate([plain[i] for i in left])
        spared = _spared([plain[i] for i in left], common, cap, seed) if cap else set()
        for place, i in enumerate(left):
            if common[place] and place not in spared:
                reason[i] = "boilerplate"
    left = remaining()
    if budget is not None and budget < len(left):
        chosen = {left[i] for i in most_varied([plain[i] for i in left], budget)}
        for i in left:
            if i not in chosen:
                reason[i] = "over budget"
    return Curated(kept=tuple(remaining()), reason=tuple(reason))


def _spared(texts: Sequence[str], common: Sequence[bool], cap: int, seed: int) -> set[int]:
    """The first `cap` documents of each cluster, numbers masked, that is boilerplate as a whole."""
    if not any(common):
        return set()
    from synthdata.similarity.near_duplicates import masked, near_duplicates

    clusters = near_duplicates([masked(text) for text in texts], seed=seed).clusters
    whole = [c.documents for c in clusters if all(common[i] for i in c.documents)]
    return {i for documents in whole for i in documents[:cap]}


def low_information(text: str) -> bool:
    """Whether a text has next to no content.

    It has fewer than three different words (characters in scripts without spaces between words), or
    it has 200 bytes or more and zlib makes them six times smaller: it loops. A page of English
    prose becomes two to three times smaller.

    >>> [low_information(t) for t in ("ok", "ha ha ha ha", "Why did the chicken cross the road?")]
    [True, True, False]
    """
    tokens = encode([text])
    if len(tokens.vocabulary) < FEWEST_WORDS:
        return True
    data = text.encode("utf-8", "surrogatepass")
    return len(data) >= LOOP_BYTES and len(data) / len(zlib.compress(data, 6)) >= LOOP_RATIO


def boilerplate(texts: Sequence[str]) -> list[bool]:
    """Whether at least half of each text's words are in passages that many others have too.

    A passage is 8 words (20 characters in scripts without spaces between words); many is 5 % of the
    documents and at least 5 of them. This finds refusals, disclaimers and fixed openings; drop
    copies of whole documents first, or everything in them looks common.
    """
    if not texts:
        return []
    tokens = encode(texts)
    n = PASSAGE[_unit(tokens)]
    inside = ngrams.inside(tokens, n)
    found = ngrams.grams(tokens, n)
    if not len(found.keys):
        return [False] * len(texts)
    key, _, _ = ngrams.by_document(found)
    documents = np.bincount(key)
    common = documents >= max(COMMON_DOCUMENTS, COMMON_SHARE * len(texts))
    change = np.zeros(len(tokens.ids) + 1, dtype=np.int64)
    starts = np.flatnonzero(inside)[common[found.keys]]
    np.add.at(change, starts, 1)
    np.add.at(change, starts + n, -1)
    covered = np.concatenate(([0], np.cumsum(np.cumsum(change[:-1]) > 0)))
    inside_common = covered[tokens.starts[1:]] - covered[tokens.starts[:-1]]
    return (2 * inside_common >= np.maximum(tokens.lengths, 1)).tolist()


def most_varied(texts: Sequence[str], budget: int) -> list[int]:
    """Numbers of the `budget` documents that add the most different n-grams, in order of choice.

    n-grams are word pairs (4 characters in scripts without spaces between words). Each document
    counts with at most as many n-grams as the median document has, so that length gives no
    advantage. Once everything is covered, covering starts again.
    """
    tokens = encode(texts)
    found = ngrams.grams(tokens, _GRAM[_unit(tokens)])
    key, document, _ = ngrams.by_document(found)
    order = np.argsort(document, kind="stable")
    key, document = key[order], document[order]
    ends = np.searchsorted(document, np.arange(len(texts) + 1))
    most = int(np.median(np.diff(ends))) if len(texts) else 0
    most = max(most, 1)
    seen = np.zeros(int(key.max(initial=0)) + 1, dtype=bool)

    def gain(i: int) -> int:
        return min(most, int((~seen[key[ends[i] : ends[i + 1]]]).sum()))

    heap = [(-gain(i), i) for i in range(len(texts))]
    heapq.heapify(heap)
    chosen: list[int] = []
    fresh = True
    while heap and len(chosen) < budget:
        bound, i = heapq.heappop(heap)
        now = gain(i)
        if now < -bound:  # gains only fall, so an outdated one is a bound: check it later
            heapq.heappush(heap, (-now, i))
            continue
        if now == 0 and not fresh:
            seen[:] = False
            heap = [(-gain(j), j) for _, j in [(bound, i), *heap]]
            heapq.heapify(heap)
            fresh = True
            continue
        fresh = False
        chosen.append(i)
        seen[key[ends[i] : ends[i + 1]]] = True
    return chosen


def _unit(tokens: Tokens) -> str:
    """The commonest kind of token: words, or single characters of scripts without spaces."""
    return "character" if sum(tokens.mixture.values()) >= MOSTLY else "word"
