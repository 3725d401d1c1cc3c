"""Quantities of two collections at equal terms: equal tokens, equal documents or equal coverage.

Idea:   twice as many texts show more variety even from the same source, so both sides are brought
        to the smaller one's terms before they are compared.
Source: equal coverage: Chao & Jost, Ecology 2012.
Omits:  tests and intervals (`synthdata.compare`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from synthdata import estimate, neardup, overlap
from synthdata.measures import Direction
from synthdata.rarefy import rarefied, size_for_coverage
from synthdata.tokens import Tokens

Match = Literal["tokens", "size", "coverage"]

BLEU_DOCUMENTS = 300
"""Self-BLEU is compared on so many documents of each side at most."""
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
    ) -> None:
        self.tokens, self.match, self.smaller = tokens, match, smaller
        # by a dictionary: an array of strings is as wide as the longest, and drops closing NULs
        number: dict[str, int] = {}
        self.text = np.array([number.setdefault(t, len(number)) for t in texts], dtype=np.int64)
        self.cluster = neardup.near_duplicates(texts).label
        # Where documents have to be left out to make sides equal, the same ones go every time:
        # drawn anew, they would add a spread that the data do not have.
        self.priority = rng.permutation(len(texts))
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

    def equal(
        self, a: np.ndarray, b: np.ndarray, most: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As many documents of each side; of `most`, where a tenth is left out, nine tenths."""
        size = min(len(a), len(b))
        if most is not None and most < self.smaller:
            size = round(most * size / self.smaller)
        one, two = (
            part if len(part) == size else part[np.argsort(self.priority[part])[:size]]
            for part in (a, b)
        )
        return one, two

    def words(self, documents: np.ndarray) -> np.ndarray:
        """How often each word occurs in these documents; those that do not occur are left out."""
        counts = np.bincount(self.tokens.select(documents).ids)
        return counts[counts > 0]

    def documents(self, documents: np.ndarray) -> np.ndarray:
        """How often each text occurs among these documents."""
        counts = np.bincount(self.text[documents])
        return counts[counts > 0]

    def hill(self, q: int, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        """Hill numbers of words of order q, at equal terms (all three orders are kept)."""
        if self._last is None or self._last[0] is not a or self._last[1] is not b:
            self._last = (a, b, self._hills(a, b))
        return self._last[2][q]

    def _hills(self, a: np.ndarray, b: np.ndarray) -> list[tuple[float, float]]:
        if self.match == "size":
            a, b = self.equal(a, b)
        counts = (self.words(a), self.words(b))
        sizes = [int(c.sum()) for c in counts]
        if not min(sizes):
            return [(math.nan, math.nan)] * 3
        if self.match == "tokens":
            sizes = [min(sizes)] * 2
        elif self.match == "coverage":
            covered = [estimate.coverage(c) for c in counts]
            goal = min(covered)
            if 0 < goal < 1:  # the side that covers less stays whole, the other is made smaller
                sizes = [
                    m if have <= goal else max(1, round(min(m, size_for_coverage(c, goal, 0.25))))
                    for c, m, have in zip(counts, sizes, covered)
                ]
        one, two = ([rarefied(c, m, q) for q in (0, 1, 2)] for c, m in zip(counts, sizes))
        return list(zip(one, two))

    def documents_hill1(self, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        """Effective number of different documents, at an equal number of documents."""
        size = min(len(a), len(b))
        one, two = (rarefied(self.documents(part), size, 1) for part in (a, b))
        return one, two

    def self_bleu(self, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        """Self-BLEU of an equal number of documents."""
        a, b = self.equal(a, b, BLEU_DOCUMENTS)
        one, two = (overlap.mean_self_bleu(self.tokens.select(part)) for part in (a, b))
        return one, two

    def near_duplicates(self, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        """Share of documents in a cluster of near-duplicates, at an equal number of documents."""
        a, b = self.equal(a, b)
        return clustered(self.cluster[a]), clustered(self.cluster[b])

    def describe(self, a: np.ndarray, b: np.ndarray) -> str:
        """What was made equal, at which value."""
        documents = f"{min(len(a), len(b)):,} documents"
        one, two = self.words(a), self.words(b)
        if self.match == "tokens":
            return f"{min(one.sum(), two.sum()):,} {self.tokens.tokeniser}s, {documents}"
        if self.match == "coverage":
            goal = min(estimate.coverage(one), estimate.coverage(two))
            return f"coverage {goal:.1%} of {self.tokens.tokeniser}s, {documents}"
        return documents


def clustered(label: np.ndarray) -> float:
    """Share of documents in a cluster of two or more; `label` [documents] numbers the clusters."""
    sizes = np.bincount(label)
    return float(sizes[sizes > 1].sum() / len(label))
