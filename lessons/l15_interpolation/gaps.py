"""Distance to the nearest example, parts that were shown, and a comparison at equal distance.

Idea:   "between the examples" can be read in two ways. By distance: how far is it to the nearest
        example, and is it inside the region that they span? By parts: has each pair of digits been
        shown at its place, in whatever sum?
Source: distance is Chebyshev's, the larger of two differences. Comparing within strata and giving
        each the same weight: direct standardisation; why pooled means may mislead: Simpson 1951.
Run:    used by experiment.py and lesson.py beside this file
Omits:  carries. The table of parts in `rivals.py` has them.

Legend: N examples, M sums that are asked.
"""

from __future__ import annotations

import numpy as np


def nearest(seen: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """How far each sum is from the nearest example, [M] whole numbers.

    seen [N, 2], asked [M, 2]: pairs of numbers. The distance of two pairs is the larger of the
    differences of their first and of their second numbers.

    >>> nearest(np.array([[10, 10], [20, 10]]), np.array([[13, 12], [20, 10]])).tolist()
    [3, 0]
    """
    found = []
    for pair in asked.astype(np.int64):
        apart = np.abs(seen.astype(np.int64) - pair)
        found.append(apart.max(axis=1).min())
    return np.array(found)


def parts_seen(seen: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Whether all parts of each sum have been shown in examples, [M] of True or False.

    seen [N, 2], asked [M, 2]: pairs of numbers from 0 to 99. A sum has two parts: its two ones,
    and its two tens, each in their order. They may have been shown in different examples.

    >>> parts_seen(np.array([[12, 34], [56, 78]]), np.array([[16, 38], [14, 32]])).tolist()
    [True, False]
    """
    ones, tens = ({tuple(pair) for pair in place} for place in (seen % 10, seen // 10))
    return np.array([tuple(p % 10) in ones and tuple(p // 10) in tens for p in asked])


def at_equal_distance(distance: np.ndarray, group: np.ndarray, right: np.ndarray) -> float:
    """Share right in the group minus share right of the others, at equal distance.

    distance [M] whole numbers; group, right [M] of True and False. The difference is taken among
    the sums of each distance; distances at which one side is missing are left out, the others
    count equally.

    >>> far, inside = np.array([1, 1, 2, 2, 3]), np.array([True, False, True, False, True])
    >>> at_equal_distance(far, inside, np.array([True, False, True, True, False]))
    0.5
    """
    differences = []
    for d in np.unique(distance):
        here = distance == d
        if group[here].any() and not group[here].all():
            differences.append(right[here & group].mean() - right[here & ~group].mean())
    return float(np.mean(differences))
