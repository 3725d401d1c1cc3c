"""The best learning rate of an arm, looked for beyond the edges of the grid.

Idea:   arms are compared fairly only if each has its best rate. If the best of the rates tried is
        the smallest or the largest, a better one may lie beyond: so try half or twice as much,
        until both neighbours of the best are worse.
Source: grids that are extended while the optimum is at their edge: Godbole et al., "Deep Learning
        Tuning Playbook", 2023, "Identifying bad search space boundaries".
Run:    used by the experiments of the lessons, whose `tune` makes their tables of rates
Omits:  rates finer than the grid, and other settings. The seed is the caller's: TUNING_SEED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

MOST = 7
"""Rates after which the search ends, even if the best is at an edge."""


def sweep(loss: Callable[[float], float], rates: Iterable[float]) -> dict[float, float]:
    """Rate -> loss, by rate: of those given, then of half the smallest or twice the largest while
    that edge is best. ValueError if a rate is not above 0, or none is given.

    >>> sweep(lambda rate: abs(rate - 0.5), [0.125, 0.25])
    {0.125: 0.375, 0.25: 0.25, 0.5: 0.0, 1.0: 0.5}
    """
    wanted = list(rates)
    if not wanted or min(wanted) <= 0:
        raise ValueError(f"a sweep needs learning rates above 0, got {wanted}")
    losses: dict[float, float] = {}
    while wanted and len(losses) < MOST:
        losses |= {rate: loss(rate) for rate in wanted}
        rate = best(losses)
        edges = {min(losses): min(losses) / 2, max(losses): max(losses) * 2}
        wanted = [edges[rate]] if rate in edges else []
    return dict(sorted(losses.items()))


def best(losses: Mapping[float, float]) -> float:
    """The rate of least loss; of equal ones the first.

    >>> best({0.1: 2.0, 0.2: 1.5, 0.4: 1.7})
    0.2
    """
    return min(losses, key=losses.__getitem__)
