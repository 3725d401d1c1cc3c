"""Results of the experiments: kept as JSON, one file per experiment, and shown as one page.

Idea:   a figure that was typed by hand is wrong sooner or later. The command that measures writes
        the record, this module makes the page from the records, and a test compares the two, and
        the criteria of the records with those in the code. What holds by construction is in a table
        of its own, and records of experiments that have been replaced stay at the end.
Run:    python -m distill.experiments results [--check] --out distill/experiments/RESULTS.md
        (and before it, one by one: ... NAME --out distill/experiments/results/NAME.json)
Omits:  results of the ci profile: they show that the code works, and nothing else.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from distill.experiments.lab import PROFILES, SWEEP_SEED
from distill.experiments.notes import NOTES
from distill.experiments.outcome import Outcome
from labkit import files, freshness
from labkit.experiment import Criterion, Finding, interval, shown, to_decide
from labkit.versions import machine, versions

FOLDER = Path(__file__).parent / "results"
REPLACED = FOLDER / "replaced"
"""Folder of records of experiments that were changed later."""
PAGE = Path(__file__).parent / "RESULTS.md"


def record(found: Outcome) -> dict[str, Any]:
    """The outcome as JSON, with interval and verdict of each finding; infinite values are null."""
    return {
        "expected": found.expected,
        "given": found.given,
        "losses": found.losses,
        "measures": found.measures,
        **({"costs": found.costs} if found.costs else {}),
        "chosen": found.chosen,
        "once": list(found.once),
        "findings": [_finding(finding) for finding in found.findings],
        "sanity": [{**_finding(check.finding), "why": check.why} for check in found.sanity],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "criterion": str(finding.criterion),
        **asdict(finding.criterion),
        "values": finding.values,
        "value": finding.measured.value,
        "low": _finite(finding.measured.low),
        "high": _finite(finding.measured.high),
        "verdict": finding.verdict,
    }


def fingerprint(found: Outcome) -> dict[str, Any]:
    """The fingerprint of the code behind an experiment: its outcome in the smallest profile."""
    numbers = {
        "losses": found.losses,
        "measures": found.measures,
        "findings": [list(finding.values) for finding in found.findings],
        "sanity": [list(check.finding.values) for check in found.sanity],
    }
    return freshness.fingerprint(json.loads(json.dumps(numbers)), PROFILES["full"])


def code_hash(experiment: Callable[..., Outcome]) -> str:
    """SHA-256 of all the code that an experiment reaches (labkit.freshness)."""
    return freshness.code_hash(Path(inspect.getfile(experiment)))


def state(
    kept: dict[str, Any], experiment: Callable[..., Outcome], now: dict[str, Any]
) -> tuple[freshness.State, str]:
    """State of a record, and how it differs from `now`, a fingerprint made now."""
    same = kept["code"] == code_hash(experiment)
    return freshness.state(now, kept["fingerprint"], same_code=same)


def about() -> dict[str, str]:
    """Date, versions and machine; no names, no paths."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        **versions("torch"),
        "machine": machine(),
    }


def read(names: Iterable[str], folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The existing records of the experiments `names`, in that order.

    In `REPLACED` one that was replaced twice has two: NAME.json and NAME-2.json.
    """
    paths = [folder / f"{name}{which}.json" for name in names for which in ("", "-2")]
    return [files.read_json(path) for path in paths if path.exists()]


def seen_before(kept: Mapping[str, Any], earlier: Iterable[Mapping[str, Any]]) -> str:
    """If an `earlier` record had measured one of the seeds under other criteria: which, in words.

    Whoever knows what a seed gave can write a criterion that it meets. An expectation that moves to
    the sanity checks is no new one.
    """
    asked = {_fixed(finding) for finding in kept["findings"]}
    for one in earlier:
        known = _seeds(one) & _seeds(kept)
        same = asked <= {_fixed(told) for told in [*one["findings"], *one.get("sanity", [])]}
        if known and (one.get("seen_before") or not same):
            return f"seed {min(known)} had been measured before"
    return ""


def _seeds(one: Mapping[str, Any]) -> set[int]:
    first, number = one.get("first_seed", 0), len(one["findings"][0]["values"])
    return set(range(first, first + number)) if one["profile"] == "full" else set()


def _fixed(told: Mapping[str, Any]) -> tuple[Any, ...]:
    return told["criterion"], told["threshold"], told["direction"], told.get("no_effect", 0.0)


def page(
    records: Iterable[dict[str, Any]],
    replaced: Iterable[dict[str, Any]] = (),
    because: Mapping[str, str] | None = None,
) -> str:
    """The page in Markdown: expectations and results, sanity checks, every arm, and at the end
    those that were `replaced`, with the reason.
    """
    some, before, reasons = list(records), list(replaced), because or {}
    missing = [name for name in reasons if name not in {one["name"] for one in some}]
    lines = [
        "# What the experiments came to",
        "",
        "Written by `python -m distill.experiments results` from the records; the words are "
        "typed, the figures are not, unless a command is named beside them. A record stays while "
        "its fingerprint still comes out, which every test run asks; the text of the code may have "
        "changed since (`--check` says it of each). Each "
        "expectation stood in the code before the run, as a number with a direction, but after "
        "pilots on seeds that are never judged, which had shown most of what came; several were "
        "expected to be missed, and stayed because they are what is claimed. By where the "
        "whole 95 % interval over seeds lies: *reproduced*, it meets the threshold; *undecided*, "
        "it holds it; *falls short*, it lies on the wrong side of it; *contradicted*, it lies on "
        "the other side of no effect (0, but 0.05 for full_data, temperature_sweep and "
        "capacity_gap, and 0.1 for draws in sparse_targets).",
        "",
        *([*_table(some, "findings"), ""] if some else []),
        *_many(sum(len(one["findings"]) for one in some)),
        *_missing(missing),
        *_late(some),
        "Each seed has a student and, where the teacher has learned, a teacher of its own. All "
        "seeds of an experiment share the text, its held-out part, and what the sweep chose for "
        f"each arm (on seed {SWEEP_SEED}, which is not judged, with the first judged seed's "
        "teacher, by the choosing half). What another text would change is in no interval.",
        *_shared(some),
    ]
    if any(one["sanity"] for one in some):
        lines += [
            "",
            "## Sanity checks",
            "",
            "These hold by construction. They would tell that the code is wrong, and nothing else.",
            "",
            *_table(some, "sanity", "why it cannot fail"),
        ]
    for one in some:
        lines += ["", *_section(one)]
    if before:
        lines += [
            "",
            "## Replaced",
            "",
            "What stood here before, and why it does not any more. Those with three seeds, 0 to 2, "
            "had one teacher for all of them, a student 64 wide of 400 steps and, but for "
            "few_labels, one learning rate for all arms.",
            "",
            *_table(before, "findings", linked=False),
            "",
            *(f"- {name}: {why}" for name, why in reasons.items()),
        ]
    return "\n".join(lines) + "\n"


def _table(
    records: list[dict[str, Any]], kind: str, more: str = "", *, linked: bool = True
) -> list[str]:
    """A row for each finding or sanity check; `more` heads a last column with the reason."""
    last = f" {more} |" if more else ""
    lines = [
        f"| experiment | expected | measured [95 % interval] | seeds | verdict |{last}",
        "|---|---|---|---|---|" + ("---|" if more else ""),
    ]
    for one in records:
        for i, finding in enumerate(one.get(kind, [])):
            name = f"[{one['name']}](#{one['name']})" if linked else one["name"]
            count = len(finding["values"])
            said = finding["verdict"] or "too few seeds"
            if said == "undecided":
                said += f"; {_to_decide(finding, one['cpu_seconds'] / count)}"
            told = shown(finding["value"], finding["low"], finding["high"])
            cells = ["" if i else name, _cell(finding["criterion"]), told, str(count), said]
            cells += [finding["why"]] if more else []
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _cell(text: str) -> str:
    """`text` for a cell: a bar would begin another column."""
    return text.replace("|", "\\|")


def _to_decide(finding: dict[str, Any], seconds: float) -> str:
    criterion = Criterion(
        quantity=finding["criterion"],
        threshold=finding["threshold"],
        direction=finding["direction"],
        no_effect=finding["no_effect"],
        scale=finding.get("scale", "linear"),
    )
    return to_decide(finding["values"], criterion, seconds)


def _many(verdicts: int) -> list[str]:
    """A paragraph with the number of verdicts, and how many would be wrong by chance."""
    if not verdicts:
        return []
    return [
        f"These are {verdicts} verdicts, each from an interval at 95 %, with no correction for "
        f"their number. One in twenty of such intervals misses what it estimates: of {verdicts}, "
        f"{verdicts / 20:.1f} on average, by chance alone. A verdict is then wrong where the truth "
        "lies near the threshold; where it lies far away, a miss changes no word.",
        "",
    ]


def _shared(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """A paragraph that names the arms that are the same runs in several experiments, by their
    losses: what chance did to one of them it did to all."""
    groups: list[tuple[dict[int, float], dict[str, str]]] = []
    for one in records:
        for arm, losses in one["losses"].items():
            if arm in one.get("once", []):
                continue
            runs = dict(enumerate(losses, one.get("first_seed", 0)))
            for known, names in groups:
                same = known.keys() & runs.keys()
                if same and all(known[seed] == runs[seed] for seed in same):
                    names.setdefault(one["name"], arm)
                    break
            else:
                groups.append((runs, {one["name"]: arm}))
    told = sorted(
        " = ".join(f'"{arm}" of {name}' for name, arm in names.items())
        for _, names in groups
        if len(names) > 1
    )
    if not told:
        return []
    return ["", f"Experiments share runs, so their verdicts share chance: {'; '.join(told)}."]


def _missing(names: list[str]) -> list[str]:
    """A line that names experiments changed since they were measured."""
    if not names:
        return []
    return [f"Changed, and not measured since: {', '.join(names)}.", ""]


def _late(records: list[dict[str, Any]]) -> list[str]:
    """A line that names experiments whose criteria were changed after a look at their seeds."""
    late = [f"{one['name']} ({one['seen_before']})" for one in records if one.get("seen_before")]
    return [f"Criteria that were not there before the run: {', '.join(late)}.", ""] if late else []


def _section(one: dict[str, Any]) -> list[str]:
    given = f" {one['given']}." if one["given"] else ""
    lines = [
        f"## {one['name']}",
        "",
        f"Expected: {one['expected']}. {one['date']}, {one['cpu_seconds']:.0f} s of computing "
        f"({one['machine']}, torch {one['torch']}).{given}",
        "",
        "| measured | arm | mean [95 % interval] |",
        "|---|---|---|",
    ]
    once = one.get("once", [])
    shown_too = one["measures"] | one.get("costs", {})
    for title, arms in ({"loss, nats/char": one["losses"]} | shown_too).items():
        for i, (name, values) in enumerate(arms.items()):
            what, told = "" if i else _cell(title), told_of(values, once=name in once)
            lines.append(f"| {what} | {_cell(name)} | {told} |")
    chosen = "; ".join(f"{name}: {what}" for name, what in one["chosen"].items())
    lines += ["", f"Chosen by the sweep: {chosen}."]
    note = NOTES.get(one["name"])
    return [*lines, "", f"What the verdicts do not say: {note(one)}"] if note else lines


def told_of(values: Sequence[float], *, once: bool) -> str:
    """Mean and interval over seeds; without one if it was measured `once`, or if all values are
    equal: an interval of no width would claim too much.

    >>> told_of([1.495, 1.495, 1.495], once=False)
    '1.495 (the same for every seed)'
    """
    told = interval(values)
    if once:
        return f"{shown(told.value, None, None, 4)} (one computation)"
    if len(values) > len(set(values)) == 1:
        return f"{shown(told.value, None, None, 4)} (the same for every seed)"
    return shown(told.value, told.low, told.high, 4)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
