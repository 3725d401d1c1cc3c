"""Pictures of variety: each function takes data and axes, and returns the axes.

Idea:   draw curves and profiles, not single numbers: if two curves cross, a single number tells
        half the story.
Run:    python -m synthdata measure data.jsonl --html report.html
Omits:  saving and showing (`labkit.figures`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from synthdata.comparison.compare import Comparison


def rarefaction(
    ax: Axes,
    curves: Mapping[str, tuple[int, Sequence[tuple[float, ...]]]],
    *,
    what: str,
    kind: str = "distinct",
) -> Axes:
    """Distinct (or effective) things against sample size: name -> (n, [(size, value, ...)]).

    Up to n the curve is solid (interpolation); beyond, thin (extrapolation). A flat curve has shown
    all its types.
    """
    for i, (name, (n, points)) in enumerate(curves.items()):
        seen = [point for point in points if point[0] <= n]
        later = [point for point in points if point[0] >= n]
        colour = figures.COLOURS[i % len(figures.COLOURS)]
        dash = figures.DASHES[i % len(figures.DASHES)]
        ax.plot(*xy(seen), color=colour, linestyle=dash, linewidth=2, label=name)
        if len(later) > 1:
            ax.plot(*xy(later), color=colour, linestyle=":", linewidth=1)
        if seen:
            ax.plot(*xy(seen[-1:]), marker="o", color=colour, linestyle="")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.locator_params(axis="x", nbins=6)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:,.10g}")
    if len(curves) > 1:
        ax.legend()
    return figures.label(ax, x=f"{what} drawn", y=f"{kind} {what}")


def hill_profile(ax: Axes, profiles: Mapping[str, Sequence[tuple[float, float]]]) -> Axes:
    """Effective number of distinct things against the order q: name -> [(order, value)].

    At q = 0 every type counts the same; the larger q, the less rare ones count. A steep fall means
    that a few outputs make up most of the mass.
    """
    for i, (name, values) in enumerate(profiles.items()):
        ax.plot(
            *xy(values),
            color=figures.COLOURS[i % len(figures.COLOURS)],
            linestyle=figures.DASHES[i % len(figures.DASHES)],
            linewidth=2,
            label=name,
        )
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(_plain)
    ax.yaxis.set_minor_formatter(_plain)
    if len(profiles) > 1:
        ax.legend()
    return figures.label(ax, x="order q", y="effective number (log scale)")


def entropy_budget(ax: Axes, budgets: Mapping[str, tuple[float, float]]) -> Axes:
    """The bits explained by each field, I(field; output), and those that remain within it."""
    names = list(budgets)
    explained = [max(0.0, budgets[name][0]) for name in names]
    remain = [max(0.0, budgets[name][1]) for name in names]
    where = range(len(names))
    ax.barh(where, explained, 0.5, color=figures.COLOURS[1], label="explained by the field")
    ax.barh(
        where,
        remain,
        0.5,
        left=explained,
        color="#dddddd",
        edgecolor="#555555",
        hatch="//",
        label="within its values",
    )
    ax.set_yticks(list(where), [_short(name) for name in names])
    ax.invert_yaxis()
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figures.label(ax, x="entropy of outputs, bits", y="")


def comparison(ax: Axes, compared: Comparison) -> Axes:
    """Ratios synthetic / reference with their intervals; 1 is "as varied as the reference".

    Squares differ from 1 by more than chance explains (p < 0.05 after Holm), circles do not.
    """
    rows = [d for d in compared.differences.values() if d.ratio.name.endswith("_ratio")]
    for place, difference in enumerate(rows):
        ratio = difference.ratio
        colour = figures.COLOURS[2] if difference.p_holm < 0.05 else figures.COLOURS[0]
        if math.isnan(ratio.value):
            continue
        if ratio.has_interval:
            ends = [max(ratio.low, 1e-3), ratio.high]
            ax.plot(ends, [place, place], color=colour, linewidth=2.5, linestyle="-")
        marker = "s" if difference.p_holm < 0.05 else "o"
        ax.plot([ratio.value], [place], marker=marker, color=colour, linestyle="")
    ax.axvline(1, color="#555555", linestyle="--", linewidth=1)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(_plain)
    ax.xaxis.set_minor_formatter(_plain)
    low, high = ax.get_xlim()
    if high < 5 * low:  # 1, 2, 5, 10 would leave only one or two ticks on a short axis
        from matplotlib.ticker import MaxNLocator

        inside = [
            x
            for x in MaxNLocator(6, steps=(1, 2, 5, 10)).tick_values(low, high)
            if low <= x <= high
        ]
        ax.set_xticks(inside, [f"{x:g}" for x in inside])
        ax.set_xticks([], minor=True)
    ax.margins(y=0.25)
    ax.set_yticks(range(len(rows)), [d.name for d in rows])
    ax.invert_yaxis()
    return figures.label(ax, x="synthetic / reference, 95 % interval (log scale)", y="")


def _short(name: str, most: int = 30) -> str:
    """An untrusted name as a label; the caption has all of it.

    It is shortened, its dollars start no formula, and a box replaces what Matplotlib's font lacks.
    """
    from matplotlib import font_manager

    known = font_manager.get_font(font_manager.findfont("DejaVu Sans")).get_charmap()
    name = name if len(name) <= most else name[: most - 1] + "…"
    return "".join(c if ord(c) in known else "□" for c in name).replace("$", r"\$")


def _plain(value: float, _: float) -> str:
    """Tick labels 0.1, 0.2, 0.5, 1, 2, 5, ..., and none between."""
    return f"{value:,.10g}" if f"{value:e}"[0] in "125" else ""


def xy(points: Sequence[tuple[float, ...]]) -> tuple[list[float], list[float]]:
    """First and second coordinates of points, as Matplotlib takes them."""
    return [point[0] for point in points], [point[1] for point in points]
