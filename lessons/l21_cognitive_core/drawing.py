"""The two halves of the evidence: bits by the share of junk, right answers by weights.

Run:    used by experiment.py beside this file
Omits:  intervals of what is not judged: dots are the seeds, drawn a little beside their mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit import figures
from labkit.in_words import in_words
from lessons.engine.experiment import Evidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

LINES = {
    "junk": ("#D55E00", "o-", {0.0: "clean", 0.5: "half junk", 0.75: "three quarters junk"}),
    "no junk, seen twice as often": ("#777777", "s", {0.0: "clean, twice as often"}),
    "marked junk": ("#0072B2", "^", {0.5: "half junk, marked"}),
    "other facts": ("#009E73", "D", {0.5: "half other facts"}),
}
"""Name -> colour, marker and dashes, and which diet is at which share."""
BESIDE = {"marked junk": -0.05, "other facts": 0.05}
"""Name -> by how much its marks stand aside, so that none hides another."""
WAYS = {
    "book": ("#0072B2", "o", "with a book"),
    "aloud": ("#D55E00", "s", "by heart, aloud"),
    "direct": ("#009E73", "^", "by heart, at once"),
}


def both(
    evidence: Sequence[Evidence], known: float, weights: dict[str, int], lead: float
) -> tuple[Figure, str]:
    """Left bits that are remembered, of `known`; right shares of right answers, by the number of
    weights of each shape, and the core's `lead`. Large marks are means, dots are single seeds."""
    figure, (left, right) = figures.new("wide", 1, 2)
    clean = float(np.mean([one["bits"]["clean"] for one in evidence]))
    share = np.array([0, 0.5, 0.75])
    left.plot(share, clean * (1 - share), "k--", lw=1, label="clean, times the share asked for")
    moved: list[tuple[Line2D, float]] = []
    for name, (colour, look, diets) in LINES.items():
        runs = np.array([[one["bits"][diet] for diet in diets.values()] for one in evidence])
        lines = _line(left, list(diets), runs, colour, look, name)
        moved += [(line, BESIDE.get(name, 0.0)) for line in lines]
    left.set_ylim(0, 1.05 * known)
    left.set_xlim(-0.06, 0.81)
    left.set_xticks([0, 0.5, 0.75])
    left.legend(fontsize=8, loc="lower left", borderaxespad=0.2)
    figures.label(
        left,
        x="share of what is read that is not asked for",
        y="bits remembered",
        title=f"Of {known:,.0f} useful bits",
    )
    for how, (colour, look, label) in WAYS.items():
        shapes = list(evidence[0]["answers"][how])
        runs = np.array(
            [[one["answers"][how][name]["right"] for name in shapes] for one in evidence]
        )
        _line(right, [weights[name] for name in shapes], runs, colour, look, label)
    right.set_xscale("log")
    right.set_ylim(-0.03, 1.05)
    right.legend(fontsize=8, loc="center", bbox_to_anchor=(0.5, 0.25))
    figures.label(right, x="weights", y="share right", title="Questions of two facts")
    words = in_words(figure)
    named = [f"{size:,}\n{name}" for name, size in weights.items()]
    right.set_xticks(list(weights.values()), named, fontsize=8)
    right.minorticks_off()
    large = max(weights.values())
    right.set_xlim(min(weights.values()) / 1.25, large * 1.4)
    right.text(
        large / 1.15,
        0.86,
        f"2x16 with a book over\n2x48 by heart: {lead:+.3f}",
        fontsize=8,
        ha="right",
    )
    for line, by in moved:
        line.set_xdata(np.asarray(line.get_xdata()) + by)
    for ax, move in ((left, lambda x: x + 0.02), (right, lambda x: x * 1.08)):
        for line in ax.lines:
            if line.get_marker() == ".":
                line.set_xdata(move(np.asarray(line.get_xdata())))
    return figure, words


def _line(
    ax: Axes, x: Sequence[float], runs: np.ndarray, colour: str, look: str, label: str
) -> list[Line2D]:
    means = ax.plot(x, runs.mean(axis=0), look, color=colour, ms=5, label=label)
    return means + ax.plot(x, runs.T, ".", color=colour, alpha=0.4, ms=4)
