"""Checking what a class handed in.

Idea:   every answer of every student goes through the same sandbox and the same checks as at home,
        with numbers of its own for each student. Whatever goes wrong with one is a row in the
        table, never the end of the class; what was graded is not graded again.
Run:    python -m lessons grade submissions/ --roster roster.csv --out grades.csv
Omits:  judging style, and any verdict on copying: the list of near-identical answers is for a
        teacher to read.

Beside OUT: OUT.journal.jsonl (what is done, for going on after a stop), OUT.similar.csv, and
feedback/ with a file for each student.
"""

from __future__ import annotations

import csv
import importlib.metadata
import io
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from tyro.conf import Positional, arg

from labkit import files
from lessons.engine import catalogue, hidden, learner, similar, submissions
from lessons.engine import source as sources
from lessons.engine.catalogue import Lesson
from lessons.engine.checking import check_source, feedback
from lessons.engine.exercise import Result
from lessons.engine.sandbox import Sandbox
from lessons.engine.submissions import Student, Submission

COLUMNS = ["student", "name", "exercise", "status", "points", "diagnosis", "seconds"]
COLUMNS += ["source_hash", "version", "flags"]


@dataclass(frozen=True, kw_only=True)
class Grade:
    """Check a class's submissions: a folder with a folder, zip or notebook for each student."""

    submissions: Annotated[Path, Positional, arg(metavar="SUBMISSIONS")]
    """The folder; what is in it is called as the roster calls the students."""
    roster: Path
    """CSV with a column student (or id, email) and, if you like, name."""
    out: Path
    """CSV to write."""
    hidden: Path | None = None
    """Folder with checks that students do not have (TEACHING.md)."""
    lessons: tuple[str, ...] = ()
    """By number or name; all of them if none is named."""
    jobs: int = 2
    """Students at a time."""
    feedback: Path | None = None
    """Folder for the students' files; feedback/ beside OUT if left out."""
    again: bool = False
    """Grade anew what is in the journal."""

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ValueError(f"--jobs is at least 1, got {self.jobs}")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer of one student, as it stands in the CSV."""

    student: str
    name: str
    exercise: str
    status: str
    """pass, fail, timeout, memory, crash or missing."""
    points: float
    """The exercise's on a pass, otherwise 0."""
    diagnosis: str
    """One line."""
    seconds: float
    source_hash: str
    version: str
    """Of this package and of the exercise's checks."""
    flags: str
    """Worth a look: "identical to the published solution"."""
    text: str
    """The feedback as the student reads it; not in the CSV."""
    form: str
    """The answer's shape, for the list of near-identical ones; not in the CSV."""


def main(settings: Grade, say: Callable[[str], None] = print) -> int:
    """Grade; 0 whatever the marks are."""
    students = submissions.read_roster(settings.roster)
    chosen = [catalogue.find(n) for n in settings.lessons] or catalogue.lessons()
    tasks, secret = hidden.tasks(chosen, settings.hidden)
    if not tasks:
        raise ValueError("these lessons have no exercises")
    found, remarks = submissions.find(settings.submissions, students)
    for remark in remarks:
        say(remark)
    settings.out.parent.mkdir(parents=True, exist_ok=True)
    journal = Journal(settings.out.with_name(settings.out.name + ".journal.jsonl"), settings.again)
    waiting: queue.SimpleQueue[Student] = queue.SimpleQueue()
    for student in students:
        waiting.put(student)
    rows: dict[str, list[Row]] = {}
    began = time.monotonic()
    halt = threading.Event()
    stopped: list[Exception] = []

    def work() -> None:
        try:
            with Sandbox() as sandbox:
                sandbox.start()
                discreet = settings.hidden is not None
                mark_waiting(Marker(chosen, tasks, secret, sandbox, journal, discreet))
        except Exception as error:  # no sandbox, no disk: not one student's fault
            stopped.append(error)
            halt.set()

    def mark_waiting(marker: Marker) -> None:
        while not halt.is_set():
            try:
                student = waiting.get_nowait()
            except queue.Empty:
                return
            rows[student.id] = marker.mark(student, found.get(student.id))
            passed = sum(row.status == "pass" for row in rows[student.id])
            say(f"{len(rows)}/{len(students)} {student.id}: {passed} of {len(tasks)} pass")

    threads = [threading.Thread(target=work) for _ in range(min(settings.jobs, len(students)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        halt.set()
        journal.close()
    if stopped:
        raise stopped[0]
    ordered = [row for student in students for row in rows[student.id]]
    write_csv(settings.out, COLUMNS, [asdict(row) for row in ordered])
    pairs = similar.pairs((row.exercise, row.student, row.form) for row in ordered)
    likenesses = settings.out.with_name(settings.out.stem + ".similar.csv")
    write_csv(likenesses, similar.COLUMNS, [asdict(pair) for pair in pairs])
    write_feedback(settings.feedback or settings.out.parent / "feedback", students, rows)
    say(
        f"{settings.out}: {len(ordered)} rows in {time.monotonic() - began:.0f} s; "
        f"{len(pairs)} near-identical pairs in {likenesses.name}"
    )
    return 0


class Journal:
    """What was graded, a line each, so that a stopped run goes on where it was."""

    def __init__(self, path: Path, again: bool) -> None:
        self._known: dict[str, Row] = {}
        self._lock = threading.Lock()
        if path.exists() and not again:
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    found = json.loads(line)
                    self._known[found["key"]] = Row(**found["row"])
                except (ValueError, KeyError, TypeError):
                    continue  # the line that was being written when it stopped
        self._file = path.open("w" if again else "a", encoding="utf-8")

    def get(self, key: str) -> Row | None:
        """The row of an answer that was graded with the same checks and numbers."""
        return self._known.get(key)

    def add(self, key: str, row: Row) -> None:
        """Write it down now."""
        with self._lock:
            line = json.dumps({"key": key, "row": asdict(row)}, ensure_ascii=False)
            self._file.write(f"\n{line}\n")
            self._file.flush()

    def close(self) -> None:
        """No more."""
        self._file.close()


@dataclass(frozen=True)
class Marker:
    """Marks one student after another."""

    lessons: list[Lesson]
    tasks: list[hidden.Task]
    secret: str
    sandbox: Sandbox
    journal: Journal
    discreet: bool
    """Leave out error messages, into which hidden inputs could be printed."""

    def mark(self, student: Student, path: Path | None) -> list[Row]:
        """A row for every exercise, whatever was handed in."""
        if path is None:
            nothing = "nothing was handed in"
            return [self._row(student, task, _missing(task, nothing), "") for task in self.tasks]
        submission = submissions.read(path)
        if submission.refused:
            refusal = f"the submission was refused: {submission.refused}"
            return [self._row(student, task, _crash(task, refusal), "") for task in self.tasks]
        written = _parsed(submission)
        rows = []
        for task in self.tasks:
            try:
                rows.append(self._answer(student, task, written))
            except Exception as error:  # ours, not the student's: a row that a teacher will see
                words = f"the grader failed, please grade by hand ({type(error).__name__}: {error})"
                rows.append(self._row(student, task, _crash(task, words), ""))
        return rows

    def _answer(
        self, student: Student, task: hidden.Task, written: dict[str, learner.Written | str]
    ) -> Row:
        exercise = task.exercise
        lesson = next(n for n in self.lessons if n.number == exercise.lesson)
        mine = [n for n in written if learner.belongs(PurePosixPath(n).name, lesson)]
        source, complaints = None, []
        for name in [*mine, *(n for n in written if n not in mine)]:
            file = written[name]
            if isinstance(file, str):
                complaints += [file] if name in mine else []
                continue
            try:
                source = sources.needed(exercise.name, file.cells)
            except sources.Unreadable as error:
                complaints.append(f"{name}: {error}")
                continue
            if source is not None:
                break
        if source is None:
            if complaints:
                return self._row(student, task, _crash(task, complaints[0]), "")
            words = f"no file of lesson {exercise.lesson:02d} has {exercise.name}"
            return self._row(student, task, _missing(task, words), "")
        key = files.sha256(
            "\0".join([student.id, exercise.id, source, self._version(task), self.secret])
        )
        known = self.journal.get(key)
        if known is not None:
            return replace(known, name=student.name)
        seed = f"{self.secret}|{student.id}"
        result = check_source(exercise, source, self.sandbox, seed=seed, discreet=self.discreet)
        row = self._row(student, task, result, source)
        self.journal.add(key, row)
        return row

    def _version(self, task: hidden.Task) -> str:
        return f"{_package_version()}+{task.version}"

    def _row(self, student: Student, task: hidden.Task, result: Result, source: str) -> Row:
        form = ""
        if source and result.status != "missing":
            try:
                form = sources.shape_of(source)
            except (SyntaxError, RecursionError):
                form = ""
        return Row(
            student=student.id,
            name=student.name,
            exercise=task.exercise.id,
            status=result.status,
            points=task.exercise.points if result.passed else 0.0,
            diagnosis=diagnosis(result),
            seconds=result.seconds,
            source_hash=result.source_hash,
            version=self._version(task),
            flags="; ".join(result.flags),
            text=feedback(result, task.exercise.name),
            form=form,
        )


def _parsed(submission: Submission) -> dict[str, learner.Written | str]:
    """Every file read, or why not; the shortest path first, so that copies come last."""
    found: dict[str, learner.Written | str] = {}
    for name in sorted(submission.files, key=lambda n: (n.count("/"), len(n), n)):
        try:
            found[name] = learner.parse(Path(name), submission.files[name])
        except ValueError as error:
            found[name] = str(error)
    return found


def _missing(task: hidden.Task, words: str) -> Result:
    return Result(exercise=task.exercise.id, status="missing", returned=words)


def _crash(task: hidden.Task, words: str) -> Result:
    return Result(exercise=task.exercise.id, status="crash", returned=words)


def diagnosis(result: Result) -> str:
    """The feedback in one line."""
    if result.passed:
        return ""
    words = [result.cause or result.returned]
    if result.expected:
        words.insert(0, f"expected: {result.expected}")
    return " ".join("; ".join(words).split())


def _package_version() -> str:
    try:
        return importlib.metadata.version("cognitive-core")
    except importlib.metadata.PackageNotFoundError:
        return "0"


def safe_cell(value: Any) -> Any:
    """A value that a spreadsheet shows and does not compute: text like =1+1 gets an apostrophe.

    >>> safe_cell("=cmd()"), safe_cell(" +1"), safe_cell(-1.5), safe_cell("Zoë")
    ("'=cmd()", "' +1", -1.5, 'Zoë')
    """
    if not isinstance(value, str):
        return value
    value = value.replace("\0", "")
    risky = value.lstrip()[:1] in tuple("=+-@＝＋－＠") and value.strip() != ""
    return f"'{value}" if risky or value[:1] in ("\t", "\r", "\n") else value


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> None:
    """UTF-8 with the mark that Excel needs to see that it is, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: safe_cell(value) for key, value in row.items()})
    files.write_bytes(path, text.getvalue().encode("utf-8-sig", "replace"))


def write_feedback(folder: Path, students: list[Student], rows: dict[str, list[Row]]) -> None:
    """A text file for each student, called as the student is."""
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
        files.write_text(
            folder / f"{name}.txt", "\n\n".join([head, *(r.text for r in mine)]) + "\n"
        )


def file_name(student: str) -> str:
    """A student's id as a file may be called on every system: letters of any script, digits, -.

    >>> file_name("../Ünal, Ayşe"), file_name("con")
    ('_Ünal_Ayşe', '_con')
    """
    name = re.sub(r"[^\w@.-]+", "_", student).lstrip(".").rstrip(". ")[:100] or "student"
    name = re.sub(r"\.\.+", "_", name)
    reserved = re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name, re.IGNORECASE)
    return f"_{name}" if reserved else name
