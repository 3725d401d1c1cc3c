"""Cost against loss: which points are worth having, and what a mixture of two would give.

Idea:   a point is worth having if nothing cheaper is as good; the lower hull remains if every
        character may also be given to one of two models by lot.
Source: Pareto; convex hull by Andrew's monotone chain (1979).
Run:    python -m distill.cascade --models ngram,RUN
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def hull(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the (cost, loss) points that no mixture of others beats (lower hull), cheapest
    first.

    >>> hull([(1, 3), (2, 2.9), (3, 1), (4, 2)])
    [0, 2]
    """
    order = sorted(range(len(points)), key=lambda i: points[i])
    kept: list[int] = []
    for i in order:
        x, y = points[i]
        if kept and y >= points[kept[-1]][1]:
            continue
        while len(kept) >= 2:
            (a, b), (c, d) = points[kept[-2]], points[kept[-1]]
            if (d - b) * (x - a) < (y - b) * (c - a):
                break
            kept.pop()
        kept.append(i)
    return kept


def cheapest_within(points: Sequence[tuple[float, float]], share: float) -> int:
    """Index of the cheapest (cost, loss) whose loss is within `share` of the best.

    >>> cheapest_within([(1, 2.0), (2, 1.01), (5, 1.0)], 0.02)
    1
    """
    best = min(loss for _, loss in points)
    fits = [i for i, (_, loss) in enumerate(points) if loss <= best * (1 + share)]
    return min(fits, key=lambda i: points[i][0])


def loss_at(cost: float, points: Sequence[tuple[float, float]]) -> float:
    """The lowest loss at `cost` or less from mixing two of these (cost, loss) points by lot.

    That is the lower hull at `cost`; below the cheapest point, that point's own loss.

    >>> loss_at(2.0, [(1, 3.0), (3, 1.0), (2, 9.0)])
    2.0
    """
    line = [points[i] for i in hull(points)]
    if cost <= line[0][0]:
        return line[0][1]
    for (a, b), (c, d) in pairwise(line):
        if cost <= c:
            return b + (d - b) * (cost - a) / (c - a)
    return line[-1][1]
