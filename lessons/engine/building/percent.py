"""A notebook's source as a plain Python file: the percent format.

Idea:   a notebook is JSON, which is hard to review. Its source is a Python file in which `# %%`
        begins a cell; an editor runs it cell by cell, a diff shows the changes, and the notebook is
        made from it.
Source: the format is that of Spyder, VS Code and jupytext (jupytext.readthedocs.io).
Run:    python -m lessons build
Omits:  reading notebooks back, raw cells, titles and metadata other than those below.

    # %% [markdown]           prose; every line below begins with "# "
    # %%                      code
    # %% tags=["hide"]        code with tags
    # %% exercise="01.1"      an exercise; its stub (or solution) and check are added

The text before the first cell is the file's own docstring, not a cell.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

_MARK = re.compile(r"# %%(?P<rest>.*)")
_REST = re.compile(
    r"(?: \[(?P<kind>markdown)\])?(?: tags=(?P<tags>\[[^\]]*\]))?"
    r'(?: exercise="(?P<exercise>[^"]+)")?'
)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a lesson's source."""

    kind: Literal["markdown", "code"]
    source: str
    """Its source without comment marks (markdown), and without empty lines at either end."""
    tags: tuple[str, ...] = ()
    exercise: str = ""
    """Id of the exercise to solve here; empty if there is none."""
    line: int
    """The cell's first line in the file, for messages."""


def parse(text: str, name: str = "lesson.py") -> list[Cell]:
    """The cells of a file in percent format.

    ValueError, with the line, on a cell mark that is not understood, prose without its "#", an
    empty cell, or a file without cells.

    >>> [(c.kind, c.source) for c in parse("# %% [markdown]\\n# Hello\\n\\n# %%\\n1 + 1\\n")]
    [('markdown', 'Hello'), ('code', '1 + 1')]
    """
    cells: list[Cell] = []
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if _MARK.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        cells.append(_cell(lines[start], lines[start + 1 : end], start + 1, name))
    if not cells:
        raise ValueError(f"{name} has no cell; a cell begins with a line '# %%'")
    return cells


def _cell(mark: str, body: list[str], line: int, name: str) -> Cell:
    where = f"{name}, line {line}"
    found = _REST.fullmatch(mark.removeprefix("# %%").rstrip())
    if found is None:
        raise ValueError(
            f"{where}: {mark!r} is no cell mark; it is '# %%', then [markdown] if the cell is "
            'prose, then tags=["..."] or exercise="01.1" if it has any'
        )
    kind: Literal["markdown", "code"] = "markdown" if found["kind"] else "code"
    if kind == "markdown":
        for i, text in enumerate(body, line + 1):
            if text.strip() and not re.match(r"#( |$)", text):
                raise ValueError(
                    f"{name}, line {i}: in a markdown cell every line begins with '# '"
                )
        body = [text[2:] for text in body]
    source = "\n".join(body).strip("\n")
    if not source.strip() and not found["exercise"]:
        raise ValueError(f"{where}: an empty cell")
    try:
        tags = tuple(str(tag) for tag in json.loads(found["tags"] or "[]"))
    except json.JSONDecodeError:
        raise ValueError(f'{where}: tags are written tags=["one", "two"]') from None
    return Cell(kind=kind, source=source, tags=tags, exercise=found["exercise"] or "", line=line)
