"""The percent format: what is a cell, and what is refused, with its line."""

from __future__ import annotations

import pytest

from lessons.engine.building.percent import parse


def test_a_file_becomes_its_cells() -> None:
    text = '''"""Not a cell."""

# %% [markdown]
# # Title
#
# Words with `# %%` inside.

# %% tags=["one", "two"]
x = 1  # a comment stays


y = 2

# %% exercise="01.1"
'''
    prose, code, exercise = parse(text)
    assert prose.kind == "markdown"
    assert prose.source == "# Title\n\nWords with `# %%` inside."
    assert (code.source, code.tags, code.exercise) == (
        "x = 1  # a comment stays\n\n\ny = 2",
        ("one", "two"),
        "",
    )
    assert (exercise.source, exercise.exercise, exercise.line) == ("", "01.1", 14)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1\n", "has no cell"),
        ("# %% [raw]\nx\n", "line 1: .* is no cell mark"),
        ("# %%\nx\n\n# %% tag=['a']\ny\n", "line 4: .* is no cell mark"),
        ("# %% tags=[one]\nx\n", "tags are written"),
        ("# %% [markdown]\n# fine\nnot fine\n", "line 3: .* every line begins with '# '"),
        ("# %%\n\n# %%\nx\n", "line 1: an empty cell"),
    ],
)
def test_what_is_not_understood_is_named_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)
