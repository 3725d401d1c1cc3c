"""Gains, compared fairly: by the doubling, chosen here and judged there, and in pairs.

Idea:   what a doubling of the text gains is a slope on a logarithmic axis. A winner that is chosen
        and judged by the same numbers looks better than it is. Two arms that share a seed share its
        luck, so their difference is known more exactly than either.
Source: Student's t for paired differences: W. S. Gosset, "The probable error of a mean", 1908,
        which compares two sleeping drugs on the same ten people.
Run:    used by experiment.py and lesson.py beside this file
Omits:  corrections for several winners.

Legend: N sizes or arms, S seeds. Losses are in nats/char.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def per_doubling(sizes: Sequence[float], losses: Sequence[float]) -> float:
    """What a doubling of the text gains: minus the slope of the loss on log2 of the size.

    sizes, losses [N], in any order; the line is that of least squares.

    >>> round(per_doubling([100, 200, 400], [2.0, 1.9, 1.8]), 3)
    0.1
    """
    x = np.log2(np.asarray(sizes, dtype=float))
    off = x - x.mean()
    return float(-(off @ np.asarray(losses, dtype=float)) / (off @ off))


def winner(choose: Sequence[float], judge: Sequence[float]) -> tuple[int, float]:
    """The place of the least loss in `choose`, of equal ones the first, and what `judge` has there.

    choose, judge [N]: losses of the same arms on two halves.

    >>> winner([1.1, 1.0, 1.3], [1.2, 1.3, 1.4])
    (1, 1.3)
    """
    place = int(np.argmin(choose))
    return place, judge[place]


def paired(a: Sequence[float], b: Sequence[float], t: float) -> tuple[float, float, float]:
    """Mean of a - b over seeds, and both ends of its interval: t standard errors each way.

    a, b [S]: two arms, seed by seed; S is 2 or more. t is Student's: 2.776 of five seeds for 95 %.

    >>> [round(x, 3) for x in paired([1.0, 2.0, 3.0], [0.5, 1.6, 2.4], 4.303)]
    [0.5, 0.252, 0.748]
    """
    off = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    mean, half = float(off.mean()), t * float(off.std(ddof=1)) / math.sqrt(len(off))
    return mean, mean - half, mean + half
