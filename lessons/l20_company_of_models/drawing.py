"""The company on the market: right answers against the bill, and the bill against the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit import figures
from labkit.experiment import interval
from labkit.in_words import in_words
from lessons.engine.experiment import Evidence
from lessons.l20_company_of_models.books import SHARES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

LINES = {
    "by sureness": ("company, by sureness", figures.COLOURS[1], "-"),
    "by task": ("company, by task", figures.COLOURS[3], figures.DASHES[3]),
    "by lot": ("company, by lot", figures.COLOURS[6], figures.DASHES[2]),
    "generalist cascade": ("generalist, by sureness", figures.COLOURS[2], figures.DASHES[1]),
}
ALONE = {"large": "s", "one": "D", "specialists": "v", "generalist": "^"}
"""Markers of those who ask nobody."""
PAID = ("one", "specialists", "company", "generalist cascade")
"""Whose prices are compared with the large one's, from top to bottom."""
TAGS = {
    "operations": ("P", figures.COLOURS[0]),
    "alone": ("X", figures.COLOURS[2]),
    "among 256": ("*", figures.COLOURS[1]),
}
"""Marker and colour of a price tag; the last two are milliseconds."""


def market(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left lines of managers for every bill, and networks on their own; right three prices of each
    firm over the large network's, which are moved aside only in the picture."""
    figure, (left, right) = figures.new("wide", 1, 2)
    _bills(left, evidence)
    moved = _clocks(right, evidence)
    words = in_words(figure)
    for points, at in moved:
        points.set_xdata(at)
    return figure, words


def _bills(ax: Axes, evidence: Sequence[Evidence]) -> None:
    costs = np.mean([_operations(one, "specialists") for one in evidence]) + np.array(SHARES)
    for name, (label, colour, dash) in LINES.items():
        runs = np.array([one["lines"][name] for one in evidence])
        ax.plot(costs, runs.mean(axis=0), color=colour, ls=dash, label=label)
    for role, marker in ALONE.items():
        label = "one of equal cost" if role == "one" else role
        price = np.mean([_operations(one, role) for one in evidence])
        _point(ax, marker, "#000000", label, price, [one["right"][role] for one in evidence])
    bill, right = ([one["company"][what] for one in evidence] for what in ("bill", "right"))
    _point(ax, "o", figures.COLOURS[1], "company, as it ran", np.mean(bill), right)
    ax.set_ylim(0.05, 1.03)
    ax.axvline(0.5, ymin=0.4, color="#777777", linewidth=0.8, gid="half the price")
    ax.legend(fontsize=7, loc="lower center", ncols=2, columnspacing=1.0, handlelength=2.4)
    figures.label(ax, x="operations / the large one's", y="share right", title="who rises")


def _point(
    ax: Axes, marker: str, colour: str, label: str, price: np.floating, right: list[float]
) -> None:
    """A mean share of right answers at a price, with its interval."""
    ax.plot([price], [np.mean(right)], marker, color=colour, label=label)
    if len(right) > 1:
        found = interval(right)
        ax.vlines(price, found.low, found.high, color=colour, linewidth=1.0)


def _clocks(ax: Axes, evidence: Sequence[Evidence]) -> list[tuple[Line2D, np.ndarray]]:
    """The points of each tag, and where they belong."""
    moved = []
    for i, (tag, (marker, colour)) in enumerate(TAGS.items()):
        runs = [[_price(one, tag, name) for one in evidence] for name in PAID]
        if not all(map(min, runs)):
            continue  # a small run has no clock
        at, means = np.arange(len(PAID)), [np.mean(run) for run in runs]
        label = tag if tag == "operations" else f"milliseconds, {tag}"
        (points,) = ax.plot(at, means, marker, color=colour, label=label)
        moved.append((points, at + 0.18 * (i - 1)))
        if len(evidence) > 1:
            found = [interval(run) for run in runs]
            ax.vlines(moved[-1][1], [x.low for x in found], [x.high for x in found], color=colour)
    ax.axhline(1.0, color="#777777", linewidth=0.8, gid="the large one")
    ax.set_xticks(range(len(PAID)), ["one", "specialists", "company", "generalist\ncascade"])
    ax.tick_params(axis="x", labelsize=8)
    ax.set_ylim(0, 1.75)
    ax.legend(fontsize=8, loc="upper left")
    figures.label(ax, x="who answers", y="price / the large one's", title="three price tags")
    return moved


def _operations(one: Evidence, role: str) -> float:
    return float(one["operations"][role] / one["operations"]["large"])


def _price(one: Evidence, tag: str, name: str) -> float:
    """A firm's price over the large network's; 0 if there is none."""
    if tag == "operations":
        return float(one[name]["bill"]) if name in one else _operations(one, name)
    clock = one["milliseconds"].get(tag)
    return float(clock[name] / clock["large"]) if clock else 0.0
