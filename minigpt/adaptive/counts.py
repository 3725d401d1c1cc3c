"""Counts of what followed each context, and when it did last.

Idea:   a context is found by its key in a hash table; what followed it is a linked list in which a
        character has its count and the time it was last seen. Most contexts are followed by few
        characters, so that a million characters take some 70 MB for seven kinds of context.
Source: lists of counted followers, as in PPM: J. Cleary & I. Witten, IEEE Trans. Comm. 32 (1984)
        396-402.
Run:    used by minigpt.adaptive.questions
Omits:  forgetting, and any limit on memory: 40 bytes for each new context.

Legend: T time, V vocabulary, J kinds of context.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigpt.adaptive.compiled import compiled
from minigpt.adaptive.contexts import KINDS

VISITS = np.array([0, 1, 2, 4, 9, 25])  # how many others followed the context since, least of each
PASSED = np.array([0, 500, 2500, 10_000, 40_000])  # characters read since, least of each
AGES = (1 + len(VISITS)) * len(PASSED)

CONTEXT = np.dtype([("key", "u8"), ("first", "i4"), ("total", "i4")])
ENTRY = np.dtype([("symbol", "u2"), ("count", "u2"), ("next", "i4"), ("visit", "i4"), ("at", "i4")])


class Counts(NamedTuple):
    """What followed each context how often."""

    contexts: np.ndarray
    """Open addressing by key; 0 is empty. Each: key, first entry, sum of its entries' counts."""
    entries: np.ndarray
    """Each: character, count (at most 65,535), next entry of the context, when it came last:
    by the context's sum, and by the characters read in all. Entry 0 is none."""
    used: np.ndarray
    """Entries, contexts, characters read: [3] int64."""


def nothing_counted() -> Counts:
    """Counts of no text."""
    return Counts(np.zeros(64, CONTEXT), np.zeros(64, ENTRY), np.array([1, 0, 0]))


def reserve(counts: Counts, characters: int) -> Counts:
    """The same counts with room for so many characters more."""
    contexts, entries, used = counts
    more = characters * KINDS
    if used[0] + more > len(entries):
        entries = np.zeros(max(used[0] + more, 5 * len(entries) // 4), ENTRY)
        entries[: used[0]] = counts.entries[: used[0]]
    if 4 * (used[1] + more) > 3 * len(contexts):
        contexts = np.zeros(1 << int(4 * (used[1] + more) // 3).bit_length(), CONTEXT)
        _rehash(counts.contexts, contexts)
    return Counts(contexts, entries, used)


@compiled
def count(counts, keys, ids):  # type: ignore[no-untyped-def]
    """Count ids [T], each after its contexts, keys [T, J]."""
    for t in range(len(ids)):
        add(counts, keys[t], ids[t])


@compiled
def _find(contexts, key):  # type: ignore[no-untyped-def]
    """Where a context is, or the empty place where it belongs."""
    mask = len(contexts) - 1
    place = np.int64(key >> np.uint64(20)) & mask
    while contexts[place].key != np.uint64(0) and contexts[place].key != key:
        place = (place + 1) & mask
    return place


@compiled
def _rehash(old, new):  # type: ignore[no-untyped-def]
    for i in range(len(old)):
        if old[i].key != np.uint64(0):
            new[_find(new, old[i].key)] = old[i]


@compiled
def add(counts, keys, symbol):  # type: ignore[no-untyped-def]
    contexts, entries, used = counts
    for j in range(len(keys)):
        context = contexts[_find(contexts, keys[j])]
        if context.key == np.uint64(0):
            context.key = keys[j]
            used[1] += 1
        e = context.first
        while e > 0 and entries[e].symbol != symbol:
            e = entries[e].next
        if e == 0:
            e = used[0]
            used[0] += 1
            entries[e].symbol = symbol
            entries[e].next = context.first
            context.first = e
        if entries[e].count < 65535:
            entries[e].count += 1
            context.total += 1
        entries[e].visit = context.total
        entries[e].at = used[2]
    used[2] += 1


@compiled
def gather(counts, desk, keys):  # type: ignore[no-untyped-def]
    """Lay out what followed these contexts, and when last."""
    contexts, entries, used = counts
    for j in range(len(keys)):
        context = contexts[_find(contexts, keys[j])]
        desk.left[j] = context.total
        e = context.first
        while e > 0:
            visits = level(VISITS, context.total - entries[e].visit)
            passed = level(PASSED, used[2] - entries[e].at)
            desk.followed[entries[e].symbol, j] = entries[e].count
            desk.age[entries[e].symbol, j] = (1 + visits) * len(PASSED) + passed
            e = entries[e].next


@compiled
def clear(counts, desk, keys):  # type: ignore[no-untyped-def]
    contexts, entries, _ = counts
    for j in range(len(keys)):
        e = contexts[_find(contexts, keys[j])].first
        while e > 0:
            desk.followed[entries[e].symbol, j] = 0
            desk.age[entries[e].symbol, j] = 0
            e = entries[e].next


@compiled
def level(steps, n):  # type: ignore[no-untyped-def]
    """The last place of `steps` that is not more than n."""
    i = len(steps) - 1
    while steps[i] > n:
        i -= 1
    return i
