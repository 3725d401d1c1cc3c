"""Exercises of lesson 20: how sure of an answer, what a budget allows, who is asked.

Idea:   a doubt, a threshold and a bill: all that a manager needs.
Run:    python -m lessons check 20.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Made, Probe
from lessons.engine.inputs import logprobs
from lessons.l20_company_of_models import answers

# 20.1  How sure of an answer


def _answers(rng: np.random.Generator, *lengths: int, greedy: bool = False) -> Call:
    """Answers written up to the longest length; what is behind the others is chance."""
    said = logprobs(rng, len(lengths), max(lengths), 6)
    said = np.asarray(said, dtype=float)
    written = said.argmax(-1) if greedy else rng.integers(6, size=said.shape[:2])
    return Call(said, written, np.array(lengths))


def _never_written(rng: np.random.Generator) -> Call:
    """Behind the end of the first answer is a character that the network rules out."""
    call = _answers(rng, 2, 4)
    said, written, _ = call.args
    said[0, 3, written[0, 3]] = -np.inf
    return call


SURENESS = Exercise(
    id="20.1",
    name="sureness",
    task="""How sure a network is of each of N answers: the log-probability of the whole answer.

    logprobs [N, A, V]: what the network said at each of A places, in nats, before it wrote a
    character there. written [N, A]: the ids of the characters that it wrote. lengths [N]: how many
    of them are the answer; what was written behind that does not count.
    An answer's probability is the product of those of its characters, each behind the ones before
    it. Returns the logarithms of the N answers' probabilities, [N].""",
    solution="lessons.l20_company_of_models.company:sureness",
    probes=(
        Probe("an answer of one character",
              lambda rng: _answers(rng, 1, 1, 1)),
        Probe("answers of several characters, the likeliest each time",
              lambda rng: _answers(rng, 3, 3, greedy=True)),
        Probe("what was written counts, whether it was the likeliest or not",
              lambda rng: _answers(rng, 4, 4, 4)),
        Probe("behind the end of an answer nothing counts",
              lambda rng: [_answers(rng, 2, 4, 1, 3), _answers(rng, 3, 5, greedy=True)]),
        Probe("not even a character that has a probability of 0", _never_written),
    ),
    variants=answers.SURENESS_VARIANTS,
    wrong=answers.SURENESS_WRONG,
    hints=(
        "The answer is `13`. The network gave 0.5 to `1`, and behind it 0.8 to `3`. How probable "
        "is the answer, and what is the logarithm of that?",
        "The logarithm of a product is a sum. Pick, at each place, the number of the character "
        "that was written; then add up the first lengths[i] of them.",
        "for each answer i: sum over place < lengths[i] of logprobs[i, place, written[i, place]]",
    ),
    next_step="The manager reads nothing else than this number.",
    drill="One answer of three characters has a sureness of -0.3, one of four characters -0.4. "
    "Which is likelier to be right, if the network knows its own odds?",
    drill_answer="The first: 0.74 against 0.67. That a character has 0.90 in both does not matter; "
    "an answer with one wrong character is wrong.",
)  # fmt: skip


# 20.2  A budget becomes a threshold


def _sure(rng: np.random.Generator, n: int) -> list[float]:
    return [float(x) for x in np.log(rng.uniform(0.05, 1.0, n))]


def _affords(rng: np.random.Generator, n: int, rises: int) -> Call:
    """A budget for `rises` of n questions and most of one more."""
    cheap, dear = float(rng.uniform(0.5, 2)), float(rng.uniform(5, 15))
    return Call(_sure(rng, n), cheap, dear, cheap + dear * (rises + 0.7) / n)


def _ties(rng: np.random.Generator) -> Call:
    """Four that are equally unsure, and a budget for two of them, beside one that is more so."""
    sure = rng.permutation([-3.0, *[-2.0] * 4, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1])
    return Call(sure.tolist(), 0.3, 8.0, 0.3 + 8.0 * 3.5 / 11)


THRESHOLD = Exercise(
    id="20.2",
    name="threshold",
    task="""The sureness below which a question rises, for a budget.

    sureness: list of N numbers, one a question. cheap, dear: what an answer of the specialists and
    of the large network costs. budget: what an answer may cost on average.
    Each question is paid `cheap`; one that rises is paid `dear` as well. A question rises if its
    sureness is strictly below the threshold.
    As many rise as the budget pays for, the least sure first, never more: of equally sure ones all
    or none. Returns the sureness of the first question that does not rise; infinity if all rise. If
    the budget pays for none, that is the lowest sureness.""",
    solution="lessons.l20_company_of_models.company:threshold",
    probes=(
        Probe("the least sure rise",
              lambda rng: [_affords(rng, 10, 4), _affords(rng, 12, 9), _affords(rng, 9, 1)]),
        Probe("a budget that pays for all of them", lambda rng: Call(_sure(rng, 6), 1.0, 4.0, 5.5)),
        Probe("of equally sure ones all or none", lambda rng: [_ties(rng), _ties(rng)]),
        Probe("a budget that pays for none of them", lambda rng: _affords(rng, 8, 0)),
        Probe("a budget that does not even pay the specialists",
              lambda rng: Call(_sure(rng, 8), 2.0, 9.0, 1.0)),
    ),
    variants=answers.THRESHOLD_VARIANTS,
    wrong=answers.THRESHOLD_WRONG,
    hints=(
        "Four questions, a specialist costs 1, the large network 10, and an answer may cost 6. "
        "What is left for rising, over all four, once the specialists are paid? How many can rise?",
        "paid = N (budget - cheap) / dear, rounded down, and not below 0. Sort the numbers: the "
        "first `paid` of them may rise.",
        "ordered = sorted(sureness)\n"
        "paid = floor(N * (budget - cheap) / dear), at least 0\n"
        "infinity if paid >= N, else ordered[paid]",
    ),
    next_step="20.3 uses it.",
    drill="A specialist costs a twentieth of the large network, and half of the latter's price is "
    "allowed. What share may rise? And if a specialist costs half?",
    drill_answer="0.45; and none: what rises is paid twice.",
)  # fmt: skip


# 20.3  Hard ones rise

DESK = "lessons.l20_company_of_models.company:Desk"


def _office(
    rng: np.random.Generator, sure: list[float], limit: float, large_sure: float = -0.5
) -> Call:
    """A small and a large one that always differ, on questions of this sureness, shuffled; each
    call costs something, so that bills tell how often they are asked."""
    questions = [f"s{int(x)}=" for x in rng.choice(900, len(sure), replace=False) + 100]
    told = dict(zip(questions, (float(x) for x in rng.permutation(sure))))
    doubt = dict.fromkeys(questions, large_sure)
    small = Made(DESK, {q: "small " + q for q in questions}, told, 1.0, 0.3)
    large = Made(DESK, {q: "large " + q for q in questions}, doubt, 10.0, 0.7)
    return Call(questions, small, large, limit)


ESCALATE = Exercise(
    id="20.3",
    name="escalate",
    task="""A cascade: the specialist answers, and what it doubts is asked again.

    questions: list of N questions. small, large: functions that take a list of questions and return
    three things: their answers (a list), how sure they are of each [N], and the bill for all of
    them. threshold: questions of which `small` is less sure than that rise.
    Call `small` once, about all, and `large` once, about those that rise; not at all if there are
    none: a call costs something, too. Returns (answers, bill): each question's answer by the last
    one asked, in the order of the questions, and the sum of all bills.""",
    solution="lessons.l20_company_of_models.company:escalate",
    probes=(
        Probe("nobody is in doubt",
              lambda rng: _office(rng, [-0.1, -0.2, -0.3], -1.0)),
        Probe("everything rises, and is paid twice",
              lambda rng: _office(rng, [-3.0, -2.0, -4.0], -1.0)),
        Probe("some rise, and answers keep their order",
              lambda rng: [_office(rng, [-3.0, -0.1, -2.0, -0.2, -0.3, -2.5, -0.4], -1.0)
                           for _ in range(2)]),
        Probe("the last one asked is believed, even if it is less sure",
              lambda rng: _office(rng, [-3.0, -0.1, -2.0, -0.2], -1.0, large_sure=-5.0)),
        Probe("exactly as sure as the threshold does not rise",
              lambda rng: _office(rng, [-3.0, -1.0, -1.0, -0.2], -1.0)),
    ),
    variants=answers.ESCALATE_VARIANTS,
    wrong=answers.ESCALATE_WRONG,
    hints=(
        "Three questions, of which the specialist doubts the second. Who is asked about what, and "
        "what is the whole bill if a specialist's answer costs 1 and the large network's 10?",
        "Ask small about all. Collect the indices that rise, ask large about those questions, and "
        "put its answers at these indices. Both bills count.",
        "answers, sure, bill = small(questions)\nrises = indices with sure < threshold\n"
        "if any: ask large about these; replace their answers; add its bill",
    ),
    next_step="This is the whole company. Now it has to earn its money.",
    drill="A specialist costs 1, the large network 20, and 3 of 10 questions rise. What does an "
    "answer cost? What share of the large network's price is that?",
    drill_answer="1 + 0.3 * 20 = 7, or 0.35.",
)  # fmt: skip


EXERCISES = (SURENESS, THRESHOLD, ESCALATE)
