"""A sweep ends between two worse rates, and finds what the lessons' own searches found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lessons.l03_why_it_trains import experiment as third
from lessons.l04_bigger_is_better import experiment as fourth
from lessons.lab.sweep import MOST, best, sweep


def valley(lowest: float) -> Callable[[float], float]:
    """A loss that is 1 at its best rate and grows by the square of the octaves from there."""
    return lambda rate: 1 + float(np.log2(rate / lowest)) ** 2


@pytest.mark.parametrize("lowest", [0.001, 0.006, 0.011, 0.1])
def test_both_neighbours_of_the_best_are_worse(lowest: float) -> None:
    found = sweep(valley(lowest), (0.005, 0.01, 0.02))
    assert list(found) == sorted(found)
    assert {0.005, 0.01, 0.02} <= set(found)
    assert min(found) < best(found) < max(found)
    assert abs(np.log2(best(found) / lowest)) <= 0.5


def test_no_rate_is_tried_twice_or_without_need() -> None:
    tried: list[float] = []

    def loss(rate: float) -> float:
        tried.append(rate)
        return valley(0.01)(rate)

    sweep(loss, (0.02, 0.005, 0.01))
    assert tried == [0.02, 0.005, 0.01]


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_slope_without_end_is_given_up(sign: int) -> None:
    found = sweep(lambda rate: sign * rate, (0.01, 0.02))
    assert len(found) == MOST
    assert best(found) == (min(found) if sign > 0 else max(found))


@pytest.mark.parametrize("rates", [[], [0.0], [0.1, -1.0]])
def test_rates_are_above_zero(rates: list[float]) -> None:
    with pytest.raises(ValueError, match="learning rates above 0, got"):
        sweep(abs, rates)


@pytest.mark.parametrize("lowest", [0.0003, 0.003, 0.017, 0.2])
def test_lessons_3_and_4_search_in_the_same_way(
    monkeypatch: pytest.MonkeyPatch, lowest: float
) -> None:
    loss = valley(lowest)
    monkeypatch.setattr(third, "_loss", lambda size, arm, depth, lr, *_: (loss(lr), 0.0))
    monkeypatch.setattr(fourth, "_train", lambda size, arm, width, lr, *_: (loss(lr), 0.0, 0))
    depths = third.tune(third.SIZES["ci"], [third.WHOLE], (4e-3, 8e-3))[third.WHOLE]
    assert depths == dict.fromkeys((1, 2, 3), sweep(loss, (4e-3, 8e-3)))
    widths = fourth.tune(fourth.SIZES["ci"], {fourth.GPT_: [4]}, (5e-3, 1e-2, 2e-2))
    assert widths == {fourth.GPT_: {4: sweep(loss, (5e-3, 1e-2, 2e-2))}}
