"""The plane of sums with gaps in it: what a network is shown, and six kinds of gap.

Idea:   three shapes of gap, each cut in two ways that differ by a shift of five. A block ten rows
        high and wide and a strip ten wide lie between examples, an edge lies beyond them. Cut along
        the tens, a gap takes parts away: some pair of tens is shown nowhere else. Shifted by five
        it takes none: the other half of those tens is shown.
Source: edges and holes as tests of what was learned: Lee et al. 2023, arXiv:2307.03381.
Run:    used by experiment.py and lesson.py beside this file
Omits:  numbers of more or fewer than two digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SIDE = 100
"""Numbers are 0 to 99, so that the plane has 10,000 sums."""
SHAPES = ("block", "strip", "edge")
SHOWN, NEW = "parts shown", "parts new"
KINDS = tuple(f"{shape}, {parts}" for shape in SHAPES for parts in (SHOWN, NEW))
SEEN, SCATTERED, UNUSED = "seen", "scattered", "unused"
DEEP = 5
"""Sums at an edge are asked up to this far beyond it, as deep as a gap ten wide."""


def layout(rng: np.random.Generator, blocks: int = 2, scattered: float = 0.05) -> np.ndarray:
    """What each sum is for, [100, 100]: a kind of gap, or SEEN, SCATTERED or UNUSED.

    Gaps of shown parts are cut from the first numbers, those of new parts from the second; blocks,
    so many of each, from both. SCATTERED sums are single ones, a share of what else would be seen.
    UNUSED are those beyond both edges, and where strips and edges cross.
    """
    first, second = np.indices((SIDE, SIDE))
    old, new = 10 * rng.integers(3, 6, 2) + (5, 0)
    gaps = {
        f"strip, {SHOWN}": (first >= old) & (first < old + 10),
        f"strip, {NEW}": (second >= new) & (second < new + 10),
        f"edge, {SHOWN}": first >= 85,
        f"edge, {NEW}": second >= 90,
    }
    kinds = np.full((SIDE, SIDE), SEEN, dtype=object)
    for kind, there in gaps.items():
        kinds[there] = kind
    kinds[np.sum(list(gaps.values()), axis=0) > 1] = UNUSED
    kinds[(first >= 85 + DEEP) | (second >= 90 + DEEP)] = UNUSED
    taken: list[tuple[int, int]] = []
    for shift, parts in ((0, NEW), (5, SHOWN)):
        for row, column in _apart(rng, blocks, 10 - shift, taken, old, new):
            kinds[row : row + 10, column : column + 10] = f"block, {parts}"
    kinds[(kinds == SEEN) & (rng.random(kinds.shape) < scattered)] = SCATTERED
    return kinds


def _apart(
    rng: np.random.Generator,
    blocks: int,
    least: int,
    taken: list[tuple[int, int]],
    row: int,
    column: int,
) -> Sequence[tuple[int, int]]:
    """Corners of blocks, drawn among those at least five from other gaps; noted in `taken`."""
    begun = len(taken)
    while len(taken) < begun + blocks:
        i, j = least + 10 * rng.integers(7, size=2)
        free = all(max(abs(i - k), abs(j - m)) >= 15 for k, m in taken)
        if free and abs(i - row) >= 15 and abs(j - column) >= 15:
            taken.append((int(i), int(j)))
    return taken[begun:]


def pairs(there: np.ndarray) -> np.ndarray:
    """The sums [N, 2] at which `there` [100, 100] is true."""
    return np.argwhere(there)
