"""The rarefaction curve and the Hill profile as rows: what other sizes and orders would show.

Idea:   a curve needs a picture; a terminal and a program need rows. Of words and of documents: the
        effective numbers of order 0, 1 and 2 in a quarter and half of the sample, in all of it and
        in twice as much, and at the size that reaches a given coverage.
Source: `synthdata.rarefy`, whose functions these rows tabulate.
Run:    python -m synthdata measure data.jsonl
Omits:  drawing whole documents of words: here words are drawn one by one, and coverage is theirs,
        which is too high where documents repeat their own words.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from synthdata import estimate, rarefy

PARTS = (0.25, 0.5, 1.0, 2.0)
COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99)
ORDERS = tuple(round(0.1 * i, 1) for i in range(31))
SHOWN_ORDERS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
SAFE = 2.0
"""Extrapolation is to be trusted to about so many times the sample."""

Kind = Literal["rarefied", "observed", "extrapolated"]


@dataclass(frozen=True, kw_only=True)
class AtSize:
    """What a sample of one size shows on average."""

    of: str
    """Of what: "words" or "documents"."""
    asked: str
    """Why this size: "half of the sample", "coverage 90 %"."""
    size: int
    """Draws."""
    kind: Kind
    """Below the sample's size exact, beyond it an estimate."""
    coverage: float
    """Expected share of the source that it covers."""
    hill0: float
    """Distinct things in it."""
    hill1: float
    """Effective number of order 1."""
    hill2: float
    """Effective number of order 2."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def rows(counts: np.ndarray, of: str) -> list[AtSize]:
    """Rows by size, then by coverage as far as twice the sample reaches; none for no counts."""
    n = int(counts.sum())
    if not n:
        return []
    found = []
    for part in PARTS:
        name = {0.25: "a quarter", 0.5: "half", 1.0: "the sample", 2.0: "twice as much"}[part]
        if round(part * n) >= 1:
            found.append(_row(counts, of, name, round(part * n)))
    for target in COVERAGES:
        if rarefy.coverage_at(counts, SAFE * n) >= target:
            size = math.ceil(rarefy.size_for_coverage(counts, target))
            found.append(_row(counts, of, f"coverage {target:.0%}", size))
    return found


def _row(counts: np.ndarray, of: str, asked: str, size: int) -> AtSize:
    n = int(counts.sum())
    hill0, hill1, hill2 = (rarefy.rarefied(counts, size, q) for q in (0, 1, 2))
    return AtSize(
        of=of,
        asked=asked,
        size=size,
        kind="observed" if size == n else "rarefied" if size < n else "extrapolated",
        coverage=rarefy.coverage_at(counts, size),
        hill0=hill0,
        hill1=hill1,
        hill2=min(hill2, hill1),  # an effective number falls with its order; two estimates may not
    )


def profile(counts: np.ndarray) -> list[tuple[float, float]]:
    """Hill numbers of the sample over the order, 0 to 3; none for no counts."""
    return [(q, estimate.hill(counts, q)) for q in ORDERS] if len(counts) else []
