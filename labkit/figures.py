"""Figures that survive grey printing, colour blindness and a screen reader.

Idea:   one module sets sizes, fonts and colours; lines differ in colour, in lightness and in dash,
        so that no reader depends on colour alone. Alt text is stored inside the PNG.
Source: Okabe & Ito, "Color Universal Design", 2008 (the palette, here from dark to light).
Omits:  interactive figures (a page may ask `places` where a point was drawn).
"""

from __future__ import annotations

import base64
import io
import textwrap
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (1, 1)))
SIZES = {"wide": (8.0, 4.0), "square": (5.0, 4.6), "tall": (6.4, 7.2)}

_RC: dict[str, Any] = {
    "font.size": 11.0,
    "axes.titlesize": 12.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 120,
    "figure.dpi": 100,
    "svg.hashsalt": "cognitive-core",
    "text.parse_math": False,  # file names may contain dollar signs
}


@contextmanager
def style() -> Iterator[None]:
    """The house style inside the block; matplotlib's own settings are restored afterwards."""
    import matplotlib as mpl
    from cycler import cycler

    looks = [(COLOURS[i], DASHES[i % len(DASHES)]) for i in range(len(COLOURS))]
    cycle = cycler(color=[c for c, _ in looks]) + cycler(linestyle=[d for _, d in looks])
    rc: dict[Any, Any] = {**_RC, "axes.prop_cycle": cycle}
    with mpl.rc_context(rc):
        yield


def new(size: str = "wide", rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """A figure without a window, and its axes (an array if there are several)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZES[size])
    return figure, figure.subplots(rows, columns)


def label(ax: Axes, *, x: str, y: str, title: str = "") -> Axes:
    """Name the axes, each with its unit ("seconds", "nats/char"), and the finding as the title."""
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    if title:
        ax.set_title(title)
    return ax


def seeds(ax: Axes, x: Sequence[float], runs: Sequence[Sequence[float]], *, name: str) -> Axes:
    """Draw one thin line per seed and their mean as a thick one; `runs` is [seeds][points]."""
    import numpy as np

    values = np.asarray(runs, dtype=float)
    (mean,) = ax.plot(x, values.mean(axis=0), linewidth=2.4, label=f"{name} (n={len(values)})")
    for row in values:
        ax.plot(x, row, linewidth=0.7, alpha=0.6, color=mean.get_color(), linestyle="-")
    return ax


COLUMNS_PER_INCH = 13
"""Average number of a caption's letters in an inch."""


def wrapped(figure: Figure, text: str) -> str:
    """`text` with its lines broken if they are wider than the figure."""
    columns = int(figure.get_figwidth() * COLUMNS_PER_INCH)
    return "\n".join(textwrap.fill(line, columns) for line in text.split("\n"))


def caption(figure: Figure, text: str) -> None:
    """Put visible words under the figure: what was measured, n, seeds, interval, verdict.

    Lines that are wider than the figure are broken.
    """
    figure.supxlabel(wrapped(figure, text), fontsize=9, x=0.01, ha="left", color="#333333")


def png(figure: Figure, *, alt: str) -> bytes:
    """The figure as PNG bytes with its alternative text inside; ValueError if that is empty."""
    if not alt.strip():
        raise ValueError("a figure needs alternative text that says what it shows")
    _plain_powers(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Description": alt, "Software": None})
    return buffer.getvalue()


def _plain_powers(figure: Figure) -> None:
    """Label logarithmic axes with plain numbers (20, 0.1): powers of ten would be written in the
    maths markup that the house style turns off, and some would appear as its source."""
    from matplotlib.scale import LogTransform
    from matplotlib.ticker import LogFormatter, LogFormatterMathtext

    class Plain(LogFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return _power(x) if super().__call__(x, pos) else ""  # it decides which ticks are named

    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        scale, given = axis.get_transform(), axis.get_major_formatter()
        if isinstance(scale, LogTransform) and isinstance(given, LogFormatterMathtext):
            axis.set_major_formatter(Plain(scale.base))
            axis.set_minor_formatter(Plain(scale.base, minor_thresholds=(1, 0.4)))


def _power(x: float) -> str:
    """A power of ten, or a multiple of one, without markup.

    >>> _power(0.01), _power(20), _power(1e6), _power(1e-7)
    ('0.01', '20', '1,000,000', '1e-07')
    """
    whole = 1 <= x < 1e10 and abs(x - round(x)) < 1e-9 * x
    return f"{x:,.0f}" if whole else f"{x:g}"


def check_place(path: str | Path) -> None:
    """ValueError or OSError if a picture cannot be written there; to be called before the work."""
    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"pictures are PNG files: name {Path(path).with_suffix('.png')}")
    files.check_place(path)


def save(figure: Figure, path: str | Path, *, alt: str) -> None:
    """Write the figure as PNG to `path`, completely or not at all."""
    files.write_bytes(path, png(figure, alt=alt))


def places(ax: Axes, points: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Where points (x, y, ...) are in a picture already made: shares of its width from the left,
    and of its height from the top."""
    figure: Any = ax.figure
    wide, high = figure.get_size_inches() * figure.dpi
    at = ax.transData.transform([point[:2] for point in points])
    return [(float(x / wide), float(1 - y / high)) for x, y in at]


def html(figure: Figure, *, alt: str) -> str:
    """The figure as an `<img>` with its data inside, for pages that open without a network."""
    from html import escape

    data = base64.b64encode(png(figure, alt=alt)).decode()
    return f'<img alt="{escape(alt, quote=True)}" src="data:image/png;base64,{data}">'
