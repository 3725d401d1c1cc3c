"""A model whose answers are kept, so that a second look at a text costs nothing.

Idea:   the network's own loss and the mixture's need the same predictions of the same windows.
        Whoever asks first waits; the next gets the same numbers, to the last bit.
Run:    used by minigpt.train and minigpt.evaluate
Omits:  texts of more than 2^24 log-probabilities in all, which are computed again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigpt.nextchar import NextChar
from minigpt.tokenizer import CharTokenizer

CELLS = 1 << 24  # log-probabilities kept: 67 MB


class Remembered:
    """A `NextChar` that predicts as `model` does; its weights must stay as they are."""

    def __init__(self, model: NextChar) -> None:
        self.model = model
        self._kept: dict[tuple[tuple[int, ...], bytes], np.ndarray] = {}
        self._room = CELLS

    @property
    def tokenizer(self) -> CharTokenizer:
        """The model's alphabet."""
        return self.model.tokenizer

    @property
    def context(self) -> int | None:
        """The model's context."""
        return self.model.context

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V]; computed only for ids that are new."""
        key = (ids.shape, ids.tobytes())
        if key in self._kept:
            return self._kept[key]
        said = self.model.logprobs(ids)
        if said.size <= self._room:
            self._kept[key] = said
            self._room -= said.size
        return said

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        """As the model's."""
        return self.model.start(ids)

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        """As the model's."""
        return self.model.step(state, ids)

    def __getattr__(self, name: str) -> Any:
        if name == "model":  # not yet there while it is being copied
            raise AttributeError(name)
        return getattr(self.model, name)
