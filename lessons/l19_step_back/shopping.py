"""Which of several models to take: the cheapest that is good enough.

Idea:   "good enough" is a share of what the best one does, said before anybody looks at prices.
Source: distill.cascades.pareto, where quality is a loss; here it is a share of right answers.
Run:    used by lesson.py beside this file
"""

from __future__ import annotations

from collections.abc import Sequence


def cheapest_good(costs: Sequence[float], right: Sequence[float], keep: float) -> int:
    """Index of the cheapest of N models whose share of right answers is at least `keep` times the
    best one's. Of equally cheap ones it is the one with more right answers.

    >>> cheapest_good([9, 3, 1], [0.90, 0.89, 0.70], keep=0.98)
    1
    """
    least = keep * max(right)
    good = [i for i in range(len(costs)) if right[i] >= least]
    return min(good, key=lambda i: (costs[i], -right[i]))
