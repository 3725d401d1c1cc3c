"""What the experiments came to: kept as JSON, one file an experiment, and shown as one page.

Idea:   a figure that was typed by hand is wrong sooner or later. The command that measures writes
        the record, this module makes the page from the records, and a test compares the two, and
        the criteria of the records with those in the code.
Run:    python -m distill.experiments results [--check] --out distill/experiments/RESULTS.md
        (and before it, one by one: ... NAME --out distill/experiments/results/NAME.json)
Omits:  results of the ci profile: they show that the code works, and nothing else.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from distill.experiments.lab import PROFILES, Outcome
from labkit import files, freshness
from labkit.experiment import interval, shown
from labkit.versions import machine, versions

FOLDER = Path(__file__).parent / "results"
PAGE = Path(__file__).parent / "RESULTS.md"


def record(found: Outcome) -> dict[str, Any]:
    """As JSON has it; each finding with its interval and verdict. What is infinite is null."""
    findings = [
        {
            "criterion": str(finding.criterion),
            **asdict(finding.criterion),
            "values": finding.values,
            "value": finding.measured.value,
            "low": _finite(finding.measured.low),
            "high": _finite(finding.measured.high),
            "verdict": finding.verdict,
        }
        for finding in found.findings
    ]
    return {
        "expected": found.expected,
        "losses": found.losses,
        "measures": found.measures,
        "findings": findings,
    }


def fingerprint(found: Outcome) -> dict[str, Any]:
    """What an experiment's outcome in its smallest profile says about the code behind it."""
    numbers = {
        "losses": found.losses,
        "measures": found.measures,
        "findings": [list(finding.values) for finding in found.findings],
    }
    return freshness.fingerprint(json.loads(json.dumps(numbers)), PROFILES["full"])


def code_hash(experiment: Callable[..., Outcome]) -> str:
    """SHA-256 of all the code that an experiment reaches (labkit.freshness)."""
    return freshness.code_hash(Path(inspect.getfile(experiment)))


def state(
    kept: dict[str, Any], experiment: Callable[..., Outcome], now: dict[str, Any]
) -> tuple[freshness.State, str]:
    """Is a record as good as when it was measured, and where not; `now` is a fingerprint made
    now."""
    same = kept["code"] == code_hash(experiment)
    return freshness.state(now, kept["fingerprint"], same_code=same)


def about() -> dict[str, str]:
    """When, and with what; no names, no paths."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        **versions("torch"),
        "machine": machine(),
    }


def read(names: Iterable[str], folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The records there are of the experiments `names`, in that order."""
    paths = [folder / f"{name}.json" for name in names]
    return [files.read_json(path) for path in paths if path.exists()]


def page(records: Iterable[dict[str, Any]]) -> str:
    """All of them in Markdown: first each expectation and what came of it, then every arm."""
    some = list(records)
    lines = [
        "# What the experiments came to",
        "",
        "Written by `python -m distill.experiments results`; nothing here is typed by hand. Each "
        "expectation stood in the code before the run, as a number with a direction. By where the "
        "whole 95 % interval over seeds lies: *reproduced*, it meets the threshold; *undecided*, "
        "it holds it; *falls short*, it lies on the wrong side of it; *contradicted*, it lies on "
        "the other side of no effect.",
        "",
        "| experiment | expected | measured [95 % interval] | seeds | verdict |",
        "|---|---|---|---|---|",
    ]
    for one in some:
        for i, finding in enumerate(one["findings"]):
            name = f"[{one['name']}](#{one['name']})" if i == 0 else ""
            count = len(finding["values"])
            said = finding["verdict"] or "too few seeds"
            told = shown(finding["value"], finding["low"], finding["high"])
            lines.append(f"| {name} | {finding['criterion']} | {told} | {count} | {said} |")
    for one in some:
        lines += ["", *_section(one)]
    return "\n".join(lines) + "\n"


def _section(one: dict[str, Any]) -> list[str]:
    lines = [
        f"## {one['name']}",
        "",
        f"Expected: {one['expected']}. {one['date']}, {one['cpu_seconds']:.0f} s of computing "
        f"({one['machine']}, torch {one['torch']}).",
        "",
        "| measured | arm | mean | 95 % interval |",
        "|---|---|---|---|",
    ]
    for title, arms in ({"loss, nats/char": one["losses"]} | one["measures"]).items():
        for i, (name, values) in enumerate(arms.items()):
            told = interval(values)
            ends = "" if told.n == 1 else f"{told.low:.4f} to {told.high:.4f}"
            lines.append(f"| {'' if i else title} | {name} | {told.value:.4f} | {ends} |")
    return lines


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
