"""The ladder as a picture: right answers against operations, and against bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit import figures
from labkit.experiment import interval
from labkit.in_words import in_words
from lessons.engine.experiment import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure


LOOKS = {
    "taught": ("#0072B2", 0.95, "o-"),
    "labels": ("#D55E00", 1.05, "D--"),
    "own problems": ("#009E73", 1.0, "^:"),
}
"""Colour of an arm, by what its points are moved aside, and its marker and dashes."""


def ladder(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left a line for each arm over the rungs with 95 % intervals, right one for each network over
    its bits. The words name a point's own price; arms are moved aside only in the picture."""
    figure, (left, right) = figures.new("wide", 1, 2)
    one = evidence[0]
    names, arms = list(one["right"]), list(next(iter(one["right"].values())))
    costs = np.array([one["operations"][name] / 1e6 for name in names])
    top, price = np.mean([seed["best"] for seed in evidence]), one["operations"]["3x64"] / 1e6
    moved = []
    for arm in reversed(arms):
        colour, aside, look = LOOKS[arm]
        runs = np.array([[seed["right"][name][arm] for name in names] for seed in evidence])
        moved += left.plot(costs, runs.mean(axis=0), look, ms=5, color=colour, label=arm)
        left.plot(costs * aside, runs.T, ".", color=colour, alpha=0.4)
        if len(runs) > 1:
            found = [interval(list(run)) for run in runs.T]
            lows, highs = [x.low for x in found], [x.high for x in found]
            left.vlines(costs * aside, lows, highs, color=colour, linewidth=1.2)
    left.plot([price], [top], "s", color="#000000", label="best")
    left.axhline(0.98 * top, color="#777777", linewidth=0.8, gid="98 % of the best")
    left.axvline(price / 3, color="#777777", linewidth=0.8, ls=":", gid="a third of its cost")
    left.set_xscale("log")
    left.set_xlim(min(costs) / 1.5, price * 1.5)
    left.legend(fontsize=8, loc="lower right")
    figures.label(left, x="million operations an answer", y="share right", title="fewer weights")
    for i, name in enumerate(one["bits"]):
        bits = ["32", *one["bits"][name]]
        runs = np.array([[_alone(seed, name), *seed["bits"][name].values()] for seed in evidence])
        sizes = [one["bytes"][name][b] / 1024 for b in bits]
        colour, label = LOOKS["taught"][0], f"{name}, taught"
        if name == "3x64":
            colour, label = "#000000", "best"
        right.plot(
            sizes,
            runs.mean(axis=0),
            label=label,
            color=colour,
            ls=figures.DASHES[i],
            marker="so^v"[i],
            ms=4,
        )
    right.set_xscale("log")
    right.legend(fontsize=8, loc="lower right")
    figures.label(right, x="kB of weights", y="", title="fewer bits: 32, 8, 4, 3, 2")
    for ax in (left, right):
        ax.set_ylim(-0.03, 1.05)
    words = in_words(figure)
    for arm, line in zip(reversed(arms), moved):
        line.set_xdata(costs * LOOKS[arm][1])
    left.text(min(costs) / 1.45, 0.98 * top + 0.012, "98 % of the best", fontsize=8)
    left.text(price / 2.9, 0.33, "a third of its price", rotation=90, va="bottom", fontsize=8)
    for cost, name in zip(costs, names):
        left.text(cost, 0.02, name, ha="center", fontsize=8)
    return figure, words


def _alone(seed: Evidence, name: str) -> float:
    return float(seed["best"] if name == "3x64" else seed["right"][name]["taught"])
