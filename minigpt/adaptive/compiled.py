"""Loops compiled to machine code, so that a character costs microseconds.

Idea:   counting character by character is a loop over single numbers, which NumPy cannot shorten
        and Python runs a hundred times too slowly. Numba compiles such a function at its first
        call, some ten seconds in all, and keeps the result in this platform's folder for caches.
Source: S. K. Lam, A. Pitrou & S. Seibert, "Numba: a LLVM-based Python JIT compiler", LLVM-HPC 2015.
Run:    used by minigpt.adaptive
Omits:  `fastmath`, which may add in another order: encoder and decoder must agree to the last bit.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import platformdirs

_SOURCES = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
FOLDER = Path(platformdirs.user_cache_dir("cognitive-core", appauthor=False)) / (
    f"compiled-{hashlib.sha256(_SOURCES).hexdigest()[:12]}"
)
"""Numba notices a change of a function's own file, but not of the functions it calls: so each state
of this package has a folder of its own."""


def compiled(function: Callable[..., Any]) -> Any:
    """`function` as machine code, made at the first call with arguments of such types."""
    config: Any = numba.config
    chosen = config.CACHE_DIR
    config.CACHE_DIR = chosen or str(FOLDER)  # NUMBA_CACHE_DIR goes before
    try:
        return numba.njit(cache=True)(inspect.unwrap(function))  # tests wrap it to check shapes
    finally:
        config.CACHE_DIR = chosen
