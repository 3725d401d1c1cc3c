"""Abundances: how often each distinct thing was seen, and how many things were seen j times.

Idea:   every estimator of diversity reads a sample through the same few numbers: its size n and
        the counts of counts f_1, f_2, ..., of which the first two tell what is still unseen. A
        collection in memory and a stream that was sampled both come down to them.
Source: counts of counts: I. J. Good, Biometrika 1953. Mean share of the things seen once: Chao &
        Jost, Ecology 2012.
Run:    python -m synthdata measure --help
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthdata.text.tokens import check_texts


def count_documents(texts: Sequence[str]) -> np.ndarray:
    """Counts of the distinct texts, commonest first; normalise the texts before.

    >>> count_documents(["a", "b", "a"]).tolist()
    [2, 1]
    """
    check_texts(texts)
    tally: dict[str, int] = {}
    for text in texts:
        tally[text] = tally.get(text, 0) + 1
    return np.sort(np.fromiter(tally.values(), dtype=np.int64, count=len(tally)))[::-1]


def counts_of_counts(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values j that occur among the counts, and f_j, how many types were seen j times.

    >>> [part.tolist() for part in counts_of_counts(np.array([3, 1, 1]))]
    [[1, 3], [2, 1]]
    """
    counts = np.asarray(counts)
    values, frequency = np.unique(counts[counts > 0], return_counts=True)
    return values.astype(np.int64), frequency.astype(np.int64)


def ones_and_twos(counts: np.ndarray) -> tuple[int, int]:
    """f_1 and f_2: how many things were seen exactly once, and exactly twice."""
    counts = np.asarray(counts)
    return int((counts == 1).sum()), int((counts == 2).sum())


def rare_share(n: int, singles: int, pairs: int) -> float:
    """A of Chao & Jost: the estimated mean share of the things seen once in n draws."""
    if singles == 0 or n < 2:
        return 1.0
    if pairs:
        return 2 * pairs / ((n - 1) * singles + 2 * pairs)
    return 2 / ((n - 1) * (singles - 1) + 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Abundance:
    """The counts of counts of one sample, whole numbers if everything was counted.

    For a sampled stream they are estimates: `synthdata.streaming.measures` makes those.
    """

    n: int
    """Sample size: number of all occurrences."""
    values: np.ndarray
    """[k] the counts j that occur, in float64."""
    types: np.ndarray
    """[k] f_j, how many things were seen j times, in float64."""
    weights: np.ndarray
    """[k] f_j so that `values @ weights` is n; `types` if everything was counted."""
    exact: bool = True
    """Whether everything was counted."""

    @classmethod
    def of(cls, counts: Counted) -> Abundance:
        """Make one from counts of things; zeros are left out, an Abundance is returned unchanged.

        ValueError if counts are not whole numbers from 0 up.

        >>> seen = Abundance.of([3, 0, 1, 1])
        >>> seen.n, seen.distinct, seen.f(1), seen.f(2)
        (5, 3.0, 2, 0)
        """
        if isinstance(counts, Abundance):
            return counts
        values, types = counts_of_counts(_checked(counts))
        many = types.astype(float)
        return cls(n=int(values @ types), values=values.astype(float), types=many, weights=many)

    @property
    def distinct(self) -> float:
        """Number of distinct things seen."""
        return float(self.types.sum())

    def f(self, j: int) -> int:
        """f_j: how many things were seen exactly j times, to the nearest whole number."""
        return round(float(self.types[self.values == j].sum()))


Counted = np.ndarray | Sequence[int] | Abundance
"""Input of estimators: counts of the things seen, or the `Abundance` made from them."""


def _checked(counts: np.ndarray | Sequence[int]) -> np.ndarray:
    """Counts as int64; ValueError if they are not whole numbers from 0 up."""
    counts = np.asarray(counts)
    if counts.size == 0:
        return np.empty(0, dtype=np.int64)
    with np.errstate(invalid="ignore"):  # nan is no count, and is refused below
        whole = counts.astype(np.int64)
    if not np.array_equal(whole, counts) or whole.min() < 0:
        raise ValueError(
            "counts are whole numbers from 0 up (how often each thing was seen), got "
            f"{counts.ravel()[:5].tolist()}"
        )
    return whole.ravel()
