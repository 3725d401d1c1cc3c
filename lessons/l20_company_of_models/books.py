"""The company's books: who was right, how sure it was, and what each way to pass on would bring.

Idea:   once clerks and the expert have answered all problems, every manager can be tried on paper:
        by sureness, by task, by length, by lot, for any bill. Only the manager that is judged runs.
Run:    used by experiment.py beside this file
Omits:  milliseconds, which no book tells: `rungs.fastest` runs the firms.

Legend: N problems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lessons.l20_company_of_models.company import Department, Network, raised
from lessons.lab.problems import Problem

SHARES = tuple(i / 20 for i in range(21))
"""Of the large network's bill, spent on what rises: where lines are read."""


@dataclass(frozen=True)
class Marks:
    """What a clerk did with N problems."""

    right: np.ndarray
    """[N], 0 or 1."""
    sure: np.ndarray
    """[N], nats."""
    cost: np.ndarray
    """[N], operations."""


def marks(clerk: Network | Department, problems: Sequence[Problem]) -> Marks:
    """A clerk's answers to problems of one size, marked."""
    answers, sure, _ = clerk([question for question, _ in problems])
    right = [said == wanted for said, (_, wanted) in zip(answers, problems)]
    cost = [clerk.price(question) for question, _ in problems]
    return Marks(np.array(right, float), sure, np.array(cost, float))


@dataclass(frozen=True)
class Books:
    """Problems as the small ones and the large one answer them; bills in the large one's mean."""

    small: Marks
    large: Marks
    weight: np.ndarray
    """How often each problem comes, [N], of sum 1."""

    @property
    def unit(self) -> float:
        """Mean operations of the large network's answer."""
        return float(self.weight @ self.large.cost)

    @property
    def least(self) -> float:
        """The bill if nobody rises."""
        return float(self.weight @ self.small.cost) / self.unit

    def rise(self, score: np.ndarray, bill: float) -> np.ndarray:
        """How much of each problem rises, [N], if those of the lowest score [N] do, by lot among
        equals, as far as the bill goes."""
        return raised(score, self.weight * self.large.cost / self.unit, bill - self.least)

    def right(self, rise: np.ndarray) -> float:
        """The share of right answers if so much of each problem rises, [N]."""
        gain = self.large.right - self.small.right
        return float(self.weight @ (self.small.right + rise * gain))

    def line(self, score: np.ndarray) -> list[float]:
        """Shares of right answers for bills that are `SHARES` above the least."""
        return [self.right(self.rise(score, self.least + share)) for share in SHARES]


def books(small: Sequence[Marks], large: Sequence[Marks]) -> Books:
    """The books of several kinds of problems, each as frequent as the others."""

    def joined(some: Sequence[Marks]) -> Marks:
        parts = ([getattr(one, key) for one in some] for key in ("right", "sure", "cost"))
        return Marks(*map(np.concatenate, parts))

    weight = [np.full(len(one.right), 1 / len(one.right) / len(small)) for one in small]
    return Books(joined(small), joined(large), np.concatenate(weight))
