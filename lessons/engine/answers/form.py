"""The form of an answer: code without names, comments and layout.

Idea:   a student who copies a function changes names and spaces first. Reduced to its form, an
        answer can be compared with the published ones and with another student's.
Source: comparing programs by structure: Schleimer, Wilkerson & Aiken 2003 (MOSS).
Run:    used by lessons.engine.checking.check (flags), progress and similar
Omits:  changes by a determined copier: another order, other loops, names assembled at run time.
"""

from __future__ import annotations

import ast
import re

from lessons.engine.answers.slicing import tree_of


def unparse(tree: ast.AST) -> str:
    """`ast.unparse`, also for f-strings that it cannot write: those become calls of f_string."""
    try:
        return ast.unparse(tree)
    except ValueError:
        return ast.unparse(ast.fix_missing_locations(_NoFStrings().visit(tree)))


class _NoFStrings(ast.NodeTransformer):
    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("f_string", ast.Load()), node.values, [])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        self.generic_visit(node)
        parts = [node.value, ast.Constant(node.conversion), node.format_spec or ast.Constant("")]
        return ast.Tuple(parts, ast.Load())


def alone(source: str, name: str) -> str:
    """A function's last definition, without dependencies; the whole source if there is none."""
    for node in reversed(tree_of(source).body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return unparse(node)
    return source


def normal_form(source: str) -> str:
    """The code without comments, text, annotations and layout: equal for identical answers."""
    tree = tree_of(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            kept = [s for s in body if not _is_text(s)]
            node.body = kept or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    kept_top = [s for s in tree.body if not isinstance(s, (ast.Import, ast.ImportFrom))]
    return unparse(ast.Module([s for s in kept_top if not _is_text(s)], []))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def shape_of(source: str) -> str:
    """`normal_form` with every name of the learner's own replaced by its order of appearance.

    Two answers of one shape differ only in names and layout.
    """
    tree = tree_of(normal_form(source))
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

    return unparse(Rename().visit(tree))


def uses_library(source: str, where: str) -> bool:
    """Does the code import or refer to the package's own function "module:function"?"""
    module, function = where.split(":")
    nodes = list(ast.walk(tree_of(source)))
    names = {module, module.split(".")[-1]} | _aliases(nodes, module)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == module:
            if any(alias.name in (function, "*") for alias in node.names):
                return True
        elif isinstance(node, ast.Attribute) and node.attr == function:
            if unparse(node.value) in names:
                return True
        elif isinstance(node, ast.Constant) and node.value == module:  # importlib, getattr
            return True
    return False


def opens_lessons(source: str) -> bool:
    """Does the code import or name the package `lessons`, where checks and their oracles are?"""
    named: list[str] = []
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Import):
            named += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named.append(node.module or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named.append(node.value)
    return any(re.match(r"lessons(\.|/|$)", name) for name in named)


def _aliases(nodes: list[ast.AST], module: str) -> set[str]:
    """The code's names for a module: `import a.b as x`, `from a import b as x`."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {a.asname for a in node.names if a.name == module and a.asname}
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name for a in node.names if f"{node.module}.{a.name}" == module}
    return found
