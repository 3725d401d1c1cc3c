"""Exercises of lesson 8: the effective number, where entropy comes from, a fair control.

Idea:   count what is there, say how much of it the prompt explains, compare at equal quality.
Run:    python -m lessons check 08.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine.exercise import Call, Cause, Exercise, Probe
from lessons.l08_personas import answers
from lessons.shared.hill import AT_ONE, UNSEEN

# 08.1  How many different ones, effectively? 06.2 under another name, here without infinity.


def _uneven(rng: np.random.Generator, q: float) -> Call:
    return Call(rng.permutation([90, 40, 21, 13, 8, 5, 3, 2, 1, 1]) + rng.integers(0, 3, 10), q)


def _unseen(rng: np.random.Generator, q: float) -> Call:
    counts = np.concatenate([rng.integers(1, 60, 7), np.zeros(4, dtype=np.int64)])
    return Call(rng.permutation(counts), q)


def _beyond_all_kinds(answer: Any, counts: np.ndarray, q: float) -> bool:
    """NaN and infinity are beyond all."""
    return not 1 < float(answer) <= len(counts)


def _as_many_as_counts(answer: Any, counts: np.ndarray, q: float) -> bool:
    return float(answer) == len(counts)


EFFECTIVE_NUMBER = Exercise(
    id="08.1",
    name="effective_number",
    task="""Effective number of distinct things in a sample, of order q (Hill number).

    counts: a NumPy array of whole numbers, how often each thing was seen; some may be 0.
    q: the order, a number from 0 up.
    With the share p = count / total of each thing that was seen, returns
    (sum of p^q)^(1 / (1 - q)); at q = 1 its limit, 2 to the entropy in bits.""",
    solution="synthdata.diversity.hill:hill",
    probes=(
        Probe("things that are all equally common: there are as many as there are (q = 2)",
              lambda rng: Call(np.full(int(rng.integers(5, 30)), int(rng.integers(2, 40))), 2.0)),
        Probe("uneven counts at q = 3", lambda rng: _uneven(rng, 3.0)),
        Probe("uneven counts at q = 1: 2 to the entropy in bits", lambda rng: _uneven(rng, 1.0),
              causes=(Cause(AT_ONE, _beyond_all_kinds),)),
        Probe("things that were never seen change nothing (q = 0)", lambda rng: _unseen(rng, 0.0),
              causes=(Cause(UNSEEN, _as_many_as_counts),)),
        Probe("things that were never seen change nothing (q = 1)", lambda rng: _unseen(rng, 1.0)),
    ),
    variants=answers.EFFECTIVE_NUMBER_VARIANTS,
    wrong=answers.EFFECTIVE_NUMBER_WRONG,
    hints=(
        "Ten jokes are told, each as often as the next: the answer is 10. And if one of them is "
        "told nearly always?",
        "Shares first, and only of what was seen. Order 0 counts kinds; the larger q, the less the "
        "rare ones matter. Order 1 is a case of its own: e to the entropy in nats.",
        "p = counts above 0, over their sum\nif q is 1: 2 to the power of minus the sum of "
        "p log2 p\nelse: the sum of p^q, to the power 1 / (1 - q)",
    ),
    next_step="The lesson's criterion is a ratio of two such numbers of order 1.",
    drill="Four answers come with shares 1/2, 1/4, 1/8, 1/8. What is the number of order 1?",
    drill_answer="2^1.75 = 3.36: their entropy is 1.75 bits.",
)  # fmt: skip


# 08.2  Whose variety is it?


def _weights(rng: np.random.Generator, k: int) -> np.ndarray:
    """Uneven chances of k personas."""
    weight = rng.permutation(np.arange(1, k + 1) ** 2.0) + rng.random(k)
    return weight / weight.sum()


def _answers(rng: np.random.Generator, k: int, n: int) -> np.ndarray:
    """Chances [k, n] of n answers, some personas far more settled than others."""
    sharp = np.linspace(0.3, 3.0, k)[:, None]
    scores = np.exp(sharp * rng.standard_normal((k, n)))
    return scores / scores.sum(1, keepdims=True)


def _each_its_own(rng: np.random.Generator) -> Call:
    """No answer is given by two personas, so most chances are 0."""
    given = np.zeros((3, 9))
    for k, row in enumerate(_answers(rng, 3, 3)):
        given[k, 3 * k : 3 * k + 3] = row
    return Call(_weights(rng, 3), given)


def _never_more_within(answer: Any, share: np.ndarray, given: np.ndarray) -> str | None:
    total, within = answer
    words = f"total {total:.3g} below within {within:.3g}: more disorder in the parts"
    return words if within > total + 1e-6 else None


SPLIT = Exercise(
    id="08.2",
    name="entropy_split",
    task="""Entropy of all outputs together, and of a persona's own on average, in bits.

    share [K]: the chance of each of K personas; they sum to 1.
    given [K, L]: given[k, j] is the chance that persona k gives output j; rows sum to 1.
    Returns (total, within): total = H(out), the entropy of the mixture of all personas;
    within = H(out | persona), the mean of their own entropies, weighted by share.
    A chance of 0 adds nothing to an entropy.""",
    solution="synthdata.personas.world:entropy_split",
    probes=(
        Probe("two numbers, total and within, and total is never the smaller one",
              lambda rng: Call(_weights(rng, 5), _answers(rng, 5, 7)), judge=_never_more_within),
        Probe("personas who all answer alike: both are the entropy of one of them",
              lambda rng: Call(_weights(rng, 4), np.tile(_answers(rng, 1, 6), (4, 1)))),
        Probe("personas of unequal chances who answer differently",
              lambda rng: Call(_weights(rng, 5), _answers(rng, 5, 7))),
        Probe("answers that a persona never gives (chance 0) add nothing", _each_its_own),
    ),
    variants=answers.SPLIT_VARIANTS,
    wrong=answers.SPLIT_WRONG,
    hints=(
        "A cook only ever fries, a spy only ever steals, and both are asked equally often. How "
        "many bits are there in one's answers? And in all of them together?",
        "share @ given is one row: the chance of each output when nobody knows who is asked. Its "
        "entropy is the total. Each row of given has an entropy too.",
        "entropy(p) = - sum of p log2 p over p above 0\ntotal = entropy of share @ given\n"
        "within = sum over k of share[k] times entropy of given[k]\nreturn total, within",
    ),
    next_step="total - within is I(persona; out): the bits of variety that come from the prompt.",
    drill="Two personas, equally likely, each with two answers of its own, all equally likely. "
    "H(out), H(out | persona) and I(persona; out) in bits?",
    drill_answer="2, 1 and 1: what is said of the persona is what the two entropies differ by.",
)  # fmt: skip


# 08.3  A control at its best.


def _settings(rng: np.random.Generator, needed: list[float], good: list[list[bool]]) -> Call:
    """Settings of which each measure is good enough, or not, as `good` [S][Q] says."""
    least = np.array(needed)
    off = rng.uniform(0.02, 0.2, (len(good), len(needed)))
    quality = least + np.where(good, off, -off)
    return Call(np.sort(rng.uniform(2, 90, len(good))), quality, least)


def _both(rng: np.random.Generator) -> Call:
    """The most varied fail on one measure each; the third most varied is good in both."""
    good = [[True, True], [False, True], [True, True], [True, False], [False, True]]
    return _settings(rng, [0.9, -8.0], good)


def _all_good(rng: np.random.Generator) -> Call:
    call = _settings(rng, [0.9], [[True]] * 6)
    order = rng.permutation(6)
    return Call(call.args[0][order], call.args[1], call.args[2])


def _exactly(rng: np.random.Generator) -> Call:
    effective, quality, needed = _settings(rng, [0.75], [[True], [True], [True], [False]]).args
    quality[2] = needed
    return Call(effective, quality, needed)


MOST_VARIED = Exercise(
    id="08.3",
    name="most_varied",
    task="""Which setting is the most varied of those that are good enough.

    effective [S]: the effective number of distinct outputs of S settings.
    quality [S, Q]: each setting's quality by Q measures; higher is better.
    needed [Q]: what is needed of each measure; exactly that much is enough.
    Returns the setting's place from 0 to S - 1, or None where no setting is good enough.""",
    solution="synthdata.personas.evidence:most_varied",
    probes=(
        Probe("where all are good enough it is the most varied one", _all_good),
        Probe("a setting that is not good enough does not count, however varied",
              lambda rng: _settings(rng, [0.9], [[False], [True], [True], [False], [False]])),
        Probe("a setting is good enough only if it is by every measure", _both),
        Probe("what is exactly as good as needed is good enough", _exactly),
        Probe("None where nothing is good enough",
              lambda rng: _settings(rng, [0.9], [[False]] * 4)),
    ),
    variants=answers.MOST_VARIED_VARIANTS,
    wrong=answers.MOST_VARIED_WRONG,
    hints=(
        "At temperature 5 a model writes what nobody has written before. Does it win?",
        "quality >= needed compares every setting with the bar, a table [S, Q] of yes and no. A "
        "setting needs a yes in all of its row: .all(1).",
        "good = places of the settings with a yes in all of their row\nnone there? return None\n"
        "return the one of those places whose effective is largest",
    ),
    next_step="In this way each control in the experiment is taken at its best setting.",
    drill="Personas reach 60 at 93 % grammatical outputs. Of temperatures 1, 1.2 and 1.5 with 4, "
    "11 and 200 at 97 %, 92.5 % and 40 %, which is the fair control, if a point less is allowed?",
    drill_answer="Temperature 1.2 with 11: of those with 92 % and more it is the most varied.",
)  # fmt: skip

EXERCISES = (EFFECTIVE_NUMBER, SPLIT, MOST_VARIED)
