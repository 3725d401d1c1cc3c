"""`gate`: whether all rules hold; its exit code is for continuous integration.

Run:    python -m synthdata gate --help
"""

from __future__ import annotations

from labkit import progress
from synthdata.cli import inputs, options, wording
from synthdata.io import dataset
from synthdata.report import publish
from synthdata.report.structure import Report, Table


def gate(settings: options.GateOptions) -> int:
    """Check whether all rules hold; the exit code."""
    from synthdata.verdicts import verdict
    from synthdata.verdicts.gate import gate as judge
    from synthdata.verdicts.gate import of_gate
    from synthdata.verdicts.rules import parse

    rules = [parse(rule) for rule in settings.rule]
    loaded, reference = inputs.load_both(settings)
    with progress.ticking("judging"):
        found = judge(
            loaded.texts,
            rules,
            reference=None if reference is None else reference.texts,
            **inputs.groups(settings, loaded, reference),
            match=settings.match,
            tokeniser=settings.tokeniser,
            policy=settings.policy,
            seed=settings.seed,
        )
    judged = found.judgements
    tally = loaded.tally if reference is None else inputs.both(loaded, reference)
    made = Report(
        title=publish.title("Gate for", settings.data, len(loaded.rows)),
        verdict=wording.of_rest(of_gate(found), loaded),
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
        alerts=inputs.alerts(loaded, reference),
        notes=verdict.cluster_note(judgement.measure for judgement in judged)
        + dataset.notes(tally)
        + inputs.group_notes(settings, loaded, reference)
        + found.notes
        + (publish.mixture_notes(*found.mixture) if found.mixture else ()),
        provenance=inputs.provenance(settings, loaded, *([] if reference is None else [reference]))
        | inputs.group_provenance(settings),
    )
    return publish.finish(
        "gate",
        settings,
        made,
        tally,
        rules=[
            {"rule": str(j.rule), "result": j.outcome, "measure": j.measure.name, "why": j.reason}
            for j in judged
        ],
        exit_code=found.exit_code,
        unlike=list(found.notes),
    )
