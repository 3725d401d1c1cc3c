"""A report for the terminal, and one that opens in a browser without a network.

Idea:   first the verdict in plain words with its confidence, then three numbers, then pictures,
        then the repeated texts themselves, then what is needed to repeat it all. A reader who stops
        early has still read the most important part.
Run:    python -m synthdata measure data.jsonl --html report.html
Omits:  anything interactive; the HTML holds no script, and forbids itself to run one.

Texts come from strangers: in HTML they are escaped, and control characters, which could command a
terminal, and bidirectional overrides, which could disguise text, are shown as what they are.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from synthdata.explain import Evidence, Item
from synthdata.measures import Measure
from synthdata.reading import Verdict

SHOWN = 240
_WIDTH = 96
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_MADE_VISIBLE = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    0x7F: "\u2421",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    **{ord(c): f"\\u{ord(c):04x}" for c in _BIDI},
    0x2028: "\\u2028",
    0x2029: "\\u2029",
    0x0A: "⏎ ",
    0x0D: "␍",
}
_SURROGATES = {code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)}


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
    table: tuple[tuple[str, ...], ...] = ()
    """Another table, its head first: a comparison's quantities, a gate's rules."""
    table_title: str = ""
    """What that table holds."""
    figures: tuple[Figure, ...] = ()
    """Pictures (HTML only)."""
    evidence: tuple[Evidence, ...] = ()
    """What repeats."""
    notes: tuple[str, ...] = ()
    """Rows that were not used, and other things to know."""
    provenance: Mapping[str, str]
    """Files, hashes, tokeniser, seed, n, version."""


def visible(text: str, most: int = SHOWN) -> str:
    """The text with nothing hidden in it: control characters as symbols, shortened at `most`.

    >>> visible("\\x1b[31mred\\n")
    '␛[31mred⏎ '
    """
    if len(text) > most:
        text = text[: most - 1] + "…"
    text = text.translate(_MADE_VISIBLE)
    return text if text.isascii() else text.translate(_SURROGATES)


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
    value, unit = _value(measure.value, measure), _unit(measure)
    text = f"{value} {unit}".rstrip()
    if measure.has_interval:
        text += f"  [{_value(measure.low, measure)} to {_value(measure.high, measure)}]"
    return text


def _value(value: float, measure: Measure) -> str:
    """Shares as percentages, everything else as a number."""
    if measure.unit == "share" and math.isfinite(value):
        return f"{value:.1%}" if abs(value) >= 0.001 or value == 0 else f"{value:.2g}"
    return number(value)


def _unit(measure: Measure) -> str:
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


# -- terminal -------------------------------------------------------------------------------------


def terminal(report: Report) -> str:
    """The report as plain text, no colours and no control characters but line ends."""
    lines = [report.title, ""]
    lines += _wrapped(f"{report.verdict.text} Confidence: {report.verdict.confidence}.")
    lines += _wrapped(report.verdict.because)
    lines.append("")
    for measure in report.headlines:
        lines += _measure_lines(measure, with_method=False)
    if report.measures:
        lines += ["", "All measures"]
        for measure in report.measures:
            lines += _measure_lines(measure, with_method=False)
    if report.table:
        lines += ["", report.table_title, *_columns(report.table)]
    for evidence in report.evidence:
        lines += ["", f"{evidence.title}: {visible(evidence.summary)}"]
        for item in evidence.items:
            lines += _wrapped(f"{item.count:>6,} x  {visible(item.text)}", indent=11)
            if item.note:
                lines += _wrapped(" " * 11 + f"({visible(item.note)})", indent=12)
    if report.notes:
        lines += ["", "Notes"]
        for note in report.notes:
            lines += _wrapped(f"  {visible(note, 400)}", indent=4)
    lines += ["", "Provenance"]
    for key, value in report.provenance.items():
        lines += _wrapped(f"  {key}: {visible(value, 2000)}", indent=4)
    return "\n".join(visible(line, 10_000) for line in lines) + "\n"


def _measure_lines(measure: Measure, *, with_method: bool) -> list[str]:
    line = f"  {measure.name:<28} {amount(measure)}"
    if not math.isnan(measure.coverage):
        line += f", coverage {measure.coverage:.1%}"
    lines = _wrapped(line, indent=31)
    if not math.isnan(measure.value):
        for warning in measure.warnings:
            lines += _wrapped(" " * 31 + f"({warning})", indent=32)
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
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    rows = [
        "  " + "  ".join(visible(cell).ljust(width) for cell, width in zip(row, widths)).rstrip()
        for row in table
    ]
    return [rows[0], "  " + "  ".join("-" * width for width in widths), *rows[1:]]


# -- HTML -----------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: #1a1a1a;
  background: #f6f6f4; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; background: #fff; }
h1 { font-size: 1.25rem; font-weight: 600; margin: 0 0 1.2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.6rem 0 .8rem; padding-top: 1rem; border-top: 1px solid #ddd; }
h3 { font-size: 1rem; margin: 1.4rem 0 .2rem; }
.verdict { border-left: .45rem solid #555; background: #f3f3f1; padding: 1rem 1.3rem; }
.verdict.bad { border-color: #b3400a; background: #fdf3ec; }
.verdict.good { border-color: #00684a; background: #eef7f3; }
.verdict p { margin: .3rem 0; }
.verdict .said { font-size: 1.35rem; line-height: 1.35; font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem;
  margin: 1.4rem 0; }
.card { border: 1px solid #ddd; border-radius: .4rem; padding: .8rem 1rem; }
.card .name { color: #555; font-size: .9rem; overflow-wrap: anywhere; }
.card .value { font-size: 1.7rem; font-weight: 600; line-height: 1.25; }
.card .unit, .small { color: #555; font-size: .87rem; }
figure { margin: 1.2rem 0 2rem; } figure img { max-width: 100%; height: auto; display: block; }
figcaption { color: #444; font-size: .92rem; max-width: 46rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0;
  border-bottom: 1px solid #e6e6e6; }
th { font-weight: 600; } td.n { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
blockquote { margin: .5rem 0 .9rem; padding: .5rem .9rem; background: #f3f3f1;
  border-left: .25rem solid #0072b2; overflow-wrap: anywhere; white-space: pre-wrap; }
blockquote .times { float: right; margin-left: 1rem; color: #0b4f7a; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; font-size: .9rem; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
@media print { body { background: #fff; } main { max-width: none; } }
"""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def to_html(report: Report) -> str:
    """The report as one HTML page: no script, no link, nothing fetched."""
    verdict = report.verdict
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_safe(report.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>{_safe(report.title)}</h1>",
        f'<section class="verdict {verdict.tone}" aria-label="Verdict">',
        f'<p class="said">{_safe(verdict.text)}</p>',
        f"<p><strong>Confidence: {_safe(verdict.confidence)}.</strong> "
        f"{_safe(verdict.because, 2000)}</p></section>",
        '<section class="cards" aria-label="Headline numbers">',
        *map(_card, report.headlines),
        "</section>",
    ]
    if report.table:
        parts += [f"<h2>{_safe(report.table_title)}</h2>", _table(report.table)]
    if report.figures:
        parts.append("<h2>Pictures</h2>")
        parts += [
            f"<figure><h3>{_safe(f.title)}</h3>{f.image}"
            f"<figcaption>{_safe(f.caption, 600)}</figcaption></figure>"
            for f in report.figures
        ]
    if report.evidence:
        parts.append("<h2>What repeats</h2>")
        parts += map(_evidence, report.evidence)
    if report.measures:
        parts += ["<h2>All measures</h2>", _measures(report.measures)]
    if report.notes:
        parts.append("<h2>Notes</h2><ul>")
        parts += [f"<li>{_safe(note, 400)}</li>" for note in report.notes]
        parts.append("</ul>")
    parts.append("<h2>Provenance</h2><dl>")
    parts += [
        f"<dt>{_safe(key)}</dt><dd>{_safe(value, 4000)}</dd>"
        for key, value in report.provenance.items()
    ]
    parts.append("</dl>\n</main>\n</body>\n</html>\n")
    return "\n".join(parts)


def _safe(text: str, most: int = SHOWN) -> str:
    return escape(visible(text, most), quote=True)


def _card(measure: Measure) -> str:
    interval = ""
    if measure.has_interval:
        low, high = _value(measure.low, measure), _value(measure.high, measure)
        interval = f"95 %: {low} to {high}"
    below = " · ".join(part for part in (_safe(_unit(measure)), interval) if part)
    reasons = f'<div class="small">{_safe("; ".join(measure.warnings), 400)}</div>'
    return (
        f'<div class="card"><div class="name">{_safe(_words(measure.name))}</div>'
        f'<div class="value">{_value(measure.value, measure)}</div>'
        f'<div class="unit">{below}</div>'
        f"{reasons if measure.warnings else ''}</div>"
    )


def _words(name: str) -> str:
    return PLAIN.get(name, name.replace("_", " "))


def _evidence(evidence: Evidence) -> str:
    quotes = "".join(map(_quote, evidence.items))
    return (
        f"<h3>{_safe(evidence.title)}</h3><p>{_safe(evidence.summary)}.</p>"
        f"{quotes or '<p class=small>Nothing to show.</p>'}"
    )


def _quote(item: Item) -> str:
    note = f'<div class="small" dir="auto">{_safe(item.note)}</div>' if item.note else ""
    return (
        f'<blockquote><span class="times">{item.count:,} ×</span>'
        f'<span dir="auto">{_safe(item.text)}</span>{note}</blockquote>'
    )


def _measures(measures: Sequence[Measure]) -> str:
    head = "<tr><th>measure</th><th>value</th><th>95 %</th><th>n</th><th>coverage</th><th>how</th>"
    rows = []
    for m in measures:
        ends = f"{_value(m.low, m)} to {_value(m.high, m)}" if m.has_interval else ""
        covered = "" if math.isnan(m.coverage) else f"{m.coverage:.1%}"
        how = "; ".join((m.method, *m.warnings)) if m.warnings else m.method
        rows.append(
            f"<tr><td>{_safe(m.name)}</td><td>{_value(m.value, m)} {_safe(_unit(m))}</td>"
            f'<td>{ends}</td><td class="n">{m.n:,}</td><td class="n">{covered}</td>'
            f'<td class="small">{_safe(how, 500)}</td></tr>'
        )
    return f'<div class="scroll"><table><thead>{head}</tr></thead>{"".join(rows)}</table></div>'


def _table(table: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{_safe(cell)}</th>" for cell in table[0])
    rows = "".join(
        "<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in row) + "</tr>" for row in table[1:]
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead>{rows}</table></div>'
