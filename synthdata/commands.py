"""What each command does, from its options to a report and an exit code.

Idea:   read, measure, judge, print. Everything that computes lives elsewhere; this is the order.
Run:    python -m synthdata --help
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labkit import files
from synthdata import finishing, loading, options, progress, record, report, writing
from synthdata.loading import Loaded
from synthdata.measuring import measure
from synthdata.report import Report, Table

if TYPE_CHECKING:
    from synthdata.compare import Comparison
    from synthdata.curate import Curated
    from synthdata.reading import Verdict


def run(settings: Any) -> int:
    """Do what the parsed options say; the exit code."""
    jobs: dict[type, Callable[[Any], int]] = {
        options.MeasureOptions: measure,
        options.CompareOptions: compare,
        options.GateOptions: gate,
        options.ExplainOptions: explain,
        options.CurateOptions: curate,
        options.PersonasOptions: personas,
        options.ThreeJokesOptions: three_jokes,
        options.CollapseOptions: collapse,
    }
    outputs = {
        name: path
        for name in ("html", "out", "reasons", "meter", "png", "csv")
        if (path := getattr(settings, name, None)) is not None
    }
    writing.check_places(outputs)  # not after an hour of work
    data = getattr(settings, "data", None) or ()  # experiments make their own
    if isinstance(data, str):  # a corpus by its name, or a file
        data = [data] if os.path.isfile(data) else []
    more = [getattr(settings, name, None) for name in ("ref", "embeddings")]
    for name, path in outputs.items():
        if name != "meter":  # which is read, and then written
            option = "-o" if name == "out" else f"--{name}"
            writing.spare_inputs(option, path, [*data, *filter(None, more)])
    return jobs[type(settings)](settings)


# -- compare and gate ------------------------------------------------


def compare(settings: options.CompareOptions) -> int:
    """A collection beside its reference."""
    from synthdata import against, drawing, reading, stripping
    from synthdata.explain import explain as evidence_of
    from synthdata.repeats import repeats

    loaded, reference = finishing.load_both(settings)
    assert reference is not None  # --ref is not optional here
    compared = _compared(settings, loaded, reference)
    with progress.ticking("looking for what repeats"):
        texts = [settings.policy(text) for text in loaded.texts]
        passages = repeats(texts)
        evidence = evidence_of(texts, policy=settings.policy, seed=settings.seed, repeated=passages)
        fixed = stripping.find(texts, passages)
    made = Report(
        title=finishing.title("Variety of", settings.data, len(loaded.rows))
        + f" against {settings.ref}",
        verdict=finishing.unless_wordless(
            finishing.of_rest(against.with_fixed(against.of_comparison(compared), fixed), loaded),
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
        figures=finishing.figures(
            settings.html,
            lambda: drawing.of_comparison(
                compared, loaded.texts, reference.texts, settings.tokeniser
            ),
        ),
        evidence=tuple(evidence),
        alerts=finishing.alerts(loaded, reference),
        notes=reading.cluster_note(d.ratio for d in compared.differences.values())
        + loading.notes(finishing.both(loaded, reference))
        + finishing.group_notes(settings, loaded, reference)
        + compared.notes
        + stripping.note(fixed)
        + finishing.mixture_notes(*compared.mixture),
        provenance=finishing.provenance(settings, loaded, reference)
        | {"made equal": compared.matched}
        | finishing.group_provenance(settings),
    )
    tested = record.differences(compared.differences.values())
    return finishing.finish(
        "compare",
        settings,
        made,
        finishing.both(loaded, reference),
        differences=tested,
        unlike=list(compared.notes),
        mixture=dict(zip(("synthetic", "reference"), compared.mixture)),
        scripts=dict(zip(("synthetic", "reference"), compared.scripts)),
        inside=None if compared.inside is None else asdict(compared.inside),
    )


def gate(settings: options.GateOptions) -> int:
    """Whether all rules hold."""
    from synthdata import reading
    from synthdata.gate import gate as judge
    from synthdata.gate import parse

    rules = [parse(rule) for rule in settings.rule]
    loaded, reference = finishing.load_both(settings)
    with progress.ticking("judging"):
        found = judge(
            loaded.texts,
            rules,
            reference=None if reference is None else reference.texts,
            **finishing.groups(settings, loaded, reference),
            match=settings.match,
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            seed=settings.seed,
        )
    judged = found.judgements
    made = Report(
        title=finishing.title("Gate for", settings.data, len(loaded.rows)),
        verdict=finishing.of_rest(reading.of_gate(found), loaded),
        headlines=tuple(judgement.measure for judgement in judged[:3]),
        measures=tuple(judgement.measure for judgement in judged[3:]),
        tables=(
            Table(
                title="Rules",
                rows=(
                    ("rule", "result", "why"),
                    *((str(j.rule), j.outcome, j.reason) for j in judged),
                ),
            ),
        ),
        alerts=finishing.alerts(loaded, reference),
        notes=reading.cluster_note(judgement.measure for judgement in judged)
        + loading.notes(loaded.tally if reference is None else finishing.both(loaded, reference))
        + finishing.group_notes(settings, loaded, reference)
        + found.notes
        + (finishing.mixture_notes(*found.mixture) if found.mixture else ()),
        provenance=finishing.provenance(
            settings, loaded, *([] if reference is None else [reference])
        )
        | finishing.group_provenance(settings),
    )
    return finishing.finish(
        "gate",
        settings,
        made,
        loaded.tally,
        rules=[
            {"rule": str(j.rule), "result": j.outcome, "measure": j.measure.name, "why": j.reason}
            for j in judged
        ],
        exit_code=found.exit_code,
        unlike=list(found.notes),
    )


def _compared(settings: options.CompareOptions, loaded: Loaded, reference: Loaded) -> Comparison:
    from synthdata.compare import compare as compare_texts

    with progress.ticking("comparing"):
        return compare_texts(
            loaded.texts,
            reference.texts,
            **finishing.groups(settings, loaded, reference),
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
            report.number(d.synthetic),
            report.number(d.reference),
            report.amount(d.ratio),
            report.number(d.p_holm),
            _about(d.needed, d.needed_low, d.needed_high),
        )
        for d in compared.differences.values()
    ]
    return (head, *rows)


def _about(needed: float, low: float, high: float) -> str:
    if math.isnan(needed):
        return ""
    return f"about {needed:,.0f} ({low:,.0f} to {high:,.0f})"


# -- explain and curate ------------------------------------------------


def explain(settings: options.ExplainOptions) -> int:
    """The repeated texts themselves."""
    from synthdata.explain import explain as evidence_of
    from synthdata.panel import only
    from synthdata.repeats import EXAMPLES

    loaded = finishing.load(settings, settings.data)
    with progress.ticking("looking for what repeats"):
        sheet = only(
            loaded.texts,
            ["near_duplicates", "near_duplicates_masked", "templates", "repeated"],
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            seed=settings.seed,
        )
        evidence = evidence_of(
            loaded.texts,
            policy=settings.policy,
            top=settings.top,
            seed=settings.seed,
            near=sheet.near,
            repeated=sheet.passages if settings.top <= EXAMPLES else None,
            frames=sheet.frames,
        )
    share, top3 = (sheet.measures[name] for name in ("near_duplicates", "top3_clusters"))
    made = Report(
        title=finishing.title("What repeats in", settings.data, sheet.n),
        verdict=finishing.of_rest(
            finishing.verdict(sheet.n, sheet.measures, sheet.boilerplate), loaded
        ),
        headlines=(share, top3),
        measures=tuple(sheet.measures[name] for name in finishing.SHARES),
        evidence=tuple(evidence),
        alerts=finishing.alerts(loaded),
        notes=loading.notes(loaded.tally),
        provenance=finishing.provenance(settings, loaded),
    )
    return finishing.finish("explain", settings, made, loaded.tally)


def curate(settings: options.CurateOptions) -> int:
    """Write what is worth keeping."""
    from synthdata.curate import curate as choose

    writing.check_target(settings.out)
    loaded = finishing.load(settings, settings.data)
    kind = writing.kind_of(loaded.tally)
    with progress.ticking("choosing"):
        chosen = choose(
            loaded.texts,
            drop=settings.wastes,  # type: ignore[arg-type]
            cap_per_cluster=settings.cap_per_cluster,
            budget=settings.budget,
            policy=settings.policy,
            seed=settings.seed,
        )
    kept = [loaded.rows[i] for i in chosen.kept]
    written = [(settings.out, writing.rows(settings.out, kept, loaded.tally))]
    if settings.reasons:
        written.append((settings.reasons, writing.reasons(loaded.rows, chosen.reason)))
    files.write_all(written)
    made = Report(
        title=finishing.title("Curated", settings.data, len(loaded.rows)),
        verdict=_kept([settings.policy(text) for text in loaded.texts], chosen),
        headlines=(),
        alerts=finishing.alerts(loaded),
        notes=loading.notes(loaded.tally) + writing.read_again(settings.out, kind),
        provenance=finishing.provenance(settings, loaded)
        | {
            "drop": settings.drop,
            "cap per cluster": str(settings.cap_per_cluster or "not set"),
            "budget": str(settings.budget or "not set"),
            "written": settings.out,
        },
    )
    return finishing.finish(
        "curate", settings, made, loaded.tally, kept=len(chosen.kept), dropped=chosen.dropped
    )


def _kept(texts: list[str], chosen: Curated) -> Verdict:
    """What was kept; where a passage that all have is why little was, or nothing, what to do."""
    from synthdata import stripping
    from synthdata.reading import Verdict

    dropped = "; ".join(f"{why} {count:,}" for why, count in chosen.dropped.items()) or "nothing"
    text = f"Kept {len(chosen.kept):,} of {len(texts):,} documents."
    because = f"Dropped: {dropped}."
    advice = ""
    if 2 * chosen.dropped.get("boilerplate", 0) >= len(texts):
        fixed = stripping.find(texts)
        if fixed.passages and fixed.varied:
            advice = (
                f" One passage stands in {fixed.stands_in:.0%} of the documents and is "
                f"{fixed.share:.0%} of the text, so most look like boilerplate, though the rest "
                "varies: --strip chooses by the rest."
            )
    if not chosen.kept and not advice:
        advice = (
            " Nothing is left: --reasons FILE says why each row was dropped, and --drop names what "
            "is dropped (none: nothing)."
        )
    return Verdict(text=text, confidence="low" if advice else "high", because=because + advice)


# -- experiments: these bring minigpt, and torch where there is a GPT ---


def personas(settings: options.PersonasOptions) -> int:
    """Personas against collapse."""
    from synthdata import persona_report

    return persona_report.personas(settings)


def three_jokes(settings: options.ThreeJokesOptions) -> int:
    """Judges of one text against a test of many."""
    from synthdata import joke_report

    return joke_report.three_jokes(settings)


def collapse(settings: options.CollapseOptions) -> int:
    """Generations that learn from each other."""
    from synthdata import collapse_command

    return collapse_command.run(settings)
