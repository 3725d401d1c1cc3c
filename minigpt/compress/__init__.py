"""Compression: a model that predicts well needs few bits for a text.

Idea:   prediction and compression are the same: a character of probability p costs -log2 p bits
        (`arithmetic`), so a model's loss is the size of its files. The format of such a file is in
        `container`; the command, and the comparison with other compressors, in `__main__`.
Run:    python -m minigpt.compress --help

Names are imported when they are asked for, so that the command can be stopped before torch loads.
"""

from importlib import import_module
from typing import Any

__all__ = ["Coder", "Header", "compress", "decompress", "read_header"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("minigpt.compress.container"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
