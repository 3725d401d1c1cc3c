"""A cascade: the cheap model answers, and asks a more expensive one if it is unsure.

Idea:   most characters are easy. Let each be predicted by the cheapest model that is sure enough,
        and pay for a large one only when it matters. Cost is measured in ms per character, and
        includes what an honest cascade must pay: the larger model has not read along, so when it is
        asked it first reads what it has missed.
Source: Chen et al. 2023, arXiv:2305.05176 (FrugalGPT); Viola & Jones 2001 for the idea.
Run:    python -m distill.cascade --models ngram,RUN,RUN
Omits:  escalating whole passages. Here each character is decided separately, so a model that is
        asked about one in ten has read all ten in the end: a cascade saves the difference between
        reading many characters at a time and one by one, and no more.

Legend: S streams side by side, T places, N = S * T, V vocabulary.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from distill.cascades.uncertainty import Rule, unsureness
from distill.teachers import same_alphabet
from minigpt.nextchar import NextChar

Answer = Literal["last", "mean"]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run of a cascade over a text."""

    nats: float
    """Mean loss, nats/char."""
    ms_per_char: float
    """Wall time per character, all streams together, catching up included."""
    asked: list[float]
    """Share of the characters that each model was asked about."""


def streams(ids: np.ndarray, count: int, length: int) -> np.ndarray:
    """`count` passages of `length` + 1 characters, evenly spread over a text [N]; [S, T + 1]."""
    if len(ids) <= length + 1:
        raise ValueError(f"{len(ids)} characters; a stream needs more than {length + 1}")
    if count > len(ids):
        raise ValueError(f"{count} streams of a text of {len(ids)} characters; take fewer")
    at = np.linspace(0, len(ids) - length - 1, count).astype(int)
    return ids[at[:, None] + np.arange(length + 1)].astype(np.int64)


def pooled(kept: np.ndarray, new: np.ndarray, models: int) -> np.ndarray:
    """The mean of `models` distributions, `kept`, with one more, `new`; log-probabilities [...,
    V].

    >>> even, sure = np.log(np.array([0.5, 0.5])), np.log(np.array([0.8, 0.2]))
    >>> np.exp(pooled(even, sure, 1)).round(6).tolist()
    [0.65, 0.35]
    """
    share = math.log(models / (models + 1)), math.log(1 / (models + 1))
    return np.logaddexp(kept + share[0], new + share[1])


class Again:
    """A model without state: it rereads the last `reread` characters each time it is asked."""

    def __init__(self, model: NextChar, ids: np.ndarray, reread: int) -> None:
        self.model, self.ids = model, ids
        self.reread = min(reread, model.context or reread)

    def answer(self, t: int, rows: np.ndarray) -> np.ndarray:
        """Log-probabilities [k, V] after the first `t` characters of streams `rows` [k]."""
        return self.model.logprobs(self.ids[rows, max(0, t - self.reread) : t])[:, -1]


class Behind:
    """A model with state that lags behind and catches up when asked.

    Once it is `block` characters behind, all streams catch up together and their state is kept;
    before that the streams that ask read the missing characters on a copy.
    """

    def __init__(self, model: NextChar, ids: np.ndarray, block: int = 8) -> None:
        self.model: Any = model  # NextChar has no `read`
        self.ids, self.block = ids, block
        self.state: Any = None
        self.done = 0

    def answer(self, t: int, rows: np.ndarray) -> np.ndarray:
        """As in `Again`, but with everything before in view, up to the model's context."""
        if self.state is None:
            self.state, said = self.model.start(self.ids[:, :t])
            self.done = t
            return said[rows]
        missed = self.ids[:, self.done : t]
        if t - self.done >= self.block or len(rows) == len(self.ids):
            self.done = t
            return self.model.read(self.state, missed)[rows]
        copy = self.state.rows(rows)
        return self.model.read(copy, missed[rows])


def run(
    models: Sequence[NextChar],
    thresholds: Sequence[float],
    texts: np.ndarray,
    *,
    rule: Rule = "entropy",
    weights: Sequence[np.ndarray | None] | None = None,
    first: int = 8,
    reread: int | None = None,
    answer: Answer = "last",
    rng: np.random.Generator | None = None,
) -> Ran:
    """Predict `texts` [S, T + 1] with a cascade, each character from position `first` on.

    models[i] is asked if models[i - 1] is at least thresholds[i - 1] unsure; 0 always asks, 1
    never. The first model reads along. Each of the others rereads the last `reread` characters when
    it is asked; with None a GPT catches up on what it has missed instead, and a model without state
    reads 48. All streams that ask are served in one batch. `weights` [3] of each pair are for the
    learned rule. `random` asks by lot, with probability 1 - threshold. The `answer` is the
    prediction of the last model asked, or the mean of all that were asked.
    """
    check(models, thresholds)
    ids, targets = texts[:, :-1], texts[:, 1:]
    nats, asked = np.zeros((len(ids), ids.shape[1] - first + 1)), np.zeros(len(models))
    rng, weights = rng or np.random.default_rng(0), weights or [None] * len(thresholds)
    began = time.perf_counter()
    dearer = [
        Behind(model, ids)
        if reread is None and hasattr(model, "read")
        else Again(model, ids, reread or 48)
        for model in models[1:]
    ]
    state, said = models[0].start(ids[:, :first])
    for t in range(first, ids.shape[1] + 1):
        if t > first:
            said = models[0].step(state, ids[:, t - 1])
        final, open_ = said, np.arange(len(ids))
        asked[0] += len(ids)
        for i, model in enumerate(dearer):
            if rule == "random":
                unsure = rng.random(len(open_)) >= thresholds[i]
            elif thresholds[i] in (0, 1):
                unsure = np.full(len(open_), thresholds[i] == 0)
            else:
                unsure = unsureness(final[open_], rule, weights[i]) >= thresholds[i]
            open_ = open_[unsure]
            if not len(open_):
                break
            final = final.copy() if i == 0 else final
            told = model.answer(t, open_)
            final[open_] = pooled(final[open_], told, i + 1) if answer == "mean" else told
            asked[i + 1] += len(open_)
        nats[:, t - first] = -np.take_along_axis(final, targets[:, t - 1, None], -1)[:, 0]
    seconds = time.perf_counter() - began
    return Ran(
        nats=float(nats.mean()),
        ms_per_char=1000 * seconds / nats.size,
        asked=(asked / nats.size).tolist(),
    )


def check(models: Sequence[NextChar], thresholds: Sequence[float]) -> None:
    """ValueError if models and thresholds do not make a cascade."""
    if len(models) < 1 or len(thresholds) != len(models) - 1:
        raise ValueError(
            f"a cascade of {len(models)} models needs {max(0, len(models) - 1)} thresholds, "
            f"got {len(thresholds)}"
        )
    if not all(0 <= threshold <= 1 for threshold in thresholds):
        raise ValueError(f"thresholds run from 0 (always ask) to 1 (never), got {thresholds}")
    for model in models[1:]:
        same_alphabet(model.tokenizer, models[0].tokenizer)
