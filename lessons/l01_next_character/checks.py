"""Exercises of lesson 1: surprise, windows, drawing.

Idea:   score a prediction, cut what is learned from, and write with what was learned.
Run:    python -m lessons check 01.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine import inputs
from lessons.engine.exercise import Call, Cause, Exercise, Probe
from lessons.engine.judges import form_alone, numbers, same_each_time, whole
from lessons.l01_next_character import answers

# 01.1  How surprising was what came?


def _batch(rng: np.random.Generator, *shape: int) -> Call:
    size = shape[-1]
    logprobs = inputs.logprobs(rng, *shape).astype(np.float32)
    return Call(logprobs, rng.integers(0, size, shape[:-1]))


def _nearly_impossible(rng: np.random.Generator) -> Call:
    logprobs = inputs.logprobs(rng, 5, 4)
    came = rng.integers(0, 4, 5)
    logprobs[np.arange(5), came] = -rng.uniform(800, 900, 5)  # exp(-800) is 0 in float64
    return Call(logprobs, came)


def _none_below_zero(answer: Any, logprobs: np.ndarray, targets: np.ndarray) -> str | None:
    words = "a surprise below 0: a probability is at most 1, so -ln p is at least 0"
    return words if numbers(answer).min() < 0 else None


SURPRISE = Exercise(
    id="01.1",
    name="surprise",
    task="""How surprising each character was: -ln p of the one that came, in nats.

    logprobs [..., V]: natural logarithms of the predicted probabilities of V characters.
    targets [...]: id of the character that came, 0 to V - 1, at each place.
    Returns an array [...] shaped like targets. Any number of axes may stand before V.""",
    solution=answers.SURPRISE,
    probes=(
        Probe("with two equally likely characters, each costs ln 2 = 0.693 nats",
              lambda rng: Call(np.log(np.full((8, 2), 0.5)), rng.integers(0, 2, 8))),
        Probe("one number for each character that came, and none below 0",
              lambda rng: _batch(rng, 9, 5), judge=_none_below_zero),
        Probe("what counts is the probability of the character that came",
              lambda rng: _batch(rng, 12, 7)),
        Probe("any number of axes may stand before the alphabet: logprobs [B, T, V]",
              lambda rng: _batch(rng, 3, 4, 6)),
        Probe("a character of probability e^-800 costs 800 nats, not infinitely many",
              _nearly_impossible,
              causes=(Cause(answers.THROUGH, lambda y, *_: (numbers(y) == np.inf).all()),)),
    ),
    variants=answers.SURPRISE_VARIANTS,
    wrong=answers.SURPRISE_WRONG,
    hints=(
        "logprobs[t] holds V numbers. Which one of them belongs to what came at place t?",
        "np.take_along_axis(array, indices, axis=-1) picks one number from each row. The indices "
        "need an axis of length 1 at the end: targets[..., None].",
        "chosen = the entry of each row that its target names\n"
        "drop the axis of length 1\nreturn minus chosen",
    ),
    next_step="The mean of your numbers over a whole text is the loss that every model is "
    "judged by; divided by ln 2 it is bits per character.",
    drill="A character of probability 1/8 came. How many nats is that, and how many bits?",
    drill_answer="3 bits, for 2^-3 = 1/8; times ln 2 that is 2.08 nats.",
)  # fmt: skip


# 01.2  What does a network learn from?


def _text(rng: np.random.Generator, n: int, dtype: str = "int64") -> Any:
    """Ids [n], no two neighbours alike, so that a shift cannot go unseen."""
    import torch

    steps = rng.integers(1, 7, n)
    return torch.from_numpy((np.cumsum(steps) % 11).astype(dtype))


def _starts(*places: int) -> Any:
    import torch

    return torch.tensor(places, dtype=torch.int64)


def _some_windows(rng: np.random.Generator, dtype: str = "int64") -> Call:
    n, context = 60, 8
    places = [int(i) for i in rng.integers(0, n - context, 4)]
    return Call(_text(rng, n, dtype), _starts(*places, 0, n - context - 1), context)


def _kinds(pair: Any) -> list[str]:
    """Types of numbers in (inputs, targets)."""
    return sorted({str(numbers(part).dtype) for part in pair})


def _whole_numbers(answer: Any, *_: Any) -> str | None:
    kinds = _kinds(answer)
    return None if kinds == ["int64"] else f"tensors of {' and '.join(kinds)}"


WINDOWS = Exercise(
    id="01.2",
    name="cut_windows",
    task="""What a network reads, and what it is asked: windows of the text and what comes next.

    ids [N]: the whole text as ids, a tensor of whole numbers of any type.
    starts [B]: where each window begins, from 0 to N - context - 1.
    context: T, the number of characters in a window.
    Returns (inputs, targets), two int64 tensors [B, T]. inputs[b] are the T characters from
    starts[b] on; targets[b, t] is the character that follows inputs[b, t] in the text.""",
    solution="minigpt.train.loop:cut_windows",
    probes=(
        Probe("two tensors [B, T]: as many targets as inputs",
              lambda rng: Call(_text(rng, 30), _starts(0, 5, 9), 6), judge=form_alone),
        Probe("each window at the start of the text: inputs are its first T characters, targets "
              "the T from the second on", lambda rng: Call(_text(rng, 20), _starts(0), 5)),
        Probe("windows begin where `starts` says, the last possible place included", _some_windows),
        Probe("a text kept as bytes (uint8) comes back as int64",
              lambda rng: _some_windows(rng, "uint8"), judge=_whole_numbers,
              causes=(Cause(answers.KEPT_SMALL, lambda pair, *_: "uint8" in _kinds(pair)),
                      Cause(answers.FRACTIONS_OF_WINDOWS,
                            lambda pair, *_: any("float" in kind for kind in _kinds(pair))))),
    ),
    variants=answers.WINDOWS_VARIANTS,
    wrong=answers.WINDOWS_WRONG,
    hints=(
        "The text is 'hello', T = 4: what is read? What comes next at each of the four places?",
        "starts[:, None] + torch.arange(T) is a table [B, T] of places in the text; a table of "
        "places in square brackets picks them all at once.",
        "places = each start plus 0, 1, ..., T - 1\ninputs = text at places\n"
        "targets = text at places + 1\nboth as int64",
    ),
    next_step="Training is this, over and over: cut some windows, compare predictions with "
    "targets by 01.1, adjust.",
    drill="A window of 64 characters: how many predictions does the network make in it?",
    drill_answer="64: one at each place. The last one's target is the character behind the window.",
)  # fmt: skip


# 01.3  How does it write?


def _rows(rng: np.random.Generator, p: Any, n: int) -> Call:
    return Call(np.tile(np.asarray(p, dtype=np.float64), (n, 1)), inputs.generator(rng))


def _certain(rng: np.random.Generator) -> Call:
    return Call(np.eye(5)[rng.integers(0, 5, 12)], inputs.generator(rng))


def _shares(rng: np.random.Generator) -> np.ndarray:
    return rng.permutation([0.45, 0.25, 0.15, 0.1, 0.05])


def _mixed(rng: np.random.Generator) -> Call:
    """Two kinds of rows in turn; the likeliest of the one is unlikely in the other."""
    one = np.array([0.6, 0.25, 0.1, 0.05])
    return Call(np.tile(np.stack([one, one[::-1]]), (2000, 1)), inputs.generator(rng))


def _ids(answer: Any, p: np.ndarray, *_: Any) -> str | None:
    drawn = numbers(answer)
    if drawn.min() < 0 or drawn.max() >= p.shape[1]:
        return "something else than one id from 0 to V - 1 for each row"
    return whole(answer)


def _always_the_certain(answer: Any, p: np.ndarray, rng: Any) -> str | None:
    wrong = int((numbers(answer) != p.argmax(1)).sum())
    other = f"another character in {wrong} of {len(p)} rows" if wrong else None
    return _ids(answer, p) or other


def _as_often(answer: Any, p: np.ndarray, rng: Any) -> str | None:
    """Counts against expected counts, for each kind of row; Pearson's chi-square statistic.

    With 3 or 4 degrees of freedom a right answer passes 40 in less than 1 of 10 million times
    (scipy.stats.chi2.sf(40, 4) = 4e-8).
    """
    if other := _ids(answer, p):
        return other
    drawn = numbers(answer)
    for row in np.unique(p, axis=0):
        mine = (p == row).all(1)
        expected = row * mine.sum()
        counts = np.bincount(drawn[mine].astype(np.int64), minlength=len(row))
        if counts[expected == 0].any():
            return "a character of probability 0"
        some = expected > 0
        if ((counts - expected)[some] ** 2 / expected[some]).sum() > 40:
            k = int(np.abs(counts - expected).argmax())
            share = counts[k] / mine.sum()
            return f"a character of probability {row[k]:.2f} in {share:.0%} of {mine.sum()} draws"
    return None


def _all_the_same(answer: Any, *_: Any) -> bool:
    return len(np.unique(numbers(answer))) == 1


def _three_states(rng: np.random.Generator) -> list[Call]:
    """The same state twice, and another one."""
    p = np.full((40, 8), 1 / 8)
    return [*inputs.same_state_twice(rng, p), Call(p, inputs.generator(rng))]


def _by_the_state(drawn: list[Any], calls: list[Call]) -> str | None:
    for answer, call in zip(drawn, calls):
        if other := _ids(answer, *call.args):
            return other
    if other := same_each_time(drawn[:2], calls):
        return other
    same = same_each_time(drawn, calls) is None
    return "the same characters from generators in different states" if same else None


def _ids_each_time(drawn: list[Any], calls: list[Call]) -> bool:
    return not any(_ids(answer, *call.args) for answer, call in zip(drawn, calls))


def _whatever_the_state(drawn: list[Any], calls: list[Call]) -> bool:
    return _ids_each_time(drawn, calls) and same_each_time(drawn[:2], calls) is None


def _equally_often(answer: Any, p: np.ndarray, rng: Any) -> bool:
    return _as_often(answer, np.full_like(p, 1 / p.shape[1]), rng) is None


DRAW = Exercise(
    id="01.3",
    name="draw",
    task="""Draw one character for each row of probabilities.

    p [B, V]: in each row the probabilities of V characters; a row sums to one.
    rng: a NumPy generator, the only source of randomness; rng.random(size) gives numbers
    from 0 to 1.
    Returns ids [B], whole numbers from 0 to V - 1.""",
    solution=answers.DRAW,
    probes=(
        Probe("a character of probability 1 is always drawn, and one for each row", _certain,
              judge=_always_the_certain,
              causes=(Cause(answers.FRACTIONS, lambda drawn, *_: whole(drawn) is not None),
                      Cause(answers.FIRST_ROW, _all_the_same))),
        Probe("characters are drawn as often as their probabilities say",
              lambda rng: _rows(rng, _shares(rng), 4000), judge=_as_often,
              causes=(Cause(answers.ONE_NUMBER, _all_the_same),
                      Cause(answers.UNUSED, _equally_often))),
        Probe("each row is drawn by its own probabilities", _mixed, judge=_as_often),
        Probe("the same state of `rng` draws the same characters, another state others",
              _three_states, judge=_by_the_state,
              causes=(Cause(answers.OWN_SEED, _whatever_the_state),
                      Cause(answers.OWN_RANDOMNESS, _ids_each_time))),
    ),
    variants=answers.DRAW_VARIANTS,
    wrong=answers.DRAW_WRONG,
    hints=(
        "Lay the probabilities end to end on a line from 0 to 1. Throw a dart. Where does it land?",
        "p.cumsum(1) gives the right end of each character's piece. The dart's character is the "
        "first whose right end is not below the dart, so count the ends that are below.",
        "ladder = running sums of each row\ndart = one random number for each row, as a column "
        "[B, 1]\nreturn how many entries of each row's ladder are below its dart",
    ),
    next_step="Predict, draw, read what was drawn, predict again: that is all there is to writing.",
    drill="p = [0.2, 0.5, 0.3] and the dart lands on 0.65. Which id is drawn?",
    drill_answer="Id 1: it holds what lies from 0.2 to 0.7.",
)  # fmt: skip

EXERCISES = (SURPRISE, WINDOWS, DRAW)
