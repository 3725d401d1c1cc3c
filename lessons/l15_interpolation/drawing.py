"""The maps of all sums, covered and uncovered, and the figure of the evidence.

Idea:   letters name the gaps, so that a reader can mark with a pencil where a network will be right
        before the maps are uncovered. Shades differ in grey as well.
Run:    used by experiment.py and lesson.py beside this file
Omits:  which digit of a wrong answer is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.in_words import in_words
from lessons.engine.picture import picture
from lessons.l15_interpolation.plane import KINDS, SEEN, SHOWN, SIDE, UNUSED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = dict(zip(KINDS, "ABCDEF"))
"""The letter of each kind of gap on the maps."""
SHADES = {"unused": "#ffffff", "seen": "#d9d9d9", "asked": "#ffffff"}
SHADES |= {"right": "#56B4E9", "wrong": "#000000"}
LIGHT, DARK, DOTS = "#56B4E9", "#222222", "#D55E00"


def maps(
    planes: Mapping[str, np.ndarray], correct: Mapping[str, str] | None = None, *, alt: str
) -> None:
    """Show the plane of each shape of gap; uncovered, if evidence says what was right."""
    with picture(alt=alt, columns=len(planes)) as axes:
        axes[0].figure.set_size_inches(9, 3.5)
        for ax, (shape, kinds) in zip(axes, planes.items()):
            found = None if correct is None else unpacked(correct[shape])
            draw_map(ax, kinds, found)
            ax.set_title(shape, fontsize=10)
            ax.set_xlabel("second number", fontsize=9)
        axes[0].set_ylabel("first number", fontsize=9)


def unpacked(packed: str) -> np.ndarray:
    """Which of all sums are right, [100, 100], from its bits in hexadecimal."""
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(packed), np.uint8))
    return bits.astype(bool).reshape(SIDE, SIDE)


def draw_map(ax: Axes, kinds: np.ndarray, correct: np.ndarray | None = None) -> Axes:
    """One plane: grey was shown, gaps are white or, with `correct`, light if right, else black."""
    from matplotlib.colors import ListedColormap
    from scipy.ndimage import center_of_mass, label

    names = list(SHADES)
    shade = np.full(kinds.shape, names.index("asked"))
    if correct is not None:
        shade = np.where(correct, names.index("right"), names.index("wrong"))
    shade[kinds == SEEN] = names.index("seen")
    shade[kinds == UNUSED] = names.index("unused")
    colours = ListedColormap(list(SHADES.values()))
    ax.imshow(shade, cmap=colours, vmin=-0.5, vmax=len(names) - 0.5, origin="lower")
    for kind, letter in LETTERS.items():
        ax.contour(kinds == kind, levels=[0.5], colors="#000000", linewidths=0.6)
        parts, n = label(kinds == kind)
        which = range(1, n + 1)
        for i, (y, x) in zip(which, center_of_mass(kinds == kind, parts, which)):
            if np.sum(parts == i) > 20:  # no corner between two gaps
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
                ax.text(x, y, letter, ha="center", va="center", fontsize=9, bbox=box)
    ax.grid(visible=False)
    ax.set(xticks=range(0, SIDE, 20), yticks=range(0, SIDE, 20))
    ax.set_xticks(range(0, SIDE, 10), minor=True)
    ax.set_yticks(range(0, SIDE, 10), minor=True)
    ax.tick_params(labelsize=8)
    return ax


def bars(evidence: Sequence[Mapping[str, Any]]) -> tuple[Figure, str]:
    """Left: share right in each kind of gap. Right: both effects, of the network and its rivals."""
    figure, (left, right) = figures.new("wide", 1, 2)
    figure.set_size_inches(9, 3.6)
    shares = {f"{LETTERS[k]} {k}": [one["right"][k] for one in evidence] for k in KINDS}
    _lying(left, shares, [LIGHT if SHOWN in name else DARK for name in shares])
    left.set_xlim(0, 1.04)
    figures.label(left, x="share of sums right", y="")
    words = {"inside": "inside - outside", "parts": "parts shown - new"}
    found = {
        f"{words[effect]}: {way}": [one["effects"][way][effect] for one in evidence]
        for effect in words
        for way in evidence[0]["effects"]
    }
    _lying(right, found, 2 * [LIGHT, "#ffffff", "#aaaaaa"])
    right.axvline(0.5, color="#000000", linewidth=1, linestyle="--", gid="threshold")
    right.set_xlim(-0.2, 1.04)
    figures.label(right, x="difference at equal distance", y="")
    return figure, in_words(figure)


def _lying(ax: Axes, rows: Mapping[str, list[float]], colours: list[str]) -> None:
    """Bars at the means from top to bottom, and a dot for each seed."""
    ax.barh(range(len(rows)), [np.mean(row) for row in rows.values()], 0.7, color=colours)
    for bar in ax.patches:
        bar.set_edgecolor("#000000")
    for i, row in enumerate(rows.values()):
        ax.plot(row, [i] * len(row), "o", color=DOTS, markersize=3)
    ax.set_yticks(range(len(rows)), list(rows), fontsize=9)
    ax.invert_yaxis()
