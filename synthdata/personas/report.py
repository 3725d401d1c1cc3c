"""`python -m synthdata personas`: the experiment, in plain words.

Idea:   the verdict first, by the criterion fixed before the run; then every arm with its quality,
        so that a reader can see what "no worse" meant.
Run:    python -m synthdata personas --profile ci --seeds 3
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labkit import figures
from labkit.experiment import Interval, interval
from synthdata.diversity.measure import Measure
from synthdata.io.reader import Tally
from synthdata.personas import options
from synthdata.personas.evidence import CONTROLS, CRITERION
from synthdata.report import publish, structure
from synthdata.report.structure import Figure, Report
from synthdata.verdicts.verdict import Verdict

if TYPE_CHECKING:
    from synthdata.personas.evidence import Arm, Evidence, Result


def personas(settings: options.PersonasOptions) -> int:
    """Run the experiment and print its findings."""
    from synthdata.personas.laboratory import experiment, steps
    from synthdata.personas.profiles import profile

    chosen = profile(settings.profile, settings.n)
    result = publish.over_seeds("personas", settings, experiment, chosen, steps(chosen))
    made = of_result(result, settings)
    return publish.finish("personas", settings, made, Tally(), runs=as_json(result))


def of_result(result: Result, settings: options.PersonasOptions) -> Report:
    """The report of a result."""
    p, found = result.profile, result.evidence
    return Report(
        title=f"Personas against collapse: {p.n:,} outputs an arm, {len(found)} seed(s), "
        f"profile {settings.profile}",
        verdict=verdict(result),
        headlines=(
            _measure(
                "personas_ratio",
                result.ratio,
                p.n,
                "personas / best control that writes no worse, effective distinct outputs",
            ),
            _measure(
                "calibrated_ratio",
                result.calibrated,
                p.n,
                "healthy model at temperature 1, with / without personas",
            ),
        ),
        measures=tuple(
            _measure(
                f"{part}_{name.replace(' ', '_')}",
                interval([getattr(e.budgets[name], part) for e in found]),
                p.n,
                f"{symbol} of {p.asked} personas, bits",
                "bits",
            )
            for name in found[0].budgets
            for part, symbol in (
                ("total", "H(out)"),
                ("information", "I(persona; out)"),
                ("within", "H(out | persona)"),
            )
        ),
        tables=(
            structure.Table(
                title="Arms, means over seeds (* the best control of its kind in some seed)",
                rows=table(result),
            ),
        ),
        figures=publish.figures(settings.html, lambda: [figure(result)]),
        notes=notes(result),
        provenance=publish.experiment_provenance(settings, p, [CRITERION]),
    )


def verdict(result: Result) -> Verdict:
    """The verdict as a sentence, with its confidence."""
    ratio, seeds = result.ratio, len(result.evidence)
    because = (
        f"Effective number of distinct outputs with personas, over that of the best control, "
        f"geometric mean over seeds: {ratio}"
        + (f", 95 % over {seeds} seeds." if seeds > 1 else ".")
    )
    plain = {
        "reproduced": "Personas give the collapsed model at least 1.3 times the variety of the "
        "best control.",
        "contradicted": "Personas give the collapsed model less variety than the best control.",
        "falls short": "Personas give the collapsed model less than 1.3 times the variety of the "
        "best control.",
        "undecided": "Whether personas give 1.3 times the variety of the best control "
        "takes more seeds to tell.",
        None: "No verdict below three seeds.",
    }
    return Verdict(
        text=plain[result.verdict],
        confidence="none" if result.verdict is None else "medium",
        because=because + f" Verdict: {result.verdict or 'none'}.",
    )


def table(result: Result) -> tuple[tuple[str, ...], ...]:
    """Every arm, and each control at each seed's best: means over seeds, and their range."""
    head = (
        *("model", "prompts", "sampler", "effective", "over seeds"),
        *("grammatical", "log2 p", "fits persona"),
    )
    every, rows = result.evidence, []
    for i, arm in enumerate(every[0].arms):
        alike = [e.arms[i] for e in every]
        best = any(a == e.best(kind) for a, e in zip(alike, every) for kind in CONTROLS)
        rows.append(_row(alike, str(arm.sampler) + (" *" if best else "")))
    for kind in CONTROLS:
        chosen = [arm for arm in (e.best(kind) for e in every) if arm is not None]
        if chosen:
            seeds = "" if len(chosen) == len(every) else f", {len(chosen)} of {len(every)} seeds"
            rows.append(_row(chosen, f"{kind}, each seed's best{seeds}"))
    return (head, *rows)


def _row(alike: Sequence[Arm], sampler: str) -> tuple[str, ...]:
    """One line of the table: arms of the same kind, one per seed."""
    mean = {
        q: math.fsum(getattr(a, q) for a in alike) / len(alike)
        for q in ("effective", "grammatical", "logprob", "fits")
    }
    ends = [structure.number(f(a.effective for a in alike)) for f in (min, max)]
    return (
        alike[0].model,
        alike[0].prompts,
        sampler,
        structure.number(mean["effective"]),
        " to ".join(ends),
        f"{mean['grammatical']:.1%}",
        structure.number(mean["logprob"]),
        "" if math.isnan(mean["fits"]) else f"{mean['fits']:.1%}",
    )


def notes(result: Result) -> tuple[str, ...]:
    """Further findings: the first seed's outputs, and the personas that add most."""
    first: Evidence = result.evidence[0]
    fields = ", ".join(
        f"{name} {interval([e.fields[name] for e in result.evidence]).value:.3f}"
        for name in first.fields
    )
    adds = ", ".join(f"{name} {bits:.3f}" for name, bits in first.adds)
    none, with_ = ("; ".join(first.examples[kind][:3]) for kind in ("none", "personas"))
    return (
        f"What each part of the persona tells about a word, bits/word: {fields}.",
        f"Adds most (seed {first.seed}), bits/word: {adds}.",
        f"Collapsed model without a persona: {none}.",
        f"With one: {with_}.",
        "Controls count where they are grammatical at most 1 point less often than personas, and "
        "their grammatical outputs at most 0.1 bit less likely than those, or than the truth's.",
    )


def figure(result: Result) -> Figure:
    """The picture, with its caption."""
    from synthdata.personas.figures import of_personas

    drawn, alt = of_personas(result)
    return Figure(
        title="Variety against quality, and where it comes from",
        image=figures.html(drawn, alt=alt),
        caption="Up is more varied, right is better written. A control has to lie in the shaded "
        "part to count.",
    )


def as_json(result: Result) -> list[dict[str, Any]]:
    """Each seed's arms and budgets as plain values."""

    def plain(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return [
        {
            "seed": e.seed,
            "ratio": plain(e.ratio),
            "calibrated_ratio": plain(e.calibrated_ratio),
            "best_control": {
                "prompts": e.best_control.prompts,
                "sampler": str(e.best_control.sampler),
            },
            "arms": [
                {
                    "model": a.model,
                    "prompts": a.prompts,
                    "sampler": str(a.sampler),
                    **{
                        q: plain(getattr(a, q))
                        for q in ("effective", "source", "coverage", "grammatical", "logprob")
                    },
                    "fits": plain(a.fits),
                }
                for a in e.arms
            ],
            "budgets": {
                name: {
                    "total": plain(b.total),
                    "information": plain(b.information),
                    "within": plain(b.within),
                }
                for name, b in e.budgets.items()
            },
            "fields": {name: plain(bits) for name, bits in e.fields.items()},
            "adds": [{"persona": name, "bits": plain(bits)} for name, bits in e.adds],
        }
        for e in result.evidence
    ]


def _measure(name: str, found: Interval, n: int, method: str, unit: str = "times") -> Measure:
    return Measure.over_seeds(
        name, found, n=n, method=method, unit=unit, direction="higher is more varied"
    )
