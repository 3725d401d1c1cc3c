"""`measure`: the whole panel of a collection in memory.

Run:    python -m synthdata measure --help
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from labkit import progress
from synthdata.cli import inputs, options, wording
from synthdata.cli.stream import stream
from synthdata.io import dataset
from synthdata.panel import curves
from synthdata.report import publish, record, structure
from synthdata.report.structure import Report, Table

if TYPE_CHECKING:
    from synthdata.panel.panel import Panel


def measure(settings: options.MeasureOptions) -> int:
    """Report the panel of measures, with evidence and pictures; the exit code."""
    if settings.stream:
        return stream(settings)
    from synthdata.panel.panel import measure as panel
    from synthdata.report import figures
    from synthdata.verdicts import verdict

    group = None if settings.group == inputs.ALONE else settings.group
    fields = [field for field in (settings.by, group) if field]
    loaded = inputs.load(settings, settings.data, *fields)
    texts = loaded.texts
    by = loaded.values(settings.by) if settings.by else None
    vectors = dataset.embeddings(settings.embeddings, loaded) if settings.embeddings else None
    with progress.ticking("measuring"):
        found = panel(
            texts,
            by=by,
            groups=inputs.own_groups(settings, loaded),
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            embeddings=vectors,
            seed=settings.seed,
        )
    made = Report(
        title=publish.title("Variety of", settings.data, len(texts)),
        verdict=wording.of_rest(
            wording.verdict(len(texts), found, found.boilerplate, found.units), loaded
        ),
        headlines=tuple(found[name] for name in ("near_duplicates", "documents_hill1", "hill1")),
        measures=tuple(found.values()),
        tables=_by_value(settings.by, found),
        curves=_in_numbers(found),
        figures=publish.figures(
            settings.html,
            lambda: figures.of_collection(found, _budgets(settings.by, found)),
        ),
        evidence=found.evidence,
        alerts=inputs.alerts(loaded),
        notes=verdict.cluster_note(found.values())
        + dataset.notes(loaded.tally)
        + inputs.group_notes(settings, loaded)
        + publish.mixture_notes(found.mixture),
        provenance=inputs.provenance(settings, loaded)
        | {"word": found.tokeniser}
        | inputs.group_provenance(settings),
    )
    by_field = {} if settings.by is None else {"by": record.by(settings.by, found)}
    return publish.finish(
        "measure",
        settings,
        made,
        loaded.tally,
        rarefaction=[row.to_json() for row in found.sizes],
        profile=record.profile(found),
        mixture=found.mixture,
        **by_field,
    )


def _in_numbers(found: Panel) -> tuple[Table, ...]:
    """The rarefaction curve and the Hill profile as rows."""
    head = ("at", "draws", "coverage", "distinct", "order 1", "order 2", "kind")
    made = []
    for what in ("words", "documents"):
        rows = [
            (
                row.asked,
                f"{row.size:,}",
                f"{row.coverage:.1%}",
                *map(structure.number, (row.hill0, row.hill1, row.hill2)),
                row.kind,
            )
            for row in found.sizes
            if row.of == what
        ]
        if rows:
            made.append(Table(title=f"Rarefaction of {what}", rows=(head, *rows)))
    if made:
        made[-1] = replace(
            made[-1],
            caption="What a sample of that many draws shows on average. Rarefied is exact; "
            "extrapolated is an estimate, to be trusted to twice the sample. Coverage is of as "
            f"many draws in whole {found.sizes[0].coverage_by}; the numbers beside it are of draws "
            "one by one.",
        )
    kinds = [what for what in found.profile if found.profile[what]]
    if kinds:
        value = {(what, q): v for what in kinds for q, v in found.profile[what]}
        made.append(
            Table(
                title="Hill profile of the sample",
                rows=(
                    ("order", *(f"effective {what}" for what in kinds)),
                    *(
                        (f"{q:g}", *(structure.number(value[what, q]) for what in kinds))
                        for q in curves.SHOWN_ORDERS
                    ),
                ),
                caption="Order 0 counts every kind once; higher orders count common kinds more.",
            )
        )
    return tuple(made)


def _budgets(by: str | None, found: Panel) -> dict[str, tuple[float, float]]:
    """Bits explained and bits left, for words and for documents, if they are defined."""
    pairs = {"words": found.budget, "documents": found.documents_budget}
    return {
        f"{what} by {by}": (budget.information.value, budget.within.value)
        for what, budget in pairs.items()
        if budget is not None and not math.isnan(budget.information.value)
    }


def _by_value(by: str | None, found: Panel) -> tuple[Table, ...]:
    """Contributions of the field's values, the ten largest."""
    if found.budget is None or not found.budget.strata:
        return ()
    head = (str(by), "documents", "entropy of its words, bits", "adds, bits/word")
    rows = [
        (s.value, f"{s.documents:,}", structure.number(s.entropy), structure.number(s.adds))
        for s in found.budget.strata[:10]
    ]
    more = len(found.budget.strata) - len(rows)
    return (
        Table(
            title=f"What each {by} adds",
            rows=(head, *rows),
            caption=f"and {more:,} more, which add less" if more else "",
        ),
    )
