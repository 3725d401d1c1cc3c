"""How well a model predicts: nats and bits per character over a whole text.

Idea:   the loss is the mean of -log p(character | what stands before it). With the natural
        logarithm it is in nats; divided by log 2, in bits: what an ideal coder would spend on a
        character. Its exponential is the perplexity: between how many equally likely characters
        the model is undecided. Every position counts; the windows stand side by side.
Source: Shannon 1951, "Prediction and entropy of printed English".
Run:    python -m minigpt.evaluate [RUN]
Omits:  random windows: a mean over a sample is noisier than the whole, and no faster here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from minigpt.nextchar import NextChar


@dataclass(frozen=True, kw_only=True)
class Score:
    """A model's loss on a text."""

    nats: float
    """Mean of -ln p, nats/char."""
    n: int
    """Characters predicted: all but the first."""

    @property
    def bits(self) -> float:
        """Bits/char: nats / ln 2."""
        return self.nats / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(nats)."""
        return math.exp(self.nats)


def surprisal(
    model: NextChar, ids: np.ndarray, *, stride: int | None = None, batch: int = 64
) -> np.ndarray:
    """-ln p of ids[1:], each given what stands before it in its window; [N - 1], nats.

    Windows are as long as the model's context and begin every `stride` characters (by default the
    context: side by side). With a smaller stride each character is scored in the window that shows
    most before it: slower, and a lower loss. ValueError on a text of fewer than two characters.
    """
    ids = np.asarray(ids, dtype=np.int64)
    if len(ids) < 2:
        raise ValueError(f"a text of {len(ids)} characters has nothing to predict")
    if model.context is None:  # no windows: the whole text is one
        return _nats(model, ids[None, :-1], ids[None, 1:])[0]
    width = model.context
    step = width if stride is None else stride
    if not 1 <= step <= width:
        raise ValueError(f"stride must be from 1 to the context ({width}), got {step}")
    found = np.empty(len(ids) - 1)
    starts = np.arange(0, len(ids) - width, step)  # of full windows
    for some in np.array_split(starts, math.ceil(len(starts) / batch)) if len(starts) else ():
        places = some[:, None] + np.arange(width)  # [B, T]
        nats = _nats(model, ids[places], ids[places + 1])
        found[places[:, -step:]] = nats[:, -step:]
        if some[0] == 0:
            found[:width] = nats[0]  # the first window has nothing before it: it counts whole
    done = int(starts[-1]) + width if len(starts) else 0
    if done < len(ids) - 1:  # less than a step is left: one more window, cut off at the end
        begin = max(0, done - (width - step))
        found[done:] = _nats(model, ids[None, begin:-1], ids[None, begin + 1 :])[0, done - begin :]
    return found


def score(model: NextChar, ids: np.ndarray, *, stride: int | None = None) -> Score:
    """Mean of `surprisal` over the whole of `ids`."""
    nats = surprisal(model, ids, stride=stride)
    return Score(nats=float(nats.mean()), n=len(nats))


def _nats(model: NextChar, ids: np.ndarray, targets: np.ndarray) -> np.ndarray:
    logprobs = model.logprobs(ids)  # [B, T, V]
    return -np.take_along_axis(logprobs, targets[..., None], -1)[..., 0].astype(np.float64)
