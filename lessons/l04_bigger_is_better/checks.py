"""Exercises of lesson 4: what a network costs, a law through points, a text without its order.

Idea:   count the work, fit the power law that the lesson forecasts with, and spoil a text.
Run:    python -m lessons check 04.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine import inputs, shuffled
from lessons.engine.compare import close
from lessons.engine.exercise import Call, Cause, Exercise, Probe
from lessons.engine.judges import same_each_time
from lessons.l04_bigger_is_better import answers

# 04.1  What it costs to predict.


def _shape(rng: np.random.Generator, **fixed: int) -> Call:
    """A shape in which no two of the four numbers are alike."""
    drawn = {
        "layers": int(rng.integers(2, 9)),
        "width": 16 * int(rng.integers(2, 9)),
        "vocabulary": int(rng.integers(150, 300)),
        "time": int(rng.integers(9, 15)),
    }
    return Call(*(drawn | fixed).values())


FLOPS = Exercise(
    id="04.1",
    name="window_flops",
    task="""How many multiplications and additions it takes to predict one window of text.

    layers: blocks, L. width: numbers that stand for a character, E. vocabulary: V. time: T.
    A matrix of weights [n, m] costs 2 n m for each character. In each block four matrices [E, E]
    (query, key, value, projection), one [E, 4E] and one [4E, E]; at the end a head [E, V].
    In each block attention also multiplies, for each character, T keys of E numbers (the scores),
    and adds up T values of E numbers (weighted): each of the two costs 2 T E a character.
    Looking up embeddings costs nothing. Returns a whole number, for all T characters.""",
    solution="distill.comparison.costs:window_flops",
    probes=(
        Probe("without any block the head alone is left: 2 T E V",
              lambda rng: _shape(rng, layers=0)),
        Probe("one block: its six matrices, and attention's two products",
              lambda rng: _shape(rng, layers=1)),
        Probe("every block costs the same, and there is one head", _shape),
        Probe("in a long window, looking back costs more than all matrices",
              lambda rng: _shape(rng, time=100_000 + int(rng.integers(1000)))),
    ),
    variants=answers.FLOPS_VARIANTS,
    wrong=answers.FLOPS_WRONG,
    hints=(
        "How many weights does one block have, in units of E^2? How often is each of them used "
        "for one character?",
        "A product of a vector [n] with a matrix [n, m] has n m multiplications and as many "
        "additions. Scores: the vector q [E] with T keys. Weighted sum: T weights with values "
        "[T, E].",
        "block = weights of six matrices + T E (scores) + T E (sum)\n"
        "character = 2 * (L * block + E V)\nreturn T * character",
    ),
    next_step="Three times this, for each window of each step, is what training costs.",
    drill="A network is made twice as wide. By what does the cost of its matrices grow?",
    drill_answer="Fourfold in the blocks, whose matrices are width by width; the head's, width "
    "by vocabulary, doubles.",
)  # fmt: skip


# 04.2  A law through points.


def _exact(rng: np.random.Generator, points: int = 4) -> Call:
    """Points of a law without noise."""
    slope, a = rng.uniform(0.2, 0.8), rng.uniform(2, 9)
    n = 100 * rng.uniform(3, 5) ** np.arange(points)
    return Call(n.tolist(), (a * n**-slope).tolist())


def _noisy(rng: np.random.Generator, points: int = 6) -> Call:
    n, excess = (np.array(part) for part in _exact(rng, points).args)
    excess = excess * np.exp(0.1 * rng.standard_normal(points))
    order = rng.permutation(points)
    return Call(n[order].tolist(), excess[order].tolist())


def _slope(answer: Any, n: list[float], excess: list[float]) -> str | None:
    rise = np.log(excess[0] / excess[-1]) / np.log(n[-1] / n[0])
    return close(answer[0], rise)


LAW = Exercise(
    id="04.2",
    name="law",
    task="""The straight line through points in logarithms: excess = a N^-slope.

    n: a list of numbers of weights, N. excess: how far above the floor each network's loss lies,
    in nats per character; a list as long, all above 0.
    Returns (slope, log a): by how much ln(excess) falls for each 1 that ln(N) grows, so a positive
    number where excess falls, and the line's height at ln(N) = 0. By least squares: the line for
    which the sum of squared distances in ln(excess) is smallest.""",
    solution=answers.LAW,
    probes=(
        Probe("points of an exact law have its slope, positive where the excess falls", _exact,
              judge=_slope),
        Probe("(slope, log a) give the exact law back", _exact),
        Probe("between points that scatter, in any order, the line of least squares in logarithms",
              _noisy),
    ),
    variants=answers.LAW_VARIANTS,
    wrong=answers.LAW_WRONG,
    hints=(
        "Take the logarithm of both sides of excess = a N^-slope. What is y, what is x, and what "
        "are the two unknowns?",
        "ln(excess) = ln(a) - slope * ln(N): a straight line. np.polyfit(x, y, 1) returns its "
        "rise and its height at x = 0.",
        "x = ln(n), y = ln(excess)\nrise, height = straight line through (x, y)\n"
        "return minus rise, height",
    ),
    next_step="Carried on to a larger N, this line is the forecast that the lesson judges.",
    drill="slope = 0.5. By what is the excess multiplied when N is multiplied by 4?",
    drill_answer="By 4^-0.5 = 1/2.",
)  # fmt: skip


# 04.3  The same words, and no order.


def _text(rng: np.random.Generator, lines: int = 40) -> str:
    """Lines of 1 to 9 words, neighbours of different lengths; no word stands there twice."""
    lengths = 1 + (np.cumsum(rng.integers(1, 9, lines)) % 9)
    letters = rng.choice(list("abcdefghijklmnopqrstuvwxyz"), (int(lengths.sum()), 3))
    words = iter(f"{''.join(three)}{i}" for i, three in enumerate(letters))
    return "\n".join(" ".join(next(words) for _ in range(length)) for length in lengths)


def _block(rng: np.random.Generator) -> Call:
    return Call(_text(rng), inputs.generator(rng))


def _repeated(rng: np.random.Generator) -> Call:
    """Some lines come twice, and all of their words."""
    text = _text(rng)
    return Call("\n".join([text, *text.split("\n")[:15]]), inputs.generator(rng))


def _two_states(rng: np.random.Generator) -> list[Call]:
    text = _text(rng)
    return [Call(text, inputs.generator(rng)) for _ in range(2)]


def _same_words(answer: Any, block: str, rng: Any) -> str | None:
    wanted, found = sorted(block.split()), sorted(answer.split())
    if wanted == found:
        return None
    strange = len(set(found) - set(wanted))
    if strange:
        return f"{len(found)} words, {strange} of which are not in the text"
    return f"{len(found)} words where there were {len(wanted)}, some too often and some too rarely"


def _same_lines(answer: Any, block: str, rng: Any) -> str | None:
    wanted = [len(line.split(" ")) for line in block.split("\n")]
    found = [len(line.split(" ")) for line in answer.split("\n")]
    if len(found) != len(wanted):
        return f"{len(found)} lines where there were {len(wanted)}"
    other = sum(a != b for a, b in zip(found, wanted))
    return f"another number of words in {other} of {len(wanted)} lines" if other else None


def _from_everywhere(answer: Any, block: str, rng: Any) -> str | None:
    """Some 200 words in random order move a third of the text's length, with a standard deviation
    of 0.017; less than 0.15 has no chance (10 standard deviations)."""
    far = shuffled.mean_move(block, answer)
    if far is None:
        return "words that are not all there"
    return None if far > 0.15 else f"words that moved {far:.0%} of the text's length on average"


def _all_there(answer: Any, block: str, rng: Any) -> bool:
    return _same_words(answer, block, rng) is None


def _all_there_each_time(found: list[Any], calls: list[Call]) -> bool:
    return all(_all_there(answer, *call.args) for answer, call in zip(found, calls))


def _twice_the_same(found: list[Any], calls: list[Call]) -> bool:
    return _all_there(found[0], *calls[0].args) and found[0] == found[1]


def _cut_and_joined(answer: Any, block: str, rng: Any) -> bool:
    return shuffled.distances(block, answer).get(1, 0) > 0.8


def _other_order(answers: list[Any], calls: list[Call]) -> str | None:
    if answers[0] == answers[1]:
        return "the same order from generators in different states"
    if found := shuffled.kept(answers[0], answers[1]):
        return f"nearly the same order from generators in different states: {found}"
    return None


SALAD = Exercise(
    id="04.3",
    name="salad",
    task="""Shuffle the words of a text among all its places. Line ends stay where they are.

    block: text; words are separated by one space, lines by a newline.
    rng: a NumPy generator, the only source of randomness; rng.permutation(n) gives 0 to n - 1 in
    random order.
    Returns text with as many lines, as many words in each line, and the same words, each as often
    as before, in random places.""",
    solution="lessons.l04_bigger_is_better.experiment:_salad",
    probes=(
        Probe("the same words, each as often as before", _repeated, judge=_same_words,
              causes=(Cause(answers.CHARACTERS, lambda text, old, _: sorted(text) == sorted(old)),
                      Cause(answers.DRAWN_ANEW,
                            lambda text, block, _: set(text.split()) <= set(block.split())))),
        Probe("as many lines, with as many words in each", _block, judge=_same_lines,
              causes=(Cause(answers.ONE_LINE, lambda text, *_: "\n" not in text),
                      Cause(answers.WHOLE_LINES, lambda text, block, _:
                            sorted(text.split("\n")) == sorted(block.split("\n"))))),
        Probe("a word may land anywhere, in any line", _block, judge=_from_everywhere,
              causes=(Cause(answers.CUT_AND_JOINED, _cut_and_joined),
                      Cause(answers.WITHIN, _all_there))),
        Probe("words that stood side by side do not stay together", _block,
              judge=lambda text, block, _: shuffled.kept(block, text),
              causes=(Cause(answers.CUT_AND_JOINED, _cut_and_joined),
                      Cause(answers.TURNED_ROUND, lambda text, block, _:
                            shuffled.distances(block, text).get(-1, 0) > 0.8),
                      Cause(answers.IN_STEP, _all_there))),
        Probe("another state of `rng`, another order", _two_states, judge=_other_order,
              causes=(Cause(answers.NOT_RANDOM, _twice_the_same),
                      Cause(answers.FIXED_AND_CUT, _all_there_each_time))),
        Probe("the same state of `rng`, the same order",
              lambda rng: inputs.same_state_twice(rng, _text(rng)), judge=same_each_time,
              causes=(Cause(answers.OWN_RANDOMNESS, _all_there_each_time),)),
    ),
    variants=answers.SALAD_VARIANTS,
    wrong=answers.SALAD_WRONG,
    hints=(
        "Which two things have to be remembered before the words are taken out and shuffled?",
        "Split into lines, each line into words. The lengths of the lines say how many "
        "words each line gets; take them in turn from a shuffled list of all words.",
        "lines = text cut at line ends, each cut at spaces\nshuffled = all words, in random order\n"
        "for each line take as many of them as it had words\n"
        "join words by spaces and lines by newlines",
    ),
    next_step="Half of the training text is spoiled in this way; the held-out text is not.",
    drill="What can still be learned from a word salad, and what cannot?",
    drill_answer="How words are spelled and how often each comes, but not which comes after which.",
)  # fmt: skip

EXERCISES = (FLOPS, LAW, SALAD)
