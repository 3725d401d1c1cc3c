"""The rarefaction curve and the Hill profile as rows: what other sizes and orders would show.

Idea:   a curve needs a picture; a terminal and a program need rows. Of words and of documents: the
        effective numbers of order 0, 1 and 2 in a quarter and half of the sample, in all of it and
        in twice as much, and at the size that reaches a given coverage.
Source: `synthdata.diversity.rarefaction`, whose functions these rows tabulate.
Run:    python -m synthdata measure data.jsonl
Omits:  effective numbers of words drawn document by document (`synthdata.comparison.pool`): here
        words are drawn one by one. Coverage is of as many words in whole documents, as everywhere
        else.
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
"""Extrapolation is to be trusted to about so many times the sample."""

Kind = Literal["rarefied", "observed", "extrapolated"]
Known = Callable[[float], float]


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
    """Expected share of the source that so many draws cover; they come in whole documents."""
    coverage_by: str
    """What is left out and looked up in the rest for that: "documents", or "groups" of them."""
    hill0: float
    """Distinct things in it."""
    hill1: float
    """Effective number of order 1."""
    hill2: float
    """Effective number of order 2."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def rows(counts: Counted, of: str, known: Known, coverage_by: str) -> list[AtSize]:
    """Rows by size, then by coverage as far as twice the sample reaches; none for no counts.

    `known` gives the coverage of a size (`diversity.coverage.at_sizes`), which is by `coverage_by`.
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
                hill2=min(hill2, hill1),  # it falls with its order; two estimates may not
            )
        )
    return found


def profile(seen: Abundance) -> list[tuple[float, float]]:
    """Hill numbers of the sample over the order, 0 to 3; none for no counts."""
    return [(q, hill.hill(seen, q)) for q in ORDERS] if seen.n else []
