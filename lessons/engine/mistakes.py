"""Known answers composed from a right one: most mistakes are the solution with one line changed.

Idea:   write the change and the diagnosis, not the whole function again. The composed answer is
        plain source, as a student would write it: no annotations, no docstring, no unused import or
        helper.
Source: mutation operators: DeMillo, Lipton & Sayward, "Hints on test data selection", 1978.
Run:    python -m lessons.engine.mistakes 07.1   prints the known answers of an exercise
Omits:  random changes. A mistake is listed because students make it.

In a lesson's answers.py (`body` and `whole` are for misconceptions that are another algorithm; if
the package's function is longer than a student's, because it checks its input or is fast, the short
one is given as LOSS_RIGHT, and a test checks it):

    LOSS = "distill.losses:softened_loss"
    LOSS_WRONG = mistakes(LOSS,
        edit("no minus", "return -", "return ", "the minus sign is missing"),
        after("bits", "y / np.log(2)", "these are bits; the exercise asks for nats"),
        before("swapped", "student, teacher = teacher, student", "the two have changed places"),
        body("hard labels", "return cross_entropy(student, teacher.argmax(-1))", "..."),
    )
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lessons.engine import catalogue
from lessons.engine.answers.slicing import needed, tree_of
from lessons.engine.exercise import Variant, Wrong

USUAL = (
    "import math",
    "import random",
    "from collections import Counter",
    "import numpy as np",
    "import torch",
    "import torch.nn.functional as F",
)
"""Imports that need not be written: they are added if used."""


@dataclass(frozen=True)
class Change:
    """One way to make another answer from a right one."""

    name: str
    """Name shown by the audit: "no scale"."""
    diagnosis: str
    """Diagnosis for the learner; empty for a variant."""
    write: Callable[[str, ast.FunctionDef], str]
    """Function from a right source and its function to the changed source."""


def edit(name: str, old: str, new: str, diagnosis: str = "") -> Change:
    """Replace `old`, which must be there exactly once, by `new`."""

    def write(right: str, function: ast.FunctionDef) -> str:
        if (times := right.count(old)) != 1:
            raise ValueError(f"{old!r} is found {times} times, not once, in\n{right}")
        return right.replace(old, new)

    return Change(name, diagnosis, write)


def before(name: str, code: str, diagnosis: str = "") -> Change:
    """Put `code` before the function's first line: a mistake about its inputs."""

    def write(right: str, function: ast.FunctionDef) -> str:
        lines = right.splitlines()
        lines.insert(function.body[0].lineno - 1, _indented(code))
        return "\n".join(lines)

    return Change(name, diagnosis, write)


def after(name: str, value: str, diagnosis: str = "") -> Change:
    """Return `value`, an expression of the right answer y: "y / np.log(2)"."""

    def write(right: str, function: ast.FunctionDef) -> str:
        lines = right.splitlines()
        for node in sorted(_returns(function), key=lambda node: -node.lineno):
            assert node.end_lineno is not None
            first, column = node.lineno - 1, node.col_offset
            lines[first] = lines[first][:column] + "y =" + lines[first][column + len("return") :]
            lines.insert(node.end_lineno, " " * column + f"return {value}")
        return "\n".join(lines)

    return Change(name, diagnosis, write)


def body(name: str, code: str, diagnosis: str = "") -> Change:
    """Let the function do `code` instead."""

    def write(right: str, function: ast.FunctionDef) -> str:
        lines = right.splitlines()
        lines[function.body[0].lineno - 1 : function.end_lineno] = [_indented(code)]
        return "\n".join(lines)

    return Change(name, diagnosis, write)


def whole(name: str, source: str, diagnosis: str = "") -> Change:
    """Replace everything by `source`, which defines the function and may define helpers."""
    return Change(name, diagnosis, lambda right, _: f"{right}\n{inspect.cleandoc(source)}")


def mistakes(right: str, *changes: Change) -> tuple[Wrong, ...]:
    """Wrong answers, composed from a right one: "module:function", or source that defines it last.

    ValueError if a change has no diagnosis, does not fit, or makes code that does not parse.

    >>> right = "def double(x):\\n    return 2 * x\\n"
    >>> (wrong,) = mistakes(right, edit("no factor", "2 * ", "", "x comes back as it was"))
    >>> print(wrong.source, end="")
    def double(x):
        return x
    """
    for change in changes:
        if not change.diagnosis:
            raise ValueError(f"{change.name!r} has no diagnosis: what is the learner told?")
    return tuple(
        Wrong(name=change.name, source=composed(right, change), diagnosis=change.diagnosis)
        for change in changes
    )


def variants(right: str, *changes: Change) -> tuple[Variant, ...]:
    """Other right answers, composed in the same way."""
    return tuple(Variant(name=change.name, source=composed(right, change)) for change in changes)


def composed(right: str, change: Change) -> str:
    """The source made from a right answer by a change; ValueError if it does not fit."""
    source = plain(right)
    defined = [node for node in tree_of(source).body if isinstance(node, ast.FunctionDef)]
    named = defined[-1].name if "\n" in right else right.split(":")[1]
    function = next(node for node in defined if node.name == named)
    try:
        changed = change.write(source, function)
        usual = [line for line in USUAL if line not in changed.splitlines()]
        found = needed(named, [*usual, changed])
    except ValueError as error:
        raise ValueError(f"{change.name!r}: {error}") from None
    assert found is not None
    return found


@lru_cache(maxsize=64)
def plain(right: str) -> str:
    """A right answer without annotations and docstrings, with the imports and helpers it needs.

    The package's own function is read from its file; importing that could take long.
    """
    if "\n" not in right:
        module, name = right.split(":")
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            raise ValueError(f"there is no module {module}")
        source = needed(name, [Path(spec.origin).read_text(encoding="utf-8")])
        if source is None:
            raise ValueError(f"{module} has no function {name}")
        right = source
    lines = right.strip().splitlines()
    for node in reversed(tree_of("\n".join(lines)).body):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            del lines[node.lineno - 1 : node.end_lineno]
        elif isinstance(node, ast.FunctionDef):
            for part in ast.walk(node.args):
                if isinstance(part, ast.arg):
                    part.annotation = None
            first = node.body[len(node.body) > 1 and ast.get_docstring(node) is not None]
            head = f"def {node.name}({ast.unparse(node.args)}):"
            lines[node.lineno - 1 : first.lineno - 1] = [head]
    return "\n".join(lines)


def _indented(code: str) -> str:
    return textwrap.indent(inspect.cleandoc(code), "    ")


def _returns(function: ast.FunctionDef) -> list[ast.Return]:
    """The return statements of a function itself, without those of functions inside it."""
    inner = [f for f in ast.walk(function) if isinstance(f, ast.FunctionDef) and f is not function]
    others = {node for f in inner for node in ast.walk(f)}
    return [n for n in ast.walk(function) if isinstance(n, ast.Return) and n not in others]


if __name__ == "__main__":
    exercise = catalogue.find_exercise(sys.argv[1])
    known: list[Variant | Wrong] = [*exercise.variants, *exercise.wrong]
    for answer in known:
        print(f"# {answer.name}: {getattr(answer, 'diagnosis', 'right')}\n{answer.source}")
