"""A report in a terminal.

Run:    python -m synthdata measure data.jsonl
Omits:  the page for a browser (`synthdata.report.page`).

Texts are untrusted: control characters, which could control a terminal, and bidirectional
overrides, which could disguise text, are escaped.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from labkit.visible import visible
from synthdata.diversity.measure import Measure
from synthdata.report.structure import Report, amount

_WIDTH = 96
_INDENT = 31


def terminal(report: Report) -> str:
    """The report as plain text, without colours or control characters other than line ends."""
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
    """One line per measure; a note shared by several is below them once, under a number."""
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
