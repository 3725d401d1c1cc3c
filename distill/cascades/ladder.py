"""Every model alone and every cascade of them, measured: what to ship.

Idea:   thresholds are set on one half of the held-out text so that a chosen share is passed on at
        each rung; loss and ms per character are measured on the other half. The control is passing
        on by lot: a useful rule must be better than that at the same cost.
Source: Chen et al. 2023, arXiv:2305.05176 (FrugalGPT).
Run:    python -m distill.cascade --models ngram,RUN,RUN
Omits:  a search over all thresholds of a long cascade: each rung passes on the same share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from distill.cascades.escalation import Answer, Ran, pooled, run, streams
from distill.cascades.pareto import hull, loss_at
from distill.cascades.uncertainty import Rule, calibrate, learn, unsureness
from distill.teachers import predict
from minigpt.nextchar import NextChar

NamedModel = tuple[str, NextChar]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A model or a cascade, measured."""

    name: str
    nats: float
    """Mean loss, nats/char."""
    ms_per_char: float
    """Milliseconds per character, the fastest of the repeats."""
    asked: list[float]
    """Share of the characters that each of its models was asked about."""
    gap_closed: float | None = None
    """For a cascade: share of the gap between the losses of its cheapest and its dearest model;
    None without a gap."""
    cost_share: float | None = None
    """For a cascade: its cost over that of its dearest model alone."""
    over_lot: float | None = None
    """Nats/char by which it beats passing on by lot at the same cost."""
    on_hull: bool = False


def ladder(
    models: Sequence[NamedModel],
    choose: np.ndarray,
    judge: np.ndarray,
    *,
    shares: Sequence[float] = (0.1, 0.25, 0.5),
    rules: Sequence[Rule] = ("entropy", "margin", "learned"),
    count: int = 128,
    length: int = 64,
    repeats: int = 3,
    reread: int | None = None,
    answer: Answer = "last",
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> list[Point]:
    """Measure every model alone, and every cascade of two or more in the order given.

    `choose` [N] calibrates, `judge` [N] measures: `count` streams of `length` characters. `reread`
    and `answer` are as in `escalation.run`.
    """
    tuning, texts = streams(choose, count, length), streams(judge, count, length)
    said = [
        predict(model, tuning[:, :-1])[:, 8:].reshape(-1, len(model.tokenizer))
        for _, model in models
    ]
    targets = tuning[:, 9:].reshape(-1)

    def measured(some: list[int], thresholds: list[float], rule: Rule, **extra: Any) -> Ran:
        rng = np.random.default_rng(seed)
        asked = [models[i][1] for i in some]
        tries = [run(asked, thresholds, texts, rule=rule, rng=rng, **extra) for _ in range(repeats)]
        return min(tries, key=lambda ran: ran.ms_per_char)

    found = []
    for i, (name, _) in enumerate(models):
        say(name)
        found.append(_point(name, measured([i], [], "entropy")))
    alone = list(found)
    for depth in range(2, len(models) + 1):
        for chain in combinations(range(len(models)), depth):
            some = list(chain)
            title = " -> ".join(models[i][0] for i in some)
            say(title)
            lots = [
                _point(f"{title}, by lot {share:.0%}", ran)
                for share in (0.0, *shares, 1.0)
                for ran in [measured(some, [1 - share] * (depth - 1), "random")]
            ]
            line = [(p.ms_per_char, p.nats) for p in lots]
            cascades = lots[1:-1]
            for rule in rules:
                for share in shares:
                    told = [said[i] for i in some]
                    thresholds, weights = tune(told, targets, rule, share, answer)
                    ran = measured(some, thresholds, rule, weights=weights)
                    point = _point(f"{title}, {rule} {share:.0%}", ran)
                    over = loss_at(ran.ms_per_char, line) - ran.nats
                    cascades.append(replace(point, over_lot=over))
            found += [_against(point, alone[some[0]], alone[some[-1]]) for point in cascades]
    best = set(hull([(p.ms_per_char, p.nats) for p in found]))
    return [replace(point, on_hull=i in best) for i, point in enumerate(found)]


def tune(
    said: Sequence[np.ndarray],
    targets: np.ndarray,
    rule: Rule,
    share: float,
    answer: Answer = "last",
) -> tuple[list[float], list[np.ndarray | None]]:
    """Thresholds and weights of each rung, from the models' predictions [N, V] of validation
    data.

    Each rung is tuned on the positions that reach it, which are not the easy ones.
    """
    thresholds: list[float] = []
    weights: list[np.ndarray | None] = []
    reached = np.arange(len(targets))
    final = said[0]
    for i, large in enumerate(said[1:]):
        better = pooled(final, large, i + 1) if answer == "mean" else large
        here, places = final[reached], (reached, targets[reached])
        gain = better[places] - final[places]
        weights.append(learn(here, gain) if rule == "learned" else None)
        doubt = unsureness(here, rule, weights[-1])
        thresholds.append(calibrate(doubt, share))
        reached = reached[doubt >= thresholds[-1]]
        final = better
    return thresholds, weights


def _point(name: str, ran: Ran) -> Point:
    return Point(name=name, nats=ran.nats, ms_per_char=ran.ms_per_char, asked=ran.asked)


def _against(point: Point, small: Point, large: Point) -> Point:
    gap = small.nats - large.nats
    return replace(
        point,
        gap_closed=(small.nats - point.nats) / gap if gap > 0 else None,
        cost_share=point.ms_per_char / large.ms_per_char,
    )
