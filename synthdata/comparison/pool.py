"""Quantities of two collections at equal terms: equal tokens, equal documents or equal coverage.

Idea:   twice as many texts show more variety even from the same source, so both sides are compared
        at the smaller one's terms: the larger side is sampled several times without replacement,
        and the values are averaged (`synthdata.comparison.equal_terms`).
Source: equal coverage: Chao & Jost, Ecology 2012; whole documents as the sampling unit: Colwell et
        al., Journal of Plant Ecology 2012, "sample-based rarefaction".
Omits:  tests and intervals (`synthdata.comparison.compare`).

Whole documents are drawn (whole groups, if they depend on each other), and only the last one is cut
to reach the size. Drawing single words instead would separate the words that a text repeats: from
documents of one topic each, a tenth of the words would show all topics, which a tenth of the
documents does not, and the larger side would look more varied than it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from synthdata.comparison.equal_terms import Drawer, Match, Parts, group_sizes
from synthdata.comparison.window import unlike
from synthdata.diversity import coverage as covered
from synthdata.diversity.intervals import unmoved_mean
from synthdata.diversity.quantities import REGISTRY, Quantity
from synthdata.similarity import near_duplicates as neardup
from synthdata.similarity.self_bleu import SelfBleu
from synthdata.text.ngrams import Grams, by_document, grams
from synthdata.text.tokens import Tokens, encode

__all__ = ["BLEU_DOCUMENTS", "QUANTITIES", "Match", "Pool", "Tested", "clustered"]

BLEU_DOCUMENTS = 300
"""Most documents per side on which self-BLEU is compared (drawn once)."""
QUANTITIES = ("hill0", "hill1", "hill2", "documents_hill1", "self_bleu", "near_duplicates")
"""Quantities tested by default; each further test makes Holm's correction stricter."""
GAPS = {
    name: REGISTRY.get(f"{name}_ratio") or REGISTRY[f"{name}_difference"] for name in QUANTITIES
}
"""Form of the gap in each: a ratio, or a difference if values may be 0."""


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A quantity of both collections, and their gap in it."""

    name: str
    """Key of the quantity."""
    gap: Quantity
    """Ratio or difference of the two values."""
    of: Callable[[Parts], tuple[float, float]]
    """The two values, from parts of both sides at equal terms."""

    @property
    def difference(self) -> bool:
        """Whether the gap is a difference (of shares) and not a ratio (of effective numbers)."""
        return self.gap.key.endswith("_difference")


class Pool:
    """The documents of both collections, and every quantity of any two parts of them."""

    def __init__(
        self,
        texts: list[str],
        tokens: Tokens,
        match: Match,
        first: int,
        rng: np.random.Generator,
        quantities: Sequence[str],
        groups: np.ndarray | None = None,
        characters: Tokens | None = None,
    ) -> None:
        """`first` of the documents are one side, the rest is the other.

        `tokens` are the texts encoded for all quantities but near-duplicates, which take
        `characters`.
        """
        self.tokens, self.match = tokens, match
        self.characters = encode(texts, "character") if characters is None else characters
        # a dictionary: an array of strings is as wide as the longest, and drops trailing NULs
        number: dict[str, int] = {}
        self.text = np.array([number.setdefault(t, len(number)) for t in texts], dtype=np.int64)
        wanted = "near_duplicates" in quantities  # finding them costs more than all the rest
        self.cluster = np.arange(len(texts))
        if wanted:
            self.cluster = neardup.near_duplicates(texts, characters=self.characters).label
        self.group = np.arange(len(texts)) if groups is None else groups
        self.drawer = Drawer(tokens, match, self.group, rng)
        self.observed = self.at(np.arange(first), np.arange(first, len(texts)))
        self._last: tuple[Parts, list[tuple[float, float]]] | None = None
        values: dict[str, Callable[[Parts], tuple[float, float]]] = {
            **{f"hill{q}": partial(self.hill, q) for q in (0, 1, 2)},
            "documents_hill1": self.documents_hill1,
            "self_bleu": self.self_bleu,
            "near_duplicates": self.near_duplicates,
        }
        self.quantities = [
            Tested(name=name, gap=GAPS[name], of=of)
            for name, of in values.items()
            if name in quantities
        ]

    def at(self, a: np.ndarray, b: np.ndarray) -> Parts:
        """Parts of these documents at their own terms."""
        return Parts(self.drawer, a, b)

    def dealt(self, a: np.ndarray, b: np.ndarray) -> Parts:
        """Parts of these documents at the terms of the two collections as they are."""
        return Parts(self.drawer, a, b, like=self.observed)

    def units(self, documents: np.ndarray) -> int:
        """Number of groups among these documents (documents, if each is independent)."""
        return len(np.unique(self.group[documents]))

    def words(self, documents: np.ndarray) -> np.ndarray:
        """Counts of the words in these documents, without zeros."""
        return _tally(self.drawer.ids(documents))

    def coverage(self, documents: np.ndarray) -> float:
        """Coverage as `measure` gives it: corrected for the unit left out."""
        return self._covered(grams(self.tokens.select(documents), 1), documents)

    def document_coverage(self, documents: np.ndarray) -> float:
        """Coverage of whole documents."""
        numbers = np.arange(len(documents))
        return self._covered(
            Grams(keys=self.text[documents], owner=numbers, documents=len(documents)), documents
        )

    def _covered(self, found: Grams, documents: np.ndarray) -> float:
        table = by_document(found)
        return covered.coverage(*covered.by_unit(table, self.group[documents], len(documents)))

    def documents(self, documents: np.ndarray) -> np.ndarray:
        """Counts of the texts among these documents."""
        return _tally(self.text[documents])

    def hill(self, q: int, parts: Parts) -> tuple[float, float]:
        """Hill numbers of words of order q, at equal terms (all three orders are kept)."""
        if self._last is None or self._last[0] is not parts:
            one, two = (np.mean([_log_hills(ids) for ids in rows], axis=0) for rows in parts.words)
            self._last = (parts, list(zip(np.exp(one).tolist(), np.exp(two).tolist())))
        return self._last[1][q]

    def documents_hill1(self, parts: Parts) -> tuple[float, float]:
        """Effective number of different documents, at an equal number of documents."""
        one, two = (
            math.exp(np.mean([_log_hills(self.text[part])[1] for part in side]))
            for side in parts.documents
        )
        return one, two

    def self_bleu(self, parts: Parts) -> tuple[float, float]:
        """Self-BLEU of an equal number of documents, 300 at most (270 if a tenth is left out)."""
        size, observed = parts.count, self.observed.count
        if observed > BLEU_DOCUMENTS:
            size = round(size * BLEU_DOCUMENTS / observed)
        one, two = (self._bleu.mean(part) for part in parts.first(size))
        return one, two

    @property
    def alike(self) -> bool:
        """Whether an interval of the difference in self-BLEU, one side minus two, may lie above 0.

        This takes no draws: it may not if the difference is within its least interval.
        """
        one, two = self.self_bleu(self.observed)
        few = min(self.units(side) for side in self.observed.sides)
        return one - two > bleu_reach((one, two), few)[0]

    @cached_property
    def _bleu(self) -> SelfBleu:
        return SelfBleu(self.tokens)

    def near_duplicates(self, parts: Parts) -> tuple[float, float]:
        """Share of documents in a cluster of near-duplicates, at an equal number of documents."""
        one, two = (
            float(np.mean([clustered(self.cluster[part]) for part in side]))
            for side in parts.documents
        )
        return one, two

    def describe(self) -> str:
        """The quantity equalised, and its value, in words."""
        parts, words = self.observed, f"{self.tokens.tokeniser}s"
        documents = f"{parts.count:,} documents"
        if self.drawer.uneven:
            most, least = int(parts.sizes[0]), int(parts.sizes[-1])
            each = f"{most}" if most == least else f"{least} to {most}"
            many = len(parts.sizes)
            documents += f" ({many:,} group{'' if many == 1 else 's'} of {each})"
        if self.match == "tokens":
            return f"{int(parts.goal):,} {words}, {documents}"
        if self.match == "coverage":
            return f"coverage {parts.goal:.1%} of {words}, {documents}"
        if self.match == "window":
            return f"first {self.tokens.lengths.max():,} {words} of each, {documents}"
        return documents

    def mean_lengths(self) -> tuple[float, float]:
        """Mean words per document of each side."""
        one, two = (float(self.tokens.lengths[s].mean()) for s in self.observed.sides)
        return one, two

    def unlike_lengths(self) -> str:
        """A note if the sides' documents differ in length; empty if they do not."""
        one, two = self.mean_lengths()
        if not unlike((one, two)):
            return ""
        return (
            f"documents of {one:.3g} {self.tokens.tokeniser}s on average stand beside documents of "
            f"{two:.3g}: short ones show more of a source in as many words, and self-BLEU changes "
            "with length, so these numbers (self_bleu_difference too) are no measure of variety "
            "alone; compare with --match window"
        )

    def unlike_groups(self) -> str:
        """A note if the sides' groups differ in size; empty if they do not."""
        one, two = (group_sizes(self.group, side) for side in self.observed.sides)
        if not self.drawer.uneven or self.observed.count == min(one.sum(), two.sum()):
            return ""
        return (
            f"groups of {one.mean():.3g} documents stand beside groups of {two.mean():.3g}: to "
            f"compare like with like, {self.describe().rsplit(', ', 1)[-1]} of each side are "
            "drawn, and the values are means over such draws"
        )


def _tally(numbers: np.ndarray) -> np.ndarray:
    """Counts of the numbers that occur."""
    counts = np.bincount(numbers)
    return counts[counts > 0]


def _log_hills(numbers: np.ndarray) -> np.ndarray:
    """Natural logarithms of the Hill numbers of order 0, 1 and 2, [3]; nan for none.

    Their mean over draws is used, not that of the numbers: so the logarithm of the ratio is zero on
    average if both sides come from one source.
    """
    counts = _tally(numbers)
    n = len(numbers)
    if not n:
        return np.full(3, math.nan)
    entropy = math.log(n) - float(counts @ np.log(counts)) / n
    return np.array(
        [math.log(len(counts)), entropy, 2 * math.log(n) - math.log(float(counts @ counts))]
    )


def clustered(label: np.ndarray) -> float:
    """Share of documents in a cluster of two or more; `label` [documents] numbers the clusters."""
    sizes = np.bincount(label)
    return float(sizes[sizes > 1].sum() / len(label))


def least_reach(
    sides: tuple[float, float], least: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """How far below and above a difference its least interval goes, from that of each side."""
    (one, two), ((low, high), (other_low, other_high)) = sides, least
    return math.hypot(one - low, other_high - two), math.hypot(high - one, two - other_low)


def bleu_reach(sides: tuple[float, float], units: int) -> tuple[float, float]:
    """`least_reach` of the difference of two self-BLEUs, of so many independent documents."""
    few = min(units, BLEU_DOCUMENTS)
    return least_reach(sides, [unmoved_mean(side, few) for side in sides])
