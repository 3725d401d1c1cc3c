"""Exercises of lesson 11: induction, one step of a GRU, the span of a memory.

Idea:   two ways to remember, and how to measure how far they reach.
Run:    python -m lessons check 11.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.judges import numbers
from lessons.l11_one_look_memory import answers

# 11.1  Find the last time; take what followed


def _text(rng: np.random.Generator, n: int, kinds: int) -> np.ndarray:
    return rng.integers(0, kinds, n)


def _alternating(rng: np.random.Generator) -> Call:
    """Two different symbols in turn: after the second place every guess is right."""
    one, other = rng.permutation(9)[:2]
    return Call(np.array([one, other] * 5))


def _all_different(rng: np.random.Generator) -> Call:
    return Call(rng.permutation(12))


def _changing(rng: np.random.Generator) -> Call:
    """a b a c a b a c a: what followed last is what will not follow now."""
    a, b, c = (rng.permutation(9)[:3] + 1).tolist()
    return Call(np.array([a, b, a, b, a, c, a, c, b, a]))


def _repeated(rng: np.random.Generator, key: int) -> Call:
    """A string, a bar, and the string again."""
    text = _text(rng, 14, 4)
    return Call(np.concatenate((text, [9], text)), key)


INDUCTION = Exercise(
    id="11.1",
    name="induction",
    task="""Guess each next symbol: find the last time, take what followed.

    ids [T]: symbols, whole numbers from 0 on; key: how many symbols are compared, 1 or more.
    Returns [T] whole numbers. At place t the last `key` symbols, up to and with ids[t], are looked
    for: the same symbols in the same order, ending at an *earlier* place. The guess is the symbol
    right behind the latest such place. It is -1 if there is none, or if fewer than `key` symbols
    have been read.""",
    solution="lessons.l11_one_look_memory.memory:induction",
    probes=(
        Probe("-1 everywhere if no symbol comes twice", _all_different),
        Probe("two symbols in turn: from the third place on the guess is the other one",
              _alternating),
        Probe("the latest time counts, not the first or the most frequent", _changing),
        Probe("any text, keys of one symbol", lambda rng: Call(_text(rng, 30, 4))),
        Probe("keys of two symbols", lambda rng: Call(_text(rng, 40, 3), 2)),
        Probe("keys that overlap themselves", lambda rng: Call(np.full(8, rng.integers(1, 9)), 3)),
        Probe("a string, a bar, and the string again, keys of three symbols",
              lambda rng: _repeated(rng, 3)),
    ),
    variants=answers.INDUCTION_VARIANTS,
    wrong=answers.INDUCTION_WRONG,
    hints=(
        "In `abcab`, which letter would you guess next, and where did you look?",
        "For each t go back from s = t - 1 and compare ids[s - key + 1 : s + 1] with "
        "ids[t - key + 1 : t + 1]; the first match that you meet is the latest.",
        "guesses = all -1\nfor t from key - 1: for s from t - 1 down to key - 1:\n"
        "    if the key at s is the key at t: guess ids[s + 1], and stop looking",
    ),
    next_step="It is what a Transformer learns in order to repeat, in one or two layers.",
    drill="A string of n random letters of 26 is repeated by keys of one letter. What must not "
    "happen in it for the repetition to be right?",
    drill_answer="No letter may come twice; at six letters that is so in 54 of 100 strings.",
)  # fmt: skip


# 11.2  One more character into a state of fixed size


def _weights(
    rng: np.random.Generator, e: int, d: int, *, offsets: float = 1.0
) -> tuple[np.ndarray, ...]:
    w_x, w_h = rng.standard_normal((3 * e, d)), rng.standard_normal((3 * e, e))
    b_x, b_h = (offsets * rng.standard_normal(3 * e) for _ in range(2))
    return w_x, w_h, b_x, b_h


def _any_step(rng: np.random.Generator, *, offsets: float = 1.0, e: int = 4, d: int = 3) -> Call:
    h = np.tanh(rng.standard_normal(e))
    return Call(rng.standard_normal(d), h, *_weights(rng, e, d, offsets=offsets))


def _kept(rng: np.random.Generator) -> Call:
    """Offsets that open the update gate: everything is kept."""
    call = _any_step(rng)
    call.args[4][4:8] += 60
    return call


def _emptied(rng: np.random.Generator) -> Call:
    """Offsets that close both gates: the new state is tanh of the input's part alone."""
    call = _any_step(rng)
    call.args[4][:8] -= 60
    return call


def _is_kept(answer: Any, x: np.ndarray, h: np.ndarray, *_: np.ndarray) -> str | None:
    off = float(np.abs(numbers(answer) - h).max())
    return None if off < 1e-6 else f"a state that has changed by up to {off:.3g}"


STEP = Exercise(
    id="11.2",
    name="gru_step",
    task="""One step of a GRU: the state after one more input.

    x [D]: the input; h [E]: the state before.
    w_x [3 E, D], w_h [3 E, E]: three matrices one above the other, for reset, update and candidate,
    in this order; b_x, b_h [3 E]: their offsets.
    Returns [E]. Reset r and update z are sigmoids of both sides' sums; the candidate is
    n = tanh(input's side + r * state's side), where a side is matrix times vector plus offset.
    Each unit keeps the share z of what it held and takes 1 - z of the candidate.""",
    solution="lessons.l11_one_look_memory.memory:gru_step",
    probes=(
        Probe("an open update gate keeps the state as it was", _kept, judge=_is_kept),
        Probe("with both gates shut the input alone decides", _emptied),
        Probe("without offsets", lambda rng: _any_step(rng, offsets=0.0)),
        Probe("with offsets", _any_step),
        Probe("an input wider than the state", lambda rng: _any_step(rng, e=2, d=7)),
    ),
    variants=answers.STEP_VARIANTS,
    wrong=answers.STEP_WRONG,
    hints=(
        "If z is 1, what is the new state? And if z and r are 0?",
        "np.split(vector, 3) cuts the 3 E sums into thirds: reset, update, candidate. A sigmoid is "
        "1 / (1 + np.exp(-sum)).",
        "from_x = thirds of w_x x + b_x; from_h = thirds of w_h h + b_h\n"
        "r, z = sigmoid of the sums of the first, of the second thirds\n"
        "n = tanh(from_x[2] + r * from_h[2])\nreturn z * h + (1 - z) * n",
    ),
    next_step="The experiment's GRU takes this step for each letter, with 192 units.",
    drill="A unit of a GRU has z = 0.9 at every step. Which share of what it holds now is left "
    "after 20 steps?",
    drill_answer="0.9 to the power of 20: 0.12.",
)  # fmt: skip


# 11.3  How much is remembered: the span

SIZES = (2, 4, 8, 16, 32)


def _falling(rng: np.random.Generator) -> Call:
    shares = np.sort(rng.uniform(0.02, 0.98, 5))[::-1]
    shares[0], shares[-1] = rng.uniform(0.6, 1), rng.uniform(0, 0.4)
    return Call(SIZES, shares.tolist())


def _scattered(rng: np.random.Generator) -> Call:
    low, high, last = rng.uniform(0.3, 0.45), rng.uniform(0.55, 0.9), rng.uniform(0.05, 0.4)
    return Call(SIZES, [1.0, float(low), float(high), float(last), 0.0])


def _first_too_much(rng: np.random.Generator) -> Call:
    return Call(SIZES, [float(rng.uniform(0.05, 0.45)), 0.0, 0.0, 0.0, 0.0])


SPAN = Exercise(
    id="11.3",
    name="span",
    task="""The span of a memory: the size up to which at least half of the answers are right.

    sizes [N]: growing sizes, above 0; right [N]: share of right answers at each, from 0 to 1.
    Returns a number. Take the last size at which the share is at least one half. Between it and the
    next size the share is taken to fall in a straight line; return where it crosses one half. The
    largest size if at least half are right there. At size 0 everything is right: the line begins
    there if the first size is too much already.""",
    solution="lessons.lab.answers:span",
    probes=(
        Probe("the largest size if all answers are right", lambda rng: Call(SIZES, [1.0] * 5)),
        Probe("where a falling share crosses one half", _falling),
        Probe("shares that scatter", _scattered),
        Probe("exactly one half is enough",
              lambda rng: Call(SIZES, [1.0, float(rng.uniform(0.1, 0.4)), 0.5, 0.1, 0.0])),
        Probe("a first size that is too much already", _first_too_much),
    ),
    variants=answers.SPAN_VARIANTS,
    wrong=answers.SPAN_WRONG,
    hints=(
        "Of strings of 8 letters 60 % are repeated rightly, of 16 letters 20 %. Where is one half?",
        "A line from (x0, y0) to (x1, y1) is at one half at "
        "x0 + (x1 - x0) * (y0 - 0.5) / (y0 - y1).",
        "put size 0 and share 1 in front\nlast = the last place whose share is at least 0.5\n"
        "if it is the end: its size\nelse: where the line to the next place crosses 0.5",
    ),
    next_step="Psychologists measure people so: about seven digits.",
    drill="A memory repeats each letter rightly with probability 0.9, independently. What is its "
    "span?",
    drill_answer="0.9 to the power of n is one half at n = 6.6: a span of 6 to 7 letters.",
)  # fmt: skip

EXERCISES = (INDUCTION, STEP, SPAN)
