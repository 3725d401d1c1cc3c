"""The rival that bigger is better is said to favour less: an LSTM in the same stream.

Idea:   the LSTM of lessons/lab/recurrent.py, but all of its forget gates start equally open.
Source: Jozefowicz, Zaremba & Sutskever 2015, PMLR 37 (a bias of 1 for forget gates).
Run:    see experiment.py beside this file
Omits:  carrying the state from one window to the next: the GPT cannot either.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from lessons.lab.recurrent import LSTMBlock
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer


class OpenBlock(LSTMBlock):
    """An LSTM block that remembers at first, all units alike."""

    def open_gates(self, bias: Tensor, generator: torch.Generator | None) -> None:
        """Set the forget gates' biases, the second quarter of `bias` [4 E], to 1."""
        bias.chunk(4)[1].fill_(1.0)


class LSTM(GPT):
    """A GPT whose blocks are LSTMs; `train` and `score` take it as it is."""

    def __init__(
        self,
        config: GPTConfig,
        tokenizer: CharTokenizer,
        generator: torch.Generator | None = None,
    ) -> None:
        # When the evidence was measured, a GPT of convolutions came first, with random kernels,
        # which are zero by now. All that is drawn again: else a seed gives another LSTM.
        super().__init__(replace(config, attention="convolution"), tokenizer, generator)
        for _ in range(config.n_layer):
            torch.empty(4, config.n_embd, config.n_embd).normal_(generator=generator)
        blocks = [OpenBlock(config) for _ in range(config.n_layer)]
        for block in blocks:
            block.initialise(generator)
        self.blocks = nn.ModuleList(blocks)
