"""`measure --stream`: one pass over any number of rows, and meters that are saved and joined.

Run:    python -m synthdata measure --help
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from labkit import progress
from synthdata.cli import options
from synthdata.io import dataset, streams
from synthdata.report import publish, structure
from synthdata.report.structure import Report, Table

if TYPE_CHECKING:
    from synthdata.streaming.meter import Meter

OLDER_WORDS = (
    "part of this was counted by an earlier version, to which a run of Chinese, Thai or other "
    "characters without spaces was one word; count such texts again"
)


def _metered(settings: options.MeasureOptions) -> Meter:
    """Saved meters and newly read files as one meter, which is saved if that was asked for."""
    from synthdata.streaming import scale
    from synthdata.streaming.meter import AUTO, Meter, MeterConfig

    named = streams.expand(settings.data)
    saved = [path for path in named if Meter.is_saved(path)]
    files = [path for path in named if path not in saved]
    if settings.meter and os.path.exists(settings.meter):
        saved.insert(0, settings.meter)
    whole: Meter | None = None
    for path in saved:
        whole = _joined(whole, Meter.load(path), path)
    if whole is not None and not files:  # with files, `merge` says it
        _agree(settings, whole)
    if files:
        words: str = settings.tokens
        if whole is not None and words == AUTO:
            words = whole.config.words  # the earlier decision holds
        config = MeterConfig(
            ram=streams.parse_size(settings.ram),
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
    assert whole is not None  # `expand` refuses an empty list
    if settings.meter:
        whole.save(settings.meter)
    return whole


def _agree(settings: options.MeasureOptions, meter: Meter) -> None:
    """Raise ValueError if an option contradicts what the saved meter has counted."""
    asked, made = options.MeasureOptions(data=settings.data), meter.config
    for name, wanted, has in (
        ("tokens", settings.tokens, made.words),
        ("case", settings.case, made.policy.case),
        ("seed", settings.seed, made.seed),
        ("ram", streams.parse_size(settings.ram), made.ram),
    ):
        if getattr(settings, name) != getattr(asked, name) and wanted != has:
            raise ValueError(
                f"--{name} {getattr(settings, name)}: the saved meter has counted with --{name} "
                f"{has}; leave the option out, or count the texts again"
            )


def _joined(whole: Meter | None, more: Meter, name: str) -> Meter:
    """Both as one; ValueError if a file would count twice."""
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
    """Report the measures of one pass; the exit code."""
    from synthdata.report import figures
    from synthdata.similarity.evidence import Evidence, Item
    from synthdata.streaming import measures
    from synthdata.verdicts import verdict

    meter = _metered(settings)
    config = meter.config
    found = {m.name: m for m in measures.measures(meter)}
    views = []
    for name, channel in meter.channels.items():
        top = (
            Item(text=channel.labels[number], count=count)
            for number, count in channel.heavy_hitters(2)[:200]
            if number in channel.labels and count > max(1, 2 * channel.error)
        )
        short = f"may be too small by up to {channel.error:,}" if channel.error else "are exact"
        summary = f"of {channel.total:,}; counts {short}"
        if name != "characters":
            views.append(Evidence.of(f"Commonest {name}", summary, top, 5))
    made = Report(
        title=publish.title("Variety, in one pass, of", settings.data, meter.documents),
        verdict=verdict.of_stream(meter.documents, found["documents_types"]),
        headlines=tuple(
            found[name]
            for name in ("documents_types", "words_hill1_source", "words_entropy_source")
        ),
        measures=tuple(found.values()),
        curves=_rarefaction_of(meter),
        figures=publish.figures(settings.html, lambda: figures.of_meter(meter)),
        evidence=tuple(views),
        alerts=dataset.alerts(meter.tally),
        notes=dataset.notes(meter.tally)
        + publish.mixture_notes(meter.mixture)
        + ((OLDER_WORDS,) if meter.older_words else ()),
        provenance=dataset.provenance(
            meter.tally,
            n=f"{meter.documents:,} documents, {meter.characters:,} characters",
            tokeniser=f"{config.words}, {config.policy}",
            word=meter.config.words,
            seed=config.seed,
            memory=f"{config.ram:,} bytes, {config.k:,} types sampled in each channel",
        ),
    )
    return publish.finish("measure", settings, made, meter.tally, mixture=meter.mixture)


def _rarefaction_of(meter: Meter) -> tuple[Table, ...]:
    """Distinct words and documents in parts of the stream, and effective ones in all of it."""
    from synthdata.diversity.hill import hill
    from synthdata.diversity.rarefaction import rarefied
    from synthdata.streaming import measures

    rows, profile = [], []
    for name in ("words", "documents"):
        known = measures.counts_of(meter.channels[name])
        for part, asked in ((4, "a quarter"), (2, "half"), (1, "all")):
            if size := known.n // part:
                found = structure.number(round(rarefied(known, size)))
                rows.append((name, asked, f"{size:,}", found))
        hills = (structure.number(hill(known, q)) for q in (0, 1, 2))
        profile.append((name, *hills))
    if not rows:
        return ()
    orders = ("of", "order 0", "order 1", "order 2")
    return (
        Table(title="Rarefaction", rows=(("of", "in", "draws", "distinct"), *rows)),
        Table(title="Hill profile of what went by", rows=(orders, *profile)),
    )
