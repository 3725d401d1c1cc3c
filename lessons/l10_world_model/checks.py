"""Exercises of lesson 10: moves through open doors, histories told apart, a state moved.

Idea:   two ways to question a predictor about a world from outside, and one to reach inside.
Run:    python -m lessons check 10.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine import inputs
from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.judges import numbers
from lessons.l10_world_model import answers

# 10.1  How much probability is on moves that the map allows?


def _moves(rng: np.random.Generator, v: int) -> np.ndarray:
    """Where N, E, S and W are in an alphabet of `v` characters, in no order."""
    return rng.choice(np.arange(1, v), size=4, replace=False)


def _doors(rng: np.random.Generator, n: int) -> np.ndarray:
    """One to three doors in each of n rooms."""
    return np.argsort(rng.random((n, 4)), axis=1) < rng.integers(1, 4, (n, 1))


def _said(rng: np.random.Generator, n: int = 6, v: int = 9) -> Call:
    return Call(inputs.logprobs(rng, n, v), _moves(rng, v), _doors(rng, n))


def _no_walls(rng: np.random.Generator) -> Call:
    """All that is on walls is too little to see."""
    logprobs, moves, doors = _said(rng).args
    logprobs[:, moves] -= 60 * ~doors
    return Call(logprobs - np.log(np.exp(logprobs).sum(1, keepdims=True)), moves, doors)


def _even(rng: np.random.Generator) -> Call:
    """Every character is equally likely."""
    return Call(np.full((5, 9), -np.log(9)), _moves(rng, 9), _doors(rng, 5))


def _reports(rng: np.random.Generator) -> Call:
    """Most probability is on a character that is no move."""
    logprobs, moves, doors = _said(rng).args
    logprobs[:, 0] = 4
    return Call(logprobs - np.log(np.exp(logprobs).sum(1, keepdims=True)), moves, doors)


DOORS = Exercise(
    id="10.1",
    name="on_open_doors",
    task="""How much of what a predictor expects of the next move is possible in the world.

    logprobs [N, V]: logarithm of the probability of each of V characters, behind N histories.
    moves [4]: the columns of logprobs that are N, E, S and W; the other characters are no moves.
    doors [N, 4]: True where the room behind the history has a door (north, east, south, west).
    Returns [N]: of the probability that is on moves, the share on moves through open doors.""",
    solution="lessons.lab.worlds.judging:on_open_doors",
    probes=(
        Probe("a history after which no move into a wall is expected has 1", _no_walls),
        Probe("if all characters are equally likely, the share of the four walls that have a door",
              _even),
        Probe("characters that are no moves do not count, however likely", _reports),
        Probe("each history has its own doors and its own share", _said),
        Probe("one history", lambda rng: _said(rng, n=1, v=20)),
    ),
    variants=answers.DOORS_VARIANTS,
    wrong=answers.DOORS_WRONG,
    hints=(
        "A predictor gives N 0.2, E 0.1, a report 0.4, S 0.3 and W 0. Only N and E have doors. "
        "How much of what it gives to moves is on doors?",
        "np.exp(logprobs[:, moves]) has the probabilities of the four moves, [N, 4]; times "
        "doors, only those through doors are left.",
        "some = probabilities of the four moves\n"
        "return (those with a door, summed over moves) / (all four, summed over moves)",
    ),
    next_step="1 minus it is how often the predictor would run into a wall.",
    drill="A predictor that knows nothing expects all four moves alike. What does it score in a "
    "room with two doors?",
    drill_answer="0.5; so 0.5 is no sign of a map, and in a hall with four doors everybody has 1.",
)  # fmt: skip


# 10.2  Does it say the same in the same room, and something else in another?


def _histories(rng: np.random.Generator, n: int = 9, m: int = 4, rooms: int = 3) -> Call:
    """Distributions behind n histories that end in rooms of any number, in any order."""
    names = rng.choice(25, rooms, replace=False)
    ends = np.concatenate([names, names[:1], rng.choice(names, n - rooms - 1)])
    return Call(np.exp(inputs.logprobs(rng, n, m, spread=1.0)), rng.permutation(ends))


def _sure(rng: np.random.Generator) -> Call:
    """The same one choice in a room, another one in another."""
    ends = rng.permutation(np.repeat(np.arange(4), (2, 3, 1, 4)))
    return Call(np.eye(4)[ends], ends + 7)


def _uneven(rng: np.random.Generator) -> Call:
    """Many histories end in one room, few in the others."""
    said, _ = _histories(rng, n=12).args
    return Call(said, rng.permutation(np.repeat([3, 11, 20], (8, 2, 2))))


def _between_0_and_1(answer: Any, said: np.ndarray, rooms: np.ndarray) -> str | None:
    found = numbers(answer)
    far = float(found[np.abs(found - 0.5).argmax()])
    return None if 0 <= far <= 1 else f"a mean of {far:.3g}"


APART = Exercise(
    id="10.2",
    name="told_apart",
    task="""Whether predictions differ between rooms, and not within one.

    said [N, M]: for each of N histories the probabilities of M choices; each row sums to 1.
    rooms [N]: the number of the room in which each history ends.
    Returns (same, different): the mean total variation over all pairs of two histories that end in
    one room, and over all pairs that end in different rooms. Total variation is half of the sum of
    absolute differences, over choices.""",
    solution="lessons.lab.worlds.judging:told_apart",
    probes=(
        Probe("(0, 1) if each room has its own sure choice", _sure),
        Probe("both are from 0 to 1",
              lambda rng: Call(np.eye(6)[rng.permutation(6)], np.array([1, 1, 2, 2, 3, 3])),
              judge=_between_0_and_1),
        Probe("all pairs of two histories count once", _histories),
        Probe("pairs count, not rooms: a room where many histories end has more of them", _uneven),
    ),
    variants=answers.APART_VARIANTS,
    wrong=answers.APART_WRONG,
    hints=(
        "Four histories end in rooms a, a, b, b. How many pairs end in one room? How many in two?",
        "said[:, None] - said[None] is a table [N, N, M] of all differences. np.triu(ones, k=1) "
        "marks each pair once, and no history with itself.",
        "far = half of the summed |differences| of every pair\n"
        "one = pairs whose rooms are equal\n"
        "return mean of far over pairs in one room, mean over the other pairs",
    ),
    next_step="The next exercise stops asking and reaches inside.",
    drill="Two rooms far apart have the same doors. What is the total variation between perfect "
    "predictions of the next move there?",
    drill_answer="0. One move cannot tell twins apart; what follows two moves later can.",
)  # fmt: skip


# 10.3  Take a state out of one group and put it into another


def _some_states(rng: np.random.Generator, n: int = 7, width: int = 5, groups: int = 4) -> Call:
    return Call(
        rng.standard_normal((n, width)),
        3 * rng.standard_normal((groups, width)),
        rng.integers(0, groups, n),
        rng.integers(0, groups, n),
    )


def _stay(rng: np.random.Generator) -> Call:
    states, means, was, _ = _some_states(rng).args
    return Call(states, means, was, was.copy())


def _there_and_back(rng: np.random.Generator) -> list[Call]:
    """The same states moved one way and the other: the two changes cancel."""
    states, means, was, now = _some_states(rng).args
    return [Call(states, means, was, now), Call(states, means, now, was)]


def _cancel(answers: list[Any], calls: list[Call]) -> str | None:
    there, back = (numbers(answer) - call.args[0] for answer, call in zip(answers, calls))
    off = float(np.abs(there + back).max())
    return None if off < 1e-6 else f"changes there and back that differ by {off:.3g}"


MOVED = Exercise(
    id="10.3",
    name="moved",
    task="""Move each state from one group to another, and leave alone all else that it holds.

    states [N, E]: a network's state behind each of N histories.
    means [R, E]: mean state of each of R groups (the rooms, say).
    was [N], now [N]: each state's group, and the group it is to be moved to: numbers below R.
    Returns [N, E]: what the group's mean tells of the old group is taken away, what it tells of
    the new group is added. The states that came in stay as they are.""",
    solution="lessons.lab.inside:moved",
    probes=(
        Probe("a state that is moved to its own group stays as it is", _stay),
        Probe("from the new group back to the old is the opposite change", _there_and_back,
              judge=_cancel),
        Probe("each state has its own old and new group", _some_states),
        Probe("what tells a state from its group's mean is kept",
              lambda rng: _some_states(rng, n=12, width=3, groups=2)),
    ),
    variants=answers.MOVED_VARIANTS,
    wrong=answers.MOVED_WRONG,
    hints=(
        "A state is (5, 1), its group's mean (4, 0), the new group's mean (9, 0). Where should it "
        "go, if what sets it apart from its group is to be kept?",
        "means[now] is a table [N, E]: for each state the mean of its new group. So no loop is "
        "needed.",
        "new = states + (each new group's mean) - (each old group's mean)\nreturn new",
    ),
    next_step="The experiment makes this edit and lets the network walk on.",
    drill="Why is the mean of the old room taken away, rather than the whole state replaced by the "
    "new room's mean?",
    drill_answer="A state holds more than the room: what came last, say. A mean would "
    "wipe that out.",
)  # fmt: skip

EXERCISES = (DOORS, APART, MOVED)
