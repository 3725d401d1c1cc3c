"""How long each source of `synthdata collapse` takes with its full profile.

Run:    python -m tests.benchmarks.bench_collapse [--sources gpt] [--seeds 1]

Runs the default regimes of each source and prints seconds, of the wall and of processors, for the
seeds that were asked for and as they would be for all of the profile's. Asserts nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from labkit import command
from synthdata.collapse import collapse
from synthdata.collapse.command import PROFILES


@dataclass(frozen=True, kw_only=True)
class Config:
    """Time the laboratory of collapse."""

    sources: tuple[str, ...] = tuple(PROFILES["full"])
    """Which."""
    seeds: int = 1
    """Chains of each regime; the profile has more."""


def main(config: Config) -> None:
    """Print one line a source."""
    for name in config.sources:
        profile = PROFILES["full"][name]
        source = profile.make(None, None)
        wall, cpu = time.perf_counter(), time.process_time()
        collapse(
            source,
            regimes=profile.regimes,
            generations=profile.generations,
            seeds=config.seeds,
        )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        scale = profile.seeds / config.seeds
        print(
            f"{name:<12} {wall:7.1f} s ({cpu:.1f} s of processor), "
            f"all {profile.seeds} seeds {wall * scale:7.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    command.run(main, Config, prog="tests.benchmarks.bench_collapse")
