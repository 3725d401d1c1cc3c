"""Exercises of lesson 3: attention, normalisation, the rate along a run.

Idea:   the two parts of a block that the lesson takes away, and how fast one may step.
Run:    python -m lessons check 03.1
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lessons.engine.exercise import Call, Cause, Exercise, Probe
from lessons.engine.inputs import tensor
from lessons.engine.judges import numbers
from lessons.l03_why_it_trains import answers

# 03.1  Who listens to whom.


def _pair(rng: np.random.Generator, t: int, s: int, width: int = 8) -> Call:
    return Call(tensor(rng, 2, 3, t, width), tensor(rng, 2, 3, s, width))


def _rows_sum_to_one(answer: Any, q: Any, k: Any) -> str | None:
    sums = numbers(answer).sum(-1)
    if np.abs(sums - 1).max() < 1e-4:
        return None
    return f"rows that sum to {sums.min():.3g} to {sums.max():.3g}"


def _nobody_sees_the_future(answer: Any, q: Any, k: Any) -> str | None:
    t, s = q.shape[-2], k.shape[-2]
    future = np.triu(np.ones((t, s)), s - t + 1).astype(bool)
    share = float(np.abs(numbers(answer))[..., future].max())
    return f"a weight of up to {share:.2g} on a position that is yet to come" if share else None


ATTENTION = Exercise(
    id="03.1",
    name="attention_weights",
    task="""How much each position takes from each: softmax(q k^T / sqrt(D)), the future hidden.

    q [B, H, T, D]: what each of the last T positions asks, in H heads, D numbers each.
    k [B, H, S, D]: what each of all S positions answers to; S is at least T.
    Returns weights [B, H, T, S], all 0 or more; each row sums to 1. Row t belongs to position
    S - T + t and gives weight 0 to every later position.""",
    solution="minigpt.layers:attention_weights",
    signature="(q, k)",
    probes=(
        Probe("weights [B, H, T, S], and each row sums to 1", lambda rng: _pair(rng, 5, 5),
              judge=_rows_sum_to_one,
              causes=(Cause(answers.NOTHING_SEEN,
                            lambda rows, *_: np.isnan(numbers(rows)).all(-1).any()),)),
        Probe("no position gives any weight to one that is yet to come",
              lambda rng: _pair(rng, 6, 6), judge=_nobody_sees_the_future),
        Probe("the weights are those of the formula (T = S)", lambda rng: _pair(rng, 6, 6)),
        Probe("with T < S the rows belong to the last T positions", lambda rng: _pair(rng, 3, 7)),
        Probe("a single query, the newest position, sees everything", lambda rng: _pair(rng, 1, 6)),
    ),
    variants=answers.ATTENTION_VARIANTS,
    wrong=answers.ATTENTION_WRONG,
    hints=(
        "A score says how well a question fits an answer. Which ones must not count, and what "
        "score gives weight 0 in a softmax?",
        "q @ k.mT gives all scores [B, H, T, S]. torch.ones(T, S).triu(S - T + 1) marks the "
        "future; masked_fill puts minus infinity there; softmax over the last axis.",
        "scores = q k^T / sqrt(D)\nscores = -infinity where the position is later\n"
        "return softmax of scores along the last axis",
    ),
    next_step="In the block these weights mix the values: weights @ v.",
    drill="Position 0 sees only itself. What is its weight on itself?",
    drill_answer="1: the weights of a row sum to one, and there is no other.",
)  # fmt: skip


# 03.2  Vectors of one length.


def _mean_square_is_one(answer: Any, x: Any) -> str | None:
    found = np.sqrt(np.square(numbers(answer)).mean(-1))
    if np.abs(found - 1).max() < 1e-3:
        return None
    return f"vectors with a root mean square of {found.min():.3g} to {found.max():.3g}"


def _with_nothing(rng: np.random.Generator) -> Call:
    x = tensor(rng, 4, 6)
    x[1] = 0
    return Call(x)


RMS = Exercise(
    id="03.2",
    name="rms_norm",
    task="""Divide each vector by its root mean square: x / sqrt(mean(x^2)).

    x [..., E]: vectors of E numbers along the last axis.
    Returns a tensor of the same shape. Where the root mean square is below 0.001, the vector is
    divided by 0.001 instead, so that nothing is divided by zero.""",
    solution="minigpt.ops:rms_norm",
    probes=(
        Probe("every vector has a root mean square of 1 afterwards",
              lambda rng: Call(tensor(rng, 6, 8, scale=3.0)), judge=_mean_square_is_one),
        Probe("vectors keep their direction: each is only made longer or shorter",
              lambda rng: Call(tensor(rng, 5, 8) + 2)),
        Probe("any number of axes may stand before the last",
              lambda rng: Call(tensor(rng, 2, 3, 4, 6, scale=0.2))),
        Probe("a vector of zeros stays zero", _with_nothing),
        Probe("a vector whose root mean square is below 0.001 is divided by 0.001",
              lambda rng: Call(tensor(rng, 4, 6, scale=1e-4))),
    ),
    variants=answers.RMS_VARIANTS,
    wrong=answers.RMS_WRONG,
    hints=(
        "What is the root mean square of (3, 4)? And after dividing by it?",
        "Along the last axis: square, mean, root; keepdim=True keeps an axis of length 1, so that "
        "the division finds its vector.",
        "rms = sqrt(mean(x^2)) along the last axis, axis kept\nraise rms to 0.001 at least\n"
        "return x / rms",
    ),
    next_step="The block normalises before each half: x + attention(norm(x)), x + mlp(norm(x)).",
    drill="All numbers of a vector are doubled. What happens to its RMS norm's output?",
    drill_answer="Nothing: its root mean square doubles as well.",
)  # fmt: skip


# 03.3  How large the steps are.


def _along(steps: int, warmup: int, cooldown: float, *at: int) -> list[Call]:
    return [Call(step, steps, warmup=warmup, cooldown=cooldown) for step in at]


def _schedule(rng: np.random.Generator, part: str) -> list[Call]:
    steps, warmup = int(rng.integers(200, 400)), int(rng.integers(10, 30))
    cooldown = float(rng.choice([0.3, 0.4, 0.5]))
    places = {
        "up": [0, 1, warmup // 2, warmup - 1, warmup],
        "flat": [warmup, steps // 4, steps // 3],
        "down": [steps - 1, steps - 2, steps - int(cooldown * steps) // 2, int(steps * 0.8)],
    }
    return _along(steps, warmup, cooldown, *places[part])


_near = partial(Probe, rtol=0, atol=1e-6)


TRAPEZOID = Exercise(
    id="03.3",
    name="trapezoid",
    task="""What the learning rate is multiplied by at a step: up, level, down.

    step: the step's number, from 0 to steps - 1. steps: how many there are.
    warmup: steps of the way up; step s has (s + 1) / (warmup + 1) there. 0 for none.
    cooldown: the share of all steps on the way down; there the value is the number of steps that
    are left, this step included, over cooldown * steps. 0 for none.
    Returns a number from 0 to 1: the smallest of the way up, 1, and the way down.""",
    solution="minigpt.optim:trapezoid",
    probes=(
        _near("on the way up, step s has (s + 1) / (warmup + 1)", lambda rng: _schedule(rng, "up")),
        _near("in the middle it is 1", lambda rng: _schedule(rng, "flat")),
        _near("on the way down it falls evenly, and is just above 0 at the last step",
              lambda rng: _schedule(rng, "down")),
        _near("without warm-up and cool-down it is 1 throughout",
              lambda rng: _along(50, 0, 0.0, 0, 20, 49)),
        _near("where the way up meets the way down, the smaller counts",
              lambda rng: _along(40, 30, 1.0, 0, 5, 12, 18, 25, 39)),
    ),
    variants=answers.TRAPEZOID_VARIANTS,
    wrong=answers.TRAPEZOID_WRONG,
    hints=(
        "Draw the curve. It has three pieces. Which one is lowest at the beginning, and which at "
        "the end?",
        "Compute the way up and the way down for every step as if they never ended; the curve "
        "is the smallest of both and 1.",
        "up = (step + 1) / (warmup + 1)\ndown = (steps - step) / (cooldown * steps), if there is a "
        "cool-down\nreturn the smallest of 1, up and down",
    ),
    next_step="All training here uses it: small steps while little is known, and while it settles.",
    drill="100 steps, no warm-up, cooldown 0.5. What is the multiplier at step 75?",
    drill_answer="0.5: it falls from 1 to 0 over the last 50 steps, and half of them are over.",
)  # fmt: skip

EXERCISES = (ATTENTION, RMS, TRAPEZOID)
