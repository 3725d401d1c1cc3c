"""A mixture that learns while it reads.

Idea:   a text is read in order, so what has been read may be learned from: counts grow, and whom to
        believe follows the text. An n-gram that grows and any networks say how likely each
        character is; questions mix that with what contexts of characters and words have counted.
Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", Florida
        Tech technical report CS-2005-16; further in `questions` and `growing`.
Run:    python -m minigpt.evaluate --adapt; python -m minigpt.compress FILE
Omits:  gradient steps of the network while it reads (B. Krause et al. 2018, arXiv:1709.07432).

Tiny Shakespeare's held-out tenth read once, in order (nats/char; `python -m
tests.benchmarks.bench_adaptive RUN --parts`, one run of each preset, attention scores times 2):

                                       choosing half  judging half  all held out
    n-gram that counts on                     1.3991        1.4152        1.4072
    counting alone                            1.3106        1.3233        1.3169
    - without this word so far                1.3192        1.3338        1.3265
    - without it and the word before          1.3204        1.3336        1.3270
    - without it and the two before           1.3187        1.3310        1.3249
    - without any of the three                1.3342        1.3470        1.3406
    - without the last two characters         1.3139        1.3254        1.3197
    - without the last four                   1.3116        1.3249        1.3182
    a run of `default` and counting           1.2773        1.2851        1.2812
    a run of `long` and counting              1.2376        1.2492        1.2434

Constants were chosen on the choosing half alone. No weights were learned from held-out text before
it was read: they start from the training text's end.

Legend: S streams, T time, V vocabulary, J kinds of context, M members.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigpt.adaptive import contexts, counts, questions
from minigpt.adaptive.growing import GrowingNGram, GrowingState, checked
from minigpt.mixture import members
from minigpt.nextchar import NextChar, readings
from minigpt.ngram import DEFAULT_ORDER
from minigpt.tokenizer import CharTokenizer

REHEARSAL = 250_000  # characters at the training text's end that weights are learned on
CELLS = 1 << 24  # log-probabilities of one member held at once while a long text is read
CHUNK, CHUNK_CELLS = 1 << 13, 1 << 22  # characters, and log-probabilities, at once


@dataclass
class AdaptiveState:
    """What S streams have read, and all that was learned from it."""

    counts: counts.Counts
    weights: questions.Weights
    growing: GrowingState
    memory: np.ndarray
    """What contexts see, `contexts.unread`."""
    keys: np.ndarray
    """The contexts of the next characters, [S, J]."""
    before: np.ndarray
    """The last characters, [S]."""
    said: np.ndarray
    """What members said of the next ones, [M, S, V]."""
    members: list[Any]
    """The other members' own states."""


class Adaptive:
    """A `NextChar` of an n-gram that grows, and of any number of others, that learns what it reads.

    `training` are the ids [N] of the text that the others have learned from; it is counted, and the
    weights are learned on its end. Each stream goes on where it ends. All streams of a state learn
    together, in order, one character of each at every step; those of another state know nothing of
    it. What `start` reads is counted, and weights are learned from what comes after. ValueError for
    an empty text, ids outside the alphabet, and alphabets that differ.
    """

    context = None
    kind = "adaptive"  # what a compressed file calls it

    def __init__(
        self,
        models: Sequence[NextChar],
        training: np.ndarray,
        tokenizer: CharTokenizer | None = None,
        order: int = DEFAULT_ORDER,
    ) -> None:
        if not models and tokenizer is None:
            raise ValueError("ids need the tokenizer they belong to; pass tokenizer=")
        self.tokenizer = tokenizer or models[0].tokenizer
        ids = checked(training, self.tokenizer, 1)
        begin = max(len(ids) - REHEARSAL, (len(ids) + 1) // 2)
        self.growing = GrowingNGram(ids[:begin], self.tokenizer, order)
        self.models = list(models)
        members.same_alphabet([*self.models, self.growing])
        seen = hashlib.sha256(f"adaptive 1 {order} {self.tokenizer.vocab_hash} ".encode())
        seen.update(ids.astype("<u2").tobytes())
        others = [str(getattr(model, "fingerprint", repr(model))) for model in models]
        seen.update(" ".join(others).encode())
        self.fingerprint = seen.hexdigest()
        self.identities = [*others, self.fingerprint]
        self._letters = contexts.letters(self.tokenizer)
        self._chunk = max(1, min(CHUNK, CHUNK_CELLS // len(self.tokenizer)))
        self._trained = self._train(ids, begin)

    @property
    def precision(self) -> str:
        """The least precise arithmetic of a member: fp64, fp32 or bf16."""
        return min((str(getattr(m, "precision", "fp64")) for m in self.models), default="fp64")

    @property
    def threads(self) -> int:
        """The most threads of a member."""
        return max((int(getattr(m, "threads", 1)) for m in self.models), default=1)

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V]; each row is read for itself, in T steps."""
        ids = checked(ids, self.tokenizer, 2)
        out = np.empty((*ids.shape, len(self.tokenizer)), np.float32)
        for row, found in zip(ids, out):
            state, found[:1] = self.start(row[None, :1])
            for t in range(1, len(row)):
                found[t] = self.step(state, row[t : t + 1])[0]
        return out

    def start(self, ids: np.ndarray) -> tuple[AdaptiveState, np.ndarray]:
        """Read ids [S, T], T >= 1: (state, log-probabilities [S, V] of the next character)."""
        ids = checked(ids, self.tokenizer, 2)
        state, said = self._start(ids)
        for i, model in enumerate(self.models, 1):
            one, said[i] = model.start(ids)
            state.members.append(one)
        return state, self._predict(state, said)

    def step(self, state: AdaptiveState, ids: np.ndarray) -> np.ndarray:
        """Learn from one more character of each stream, ids [S]: log-probabilities [S, V]."""
        ids = checked(ids, self.tokenizer, 1)
        self._learn(state, state.keys, state.said, state.before, ids)
        self._look(state, ids[:, None])
        said = np.empty_like(state.said)
        said[0] = self.growing.step(state.growing, ids)
        for i, (model, one) in enumerate(zip(self.models, state.members), 1):
            said[i] = model.step(one, ids)
        return self._predict(state, said)

    def surprisal(self, ids: np.ndarray, *, stride: int | None = None) -> np.ndarray:
        """-ln p of ids[1:], [N - 1], in nats, learning in order; others read in their own windows.

        A text of more than 2^24 log-probabilities is read in pieces: in each the others' windows
        begin anew, but what was learned stays.
        """
        ids = checked(ids, self.tokenizer, 1)
        state, first = self._start(ids[None, :1])
        most = max(1, CELLS // len(self.tokenizer))
        nats = np.empty(len(ids) - 1)
        for i in range(0, len(nats), most):
            piece = ids[i : i + most + 1]
            told = [_whole(model, piece, stride) for model in self.models]
            for k in range(0, len(piece) - 1, self._chunk):
                part = piece[k + 1 : k + 1 + self._chunk]
                own = self.growing.read(state.growing, part)
                said = np.concatenate([first[0], own[:-1]])
                first = own[None, -1:]
                others = [one[k : k + len(part)] for one in told]
                nats[i + k : i + k + len(part)] = self._read(state, part, np.stack([said, *others]))
        return nats

    def _train(self, ids: np.ndarray, begin: int) -> AdaptiveState:
        """What reading the training text leaves: counts, and weights learned on its end.

        There the growing n-gram speaks for the others too, which have learned that text: they would
        seem better than they are.
        """
        v, m = len(self.tokenizer), 1 + len(self.models)
        state = AdaptiveState(
            counts.nothing_counted(),
            questions.nothing_learned(m, v),
            self.growing.fresh(),
            contexts.unread(1),
            np.zeros((1, contexts.KINDS), np.uint64),
            np.zeros(1, np.int64),
            np.zeros((m, 1, v), np.float32),
            [],
        )
        self._look(state, ids[None, :1])
        for i in range(1, begin, CHUNK):
            part = ids[i : min(i + CHUNK, begin)]
            self._room(state, len(part))
            counts.count(state.counts, self._look(state, part[None])[0], part)
        said = self.growing.predict(state.growing)
        for i in range(begin, len(ids), self._chunk):
            part = ids[i : i + self._chunk]
            own = self.growing.read(state.growing, part)
            said = np.concatenate([said, own])
            self._read(state, part, np.repeat(said[None, :-1], m, axis=0))
            said = own[-1:]
        return state

    def _start(self, ids: np.ndarray) -> tuple[AdaptiveState, np.ndarray]:
        """A new state of streams that have read ids [S, T], and the growing n-gram's [M, S, V]."""
        streams, trained = len(ids), self._trained
        state = AdaptiveState(
            counts.Counts(*(one.copy() for one in trained.counts)),
            questions.Weights(*(one.copy() for one in trained.weights)),
            GrowingState(
                trained.growing.grams.copy(), np.repeat(trained.growing.at, streams, axis=0)
            ),
            np.repeat(trained.memory, streams, axis=0),
            np.repeat(trained.keys, streams, axis=0),
            np.repeat(trained.before, streams, axis=0),
            np.repeat(trained.said, streams, axis=1),
            [],
        )
        said = np.zeros_like(state.said)
        for column in ids.T:
            self._room(state, streams)
            counts.count(state.counts, state.keys, column)
            self._look(state, column[:, None])
            said[0] = self.growing.step(state.growing, column)
        return state, said

    def _look(self, state: AdaptiveState, ids: np.ndarray) -> np.ndarray:
        """Move on by ids [S, T]: the contexts [S, T, J] that they were in."""
        keys = np.empty((*ids.shape, contexts.KINDS), np.uint64)
        contexts.follow(state.memory, self._letters, ids, keys)
        were = np.concatenate([state.keys[:, None], keys[:, :-1]], axis=1)
        state.keys, state.before = keys[:, -1].copy(), ids[:, -1].copy()
        return were

    def _read(self, state: AdaptiveState, ids: np.ndarray, said: np.ndarray) -> np.ndarray:
        """Predict, learn and count ids [T] in a state of one stream: -ln p [T]."""
        before = np.append(state.before, ids[:-1])
        return self._learn(state, self._look(state, ids[None])[0], said, before, ids)

    def _learn(
        self,
        state: AdaptiveState,
        keys: np.ndarray,
        said: np.ndarray,
        before: np.ndarray,
        ids: np.ndarray,
    ) -> np.ndarray:
        """`questions.read`, with room for what is new: -ln p."""
        self._room(state, len(ids))
        nats, work = np.empty(len(ids)), questions.desk(len(said), len(self.tokenizer))
        questions.read(state.counts, state.weights, work, keys, said, before, ids, nats)
        return nats

    def _predict(self, state: AdaptiveState, said: np.ndarray) -> np.ndarray:
        state.said = said
        out = np.empty(said.shape[1:], np.float32)
        work = questions.desk(*said.shape[::2])
        questions.predict(state.counts, state.weights, work, state.keys, said, state.before, out)
        return out

    def _room(self, state: AdaptiveState, characters: int) -> None:
        state.counts = counts.reserve(state.counts, characters)


def _whole(model: NextChar, ids: np.ndarray, stride: int | None) -> np.ndarray:
    """What a member says about ids[1:], read in windows of its own: [N - 1, V]."""
    found = np.empty((len(ids) - 1, len(model.tokenizer)), np.float32)
    step = stride if model.context is not None else None
    for place, part in readings(model, ids, stride=step):
        found[place] = part
    return found
