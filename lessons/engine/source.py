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
    """The syntax tree; Unreadable with the line where there is none."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 1
        lines = text.splitlines() or [""]
        shown = error.text or lines[min(line, len(lines)) - 1]
        raise Unreadable(line, shown, error.msg) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(1, "", str(error) or type(error).__name__) from None


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
        for line in cell.splitlines()
    )


def needed(name: str, cells: Sequence[str]) -> str | None:
    """Source that defines `name` and what it refers to, in order; None where nothing does.

    Of several definitions of a name the last one counts, as when a cell was run again. Cells that
    do not parse are skipped, unless the wanted function may be in one: then Unreadable.
    """
    statements: list[tuple[ast.stmt, str]] = []
    broken: Unreadable | None = None
    for cell in cells:
        text = without_magics(cell)
        try:
            tree = parse(text)
        except Unreadable as error:
            if re.search(rf"\b{re.escape(name)}\b", text):
                broken = error
            continue
        for statement in tree.body:
            statements.append((statement, ast.get_source_segment(text, statement) or ""))
    binders: dict[str, list[int]] = {}
    stars = []
    for i, (statement, _) in enumerate(statements):
        for bound in _bound(statement):
            if bound == "*":
                stars.append(i)
            else:
                binders.setdefault(bound, []).append(i)
    if name not in binders:
        if broken is not None:
            raise broken
        return None
    chosen: set[int] = set(stars)
    waiting, seen = [name], {name}
    while waiting:
        wanted = waiting.pop()
        for i in _that_bind(wanted, binders, statements):
            chosen.add(i)
            for used in _used(statements[i][0]) - seen:
                seen.add(used)
                waiting.append(used)
    future = [i for i, (statement, _) in enumerate(statements) if _is_future(statement)][:1]
    order = future + sorted(i for i in chosen if not _is_future(statements[i][0]))
    return "\n".join(_full_segment(*statements[i]) for i in order) + "\n"


def _that_bind(
    name: str, binders: dict[str, list[int]], statements: list[tuple[ast.stmt, str]]
) -> Iterable[int]:
    """The last whole definition of a name and what modifies it after that."""
    places = binders.get(name, [])
    whole = [i for i in places if name in _defines(statements[i][0])]
    if not whole:
        return places
    if all(isinstance(statements[i][0], (ast.Import, ast.ImportFrom)) for i in whole):
        return places  # imported again later; what stands between needs the first import
    return places[places.index(whole[-1]) :]


def _full_segment(statement: ast.stmt, segment: str) -> str:
    """A definition with its decorators, which `get_source_segment` leaves out."""
    decorators = getattr(statement, "decorator_list", [])
    return "".join(f"@{ast.unparse(d)}\n" for d in decorators) + segment


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


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


def _bound(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement defines or modifies (`x += 1`, `x[0] = 1`)."""
    names = _defines(statement)
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
    """Modules of well-known packages that `source` imports anywhere."""
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
    return [name for name in dict.fromkeys(found) if name.split(".")[0] in IMPORTED_EARLY]


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


def alone(source: str, name: str) -> str:
    """The last definition of a function, without what it needs; all of it where there is none."""
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.unparse(node)
    return source


def normal_form(source: str) -> str:
    """The code without comments, text, annotations and layout: what makes two answers the same."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            kept = [s for s in body if not (isinstance(s, ast.Expr) and _does_nothing(s))]
            node.body = kept or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    kept_top = [s for s in tree.body if not isinstance(s, (ast.Import, ast.ImportFrom))]
    return ast.unparse(ast.Module([s for s in kept_top if not _is_text(s)], []))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def shape_of(source: str) -> str:
    """`normal_form` with every name of the learner's own replaced by its order of appearance.

    Two answers of one shape differ in nothing but names and layout.
    """
    tree = ast.parse(normal_form(source))
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    own |= {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    order: dict[str, str] = {}

    class Rename(ast.NodeTransformer):
        def _new(self, name: str) -> str:
            return order.setdefault(name, f"v{len(order)}") if name in own else name

        def visit_Name(self, node: ast.Name) -> ast.Name:
            node.id = self._new(node.id)
            return node

        def visit_arg(self, node: ast.arg) -> ast.arg:
            node.arg = self._new(node.arg)
            return node

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            node.name = self._new(node.name)
            return self.generic_visit(node)

    return ast.unparse(Rename().visit(tree))


@lru_cache(maxsize=256)
def solution(where: str, name: str) -> str:
    """The package's own function "module:function" with what it needs, as `name`.

    Taken from the package by `inspect`, so that there is no second copy to go stale.
    """
    module_name, function = where.split(":")
    module = importlib.import_module(module_name)
    path = inspect.getsourcefile(module)
    assert path is not None
    source = needed(function, [Path(path).read_text(encoding="utf-8")])
    if source is None:
        raise ValueError(f"{module_name} has no function {function}")
    return source if function == name else f"{source}\n\n{name} = {function}\n"


@lru_cache(maxsize=256)
def solution_itself(where: str) -> str:
    """The function alone, as its package writes it."""
    module_name, function = where.split(":")
    return textwrap.dedent(
        inspect.getsource(getattr(importlib.import_module(module_name), function))
    )


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


def uses_library(source: str, where: str) -> bool:
    """Does the code import or refer to the package's own function?"""
    module, function = where.split(":")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            if any(alias.name in (function, "*") for alias in node.names):
                return True
        elif isinstance(node, ast.Attribute) and node.attr == function:
            root = ast.unparse(node.value)
            if root == module or root == module.split(".")[-1] or _alias_of(source, root, module):
                return True
        elif isinstance(node, ast.Constant) and node.value == module:  # importlib, getattr
            return True
    return False


def _alias_of(source: str, name: str, module: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            if any(a.name == module and a.asname == name for a in node.names):
                return True
        elif isinstance(node, ast.ImportFrom) and any(
            f"{node.module}.{a.name}" == module and (a.asname or a.name) == name for a in node.names
        ):
            return True
    return False
