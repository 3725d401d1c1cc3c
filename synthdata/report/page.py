"""The report as one page that opens in a browser without a network.

Idea:   one file that can be mailed: style, pictures and scripts are inside it. All of it can be
        read without the scripts, which search and order the evidence, say the numbers of curves,
        and mark where near-duplicates differ. Its texts are untrusted, so they are escaped, and a
        policy in its head lets nothing but its own scripts run and nothing be fetched.
Source: Content Security Policy, w3.org/TR/CSP3 (`labkit.pages`).
Run:    python -m synthdata measure data.jsonl --html report.html
Omits:  numbers that are not in the report; the page computes none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict

from labkit import pages
from labkit.pages import text as safe
from synthdata.diversity.measure import Measure
from synthdata.diversity.quantities import REGISTRY, plain
from synthdata.report.structure import Report, Table, unit_of, value_of
from synthdata.similarity.evidence import Evidence, Item

LIVE = ("differences", "search", "curves", "clusters", "evidence", "start")
"""Scripts of `live/`, in this order, after labkit's."""
_FOLDER = "report/live"
TOLD = 1200
"""Most characters of a cluster's text, to be compared with another."""


def to_html(report: Report) -> str:
    """The report as one HTML page: nothing is fetched, and without scripts all of it is there."""
    verdict = report.verdict
    rules = pages.rules("synthdata", f"{_FOLDER}/report.css")
    scripts = [_script()] if _comes_alive(report) else []
    policy = pages.policy(scripts=scripts, styles=[rules])
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{safe(report.title)}</title>\n{pages.style(rules)}\n</head>\n<body>\n<main>",
        f"<h1>{safe(report.title)}</h1>",
        *(f'<p class="alert" role="alert">{safe(alert, 400)}</p>' for alert in report.alerts),
        f'<section class="verdict {verdict.tone}" aria-label="Verdict">',
        f'<p class="said">{safe(verdict.text)}</p>',
        f"<p><strong>Confidence: {safe(verdict.confidence)}.</strong> "
        f"{safe(verdict.because, 2000)}</p></section>",
        '<section class="cards" aria-label="Headline numbers">',
        *map(_card, report.headlines),
        "</section>",
    ]
    for table in report.tables:
        parts += [f"<h2>{safe(table.title)}</h2>", *_table(table)]
    if report.figures:
        parts.append("<h2>Pictures</h2>")
        parts += [
            f'<figure><h3>{safe(f.title)}</h3><div class="drawing">{f.image}</div>'
            f"<figcaption>{safe(f.caption, 600)}</figcaption></figure>"
            for f in report.figures
        ]
    for table in report.curves:
        parts += [f"<details><summary>In numbers: {safe(table.title)}</summary>"]
        parts += [*_table(table), "</details>"]
    if report.evidence:
        parts.append("<h2>What repeats</h2>")
        parts += map(_evidence, report.evidence)
    if report.measures:
        parts += ["<h2>All measures</h2>", _measures(report.measures)]
    if report.notes:
        parts.append("<h2>Notes</h2><ul>")
        parts += [f"<li>{safe(note, 400)}</li>" for note in report.notes]
        parts.append("</ul>")
    parts.append("<h2>Provenance</h2><dl>")
    parts += [
        f"<dt>{safe(key)}</dt><dd>{safe(value, 4000)}</dd>"
        for key, value in report.provenance.items()
    ]
    parts.append("</dl>\n</main>")
    for code in scripts:
        parts += [_carried(report), pages.script(code)]
    parts.append("</body>\n</html>\n")
    return "\n".join(parts)


def _comes_alive(report: Report) -> bool:
    """Whether there is a curve to ask or a text to look for."""
    return any(f.drawn for f in report.figures) or any(view.items for view in report.evidence)


def _carried(report: Report) -> str:
    """What the scripts read: their words, and the curves of each picture."""
    strings = json.loads(pages.read("synthdata", f"{_FOLDER}/strings.json"))
    curves = [[asdict(drawn) for drawn in figure.drawn] for figure in report.figures]
    return pages.data("carried", {"strings": strings, "curves": curves})


def _card(measure: Measure) -> str:
    interval = ""
    if measure.has_interval:
        low, high = value_of(measure.low, measure), value_of(measure.high, measure)
        interval = f"95 %: {low} to {high}"
    known = REGISTRY.get(measure.name)
    unit = known.meaning if known and known.meaning else unit_of(measure)
    below = " · ".join(part for part in (safe(unit), interval) if part)
    reasons = f'<div class="small">{safe("; ".join(measure.warnings), 400)}</div>'
    return (
        f'<div class="card"><div class="name">{safe(plain(measure.name))}</div>'
        f'<div class="value">{value_of(measure.value, measure)}</div>'
        f'<div class="unit">{below}</div>'
        f"{reasons if measure.warnings else ''}</div>"
    )


def _evidence(evidence: Evidence) -> str:
    quotes = "".join(map(_quote, evidence.items))
    further = "".join(map(_quote, evidence.further))
    if further:
        summary = f"<summary>{len(evidence.further)} more</summary>"
        further = f'<details class="further">{summary}{further}</details>'
    return (
        f'<section class="view"><h3>{safe(evidence.title)}</h3>'
        f"<p>{safe(evidence.summary)}.</p>"
        f'<div class="quotes">{quotes or "<p class=small>Nothing to show.</p>"}</div>'
        f"{further}</section>"
    )


def _quote(item: Item) -> str:
    note = f'<div class="small" dir="auto">{safe(item.note)}</div>' if item.note else ""
    return (
        f'<blockquote><span class="times">{item.count:,} ×</span>'
        f'<span class="quoted" dir="auto">{safe(item.text)}</span>{note}'
        f"{_wordings(item) if item.wordings else ''}</blockquote>"
    )


def _wordings(item: Item) -> str:
    """The different texts of a cluster, as a list that scripts can set side by side."""
    each = "".join(
        f'<li><span class="times">{count:,} ×</span> '
        f'<span class="wording" dir="auto">{safe(text, TOLD)}</span></li>'
        for text, count in item.wordings
    )
    summary = f"{len(item.wordings)} wordings to compare"
    return f'<details class="wordings"><summary>{summary}</summary><ol>{each}</ol></details>'


def _script() -> str:
    code = pages.joined("synthdata", [f"{_FOLDER}/{name}.js" for name in LIVE])
    return f"{pages.read('labkit', 'web/elements.js')}\n{code}"


def _measures(measures: Sequence[Measure]) -> str:
    head = "<tr><th>measure</th><th>value</th><th>95 %</th><th>n</th><th>coverage</th><th>how</th>"
    rows = []
    for m in measures:
        ends = f"{value_of(m.low, m)} to {value_of(m.high, m)}" if m.has_interval else ""
        covered = "" if math.isnan(m.coverage) else f"{m.coverage:.1%}"
        how = "; ".join((m.method, *m.warnings)) if m.warnings else m.method
        rows.append(
            f"<tr><td>{_named(m.name)}</td><td>{value_of(m.value, m)} {safe(unit_of(m))}</td>"
            f'<td>{ends}</td><td class="n">{m.n:,}</td><td class="n">{covered}</td>'
            f'<td class="small">{safe(how, 500)}</td></tr>'
        )
    return _scroll("All measures", f"<thead>{head}</tr></thead><tbody>{''.join(rows)}</tbody>")


def _named(key: str) -> str:
    """A quantity's key, as in JSON and notes, below its name in plain words if it has one."""
    known = REGISTRY.get(key)
    if known is None or not known.name:
        return safe(key)
    return f'{safe(known.name)}<div class="small">{safe(key)}</div>'


def _table(table: Table) -> list[str]:
    head = "".join(f"<th>{safe(cell)}</th>" for cell in table.rows[0])
    rows = "".join(
        "<tr>" + "".join(f"<td>{safe(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows[1:]
    )
    body = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    below = [f'<p class="small">{safe(table.caption, 600)}</p>'] if table.caption else []
    return [_scroll(table.title, body), *below]


def _scroll(name: str, body: str) -> str:
    """A table that may be wider than the window, to be moved by keys as well."""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{safe(name)}">'
        f"<table>{body}</table></div>"
    )
