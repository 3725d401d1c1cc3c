"""Rounds of learning from one's own answers: words, answers to them, what is kept, what is learned.

Idea:   a network sorts the letters of short words. In each round words are longer; it
        answers some, a rule decides which answers are kept, and it learns from those, beside what
        it knows already. The rule is all that differs: keep what is right, what most of five
        answers say, all, or some by lot.
Source: learning from one's own answers that were checked: Zelikman et al. 2022, arXiv:2203.14465;
        rounds of longer and longer problems: Lee et al. 2025, arXiv:2502.01612.
Run:    used by experiment.py and lesson.py beside this file
Omits:  words of the network's own: they are drawn by chance, so that no round runs out of them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from lessons.lab import answers, problems, rows
from lessons.lab.problems import Problem, Task
from lessons.lab.training import BASE
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.settings import TrainConfig
from synthdata.diversity.abundance import count_documents
from synthdata.diversity.hill import hill

Rule = Literal["checked", "vote", "all", "lot", "taught", "nothing"]
RULES = get_args(Rule)
VOTES, WARMTH = 5, 0.7
"""Answers to a word of which most have to agree, and the temperature at which they are drawn."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    letters: str
    """Of which words are made."""
    shape: GPTConfig
    least: int
    """Letters of the shortest word that people sorted."""
    most: int
    """Letters of the longest."""
    learning: int
    """Steps of training on those, before the first round."""
    learning_rate: float
    """Muon's in these steps; AdamW's is 0.15 times that, as in the presets."""
    rounds: int
    rise: int
    """Letters by which words grow from round to round."""
    steps: int
    """Of training in each round."""
    batch: int
    """Words a step."""
    words: int
    """That are answered in each round."""
    judged: int
    """New words of each length, by which a network is judged."""

    @property
    def task(self) -> Task:
        """The problems."""
        return problems.sorting(self.letters)

    @property
    def stairs(self) -> list[int]:
        """The lengths of the rounds' words."""
        return [self.most + self.rise * (i + 1) for i in range(self.rounds)]

    def config(self, steps: int, rate: float, seed: int) -> TrainConfig:
        """Settings of a training."""
        return replace(
            BASE,
            steps=steps,
            warmup=steps // 20,
            batch_size=self.batch,
            muon_lr=rate,
            adamw_lr=0.15 * rate,
            model=self.shape,
            seed=seed,
        )


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A rule, and how it is trained."""

    rule: Rule
    rate: float
    """Muon's."""
    steps: float = 1.0
    """Steps, over those of the experiment."""
    alone: bool = False
    """Nothing by people after the first round began: short words, too, are the network's own."""
    temperature: float = 0.0
    """At which answers are drawn; at 0 each letter is the likeliest."""


def lesson_for(
    questions: Sequence[str], answers: Sequence[str], ok: Sequence[bool], n: int
) -> list[Problem]:
    """`n` problems to learn from: those with ok, each once, then again from the first.

    Of more than `n` the first `n`; none if none is ok.

    >>> lesson_for(["a", "b", "c"], ["A", "B", "C"], [True, False, True], 5)
    [('a', 'A'), ('c', 'C'), ('a', 'A'), ('c', 'C'), ('a', 'A')]
    """
    kept = [(question, said) for question, said, good in zip(questions, answers, ok) if good]
    return [kept[i % len(kept)] for i in range(n)] if kept else []


def effective(things: Sequence[str]) -> float:
    """The number of equally common things that are as varied (Hill number of order 1); 0 of none.

    >>> round(effective(["ab", "cd", "ab", "cd"]), 9)
    2.0
    """
    return hill(count_documents(things), 1) if things else 0.0


def beginner(size: Size, seed: int) -> GPT:
    """A network that has learned from people: words of `least` to `most` letters, sorted."""
    config = size.config(size.learning, size.learning_rate, 10 * seed)
    return rows.learned(config, size.task, rows.evenly(size.least, size.most))[0]


def shares(net: GPT, size: Size, seed: int, lengths: Sequence[int], n: int = 0) -> list[float]:
    """The share of new words of each length that are sorted without an error."""
    found = []
    for length in lengths:
        asked = size.task.draw(np.random.default_rng([seed, 0, length]), n or size.judged, length)
        found.append(float(answers.exact(net, asked, size.task).mean()))
    return found


class Climb:
    """A network on its way up; it begins as a copy of another."""

    def __init__(self, net: GPT, arm: Arm, size: Size, seed: int, kept: Sequence[int] = ()) -> None:
        """`kept` is how many are kept in each round where the rule is "lot" or "taught"."""
        self.net, self.arm, self.size, self.seed, self.kept = (
            copy.deepcopy(net),
            arm,
            size,
            seed,
            kept,
        )
        for block in self.net.blocks:  # as was measured: Muon takes queries, keys and values of a
            block.attention.stacked = {}  # type: ignore[union-attr] # climber as one, in all arms
        self.round = 0
        self.piles: dict[int, list[Problem]] = {}
        self.read: dict[int, int] = {}
        """Rows of each length that were read in training."""

    def up(self) -> dict[str, Any]:
        """One round with longer words; what was written and kept.

        Of the words: `length`, and the share of answers that were `right`, before anything was
        learned from them. Of the answers kept: how many, which share of them is right, and the
        effective numbers of different answers and of letters in what is learned from.
        """
        size = self.size
        longest = size.stairs[self.round]
        self.round += 1
        if self.arm.alone:
            for length in range(size.least, longest):
                self._write(length, size.words // 5)
        told = self._write(longest, size.words)
        self._learn(longest)
        return told

    def _rng(self, length: int, what: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.round, length, what])

    def _write(self, length: int, n: int) -> dict[str, Any]:
        """Answer `n` words, and keep some."""
        task, arm, rng = self.size.task, self.arm, self._rng(length, 1)
        asked = task.draw(self._rng(length, 0), n, length)
        questions = [question for question, _ in asked]
        if arm.rule == "vote":
            given = answers.drawn(self.net, questions * VOTES, length, WARMTH, rng)
            votes = [answers.majority(given[i::n]) for i in range(n)]
            said, ok = [vote or "" for vote in votes], [vote is not None for vote in votes]
        elif arm.rule == "taught":
            said, ok = [answer for _, answer in asked], [True] * n
        else:
            said = answers.drawn(self.net, questions, length, arm.temperature, rng)
            ok = [True] * n
        right = np.array([task.right(q, a) for q, a in zip(questions, said)])
        if arm.rule == "checked":
            ok = right.tolist()
        elif arm.rule in ("lot", "taught"):
            chosen = rng.choice(n, self.kept[self.round - 1], replace=False)
            ok = np.isin(np.arange(n), chosen).tolist()
        elif arm.rule == "nothing":
            ok = [False] * n
        self.piles[length] = pile = lesson_for(questions, said, ok, n)
        return {
            "length": length,
            "right": float(right.mean()),
            "kept": sum(ok),
            "kept right": float(right[ok].mean()) if any(ok) else 0.0,
            "answers": effective([said for _, said in pile]),
            "letters": effective([letter for _, said in pile for letter in said]),
        }

    def _learn(self, longest: int) -> None:
        """Train: every other step on the longest words, the others on shorter ones, evenly."""
        size, arm = self.size, self.arm
        people = range(size.least, size.most + 1) if not arm.alone else ()
        known = [n for n in range(size.least, longest + 1) if n in people or self.piles.get(n)]
        if not known:
            return

        def draw(rng: np.random.Generator, n: int, length: int) -> list[Problem]:
            pile = self.piles.get(length)
            if not pile:
                return size.task.draw(rng, n, length)
            return [pile[i] for i in rng.integers(len(pile), size=n)]

        lengths, new = self._rng(0, 2), known[-1] == longest and len(known) > 1

        def choose(done: float, rng: np.random.Generator) -> int:
            if new and lengths.random() < 0.5:
                return longest
            return int(lengths.choice(known[:-1] if new else known))

        config = size.config(
            max(1, round(size.steps * arm.steps)), arm.rate, 10 * self.seed + self.round
        )
        task = replace(size.task, draw=draw)
        self.net, loss = rows.learned(config, task, choose, init=self.net)
        for time, n in loss.read.items():
            self.read[time] = self.read.get(time, 0) + n
