"""Paragraphs that every lesson has are in every notebook, once, each in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lessons.engine.building import build
from lessons.engine.building.fixed import complete
from lessons.engine.building.percent import parse
from lessons.engine.catalogue import Lesson, find

LESSONS = build.with_source()
SAMPLE = Lesson(number=7, name="collapse", folder=Path())


def made(text: str) -> list[str]:
    return [cell.source for cell in complete(parse(text), SAMPLE)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_each_is_there_once(lesson: Any) -> None:
    source = (lesson.folder / "lesson.py").read_text(encoding="utf-8")
    cells = build.compose(lesson, "student").cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for words in ("gives you a copy", "(Stuck?", "published=True)", "one measurement.*"):
        assert prose.count(words) == 1, words
        assert words not in source, words


def test_the_parts_are_counted() -> None:
    four = build.compose(find(4), "student").cells[0].source
    assert "*Lesson 4. A claim, two predictions, three small exercises, one measurement.*" in four
    assert "make your predictions there.*" in four
    assert "make your prediction there.*" in build.compose(find(7), "student").cells[0].source


def test_each_has_its_place() -> None:
    text = """# %% [markdown]
# # Title
#
# The claim.

# %%
predict("collapse", ...)

# %% exercise="07.1"

# %% [markdown]
# Next.

# %% [markdown]
# Wait.

# %%
evidence = experiment("collapse")
"""
    title, _, exercise, following, before, _ = made(text)
    assert title.split("\n\n")[0] == "# Title"
    assert title.split("\n\n")[1].startswith("*Lesson 7. A claim, a prediction, a small exercise,")
    assert title.split("\n\n")[-1] == "The claim."
    assert exercise == ""
    assert following.startswith('(Stuck? `hint("07.1")`')
    assert following.endswith("\n\nNext.")
    assert before == (
        'Wait.\n\nIf you have no time, `experiment("collapse", published=True)` shows our results '
        "and runs nothing."
    )


def test_where_no_prose_is_a_cell_is_added() -> None:
    text = '# %% exercise="07.1"\n\n# %%\nx = 1\n\n# %%\nexperiment("collapse")\n'
    assert [source[:8] for source in made(text)] == [
        "",
        "(Stuck? ",
        "x = 1",
        "If you h",
        "experime",
    ]


def test_a_lesson_without_predictions_asks_for_none() -> None:
    (title,) = made("# %% [markdown]\n# # Title\n")
    assert title == (
        "# Title\n\n*Lesson 7. A claim.*\n\n*`python -m lessons start 07` gives you a copy of your "
        "own, without the results that follow here.*"
    )
