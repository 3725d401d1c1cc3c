"""Tests of whether an order has really been destroyed.

Idea:   follow each word of a text to its place in another one. In random order all distances to the
        next word are equally likely; rotating, reversing, moving words in pairs or interleaving two
        halves leaves one distance common. Distances are counted in a ring.
Run:    used by the checks of lesson 4
Omits:  words that occur twice: they count as missing.
"""

from __future__ import annotations

import numpy as np


def places(before: str, after: str) -> np.ndarray | None:
    """Positions in `after` of the words of `before`, in order; None if some are missing.

    >>> places("a b c", "c a b").tolist()
    [1, 2, 0]
    """
    place = {word: i for i, word in enumerate(after.split())}
    words = before.split()
    if len(place) != len(words) or not all(word in place for word in words):
        return None
    return np.array([place[word] for word in words])


def mean_move(before: str, after: str) -> float | None:
    """Mean distance that words moved, as a share of the text's length; None if some are missing. In
    random order of n words it is 1/3, with a standard deviation of 0.24 / sqrt(n).

    >>> mean_move("a b", "b a")
    0.5
    """
    found = places(before, after)
    if found is None:
        return None
    return float(np.abs(found - np.arange(len(found))).mean() / len(found))


def distances(before: str, after: str) -> dict[int, float]:
    """Distances in `after` between neighbouring words of `before`, with the share of each; empty if
    words are missing, or fewer than two.

    >>> distances("a b c d", "d c b a")
    {-1: 1.0}
    """
    found = places(before, after)
    if found is None or len(found) < 2:
        return {}
    n = len(found)
    steps, often = np.unique(np.diff(found) % n, return_counts=True)
    steps = np.where(2 * steps > n, steps - n, steps)
    return dict(zip(steps.tolist(), (often / often.sum()).tolist()))


def kept(before: str, after: str) -> str | None:
    """None if no order of `before` is left in `after`, else that order in words.

    In random order of 150 words or more each distance occurs about once; the chance that one occurs
    20 times, enough for the 15 % that count as order, is below 1e-15.
    """
    found = distances(before, after)
    if not found:
        return "words that are not all there"
    step, share = max(found.items(), key=lambda item: item[1])
    if share < 0.15:
        return None
    where = {1: "right behind it", -1: "right before it"}.get(step, f"{abs(step)} words away")
    return f"{share:.0%} of all words have the word that followed them {where}"
