"""`curate`: write the rows that are worth keeping.

Run:    python -m synthdata curate --help
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit import files, progress
from synthdata.cli import inputs, options
from synthdata.io import dataset, writer
from synthdata.report import publish
from synthdata.report.structure import Report

if TYPE_CHECKING:
    from synthdata.similarity.curation import Curated
    from synthdata.verdicts.verdict import Verdict


def curate(settings: options.CurateOptions) -> int:
    """Write the rows worth keeping; the exit code."""
    from synthdata.similarity.curation import curate as choose

    writer.check_target(settings.out)
    loaded = inputs.load(settings, settings.data)
    kind = writer.kind_of(loaded.tally)
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
    written = [(settings.out, writer.rows(settings.out, kept, loaded.tally))]
    if settings.reasons:
        written.append((settings.reasons, writer.reasons(loaded.rows, chosen.reason)))
    files.write_all(written)
    made = Report(
        title=publish.title("Curated", settings.data, len(loaded.rows)),
        verdict=_kept([settings.policy(text) for text in loaded.texts], chosen),
        headlines=(),
        alerts=inputs.alerts(loaded),
        notes=dataset.notes(loaded.tally) + writer.read_again(settings.out, kind),
        provenance=inputs.provenance(settings, loaded)
        | {
            "drop": settings.drop,
            "cap per cluster": str(settings.cap_per_cluster or "not set"),
            "budget": str(settings.budget or "not set"),
            "written": settings.out,
        },
    )
    return publish.finish(
        "curate", settings, made, loaded.tally, kept=len(chosen.kept), dropped=chosen.dropped
    )


def _kept(texts: list[str], chosen: Curated) -> Verdict:
    """Verdict on what was kept, with a remedy if a shared passage is why little or nothing was."""
    from synthdata.similarity import boilerplate
    from synthdata.verdicts.verdict import Verdict

    dropped = "; ".join(f"{why} {count:,}" for why, count in chosen.dropped.items()) or "nothing"
    text = f"Kept {len(chosen.kept):,} of {len(texts):,} documents."
    because = f"Dropped: {dropped}."
    advice = ""
    if 2 * chosen.dropped.get("boilerplate", 0) >= len(texts):
        fixed = boilerplate.find(texts)
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
