"""A claim's intervals as one small drawing: inline SVG, in words for those who do not see it.

Idea:   each criterion has its own unit, so a drawing needs a common one: the way from no effect to
        what the claim needs is 1. To the right of "needed" the claim holds, whatever the
        criterion's direction; if an interval lies there as a whole, its claim is reproduced.
Run:    used by lessons.engine.book
Omits:  numbers on the axis. They are in the words, and in the ledger beside it.

A row whose no effect is the threshold itself has no such unit: it is scaled by its interval. What
lies beyond the drawing ends in an arrow at its edge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, ROW = 200.0, 14.0
ZERO, NEEDED = 50.0, 100.0
"""Where no effect and the threshold are, in the drawing's pixels."""
INSET = 8.0
MARKS = {
    "reproduced": '<circle class="mark" cx="{x}" cy="{y}" r="4.2"/>',
    "undecided": '<circle class="mark open" cx="{x}" cy="{y}" r="4.2"/>'
    '<circle class="mark" cx="{x}" cy="{y}" r="1.6"/>',
    "falls short": '<circle class="mark open" cx="{x}" cy="{y}" r="4.2"/>',
    "contradicted": '<path class="mark cross" d="M{x} {y}m-3.6 -3.6l7.2 7.2m0 -7.2l-7.2 7.2"/>',
}
"""Mark at the measured value, by verdict; different in form, not by colour alone."""


def position(row: Mapping[str, Any], value: float) -> float:
    """Pixels from the left of a value of this row of the ledger, which may lie outside the drawing.

    >>> row = {"threshold": 0.5, "no_effect": 1, "scale": "linear", "direction": "<="}
    >>> position(row, 1), position(row, 0.5), position(row, 0.25)
    (50.0, 100.0, 125.0)
    """
    threshold, nothing, at = (
        _scaled(end, row["scale"]) for end in (row["threshold"], row["no_effect"], value)
    )
    if threshold != nothing:
        return ZERO + (NEEDED - ZERO) * (at - nothing) / (threshold - nothing)
    sign = 1 if row["direction"] == ">=" else -1
    reach = max(abs(end - row["threshold"]) for end in _ends(row)) or 1.0
    return NEEDED + 0.75 * NEEDED * sign * (value - row["threshold"]) / reach


def _scaled(value: float, scale: str) -> float:
    if scale != "log2":
        return value
    return math.log2(value) if value > 0 else -math.inf


def _ends(row: Mapping[str, Any]) -> tuple[float, float, float]:
    """Lower end, value, upper end; three times the value if there is no interval."""
    value = row["value"]
    known = row["low"] is not None and row["high"] is not None
    return (row["low"], value, row["high"]) if known else (value, value, value)


def intervals(rows: Sequence[Mapping[str, Any]], words: str) -> str:
    """Rows of the ledger as one drawing, a line each, described by `words`."""
    height = ROW * len(rows)
    lines = [_line(row, ROW * (i + 0.5)) for i, row in enumerate(rows)]
    return (
        f'<svg class="intervals" role="img" viewBox="0 0 {WIDTH:g} {height:g}" '
        f'width="{WIDTH:g}" height="{height:g}" aria-label="{escape(words)}">'
        f'<rect class="holds" x="{NEEDED:g}" y="0" width="{WIDTH - NEEDED:g}" '
        f'height="{height:g}"/>{"".join(lines)}</svg>'
    )


def _line(row: Mapping[str, Any], y: float) -> str:
    top, bottom = y - ROW / 2, y + ROW / 2
    low, value, high = (position(row, end) for end in _ends(row))
    left, right = sorted((low, high))
    parts = [f'<line class="needed" x1="{NEEDED:g}" x2="{NEEDED:g}" y1="{top:g}" y2="{bottom:g}"/>']
    if row["threshold"] != row["no_effect"]:
        parts.append(
            f'<line class="zero" x1="{ZERO:g}" x2="{ZERO:g}" y1="{top:g}" y2="{bottom:g}"/>'
        )
    begin, end = _inside(left), _inside(right)
    parts.append(f'<line class="bar" x1="{begin:.1f}" x2="{end:.1f}" y1="{y:g}" y2="{y:g}"/>')
    if right > WIDTH - INSET:
        parts.append(f'<path class="beyond" d="M{WIDTH - 5:g} {y - 4:g}l5 4l-5 4z"/>')
    if left < INSET:
        parts.append(f'<path class="beyond" d="M5 {y - 4:g}l-5 4l5 4z"/>')
    if INSET <= value <= WIDTH - INSET:
        mark = MARKS.get(row["verdict"], MARKS["undecided"])
        parts.append(mark.format(x=f"{value:.1f}", y=f"{y:g}"))
    return "".join(parts)


def _inside(x: float) -> float:
    return min(max(x, 2.0), WIDTH - 2.0)
