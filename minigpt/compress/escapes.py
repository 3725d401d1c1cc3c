"""Characters outside a model's alphabet, taken out of a text and put back.

Idea:   a model can code only the alphabet it was trained on. The other characters are taken out,
        with the number of known ones before each, and stored beside the coded text, compressed as
        xz would: at no cost if there are none, no worse than xz if the whole file is foreign. Bytes
        that are not UTF-8 are among them, so every file round-trips.
Source: PEP 383 (bytes that are not UTF-8, as lone surrogates); the numbers are LEB128, as in DWARF.
Run:    used by minigpt.compress; nothing to run.
Omits:  predicting the foreign characters from their neighbours.

Legend: n characters of a text; code points are uint32.
"""

from __future__ import annotations

import lzma
from collections.abc import Sequence

import numpy as np

from minigpt.tokenizer import CharTokenizer

MOST_PER_BYTE = 8192
"""The most characters that one byte of LZMA can encode. Its longest match, 273 bytes repeated at
the last distance, is fourteen binary decisions, each of which costs at least log2(2048 / 2017) =
0.022 bits: some 7,100 bytes from one."""
_MEMORY = 80 << 20  # reading preset 9 takes 65 MiB, whatever the data's own header says
_LARGEST = 10 + 4  # bytes of a character and its gap, before they are compressed


def split(data: bytes, tokenizer: CharTokenizer) -> tuple[np.ndarray, int, bytes]:
    """The ids of all known characters, the number of others, and those, compressed.

    >>> ids, count, others = split("naïve".encode(), CharTokenizer("aenv"))
    >>> ids.tolist(), count, join(ids, count, others, CharTokenizer("aenv")).decode()
    ([2, 0, 3, 1], 1, 'naïve')
    """
    points = _points(data.decode("utf-8", "surrogateescape"))
    known = np.isin(points, _points(tokenizer.characters))
    ids = tokenizer.encode(_text(points[known]))
    where = np.flatnonzero(~known)
    if not where.size:
        return ids, 0, b""
    gaps = np.diff(where, prepend=-1) - 1  # known characters before each
    side = varints(gaps.tolist()) + _text(points[where]).encode("utf-8", "surrogatepass")
    return ids, len(where), lzma.compress(side, lzma.FORMAT_ALONE, preset=9)


def join(ids: np.ndarray, count: int, others: bytes, tokenizer: CharTokenizer) -> bytes:
    """The bytes that `split` took apart; ValueError if `others` was not made by it."""
    points = _points(tokenizer.decode(ids))
    if count:
        try:
            reader = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY)
            side = reader.decompress(others, max_length=count * _LARGEST)
            gaps, place = read_varints(side, 0, count)
            foreign = _points(side[place:].decode("utf-8", "surrogatepass"))
            if not reader.eof or len(foreign) != count or sum(gaps) > len(points):
                raise ValueError("they are not as many as the file says")
            points = np.insert(points, np.cumsum(gaps), foreign)
        except (lzma.LZMAError, ValueError) as error:
            raise ValueError(f"the escaped characters cannot be read: {error}") from None
    return _text(points).encode("utf-8", "surrogateescape")


def varints(numbers: Sequence[int]) -> bytes:
    """LEB128: seven bits a byte, lowest first; the eighth bit says that more follow.

    >>> varints([5, 300]).hex()
    '05ac02'
    """
    out = bytearray()
    for number in numbers:
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)
    return bytes(out)


def read_varints(data: bytes, place: int, count: int) -> tuple[list[int], int]:
    """`count` numbers starting at `place`, and the place after them.

    ValueError past the end, and if a number takes more than ten bytes (70 bits): without that
    limit, shifting would make reading quadratic.

    >>> read_varints(bytes.fromhex("05ac02"), 0, 2)
    ([5, 300], 3)
    """
    numbers = []
    for _ in range(count):
        number = shift = 0
        while True:
            if place >= len(data):
                raise ValueError("the data end within a number")
            if shift == 70:
                raise ValueError("the data hold a number of more than ten bytes")
            byte, place = data[place], place + 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        numbers.append(number)
    return numbers, place


def _points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _text(points: np.ndarray) -> str:
    return points.tobytes().decode("utf-32-le", "surrogatepass")
