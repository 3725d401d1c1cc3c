"""The figure of the evidence: what is paid, and what is gained, at how many passes.

Run:    used by the experiment
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.in_words import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = "osD^v"


def opened(
    evidence: Sequence[Mapping[str, Any]],
    gains: Sequence[Mapping[str, np.ndarray]],
    networks: Sequence[str],
    twice: str,
) -> tuple[Figure, str]:
    """Left: losses of networks (the first has one size more) and of counting, by passes.
    Right: gains over the first network, `twice` the text among them."""
    figure, (left, right) = figures.new("wide", 1, 2)
    passes = evidence[0]["passes"]
    first, *rivals = networks
    for i, name in enumerate(networks):
        runs = [one[name] if name == first else one["rivals"][name] for one in evidence]
        _line(left, passes, runs, name, i + 1)
    counted = [one["counting"] for one in evidence]
    mean = np.mean(counted, axis=0)
    left.plot(passes, mean, label="counting", color="#777777", linestyle=":", marker="x")
    for i, name in enumerate((*rivals, twice)):
        look = 0 if name == twice else i + 2
        _line(right, passes, [one[name] for one in gains], name, look)
    right.axhline(0, color="#888888", linewidth=0.8)
    for ax, y in ((left, "loss (nats/char)"), (right, "gain over GPT-2's block (nats/char)")):
        ax.set_xscale("log", base=2)
        ax.set_xticks(passes, [f"{x:.2g}" for x in passes])
        ax.minorticks_off()
        ax.legend(fontsize=8)
        figures.label(ax, x="passes over the text", y=y)
    return figure, in_words(figure)


def _line(ax: Axes, passes: Sequence[float], runs: Sequence[Any], name: str, look: int) -> None:
    """A thick line of means and a thin one for each seed."""
    x, colour = passes[: len(runs[0])], figures.COLOURS[look]
    for row in runs:
        ax.plot(x, row, color=colour, linewidth=0.5, alpha=0.6, linestyle="-")
    dash = figures.DASHES[look % len(figures.DASHES)]
    mean = np.mean(runs, axis=0)
    ax.plot(x, mean, label=name, color=colour, linestyle=dash, marker=MARKS[look], markersize=5)
