"""Compressed files from strangers, each with a correct checksum: refused in one line, at once."""

from __future__ import annotations

import functools
import hashlib
import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt.compress import container, escapes
from minigpt.compress.arithmetic import (
    CHARACTERS_PER_BYTE,
    Encoder,
    decode_streams,
    encode_streams,
    frequencies,
)
from minigpt.ngram import NGram
from minigpt.tokenizer import CharTokenizer

TEXT = "the cat sat on the mat, and the rat ate the oat. " * 40
MODEL = NGram.fit(TEXT, order=3)
THREADS = MODEL.threads


class Counting:
    """The model, counting its steps; the hundred-thousandth is one too many."""

    def __init__(self) -> None:
        self.steps = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(MODEL, name)

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        self.steps += 1
        assert self.steps < 100_000, "it goes on and on"
        return MODEL.step(state, ids)


def forged(
    *,
    characters: int | bytes,
    streams: Sequence[bytes] = (),
    foreign: int = 0,
    escaped: bytes = b"",
    threads: int = THREADS,
    batches: int = 1,
) -> bytes:
    """A compressed file that says what it is told to, with a correct checksum."""
    shortest = min(map(len, streams), default=0)
    numbers: list[Any] = [
        container.PRECISIONS.index(MODEL.precision),
        threads,
        batches,
        len(streams),
        characters,
    ]
    numbers += [foreign, len(escaped), shortest, *(len(s) - shortest for s in streams)]
    body = container.MAGIC + bytes.fromhex(MODEL.fingerprint)[:8] + bytes(8)
    body += b"".join(n if isinstance(n, bytes) else escapes.varints([n]) for n in numbers)
    body += escaped + b"".join(streams)
    return body + hashlib.sha256(body).digest()[:8]


def noise(size: int) -> bytes:
    """Bytes that decode to something or other."""
    return np.random.default_rng(0).bytes(size)


def packed(text: str, gaps: Sequence[int]) -> bytes:
    """Escaped characters as `escapes.split` packs them."""
    return lzma.compress(escapes.varints(gaps) + text.encode(), lzma.FORMAT_ALONE, preset=9)


@functools.cache
def bomb() -> bytes:
    """A quarter of a gigabyte of zeros in 37 kB."""
    return lzma.compress(bytes(1 << 28), lzma.FORMAT_ALONE, preset=0)


GREEDY = b"\x5d" + (2**32 - 1).to_bytes(4, "little") + packed("é", [0])[5:]  # 4 GB of dictionary

FORGERIES = {
    "a million in 119 bytes": (
        lambda: forged(characters=10**6, streams=[noise(60)]),
        "ends before",
    ),
    "a million in many": (lambda: forged(characters=10**6, streams=[noise(3)] * 16), "ends before"),
    "a million of the first letter": (
        lambda: forged(characters=10**6, streams=[bytes(60)]),
        "ends before",
    ),
    "nothing beside them": (lambda: forged(characters=10**6, streams=[b""]), "in 0 bytes"),
    "2^70": (lambda: forged(characters=2**70, streams=[noise(60)]), "more than ten bytes"),
    "2^62": (lambda: forged(characters=2**62, streams=[noise(60)]), "no text can be compressed to"),
    "a number without end": (
        lambda: forged(characters=b"\xff" * 10**7 + b"\1", streams=[noise(60)]),
        "more than ten bytes",
    ),
    "a stream a byte": (
        lambda: forged(characters=10**6, streams=[b"\1"] * 100_000),
        "contradicts itself",
    ),
    "threads": (lambda: forged(characters=9, streams=[noise(9)], threads=2**40), "thread"),
    "batches": (
        lambda: forged(characters=9, streams=[noise(9)], batches=2**40),
        "contradicts itself",
    ),
    "2^60 escapes": (
        lambda: forged(characters=0, foreign=2**60, escaped=packed("é", [0])),
        "no text can be compressed to",
    ),
    "more escapes than there are": (
        lambda: forged(characters=0, foreign=1000, escaped=packed("é", [0])),
        "escaped characters",
    ),
    "fewer escapes than there are": (
        lambda: forged(characters=0, foreign=1, escaped=packed("éé", [0, 0])),
        "escaped characters",
    ),
    "a bomb": (lambda: forged(characters=0, foreign=1, escaped=bomb()), "escaped characters"),
    "a greedy header": (
        lambda: forged(characters=0, foreign=1, escaped=GREEDY),
        "escaped characters",
    ),
    "a gap beyond the text": (
        lambda: forged(characters=0, foreign=1, escaped=packed("é", [2**60])),
        "escaped characters",
    ),
    "gaps that overflow": (
        lambda: forged(characters=0, foreign=2, escaped=packed("éé", [2**63 - 1, 2**63 - 1])),
        "escaped characters",
    ),
    "half a character": (
        lambda: forged(
            characters=0,
            foreign=1,
            escaped=lzma.compress(b"\0\xe4", lzma.FORMAT_ALONE, preset=9),
        ),
        "escaped characters",
    ),
    "no lzma": (lambda: forged(characters=0, foreign=1, escaped=noise(90)), "escaped characters"),
}


OLD = {  # in version 2 zeros at the end of a stream are left out: these may be whole files
    "a million of the first letter": "not the one that was compressed",
    "nothing beside them": "not the one that was compressed",
}


def signed(blob: bytes, version: bytes, fingerprint: str = MODEL.fingerprint) -> bytes:
    """The same for another version or model, with a correct checksum."""
    body = version + bytes.fromhex(fingerprint)[:8] + blob[12:-8]
    return body + hashlib.sha256(body).digest()[:8]


@pytest.mark.parametrize("version", [container.OLD, container.MAGIC])
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_refused_in_one_line(name: str, version: bytes) -> None:
    forge, words = FORGERIES[name]
    words = OLD.get(name, words) if version == container.OLD else words
    blob, model = signed(forge(), version), Counting()
    with pytest.raises(ValueError, match=words) as caught:
        container.decompress(blob, model)
    assert len(str(caught.value)) < 400
    assert model.steps < 5000


@pytest.mark.parametrize("version", [container.OLD, container.MAGIC])
@pytest.mark.parametrize("name", ["a million in 119 bytes", "2^70", "a bomb"])
def test_the_command_refuses_in_one_line(
    call: Any, tmp_path: Path, name: str, version: bytes
) -> None:
    (tmp_path / "text.txt").write_text(TEXT)
    text = TEXT[: len(TEXT) * 9 // 10]  # what the command counts
    counted = NGram.fit(text, CharTokenizer.from_text(TEXT), 3)
    blob = signed(FORGERIES[name][0](), version, counted.fingerprint)
    (tmp_path / "bad.mgz").write_bytes(blob)
    args = ("--model", "ngram", "--data", "text.txt", "--order", "3", "-d", "bad.mgz", "-o", "out")
    code, out, err = call("compress", *args)
    assert (code, out) == (2, "")
    assert FORGERIES[name][1] in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 2**32))
def test_no_stream_decodes_for_ever(n: int, streams: int, seed: int) -> None:
    """What was coded comes back; soon after it there is nothing left."""
    ids = np.random.default_rng(seed).integers(0, len(MODEL.tokenizer), n)
    coded, _ = encode_streams(ids, MODEL, streams)
    assert np.array_equal(decode_streams(coded, n, MODEL), ids)
    with pytest.raises(ValueError, match=r"ends? before"):
        decode_streams(coded, n + 100_000, Counting())  # type: ignore[arg-type]


def test_the_cheapest_characters_cost_what_the_bound_says() -> None:
    """A certain character, again and again: some 2^24 - 2^16 of them to a byte."""
    sure = frequencies(np.array([[0.0]]))
    encoder = Encoder(1)
    for step in range(1, 1001):
        encoder.put(sure, np.array([0]))
        assert int(encoder._range[0]) >> 32 == (1 << 24) - step  # each costs a unit of 2^24 ...
    encoder._range[:] = (1 << 48) + 1  # ... until 2^16 are left
    encoder.put(sure, np.array([0]))
    assert encoder._written == 1
    assert CHARACTERS_PER_BYTE >= (1 << 24) - (1 << 16)


def test_texts_that_cost_next_to_nothing_round_trip() -> None:
    one = NGram.fit("a" * 1000, order=2)  # an alphabet of one letter
    for model, text in ((one, "a" * 500), (MODEL, MODEL.tokenizer.characters[0] * 500)):
        for streams in (1, 3):
            blob = container.compress(text, model, streams=streams)
            assert container.decompress(blob, model) == text.encode()
