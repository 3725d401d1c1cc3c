"""The content of a report, and its order.

Idea:   first the verdict in plain words with its confidence, then three numbers, then the curves,
        then the repeated texts themselves, then what is needed to reproduce it. A reader who stops
        early has still read the most important part.
Run:    python -m synthdata measure data.jsonl
Omits:  how it looks: in a terminal (`synthdata.report.terminal.terminal`), in a browser
        (`synthdata.report.page`), as JSON (`synthdata.report.record`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from synthdata.diversity.measure import Measure
from synthdata.similarity.evidence import Evidence
from synthdata.verdicts.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A curve of a picture, and what each of its points says."""

    name: str
    """Name of the curve."""
    points: tuple[tuple[float, float, str], ...]
    """From the left and from the top, as shares of the picture, and the point in words."""
    begin: int
    """Number of the point that is said first."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture with its title and caption."""

    title: str
    """Title of the picture."""
    image: str
    """An <img> element with its data and alternative text (`labkit.figures.html`)."""
    caption: str
    """How to read the picture."""
    drawn: tuple[Drawn, ...] = ()
    """Curves whose points can be asked for their numbers."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with its title."""

    title: str
    """Title of the table."""
    rows: tuple[tuple[str, ...], ...]
    """Rows; the first has the names of the columns."""
    caption: str = ""
    """How to read the table."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All parts of a report, in order."""

    title: str
    """Subject of the report."""
    verdict: Verdict
    """The verdict in plain words."""
    headlines: tuple[Measure, ...]
    """The three numbers to look at."""
    measures: tuple[Measure, ...] = ()
    """All measures."""
    tables: tuple[Table, ...] = ()
    """A comparison's quantities, a gate's rules."""
    alerts: tuple[str, ...] = ()
    """Warnings for the top, such as rows that could not be read."""
    figures: tuple[Figure, ...] = ()
    """Pictures (HTML only)."""
    curves: tuple[Table, ...] = ()
    """The pictures in numbers, for a terminal and for readers who cannot see pictures."""
    evidence: tuple[Evidence, ...] = ()
    """Repeated texts."""
    notes: tuple[str, ...] = ()
    """Notes on unused rows, and others."""
    provenance: Mapping[str, str]
    """Files, hashes, tokeniser, seed, n, version."""


def number(value: float) -> str:
    """About four digits, with separators of thousands; "undefined" for nan.

    >>> [number(x) for x in (12345.6, 0.01234567, 3.0, float("nan"))]
    ['12,346', '0.01235', '3', 'undefined']
    """
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def amount(measure: Measure) -> str:
    """Value, unit and interval of a measure; "to" between its ends: a number may have a comma."""
    if math.isnan(measure.value):
        return f"undefined: {'; '.join(measure.warnings)}"
    value, unit = value_of(measure.value, measure), unit_of(measure)
    text = f"{value} {unit}".rstrip()
    if measure.has_interval:
        text += f"  [{value_of(measure.low, measure)} to {value_of(measure.high, measure)}]"
    return text


def value_of(value: float, measure: Measure) -> str:
    """Shares as percentages, everything else as a number."""
    if measure.unit == "share" and math.isfinite(value):
        return f"{value:.1%}" if abs(value) >= 0.001 or value == 0 else f"{100 * value:.2g}%"
    return number(value)


def unit_of(measure: Measure) -> str:
    """What the value counts; nothing for a share, which is shown in percent."""
    return "" if measure.unit == "share" else measure.unit
