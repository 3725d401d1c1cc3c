"""Counting n-grams with sorted integers: no n-gram crosses from one document into the next.

Idea:   an n-gram of token numbers below V is one integer below V^n, so counting n-grams is sorting
        integers, at tens of megabytes a second. If V^n does not fit in 64 bits, (n-1)-grams are
        renumbered first, so keys are always exact and never hashed.
Run:    python tests/benchmarks/bench_synthdata.py
Omits:  collections larger than memory (`synthdata.streaming.meter`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from synthdata.text.tokens import Tokens

_CHUNK = 1 << 22  # keys sorted at a time: at most 32 MB, and few tables to merge


@dataclass(frozen=True, kw_only=True)
class Grams:
    """Every n-gram occurrence of a collection, in reading order."""

    keys: np.ndarray
    """One integer an occurrence; equal n-grams, and only they, have equal keys."""
    owner: np.ndarray
    """The document of each occurrence."""
    documents: int
    """Number of documents, including those without an n-gram."""


def grams(tokens: Tokens, n: int) -> Grams:
    """All n-grams of `tokens`; ValueError for n below 1.

    Keys are numbers 0, 1, ... in the n-grams' sorted order, so equal collections have equal keys.
    """
    valid = inside(tokens, n)
    where = np.flatnonzero(valid)
    room = 64 - len(tokens.ids).bit_length()  # so that `ranks` need not sort positions
    keys = ranks(pack(tokens.ids, n, len(tokens.vocabulary), 2**room)[where])
    owner = np.repeat(np.arange(tokens.documents, dtype=np.int64), tokens.lengths)[where]
    return Grams(keys=keys, owner=owner, documents=tokens.documents)


def ranks(keys: np.ndarray) -> np.ndarray:
    """Rank 0, 1, ... of each key (unsigned) among the distinct ones, int64.

    Sorting numbers is several times faster than sorting positions by them; so if both fit into 64
    bits, each key carries its position in its low bits.

    >>> ranks(np.array([7, 3, 7], np.uint64)).tolist()
    [1, 0, 1]
    """
    bits = len(keys).bit_length()
    if int(keys.max(initial=0)) >> (64 - bits):
        return np.unique(keys, return_inverse=True)[1].astype(np.int64)
    ordered = (keys.astype(np.uint64) << np.uint64(bits)) | np.arange(len(keys), dtype=np.uint64)
    ordered.sort()
    place = (ordered & np.uint64((1 << bits) - 1)).astype(np.int64)
    ordered >>= np.uint64(bits)
    rank = np.empty(len(keys), dtype=np.int64)
    rank[place] = np.cumsum(np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(keys)]) - 1
    return rank


def inside(tokens: Tokens, n: int) -> np.ndarray:
    """Whether the n-gram from each position stays inside its document."""
    if n < 1:
        raise ValueError(f"an n-gram has at least one token, got n={n}")
    valid = np.ones(len(tokens.ids), dtype=bool)
    ends = tokens.starts[1:]
    for back in range(1, n):
        valid[np.maximum(ends - back, 0)[ends >= back]] = False
    return valid


def pack(ids: np.ndarray, n: int, vocabulary: int, limit: int = 2**64) -> np.ndarray:
    """One uint64 for the n tokens from each position on; the last n - 1 positions are undefined.

    They are below `limit` if possible: shorter n-grams are renumbered for that.
    """
    base = max(vocabulary, 2)
    keys = ids.astype(np.uint64)
    size = base  # keys are below it
    for offset in range(1, n):
        if size * base > limit:
            keys = ranks(keys).astype(np.uint64)
            size = int(keys.max(initial=0)) + 1
        shifted = np.zeros(len(ids), dtype=np.uint64)
        shifted[: max(0, len(ids) - offset)] = ids[offset:]
        keys = keys * np.uint64(base) + shifted
        size *= base
    return keys


def count(tokens: Tokens, n: int) -> np.ndarray:
    """Counts of the distinct n-grams (int64, in the n-grams' sorted order).

    >>> from synthdata.text.tokens import encode
    >>> count(encode(["abab", "ab"], "character"), 2).tolist()
    [3, 1]
    """
    return count_keys(tokens, n)[1]


def count_keys(tokens: Tokens, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct keys and their counts; long texts chunk by chunk, to bound memory."""
    valid = inside(tokens, n)
    base = max(len(tokens.vocabulary), 2)
    if base**n > 2**64:
        keys, counts = np.unique(
            pack(tokens.ids, n, base)[np.flatnonzero(valid)], return_counts=True
        )
        return keys, counts.astype(np.int64)
    narrow = base**n <= 2**32  # half the bytes to sort
    kind = np.uint32 if narrow else np.uint64
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, len(tokens.ids), _CHUNK):
        stop = min(start + _CHUNK, len(tokens.ids) - n + 1)
        if stop <= start:
            break
        keys = tokens.ids[start:stop].astype(kind)
        for offset in range(1, n):
            keys *= kind(base)
            keys += tokens.ids[start + offset : stop + offset]
        here = valid[start:stop]
        parts.append(_run_lengths(np.sort(keys if here.all() else keys[here])))
        while len(parts) > 1 and len(parts[-2][0]) <= 2 * len(parts[-1][0]):
            parts.append(merge(parts.pop(), parts.pop()))
    total = (np.empty(0, kind), np.empty(0, np.int64))
    for part in reversed(parts):
        total = merge(total, part)
    return total


def merge(
    left: tuple[np.ndarray, np.ndarray], right: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Add two (sorted distinct keys, counts) tables."""
    keys = np.concatenate((left[0], right[0]))
    order = np.argsort(keys, kind="stable")
    first, _ = _starts_of_runs(keys[order])
    if not len(first):
        return left
    return keys[order][first], np.add.reduceat(np.concatenate((left[1], right[1]))[order], first)


class Table(NamedTuple):
    """Counts of each n-gram in each document that has it: three columns, no zeros."""

    key: np.ndarray
    """Number of the n-gram, ascending: 0, 1, ..."""
    document: np.ndarray
    """Number of the document, ascending within an n-gram."""
    times: np.ndarray
    """Count."""

    def part(self, kept: np.ndarray) -> Table:
        """The table of the documents that are `kept` [documents], as if only they were counted.

        >>> both = Table(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([5, 1, 2]))
        >>> [column.tolist() for column in both.part(np.array([False, True]))]
        [[0], [0], [2]]
        """
        rows = np.flatnonzero(kept[self.document])  # numbers: four times as fast as a mask
        key = self.key[rows]
        document = (np.cumsum(kept) - 1)[self.document[rows]]
        return Table(np.cumsum(begins(key)) - 1, document, self.times[rows])

    def totals(self) -> np.ndarray:
        """Total count of each n-gram."""
        return np.bincount(self.key, self.times).astype(np.int64)


def by_document(found: Grams) -> Table:
    """Counts of each n-gram in each document.

    `found.keys` must be numbers 0, 1, ... as `grams` gives them.
    """
    combined = found.keys.astype(np.uint64) * np.uint64(max(found.documents, 1))
    combined += found.owner.astype(np.uint64)
    pairs, counts = _run_lengths(np.sort(combined))
    key, document = np.divmod(pairs, np.uint64(max(found.documents, 1)))
    return Table(key.astype(np.int64), document.astype(np.int64), counts)


def _run_lengths(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, lengths = _starts_of_runs(ordered)
    return ordered[first], lengths


def begins(ordered: np.ndarray) -> np.ndarray:
    """Whether a run of equal values begins at each place, [n] bool.

    >>> begins(np.array([3, 3, 5, 3])).tolist()
    [True, False, True, True]
    """
    starts = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=starts[1:])
    return starts


def _starts_of_runs(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and length of each run of equal values."""
    if not len(ordered):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first = np.flatnonzero(begins(ordered))
    lengths = np.empty_like(first)
    np.subtract(first[1:], first[:-1], out=lengths[:-1])
    lengths[-1] = len(ordered) - first[-1]
    return first, lengths
