"""The figure of lesson 5: what surrounds the losses, and what being taught gains.

Idea:   the teacher's loss is a line across the students', so that the eye sees the distance to it.
Run:    used by the lesson's experiment
Omits:  the losses themselves: experiment.py draws them, since it knows the ways of training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit import figures
from lessons.engine.experiment import Evidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def frame(ax: Axes, teacher: float, names: Sequence[str]) -> None:
    """The teacher's loss (nats/char) as a line, a name below each way of training, a legend."""
    ax.axhline(teacher, color="#444444", linewidth=1, linestyle=":")
    ax.text(-0.25, teacher, "the GPT that teaches", fontsize=8, va="bottom")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.35 * (high - low))  # room for the legend
    ax.set_xticks(range(len(names)), names, fontsize=7)
    figures.label(ax, x="way of training", y="loss (nats/char)")
    ax.legend(fontsize=8, loc="upper right")


def gains(ax: Axes, evidence: Sequence[Evidence], names: Mapping[str, str]) -> list[str]:
    """The taught student's gain over each arm against the amount of text; a sentence for each.

    `names` maps the arms to their names in the figure.
    """
    said = []
    characters = [part["characters"] for part in evidence[0]["parts"]]
    for arm, words in names.items():
        curves = [[part["gained"][arm] for part in one["parts"]] for one in evidence]
        name = "over " + words.replace("\n", " ")
        figures.seeds(ax, characters, curves, name=name)
        each = ", ".join(f"{gain:+.3f}" for gain in np.mean(curves, axis=0))
        said.append(f"gain of the student that the GPT taught {name}, {each} nats")
    ax.axhline(0, color="#444444", linewidth=1, linestyle=":")
    ax.set_xscale("log")
    ax.set_xticks(characters, [f"{count:,}" for count in characters])
    ax.minorticks_off()
    figures.label(ax, x="characters to draw from", y="gain of the taught student (nats/char)")
    ax.legend(fontsize=8)
    return said
