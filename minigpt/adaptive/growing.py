"""A Kneser-Ney n-gram that goes on counting while it reads.

Idea:   everything that `NGram` computes from a whole text can be kept up to date: one character
        more changes one gram of each length, the sums of the context that it follows, and how many
        grams have the counts 1 to 4, from which the discounts come. So the model equals one that
        has been counted anew from the training text and all that was read since; a character takes
        half a microsecond to count, and six to predict with all others (timed once).
Source: as `minigpt.ngram`; one that updates its counts is "dynamic" or "adaptive": R. Kuhn & R. De
        Mori, IEEE Trans. PAMI 12 (1990), 570-583.
Run:    python -m tests.benchmarks.bench_adaptive
Omits:  forgetting: what was read long ago counts as much as what was read just now.

Legend: S streams, T time, V vocabulary, K order. A gram is a row; row 0 is the empty one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from minigpt.adaptive.compiled import compiled
from minigpt.ngram import DEFAULT_ORDER, FALLBACK_DISCOUNTS
from minigpt.tokenizer import CharTokenizer

# columns of a gram: its last character, the next gram of the same context, its first extension, its
# count, the sum of its extensions' counts, and how many of them have a count of 1, of 2, of more
SYMBOL, NEXT, FIRST, COUNT, TOTAL, ONES, TWOS, MORE, COLUMNS = range(9)
GOLDEN = np.int64(-7046029254386353131)  # 2^64 over the golden ratio: spreads keys over a table
D1, D2, D3 = FALLBACK_DISCOUNTS


@dataclass
class Grams:
    """All grams read so far; `seen` counts how many of each length have a count of 1, 2, 3, 4."""

    rows: np.ndarray
    """[capacity, 8] int32."""
    table: np.ndarray
    """Open addressing: parent * V + symbol -> row; [2 capacity or more, 2] int64, 0 is empty."""
    used: np.ndarray
    """Number of rows in use, [1]."""
    seen: np.ndarray
    """[K, 5] int64; column 0 is not used."""

    def copy(self) -> Grams:
        """Another, independent of this one."""
        return Grams(self.rows.copy(), self.table.copy(), self.used.copy(), self.seen.copy())

    def reserve(self, more: int) -> None:
        """Make room for `more` grams."""
        wanted = int(self.used[0]) + more
        if wanted > len(self.rows):
            rows = np.zeros((max(wanted, 3 * len(self.rows) // 2), COLUMNS), np.int32)
            rows[: len(self.rows)] = self.rows
            self.rows = rows
        if 2 * wanted > len(self.table):
            table = np.zeros((1 << (3 * wanted).bit_length(), 2), np.int64)
            _rehash(self.table, table)
            self.table = table


@dataclass
class GrowingState:
    """All grams so far, and each stream's position: the rows of its last 0 to K - 1 characters."""

    grams: Grams
    at: np.ndarray
    """[S, K] int64, -1 where a stream has not read that many."""


class GrowingNGram:
    """A character n-gram with modified Kneser-Ney smoothing that counts what it reads.

    Implements `NextChar`. Each stream goes on where the training text ends; all streams of a state
    share their counts, and are counted in order, one character of each at every step. With one
    stream the predictions are those of `NGram.fit` on the training text and what was read. The
    streams of another state know nothing of it. ValueError as `NGram.fit`.
    """

    context = None
    precision = "fp64"
    threads = 1

    def __init__(
        self, ids: np.ndarray, tokenizer: CharTokenizer, order: int = DEFAULT_ORDER
    ) -> None:
        if order < 1:
            raise ValueError(f"order counts the predicted character, so it is >= 1, got {order}")
        if not len(ids):
            raise ValueError("an n-gram needs at least one character to count, got an empty text")
        self.tokenizer, self.order = tokenizer, min(order, len(ids))
        ids = checked(ids, tokenizer, 1)
        seen = hashlib.sha256(f"growing {self.order} {tokenizer.vocab_hash} ".encode())
        seen.update(ids.astype("<u2").tobytes())
        self.fingerprint = seen.hexdigest()
        grams = Grams(
            np.zeros((16, COLUMNS), np.int32),
            np.zeros((64, 2), np.int64),
            np.ones(1, np.int64),
            np.zeros((self.order, 5), np.int64),
        )
        at = np.full((1, self.order), -1, np.int64)
        at[0, 0] = 0
        self._trained = GrowingState(grams, at)
        for i in range(0, len(ids), 1 << 16):
            self._count(self._trained, ids[None, i : i + (1 << 16)])

    def fresh(self, streams: int = 1) -> GrowingState:
        """A state of S streams that have read nothing but the training text."""
        return GrowingState(
            self._trained.grams.copy(), np.repeat(self._trained.at, streams, axis=0)
        )

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V]; each row is read for itself."""
        ids = checked(ids, self.tokenizer, 2)
        return np.stack([self.read(self.fresh(), row) for row in ids])

    def start(self, ids: np.ndarray) -> tuple[GrowingState, np.ndarray]:
        """Read ids [S, T], T >= 1: (state, log-probabilities [S, V] of the next character)."""
        ids = checked(ids, self.tokenizer, 2)
        if not ids.shape[1]:
            raise ValueError(f"start reads ids [S, T] with T >= 1, got shape {ids.shape}")
        state = self.fresh(len(ids))
        self._count(state, ids)
        return state, self.predict(state)

    def step(self, state: GrowingState, ids: np.ndarray) -> np.ndarray:
        """Count one more character of each stream, ids [S]; log-probabilities [S, V]."""
        self._count(state, checked(ids, self.tokenizer, 1)[:, None])
        return self.predict(state)

    def read(self, state: GrowingState, ids: np.ndarray) -> np.ndarray:
        """Count ids [T] into a state of one stream: log-probabilities [T, V] after each."""
        ids = checked(ids, self.tokenizer, 1)
        out = np.empty((len(ids), len(self.tokenizer)), np.float32)
        state.grams.reserve(len(ids) * self.order)
        grams = state.grams
        _read(grams.rows, grams.table, grams.used, grams.seen, state.at[0], ids, out)
        return out

    def predict(self, state: GrowingState) -> np.ndarray:
        """Log-probabilities [S, V] of each stream's next character."""
        out = np.empty((len(state.at), len(self.tokenizer)), np.float32)
        _predict(state.grams.rows, state.grams.seen, state.at, out)
        return out

    def _count(self, state: GrowingState, ids: np.ndarray) -> None:
        state.grams.reserve(ids.size * self.order)
        grams = state.grams
        _count(grams.rows, grams.table, grams.used, grams.seen, state.at, ids, len(self.tokenizer))


def checked(ids: np.ndarray, tokenizer: CharTokenizer, dimensions: int) -> np.ndarray:
    """`ids` as int64; ValueError if its shape is another, or an id outside the alphabet."""
    ids = np.ascontiguousarray(ids, dtype=np.int64)
    if ids.ndim != dimensions:
        raise ValueError(f"ids need {dimensions} dimension(s), got shape {ids.shape}")
    if ids.size and not (ids.min() >= 0 and ids.max() < len(tokenizer)):
        raise ValueError(f"ids run from 0 to {len(tokenizer) - 1}, got {ids.min()}..{ids.max()}")
    return ids


@compiled
def _slot(table, key):  # type: ignore[no-untyped-def]
    """Where `key` is in the table, or the empty place where it belongs."""
    mask = len(table) - 1
    place = (key * GOLDEN >> 17) & mask
    while table[place, 0] != 0 and table[place, 0] != key + 1:
        place = (place + 1) & mask
    return place


@compiled
def _rehash(old, new):  # type: ignore[no-untyped-def]
    for i in range(len(old)):
        if old[i, 0] != 0:
            new[_slot(new, old[i, 0] - 1)] = old[i]


@compiled
def _add(rows, table, used, seen, at, x, v):  # type: ignore[no-untyped-def]
    """Count character x after the context whose grams are `at`, [K], and move on to the next."""
    longer_is_new = True  # at full length every occurrence counts, below only new left neighbours
    for k in range(len(at) - 1, -1, -1):
        parent = at[k]
        if parent < 0:  # the text is shorter: its start is a left neighbour of the next gram
            longer_is_new = True
            continue
        place = _slot(table, parent * v + x)
        new = table[place, 0] == 0
        if new:
            gram = used[0]
            used[0] += 1
            table[place, 0] = parent * v + x + 1
            table[place, 1] = gram
            rows[gram, SYMBOL] = x
            rows[gram, NEXT] = rows[parent, FIRST]
            rows[parent, FIRST] = gram
        else:
            gram = table[place, 1]
        if longer_is_new or k == len(at) - 1:
            count = rows[gram, COUNT] + 1
            rows[gram, COUNT] = count
            rows[parent, TOTAL] += 1
            if count <= 3:
                rows[parent, ONES + count - 1] += 1
            if 1 < count <= 3:
                rows[parent, ONES + count - 2] -= 1
            if count <= 4:
                seen[k, count] += 1
            if 1 < count <= 5:
                seen[k, count - 1] -= 1
        longer_is_new = new
        if k + 1 < len(at):
            at[k + 1] = gram


@compiled
def _distribution(rows, seen, at, out):  # type: ignore[no-untyped-def]
    """Log-probabilities [V] after the context `at`, as `NGram._distribution`."""
    p = np.full(len(out), 1 / len(out))
    for k in range(len(at)):
        if at[k] < 0:
            break
        context = rows[at[k]]
        total = context[TOTAL]
        if total == 0:
            continue
        d1, d2, d3 = D1, D2, D3
        n1, n2, n3, n4 = seen[k, 1], seen[k, 2], seen[k, 3], seen[k, 4]
        if n1 > 0 and n2 > 0 and n3 > 0 and n4 > 0:
            y = n1 / (n1 + 2 * n2)
            e1, e2, e3 = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
            if e1 > 0 and e2 > 0 and e3 > 0:
                d1, d2, d3 = e1, e2, e3
        p *= (d1 * context[ONES] + d2 * context[TWOS] + d3 * context[MORE]) / total
        gram = context[FIRST]
        while gram > 0:
            count = rows[gram, COUNT]
            d = d1 if count == 1 else (d2 if count == 2 else d3)
            p[rows[gram, SYMBOL]] += (count - d) / total
            gram = rows[gram, NEXT]
    for i in range(len(out)):
        out[i] = np.log(p[i])


@compiled
def _count(rows, table, used, seen, at, ids, v):  # type: ignore[no-untyped-def]
    for t in range(ids.shape[1]):
        for s in range(len(ids)):
            _add(rows, table, used, seen, at[s], ids[s, t], v)


@compiled
def _predict(rows, seen, at, out):  # type: ignore[no-untyped-def]
    for s in range(len(at)):
        _distribution(rows, seen, at[s], out[s])


@compiled
def _read(rows, table, used, seen, at, ids, out):  # type: ignore[no-untyped-def]
    for t in range(len(ids)):
        _add(rows, table, used, seen, at, ids[t], out.shape[1])
        _distribution(rows, seen, at, out[t])
