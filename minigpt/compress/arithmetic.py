"""Arithmetic coding: a whole text as one number, for many texts side by side.

Idea:   begin with the interval [0, 1). Each character narrows it to the part that its probability
        has of it; at the end any number inside identifies the text. A character of probability p
        costs -log2 p bits, a certain one next to nothing. Only the interval's leading digits are
        kept: once the interval is short, its first digit (a byte here) is written and the rest is
        scaled up. A later addition may still carry into digits already written, as 0.0999 + 1e-4
        does, so the encoder keeps them in memory and carries.
Source: G. N. N. Martin, "Range encoding", 1979; I. Witten, R. Neal & J. Cleary, Communications of
        the ACM 30 (1987) 520-540; A. Moffat, R. Neal & I. Witten, ACM TOIS 16 (1998) 256-294.
Run:    python -m minigpt.compress --help
Omits:  asymmetric numeral systems (J. Duda 2013, arXiv:1311.2540). They are as compact and a little
        faster, but run backwards, so all predictions must be known before the first byte is
        written, and each stream ends with a whole machine word instead of a byte.

Legend: S streams, T steps, V vocabulary. Every line works on all streams at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minigpt.nextchar import NextChar, first_ids

TOTAL_BITS = 32
"""Probabilities are multiples of 2^-32, so that an alphabet of 65,536 loses nothing to rounding."""
CHARACTERS_PER_STREAM = 4096  # a stream costs about two bytes more than its predictions
MAX_STREAMS = 512
MAX_CELLS = 1 << 22  # S x V at most
CHARACTERS_PER_BYTE = 1 << 24
"""The most characters that one byte can hold. A unit, 2^-32 of the interval's length, is a whole
number, at most 2^24; each character makes it smaller by at least one, and a byte is written before
it reaches zero."""
STRIPPED = 16
"""Zero bytes that may be missing at a stream's end if they were left out, as in version 2 of the
files (`mgz`). More than k of them by chance have probability 256^-k."""
FREE = 1 << 24
"""The most characters that may be decoded in all when only left-out zeros determine them."""
Progress = Callable[[int], object]

_RANGE_BITS = 56  # bits of the interval's length; a machine word's eighth byte takes the carry
_DIGIT = np.uint64(_RANGE_BITS - 8)  # a digit is a byte; the interval is at least one digit long
_SHORT = np.uint64(1) << _DIGIT
_TOTAL, _EIGHT = np.uint64(TOTAL_BITS), np.uint64(8)
_MOST = np.uint64(
    (1 << TOTAL_BITS) - 1
)  # no symbol is free, not even the only letter of an alphabet


def frequencies(logprobs: np.ndarray) -> np.ndarray:
    """Log-probabilities [S, V] -> whole numbers [S, V] that sum to 2^32, none of them 0.

    Every character keeps at least 2^-32, so that any text can be coded; the remainder of rounding
    goes to the likeliest. ValueError for probabilities that are not finite.

    >>> frequencies(np.log([[0.5, 0.25, 0.25]])).tolist() == [[2**31, 2**30, 2**30]]
    True
    """
    p = np.exp(logprobs.astype(np.float64))
    total = p.sum(axis=1, keepdims=True)
    if not (np.isfinite(total) & (total > 0)).all():
        raise ValueError("a model that predicts no probabilities (nan or inf) cannot code a text")
    size = p.shape[1]
    whole = (p * ((2**TOTAL_BITS - size) / total)).astype(np.uint64) + np.uint64(1)
    left_over = np.uint64(2**TOTAL_BITS) - whole.sum(axis=1, dtype=np.uint64)  # may wrap around
    whole[np.arange(len(whole)), whole.argmax(axis=1)] += left_over
    return whole


class RanOut(ValueError):
    """A stream ended before its text did."""


class Encoder:
    """Encodes S streams: `put` narrows every stream's interval, `finish` picks a number in each.

    >>> encoder, even = Encoder(1), frequencies(np.log([[0.5, 0.5]]))
    >>> for bit in [0, 1, 1, 0, 0, 0, 0, 1]:
    ...     encoder.put(even, np.array([bit]))
    >>> encoder.finish()
    [b'a']
    """

    def __init__(self, streams: int) -> None:
        self._low = np.zeros(streams, dtype=np.uint64)
        self._range = np.full(streams, 1 << _RANGE_BITS, dtype=np.uint64)
        self._digits = np.zeros((streams, 256), dtype=np.uint8)
        self._written = np.zeros(streams, dtype=np.int64)

    def put(self, frequency: np.ndarray, symbols: np.ndarray) -> None:
        """Encode symbols [S] under frequencies [S, V]; a negative symbol skips its stream."""
        rows = np.flatnonzero(symbols >= 0)
        symbols = symbols[rows]
        share = np.minimum(frequency[rows, symbols], _MOST)
        below = np.cumsum(frequency[rows], axis=1, dtype=np.uint64)[np.arange(len(rows)), symbols]
        unit = self._range[rows] >> _TOTAL
        self._low[rows] += unit * (below - share)
        self._range[rows] = unit * share
        self._carry(rows[self._low[rows] >> np.uint64(_RANGE_BITS) > 0])
        while (rows := rows[self._range[rows] < _SHORT]).size:
            self._write(rows)

    def finish(self) -> list[bytes]:
        """The bytes of every stream: one for each time it was scaled up, and one more.

        Trailing zeros are kept, because the length bounds how much text a stream can hold.
        """
        rows = np.flatnonzero(self._range < np.uint64(1 << _RANGE_BITS))
        # one more digit is enough: the number rounded up to it is still inside
        self._low[rows] += _SHORT - np.uint64(1)
        self._carry(rows[self._low[rows] >> np.uint64(_RANGE_BITS) > 0])
        self._write(rows)
        return [row[:n].tobytes() for row, n in zip(self._digits, self._written)]

    def _carry(self, rows: np.ndarray) -> None:
        """Add one to the last digit written; nines (here 255) become zeros and carry on."""
        self._low[rows] &= np.uint64((1 << _RANGE_BITS) - 1)
        place = self._written[rows] - 1
        while rows.size:
            self._digits[rows, place] += np.uint8(1)  # 255 + 1 is 0
            on = self._digits[rows, place] == 0
            rows, place = rows[on], place[on] - 1

    def _write(self, rows: np.ndarray) -> None:
        """Move the leading digit of the interval into the stream and scale up the rest."""
        if self._written.max(initial=0) == self._digits.shape[1]:
            self._digits = np.concatenate([self._digits, np.zeros_like(self._digits)], axis=1)
        self._digits[rows, self._written[rows]] = (self._low[rows] >> _DIGIT).astype(np.uint8)
        self._written[rows] += 1
        self._low[rows] = (self._low[rows] & (_SHORT - np.uint64(1))) << _EIGHT
        self._range[rows] <<= _EIGHT


class Decoder:
    """Decodes what `Encoder` wrote, under the same frequencies in the same order.

    >>> decoder, even = Decoder([b"a"]), frequencies(np.log([[0.5, 0.5]]))
    >>> [int(decoder.get(even, np.array([True]))[0]) for _ in range(8)]
    [0, 1, 1, 0, 0, 0, 0, 1]

    `stripped` says that zero bytes at the ends of the streams were left out. A few may be there by
    chance, many if a stream ends in a run of the first symbol, which adds nothing to the number.
    """

    def __init__(self, streams: list[bytes], *, stripped: bool = False) -> None:
        self._stripped = stripped
        self._digits = np.frombuffer(b"".join(streams), dtype=np.uint8)
        self._length = np.array([len(stream) for stream in streams], dtype=np.int64)
        self._first = np.cumsum(self._length) - self._length  # where each stream begins
        self._read = np.zeros(len(streams), dtype=np.int64)
        self._range = np.full(len(streams), 1 << _RANGE_BITS, dtype=np.uint64)
        self._offset = np.zeros(len(streams), dtype=np.uint64)  # the number's place in the interval
        for _ in range(_RANGE_BITS // 8):
            self._shift(np.arange(len(streams)))

    def get(self, frequency: np.ndarray, active: np.ndarray) -> np.ndarray:
        """The next symbol [S] of every stream for which `active` [S] is true; -1 elsewhere.

        RanOut if a stream ended before its text did.
        """
        symbols = np.full(len(active), -1, dtype=np.int64)
        rows = np.flatnonzero(active)
        upto = np.cumsum(frequency[rows], axis=1, dtype=np.uint64)
        unit = self._range[rows] >> _TOTAL
        # damaged bytes may point beyond the interval; they give the last symbol
        point = np.minimum(self._offset[rows] // unit, upto[:, -1] - np.uint64(1))
        found = (upto <= point[:, None]).sum(axis=1)
        symbols[rows] = found
        share = frequency[rows, found]
        self._offset[rows] -= unit * (upto[np.arange(len(rows)), found] - share)
        self._range[rows] = unit * np.minimum(share, _MOST)
        short = rows
        while (short := short[self._range[short] < _SHORT]).size:
            self._range[short] <<= _EIGHT
            self._shift(short)
        # the encoder wrote a digit per scaling and one more; the decoder reads an interval ahead
        beyond = self._read[rows] - self._length[rows] - _RANGE_BITS // 8
        if self._stripped:
            ended = (beyond >= STRIPPED) & (self._offset[rows] > 0)
        else:
            ended = beyond >= 0
        if ended.any():
            raise RanOut("a stream ends before its text does")
        return symbols

    def only_first(self, active: np.ndarray) -> bool:
        """Whether only the first symbol can follow in all `active` [S] streams.

        That is so if zeros were left out and the number has come down to the interval's lower end.
        """
        ended = (self._read >= self._length + _RANGE_BITS // 8) & (self._offset == 0)
        return self._stripped and bool(ended[active].all())

    def _shift(self, rows: np.ndarray) -> None:
        """Read one more digit; zeros follow the last."""
        place = self._read[rows]
        inside = place < self._length[rows]
        digit = np.zeros(len(rows), dtype=np.uint64)
        digit[inside] = self._digits[(self._first[rows] + place)[inside]]
        self._offset[rows] = (self._offset[rows] << _EIGHT) | digit
        self._read[rows] += 1


def silent(characters: int) -> None:
    """Report no progress."""


def choose_streams(characters: int, vocabulary: int) -> int:
    """Number of streams: many are fast, few are small, and all predictions must fit in memory.

    >>> choose_streams(1_115_394, 65)
    273
    """
    wanted = -(-characters // CHARACTERS_PER_STREAM)
    return max(1, min(wanted, MAX_STREAMS, MAX_CELLS // vocabulary))


def encode_streams(
    ids: np.ndarray, model: NextChar, streams: int, progress: Progress = silent
) -> tuple[list[bytes], float]:
    """Encode ids [n] in at most `streams` streams: (their bytes, the ideal size in bits).

    The ideal is the sum of -log2 p over the predictions used for coding.
    """
    lengths = cut(len(ids), streams)
    columns = np.full((int(lengths.max(initial=0)), len(lengths)), -1, dtype=np.int32)
    columns.T[np.arange(len(columns)) < lengths[:, None]] = ids  # [T, S], stream after stream
    encoder = Encoder(len(lengths))
    nats = 0.0

    def put(logprobs: np.ndarray, step: int) -> np.ndarray:
        nonlocal nats
        symbols = columns[step]
        encoder.put(frequencies(logprobs), symbols)
        rows = np.flatnonzero(symbols >= 0)
        nats -= float(logprobs[rows, symbols[rows]].sum(dtype=np.float64))
        return symbols

    _step_through(model, lengths, put, progress)
    return encoder.finish(), nats / np.log(2)


def decode_streams(
    coded: Sequence[bytes],
    n: int,
    model: NextChar,
    progress: Progress = silent,
    *,
    stripped: bool = False,
) -> np.ndarray:
    """The ids [n] that `encode_streams` coded with the same model.

    `stripped`: zero bytes at the streams' ends were left out. RanOut if a stream ends before its
    text does.
    """
    lengths = cut(n, len(coded))
    decoder = Decoder(list(coded), stripped=stripped)
    columns: list[np.ndarray] = []

    def get(logprobs: np.ndarray, step: int) -> np.ndarray | None:
        if decoder.only_first(step < lengths):
            return None
        symbols = decoder.get(frequencies(logprobs), step < lengths)
        columns.append(symbols.astype(np.int32))
        return symbols

    _step_through(model, lengths, get, progress)
    rest = int((lengths - len(columns)).clip(0).sum())
    if rest > FREE:
        raise RanOut("the streams end before their text does")
    if rest:
        progress(rest)
    found = np.zeros((len(lengths), int(lengths.max(initial=0))), dtype=np.int32)
    found[:, : len(columns)] = np.reshape(columns, (len(columns), len(lengths))).T
    return found[np.arange(found.shape[1]) < lengths[:, None]]


def _step_through(
    model: NextChar,
    lengths: np.ndarray,
    code: Callable[[np.ndarray, int], np.ndarray | None],
    progress: Progress,
) -> None:
    """Call `code` with the predictions of every step. It returns the symbols, -1 for streams
    that are over, or None to stop.

    Encoding and decoding both use this: the batch shape must be the same to the end, or the last
    bits differ.
    """
    if not lengths.size:
        return
    state, logprobs = model.start(first_ids(model.tokenizer, len(lengths)))
    last = int(lengths.max()) - 1
    for step in range(last + 1):
        symbols = code(logprobs, step)
        if symbols is None:
            return
        progress(int((step < lengths).sum()))
        if step < last:
            logprobs = model.step(state, np.maximum(symbols, 0))


def cut(n: int, streams: int) -> np.ndarray:
    """Lengths of the streams, equal to one character; no stream is empty.

    >>> cut(10, 4).tolist(), cut(2, 4).tolist(), cut(0, 4).tolist()
    ([3, 3, 2, 2], [1, 1], [])
    """
    streams = min(n, streams)
    return n // max(1, streams) + (np.arange(streams) < n % max(1, streams))
