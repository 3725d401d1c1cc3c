"""Abundances: how often each distinct thing was seen, and how many things were seen j times.

Idea:   every estimator of diversity reads a sample through the same few numbers: its size n and
        the counts of counts f_1, f_2, ..., of which the first two tell what is still unseen.
Source: counts of counts: I. J. Good, Biometrika 1953. Mean share of the things seen once: Chao &
        Jost, Ecology 2012.
Run:    python -m synthdata measure --help
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthdata.text.tokens import check_texts


def count_documents(texts: Sequence[str]) -> np.ndarray:
    """How often each distinct text occurs, commonest first; normalise first.

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


def check_counts(counts: np.ndarray) -> np.ndarray:
    """Counts as int64; ValueError where they are not whole numbers from 0 up."""
    counts = np.asarray(counts)
    if counts.size == 0:
        return np.empty(0, dtype=np.int64)
    whole = counts.astype(np.int64)
    if not np.array_equal(whole, counts) or whole.min() < 0:
        raise ValueError(
            "counts are whole numbers from 0 up (how often each thing was seen), got "
            f"{counts.ravel()[:5].tolist()}"
        )
    return whole.ravel()


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


def summary(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Distinct counts, how many things have each, and the sample's size."""
    values, frequency = counts_of_counts(check_counts(counts))
    return values.astype(float), frequency.astype(float), int(values @ frequency)
