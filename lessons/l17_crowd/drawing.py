"""The figure of the evidence: a jury by its number, and juries with a table of counts in them.

Run:    used by the experiment
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.experiment import interval
from labkit.in_words import in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def crowds(evidence: Sequence[Mapping[str, Any]]) -> tuple[Figure, str]:
    """Left: losses of 1 to M jurors together, beside the one network. Right: networks alone and
    with a table of counts; a point for each seed, a dot and a 95 % interval for the mean."""
    figure, (left, right) = figures.new("wide", 1, 2)
    number = np.arange(1, len(evidence[0]["jury"]) + 1)
    colour = figures.COLOURS[1]
    curves = [[float(np.mean(one["members"])), *one["jury"][1:]] for one in evidence]
    for curve in curves:
        left.plot(number, curve, color=colour, linewidth=0.4, alpha=0.5, linestyle="-")
    mean = np.mean(curves, axis=0)
    left.plot(number, mean, label="jury", color=colour, marker="o", linestyle="-")
    for i, (name, key) in enumerate(
        {"one, with dropout": "one", "one, without": "bare", "table (counting)": "counting"}.items()
    ):
        level = float(np.mean([one[key] for one in evidence]))
        look = {"color": figures.COLOURS[i + 2], "linestyle": figures.DASHES[i + 1]}
        left.plot(number[[0, -1]], [level, level], label=name, **look)
    left.set_xticks(number)
    figures.label(left, x="jurors", y="loss (nats/char)")
    left.legend(fontsize=8)
    crowd = {
        "a juror (average)": [curve[0] for curve in curves],
        "two jurors": [one["jury"][1] for one in evidence],
        "jury": [one["jury"][-1] for one in evidence],
        "the one": [one["one"] for one in evidence],
        "table": [one["counting"] for one in evidence],
        **{name: [one["mixed"][name] for one in evidence] for name in evidence[0]["mixed"]},
    }
    rows = sorted(crowd, key=lambda name: float(np.mean(crowd[name])))
    said = []
    for place, name in enumerate(rows):
        found = interval(crowd[name])
        right.scatter(crowd[name], len(evidence) * [place], s=6, color="#999999")
        right.scatter([found.value], [place], s=36, color=colour, zorder=3)
        if len(evidence) > 1:
            right.hlines(place, found.low, found.high, color=colour, linewidth=2.5)
        said.append(f"{name} {found.value:.3f} ({found.low:.3f} to {found.high:.3f})")
    right.set_yticks(range(len(rows)), rows)
    right.invert_yaxis()
    figures.label(right, x="loss (nats/char)", y="")
    return figure, f"{in_words(figure)} Right, means with 95 % intervals: {', '.join(said)}."
