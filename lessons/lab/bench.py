"""A bench of four tasks for one network: digits, and a sign that says what to do with them.

Idea:   `s3142=` asks for the digits sorted, `r3142=` for them backwards, `31+42=` for the sum, ones
        first, and `m3142=` for the running sums modulo six. Digits go from 0 to 5 and sums are in
        base six: a network has to learn 36 pairs of digits, not 100. All four share the digits, so
        that it has to read the sign; each question has one right answer, so that it can be marked.
        Some strings of digits are kept for marking; a pile of them is what a network learns from.
Source: one network for many tasks, told apart by how they are asked: McCann et al. 2018,
        arXiv:1806.08730.
Run:    python -c "import numpy as np; from lessons.lab import bench;
        print(bench.draw(np.random.default_rng(0), 4, 4))"
Omits:  problems in words, and problems of more than one step.

Legend: N problems, T time, V vocabulary.
"""

from __future__ import annotations

import string
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from lessons.lab.problems import Problem
from lessons.lab.rows import IGNORED, Rows
from minigpt.tokenizer import CharTokenizer

Part = Literal["learn", "choose", "judge"]
END = "="
"""Ends every question."""
BASE = 6
"""Digits are 0 to 5."""


def _sum(digits: str) -> str:
    half = len(digits) // 2
    total = int(digits[:half], BASE) + int(digits[half:], BASE)
    return np.base_repr(total, BASE).zfill(half + 1)[::-1]


def _running(digits: str) -> str:
    return "".join(str(total % BASE) for total in np.cumsum([int(digit) for digit in digits]))


_ANSWERS: dict[str, Callable[[str], str]] = {
    "s": lambda digits: "".join(sorted(digits)),
    "r": lambda digits: digits[::-1],
    "+": _sum,
    "m": _running,
}
TASKS = {"s": "sort", "r": "reverse", "+": "add", "m": "running sum"}
"""Sign -> the task's name."""
ALPHABET = string.digits[:BASE] + "".join(TASKS) + END
TOKENIZER = CharTokenizer.from_text(ALPHABET)


def sign(question: str) -> str:
    """The sign of a question's task.

    >>> sign("31+42="), sign("s3142=")
    ('+', 's')
    """
    return next(character for character in question if character in TASKS)


def answer(question: str) -> str:
    """The right answer to a question.

    >>> [answer(question) for question in ("s3142=", "r3142=", "31+42=", "m3142=")]
    ['1234', '2413', '311', '3424']
    """
    here = sign(question)
    return _ANSWERS[here](question.removesuffix(END).replace(here, ""))


def part_of(digits: str) -> Part:
    """The part to which these digits belong: of strings of four and more an eighth is kept to
    choose by, and an eighth to judge by; the others may be learned from.

    By a checksum, so that no piece of a string tells, and no list has to be kept.
    """
    kept = zlib.crc32(digits.encode()) % 8 if len(digits) >= 4 else 8
    return "judge" if kept == 0 else "choose" if kept == 1 else "learn"


def draw(rng: np.random.Generator, n: int, size: int, signs: str = "".join(TASKS)) -> list[Problem]:
    """`n` problems to learn from with `size` random digits, the tasks of `signs` in turn.

    ValueError if the size is odd or below 2: the two numbers of a sum have equally many digits.
    """
    if size % 2 or size < 2:
        raise ValueError(f"a size is an even number from 2 on, got {size}")
    found: list[Problem] = []
    while len(found) < n:
        for row in rng.integers(BASE, size=(n, size)).tolist():
            digits = "".join(map(str, row))
            if len(found) < n and part_of(digits) == "learn":
                found.append(problem(digits, signs[len(found) % len(signs)]))
    return found


def problem(digits: str, here: str) -> Problem:
    """The question that a sign asks about digits, and its answer.

    >>> problem("3142", "+"), problem("3142", "s")
    (('31+42=', '311'), ('s3142=', '1234'))
    """
    at = len(digits) // 2 if here == "+" else 0
    question = digits[:at] + here + digits[at:] + END
    return question, answer(question)


def every(size: int, part: Part, signs: str = "".join(TASKS)) -> dict[int, list[Problem]]:
    """All problems of a size and a part: to be marked by, without the luck of a draw."""
    texts = ("".join(row) for row in product(string.digits[:BASE], repeat=size))
    kept = [digits for digits in texts if part_of(digits) == part]
    return {size: [problem(digits, here) for digits in kept for here in signs]}


def as_rows(problems: Sequence[Problem], tokenizer: CharTokenizer = TOKENIZER) -> Rows:
    """Questions of one length with their answers, of any lengths, as rows [N, T].

    Short answers are filled up at the end with characters that are read, which no answer sees
    because they come behind it, and that are no targets.
    """
    asked = len(problems[0][0])
    most = max(len(said) for _, said in problems)
    filled = "".join(question + said.ljust(most, END) for question, said in problems)
    ids = tokenizer.encode(filled).astype(np.int64).reshape(len(problems), asked + most)
    targets = np.full((len(problems), asked + most - 1), IGNORED)
    targets[:, asked - 1 :] = ids[:, asked:]
    lengths = np.array([asked + len(said) for _, said in problems])
    targets[np.arange(targets.shape[1]) + 1 >= lengths[:, None]] = IGNORED
    return Rows(ids[:, :-1], targets)


@dataclass(frozen=True)
class Pile:
    """Problems of each size with answers to learn from, right ones or somebody's.

    With `logprobs`, what that somebody said about each place of those rows, nats.
    """

    rows: Mapping[int, Rows]
    """By size, each [N, T]."""
    logprobs: Mapping[int, np.ndarray] | None = None
    """By size, each [N, T, V]."""

    @property
    def count(self) -> int:
        """Problems of all sizes together."""
        return sum(len(rows.ids) for rows in self.rows.values())

    def batches(
        self, rng: np.random.Generator, batch: int
    ) -> Iterator[tuple[Rows, np.ndarray | None]]:
        """Batches without end, each of one size: all problems in random order, then again.

        What is left over of a size at the end of a pass, less than a batch, waits for the next.
        """
        while True:
            ready = []
            for size, rows in self.rows.items():
                order = rng.permutation(len(rows.ids))
                whole = max(1, len(order) // batch)
                ready += [(size, some) for some in np.array_split(order[: whole * batch], whole)]
            for i in rng.permutation(len(ready)):
                size, some = ready[i]
                rows = self.rows[size]
                said = None if self.logprobs is None else self.logprobs[size][some]
                yield Rows(rows.ids[some], rows.targets[some]), said


def problems_of(
    rng: np.random.Generator,
    n: int,
    sizes: Sequence[int],
    signs: str = "".join(TASKS),
) -> dict[int, list[Problem]]:
    """`n` problems, as many of each size, and of each size as many of each task."""
    return {size: draw(rng, n // len(sizes), size, signs) for size in sizes}


def labelled(problems: Mapping[int, Sequence[Problem]]) -> Pile:
    """A pile with the problems' own answers."""
    return Pile({size: as_rows(some) for size, some in problems.items()})
