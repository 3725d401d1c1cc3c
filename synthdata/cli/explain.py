"""`explain`: the repeated texts themselves.

Run:    python -m synthdata explain --help
"""

from __future__ import annotations

from labkit import progress
from synthdata.cli import inputs, options, wording
from synthdata.io import dataset
from synthdata.report import publish
from synthdata.report.structure import Report


def explain(settings: options.ExplainOptions) -> int:
    """Show the repeated texts themselves; the exit code."""
    from synthdata.panel.panel import only
    from synthdata.similarity.evidence import views
    from synthdata.similarity.repeats import EXAMPLES

    loaded = inputs.load(settings, settings.data)
    with progress.ticking("looking for what repeats"):
        sheet = only(
            loaded.texts,
            ["near_duplicates", "near_duplicates_masked", "templates", "repeated"],
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            seed=settings.seed,
        )
        evidence = views(
            sheet.texts,
            top=settings.top,
            near=sheet.near,
            repeated=sheet.passages if settings.top <= EXAMPLES else None,
            frames=sheet.frames,
        )
    share, top3 = (sheet.measures[name] for name in ("near_duplicates", "top3_clusters"))
    made = Report(
        title=publish.title("What repeats in", settings.data, sheet.n),
        verdict=wording.of_rest(
            wording.verdict(sheet.n, sheet.measures, sheet.boilerplate), loaded
        ),
        headlines=(share, top3),
        measures=tuple(sheet.measures[name] for name in wording.SHARES),
        evidence=tuple(evidence),
        alerts=inputs.alerts(loaded),
        notes=dataset.notes(loaded.tally),
        provenance=inputs.provenance(settings, loaded),
    )
    return publish.finish("explain", settings, made, loaded.tally)
