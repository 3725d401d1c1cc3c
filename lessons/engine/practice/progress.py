"""A learner's progress: tries, ticks, hints, and dates of reviews.

Idea:   one small file, work/progress.json, written atomically. A tick belongs to the code that
        earned it: other code has none. Failed exercises come back after 1, 3 and 7 days.
Source: the spacing effect: Cepeda et al. 2006, "Distributed practice in verbal recall tasks".
Run:    python -m lessons status; python -m lessons review
Omits:  names, marks, anything sent anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from labkit import files
from lessons.engine.answers.form import normal_form
from lessons.engine.exercise import Result

VERSION = 1
REVIEW_DAYS = (1, 3, 7)
TRIES_FOR_SOLUTION = 3
KEPT = 20  # passing answers, besides the last


@dataclass(frozen=True, kw_only=True)
class Record:
    """Progress on one exercise."""

    tries: int = 0
    """Checks of an attempt, right or wrong."""
    passed: str = ""
    """Hash of the code that passed last; a later failure does not remove it."""
    passed_on: str = ""
    """The day on which it passed, as 2026-11-30."""
    also_passed: list[str] = field(default_factory=list)
    """Hashes of other code that passed before, the latest first."""
    ever_passed: bool = False
    """Whether any code has passed."""
    missed: list[str] = field(default_factory=list)
    """Properties that failed, in the order in which they first did."""
    hints: int = 0
    """Number of the three hints shown."""
    reviewed: int = 0
    """Number of the three reviews done."""
    due: str = ""
    """Day of the next review, as 2026-11-30; empty if there is none."""


def code_hash(source: str) -> str:
    """Hash of the code alone, without comments and layout."""
    try:
        return files.sha256(normal_form(source))[:16]
    except SyntaxError:
        return files.sha256(source)[:16]


def load(folder: Path) -> dict[str, Record]:
    """All records; none if there is no file. ValueError on a malformed file."""
    path = folder / "progress.json"
    if not path.exists():
        return {}
    try:
        found = files.read_json(path)
    except ValueError as error:
        raise ValueError(f"{error}; move it away to start anew") from None
    try:
        version, rows = found["version"], found["exercises"]
        if version > VERSION:
            raise ValueError(
                f"{path} was written by a newer version ({version}); update cognitive-core"
            )
        names = {f.name for f in fields(Record)}
        return {
            k: Record(**{n: v for n, v in row.items() if n in names}) for k, row in rows.items()
        }
    except (KeyError, TypeError, AttributeError):
        raise ValueError(
            f"{path} is not a record of progress; move it away to start anew"
        ) from None


def save(folder: Path, records: Mapping[str, Record]) -> None:
    """Write all records, atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, Any] = {key: asdict(records[key]) for key in sorted(records)}
    files.write_json(folder / "progress.json", {"version": VERSION, "exercises": rows})


def after_check(record: Record, result: Result, source: str, today: date) -> Record:
    """The record after a check. A first pass after a miss sets the day of the first review."""
    if result.status == "missing":
        return record
    record = replace(record, tries=record.tries + 1)
    if result.passed:
        if record.missed and not record.ever_passed:
            record = replace(record, due=_day(today, 0))
        code = code_hash(source)
        others = [h for h in dict.fromkeys([record.passed, *record.also_passed]) if h]
        return replace(
            record,
            passed=code,
            passed_on=today.isoformat(),
            also_passed=[h for h in others if h != code][:KEPT],
            ever_passed=True,
        )
    missed = [*record.missed]
    if result.expected and result.expected not in missed:
        missed.append(result.expected)
    if not missed:
        missed.append(result.status)
    return replace(record, missed=missed)


def has_passed(record: Record, source: str) -> bool:
    """Has this code passed, now or earlier?"""
    return code_hash(source) in (record.passed, *record.also_passed)


def after_review(record: Record, right: bool, today: date) -> Record:
    """The record after a review: one further if right, otherwise the same again tomorrow."""
    if not right:
        return replace(record, due=_day(today, 0), reviewed=0)
    done = record.reviewed + 1
    due = _day(today, done) if done < len(REVIEW_DAYS) else ""
    return replace(record, reviewed=done, due=due)


def _day(today: date, index: int) -> str:
    return (today + timedelta(days=REVIEW_DAYS[index])).isoformat()


def is_due(record: Record, today: date) -> bool:
    """Is a review due?"""
    return bool(record.due) and record.due <= today.isoformat()


def may_see_solution(record: Record) -> bool:
    """Whether there was a pass or three tries; before, the solution is shown only on request."""
    return record.ever_passed or record.tries >= TRIES_FOR_SOLUTION
