"""Compression: a model that predicts well needs few bits for a text.

Idea:   prediction and compression are the same: a character of probability p costs -log2 p bits
        (`arithmetic`), so a model's loss is the size of its files. The format of such a file is in
        `container`; the command, and the comparison with other compressors, in `__main__`.
Run:    python -m minigpt.compress --help

Names are imported when they are asked for, so that the command can be stopped before torch loads.
"""

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from minigpt.compress.container import Coder, Header, compress, decompress, read_header

__all__ = ["Coder", "Header", "compress", "decompress", "read_header"]

__getattr__, __dir__ = attributes(__name__, dict.fromkeys(__all__, "minigpt.compress.container"))
