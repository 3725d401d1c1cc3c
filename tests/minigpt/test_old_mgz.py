"""Compressed files of version 2, which left out the zero bytes at the end of each stream."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt.compress import container, escapes
from minigpt.compress.arithmetic import FREE, STRIPPED, Encoder, frequencies
from minigpt.ngram import NGram

TAUGHT = "the cat sat on the mat, and the rat ate the oat.\n" * 40
MODEL = NGram.fit(TAUGHT, order=3)
FILE = Path(__file__).with_name("version2.mgz")
"""Written by version 2 itself: compress(TEXT, MODEL, streams=3, batches=2)."""
TEXT = "the rat sat on the oat; the café cat ate.\n" * 12 + "\n" * 400


def old(blob: bytes) -> bytes:
    """A compressed file as version 2 would have written it."""
    header = container.read_header(blob)
    streams = [stream.rstrip(b"\0") for stream in header.streams]
    shortest = min(map(len, streams), default=0)
    numbers = [container.PRECISIONS.index(header.precision), header.threads, header.batches]
    numbers += [len(streams), header.characters, header.escapes, len(header.escaped), shortest]
    numbers += [len(stream) - shortest for stream in streams]
    body = container.OLD + blob[4:20] + escapes.varints(numbers)
    body += header.escaped + b"".join(streams)
    return body + hashlib.sha256(body).digest()[:8]


def test_a_file_of_version_2_still_decodes() -> None:
    """Its last stream ends in newlines, the alphabet's first character: 100 zeros were left out."""
    blob = FILE.read_bytes()
    assert container.decompress(blob, MODEL) == TEXT.encode()
    header = container.read_header(blob)
    today = container.compress(TEXT, MODEL, streams=3, batches=2)
    assert header.version == 2
    assert old(today) == blob
    assert len(container.read_header(today).streams[-1]) - len(header.streams[-1]) > 100 > STRIPPED


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(["the cat", "\n" * 9, "\n" * 200, "..", "é", "rrrr"]), max_size=5),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_any_text_comes_back_from_version_2(parts: list[str], streams: int, batches: int) -> None:
    text, seen = "".join(parts), list[int]()
    blob = old(container.compress(text, MODEL, streams=streams, batches=batches))
    assert container.decompress(blob, MODEL, progress=seen.append) == text.encode()
    assert sum(seen) == len(text)


def test_a_text_of_one_letter_comes_back_from_version_2() -> None:
    one = NGram.fit("a" * 1000, order=2)  # such a letter cost nothing, and no stream has a byte
    numbers = escapes.varints([0, 1, 1, 2, 10**6, 0, 0, 0, 0, 0])
    body = container.OLD + bytes.fromhex(one.fingerprint)[:8]
    body += hashlib.sha256(b"a" * 10**6).digest()[:8] + numbers
    blob = body + hashlib.sha256(body).digest()[:8]
    assert container.decompress(blob, one) == b"a" * 10**6


@pytest.mark.parametrize("more", [1, 10**6])
def test_what_zeros_for_ever_may_stand_for_has_a_limit(more: int) -> None:
    numbers = escapes.varints([0, 1, 1, 1, FREE + more, 0, 0, 0, 0])
    body = container.OLD + bytes.fromhex(MODEL.fingerprint)[:8] + bytes(8) + numbers
    with pytest.raises(ValueError, match="ends before"):
        container.decompress(body + hashlib.sha256(body).digest()[:8], MODEL)


def test_few_zeros_are_left_out_by_chance() -> None:
    """1,000 numbers, each of which ends in two zeros with probability 256^-2: three that do would
    come by chance once in a million runs."""
    rng = np.random.default_rng(0)
    table = frequencies(np.log(rng.dirichlet(np.ones(5), 1000)))
    encoder = Encoder(1000)
    for _ in range(40):
        encoder.put(table, rng.integers(0, 5, 1000))
    left_out = [len(s) - len(s.rstrip(b"\0")) for s in encoder.finish()]
    assert sum(n >= 2 for n in left_out) <= 2
