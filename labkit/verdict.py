"""From a criterion and measured values to a verdict, by one rule for every claim.

Idea:   the criterion is a number with a direction, fixed before the experiment is run, judged over
        seeds with an interval. `reproduced` where the whole interval meets it, `contradicted` where
        the interval lies wholly on the other side of no effect, `not at this scale` otherwise.
Source: the interval is Student's t over seeds (W. S. Gosset, "The probable error of a mean", 1908).
Omits:  p-values for claims; corrections for many claims. Each lesson judges one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["reproduced", "contradicted", "not at this scale"]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over seeds with its confidence interval, in the unit of the values."""

    value: float
    """Mean over seeds."""
    low: float
    """Lower end."""
    high: float
    """Upper end."""
    n: int
    """How many seeds."""
    confidence: float = 0.95
    """Share of such intervals that would hold the true mean, were the values normal."""


def interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's t interval for the mean of independent `values`, one for each seed.

    One value alone has no interval: its ends are minus and plus infinity, so it can never earn a
    verdict. ValueError on no values, values that are not finite, or a confidence outside (0, 1).

    >>> interval([1.0, 2.0, 3.0]).value
    2.0
    """
    if not values:
        raise ValueError("an interval needs at least one value, got none")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is a share between 0 and 1, got {confidence}")
    if not all(math.isfinite(v) for v in values):
        raise ValueError(f"every seed's value must be finite, got {list(values)}")
    n = len(values)
    mean = math.fsum(values) / n
    if n == 1:
        return Interval(value=mean, low=-math.inf, high=math.inf, n=1, confidence=confidence)
    from scipy.special import stdtrit  # Student's t quantile; scipy.stats takes a second to import

    variance = math.fsum((v - mean) ** 2 for v in values) / (n - 1)
    half = float(stdtrit(n - 1, 0.5 + confidence / 2)) * math.sqrt(variance / n)
    return Interval(value=mean, low=mean - half, high=mean + half, n=n, confidence=confidence)


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """What must hold for a claim to be reproduced, written down before the run."""

    quantity: str
    """What is measured, with its unit."""
    threshold: float
    """The number to reach."""
    direction: Literal[">=", "<="] = ">="
    """On which side of the threshold the claim holds."""
    no_effect: float = 0.0
    """The value the quantity would take if there were nothing to the claim."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold) and math.isfinite(self.no_effect)):
            raise ValueError(
                f"threshold and no_effect must be finite, got {self.threshold}, {self.no_effect}"
            )
        if (self.threshold - self.no_effect) * self._sign < 0:
            raise ValueError(
                f"{self} can never be contradicted: no effect ({self.no_effect:g}) already meets it"
            )

    @property
    def _sign(self) -> int:
        return 1 if self.direction == ">=" else -1

    def __str__(self) -> str:
        return f"{self.quantity} {self.direction} {self.threshold:g}"


MINIMUM_SEEDS = 3


def verdict(criterion: Criterion, measured: Interval) -> Verdict:
    """Judge `measured` by `criterion`; ValueError on fewer than three seeds.

    >>> verdict(Criterion(quantity="gain", threshold=1.0), interval([1.4, 1.5, 1.6]))
    'reproduced'
    """
    if measured.n < MINIMUM_SEEDS:
        raise ValueError(f"a verdict needs at least {MINIMUM_SEEDS} seeds, got {measured.n}")
    sign = criterion._sign
    worst, best = sorted((sign * measured.low, sign * measured.high))
    if worst >= sign * criterion.threshold:
        return "reproduced"
    if best < sign * criterion.no_effect:
        return "contradicted"
    return "not at this scale"
