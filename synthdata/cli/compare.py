"""`compare`: a collection against its reference.

Run:    python -m synthdata compare --help
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from labkit import progress
from synthdata.cli import inputs, options, wording
from synthdata.io import dataset
from synthdata.io.dataset import Loaded
from synthdata.report import publish, record, structure
from synthdata.report.structure import Report, Table

if TYPE_CHECKING:
    from synthdata.comparison.compare import Comparison


def compare(settings: options.CompareOptions) -> int:
    """Compare a collection with its reference; the exit code."""
    from synthdata.report import figures
    from synthdata.similarity import boilerplate
    from synthdata.similarity.evidence import find_templates, views
    from synthdata.similarity.near_duplicates import near_duplicates
    from synthdata.similarity.repeats import repeats
    from synthdata.verdicts import against, verdict

    loaded, reference = inputs.load_both(settings)
    assert reference is not None  # --ref is not optional here
    compared = _compared(settings, loaded, reference)
    with progress.ticking("looking for what repeats"):
        passages = repeats(compared.texts)
        words, characters = compared.encoded
        evidence = views(
            compared.texts,
            near=near_duplicates(compared.texts, seed=settings.seed, characters=characters),
            repeated=passages,
            frames=find_templates(compared.texts, words),
        )
        fixed = boilerplate.find(compared.texts, passages)
    made = Report(
        title=publish.title("Variety of", settings.data, len(loaded.rows))
        + f" against {settings.ref}",
        verdict=wording.unless_wordless(
            wording.of_rest(against.with_fixed(against.of_comparison(compared), fixed), loaded),
            compared,
        ),
        headlines=tuple(
            compared.measure(name) for name in ("hill1_ratio", "documents_hill1_ratio", "copied")
        ),
        measures=(
            *(d.ratio for d in compared.differences.values()),
            *compared.measures.values(),
        ),
        tables=(Table(title=f"Side by side, at {compared.matched}", rows=_side_by_side(compared)),),
        figures=publish.figures(
            settings.html,
            lambda: figures.of_comparison(compared),
        ),
        evidence=tuple(evidence),
        alerts=inputs.alerts(loaded, reference),
        notes=verdict.cluster_note(d.ratio for d in compared.differences.values())
        + dataset.notes(inputs.both(loaded, reference))
        + inputs.group_notes(settings, loaded, reference)
        + compared.notes
        + boilerplate.note(fixed)
        + publish.mixture_notes(*compared.mixture),
        provenance=inputs.provenance(settings, loaded, reference)
        | {"made equal": compared.matched}
        | inputs.group_provenance(settings),
    )
    tested = record.differences(compared.differences.values())
    return publish.finish(
        "compare",
        settings,
        made,
        inputs.both(loaded, reference),
        differences=tested,
        unlike=list(compared.notes),
        mixture=dict(zip(("synthetic", "reference"), compared.mixture)),
        scripts=dict(zip(("synthetic", "reference"), compared.scripts)),
        inside=None if compared.inside is None else asdict(compared.inside),
    )


def _compared(settings: options.CompareOptions, loaded: Loaded, reference: Loaded) -> Comparison:
    from synthdata.comparison.compare import compare as compare_texts

    with progress.ticking("comparing"):
        return compare_texts(
            loaded.texts,
            reference.texts,
            **inputs.groups(settings, loaded, reference),
            match=settings.match,
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            seed=settings.seed,
        )


def _side_by_side(compared: Comparison) -> tuple[tuple[str, ...], ...]:
    head = ("quantity", "synthetic", "reference", "ratio or difference", "p (Holm)", "n needed")
    rows = [
        (
            d.name,
            structure.number(d.synthetic),
            structure.number(d.reference),
            structure.amount(d.ratio),
            structure.number(d.p_holm),
            _about(d.needed, d.needed_low, d.needed_high),
        )
        for d in compared.differences.values()
    ]
    return (head, *rows)


def _about(needed: float, low: float, high: float) -> str:
    if math.isnan(needed):
        return ""
    return f"about {needed:,.0f} ({low:,.0f} to {high:,.0f})"
