"""Equal terms: comparable parts of two collections, and the same terms in every shuffle.

Idea:   the terms (words, coverage, documents, groups of documents) are settled once, by the two
        collections as they are. Shuffles of the same documents are then compared at those terms.
        With terms of its own a shuffle would be another comparison: documents of 20 words beside
        documents of 200 meet at the words of the short ones, a shuffle of both at six times as
        many; there chance makes far smaller gaps, and p would be too small.
Source: permutation tests of a fixed statistic: E. J. G. Pitman 1937; whole documents as the
        sampling unit: Colwell et al., Journal of Plant Ecology 2012, "sample-based rarefaction".
Omits:  the quantities of the parts (`synthdata.comparison.pool`).

If groups of documents (answers to one prompt) differ in size, they are equalised too: equally many
groups from both sides and equally many documents from each. 200 answers to 40 prompts show fewer
topics than 200 answers to 200 prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from synthdata.diversity.coverage import by_unit, in_order
from synthdata.text.ngrams import Table, begins, by_document, grams
from synthdata.text.tokens import Tokens

Match = Literal["tokens", "size", "coverage", "window"]
MATCHES: tuple[str, ...] = get_args(Match)

ORDERS = 5
"""Draws from the larger side. One draw is unbiased too, but its luck adds as much variance as the
smaller side has; the mean of five adds a fifth of that."""

Sides = tuple[list[np.ndarray], list[np.ndarray]]
"""Arrays of each side: one if it is whole, several if it was drawn from."""


class Drawer:
    """All documents of both sides, in the random orders in which they are drawn."""

    def __init__(
        self, tokens: Tokens, match: Match, group: np.ndarray, rng: np.random.Generator
    ) -> None:
        """`group` [documents] numbers the groups; an independent document has its own number."""
        self.tokens, self.match, self.group = tokens, match, group
        self.size = np.bincount(group)
        self.uneven = len(np.unique(self.size[self.size > 0])) > 1
        # The same orders are used every time: new ones would add a spread that the data do
        # not have.
        self.orders, self.turns = [], []
        for _ in range(ORDERS):  # documents, and their groups
            turn = rng.permutation(len(self.size))
            self.orders.append(np.lexsort((rng.permutation(len(group)), turn[group])))
            self.turns.append(np.argsort(turn))

    def arranged(self, documents: np.ndarray, order: np.ndarray) -> np.ndarray:
        """These documents, sorted by this order of all documents."""
        chosen = np.zeros(len(order), dtype=bool)
        chosen[documents] = True
        return order[chosen[order]]

    def ids(self, documents: np.ndarray) -> np.ndarray:
        """The words of these documents, concatenated."""
        return self.tokens.select(documents).ids

    def first_words(self, documents: np.ndarray, many: int) -> np.ndarray:
        """The first `many` words of these documents (or all, if they have fewer)."""
        ends = np.cumsum(self.tokens.lengths[documents])
        return self.ids(documents[: int(np.searchsorted(ends, many)) + 1])[:many]

    @cached_property
    def _tables(self) -> list[Table]:
        """Counts of each word in each group, with the groups numbered in each draw's order."""
        key, group, times = by_unit(
            by_document(grams(self.tokens, 1)), self.group, len(self.group)
        )[0]
        found = []
        for turn in self.turns:
            place = np.argsort(turn)[group]
            rows = np.lexsort((place, key))
            found.append(Table(key, place[rows], times[rows]))  # keys still ascend
        return found

    def curve(self, documents: np.ndarray, draw: int) -> tuple[np.ndarray, np.ndarray]:
        """Words in the first 1, 2, ... groups of these documents, and their coverage.

        Fastest if all groups are whole and in the draw's order.
        """
        group = self.group[documents]
        new = np.flatnonzero(begins(group))  # groups are contiguous
        words = np.add.reduceat(self.tokens.lengths[documents], new)
        kept = np.zeros(len(self.size), dtype=bool)
        kept[group[new]] = True
        kept = kept[self.turns[draw]]
        whole = len(documents) == self.size[group[new]].sum()
        if whole and np.array_equal(self.turns[draw][kept], group[new]):
            table = self._tables[draw].part(kept)
        else:
            rank = np.empty(len(self.size), dtype=np.int64)
            rank[group[new]] = np.arange(len(new))
            part = by_document(grams(self.tokens.select(documents), 1))
            table = by_unit(part, rank[group], len(documents))[0]
        return np.cumsum(words), in_order(table, words)

    def coverage(self, documents: np.ndarray) -> float:
        """Coverage of the words of these documents; 0 if there are none."""
        words, found = self.curve(self.arranged(documents, self.orders[0]), 0)
        return float(found[-1]) if words[-1] else 0.0

    def size_at(self, rows: Sequence[np.ndarray], goal: float) -> int:
        """The number of words whose mean coverage over the rows is the goal, by bisection.

        `rows` are the documents of each draw, in its order.
        """
        curves = [self.curve(row, draw) for draw, row in enumerate(rows)]
        low, high = 0, int(max(words[-1] for words, _ in curves))
        while high - low > max(1, high >> 12):
            middle = (low + high) // 2
            if np.mean([np.interp(middle, *curve) for curve in curves]) < goal:
                low = middle
            else:
                high = middle
        return high

    def paired(
        self, sides: tuple[np.ndarray, np.ndarray], sizes: np.ndarray, draw: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Equally many groups of both sides and equally many documents from each, at most `sizes`.

        Groups are in the order of the draw. Of the first ones on both sides the largest is paired
        with the largest, and each gives as many documents as the smaller has.
        """
        rows, starts, lengths, ranks = [], [], [], []
        for side in sides:
            held = np.bincount(self.group[side], minlength=len(self.size))[self.turns[draw]]
            length = held[held > 0]
            rank = np.argsort(-length[: len(sizes)], kind="stable")
            rows.append(self.arranged(side, self.orders[draw]))
            starts.append((np.cumsum(length) - length)[rank])
            lengths.append(length[rank])
            ranks.append(rank)
        mixed = np.argsort(ranks[0])  # back to a random order, the same for both
        give = np.minimum(sizes, np.minimum(*lengths))[mixed]
        inside = np.arange(int(give.sum())) - np.repeat(np.cumsum(give) - give, give)
        one, two = (row[np.repeat(start[mixed], give) + inside] for row, start in zip(rows, starts))
        return one, two


class Parts:
    """Parts of both sides at equal terms: their own, or those of the parts in `like`."""

    def __init__(
        self, drawer: Drawer, a: np.ndarray, b: np.ndarray, like: Parts | None = None
    ) -> None:
        self.drawer, self.sides, self.like = drawer, (a, b), like
        self._pairs: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    @cached_property
    def sizes(self) -> np.ndarray:
        """[pairs] Most documents that each pair of groups gives; the largest pair first.

        If one side has more groups, those at even steps of rank represent all.
        """
        if self.like is not None:
            return self.like.sizes
        have = [group_sizes(self.drawer.group, side) for side in self.sides]
        pairs = min(map(len, have))
        middle = np.arange(pairs) + 0.5
        one, two = (size[(middle * len(size) / max(1, pairs)).astype(int)] for size in have)
        return np.minimum(one, two)

    @property
    def count(self) -> int:
        """Number of documents compared per side (in the first draw)."""
        return len(self._row(0, 0)) if self.drawer.uneven else min(map(len, self.sides))

    def _row(self, side: int, draw: int) -> np.ndarray:
        """The documents of a draw from a side, in its order; without groups, all of them."""
        if not self.drawer.uneven:
            return self.drawer.arranged(self.sides[side], self.drawer.orders[draw])
        if draw not in self._pairs:
            self._pairs[draw] = self.drawer.paired(self.sides, self.sizes, draw)
        return self._pairs[draw][side]

    @cached_property
    def whole(self) -> tuple[bool, bool]:
        """Whether each side has no surplus, so that every draw would take all of it."""
        if self.like is not None:
            return self.like.whole
        if not self.drawer.uneven:
            one, two = (len(side) == self.count for side in self.sides)
            return one, two
        every = range(1 if all(len(s) == self.sizes.sum() for s in self.sides) else ORDERS)
        one, two = (
            all(len(self._row(i, draw)) == len(side) for draw in every)
            for i, side in enumerate(self.sides)
        )
        return one, two

    @cached_property
    def documents(self) -> Sides:
        """Parts with equally many documents, of equally many groups."""
        one, two = (self._documents(i) for i in (0, 1))
        return one, two

    def _documents(self, i: int) -> list[np.ndarray]:
        if self.whole[i] and not self.drawer.uneven:
            return [self.sides[i]]
        draws = range(1 if self.whole[i] else ORDERS)
        rows = [self._row(i, draw) for draw in draws]
        return rows if self.drawer.uneven else [row[: self.count] for row in rows]

    def first(self, many: int) -> tuple[np.ndarray, np.ndarray]:
        """The first `many` documents drawn from both sides."""
        return self._row(0, 0)[:many], self._row(1, 0)[:many]

    # -- words ---------------------------------------------------------

    @cached_property
    def _have(self) -> list[float]:
        """Words or coverage of both sides; with several draws from groups, what all draws have."""
        have = []
        for i, side in enumerate(self.sides):
            rows = [side]
            if self.drawer.uneven:
                draws = 1 if all(self.whole) else ORDERS
                draws = draws if self.like is None else self.like.word_draws[i]
                rows = [self._row(i, draw) for draw in range(draws)]
            if self.drawer.match == "tokens":
                have.append(float(min(self.drawer.tokens.lengths[row].sum() for row in rows)))
            else:
                have.append(float(np.mean([self.drawer.coverage(row) for row in rows])))
        return have

    @cached_property
    def goal(self) -> float:
        """The words or the coverage to which both sides are cut; never above that of `like`."""
        return min(self._have) if self.like is None else min(*self._have, self.like.goal)

    @cached_property
    def word_draws(self) -> tuple[int, int]:
        """Number of draws from each side: one if it is whole."""
        if self.like is not None:
            return self.like.word_draws
        one, two = (
            1 if (whole or not self.drawer.uneven) and have <= self.goal else ORDERS
            for whole, have in zip(self.whole, self._have)
        )
        return one, two

    @cached_property
    def words(self) -> Sides:
        """The words of both sides at equal terms, several rows if a side was drawn from."""
        drawer = self.drawer
        if drawer.match in ("size", "window"):  # the window was cut before
            one, two = ([drawer.ids(part) for part in parts] for parts in self.documents)
            return one, two
        one, two = (self._cut(i) for i in (0, 1))
        return one, two

    def _cut(self, i: int) -> list[np.ndarray]:
        """The words of one side, at the goal."""
        drawer, goal, draws = self.drawer, self.goal, range(self.word_draws[i])
        if not drawer.uneven and self._have[i] <= goal:
            return [drawer.ids(self.sides[i])]
        rows = [self._row(i, draw) for draw in draws]
        if drawer.match == "tokens":
            return [drawer.first_words(row, int(goal)) for row in rows]
        if self._have[i] <= goal or not 0 < goal < 1:
            return [drawer.ids(row) for row in rows]
        size = drawer.size_at(rows, goal)
        return [drawer.first_words(row, size) for row in rows]


def group_sizes(group: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Numbers of these documents in each of their groups, the largest first."""
    return np.sort(np.unique(group[documents], return_counts=True)[1])[::-1]
