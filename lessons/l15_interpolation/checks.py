"""Exercises of lesson 15: the nearest example, parts that were shown, equal distance.

Idea:   two readings of "between the examples" as code, and a comparison that is fair to both.
Run:    python -m lessons check 15.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe
from lessons.l15_interpolation import answers

# 15.1  The nearest example


def _pairs(rng: np.random.Generator, n: int, high: int = 100) -> np.ndarray:
    return rng.integers(high, size=(n, 2))


def _own(rng: np.random.Generator) -> Call:
    seen = _pairs(rng, 8)
    return Call(seen, rng.permutation(seen)[:5])


def _on_a_line(rng: np.random.Generator) -> Call:
    row = int(rng.integers(10, 90))
    return Call(np.array([[row, 20], [row, 60]]), np.array([[row, int(rng.integers(22, 58))]]))


def _askew(rng: np.random.Generator) -> Call:
    """Both numbers differ from the only example, by different amounts."""
    a, b = rng.integers(30, 60, 2)
    apart = rng.permutation([int(rng.integers(3, 9)), int(rng.integers(12, 20))])
    return Call(np.array([[a, b]]), np.array([[a, b] + apart * rng.choice([-1, 1], 2)]))


def _small_type(rng: np.random.Generator) -> Call:
    """Examples above and below what is asked, so that differences wrap round either way."""
    asked = 40 + _pairs(rng, 4, 20)
    seen = np.concatenate((_pairs(rng, 3, 20), 80 + _pairs(rng, 3, 20)))
    return Call(seen.astype(np.uint8), asked.astype(np.uint8))


NEAREST = Exercise(
    id="15.1",
    name="nearest",
    task="""How far each sum is from the nearest example.

    seen [N, 2]: the pairs of numbers that were shown, asked [M, 2]: those that are asked; whole
    numbers from 0 to 99 of any integer type, `uint8` as well. The distance of two pairs is the
    larger of two differences: that of their first and that of their second numbers.
    Returns [M], whole numbers: for each pair in asked its distance to the nearest in seen.""",
    solution="lessons.l15_interpolation.gaps:nearest",
    probes=(
        Probe("0 for an example", _own),
        Probe("two examples in a line: the nearer one counts", _on_a_line),
        Probe("one example: the larger of two differences", _askew),
        Probe("any examples, any sums", lambda rng: Call(_pairs(rng, 12), _pairs(rng, 7))),
        Probe("numbers in one byte each, of type uint8", _small_type),
    ),
    variants=answers.NEAREST_VARIANTS,
    wrong=answers.NEAREST_WRONG,
    hints=(
        "Asked is 35 + 47; 33 + 40 was shown. By how much do the first numbers differ, the second?",
        "The absolute differences of one asked pair and all examples are an array [N, 2]. In which "
        "direction do you take the maximum, in which the minimum? And what is 3 - 5 in uint8?",
        "for each pair in asked:\n    apart = |seen - pair| as int64, [N, 2]\n"
        "    the largest of each row, then the least of these",
    ),
    next_step="So every hole in the map gets its depth.",
    drill="A hole has ten rows and ten columns. How far is its deepest sum from the nearest "
    "example?",
    drill_answer="Five: the middle of ten is five steps from the nearer edge.",
)  # fmt: skip


# 15.2  Parts that were shown


def _mixed(rng: np.random.Generator, *, swap: bool = False) -> Call:
    """Sums made of parts of examples, with some digit changed in every second."""
    seen = _pairs(rng, 25)
    ones, tens = seen[rng.integers(25, size=12)] % 10, seen[rng.integers(25, size=12)] // 10
    asked = 10 * tens + ones
    asked[::2] = (asked[::2] + 10 ** rng.integers(2, size=(6, 2))) % 100
    return Call(seen, asked[:, ::-1] if swap else asked)


def _elsewhere(rng: np.random.Generator) -> Call:
    """What was shown at the ones is asked at the tens, and the other way round."""
    digits = rng.permutation(10)
    tens, ones = digits[:4].reshape(2, 2), digits[4:8].reshape(2, 2)
    return Call(10 * tens + ones, np.concatenate((10 * ones + tens, 10 * tens[:1] + ones[1:])))


def _apart(rng: np.random.Generator) -> Call:
    """Every digit was shown at its place, but with other partners."""
    digits = rng.permutation(10)[:4]
    seen = np.array([[10 * x + x, 10 * y + y] for x, y in (digits[:2], digits[2:])])
    return Call(seen, np.array([[seen[0, 0], seen[1, 1]], [seen[0, 0], seen[0, 1]]]))


PARTS_SEEN = Exercise(
    id="15.2",
    name="parts_seen",
    task="""Whether all parts of each sum have been shown.

    seen [N, 2]: the pairs of numbers that were shown, asked [M, 2]: those that are asked; whole
    numbers from 0 to 99. A sum has two parts: its two ones, and its two tens, each as a pair in
    its order. 27 + 45 has the ones (7, 5) and the tens (2, 4). The two parts may have been shown
    in different examples; carries play no role.
    Returns [M] of True or False.""",
    solution="lessons.l15_interpolation.gaps:parts_seen",
    probes=(
        Probe("an example has its own parts", _own),
        Probe("parts may come from different examples", _mixed),
        Probe("a digit shown with another partner is not enough", _apart),
        Probe("nor is a part shown at the other place", _elsewhere),
        Probe("nor is a part in the other order", lambda rng: _mixed(rng, swap=True)),
    ),
    variants=answers.PARTS_VARIANTS,
    wrong=answers.PARTS_WRONG,
    hints=(
        "12 + 34 and 56 + 78 were shown. Which other sums can be put together from their parts?",
        "`seen % 10` are the ones of all examples, `seen // 10` the tens. Rows of an array go into "
        "a set as tuples.",
        "ones = set of tuples of seen % 10; tens = set of tuples of seen // 10\n"
        "for each pair in asked: are its ones in ones, and its tens in tens?",
    ),
    next_step="Now each hole has a depth and, beside it, parts that were shown or not.",
    drill="How many examples are enough, at the least, to show all parts there are?",
    drill_answer="100: there are 100 pairs of ones and 100 of tens, and one example shows one "
    "of each.",
)  # fmt: skip


# 15.3  At equal distance


def _table(rng: np.random.Generator, n: int, distances: int) -> Call:
    """Random sums; group and distance hang together, and both with what is right."""
    distance = rng.integers(1, distances + 1, n)
    group = rng.random(n) < 0.15 + 0.7 * (distance == 1)
    right = rng.random(n) < 0.2 + 0.5 * (distance == 1) + 0.2 * group
    distance[:2], group[:2] = 1, (True, False)  # at least one distance has both
    return Call(distance, group, right)


def _one_sided(rng: np.random.Generator) -> Call:
    """Distance 3 has the group alone, 4 the others alone."""
    call = _table(rng, 30, 2)
    more = rng.integers(3, 5, 12)
    more[:2] = 3, 4
    distance, group = np.append(call.args[0], more), np.append(call.args[1], more == 3)
    return Call(distance, group, np.append(call.args[2], rng.random(12) < 0.5))


def _simpson(rng: np.random.Generator) -> Call:
    """The group is worse at each distance, and better if all are thrown together."""
    n = int(rng.integers(2, 5))
    rows = [(1, True, 6 * n, 4 * n), (1, False, n, n), (2, True, n, 0), (2, False, 6 * n, 2 * n)]
    distance = np.concatenate([np.full(k, d) for d, _, k, _ in rows])
    group = np.concatenate([np.full(k, g) for _, g, k, _ in rows])
    right = np.concatenate([np.arange(k) < r for *_, k, r in rows])
    return Call(distance, group, right)


AT_EQUAL = Exercise(
    id="15.3",
    name="at_equal_distance",
    task="""Share right in a group minus share right of the others, at equal distance.

    distance [M]: whole numbers; group [M]: True for a sum of the group, False for one of the
    others; right [M]: True if it was right. All are arrays.
    Returns one number: the difference of the two shares, taken among the sums of each distance
    apart; then the mean over distances, each with the same weight. A distance at which one side
    has no sums is left out; there is at least one with both.""",
    solution="lessons.l15_interpolation.gaps:at_equal_distance",
    probes=(
        Probe("one distance: a difference of two shares", lambda rng: _table(rng, 20, 1)),
        Probe("several distances", lambda rng: _table(rng, 80, 3)),
        Probe("worse at each distance, better if all are thrown together", _simpson),
        Probe("distances with one side alone are left out", _one_sided),
    ),
    variants=answers.EQUAL_VARIANTS,
    wrong=answers.EQUAL_WRONG,
    hints=(
        "Most sums of the group are near an example, most of the others are far from one. What "
        "does the plain difference of their shares compare?",
        "Take the sums at one distance alone and compare there. And at a distance with nothing "
        "to compare?",
        "for each d in the distances that occur:\n    here = distance == d\n"
        "    if both here & group and here & ~group have sums: note the difference of means\n"
        "return the mean of what you noted",
    ),
    next_step="With it, inside and outside are compared, and parts shown with parts not shown.",
    drill="A hospital takes the hardest cases, and more of its patients die. With what would you "
    "compare it?",
    drill_answer="With other hospitals' patients, severity by severity.",
)  # fmt: skip

EXERCISES = (NEAREST, PARTS_SEEN, AT_EQUAL)
