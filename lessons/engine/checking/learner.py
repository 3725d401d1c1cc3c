"""Reading a learner's file: a notebook, or a Python file.

Idea:   a notebook is read as data: its code cells in order, nothing is run. From them the wanted
        function is cut out with its dependencies (lessons.engine.answers.source).
Source: the notebook format, nbformat.readthedocs.io, "The notebook file format".
Run:    used by `python -m lessons check`, `status` and `grade`
Omits:  outputs; they prove nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lessons.engine.answers import slicing
from lessons.engine.answers import source as sources
from lessons.engine.catalogue import Lesson
from lessons.engine.exercise import Exercise

MAX_FILE = 20 << 20
"""Bytes of the largest notebook that is read."""
MAX_CODE = 1 << 20
"""Most characters of code in one: outputs may be large, answers are not."""


IMPORTS = "import math\n\nimport numpy as np\nimport torch\n"
"""First lines of a file for answers."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A learner's file."""

    path: Path
    """Path of the file."""
    cells: tuple[str, ...]
    """Its code cells; one for a Python file."""

    @cached_property
    def code(self) -> slicing.Cells:
        """Its cells, parsed."""
        return slicing.Cells(self.cells)

    def has_check(self, exercise: str) -> bool:
        """Is there still a cell that calls check for this exercise?"""
        call = re.compile(rf"\bcheck\(\s*['\"]{re.escape(exercise)}['\"]")
        return any(call.search(cell) for cell in self.cells)


def read(path: Path) -> Written:
    """A .ipynb or .py file as code cells; ValueError with the reason if it is neither."""
    if path.stat().st_size > MAX_FILE:
        raise ValueError(f"{path} is larger than {MAX_FILE >> 20} MB; clear its outputs")
    return parse(path, path.read_bytes())


def parse(path: Path, data: bytes) -> Written:
    """The same from bytes; `path` gives its kind and its name in messages."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text (byte {error.start})") from None
    cells = [text] if path.suffix.lower() == ".py" else _code_cells(path, text)
    if sum(map(len, cells)) > MAX_CODE:
        raise ValueError(f"{path} has more than {MAX_CODE >> 20} MB of code")
    return Written(path=path, cells=tuple(cells))


def _code_cells(path: Path, text: str) -> list[str]:
    try:
        found = json.loads(text)
        return [_text(c["source"]) for c in found["cells"] if c["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(f"{path} is not a notebook; save it again from Jupyter") from None


def _text(source: object) -> str:
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    raise TypeError("a cell's source is text")


def belongs(name: str, lesson: Lesson) -> bool:
    """Is a file of this name for this lesson: 03_name.ipynb, 3.py, name.ipynb?"""
    pattern = rf"l?0*{lesson.number}(\D.*)?\.(ipynb|py)|{lesson.name}.*\.(ipynb|py)"
    return re.fullmatch(pattern, name, re.IGNORECASE) is not None


def file_of(lesson: Lesson, folder: Path) -> Path:
    """The learner's file for a lesson, the latest of several; ValueError if there is none."""
    found = sorted(
        (p for p in folder.glob("*") if belongs(p.name, lesson) and p.is_file()),
        key=lambda p: p.stat().st_mtime,
    )
    if not found:
        raise ValueError(
            f"there is no file for lesson {lesson.number:02d} in {folder}; "
            f"python -m lessons start {lesson.number:02d} puts one there"
        )
    return found[-1]


def answer(written: Written, exercise: Exercise) -> str:
    """The source of one exercise's function; ValueError with the line if it does not parse."""
    try:
        found = written.code.needed(exercise.name)
    except slicing.Unreadable as error:
        raise ValueError(f"{written.path.name}: the cell with {exercise.name}: {error}") from None
    if found is None:
        gone = "" if written.has_check(exercise.id) else f' and no check("{exercise.id}", ...)'
        raise ValueError(
            f"{written.path.name} has no function {exercise.name}{gone}; "
            f"python -m lessons hint {exercise.id} --stub prints the cell to put back"
        )
    return found


def stub(exercise: Exercise) -> str:
    """The exercise's cell as a learner first finds it."""
    return sources.stub(exercise.solution, exercise.name, exercise.task, exercise.signature)
