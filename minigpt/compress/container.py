"""The compressed file: its contents, and the way there and back.

Idea:   the text is cut into streams that are coded side by side, one batch a step; those of a long
        text in several batches, by several processes. Encoder and decoder make exactly the same
        calls, so both see the same predictions to the last bit. Characters outside the model's
        alphabet are stored separately, so every file round-trips.
Source: own format; the coding itself is in `minigpt.compress.arithmetic`, with its sources.
Run:    python -m minigpt.compress [RUN] FILE -o OUT
Omits:  portability. Predictions differ in their last bits between processors and library versions;
        a file that meets other predictions is detected, not repaired.

Format: "mgz", version; 8 bytes each of the model's fingerprint and the original's SHA-256; numbers
of 7 bits a byte: precision, threads, batches, streams, characters, escapes, bytes of the escapes,
of the shortest stream, and what each stream has more; the escapes; the streams; 8 bytes of the
SHA-256 of all this. Some 35 bytes and two a stream: half a percent of a text of 50,000 characters.

A mixture's file is of version 4: the fingerprint is that of its gate, and before the numbers are
two more, what kind of mixture it is and how many members it has, and 8 bytes of each member's
fingerprint. If it learns while it reads, its own fingerprint, of the text it counts, is in the
gate's place. Version 2, which is still read, left out the zero bytes at the end of each stream.

A file may come from an attacker: every number in it is checked against the bytes beside it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import accumulate, chain, islice, pairwise
from typing import Protocol, runtime_checkable

import numpy as np

from minigpt.compress import escapes
from minigpt.compress.arithmetic import (
    CHARACTERS_PER_BYTE,
    STRIPPED,
    Progress,
    RanOut,
    choose_streams,
    cut,
    decode_streams,
    encode_streams,
    silent,
)
from minigpt.compress.crew import Crew
from minigpt.nextchar import NextChar
from minigpt.ngram import NGram

MAGIC = b"mgz\x03"
OLD = b"mgz\x02"
MIXED = b"mgz\x04"
KINDS = ("mixture", "adaptive")  # of version 4, by number; a new kind goes at the end
MOST_MEMBERS = 16
PRECISIONS = ("fp64", "fp32", "bf16")
MOST = 4096  # streams: each takes about a megabyte
_HASH = 8  # bytes stored of each hash


_DIFFERS = (
    "predicts a little differently here; decompress on the machine, with the library versions, "
    "that compressed it"
)


@runtime_checkable
class Coder(NextChar, Protocol):
    """A `NextChar` that can identify itself exactly, so that a decoder can use the same."""

    @property
    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 of everything that determines the predictions."""
        ...

    @property
    def precision(self) -> str:
        """Precision of its arithmetic: fp64, fp32 or bf16."""
        ...

    @property
    def threads(self) -> int:
        """Number of threads; another number may add in another order."""
        ...


@dataclass(frozen=True, kw_only=True)
class Header:
    """The metadata of a compressed file, and its parts."""

    version: int
    """Format version: 2, without the last zero bytes of streams, 3, or 4, of a mixture."""
    kind: str
    """What made it: gpt, ngram, or one of KINDS."""
    fingerprint: bytes
    """First 8 bytes of the model's fingerprint, or of that of a mixture's gate."""
    members: tuple[bytes, ...]
    """First 8 bytes of the fingerprint of each member of a mixture; none for other models."""
    content: bytes
    """First 8 bytes of the original's SHA-256."""
    precision: str
    """Precision the model computed in."""
    threads: int
    """Number of threads it computed with."""
    batches: int
    """Number of parts of the text, each with its share of the streams."""
    characters: int
    """Number of characters that the model coded."""
    escapes: int
    """Number of characters outside its alphabet."""
    escaped: bytes
    """Those characters and their positions, compressed."""
    streams: tuple[bytes, ...]
    """Coded bytes of each stream."""


def compress(
    data: bytes | str,
    model: Coder,
    *,
    streams: int | None = None,
    batches: int = 1,
    processes: int = 1,
    verify: bool = True,
    progress: Progress = silent,
) -> bytes:
    """`data` (a string is encoded as UTF-8) as the bytes of a compressed file.

    `streams` is chosen from the length if None. They are divided into `batches`, each coded side by
    side, and these among `processes`, which changes nothing but the time. `verify` decodes the
    result before it is returned. `progress` is called with the number of characters that each step
    has coded, in both passes. Any bytes round-trip; those that are not UTF-8 are merely not
    compressed by the model. ValueError if predictions are not finite, there are too many streams,
    or the model does not repeat its predictions and verification fails.
    """
    if streams is not None and not 1 <= streams <= MOST:
        raise ValueError(f"streams must be from 1 to {MOST:,}, got {streams}")
    data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    ids, foreign, escaped = escapes.split(data, model.tokenizer)
    size = min(len(ids), streams or choose_streams(len(ids), len(model.tokenizer)))
    batches = max(1, min(batches, size))
    parts = [(ids[a:b], n) for a, b, n in _parts(len(ids), size, batches)]
    with Crew(model, processes, progress) as crew:
        coded = list(chain(*crew.work(_encode, parts)))
        if foreign:
            progress(foreign)
        shortest = min(map(len, coded), default=0)
        numbers = [PRECISIONS.index(model.precision), model.threads, batches, len(coded), len(ids)]
        numbers += [foreign, len(escaped), shortest, *(len(stream) - shortest for stream in coded)]
        kind, fingerprint, members = identity(model)
        body = (MIXED if members else MAGIC) + fingerprint + hashlib.sha256(data).digest()[:_HASH]
        if members:
            body += escapes.varints([KINDS.index(kind), len(members)]) + b"".join(members)
        body += escapes.varints(numbers) + escaped + b"".join(coded)
        blob = body + hashlib.sha256(body).digest()[:_HASH]
        if verify:
            _decode(read_header(blob), crew)
    return blob


def decompress(
    blob: bytes, model: Coder, *, processes: int = 1, progress: Progress = silent
) -> bytes:
    """The original bytes of a compressed file.

    ValueError if it is not such a file, was cut or altered, holds less text than it says, was made
    with another model, precision or thread count, or on a machine whose predictions differ in the
    last bits.
    """
    header = read_header(blob)
    check_model(header, model)
    if (header.precision, header.threads) != (model.precision, model.threads):
        raise ValueError(
            f"the file was compressed in {header.precision} with {header.threads} thread(s), and "
            f"this model computes in {model.precision} with {model.threads}; use the former"
        )
    with Crew(model, processes, progress) as crew:
        return _decode(header, crew)


def check_model(header: Header, model: Coder) -> None:
    """ValueError, naming what differs, if `model` is not the one that made the file."""
    kind, fingerprint, members = identity(model)
    if len(members) != len(header.members):
        raise ValueError(
            f"the file was compressed with {_several(header.members)}, and this is "
            f"{_several(members)}; name the run it was made with"
        )
    for number, (then, now) in enumerate(zip(header.members, members), 1):
        if then != now:
            raise ValueError(
                f"member {number} of the mixture that compressed the file was {then.hex()[:12]}, "
                f"and here it is {now.hex()[:12]}; name the run, and the order, it was made with"
            )
    if header.fingerprint != fingerprint and "adaptive" in (kind, header.kind):
        raise ValueError(
            f"the file was compressed by {header.kind} model {header.fingerprint.hex()[:12]}, and "
            f"this is {kind} model {fingerprint.hex()[:12]}; name the run, and the order, it was "
            "made with"
        )
    if header.fingerprint != fingerprint and members:
        raise ValueError(
            "the file was compressed with models mixed by the gate "
            f"{header.fingerprint.hex()[:12]}, and here it is {fingerprint.hex()[:12]}; bring back "
            "the gate.json of the run"
        )
    if header.fingerprint != fingerprint:
        raise ValueError(
            f"the file was compressed with model {header.fingerprint.hex()[:12]}, and this is "
            f"{model.fingerprint[:12]}; name the run (or the text and order) it was made with"
        )


def _several(members: tuple[bytes, ...]) -> str:
    return f"a mixture of {len(members)} models" if members else "one model"


def _decode(header: Header, crew: Crew) -> bytes:
    streams = iter(header.streams)
    parts = [
        (list(islice(streams, n)), b - a)
        for a, b, n in _parts(header.characters, len(header.streams), header.batches)
    ]
    try:
        found = crew.work(decode_streams if header.version > 2 else _decode_stripped, parts)
    except RanOut:
        raise ValueError(
            f"the file ends before its {header.characters:,} characters do: either it says more of "
            f"itself than is in it, or the model {_DIFFERS}"
        ) from None
    ids = np.concatenate(found) if found else np.zeros(0, np.int32)
    data = escapes.join(ids, header.escapes, header.escaped, crew.model.tokenizer)
    if header.escapes:
        crew.progress(header.escapes)
    if hashlib.sha256(data).digest()[:_HASH] != header.content:
        raise ValueError(
            "the decoded text is not the one that was compressed: the file is whole, but the model "
            + _DIFFERS
        )
    return data


def _parts(n: int, streams: int, batches: int) -> list[tuple[int, int, int]]:
    """Start and end of each part of n characters, and its number of streams.

    >>> _parts(10, 5, 2)
    [(0, 5, 3), (5, 10, 2)]
    """
    ends = [0, *accumulate(cut(n, batches).tolist())]
    return [(a, b, s) for (a, b), s in zip(pairwise(ends), cut(streams, batches).tolist())]


def _encode(ids: np.ndarray, streams: int, model: Coder, progress: Progress) -> list[bytes]:
    return encode_streams(ids, model, streams, progress)[0]


def _decode_stripped(coded: list[bytes], n: int, model: Coder, progress: Progress) -> np.ndarray:
    return decode_streams(coded, n, model, progress, stripped=True)


def read_header(blob: bytes) -> Header:
    """Parse and check a compressed file; ValueError if it is not one, or incomplete."""
    if not blob.startswith((MAGIC, OLD, MIXED)):
        kind = "an empty file" if not blob else f"a file that begins with {blob[:4]!r}"
        raise ValueError(f"not made by minigpt.compress (versions 2 to 4): {kind}")
    body = blob[:-_HASH]
    if hashlib.sha256(body).digest()[:_HASH] != blob[-_HASH:]:
        raise ValueError("the compressed file was cut or altered: its checksum does not match")
    place = len(MAGIC) + 2 * _HASH
    kind, members = "", []
    if blob.startswith(MIXED):
        (which, many), place = escapes.read_varints(body, place, 2)
        if which >= len(KINDS) or not 1 <= many <= MOST_MEMBERS:
            raise ValueError(
                f"the compressed file is of a mixture of kind {which} with {many} members, unknown "
                "to this version"
            )
        kind = KINDS[which]
        members = [body[place + i * _HASH :][:_HASH] for i in range(many)]
        place += many * _HASH
    numbers, place = escapes.read_varints(body, place, 8)
    precision, threads, batches, streams, characters, foreign, size, shortest = numbers
    more, place = escapes.read_varints(body, place, streams)
    ends = list(accumulate([place, size, *(shortest + n for n in more)]))
    fits = 1 <= batches <= max(1, streams) and min(1, characters) <= streams <= characters
    if precision >= len(PRECISIONS) or ends[-1] != len(body) or not fits or streams > MOST:
        raise ValueError("the compressed file contradicts itself; it was made by another program")
    coded = ends[-1] - ends[1]
    left_out = STRIPPED * streams if blob.startswith(OLD) else 0
    if (
        characters > CHARACTERS_PER_BYTE * (coded + left_out)
        or foreign > escapes.MOST_PER_BYTE * size
    ):
        raise ValueError(
            f"the compressed file says that it holds {characters + foreign} characters in "
            f"{coded + size:,} bytes, which no text can be compressed to; it was made by another "
            "program"
        )
    parts = [body[a:b] for a, b in pairwise(ends)]
    return Header(
        version=body[len(MAGIC) - 1],
        kind=kind or ("ngram" if PRECISIONS[precision] == NGram.precision else "gpt"),
        fingerprint=body[len(MAGIC) :][:_HASH],
        members=tuple(members),
        content=body[len(MAGIC) + _HASH :][:_HASH],
        precision=PRECISIONS[precision],
        threads=threads,
        batches=batches,
        characters=characters,
        escapes=foreign,
        escaped=parts[0],
        streams=tuple(parts[1:]),
    )


def identity(model: Coder) -> tuple[str, bytes, tuple[bytes, ...]]:
    """What a file says of its model: kind, fingerprint (of a mixture: its gate's), members'."""
    parts = getattr(model, "identities", None)
    if parts is None:
        return "", bytes.fromhex(model.fingerprint)[:_HASH], ()
    *members, own = (bytes.fromhex(part)[:_HASH] for part in parts)
    return getattr(model, "kind", KINDS[0]), own, tuple(members)
