"""The true next-character distribution of a grammar, for contexts that begin anywhere.

Idea:   a predictor that sees only a window does not know where in a sentence it began. So carry a
        weight for every state the grammar may be in, multiply by how well each explains the next
        character, and predict with the mixture: no predictor that sees the same window can do
        better.
Source: the forward algorithm; Rabiner 1989, section III.A.
Run:    python -m minigpt.train --data storyland
Omits:  learning. The grammar is given.

Legend: B batch, T time, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minigpt.storyland.rules import Grammar
from minigpt.tokenizer import CharTokenizer


@dataclass
class Belief:
    """The states in which B streams may be: a ragged list, sorted by stream."""

    stream: np.ndarray
    state: np.ndarray
    weight: np.ndarray
    """Probability of each state; it sums to one in every stream."""


class GrammarModel:
    """The exact distribution of the next character, given the characters in view.

    A window that begins in the middle of a sentence does not tell where in the grammar it began;
    the model then weighs all states that fit, starting from how often each is visited (a forward
    filter). One mark in view settles it. Log-probabilities of impossible characters are -inf;
    `smoothing` mixes in that share of the uniform distribution, for uses that divide by them or
    code with them. After characters the grammar cannot write there is no true answer: the filter
    starts again at the last character.
    """

    def __init__(self, grammar: Grammar, *, smoothing: float = 0.0) -> None:
        if not 0.0 <= smoothing < 1.0:
            raise ValueError(f"smoothing is a share from 0 to below 1, got {smoothing}")
        self.grammar = grammar
        self.smoothing = smoothing

    @property
    def tokenizer(self) -> CharTokenizer:
        return self.grammar.tokenizer

    @property
    def context(self) -> int | None:
        """None: the automaton remembers what matters."""
        return None

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V]; [b, t] predicts ids[b, t + 1]."""
        out = np.empty((*ids.shape, len(self.tokenizer)), dtype=np.float32)
        belief = self._anywhere(len(ids))
        for t in range(ids.shape[1]):
            self._read(belief, ids[:, t])
            out[:, t] = self._predict(belief)
        return out

    def start(self, ids: np.ndarray) -> tuple[Belief, np.ndarray]:
        """Read ids [B, T], T >= 1: (belief, log-probabilities [B, V] of the next character)."""
        belief = self._anywhere(len(ids))
        for t in range(ids.shape[1]):
            self._read(belief, ids[:, t])
        return belief, self._predict(belief)

    def step(self, state: Belief, ids: np.ndarray) -> np.ndarray:
        """Read one more character of each stream, ids [B]: log-probabilities [B, V]."""
        self._read(state, ids)
        return self._predict(state)

    def _anywhere(self, batch: int) -> Belief:
        states = len(self.grammar.next)
        return Belief(
            np.repeat(np.arange(batch), states),
            np.tile(np.arange(states), batch),
            np.tile(self.grammar.stationary, batch),
        )

    def _read(self, belief: Belief, ids: np.ndarray) -> None:
        """Condition `belief` on the next character of each stream, in place."""
        read = ids[belief.stream]
        weight = belief.weight * self.grammar.prob[belief.state, read]
        fits = weight > 0
        stream, weight = belief.stream[fits], weight[fits]
        state = self.grammar.next[belief.state[fits], read[fits]]
        lost = np.flatnonzero(np.bincount(stream, minlength=len(ids)) == 0)
        if lost.size:  # impossible so far: begin again with this character
            fresh = self._anywhere(len(lost))
            self._read(fresh, ids[lost])
            stream = np.concatenate([stream, lost[fresh.stream]])
            state = np.concatenate([state, fresh.state])
            weight = np.concatenate([weight, fresh.weight])
        if lost.size or len(stream) > len(ids):
            # Sort, and merge paths that have met in one state (a mark merges all).
            states = len(self.grammar.next)
            met, place = np.unique(stream * states + state, return_inverse=True)
            stream, state = met // states, met % states
            weight = np.bincount(place, weights=weight)
        total = np.bincount(stream, weights=weight, minlength=len(ids))
        belief.stream, belief.state, belief.weight = stream, state, weight / total[stream]

    def _predict(self, belief: Belief) -> np.ndarray:
        """Log-probabilities [B, V] of the next character."""
        first = np.flatnonzero(np.diff(belief.stream, prepend=-1))
        rows = self.grammar.prob[belief.state] * belief.weight[:, None]
        probabilities = np.add.reduceat(rows, first, axis=0)  # [B, V]
        uniform = 1.0 / len(self.tokenizer)
        probabilities = (1 - self.smoothing) * probabilities + self.smoothing * uniform
        with np.errstate(divide="ignore"):
            return np.log(probabilities).astype(np.float32)
