"""The rival that bigger is better is said to favour less: an LSTM in the same stream.

Idea:   each block adds to the stream what an LSTM makes of the normalised stream so far. Everything
        else (embedding, norms, head, training loop) is the GPT's own, so that only what mixes and
        remembers differs.
Source: Hochreiter & Schmidhuber 1997, Neural Computation 9 (1735-1780); forget gates that start
        open: Jozefowicz, Zaremba & Sutskever 2015, PMLR 37.
Run:    see experiment.py beside this file
Omits:  carrying the state from one window to the next: the GPT cannot either.

Legend: B batch, T time, E width.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from minigpt.layers import GPTConfig, make_norm
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer


class RecurrentBlock(nn.Module):
    """x = x + lstm(norm(x)): 8 E^2 weights where a transformer's block has 12 E^2."""

    def __init__(self, config: GPTConfig, generator: torch.Generator | None) -> None:
        super().__init__()
        self.norm = make_norm(config)
        width = config.n_embd
        self.lstm = nn.LSTM(width, width, batch_first=True)
        for name, parameter in self.lstm.named_parameters():
            if parameter.dim() >= 2:
                nn.init.normal_(parameter, std=width**-0.5, generator=generator)
            else:
                nn.init.zeros_(parameter)
            if name.startswith("bias_ih"):
                parameter.data[width : 2 * width] = 1.0  # forget gates: remember at first

    def forward(self, x: Tensor, *_: object) -> Tensor:
        """[B, T, E] -> [B, T, E]; position t has read 0 to t."""
        return x + cast(Tensor, self.lstm(self.norm(x))[0])


class LSTM(GPT):
    """A GPT whose blocks are recurrent; `train` and `score` take it as it is."""

    def __init__(
        self,
        config: GPTConfig,
        tokenizer: CharTokenizer,
        generator: torch.Generator | None = None,
    ) -> None:
        # like the convolution, it keeps no keys and values: going on reads the window again
        super().__init__(replace(config, attention="convolution"), tokenizer, generator)
        # The convolution's kernels, replaced below, were drawn when the evidence was measured, and
        # are zero from the start now: draw as much, or the same seed gives another LSTM.
        for _ in range(config.n_layer):
            torch.empty(4, config.n_embd, config.n_embd).normal_(generator=generator)
        self.blocks = nn.ModuleList(
            RecurrentBlock(config, generator) for _ in range(config.n_layer)
        )
