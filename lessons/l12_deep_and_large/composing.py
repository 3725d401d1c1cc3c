"""Moves composed one after another or in rounds, and how far a network follows them.

Idea:   a move of the shell game is a table: what lay at place i goes to place table[i]. Two tables
        make one, and how pairs are bracketed does not matter. So all T beginnings of a game are
        known after log2 T rounds, if in each round every place takes in what an earlier place
        knew. A layer of a Transformer could do such a round; whether training finds it is another
        question.
Source: scan in rounds: Hillis & Steele 1986, Communications of the ACM 29 (1170-1183); layers as
        rounds: Liu et al. 2022, arXiv:2210.10749.
Run:    used by experiment.py and lesson.py beside this file
Omits:  learning; and the scan with less work (Blelloch's), which needs twice as many rounds.

Legend: T moves, K places, R rounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lessons.lab.problems import SWAPS


def table(move: str) -> np.ndarray:
    """The table [3] of a move of the cups: where what lay at each place goes.

    >>> table("a").tolist()
    [1, 0, 2]
    """
    goes = np.arange(3)
    one, other = SWAPS[move]
    goes[[one, other]] = other, one
    return goes


def compose(first: np.ndarray, then: np.ndarray) -> np.ndarray:
    """One table [K] for two moves, `first` and `then`.

    >>> compose(table("a"), table("b")).tolist()  # 0 goes to 1, and from there to 2
    [2, 0, 1]
    """
    return then[first]


def scan(maps: np.ndarray) -> np.ndarray:
    """What every place knows after each round, [R + 1, T, K].

    maps [T, K] are the moves. Before the first round place t knows move t. In round r it takes in
    what the place 2^(r - 1) before it knew before this round; a place that has none so far back
    keeps what it knows. After the last round place t knows all moves up to and with t.
    """
    rounds, back = [maps], 1
    while back < len(maps):
        known = rounds[-1]
        more = [compose(early, late) for early, late in zip(known[:-back], known[back:])]
        rounds.append(np.concatenate((known[:back], more)))
        back *= 2
    return np.array(rounds)


def reach(right: Sequence[float], chance: float) -> float:
    """How many moves are followed: places at which all is right, and parts of others.

    right [T] is the share of right answers at each place. A place counts 1 if all are right, 0 if
    no more than `chance` are, and in between in proportion.

    >>> reach([1.0, 1.0, 0.75, 0.5, 0.4], 0.5)
    2.5
    """
    return float(sum(max(0.0, (share - chance) / (1 - chance)) for share in right))
