"""What a report says, in which order, and how it looks in a terminal.

Idea:   first the verdict in plain words with its confidence, then three numbers, then the curves,
        then the repeated texts themselves, then what is needed to repeat it all. A reader who stops
        early has still read the most important part.
Run:    python -m synthdata measure data.jsonl
Omits:  the same as a page for a browser (`synthdata.page`).

Texts come from strangers: control characters, which could command a terminal, and bidirectional
overrides, which could disguise text, are shown as what they are.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.visible import visible
from synthdata.explain import Evidence
from synthdata.measures import Measure
from synthdata.reading import Verdict

_WIDTH = 96
_INDENT = 31


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


PLAIN = {
    "near_duplicates": "documents with a near-duplicate",
    "near_duplicates_difference": "near-duplicates, synthetic minus reference",
    "documents_hill1": "effective number of different documents",
    "documents_hill1_ratio": "effective different documents, synthetic / reference",
    "documents_types": "different documents",
    "hill1": "effective number of words",
    "hill1_ratio": "effective words, synthetic / reference",
    "words_hill1_source": "effective number of words, source",
    "words_entropy": "entropy of words, sample",
    "words_entropy_source": "entropy of words, source",
    "copied": "documents copied from the reference",
}
"""Names for readers who have not met ours."""
MEANINGS = {
    "documents_hill1": "as varied as so many different documents, all equally common",
    "hill1": "as varied as so many words, all used equally often",
    "words_hill1_source": "as varied as so many words, all used equally often",
}
"""What a headline's unit means, where that needs a sentence."""


# -- terminal -------------------------------------------------------------------------------------


def terminal(report: Report) -> str:
    """The report as plain text, no colours and no control characters but line ends."""
    lines = [report.title]
    for alert in report.alerts:
        lines += _wrapped(f"! {visible(alert, 400)}", indent=2)
    lines.append("")
    lines += _wrapped(f"{report.verdict.text} Confidence: {report.verdict.confidence}.")
    lines += _wrapped(report.verdict.because)
    lines.append("")
    for measure in report.headlines:
        lines += _measure_lines(measure)
        lines += _wrapped(f"{' ' * _INDENT}{measure.method}", indent=_INDENT)
    for table in (*report.tables, *report.curves):
        lines += ["", table.title, *_columns(table.rows)]
        lines += _wrapped(f"  {table.caption}", indent=2) if table.caption else []
    counts = [f"{item.count:,}" for evidence in report.evidence for item in evidence.items]
    wide = max(6, *map(len, counts), 0)
    for evidence in report.evidence:
        lines += ["", f"{evidence.title}: {visible(evidence.summary)}"]
        for item in evidence.items:
            lines += _wrapped(f"{item.count:>{wide},} x  {visible(item.text)}", indent=wide + 5)
            if item.note:
                note = f"{' ' * (wide + 5)}({visible(item.note)})"
                lines += _wrapped(note, indent=wide + 6)
    if report.measures:
        lines += ["", "All measures", *_all_measures(report.measures)]
    if report.notes:
        lines += ["", "Notes"]
        for note in report.notes:
            lines += _wrapped(f"  {visible(note, 400)}", indent=4)
    lines += ["", "Provenance"]
    for key, value in report.provenance.items():
        lines += _wrapped(f"  {key}: {visible(value, 2000)}", indent=4)
    return "\n".join(visible(line, 10_000) for line in lines) + "\n"


def _measure_lines(measure: Measure) -> list[str]:
    lines = _wrapped(_measure_line(measure), indent=_INDENT)
    if not math.isnan(measure.value):
        for warning in measure.warnings:
            lines += _wrapped(f"{' ' * _INDENT}({warning})", indent=_INDENT + 1)
    return lines


def _measure_line(measure: Measure, indent: int = _INDENT) -> str:
    line = f"  {measure.name:<{indent - 3}} {amount(measure)}, n = {measure.n:,}"
    return line if math.isnan(measure.coverage) else f"{line}, coverage {measure.coverage:.1%}"


def _all_measures(measures: Sequence[Measure]) -> list[str]:
    """A line each; what is said of several stands once below them, under a number."""
    notes: dict[str, int] = {}
    lines = []
    indent = max(_INDENT, *(len(measure.name) + 3 for measure in measures))
    for measure in measures:
        line = _measure_line(measure, indent)
        if not math.isnan(measure.value) and measure.warnings:
            numbers = [str(notes.setdefault(w, len(notes) + 1)) for w in measure.warnings]
            line += f" (note {', '.join(numbers)})"
        lines += _wrapped(line, indent=indent)
    for note, number in notes.items():
        lines += _wrapped(f"  note {number}: {note}", indent=4)
    return lines


def _wrapped(text: str, indent: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        subsequent_indent=" " * indent,
        replace_whitespace=False,
        drop_whitespace=True,
        break_on_hyphens=False,
    ) or [""]


def _columns(table: Sequence[Sequence[str]]) -> list[str]:
    shown = [[visible(cell) for cell in row] for row in table]
    widths = [max(len(row[i]) for row in shown) for i in range(len(table[0]))]
    rows = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        for row in shown
    ]
    return [rows[0], "  " + "  ".join("-" * width for width in widths), *rows[1:]]
