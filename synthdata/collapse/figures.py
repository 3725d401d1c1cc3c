"""The picture of a run of the laboratory: a measure over generations, with theory beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit import figures
from synthdata.report.plots import xy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from synthdata.collapse.table import Table


def generations(ax: Axes, table: Table, measure: str, *, legend: bool = True) -> Axes:
    """A measure against generations: a line for each regime, its 95 % interval over seeds shaded.

    With five seeds or fewer each is a thin line. Crosses are theoretical values.
    """
    from matplotlib.ticker import MaxNLocator

    x = range(table.generations + 1)
    for i, regime in enumerate(table.regimes):
        colour = figures.COLOURS[i % len(figures.COLOURS)]
        dash = figures.DASHES[i % len(figures.DASHES)]
        values = table.values(regime, measure)
        ax.plot(x, values.mean(axis=0), color=colour, linestyle=dash, linewidth=2, label=regime)
        if len(values) <= 5:
            for row in values:
                ax.plot(x, row, color=colour, linestyle="-", linewidth=0.6, alpha=0.5)
        if len(values) > 1:
            ends = [table.interval(regime, measure, g) for g in x]
            low, high = [e.low for e in ends], [e.high for e in ends]
            ax.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)
        theory = [table.expected.get((regime, measure, g)) for g in x]
        known = [(g, found.mean) for g, found in zip(x, theory) if found is not None]
        if known:
            ax.plot(*xy(known), color=colour, marker="x", markersize=5, linestyle="")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if legend:
        ax.legend(fontsize=9)
    return figures.label(ax, x="generation", y=table.units[measure], title=measure)
