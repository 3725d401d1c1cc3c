"""The rarefaction curve and the Hill profile as rows: other sizes and orders.

Idea:   a curve needs a picture; a terminal and a program need rows. For words and for documents
        they give the effective numbers of order 0, 1 and 2 at a quarter, a half, all and twice of
        the sample, and at the size that reaches a given coverage.
Source: `synthdata.diversity.rarefaction`, whose functions these rows tabulate.
Run:    python -m synthdata measure data.jsonl
Omits:  effective numbers of words drawn document by document (`synthdata.comparison.pool`): here
        words are drawn one by one. Coverage is that of as many words in whole documents, as
        everywhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from synthdata.diversity import hill, rarefaction
from synthdata.diversity.abundance import Abundance, Counted

PARTS = (0.25, 0.5, 1.0, 2.0)
COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99)
ORDERS = tuple(round(0.1 * i, 1) for i in range(31))
SHOWN_ORDERS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
SAFE = 2.0
"""Extrapolation is reliable to about this many times the sample."""

Kind = Literal["rarefied", "observed", "extrapolated"]
Known = Callable[[float], float]


@dataclass(frozen=True, kw_only=True)
class AtSize:
    """Mean values of a sample of one size."""

    of: str
    """Things counted: "words" or "documents"."""
    asked: str
    """Reason for this size: "half of the sample", "coverage 90 %"."""
    size: int
    """Number of draws."""
    kind: Kind
    """Exact below the sample's size, an estimate beyond."""
    coverage: float
    """Expected share of the source covered by as many draws in whole documents."""
    coverage_by: str
    """Units left out to estimate it: "documents", or "groups" of them."""
    hill0: float
    """Number of distinct things."""
    hill1: float
    """Effective number of order 1."""
    hill2: float
    """Effective number of order 2."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def rows(counts: Counted, of: str, known: Known, coverage_by: str) -> list[AtSize]:
    """Rows by size, then by coverage up to that of twice the sample; none for no counts.

    `known` gives the coverage of a size (`diversity.coverage.at_sizes`) by units `coverage_by`.
    """
    seen = Abundance.of(counts)
    n = seen.n
    if not n:
        return []
    wanted = []
    for part in PARTS:
        name = {0.25: "a quarter", 0.5: "half", 1.0: "the sample", 2.0: "twice as much"}[part]
        if round(part * n) >= 1:
            wanted.append((name, round(part * n)))
    for target in COVERAGES:
        if known(SAFE * n) >= target:
            size = math.ceil(rarefaction.size_reaching(known, target, n))
            wanted.append((f"coverage {target:.0%}", size))
    found = []
    for asked, size in wanted:
        hill0, hill1, hill2 = (rarefaction.rarefied(seen, size, q) for q in (0, 1, 2))
        found.append(
            AtSize(
                of=of,
                asked=asked,
                size=size,
                kind="observed" if size == n else "rarefied" if size < n else "extrapolated",
                coverage=known(size),
                coverage_by=coverage_by,
                hill0=hill0,
                hill1=hill1,
                hill2=min(hill2, hill1),  # it falls with its order, but two estimates may not
            )
        )
    return found


def profile(seen: Abundance) -> list[tuple[float, float]]:
    """Hill numbers of the sample over the order, 0 to 3; none for no counts."""
    return [(q, hill.hill(seen, q)) for q in ORDERS] if seen.n else []
