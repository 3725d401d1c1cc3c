"""Sources whose collapse can be computed: categories, a normal distribution, a straight line.

Idea:   if the mathematics is known, the laboratory can be checked: `expected` gives the mean of a
        measure after g generations, and the tests compare the two.
Source: the formulas and their papers are in `collapse.theory`.
Run:    python -m synthdata collapse multinomial
Omits:  anything with words (`collapse.sources.texts`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synthdata.collapse import theory
from synthdata.collapse.regimes import Regime, Sampler
from synthdata.collapse.table import Expected
from synthdata.dial.corpora import entropy_bits, zipf

HOTTEST = 1_000_000
"""Largest temperature of a continuous source."""


@dataclass(frozen=True, kw_only=True)
class Multinomial:
    """Draw n of K categories, count, draw from the counts, count again (genetic drift)."""

    truth: np.ndarray = field(default_factory=lambda: np.full(50, 1 / 50))
    """Probabilities [K]."""
    n: int = 200
    """Draws in each round."""
    name: str = "multinomial"
    """Name for tables and titles."""

    error = "kl"
    units = {  # noqa: RUF012
        "kl": "bits, model from truth",
        "types": "categories left",
        "entropy": "bits a draw",
        "sum_p2": "P(two draws agree)",
    }

    def __post_init__(self) -> None:
        check_size(self.n)
        if len(self.truth) < 2 or (self.truth < 0).any() or not math.isclose(self.truth.sum(), 1):
            raise ValueError("the truth is at least 2 probabilities that sum to one")

    def real(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Categories [n]."""
        return rng.choice(len(self.truth), n, p=self.truth)

    def fit(self, data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Relative frequencies [K]: maximum likelihood."""
        return relative_frequencies(data, len(self.truth))

    def sample(
        self, model: np.ndarray, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> np.ndarray:
        """Categories [n], by the shaped probabilities."""
        return rng.choice(len(model), n, p=sampler.shaped(model))

    def measures(self, model: np.ndarray, written: np.ndarray) -> dict[str, float]:
        """Measures of the model's probabilities; exact, so `written` is not used."""
        kept = model > 0
        return {
            "kl": float(model[kept] @ np.log2(model[kept] / self.truth[kept])),
            "types": float(kept.sum()),
            "entropy": entropy_bits(model),
            "sum_p2": float(model @ model),
        }

    def expected(
        self, regime: Regime, measure: str, generation: int, sampler: Sampler
    ) -> Expected | None:
        """Theoretical `sum_p2` under every regime that does not curate."""
        if measure != "sum_p2" or regime.curated or not sampler.plain:
            return None
        g, n, s0 = generation, self.n, float(self.truth @ self.truth)
        real = round(regime.real_share * n)
        if regime.keep_all:
            if real:
                return None
            formula = theory.agreement_subsample if regime.constant else theory.agreement_accumulate
            return Expected(mean=formula(g, n, s0))
        if real:
            return Expected(mean=theory.agreement_fresh(g, n, s0, real))
        return Expected(
            mean=theory.agreement_replace(g, n, s0),
            sd=math.sqrt(theory.agreement_variance(g, n, self.truth)),
        )


def relative_frequencies(draws: np.ndarray, categories: int) -> np.ndarray:
    """Share of each of K categories, numbered from 0, among the draws [n]: [K], summing to 1.

    >>> relative_frequencies(np.array([0, 2, 2, 0]), 4).tolist()
    [0.5, 0.0, 0.5, 0.0]
    """
    return np.bincount(draws, minlength=categories) / len(draws)


def zipf_source(types: int = 2000, n: int = 5000, exponent: float = 1.1) -> Multinomial:
    """Words by Zipf's law: few common ones and a long tail, which goes first."""
    return Multinomial(truth=zipf(types, exponent), n=n, name="zipf")


@dataclass(frozen=True, kw_only=True)
class Gaussian:
    """Fit mean and variance by maximum likelihood, sample, fit again."""

    n: int = 100
    """Draws in each round."""
    name: str = "gaussian"
    """Name for tables and titles."""

    error = "kl"
    units = {  # noqa: RUF012
        "kl": "bits, model from truth",
        "variance": "share of the true one",
        "entropy": "bits, differential",
        "mean": "true standard deviations",
    }

    def __post_init__(self) -> None:
        check_size(self.n)

    def real(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Standard normal draws [n]."""
        return rng.standard_normal(n)

    def fit(self, data: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
        """(mean, variance); maximum likelihood divides by n, not n - 1."""
        return float(data.mean()), float(data.var())

    def sample(
        self, model: tuple[float, float], n: int, rng: np.random.Generator, sampler: Sampler
    ) -> np.ndarray:
        """Draws [n]."""
        return model[0] + math.sqrt(model[1]) * shaped_normal(n, rng, sampler)

    def measures(self, model: tuple[float, float], written: np.ndarray) -> dict[str, float]:
        """Measures of the model's two parameters; exact."""
        mean, variance = model
        if not variance + mean**2 < 1e100:  # the next rounds' squares would overflow
            raise ValueError(
                f"the chain has run away: its variance is {variance:.0e}; use a lower temperature "
                "or fewer generations"
            )
        variance = max(variance, 1e-300)  # a variance of 0 is infinitely far away
        return {
            "kl": 0.5 * (variance + mean**2 - 1 - math.log(variance)) / math.log(2),
            "variance": variance,
            "entropy": 0.5 * math.log2(2 * math.pi * math.e * variance),
            "mean": mean,
        }

    def expected(
        self, regime: Regime, measure: str, generation: int, sampler: Sampler
    ) -> Expected | None:
        """Theoretical variance under replace (at any temperature) and accumulate."""
        cut = sampler.top_k or sampler.top_p < 1
        if measure != "variance" or regime.curated or regime.real_share or regime.constant or cut:
            return None
        if regime.keep_all:
            if not sampler.plain:
                return None
            return Expected(mean=theory.variance_accumulate(generation, self.n, 1.0))
        t = sampler.temperature
        spread = theory.variance_replace_spread(generation, self.n, 1.0, t)
        return Expected(
            mean=theory.variance_replace(generation, self.n, 1.0, t), sd=math.sqrt(spread)
        )


@dataclass(frozen=True, kw_only=True)
class Linear:
    """Least squares; the next generation learns from this one's noisy answers to the same X."""

    n: int = 100
    """Questions (rows of X), the same in all rounds."""
    inputs: int = 10
    """Numbers in each question (columns of X)."""
    noise: float = 1.0
    """Standard deviation of the noise in every answer, real or not."""
    design_seed: int = 0
    """Seed of X and of the true weights."""
    name: str = "linear"
    """Name for tables and titles."""

    error = "squared_error"
    units = {"squared_error": "|fitted - true weights|^2"}  # noqa: RUF012

    def __post_init__(self) -> None:
        check_size(self.n)
        if not 1 <= self.inputs <= self.n - 2:
            raise ValueError(f"inputs run from 1 to n - 2 = {self.n - 2}, got {self.inputs}")
        if not self.noise > 0:
            raise ValueError(f"noise is above 0, got {self.noise}")

    @cached_property
    def design(self) -> tuple[np.ndarray, np.ndarray]:
        """X [n, inputs] and the true weights [inputs]."""
        rng = np.random.default_rng(self.design_seed)
        return rng.standard_normal((self.n, self.inputs)), rng.standard_normal(self.inputs)

    @cached_property
    def spread(self) -> np.ndarray:
        """Eigenvalues [inputs] of noise^2 (X'X)^-1; their sum is generation 0's expected error."""
        x = self.design[0]
        return self.noise**2 / np.linalg.eigvalsh(x.T @ x)

    def real(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Questions and true answers with noise, [n, inputs + 1]."""
        return self._answered(self.design[1], n, rng, Sampler())

    def fit(self, data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Weights [inputs]."""
        return np.linalg.lstsq(data[:, :-1], data[:, -1], rcond=None)[0]

    def sample(
        self, model: np.ndarray, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> np.ndarray:
        """Questions and this model's answers with noise, [n, inputs + 1]."""
        return self._answered(model, n, rng, sampler)

    def _answered(
        self, weights: np.ndarray, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> np.ndarray:
        x = self.design[0]
        if n != len(x):
            x = x[rng.choice(len(x), n, replace=n > len(x))]
        answers = x @ weights + self.noise * shaped_normal(n, rng, sampler)
        return np.column_stack((x, answers))

    def measures(self, model: np.ndarray, written: np.ndarray) -> dict[str, float]:
        """Squared distance from the true weights; for standard normal questions that is the
        expected squared error of an answer, noise aside."""
        return {"squared_error": float(((model - self.design[1]) ** 2).sum())}

    def expected(
        self, regime: Regime, measure: str, generation: int, sampler: Sampler
    ) -> Expected | None:
        """Theoretical error under replace and accumulate, given X; mean and variance are exact."""
        if regime.curated or regime.real_share or regime.constant or not sampler.plain:
            return None
        accumulate = regime.keep_all
        first = float(self.spread.sum())
        spread = theory.least_squares_spread(generation, self.spread, accumulate=accumulate)
        return Expected(
            mean=theory.least_squares(generation, first, accumulate=accumulate),
            sd=math.sqrt(spread),
        )


def shaped_normal(n: int, rng: np.random.Generator, sampler: Sampler) -> np.ndarray:
    """Standard normal draws [n], shaped: p^(1/T) has T times the variance, and top-p keeps the
    middle. ValueError for top-k: a continuous source has no k likeliest values; and above HOTTEST.
    """
    if sampler.top_k:
        raise ValueError("top-k needs separate choices; for this source use temperature or top-p")
    if sampler.temperature > HOTTEST:
        raise ValueError(
            f"here a temperature multiplies the variance, by at most {HOTTEST:,}; got "
            f"{sampler.temperature:g}"
        )
    scale = math.sqrt(sampler.temperature)
    if sampler.top_p == 1:
        return scale * rng.standard_normal(n)
    from scipy.special import ndtri

    return scale * ndtri(0.5 + sampler.top_p * (rng.random(n) - 0.5))


def check_size(n: int) -> None:
    """ValueError if a round is too small or too large to make sense."""
    if not 2 <= n <= 10_000_000:
        raise ValueError(f"a round has from 2 to 10,000,000 examples, got n={n}")
