"""What a predictor of walks says about the map: moves through walls, and rooms told apart.

Idea:   a predictor that knows the map puts no probability on walls, says the same behind all
        histories that end in one room, and something else in another room. None of this looks
        inside: it only compares predictions with the world.
Source: moves that the rules allow: Li et al. 2022, arXiv:2210.13382; histories that lead to one
        state or to two: Vafa et al. 2024, arXiv:2406.03689.
Run:    used by the experiments of the lessons
Omits:  continuations longer than one move, which Vafa et al. compare.

Legend: N histories, V characters, R rooms. Logarithms are natural.
"""

from __future__ import annotations

import numpy as np


def among_moves(logprobs: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Probability [N, 4] of each move, if the next character is a move.

    logprobs [N, V] of the next character; moves [4]: the ids of N, E, S and W.
    """
    some = np.exp(logprobs[:, moves].astype(np.float64))
    return some / some.sum(axis=1, keepdims=True)


def on_open_doors(logprobs: np.ndarray, moves: np.ndarray, doors: np.ndarray) -> np.ndarray:
    """Share [N] of the moves' probability that is on moves through open doors.

    logprobs [N, V] of the next character; moves [4]: the ids of N, E, S and W; doors [N, 4]:
    whether the room behind each history has a door there.
    """
    some = np.exp(logprobs[:, moves])
    return (some * doors).sum(axis=1) / some.sum(axis=1)


def told_apart(said: np.ndarray, rooms: np.ndarray) -> tuple[float, float]:
    """Mean total variation between predictions, over all pairs of histories: (same, different).

    said [N, M]: each history's distribution over M choices; rooms [N]: where it ends. `same` is
    the mean over pairs that end in one room, `different` over pairs that end in two. Total
    variation is half of the summed absolute differences, from 0 (equal) to 1 (nothing shared).

    >>> told_apart(np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]), np.array([4, 4, 7]))
    (0.5, 0.75)
    """
    far = np.abs(said[:, None] - said[None]).sum(axis=2) / 2
    one = rooms[:, None] == rooms[None]
    pair = np.triu(np.ones_like(one), k=1)
    return float(far[pair & one].mean()), float(far[pair & ~one].mean())
