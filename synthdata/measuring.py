"""`measure`: the whole panel of a collection in memory, or one pass over any number of rows.

Run:    python -m synthdata measure --help
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from synthdata import finishing, loading, options, progress, report
from synthdata.report import Report

if TYPE_CHECKING:
    from synthdata.panel import Panel


def measure(settings: options.MeasureOptions) -> int:
    """The panel of measures, with evidence and pictures."""
    if settings.stream:
        return stream(settings)
    from synthdata import drawing, reading
    from synthdata.explain import explain as evidence_of
    from synthdata.panel import measure as panel

    fields = [field for field in (settings.by, settings.group) if field]
    loaded = finishing.load(settings, settings.data, *fields)
    texts = loaded.texts
    by = loaded.values(settings.by) if settings.by else None
    vectors = loading.embeddings(settings.embeddings, loaded) if settings.embeddings else None
    with progress.ticking("measuring"):
        found = panel(
            texts,
            by=by,
            groups=loaded.groups(settings.group) if settings.group else None,
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            embeddings=vectors,
            seed=settings.seed,
        )
        evidence = evidence_of(
            texts,
            policy=settings.policy,
            seed=settings.seed,
            near=found.near,
            repeated=found.passages,
        )
    made = Report(
        title=finishing.title("Variety of", settings.data, len(texts)),
        verdict=reading.of_collection(
            len(texts),
            found["near_duplicates"],
            found["top3_clusters"].value,
            "in a cluster of near-duplicates",
        ),
        headlines=tuple(found[name] for name in ("near_duplicates", "documents_hill1", "hill1")),
        measures=tuple(found.values()),
        table=_by_value(settings.by, found),
        table_title=f"What each {settings.by} adds",
        figures=finishing.figures(
            settings.html,
            lambda: drawing.of_collection(
                texts, settings.policy, settings.tokeniser, _budgets(settings.by, found)
            ),
        ),
        evidence=tuple(evidence),
        notes=loading.notes(loaded.tally) + finishing.group_notes(settings, loaded),
        provenance=finishing.provenance(settings, loaded)
        | {"word": found.tokeniser}
        | finishing.group_provenance(settings),
    )
    return finishing.finish("measure", settings, made, loaded.tally)


def _budgets(by: str | None, found: Panel) -> dict[str, tuple[float, float]]:
    """Bits explained and bits left, of words and of documents, where they are defined."""
    pairs = {"words": found.budget, "documents": found.documents_budget}
    return {
        f"{what} by {by}": (budget.information.value, budget.within.value)
        for what, budget in pairs.items()
        if budget is not None and not math.isnan(budget.information.value)
    }


def _by_value(by: str | None, found: Panel) -> tuple[tuple[str, ...], ...]:
    """Which value of the field adds how much, the ten that add most."""
    if found.budget is None or not found.budget.strata:
        return ()
    head = (str(by), "documents", "entropy of its words, bits", "adds, bits/word")
    rows = [
        (s.value, f"{s.documents:,}", report.number(s.entropy), report.number(s.adds))
        for s in found.budget.strata[:10]
    ]
    return (head, *rows)


def stream(settings: options.MeasureOptions) -> int:
    """The measures of one pass."""
    from synthdata import drawing, reading, scale, sources, streamed
    from synthdata.explain import Evidence, Item
    from synthdata.meter import Meter, MeterConfig

    words = "character" if settings.tokens == "character" else "word"
    config = MeterConfig(
        ram=sources.parse_size(settings.ram),
        seed=settings.seed,
        words="byte" if settings.tokens == "byte" else words,
        policy=settings.policy,
    )
    before = None
    if settings.meter and os.path.exists(settings.meter):
        before = Meter.load(settings.meter)
    total = progress.total_bytes(sources.expand(settings.data))
    with progress.bytes_bar("reading", total) as bar:
        meter = scale.meter_files(
            settings.data, settings.read(), config, engine=settings.engine, progress=bar.update
        )
    if before is not None:
        again = {f.sha256 for f in before.tally.files} & {f.sha256 for f in meter.tally.files}
        if again:
            raise ValueError(f"{settings.meter} has counted one of these files already")
        meter = before.merge(meter)
    if settings.meter:
        meter.save(settings.meter)
    found = {m.name: m for m in streamed.measures(meter)}
    views = []
    for name, channel in meter.channels.items():
        top = [
            Item(text=channel.labels[number], count=count)
            for number, count in channel.heavy_hitters(2)[:200]
            if number in channel.labels and count > max(1, 2 * channel.error)
        ][:5]
        short = f"may be too small by up to {channel.error:,}" if channel.error else "are exact"
        summary = f"of {channel.total:,}; counts {short}"
        if name != "characters":
            views.append(Evidence(title=f"Commonest {name}", summary=summary, items=tuple(top)))
    made = Report(
        title=finishing.title("Variety, in one pass, of", settings.data, meter.documents),
        verdict=reading.of_stream(meter.documents, found["documents_types"]),
        headlines=tuple(
            found[name]
            for name in ("documents_types", "words_hill1_source", "words_entropy_source")
        ),
        measures=tuple(found.values()),
        figures=finishing.figures(settings.html, lambda: drawing.of_meter(meter)),
        evidence=tuple(views),
        notes=loading.notes(meter.tally),
        provenance=loading.provenance(
            meter.tally,
            n=f"{meter.documents:,} documents, {meter.characters:,} characters",
            tokeniser=f"{config.words}, {config.policy}",
            seed=config.seed,
            memory=f"{config.ram:,} bytes, {config.k:,} types sampled in each channel",
        ),
    )
    return finishing.finish("measure", settings, made, meter.tally)
