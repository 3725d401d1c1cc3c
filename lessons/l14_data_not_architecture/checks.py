"""Exercises of lesson 14: what a doubling gains, who wins a bet fairly, differences in pairs.

Idea:   three ways in which a comparison flatters its author, and what keeps it from that.
Run:    python -m lessons check 14.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.l14_data_not_architecture import answers

# 14.1  What a doubling gains


def _line(
    rng: np.random.Generator, sizes: list[int], *, scatter: float = 0.0, mixed: bool = False
) -> Call:
    """Losses that fall by one number a doubling, more or less."""
    gain, first = rng.uniform(0.03, 0.3), rng.uniform(1.5, 2.5)
    losses = first - gain * np.log2(np.array(sizes) / sizes[0])
    losses = losses + scatter * rng.standard_normal(len(sizes))
    order = rng.permutation(len(sizes)) if mixed else np.arange(len(sizes))
    return Call([sizes[i] for i in order], losses[order].tolist())


UNEVEN = [1000, 2000, 16_000, 20_000, 500_000]

PER_DOUBLING = Exercise(
    id="14.1",
    name="per_doubling",
    task="""What a doubling of the text gains, in nats/char: above 0 if more text is better.

    sizes [N]: characters, all different, in any order and not always twice the one before.
    losses [N]: loss with each, nats/char. N is 2 or more.
    Returns a number: how far the straight line of least squares through the losses falls for each
    doubling of the size.""",
    solution="lessons.l14_data_not_architecture.bets:per_doubling",
    probes=(
        Probe("two sizes, one twice the other", lambda rng: _line(rng, [500, 1000])),
        Probe("doublings along a straight line", lambda rng: _line(rng, [1, 2, 4, 8, 16])),
        Probe("sizes that are no doublings", lambda rng: _line(rng, UNEVEN)),
        Probe("in any order", lambda rng: _line(rng, UNEVEN, mixed=True)),
        Probe("losses that scatter", lambda rng: _line(rng, UNEVEN, scatter=0.1, mixed=True)),
    ),
    variants=answers.PER_DOUBLING_VARIANTS,
    wrong=answers.PER_DOUBLING_WRONG,
    hints=(
        "With 1,000 characters the loss is 2.0, with 4,000 it is 1.8. How many doublings is that?",
        "On the axis log2(size) a doubling is a step of 1. np.polyfit(x, y, 1)[0] is a slope.",
        "x = log2 of the sizes\nslope = of the line of least squares through (x, losses)\n"
        "return minus the slope",
    ),
    next_step="An idea that gains as much as a doubling is worth as much text again.",
    drill="A doubling gains 0.1 nats, an idea 0.05. How much more text is the idea worth?",
    drill_answer="Half a doubling: 2 to the power of 0.5, so 41 % more.",
)  # fmt: skip


# 14.2  Chosen here, judged there


def _both(rng: np.random.Generator, *, alike: bool) -> Call:
    """Two halves that agree on the best arm, or not: then a third is best by both together."""
    choose, judge = np.array([1.5, 1.52, 1.7, 1.8, 1.8]), np.array([1.85, 1.62, 1.6, 1.9, 1.9])
    if alike:
        judge[[0, 2]] = judge[[2, 0]]
    order = rng.permutation(5)
    more = rng.uniform(0, 0.015, (2, 5))
    return Call((choose + more[0])[order].tolist(), (judge + more[1])[order].tolist())


def _tie(rng: np.random.Generator) -> Call:
    low, high = 1.25, float(rng.uniform(1.3, 2))
    return Call([high, low, high, low, high], rng.uniform(1.3, 2, 5).tolist())


WINNER = Exercise(
    id="14.2",
    name="winner",
    task="""The arm that does best where it may be chosen, and its loss where it is judged.

    choose, judge [N]: losses of the same N arms in the same order, nats/char.
    Returns (place, loss): the place, from 0 on, of the least loss in `choose` (of equal ones the
    first), and the loss of this arm in `judge`.""",
    solution="lessons.l14_data_not_architecture.bets:winner",
    probes=(
        Probe("one arm wins", lambda rng: Call([1.5], [float(rng.uniform(1, 2))])),
        Probe("both halves agree on the best", lambda rng: _both(rng, alike=True)),
        Probe("they do not agree", lambda rng: _both(rng, alike=False)),
        Probe("of equal ones the first", _tie),
    ),
    variants=answers.WINNER_VARIANTS,
    wrong=answers.WINNER_WRONG,
    hints=(
        "Ten students guess ten coins. The best of them had 8 right. How many will he have next?",
        "Which arm wins may depend on `choose` alone; what it gets, on `judge` alone. "
        "`np.argmin` is the place of the least.",
        "place = where choose is least\nreturn place, judge[place]",
    ),
    next_step="The experiment's best idea was chosen so, on a seed that is never judged.",
    drill="Twenty arms are equally good, and losses scatter by chance. Is the best one's loss "
    "in `choose` too low, too high, or right?",
    drill_answer="Too low: it is the luckiest of twenty. In `judge` it is right on average.",
)  # fmt: skip


# 14.3  In pairs


def _pairs(rng: np.random.Generator, n: int, *, shared: float = 1.0, own: float = 0.1) -> Call:
    """Arms that share each seed's luck; t is that of n seeds, or nearly."""
    luck = 2 + shared * rng.standard_normal(n)
    a, b = luck + own * rng.standard_normal((2, n)) + np.array([[0.3], [0.0]])
    return Call(a.tolist(), b.tolist(), {2: 12.706, 3: 4.303, 5: 2.776, 8: 2.365}[n])


def _same_lead(rng: np.random.Generator) -> Call:
    luck = rng.integers(8, 40, 5) / 8.0
    return Call((luck + 0.25).tolist(), luck.tolist(), 2.776)


PAIRED = Exercise(
    id="14.3",
    name="paired",
    task="""The mean difference of two arms over the same seeds, and both ends of its interval.

    a, b [S]: what two arms measured, seed by seed; S is 2 or more. t: how many standard errors the
    interval reaches to each side (Student's t: 2.776 for five seeds and 95 %).
    Returns (mean, low, high) of a - b. The standard error is the standard deviation of the
    differences, with S - 1, over the root of S.""",
    solution="lessons.l14_data_not_architecture.bets:paired",
    probes=(
        Probe("the same lead at every seed has no spread", _same_lead),
        Probe("two seeds", lambda rng: _pairs(rng, 2)),
        Probe("arms that share the luck of their seeds", lambda rng: _pairs(rng, 5)),
        Probe("arms that share little", lambda rng: _pairs(rng, 8, shared=0.05)),
    ),
    variants=answers.PAIRED_VARIANTS,
    wrong=answers.PAIRED_WRONG,
    hints=(
        "Seed by seed: 2.0 against 1.9, 2.6 against 2.5, 1.7 against 1.6. How sure is the lead?",
        "Take the differences first; from then on there is one list of numbers. `std(ddof=1)` "
        "divides by S - 1.",
        "d = a - b, seed by seed\nhalf = t * std of d (with S - 1) / sqrt(S)\n"
        "return mean of d, mean - half, mean + half",
    ),
    next_step="Every interval below is made so.",
    drill="The differences scatter by 0.02 over four seeds. How wide is a standard error?",
    drill_answer="0.02 / 2 = 0.01.",
)  # fmt: skip

EXERCISES = (PER_DOUBLING, WINNER, PAIRED)
