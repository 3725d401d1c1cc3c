"""A text whose hidden cause is drawn first: two grammars or more behind it, and exact answers.

Idea:   before each sentence one of several grammars is drawn and then writes it. They share all
        choices and differ only in weights, so no character gives the cause away for certain. All
        that can be known about it is a posterior, which Bayes' rule computes character by
        character: log prior plus the log-likelihood of what was read, normalised over causes.
Source: Bayes' rule; the forward algorithm: Rabiner 1989, section III.A.
Run:    used by the experiments of the lessons
Omits:  causes that change within a sentence, and causes that no grammar describes.

Legend: N lines, T time, K causes, S states of a grammar, V vocabulary. Logarithms are natural.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from minigpt.nextchar import NextChar
from minigpt.storyland.grammar_model import Belief, GrammarModel
from minigpt.storyland.rules import MARK, Grammar
from minigpt.tokenizer import CharTokenizer


def running_posterior(loglik: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Probability [T, K] of each cause after each character.

    loglik [T, K] is the log-probability of each character under each cause, given the characters
    before it; prior [K] is each cause's probability before the first one. Works in logarithms: the
    probability of a long text is smaller than the smallest float.

    >>> table = np.log(np.array([[0.5, 0.25], [0.5, 0.25]]))
    >>> running_posterior(table, np.array([0.5, 0.5])).round(3).tolist()
    [[0.667, 0.333], [0.8, 0.2]]
    """
    evidence = np.log(prior) + np.cumsum(loglik, axis=0)
    weights = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Nats per character that three predictors pay for the same lines."""

    exact: float
    """The floor: Bayes' rule, with the cause unknown. No predictor can do better on average."""
    told: float
    """A predictor that is told the cause before each line."""
    forgetful: float
    """One that knows the grammars but at every character weighs the causes as before the line."""

    @property
    def worth(self) -> float:
        """What it is worth to work out the cause from the line itself."""
        return self.forgetful - self.exact


class HiddenCause:
    """Grammars that share their choices, one of which is drawn for each line.

    `prior` [K] are their probabilities, equal by default. ValueError if the grammars' choices
    differ, or the prior is not a probability above 0 for each.
    """

    def __init__(self, grammars: Sequence[Grammar], prior: Sequence[float] | None = None) -> None:
        self.grammars = tuple(grammars)
        k = len(self.grammars)
        self.prior = np.array(prior if prior is not None else [1 / k] * k, dtype=np.float64)
        if (
            self.prior.shape != (k,)
            or not (self.prior > 0).all()
            or abs(self.prior.sum() - 1) > 1e-9
        ):
            raise ValueError(f"the prior is a probability above 0 for {k} grammars, got {prior}")
        first = self.grammars[0]
        for other in self.grammars[1:]:
            same = np.array_equal(other.next, first.next)
            if not same or other.tokenizer.characters != first.tokenizer.characters:
                raise ValueError("grammars of one text differ in weights only, not in choices")

    @property
    def tokenizer(self) -> CharTokenizer:
        """The alphabet that all of them share."""
        return self.grammars[0].tokenizer

    def lines(self, n: int, seed: int) -> tuple[list[str], np.ndarray]:
        """`n` lines, each with its mark, and the index [n] of each line's cause.

        More lines with the same seed begin with these.
        """
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        seeds = rng.integers(1 << 60, size=len(self.grammars)).tolist()
        causes = rng.choice(len(self.grammars), size=n, p=self.prior)
        waiting = [
            iter(_lines(grammar, int((causes == k).sum()), seeds[k]))
            for k, grammar in enumerate(self.grammars)
        ]
        return [next(waiting[k]) for k in causes], causes

    def text(self, characters: int, seed: int) -> str:
        """The first `characters` characters of an endless text."""
        mean = min(grammar.mean_length for grammar in self.grammars)
        n = int(1.1 * characters / mean) + 20
        while len(text := "".join(self.lines(n, seed)[0])) < characters:
            n *= 2
        return text[:characters]

    def loglik(self, line: str) -> np.ndarray:
        """Log-probability [T, K] of each character under each cause; -inf if impossible.

        The line begins where a sentence begins, and may end anywhere.
        """
        here, states = 0, []
        ids = self.tokenizer.encode(line)
        for c in ids.tolist():
            states.append(here)
            here = int(self.grammars[0].next[here, c])
            if here < 0:
                raise ValueError(f"no grammar writes {line!r}")
        return np.stack([g.logprob_table[states, ids] for g in self.grammars], axis=1)

    def posteriors(self, lines: Sequence[str]) -> np.ndarray:
        """Probability [N, K] of each cause behind each whole line."""
        return np.stack([running_posterior(self.loglik(line), self.prior)[-1] for line in lines])

    def losses(self, lines: Sequence[str], causes: np.ndarray) -> Losses:
        """What three predictors pay for these lines, whose causes [N] are known to the second."""
        paid = np.zeros(3)
        for line, cause in zip(lines, causes):
            table = self.loglik(line)
            whole = table.sum(axis=0)
            exact = np.logaddexp.reduce(np.log(self.prior) + whole)
            forgetful = np.logaddexp.reduce(np.log(self.prior) + table, axis=1).sum()
            paid -= (exact, whole[cause], forgetful)
        exact, told, forgetful = (paid / sum(map(len, lines))).tolist()
        return Losses(exact=exact, told=told, forgetful=forgetful)

    @cached_property
    def model(self) -> HiddenCauseModel:
        """The best possible predictor, as a `NextChar`."""
        return HiddenCauseModel(self)


def line_loss(model: NextChar, lines: Sequence[str], batch: int = 256) -> float:
    """Nats per character that a predictor pays for lines, each read alone behind a mark.

    It compares with `HiddenCause.losses`: the exact predictor pays the floor.
    """
    paid, order = 0.0, sorted(lines, key=len)
    for first in range(0, len(order), batch):
        some = order[first : first + batch]
        longest = len(some[-1])
        texts = [MARK + line.ljust(longest, MARK) for line in some]
        ids = np.stack([model.tokenizer.encode(text) for text in texts]).astype(np.int64)
        said = model.logprobs(ids[:, :-1])
        each = np.take_along_axis(said, ids[:, 1:, None], -1)[..., 0].astype(np.float64)
        paid -= float(sum(row[: len(line)].sum() for row, line in zip(each, some)))
    return paid / sum(map(len, lines))


def _lines(grammar: Grammar, n: int, seed: int) -> list[str]:
    """`n` sentences of one grammar, with their marks."""
    characters = int(1.1 * n * grammar.mean_length) + grammar.longest
    while True:
        found = grammar.generate(characters, seed).split(MARK)[:-1]
        if len(found) >= n:
            return [line + MARK for line in found[:n]]
        characters *= 2


class _Together(Grammar):
    """All grammars side by side in one automaton: state s of grammar k is k * S + s."""

    def __init__(self, source: HiddenCause) -> None:
        grammars, states = source.grammars, len(source.grammars[0].next)
        self.tokenizer = source.tokenizer
        moved = [np.where(g.next < 0, -1, g.next + k * states) for k, g in enumerate(grammars)]
        self.next, self.prob = np.concatenate(moved), np.concatenate([g.prob for g in grammars])
        self.mean_length = float(source.prior @ [g.mean_length for g in grammars])
        visits = np.concatenate([p * g.visits for p, g in zip(source.prior, grammars)])
        self.stationary = visits / self.mean_length


class HiddenCauseModel(GrammarModel):
    """The exact distribution of the next character, for views that begin anywhere.

    It weighs pairs of a cause and a state that fit what is in view, as `GrammarModel` weighs
    states. After a mark all that it has learned about the cause is void, since a new one is drawn.
    """

    def __init__(self, source: HiddenCause, *, smoothing: float = 0.0) -> None:
        super().__init__(_Together(source), smoothing=smoothing)
        self.states = len(source.grammars[0].next)
        self.prior = source.prior
        self.mark = int(source.tokenizer.encode(MARK)[0])

    def _read(self, belief: Belief, ids: np.ndarray) -> None:
        super()._read(belief, ids)
        ended = (ids == self.mark)[belief.stream]
        belief.weight = np.where(ended, self.prior[belief.state // self.states], belief.weight)
