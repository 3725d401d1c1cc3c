"""The pictures of each report, with their captions and alternative texts.

Idea:   `plots` draws; this module decides what is drawn, and describes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit import figures
from synthdata.diversity import hill, rarefaction
from synthdata.diversity.abundance import Abundance
from synthdata.report import plots
from synthdata.report.structure import Drawn, Figure, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from synthdata.comparison.compare import Comparison
    from synthdata.panel.panel import Panel
    from synthdata.streaming.meter import Meter

_POINTS = 120
_ORDERS = tuple(i / 8 for i in range(25))
Curve = tuple[int, list[tuple[int, float]]]


def of_collection(
    found: Panel, budgets: Mapping[str, tuple[float, float]] | None = None
) -> list[Figure]:
    """Rarefaction curve, Hill profile and, if there are fields, the entropy budget."""
    made = _rarefaction_pair({"this collection": found.counts})
    made += _profile(found.counts)
    if budgets:
        made.append(_budget(budgets))
    return made


def of_comparison(compared: Comparison) -> list[Figure]:
    """Both curves in one picture, both profiles, and the ratios with their intervals."""
    with figures.style():
        figure, ax = figures.new()
        plots.comparison(ax, compared)
        ratios = "; ".join(
            f"{d.name} {number(d.ratio.value)}"
            for d in compared.differences.values()
            if d.ratio.name.endswith("_ratio")
        )
        image = figures.html(figure, alt=f"Ratios of synthetic to reference: {ratios}.")
    return [
        Figure(
            title="Beside the reference",
            image=image,
            caption="Each dot is synthetic over reference at equal terms, with its 95 % interval. "
            "Left of the dashed line the synthetic collection is less varied. Squares: chance does "
            "not explain it (p < 0.05 after Holm's correction).",
        ),
        *_rarefaction_pair(compared.counts),
        *_profile({f"{side} words": counts["words"] for side, counts in compared.counts.items()}),
    ]


def of_meter(meter: Meter) -> list[Figure]:
    """Rarefaction curves and Hill profiles of words and documents from a one-pass meter."""
    from synthdata.streaming import measures

    known = {name: measures.counts_of(meter.channels[name]) for name in ("words", "documents")}
    curves = [{"this collection": (counts.n, measures.curve(counts))} for counts in known.values()]
    drawn = _rarefaction(*curves) if all(counts.n for counts in known.values()) else []
    return [*drawn, *_profile(known)]


def _rarefaction_pair(sides: Mapping[str, Mapping[str, Abundance]]) -> list[Figure]:
    """Curves of words and of documents for each side."""
    words, documents = (
        {
            side: (
                counts[what].n,
                [(m, v) for m, v, _ in rarefaction.curve(counts[what], points=_POINTS)],
            )
            for side, counts in sides.items()
            if counts[what].n
        }
        for what in ("words", "documents")
    )
    return _rarefaction(words, documents) if words and documents else []


def _rarefaction(words: Mapping[str, Curve], documents: Mapping[str, Curve]) -> list[Figure]:
    with figures.style():
        figure, axes = figures.new("wide", 1, 2)
        plots.rarefaction(axes[0], words, what="words")
        plots.rarefaction(axes[1], documents, what="documents")
        said = "; ".join(
            f"{f'{name}: ' if len(curves) > 1 else ''}{_at(curve)} distinct {what} "
            f"among {curve[0]:,}"
            for what, curves in (("words", words), ("documents", documents))
            for name, curve in curves.items()
        )
        image = figures.html(figure, alt=f"Rarefaction curves. {said}.")
        drawn = [
            _drawn(
                ax,
                f"{name}, {what}" if len(curves) > 1 else what,
                points,
                [f"{m:,} {what} drawn: {_about(v)} distinct{_estimated(m, n)}" for m, v in points],
                n,
            )
            for ax, what, curves in zip(axes, ("words", "documents"), (words, documents))
            for name, (n, points) in curves.items()
        ]
    estimated = any(points[-1][0] > n for n, points in (*words.values(), *documents.values()))
    beyond = "; a dotted line beyond it is what twice as much would show, by estimate"
    beyond = beyond if estimated else ""
    return [
        Figure(
            title="Rarefaction: how much more would more show?",
            image=image,
            caption=f"{said}. The dot is the collection as it is{beyond}. A curve that has gone "
            "flat has shown all.",
            drawn=tuple(drawn),
        )
    ]


def _drawn(
    ax: Axes, name: str, points: Sequence[tuple[float, float]], said: list[str], begin: float
) -> Drawn:
    """A curve of a picture already made, with what is said of its points, that at `begin` first."""
    places = figures.places(ax, points)
    return Drawn(
        name=name,
        points=tuple((round(x, 4), round(y, 4), words) for (x, y), words in zip(places, said)),
        begin=[x for x, _ in points].index(begin),
    )


def _about(value: float) -> str:
    """An expected number of different things: three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _estimated(size: int, n: int) -> str:
    return ", by estimate" if size > n else ""


def _at(curve: Curve) -> str:
    n, points = curve
    return number(round(max(v for m, v in points if m <= n)))


def _profile(known: Mapping[str, Abundance]) -> list[Figure]:
    profiles = {
        name: [(q, hill.hill(counts, q)) for q in _ORDERS]
        for name, counts in known.items()
        if counts.n
    }
    if not profiles:
        return []
    with figures.style():
        figure, ax = figures.new()
        plots.hill_profile(ax, profiles)
        said = "; ".join(
            f"{name}: {number(dict(profile)[0])} at order 0, {number(dict(profile)[1])} at 1, "
            f"{number(dict(profile)[2])} at 2"
            for name, profile in profiles.items()
        )
        image = figures.html(figure, alt=f"Hill profile. {said}.")
        drawn = [
            _drawn(
                ax,
                name,
                profile,
                [f"order {q:g}: effectively {number(v)} {name}" for q, v in profile],
                1.0,
            )
            for name, profile in profiles.items()
        ]
    return [
        Figure(
            title="Hill profile: how many, effectively?",
            image=image,
            caption=f"Effective number of distinct things. {said}. Order 0 counts every kind once; "
            "higher orders count common kinds more. A steep fall means a few kinds make up most.",
            drawn=tuple(drawn),
        )
    ]


def _budget(budgets: Mapping[str, tuple[float, float]]) -> Figure:
    with figures.style():
        figure, ax = figures.new()
        plots.entropy_budget(ax, budgets)
        said = "; ".join(
            f"{name}: {number(max(0.0, explained))} of {number(explained + rest)} bits explained"
            for name, (explained, rest) in budgets.items()
        )
        image = figures.html(figure, alt=f"Entropy budget. {said}.")
    return Figure(
        title="Entropy budget: where the variety comes from",
        image=image,
        caption=f"{said}. What a field explains would be lost if it always had the same value.",
    )
