"""What a story with holes tells about its theme, exactly.

Idea:   a hole is a character that nobody saw. Carry a weight for every state the grammar may be in,
        as for any text; at a hole follow all characters at once, each with its probability. In the
        end some states are left, and each belongs to one theme. No reader of the same line can do
        better than the shares of their weights.
Source: the forward algorithm with missing observations: Rabiner 1989, section III.A.
Run:    used by lesson 18
Omits:  lines whose end is not seen, and holes that depend on what they hide.

Legend: N lines, S states, K themes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from minigpt.storyland.rules import MARK, Grammar
from minigpt.storyland.stories import THEMES, grammar

HOLE = "_"
"""Shown in place of a character that was not seen; no story has it."""


def theme_posterior(lines: Sequence[str]) -> np.ndarray:
    """Probability [N, K] of each of `THEMES`, given lines with holes and that the theme is one of
    them.

    A line is whole from its beginning to its end and comes without the mark that ends it, so a hole
    is never that mark. ValueError for a line that no story of these themes can look like.

    >>> theme_posterior(["ben ea__ h__ c___"]).round(3).tolist()
    [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    joint = _joint(lines)
    total = joint.sum(axis=1, keepdims=True)
    if (total == 0).any():
        raise ValueError(f"no story of a theme looks like {lines[int(total.argmin())]!r}")
    return joint / total


def theme_of(lines: Sequence[str]) -> np.ndarray:
    """The theme [N] of each line, an index into `THEMES`; -1 if it has none of them.

    >>> theme_of(["ben eats his cake", "ben naps"]).tolist()
    [0, -1]
    """
    joint = _joint(lines)
    return np.where(joint.sum(axis=1) > 0, joint.argmax(axis=1), -1)


def _joint(lines: Sequence[str]) -> np.ndarray:
    """Weight [N, K] of each theme: a line ends here and has it."""
    known, mark = grammar(), grammar().tokenizer.encode(MARK)[0]
    line, state, weight = read(known, lines)
    theme = settled(known, "theme", tuple(THEMES))[state]
    weight = weight * known.prob[state, mark] * (theme >= 0)
    cells = line * len(THEMES) + np.maximum(theme, 0)
    joint = np.bincount(cells, weights=weight, minlength=len(lines) * len(THEMES))
    return joint.reshape(len(lines), len(THEMES))


def read(known: Grammar, lines: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the grammar may be after each line, as a ragged list: (line, state, weight).

    A weight is the probability of the state and of all that was seen, over that of the latter; the
    list is sorted by line. A line that the grammar cannot have written has no entry.
    """
    index = {c: i for i, c in enumerate(known.tokenizer.characters)}
    for line in lines:
        if MARK in line or not set(line) <= {HOLE, *index}:
            raise ValueError(f"a line has characters of stories and {HOLE!r}, got {line!r}")
    longest = max(map(len, lines), default=0)
    ids = np.full((len(lines), longest), -2)  # -1 a hole, -2 behind the end
    for row, line in zip(ids, lines):
        row[: len(line)] = [-1 if c == HOLE else index[c] for c in line]
    first, to, share = _successors(known)
    stream, state = np.arange(len(lines)), np.zeros(len(lines), dtype=np.int64)
    weight: np.ndarray = np.ones(len(lines))
    for t in range(longest):
        now = ids[stream, t]
        over, seen, hole = now == -2, now >= 0, now == -1
        counts = (first[1:] - first[:-1])[state[hole]]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        edge = np.repeat(first[state[hole]], counts) + within
        moved = known.prob[state[seen], now[seen]]
        stream = np.concatenate([stream[over], stream[seen], np.repeat(stream[hole], counts)])
        weight = np.concatenate(
            [weight[over], weight[seen] * moved, np.repeat(weight[hole], counts) * share[edge]]
        )
        state = np.concatenate([state[over], known.next[state[seen], now[seen]], to[edge]])
        fits = weight > 0
        cell = stream[fits] * len(known.next) + state[fits]
        met, place = np.unique(cell, return_inverse=True)  # paths that have met
        stream, state = met // len(known.next), met % len(known.next)
        weight = np.bincount(place, weights=weight[fits], minlength=len(met))
        total = np.bincount(stream, weights=weight, minlength=len(lines))
        weight = weight / total[stream]
    return stream, state, weight


@cache
def _successors(known: Grammar) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first [S + 1], states, probabilities): those that follow s without a mark lie in both lists
    from first[s] to first[s + 1]."""
    open_ = known.prob > 0
    open_[:, known.tokenizer.encode(MARK)[0]] = False
    first = np.concatenate([[0], np.cumsum(open_.sum(axis=1))])
    return first, known.next[open_].astype(np.int64), known.prob[open_]


@cache
def settled(known: Grammar, feature: str, values: tuple[str, ...]) -> np.ndarray:
    """[S] the index of the value that the way to a state has settled; -1 if there is none, or if
    ways with different values lead there."""
    none, index = len(values), {value: i for i, value in enumerate(values)}
    reached: list[set[int]] = [set() for _ in known.next]
    reached[0] = {none}
    for s, row in enumerate(known.next):  # a state's number is smaller than its successors'
        for c in np.flatnonzero(row > 0):
            choice = known.choice_at(s, int(c))
            told = dict(choice.features).get(feature) if choice else None
            reached[row[c]] |= {index.get(told, none)} if told else reached[s]
    return np.array([min(way) if len(way) == 1 and way != {none} else -1 for way in reached])
