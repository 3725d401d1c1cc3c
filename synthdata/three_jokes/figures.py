"""The picture of `three_jokes`: judges of one text, the test of many, and the harm to a learner.

Idea:   the claim, its alternatives and their costs, side by side. Captions have n, seeds and the
        kind of interval, because a picture travels without its text.
Run:    python -m synthdata three-jokes --html jokes.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from synthdata.three_jokes import evidence

_BLACK, _BLUE, _RED, _GREEN = figures.COLOURS[:4]


def of_three_jokes(result: evidence.Result) -> tuple[Figure, str]:
    """Judges, population and learner, all families; the figure and its alt text."""
    names = [family.name for family in result.families]
    with figures.style():
        figure, (top, middle, low) = figures.new("tall", rows=3)
        # tall for three panels, wide for the caption
        figure.set_size_inches(figures.SIZES["wide"][0], figures.SIZES["tall"][1])
        judges(top, result, names)
        population(middle, result, names)
        harm(low, result, names)
        n, seeds = result.profile.n, len(result.evidence)
        counts = ", ".join(f"{f.name}: {len(f.judged)}" for f in result.families)
        figures.caption(
            figure,
            f"n = {n} texts a collection, {seeds} seed(s); bars: 95 % over generators, of which "
            f"there are\n{counts}.\nA/A: two collections by the healthy one. Below 0.5 a naive "
            "judge has taken the favourites of others\nfor everybody's. Verdict about the GPTs, "
            f"over seeds: {result.verdict or 'none below 3 seeds'}.",
        )
    said = "; ".join(f"{part.criterion}: {part.said}" for part in result.parts)
    return figure, f"Three panels by family of generators ({', '.join(names)}). Of the GPTs, {said}"


def judges(ax: Axes, result: evidence.Result, names: Sequence[str]) -> Axes:
    """AUC of both judges, with the formula of the informed one, guessing, and the criterion."""
    from synthdata.three_jokes.evidence import NAIVE, TURNED

    _points(ax, result, names, "naive", marker="o", colour=_BLUE, name="has not met the generator")
    _points(ax, result, names, "informed", marker="s", colour=_RED, name="has met it")
    known = [(i, family.expected) for i, family in enumerate(_families(result, names))]
    known = [(i, value) for i, value in known if not math.isnan(value)]
    ax.plot(
        [i for i, _ in known],
        [value for _, value in known],
        linestyle="",
        marker="_",
        markersize=22,
        color=_BLACK,
        label="1 - k/2N",
    )
    ax.axhline(0.5, color="#555555", linewidth=1, linestyle="-", label="guessing")
    low, high = TURNED.threshold, NAIVE.threshold
    said = f"{low:g} to {high:g}, says the claim, for who has not met it"
    ax.axhspan(low, high, color="#dddddd", zorder=0, label=said)
    ax.set_ylim(0, 1.05)
    _legend_above(ax)
    _families_axis(ax, names)
    return figures.label(ax, x="family of generators", y="AUC of a judge\nof single texts")


def population(ax: Axes, result: evidence.Result, names: Sequence[str]) -> Axes:
    """Effective number of different texts, collapsed over healthy, and A/A; shares rejected."""
    from synthdata.three_jokes.evidence import LEVEL

    _points(ax, result, names, "ratio", marker="s", colour=_RED, name="collapsed / healthy")
    _points(ax, result, names, "ratio_null", marker="o", colour=_BLACK, name="A/A")
    for i, family in enumerate(_families(result, names)):
        of = len(family.judged)
        found, null = (round(of * family.rejected(q)) for q in ("p", "p_null"))
        ax.annotate(
            f"p <= {LEVEL:g}: {found}/{of}\nA/A: {null}/{of}",
            (i, 0.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            fontsize=7,
        )
    ax.set_yscale("log")
    ax.set_ylim(0.001, 2)
    _legend_above(ax)
    _families_axis(ax, names)
    return figures.label(ax, x="family of generators", y="effective distinct\ntexts, ratio")


def harm(ax: Axes, result: evidence.Result, names: Sequence[str]) -> Axes:
    """Excess loss of an n-gram trained on the collapsed collection, or on a tenth of the healthy
    one, over one trained on the healthy one."""
    from synthdata.three_jokes.evidence import DOWNSTREAM

    _points(
        ax,
        result,
        names,
        "harm",
        marker="s",
        colour=_RED,
        name="learned from the collapsed collection",
    )
    _points(
        ax,
        result,
        names,
        "harm_tenth",
        marker="o",
        colour=_BLACK,
        name="from a tenth of the healthy one",
    )
    ax.axhline(0, color="#555555", linewidth=1)
    least = DOWNSTREAM.threshold
    said = f"at least {least:g}, says the claim"
    ax.axhline(least, color="#555555", linewidth=1, linestyle="--", label=said)
    _legend_above(ax)
    _families_axis(ax, names)
    return figures.label(
        ax, x="family of generators (dial: k of N left)", y="harm to a learner,\nnats/char"
    )


def _legend_above(ax: Axes) -> None:
    ax.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)


def _families(result: evidence.Result, names: Sequence[str]) -> list[evidence.Family]:
    found = {family.name: family for family in result.families}
    return [found[name] for name in names]


def _points(
    ax: Axes,
    result: evidence.Result,
    names: Sequence[str],
    quantity: str,
    *,
    marker: str,
    colour: str,
    name: str,
) -> None:
    """Mean over all generators of a family and its 95 % interval."""
    found = [family.mean(quantity) for family in _families(result, names)]
    shift = 0.12 if marker == "s" else -0.12
    for i, one in enumerate(found):
        ax.plot([i + shift] * 2, [one.low, one.high], color=colour, linestyle="-", linewidth=2)
    ax.plot(
        [i + shift for i in range(len(found))],
        [one.value for one in found],
        marker=marker,
        color=colour,
        linestyle="",
        label=name,
    )


def _families_axis(ax: Axes, names: Sequence[str]) -> None:
    ax.set_xticks(range(len(names)), list(names))
    ax.set_xlim(-0.5, len(names) - 0.5)
