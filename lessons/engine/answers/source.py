"""Sources to show and compare: the package's own functions, and their stubs.

Idea:   an exercise is a function that the package has too, so its solution and its stub come from
        there; there is no second copy to go stale.
Run:    used by lessons.engine.building.audit, attempts and learner
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import textwrap
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessons.engine.answers.slicing import needed, tree_of

STUB_WIDTH = 96  # characters of a task's line after its indentation
IMPORTED_EARLY = {"distill", "jaxtyping", "labkit", "minigpt", "numpy", "scipy", "synthdata"}
IMPORTED_EARLY |= {"torch", "collections", "dataclasses", "functools", "heapq", "itertools", "math"}
IMPORTED_EARLY |= {"matplotlib", "operator", "random", "re", "statistics", "string", "typing"}
"""Packages that a child imports before it limits itself; others, if it can, under limits."""


def imported_modules(source: str) -> list[str]:
    """Modules of well-known packages that `source` imports anywhere.

    They are imported before any limit holds, so only harmless modules are named here: importing
    numpy.f2py.__main__ runs a command.
    """
    found = []
    try:
        tree = tree_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [
        name
        for name in dict.fromkeys(found)
        if name.split(".")[0] in IMPORTED_EARLY and not re.search(r"(^|\.)_", name)
    ]


def unattempted(source: str, name: str) -> bool:
    """Is the last definition of `name` still the stub: only text, `...`, `pass` or raise?"""
    for node in reversed(tree_of(source).body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return all(_does_nothing(statement) for statement in node.body)
    return False


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    return False


@lru_cache(maxsize=256)
def solution(where: str, name: str) -> str:
    """The package's own function "module:function" with its dependencies, as `name`.

    It is taken from the package by `inspect`, so that there is no second copy to go stale.
    """
    module_name, own = where.split(":")
    module = importlib.import_module(module_name)
    path = inspect.getsourcefile(module)
    assert path is not None
    source = needed(own, [Path(path).read_text(encoding="utf-8")])
    if source is None:
        raise ValueError(f"{module_name} has no function {own}")
    return source if own == name else f"{source}\n\n{name} = {own}\n"


@lru_cache(maxsize=256)
def solution_itself(where: str) -> str:
    """The source of the function alone, as in its package."""
    return textwrap.dedent(inspect.getsource(function(where)))


def function(where: str) -> Any:
    """The package's own function "module:function"."""
    module, name = where.split(":")
    return getattr(importlib.import_module(module), name)


def stub(where: str, name: str, task: str, signature: str = "") -> str:
    """A learner's start: the solution's name and parameters, the task, and an empty body."""
    signature = signature or _signature(where)
    paragraphs = inspect.cleandoc(task).splitlines()
    lines = [line for part in paragraphs for line in textwrap.wrap(part, STUB_WIDTH) or [""]] or [
        ""
    ]
    text = lines[0] if len(lines) == 1 else "\n    ".join([*lines, ""]).replace("    \n", "\n")
    return f'def {name}{signature}:\n    """{text}"""\n    raise NotImplementedError  # yours\n'


@lru_cache(maxsize=256)
def _signature(where: str) -> str:
    """Parameters of "module:function" without annotations, read from its file: importing it could
    take long."""
    module, name = where.split(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"there is no module {module}")
    for node in tree_of(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            for part in ast.walk(node.args):
                if isinstance(part, ast.arg):
                    part.annotation = None
            return f"({ast.unparse(node.args)})"
    raise ValueError(f"{module} has no function {name}")
