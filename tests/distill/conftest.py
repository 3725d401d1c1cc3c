"""What the tests of distill share: a source by hand, and a small model with random weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from minigpt import corpora
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

MakeGPT = Callable[..., GPT]


class Chain:
    """A source over two characters that remembers one: rows of probabilities."""

    tokenizer, context = CharTokenizer("ab"), None

    def __init__(self, rows: list[list[float]]) -> None:
        self.rows = np.log(np.array(rows)).astype(np.float32)

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        return self.rows[ids]

    def start(self, ids: np.ndarray) -> tuple[None, np.ndarray]:
        return None, self.rows[ids[:, -1]]

    def step(self, state: None, ids: np.ndarray) -> np.ndarray:
        return self.rows[ids]

    def write(self, length: int, seed: int = 0) -> np.ndarray:
        """A text of this source, ids [length], beginning with a."""
        ids = [0]
        for luck in np.random.default_rng(seed).random(length - 1):
            ids.append(int(luck > np.exp(self.rows[ids[-1], 0])))
        return np.array(ids)


@pytest.fixture(scope="session")
def chain() -> type[Chain]:
    """The class: `chain([[0.1, 0.9], [0.5, 0.5]])`."""
    return Chain


@pytest.fixture(scope="session")
def make_gpt() -> MakeGPT:
    """Makes one layer of 32, 32 characters back; weights are random also where they begin at 0."""
    shape = GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32)
    tokenizer = CharTokenizer.from_text(corpora.load("storyland:20000").text)

    def make(seed: int = 0) -> GPT:
        model = GPT(shape, tokenizer, torch.Generator().manual_seed(seed))
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for p in model.parameters():
                p += 0.1 * torch.randn(p.shape, generator=generator)
        return model

    return make
