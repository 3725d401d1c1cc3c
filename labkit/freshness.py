"""Whether measuring code has changed since it measured: by its text, and by its behaviour.

Idea:   a number in the ledger is as old as the code it came from, and that code is more than the
        lesson's own file: training, sampling, counting and the meter measure too. So a hash
        follows the imports. It says "changed" far too often (a new option, a faster loop), so there
        is a fingerprint as well: what the ci profile measures with seed 0, on one thread in
        float32, repeated in every test run. If the fingerprint is the same, the row stays and says
        that the code has changed; if not, the row is stale by behaviour.
Source: golden-master or characterisation tests: M. Feathers, "Working Effectively with Legacy
        Code", 2004, chapter 13.
Run:    python -m lessons ledger --check
Omits:  changes that show only at full size; the full profile's settings are therefore part of the
        fingerprint.

The hash is made of statements, not of files: each top-level statement of every module that an
experiment reaches, without comments, docstrings, layout, imports, drawing and the wording of a
claim, in alphabetical order. So moving a function to another file changes nothing.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from labkit import files
from labkit.versions import processor, versions

ROOT = Path(__file__).resolve().parents[1]
FINGERPRINT = "fingerprint.json"
PACKAGES = ("numpy", "scipy", "torch")
PROJECT = ("minigpt", "distill", "synthdata", "lessons")
"""Packages whose code measures; labkit shows, writes files and judges: that changes no evidence.
"""
NOT_MEASURING = ("lessons.engine",)
OPTIONAL = ("datasketches", "fsspec", "pyarrow", "pydivsufsort", "pyppmd", "ray", "zstandard")
"""Packages of the extra `scale`, without which less is measured."""
PROSE = ("title", "claim", "source", "minutes")
"""Fields of an Experiment that are words, not measurement."""
ROUNDING, CLOSE = 1e-9, 0.02
"""Tolerances, relative or absolute. The first allows for sums in another order. On another
processor or with another version of torch training ends in another model: then all but one value in
twenty must agree within the second."""
State = Literal["fresh", "code changed", "stale by behaviour"]


# By code.


def code_hash(experiment: Path) -> str:
    """SHA-256 of everything that an experiment's file reaches (see the module's docstring)."""
    return _hash(reached(experiment))


def _hash(paths: Iterable[Path]) -> str:
    found = [line for path in paths for line in statements(path)]
    return files.sha256("\n".join(sorted(found)))


def reached(path: Path) -> list[Path]:
    """The file and every file of this project that it imports anywhere, directly or not."""
    found, waiting = {path}, [path]
    while waiting:
        here = waiting.pop()
        for name in _imported(here):
            there = _file(name)
            if there is not None and there not in found:
                found.add(there)
                waiting.append(there)
    return sorted(found)


def _stamp(path: Path) -> tuple[int, int]:
    told = path.stat()
    return told.st_mtime_ns, told.st_size


def _file(module: str) -> Path | None:
    if module.split(".")[0] not in PROJECT or module.startswith(NOT_MEASURING):
        return None
    place = ROOT.joinpath(*module.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.exists():
            return path
    return None  # a name in a module, not a module


def missing(experiment: Path) -> list[str]:
    """Optional packages that the code of an experiment imports and that are not installed."""
    names = {name.split(".")[0] for path in reached(experiment) for name in _imported(path)}
    return sorted(name for name in names & set(OPTIONAL) if find_spec(name) is None)


def _imported(path: Path) -> tuple[str, ...]:
    return _imports(path, _stamp(path))


@lru_cache(maxsize=1024)
def _imports(path: Path, stamp: tuple[int, int]) -> tuple[str, ...]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


def statements(path: Path) -> tuple[str, ...]:
    """The file's statements, a text for each top-level one."""
    return _statements(path, _stamp(path))


@lru_cache(maxsize=1024)
def _statements(path: Path, stamp: tuple[int, int]) -> tuple[str, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)) or _is_text(statement):
            continue
        if path.name == "experiment.py" and _draws(statement):
            continue  # elsewhere `draw` may sample, as in minigpt.sample
        found.append(ast.unparse(_Bare().visit(statement)))
    return tuple(found)


def _draws(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "draw"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class _Bare(ast.NodeTransformer):
    """Strip docstrings, imports and the wording of claims."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [s for s in body if not (_is_text(s) or _is_import(s))]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Experiment":
            node.keywords = [k for k in node.keywords if k.arg not in PROSE]
        return node


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


# By behaviour.


def fingerprint(evidence: Any, full: Any) -> dict[str, Any]:
    """A small measurement as JSON, with the full size's settings, versions and processor."""
    return {
        "evidence": evidence,
        "full": json.loads(json.dumps(settings(full), default=str)),
        "versions": versions(*PACKAGES),
        "processor": processor(),
    }


def apart(code: str, *arguments: str) -> Any:
    """The JSON that a piece of Python prints in a separate process, with one thread from the start;
    ValueError if it fails."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", f"import torch; torch.set_num_threads(1)\n{code}", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **one, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ValueError(f"the ci profile of {' '.join(arguments)} does not run: {last}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def settings(value: Any) -> Any:
    """A dataclass as the fields that differ from their defaults, so that a new field changes
    nothing; mappings and sequences element by element, anything else as it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: settings(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if not _is_default(field, getattr(value, field.name))
        }
    if isinstance(value, Mapping):
        return {str(key): settings(part) for key, part in value.items()}
    return [settings(part) for part in value] if isinstance(value, (list, tuple)) else value


def _is_default(field: dataclasses.Field, value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(field.default == value)
    made = field.default_factory
    return made is not dataclasses.MISSING and bool(made() == value)


def difference(now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """The difference of two fingerprints in words; empty if they are the same.

    The tolerance is `ROUNDING` on the same processor with the same versions, elsewhere `CLOSE`.
    """
    if now["full"] != then["full"]:
        return "the settings of the full profile differ"
    same = now["processor"] == then["processor"] and now["versions"] == then["versions"]
    pairs = list(_pairs(now["evidence"], then["evidence"], "evidence"))
    off = [(where, a, b) for where, a, b in pairs if not _alike(a, b, ROUNDING if same else CLOSE)]
    kinds = [pair for pair in off if not (_is_number(pair[1]) and _is_number(pair[2]))]
    if kinds or len(off) > (0 if same else len(pairs) // 20):
        where, a, b = (kinds or off)[0]
        return f"{len(off)} of {len(pairs)} values differ, the first {where}: {a!r}, before {b!r}"
    return ""


def state(now: Mapping[str, Any], then: Mapping[str, Any], *, same_code: bool) -> tuple[State, str]:
    """State of a measured number, and how its behaviour differs, from two fingerprints and whether
    the code behind them has the same hash."""
    if where := difference(now, then):
        return "stale by behaviour", where
    return ("fresh" if same_code else "code changed"), ""


def _pairs(a: Any, b: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a:
            yield from _pairs(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from _pairs(x, y, f"{where}[{i}]")
    else:
        yield where, a, b


def _alike(a: Any, b: Any, tolerance: float) -> bool:
    if _is_number(a) and _is_number(b):
        return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
    return bool(a == b)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
