"""Random numbers for things: the hashes by which the one-pass meter samples and counts.

Idea:   a thing's hash is the same everywhere and always, so processes agree on it without
        communication. Tokens are hashed with a cryptographic function once; hashes of n-grams are
        computed from those of their tokens, millions a second.
Source: BLAKE2 (RFC 7693); Steele et al., OOPSLA 2014 (splitmix64).
Omits:  protection from an adversary who picks texts to collide.

Hashes are 64 bits: among 10 million distinct things two share one with probability 3 in a million.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

LOOKED_AT = 1 << 16


def mix(x: np.ndarray) -> np.ndarray:
    """splitmix64's finaliser, in place: every input bit reaches every output bit."""
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def text_hash(text: str, seed: int) -> int:
    """64 bits of BLAKE2b, the same on every machine and in every process."""
    digest = new_hash(seed)
    digest.update(text.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest(), "little")


class TextHashes(dict[str, int]):
    """`text_hash` of recurring texts, computed on first use."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def __missing__(self, text: str) -> int:
        number = self[text] = text_hash(text, self.seed)
        return number


def new_hash(seed: int) -> hashlib.blake2b:
    """The hash object behind `text_hash`, for texts in pieces."""
    return hashlib.blake2b(digest_size=8, key=seed.to_bytes(8, "little"))


def gram_hashes(tokens: np.ndarray, order: int, seed: int) -> np.ndarray:
    """The hash of the `order` tokens from each position on; tokens are given by their hashes.

    It is a sum of token hashes times odd constants, one per place, then mixed. [T] uint64 to [T -
    order + 1] uint64.
    """
    size = max(len(tokens) - order + 1, 0)
    start = np.arange(1, order + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    factors = mix(start + np.uint64(seed & 0xFFFFFFFF)) | np.uint64(1)
    total = tokens[:size] * factors[0]
    for place in range(1, order):
        total += tokens[place : place + size] * factors[place]
    return mix(total)


def runs(ordered: np.ndarray, counts: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values of a sorted array and their counts, or the sums of `counts`."""
    if not len(ordered):
        return ordered, np.empty(0, np.int64)
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    if counts is not None:
        return ordered[first], np.add.reduceat(counts, first)
    return ordered[first], np.diff(np.append(first, len(ordered)))


def count_grams(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct hashes, sorted, and their counts. `hashes` is sorted in place."""
    hashes.sort()
    return runs(hashes)


def where_first(hashes: np.ndarray, wanted: Sequence[int]) -> dict[int, int]:
    """Position of the first occurrence of each wanted hash, searched from the start."""
    head = hashes[:LOOKED_AT]
    found = {}
    for number in wanted:
        hits = np.flatnonzero(head == np.uint64(number))
        if len(hits):
            found[number] = int(hits[0])
    return found
