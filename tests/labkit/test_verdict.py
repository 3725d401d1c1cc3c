"""Intervals over seeds, and the one rule that makes a verdict of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.verdict import Criterion, Interval, interval, verdict

AT_LEAST_ONE = Criterion(quantity="gain in nats", threshold=1.0)


def around(low: float, high: float, n: int = 5) -> Interval:
    """An interval with these ends."""
    return Interval(value=(low + high) / 2, low=low, high=high, n=n)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.1, 1.5, "reproduced"),
        (1.0, 1.5, "reproduced"),  # the threshold itself meets ">="
        (0.9, 1.5, "not at this scale"),
        (0.1, 0.5, "not at this scale"),  # an effect, but not that large
        (-0.2, 0.2, "not at this scale"),
        (-0.5, 0.0, "not at this scale"),  # no effect is not excluded
        (-0.5, -0.1, "contradicted"),
        (-math.inf, math.inf, "not at this scale"),
    ],
)
def test_rule(low: float, high: float, expected: str) -> None:
    assert verdict(AT_LEAST_ONE, around(low, high)) == expected
    mirrored = Criterion(quantity="loss", threshold=-1.0, direction="<=")
    assert verdict(mirrored, around(-high, -low)) == expected


def test_no_effect_may_lie_elsewhere() -> None:
    ratio = Criterion(quantity="speed ratio", threshold=2.0, no_effect=1.0)
    assert verdict(ratio, around(2.1, 2.4)) == "reproduced"
    assert verdict(ratio, around(0.9, 1.5)) == "not at this scale"
    assert verdict(ratio, around(0.5, 0.9)) == "contradicted"
    assert str(ratio) == "speed ratio >= 2"


def test_fewer_than_three_seeds_earn_no_verdict() -> None:
    with pytest.raises(ValueError, match="at least 3 seeds, got 2"):
        verdict(AT_LEAST_ONE, interval([5.0, 5.1]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": -1.0},  # no effect already meets it
        {"threshold": 1.0, "direction": "<="},
        {"threshold": math.nan},
        {"threshold": 1.0, "no_effect": math.inf},
    ],
)
def test_criteria_that_make_no_sense(wrong: dict) -> None:
    with pytest.raises(ValueError):
        Criterion(quantity="x", **wrong)


def test_interval_by_hand() -> None:
    # Mean 2, standard deviation 1, n = 3; the t quantile for 2 degrees of freedom at 0.975 has a
    # closed form: t = (2p - 1) sqrt(2 / (4 p (1 - p))) with p = 0.975, which is 4.302653.
    p = 0.975
    quantile = (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    found = interval([1.0, 2.0, 3.0])
    assert found.value == 2.0
    assert found.high - 2.0 == pytest.approx(quantile / math.sqrt(3), rel=1e-9)
    assert 2.0 - found.low == pytest.approx(quantile / math.sqrt(3), rel=1e-9)
    assert (found.n, found.confidence) == (3, 0.95)
    one = interval([4.0])
    assert (one.value, one.low, one.high) == (4.0, -math.inf, math.inf)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("n", [3, 5])
def test_interval_covers_as_often_as_it_says(n: int, confidence: float) -> None:
    # Of 4,000 intervals a binomial number covers the true mean: standard deviation at most 25.3.
    # Five of them on each side: each of these four tests fails by chance once in 1.7 million.
    rng = np.random.default_rng(7)
    runs = 4000
    covered = 0
    for values in rng.normal(3.0, 2.0, (runs, n)):
        found = interval(list(values), confidence)
        covered += found.low <= 3.0 <= found.high
    spread = math.sqrt(runs * confidence * (1 - confidence))
    assert abs(covered - runs * confidence) < 5 * spread


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8),
    st.floats(-1e3, 1e3),
    st.floats(0.01, 100),
)
def test_interval_moves_and_scales_with_the_values(
    values: list[float], shift: float, scale: float
) -> None:
    found, moved = interval(values), interval([scale * v + shift for v in values])
    size = 1e-7 * (1 + scale * max(map(abs, values)) + abs(shift))
    assert found.low <= found.value <= found.high
    assert moved.low == pytest.approx(scale * found.low + shift, abs=100 * size)
    assert moved.high == pytest.approx(scale * found.high + shift, abs=100 * size)


@pytest.mark.parametrize(
    ("values", "confidence"),
    [([], 0.95), ([1.0, math.nan], 0.95), ([1.0, math.inf], 0.95), ([1.0], 0.0), ([1.0], 1.0)],
)
def test_interval_refuses(values: list[float], confidence: float) -> None:
    with pytest.raises(ValueError):
        interval(values, confidence)
