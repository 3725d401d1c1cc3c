"""The JSON record: what `--json` prints as its last line.

Idea:   a script reads one line and checks one number, `version`, before it trusts the rest. Fields
        are only ever added within a version.

One object with these fields, version 2 (all of version 1 are there, and mean the same; but
*_entropy_source, coverage and near-duplicates are estimated better):
    schema      "synthdata", always
    version     2
    command     "measure", "compare", "gate", "explain", "curate", "personas", "three-jokes" or
                "collapse"
    verdict     {"text", "confidence", "because"}; confidence is high, medium, low or none
    alerts      list of sentences at the report's top, such as those on unused rows
    measures    list of measures: {"name", "value", "low", "high", "low_by_cluster",
                "high_by_cluster", "n", "coverage", "method", "unit", "direction", "warnings"};
                numbers that are undefined or infinite are null, and a warning says why; the ends by
                cluster are those of the interval if each cluster of near-duplicates is one event,
                null if groups are given, no document has a copy, or clusters are too few
    differences compare only: list of {"name", "synthetic", "reference", "effect",
                "p", "p_holm", "needed", "needed_low", "needed_high", "testable"}, the ratio itself
                being among the measures
    unlike      compare and gate only: list of notes on differences between the sides other than in
                variety (lengths, groups; for gate also passages in nearly every document)
    scripts     compare only: {"synthetic", "reference"}, each script -> share of the words
    inside      compare only: {"documents", "compared", "copies", "high"}, if groups of the
                synthetic side were cut: documents per group, documents compared, share of documents
                with a near-duplicate in their own group and the upper end of its interval; else
                null
    rules       gate only: list of {"rule", "result", "measure", "why"}; result is "pass", "fail"
                or "cannot tell", measure the name of the measure it was judged by
    exit_code   gate only: 0, 1 or 2, as the process exits
    rarefaction measure only, not with --stream: list of {"of", "asked", "size", "kind", "coverage",
                "coverage_by", "hill0", "hill1", "hill2"}: what a sample of `size` draws "of" words
                or documents shows on average; kind is "rarefied", "observed" or "extrapolated";
                coverage is of as many draws in whole "documents" or "groups" (coverage_by), the
                Hill numbers are of draws one by one
    profile     measure only, not with --stream: {"words", "documents"}, each a list of
                [order, effective number]
    by          measure --by only: {"field", "words", "documents"}, the last two {"total",
                "information", "within" (bits), "p", "strata": [{"value", "documents", "entropy",
                "adds"}]}; the parts of information are also among the measures
    mixture     measure and compare only: script without spaces between words -> share of the words
                that are its single characters; {} if all are runs of letters. For compare
                {"synthetic", "reference"}, each such a table
    evidence    list of {"title", "summary", "items": [{"text", "count", "note"}]}; empty for gate
                and curate, which show none
    dropped     curate only: reason -> rows
    kept        curate only: rows written
    runs        personas and three-jokes only: a list, one for each seed. Undefined values are null.
                personas: {"seed", "ratio", "calibrated_ratio", "best_control": {"prompts",
                "sampler"}, "arms", "budgets": name -> {"total", "information", "within"} (bits),
                "fields": part of the persona -> bits/word, "adds": [{"persona", "bits"}]}; an arm
                is {"model", "prompts", "sampler", "effective", "source", "coverage",
                "grammatical", "logprob", "fits"}, as `Arm` in synthdata/personas/evidence.py says.
                three-jokes: {"seed", "families": [{"name", "expected", "generators"}], "missing"};
                a generator has "harm" and the numbers of `Judged` in
                synthdata/three_jokes/evidence.py
    rows        {"used", "empty", "bad": kind -> rows}; zeros for experiments, which read none
    provenance  what is needed to reproduce it, as in the report

`collapse` has schema, version, command, verdict and provenance as above, and in place of the rest
    source      what was fitted, with its text if it has one
    n           examples in each round
    sampler     how models were sampled, in words
    generations the last one's number; 0 is fitted to real data alone
    seeds       list
    results     list of {"regime", "generation", "measures"}, each generation of each regime once;
                a measure is {"name", "unit", "value", "low", "high"}, the mean over seeds and its
                95 % interval (null with one seed); if theory knows the number also "expected"
                and "z", how many standard errors the value lies above it (null below ten seeds
                if the variance is not known exactly)
    judgements  list of {"regime", "criterion", "value", "low", "high", "verdict", "control"};
                empty below three seeds
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from synthdata.diversity.measure import Measure
from synthdata.io.reader import Tally
from synthdata.report.structure import Report
from synthdata.similarity.evidence import Evidence

if TYPE_CHECKING:
    from synthdata.comparison.compare import Difference
    from synthdata.panel.panel import Panel

SCHEMA, VERSION = "synthdata", 2


def record(command: str, report: Report, tally: Tally, **more: Any) -> dict[str, Any]:
    """The record of a report; `more` are fields of single commands."""
    return {
        **head(command, report),
        "alerts": list(report.alerts),
        "measures": measures([*report.headlines, *report.measures]),
        "evidence": evidence(report.evidence),
        "rows": {"used": tally.rows, "empty": tally.empty, "bad": dict(tally.bad)},
        "provenance": dict(report.provenance),
        **more,
    }


def head(command: str, report: Report) -> dict[str, Any]:
    """The first fields of every record."""
    verdict = report.verdict
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "command": command,
        "verdict": {
            "text": verdict.text,
            "confidence": verdict.confidence,
            "because": verdict.because,
        },
    }


def line(value: dict[str, Any]) -> str:
    """One line of ASCII JSON; values that are not finite must be null already."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def measures(found: Iterable[Measure]) -> list[dict[str, Any]]:
    """Each measure once, by its name."""
    return list({measure.name: measure.to_json() for measure in found}.values())


def evidence(found: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Evidence as plain values, without what only a page has room for."""
    return [
        {
            "title": view.title,
            "summary": view.summary,
            "items": [{"text": i.text, "count": i.count, "note": i.note} for i in view.items],
        }
        for view in found
    ]


def differences(found: Iterable[Difference]) -> list[dict[str, Any]]:
    """The tested quantities, without the ratios, which are among the measures."""
    names = ("synthetic", "reference", "effect", "p", "p_holm", "needed", "needed_low")
    return [
        {
            "name": d.name,
            **{n: finite(getattr(d, n)) for n in (*names, "needed_high")},
            "testable": d.testable,
        }
        for d in found
    ]


def profile(found: Panel) -> dict[str, list[tuple[float, float | None]]]:
    """Hill numbers by order, for words and for documents."""
    return {name: [(q, finite(v)) for q, v in pairs] for name, pairs in found.profile.items()}


def by(field: str, found: Panel) -> dict[str, Any]:
    """Information of the field, and the contribution of each value."""
    made: dict[str, Any] = {"field": field}
    for name, split in (("words", found.budget), ("documents", found.documents_budget)):
        assert split is not None
        parts = {key: getattr(split, key).value for key in ("total", "information", "within")}
        made[name] = {
            **{key: finite(value) for key, value in (parts | {"p": split.p}).items()},
            "strata": [
                {k: finite(v) if isinstance(v, float) else v for k, v in asdict(part).items()}
                for part in split.strata
            ],
        }
    return made


def finite(value: float) -> float | None:
    """The number, or None if JSON cannot represent it."""
    return float(value) if math.isfinite(value) else None
