"""Quantities of two collections at equal terms: equal tokens, equal documents or equal coverage.

Idea:   twice as many texts show more variety even from the same source, so both sides are brought
        to the smaller one's terms before they are compared: the larger side is drawn from, without
        replacement, several times, and the values are averaged.
Source: equal coverage: Chao & Jost, Ecology 2012; whole documents as the unit that is drawn:
        Colwell et al., Journal of Plant Ecology 2012, "sample-based rarefaction".
Omits:  tests and intervals (`synthdata.compare`).

Whole documents are drawn (whole groups of them, where they depend on each other), and only the last
one is cut to reach the size. Drawing single words instead would break up the words that a text says
again and again: from documents of one topic each, a tenth of the words would show all the topics
that a tenth of the documents does not, and the larger side would look more varied than it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

import numpy as np

from synthdata import covered, neardup, overlap
from synthdata.counts import Grams, Table, by_document, grams
from synthdata.measures import Direction
from synthdata.tokens import Tokens

Match = Literal["tokens", "size", "coverage"]

BLEU_DOCUMENTS = 300
"""Self-BLEU is compared on so many documents of each side at most (drawn once)."""
ORDERS = 5
"""So many times the larger side is drawn from. One draw is unbiased too, but its luck adds as much
variance as the smaller side has; the mean of five adds a fifth of that."""
QUANTITIES = ("hill0", "hill1", "hill2", "documents_hill1", "self_bleu", "near_duplicates")
"""What is tested unless the caller asks for less; each test more makes Holm's correction harder."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """Something both collections have, and how its gap is told."""

    name: str
    """Its name."""
    ratio_name: str
    """The name of its ratio or difference."""
    unit: str
    """What the ratio or difference counts."""
    direction: Direction
    """How to read it."""
    difference: bool
    """Whether the gap is a difference (of shares) and not a ratio (of effective numbers)."""
    of: Callable[[np.ndarray, np.ndarray], tuple[float, float]]
    """Its two values, from the document numbers of both sides."""


class Pool:
    """Both collections' documents together, and every quantity of any two parts of them."""

    def __init__(
        self,
        texts: list[str],
        tokens: Tokens,
        match: Match,
        smaller: int,
        rng: np.random.Generator,
        quantities: Sequence[str],
        groups: np.ndarray | None = None,
    ) -> None:
        self.tokens, self.match, self.smaller = tokens, match, smaller
        # by a dictionary: an array of strings is as wide as the longest, and drops closing NULs
        number: dict[str, int] = {}
        self.text = np.array([number.setdefault(t, len(number)) for t in texts], dtype=np.int64)
        wanted = "near_duplicates" in quantities  # finding them costs more than all the rest
        self.cluster = neardup.near_duplicates(texts).label if wanted else np.arange(len(texts))
        self.group = np.arange(len(texts)) if groups is None else groups
        # The same orders serve every time: drawn anew, they would add a spread that the data do
        # not have.
        self.orders = [self._order(rng) for _ in range(ORDERS)]
        self._last: tuple[np.ndarray, np.ndarray, list[tuple[float, float]]] | None = None
        table = {f"hill{q}": ("times", False, partial(self.hill, q)) for q in (0, 1, 2)} | {
            "documents_hill1": ("times", False, self.documents_hill1),
            "self_bleu": ("BLEU", True, self.self_bleu),
            "near_duplicates": ("share", True, self.near_duplicates),
        }
        self.quantities = [
            Quantity(
                name=name,
                ratio_name=f"{name}_{'difference' if difference else 'ratio'}",
                unit=unit,
                direction="lower is more varied" if difference else "higher is more varied",
                difference=difference,
                of=of,
            )
            for name, (unit, difference, of) in table.items()
            if name in quantities
        ]

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        """All documents in a random order in which groups stay together."""
        n = len(self.text)
        turn = rng.permutation(int(self.group.max(initial=-1)) + 1)[self.group]
        return np.lexsort((rng.permutation(n), turn))

    def units(self, documents: np.ndarray) -> int:
        """How many groups these documents are (how many documents, where each is its own)."""
        return len(np.unique(self.group[documents]))

    def arranged(self, documents: np.ndarray, order: np.ndarray) -> np.ndarray:
        """These documents as they come in this order of all."""
        chosen = np.zeros(len(order), dtype=bool)
        chosen[documents] = True
        return order[chosen[order]]

    def parts(self, documents: np.ndarray, size: int) -> list[np.ndarray]:
        """Parts of so many documents: all of them once, or several draws of fewer."""
        if size >= len(documents):
            return [documents]
        return [self.arranged(documents, order)[:size] for order in self.orders]

    def equal(self, a: np.ndarray, b: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Parts of both sides with as many documents as the smaller has."""
        size = min(len(a), len(b))
        return self.parts(a, size), self.parts(b, size)

    def ids(self, documents: np.ndarray) -> np.ndarray:
        """The words of these documents, one after the other."""
        return self.tokens.select(documents).ids

    def words(self, documents: np.ndarray) -> np.ndarray:
        """How often each word occurs in these documents; those that do not occur are left out."""
        return _tally(self.ids(documents))

    @cached_property
    def _units(self) -> Table:
        """How often each word stands in each group."""
        return covered.by_unit(by_document(grams(self.tokens, 1)), self.group, len(self.text))[0]

    def curve(self, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Words in the first 1, 2, ... groups of these documents, and their coverage, less A."""
        group = self.group[documents]
        new = np.flatnonzero(np.diff(group, prepend=-1))  # a group stands together
        words = np.add.reduceat(self.tokens.lengths[documents], new)
        rank = np.full(int(self.group.max()) + 1, len(new))
        rank[group[new]] = np.arange(len(new))
        return np.cumsum(words), covered.in_order(self._units, rank, words)

    def seen(self, documents: np.ndarray) -> float:
        """Coverage of the words of these documents, less A; nan for no word."""
        words, found = self.curve(self.arranged(documents, self.orders[0]))
        return float(found[-1]) if words[-1] else math.nan

    def coverage(self, documents: np.ndarray) -> float:
        """The same as `measure` gives it: corrected for the unit that was left out."""
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
        """How often each text occurs among these documents."""
        return _tally(self.text[documents])

    def hill(self, q: int, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        """Hill numbers of words of order q, at equal terms (all three orders are kept)."""
        if self._last is None or self._last[0] is not a or self._last[1] is not b:
            sides = self._at_equal_size(a, b) if self.match == "size" else self._cut(a, b)
            one, two = (np.mean([_log_hills(ids) for ids in parts], axis=0) for parts in sides)
            self._last = (a, b, list(zip(np.exp(one).tolist(), np.exp(two).tolist())))
        return self._last[2][q]

    def _at_equal_size(self, a: np.ndarray, b: np.ndarray) -> list[list[np.ndarray]]:
        return [[self.ids(part) for part in parts] for parts in self.equal(a, b)]

    def _cut(self, a: np.ndarray, b: np.ndarray) -> list[list[np.ndarray]]:
        """Words of both sides, the larger one's cut to the tokens or the coverage of the other."""
        sides, whole = (a, b), (self.ids(a), self.ids(b))
        have = [
            len(ids) if self.match == "tokens" else self.seen(side)
            for side, ids in zip(sides, whole)
        ]
        goal = min(have)
        if self.match == "coverage" and not 0 < goal < 1:
            return [[ids] for ids in whole]
        cut = []
        for side, ids, value in zip(sides, whole, have):
            if value <= goal:
                cut.append([ids])
                continue
            rows = [self.arranged(side, order) for order in self.orders]
            size = int(goal)
            if self.match == "coverage":
                size = _size_at(goal, [self.curve(row) for row in rows])
            cut.append([self.ids(row)[:size] for row in rows])
        return cut

    def documents_hill1(self, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        """Effective number of different documents, at an equal number of documents."""
        one, two = (
            math.exp(np.mean([_log_hills(self.text[part])[1] for part in parts]))
            for parts in self.equal(a, b)
        )
        return one, two

    def self_bleu(self, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        """Self-BLEU of an equal number of documents, 300 at most (270 where a tenth is out)."""
        size = min(len(a), len(b))
        if self.smaller > BLEU_DOCUMENTS:
            size = round(size * BLEU_DOCUMENTS / self.smaller)
        one, two = (
            overlap.mean_self_bleu(self.tokens.select(self.parts(side, size)[0])) for side in (a, b)
        )
        return one, two

    def near_duplicates(self, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        """Share of documents in a cluster of near-duplicates, at an equal number of documents."""
        one, two = (
            float(np.mean([clustered(self.cluster[part]) for part in parts]))
            for parts in self.equal(a, b)
        )
        return one, two

    def describe(self, a: np.ndarray, b: np.ndarray) -> str:
        """What was made equal, at which value."""
        documents = f"{min(len(a), len(b)):,} documents"
        one, two = self.words(a), self.words(b)
        if self.match == "tokens":
            return f"{min(one.sum(), two.sum()):,} {self.tokens.tokeniser}s, {documents}"
        if self.match == "coverage":
            goal = min(self.seen(a), self.seen(b))
            return f"coverage {goal:.1%} of {self.tokens.tokeniser}s, {documents}"
        return documents


def _tally(numbers: np.ndarray) -> np.ndarray:
    """How often each number occurs, of those that do."""
    counts = np.bincount(numbers)
    return counts[counts > 0]


def _log_hills(numbers: np.ndarray) -> np.ndarray:
    """Natural logarithms of the Hill numbers of order 0, 1 and 2, [3]; nan for none.

    Their mean over draws is taken, not that of the numbers: it is what makes the logarithm of the
    ratio nought on average where both sides are one source.
    """
    counts = _tally(numbers)
    n = len(numbers)
    if not n:
        return np.full(3, math.nan)
    entropy = math.log(n) - float(counts @ np.log(counts)) / n
    return np.array(
        [math.log(len(counts)), entropy, 2 * math.log(n) - math.log(float(counts @ counts))]
    )


def _size_at(goal: float, curves: Sequence[tuple[np.ndarray, np.ndarray]]) -> int:
    """The number of words whose mean coverage over the curves is the goal, by bisection."""
    low, high = 0, int(curves[0][0][-1])
    while high - low > max(1, high >> 12):
        middle = (low + high) // 2
        if np.mean([np.interp(middle, *curve) for curve in curves]) < goal:
            low = middle
        else:
            high = middle
    return high


def clustered(label: np.ndarray) -> float:
    """Share of documents in a cluster of two or more; `label` [documents] numbers the clusters."""
    sizes = np.bincount(label)
    return float(sizes[sizes > 1].sum() / len(label))
