"""Exercises of lesson 4: what a network costs, a law through points, a text without its order.

Idea:   count the work, fit the power law that the lesson forecasts with, and spoil a text.
Run:    python -m lessons check 04.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from distill.costs import window_flops
from lessons.engine import inputs
from lessons.engine.compare import close
from lessons.engine.exercise import Call, Cause, Exercise, Probe
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
    solution="distill.costs:window_flops",
    probes=(
        Probe(
            property="without any block the head alone is left: 2 T E V",
            make=lambda rng: _shape(rng, layers=0),
            expect=window_flops,
        ),
        Probe(
            property="one block: its six matrices, and attention's two products",
            make=lambda rng: _shape(rng, layers=1),
            expect=window_flops,
        ),
        Probe(
            property="every block costs the same, and there is one head",
            make=_shape,
            expect=window_flops,
        ),
        Probe(
            property="in a long window, looking back costs more than all matrices",
            make=lambda rng: _shape(rng, time=100_000 + int(rng.integers(1000))),
            expect=window_flops,
        ),
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
)


# 04.2  A law through points.


def _law(n: Any, excess: Any) -> Any:
    # imported late: the experiment brings torch
    from lessons.l04_bigger_is_better.experiment import law

    return law(n, excess)


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


def _two_numbers_falling(answer: Any, n: list[float], excess: list[float]) -> str | None:
    if np.shape(answer) != (2,):
        return "something else than two numbers (slope, log a)"
    wanted = float(_law(n, excess)[0])
    return close(float(answer[0]), wanted)


LAW = Exercise(
    id="04.2",
    name="law",
    task="""The straight line through points in logarithms: excess = a N^-slope.

    n: a list of numbers of weights, N. excess: how far above the floor each network's loss lies,
    in nats per character; a list as long, all above 0.
    Returns (slope, log a): by how much ln(excess) falls for each 1 that ln(N) grows, so a positive
    number where excess falls, and the line's height at ln(N) = 0. By least squares: the line for
    which the sum of squared distances in ln(excess) is smallest.""",
    solution="lessons.l04_bigger_is_better.experiment:law",
    signature="(n, excess)",
    probes=(
        Probe(
            property="points of an exact law have its slope, positive where the excess falls",
            make=_exact,
            judge=_two_numbers_falling,
        ),
        Probe(
            property="(slope, log a) give the exact law back",
            make=_exact,
            expect=_law,
            rtol=1e-3,
        ),
        Probe(
            property="between points that scatter, in any order, the line of least squares in "
            "logarithms",
            make=_noisy,
            expect=_law,
            rtol=1e-3,
        ),
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
)


# 04.3  The same words, and no order.


def _text(rng: np.random.Generator, lines: int = 40) -> str:
    """Lines of 1 to 9 words, neighbours of different lengths; each line has words of its own."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    lengths = 1 + (np.cumsum(rng.integers(1, 9, lines)) % 9)
    return "\n".join(
        " ".join(f"{''.join(rng.choice(list(letters), 3))}{i}" for _ in range(length))
        for i, length in enumerate(lengths)
    )


def _block(rng: np.random.Generator) -> Call:
    return Call(_text(rng), inputs.generator(rng))


def _two_states(rng: np.random.Generator) -> list[Call]:
    text = _text(rng)
    return [Call(text, inputs.generator(rng)) for _ in range(2)]


def _same_words(answer: Any, block: str, rng: Any) -> str | None:
    if not isinstance(answer, str):
        return f"{type(answer).__name__}, where text was expected"
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
    """With 40 lines of at most 9 words a word stays in its line once in 20 times or less; that
    more than half of some 200 stay has no chance at all (under 1e-60)."""
    stays = [
        word in line.split(" ")
        for line, now in zip(block.split("\n"), answer.split("\n"))
        for word in now.split(" ")
    ]
    share = float(np.mean(stays))
    return f"{share:.0%} of all words stayed in their line" if share > 0.5 else None


def _other_order(answers: list[Any], calls: list[Call]) -> str | None:
    same = answers[0] == answers[1]
    return "the same order from generators in different states" if same else None


def _same_order(answers: list[Any], calls: list[Call]) -> str | None:
    same = answers[0] == answers[1]
    return None if same else "another order the second time, from a generator in the same state"


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
    signature="(block, rng)",
    probes=(
        Probe(
            property="the same words, each as often as before",
            make=_block,
            judge=_same_words,
            causes=(
                Cause(
                    text=answers.CHARACTERS,
                    when=lambda answer, block, rng: sorted(answer) == sorted(block),
                ),
                Cause(
                    text=answers.DRAWN_ANEW,
                    when=lambda answer, block, rng: set(answer.split()) <= set(block.split()),
                ),
            ),
        ),
        Probe(
            property="as many lines, with as many words in each",
            make=_block,
            judge=_same_lines,
            causes=(
                Cause(text=answers.ONE_LINE, when=lambda answer, block, rng: "\n" not in answer),
                Cause(
                    text=answers.WHOLE_LINES,
                    when=lambda answer, block, rng: (
                        sorted(answer.split("\n")) == sorted(block.split("\n"))
                    ),
                ),
            ),
        ),
        Probe(
            property="a word may land in any line",
            make=_block,
            judge=_from_everywhere,
            causes=(Cause(text=answers.WITHIN, when=lambda *_: True),),
        ),
        Probe(
            property="another state of `rng`, another order",
            make=_two_states,
            judge=_other_order,
            causes=(Cause(text=answers.NOT_RANDOM, when=lambda *_: True),),
        ),
        Probe(
            property="the same state of `rng`, the same order",
            make=lambda rng: inputs.same_state_twice(rng, _text(rng)),
            judge=_same_order,
            causes=(Cause(text=answers.OWN_RANDOMNESS, when=lambda *_: True),),
        ),
    ),
    variants=answers.SALAD_VARIANTS,
    wrong=answers.SALAD_WRONG,
    hints=(
        "Which two things have to be remembered before the words are taken out and shuffled?",
        "Split into lines, each line into words. The lines' lengths say how many words to deal "
        "out; a shuffled list of all words is the pack.",
        "lines = text cut at line ends, each cut at spaces\npack = all words, in random order\n"
        "for each line deal as many words as it had\njoin words by spaces and lines by newlines",
    ),
    next_step="Half of the training text is spoiled so, in blocks; the held-out text is not.",
    drill="What can still be learned from a salad of words, and what can no longer?",
)

EXERCISES = (FLOPS, LAW, SALAD)
