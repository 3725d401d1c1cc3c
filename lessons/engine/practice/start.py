"""A learner's own copy of a lesson in work/, which never overwrites a file.

Idea:   the notebooks in the repository are published: they have outputs, and with them the answers
        to every prediction. The copy has the same cells without outputs. For an editor there is a
        Python file with the exercises alone; `check` reads either.
Run:    python -m lessons start 01 [--py]
Omits:  starting Jupyter. Many editors open notebooks; the command names one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional

from lessons.engine.catalogue import Lesson, find
from lessons.engine.checking import learner
from lessons.engine.work import from_here, work_folder


@dataclass(frozen=True, kw_only=True)
class Start:
    """Put your own copy of a lesson into work/."""

    lesson: Annotated[str, Positional]
    """Its number or name."""
    py: bool = False
    """A Python file with the exercises alone, instead of the notebook."""


def main(settings: Start) -> None:
    """Run the command."""
    lesson = find(settings.lesson)
    path, new = start(lesson, work_folder(), py=settings.py)
    shown = from_here(path)
    print(f"{shown} is yours now" if new else f"{shown} is there already; it stays as it is")
    if path.suffix == ".ipynb":
        print(f"open it: jupyter lab {shown}")
    for exercise in lesson.exercises():
        print(f"check it: python -m lessons check {exercise.id}")


def start(lesson: Lesson, folder: Path, *, py: bool = False) -> tuple[Path, bool]:
    """The learner's file, and whether it was made now."""
    path = folder / f"{lesson.slug}.{'py' if py else 'ipynb'}"
    if os.path.lexists(path):
        return path, False
    text = exercises_alone(lesson) if py else without_outputs(lesson)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:  # fails if it exists
            file.write(text)
    except FileExistsError:
        return path, False
    return path, True


def without_outputs(lesson: Lesson) -> str:
    """The learner's notebook, not run."""
    import nbformat

    from lessons.engine.building.build import compose

    return str(nbformat.writes(compose(lesson, "student"))) + "\n"


def exercises_alone(lesson: Lesson) -> str:
    """A Python file with a stub for each exercise."""
    exercises = lesson.exercises()
    if not exercises:
        raise ValueError(f"lesson {lesson.number:02d} has no exercises; leave out --py")
    head = f'"""Lesson {lesson.number:02d}: {lesson.title}. Your answers.\n\n'
    head += "".join(f"python -m lessons check {exercise.id}\n" for exercise in exercises)
    head += f'"""\n\n{learner.IMPORTS}'
    return "\n\n".join([head, *(f"{learner.stub(exercise)}" for exercise in exercises)])
