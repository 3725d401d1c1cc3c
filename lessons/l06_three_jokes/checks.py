"""Exercises of lesson 6: AUC, effective numbers, the permutation test.

Idea:   what a judge of single texts can tell, how many different texts a collection amounts to, and
        how often chance alone would make a gap between two collections.
Run:    python -m lessons check 06.1
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.judges import numbers
from lessons.l06_three_jokes import answers

# 06.1  How well does a judge tell two sides apart?


def _apart(rng: np.random.Generator) -> Call:
    return Call(5 + rng.random(7), rng.random(7))


def _stretched(rng: np.random.Generator) -> list[Call]:
    ill, well = rng.standard_normal(9) + 0.5, rng.standard_normal(12)
    return [Call(ill, well), Call(np.exp(3 * ill) + 50, np.exp(3 * well) + 50)]


def _only_order_counts(answers: list[Any], calls: list[Call]) -> str | None:
    plain, stretched = (float(numbers(answer)) for answer in answers)
    if math.isclose(plain, stretched, rel_tol=1e-9, abs_tol=1e-9):
        return None
    return f"{plain:.4g}, and {stretched:.4g} for scores stretched without changing their order"


AUC = Exercise(
    id="06.1",
    name="auc",
    task="""How well a judge's scores tell two sides apart: the chance to order a pair rightly.

    ill [m]: scores of the collapsed side's texts; a higher score says "collapsed".
    well [n]: scores of the healthy side's texts. m and n may differ.
    Returns the share of all m x n pairs (one text of each side) in which the collapsed text has
    the higher score; a pair with equal scores counts one half.""",
    solution="synthdata.three_jokes.judges:auc",
    probes=(
        Probe("1 where every collapsed text scores above every healthy one", _apart),
        Probe("0 where every collapsed text scores below every healthy one",
              lambda rng: Call(*reversed(_apart(rng).args))),
        Probe("all pairs count, m x n of them",
              lambda rng: Call(rng.standard_normal(13) + 0.4, rng.standard_normal(21))),
        Probe("one half where a judge gives every text the same score",
              lambda rng: Call(np.full(6, 1.5), np.full(9, 1.5))),
        Probe("equal scores within some of the pairs count one half each",
              lambda rng: Call(rng.integers(-2, 4, 15).astype(float),
                               rng.integers(-3, 3, 22).astype(float))),
        Probe("stretching all scores without changing their order changes nothing", _stretched,
              judge=_only_order_counts),
    ),
    variants=answers.AUC_VARIANTS,
    wrong=answers.AUC_WRONG,
    hints=(
        "Scores 3 and 1 on the collapsed side, 2 on the healthy one: how many pairs are there, "
        "and in how many does the collapsed text score higher?",
        "ill[:, None] - well[None, :] is a table [m, n] with the gap of every pair.",
        "gap = each of ill minus each of well\nwon = 1 where the gap is above 0, 1/2 where it is 0"
        "\nreturn the mean of won",
    ),
    next_step="Every judge of this lesson is measured by it; 1/2 is guessing.",
    drill="A judge is fooled by every pair and always prefers the wrong text. What is its AUC, and "
    "what would you do with such a judge?",
    drill_answer="0. Turn its answers round: then it is 1.",
)  # fmt: skip


# 06.2  How many different texts does a collection amount to?


def _counts(rng: np.random.Generator, n: int = 12) -> np.ndarray:
    """Unequal counts, some of them nought."""
    counts = rng.integers(1, 40, n)
    counts[rng.permutation(n)[:3]] = 0
    return counts


def _never_rises(answers: list[Any], calls: list[Call]) -> str | None:
    found = [float(numbers(answer)) for answer in answers]
    if all(a >= b - 1e-9 * abs(a) for a, b in pairwise(found)):
        return None
    return "a number that rises with q: the larger q, the less rare things may count"


HILL = Exercise(
    id="06.2",
    name="hill",
    task="""Effective number of different things (Hill 1973), of order q.

    counts [k]: how often each thing was seen, whole numbers; some may be 0, not all.
    q: from 0 up, infinity (math.inf) included. With shares p = count / sum of counts:
    (sum of p^q) ^ (1 / (1 - q)). At q = 1 that is 0/0, and its limit is 2^H, with the entropy
    H = - sum of p log2 p in bits. At infinity the limit is 1 / the largest share.
    Returns a number from 1 to k. A thing that was never seen counts nowhere.""",
    solution="synthdata.diversity.hill:hill",
    probes=(
        Probe("things seen equally often: as many as there are",
              lambda rng: Call(np.full(int(rng.integers(3, 9)), int(rng.integers(2, 9))), 2.0)),
        Probe("q = 2 follows the formula", lambda rng: Call(_counts(rng), 2.0)),
        Probe("q = 1/2 follows the formula", lambda rng: Call(_counts(rng), 0.5)),
        Probe("q = 1 is 2 to the entropy in bits", lambda rng: Call(_counts(rng), 1.0)),
        Probe("q = 0 counts what was seen, and nothing else", lambda rng: Call(_counts(rng), 0.0)),
        Probe("q = infinity is 1 / the largest share", lambda rng: Call(_counts(rng), math.inf)),
        Probe("the number never rises with q",
              lambda rng: [Call(c, q) for c in [_counts(rng)] for q in (0, 0.5, 1, 2, 5)],
              judge=_never_rises),
    ),
    variants=answers.HILL_VARIANTS,
    wrong=answers.HILL_WRONG + answers.HILL_AT_INFINITY,
    hints=(
        "Four things seen five times each: what are the shares, and what is the sum of their "
        "squares? What has to be done to it to get 4?",
        "Take the things that were seen: counts[counts > 0] / counts.sum(). Then three cases: "
        "q = 1, q = infinity, everything else.",
        "p = shares of what was seen\nif q is 1: 2 to the power of -sum(p log2 p)\n"
        "if q is infinite: 1 / max(p)\nelse: sum(p^q) to the power of 1 / (1 - q)",
    ),
    next_step="2^H of whole texts, q = 1, is what the population test compares.",
    drill="Of 100 texts 50 are the same one and 50 all different. Is the effective number of order "
    "infinity 2, 10 or 51?",
    drill_answer="2: it is 1 over the largest share, and that is 1/2.",
)  # fmt: skip


# 06.3  Could chance have dealt that?


def _quarters(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Multiples of 1/4, so that ties are ties."""
    return rng.integers(-8, 9, shape) / 4


P_VALUES = Exercise(
    id="06.3",
    name="p_values",
    task="""How often chance alone makes gaps as large as those observed (two-sided p).

    observed [k]: k gaps between two collections, such as differences of log effective numbers.
    dealt [n, k]: the same k gaps after each of n random deals of all documents to two sides.
    Returns p [k]: the share of gaps that lie at least as far from 0 as the observed one. The
    observed deal counts among them: it is one of the n + 1 that chance could have made.""",
    solution="synthdata.comparison.two_sample:p_values",
    probes=(
        Probe("a gap beyond all n deals has p = 1 / (n + 1)",
              lambda rng: Call(np.array([9.0, 7.5]), _quarters(rng, 49, 2))),
        Probe("no gap at all has p = 1", lambda rng: Call(np.zeros(2), _quarters(rng, 30, 2))),
        Probe("a gap below 0 is as surprising as one above",
              lambda rng: Call(np.array([-1.5, -1.0, -9.0]), rng.standard_normal((60, 3)))),
        Probe("a deal exactly as far as the observed gap counts",
              lambda rng: Call(_quarters(rng, 4) + np.array([0, 0.25, 0, 0]),
                               _quarters(rng, 80, 4))),
    ),
    variants=answers.P_VALUES_VARIANTS,
    wrong=answers.P_VALUES_WRONG,
    hints=(
        "Of 99 deals none reaches the observed gap. With the observed one there are 100. What is "
        "the share of those that are as far out?",
        "np.abs(dealt) >= np.abs(observed) is a table [n, k]; .sum(axis=0) counts down each "
        "column.",
        "far = for each column: how many |dealt| are at least |observed|\nreturn (1 + far) / "
        "(1 + n)",
    ),
    next_step="The population test of the experiment finds its p in this way, with 299 deals.",
    drill=lambda rng: (
        lambda n: (f"None of {n} deals reaches the observed gap. What is p?", 1 / (n + 1))
    )(int(rng.choice([19, 49, 99, 199]))),
)  # fmt: skip

EXERCISES = (AUC, HILL, P_VALUES)
