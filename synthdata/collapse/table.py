"""The table of a run: one row per measured number, with the theoretical value beside it.

Idea:   a tidy table (regime, generation, seed, measure, value) holds everything; figures, intervals
        and verdicts are made from it, and anyone can make others.
Source: H. Wickham, "Tidy data", Journal of Statistical Software 59 (2014).
Run:    python -m synthdata collapse zipf --csv zipf.csv
Omits:  averages; they are computed when asked for.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from labkit.experiment import Interval, interval

Z_SEEDS = 10
"""Number of seeds from which their own spread is used if theory gives none."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    regime: str
    """Training data of the generations after the first."""
    generation: int
    """Generation; 0 is fitted to real data alone."""
    seed: int
    """Seed of the chain."""
    measure: str
    """Name of the measure."""
    value: float
    """The number, in the unit that the table names."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Theoretical value of one number of the table."""

    mean: float
    """Mean over all chains."""
    sd: float = math.nan
    """Standard deviation between chains (seeds), exact; nan if it is not known."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """All measurements of a run; nothing in it is averaged."""

    source: str
    """The source's name."""
    error: str
    """The measure of the distance from the truth."""
    units: Mapping[str, str]
    """Every measure and its unit."""
    sampler: str
    """How models were sampled, in words."""
    n: int
    """Examples in each round."""
    rows: tuple[Row, ...]
    """(regime, generation, seed, measure, value)."""
    expected: Mapping[tuple[str, str, int], Expected] = field(default_factory=dict)
    """(regime, measure, generation) -> theoretical value, if there is one."""

    @cached_property
    def regimes(self) -> tuple[str, ...]:
        """Regimes, in the order in which they were asked for."""
        return tuple(dict.fromkeys(row.regime for row in self.rows))

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """The seeds."""
        return tuple(dict.fromkeys(row.seed for row in self.rows))

    @cached_property
    def generations(self) -> int:
        """Number of the last generation."""
        return max(row.generation for row in self.rows)

    @cached_property
    def _blocks(self) -> dict[tuple[str, str], np.ndarray]:
        """(regime, measure) -> [seeds, generations + 1]; nan if a row is missing."""
        place = {seed: i for i, seed in enumerate(self.seeds)}
        shape = (len(place), self.generations + 1)
        blocks = {(r, m): np.full(shape, np.nan) for r in self.regimes for m in self.units}
        for row in self.rows:
            blocks[row.regime, row.measure][place[row.seed], row.generation] = row.value
        for block in blocks.values():
            block.flags.writeable = False  # readers must not change the table
        return blocks

    def values(self, regime: str, measure: str) -> np.ndarray:
        """[seeds, generations + 1]; ValueError if there is no such regime or measure."""
        if regime not in self.regimes or measure not in self.units:
            raise ValueError(
                f"the table has no {measure!r} under {regime!r}; it has {', '.join(self.units)} "
                f"under {', '.join(self.regimes)}"
            )
        return self._blocks[regime, measure]

    def interval(self, regime: str, measure: str, generation: int) -> Interval:
        """Mean over seeds with its 95 % interval; all nan if a seed's value is undefined."""
        values = self.values(regime, measure)[:, generation]
        if not np.isfinite(values).all():
            return Interval(value=math.nan, low=math.nan, high=math.nan, n=len(values))
        return interval(values.tolist())

    def z(self, regime: str, measure: str, generation: int) -> float:
        """How many standard errors the mean over seeds lies above theory; nan if unknown.

        The standard error is the theoretical one if there is one, else that of ten seeds or more.
        """
        theory = self.expected.get((regime, measure, generation))
        if theory is None:
            return math.nan
        values = self.values(regime, measure)[:, generation]
        sd = theory.sd
        if math.isnan(sd):
            if len(values) < Z_SEEDS:
                return math.nan
            sd = float(values.std(ddof=1))
        return float((values.mean() - theory.mean) / (sd / math.sqrt(len(values)))) if sd else 0.0

    def to_csv(self) -> str:
        """The table as CSV with a header."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("regime", "generation", "seed", "measure", "value"))
        writer.writerows((r.regime, r.generation, r.seed, r.measure, r.value) for r in self.rows)
        return out.getvalue()
