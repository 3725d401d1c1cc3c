"""Repeated passages: their share of the text, and the passages themselves.

Idea:   sort every suffix of every document; equal passages become neighbours, so the longest match
        of each position is that with one of its two neighbours. This is exact for any distance
        between the copies, and independent of the order of documents.
Source: suffix array: Manber & Myers, SIAM J. Comput. 1993; its common prefixes: Kasai et al. 2001.
        The built-in sort is Karp, Miller & Rosenberg's prefix doubling, 1972.
Run:    python -m synthdata explain data.jsonl
Omits:  passages that are almost equal (`synthdata.similarity.near_duplicates`).

gzip has a window of 32 KB, so to it a corpus pasted twice is as varied as new text; the window of
`xz_ratio` is everything.
"""

from __future__ import annotations

import lzma
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthdata.text.tokens import check_texts

SEPARATOR = 0xFF  # no UTF-8 text holds this byte
MIN_LENGTH = 40
"""Shortest passage that counts, in bytes of ASCII text: some seven words."""
_ALPHABETS = 0x2E80  # below it, a code point is a letter; above are Han, kana, Hangul and emoji
EXAMPLES = 5


@dataclass(frozen=True, kw_only=True)
class Span:
    """A passage that occurs in several documents."""

    text: str
    """The passage."""
    occurrences: int
    """Number of occurrences."""
    documents: int
    """Number of documents that have it."""


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """Repeated passages of a collection."""

    share: float
    """Share of all UTF-8 bytes inside a passage of `min_length` or more that is also in another
    document, every copy counted, 0 to 1; nan for no text."""
    share_within: float
    """The same for passages that occur twice in one document."""
    longest: tuple[Span, ...]
    """The longest such passages, none inside another."""
    heaviest: tuple[Span, ...]
    """Those that would save most if kept once: length x (documents - 1)."""
    min_length: int
    """Shortest passage that counts, in UTF-8 bytes."""
    size: int
    """Total UTF-8 bytes."""


def repeats(
    texts: Sequence[str], *, min_length: int | None = None, examples: int = EXAMPLES
) -> Repeats:
    """Measure repeated passages of `shortest(texts)` bytes or more, unless `min_length` is given.

    Normalise the texts first. ValueError for min_length below 1.

    >>> repeats(["knock knock who's there?", "knock knock"], min_length=8).share
    0.6285714285714286
    """
    check_texts(texts)
    if min_length is None:
        min_length = shortest(texts)
    if min_length < 1:
        raise ValueError(f"a passage has at least one byte, got min_length={min_length}")
    pieces = [text.encode("utf-8", "surrogatepass") for text in texts]
    size = sum(map(len, pieces))
    if size == 0:
        return Repeats(
            share=math.nan,
            share_within=math.nan,
            longest=(),
            heaviest=(),
            min_length=min_length,
            size=0,
        )
    joined = np.frombuffer(bytes([SEPARATOR]).join(pieces) + bytes([SEPARATOR]), np.uint8).copy()
    ends = np.flatnonzero(joined == SEPARATOR)
    document = np.searchsorted(ends, np.arange(len(joined)))
    suffixes, common = _sorted_suffixes(joined, max(map(len, pieces)))
    owner = document[suffixes]
    room = ends[owner] - suffixes  # bytes from here to the end of the document
    common[0] = 0
    common[1:] = np.minimum(common[1:], np.minimum(room[1:], room[:-1]))
    # A position is inside a passage of m bytes exactly if it is inside one of `min_length`, so
    # it is enough to ask which suffixes agree with others in their first `min_length` bytes.
    group, holders, times = _groups(common, owner, min_length)
    longest, heaviest = _spans(joined, suffixes, common, owner, min_length, examples)
    return Repeats(
        share=_covered(suffixes[holders[group] > 1], min_length, len(joined)) / size,
        share_within=_covered(suffixes[times > 1], min_length, len(joined)) / size,
        longest=longest,
        heaviest=heaviest,
        min_length=min_length,
        size=size,
    )


def shortest(texts: Sequence[str]) -> int:
    """Bytes of a passage of `MIN_LENGTH` letters, also in alphabets of several bytes a letter.

    A Han character of three bytes says as much as three letters, so there bytes count as letters.

    >>> shortest(["knock knock"]), shortest(["тук"]), shortest(["咚咚"])
    (40, 80, 40)
    """
    text = "".join(texts)
    if text.isascii():
        return MIN_LENGTH
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    low = points[points < _ALPHABETS]
    letters = 1 + (low >= 0x80).astype(np.int64) + (low >= 0x800)  # bytes of each
    other = len(text.encode("utf-8", "surrogatepass")) - int(letters.sum())
    return round(MIN_LENGTH * (int(letters.sum()) + other) / (len(low) + other))


def _sorted_suffixes(text: np.ndarray, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Suffix array and common prefix of each suffix with the one before it."""
    try:
        from pydivsufsort import divsufsort, kasai
    except ImportError:
        return prefix_doubling(text, longest + 1)
    suffixes = divsufsort(text)
    after = kasai(text, suffixes)  # with the one after it
    return suffixes.astype(np.int64), np.concatenate(([0], after[:-1])).astype(np.int64)


def prefix_doubling(text: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Suffixes sorted by their first `depth` letters or more, and common prefixes, in NumPy.

    Ranks of the first letter give ranks of two, of four, and so on. Two suffixes share 2^k letters
    if their ranks at k are equal, which adds up to their common prefix.
    """
    n = len(text)
    levels = [np.unique(text, return_inverse=True)[1].astype(np.int64) + 1]
    width = 1
    while width < depth and levels[-1].max() < n:
        later = np.zeros(n, dtype=np.int64)
        later[: max(0, n - width)] = levels[-1][width:]
        pair = levels[-1] * (n + 1) + later
        levels.append(np.unique(pair, return_inverse=True)[1].astype(np.int64) + 1)
        width *= 2
    suffixes = np.argsort(levels[-1], kind="stable")
    left, right = suffixes[:-1].copy(), suffixes[1:].copy()
    common = np.zeros(n, dtype=np.int64)
    for k in reversed(range(len(levels))):
        inside = (left < n) & (right < n)
        equal = inside & (levels[k][left * inside] == levels[k][right * inside])
        step = equal.astype(np.int64) << k
        common[1:] += step
        left, right = left + step, right + step
    return suffixes, common


def _groups(
    common: np.ndarray, owner: np.ndarray, length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted suffixes that agree in their first `length` bytes form a group.

    Returns the group of each suffix, the number of documents of each group, and for each suffix the
    number of its group in its own document.
    """
    group = np.cumsum(common < length) - 1
    pair = group * (int(owner.max()) + 1) + owner
    kinds, kind, times = np.unique(pair, return_inverse=True, return_counts=True)
    holders = np.bincount(kinds // (int(owner.max()) + 1))
    return group, holders, times[kind]


def _covered(starts: np.ndarray, length: int, size: int) -> int:
    """Number of bytes inside a passage of `length` bytes that begins at one of `starts`."""
    change = np.zeros(size + 1, dtype=np.int64)
    change[starts] += 1
    change[starts + length] -= 1
    return int((np.cumsum(change) > 0).sum())


def _spans(
    text: np.ndarray,
    suffixes: np.ndarray,
    common: np.ndarray,
    owner: np.ndarray,
    min_length: int,
    examples: int,
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The longest and the heaviest passages, found at lengths that grow by a quarter each time."""
    found: set[tuple[int, int, int, int]] = set()  # length, documents, first suffix, occurrences
    threshold, top = min_length, int(common.max())
    while threshold <= top:
        _, documents, _ = _groups(common, owner, threshold)
        first = np.flatnonzero(common < threshold)
        occurrences = np.diff(np.append(first, len(common)))
        # what the whole group shares: the smallest common prefix between its first and its last
        inner = common.copy()
        inner[first] = np.iinfo(np.int64).max
        length = np.minimum.reduceat(inner, first)
        several = np.flatnonzero(documents > 1)
        for weight in (length[several], length[several] * (documents[several] - 1)):
            best = several[np.argsort(-weight, kind="stable")[: 20 * examples]]
            found.update(
                zip(*(part[best].tolist() for part in (length, documents, first, occurrences)))
            )
        threshold = max(threshold + 1, threshold * 5 // 4)
    by_length = sorted(found, key=lambda g: (-g[0], -g[1], g[2]))
    by_weight = sorted(found, key=lambda g: (-g[0] * (g[1] - 1), g[2]))
    return _distinct(by_length, text, suffixes, examples), _distinct(
        by_weight, text, suffixes, examples
    )


def _distinct(
    groups: Sequence[tuple[int, int, int, int]],
    text: np.ndarray,
    suffixes: np.ndarray,
    examples: int,
) -> tuple[Span, ...]:
    """The first groups whose passages neither contain nor lie in one already chosen."""
    chosen: list[tuple[bytes, Span]] = []
    for length, documents, first, occurrences in groups:
        start = int(suffixes[first])
        passage = text[start : start + length].tobytes()
        if any(_overlap(passage, other) for other, _ in chosen):
            continue
        readable = passage.decode("utf-8", "ignore")  # a passage may start inside a character
        if not readable.strip():
            continue
        span = Span(text=readable, occurrences=occurrences, documents=documents)
        chosen.append((passage, span))
        if len(chosen) == examples:
            break
    return tuple(span for _, span in chosen)


def _overlap(a: bytes, b: bytes) -> bool:
    """Whether the longer contains the shorter's middle half: the same passage, cut elsewhere."""
    short, long = sorted((a, b), key=len)
    return short[len(short) // 4 : len(short) - len(short) // 4] in long


def xz_ratio(texts: Sequence[str], *, seed: int = 0) -> float:
    """Size of all text over its size under xz with a window over everything; nan for no text.

    Texts are sorted, then shuffled by `seed`, so the ratio does not depend on their order. A higher
    ratio is more repetition; it grows with the size of the collection.
    """
    check_texts(texts)
    ordered = sorted(texts)
    shuffled = np.random.default_rng(seed).permutation(len(ordered))
    data = "\n".join(ordered[i] for i in shuffled).encode("utf-8", "surrogatepass")
    if not any(texts):
        return math.nan
    window = min(max(len(data), 1 << 16), 1 << 30)
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": window}]
    return len(data) / len(lzma.compress(data, lzma.FORMAT_RAW, filters=filters))
