"""Two ways to remember by hand: find where it happened last, or keep a state.

Idea:   a Transformer keeps every character that it has read and can look one up; the rule that it
        learns for repeating is *induction*: find the last time, take what followed. A GRU keeps a
        vector of fixed size and mixes each new character into it.
Source: induction heads: Olsson et al. 2022, arXiv:2209.11895; GRU: Cho et al. 2014,
        arXiv:1406.1078, in the form that PyTorch computes.
Run:    used by experiment.py and lesson.py beside this file
Omits:  learning: here all rules and weights are given.

Legend: B batch, T time, E width of the state, D width of the input.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lessons.lab.problems import BAR, Problem


def induction(ids: np.ndarray, key: int = 1) -> np.ndarray:
    """What followed the last time: a guess at each next symbol, or -1 if there is none, [T].

    ids [T] are symbols; at place t the last `key` of them, up to and with ids[t], are looked for at
    earlier places. The latest one counts, and the guess is the symbol behind it.

    >>> induction(np.array([5, 7, 5, 8, 5])).tolist()
    [-1, -1, 7, -1, 8]
    """
    guesses = np.full(len(ids), -1)
    followed: dict[tuple[int, ...], int] = {}  # the symbol behind the latest place of each key
    for t in range(key - 1, len(ids)):
        now = tuple(ids[t - key + 1 : t + 1].tolist())
        guesses[t] = followed.get(now, -1)
        if t + 1 < len(ids):
            followed[now] = int(ids[t + 1])
    return guesses


def longest_match(ids: np.ndarray, most: int) -> np.ndarray:
    """Guesses [T] of the longest key, of at most `most` symbols, that occurred before."""
    guesses = np.full(len(ids), -1)
    for key in range(1, most + 1):
        found = induction(ids, key)
        guesses = np.where(found >= 0, found, guesses)
    return guesses


def repeated_by_match(problems: Sequence[Problem], most: int) -> np.ndarray:
    """Whether `longest_match` repeats each string from end to end, [B].

    A bar in front of the string stands for its beginning, as the one behind it does.
    """
    right = []
    for question, answer in problems:
        ids = np.array([ord(c) for c in BAR + question + answer])
        guesses = longest_match(ids, most)
        right.append(bool((guesses[-len(answer) - 1 : -1] == ids[-len(answer) :]).all()))
    return np.array(right)


def gru_step(
    x: np.ndarray,
    h: np.ndarray,
    w_x: np.ndarray,
    w_h: np.ndarray,
    b_x: np.ndarray,
    b_h: np.ndarray,
) -> np.ndarray:
    """The state [E] after one more input x [D] into the state h [E].

    w_x [3 E, D] and w_h [3 E, E] are three matrices one above the other, b_x and b_h [3 E] their
    offsets: for reset, update and candidate. Reset r and update z are between 0 and 1; the
    candidate n is what could be written; a unit keeps the share z of what it held and takes 1 - z
    of the candidate.
    """
    from_x = np.split(w_x @ x + b_x, 3)
    from_h = np.split(w_h @ h + b_h, 3)
    r = 1 / (1 + np.exp(-from_x[0] - from_h[0]))
    z = 1 / (1 + np.exp(-from_x[1] - from_h[1]))
    n = np.tanh(from_x[2] + r * from_h[2])
    return z * h + (1 - z) * n
