"""The learning rate that suits an arm: a few are tried, and further ones while the best is an edge.

Idea:   a comparison of two designs is fair if each has the rate that is best for it. A rate at the
        edge of what was tried may not be: the grid grows by halves and doubles until the best one
        lies inside, or until seven were tried.
Run:    used by the experiments of the lessons, on a seed that is never judged
Omits:  finer grids than factors of two, and rates that change along a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

MOST = 7
"""Rates tried for one arm at most."""


def rates(loss: Callable[[float], float], first: Sequence[float]) -> dict[float, float]:
    """Rate -> loss, in ascending order of rates; `first` are tried whatever comes out.

    >>> rates(lambda rate: abs(rate - 3), (1.0, 2.0))
    {1.0: 2.0, 2.0: 1.0, 4.0: 1.0}
    """
    losses: dict[float, float] = {}
    wanted = list(first)
    while wanted and len(losses) < MOST:
        for rate in wanted:
            losses[rate] = loss(rate)
        best = min(losses, key=losses.__getitem__)
        edges = {min(losses): min(losses) / 2, max(losses): max(losses) * 2}
        wanted = [edges[best]] if best in edges else []
    return dict(sorted(losses.items()))
