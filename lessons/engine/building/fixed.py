"""Paragraphs that every lesson has in the same words, put into its notebooks.

Idea:   how to get a copy of one's own, where a hint is, that an exercise may wait, and how to see
        the verdict without computing are said once, here, and not in every lesson.py.
Run:    python -m lessons build
Omits:  anything that depends on the claim.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lessons.engine.building.percent import Cell
from lessons.engine.catalogue import Lesson

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def complete(cells: list[Cell], lesson: Lesson) -> list[Cell]:
    """The cells with the fixed paragraphs: below the title, after the first exercise, and before
    the experiment."""
    made = list(cells)
    first = next((cell for cell in cells if cell.exercise), None)
    if first is not None:
        after = cells.index(first) + 1
        words = WAITING.format(id=first.exercise)
        if after < len(cells) and cells[after].kind == "markdown":
            made[after] = replace(cells[after], source=f"{words}\n\n{cells[after].source}")
        else:
            made.insert(after, Cell(kind="markdown", source=words, line=first.line))
    for place, cell in enumerate(made):
        if f'experiment("{lesson.name}")' in cell.source and cell.kind == "code":
            words = PUBLISHED.format(name=lesson.name)
            if place and made[place - 1].kind == "markdown":
                before = made[place - 1]
                made[place - 1] = replace(before, source=f"{before.source}\n\n{words}")
            else:
                made.insert(place, Cell(kind="markdown", source=words, line=cell.line))
            break
    if made[0].kind == "markdown" and made[0].source.startswith("# "):
        title, _, rest = made[0].source.partition("\n")
        made[0] = replace(
            made[0], source=f"{title}\n\n{_about(cells, lesson)}\n\n{rest.strip()}".strip()
        )
    return made


WAITING = (
    '(Stuck? `hint("{id}")` asks you a question; call it again for more. From here on the story '
    "uses the package's own version, whether or not you have solved the exercise.)"
)
PUBLISHED = (
    'If you have no time, `experiment("{name}", published=True)` shows our results and runs '
    "nothing."
)


def _about(cells: list[Cell], lesson: Lesson) -> str:
    """Parts of the lesson, and the command that makes a copy without results."""
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    predictions = len(re.findall(r"^predict\(", code, re.MULTILINE))
    exercises = sum(bool(cell.exercise) for cell in cells)
    parts = ["A claim"]
    parts += [_several(predictions, "prediction")] if predictions else []
    parts += [_several(exercises, "small exercise")] if exercises else []
    parts += ["one measurement"] if "experiment(" in code else []
    yours = f": make your {_plural(predictions, 'prediction')} there" if predictions else ""
    return (
        f"*Lesson {lesson.number}. {', '.join(parts)}.*\n\n"
        f"*`python -m lessons start {lesson.number:02d}` gives you a copy of your own, without the "
        f"results that follow here{yours}.*"
    )


def _several(count: int, what: str) -> str:
    number = NUMBERS[count] if count < len(NUMBERS) else str(count)
    return f"a {what}" if count == 1 else f"{number} {_plural(count, what)}"


def _plural(count: int, what: str) -> str:
    return what if count == 1 else f"{what}s"
