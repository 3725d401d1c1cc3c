"""The plane of sums with gaps in it: three shapes of gap, each cut in two ways.

Idea:   blocks ten rows high and wide and strips ten wide lie between examples, edges lie beyond
        them. Cut along the tens, a gap takes parts away: some pair of tens is shown nowhere else.
        Shifted by five it takes none: the other half of those tens is shown. So the two cuts are
        alike in shape and in distance to the nearest example.
Source: digits that are left out at a place: Lee et al. 2023, arXiv:2307.03381.
Run:    used by experiment.py and lesson.py beside this file
Omits:  numbers of more or fewer than two digits.
"""

from __future__ import annotations

import numpy as np

SIDE = 100
"""Numbers are 0 to 99, so that the plane has 10,000 sums."""
INSIDE, EDGE = ("block", "strip"), "edge"
SHAPES = (*INSIDE, EDGE)
SHOWN, NEW = "parts shown", "parts new"
KINDS = tuple(f"{shape}, {parts}" for shape in SHAPES for parts in (SHOWN, NEW))
SEEN, SCATTERED, UNUSED = "seen", "scattered", "unused"
BLOCKS = 4
"""Blocks of each cut."""


def layout(shape: str, rng: np.random.Generator) -> np.ndarray:
    """What each sum is for, [100, 100]: one of KINDS, or SEEN, SCATTERED or UNUSED.

    All gaps are of one shape. Strips and edges that leave all parts shown are cut from the first
    numbers, those that take some away from the second. SCATTERED are single sums, 5 % of what else
    would be seen. UNUSED are sums in two gaps at once, and those more than five beyond an edge.
    """
    first, second = np.indices((SIDE, SIDE))
    kinds = np.full((SIDE, SIDE), SEEN, dtype=object)
    shown, new = f"{shape}, {SHOWN}", f"{shape}, {NEW}"
    if shape == "block":
        taken: list[tuple[int, int]] = []
        for least, kind in ((10, new), (5, shown)):
            for row, column in blocks(BLOCKS, least, taken, rng):
                kinds[row : row + 10, column : column + 10] = kind
    else:
        row, column = (85, 90) if shape == EDGE else 10 * rng.integers(2, 7, 2) + (5, 0)
        deep = 5 if shape == EDGE else 10
        one, other = ((x >= at) & (x < at + deep) for x, at in ((first, row), (second, column)))
        kinds[one], kinds[other], kinds[one & other] = shown, new, UNUSED
        if shape == EDGE:
            kinds[(first >= row + deep) | (second >= column + deep)] = UNUSED
    kinds[(kinds == SEEN) & (rng.random(kinds.shape) < 0.05)] = SCATTERED
    return kinds


def blocks(
    n: int, least: int, taken: list[tuple[int, int]], rng: np.random.Generator
) -> list[tuple[int, int]]:
    """First rows and columns of `n` blocks, each five or more from those in `taken`; noted there.

    They are `least` and some tens, and leave numbers on all sides.
    """
    begun = len(taken)
    while len(taken) < begun + n:
        i, j = (int(x) for x in least + 10 * rng.integers(8, size=2))
        if all(max(abs(i - k), abs(j - m)) >= 15 for k, m in taken):
            taken.append((i, j))
    return taken[begun:]
