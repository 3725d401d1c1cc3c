"""Bytes from any source, in bounded memory: files, globs, object stores, gzip, standard input.

Idea:   a source is read once, in blocks; its SHA-256 and size are taken from the same blocks, and a
        line longer than the limit is let through without being kept. So no input, however broken,
        costs more memory than one block and one line.
Source: RFC 1952 (gzip, several members in one file); fsspec for everything that has "://".
Omits:  other compressions. They are named and refused, not read as text.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from labkit.command import standard_input

BLOCK = 1 << 18
STDIN = "-"
INSTALL_SCALE = "python -m pip install -e '.[scale]' in the project's folder"

_FOREIGN = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
    b"BZh": "bzip2",
}
_UTF16_32 = (b"\xff\xfe", b"\xfe\xff")
_WIDE: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "UTF-16LE",
    (True, False, True, False): "UTF-16BE",
    (False, True, True, True): "UTF-32LE",
    (True, True, True, False): "UTF-32BE",
}
"""NULs among four neighbouring bytes in text of Latin letters, by encoding."""
_METER = re.compile(rb"synthdata meter (\d+)\n")
METER_VERSION = 1
"""Version of the saved meters that are read and written."""


@dataclass
class FileRecord:
    """Provenance of one file that was read."""

    path: str
    """Path as it was named; "-" is standard input."""
    bytes: int = 0
    """Size in bytes as stored (compressed, if it is)."""
    sha256: str = ""
    """SHA-256 of the bytes as stored; set once the last of them is read."""
    rows: int = 0
    """Usable rows."""
    header: str = ""
    """A CSV file's first line, without which its rows cannot be written again."""
    kind: str = field(default="", compare=False)
    """What its rows are when written again: "jsonl", "lines", "blocks" or "csv"."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, without `kind`, which no saved meter needs."""
        return {name: value for name, value in vars(self).items() if name != "kind"}


class Damaged(ValueError):
    """A source that is truncated or cannot be decoded from some point on."""


@dataclass
class Line:
    """One line without its line end; `data` is None if it was over the limit."""

    number: int
    data: bytes | None
    size: int = field(default=0)


def parse_size(text: str | int) -> int:
    """Bytes from "256M", "16MB", "1.5G" or a plain number (K, M, G are powers of 1024).

    >>> parse_size("16M")
    16777216
    """
    if isinstance(text, int):
        return text
    word = text.strip().upper().removesuffix("B").removesuffix("I")
    scale = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}.get(word[-1:], 1)
    try:
        size = float(word if scale == 1 else word[:-1]) * scale
        if not 0 < size < 1 << 60:
            raise ValueError
    except ValueError:
        raise ValueError(f"{text!r} is not a size; write 256M, 1.5G or a number of bytes") from None
    return int(size)


def is_remote(path: str) -> bool:
    """Whether opening it needs fsspec ("s3://bucket/file"); a local path never needs fsspec."""
    return "://" in path


def expand(paths: Sequence[str]) -> list[str]:
    """Files named by `paths`: a glob becomes its matches in sorted order, "-" stays.

    ValueError on no path, a glob without a match, a folder, or a file named twice, even by another
    spelling or a link; FileNotFoundError on a plain name that does not exist.
    """
    if not paths:
        raise ValueError("no input; name a file, a glob such as 'data/*.jsonl', or - for stdin")
    found: list[str] = []
    for path in map(str, paths):
        found.extend(_remote_matches(path) if is_remote(path) else _local_matches(path))
    seen: dict[str | tuple[int, int], str] = {}
    for path in found:
        name = _identity(path)
        if name in seen:
            again = "" if seen[name] == path else f" (it is {seen[name]}, too)"
            raise ValueError(f"{path} is named twice{again}; its rows would count double")
        seen[name] = path
    return found


def _identity(path: str) -> str | tuple[int, int]:
    """Identity shared by all names of a file: its place on the disk, if it has one."""
    local = path.removeprefix("file://")
    if path == STDIN or is_remote(local):
        return path
    try:
        found = os.stat(local)
    except OSError:  # reading it will report the error
        return path
    return (found.st_dev, found.st_ino) if found.st_ino else os.path.realpath(local)


def _local_matches(path: str) -> list[str]:
    if path == STDIN or os.path.isfile(path):
        return [path]
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; name its files, for example '{path}/*.jsonl'")
    if os.path.exists(path):  # a pipe or a device
        return [path]
    if glob.has_magic(path):
        matches = [m for m in sorted(glob.glob(path, recursive=True)) if os.path.isfile(m)]
        if not matches:
            raise ValueError(f"no file matches {path!r}")
        return matches
    raise FileNotFoundError(2, "no such file", path)


def _remote_matches(path: str) -> list[str]:
    system, bare = _fsspec(path)
    if not glob.has_magic(path):
        return [path]
    matches = sorted(system.glob(bare))
    if not matches:
        raise ValueError(f"no file matches {path!r}")
    return [str(system.unstrip_protocol(m)) for m in matches]


def _fsspec(path: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise ValueError(f"{path} needs fsspec to be opened: {INSTALL_SCALE}") from None
    try:
        return fsspec.core.url_to_fs(path)
    except (ImportError, ValueError) as error:  # s3fs, gcsfs and so on are separate packages
        raise ValueError(f"fsspec cannot open {path}: {error}") from None


def open_binary(path: str) -> IO[bytes]:
    """The file's stored bytes, local or remote; standard input for "-"."""
    if path == STDIN:
        return standard_input()
    if is_remote(path):
        system, bare = _fsspec(path)
        return system.open(bare, "rb")
    return open(path, "rb")


def stored_blocks(path: str, record: FileRecord) -> Iterator[bytes]:
    """The stored bytes in blocks; `record` has size and SHA-256 after the last one."""
    digest = hashlib.sha256()
    file = open_binary(path)
    try:
        while block := file.read(BLOCK):
            digest.update(block)
            record.bytes += len(block)
            yield block
    finally:
        if path != STDIN:
            file.close()
    record.sha256 = digest.hexdigest()


def text_blocks(path: str, record: FileRecord) -> Iterator[bytes]:
    """The file's bytes, gunzipped if it is gzip (by its first bytes), without a BOM.

    Damaged if a gzip file is broken or truncated (after yielding everything before the cut);
    ValueError for zstd, zip, xz, bzip2, UTF-16, UTF-32, and if a saved meter is taken for text, or
    text for a saved meter.
    """
    stored = stored_blocks(path, record)
    first = next(stored, b"")
    while 0 < len(first) < 6:  # a pipe may hand over a few bytes at a time
        more = next(stored, b"")
        if not more:
            break
        first += more
    _refuse_meters(path, first)
    plain = chain(first, stored)
    if first.startswith(b"\x1f\x8b"):
        plain = _gunzip(plain, path)
    else:
        for magic, name in _FOREIGN.items():
            if first.startswith(magic):
                raise ValueError(f"{path} is {name}-compressed; unpack it first (gzip is read)")
    head = next(plain, b"")
    if head.startswith(_UTF16_32):
        raise ValueError(
            f"{path} is UTF-16 or UTF-32; convert it: iconv -f UTF-16 -t UTF-8 in > out"
        )
    if encoding := _wide(head):
        raise ValueError(
            f"{path} is most likely {encoding} without a byte-order mark: its bytes are NUL as in "
            f"no other text; convert it: iconv -f {encoding} -t UTF-8 in > out"
        )
    yield from chain(head.removeprefix(b"\xef\xbb\xbf"), plain)


def _refuse_meters(path: str, first: bytes) -> None:
    """Raise ValueError for a saved meter, which holds no texts, or a file with only its name."""
    if found := _METER.match(first):
        if int(found[1]) == METER_VERSION:
            raise ValueError(
                f"{path} is a saved meter, not texts; measure --stream goes on from it"
            )
        raise ValueError(
            f"{path} is a saved meter of version {int(found[1])}, and this program reads version "
            f"{METER_VERSION}; use the one that saved it, or count the texts again"
        )
    if path.lower().endswith(".meter"):
        raise ValueError(
            f"{path} is named like a saved meter and is none (or was cut short); save it anew with "
            "--stream --meter, or name a file of texts by what it is: .jsonl, .txt, .csv"
        )


def _wide(head: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, by the places of the NULs; "" if it is neither.

    >>> _wide("why did it cross".encode("utf-16-le"))
    'UTF-16LE'
    """
    head = head[:4096]
    if len(head) < 16:
        return ""
    places = [head[place::4] for place in range(4)]
    return _WIDE.get(tuple(2 * place.count(0) > len(place) for place in places), "")


def chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    """`first`, unless it is empty, and then `rest`."""
    if first:
        yield first
    yield from rest


def _gunzip(blocks: Iterable[bytes], path: str) -> Iterator[bytes]:
    engine = zlib.decompressobj(wbits=31)
    fresh = True
    for block in blocks:
        data = block
        while data:
            if engine.eof:  # another gzip member follows, or the padding some tools write
                data = data.lstrip(b"\0")
                if not data:
                    break
                engine, fresh = zlib.decompressobj(wbits=31), True
            try:
                out = engine.decompress(data, BLOCK)  # at most one block: a gzip bomb stays small
            except zlib.error as error:
                raise Damaged(f"{path} is damaged gzip ({error})") from None
            fresh = False
            if out:
                yield out
            data = engine.unused_data if engine.eof else engine.unconsumed_tail
    while not engine.eof and not fresh:
        out = engine.decompress(b"", BLOCK)
        if not out:
            raise Damaged(f"{path} is gzip that was cut short")
        yield out


def lines(blocks: Iterable[bytes], limit: int) -> Iterator[Line]:
    """Lines numbered from 1, CR LF and LF alike; one longer than `limit` bytes is never kept."""
    number, size = 0, 0
    parts: list[bytes] = []
    for block in blocks:
        *whole, rest = block.split(b"\n")
        for piece in whole:
            size += len(piece)
            number += 1
            data = None if size > limit else b"".join((*parts, piece)) if parts else piece
            parts, taken, size = [], size, 0  # freed before the line is processed
            yield _line(number, data, taken)
        size += len(rest)
        if size > limit:
            parts = []
        elif rest:
            parts.append(rest)
    if size:
        yield _line(number + 1, None if size > limit else b"".join(parts), size)


def _line(number: int, data: bytes | None, size: int) -> Line:
    return Line(number, data[:-1] if data is not None and data.endswith(b"\r") else data, size)
