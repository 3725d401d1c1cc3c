"""Two ways to answer sums without a network: the nearest example's answer, and a table of parts.

Idea:   what does distance alone explain, and what do parts alone? The first rival copies the answer
        of the nearest example. The second keeps a table of what it was shown at each place: (digit,
        digit, carry) -> digit, carry. It knows that sums go place by place with a carry, which
        nobody told the network.
Source: nearest neighbours: Fix & Hodges 1951; a table of parts: school.
Run:    used by experiment.py beside this file
Omits:  a straight line through the examples. It is right everywhere, since sums are straight: there
        the answer is put in by hand.

Legend: N examples, M sums that are asked.
"""

from __future__ import annotations

import numpy as np


def neighbour(seen: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The chance [M] that the answer of the nearest example in seen [N, 2] is right for each sum of
    asked [M, 2]. If several examples are equally near, one of them is taken by lot.

    >>> neighbour(np.array([[10, 10], [10, 12]]), np.array([[11, 11], [10, 9]])).tolist()
    [0.5, 0.0]
    """
    found = []
    for pair in asked.astype(np.int64):
        apart = np.abs(seen.astype(np.int64) - pair).max(axis=1)
        found.append(np.mean(seen[apart == apart.min()].sum(axis=1) == pair.sum()))
    return np.array(found)


def table(seen: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Whether a table of (digit, digit, carry) at each place, filled from seen [N, 2], has all that
    each sum of asked [M, 2] needs, [M].

    >>> table(np.array([[11, 22], [18, 24]]), np.array([[11, 24], [18, 22], [18, 18]])).tolist()
    [False, False, False]
    >>> table(np.array([[11, 22], [18, 24]]), np.array([[11, 22], [18, 24]])).tolist()
    [True, True]
    """
    known, wanted = _entries(seen), _entries(asked)
    return np.isin(wanted[0], known[0]) & np.isin(wanted[1], known[1])


def _entries(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a sum looks up at the ones and at the tens, as one number each."""
    ones, tens = pairs % 10, pairs // 10
    carry = ones.sum(axis=1) > 9
    return ones @ np.array([10, 1]), 2 * (tens @ np.array([10, 1])) + carry
