"""The ledger: every claim's verdict, written by the code that measured it and by nothing else.

Idea:   one seed after the other is measured and its evidence put beside the experiment, in
        lessons/lNN_name/evidence.json, so a run that was stopped goes on and a figure is redrawn
        without a new run. The rows of lessons/ledger.json are judged from that evidence by the
        experiment's own criteria. Evidence remembers a hash of the code that measured it: change
        the code, and the ledger calls the row stale until it has been measured again.
Source: the rule is labkit.verdict; how a claim becomes a criterion stands in each experiment.
Run:    python -m lessons ledger [LESSON ...] [--run] [--profile full]
Omits:  results of the ci profile: they show that the code works, and are printed but never kept.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any

from tyro.conf import Positional

from labkit import command, files
from labkit.verdict import MINIMUM_SEEDS
from labkit.versions import machine, versions
from lessons.engine import catalogue
from lessons.engine.catalogue import Lesson
from lessons.engine.experiment import Evidence, Experiment, Profile, Row, find, overall

LEDGER = "ledger.json"
EVIDENCE = "evidence.json"
TALKS = {
    "RB22": "Andrej Karpathy on the podcast The Robot Brains, 2022",
    "SEQ24": "Andrej Karpathy at Sequoia, 2024",
    "NP24a": "Andrej Karpathy on the podcast No Priors, 2024, one write-up",
    "NP24b": "Andrej Karpathy on the podcast No Priors, 2024, another write-up",
    "JH23": "Ilya Sutskever in conversation with Jensen Huang, 2023",
}
"""What the codes in a claim's source stand for."""
PACKAGES = ("numpy", "scipy", "torch")
PROSE = ("title", "claim", "source", "minutes")  # of an Experiment: words, not measurement
NOT_MEASURED = ("lesson.py", "checks.py", "answers.py")
BEGIN, END = "<!-- ledger: python -m lessons ledger --readme README.md -->", "<!-- /ledger -->"


@dataclass(frozen=True, kw_only=True)
class LedgerConfig:
    """Print what every claim's verdict is; with --run, measure first."""

    lessons: Annotated[tuple[str, ...], Positional] = ()
    """Numbers or names; all of them if left out."""
    run: bool = False
    """Measure the seeds that are missing or stale, one after the other."""
    again: bool = False
    """With --run: measure all seeds anew."""
    profile: Profile = "full"
    """full: published figures, minutes a seed. ci: seconds, printed and not kept."""
    seeds: int = MINIMUM_SEEDS
    """With --run: seeds 0, 1, ... of each lesson."""
    readme: Path | None = None
    """Rewrite the table between the ledger's marks in this file."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise ValueError(f"seeds must be at least 1, got {self.seeds}")
        if self.again and not self.run:
            raise ValueError("--again says what --run does; add --run")
        if self.readme is not None and self.profile != "full":
            raise ValueError("--readme publishes, so it goes with --profile full")


def main(config: LedgerConfig) -> None:
    """The command."""
    chosen = [catalogue.find(name) for name in config.lessons] or _lessons()
    if config.profile == "ci":
        for lesson in chosen:
            print(render(_ci(find(lesson.name), config)))
        return
    if config.run:
        for lesson in chosen:
            measure(find(lesson.name), lesson.folder, config.seeds, again=config.again)
    wanted = {lesson.name for lesson in chosen}
    rows = [row for row in read() if row["id"] in wanted]
    print(render(rows) if rows else "nothing measured yet: python -m lessons ledger --run")
    for name in (lesson.name for lesson in chosen):
        seeds = len(published(name))
        if 0 < seeds < MINIMUM_SEEDS:
            print(f"unfinished: {name}, {seeds} of {MINIMUM_SEEDS} seeds")
        if is_stale(name):
            print(f"stale: {name} has changed since; python -m lessons ledger {name} --run")
    if config.readme is not None:
        write_readme(config.readme, read())


def _lessons() -> list[Lesson]:
    return catalogue.lessons(having="experiment.py")


def _ci(experiment: Experiment, config: LedgerConfig) -> list[dict[str, Any]]:
    """Rows of the ci profile: measured now, or a line that says how to."""
    if not config.run:
        raise ValueError("results of the ci profile are not kept; add --run to measure now")
    began = time.process_time()
    evidence = [experiment.run("ci", seed) for seed in range(config.seeds)]
    about = _about((time.process_time() - began) / config.seeds)
    return as_rows(experiment, evidence, about)


# Measuring.


def measure(
    experiment: Experiment, folder: Path, seeds: int, *, again: bool = False, say: bool = True
) -> None:
    """Measure what is missing of seeds 0 to `seeds` - 1 at full profile, and judge.

    Each seed is kept as soon as it is there. Evidence of other code is dropped, never mixed in.
    """
    path, code = folder / EVIDENCE, code_hash(folder)
    kept = [] if again else [entry for entry in entries(folder) if entry["code"] == code]
    for seed in range(seeds):
        if any(entry["evidence"]["seed"] == seed for entry in kept):
            continue
        if say:
            left = (seeds - seed) * minutes(experiment, folder.parent / LEDGER)
            print(f"{experiment.id}, seed {seed}: about {left:.0f} minutes to go", flush=True)
        began = time.process_time()
        evidence = experiment.run("full", seed)
        about = _about(time.process_time() - began)
        kept = sorted(
            [*kept, {**about, "code": code, "evidence": evidence}],
            key=lambda entry: entry["evidence"]["seed"],
        )
        files.write_json(path, kept)
    _enter(experiment, kept, folder.parent / LEDGER)


def _enter(experiment: Experiment, kept: Sequence[dict[str, Any]], path: Path) -> None:
    """Judge the kept evidence and put its rows in place of the old ones.

    Fewer seeds than a verdict needs stay evidence: an unfinished run enters nothing.
    """
    if len(kept) < MINIMUM_SEEDS:
        return
    evidence = [entry["evidence"] for entry in kept]
    seconds = median(entry["seconds"] for entry in kept)
    about = {**kept[-1], "seconds": round(seconds, 1), "date": max(e["date"] for e in kept)}
    others = [row for row in read(path) if row["id"] != experiment.id]
    order = [lesson.name for lesson in _lessons()]
    rows = [*others, *as_rows(experiment, evidence, about)]
    rows.sort(key=lambda row: order.index(row["id"]) if row["id"] in order else len(order))
    files.write_json(path, rows)


def as_rows(
    experiment: Experiment, evidence: Sequence[Evidence], about: dict[str, Any]
) -> list[dict[str, Any]]:
    """The ledger's rows of one claim, one a criterion; `verdict` is that of the whole claim.

    With fewer than two seeds there is no interval: its ends are null.
    """
    judged = experiment.judge(evidence)
    return [_row(experiment, row, evidence, about, overall(judged)) for row in judged]


def _row(
    experiment: Experiment, row: Row, evidence: Sequence[Evidence], about: Any, whole: str
) -> dict[str, Any]:
    criterion = row.criterion
    return {
        "id": experiment.id,
        "claim": experiment.claim,
        "source": experiment.source,
        "criterion": str(criterion),
        "threshold": criterion.threshold,
        "direction": criterion.direction,
        "no_effect": criterion.no_effect,
        "value": row.value,
        "low": row.low if row.seeds > 1 else None,
        "high": row.high if row.seeds > 1 else None,
        "seeds": row.seeds,
        "verdict": row.verdict,
        "claim_verdict": whole,
        "profile": evidence[0]["profile"],
        "seconds": about["seconds"],
        "versions": about["versions"],
        "machine": about["machine"],
        "date": about["date"],
    }


def _about(seconds: float) -> dict[str, Any]:
    """When, how long, with what and on what kind of machine; no names, no paths.

    Seconds are the processor's: what a seed takes on a core that has nothing else to do. Those of
    the clock would say how busy the neighbours were.
    """
    return {
        "seconds": round(seconds, 1),
        "versions": versions(*PACKAGES),
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
    }


# Reading.


def read(path: Path = catalogue.FOLDER / LEDGER) -> list[dict[str, Any]]:
    """The rows of the ledger; none where nothing has been measured."""
    return files.read_json(path) if path.exists() else []


def minutes(experiment: Experiment, path: Path = catalogue.FOLDER / LEDGER) -> float:
    """Minutes of one core that a seed takes at full profile, to a tenth: as measured, or, before
    that, as the experiment states."""
    seconds = [row["seconds"] for row in read(path) if row["id"] == experiment.id]
    return round(seconds[0] / 60, 1) if seconds else experiment.minutes


def published(lesson: str | int) -> list[dict[str, Any]]:
    """The evidence behind a lesson's rows, one a seed; none where nothing has been measured.

    `find(lesson).figure(published(lesson))` is the published figure.
    """
    return [entry["evidence"] for entry in entries(catalogue.find(lesson).folder)]


def is_stale(lesson: str | int) -> bool:
    """Has the code that measures changed since the evidence was written?"""
    folder = catalogue.find(lesson).folder
    code = code_hash(folder)
    return any(entry["code"] != code for entry in entries(folder))


def entries(folder: Path) -> list[dict[str, Any]]:
    """What a lesson's evidence.json holds: evidence, hash of its code, seconds, date, machine."""
    path = folder / EVIDENCE
    return files.read_json(path) if path.exists() else []


def code_hash(folder: Path) -> str:
    """SHA-256 of what measures in a lesson's folder.

    Comments, docstrings, blank lines, `draw` and the claim's wording do not count: they change no
    number. Settings, criteria and all other code do.
    """
    paths = [p for p in sorted(folder.glob("*.py")) if p.name not in NOT_MEASURED]
    return files.sha256("\n".join(line for path in paths for line in _code_lines(path)))


def _code_lines(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    dropped: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        drawing = isinstance(node, ast.FunctionDef) and node.name == "draw"
        prose = isinstance(node, ast.keyword) and node.arg in PROSE
        if words or drawing or prose:
            dropped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))  # type: ignore[attr-defined]
    for number, line in enumerate(source.splitlines(), start=1):
        code = line.strip()
        if number not in dropped and code and not code.startswith("#"):
            yield code


# Printing.


def render(rows: Sequence[dict[str, Any]]) -> str:
    """The ledger as text: one block a claim, one line a criterion."""
    lines = []
    for name in dict.fromkeys(row["id"] for row in rows):
        some = [row for row in rows if row["id"] == name]
        first = some[0]
        lines += [
            f"{name}: {first['claim_verdict']}",
            f"  claim    {first['claim']}",
            f"  source   {first['source']}",
        ]
        for row in some:
            lines.append(f"  measured {row['criterion']}: {_value(row)}: {row['verdict']}")
        lines.append(
            f"  {first['profile']} profile, {first['seeds']} seeds, "
            f"{first['seconds']:.0f} s a seed, {first['date']}, {first['machine']}, "
            + ", ".join(f"{k} {v}" for k, v in first["versions"].items())
        )
    said = "\n".join(lines)
    lines += [f"{code}: {talk}" for code, talk in TALKS.items() if code in said]
    if "*" in said:
        lines.append("*: from here on our reading of it, so that it can be tried")
    return "\n".join(lines)


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The README's table."""
    lines = [
        "| lesson | what had to hold | measured [95 % interval] | verdict |",
        "|---|---|---|---|",
    ]
    seen = ""
    for row in rows:
        name = row["id"] if row["id"] != seen else ""
        seen = row["id"]
        lines.append(f"| {name} | {row['criterion']} | {_value(row)} | {row['verdict']} |")
    return "\n".join(lines)


def write_readme(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Put the table between the marks in `path`; ValueError where there are none."""
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path} must have one line {BEGIN!r} and, after it, one {END!r}")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    files.write_text(path, f"{before}{BEGIN}\n{markdown(rows)}\n{END}{after}")


def _value(row: dict[str, Any]) -> str:
    ends = "" if row["low"] is None else f" [{row['low']:.3g}, {row['high']:.3g}]"
    return f"{row['value']:.3g}{ends}"


if __name__ == "__main__":
    command.run(main, LedgerConfig, prog="lessons.engine.ledger")
