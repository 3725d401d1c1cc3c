"""Exercises of lesson 17: one opinion from many, what disagreement gains, a crowd in one network.

Idea:   the mean of probabilities and what it cannot lose; and dropout, which keeps the sum.
Run:    python -m lessons check 17.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.inputs import logprobs
from lessons.l17_crowd import answers

# 17.1  One opinion from many


def _surely_not(rng: np.random.Generator) -> Call:
    """Three members; one, two or all of them hold a character to be impossible."""
    p = rng.dirichlet(np.ones(5), (3, 4))
    p[0, :, 1] = p[1:, :, 2] = p[:, :, 3] = 0.0
    p /= p.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return Call(np.log(p))


def _hardly_ever(rng: np.random.Generator) -> Call:
    """One character has logarithms near -800, which are too low for `np.exp`."""
    p = logprobs(rng, 3, 4, 5)
    return Call(np.concatenate([p, rng.uniform(-810, -790, (3, 4, 1))], axis=-1))


MIXTURE = Exercise(
    id="17.1",
    name="mixture",
    task="""The jury's opinion: log of the mean of its members' probabilities.

    logprobs [M, ..., V]: natural logarithms of M members' probabilities of V characters, at one
    place or at many. An impossible character has -inf.
    Returns [..., V], natural logarithms; -inf only if all members say -inf, and never NaN. (-800 is
    not -inf, although np.exp(-800) is 0.)""",
    solution="lessons.l17_crowd.jury:mixture",
    probes=(
        Probe("one member is its own jury", lambda rng: Call(logprobs(rng, 1, 6))),
        Probe("two members, one place", lambda rng: Call(logprobs(rng, 2, 5))),
        Probe("as many members as there are places",
              lambda rng: Call(logprobs(rng, 3, 3, 7, spread=4.0))),
        Probe("places in rows", lambda rng: Call(logprobs(rng, 4, 2, 3, 6))),
        Probe("characters that some or all members hold to be impossible", _surely_not),
        Probe("a character whose logarithms are near -800", _hardly_ever),
    ),
    variants=answers.MIXTURE_VARIANTS,
    wrong=answers.MIXTURE_WRONG,
    hints=(
        "One member says 0.9, the other 0.1. What does the jury say? And if you average the "
        "logarithms?",
        "`np.exp` takes you to probabilities, `np.log` back. Which axis are the members on? "
        "And what becomes of -800 on the way?",
        "np.logaddexp(a, b) is log(exp(a) + exp(b)) and never leaves the logarithms\n"
        "np.logaddexp.reduce(logprobs, axis=0): the same for all members\nminus log of M",
    ),
    next_step="Now any models with one alphabet can sit on a jury, a table of counts as well.",
    drill="Three members say 0.5 and the fourth 0.1. What does the jury say?",
    drill_answer="(0.5 + 0.5 + 0.5 + 0.1) / 4 = 0.4.",
)  # fmt: skip

# 17.2  What disagreement gains


def _trial(rng: np.random.Generator, members: int, places: int, v: int = 6) -> Call:
    return Call(logprobs(rng, members, places, v, spread=3.0), rng.integers(0, v, places))


def _alike(rng: np.random.Generator) -> Call:
    one = logprobs(rng, 1, 7, 5)
    return Call(np.repeat(one, 3, axis=0), rng.integers(0, 5, 7))


AMBIGUITY = Exercise(
    id="17.2",
    name="ambiguity",
    task="""What a jury gains over its average member, nats/char.

    logprobs [M, N, V]: natural logarithms of M members' probabilities of V characters at N places.
    targets [N]: the ids of the characters that came; no member held one of these to be impossible.
    Returns a number: the mean loss of the members minus the loss of their mixture. A loss is the
    mean of -ln p of the characters that came.""",
    solution="lessons.l17_crowd.jury:ambiguity",
    probes=(
        Probe("members who agree gain nothing", _alike),
        Probe("two members at one place", lambda rng: _trial(rng, 2, 1)),
        Probe("a jury of four", lambda rng: _trial(rng, 4, 12)),
        Probe("as many members as places and characters", lambda rng: _trial(rng, 5, 5, 5)),
    ),
    variants=answers.AMBIGUITY_VARIANTS,
    wrong=answers.AMBIGUITY_WRONG,
    hints=(
        "Two members give the right character 0.9 and 0.1. What do they lose on average, and what "
        "does their mean, 0.5, lose?",
        "Only the probabilities of the characters that came matter: an array [M, N].",
        "came = logprobs of the targets, [M, N]\nlog of the mean of exp(came) over the members, "
        "[N]\nmean of that minus mean of came",
    ),
    next_step="The worst juror can be useful: what counts is how it errs, not only how often.",
    drill="Can the ambiguity be below 0?",
    drill_answer="No. The logarithm bends downwards, so the log of a mean is at least the mean of "
    "the logs (Jensen).",
)  # fmt: skip

# 17.3  A crowd in one


def _layer(rng: np.random.Generator, *shape: int, p: float) -> Call:
    return Call(1 + rng.standard_normal(shape) ** 2, rng.random(shape), p)


def _at_the_limit(rng: np.random.Generator) -> list[Call]:
    """Dice that fall on p exactly, and on 0 with p = 0."""
    x = 1 + rng.standard_normal(6) ** 2
    return [Call(x, np.array([0.5, 0.25, 0.75, 0.5, 0.0, 0.9]), 0.5), Call(x, np.zeros(6), 0.0)]


DROPOUT = Exercise(
    id="17.3",
    name="dropout",
    task="""Activations of a layer in training, some of them dropped.

    x: an array of any shape; u: random numbers from 0 to below 1 in the same shape, already drawn.
    p: the share to be dropped, from 0 to below 1.
    Returns an array like x: 0 where u < p. What is left is made larger, so that on average over u
    each activation is what it was.""",
    solution="lessons.l17_crowd.jury:dropout",
    probes=(
        Probe("with p = 0 nothing changes", lambda rng: _layer(rng, 6, p=0.0)),
        Probe("half of them dropped", lambda rng: _layer(rng, 8, p=0.5)),
        Probe("a batch: each row has dice of its own", lambda rng: _layer(rng, 5, 12, p=0.3)),
        Probe("nearly all of them", lambda rng: _layer(rng, 3, 4, 9, p=0.8)),
        Probe("u equal to p is not below it", _at_the_limit),
    ),
    variants=answers.DROPOUT_VARIANTS,
    wrong=answers.DROPOUT_WRONG,
    hints=(
        "A layer of ones, p = 0.2. How many are left of ten, and what must each be for a sum of "
        "ten?",
        "A condition such as `u < p` is an array, too; `np.where(condition, a, b)` chooses.",
        "where u < p: 0\nelsewhere: x / (1 - p)",
    ),
    next_step="When the network is used nothing is dropped, and nothing has to be scaled.",
    drill="A layer has 64 activations and half are dropped. How many thinned layers are there?",
    drill_answer="2 to the power of 64, if any number may be dropped; all share their weights.",
)  # fmt: skip

EXERCISES = (MIXTURE, AMBIGUITY, DROPOUT)
