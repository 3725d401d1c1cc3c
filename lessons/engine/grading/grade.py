"""Checking a class's submissions.

Idea:   every answer of every student goes through the same sandbox and the same checks as at home,
        with different numbers for each student. Any failure of one is a row in the table, never the
        end of the run; graded answers are not graded again.
Run:    python -m lessons grade submissions/ --roster roster.csv --out grades.csv
Omits:  judging style, and any verdict on copying: the list of near-identical answers is for a
        teacher to read.

Beside OUT: OUT.journal.jsonl (finished answers, to continue after a stop), OUT.similar.csv, and
feedback/ with a file for each student.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Annotated

from tyro.conf import Positional, arg

from labkit import files
from labkit.versions import version
from lessons.engine import catalogue
from lessons.engine.answers import slicing
from lessons.engine.answers.form import shape_of
from lessons.engine.catalogue import Lesson
from lessons.engine.checking import learner
from lessons.engine.checking.check import MAX_SOURCE, check_source
from lessons.engine.checking.feedback import feedback
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Result
from lessons.engine.grading import hidden, similar, submissions
from lessons.engine.grading.gradebook import COLUMNS, Journal, Row, write_csv, write_feedback
from lessons.engine.grading.submissions import Student, Submission

PASSED_BY = (
    "the grader was killed while it judged this answer, and passes it by; "
    "please grade by hand, or run the same command with --retry"
)


@dataclass(frozen=True, kw_only=True)
class Grade:
    """Check a class's submissions: a folder with a folder, zip or notebook for each student."""

    submissions: Annotated[Path, Positional, arg(metavar="SUBMISSIONS")]
    """The folder; its entries have the students' names in the roster."""
    roster: Path
    """CSV with a column student (or id, email) and optionally name."""
    out: Path
    """CSV to write."""
    hidden: Path | None = None
    """Folder with checks that students do not have (TEACHING.md)."""
    lessons: tuple[str, ...] = ()
    """Lessons by number or name; all of them if none is named."""
    jobs: int = 2
    """Number of students graded in parallel."""
    feedback: Path | None = None
    """Folder for the students' files; feedback/ beside OUT if left out."""
    again: bool = False
    """Grade again the answers in the journal."""
    retry: bool = False
    """Judge again the answers under way when an earlier run was killed."""

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ValueError(f"--jobs is at least 1, got {self.jobs}")


def main(settings: Grade, say: Callable[[str], None] = print) -> int:
    """Grade; returns 0 for any marks."""
    students = submissions.read_roster(settings.roster)
    chosen = [catalogue.find(n) for n in settings.lessons] or catalogue.lessons()
    tasks, secret = hidden.tasks(chosen, settings.hidden)
    if not tasks:
        raise ValueError("these lessons have no exercises")
    found, remarks = submissions.find(settings.submissions, students)
    for remark in remarks:
        say(remark)
    settings.out.parent.mkdir(parents=True, exist_ok=True)
    files.check_place(settings.out)
    journal = Journal(settings.out.with_name(settings.out.name + ".journal.jsonl"), settings.again)
    discreet = settings.hidden is not None
    began = time.monotonic()
    try:
        rows = _mark_all(
            students,
            found,
            lambda sandbox, halt: Marker(
                chosen, tasks, secret, sandbox, journal, discreet, settings.retry, halt
            ),
            settings.jobs,
            say,
        )
    finally:
        journal.close()
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


def _mark_all(
    students: list[Student],
    found: dict[str, Path],
    marker: Callable[[Sandbox, threading.Event], Marker],
    jobs: int,
    say: Callable[[str], None],
) -> dict[str, list[Row]]:
    """Every student's rows; `jobs` in parallel, each with its own sandbox."""
    waiting: queue.SimpleQueue[Student] = queue.SimpleQueue()
    for student in students:
        waiting.put(student)
    rows: dict[str, list[Row]] = {}
    halt = threading.Event()
    stopped: list[Exception] = []

    def work(done: threading.Event) -> None:
        try:
            with Sandbox() as sandbox:
                sandbox.start()
                mark_waiting(marker(sandbox, halt))
        except Exception as error:  # no sandbox, no disk: not a student's fault
            stopped.append(error)
            halt.set()
        finally:
            done.set()

    def mark_waiting(marker: Marker) -> None:
        while not halt.is_set():
            try:
                student = waiting.get_nowait()
            except queue.Empty:
                return
            marked = marker.mark(student, found.get(student.id))
            if halt.is_set():
                return
            rows[student.id] = marked
            passed = sum(row.status == "pass" for row in rows[student.id])
            asked = len(rows[student.id])
            say(f"{len(rows)}/{len(students)} {student.id}: {passed} of {asked} pass")

    # not Thread.join: before Python 3.13 a join interrupted by Ctrl-C takes the thread for ended
    ends: list[threading.Event] = []
    try:
        for _ in range(min(jobs, len(students))):
            ended = threading.Event()
            threading.Thread(target=work, args=(ended,), daemon=True).start()
            ends.append(ended)
        for done in ends:
            done.wait()
    except KeyboardInterrupt:
        halt.set()
        say("stopping after the answers under way; Ctrl-C once more ends at once")
        for done in ends:
            done.wait()
        say("what was graded is in the journal: the same command goes on from here")
        raise
    if stopped:
        raise stopped[0]
    return rows


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
    retry: bool = False
    """Judge the answers at which an earlier run was killed."""
    halt: threading.Event = field(default_factory=threading.Event)
    """Set to stop after the answer under way."""

    def mark(self, student: Student, path: Path | None) -> list[Row]:
        """A row for every exercise, whatever was submitted; fewer if it was halted."""
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
            if self.halt.is_set():
                break
            try:
                rows.append(self._answer(student, task, written, submission.remark))
            except Exception as error:  # our error, not the student's: a row for the teacher
                words = f"the grader failed, please grade by hand ({type(error).__name__}: {error})"
                rows.append(self._row(student, task, _crash(task, words), ""))
        return rows

    def _answer(
        self,
        student: Student,
        task: hidden.Task,
        written: dict[str, learner.Written | str],
        remark: str,
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
                source = file.code.needed(exercise.name)
            except slicing.Unreadable as error:
                complaints.append(f"{name}: {error}")
                continue
            if source is not None:
                break
        if source is None:
            if complaints:
                return self._row(student, task, _crash(task, complaints[0]), "")
            words = f"no file of lesson {exercise.lesson:02d} has {exercise.name}"
            words += f"; {remark}" if remark else ""
            return self._row(student, task, _missing(task, words), "")
        key = files.sha256(
            "\0".join([student.id, exercise.id, source, self._version(task), self.secret])
        )
        known = self.journal.get(key)
        if known is not None:
            return replace(known, name=student.name)
        if self.journal.was_under_way(key) and not self.retry:
            return self._row(student, task, _crash(task, PASSED_BY), "")
        seed = f"{self.secret}|{student.id}"
        with self.journal.judging(key):
            result = check_source(exercise, source, self.sandbox, seed=seed, discreet=self.discreet)
            row = self._row(student, task, result, source)
        self.journal.add(key, row)
        return row

    def _version(self, task: hidden.Task) -> str:
        return f"{version()}+{task.version}"

    def _row(self, student: Student, task: hidden.Task, result: Result, source: str) -> Row:
        form = ""
        if source and len(source) <= MAX_SOURCE and result.status != "missing":
            try:
                form = shape_of(source)
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
    """Every file read, or the reason if not; the shortest path first, so that copies come last."""
    found: dict[str, learner.Written | str] = {}
    code = 0
    for name in sorted(submission.files, key=lambda n: (n.count("/"), len(n), n)):
        try:
            written = learner.parse(Path(name), submission.files[name])
        except ValueError as error:
            found[name] = str(error)
            continue
        code += sum(map(len, written.cells))
        too_much = f"{name} is left out: more than {learner.MAX_CODE >> 20} MB of code in all"
        found[name] = written if code <= learner.MAX_CODE else too_much
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
