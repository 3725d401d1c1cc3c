"""The figure of the evidence: a jury by its number, and dropout by the length of the text.

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


def crowds(evidence: Sequence[Mapping[str, Any]]) -> tuple[Figure, str]:
    """Left: losses of 1 to M members together, beside the one network and counting. Right: what
    dropout gains the one, by the characters to learn from."""
    figure, (left, right) = figures.new("wide", 1, 2)
    number = np.arange(1, len(evidence[0]["jury"]) + 1)
    _line(left, number, [one["jury"] for one in evidence], "jury", 1)
    for i, (name, losses) in enumerate(
        {
            "one with dropout, four times the steps": [one["one"][0] for one in evidence],
            "one without dropout": [one["bare"][0] for one in evidence],
            "counting": [one["counting"] for one in evidence],
        }.items(),
        2,
    ):
        look = {"color": figures.COLOURS[i], "linestyle": figures.DASHES[i % len(figures.DASHES)]}
        left.plot(number[[0, -1]], 2 * [float(np.mean(losses))], label=name, **look)
    left.set_xticks(number)
    figures.label(left, x="members of the jury", y="loss (nats/char)")
    left.legend(fontsize=8)
    amounts = evidence[0]["amounts"]
    gains = [np.subtract(one["bare"], one["one"]) for one in evidence]
    _line(right, amounts, gains, "dropout", 3)
    right.axhline(0, color="#888888", linewidth=0.8)
    right.set_xscale("log", base=2)
    right.set_xticks(amounts, [f"{n:,}" for n in amounts])
    right.minorticks_off()
    figures.label(right, x="characters to learn from", y="gained by dropout (nats/char)")
    return figure, in_words(figure)


def _line(ax: Axes, x: Any, runs: Sequence[Any], name: str, look: int) -> None:
    """A thick line of means and a thin one for each seed."""
    colour = figures.COLOURS[look]
    for row in runs:
        ax.plot(x, row, color=colour, linewidth=0.5, alpha=0.6, linestyle="-")
    ax.plot(x, np.mean(runs, axis=0), label=name, color=colour, marker="o", markersize=5)
