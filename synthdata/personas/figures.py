"""The picture of `personas`: variety against quality, and the entropy budget.

Idea:   the claim, its alternatives and their costs, side by side. Captions have n, seeds and the
        kind of interval, because a picture travels without its text.
Run:    python -m synthdata personas --html personas.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit import figures
from labkit.experiment import interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from synthdata.personas import evidence as persona_evidence

_BLACK, _BLUE, _RED, _GREEN = figures.COLOURS[:4]


def of_personas(result: persona_evidence.Result) -> tuple[Figure, str]:
    """Variety over quality of every arm, and the entropy budget; the figure and its alt text."""
    with figures.style():
        figure, (left, right) = figures.new("tall", rows=2)
        quality(left, result)
        budgets(right, result)
        n, seeds = result.profile.n, len(result.evidence)
        said = f"{result.ratio}" + (", 95 % over seeds" if seeds > 1 else "")
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
    """The kind of control (of `evidence.CONTROLS`), by its settings."""
    if arm.prompts != "none" or arm.model != "collapsed":
        return arm.prompts
    return "top-p" if arm.sampler.top_p < 1 else "temperature"


def budgets(ax: Axes, result: persona_evidence.Result) -> Axes:
    """H(out) = I(persona; out) + H(out | persona), means over seeds, bars one above the other."""
    from synthdata.report import plots

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


def _legend_above(ax: Axes) -> None:
    ax.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
