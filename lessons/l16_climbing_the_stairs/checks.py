"""Exercises of lesson 16: a check without a teacher, the problems of the next round, a vote.

Idea:   what may be kept of one's own answers, and what is learned from.
Run:    python -m lessons check 16.1
"""

from __future__ import annotations

import string

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.l16_climbing_the_stairs import answers

# 16.1  The check


def _word(rng: np.random.Generator, n: int) -> str:
    """`n` letters of which one is there twice, and none is a or z."""
    letters = [str(letter) for letter in rng.choice(list("bcdefghijklmnopqrstuvwxy"), n - 1, False)]
    word = [*letters, letters[0]]
    return "".join(str(word[i]) for i in rng.permutation(n))


def _right(rng: np.random.Generator) -> list[Call]:
    words = ["".join(rng.permutation(list(string.ascii_lowercase))[:n]) for n in (1, 4, 9)]
    return [Call(word, "".join(sorted(word))) for word in words]


def _twins(rng: np.random.Generator) -> list[Call]:
    words = [_word(rng, 5), _word(rng, 8), "aa"]
    return [Call(word, "".join(sorted(word))) for word in words]


def _nearly(rng: np.random.Generator) -> list[Call]:
    """One word and answers with one fault each: every mistake lets other ones pass."""
    word = _word(rng, 7)
    right = "".join(sorted(word))
    once = [letter for letter in right if right.count(letter) == 1]
    twice = next(letter for letter in right if right.count(letter) == 2)
    lost, added = once[int(rng.integers(len(once)))], once[int(rng.integers(len(once)))]
    without = right.replace(lost, "")
    spread = sorted(word.replace(twice, "", 1) + lost)  # the same letters, another one twice
    bad = [
        word if word != right else word[::-1],
        right[::-1],
        without,
        "".join(sorted(right + added)),
        "".join(spread),
        "".join(sorted(without + "z")),
        "".join(sorted(without + twice)),
    ]
    return [Call(word, said) for said in bad]


SORTED = Exercise(
    id="16.1",
    name="well_sorted",
    task="""Whether an answer is a word's letters in alphabetical order, each as often as in the
    word.

    word, answer: text of lower-case letters; they may differ in length.
    Returns True or False.""",
    solution="lessons.lab.problems:well_sorted",
    probes=(
        Probe("a sorted word is a right answer", _right),
        Probe("so is one with a letter twice", _twins),
        Probe("an answer with a fault is wrong: order, or a letter lost, added or exchanged",
              _nearly),
    ),
    variants=answers.SORTED_VARIANTS,
    wrong=answers.SORTED_WRONG,
    hints=(
        "The word is `beebe`. Why is `bebee` no right answer? And why is `bbbee` none?",
        "There are two conditions: no letter is smaller than the one before it, and each letter is "
        "there as often as in the word.",
        "in order: for each pair of neighbours, one <= other\n"
        "same letters: Counter(answer) == Counter(word)\nboth",
    ),
    next_step="With it you can mark answers to words that nobody has sorted.",
    drill="A word has ten different letters. An answer has them in random order. How probable is "
    "it that it passes?",
    drill_answer="One in 10! = 3,628,800.",
)  # fmt: skip


# 16.2  What the next lesson is made of


def _marked(
    rng: np.random.Generator, n: int, right: int
) -> tuple[list[str], list[str], list[bool]]:
    """Questions, answers, and which of them are right: `right` of `n`, the first one wrong."""
    questions = ["".join(rng.choice(list("abcdefgh"), 5)) for _ in range(n)]
    ok = np.zeros(n, dtype=bool)
    ok[rng.choice(np.arange(1, n), right, replace=False)] = True
    said = ["".join(sorted(q)) if good else q[::-1] for q, good in zip(questions, ok)]
    return questions, said, [bool(good) for good in ok]


LESSON = Exercise(
    id="16.2",
    name="lesson_for",
    task="""A list of n problems to learn from, made of those whose answer may be kept.

    questions, answers: lists of N texts; ok: a list of N booleans, whether an answer may be kept.
    n: 0 or more.
    Returns a list of n pairs (question, answer): all that may be kept in the order given, then all
    of them again from the first, and so on until there are n. If more than n may be kept, the first
    n of those. An empty list if none may be kept.""",
    solution="lessons.l16_climbing_the_stairs.climbing:lesson_for",
    probes=(
        Probe("as many as may be kept", lambda rng: Call(*_marked(rng, 8, 4), 4)),
        Probe("repeated until there are n", lambda rng: Call(*_marked(rng, 7, 3), 8)),
        Probe("cut if there are more than n", lambda rng: Call(*_marked(rng, 9, 7), 5)),
        Probe("none if none may be kept", lambda rng: Call(*_marked(rng, 4, 0), 6)),
    ),
    variants=answers.LESSON_VARIANTS,
    wrong=answers.LESSON_WRONG,
    hints=(
        "Three of ten answers are right, and n is 7. Which one is the seventh?",
        "First make a list of the pairs that are kept. Element i of the result is element "
        "i % len(kept) of that list.",
        "kept = pairs whose ok is True\nif there are none: []\n"
        "else kept[i % len(kept)] for i from 0 to n - 1",
    ),
    next_step="Now a round is whole: write, check, keep, learn. Section 4 plays four of them.",
    drill="Of 1,500 answers 60 are right. How often is each in a lesson of 1,500?",
    drill_answer="25 times.",
)  # fmt: skip

# 16.3  A vote


def _answers(rng: np.random.Generator, *counts: int) -> Call:
    """Different answers of four letters, given so often, in random order."""
    said: set[str] = set()
    while len(said) < len(counts):
        said.add("".join(sorted(rng.choice(list("abcdefgh"), 4))))
    names = [str(name) for name in rng.permutation(sorted(said))]
    votes = [name for name, count in zip(names, counts) for _ in range(count)]
    return Call([votes[i] for i in rng.permutation(len(votes))])


MAJORITY = Exercise(
    id="16.3",
    name="majority",
    task="""The answer that was given more often than any other one.

    answers: a list of texts, in any order; it may be empty.
    Returns the text that leads, even if it is less than half of all. None if two or more share the
    lead, or there are no answers.""",
    solution="lessons.lab.answers:majority",
    probes=(
        Probe("where all agree, that is it", lambda rng: _answers(rng, 4)),
        Probe("more than half are enough", lambda rng: _answers(rng, 4, 1, 1)),
        Probe("less than half are enough if all others have fewer",
              lambda rng: [_answers(rng, 3, 2, 2), _answers(rng, 2, 1, 1, 1)]),
        Probe("a shared lead is none",
              lambda rng: [*(_answers(rng, 2, 2) for _ in range(3)), _answers(rng, 2, 2, 1),
                           _answers(rng, 1, 1, 1)]),
        Probe("no answers, no lead", lambda rng: Call([])),
    ),
    variants=answers.MAJORITY_VARIANTS,
    wrong=answers.MAJORITY_WRONG,
    hints=(
        "Of abc, abd, abc, acd, abd, which one leads? What should come back?",
        "`Counter(answers).most_common(2)` has the two commonest answers with how often each was "
        "given. There may be one of them, or none.",
        "no answers: None\ntwo commonest equally frequent: None\nelse the first one's text",
    ),
    next_step="A vote knows nothing of sorting. In the experiment it is one rule for what to keep.",
    drill="A network gives each of two wrong answers with probability 0.4 and the right one with "
    "0.2. What does the vote of very many answers become?",
    drill_answer="One of the two wrong ones, nearly always: a vote strengthens what is commonest.",
)  # fmt: skip


EXERCISES = (SORTED, LESSON, MAJORITY)
