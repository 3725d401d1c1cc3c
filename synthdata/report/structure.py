"""What a report says, and in which order.

Idea:   first the verdict in plain words with its confidence, then three numbers, then the curves,
        then the repeated texts themselves, then what is needed to repeat it all. A reader who stops
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
class Figure:
    """A picture and its words."""

    title: str
    """What it shows."""
    image: str
    """An <img> with its data and alternative text inside (`labkit.figures.html`)."""
    caption: str
    """How to read it."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under their names."""

    title: str
    """What they hold."""
    rows: tuple[tuple[str, ...], ...]
    """The names first."""
    caption: str = ""
    """How to read them."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything a report says, in the order in which it says it."""

    title: str
    """Of what."""
    verdict: Verdict
    """In plain words."""
    headlines: tuple[Measure, ...]
    """The three numbers to look at."""
    measures: tuple[Measure, ...] = ()
    """All of them."""
    tables: tuple[Table, ...] = ()
    """A comparison's quantities, a gate's rules."""
    alerts: tuple[str, ...] = ()
    """What must be known before anything is believed, such as rows that could not be read."""
    figures: tuple[Figure, ...] = ()
    """Pictures (HTML only)."""
    curves: tuple[Table, ...] = ()
    """The pictures in numbers, for a terminal and for whoever does not see pictures."""
    evidence: tuple[Evidence, ...] = ()
    """What repeats."""
    notes: tuple[str, ...] = ()
    """Rows that were not used, and other things to know."""
    provenance: Mapping[str, str]
    """Files, hashes, tokeniser, seed, n, version."""


def number(value: float) -> str:
    """Four digits or so, thousands apart; "undefined" for nan.

    >>> [number(x) for x in (12345.6, 0.01234567, 3.0, float("nan"))]
    ['12,346', '0.01235', '3', 'undefined']
    """
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def amount(measure: Measure) -> str:
    """Value, unit and interval of a measure."""
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
