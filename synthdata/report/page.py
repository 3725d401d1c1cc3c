"""The report as one page that opens in a browser without a network.

Idea:   one file that can be mailed: style and pictures are inside it. Its texts are untrusted, so
        they are escaped, and a policy in its head forbids it to run or fetch anything.
Source: Content Security Policy, w3.org/TR/CSP3.
Run:    python -m synthdata measure data.jsonl --html report.html
Omits:  anything interactive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from labkit.visible import SHOWN, visible
from synthdata.diversity.measure import Measure
from synthdata.diversity.quantities import REGISTRY, plain
from synthdata.report.structure import Report, Table, unit_of, value_of
from synthdata.similarity.evidence import Evidence, Item

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
details { margin: .6rem 0; font-size: .95rem; } summary { cursor: pointer; color: #0b4f7a; }
.alert { border-left: 6px solid #b36b00; background: #fff; padding: .4rem .8rem; }
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
        *(f'<p class="alert" role="alert">{_safe(alert, 400)}</p>' for alert in report.alerts),
        f'<section class="verdict {verdict.tone}" aria-label="Verdict">',
        f'<p class="said">{_safe(verdict.text)}</p>',
        f"<p><strong>Confidence: {_safe(verdict.confidence)}.</strong> "
        f"{_safe(verdict.because, 2000)}</p></section>",
        '<section class="cards" aria-label="Headline numbers">',
        *map(_card, report.headlines),
        "</section>",
    ]
    for table in report.tables:
        parts += [f"<h2>{_safe(table.title)}</h2>", *_table(table)]
    if report.figures:
        parts.append("<h2>Pictures</h2>")
        parts += [
            f"<figure><h3>{_safe(f.title)}</h3>{f.image}"
            f"<figcaption>{_safe(f.caption, 600)}</figcaption></figure>"
            for f in report.figures
        ]
    for table in report.curves:
        parts += [f"<details><summary>In numbers: {_safe(table.title)}</summary>"]
        parts += [*_table(table), "</details>"]
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
        low, high = value_of(measure.low, measure), value_of(measure.high, measure)
        interval = f"95 %: {low} to {high}"
    known = REGISTRY.get(measure.name)
    unit = known.meaning if known and known.meaning else unit_of(measure)
    below = " · ".join(part for part in (_safe(unit), interval) if part)
    reasons = f'<div class="small">{_safe("; ".join(measure.warnings), 400)}</div>'
    return (
        f'<div class="card"><div class="name">{_safe(plain(measure.name))}</div>'
        f'<div class="value">{value_of(measure.value, measure)}</div>'
        f'<div class="unit">{below}</div>'
        f"{reasons if measure.warnings else ''}</div>"
    )


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
        ends = f"{value_of(m.low, m)} to {value_of(m.high, m)}" if m.has_interval else ""
        covered = "" if math.isnan(m.coverage) else f"{m.coverage:.1%}"
        how = "; ".join((m.method, *m.warnings)) if m.warnings else m.method
        rows.append(
            f"<tr><td>{_safe(m.name)}</td><td>{value_of(m.value, m)} {_safe(unit_of(m))}</td>"
            f'<td>{ends}</td><td class="n">{m.n:,}</td><td class="n">{covered}</td>'
            f'<td class="small">{_safe(how, 500)}</td></tr>'
        )
    return f'<div class="scroll"><table><thead>{head}</tr></thead>{"".join(rows)}</table></div>'


def _table(table: Table) -> list[str]:
    head = "".join(f"<th>{_safe(cell)}</th>" for cell in table.rows[0])
    rows = "".join(
        "<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows[1:]
    )
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    below = [f'<p class="small">{_safe(table.caption, 600)}</p>'] if table.caption else []
    return [f'<div class="scroll">{body}</div>', *below]
