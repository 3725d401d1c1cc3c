"""A function's source with its dependencies, cut out of a notebook or a file.

Idea:   a notebook holds plots, training runs and half-finished ideas; a check needs one function
        and everything it refers to: imports, helpers, constants. Following the names backwards from
        the function finds exactly those, without running anything.
Source: program slicing: Weiser, "Program slicing", ICSE 1981 (here by names alone).
Run:    used by lessons.engine.checking.check and grading
Omits:  names made by exec, or filled inside a function that is called without them or whose result
        is assigned (n = fill(T)); code under __name__ == "__main__"; star imports of modules that
        are not installed.
"""

from __future__ import annotations

import ast
import contextlib
import re
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lessons.engine.answers import names

MAX_DEPTH = 100
"""Most levels of nesting in the code read; Python's own tools fail at some three hundred."""
_MAGIC = re.compile(
    r"^\s*(%{1,2}[A-Za-z]|!(?!=)|\?)"  # %time f(), !ls, ?f; not a line that goes on with % or !=
    r"|^[\w.,\s]+=\s*(%[A-Za-z]|!(?!=))"  # files = !ls
    r"|^\s*[\w.]+\?{1,2}\s*$"  # f?
)
_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep; write it in steps"
_READERS = {"print", "display", "len", "help", "type", "check", "hint", "solution", "sorted", "sum"}
_READERS |= {"max", "min", "list", "repr", "str"}
_SHOWING = {"matplotlib", "seaborn", "plotly", "IPython", "lessons"}
"""Packages whose functions show or check their arguments without changing them."""


@dataclass(frozen=True)
class Unreadable(ValueError):
    """Code that does not parse."""

    line: int
    """Line number in its file or cell."""
    text: str
    """The line itself."""
    reason: str
    """Python's message."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" + f": {self.text.strip()}" * bool(self.text)


def tree_of(text: str) -> ast.Module:
    """`ast.parse` without its warnings: the author of the code gets them when it runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def parse(text: str) -> ast.Module:
    """The syntax tree; Unreadable with the line if there is none, or it is too deep."""
    try:
        tree = tree_of(text)
    except SyntaxError as error:
        line = error.lineno or 1
        lines = text.splitlines() or [""]
        shown = error.text or lines[min(line, len(lines)) - 1]
        raise Unreadable(line, shown, error.msg) from None
    except (RecursionError, MemoryError):
        raise Unreadable(1, "", _TOO_DEEP) from None
    except ValueError as error:  # half of a character, or NUL: text that Python cannot read
        raise Unreadable(1, "", str(error)) from None
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        line = min((n.lineno for n in level if isinstance(n, (ast.expr, ast.stmt))), default=1)
        raise Unreadable(line, "", _TOO_DEEP)
    return tree


def without_magics(cell: str) -> str:
    """A notebook cell as plain Python: IPython's own lines become comments.

    A cell in another language (%%bash, %%html) becomes empty; a timed one is Python. Valid Python
    is unchanged; a cell that is indented, or copied with its prompts, is cleaned, as by IPython.
    """
    cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    begins = cell.lstrip("\n")[:1]
    if not (begins.isspace() or begins == ">" or any(map(_MAGIC.match, cell.split("\n")))):
        return cell
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        tree_of(cell)
        return cell
    cell = textwrap.dedent(cell)
    if begins == ">":
        cell = re.sub(r"(?m)^(>>>|\.\.\.)( |$)", "", cell)
    other = re.match(r"\s*%%(\w*)", cell)
    if other and other[1] not in ("time", "timeit", "capture", "prun", "memit"):
        return ""
    cell = re.sub(r"(?m)^(\s*)%time[ \t]+(?=\S)", r"\1", cell)  # runs what follows, here
    return "\n".join(
        f"{line[: len(line) - len(line.lstrip())]}pass  # {line.strip()}"
        if _MAGIC.match(line)
        else line
        for line in cell.split("\n")
    )


def needed(name: str, cells: Sequence[str]) -> str | None:
    """`Cells(cells).needed(name)`."""
    return Cells(cells).needed(name)


class Cells:
    """Code cells, parsed once, from which functions are cut."""

    def __init__(self, cells: Sequence[str]) -> None:
        self._statements: list[_Statement] = []
        self._broken: list[tuple[str, Unreadable]] = []
        for cell in cells:
            text = without_magics(cell)
            try:
                self._statements += _split(text)
            except Unreadable as error:
                self._broken.append((text, error))
        self._binders: dict[str, list[int]] = {}
        self._fillers: dict[str, list[int]] = {}
        self._shown: dict[str, bool] = {}
        for i, statement in enumerate(self._statements):
            for bound in statement.bound:
                self._binders.setdefault(bound, []).append(i)
            for filled in statement.fills:
                self._fillers.setdefault(filled, []).append(i)

    def needed(self, name: str) -> str | None:
        """Source that defines `name` and everything it refers to, in order; None if nothing does.

        The last of several definitions of a name counts, as when a cell was run again. Cells that
        do not parse are skipped, unless the wanted function may be in one: then Unreadable. Code
        that may have filled a name (`for ...: T.append(...)`) is included guarded: it did run in
        the notebook, and here it is harmless.
        """
        if name not in self._binders:
            for text, error in reversed(self._broken):
                if re.search(rf"\b{re.escape(name)}\b", text):
                    raise error
            return None
        chosen: set[int] = set(self._binders.get("*", ()))
        guarded: set[int] = set()
        waiting, seen, read = [name], {name}, set[int]()
        while waiting:
            binds, fills = self._that_make(waiting.pop())
            chosen.update(binds)
            guarded.update(fills)
            for i in {*binds, *fills} - read:
                used = self._statements[i].used - seen
                seen |= used
                waiting += used
            read.update(binds, fills)
        future = [i for i, s in enumerate(self._statements) if s.is_future][:1]
        rest = sorted(i for i in chosen | guarded if not self._statements[i].is_future)
        lines = [self._statements[i].text for i in future]
        lines += [self._statements[i].written(guarded=i not in chosen) for i in rest]
        return "\n".join(lines) + "\n"

    def _that_make(self, name: str) -> tuple[list[int], list[int]]:
        """The last whole definition of a name with later assignments to or into it, and statements
        that may have filled it since."""
        places = self._binders.get(name, [])
        whole = [i for i in places if name in self._statements[i].defines]
        if not whole:
            return places, []
        last = self._statements[whole[-1]].tree
        if isinstance(last, (ast.Import, ast.ImportFrom)):
            imports = all(
                isinstance(self._statements[i].tree, (ast.Import, ast.ImportFrom)) for i in whole
            )  # imported again later; the code between needs the first import
            return (places if imports else places[places.index(whole[-1]) :]), []
        fillers = [i for i in self._fillers.get(name, []) if i > whole[-1]]
        function = isinstance(last, (ast.FunctionDef, ast.AsyncFunctionDef))
        fillers = [i for i in fillers if self._may_fill(i, name, function)]
        return places[places.index(whole[-1]) :], fillers

    def _may_fill(self, place: int, name: str, is_function: bool) -> bool:
        """Is there a call in a statement that may change `name`? Functions are only changed by
        setattr and by methods of their attributes; showing or checking changes nothing.
        """
        for method, called in self._statements[place].fills[name]:
            if called in _READERS or self._shows(called):
                continue
            if method or not is_function or called in ("setattr", "delattr"):
                return True
        return False

    def _shows(self, called: str) -> bool:
        if called not in self._shown:
            self._shown[called] = self._comes_from_a_shower(called)
        return self._shown[called]

    def _comes_from_a_shower(self, called: str) -> bool:
        trees = [self._statements[i].tree for i in self._binders.get(called, [])]
        modules = [t.module or "" for t in trees if isinstance(t, ast.ImportFrom)]
        modules += [alias.name for t in trees if isinstance(t, ast.Import) for alias in t.names]
        return any(module.split(".")[0] in _SHOWING for module in modules)


@dataclass(frozen=True)
class _Statement:
    """One top-level statement of a cell."""

    tree: ast.stmt
    text: str
    defines: frozenset[str]
    """Names to which it gives a new value."""
    bound: frozenset[str]
    """Those, and names into which it assigns; "*" for a star import."""
    fills: dict[str, list[tuple[bool, str]]]
    """Names that a call in it may change: whether it is their method, and its name."""

    @property
    def is_future(self) -> bool:
        return isinstance(self.tree, ast.ImportFrom) and self.tree.module == "__future__"

    @cached_property
    def used(self) -> set[str]:
        """Names that it takes from outside, without a function's own variables."""
        return names.used(self.text, self.tree)

    def written(self, *, guarded: bool) -> str:
        """Its text; if guarded, with errors suppressed."""
        if not guarded:
            return self.text
        nothing = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
        attempt = ast.Try(body=[self.tree], handlers=[nothing], orelse=[], finalbody=[])
        try:
            return ast.unparse(ast.fix_missing_locations(attempt))
        except ValueError:  # some f-strings it cannot write
            return f"try:\n    exec({self.text!r})\nexcept Exception:\n    pass"


def _split(text: str) -> list[_Statement]:
    """A cell's top-level statements; its lines end in \\n.

    `ast.get_source_segment` would split the whole cell for each.
    """
    whole = parse(text)
    lines = text.encode().split(b"\n")  # Python counts columns in bytes
    found = []
    for tree in whole.body:
        decorators = getattr(tree, "decorator_list", [])  # they are above its first line
        first = min([tree.lineno, *(d.lineno for d in decorators)])
        begins = 0 if decorators else tree.col_offset
        part = lines[first - 1 : tree.end_lineno]
        if len(part) == 1:  # cut out at once: a line may hold a hundred thousand statements
            part[0] = part[0][begins : tree.end_col_offset]
        else:
            part[-1] = part[-1][: tree.end_col_offset]
            part[0] = part[0][begins:]
        own = b"\n".join(part).decode()
        defines = names.defines(tree)
        bound = frozenset(names.stores(tree) | names.modifies(tree))
        found.append(_Statement(tree, own, frozenset(defines), bound, names.fills(tree)))
    return found
