"""Stitched networks as towers that talk, and the figure of the evidence.

Idea:   a tower's floors are a network's parts, in the colour and hatching of the network that they
        come from. What it says is in the bubble above its roof; below is how many letters it
        wavers between, the perplexity.
Run:    used by experiment.py and lesson.py beside this file
Omits:  what goes on within a floor.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labkit import figures
from labkit.in_words import number
from lessons.engine.picture import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = {"A": ("#56B4E9", ""), "B": ("#E69F00", "///"), "new": ("#eeeeee", "...")}
DICTIONARY = ("#ffffff", "")
TUNED = {
    "nothing": "nothing",
    "seam": "the seam",
    "lower": "lower half",
    "upper": "upper half",
    "all": "the whole",
}
"""What an arm tunes, and what the axis calls it."""
DOTS = "#D55E00"
LOWEST = -1.0
"""Bars are cut off below this."""


@dataclass(frozen=True, kw_only=True)
class Tower:
    """A network to be drawn."""

    name: str
    lower: str
    """Whose the embeddings and the lower blocks are."""
    upper: str
    """Whose the upper blocks and the head are."""
    dictionary: bool = False
    says: str
    """A text that it wrote."""
    loss: float
    """What it pays, nats/char."""

    @property
    def letters(self) -> str:
        """How many equally likely letters have the same loss, as a whole number."""
        return f"{math.exp(self.loss):,.0f}"


def towers(some: Sequence[Tower], caption: str) -> None:
    """Show networks side by side, with two blocks in each half."""
    alt = " ".join(
        f"{one.name}: lower half of {one.lower}, {'a dictionary, ' if one.dictionary else ''}"
        f"upper half of {one.upper}; wavers between {one.letters} letters and says"
        f" {' '.join(one.says.split())!r}."
        for one in some
    )
    with picture(alt=alt, caption=caption) as ax:
        ax.figure.set_size_inches(2.15 * len(some), 4.4)
        for place, one in enumerate(some):
            _tower(ax, place, one)
        ax.set(xlim=(-0.5, len(some) - 0.5), ylim=(-1.1, 10.6))
        ax.axis("off")


def _tower(ax: Axes, place: float, one: Tower) -> None:
    from matplotlib.patches import Rectangle

    floors = [(one.lower, word) for word in ("letters in", "block 1", "block 2")]
    floors += [("dictionary", "dictionary")] * one.dictionary
    floors += [(one.upper, word) for word in ("block 3", "block 4", "letter out")]
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    for level, (owner, word) in enumerate(floors):
        colour, hatch = LOOKS.get(owner, DICTIONARY)
        wide = 0.62 if owner in LOOKS else 0.78
        floor = Rectangle(
            (place - wide / 2, level), wide, 0.9, facecolor=colour, edgecolor="#000000", hatch=hatch
        )
        ax.add_patch(floor)
        ax.text(place, level + 0.43, word, ha="center", va="center", fontsize=8, bbox=box)
    lines = textwrap.wrap(" ".join(one.says.split()), 17)[:3]
    ax.annotate(
        "\n".join(lines),
        xy=(place, len(floors)),
        xytext=(place, 8.1),
        ha="center",
        va="bottom",
        fontsize=8,
        family="monospace",
        bbox={"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": "#777777"},
        arrowprops={"arrowstyle": "-", "color": "#777777"},
    )
    ax.text(place, 10.3, one.name, ha="center", fontsize=10, fontweight="bold")
    ax.text(place, -0.25, f"wavers between\n{one.letters} letters", ha="center", va="top")


def shares(recovered: Sequence[Mapping[str, float]], starts: tuple[str, str]) -> tuple[Figure, str]:
    """Bars of what is recovered by what is tuned, without and with a dictionary; a dot a seed.

    `recovered` has a share for "start, part" in each seed. Below `LOWEST` a number is in the place
    of the bar's end.
    """
    figure, ax = figures.new("wide")
    words = "Recovered by what is tuned."
    looks = [("#ffffff", "without a dictionary"), ("#56B4E9", "with a dictionary")]
    for i, (start, (colour, label)) in enumerate(zip(starts, looks)):
        runs = np.array([[one[f"{start}, {part}"] for part in TUNED] for one in recovered])
        places = np.arange(len(TUNED)) + 0.38 * (i - 0.5)
        ax.bar(places, runs.mean(axis=0), 0.36, color=colour, edgecolor="#000000", label=label)
        told = (f"{what} {number(mean)}" for what, mean in zip(TUNED.values(), runs.mean(axis=0)))
        words += f" {label.capitalize()}: {', '.join(told)}."
        for run in runs:
            ax.plot(places, run, "o", color=DOTS, markersize=3, linestyle="none")
        for place, mean in zip(places, runs.mean(axis=0)):
            if mean < LOWEST:
                look = {"ha": "center", "fontsize": 8, "bbox": {"color": "white", "pad": 1.0}}
                ax.text(place, LOWEST + 0.06, f"{mean:.1f}", **look)
    ax.axhline(0, color="#000000", linewidth=1, linestyle="-")
    ax.axhline(1, color="#000000", linewidth=1, linestyle="--")
    ax.text(-0.48, 1.03, "never cut", fontsize=8)
    ax.text(-0.48, 0.03, "A under a new half", fontsize=8)
    ax.set_ylim(LOWEST, 1.2)
    ax.set_xlim(-0.5, len(TUNED) - 0.5)
    ax.set_xticks(range(len(TUNED)), list(TUNED.values()), fontsize=9)
    figures.label(ax, x="what is tuned", y="recovered")
    ax.legend(fontsize=8, loc="lower right")
    return figure, f"{words} 0 is A under a new half, 1 never cut."
