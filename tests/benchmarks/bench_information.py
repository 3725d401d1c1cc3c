"""What a field tells: errors of the estimate, and how often its intervals hold.

Run:    python -m tests.benchmarks.bench_information [collections of each source, 150]

For each source of tests/synthdata/test_information.py: the true information and its coverage, mean
error and spread of the estimate, the same of what is left within, and the share of 95 % intervals
that hold the truth. 150 collections know a rate of .95 to .02.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tyro.conf import Positional

from labkit import command
from tests.synthdata.test_information import SOURCES, found


def row(name: str, collections: int) -> str:
    rows = []
    for seed in range(1000, 1000 + collections):
        split, information, within = found(name, seed)
        told, left = split.information, split.within
        rows.append(
            (
                told.coverage,
                told.value - information,
                left.value - within,
                told.low - 1e-9 <= information <= told.high + 1e-9,
                left.low - 1e-9 <= within <= left.high + 1e-9,
            )
        )
    covered, off, off_within, held, held_within = np.array(rows, dtype=float).T
    return (
        f"{name}: {information:.3f} bits, coverage {covered.mean():.3f}, off {off.mean():+.3f} "
        f"(sd {off.std():.3f}), holds {held.mean():.2f}; within {within:.3f} bits, off "
        f"{off_within.mean():+.3f} (sd {off_within.std():.3f}), holds {held_within.mean():.2f}"
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Print errors and intervals of what a field tells."""

    collections: Positional[int] = 150
    """Collections of each source."""

    def __post_init__(self) -> None:
        if self.collections < 1:
            raise ValueError(f"collections is at least 1, got {self.collections}")


def main(settings: Settings) -> None:
    """Print one line a source."""
    for name in SOURCES:
        print(row(name, settings.collections), flush=True)


if __name__ == "__main__":
    command.run(main, Settings, prog="tests.benchmarks.bench_information")
