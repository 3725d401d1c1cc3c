"""Intervals over seeds, and the one rule that makes a verdict of them."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.experiment import (
    Counted,
    Criterion,
    Finding,
    Interval,
    Scale,
    exact_share,
    interval,
    power,
    seeds_needed,
    to_decide,
    verdict,
)

AT_LEAST_ONE = Criterion(quantity="gain in nats", threshold=1.0)


def around(low: float, high: float, n: int = 5) -> Interval:
    """An interval with these ends."""
    return Interval(value=(low + high) / 2, low=low, high=high, n=n)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.1, 1.5, "reproduced"),
        (1.0, 1.5, "reproduced"),  # the threshold itself meets ">="
        (0.9, 1.5, "undecided"),
        (0.1, 0.5, "falls short"),  # an effect, but not that large
        (-0.2, 0.2, "falls short"),
        (-0.5, 0.0, "falls short"),  # no effect is not excluded
        (-0.5, -0.1, "contradicted"),
        (-math.inf, math.inf, "undecided"),
        (-0.5, 1.5, "undecided"),
    ],
)
def test_rule(low: float, high: float, expected: str) -> None:
    assert verdict(AT_LEAST_ONE, around(low, high)) == expected
    mirrored = Criterion(quantity="loss", threshold=-1.0, direction="<=")
    assert verdict(mirrored, around(-high, -low)) == expected


def test_no_effect_may_lie_elsewhere() -> None:
    ratio = Criterion(quantity="speed ratio", threshold=2.0, no_effect=1.0)
    assert verdict(ratio, around(2.1, 2.4)) == "reproduced"
    assert verdict(ratio, around(0.9, 1.5)) == "falls short"
    assert verdict(ratio, around(0.9, 2.5)) == "undecided"
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


def test_ratios_are_judged_on_their_logarithms() -> None:
    values = [1.5, 6.0, 3.0]
    found = interval(values, scale="log2")
    plain = interval([math.log2(v) for v in values])
    assert found.value == pytest.approx(2**plain.value)
    assert (found.low, found.high) == pytest.approx((2**plain.low, 2**plain.high))
    assert found.low > 0 > interval(values).low
    halves = interval([1 / v for v in values], scale="log2")  # no matter which is divided by which
    assert (halves.low, halves.high) == pytest.approx((1 / found.high, 1 / found.low))
    one = interval([2.0], scale="log2")
    assert (one.value, one.low, one.high) == (2.0, 0.0, math.inf)
    with pytest.raises(ValueError, match="above 0"):
        interval([1.0, 0.0], scale="log2")
    with pytest.raises(ValueError, match="above 0"):
        Criterion(quantity="r", threshold=2.0, scale="log2")  # no effect is 1, not 0
    ratio = Criterion(quantity="r", threshold=2.0, no_effect=1.0, scale="log2")
    assert Finding(criterion=ratio, values=(3.0, 3.1, 3.2)).verdict == "reproduced"
    assert Finding(criterion=ratio, values=tuple(values)).verdict == "undecided"


@pytest.mark.parametrize("value", [0.1, 0.7, 1.1, 5.0, 1e-9])
@pytest.mark.parametrize("scale", ["linear", "log2"])
def test_equal_values_are_their_mean_and_meet_a_threshold_they_equal(
    value: float, scale: Scale
) -> None:
    """Adding and dividing, or a logarithm and back, would round some of them past it."""
    for n in (3, 7):
        found = interval([value] * n, scale=scale)
        assert (found.value, found.low, found.high) == (value, value, value)
    assert interval([value], scale=scale).value == value
    bounds: list[tuple[Literal[">=", "<="], float]] = [(">=", value / 2), ("<=", value * 2)]
    for direction, other in bounds:
        met = Criterion(
            quantity="q", threshold=value, direction=direction, no_effect=other, scale=scale
        )
        assert Finding(criterion=met, values=(value,) * 3).verdict == "reproduced"


def test_ratios_far_apart_have_a_wide_interval_and_no_error() -> None:
    found = interval([1.0, 2.0**900, 1.0], scale="log2")
    assert (found.low, found.high) == (pytest.approx(0.0), math.inf)


def test_one_computation_has_no_interval_and_says_so() -> None:
    once = Criterion(quantity="distance", threshold=1.0, direction="<=", no_effect=3.0, once=True)
    found = Finding(criterion=once, values=(0.7, 0.7, 0.7))
    assert str(found) == "distance <= 1: 0.7 (one computation), n=3: reproduced"
    with pytest.raises(ValueError, match="measured once, and 2 values"):
        Finding(criterion=once, values=(0.7, 0.8))
    assert Finding(criterion=once, values=(0.7,)).verdict is None


SHARE = Counted(quantity="share found", threshold=0.9, cases=4)


def test_the_exact_interval_of_a_share() -> None:
    """The lower end of n of n solves p^n = 0.025; in between both ends leave tails of 2.5 %."""
    assert exact_share(12, 12) == (pytest.approx(0.025 ** (1 / 12)), 1.0)
    assert exact_share(0, 12) == (0.0, pytest.approx(1 - 0.025 ** (1 / 12)))
    k, n = 5, 9
    low, high = exact_share(k, n)

    def at_most(p: float, k: int) -> float:
        return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))

    assert 1 - at_most(low, k - 1) == pytest.approx(0.025)
    assert at_most(high, k) == pytest.approx(0.025)


def test_a_share_of_all_is_not_certain() -> None:
    """Student's interval of shares that are all 1 is [1, 1], however few they are."""
    few = Finding(criterion=SHARE, values=(1.0,) * 3)
    assert str(few) == "share found >= 0.9: 12 of 12 [0.735, 1], n=3: undecided"
    assert Finding(criterion=SHARE, values=(1.0,) * 9).verdict == "reproduced"  # 36 of 36
    assert Finding(criterion=SHARE, values=(1.0,) * 8).verdict == "undecided"
    assert Finding(criterion=SHARE, values=(0.25,) * 9).verdict == "falls short"
    assert Finding(criterion=SHARE, values=(1.0,) * 2).verdict is None
    with pytest.raises(ValueError, match=r"no share of 4 cases: 0\.3"):
        SHARE.count([0.3])
    with pytest.raises(ValueError, match="1 or more"):
        Counted(quantity="x", threshold=0.5, cases=0)


def test_seeds_by_power_of_what_is_counted() -> None:
    assert seeds_needed([1.0, 1.0], SHARE) == 9  # 36 of 36, and no fewer
    assert power([1.0, 1.0], SHARE, 8) == 0
    assert seeds_needed([0.5, 0.25], SHARE) == 3
    rng = np.random.default_rng(4)  # a share of 2,000: five standard deviations, 1 in 1.7 million
    lows = [exact_share(int(k), 80)[0] for k in rng.binomial(80, 39 / 40, 2000)]
    simulated = np.mean(np.array(lows) >= 0.9)
    assert abs(power([1.0] * 9 + [0.75], SHARE, 20) - simulated) < 5 * 0.5 / 2000**0.5


def test_a_finding_is_printed_in_one_way() -> None:
    assert str(interval([1.0, 1.0, 1.0])) == "1 [1, 1]"
    few = Finding(criterion=AT_LEAST_ONE, values=(1.23456,))
    assert str(few) == "gain in nats >= 1: 1.23 (one seed), n=1: no verdict below 3 seeds"


@pytest.mark.parametrize(("mean", "n"), [(1.5, 4), (1.3, 5), (1.2, 10)])
def test_power_is_how_often_intervals_decide(mean: float, n: int) -> None:
    """Simulated with the pilots' mean and spread: a share of 4,000 has a standard deviation of at
    most 0.008; five of them, so that each case fails by chance once in 1.7 million."""
    pilots = [mean - 0.2, mean, mean + 0.2]  # standard deviation 0.2
    rng = np.random.default_rng(3)
    runs = [interval(list(v)) for v in rng.normal(mean, 0.2, (4000, n))]
    share = np.mean([found.low > 1.0 for found in runs])
    assert abs(power(pilots, AT_LEAST_ONE, n) - share) < 0.04


def test_seeds_by_power() -> None:
    assert seeds_needed([2.0, 2.01, 1.99], AT_LEAST_ONE) == 3
    assert seeds_needed([1.0, 1.01, 0.99], AT_LEAST_ONE) == 20  # at the threshold none decide
    for n in (3, 20):
        assert power([1.5, 1.5], AT_LEAST_ONE, n) == 1.0
    needed = seeds_needed([1.1, 1.3, 1.5], AT_LEAST_ONE)
    assert power([1.1, 1.3, 1.5], AT_LEAST_ONE, needed) >= 0.9
    assert power([1.1, 1.3, 1.5], AT_LEAST_ONE, needed - 1) < 0.9
    below = Criterion(quantity="loss", threshold=1.0, direction="<=", no_effect=2.0)
    assert seeds_needed([1.1, 1.3, 1.5], below) == needed  # a failure has to be decided too
    ratio = Criterion(quantity="r", threshold=2.0, no_effect=1.0, scale="log2")
    logs = Criterion(quantity="l", threshold=1.0)
    assert seeds_needed([4.0, 8.0, 5.0], ratio) == seeds_needed([2.0, 3.0, math.log2(5)], logs)
    with pytest.raises(ValueError, match="at least 2 pilots"):
        seeds_needed([1.0], AT_LEAST_ONE)
    assert power([1.0, 1.0], AT_LEAST_ONE, 3) == 1.0  # all at the threshold: reproduced
    for spread in (1e-6, 1e-9, 1e-13):  # so small that the noncentral t is not computed
        assert seeds_needed([1.5, 1.5 + spread, 1.5 - spread], AT_LEAST_ONE) == 3
    with pytest.raises(ValueError, match="above 0"):
        seeds_needed([4.0, -1.0, 3.0], ratio)
    with pytest.raises(ValueError, match="finite"):
        seeds_needed([4.0, math.nan, 3.0], AT_LEAST_ONE)
    with pytest.raises(ValueError, match="got 2 pilots and 1 seeds"):
        power([1.0, 2.0], AT_LEAST_ONE, 1)


def test_what_it_would_take_to_decide_in_words() -> None:
    values = [0.9, 1.2, 1.1]
    words = to_decide(values, AT_LEAST_ONE, 3600)
    seeds = int(words.split()[1])
    assert power(values, AT_LEAST_ONE, seeds) >= 0.9 > power(values, AT_LEAST_ONE, seeds * 9 // 10)
    assert words.endswith(f"{seeds:.1f} h")
    words = "more than 1,000,000 seeds would be needed, 277.8 h"
    assert to_decide([1.0, 1.01, 0.99], AT_LEAST_ONE, 1) == words
