"""Exercises of lesson 12: two moves in one, all beginnings in rounds, how far one follows.

Idea:   composing is associative, so it can be done in rounds; and a measure for how far it goes.
Run:    python -m lessons check 12.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.l12_deep_and_large import answers

# 12.1  Two moves in one


def _cycle(rng: np.random.Generator, k: int) -> np.ndarray:
    """A table that moves everything round a circle of random order: it is not its own inverse."""
    order, goes = rng.permutation(k), np.empty(k, dtype=np.int64)
    goes[order] = np.roll(order, 1)
    return goes


def _not_commuting(rng: np.random.Generator, k: int) -> Call:
    """Two tables whose order matters, neither its own inverse."""
    while True:
        first, then = _cycle(rng, k), _cycle(rng, k)
        if not np.array_equal(then[first], first[then]):
            return Call(first, then)


def _there_and_back(rng: np.random.Generator) -> Call:
    first = _cycle(rng, 6)
    return Call(first, np.argsort(first))


COMPOSE = Exercise(
    id="12.1",
    name="compose",
    task="""One table for two moves: `first`, and then `then`.

    first, then [K]: permutations of 0 to K - 1. What lies at place i goes to place first[i], and
    what lies at place j goes to place then[j].
    Returns [K]: where what lies at place i is after both moves.""",
    solution="lessons.l12_deep_and_large.composing:compose",
    probes=(
        Probe("a move that changes nothing leaves the other one as it is",
              lambda rng: Call(np.arange(5), _cycle(rng, 5))),
        Probe("a move and its way back change nothing", _there_and_back),
        Probe("any two moves of four places", lambda rng: _not_commuting(rng, 4)),
        Probe("any two moves of nine places", lambda rng: _not_commuting(rng, 9)),
    ),
    variants=answers.COMPOSE_VARIANTS,
    wrong=answers.COMPOSE_WRONG,
    hints=(
        "`a` swaps places 0 and 1, `b` swaps 1 and 2. A ball lies at place 0; where is it after a, "
        "and then after b?",
        "What lies at i is at first[i] after the first move. Where does the second move take what "
        "lies there?",
        "for each i: result[i] = then[first[i]]",
    ),
    next_step="With it a whole game becomes one table, in as few rounds as you will see.",
    drill="Tables of three places are composed, in any order. How many different tables can come "
    "out?",
    drill_answer="Six: the permutations of three things.",
)  # fmt: skip


# 12.2  All beginnings in rounds


def _game(rng: np.random.Generator, t: int, k: int) -> Call:
    """Moves [T, K] that nearly never commute."""
    return Call(np.array([_cycle(rng, k) for _ in range(t)]))


def _turns(rng: np.random.Generator) -> Call:
    """Turns of a dial, which commute."""
    return Call((np.arange(5) + rng.integers(1, 5, (8, 1))) % 5)


SCAN = Exercise(
    id="12.2",
    name="scan",
    task="""What every place of a game knows after each round, if all places work at once.

    maps [T, K]: T moves, each a permutation of 0 to K - 1 as in exercise 12.1; T is 1 or more.
    Returns [R + 1, T, K]. Row 0 is maps: place t knows move t. In round r (from 1 on) place t
    composes what place t - 2^(r - 1) knew *before* this round (first) with what it knew itself
    (then). A place that has none so far back keeps what it knows. There are just as many rounds R
    as it takes until the last place knows all moves: 2^R is at least T.""",
    solution="lessons.l12_deep_and_large.composing:scan",
    probes=(
        Probe("one move needs no round", lambda rng: _game(rng, 1, 4)),
        Probe("two moves need one", lambda rng: _game(rng, 2, 5)),
        Probe("eight turns of a dial, which commute", _turns),
        Probe("eight moves that do not commute", lambda rng: _game(rng, 8, 5)),
        Probe("eleven moves, no power of two", lambda rng: _game(rng, 11, 6)),
    ),
    variants=answers.SCAN_VARIANTS,
    wrong=answers.SCAN_WRONG,
    hints=(
        "After the first round place t knows moves t - 1 and t. How many moves back does it know "
        "after the second, if it asks the place two before it?",
        "Keep the last round's table as it is and build a new one; `then[first]` composes two "
        "moves. The first places, which have none so far back, are copied.",
        "rounds = [maps], back = 1\nwhile back < T:\n"
        "    new = copy of the last round\n"
        "    for t from back on: new[t] = compose(last[t - back], last[t])\n"
        "    append new, double back",
    ),
    next_step="A Transformer has a round for each layer. Does training use them?",
    drill="A game has 1,000 moves. How many rounds does the scan take?",
    drill_answer="Ten: 2 to the power of 10 is 1,024.",
)  # fmt: skip


# 12.3  How far is it followed?


def _falling(rng: np.random.Generator, chance: float) -> Call:
    shares = np.sort(rng.uniform(chance + 0.05, 0.98, 6))[::-1]
    return Call([1.0, 1.0, *shares.tolist()], chance)


def _below_chance(rng: np.random.Generator) -> Call:
    low = rng.uniform(0.1, 0.3, 4).tolist()
    return Call([1.0, float(rng.uniform(0.5, 0.9)), *low], 1 / 3)


REACH = Exercise(
    id="12.3",
    name="reach",
    task="""How many moves are followed: the places at which all is right, and parts of others.

    right: a list of T shares of right answers, after 1, 2, ... T moves; chance: share that is right
    without looking, above 0 and below 1.
    Returns one number, the sum over places: a place counts 1 if all answers are right, 0 if a share
    of `chance` is, and in between in proportion. No place counts less than 0.""",
    solution="lessons.l12_deep_and_large.composing:reach",
    probes=(
        Probe("all places if all is right", lambda rng: Call([1.0] * int(rng.integers(3, 9)), 0.5)),
        Probe("0 at the level of chance", lambda rng: Call([0.25] * 6, 0.25)),
        Probe("parts of places between", lambda rng: _falling(rng, 1 / 3)),
        Probe("another level of chance", lambda rng: _falling(rng, 0.1)),
        Probe("places below chance take nothing away", _below_chance),
    ),
    variants=answers.REACH_VARIANTS,
    wrong=answers.REACH_WRONG,
    hints=(
        "Three places, always right; then nothing but guesses. How many moves are followed?",
        "(share - chance) / (1 - chance) is 1 if all is right and 0 at chance.",
        "total = 0\nfor each share: add (share - chance) / (1 - chance) if that is above 0",
    ),
    next_step="The experiment compares networks by this number.",
    drill="With three cups, 60 % are right after ten swaps. How much does this place count?",
    drill_answer="(0.6 - 1/3) / (2/3) = 0.4.",
)  # fmt: skip

EXERCISES = (COMPOSE, SCAN, REACH)
