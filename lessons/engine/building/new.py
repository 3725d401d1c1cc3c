"""A new lesson: a folder with every part of a lesson, all of which runs.

Idea:   a class that only reads others' verdicts has not measured anything. So a new lesson begins
        as a small one that works: an experiment of a second with its control, a criterion, an
        exercise with known wrong answers, a notebook. Replace it part by part, and test after each.
Run:    python -m lessons new NAME
Omits:  asking for its subject.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated

from tyro.conf import Positional, arg

from lessons.engine import catalogue
from lessons.engine.catalogue import FIRST

TEMPLATE = Path(__file__).parent / "template"


@dataclass(frozen=True, kw_only=True)
class New:
    """Make the folder of a new lesson, in which everything runs."""

    name: Annotated[str, Positional, arg(metavar="NAME")]
    """Name such as longer_context: lower-case letters, digits and underscores."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(
                f"a lesson's name is like longer_context: small letters, digits and underscores, "
                f"beginning with a letter; got {self.name!r}"
            )


def main(settings: New) -> None:
    """Run the command; ValueError if there is a lesson of that name."""
    known = catalogue.lessons()
    if any(lesson.name == settings.name for lesson in known):
        raise ValueError(f"there is a lesson {settings.name} already")
    number = max([FIRST - 1, *(lesson.number for lesson in known)]) + 1
    folder = catalogue.FOLDER / f"l{number}_{settings.name}"
    with tempfile.TemporaryDirectory(dir=catalogue.FOLDER, prefix=".new-") as parts:
        made = Path(parts) / folder.name
        made.mkdir()
        (made / "__init__.py").write_text(f'"""Lesson {number}."""\n', encoding="utf-8")
        for source in sorted(TEMPLATE.glob("*.txt")):
            text = Template(source.read_text(encoding="utf-8"))
            filled = text.substitute(number=number, name=settings.name)
            (made / f"{source.stem}.py").write_text(filled, encoding="utf-8")
        shutil.move(made, folder)  # atomic
    print(f"lessons/{folder.name}: everything in it runs. Replace part by part, and try:")
    for words in (
        f"ledger {settings.name} --run --profile ci   its experiment, small",
        f"pilot {settings.name}                       seeds that are never judged; how many decide",
        f"preregister {settings.name}                 what must hold, before it is measured",
        f"ledger {settings.name} --run                the judged run",
        f"audit {number}                             do its checks catch what they should?",
        f"build {number}                             its notebooks",
    ):
        print(f"  python -m lessons {words}")
