"""The pictures of `three_jokes` and `personas`: one figure each that says it all.

Idea:   what was claimed, what could have won instead, and what it costs, side by side. Captions
        carry n, seeds and what an interval is, because a picture travels without its text.
Run:    python -m synthdata personas --html personas.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit import figures
from labkit.experiment import interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from synthdata import joke_evidence, persona_evidence

_BLACK, _BLUE, _RED, _GREEN = figures.COLOURS[:4]


def of_personas(result: persona_evidence.Result) -> tuple[Figure, str]:
    """Variety over quality of every arm, and the entropy budget; the figure and its alt text."""
    with figures.style():
        figure, (left, right) = figures.new("tall", rows=2)
        quality(left, result)
        budgets(right, result)
        n, seeds = result.profile.n, len(result.evidence)
        ratio = result.ratio
        said = f"{ratio.value:.2f}" + (
            f" [{ratio.low:.2f}, {ratio.high:.2f}], 95 % over seeds" if seeds > 1 else ""
        )
        figures.caption(
            figure,
            f"n = {n:,} outputs an arm, {seeds} seed(s); every seed a point, bars means over "
            "seeds.\nPersona words are not counted. Shaded: as often grammatical as personas.\n"
            f"Personas / best control that writes no worse:\n{said}; "
            f"verdict: {result.verdict or 'none below 3 seeds'}.",
        )
    best = interval([e.best_control.effective for e in result.evidence])
    with_ = interval([e.personas.effective for e in result.evidence])
    alt = (
        f"Effective number of distinct outputs against the share of grammatical ones: collapsed "
        f"model with personas {with_.value:.0f}, best control {best.value:.0f}, ratio {said}. "
        "Below, the entropy of outputs, split into what the persona explains and the rest."
    )
    return figure, alt


def quality(ax: Axes, result: persona_evidence.Result) -> Axes:
    """Effective number over the share of grammatical outputs, all seeds."""
    looks: dict[tuple[str, str], tuple[str, str, str]] = {
        ("healthy", "none"): ("D", _BLACK, "healthy model, no persona"),
        ("healthy", "personas"): ("P", _BLACK, "healthy model, personas"),
        ("collapsed", "temperature"): ("o", _BLUE, "collapsed, temperatures"),
        ("collapsed", "top-p"): ("s", _GREEN, "collapsed, hot with top-p"),
        ("collapsed", "codes"): ("x", "#777777", "collapsed, random codes"),
        ("collapsed", "personas"): ("*", _RED, "collapsed, personas"),
    }
    for (model, kind), (marker, colour, name) in looks.items():
        for number, evidence in enumerate(result.evidence):
            arms = [
                arm
                for arm in evidence.arms
                if arm.model == model and kind in (arm.prompts, _kind(arm))
            ]
            ax.plot(
                [100 * arm.grammatical for arm in arms],
                [arm.effective for arm in arms],
                marker=marker,
                color=colour,
                linestyle="-" if kind == "temperature" else "",
                linewidth=0.8,
                markersize=13 if marker == "*" else 6,
                label=name if number == 0 else None,
            )
    least = min(e.personas.grammatical for e in result.evidence) - 0.01
    ax.axvspan(100 * least, 100, color="#eeeeee", zorder=0)
    ax.set_yscale("log")
    _legend_above(ax)
    return figures.label(ax, x="grammatical outputs, %", y="effective distinct outputs")


def _kind(arm: persona_evidence.Arm) -> str:
    """Which control it is (of `persona_evidence.CONTROLS`), by its settings."""
    if arm.prompts != "none" or arm.model != "collapsed":
        return arm.prompts
    return "top-p" if arm.sampler.top_p < 1 else "temperature"


def budgets(ax: Axes, result: persona_evidence.Result) -> Axes:
    """H(out) = I(persona; out) + H(out | persona), means over seeds, bars one above the other."""
    from synthdata import plots

    names = {
        "grammar": "the grammar, exact",
        "its text": "its text, measured",
        "healthy": "healthy model",
        "collapsed": "collapsed model",
    }
    found = {
        shown: (
            interval([e.budgets[name].information for e in result.evidence]).value,
            interval([e.budgets[name].within for e in result.evidence]).value,
        )
        for name, shown in names.items()
    }
    plots.entropy_budget(ax, found)
    bars, _ = ax.get_legend_handles_labels()
    explained, within = "I(persona; out)", "H(out | persona)"
    ax.legend(bars, [explained, within], loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    each = result.profile.n // result.profile.asked
    return figures.label(
        ax, x=f"H(out), bits, of {result.profile.asked} personas asked {each} times each", y=""
    )


def of_three_jokes(result: joke_evidence.Result) -> tuple[Figure, str]:
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


def judges(ax: Axes, result: joke_evidence.Result, names: Sequence[str]) -> Axes:
    """AUC of both judges, with the formula of the informed one, guessing, and the criterion."""
    from synthdata.joke_evidence import NAIVE, TURNED

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


def population(ax: Axes, result: joke_evidence.Result, names: Sequence[str]) -> Axes:
    """Effective number of different texts, collapsed over healthy, and A/A; shares rejected."""
    from synthdata.joke_evidence import LEVEL

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


def harm(ax: Axes, result: joke_evidence.Result, names: Sequence[str]) -> Axes:
    """What an n-gram loses that learned from the collapsed collection, or from a tenth of the
    healthy one, over one that learned from the healthy one."""
    from synthdata.joke_evidence import DOWNSTREAM

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


def _families(result: joke_evidence.Result, names: Sequence[str]) -> list[joke_evidence.Family]:
    found = {family.name: family for family in result.families}
    return [found[name] for name in names]


def _points(
    ax: Axes,
    result: joke_evidence.Result,
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
