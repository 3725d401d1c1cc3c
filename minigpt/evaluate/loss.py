"""How well a model predicts: nats and bits per character over a whole text.

Idea:   the loss is the mean of -log p(character | those before it). With the natural logarithm it
        is in nats; divided by ln 2, in bits: what an ideal coder would spend on a character. Its
        exponential, the perplexity, is the number of equally likely characters with the same loss.
        Every position counts; the windows are side by side.
Source: Shannon 1951, "Prediction and entropy of printed English".
Run:    python -m minigpt.evaluate
Omits:  random windows: a mean over a sample is noisier than the whole, and no faster here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from minigpt.nextchar import NextChar, readings
from minigpt.ngram import NGram


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
        """exp(nats); infinite if a float cannot hold it."""
        return math.exp(self.nats) if self.nats < 709 else math.inf


def surprisal(
    model: NextChar,
    ids: np.ndarray,
    *,
    stride: int | None = None,
    context: int | None = None,
    batch: int = 64,
) -> np.ndarray:
    """-ln p of ids[1:], each given the characters before it in its window; [N - 1], nats.

    Windows are as long as the model's context and begin every `stride` characters (by default the
    context: side by side). With a smaller stride each character is scored in the window that shows
    most before it: slower, and a lower loss. `context` limits the windows of a model that could
    look further back. ValueError for a text of fewer than two characters.
    """
    ids = np.asarray(ids, dtype=np.int64)
    if len(ids) < 2:
        raise ValueError(f"a text of {len(ids)} characters has nothing to predict")
    if context is None and (whole := getattr(model, "surprisal", None)):
        return whole(ids, stride=stride)  # its members see differently far back
    if (context or model.context) is None and isinstance(model, NGram):
        return -model.logprob_of(ids)[1:]  # looks up only the characters that occur, not all V
    found = np.empty(len(ids) - 1)
    for place, said in readings(model, ids, stride=stride, context=context, batch=batch):
        found[place] = surprise(said, ids[1:][place])
    return found


def score(model: NextChar, ids: np.ndarray, *, stride: int | None = None) -> Score:
    """Mean of `surprisal` over the whole of `ids`."""
    nats = surprisal(model, ids, stride=stride)
    return Score(nats=float(nats.mean()), n=len(nats))


def surprise(logprobs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """-ln p of the targets [...] (ids), from logprobs [..., V] in nats: nats [...], float64.

    >>> surprise(np.log([[0.5, 0.5], [0.9, 0.1]]), np.array([0, 1])).round(3).tolist()
    [0.693, 2.303]
    """
    chosen = np.take_along_axis(logprobs, targets[..., None], -1)[..., 0]
    return -chosen.astype(np.float64)


def copied(sample: str, training: str, n: int = 20) -> tuple[float, str]:
    """How much of a sample occurs word for word in the training text.

    Returns the share of its n-character pieces that do, and the longest common stretch. Both are
    found by looking pieces up in the training text; ValueError if the sample is shorter than n.
    """
    if len(sample) < n:
        raise ValueError(f"the sample has {len(sample)} characters, fewer than one piece of {n}")
    known = {training[i : i + n] for i in range(len(training) - n + 1)}
    pieces = [sample[i : i + n] for i in range(len(sample) - n + 1)]
    share = sum(piece in known for piece in pieces) / len(pieces)
    longest = ""
    for i in range(len(sample)):  # grow a stretch that starts at i while it beats the longest
        while i + len(longest) < len(sample) and sample[i : i + len(longest) + 1] in training:
            longest = sample[i : i + len(longest) + 1]
    return share, longest
