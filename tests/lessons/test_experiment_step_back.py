"""Lesson 19: arms are equal in what they read, rungs are as cheap as they say, and the verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labkit.experiment import overall
from lessons.engine.experiment import find
from lessons.l19_step_back import experiment
from lessons.l19_step_back.experiment import ARMS, BEST, CHOSEN, LABELS, RUNGS, TAUGHT
from lessons.l19_step_back.shopping import cheapest_good
from lessons.lab import bench, rungs

FULL, SMALL = experiment.SIZES["full"], experiment.SIZES["ci"]


def test_every_rung_costs_at_most_a_third_of_the_best() -> None:
    marked = bench.every(FULL.sizes[-1], "judge")
    price = {name: rungs.operations(FULL.shape(name), marked) for name in (BEST, *RUNGS)}
    assert CHOSEN in RUNGS
    assert max(price[name] for name in RUNGS) <= price[BEST] / 3
    assert sorted(price, key=price.__getitem__, reverse=True) == [BEST, *RUNGS]


def test_labels_and_taught_differ_in_nothing_but_the_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in RUNGS:
        one, other = (FULL.recipes[name][arm] for arm in (LABELS, TAUGHT))
        assert one.steps == other.steps
    asked: list[dict[int, Any]] = []
    trained: list[tuple[str, int]] = []
    monkeypatch.setattr(experiment.rungs, "taught", lambda net, many: asked.append(many))
    learn = experiment.learned

    def watched(size: Any, name: str, recipe: Any, seed: int, pile: Any) -> Any:
        trained.append((name, seed))
        return learn(size, name, recipe, seed, pile or bench.labelled(asked[0]))

    monkeypatch.setattr(experiment, "learned", watched)
    found = experiment.measure("ci", 0)
    for arms in found["right"].values():  # a teacher who is always right is a labeller here
        assert arms[LABELS] == arms[TAUGHT]
    assert trained == [(name, 0) for name in RUNGS for _ in ARMS]


def planted(best: float, right: Callable[[str, str], float], seed: int) -> dict[str, Any]:
    found = {name: {arm: right(name, arm) + 0.001 * seed for arm in ARMS} for name in RUNGS}
    return {"seed": seed, "profile": "full", "best": best, "right": found}


@pytest.mark.parametrize(
    ("right", "wanted"),
    [
        (lambda name, arm: {LABELS: 0.8}.get(arm, 0.95), "reproduced"),
        (lambda name, arm: 0.95, "falls short"),
        (lambda name, arm: {LABELS: 0.9}.get(arm, 0.7), "contradicted"),
    ],
)
def test_planted_outcomes_get_their_verdicts(
    right: Callable[[str, str], float], wanted: str
) -> None:
    seeds = [planted(0.95, right, seed) for seed in range(6)]
    rows = find("step_back").judge(seeds)
    assert rows[0].values[0] == pytest.approx(right(CHOSEN, TAUGHT) / 0.95)
    gains = [right(name, TAUGHT) - right(name, LABELS) for name in RUNGS]
    assert rows[1].values[3] == pytest.approx(np.mean(gains))
    assert overall(row.verdict for row in rows) == wanted


def test_the_cheapest_good_by_brute_force() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        costs, right = rng.integers(1, 4, 5).tolist(), (rng.integers(1, 9, 5) / 8).tolist()
        found = cheapest_good(costs, right, 0.75)
        assert right[found] >= 0.75 * max(right)
        for i in range(5):
            better = (costs[i], -right[i]) < (costs[found], -right[found])
            assert not (better and right[i] >= 0.75 * max(right))


def test_answers_are_timed_where_a_clock_is_wanted() -> None:
    shape = SMALL.shape(BEST)
    net = rungs.GPT.fresh(shape, bench.ALPHABET, 0)
    told = experiment.clocked({BEST: net}, experiment.shrunk(SMALL, rounds=1))
    assert set(told) == {"alone", "among 256"}
    assert told["alone"][BEST] > told["among 256"][BEST] > 0
