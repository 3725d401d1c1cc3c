"""The ladder as a picture: right answers against operations, and against bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit import figures
from labkit.in_words import in_words
from lessons.engine.experiment import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ladder(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left a line for each arm over the rungs, right one for each network over its bits."""
    figure, (left, right) = figures.new("wide", 1, 2)
    one = evidence[0]
    names, arms = list(one["right"]), list(next(iter(one["right"].values())))
    costs = [one["operations"][name] / 1e6 for name in names]
    top, price = [seed["best"] for seed in evidence], one["operations"]["3x64"] / 1e6
    for arm in reversed(arms):
        runs = np.array([[seed["right"][name][arm] for name in names] for seed in evidence])
        (line,) = left.plot(costs, runs.mean(axis=0), marker="o", markersize=4, label=arm)
        for run in runs:
            left.plot(costs, run, color=line.get_color(), linestyle="none", marker=".", alpha=0.5)
    left.plot([price], [np.mean(top)], marker="s", linestyle="none", color="#000000", label="best")
    left.axhline(0.98 * np.mean(top), color="#777777", linewidth=0.8, gid="98 % of the best")
    left.axvline(
        price / 3, color="#777777", linewidth=0.8, linestyle=":", gid="a third of its cost"
    )
    left.set_xscale("log")
    left.set_xlim(min(costs) / 1.5, price * 1.5)
    left.legend(fontsize=8, loc="lower right")
    figures.label(left, x="million operations an answer", y="share right", title="fewer weights")
    for name in one["bits"]:
        bits = ["32", *one["bits"][name]]
        runs = np.array([[_alone(seed, name), *seed["bits"][name].values()] for seed in evidence])
        sizes = [one["bytes"][name][b] / 1024 for b in bits]
        label = "best" if name == "3x64" else f"{name}, taught"
        right.plot(sizes, runs.mean(axis=0), marker="o", markersize=3, label=label)
    right.set_xscale("log")
    right.legend(fontsize=8, loc="lower right")
    figures.label(right, x="kB of weights", y="", title="fewer bits: 32, 8, 4, 3, 2")
    for ax in (left, right):
        ax.set_ylim(-0.03, 1.05)
    return figure, in_words(figure)


def _alone(seed: Evidence, name: str) -> float:
    return float(seed["best"] if name == "3x64" else seed["right"][name]["taught"])
