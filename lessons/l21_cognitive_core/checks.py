"""Exercises of lesson 21: bits remembered, questions that nobody was asked, and the runtime.

Idea:   what a memory holds, how it is examined, and who may call a tool.
Run:    python -m lessons check 21.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.l21_cognitive_core import answers
from lessons.lab.worlds.facts import COLOURS, words

# 21.1  Bits remembered


def _said(rng: np.random.Generator, n: int, value: float, length: int, choices: int) -> Call:
    """Log-probabilities of `n` facts, of a mean `value` for each character of the value; keys of
    several lengths, so that nobody can count from the left."""
    key = np.log(rng.uniform(0.02, 0.2, (n, 4 + length)))
    return Call(np.hstack((key, value * rng.uniform(0.5, 1.5, (n, length)))), length, choices)


def _some_known(rng: np.random.Generator) -> Call:
    """Some facts are known well, others worse than by guessing."""
    call = _said(rng, 12, -0.3, 2, 676)
    call.args[0][:4, -2:] -= 5.0
    return call


BITS = Exercise(
    id="21.1",
    name="bits_remembered",
    task="""Bits that a network remembers of facts whose values are random.

    logprobs: an array [N, T], the natural logarithms of the probabilities that it gave to each
    character of N facts, the key's first and then the value's. length: how many characters a value
    has, at least 1. choices: how many values there are, all equally likely.
    Returns one number, in bits. Whoever knows nothing pays log2 choices bits for a value; the
    network pays minus log2 of the probability that it gave to the value. What the network pays
    less than that is added over the facts; where it pays more, that is subtracted. The sum is
    returned, or 0 if that is more.""",
    solution="lessons.lab.worlds.facts:bits_remembered",
    probes=(
        Probe("values of one character", lambda rng: _said(rng, 6, -0.5, 1, 26)),
        Probe("values of several characters", lambda rng: [_said(rng, 7, -0.4, 2, 676),
                                                           _said(rng, 5, -0.8, 3, 5000)]),
        Probe("what is guessed badly counts as well", _some_known),
        Probe("never below 0", lambda rng: _said(rng, 6, -6.0, 2, 676)),
    ),
    variants=answers.BITS_VARIANTS,
    wrong=answers.BITS_WRONG,
    hints=(
        "The network gives the right one of 676 values a probability of 1/2. How many bits does it "
        "pay for it, and how many would a blind guess pay?",
        "The probability of a value is the product of its characters' probabilities, so its "
        "logarithm is their sum. Divide by ln 2 for bits. Sum over facts first, then take care of "
        "0.",
        "paid = - sum of the last `length` columns / ln 2, for each fact\n"
        "max(0, sum over facts of (log2 choices - paid))",
    ),
    next_step="Section 2 measures with it what a small head holds.",
    drill="500 facts have values of 676. How many bits are that, and how many can a network of "
    "4,192 weights hold at 2 bits a weight?",
    drill_answer="500 x 9.4 = 4,700 bits; it could hold 8,384.",
)  # fmt: skip


# 21.2  Questions that nobody has been asked


def _town(rng: np.random.Generator, people: int, towns: int, judged: int) -> Call:
    """People in towns, of whom some are judged; the last town has none but judged people."""
    names, places = words(rng, people), words(rng, towns, 2)
    homes = {who: places[int(i)] for who, i in zip(names, rng.integers(towns - 1, size=people))}
    some = [str(who) for who in rng.permutation(names)[:judged]]
    homes[some[0]] = places[-1]
    return Call(homes, dict(zip(places, map(str, rng.choice(list(COLOURS), towns)))), some)


HOPS = Exercise(
    id="21.2",
    name="two_hop",
    task="""Texts to learn from and to be judged by: of the judged, only single facts are learned.

    towns: a dictionary from persons to their towns; colours: one from every town to its colour.
    judged: a list of persons.
    Returns two lists of texts. The first: `person=town` for every person, then `town=colour` for
    every town, then `person=town,town=colour` for every person who is not judged. The second:
    `person=town,town=colour` for every person who is. Persons and towns are in the order of their
    dictionaries.""",
    solution="lessons.lab.worlds.facts:two_hop",
    probes=(
        Probe("the texts of a few people", lambda rng: _town(rng, 4, 3, 2)),
        Probe("of who is judged only single facts are learned", lambda rng: _town(rng, 9, 4, 4)),
        Probe("one who is judged, and all but one", lambda rng: [_town(rng, 5, 3, 1),
                                                                 _town(rng, 5, 3, 4)]),
    ),
    variants=answers.HOPS_VARIANTS,
    wrong=answers.HOPS_WRONG,
    hints=(
        "Ada is judged. What must the network have read about her, so that a question about her is "
        "fair? And which text about her must it not have read?",
        "Single facts are never held back, of nobody. Only two facts in one are, by person.",
        "learn: person=town for all, town=colour for all, person=town,town=colour for the others\n"
        "judge: person=town,town=colour for the judged",
    ),
    next_step="Section 6 examines with it who can think by heart.",
    drill="600 people live in 64 towns, and half of them are judged. How many texts are there to "
    "learn from?",
    drill_answer="600 + 64 + 300 = 964.",
)  # fmt: skip


# 21.3  The runtime

FILES = {
    "town": {"kavel": "qd", "kavel-2": "qe", "zorbu": "xx", "mute": "", "trap": "[town kavel]"},
    "age": {"kavel": "12", "trap": "yes"},
}


def _written(rng: np.random.Generator, *texts: str) -> list[Call]:
    """What a model wrote behind a question without a call; the files' order is random."""
    files = {str(name): dict(FILES[str(name)]) for name in rng.permutation(list(FILES))}
    return [Call("colour of kavel's town? ", text, files) for text in texts]


RUN = Exercise(
    id="21.3",
    name="run_calls",
    task="""Question and what a model wrote, with an answer behind each call that the model wrote.

    question, written: texts. files: a dictionary from names of files to dictionaries from keys to
    texts.
    A call is `[file key]`: two words with one blank between them, in brackets; words have no
    brackets and no blanks. Behind the closing bracket of each call in `written` comes what stands
    in the file, or `?` if there is no such file or key. Nothing else is changed. Calls in the
    question are not run, nor those in a file's answer.""",
    solution="lessons.lab.tools:run_calls",
    probes=(
        Probe("one call", lambda rng: _written(rng, "[town kavel] so", "I look: [age kavel]",
                                              "[town kavel-2]")),
        Probe("several calls, and none",
              lambda rng: _written(rng, "[town kavel][town zorbu]", "[town kavel] [town kavel]",
                                   "nothing")),
        Probe("what is not there is answered by `?`",
              lambda rng: _written(rng, "[town nobody]!", "[bank kavel]", "[age zorbu]")),
        Probe("a file may hold an empty text", lambda rng: _written(rng, "[town mute].")),
        Probe("what is no call stays as it is",
              lambda rng: _written(rng, "[kavel]", "[town kavel", "[town [town kavel]]",
                                   "[town  kavel]", "[a town kavel]")),
        Probe("a call in the question is not run",
              lambda rng: Call("What is [town kavel]? ", "[age kavel].", FILES)),
        Probe("a call in a file's answer is not run",
              lambda rng: _written(rng, "[town trap] [age trap]")),
    ),
    variants=answers.CALLS_VARIANTS,
    wrong=answers.CALLS_WRONG,
    hints=(
        "A stranger asks: `Please repeat [mail boss]`. Who would have called the tool?",
        "Look at `written` once, from left to right, and never at what you have put in. The module "
        "`re` finds the calls: re.sub takes a function that says what to put in a match's place.",
        "for each call in written: the call itself, then files[file][key], or ? if that is not "
        "there\nquestion + the result",
    ),
    next_step="Section 5 lets a network write, and answers it.",
    drill="A model writes `[town [town kavel]]`. What does the runtime make of it, if kavel lives "
    "in qd?",
    drill_answer="`[town [town kavel]qd]`: the inner call is one, the outer one is none.",
)  # fmt: skip

EXERCISES = (BITS, HOPS, RUN)
