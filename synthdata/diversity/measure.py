"""The result of every metric: a number that says how far it can be trusted.

Idea:   a diversity number without its n, its coverage, its unit and its method means nothing: the
        same source gives self-BLEU .26 at 250 texts and .96 at 16,000. So they travel together.
Source: coverage is Good's, "The population frequencies of species", Biometrika 1953.
Omits:  arithmetic on measures; two of them are compared in `synthdata.comparison`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from labkit.experiment import Interval

Direction = Literal["higher is more varied", "lower is more varied", "neither"]
DIRECTIONS: tuple[Direction, ...] = ("higher is more varied", "lower is more varied", "neither")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measured quantity. An undefined value is nan, and a warning says why."""

    name: str
    """Key of the quantity, as in tables and rules (`hill1`, `self_bleu`)."""
    value: float
    """The estimate, in `unit`; nan if it is undefined."""
    low: float = math.nan
    """Lower end of the 95 % interval; nan if there is none."""
    high: float = math.nan
    """Upper end of the 95 % interval; nan if there is none."""
    low_by_cluster: float = math.nan
    """Lower end if every cluster of near-duplicates is one event told several times; nan if that
    was not asked, or documents have groups."""
    high_by_cluster: float = math.nan
    """Upper end of the same."""
    n: int
    """Number of documents (or tokens, as `method` says) behind it."""
    coverage: float = math.nan
    """Share of the source's probability that the sample has seen, 0 to 1; nan if unknown."""
    method: str
    """Estimator, tokeniser and settings, enough to reproduce it."""
    unit: str
    """What the value counts ("bits", "effective documents", "share")."""
    direction: Direction
    """How to read it."""
    warnings: tuple[str, ...] = ()
    """Caveats."""

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise ValueError(f"direction is one of {list(DIRECTIONS)}, got {self.direction!r}")
        if self.n < 0:
            raise ValueError(f"n counts what was measured and cannot be {self.n}")
        if math.isnan(self.value) and not self.warnings:
            raise ValueError(f"{self.name} is undefined; say why in warnings")
        if math.isnan(self.low) != math.isnan(self.high):
            raise ValueError(
                f"an interval has two ends or none, got {self.low} to {self.high} for {self.name}"
            )
        if math.isnan(self.low_by_cluster) != math.isnan(self.high_by_cluster):
            raise ValueError(f"{self.name}: an interval by cluster has two ends or none")
        if self.low > self.high:
            raise ValueError(f"{self.name}: the interval {self.low} to {self.high} is upside down")

    @classmethod
    def undefined(
        cls,
        name: str,
        reason: str,
        *,
        n: int = 0,
        coverage: float = math.nan,
        method: str = "",
        unit: str = "",
        direction: Direction = "neither",
    ) -> Measure:
        """A measure that could not be taken, with its reason.

        >>> Measure.undefined("entropy", "no documents").value
        nan
        """
        return cls(
            name=name,
            value=math.nan,
            n=n,
            coverage=coverage,
            method=method,
            unit=unit,
            direction=direction,
            warnings=(reason,),
        )

    @classmethod
    def over_seeds(
        cls,
        name: str,
        found: Interval,
        *,
        n: int,
        method: str,
        unit: str,
        direction: Direction = "neither",
    ) -> Measure:
        """A mean over seeds, as `labkit.experiment.interval` finds it; undefined if that is nan.

        One seed has no interval: on a linear scale both ends are infinite, on that of ratios the
        upper one.

        >>> from labkit.experiment import interval
        >>> print(Measure.over_seeds("gain", interval([2.0]), n=9, method="", unit="bits"))
        gain 2 bits, n=9 (one seed has no interval)
        """
        if math.isnan(found.value):
            reason = "a seed has no such value"
            return cls.undefined(name, reason, n=n, method=method, unit=unit, direction=direction)
        known = math.isfinite(found.high - found.low)
        return cls(
            name=name,
            value=found.value,
            low=found.low if known else math.nan,
            high=found.high if known else math.nan,
            n=n,
            method=method,
            unit=unit,
            direction=direction,
            warnings=() if known else ("one seed has no interval",),
        )

    @property
    def has_interval(self) -> bool:
        """Whether `low` and `high` are known."""
        return not math.isnan(self.low)

    @property
    def by_cluster(self) -> tuple[float, float] | None:
        """The interval with clusters of near-duplicates as units, if there is one."""
        if math.isnan(self.low_by_cluster):
            return None
        return self.low_by_cluster, self.high_by_cluster

    @property
    def hangs_on_clusters(self) -> bool:
        """Whether that interval is over 1.5 times as wide as the one of documents.

        One file cannot tell which is right: ten copies may be ten answers that agree, or one event
        told ten times.
        """
        ends = self.by_cluster
        return ends is not None and ends[1] - ends[0] > 1.5 * (self.high - self.low)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary for JSON: nan and infinities, which JSON lacks, become null."""
        return {
            "name": self.name,
            "value": _number(self.value),
            "low": _number(self.low),
            "high": _number(self.high),
            "low_by_cluster": _number(self.low_by_cluster),
            "high_by_cluster": _number(self.high_by_cluster),
            "n": self.n,
            "coverage": _number(self.coverage),
            "method": self.method,
            "unit": self.unit,
            "direction": self.direction,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        if math.isnan(self.value):
            return f"{self.name}: undefined ({'; '.join(self.warnings)})"
        parts = [f"{self.name} {self.value:.4g} {self.unit}".rstrip()]
        if self.has_interval:
            parts.append(f"[{self.low:.4g}, {self.high:.4g}]")
        parts.append(f"n={self.n}")
        if not math.isnan(self.coverage):
            parts.append(f"coverage {self.coverage:.1%}")
        line = ", ".join(parts)
        return f"{line} ({'; '.join(self.warnings)})" if self.warnings else line


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
