"""What each command does, from its options to a report and an exit code.

Idea:   read, measure, judge, print. Everything that computes lives elsewhere; this is the order.
Run:    python -m synthdata --help
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labkit import files
from synthdata import loading, options, progress, record, report
from synthdata.io import Tally
from synthdata.loading import Loaded
from synthdata.report import Figure, Report

if TYPE_CHECKING:
    from synthdata.panel import Panel


def run(settings: Any) -> int:
    """Do what the parsed options say; the exit code."""
    jobs: dict[type, Callable[[Any], int]] = {
        options.MeasureOptions: measure,
        options.CompareOptions: compare,
        options.GateOptions: gate,
        options.ExplainOptions: explain,
        options.CurateOptions: curate,
    }
    for name in ("html", "out", "reasons", "meter"):  # not after an hour of work
        folder = os.path.dirname(getattr(settings, name, None) or "") or "."
        if not os.path.isdir(folder):
            raise ValueError(f"--{name}: there is no folder {folder!r}; make it first")
    return jobs[type(settings)](settings)


# -- measure ------------------------------------------------


def measure(settings: options.MeasureOptions) -> int:
    """The panel of measures, with evidence and pictures."""
    if settings.stream:
        return stream(settings)
    from synthdata import drawing, reading
    from synthdata.explain import explain as evidence_of
    from synthdata.panel import measure as panel

    loaded = _load(settings, settings.data, *([settings.by] if settings.by else []))
    texts = loaded.texts
    by = loaded.values(settings.by) if settings.by else None
    vectors = loading.embeddings(settings.embeddings, loaded) if settings.embeddings else None
    with progress.ticking("measuring"):
        found = panel(
            texts,
            by=by,
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
        title=_title("Variety of", settings.data, len(texts)),
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
        figures=_figures(
            settings.html,
            lambda: drawing.of_collection(
                texts, settings.policy, settings.tokeniser, _budgets(settings.by, found)
            ),
        ),
        evidence=tuple(evidence),
        notes=loading.notes(loaded.tally),
        provenance=_provenance(settings, loaded) | {"word": found.tokeniser},
    )
    return _finish("measure", settings, made, loaded.tally)


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
        title=_title("Variety, in one pass, of", settings.data, meter.documents),
        verdict=reading.of_stream(meter.documents, found["documents_types"]),
        headlines=tuple(
            found[f"{kind}"] for kind in ("documents_types", "words_hill1", "words_entropy")
        ),
        measures=tuple(found.values()),
        figures=_figures(settings.html, lambda: drawing.of_meter(meter)),
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
    return _finish("measure", settings, made, meter.tally)


# -- compare and gate ------------------------------------------------


def compare(settings: options.CompareOptions) -> int:
    """A collection beside its reference."""
    from synthdata import drawing, reading
    from synthdata.explain import explain as evidence_of

    loaded, reference = _load_both(settings)
    compared = _compared(settings, loaded, reference, settings.match)
    with progress.ticking("looking for what repeats"):
        evidence = evidence_of(loaded.texts, policy=settings.policy, seed=settings.seed)
    made = Report(
        title=_title("Variety of", settings.data, len(loaded.rows)) + f" against {settings.ref}",
        verdict=reading.of_comparison(compared),
        headlines=tuple(
            compared.measure(name) for name in ("hill1_ratio", "documents_hill1_ratio", "copied")
        ),
        measures=(
            *(d.ratio for d in compared.differences.values()),
            *compared.measures.values(),
        ),
        table=_side_by_side(compared),
        table_title=f"Side by side, at {compared.matched}",
        figures=_figures(
            settings.html,
            lambda: drawing.of_comparison(
                compared, loaded.texts, reference.texts, settings.tokeniser
            ),
        ),
        evidence=tuple(evidence),
        notes=loading.notes(_both(loaded, reference)),
        provenance=_provenance(settings, loaded, reference) | {"made equal": compared.matched},
    )
    tested = record.differences(compared.differences.values())
    return _finish("compare", settings, made, _both(loaded, reference), differences=tested)


def gate(settings: options.GateOptions) -> int:
    """Whether all rules hold."""
    from synthdata import reading
    from synthdata.gate import gate as judge
    from synthdata.gate import parse

    rules = [parse(rule) for rule in settings.rule]
    reference = None
    if settings.ref is not None:
        loaded, reference = _load_both(settings)
    else:
        loaded = _load(settings, settings.data)
    with progress.ticking("judging"):
        found = judge(
            loaded.texts,
            rules,
            reference=None if reference is None else reference.texts,
            match=settings.match,
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            seed=settings.seed,
        )
    judged = found.judgements
    made = Report(
        title=_title("Gate for", settings.data, len(loaded.rows)),
        verdict=reading.of_gate(found),
        headlines=tuple(judgement.measure for judgement in judged[:3]),
        measures=tuple(judgement.measure for judgement in judged[3:]),
        table=(
            ("rule", "result", "why"),
            *((str(judgement.rule), judgement.outcome, judgement.reason) for judgement in judged),
        ),
        table_title="Rules",
        notes=loading.notes(loaded.tally if reference is None else _both(loaded, reference)),
        provenance=_provenance(settings, loaded, *([] if reference is None else [reference])),
    )
    return _finish(
        "gate",
        settings,
        made,
        loaded.tally,
        rules=[
            {"rule": str(j.rule), "result": j.outcome, "measure": j.measure.name, "why": j.reason}
            for j in judged
        ],
        exit_code=found.exit_code,
    )


def _compared(settings: Any, loaded: Loaded, reference: Loaded, match: Any) -> Any:
    from synthdata.compare import compare as compare_texts

    with progress.ticking("comparing"):
        return compare_texts(
            loaded.texts,
            reference.texts,
            match=match,
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            seed=settings.seed,
        )


def _side_by_side(compared: Any) -> tuple[tuple[str, ...], ...]:
    head = ("quantity", "synthetic", "reference", "ratio or difference", "p (Holm)", "n needed")
    rows = [
        (
            d.name,
            report.number(d.synthetic),
            report.number(d.reference),
            report.amount(d.ratio),
            report.number(d.p_holm),
            "" if d.needed != d.needed else report.number(d.needed),
        )
        for d in compared.differences.values()
    ]
    return (head, *rows)


# -- explain and curate ------------------------------------------------


def explain(settings: options.ExplainOptions) -> int:
    """The repeated texts themselves."""
    from synthdata import intervals, reading
    from synthdata.explain import explain as evidence_of
    from synthdata.measures import Measure
    from synthdata.neardup import near_duplicates

    loaded = _load(settings, settings.data)
    plain = [settings.policy(text) for text in loaded.texts]
    with progress.ticking("looking for what repeats"):
        found = near_duplicates(plain, seed=settings.seed)
        evidence = evidence_of(
            loaded.texts, policy=settings.policy, top=settings.top, seed=settings.seed
        )
    inside = sum(len(cluster.documents) for cluster in found.clusters)
    low, high = intervals.share_interval(inside, len(plain))
    share = Measure(
        name="near_duplicates",
        value=found.share,
        low=low,
        high=high,
        n=len(plain),
        method=found.method,
        unit="share",
        direction="lower is more varied",
    )
    made = Report(
        title=_title("What repeats in", settings.data, len(plain)),
        verdict=reading.of_collection(
            len(plain), share, found.top_share(3), "in a cluster of near-duplicates"
        ),
        headlines=(share,),
        evidence=tuple(evidence),
        notes=loading.notes(loaded.tally),
        provenance=_provenance(settings, loaded),
    )
    return _finish("explain", settings, made, loaded.tally)


def curate(settings: options.CurateOptions) -> int:
    """Write what is worth keeping."""
    from synthdata import writing
    from synthdata.curate import curate as choose
    from synthdata.reading import Verdict

    writing.check_target(settings.out, settings.data)
    loaded = _load(settings, settings.data)
    with progress.ticking("choosing"):
        chosen = choose(
            loaded.texts,
            drop=settings.wastes,  # type: ignore[arg-type]
            cap_per_cluster=settings.cap_per_cluster,
            budget=settings.budget,
            policy=settings.policy,
            seed=settings.seed,
        )
    writing.write_rows(settings.out, [loaded.rows[i] for i in chosen.kept], loaded.tally, settings)
    if settings.reasons:
        writing.write_reasons(settings.reasons, loaded.rows, chosen.reason)
    dropped = "; ".join(f"{why} {count:,}" for why, count in chosen.dropped.items()) or "nothing"
    made = Report(
        title=_title("Curated", settings.data, len(loaded.rows)),
        verdict=Verdict(
            text=f"Kept {len(chosen.kept):,} of {len(loaded.rows):,} documents.",
            confidence="high",
            because=f"Dropped: {dropped}.",
        ),
        headlines=(),
        notes=loading.notes(loaded.tally),
        provenance=_provenance(settings, loaded)
        | {
            "drop": settings.drop,
            "cap per cluster": str(settings.cap_per_cluster),
            "budget": str(settings.budget),
            "written": settings.out,
        },
    )
    return _finish(
        "curate", settings, made, loaded.tally, kept=len(chosen.kept), dropped=chosen.dropped
    )


# -- what they share ------------------------------------------------


def _load(settings: options.Reading, data: tuple[str, ...], *columns: str) -> Loaded:
    """The rows; whole ones for curating, which writes them again."""
    config, fields = settings.read(*columns), columns
    if isinstance(settings, options.CurateOptions):
        config = replace(config, columns=None)
        return loading.load(data, config, sample=settings.sample, seed=settings.seed, fields=None)
    return loading.load(data, config, sample=settings.sample, seed=settings.seed, fields=fields)


def _load_both(settings: Any) -> tuple[Loaded, Loaded]:
    loaded = _load(settings, settings.data)
    config = settings.read()
    if settings.ref_text:
        config = replace(config, text=settings.ref_text)
    reference = loading.load([settings.ref], config, sample=settings.sample, seed=settings.seed + 1)
    return loaded, reference


def _both(loaded: Loaded, reference: Loaded) -> Tally:
    total = Tally()
    total.add(loaded.tally)
    total.add(reference.tally)
    return total


def _title(what: str, data: tuple[str, ...], n: int) -> str:
    name = data[0] if len(data) == 1 else f"{data[0]} and {len(data) - 1} more"
    return f"{what} {'standard input' if name == '-' else name}: {n:,} documents"


def _provenance(settings: options.Reading, loaded: Loaded, *others: Loaded) -> dict[str, str]:
    tally = loaded.tally
    for other in others:
        tally = _both(loaded, other)
    n = f"{len(loaded.rows):,} documents"
    if settings.sample is not None:
        n += f" drawn from {loaded.tally.rows:,}"
    return loading.provenance(
        tally,
        text_field=settings.text,
        n=n,
        tokeniser=f"{settings.tokens}, {settings.policy}",
        seed=settings.seed,
    )


def _figures(wanted: str | None, draw: Any) -> tuple[Figure, ...]:
    if not wanted:
        return ()
    with progress.ticking("drawing"):
        return tuple(draw())


def _finish(command: str, settings: Any, made: Report, tally: Tally, **more: Any) -> int:
    """Print the report, write the HTML, print the JSON line."""
    sys.stdout.write(report.terminal(made))
    if getattr(settings, "html", None):
        files.write_text(settings.html, report.to_html(made))
        sys.stdout.write(f"\nwritten: {settings.html}\n")
    if settings.json:
        sys.stdout.write(record.line(record.record(command, made, tally, **more)) + "\n")
    return int(more.get("exit_code", 0))
