"""Exercises of lesson 7: a fit, a formula, a slope.

Idea:   fit categories by counting, say in advance how much they will lose, and measure a trend.
Run:    python -m lessons check 07.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.l07_model_collapse import answers
from synthdata.collapse.theory import agreement_replace

# 07.1  What a model of categories is.


def _draws(rng: np.random.Generator, categories: int, *, unseen: tuple[int, ...] = ()) -> Call:
    """Each category that is not `unseen` at least once, unevenly often, in random order."""
    seen = np.array([k for k in range(categories) if k not in unseen])
    often = np.concatenate([np.repeat(k, i + 1) for i, k in enumerate(rng.permutation(seen))])
    return Call(rng.permutation(np.concatenate([often, rng.choice(seen, 7)])), categories)


FREQUENCIES = Exercise(
    id="07.1",
    name="relative_frequencies",
    task="""Fit a model to draws of K categories: the share of each among the draws.

    draws [n]: a NumPy array of whole numbers from 0 to K - 1, in any order.
    categories: K. Some of them may not be among the draws.
    Returns an array [K] of probabilities that sum to one.""",
    solution=answers.FREQUENCIES,
    probes=(
        Probe("where every category was drawn: how often each, divided by all draws",
              lambda rng: _draws(rng, 6)),
        Probe("the last category was never drawn: K shares all the same, the last one 0",
              lambda rng: _draws(rng, 6, unseen=(5,))),
        Probe("a category in the middle was never drawn: a 0 stands in its place",
              lambda rng: _draws(rng, 7, unseen=(0, int(rng.integers(2, 5))))),
        Probe("a single draw: its category is certain, all others are impossible",
              lambda rng: Call(rng.integers(0, 5, 1), 5)),
    ),
    variants=answers.FREQUENCIES_VARIANTS,
    wrong=answers.FREQUENCIES_WRONG,
    hints=(
        "Of 10 draws 3 were category 2. What is the model's probability of 2? And of a category "
        "that did not come?",
        "np.bincount(draws, minlength=K) counts how often 0, 1, ..., K - 1 occur.",
        "counts = how often each of 0 .. K - 1 occurs among the draws\n"
        "return counts divided by the number of draws",
    ),
    next_step="Draw from these shares, fit again, and you have one generation. What has "
    "share 0 once has it for ever.",
    drill="Category 7 came 0 times among 200 draws. Who may write it in the next generation?",
    drill_answer="Nobody, then or ever: its share is 0 from now on.",
)  # fmt: skip


# 07.2  What theory says.


def _chain(rng: np.random.Generator, g: int) -> Call:
    return Call(g, int(rng.integers(5, 20)), float(rng.uniform(0.1, 0.4)))


def _second_generation(rng: np.random.Generator) -> tuple[str, float]:
    n = int(rng.integers(4, 30))
    return (
        f"The truth never repeats itself (s0 = 0), and a round has n = {n} draws. "
        "With which probability do two draws of generation 1 agree?",
        agreement_replace(1, n, 0.0),
    )


AGREEMENT = Exercise(
    id="07.2",
    name="agreement_replace",
    task="""Probability that two draws of generation g agree, on average over many chains.

    g: number of the generation; 0 was fitted to n real draws, 1 to n draws of 0, and so on.
    n: draws in each round, also the first.
    s0: probability that two draws of the truth agree (its sum of p squared).
    Returns a number from s0 to 1. Each fit leaves a share 1 - 1/n of the disagreement.""",
    solution=answers.AGREEMENT,
    probes=(
        Probe("generation 0 has been fitted once: 1/n + (1 - 1/n) s0", lambda rng: _chain(rng, 0)),
        Probe("generation 1 has been fitted twice", lambda rng: _chain(rng, 1)),
        Probe("after several generations", lambda rng: _chain(rng, int(rng.integers(4, 9)))),
        Probe("where the truth has one category alone, all draws agree for ever",
              lambda rng: Call(int(rng.integers(2, 9)), int(rng.integers(5, 20)), 1.0)),
        Probe("after 100,000 generations of few draws all agree",
              lambda rng: Call(100_000, int(rng.integers(5, 20)), float(rng.uniform(0, 0.5)))),
    ),
    variants=answers.AGREEMENT_VARIANTS,
    wrong=answers.AGREEMENT_WRONG,
    hints=(
        "Two draws of one round: with which probability do they copy the same draw of the round "
        "before? And if they do not, what is the chance that they agree?",
        "The disagreement d = 1 - s is what is easy to follow: d after a fit = (1 - 1/n) times d "
        "before. Count the fits: generation 0 has had one.",
        "fits = g + 1\ndisagreement = (1 - 1/n) to the power of fits, times (1 - s0)\n"
        "return 1 - disagreement",
    ),
    next_step="The experiment holds its chains against your formula, in standard errors.",
    drill=_second_generation,
)  # fmt: skip


# 07.3  Is it a trend?


def _lines(rng: np.random.Generator, rows: int, points: int) -> Call:
    """Straight lines that differ in slope and height."""
    rise = rng.uniform(0.2, 2, (rows, 1)) * np.where(np.arange(rows) % 2, -1, 1)[:, None]
    return Call(rng.uniform(1, 3, (rows, 1)) + rise * np.arange(points))


SLOPES = Exercise(
    id="07.3",
    name="slopes",
    task="""Least-squares slope of each chain's error over the generations.

    values [S, G + 1]: the error of S chains (rows) in generations 0, 1, ..., G (columns).
    Returns an array [S]: by how much each chain's error rises in one generation. For one row v
    and generations g: sum of (g - mean g)(v - mean v), divided by the sum of (g - mean g)^2.""",
    solution=answers.SLOPES,
    probes=(
        Probe("each row a straight line: its slope, whatever its height",
              lambda rng: _lines(rng, 4, 6)),
        Probe("rows that go up and down", lambda rng: Call(rng.uniform(0, 5, (5, 8)))),
        Probe("a single row", lambda rng: Call(rng.uniform(0, 5, (1, 9)))),
        Probe("an error that does not change has slope 0",
              lambda rng: Call(np.full((3, 5), float(rng.uniform(1, 9))))),
    ),
    variants=answers.SLOPES_VARIANTS,
    wrong=answers.SLOPES_WRONG,
    hints=(
        "Of two chains that end at the same height, one has risen steadily and one jumped in the "
        "last generation. Should their slopes be the same?",
        "With c = g - mean g, the entries of c sum to 0. So sum of c v is the same as sum of "
        "c (v - mean v), and `values @ c` does it for all rows at once.",
        "c = 0, 1, ..., G minus their mean\nreturn (values @ c) / (c @ c)",
    ),
    next_step="A slope for each seed, an interval over seeds: this is what the verdict on "
    "replace is made of.",
    drill="Errors 2, 2, 2, 6 in generations 0 to 3: is the least-squares slope above or below "
    "(6 - 2) / 3?",
    drill_answer="Below: it is 1.2, where (6 - 2) / 3 is 1.33; the middle points pull too.",
)  # fmt: skip

EXERCISES = (FREQUENCIES, AGREEMENT, SLOPES)
