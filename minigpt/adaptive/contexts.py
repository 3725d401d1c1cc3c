"""The contexts that are counted: what came before, seen in several ways.

Idea:   the last one to four characters are not all that says what comes next. So do the letters of
        this word, whatever came before them; and those together with the word before, or with two.
        Each way of looking back is a number, equal if what it sees is equal.
Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", Florida
        Tech technical report CS-2005-16, section 3 (orders 1 to 6, and words).
Run:    used by minigpt.adaptive; nothing to run.
Omits:  contexts that brought less than 0.003 nats/char when they were added (CONTRIBUTING.md).
        Beside all others one of those that stayed may bring less: the last four characters 0.001.

The numbers are hashes of 64 bits: of 10 million contexts two are confused with probability 3e-6.

Legend: S streams, T time, V vocabulary, J kinds of context.
"""

from __future__ import annotations

import numpy as np

from minigpt.adaptive.compiled import compiled
from minigpt.tokenizer import CharTokenizer

ORDERS = 4  # contexts of the last 1 to 4 characters
NAMES = (
    *(f"the last {k}" for k in range(1, ORDERS + 1)),
    "this word so far",
    "it and the word before",
    "it and the two before",
)
KINDS = len(NAMES)
THIS, BEFORE, LAST_BUT_ONE = ORDERS, ORDERS + 1, ORDERS + 2  # hashes of words
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
_OTHER = np.uint64(0xD6E8FEB86659FD93)


def letters(tokenizer: CharTokenizer) -> np.ndarray:
    """For each character a number of its letter, great or small, [V] uint64; 0 for no letter.

    >>> letters(CharTokenizer("aA b'")).tolist()
    [1, 1, 0, 2, 3]
    """
    known: dict[str, int] = {}
    return np.array(
        [
            known.setdefault(c.lower(), 1 + len(known)) if c.isalpha() or c == "'" else 0
            for c in tokenizer.characters
        ],
        dtype=np.uint64,
    )


def unread(streams: int) -> np.ndarray:
    """What S streams remember before they have read anything, [S, 7] uint64.

    The last four characters, latest first, each plus one; this word, the one before, and the one
    before that.
    """
    return np.zeros((streams, ORDERS + 3), np.uint64)


@compiled
def follow(memory, letter, ids, keys):  # type: ignore[no-untyped-def]
    """Read ids [S, T] into `memory`; the contexts after each: keys [S, T, J] uint64, never 0."""
    for s in range(ids.shape[0]):
        m = memory[s]
        for t in range(ids.shape[1]):
            x = ids[s, t]
            for k in range(ORDERS - 1, 0, -1):
                m[k] = m[k - 1]
            m[0] = np.uint64(x + 1)
            if letter[x] > 0:
                m[THIS] = _mix(m[THIS], letter[x])
            elif m[THIS] > 0:
                m[LAST_BUT_ONE], m[BEFORE], m[THIS] = m[BEFORE], m[THIS], np.uint64(0)
            key = np.uint64(0)
            for k in range(ORDERS):
                key = _mix(key, m[k])
                keys[s, t, k] = key
            # between words the character counts that ended the last one
            key = m[THIS] if letter[x] > 0 else _mix(_OTHER, m[0])
            keys[s, t, ORDERS] = key
            key = _mix(key, m[BEFORE])
            keys[s, t, ORDERS + 1] = key
            keys[s, t, ORDERS + 2] = _mix(key, m[LAST_BUT_ONE])
            for k in range(KINDS):
                keys[s, t, k] = _mix(keys[s, t, k], np.uint64(k)) | np.uint64(1)


@compiled
def _mix(a, b):  # type: ignore[no-untyped-def]
    """One number from two; each bit depends on all bits of both."""
    h = (a ^ (b + _GOLDEN)) * _OTHER
    h = (h ^ (h >> np.uint64(32))) * _GOLDEN
    return h ^ (h >> np.uint64(29))
