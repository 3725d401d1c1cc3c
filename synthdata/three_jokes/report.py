"""`python -m synthdata three-jokes`: the experiment, in plain words.

Idea:   the verdict about the GPTs first, part by part, by the criteria fixed before the run; then
        every family of generators, so that a reader sees what holds by construction and what does
        not.
Run:    python -m synthdata three-jokes --profile ci --seeds 3
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labkit import figures
from labkit.experiment import MINIMUM_SEEDS
from synthdata.diversity.measure import Measure
from synthdata.io.reader import Tally
from synthdata.report import publish, record, structure
from synthdata.report.structure import Figure, Report
from synthdata.three_jokes import options
from synthdata.three_jokes.evidence import LEVEL, NAIVE, TURNED, Family
from synthdata.verdicts import verdict

if TYPE_CHECKING:
    from synthdata.three_jokes.evidence import Result

_QUANTITIES = {  # of `Judged` -> its unit
    "naive": "AUC",
    "informed": "AUC",
    "ratio": "collapsed / healthy",
    "harm": "nats/char",
    "harm_tenth": "nats/char",
}


def three_jokes(settings: options.ThreeJokesOptions) -> int:
    """Run the experiment and print its findings."""
    from synthdata.three_jokes.laboratory import experiment, steps
    from synthdata.three_jokes.profiles import profile

    chosen = profile(settings.profile, settings.n)
    result = publish.over_seeds("three jokes", settings, experiment, chosen, steps(chosen))
    made = of_result(result, settings)
    return publish.finish("three-jokes", settings, made, Tally(), runs=as_json(result))


def of_result(result: Result, settings: options.ThreeJokesOptions) -> Report:
    """The report of a result."""
    p, seeds = result.profile, len(result.evidence)
    naive, _, found, harm = result.parts
    gpts = f"of {p.gpts} GPTs a seed; 95 % interval"
    return Report(
        title=f"Three jokes: {p.n:,} texts a collection, {seeds} seed(s), "
        f"profile {settings.profile}",
        verdict=in_words(result),
        headlines=tuple(
            Measure.over_seeds(name, part.measured, n=p.n, method=f"{asked}; {gpts}", unit=unit)
            for name, asked, part, unit in (
                ("naive_auc", f"{NAIVE} and >= {TURNED.threshold:g}", naive, "AUC"),
                ("found", f"{found.criterion}; {result.smallest_p}", found, "share"),
                ("harm", f"{harm.criterion}", harm, "nats/char"),
            )
        ),
        measures=tuple(_measures(result)),
        tables=(
            structure.Table(
                title="Families of generators, means over generators and seeds", rows=table(result)
            ),
        ),
        figures=publish.figures(settings.html, lambda: [figure(result)]),
        notes=notes(result),
        provenance=publish.experiment_provenance(
            settings, p, [part.criterion for part in result.parts]
        ),
    )


def in_words(result: Result) -> verdict.Verdict:
    """The verdict as a sentence, with the parts behind it."""
    parts = [f"{str(part)[:1].upper()}{str(part)[1:]}." for part in result.parts]
    plain = {
        "reproduced": "One text says little about a collapsed GPT, many together show it, and a "
        "model that learned from them predicts held-out text worse.",
        "contradicted": "Of what the claim needs, at least one is contradicted.",
        "falls short": "Of what the claim needs, at least one falls short of its threshold.",
        "undecided": "Of what the claim needs, at least one needs more seeds to tell.",
        None: f"No verdict below {MINIMUM_SEEDS} seeds.",
    }
    return verdict.Verdict(
        text=plain[result.verdict],
        confidence="none" if result.verdict is None else "medium",
        because=" ".join(
            [
                *parts,
                f"Population test: {result.smallest_p}.",
                f"Together: {result.verdict or 'no verdict'}.",
            ]
        ),
    )


def table(result: Result) -> tuple[tuple[str, ...], ...]:
    """Every family: means over its generators of all seeds; p and A/A are counted."""
    judges, tests = ("naive AUC", "informed AUC", "1 - k/2N"), (f"p <= {LEVEL:g}", "A/A", "ratio")
    head = ("family", *judges, *tests, "harm", "tenth")
    rows = []
    for family in result.families:
        of = len(family.judged)
        found, null = (f"{round(of * family.rejected(q))} of {of}" for q in ("p", "p_null"))
        naive, informed, ratio, *harms = (f"{family.mean(q).value:.3g}" for q in _QUANTITIES)
        formula = "" if family.expected != family.expected else f"{family.expected:.3g}"
        rows.append((family.name, naive, informed, formula, found, null, ratio, *harms))
    return (head, *rows)


def _measures(result: Result) -> Iterator[Measure]:
    """Each family's means with their intervals over generators."""
    for family in result.families:
        for quantity, unit in _QUANTITIES.items():
            yield Measure.over_seeds(
                f"{family.name}: {quantity}",
                family.mean(quantity),
                n=result.profile.n,
                method=f"mean over {len(family.judged)} generators, Student's t",
                unit=unit,
            )


def notes(result: Result) -> tuple[str, ...]:
    """Notes on the table, and on what is missing in it."""
    n, learned = result.profile.n, result.profile.learned
    return (
        "Naive: a judge of single texts who has met other generators of the family, not this one; "
        "informed: who has met it. 0.5 is guessing; below, a judge has taken the favourites of "
        "others for everybody's.",
        "1 - k/2N: what the informed judge's AUC ought to be with k of N favourites left.",
        "A/A: the population test between two collections by the same healthy generator.",
        "Ratio: effective number of different texts, collapsed / healthy. Harm: nats/char that "
        f"an n-gram loses on real text by learning from {n:,} texts (of GPTs {learned:,}) of the "
        "collapsed collection instead of the healthy one; tenth: by learning from a tenth of the "
        "healthy one instead.",
        *sorted({e.missing for e in result.evidence if e.missing}),
    )


def figure(result: Result) -> Figure:
    """The picture, with its caption."""
    from synthdata.three_jokes.figures import of_three_jokes

    drawn, alt = of_three_jokes(result)
    return Figure(
        title="One text, many texts, and a model that learns from them",
        image=figures.html(drawn, alt=alt),
        caption="Top: near one half a judge sees nothing, the shaded part is what the claim "
        "allows. Middle: below 1 the collapsed collection is less varied. Bottom: above 0 learning "
        "from it costs, above the dashed line as much as the claim says.",
    )


def as_json(result: Result) -> list[dict[str, Any]]:
    """Each seed's families as plain values."""

    def plain(family: Family) -> dict[str, Any]:
        generators = [asdict(j) | {"harm": j.harm} for j in family.judged]
        return {
            "name": family.name,
            "expected": record.finite(family.expected),
            "generators": generators,
        }

    return [
        {"seed": e.seed, "families": [plain(f) for f in e.families], "missing": e.missing}
        for e in result.evidence
    ]
