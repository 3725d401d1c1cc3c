"""The compressors a model is compared with, given the same knowledge of the training text.

Idea:   a model has read its training text before it sees a file. A fair table lets gzip, bzip2, xz,
        zstd and PPMd read it too: as a dictionary if the format has one, otherwise by counting the
        bytes that the file adds when it is compressed after the training text.
Source: J. Cleary & I. Witten, IEEE Trans. Comm. 32 (1984) 396-402, and D. Shkarin, DCC 2002, for
        PPMd, the strongest of them on text.
Run:    python -m minigpt.compress --table --model ngram
Omits:  compressors that mix models (paq, cmix, nncp): slower by orders of magnitude, and further
        ahead; see M. Mahoney's large text compression benchmark.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

Sizes = tuple[int, int]  # bytes: alone, and with the training text known


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the comparison."""

    name: str
    """The compressor and its setting."""
    alone: int | None
    """Bytes of the file by itself; None if not available."""
    primed: int | None
    """Bytes of the file for a reader who has the training text; None if not available."""
    how: str
    """How the training text was made known, or why there are no figures."""


def rows(data: bytes, training: bytes) -> list[Row]:
    """Sizes of `data` under each classical compressor at its strongest; missing packages say so."""
    added = "bytes added behind the training text"
    table: list[tuple[str, str, Callable[[bytes, bytes], Sizes]]] = [
        ("gzip -9", "dictionary: the last 32 KiB, all that gzip can see", _gzip),
        ("bzip2 -9", added, partial(_difference, partial(bz2.compress, compresslevel=9))),
        (
            "xz -9e",
            added,
            partial(_difference, partial(lzma.compress, preset=9 | lzma.PRESET_EXTREME)),
        ),
        ("zstd --ultra -22", "dictionary: all of it, raw", _zstd),
        *((f"PPMd order {o}", added, partial(_ppmd, o)) for o in (4, 6, 8)),
    ]
    return [_row(name, how, sizes, data, training) for name, how, sizes in table]


def render(rows: Sequence[Row], characters: int) -> str:
    """The table as text, smallest first: bytes and bits per character, alone and primed."""

    def cells(size: int | None) -> str:
        return f"{'-':>12} {'-':>9}" if size is None else f"{size:>12,} {_bits(size):>9.3f}"

    def _bits(size: int) -> float:
        return 8 * size / max(1, characters)

    first = f"{'':<20} {'alone':>12} {'bits/char':>9} {'after text':>12} {'bits/char':>9}  how"
    order = sorted(rows, key=lambda r: (r.primed is None, r.primed))
    return "\n".join(
        [first, *(f"{r.name:<20} {cells(r.alone)} {cells(r.primed)}  {r.how}" for r in order)]
    )


def overlap(data: bytes, training: bytes, length: int = 100, pieces: int = 200) -> float:
    """Share of evenly spaced pieces of `data`, `length` bytes long, that `training` contains.

    If the file is from the training text, the table means nothing, and the command says so.
    """
    last = max(0, len(data) - length)
    starts = range(0, last + 1, max(1, last // pieces))
    found = sum(data[i : i + length] in training for i in starts)
    return found / len(starts) if data else 0.0


def _row(
    name: str, how: str, sizes: Callable[[bytes, bytes], Sizes], data: bytes, training: bytes
) -> Row:
    try:
        alone, primed = sizes(data, training)
    except ImportError as error:
        missing = f"package {error.name} is not here: pip install {error.name}"
        return Row(name=name, alone=None, primed=None, how=missing)
    return Row(name=name, alone=alone, primed=primed, how=how)


def _difference(compress: Callable[[bytes], bytes], data: bytes, training: bytes) -> Sizes:
    return len(compress(data)), len(compress(training + data)) - len(compress(training))


def _gzip(data: bytes, training: bytes) -> Sizes:
    alone = len(gzip.compress(data, 9))
    window = training[-32_768:]
    primed = zlib.compressobj(9, zdict=window) if window else zlib.compressobj(9)
    return alone, len(primed.compress(data) + primed.flush())


def _zstd(data: bytes, training: bytes) -> Sizes:
    import zstandard as zstd

    def size(dictionary: bytes) -> int:
        settings = zstd.ZstdCompressionParameters.from_level(
            22, source_size=len(dictionary) + len(data)
        )
        known = zstd.ZstdCompressionDict(dictionary, dict_type=zstd.DICT_TYPE_RAWCONTENT)
        return len(zstd.ZstdCompressor(compression_params=settings, dict_data=known).compress(data))

    return size(b""), size(training)


def _ppmd(order: int, data: bytes, training: bytes) -> Sizes:
    import pyppmd

    def compress(text: bytes) -> bytes:
        encoder = pyppmd.Ppmd7Encoder(order, 256 << 20)
        return bytes(encoder.encode(text) + encoder.flush())

    return _difference(compress, data, training)
