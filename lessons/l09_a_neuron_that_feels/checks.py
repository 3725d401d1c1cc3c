"""Exercises of lesson 9: the running posterior, AUC of every unit, the best unit.

Idea:   what can be known after each character; how well each unit knows it; which unit to pick.
Run:    python -m lessons check 09.1
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lessons.engine import inputs
from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.judges import numbers
from lessons.l09_a_neuron_that_feels import answers

# 09.1  What can be known after each character?


def _two(rng: np.random.Generator) -> np.ndarray:
    """A prior of two causes that is not even."""
    share = float(rng.uniform(0.1, 0.4))
    return np.array([share, 1 - share])


def _table(rng: np.random.Generator, t: int, k: int = 2) -> np.ndarray:
    """Log-probabilities [T, K] of characters, of which each cause finds some likelier."""
    return np.log(rng.uniform(0.1, 0.9, (t, k)))


def _same(rng: np.random.Generator) -> Call:
    said = np.log(rng.uniform(0.1, 0.9, (6, 1)))
    return Call(np.repeat(said, 2, axis=1), _two(rng))


def _prior_of(k: int, rng: np.random.Generator) -> np.ndarray:
    return np.exp(inputs.logprobs(rng, k, spread=0.7))


def _sums_to_one(answer: Any, loglik: np.ndarray, prior: np.ndarray) -> str | None:
    sums = numbers(answer).sum(axis=1)
    worst = float(sums[np.abs(sums - 1).argmax()])
    return None if math.isclose(worst, 1, abs_tol=1e-6) else f"a row whose sum is {worst:.4g}"


POSTERIOR = Exercise(
    id="09.1",
    name="running_posterior",
    task="""Bayes' rule along a text: how likely each hidden cause is after each character.

    loglik [T, K]: logarithm of the probability of each of T characters under each of K causes,
    given the characters before it.
    prior [K]: probability of each cause before the first character.
    Returns [T, K]: row t holds the causes' probabilities after characters 0 to t. Texts may be
    thousands of characters long.""",
    solution="lessons.lab.hidden_cause:running_posterior",
    probes=(
        Probe("after each character the probabilities of the causes sum to one",
              lambda rng: Call(_table(rng, 7), _two(rng)), judge=_sums_to_one),
        Probe("characters that all causes find equally likely leave the prior as it was", _same),
        Probe("after one character: prior times likelihood, divided by the sum",
              lambda rng: Call(_table(rng, 1), _two(rng))),
        Probe("evidence adds up from character to character",
              lambda rng: Call(_table(rng, 9), _two(rng))),
        Probe("any number of causes", lambda rng: Call(_table(rng, 8, 4), _prior_of(4, rng))),
        Probe("a text of 3,000 characters", lambda rng: Call(_table(rng, 3000) - 1, _two(rng))),
    ),
    variants=answers.POSTERIOR_VARIANTS,
    wrong=answers.POSTERIOR_WRONG,
    hints=(
        "Two causes, prior 1/2 each. A character has probability 0.9 under one and 0.1 under the "
        "other. How likely is each now? And after a second such character?",
        "Multiplying probabilities is adding logarithms: np.cumsum(loglik, axis=0). Before exp, "
        "subtract each row's largest number; the shares stay the same.",
        "evidence = log(prior) + running sum of loglik\n"
        "weights = exp(evidence - each row's largest)\nreturn weights / each row's sum",
    ),
    next_step="It is the best reader there can be, and the standard for the unit.",
    drill="A glad reviewer praises 9 parts in 10, a cross one 1 in 10. How likely is glad after "
    "two parts praised and one not, if both were equally likely at first?",
    drill_answer="9 to 1, that is 0.9: one praise and one blame cancel.",
)  # fmt: skip


# 09.2  How well does each unit alone tell the moods apart?


def _labels(rng: np.random.Generator, n: int) -> np.ndarray:
    """Labels of 0 and 1, not equally many, in any order."""
    labels = np.zeros(n, dtype=np.int64)
    labels[: n // 3] = 1
    return rng.permutation(labels)


def _states(rng: np.random.Generator, n: int = 24, units: int = 5) -> Call:
    return Call(rng.standard_normal((n, units)) - 0.4, _labels(rng, n))


def _perfect(rng: np.random.Generator) -> Call:
    labels = _labels(rng, 15)
    above = 3 * labels + rng.random(15)
    return Call(np.column_stack([above, -above]), labels)


def _tied(rng: np.random.Generator) -> Call:
    return Call(rng.integers(0, 3, (21, 4)).astype(float), _labels(rng, 21))


def _stretched(rng: np.random.Generator) -> list[Call]:
    states, labels = _states(rng).args
    return [Call(states, labels), Call(np.exp(2 * states) + 50, labels)]


def _only_order_counts(answers: list[Any], calls: list[Call]) -> str | None:
    plain, stretched = (numbers(answer) for answer in answers)
    off = float(np.abs(plain - stretched).max())
    return None if off < 1e-9 else f"a change by {off:.3g} where only the size of values changed"


AUCS = Exercise(
    id="09.2",
    name="unit_aucs",
    task="""AUC of every unit: how well its value alone tells two kinds of text apart.

    states [N, E]: value of each of E units behind each of N texts.
    labels [N]: 1 or 0, the kind of each text; both occur.
    Returns [E]: for each unit the share of all pairs (one text of each kind) in which the text
    labelled 1 has the higher value. A pair with equal values counts one half.""",
    solution="lessons.lab.inside:unit_aucs",
    probes=(
        Probe("1 for a unit that is always higher for label 1, 0 for one always lower", _perfect),
        Probe("all pairs count, and each unit has its own AUC", _states),
        Probe("1/2 for a unit that never moves",
              lambda rng: Call(np.full((9, 2), 0.7), _labels(rng, 9))),
        Probe("equal values in some of the pairs count one half each", _tied),
        Probe("stretching values without changing their order changes nothing", _stretched,
              judge=_only_order_counts),
    ),
    variants=answers.AUCS_VARIANTS,
    wrong=answers.AUCS_WRONG,
    hints=(
        "You had one judge in exercise 06.1. What are its two lists of scores here, for one unit?",
        "states[labels == 1][:, None] - states[labels == 0][None] is a table [n1, n0, E] with the "
        "gap of every pair in every unit. A loop over units is fine, too.",
        "gap = each text labelled 1 minus each labelled 0, unit by unit\n"
        "won = 1 where the gap is above 0, 1/2 where it is 0\nreturn the mean over all pairs",
    ),
    next_step="The next exercise picks the best of them, which is not always the highest.",
    drill="A unit has an AUC of 0.03. Does it know the mood?",
    drill_answer="Yes, very well: it is low where others are high. Its sign is -1.",
)  # fmt: skip


# 09.3  Which unit, and which way round?


def _planted(rng: np.random.Generator, sign: int) -> Call:
    """Noise of very different sizes; one unit, neither the first nor the largest, knows."""
    labels = _labels(rng, 40)
    states = rng.standard_normal((40, 6)) * np.array([1.0, 30.0, 1.0, 2.0, 0.5, 5.0])
    states[:, int(rng.integers(2, 5))] = sign * (2 * labels + 0.8 * rng.standard_normal(40))
    return Call(states, labels)


def _mean_misleads(rng: np.random.Generator) -> Call:
    """A few huge values give the first unit the largest difference of means."""
    labels = _labels(rng, 45)
    states = rng.standard_normal((45, 4))
    states[:, 0] += 400 * (labels == 1) * (rng.random(45) < 0.3)
    states[:, 2] -= 3 * labels
    return Call(states, labels)


BEST = Exercise(
    id="09.3",
    name="best_unit",
    task="""The unit that tells two kinds of text apart best, and which way round.

    states [N, E]: value of each of E units behind each of N texts; labels [N]: 1 or 0.
    Returns (index, sign): the unit whose AUC is farthest from 1/2, on either side. The sign is 1
    if the unit is high for label 1, and -1 if it is high for label 0. You may call the package's
    `unit_aucs(states, labels)`: from lessons.lab.inside import unit_aucs.""",
    solution="lessons.lab.inside:best_unit",
    probes=(
        Probe("a unit that is high for label 1 has sign 1", lambda rng: _planted(rng, 1)),
        Probe("a unit that is high for label 0 has sign -1", lambda rng: _planted(rng, -1)),
        Probe("a few large values do not make a unit the best", _mean_misleads),
        Probe("the best of units that know little", lambda rng: _states(rng, 60, 12)),
    ),
    variants=answers.BEST_VARIANTS,
    wrong=answers.BEST_WRONG,
    hints=(
        "Which of two units tells more: one with an AUC of 0.8, or one with 0.1?",
        "The distance from 1/2 counts, np.abs(aucs - 0.5); argmax() gives the place of the largest "
        "number.",
        "apart = AUC of every unit - 1/2\nunit = place of the largest |apart|\n"
        "sign = 1 if apart[unit] is not negative, else -1\nreturn unit, sign",
    ),
    next_step="Chosen on one half of the reviews, the unit is judged on the other, with its sign.",
    drill="Of 128 units that know nothing the best is chosen on 100 texts. Is its AUC on the same "
    "texts above 1/2? And on others?",
    drill_answer="On the same texts it is about 0.65, the luckiest of 128; on others about 1/2.",
)  # fmt: skip

EXERCISES = (POSTERIOR, AUCS, BEST)
