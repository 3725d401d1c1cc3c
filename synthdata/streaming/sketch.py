"""One channel of things (documents, words, n-grams), counted in bounded memory.

Idea:   give every distinct thing a random number, its hash, and keep the k things with the smallest
        hashes, with exact counts. A thing among the k smallest at the end was so from its first
        occurrence on, so its count is complete; and hashes do not depend on counts, so the k are a
        fair sample of the distinct things. Two samples merge by adding counts and keeping the k
        smallest: exactly, in any order. Such a sample misses the few things that make up much of
        the mass, so a heavy-hitter sketch counts those.
Source: P. Gibbons, "Distinct sampling", VLDB 2001; Dasgupta et al., "A framework for estimating
        stream expression cardinalities", ICDT 2016 (theta sketches); Agarwal et al., "Mergeable
        summaries", PODS 2012; Apache DataSketches (frequent items, HyperLogLog).
Omits:  deletions, and weights; how things get their hashes (`synthdata.text.hashing`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labkit.typed import whole_number
from synthdata.io.streams import INSTALL_SCALE
from synthdata.text.hashing import runs

SPACE = 2.0**64
_KEPT_LABELS = 512
_LABELS_A_CHUNK = 32
_SLICE = 1 << 14
_NEVER_COUNTED = ""  # an unseen thing's upper bound is the sketch's error
_HLL = 14  # 2^14 registers: 0.8 % standard error


@dataclass
class BottomK:
    """The k + 1 smallest hashes with their counts; the last of them is the threshold."""

    k: int
    """Number of distinct things sampled."""
    hashes: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint64))
    """Hashes, sorted."""
    counts: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    """Exact count of each hash."""
    _waiting: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list, repr=False)
    _waiting_size: int = 0

    def add(self, hashes: np.ndarray, counts: np.ndarray) -> None:
        """Add distinct `hashes` with their counts; the work is deferred until it pays."""
        if len(self.hashes) > self.k:
            below = int(np.searchsorted(hashes, self.hashes[-1], side="right"))
            hashes, counts = hashes[:below], counts[:below]
        if len(hashes) > self.k + 1:
            hashes, counts = hashes[: self.k + 1], counts[: self.k + 1]
        if len(hashes):
            self._waiting.append((hashes.copy(), counts.copy()))
            self._waiting_size += len(hashes)
        if self._waiting_size > self.k:
            self.settle()

    def settle(self) -> BottomK:
        """Do the deferred work; the result depends neither on when nor on the order of adding."""
        if self._waiting:
            hashes = np.concatenate([self.hashes, *(h for h, _ in self._waiting)])
            counts = np.concatenate([self.counts, *(c for _, c in self._waiting)])
            order = np.argsort(hashes, kind="stable")
            hashes, counts = runs(hashes[order], counts[order])
            self.hashes = hashes[: self.k + 1].copy()
            self.counts = counts[: self.k + 1].copy()
            self._waiting, self._waiting_size = [], 0
        return self

    @property
    def complete(self) -> bool:
        """Whether it holds every distinct thing."""
        return len(self.settle().hashes) <= self.k

    @property
    def rate(self) -> float:
        """The share of distinct things sampled (1 if complete)."""
        return 1.0 if self.complete else float(self.hashes[-1]) / SPACE

    def sample(self) -> tuple[np.ndarray, np.ndarray]:
        """Hashes and counts of the sampled things, without the threshold itself."""
        self.settle()
        return self.hashes[: self.k], self.counts[: self.k]

    @property
    def types(self) -> float:
        """Unbiased estimate of the number of distinct things; relative error 1/sqrt(k)."""
        return len(self.hashes) if self.complete else self.k / self.rate


class Heavy:
    """Heavy hitters: things whose counts may be too small by at most `error`, never too large.

    The layout of a DataSketches table depends on its history; rebuilding it from sorted items
    before each merge makes the outcome a function of the counts and of the merge tree, so that a
    cluster and one process agree to the last byte.
    """

    def __init__(self, log2_size: int) -> None:
        self.log2_size = log2_size
        self.dropped = 0
        self._sketch = datasketches().frequent_strings_sketch(log2_size)

    def add(self, names: list[str], counts: list[int]) -> None:
        """Add `counts` to the named things."""
        deque(map(self._sketch.update, names, counts), maxlen=0)

    def estimates(self, names: list[str]) -> np.ndarray:
        """Upper bounds within this sketch; 0 for things not tracked."""
        return np.fromiter(map(self._sketch.get_estimate, names), np.int64, len(names))

    def items(self) -> tuple[np.ndarray, np.ndarray]:
        """Sorted hashes and lower bounds of everything tracked."""
        found = self._sketch.get_frequent_items(datasketches().NO_FALSE_NEGATIVES, 0)
        hashes = heavy_hashes([item[0] for item in found])
        counts = np.array([item[2] for item in found], np.int64)
        order = np.argsort(hashes)
        return hashes[order], counts[order]

    @property
    def error(self) -> int:
        """Largest amount by which a count may be too small."""
        return self.dropped + int(self._sketch.get_upper_bound(_NEVER_COUNTED))

    def rebuilt(self) -> Heavy:
        """The same items, bounds and error in a fresh table."""
        return Heavy.restore(self.log2_size, self.error, *self.items())

    @classmethod
    def restore(cls, log2_size: int, error: int, hashes: np.ndarray, counts: np.ndarray) -> Heavy:
        """The sketch with these items and this error."""
        heavy = cls(log2_size)
        heavy.add(heavy_names(hashes), counts.tolist())
        heavy.dropped = error
        return heavy

    def merge(self, other: Heavy) -> Heavy:
        """The sketch of both counted together."""
        mine, theirs = self.rebuilt(), other.rebuilt()
        mine._sketch.merge(theirs._sketch)
        mine.dropped += theirs.dropped
        return mine


class Channel:
    """Total, distinct sample, heavy hitters and cardinality of one kind of thing."""

    def __init__(self, k: int, log2_heavy: int) -> None:
        sketches = datasketches()
        self.total = 0
        self.bottom = BottomK(k)
        self.heavy = Heavy(log2_heavy)
        self.cardinality = sketches.hll_sketch(_HLL, sketches.HLL_8, True)
        self.slack = 0
        self.labels: dict[int, str] = {}

    def add(self, hashes: np.ndarray, counts: np.ndarray) -> list[int]:
        """One chunk's distinct hashes and counts; returns those whose texts are worth keeping.

        A thing that is rare in the chunk (one in 2^18 of it) is not counted among heavy hitters;
        `slack` is the amount by which their counts may be too small for that reason.
        """
        n = int(counts.sum())
        self.total += n
        self.bottom.add(hashes, counts)
        rare = n >> 18
        self.slack += rare
        candidates: list[tuple[int, int]] = []
        for start in range(0, len(hashes), _SLICE):  # Python objects are large: few at a time
            some, times = hashes[start : start + _SLICE], counts[start : start + _SLICE]
            deque(map(self.cardinality.update, some.view(np.int64).tolist()), maxlen=0)
            if rare:
                often = times > rare
                some, times = some[often], times[often]
            names = heavy_names(some)
            self.heavy.add(names, times.tolist())
            sizes = self.heavy.estimates(names)
            largest = np.argsort(-sizes, kind="stable")[:_LABELS_A_CHUNK]
            largest = largest[sizes[largest] > 1]
            candidates += zip((-sizes[largest]).tolist(), some[largest].tolist())
        chosen = [number for _, number in sorted(candidates)[:_LABELS_A_CHUNK]]
        return [number for number in chosen if number not in self.labels]

    def keep_labels(self, labels: dict[int, str]) -> None:
        """Remember the texts of some hashes; the commonest are kept."""
        self.labels.update(labels)
        if len(self.labels) > 2 * _KEPT_LABELS:
            numbers = sorted(self.labels)
            sizes = self.heavy.estimates(heavy_names(np.array(numbers, np.uint64)))
            kept = np.argsort(-sizes, kind="stable")[:_KEPT_LABELS].tolist()
            self.labels = {numbers[i]: self.labels[numbers[i]] for i in kept}

    def merge(self, other: Channel) -> None:
        """Add all counts of `other`."""
        sketches = datasketches()
        self.total += other.total
        self.slack += other.slack
        other.bottom.settle()
        self.bottom.add(other.bottom.hashes, other.bottom.counts)
        self.bottom.settle()
        self.heavy = self.heavy.merge(other.heavy)
        union = sketches.hll_union(_HLL)
        union.update(self.cardinality)
        union.update(other.cardinality)
        self.cardinality = union.get_result(sketches.HLL_8)
        self.keep_labels(other.labels)

    @property
    def error(self) -> int:
        """A heavy hitter's count may be too small by this much."""
        return self.slack + self.heavy.error

    def heavy_hitters(self, threshold: int = 1) -> list[tuple[int, int]]:
        """(hash, count) of everything counted at least `threshold` times, commonest first.

        Counts are exact for things also in the distinct sample, else the middle of their bounds.
        """
        hashes, lower = self.heavy.items()
        counts = lower + self.heavy.error // 2
        sampled, exact = self.bottom.sample()
        if len(sampled):
            at = np.minimum(np.searchsorted(sampled, hashes), len(sampled) - 1)
            counts = np.where(sampled[at] == hashes, exact[at], counts)
        order = np.lexsort((hashes, -counts))
        order = order[counts[order] >= threshold]
        return list(zip(hashes[order].tolist(), counts[order].tolist()))

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Header and arrays for `restore`."""
        self.bottom.settle()
        hashes, counts = self.heavy.items()
        header = {
            "total": self.total,
            "slack": self.slack,
            "k": self.bottom.k,
            "log2_heavy": self.heavy.log2_size,
            "heavy_error": self.heavy.error,
            "labels": {f"{h:016x}": text for h, text in sorted(self.labels.items())},
        }
        return header, {
            "hashes": self.bottom.hashes,
            "counts": self.bottom.counts,
            "heavy_hashes": hashes,
            "heavy_counts": counts,
            "cardinality": np.frombuffer(self.cardinality.serialize_compact(), np.uint8),
        }

    def restore(self, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Become the channel that `state` described; ValueError if the state is impossible."""
        sizes = (self.bottom.k, self.heavy.log2_size)
        if (header["k"], header["log2_heavy"]) != sizes:
            raise ValueError(f"sizes {header['k']} and {header['log2_heavy']}, not {sizes}")
        self.total, self.slack = whole_number(header["total"]), whole_number(header["slack"])
        hashes, counts = _counted(arrays["hashes"], arrays["counts"], self.total)
        if len(hashes) > self.bottom.k + 1:
            raise ValueError(f"{len(hashes)} hashes in a sample of {self.bottom.k}")
        self.bottom = BottomK(self.bottom.k, hashes, counts)
        heavy = _counted(arrays["heavy_hashes"], arrays["heavy_counts"], self.total)
        error = whole_number(header["heavy_error"])
        self.heavy = Heavy.restore(self.heavy.log2_size, error, *heavy)
        self.cardinality = datasketches().hll_sketch.deserialize(arrays["cardinality"].tobytes())
        if not 0 <= self.cardinality.get_estimate() < math.inf:
            raise ValueError(f"a cardinality of {self.cardinality.get_estimate()}")
        self.labels = {int(h, 16): str(text) for h, text in header["labels"].items()}
        if not all(0 <= number < 2**64 for number in self.labels):
            raise ValueError("a label of no hash")


def _counted(hashes: np.ndarray, counts: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray]:
    """Both, if they are valid: sorted hashes, and counts with a sum up to `total`."""
    right = hashes.dtype == np.uint64 and counts.dtype == np.int64 and len(hashes) == len(counts)
    if not right or (hashes[1:] <= hashes[:-1]).any() or (counts < 0).any():
        raise ValueError("hashes that are not sorted, or not counted")
    if sum(counts.tolist()) > total:
        raise ValueError(f"counts of more than the {total} there were")
    return hashes, counts


def heavy_names(hashes: np.ndarray) -> list[str]:
    """Each hash as a string of four characters, the sketch's type of item."""
    parts = np.ascontiguousarray(hashes).astype("<u8").view("<u2").astype("<u4")
    names: list[str] = (parts + np.uint32(0x10000)).view("<U4").tolist()
    return names


def heavy_hashes(names: Sequence[str]) -> np.ndarray:
    """The inverse of `heavy_names`."""
    points = np.frombuffer("".join(names).encode("utf-32-le"), "<u4")
    return (points - np.uint32(0x10000)).astype("<u2").view("<u8").astype(np.uint64)


def datasketches() -> Any:
    """Apache DataSketches; ValueError that names the install if it is missing."""
    try:
        import datasketches as module
    except ImportError:
        raise ValueError(
            f"measuring in one pass needs Apache DataSketches: {INSTALL_SCALE}"
        ) from None
    return module
