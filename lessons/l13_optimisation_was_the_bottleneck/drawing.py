"""The figure of the evidence: how far up the ladder of depths each way of training comes.

Run:    used by the experiment
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.in_words import in_words
from lessons.l13_optimisation_was_the_bottleneck.autoencoder import (
    ADAMW,
    BETTER,
    GD,
    MUON,
    NESTEROV,
    SECOND,
    USUAL,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WAYS = (GD, NESTEROV, SECOND, MUON, ADAMW)
MARKS = "osD^v"


def climbs(
    evidence: Sequence[Mapping[str, Any]],
    arms: Mapping[str, tuple[str, str]],
    ladder: Sequence[int],
) -> tuple[Figure, str]:
    """Error against depth, a line an arm; left the usual start, right the better one."""
    figure, axes = figures.new("wide", 1, 2)
    for ax, start in zip(axes, (USUAL, BETTER)):
        for arm, (way, its_start) in arms.items():
            if its_start == start:
                _line(ax, [one["arms"][arm] for one in evidence], way)
        for key, name, dash in (("bar", "six components", "--"), ("nothing", "mean picture", ":")):
            level = float(np.mean([one[key] for one in evidence]))
            ax.axhline(level, color="#777777", linewidth=1, linestyle=dash, gid=name)
            ax.text(ladder[0], level, name, va="bottom", fontsize=8)
        ax.set_xscale("log")
        ax.set_xlim(0.93 * ladder[0], 1.08 * ladder[-1])
        ax.set_xticks(ladder, [str(d) for d in ladder])
        ax.minorticks_off()
        ax.set_ylim(0, 1.12 * float(np.mean([one["nothing"] for one in evidence])))
        figures.label(ax, x="depth (hidden layers)", y="squared error per picture", title=start)
        ax.legend(
            fontsize=8,
            loc="center right" if start == BETTER else "upper left",
            bbox_to_anchor=(1, 0.62) if start == BETTER else (0, 0.9),
        )
    return figure, in_words(figure)


def _line(ax: Axes, some: Sequence[Mapping[str, Any]], way: str) -> None:
    """Thin lines of the seeds; a thick one of the means, where at least half of the seeds came."""
    errors: dict[int, list[float]] = {}
    i = WAYS.index(way)
    for one in some:
        for depth, error in zip(one["depths"], one["errors"]):
            errors.setdefault(depth, []).append(error)
        ax.plot(
            one["depths"], one["errors"], linewidth=0.6, alpha=0.5, color=figures.COLOURS[i + 1]
        )
    often = sorted(d for d in errors if 2 * len(errors[d]) >= len(some))
    means = [float(np.mean(errors[d])) for d in often]
    look = {"color": figures.COLOURS[i + 1], "linestyle": figures.DASHES[i], "marker": MARKS[i]}
    ax.plot(often, means, markersize=5, label=way, **look)
