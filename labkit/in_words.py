"""Alternative text made from what a figure shows, so that the picture and its words cannot part.

Idea:   read the numbers back from the lines, points and bars that were drawn, with the names that
        the legend, the ticks and the axes give them.
Source: W3C, Web Content Accessibility Guidelines 2.2, criterion 1.1.1 (non-text content).
Omits:  pictures of pixels, shaded areas and free text: whoever draws them says what they show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

MOST = 8
"""Points of a line that are all named; of a longer one its ends are, and its extremes between."""
SEEN = 0.05
"""Share of the axis by which an extreme lies beyond both ends, so that a reader sees it."""


def in_words(figure: Figure) -> str:
    """Titles, units, and the numbers of all lines, points and bars; empty if there are none.

    Lines without a name (single seeds) are left out beside lines with one and beside bars. The name
    is the label, or `gid` for a line that is not in the legend.

    >>> from labkit import figures
    >>> figure, ax = figures.new()
    >>> _ = ax.plot([1, 2], [0.5, 0.25], label="GPT")
    >>> in_words(figures.label(ax, x="depth", y="loss (bits)", title="It falls").figure)
    'It falls. Loss (bits) by depth: GPT 0.5 at 1, 0.25 at 2.'
    """
    return " ".join(words for ax in figure.axes if (words := _of(ax)))


def _of(ax: Axes) -> str:
    lines = [line for line in ax.lines if np.size(line.get_xydata())]
    named = [line for line in lines if _name(line)]
    lines = named if named or ax.containers else lines
    said = [f"{_name(line)} {_line(ax, line)}".strip() for line in lines]
    said += [f"{_name(bars)} {_bars(ax, bars)}".strip() for bars in ax.containers]
    if not said:
        return ""
    title = ax.get_title("left") or ax.get_title()
    x, y = (
        axis.get_label_text() + (", logarithmic" if axis.get_scale() == "log" else "")
        for axis in (ax.xaxis, ax.yaxis)
    )
    if any(map(_lying, ax.containers)):
        x, y = y, x
    head = " by ".join(part for part in (y[:1].upper() + y[1:], x) if part)
    words = f"{head}: {'; '.join(said)}." if head else f"{'; '.join(said)}."
    return f"{title}{'' if title[-1] in '.?!' else '.'} {words}" if title else words


def _name(artist: Any) -> str:
    """An artist's label in one line; names that matplotlib gives by itself begin with _."""
    label = str(artist.get_label() or "")
    name = label if not label.startswith("_") else getattr(artist, "get_gid", str)() or ""
    return " ".join(name.split())


def _line(ax: Axes, line: Line2D) -> str:
    points = np.asarray(line.get_xydata(), dtype=float)
    if line.get_transform() != ax.transData:  # axhline or axvline
        across = np.ptp(points[:, 1]) == 0
        return f"{number(points[0, 1])} throughout" if across else f"at {number(points[0, 0])}"
    named = _ticks(ax.get_xticks(), ax.get_xticklabels())

    def at(i: int) -> str:
        x, y = points[i]
        return f"{number(y)} at {named.get(x, number(x))}"

    points = points[np.isfinite(points).all(1)]
    last = len(points) - 1
    if last < MOST:
        return ", ".join(map(at, range(last + 1)))
    y = points[:, 1]
    near = SEEN * abs(np.diff(ax.get_ylim())[0])
    said = f"from {at(0)} to {at(last)}"
    said += f", lowest {at(int(y.argmin()))}" if y.min() < min(y[0], y[-1]) - near else ""
    return said + (f", highest {at(int(y.argmax()))}" if y.max() > max(y[0], y[-1]) + near else "")


def _lying(bars: Any) -> bool:
    return getattr(bars, "orientation", "vertical") == "horizontal"


def _bars(ax: Axes, bars: Any) -> str:
    """Each bar's tick and length."""
    lying = _lying(bars)
    axis = ax.yaxis if lying else ax.xaxis
    named = _ticks(axis.get_ticklocs(), axis.get_ticklabels())
    found = []
    for bar in bars:
        middle = bar.get_y() + bar.get_height() / 2 if lying else bar.get_x() + bar.get_width() / 2
        place = named.get(round(float(middle), 6), number(middle))
        found.append(f"{place} {number(bar.get_width() if lying else bar.get_height())}")
    return ", ".join(found)


def _ticks(places: Any, labels: Any) -> dict[float, str]:
    """The words on an axis, by place; powers in maths markup are left to `number`."""
    words = [" ".join(label.get_text().split()) for label in labels]
    told = {round(float(place), 6): word for place, word in zip(places, words)}
    return {place: word for place, word in told.items() if _tells(word, place)}


def _tells(word: str, place: float) -> bool:
    """Does a tick say something other than its own place? Maths markup does not."""
    try:
        return float(word.replace("\u2212", "-").replace(",", "")) != place
    except ValueError:
        return bool(word) and "$" not in word


def number(value: float) -> str:
    """Three digits, and no more than are needed.

    >>> number(0.12345), number(1234.5), number(20.0), number(-0.0)
    ('0.123', '1,234', '20', '0')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0.0:.3g}"
