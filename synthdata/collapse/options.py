"""Options of `python -m synthdata collapse`; `--help` is made from what is written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tyro.conf import Positional

from synthdata.report.options import LAST_SEED, between, check_names


@dataclass(frozen=True, kw_only=True)
class CollapseOptions:
    """Train each model on its predecessor's output, for generations, and measure what is lost."""

    source: Positional[str]
    """Source to fit: multinomial, gaussian, linear, zipf, ngram or gpt."""
    regime: str = ""
    """Training data of each generation, separated by commas: replace, accumulate,
    accumulate-subsample, fresh (or fresh:SHARE of new real data), real (the control), curated. By
    default replace, accumulate, fresh and real; for gpt without fresh."""
    profile: Literal["full", "ci"] = "full"
    """full: as published; ci: the same in seconds, too small to conclude anything from."""
    generations: int | None = None
    """Generations after the first; by default the profile's."""
    seeds: int | None = None
    """Chains for each regime; by default the profile's."""
    n: int | None = None
    """Examples in each round: draws, stories or passages; by default the profile's."""
    temperature: float = 1.0
    """Sampling temperature; below 1 it favours likely outcomes."""
    top_k: int = 0
    """Sample from the k likeliest; 0 for all."""
    top_p: float = 1.0
    """Sample from the likeliest outcomes that hold this share of the probability."""
    data: str | None = None
    """For ngram and gpt: storyland, another corpus, or a path. By default shakespeare for ngram,
    storyland for gpt."""
    first_seed: int = 0
    """First seed."""
    html: str | None = None
    """Write the report as one self-contained HTML file."""
    png: str | None = None
    """Write the figure alone."""
    csv: str | None = None
    """Write all values as CSV: regime, generation, seed, measure, value."""
    json: bool = False
    """Also print the result as JSON, on the last line (fields: synthdata/report/record.py)."""

    def __post_init__(self) -> None:
        check_names(self)
        between("generations", self.generations, 1, 1000)
        between("seeds", self.seeds, 1, 10_000)
        between("first-seed", self.first_seed, 0, LAST_SEED)
