"""Exercises of lesson 2: a code, the shortest code, and the numbers a coder works with.

Idea:   from words of different lengths to the entropy, and from probabilities to whole numbers.
Run:    python -m lessons check 02.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine import inputs
from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.judges import numbers, whole
from lessons.l02_prediction_is_compression import answers
from minigpt.compress.arithmetic import TOTAL_BITS
from minigpt.compress.escapes import read_varints

# 02.1  Words of different lengths.


def _numbers(rng: np.random.Generator, n: int, below: int) -> Call:
    return Call([int(i) for i in rng.integers(0, below, n)])


def _borders(rng: np.random.Generator) -> Call:
    near = [2 ** (7 * k) + d for k in (1, 2, 3, 4, 5) for d in (-1, 0, 1)]
    return Call([int(i) for i in rng.permutation(near)])


def _reads_back(answer: Any, given: list[int]) -> str | None:
    if len(answer) > 10 * len(given):
        return f"{len(answer):,} bytes for {len(given)} numbers"
    try:
        found, end = read_varints(bytes(answer), 0, len(given))
    except ValueError as error:
        return f"bytes that cannot be read back: {error}"
    if found != given:
        return "bytes that read back as other numbers"
    return None if end == len(answer) else "more bytes than the numbers need"


VARINTS = Exercise(
    id="02.1",
    name="varints",
    task="""Whole numbers as bytes: small numbers short, large ones long.

    numbers: a list of whole numbers, 0 or more.
    Returns bytes. Each number is written seven bits a byte, the lowest seven first. A byte's
    eighth bit (128) is set where more of the same number follows. So 5 is the byte 5, and
    300 = 2 * 128 + 44 is the two bytes 44 + 128 and 2.""",
    solution="minigpt.compress.escapes:varints",
    probes=(
        Probe("a number below 128 is one byte, the number itself",
              lambda rng: _numbers(rng, 12, 128)),
        Probe("300 is the bytes 172 and 2", lambda rng: Call([300])),
        Probe("what was written can be read again, number by number",
              lambda rng: _numbers(rng, 20, 1 << 30), judge=_reads_back),
        Probe("no number takes a byte more than it needs (127, 128, 16383, 16384, ...)", _borders),
        Probe("no numbers are no bytes", lambda rng: Call([])),
    ),
    variants=answers.VARINTS_VARIANTS,
    wrong=answers.VARINTS_WRONG,
    hints=(
        "How would you write 300 if you had only the digits 0 to 127?",
        "n % 128 (or n & 127) is the lowest digit, n // 128 (or n >> 7) what remains. Adding 128 "
        "to a digit sets the byte's eighth bit.",
        "for each number\n  while it is above 127: write its lowest digit + 128; keep the rest\n"
        "  write what is left\nreturn it all as bytes",
    ),
    next_step="The package keeps the places of rare characters in this form, as gaps.",
    drill="How many bytes does the number 128 take? And 16,383?",
    drill_answer="Two each: a byte holds seven bits, so one reaches 127 and two reach 16,383.",
)  # fmt: skip


# 02.2  The shortest code.


def _counts(*shape_of: int) -> np.ndarray:
    return np.array(shape_of, dtype=np.int64)


ENTROPY = Exercise(
    id="02.2",
    name="plug_in",
    task="""Entropy of the observed shares, in bits: the mean surprise of a model that knows them.

    counts: a NumPy array of whole numbers, how often each thing was seen; some may be 0.
    Returns H = sum of -p log2 p over all things that were seen, p = count / total; a number.""",
    solution="synthdata.diversity.entropy:plug_in",
    probes=(
        Probe("8 equally frequent things have an entropy of 3 bits",
              lambda rng: Call(np.full(8, int(rng.integers(2, 50))))),
        Probe("where only one thing happens the entropy is 0",
              lambda rng: Call(_counts(int(rng.integers(5, 90))))),
        Probe("the entropy of uneven counts", lambda rng: Call(rng.integers(1, 400, 12))),
        Probe("things that were seen once count, and those never seen change nothing",
              lambda rng: Call(np.concatenate([rng.integers(2, 50, 6), _counts(0, 1, 0, 1)]))),
    ),
    variants=answers.ENTROPY_VARIANTS,
    wrong=answers.ENTROPY_WRONG,
    hints=(
        "How surprised is a model that knows the shares when a thing of share p comes? How often "
        "does that happen?",
        "The mean of a quantity weighs each value by how often it occurs: sum of p * surprise.",
        "drop the zeros\np = counts / total\nreturn minus the sum of p * log2(p)",
    ),
    next_step="No code can be shorter on average, and the coder of section 3 comes within a byte.",
    drill="A coin falls heads 3 times in 4. Is its entropy more or less than 1 bit?",
    drill_answer="Less, 0.81 bits: only a fair coin reaches 1.",
)  # fmt: skip


# 02.3  Whole numbers.

TOTAL = 1 << TOTAL_BITS


def _rows(rng: np.random.Generator, s: int, v: int, off: float = 0.0) -> Call:
    """Log-probabilities [S, V]; the probabilities of a row sum to e^off."""
    return Call(inputs.logprobs(rng, s, v) + off)


def _hopeless(rng: np.random.Generator) -> Call:
    """Rows in which one character is nearly certain and some are nearly impossible."""
    logprobs = inputs.logprobs(rng, 4, 7)
    logprobs[np.arange(4), rng.integers(0, 7, 4)] += 60
    return Call(logprobs - np.log(np.exp(logprobs).sum(1, keepdims=True)))


def _exact(answer: Any, logprobs: np.ndarray) -> str | None:
    sums = {sum(map(int, row)) for row in numbers(answer)}  # of any size: no overflow
    off = max((s - TOTAL for s in sums), key=abs)
    return f"rows whose sum is off by up to {off:+,}" if off else None


def _none_zero(answer: Any, logprobs: np.ndarray) -> str | None:
    least = int(numbers(answer).min())
    return None if least >= 1 else f"a smallest number of {least}"


def _in_proportion(answer: Any, logprobs: np.ndarray) -> str | None:
    p = np.exp(logprobs)
    p /= p.sum(1, keepdims=True)
    off = np.abs(numbers(answer).astype(np.float64) / TOTAL - p).max()
    return None if off < 1e-6 else f"a share that is off by {off:.2g}"


FREQUENCIES = Exercise(
    id="02.3",
    name="frequencies",
    task="""Probabilities as whole numbers, for a coder that must repeat itself exactly.

    logprobs [S, V]: in each row the natural logarithms of V probabilities, which sum to one but
    for rounding.
    Returns whole numbers [S, V] in proportion to the probabilities. Each row sums to exactly
    2^32 = 4,294,967,296, and no number is 0.""",
    solution="minigpt.compress.arithmetic:frequencies",
    probes=(
        Probe("whole numbers, as many as there are probabilities", lambda rng: _rows(rng, 3, 5),
              judge=whole),
        Probe("they are in proportion to the probabilities", lambda rng: _rows(rng, 6, 9),
              judge=_in_proportion),
        Probe("no number is 0, however small its probability: what came must be codable", _hopeless,
              judge=_none_zero),
        Probe("each row sums to exactly 2^32", lambda rng: _rows(rng, 6, 9), judge=_exact),
        Probe("... also where the probabilities sum to a little more than one",
              lambda rng: _rows(rng, 6, 65, off=1e-5), judge=_exact),
    ),
    variants=answers.FREQUENCIES_VARIANTS,
    wrong=answers.FREQUENCIES_WRONG,
    hints=(
        "If everyone is promised 1, how much is left to be shared out in proportion?",
        "Rounding down leaves a little over in each row. It matters least to the likeliest one.",
        "p = exp(logprobs), divided by its row's sum\nwhole = p * (2^32 - V), rounded down, plus 1"
        "\nadd 2^32 - (sum of the row) to the largest of each row",
    ),
    next_step="The coder narrows its interval in these proportions, encoder and decoder alike.",
    drill="A character of probability 2^-40 gets the number 1. How many bits does it cost then?",
    drill_answer="32: the number 1 of 2^32 is a probability of 2^-32.",
)  # fmt: skip

EXERCISES = (VARINTS, ENTROPY, FREQUENCIES)
