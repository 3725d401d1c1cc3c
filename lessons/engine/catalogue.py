"""The list of lessons: every folder lessons/lNN_name.

Idea:   the folders are the list; a new lesson is found. Its title, its minutes and what it needs
        are read from its text, where learners read them. For an unknown name the nearest one is
        suggested.
Run:    python -m lessons list
"""

from __future__ import annotations

import difflib
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labkit import files

if TYPE_CHECKING:
    from lessons.engine.exercise import Exercise

FOLDER = Path(__file__).resolve().parents[1]
FIRST = 51
"""First number of a class's own lessons; lower numbers are the course's."""
_NAME = re.compile(r"l(\d\d)_(\w+)")
_TITLE = re.compile(r"^# # (.+)$", re.MULTILINE)
_MINUTES = re.compile(r"exercises take (\d+) to (\d+) minutes")
_NEEDS = re.compile(r"You need\b[^.]*")
_NUMBERS = re.compile(r"\blessons? (\d+(?:(?:,| and|, and) \d+)*)")


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One lesson's folder."""

    number: int
    """Number, from 1."""
    name: str
    """Name as in CLAIMS: "next_character"."""
    folder: Path
    """Path of the folder."""

    @property
    def slug(self) -> str:
        """Stem of its files' names: "01_next_character"."""
        return f"{self.number:02d}_{self.name}"

    @property
    def module(self) -> str:
        """Its package: "lessons.l01_next_character"."""
        return f"lessons.{self.folder.name}"

    @property
    def title(self) -> str:
        """The first heading of lesson.py; the name if there is none yet."""
        found = _TITLE.search(self._source())
        return found[1].strip() if found else self.name.replace("_", " ")

    @property
    def minutes(self) -> tuple[int, int] | None:
        """From how many to how many minutes reading and exercises take, as its text says."""
        found = _MINUTES.search(self._prose())
        return (int(found[1]), int(found[2])) if found else None

    @property
    def needs(self) -> tuple[int, ...]:
        """Numbers of the lessons it builds on: those that its sentence "You need ..." names."""
        found = _NEEDS.search(self._prose())
        named = _NUMBERS.findall(found[0]) if found else []
        return tuple(sorted({int(number) for some in named for number in re.findall(r"\d+", some)}))

    def _prose(self) -> str:
        """Its source on one line, without the marks of comments."""
        return " ".join(self._source().replace("\n#", "\n").split())

    def _source(self) -> str:
        path = self.folder / "lesson.py"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises of checks.py, in order; none if there is no such file.

        Their variants and wrong answers are in answers.py beside it.
        """
        if not (self.folder / "checks.py").exists():
            return ()
        found: tuple[Exercise, ...] = importlib.import_module(f"{self.module}.checks").EXERCISES
        return found

    def checks_hash(self) -> str:
        """SHA-256 of the code that judges its exercises: checks.py, and the known answers wherever
        they are; empty if there are no exercises."""
        exercises = self.exercises()
        if not exercises:
            return ""
        known = [(e.id, e.variants, e.wrong) for e in exercises]
        checks = (self.folder / "checks.py").read_text(encoding="utf-8")
        return files.sha256(f"{checks}\0{known!r}")


def lessons(*, having: str = "") -> list[Lesson]:
    """All lessons, by number; with `having`, those whose folder has a file of that name."""
    found = [(m, p) for p in FOLDER.iterdir() if p.is_dir() and (m := _NAME.fullmatch(p.name))]
    rows = [Lesson(number=int(m[1]), name=m[2], folder=p) for m, p in found]
    chosen = [lesson for lesson in rows if (lesson.folder / having).exists()]
    return sorted(chosen, key=lambda lesson: lesson.number)


def find(which: str | int) -> Lesson:
    """The lesson called 3, "3", "03", "03_name" or "name"; ValueError with the nearest name.

    >>> find(1) == find("01") == find("next-character")
    True
    """
    known = lessons()
    wanted = str(which).strip().lower().replace("-", "_")
    for lesson in known:
        if wanted in {
            str(lesson.number),
            *lesson.slug.split("_", 1),
            lesson.slug,
            "l" + lesson.slug,
        }:
            return lesson
    names = [f"{lesson.number:02d}" for lesson in known] + [lesson.name for lesson in known]
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.3)
    hint = f"the nearest is {near[0]}; " if near else ""
    raise ValueError(f"there is no lesson {which!r}; {hint}python -m lessons list shows them all")


def find_exercise(which: str) -> Exercise:
    """The exercise "03.1" (or "3.1"); ValueError with those of the lesson."""
    number, _, index = which.strip().partition(".")
    exercises = find(number).exercises()
    for exercise in exercises:
        if index and exercise.id == f"{int(number):02d}.{index}":
            return exercise
    has = ", ".join(exercise.id for exercise in exercises) or "no exercises"
    raise ValueError(f"there is no exercise {which!r}; lesson {number} has {has}")
