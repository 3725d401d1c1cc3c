"""A company of networks: clerks who answer and say how sure they are, and one who is asked last.

Idea:   a question goes to the clerk of its task. A clerk whose answer is less probable than a
        threshold passes the question on, and the expert reads it anew: who rises is paid twice.
        The threshold is set on questions kept to choose by, so that the mean bill fits a budget.
Source: cascades of language models: Chen et al. 2023, arXiv:2305.05176; what a threshold on
        sureness cannot see: Jitkrittum et al. 2023, arXiv:2307.02764.
Run:    used by lesson 20
Omits:  a manager that learns, more than two levels, and answers that are drawn.

Legend: N questions, A characters of an answer, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from lessons.lab import bench, rungs
from minigpt.model import GPT

Said = tuple[list[str], np.ndarray, float]
"""Answers to N questions, the sureness of each [N] in nats, and the bill for all of them."""
Clerk = Callable[[Sequence[str]], Said]
_price = cache(rungs.answer_flops)  # a bill is added up while a clock runs


def sureness(logprobs: np.ndarray, written: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The log-probability of each whole answer, [N], nats; exp of it is the answer's probability.

    logprobs [N, A, V] is what a network said at each place before it wrote written [N, A]. An
    answer is over after lengths [N] characters; what was written behind that does not count.
    """
    chosen = np.take_along_axis(logprobs, written[..., None], axis=-1)[..., 0]
    counted = np.arange(written.shape[1]) < np.asarray(lengths)[:, None]
    return np.where(counted, chosen, 0.0).sum(axis=1)


def threshold(sureness: Sequence[float], cheap: float, dear: float, budget: float) -> float:
    """The sureness below which a question rises, such that a mean bill is at most `budget`.

    sureness [N] is that of the clerks' answers. Each question is paid `cheap`; one that rises is
    paid `dear` as well. As many rise as the budget pays for: those strictly below the threshold.
    If it pays for all of them, the threshold is infinity; if for none, the lowest sureness.

    >>> threshold([-3.0, -0.1, -2.0, -0.2], cheap=1, dear=10, budget=6)
    -0.2
    """
    ordered = sorted(sureness)
    paid = math.floor(len(ordered) * (budget - cheap) / dear + 1e-9)
    return ordered[max(paid, 0)] if paid < len(ordered) else math.inf


def escalate(
    questions: Sequence[str], small: Clerk, large: Clerk, threshold: float
) -> tuple[list[str], float]:
    """Answers to all questions, and the whole bill.

    `large` is asked, once, about those questions whose sureness is below the threshold; if there
    are none it is not asked.
    """
    answers, sure, bill = small(questions)
    rises = [i for i in range(len(questions)) if sure[i] < threshold]
    if rises:
        better, _, more = large([questions[i] for i in rises])
        for i, answer in zip(rises, better):
            answers[i] = answer
        bill += more
    return answers, bill


@dataclass(frozen=True)
class Desk:
    """A clerk whose answers are on cards, for exercises: answer and sureness of each question."""

    answers: Mapping[str, str]
    sure: Mapping[str, float]
    price: float
    """Of each question that is asked."""
    call: float = 0.0
    """Price of being called, whatever is asked."""

    def __call__(self, questions: Sequence[str]) -> Said:
        told = np.array([self.sure[question] for question in questions], dtype=float)
        return [self.answers[q] for q in questions], told, self.call + self.price * len(questions)


@dataclass(frozen=True)
class Network:
    """A clerk that is a network; its bill is counted in operations."""

    model: GPT

    def __call__(self, questions: Sequence[str]) -> Said:
        """All questions, which have one length, are answered at once."""
        lengths = np.array([answered(question) for question in questions])
        ids = np.stack([self.model.tokenizer.encode(q) for q in questions]).astype(np.int64)
        state, said = self.model.start(ids)
        told, chosen = [said], [said.argmax(-1)]
        while len(chosen) < lengths.max():
            told.append(self.model.step(state, chosen[-1]))
            chosen.append(told[-1].argmax(-1))
        written = np.stack(chosen, axis=1)
        rows = zip(written, lengths)
        answers = [self.model.tokenizer.decode(row[:length]) for row, length in rows]
        sure = sureness(np.stack(told, axis=1), written, lengths)
        return answers, sure, sum(self.price(question) for question in questions)

    def price(self, question: str) -> float:
        """Operations of the answer to a question, if it is asked alone."""
        shape, asked = self.model.config, len(question)
        words = len(self.model.tokenizer)
        return _price(shape.n_layer, shape.n_embd, words, asked, answered(question))


@dataclass(frozen=True)
class Department:
    """Networks of one task each; the sign of a question says whose it is."""

    clerks: Mapping[str, Network]
    """By sign."""

    def __call__(self, questions: Sequence[str]) -> Said:
        answers, sure, bill = [""] * len(questions), np.zeros(len(questions)), 0.0
        for sign, clerk in self.clerks.items():
            mine = [i for i, question in enumerate(questions) if sign in question]
            if mine:
                said, told, price = clerk([questions[i] for i in mine])
                sure[mine], bill = told, bill + price
                for i, answer in zip(mine, said):
                    answers[i] = answer
        return answers, sure, bill

    def price(self, question: str) -> float:
        """Operations of its clerk's answer."""
        return self.clerks[bench.sign(question)].price(question)


def answered(question: str) -> int:
    """Characters of the answer, which the sign and the length of a question tell.

    >>> answered("31+42="), answered("s3142=")
    (3, 4)
    """
    digits = len(question) - len("s" + bench.END)
    return digits // 2 + 1 if bench.sign(question) == "+" else digits


def raised(score: np.ndarray, spend: np.ndarray, budget: float) -> np.ndarray:
    """How much of each question rises, [N] from 0 to 1, if `budget` is spent on rising.

    Questions of the lowest score [N] rise first; among equals it is drawn by lot, so that each
    rises in part: with one score for all this is escalation by lot. spend [N] is what each adds to
    the bill if it rises.

    >>> raised(np.array([2, 1, 2]), np.array([1.0, 1.0, 1.0]), 2.0).tolist()
    [0.5, 1.0, 0.5]
    """
    found, left = np.zeros(len(score)), budget
    for value in np.unique(score):
        here = score == value
        found[here] = min(1.0, left / spend[here].sum())
        left = max(0.0, left - spend[here].sum())
    return found
