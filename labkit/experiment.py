"""From a criterion and measured values to a verdict, by one rule for every claim.

Idea:   the criterion is a number with a direction, fixed before the experiment is run, judged over
        seeds with an interval. There are four verdicts, by the position of the whole interval:

            reproduced     it meets the threshold
            undecided      it contains the threshold: more seeds would tell
            falls short    it is on the wrong side of the threshold
            contradicted   it is on the other side of no effect

        A claim is as good as its worst criterion.
Source: the interval is Student's t over seeds (W. S. Gosset, "The probable error of a mean", 1908);
        for ratios on their logarithms, as is usual for quantities that multiply. How many seeds
        decide: the power of that test, from the noncentral t (Johnson & Welch 1940). A share that
        is counted, k of n, has the exact interval of Clopper & Pearson, Biometrika 1934.
Run:    python -m lessons ledger; python -m distill.experiments results
Omits:  p-values for claims; corrections for many claims. Each lesson judges one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Verdict = Literal["reproduced", "undecided", "falls short", "contradicted"]
BEST_FIRST: tuple[Verdict, ...] = get_args(Verdict)
Scale = Literal["linear", "log2"]
MINIMUM_SEEDS, MAXIMUM_SEEDS = 3, 20
POWER = 0.9
"""Probability that a verdict should be decided, if the truth is as the pilots say."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over seeds with its confidence interval, in the unit of the values."""

    value: float
    """Mean over seeds."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""
    n: int
    """Number of seeds."""
    confidence: float = 0.95
    """Share of such intervals that would contain the true mean, if the values were normal."""

    def __str__(self) -> str:
        return shown(self.value, self.low, self.high)


def shown(value: float, low: float | None, high: float | None, digits: int = 3) -> str:
    """A number with its interval, always printed in this form; without ends if there are none.

    `digits` is the number of significant digits.

    >>> shown(0.52345, 0.5, 0.6), shown(0.52345, None, None)
    ('0.523 [0.5, 0.6]', '0.523')
    """
    if low is None or high is None or not math.isfinite(high - low):
        return f"{value:.{digits}g}"
    return f"{value:.{digits}g} [{low:.{digits}g}, {high:.{digits}g}]"


def counted(k: int, n: int, low: float | None, high: float | None) -> str:
    """A counted share as printed, with its interval if it has one.

    >>> counted(12, 12, *exact_share(12, 12))
    '12 of 12 [0.735, 1]'
    """
    return f"{k} of {n}" if low is None or high is None else f"{k} of {n} [{low:.3g}, {high:.3g}]"


def interval(
    values: Sequence[float], confidence: float = 0.95, scale: Scale = "linear"
) -> Interval:
    """Student's t interval for the mean of independent `values`, one for each seed.

    With scale "log2" mean and interval are those of the logarithms, turned back: a geometric mean
    whose ends are above 0. A single value has no interval: its ends are minus infinity (for a
    ratio, 0) and plus infinity, so it can never earn a verdict. ValueError for no values, values
    that are not finite (for a ratio, not above 0), or a confidence outside (0, 1).

    >>> interval([1.0, 2.0, 3.0]).value, round(interval([1.0, 4.0], scale="log2").value, 9)
    (2.0, 2.0)
    """
    if not values:
        raise ValueError("an interval needs at least one value, got none")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is a share between 0 and 1, got {confidence}")
    if not all(math.isfinite(v) for v in values):
        raise ValueError(f"every seed's value must be finite, got {list(values)}")
    if scale == "log2":
        if min(values) <= 0:
            raise ValueError(f"a ratio on a log scale is above 0, got {list(values)}")
        found = interval([math.log2(v) for v in values], confidence)
        value, low, high = (_power_of_two(x) for x in (found.value, found.low, found.high))
        if len(set(values)) == 1:
            value = values[0]
            low, high = (value, value) if found.n > 1 else (low, high)
        return Interval(value=value, low=low, high=high, n=found.n, confidence=confidence)
    n, mean = len(values), _mean(values)
    if n == 1:
        return Interval(value=mean, low=-math.inf, high=math.inf, n=1, confidence=confidence)
    from scipy.special import stdtrit  # Student's t quantile; scipy.stats takes a second to import

    half = float(stdtrit(n - 1, 0.5 + confidence / 2)) * _deviation(values) / math.sqrt(n)
    return Interval(value=mean, low=mean - half, high=mean + half, n=n, confidence=confidence)


def _mean(values: Sequence[float]) -> float:
    """The mean, exact for equal values: (0.1 + 0.1 + 0.1) / 3 > 0.1 would miss "<= 0.1"."""
    return values[0] if len(set(values)) == 1 else math.fsum(values) / len(values)


def _power_of_two(x: float) -> float:
    return 2.0**x if x < 1024 else math.inf


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """A condition for a claim to be reproduced, written down before the run."""

    quantity: str
    """The measured quantity, with its unit."""
    threshold: float
    """The number to reach, in that unit."""
    direction: Literal[">=", "<="] = ">="
    """The side of the threshold on which the claim holds."""
    no_effect: float = 0.0
    """The value of the quantity without any effect."""
    scale: Scale = "linear"
    """log2 for ratios of positive quantities, whose spread multiplies; no effect is then 1."""
    once: bool = False
    """Whether the quantity comes from one computation, the same for every seed. Then it has no
    interval over seeds; its value alone is judged, and printed as such."""

    def __post_init__(self) -> None:
        if self.scale == "log2" and min(self.threshold, self.no_effect) <= 0:
            raise ValueError(
                f"{self}: on a log scale threshold and no_effect are above 0, "
                f"got {self.threshold:g} and {self.no_effect:g}"
            )
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


def verdict(criterion: Criterion, measured: Interval) -> Verdict:
    """Judge `measured` by `criterion`; ValueError for fewer than three seeds.

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
    return "falls short" if best < sign * criterion.threshold else "undecided"


@dataclass(frozen=True, kw_only=True)
class Counted(Criterion):
    """A criterion about a counted share: how many of n independent cases succeed.

    Shares of 1 in every seed have no spread, and Student's interval would be [1, 1]; the exact one
    of k of n says how much n cases can tell.
    """

    cases: int
    """Number of cases in each seed; a seed's value is its own share of them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cases < 1 or self.scale != "linear" or self.once:
            raise ValueError(f"{self}: cases are 1 or more, on the linear scale, in every seed")

    def count(self, shares: Sequence[float]) -> tuple[int, int]:
        """(k, n) over all seeds; ValueError if a share is not a multiple of 1 / cases."""
        counts = [round(share * self.cases) for share in shares]
        for share, count in zip(shares, counts):
            if not 0 <= count <= self.cases or abs(share * self.cases - count) > 1e-6:
                raise ValueError(f"{self}: no share of {self.cases} cases: {share}")
        return sum(counts), self.cases * len(counts)


def exact_share(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Ends of Clopper and Pearson's interval for the share behind k of n independent cases.

    >>> [round(end, 3) for end in exact_share(12, 12)]
    [0.735, 1.0]
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return low, high


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One criterion and its measured values."""

    criterion: Criterion
    """The criterion, written before the run."""
    values: tuple[float, ...]
    """One value per seed; if it is measured `once`, the same for each."""

    def __post_init__(self) -> None:
        if self.criterion.once and len(set(self.values)) > 1:
            raise ValueError(f"{self.criterion}: measured once, and {len(set(self.values))} values")

    @property
    def measured(self) -> Interval:
        """Mean and interval over seeds, on the criterion's scale; of a counted share, those of k
        of n.
        """
        if isinstance(self.criterion, Counted):
            k, n = self.criterion.count(self.values)
            low, high = exact_share(k, n)
            return Interval(value=k / n, low=low, high=high, n=len(self.values))
        return interval(self.values, scale=self.criterion.scale)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict by the one rule; None for fewer seeds than it asks for."""
        if len(self.values) < MINIMUM_SEEDS:
            return None
        return verdict(self.criterion, self.measured)

    @property
    def said(self) -> str:
        """The measured value in words: "0.52 [0.5, 0.6]", "0.67 (one computation)"."""
        if self.criterion.once:
            return f"{self.values[0]:.3g} (one computation)"
        if isinstance(self.criterion, Counted):
            k, n = self.criterion.count(self.values)
            return counted(k, n, *exact_share(k, n))
        return f"{self.measured}" if len(self.values) > 1 else f"{self.values[0]:.3g} (one seed)"

    def __str__(self) -> str:
        few = f"no verdict below {MINIMUM_SEEDS} seeds"
        return f"{self.criterion}: {self.said}, n={len(self.values)}: {self.verdict or few}"


def overall(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """A claim's verdict, which is that of its worst criterion; None if one of them has none.

    >>> overall(["reproduced", "undecided"]), overall(["falls short", "undecided"])
    ('undecided', 'falls short')
    """
    found = list(verdicts)
    if not found or None in found:
        return None
    return max(found, key=lambda one: BEST_FIRST.index(one))


def power(pilots: Sequence[float], criterion: Criterion, seeds: int) -> float:
    """Probability that `seeds` seeds decide, if mean and spread are those of the pilots: that an
    interval at 95 % is wholly on the same side of the threshold as that mean.

    ValueError for fewer than two pilots or seeds, or values that `interval` refuses.
    """
    if min(len(pilots), seeds) < 2:
        raise ValueError(f"a spread needs at least 2, got {len(pilots)} pilots and {seeds} seeds")
    interval(pilots, scale=criterion.scale)  # refuses unusable values
    if isinstance(criterion, Counted):
        return _power_of_counts(*criterion.count(pilots), criterion, seeds * criterion.cases)
    from scipy.special import stdtrit
    from scipy.stats import nct

    values = [math.log2(v) for v in pilots] if criterion.scale == "log2" else list(pilots)
    threshold = math.log2(criterion.threshold) if criterion.scale == "log2" else criterion.threshold
    distance, spread = abs(_mean(values) - threshold), _deviation(values)
    if spread == 0 or distance > 1e4 * spread:  # beyond what nct computes
        return 1.0
    needed = float(stdtrit(seeds - 1, 0.975))
    return float(nct.sf(needed, seeds - 1, distance / spread * math.sqrt(seeds)))


def _power_of_counts(k: int, n: int, criterion: Counted, cases: int) -> float:
    """Probability that a true share k / n is decided on its own side by `cases` cases."""
    from scipy.stats import binom

    above = k / n >= criterion.threshold
    likely = 0.0
    for count in range(cases + 1):
        low, high = exact_share(count, cases)
        if low >= criterion.threshold if above else high < criterion.threshold:
            likely += float(binom.pmf(count, cases, k / n))
    return likely


def seeds_needed(pilots: Sequence[float], criterion: Criterion) -> int:
    """The fewest seeds, 3 to 20, that decide with a probability of 90 %; 20 if none do.

    `pilots` are values of seeds that are never judged; ValueError for fewer than two of them.

    >>> seeds_needed([1.5, 1.6, 1.4], Criterion(quantity="gain", threshold=1.0))
    3
    """
    if len(pilots) < 2:
        raise ValueError(f"a spread needs at least 2 pilots, got {len(pilots)}")
    if criterion.once:
        return MINIMUM_SEEDS
    for seeds in range(MINIMUM_SEEDS, MAXIMUM_SEEDS):
        if power(pilots, criterion, seeds) >= POWER:
            return seeds
    return MAXIMUM_SEEDS


def to_decide(values: Sequence[float], criterion: Criterion, seconds: float) -> str:
    """Number of seeds and time to decide with 90 %, if the truth is what `values` say, in words.

    `seconds` is the time per seed. The true mean of an undecided run may be anywhere in its
    interval, so this is an order of magnitude. ValueError for fewer than two values.

    >>> to_decide([0.9, 1.2, 1.1], Criterion(quantity="gain", threshold=1.0), 60)
    'about 58 seeds would decide, 58 min'
    """
    enough, most = MINIMUM_SEEDS, 1_000_000
    while enough < most and power(values, criterion, enough) < POWER:
        enough += max(1, enough // 32)
    if enough >= most:  # the mean is at the threshold, or all but there
        return f"more than {most:,} seeds would be needed, {_lasting(most * seconds)}"
    size = 10 ** max(0, len(str(enough)) - 2)
    enough = -(-enough // size) * size
    return f"about {enough:,} seeds would decide, {_lasting(enough * seconds)}"


def _lasting(seconds: float) -> str:
    """A duration in minutes, or from an hour and a half on in hours."""
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:,.1f} h"
