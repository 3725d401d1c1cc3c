"""Commands for learners: list, check, hint, solution, status, next.

Idea:   each command says one thing and what to do next, in plain text that needs no colour.
Run:    python -m lessons check 03.1
Omits:  review (reviewing.py) and start (start.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from lessons.engine import catalogue, course
from lessons.engine.checking import learner, supervisor
from lessons.engine.checking.feedback import feedback
from lessons.engine.exercise import Exercise
from lessons.engine.practice import attempts, progress
from lessons.engine.work import work_folder

Id = Annotated[str, Positional, arg(metavar="EXERCISE")]


@dataclass(frozen=True, kw_only=True)
class List:
    """List the lessons by the parts of the course: minutes, what each builds on, title."""


def list_lessons(_: List) -> None:
    """Print one line per lesson, under the heading of its part."""
    print("Minutes are for reading and exercises; after: the lessons that one builds on.\n")
    for part, some in course.in_parts(catalogue.lessons()).items():
        print(course.TITLES[part])
        for lesson in some:
            minutes = "-".join(map(str, lesson.minutes or ("?",)))
            after = ", ".join(map(str, lesson.needs)) or "-"
            head = f"{lesson.number:02d}  {lesson.name:<32} {minutes:>6} min  after {after:<8}"
            print(f"{head} {lesson.title}")
        print()


@dataclass(frozen=True, kw_only=True)
class Check:
    """Check an exercise (03.1) or all of a lesson (03), as in work/."""

    exercise: Id
    """Exercise: 03.1, or 03 for all of lesson 3."""
    file: Path | None = None
    """File to check instead of the one in work/: a notebook or a .py file."""


def check(settings: Check) -> int:
    """Print the findings; returns 0 if all passed, 1 otherwise."""
    supervisor.sandbox().launch()  # it imports torch while this process reads the lesson
    right = True
    for i, exercise in enumerate(_exercises(settings.exercise)):
        result, remarks = attempts.check_file(exercise, settings.file)
        print("\n" * (i > 0) + "\n".join([*remarks, feedback(result, exercise.name)]))
        right = right and result.passed
    return 0 if right else 1


def _exercises(which: str) -> tuple[Exercise, ...]:
    if "." in which:
        return (catalogue.find_exercise(which),)
    lesson = catalogue.find(which)
    found = lesson.exercises()
    if not found:
        raise ValueError(f"lesson {lesson.number:02d} has no exercises")
    return found


@dataclass(frozen=True, kw_only=True)
class Hint:
    """Print the next of three hints: a question, the concept, pseudocode."""

    exercise: Id
    """Which: 03.1."""
    stub: bool = False
    """Print the cell's original text instead."""


def hint(settings: Hint) -> None:
    """Print it."""
    exercise = catalogue.find_exercise(settings.exercise)
    if settings.stub:
        print(f'{learner.stub(exercise)}\n\ncheck("{exercise.id}", {exercise.name})')
        return
    print(attempts.next_hint(exercise))


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Print the package's own function: after a pass, after three tries, or with --now."""

    exercise: Id
    """Which: 03.1."""
    now: bool = False
    """Print it without a pass or three tries."""


def solution(settings: Solution) -> None:
    """Print it."""
    exercise = catalogue.find_exercise(settings.exercise)
    print(attempts.show_solution(exercise, now=settings.now))


@dataclass(frozen=True, kw_only=True)
class Status:
    """Show the progress, lesson by lesson."""


def status(_: Status) -> None:
    """Print one line per exercise."""
    folder = work_folder()
    records = progress.load(folder)
    done = total = 0
    for lesson in catalogue.lessons():
        exercises = lesson.exercises()
        print(f"{lesson.number:02d} {lesson.title}")
        for exercise in exercises:
            state = state_of(lesson, exercise, records, folder)
            done += state == "done"
            total += 1
            mark = "x" if state == "done" else " "
            print(f"   [{mark}] {exercise.id} {exercise.name:<28} {state}")
    due = sum(progress.is_due(record, date.today()) for record in records.values())
    print(f"\n{done} of {total} done; {due} to review. Next: python -m lessons next")


def state_of(
    lesson: catalogue.Lesson,
    exercise: Exercise,
    records: dict[str, progress.Record],
    folder: Path,
) -> str:
    """One exercise in words. A tick belongs to the code that earned it: changed code has none."""
    record = records.get(exercise.id, progress.Record())
    if not record.tries:
        return "not attempted yet"
    tries = f"{record.tries} tr{'y' if record.tries == 1 else 'ies'}"
    if not record.ever_passed:
        return f"{tries}, not right yet"
    try:
        source = learner.answer(learner.read(learner.file_of(lesson, folder)), exercise)
    except ValueError:
        return "done"  # it was checked from elsewhere; work/ does not contradict
    if not progress.has_passed(record, source):
        day = f" on {record.passed_on}" if record.passed_on else ""
        again = f"check it again: python -m lessons check {exercise.id}"
        return f"changed since it passed{day}; {again}"
    return "done"


@dataclass(frozen=True, kw_only=True)
class Next:
    """Print the next thing to do."""


def next_step(_: Next) -> None:
    """Print one line: a review that is due, or the first exercise that is not done.

    Lessons that were begun come first, then those whose needs are done, then the others.
    """
    folder = work_folder()
    records = progress.load(folder)
    due = sorted(k for k, record in records.items() if progress.is_due(record, date.today()))
    if due:
        print(f"Review {', '.join(due)}: python -m lessons review")
        return
    lessons = catalogue.lessons()
    left = {
        lesson.number: [
            e for e in lesson.exercises() if state_of(lesson, e, records, folder) != "done"
        ]
        for lesson in lessons
    }
    done = [number for number, exercises in left.items() if not exercises]
    begun = [lesson.number for lesson in lessons if _begun(lesson, records, folder)]
    for lesson in course.ordered(lessons, done, begun):
        if not (exercises := left[lesson.number]):
            continue
        if lesson.number in begun:
            first = exercises[0]
            print(f"Write {first.name}, then: python -m lessons check {first.id}")
        else:
            number = f"{lesson.number:02d}"
            print(f"Start lesson {number}: python -m lessons start {number}")
        return
    print("All done. An open question stands at the end of every lesson.")


def _begun(lesson: catalogue.Lesson, records: dict[str, progress.Record], folder: Path) -> bool:
    """Is there a file of the lesson in work/, or was one of its exercises tried from elsewhere?"""
    tried = any(records[e.id].tries for e in lesson.exercises() if e.id in records)
    try:
        learner.file_of(lesson, folder)
    except ValueError:
        return tried
    return True
