"""One passage in nearly every document (a prompt, a header, a signature), and the text without it.

Idea:   a fixed opening of three quarters of the text makes any two documents near-duplicates, and
        hides a loss of variety in the rest behind words that every document has. Only the user
        knows whether it is content, so it is reported, and removed if that is asked for.
Run:    python -m synthdata measure data.jsonl --strip
Omits:  passages in some documents only (`synthdata curate --drop boilerplate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synthdata.similarity.near_duplicates import masked, near_duplicates
from synthdata.similarity.repeats import Repeats, Span, repeats

NEARLY_ALL = 0.9
"""Share of documents from which a passage counts as being in nearly every one."""
OWN = 20
"""Mean characters that documents must have left to have content of their own."""


@dataclass(frozen=True, kw_only=True)
class Boilerplate:
    """Passages found in nearly every document."""

    passages: tuple[Span, ...]
    """The passages, the one that costs most first; empty if there is none."""
    documents: int
    """Number of documents searched."""
    share: float
    """Their share of all characters."""
    varied: bool
    """Whether the documents also have content of their own, and few have the same."""

    @property
    def stands_in(self) -> float:
        """Share of documents with the first passage."""
        return self.passages[0].documents / max(1, self.documents)


def find(texts: Sequence[str], found: Repeats | None = None) -> Boilerplate:
    """Passages of 40 letters or more in over 90 % of the documents; normalise the texts first.

    If nothing would be left of a tenth of them, the passage is content and does not count.

    >>> find([f"You are a helpful teller of jokes. Tell one about {x}." for x in "abc"]).stands_in
    1.0
    """
    if found is None:
        found = repeats(texts)
    spans = tuple(
        replace(span, text=_whole_words(span.text, texts))
        for span in found.heaviest
        if span.documents > NEARLY_ALL * len(texts)
    )
    if not spans or len(texts) < 2:
        return Boilerplate(passages=(), documents=len(texts), share=0.0, varied=False)
    rest = without(texts, spans)
    if sum(not text for text in rest) > (1 - NEARLY_ALL) * len(texts):
        return Boilerplate(passages=(), documents=len(texts), share=0.0, varied=False)
    before, after = sum(map(len, texts)), sum(map(len, rest))
    own = [masked(text) for text in rest]
    # digits alone, as in a sentence with a changing number, are not content
    some = sum(len(text) for text in own) >= OWN * len(own)
    return Boilerplate(
        passages=spans,
        documents=len(texts),
        share=1 - after / before,
        varied=some and near_duplicates(own).share < NEARLY_ALL / 2,
    )


def note(found: Boilerplate) -> tuple[str, ...]:
    """A comparison's note on such a passage; empty if there is none."""
    if not found.passages:
        return ()
    return (
        f"one passage stands in {found.stands_in:.0%} of the documents, and such passages are "
        f"{found.share:.0%} of the text: where both sides have it, they look more alike than what "
        "they say besides; --strip takes it out of both",
    )


def _whole_words(passage: str, texts: Sequence[str]) -> str:
    """The passage without words cut at its ends, for example if all texts go on with a w."""
    left = right = False
    for text in texts:
        at = text.find(passage)
        if at >= 0:
            before, after = text[:at][-1:], text[at + len(passage) :][:1]
            left |= before.isalnum() and passage[0].isalnum()
            right |= after.isalnum() and passage[-1].isalnum()
    if right and len(piece := passage.rpartition(" ")[2]) < min(OWN, len(passage)):
        passage = passage[: len(passage) - len(piece)]
    if left and len(piece := passage.partition(" ")[0]) < min(OWN, len(passage)):
        passage = passage[len(piece) :]
    return passage.strip()


def without(texts: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """The texts with these passages cut out."""
    rest = list(texts)
    for span in sorted(spans, key=lambda span: -len(span.text)):
        rest = [" ".join(text.replace(span.text, " ").split()) for text in rest]
    return rest


def strip(texts: Sequence[str]) -> tuple[list[str], Boilerplate]:
    """The texts without the passages of `find`, and these passages.

    >>> strip([f"You are a helpful teller of jokes. Tell one about {x}." for x in "abc"])[0]
    ['a.', 'b.', 'c.']
    """
    found = find(texts)
    return (without(texts, found.passages) if found.passages else list(texts)), found
