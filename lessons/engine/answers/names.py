"""Effects of a statement on names: it defines them, changes their values, refers to them.

Idea:   they are read from the syntax tree, nothing is run. To define is to give a value independent
        of the old one; n += 1 in a loop, or a case that may not occur, only adds a possible value.
Source: definitions and uses in data-flow analysis: Aho, Lam, Sethi & Ullman, "Compilers", 2nd
        edition, chapter 9.
Run:    used by lessons.engine.answers.slicing
Omits:  aliases: b = a; b.append(1) is seen to change b alone.
"""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator

_WRITTEN = (ast.Store, ast.Del)
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_FILLING = {"add", "append", "appendleft", "clear", "extend", "insert", "pop", "popitem", "remove"}
_FILLING |= {"reverse", "setdefault", "sort", "update"}
"""Methods that change their object, even if their result is assigned; so do torch's with names that
end in _."""


def _run_here(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when a top-level statement does: not those in a function's body."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _LATER):
            waiting += ast.iter_child_nodes(node)


def defines(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement gives a new value, independent of the old one."""
    names = stores(statement) - _keeps(statement)
    if isinstance(statement, ast.If):  # device = "cpu", and another only if there is a GPU
        branches = (statement.body, statement.orelse)
        sure = [{n for part in branch for n in defines(part)} for branch in branches]
        test = [n.target.id for n in ast.walk(statement.test) if isinstance(n, ast.NamedExpr)]
        names &= (sure[0] & sure[1]) | set(test)
    return names


def _keeps(statement: ast.stmt) -> set[str]:
    """Names whose new value depends on the old one: n += 1 in a loop, a, b = b, a."""
    found: set[str] = set()
    if isinstance(statement, _LATER):
        return found
    for node in _run_here(statement):
        if isinstance(node, ast.AugAssign):
            found |= _names(node.target)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            new = {name for target in targets for name in _names(target)}
            found |= new & _names(node.value)
        elif isinstance(node, ast.While):
            found |= _names(node.test)
    return found


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in _run_here(node) if isinstance(part, ast.Name)}


def stores(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement assigns to."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    names = set()
    for node in _run_here(statement):
        if isinstance(node, ast.NamedExpr):
            names.add(node.target.id)
        elif isinstance(statement, (ast.AugAssign, ast.Expr)):
            continue  # one keeps the old value; the other's names belong to comprehensions
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)):
            names |= {node.name} if node.name else set()
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return names


def modifies(statement: ast.AST) -> set[str]:
    """Names that a statement assigns to, into or deletes from (`x += 1`, `x[0], y = 1, 2`)."""
    if isinstance(statement, (ast.Assign, ast.Delete)):
        targets = statement.targets
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        targets = [statement.target]
    else:
        return set()
    places = [node for target in targets for node in ast.walk(target)]
    return {_root(n) for n in places if isinstance(getattr(n, "ctx", None), _WRITTEN)} - {""}


def fills(statement: ast.stmt) -> dict[str, list[tuple[bool, str]]]:
    """Names that a statement may change by a call, or by assigning into them within a block."""
    found: dict[str, list[tuple[bool, str]]] = {}
    if isinstance(statement, _LATER):
        return found
    for node in _run_here(statement):
        written = isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete))
        if written and node is not statement:
            for name in modifies(node):
                found.setdefault(name, []).append((True, ""))
        elif isinstance(node, ast.Expr):
            for call in _run_here(node):
                if isinstance(call, ast.Call):
                    _note(call, found)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                method = node.func.attr  # it fills, even if its result is assigned
                kept = method in _FILLING or (method[-1] == "_" and method[-2:] != "__")
                found.setdefault(_root(node.func), []).extend([(True, "")] if kept else [])
            for into in [k.value for k in node.keywords if k.arg == "out"]:
                found.setdefault(_root(into), []).append((True, ""))
    return found


def _note(call: ast.Call, found: dict[str, list[tuple[bool, str]]]) -> None:
    called = _root(call.func)
    if isinstance(call.func, ast.Attribute):
        found.setdefault(called, []).append((True, ""))
    for given in [*call.args, *(keyword.value for keyword in call.keywords)]:
        for node in _run_here(given):
            if isinstance(node, ast.Name):
                found.setdefault(node.id, []).append((False, called))


def _root(node: ast.AST) -> str:
    """x in x, x.a, x[0].b; empty for anything else."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def used(statement: str, tree: ast.stmt) -> set[str]:
    """Names that a statement takes from outside, without a function's own variables. `statement` is
    the text of `tree`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = symtable.symtable(statement, "a cell", "exec")
    except SyntaxError:  # such as a parameter that is declared global: its cell cannot have run
        return set()
    changed = _changed(tree)
    names: set[str] = set()
    waiting = [whole]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        symbols = [s for s in table.get_symbols() if s.is_referenced() or s.get_name() in changed]
        names |= {s.get_name() for s in symbols if table is whole or s.is_global()}
    return names


def _changed(tree: ast.stmt) -> set[str]:
    """Names in `n += 1` and `del n`: both need an n, though symtable calls it assigned alone."""
    nodes = list(ast.walk(tree))
    found = [n.target for n in nodes if isinstance(n, ast.AugAssign)]
    found += [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)]
    return {name.id for name in found if isinstance(name, ast.Name)}
