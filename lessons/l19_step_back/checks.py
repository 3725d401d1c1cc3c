"""Exercises of lesson 19: what an answer costs, weights of few bits, the cheapest that will do.

Idea:   a price, a cheaper make of the same thing, and a choice.
Run:    python -m lessons check 19.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.judges import numbers
from lessons.l19_step_back import answers

# 19.1  What an answer costs


def _whole(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high))


FLOPS = Exercise(
    id="19.1",
    name="answer_flops",
    task="""Operations of the matrix products for one answer of a transformer that keeps its keys
    and values.

    layers, width (E), vocabulary (V): its shape. asked, answered: characters of question and
    answer, both at least 1.
    It reads the question at once and then, one by one, all characters of its answer but the last.
    - The matrices of a layer hold 12 E^2 weights; each takes part in one multiplication and one
      addition for each character read.
    - Attention takes 4 E operations a layer for each pair (character read, character looked at).
      Within the question every character is paired with all of the question, also with what is
      ahead (computed and then hidden); a character of the answer with all before it and itself.
    - The head (a matrix [E, V]) is used once for each character of the answer.
    Returns a whole number.""",
    solution="lessons.lab.rungs:answer_flops",
    probes=(
        Probe("without layers the head alone counts",
              lambda rng: Call(0, _whole(rng, 8, 40), _whole(rng, 10, 60), 6, _whole(rng, 2, 9))),
        Probe("a question with an answer of one character is read once",
              lambda rng: Call(_whole(rng, 2, 5), _whole(rng, 8, 40), 11, _whole(rng, 3, 9), 1)),
        Probe("each character of a longer answer but the last is read as well",
              lambda rng: Call(_whole(rng, 2, 5), _whole(rng, 8, 40), 11, _whole(rng, 3, 9),
                               _whole(rng, 3, 9))),
    ),
    variants=answers.FLOPS_VARIANTS,
    wrong=answers.FLOPS_WRONG,
    hints=(
        "Question `s31=`, answer `13`. Which characters does the network read, and how often does "
        "its head score the alphabet?",
        "It reads asked + answered - 1 characters. Count the pairs of attention apart: a square "
        "for the question, then asked + 1, asked + 2, ...",
        "read = asked + answered - 1\npairs = asked^2 + (asked + 1) + ... + read\n"
        "layers * (24 E^2 read + 4 E pairs) + 2 E V answered",
    ),
    next_step="This is the first price tag. Beside it the experiment puts a clock.",
    drill="Width and layers are both halved. By about what factor does an answer get cheaper, if "
    "matrices are most of the cost?",
    drill_answer="By 8: a layer has a quarter of the weights, and there are half as many layers.",
)  # fmt: skip


# 19.2  Weights of few bits


def _rows(rng: np.random.Generator, *sizes: float) -> np.ndarray:
    """A row of weights for each size, of which the largest is negative."""
    rows = rng.uniform(-0.9, 0.9, (len(sizes), 7))
    rows[:, int(rng.integers(7))] = -1.0
    return rows * np.array(sizes)[:, None]


def _near(answer: Any, weights: np.ndarray, bits: int) -> str | None:
    """Whether scales times whole numbers are the weights, to half a scale."""
    scales, whole = (numbers(part) for part in answer)
    off = np.abs(scales[:, None] * whole - weights) / np.abs(scales)[:, None]
    return None if off.max() <= 0.5 + 1e-6 else f"a product {off.max():.2f} scales off its weight"


QUANTISE = Exercise(
    id="19.2",
    name="quantise",
    task="""A matrix with few bits a weight: a scale for each row, and whole numbers.

    weights: [R, C] array. bits (b): from 2 to 8.
    Returns scales [R] and whole numbers [R, C] from -m to m, m = 2^(b - 1) - 1, such that scale
    times whole number is as near to each weight as it can be, and the weight of a row that is
    farthest from zero becomes m or -m: a row's scale is that weight's size / m. A row of zeros has
    scale 1.""",
    solution="distill.cascades.quantised:quantise",
    probes=(
        Probe("products are the weights, to half a scale",
              lambda rng: Call(_rows(rng, 0.3, 0.3), 4), judge=_near),
        Probe("scales and whole numbers of one row", lambda rng: Call(_rows(rng, 0.5), 3)),
        Probe("each row has its own scale", lambda rng: Call(_rows(rng, 0.01, 1.0, 20.0), 5)),
        Probe("with any number of bits",
              lambda rng: [Call(_rows(rng, 0.2, 0.7), bits) for bits in (2, 6, 8)]),
        Probe("a row of zeros stays zero", lambda rng: Call(_rows(rng, 0.4, 0.0), 4)),
    ),
    variants=answers.QUANTISE_VARIANTS,
    wrong=answers.QUANTISE_WRONG,
    hints=(
        "With 3 bits a row may hold -3, -2, ..., 3. The row is [0.6, -0.15, 0.38]. How large is "
        "one step, if 0.6 is to be 3?",
        "The scale of a row is its largest weight, without its sign, divided by m. Divide the row "
        "by it and round to the nearest whole number.",
        "m = 2 ** (bits - 1) - 1\nscales = |weights|'s largest of each row / m; 1 where that is 0\n"
        "whole = round(weights / scales)",
    ),
    next_step="With 4 bits the best network's file is a seventh as large. Does it still answer?",
    drill="A row of 64 weights has 4 bits a weight and a scale of 32 bits. How many bits a weight "
    "is that?",
    drill_answer="4.5.",
)  # fmt: skip


# 19.3  The cheapest that will do


def _shelf(rng: np.random.Generator, right: list[float], costs: list[float]) -> Call:
    """Models on a shelf in random order; 98 % of the best will do."""
    order = rng.permutation(len(right))
    return Call([costs[i] for i in order], [right[i] for i in order], 0.98)


CHEAPEST = Exercise(
    id="19.3",
    name="cheapest_good",
    task="""Which model to take: the cheapest that is good enough.

    costs, right: lists of N numbers, what an answer of each model costs, and its share of right
    answers. keep: a share, such as 0.98.
    A model is good enough if its share of right answers is at least `keep` times that of the best.
    Returns the index of the cheapest of those; of equally cheap ones the one with more right
    answers.""",
    solution="lessons.l19_step_back.shopping:cheapest_good",
    probes=(
        Probe("one is both the best and the cheapest",
              lambda rng: _shelf(rng, [0.9, 0.8, 0.7], [1.0, 2.0, 3.0])),
        Probe("a cheaper one that is nearly as good",
              lambda rng: [_shelf(rng, [0.9, 0.89, 0.6], [9.0, 3.0, 1.0]) for _ in range(3)]),
        Probe("good enough is a share of the best, not so many points",
              lambda rng: _shelf(rng, [0.5, 0.489, 0.492, 0.2], [9.0, 2.0, 5.0, 1.0])),
        Probe("the dearest need not be the best",
              lambda rng: _shelf(rng, [0.80, 0.95, 0.92, 0.94], [9.0, 6.0, 2.0, 4.0])),
        Probe("exactly good enough is good enough", lambda rng: Call([4, 2], [1.0, 0.5], 0.5)),
        Probe("of equally cheap ones the better",
              lambda rng: [_shelf(rng, [0.95, 0.94, 0.935], [9.0, 2.0, 2.0]) for _ in range(5)]),
    ),
    variants=answers.CHEAPEST_VARIANTS,
    wrong=answers.CHEAPEST_WRONG,
    hints=(
        "The best is right in 0.50, and 98 % of it are wanted. Will 0.489 do?",
        "First find out what is good enough: keep times the largest share. Then look at prices "
        "among those alone.",
        "least = keep * max(right)\ngood = indices with right >= least\n"
        "of them the one with the smallest (cost, -right)",
    ),
    next_step="Section 6 goes shopping with it.",
    drill="The best is right in 0.95, and 98 % of that is wanted. A model was right in 420 of 450 "
    "problems. Will it do?",
    drill_answer="0.9333 of 0.95 is 98.2 %, so by these problems it will. But with 450 problems "
    "its share is known to some 0.02 only.",
)  # fmt: skip


EXERCISES = (FLOPS, QUANTISE, CHEAPEST)
