"""Text problems with exact answers: strings to repeat or to sort, cups, a dial, sums.

Idea:   a network is asked something whose answer is a text that can be checked letter by letter.
        Problems are drawn anew all the time, by a size that says how hard they are, so nothing can
        be learned by heart, and what counts is an answer without a single error.
Source: copying as a test of memory: Graves, Wayne & Danihelka 2014, arXiv:1410.5401, section 4.1.
Run:    python -c "import numpy as np; from lessons.lab import problems;
        print(problems.COPY.draw(np.random.default_rng(0), 3, 8))"
Omits:  problems in words, and partial marks.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Problem = tuple[str, str]
"""A question and its only right answer."""
BAR = "|"
"""What stands between a string and its repetition."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A kind of problem."""

    name: str
    alphabet: str
    """Every character of questions and answers, once."""
    draw: Callable[[np.random.Generator, int, int], list[Problem]]
    """(generator, n, size) -> n problems of that size, all with texts of the same two lengths."""
    right: Callable[[str, str], bool]
    """Whether an answer to a question is right."""
    in_place: bool = False
    """The answer has a character for each character of the question, to be given at that place,
    before the next one is read; otherwise it is written behind the question."""


def strings(rng: np.random.Generator, n: int, size: int, letters: str) -> list[str]:
    """`n` strings of `size` letters, each drawn uniformly."""
    table = np.array(list(letters))[rng.integers(len(letters), size=(n, size))]
    return ["".join(row) for row in table]


def _copy(rng: np.random.Generator, n: int, size: int) -> list[Problem]:
    return [(text + BAR, text) for text in strings(rng, n, size, string.ascii_lowercase)]


COPY = Task(
    name="copy",
    alphabet=string.ascii_lowercase + BAR,
    draw=_copy,
    right=lambda question, answer: answer == question[: -len(BAR)],
)
"""Repeat a string of `size` random letters: `dog|` -> `dog`."""


def well_sorted(word: str, answer: str) -> bool:
    """Whether an answer is the word's letters in order, each as often as in the word.

    It compares with no right answer, so that nobody has to know one:

    >>> well_sorted("beebe", "bbeee"), well_sorted("beebe", "bbbee"), well_sorted("beebe", "bebee")
    (True, False, False)
    """
    in_order = all(one <= other for one, other in pairwise(answer))
    return in_order and Counter(answer) == Counter(word)


def sorting(letters: str = string.ascii_lowercase) -> Task:
    """Sort a string of `size` different letters: `dog|` -> `dgo`.

    With letters that may be there twice a network has to count as well, which is learned far more
    slowly. Drawing raises ValueError if there are fewer letters than `size`.
    """

    def draw(rng: np.random.Generator, n: int, size: int) -> list[Problem]:
        if size > len(letters):
            raise ValueError(f"{size} different letters are wanted, there are {len(letters)}")
        table = rng.permuted(np.tile(list(letters), (n, 1)), axis=1)[:, :size]
        return [("".join(row) + BAR, "".join(sorted(row))) for row in table.tolist()]

    return Task(
        name="sort",
        alphabet=letters + BAR,
        draw=draw,
        right=lambda question, answer: well_sorted(question[: -len(BAR)], answer),
    )


SWAPS = {"a": (0, 1), "b": (1, 2), "c": (0, 2)}
"""Which two of three cups each letter swaps."""


def cups(moves: str) -> str:
    """Where the ball is after each move, from 0 to 2; it begins under cup 0.

    The order of moves matters:

    >>> cups("ab"), cups("ba")
    ('12', '01')
    """
    ball, places = 0, []
    for move in moves:
        one, other = SWAPS[move]
        ball = {one: other, other: one}.get(ball, ball)
        places.append(str(ball))
    return "".join(places)


def dial(moves: str) -> str:
    """Where a dial of three marks is after each move: a, b and c turn it by 0, 1 and 2.

    The order of moves does not matter:

    >>> dial("ab"), dial("ba")
    ('01', '11')
    """
    turned = np.cumsum([ord(move) - ord("a") for move in moves]) % 3
    return "".join(str(mark) for mark in turned)


def _followed(name: str, follow: Callable[[str], str]) -> Task:
    """The task to follow something through random moves a, b, c, with an answer at each."""
    return Task(
        name=name,
        alphabet="012abc",
        draw=lambda rng, n, size: [(s, follow(s)) for s in strings(rng, n, size, "abc")],
        right=lambda question, answer: answer == follow(question),
        in_place=True,
    )


CUPS = _followed("cups", cups)
"""The shell game with `size` swaps: composition of permutations, which do not commute."""
DIAL = _followed("dial", dial)
"""The same form, but its moves commute: sums modulo 3."""


def _sum(question: str) -> str:
    """The sum behind `27+05=`, ones first: its digits are computed in this order."""
    one, _, other = question.rstrip("=").partition("+")
    return f"{int(one) + int(other):0{len(one) + 1}d}"[::-1]


def addition(allowed: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None) -> Task:
    """Sums of two numbers of `size` digits: `27+05=` -> `230`, ones first.

    `allowed` says which pairs of numbers [N], [N] may be drawn; all by default. Drawing raises
    ValueError if it allows hardly any.
    """

    def draw(rng: np.random.Generator, n: int, size: int) -> list[Problem]:
        pairs = np.empty((0, 2), dtype=np.int64)
        for _ in range(1000):
            if len(pairs) >= n:
                break
            new = rng.integers(10**size, size=(n, 2))
            keep = slice(None) if allowed is None else allowed(new[:, 0], new[:, 1])
            pairs = np.concatenate((pairs, new[keep]))
        if len(pairs) < n:
            raise ValueError(
                f"hardly any sum of {size} digits is allowed; {len(pairs)} of {n} found"
            )
        asked = [f"{a:0{size}d}+{b:0{size}d}=" for a, b in pairs[:n].tolist()]
        return [(question, _sum(question)) for question in asked]

    return Task(
        name="addition",
        alphabet=string.digits + "+=",
        draw=draw,
        right=lambda question, answer: answer == _sum(question),
    )
