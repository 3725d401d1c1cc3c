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

from typing import Any, Protocol, runtime_checkable

import numpy as np

from minigpt.tokenizer import CharTokenizer


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
