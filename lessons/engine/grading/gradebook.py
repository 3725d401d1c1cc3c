"""Output of grading: a table, a journal, and a text for each student.

Idea:   one row per answer. The journal takes each as soon as it is known, so that nothing is lost;
        tables are written atomically at the end, and contain nothing that a spreadsheet would run.
Source: formula injection: OWASP, "CSV Injection".
Run:    used by lessons.engine.grading.grade
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labkit import files
from lessons.engine.grading.submissions import Student

COLUMNS = ["student", "name", "exercise", "status", "points", "diagnosis", "seconds"]
COLUMNS += ["source_hash", "version", "flags"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer of one student: a row of the CSV."""

    student: str
    name: str
    exercise: str
    status: str
    """Status: pass, fail, timeout, memory, crash or missing."""
    points: float
    """Points of the exercise on a pass, otherwise 0."""
    diagnosis: str
    """Feedback in one line."""
    seconds: float
    source_hash: str
    version: str
    """Version of this package and of the exercise's checks."""
    flags: str
    """Hints for the teacher: "identical to the published solution"."""
    text: str
    """Full feedback for the student; not in the CSV."""
    form: str
    """The answer's shape, for the list of near-identical ones; not in the CSV."""


class Journal:
    """Graded answers, one per line, so that a stopped run continues where it was.

    An answer is recorded before it is judged. If the grader is killed by it, or with it, the next
    run knows and skips it.
    """

    def __init__(self, path: Path, again: bool) -> None:
        self._known: dict[str, Row] = {}
        self._under_way: set[str] = set()
        self._open: set[str] = set()
        self._lock = threading.Lock()
        if path.exists() and not again:
            for line in path.read_text(encoding="utf-8").split("\n"):
                try:
                    self._read(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    continue  # the line being written when it stopped
        self._file = path.open("w" if again else "a", encoding="utf-8")

    def _read(self, found: dict[str, Any]) -> None:
        if "row" in found:
            self._known[found["key"]] = Row(**found["row"])
        if found.get("begun", False):
            self._under_way.add(found["key"])
        else:
            self._under_way.discard(found["key"])

    def get(self, key: str) -> Row | None:
        """The row of an answer that was graded with the same checks and numbers."""
        return self._known.get(key)

    def was_under_way(self, key: str) -> bool:
        """Was this answer being judged when an earlier run was killed?"""
        return key in self._under_way

    @contextlib.contextmanager
    def judging(self, key: str) -> Iterator[None]:
        """Context for judging an answer: recorded before, withdrawn if it is stopped in an orderly
        way, as by Ctrl-C."""
        self._write({"key": key, "begun": True})
        self._open.add(key)
        try:
            yield
        except BaseException:
            self._write({"key": key, "begun": False})
            raise
        finally:
            self._open.discard(key)

    def add(self, key: str, row: Row) -> None:
        """Write the row at once."""
        self._write({"key": key, "row": asdict(row)})

    def _write(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._file.write(f"\n{json.dumps(entry, ensure_ascii=False)}\n")
            self._file.flush()

    def close(self) -> None:
        """Close the journal, withdrawing answers under way: they were stopped, and killed
        nothing."""
        for key in sorted(self._open):
            self._write({"key": key, "begun": False})
        self._file.close()


def safe_cell(value: Any) -> Any:
    """A value that a spreadsheet shows without computing it: text like =1+1 gets an apostrophe.

    >>> safe_cell("=cmd()"), safe_cell(" +1"), safe_cell(-1.5), safe_cell("Zoë")
    ("'=cmd()", "' +1", -1.5, 'Zoë')
    """
    if not isinstance(value, str):
        return value
    value = value.replace("\0", "")
    risky = value.lstrip()[:1] in tuple("=+-@＝＋－＠") and value.strip() != ""
    return f"'{value}" if risky or value[:1] in ("\t", "\r", "\n") else value


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> None:
    """Write UTF-8 with the mark by which Excel recognises it, atomically."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: safe_cell(value) for key, value in row.items()})
    files.write_bytes(path, text.getvalue().encode("utf-8-sig", "replace"))


def write_feedback(folder: Path, students: list[Student], rows: dict[str, list[Row]]) -> None:
    """Write a text file for each student, with the student's name; characters that are not text, as
    in a file name from a system with another encoding, become question marks."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for student in students:
        name = file_name(student.id)
        while name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        mine = rows[student.id]
        points = sum(row.points for row in mine)
        head = f"{student.name or student.id}: {points:g} points\n"
        text = "\n\n".join([head, *(r.text for r in mine)]) + "\n"
        files.write_bytes(folder / f"{name}.txt", text.encode("utf-8", "replace"))


def file_name(student: str) -> str:
    """A student's id as a file name valid on every system: letters of any script, digits, -.

    >>> file_name("../Ünal, Ayşe"), file_name("con")
    ('_Ünal_Ayşe', '_con')
    """
    name = re.sub(r"[^\w@.-]+", "_", student).lstrip(".").rstrip(". ")[:100] or "student"
    name = re.sub(r"\.\.+", "_", name)
    reserved = re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name, re.IGNORECASE)
    return f"_{name}" if reserved else name
