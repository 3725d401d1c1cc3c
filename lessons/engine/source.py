"""A function's source with what it needs, cut out of a notebook or a file.

Idea:   a notebook holds plots, training runs and half-finished ideas; a check needs one function
        and whatever it refers to: imports, helpers, constants. Following the names from the
        function backwards finds just those, without running anything.
Source: program slicing: Weiser, "Program slicing", ICSE 1981 (here by names alone).
Run:    used by lessons.engine.checking and grading
Omits:  names made by exec, star imports of modules that are not installed.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import symtable
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

MAX_DEPTH = 100
"""Levels of nesting in what is read; Python's own tools give up at some three hundred."""
_MAGIC = re.compile(r"^\s*[%!?]|^\s*\w+\s*=\s*[%!]")
STUB_WIDTH = 96  # characters of a task's line behind its indentation
IMPORTED_EARLY = {"distill", "jaxtyping", "labkit", "minigpt", "numpy", "scipy", "synthdata"}
IMPORTED_EARLY |= {"torch", "collections", "dataclasses", "functools", "heapq", "itertools", "math"}
IMPORTED_EARLY |= {"operator", "random", "re", "statistics", "string", "typing"}
"""Packages a child imports before it limits itself; others it imports, or not, under limits."""


@dataclass(frozen=True)
class Unreadable(ValueError):
    """Code that does not parse."""

    line: int
    """In its file or cell."""
    text: str
    """The line itself."""
    reason: str
    """Python's words."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}: {self.text.strip()}"


def parse(text: str) -> ast.Module:
    """The syntax tree; Unreadable with the line where there is none, or one that is too deep."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 1
        lines = text.splitlines() or [""]
        shown = error.text or lines[min(line, len(lines)) - 1]
        raise Unreadable(line, shown, error.msg) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(1, "", str(error) or type(error).__name__) from None
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        line = min((n.lineno for n in level if isinstance(n, (ast.expr, ast.stmt))), default=1)
        raise Unreadable(line, "", f"nested more than {MAX_DEPTH} levels deep; write it in steps")
    return tree


def without_magics(cell: str) -> str:
    """A notebook cell as plain Python: IPython's own lines become comments.

    A cell that is another language's (%%bash, %%html) is nothing; one that is timed is Python.
    """
    other = re.match(r"\s*%%(\w*)", cell)
    if other and other[1] not in ("time", "timeit", "capture", "prun", "memit"):
        return ""
    return "\n".join(
        f"{line[: len(line) - len(line.lstrip())]}pass  # {line.strip()}"
        if _MAGIC.match(line)
        else line
        for line in cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    )


def needed(name: str, cells: Sequence[str]) -> str | None:
    """Source that defines `name` and what it refers to, in order; None where nothing does.

    Of several definitions of a name the last one counts, as when a cell was run again. Cells that
    do not parse are skipped, unless the wanted function may be in one: then Unreadable.
    """
    statements: list[_Statement] = []
    broken: Unreadable | None = None
    for cell in cells:
        text = without_magics(cell)
        try:
            statements += _statements(text)
        except Unreadable as error:
            if re.search(rf"\b{re.escape(name)}\b", text):
                broken = error
    binders: dict[str, list[int]] = {}
    for i, statement in enumerate(statements):
        for bound in statement.bound:
            binders.setdefault(bound, []).append(i)
    if name not in binders:
        if broken is not None:
            raise broken
        return None
    chosen: set[int] = set(binders.get("*", ()))
    waiting, seen = [name], {name}
    while waiting:
        for i in _that_bind(waiting.pop(), binders, statements):
            if i not in chosen:
                chosen.add(i)
                used = _used(statements[i].tree) - seen
                seen |= used
                waiting += used
    future = [i for i, statement in enumerate(statements) if statement.is_future][:1]
    order = future + sorted(i for i in chosen if not statements[i].is_future)
    return "\n".join(statements[i].text for i in order) + "\n"


@dataclass(frozen=True)
class _Statement:
    """One top-level statement of a cell."""

    tree: ast.stmt
    text: str
    defines: frozenset[str]
    """Names that it gives a new value."""
    bound: frozenset[str]
    """Those, and names whose value it modifies; "*" for a star import."""

    @property
    def is_future(self) -> bool:
        return isinstance(self.tree, ast.ImportFrom) and self.tree.module == "__future__"


def _statements(text: str) -> list[_Statement]:
    """A cell's top-level statements; its lines end in \\n.

    `ast.get_source_segment` would split the whole cell for each.
    """
    whole = parse(text)
    lines = text.encode().split(b"\n")  # Python counts columns in bytes
    found = []
    for tree in whole.body:
        part = lines[tree.lineno - 1 : tree.end_lineno]
        part[-1] = part[-1][: tree.end_col_offset]
        part[0] = part[0][tree.col_offset :]
        decorators = getattr(tree, "decorator_list", [])  # stand above the line it begins in
        own = "".join(f"@{ast.unparse(d)}\n" for d in decorators) + b"\n".join(part).decode()
        defines = _defines(tree)
        bound = frozenset(defines | _modifies(tree))
        found.append(_Statement(tree, own, frozenset(defines), bound))
    return found


def _that_bind(
    name: str, binders: dict[str, list[int]], statements: list[_Statement]
) -> Iterable[int]:
    """The last whole definition of a name and what modifies it after that."""
    places = binders.get(name, [])
    whole = [i for i in places if name in statements[i].defines]
    if not whole:
        return places
    if all(isinstance(statements[i].tree, (ast.Import, ast.ImportFrom)) for i in whole):
        return places  # imported again later; what stands between needs the first import
    return places[places.index(whole[-1]) :]


def _defines(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement gives a new value, whatever they were before."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.AugAssign, ast.Expr)):
        return set()
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return names


def _modifies(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement assigns to or into (`x += 1`, `x[0] = 1`)."""
    names: set[str] = set()
    if isinstance(statement, (ast.Assign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            while isinstance(target, (ast.Subscript, ast.Attribute)):
                target = target.value
            if isinstance(target, ast.Name):
                names.add(target.id)
    return names


def _used(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement takes from outside: not a function's own variables."""
    try:
        whole = symtable.symtable(ast.unparse(statement), "a cell", "exec")
    except SyntaxError:  # such as a parameter that is declared global: its cell cannot have run
        return set()
    names: set[str] = set()
    waiting = [whole]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        symbols = [s for s in table.get_symbols() if s.is_referenced()]
        names |= {s.get_name() for s in symbols if table is whole or s.is_global()}
    return names


def imported_modules(source: str) -> list[str]:
    """Modules of well-known packages that `source` imports anywhere.

    They are imported before any limit holds, so only what is meant to be imported is named here:
    numpy.f2py.__main__ runs a command when it is.
    """
    found = []
    try:
        tree = ast.parse(source)
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
    """Is the last definition of `name` still the stub: nothing but text, `...`, `pass` or raise?"""
    for node in reversed(ast.parse(source).body):
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
    """The package's own function "module:function" with what it needs, as `name`.

    Taken from the package by `inspect`, so that there is no second copy to go stale.
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
    """The function alone, as its package writes it."""
    return textwrap.dedent(inspect.getsource(function(where)))


def function(where: str) -> Any:
    """The package's own function "module:function"."""
    module, name = where.split(":")
    return getattr(importlib.import_module(module), name)


def stub(where: str, name: str, task: str, signature: str = "") -> str:
    """What a learner starts from: the solution's name and parameters, the task, and nothing."""
    if not signature:
        (definition,) = ast.parse(solution_itself(where)).body
        assert isinstance(definition, ast.FunctionDef)
        for node in ast.walk(definition.args):
            if isinstance(node, ast.arg):
                node.annotation = None
        signature = f"({ast.unparse(definition.args)})"
    paragraphs = inspect.cleandoc(task).splitlines()
    lines = [line for part in paragraphs for line in textwrap.wrap(part, STUB_WIDTH) or [""]] or [
        ""
    ]
    text = lines[0] if len(lines) == 1 else "\n    ".join([*lines, ""]).replace("    \n", "\n")
    return f'def {name}{signature}:\n    """{text}"""\n    raise NotImplementedError  # yours\n'
