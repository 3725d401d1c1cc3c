"""Recurrent networks, LSTM and GRU, in the GPT's stream, with a state that they really keep.

Idea:   each block adds to the stream what a recurrent layer makes of the normalised stream so far.
        Everything else (embedding, norms, head, training loop) is the GPT's own, so that only what
        mixes and remembers differs. Training sees windows that begin without a past; `Remembering`
        reads texts of any length and carries the state on.
Source: LSTM: Hochreiter & Schmidhuber 1997, Neural Computation 9 (1735-1780); GRU: Cho et al. 2014,
        arXiv:1406.1078; first biases of the gates: Tallec & Ollivier 2018, arXiv:1804.11188.
Run:    used by the experiments of the lessons
Omits:  carrying the state from one training window to the next.

Legend: B batch, T time, E width, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from minigpt.layers import GPTConfig, make_norm
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

Kept = tuple[Tensor, ...]
"""What a layer keeps, each [1, B, E]: output and cell of an LSTM, the output of a GRU."""


class LSTMBlock(nn.Module):
    """x = x + layer(norm(x)): 8 E^2 weights where a transformer's block has 12 E^2."""

    layer_type: type[nn.LSTM] | type[nn.GRU] = nn.LSTM
    gates = 4
    norm: nn.Module
    layer: nn.LSTM | nn.GRU

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.norm = make_norm(config)
        self.context = config.context
        self.layer = self.layer_type(config.n_embd, config.n_embd, batch_first=True)
        matrices = ("layer.weight_ih_l0", "layer.weight_hh_l0")
        self.stacked = dict.fromkeys(matrices, self.gates)  # Muon takes the gates apart

    def initialise(self, generator: torch.Generator | None) -> None:
        """Draw the first weights; biases are zero but for those of `open_gates`."""
        for parameter in self.layer.parameters():
            if parameter.dim() >= 2:
                nn.init.normal_(parameter, std=self.layer.hidden_size**-0.5, generator=generator)
            else:
                nn.init.zeros_(parameter)
        self.open_gates(self.layer.get_parameter("bias_ih_l0").data, generator)

    def open_gates(self, bias: Tensor, generator: torch.Generator | None) -> None:
        """Set first biases [gates * E], in place. Gates that keep a unit start open so far that
        units forget within times from a few characters to the whole context: without, none would
        keep a clause."""
        width = self.layer.hidden_size
        times = torch.empty(width).uniform_(1, max(2, self.context - 1), generator=generator).log()
        bias[width : 2 * width] = times  # forget gate of an LSTM, update gate of a GRU
        if self.gates == 4:
            bias[:width] = -times  # input gate: what is kept long is written slowly

    def forward(self, x: Tensor, *_: object) -> Tensor:
        """[B, T, E] -> [B, T, E]; position t has read 0 to t."""
        return self.read(x, None)[0]

    def read(self, x: Tensor, kept: Kept | None) -> tuple[Tensor, Kept]:
        """The stream after this block, and what to go on with; None begins without a past."""
        given = kept if kept is None or self.gates == 4 else kept[0]
        out, after = self.layer(self.norm(x), given)
        return x + out, after if self.gates == 4 else (after,)


class GRUBlock(LSTMBlock):
    """The same with a GRU: 6 E^2 weights."""

    layer_type = nn.GRU
    gates = 3


class LSTM(GPT):
    """A GPT whose blocks are LSTMs; `train` and `score` take it as it is, window by window."""

    block = LSTMBlock


class GRU(GPT):
    """A GPT whose blocks are GRUs."""

    block = GRUBlock


@dataclass
class Memory:
    """The state of B streams between characters."""

    layers: list[Kept]
    """What each layer keeps."""
    last: Tensor
    """Ids [B, 1] of the last character, for the embedding of pairs."""

    def cells(self, layer: int = 0) -> Tensor:
        """The long memory [B, E] of a layer, to be read or changed in place: an LSTM's cells."""
        return self.layers[layer][-1][0]

    def vector(self) -> Tensor:
        """All that is kept, [B, S]: outputs and cells of the first layer, then of the next."""
        return torch.cat([part[0] for kept in self.layers for part in kept], dim=1)

    def put(self, vector: Tensor) -> None:
        """Replace all that is kept by `vector` [B, S], in the order of `vector()`."""
        number = sum(map(len, self.layers))
        parts = iter(vector[None].chunk(number, dim=2))
        self.layers = [tuple(next(parts).contiguous() for _ in kept) for kept in self.layers]


class Remembering:
    """An LSTM or a GRU that carries its state on, as a `NextChar` of unlimited context.

    ValueError for a model that keeps no state.
    """

    context: None = None

    def __init__(self, model: GPT) -> None:
        if not all(isinstance(block, LSTMBlock) for block in model.blocks):
            raise ValueError(f"only an LSTM or a GRU keeps a state, got a {type(model).__name__}")
        self.model = model.eval()

    @property
    def tokenizer(self) -> CharTokenizer:
        """The model's alphabet."""
        return self.model.tokenizer

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T], any length -> log-probabilities [B, T, V]; [b, t] predicts ids[b, t + 1]."""
        with torch.no_grad():
            return self._predict(self._read(_tensor(ids), None)[0])

    def start(self, ids: np.ndarray) -> tuple[Memory, np.ndarray]:
        """Read ids [B, T]: the state, and log-probabilities [B, V] of the next character."""
        with torch.no_grad():
            x, memory = self._read(_tensor(ids), None)
            return memory, self._predict(x[:, -1])

    def step(self, state: Memory, ids: np.ndarray) -> np.ndarray:
        """Read one more character of each stream, ids [B], into `state`: log-probabilities."""
        with torch.no_grad():
            x, after = self._read(_tensor(ids[:, None]), state)
            state.layers, state.last = after.layers, after.last
            return self._predict(x[:, -1])

    def cells(self, ids: np.ndarray, layer: int = 0) -> np.ndarray:
        """The long memory [B, T, E] of a layer behind every character of ids [B, T]."""
        found, memory = [], None
        with torch.no_grad():
            for t in range(ids.shape[1]):
                memory = self._read(_tensor(ids[:, t : t + 1]), memory)[1]
                found.append(memory.cells(layer))
        return torch.stack(found, dim=1).numpy()

    def _read(self, ids: Tensor, memory: Memory | None) -> tuple[Tensor, Memory]:
        seen = 0 if memory is None else 1
        x = self.model.embeddings(ids, memory.last if memory else None, seen)
        layers = []
        for i, block in enumerate(self.model.blocks):
            assert isinstance(block, LSTMBlock)
            x, kept = block.read(x, memory.layers[i] if memory else None)
            layers.append(kept)
        return x, Memory(layers, ids[:, -1:])

    def _predict(self, x: Tensor) -> np.ndarray:
        return self.model.head(self.model.norm(x)).log_softmax(-1).numpy()


def _tensor(ids: np.ndarray) -> Tensor:
    return torch.from_numpy(ids.astype(np.int64))
