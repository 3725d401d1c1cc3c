"""Repeating failed exercises after 1, 3 and 7 days, with new inputs.

Idea:   a corrected mistake is soon forgotten; writing the answer again from nothing, days later,
        makes it stay. Inputs are new every time, so that only the idea is learned by heart.
Source: Cepeda et al. 2006, "Distributed practice in verbal recall tasks"; Roediger & Karpicke
        2006, "Test-enhanced learning".
Run:    python -m lessons review
Omits:  schedules that adapt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
from tyro.conf import Positional, arg

from labkit import files
from lessons.engine import catalogue
from lessons.engine.checking import learner, supervisor
from lessons.engine.checking.check import check_source, entropy
from lessons.engine.checking.feedback import feedback
from lessons.engine.exercise import Exercise
from lessons.engine.practice import progress
from lessons.engine.work import work_folder


@dataclass(frozen=True, kw_only=True)
class Review:
    """List reviews that are due and open their drills; with an exercise, check its drill."""

    exercise: Annotated[str, Positional, arg(metavar="EXERCISE")] = ""
    """Drill to check: 03.1. None: list reviews that are due."""
    answer: Annotated[str, Positional, arg(metavar="NUMBER")] = ""
    """The answer, if the drill asks for a number."""


def main(settings: Review, today: date | None = None) -> int:
    """Print the drills, or judge one; returns 1 if it is wrong."""
    today = today or date.today()
    folder = work_folder()
    if not settings.exercise:
        _list(folder, today)
        return 0
    exercise = catalogue.find_exercise(settings.exercise)
    records = progress.load(folder)
    record = records.get(exercise.id, progress.Record())
    if not record.due:
        print(
            f"{exercise.id}: nothing to review; it was right at the first try, or is not done yet"
        )
        return 0
    if not progress.is_due(record, today):
        print(f"{exercise.id}: not due before {record.due}")
        return 0
    right = _judge(exercise, settings.answer, folder, record.due)
    if right is None:  # nothing was written yet: not a review
        return 1
    records[exercise.id] = progress.after_review(record, right, today)
    progress.save(folder, records)
    after = records[exercise.id].due
    print(f"Next review: {after}" if after else "That was the last review of this one.")
    if right:
        _drill_file(exercise, folder).unlink(missing_ok=True)
    return 0 if right else 1


def _list(folder: Path, today: date) -> None:
    records = progress.load(folder)
    due = sorted(key for key, record in records.items() if progress.is_due(record, today))
    if not due:
        coming = sorted(record.due for record in records.values() if record.due)
        print("Nothing to review." + (f" Next: {coming[0]}" if coming else ""))
        return
    for key in due:
        exercise = catalogue.find_exercise(key)
        print(f"{key} {exercise.name}. It went wrong at: {'; '.join(records[key].missed)}")
        if callable(exercise.drill):
            question, _ = exercise.drill(_numbers(exercise, records[key].due))
            print(f"  {question}\n  Answer: python -m lessons review {key} NUMBER")
            continue
        path = _drill_file(exercise, folder)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_text(path, f"{learner.IMPORTS}\n\n{learner.stub(exercise)}")
        if exercise.drill:
            print(f"  First, in your head: {exercise.drill} (The answer comes with the check.)")
        print(f"  Write it once more in {path}, then: python -m lessons review {key}")


def _judge(exercise: Exercise, answer: str, folder: Path, due: str) -> bool | None:
    """Print whether the drill is right; None if it is unchanged."""
    if callable(exercise.drill):
        _, right = exercise.drill(_numbers(exercise, due))
        try:
            given = float(answer.replace(",", "."))
        except ValueError:
            raise ValueError(
                f"{exercise.id} asks for a number, got {answer!r}; "
                "python -m lessons review shows the question"
            ) from None
        if math.isclose(given, right, rel_tol=0.01, abs_tol=1e-9):
            print(f"{exercise.id}: right")
            return True
        print(f"{exercise.id}: {given:g} is not right; it is {right:.4g}")
        return False
    path = _drill_file(exercise, folder)
    if not path.exists():
        raise ValueError(f"there is no {path}; python -m lessons review puts it there")
    source = learner.answer(learner.read(path), exercise)
    result = check_source(exercise, source, supervisor.sandbox(), seed=f"review {due}")
    print(feedback(result, exercise.name))
    if result.status == "missing":
        print(f"Write it in {path}; until then this is no review.")
        return None
    if exercise.drill:
        print(f"In your head: {exercise.drill}\nThe answer: {exercise.drill_answer}")
    return result.passed


def _numbers(exercise: Exercise, due: str) -> np.random.Generator:
    """New numbers for every review, the same while it is due."""
    return np.random.default_rng(entropy(due, exercise.id, 0, 0))


def _drill_file(exercise: Exercise, folder: Path) -> Path:
    return folder / "review" / f"{exercise.id.replace('.', '_')}_{exercise.name}.py"
