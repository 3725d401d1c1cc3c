"""The figure of the evidence: a jury by its number, and juries with a table of counts in them.

Run:    used by the experiment
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.in_words import in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def crowds(evidence: Sequence[Mapping[str, Any]]) -> tuple[Figure, str]:
    """Left: losses of 1 to M jurors together, beside the one network. Right: networks alone and
    with a table of counts; a point for each seed, a bar for the mean."""
    figure, (left, right) = figures.new("wide", 1, 2)
    number = np.arange(1, len(evidence[0]["jury"]) + 1)
    colour = figures.COLOURS[1]
    for one in evidence:
        left.plot(number, one["jury"], color=colour, linewidth=0.4, alpha=0.5, linestyle="-")
    mean = np.mean([one["jury"] for one in evidence], axis=0)
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
        "juror": [one["members"][0] for one in evidence],
        "two jurors": [one["jury"][1] for one in evidence],
        "jury of four": [one["jury"][-1] for one in evidence],
        "table": [one["counting"] for one in evidence],
        **{name: [one["mixed"][name] for one in evidence] for name in evidence[0]["mixed"]},
    }
    rows = sorted(crowd, key=lambda name: -float(np.mean(crowd[name])))
    means = [float(np.mean(crowd[name])) for name in rows]
    right.barh(rows, means, color="#cccccc")
    for place, name in enumerate(rows):
        right.plot(crowd[name], len(evidence) * [place], "k.", markersize=3)
    right.set_xlim(min(map(min, crowd.values())) - 0.05, max(map(max, crowd.values())) + 0.02)
    figures.label(right, x="loss (nats/char)", y="")
    return figure, in_words(figure)
