"""Hidden checks of a teacher: other numbers, other properties, whole exercises.

Idea:   everything in this repository is public, including solutions and checks. Meaningful marks
        need a folder that students never see.
Run:    python -m lessons grade SUBMISSIONS --hidden DIR ...
Omits:  encryption. The folder stays on the teacher's machine.

In the folder, all optional:

    seed.txt      any text; the numbers of every probe depend on it
    *.py          PROBES: dict[str, tuple[Probe, ...]]   more properties of public exercises, by id
                  EXERCISES: tuple[Exercise, ...]        new exercises, or other versions of public
                                                         ones (the same id)
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

from labkit import files
from lessons.engine import catalogue
from lessons.engine.catalogue import Lesson
from lessons.engine.exercise import Exercise


@dataclass(frozen=True, kw_only=True)
class Task:
    """An exercise as set for a class."""

    exercise: Exercise
    """The exercise with hidden probes, if there are any."""
    version: str
    """Hash of its checks."""


class _AsItIs(SourceFileLoader):
    """Code from a file's text, and none kept beside it: Python takes what it has kept for the same
    text if size and second are the same."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def tasks(lessons: Sequence[Lesson], folder: Path | None) -> tuple[list[Task], str]:
    """All exercises of `lessons`, by id, with hidden checks; and the secret for the numbers.

    ValueError if the folder is not there, or names an exercise that does not exist.
    """
    found: dict[str, Exercise] = {}
    hashes: dict[str, str] = {}
    for lesson in lessons:
        version = lesson.checks_hash()
        for exercise in lesson.exercises():
            found[exercise.id], hashes[exercise.id] = exercise, version
    secret = "class"
    if folder is not None:
        if not folder.is_dir():
            raise ValueError(f"{folder} is not a folder with hidden checks")
        if (folder / "seed.txt").exists():
            secret = (folder / "seed.txt").read_text(encoding="utf-8").strip()
        numbers = {lesson.number for lesson in lessons}
        for path in sorted(folder.glob("*.py")):
            _add(path, found, hashes, numbers)
    return [Task(exercise=found[key], version=hashes[key][:12]) for key in sorted(found)], secret


def _add(path: Path, found: dict[str, Exercise], hashes: dict[str, str], numbers: set[int]) -> None:
    name = f"hidden_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_AsItIs(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"{path} does not run: {type(error).__name__}: {error}") from None
    own = files.sha256(path.read_bytes())
    known = {lesson.number for lesson in catalogue.lessons()}
    for exercise in getattr(module, "EXERCISES", ()):
        if exercise.lesson not in known:
            raise ValueError(
                f"{path}: exercise {exercise.id} belongs to lesson {exercise.lesson}, which there "
                f"is not; an exercise of your own has the number of a lesson, such as 01.9"
            )
        if exercise.lesson in numbers:
            found[exercise.id], hashes[exercise.id] = exercise, own
    for key, probes in getattr(module, "PROBES", {}).items():
        if key not in found:
            if key[:2].isdecimal() and int(key[:2]) not in numbers:
                continue  # its lesson is not graded now
            raise ValueError(f"{path}: there is no exercise {key!r}; there are {', '.join(found)}")
        found[key] = replace(found[key], probes=(*found[key].probes, *probes))
        hashes[key] = files.sha256(hashes[key] + own)
