"""The one protocol between the packages: an object that predicts the next character.

Idea:   a GPT, a table of counts, an average of several models and a file of cached predictions all
        answer the same question: given the characters so far, how likely is each next one? Any
        such object can be evaluated, sampled, compressed with, distilled from and cascaded.
Omits:  gradients. Training works on the model itself; here arrays are plain NumPy, so that a
        predictor that does not need torch does not import it. On a CPU, turning a tensor into an
        array costs nothing.

Legend: B batch, T time, V vocabulary. Log-probabilities are natural logarithms (nats), float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np

from minigpt.tokenizer import CharTokenizer

CELLS = 1 << 26  # attention weights at once per head: 64 windows of 1,024 characters


@runtime_checkable
class NextChar(Protocol):
    """Predicts the next character from the ones before it."""

    @property
    def tokenizer(self) -> CharTokenizer:
        """The alphabet that ids refer to."""
        ...

    @property
    def context(self) -> int | None:
        """The most characters back that it can look at; None if there is no limit."""
        ...

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T], T <= context -> log-probabilities [B, T, V]; [b, t] predicts ids[b, t + 1].

        Position t sees ids[b, : t + 1] and nothing else.
        """
        ...

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        """Read ids [B, T], T >= 1, any length: (state, log-probabilities [B, V] of the next)."""
        ...

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        """Read one more character of each stream, ids [B], into `state` (changed in place).

        Returns log-probabilities [B, V]. After n characters they are those of the last
        `window(n, context)` of them, so going on step by step and reading at once agree.
        """
        ...


def window(n: int, context: int | None) -> int:
    """How many of the last n characters are in view when text is read character by character.

    All of them until the context is full; then the view starts again from the last half context and
    grows until it is full again. Sliding by one would mean recomputing everything at each step.

    >>> [window(n, 4) for n in range(1, 10)]
    [1, 2, 3, 4, 2, 3, 4, 2, 3]
    """
    if context is None or n <= context:
        return n
    half = max(1, context // 2)
    return half + (n - context - 1) % (context - half + 1)


def first_ids(tokenizer: CharTokenizer, batch: int) -> np.ndarray:
    """Ids [B, 1] to start from without a prompt: a newline, or id 0 if the alphabet has none."""
    start = tokenizer.encode("\n")[0] if "\n" in tokenizer else 0
    return np.full((batch, 1), start, dtype=np.int64)


def readings(
    model: NextChar,
    ids: np.ndarray,
    *,
    stride: int | None = None,
    context: int | None = None,
    batch: int = 64,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Read a text of any length: predictions of ids[1:], [N - 1], part by part and in order.

    Each part is a slice of the N - 1 predicted characters and their log-probabilities [k, V].
    Windows are as long as the model's context and begin every `stride` characters (by default the
    context: side by side); a model without limit reads the whole text as one window. ValueError if
    the stride is not from 1 to the context.
    """
    width = context or model.context
    if width is None:
        yield slice(0, len(ids) - 1), model.logprobs(ids[None, :-1])[0]
        return
    step = width if stride is None else stride
    if not 1 <= step <= width:
        raise ValueError(f"stride must be from 1 to the context ({width}), got {step}")
    starts = np.arange(0, len(ids) - width, step)  # starts of full windows
    batch = max(1, min(batch, CELLS // width**2))
    done = 0
    for some in np.array_split(starts, math.ceil(len(starts) / batch)) if len(starts) else ():
        said = model.logprobs(ids[some[:, None] + np.arange(width)])  # [B, T, V]
        if done == 0:  # nothing comes before the first window: all of it counts
            yield slice(0, width), said[0]
            said, done = said[1:], width
        new = said[:, -step:].reshape(len(said) * step, said.shape[-1])
        yield slice(done, done + len(new)), new
        done += len(new)
    if done < len(ids) - 1:  # less than a step is left: one more window, cut off at the end
        begin = max(0, done - (width - step))
        yield slice(done, len(ids) - 1), model.logprobs(ids[None, begin:-1])[0, done - begin :]
