"""`measure`: the whole panel of a collection in memory, or one pass over any number of rows.

Run:    python -m synthdata measure --help
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from synthdata import finishing, loading, options, progress, record, report, sizes, sources
from synthdata.report import Report, Table

if TYPE_CHECKING:
    from synthdata.meter import Meter
    from synthdata.panel import Panel


def measure(settings: options.MeasureOptions) -> int:
    """The panel of measures, with evidence and pictures."""
    if settings.stream:
        return stream(settings)
    from synthdata import drawing, reading
    from synthdata.explain import explain as evidence_of
    from synthdata.panel import measure as panel

    group = None if settings.group == finishing.ALONE else settings.group
    fields = [field for field in (settings.by, group) if field]
    loaded = finishing.load(settings, settings.data, *fields)
    texts = loaded.texts
    by = loaded.values(settings.by) if settings.by else None
    vectors = loading.embeddings(settings.embeddings, loaded) if settings.embeddings else None
    with progress.ticking("measuring"):
        found = panel(
            texts,
            by=by,
            groups=finishing.own_groups(settings, loaded),
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
            frames=found.frames,
        )
    made = Report(
        title=finishing.title("Variety of", settings.data, len(texts)),
        verdict=finishing.of_rest(
            finishing.verdict(len(texts), found, found.boilerplate, found.units), loaded
        ),
        headlines=tuple(found[name] for name in ("near_duplicates", "documents_hill1", "hill1")),
        measures=tuple(found.values()),
        tables=_by_value(settings.by, found),
        curves=_in_numbers(found),
        figures=finishing.figures(
            settings.html,
            lambda: drawing.of_collection(
                texts, settings.policy, settings.tokeniser, _budgets(settings.by, found)
            ),
        ),
        evidence=tuple(evidence),
        alerts=finishing.alerts(loaded),
        notes=reading.cluster_note(found.values())
        + loading.notes(loaded.tally)
        + finishing.group_notes(settings, loaded)
        + finishing.mixture_notes(found.mixture),
        provenance=finishing.provenance(settings, loaded)
        | {"word": found.tokeniser}
        | finishing.group_provenance(settings),
    )
    by_field = {} if settings.by is None else {"by": record.by(settings.by, found)}
    return finishing.finish(
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
                *map(report.number, (row.hill0, row.hill1, row.hill2)),
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
            caption="What a sample of so many draws shows on average. Rarefied is exact; "
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
                        (f"{q:g}", *(report.number(value[what, q]) for what in kinds))
                        for q in sizes.SHOWN_ORDERS
                    ),
                ),
                caption="Order 0 counts every kind once; higher orders count common kinds more.",
            )
        )
    return tuple(made)


def _budgets(by: str | None, found: Panel) -> dict[str, tuple[float, float]]:
    """Bits explained and bits left, of words and of documents, where they are defined."""
    pairs = {"words": found.budget, "documents": found.documents_budget}
    return {
        f"{what} by {by}": (budget.information.value, budget.within.value)
        for what, budget in pairs.items()
        if budget is not None and not math.isnan(budget.information.value)
    }


def _by_value(by: str | None, found: Panel) -> tuple[Table, ...]:
    """Which value of the field adds how much, the ten that add most."""
    if found.budget is None or not found.budget.strata:
        return ()
    head = (str(by), "documents", "entropy of its words, bits", "adds, bits/word")
    rows = [
        (s.value, f"{s.documents:,}", report.number(s.entropy), report.number(s.adds))
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


OLDER_WORDS = (
    "part of this was counted by an earlier version, to which a run of Chinese, Thai or other "
    "characters without spaces was one word; count such texts again"
)


def _metered(settings: options.MeasureOptions) -> Meter:
    """Saved meters and newly read files, as one meter, which is saved where that was asked for."""
    from synthdata import scale
    from synthdata.meter import AUTO, Meter, MeterConfig

    named = sources.expand(settings.data)
    saved = [path for path in named if Meter.is_saved(path)]
    files = [path for path in named if path not in saved]
    if settings.meter and os.path.exists(settings.meter):
        saved.insert(0, settings.meter)
    whole: Meter | None = None
    for path in saved:
        whole = _joined(whole, Meter.load(path), path)
    if whole is not None and not files:  # of files, `merge` says it
        _agree(settings, whole)
    if files:
        words: str = settings.tokens
        if whole is not None and words == AUTO:
            words = whole.config.words  # what was decided then goes on
        config = MeterConfig(
            ram=sources.parse_size(settings.ram),
            seed=settings.seed,
            words=words,
            policy=settings.policy,
        )
        with progress.bytes_bar("reading", progress.total_bytes(files)) as bar:
            read = settings.read()
            fresh = scale.meter_files(
                files, read, config, engine=settings.engine, progress=bar.update
            )
        whole = _joined(whole, fresh, "a saved meter")
    assert whole is not None  # `expand` lets no empty list through
    if settings.meter:
        whole.save(settings.meter)
    return whole


def _agree(settings: options.MeasureOptions, meter: Meter) -> None:
    """ValueError where an option contradicts what the saved meter has counted."""
    asked, made = options.MeasureOptions(data=settings.data), meter.config
    for name, wanted, has in (
        ("tokens", settings.tokens, made.words),
        ("case", settings.case, made.policy.case),
        ("seed", settings.seed, made.seed),
        ("ram", sources.parse_size(settings.ram), made.ram),
    ):
        if getattr(settings, name) != getattr(asked, name) and wanted != has:
            raise ValueError(
                f"--{name} {getattr(settings, name)}: the saved meter has counted with --{name} "
                f"{has}; leave the option out, or count the texts again"
            )


def _joined(whole: Meter | None, more: Meter, name: str) -> Meter:
    """Both as one; ValueError where a file would count twice."""
    if whole is None:
        return more
    again = {f.sha256: f.path for f in whole.tally.files}
    for file in more.tally.files:
        if file.sha256 in again:
            raise ValueError(
                f"{name} has counted one of these files already ({again[file.sha256]}); "
                "its rows would count double"
            )
    return whole.merge(more)


def stream(settings: options.MeasureOptions) -> int:
    """The measures of one pass."""
    from synthdata import drawing, reading, streamed
    from synthdata.explain import Evidence, Item

    meter = _metered(settings)
    config = meter.config
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
        curves=_rarefaction_of(meter),
        figures=finishing.figures(settings.html, lambda: drawing.of_meter(meter)),
        evidence=tuple(views),
        alerts=loading.alerts(meter.tally),
        notes=loading.notes(meter.tally)
        + finishing.mixture_notes(meter.mixture)
        + ((OLDER_WORDS,) if meter.older_words else ()),
        provenance=loading.provenance(
            meter.tally,
            n=f"{meter.documents:,} documents, {meter.characters:,} characters",
            tokeniser=f"{config.words}, {config.policy}",
            word=meter.config.words,
            seed=config.seed,
            memory=f"{config.ram:,} bytes, {config.k:,} types sampled in each channel",
        ),
    )
    return finishing.finish("measure", settings, made, meter.tally, mixture=meter.mixture)


def _rarefaction_of(meter: Meter) -> tuple[Table, ...]:
    """Distinct words and documents in parts of what went by, and effective ones in all of it."""
    from synthdata import streamed

    rows, profile = [], []
    for name in ("words", "documents"):
        known = streamed.counts_of(meter.channels[name])
        for part, asked in ((4, "a quarter"), (2, "half"), (1, "all")):
            if size := known.n // part:
                found = report.number(round(streamed.types_at(known, size)))
                rows.append((name, asked, f"{size:,}", found))
        hills = (report.number(streamed.hill(known, q)) for q in (0, 1, 2))
        profile.append((name, *hills))
    if not rows:
        return ()
    orders = ("of", "order 0", "order 1", "order 2")
    return (
        Table(title="Rarefaction", rows=(("of", "in", "draws", "distinct"), *rows)),
        Table(title="Hill profile of what went by", rows=(orders, *profile)),
    )
