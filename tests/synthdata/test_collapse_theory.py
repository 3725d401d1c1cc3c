"""What theory says against chains that were really run, and against sums done another way.

Where a band is four exact standard errors wide, a true formula leaves it with probability 6e-5.
Where the standard error is estimated from 400 chains it is five wide (some 1e-6). Seeds are fixed:
an alarm is no flake but means that code or formula was changed.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from synthdata.collapse import Expected, Sampler, Table, collapse, regime, theory
from synthdata.collapse.sources.distributions import Gaussian, Linear, Multinomial, shaped_normal

SEEDS = range(1000, 1400)
SKEWED = np.array([0.4, 0.3, 0.2, 0.05, 0.05])


def checked(table: Table, name: str, measure: str) -> None:
    """Every generation within its band."""
    for g in range(table.generations + 1):
        found: Expected = table.expected[name, measure, g]
        z = table.z(name, measure, g)
        assert abs(z) < (5 if math.isnan(found.sd) else 4), (name, g, z)


@pytest.fixture(scope="module")
def categories() -> Table:
    names = ["replace", "accumulate", "accumulate-subsample", "fresh:0.25", "real"]
    return collapse(Multinomial(truth=SKEWED, n=12), regimes=names, generations=6, seeds=SEEDS)


@pytest.mark.parametrize(
    "name", ["replace", "accumulate", "accumulate-subsample", "fresh:0.25", "real"]
)
def test_agreement_of_draws_under_every_regime(categories: Table, name: str) -> None:
    checked(categories, name, "sum_p2")


def spread_checked(table: Table, name: str, measure: str) -> None:
    """The variance over 400 chains, whose own spread is known by the fourth moment; 5 sd."""
    for g in range(table.generations + 1):
        values = table.values(name, measure)[:, g]
        exact = table.expected[name, measure, g].sd ** 2
        fourth = ((values - values.mean()) ** 4).mean()
        band = 5 * math.sqrt((fourth - exact**2) / len(values))
        assert abs(values.var(ddof=1) - exact) < band, g


def test_the_spread_of_agreement_is_exact_too(categories: Table) -> None:
    spread_checked(categories, "replace", "sum_p2")


def test_agreement_and_its_spread_by_listing_every_outcome() -> None:
    """Two rounds of three draws from (1/4, 3/4): 8 x 8 outcomes, each with its probability."""
    first = second = 0.0
    for one in itertools.product((0, 1), repeat=3):
        p1 = math.prod((0.25, 0.75)[c] for c in one)
        share = sum(one) / 3
        for two in itertools.product((0, 1), repeat=3):
            p2 = p1 * math.prod((1 - share, share)[c] for c in two)
            q = sum(two) / 3
            agreement = q**2 + (1 - q) ** 2
            first, second = first + p2 * agreement, second + p2 * agreement**2
    p = np.array([0.25, 0.75])
    assert math.isclose(theory.agreement_replace(1, 3, float(p @ p)), first)
    assert math.isclose(theory.agreement_variance(1, 3, p), second - first**2)


def test_what_accumulates_never_falls_below_eulers_product() -> None:
    """prod (1 - x^2 / i^2) = sin(pi x) / (pi x), at x = 1 / sqrt(n)."""
    for n in (2, 5, 200):
        x = math.pi / math.sqrt(n)
        left = 1 - theory.agreement_accumulate(5000, n, 0.0)
        assert 0 < left - math.sin(x) / x < 1e-3
        assert math.isclose(theory.variance_accumulate(5000, n, 1.0), left)
        assert theory.agreement_replace(5000, n, 0.0) > 1 - 1e-6


def test_fresh_data_bound_the_drift_and_real_data_stop_it() -> None:
    replace = theory.agreement_replace(2000, 200, 0.02)
    fresh = theory.agreement_fresh(2000, 200, 0.02, 20)
    assert fresh < 0.05 < 0.99 < replace
    assert theory.agreement_fresh(7, 200, 0.02, 0) == pytest.approx(
        theory.agreement_replace(7, 200, 0.02)
    )
    assert theory.agreement_fresh(7, 200, 0.02, 200) == pytest.approx(
        theory.agreement_replace(0, 200, 0.02)
    )


@pytest.mark.parametrize("temperature", [1.0, 0.8])
def test_the_variance_of_a_normal_distribution_shrinks(temperature: float) -> None:
    table = collapse(
        Gaussian(n=20),
        regimes=["replace"],
        sampler=Sampler(temperature=temperature),
        generations=6,
        seeds=SEEDS,
    )
    checked(table, "replace", "variance")
    values = table.values("replace", "variance")[:, 2]
    exact = table.expected["replace", "variance", 2].sd
    # log of a sample standard deviation, heavy tails: 400 chains give it to within some 8 %
    assert abs(math.log(values.std(ddof=1) / exact)) < 0.4


def test_the_variance_settles_under_accumulate() -> None:
    table = collapse(Gaussian(n=10), regimes=["accumulate"], generations=6, seeds=SEEDS)
    checked(table, "accumulate", "variance")


@pytest.fixture(scope="module")
def line() -> Table:
    source = Linear(n=30, inputs=5)
    return collapse(source, regimes=["replace", "accumulate"], generations=9, seeds=SEEDS)


@pytest.mark.parametrize("name", ["replace", "accumulate"])
def test_the_error_of_least_squares(line: Table, name: str) -> None:
    checked(line, name, "squared_error")


@pytest.mark.parametrize("name", ["replace", "accumulate"])
def test_the_spread_of_the_error_is_exact_too(line: Table, name: str) -> None:
    spread_checked(line, name, "squared_error")


def test_least_squares_grows_linearly_or_stays_below_pi_squared_over_six(line: Table) -> None:
    means = {r: line.values(r, "squared_error").mean(axis=0) for r in line.regimes}
    first = line.expected["replace", "squared_error", 0].mean
    # replace: ten times the first error; exact spread of ten rounds over 400 chains, 4 sd
    spread = line.expected["replace", "squared_error", 9].sd / math.sqrt(len(SEEDS))
    assert abs(means["replace"][9] - 10 * first) < 4 * spread
    spread = line.expected["accumulate", "squared_error", 9].sd / math.sqrt(len(SEEDS))
    assert (means["accumulate"] < math.pi**2 / 6 * first + 4 * spread).all()
    assert theory.least_squares(10**6, first, accumulate=True) < math.pi**2 / 6 * first
    assert theory.least_squares(9, first, accumulate=False) == pytest.approx(10 * first)


def test_over_random_questions_the_first_error_is_that_of_the_paper() -> None:
    """E tr (X'X)^-1 = d / (n - d - 1) (inverse Wishart); 400 designs, five standard errors."""
    n, d = 30, 5
    first = np.array([Linear(n=n, inputs=d, design_seed=s).spread.sum() for s in SEEDS])
    band = 5 * first.std(ddof=1) / math.sqrt(len(first))
    assert abs(first.mean() - d / (n - d - 1)) < band


def test_theory_is_silent_where_it_knows_nothing() -> None:
    plain, cold = Sampler(), Sampler(temperature=0.5)
    m, g, x = Multinomial(), Gaussian(), Linear()
    assert m.expected(regime("replace"), "kl", 3, plain) is None
    assert m.expected(regime("replace"), "sum_p2", 3, cold) is None
    assert g.expected(regime("fresh"), "variance", 3, plain) is None
    assert g.expected(regime("accumulate"), "variance", 3, cold) is None
    assert g.expected(regime("replace"), "variance", 3, Sampler(top_p=0.9)) is None
    assert x.expected(regime("fresh"), "squared_error", 3, plain) is None
    assert x.expected(regime("replace"), "squared_error", 3, cold) is None


def test_z_is_the_distance_in_standard_errors(line: Table) -> None:
    values = line.values("replace", "squared_error")[:, 3]
    found = line.expected["replace", "squared_error", 3]
    expected = (values.mean() - found.mean) / (found.sd / 20)  # 400 chains
    assert line.z("replace", "squared_error", 3) == pytest.approx(expected)


def test_z_needs_an_exact_spread_or_ten_seeds() -> None:
    few = collapse(Gaussian(), regimes=["replace", "accumulate"], generations=1, seeds=9)
    assert math.isfinite(few.z("replace", "variance", 1))
    assert math.isnan(few.z("accumulate", "variance", 1))
    assert math.isnan(few.z("replace", "kl", 1))
    table = collapse(Gaussian(), regimes=["accumulate"], generations=1, seeds=10)
    assert math.isfinite(table.z("accumulate", "variance", 1))


def test_shaped_normal_draws_have_the_variance_of_their_density() -> None:
    """100,000 draws; a standard error of the variance is sqrt(2 / n) = 0.0045 or less; 5 of them.

    Top-p cuts at +-c with Phi(c) - Phi(-c) = p; a cut normal has variance 1 - 2 c phi(c) / p.
    """
    rng = np.random.default_rng(0)
    n, p, c = 100_000, 0.9, 1.6448536269514722
    assert abs(shaped_normal(n, rng, Sampler(temperature=0.25)).var() - 0.25) < 5 * 0.0045
    cut = shaped_normal(n, rng, Sampler(top_p=p))
    assert np.abs(cut).max() <= c
    density = math.exp(-(c**2) / 2) / math.sqrt(2 * math.pi)
    assert abs(cut.var() - (1 - 2 * c * density / p)) < 5 * 0.0045
