"""How a GPT predicts: NumPy in, NumPy out, no gradients, and going on without reading all again.

Idea:   keys and values of what was read do not change when a character is added, so they are kept;
        a new character costs one position instead of all of them.
Source: the protocol is `nextchar.NextChar`; the rule for a full view is `nextchar.window`.
Run:    python tests/benchmarks/bench_sample.py
Omits:  sliding the view by one: with rotated keys every position would have to be computed anew.

Legend: B batch, T time, H heads, D width of a head, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from labkit.files import sha256
from minigpt.nextchar import window
from minigpt.tokenizer import CharTokenizer

if TYPE_CHECKING:
    from minigpt.model import GPTConfig


POSITIONS = 4096
"""How many characters a CPU reads at once: a few streams at a time are twice as fast as hundreds,
because what is computed on the way is not written to fresh memory each time."""

ROOM = 32
"""Keys and values get room for so many characters more when it is used up. Room for the whole
context at once would be simpler, but a part of a tensor is read more slowly than all of it."""


@dataclass
class Cache:
    """What a GPT remembers between steps: keys and values of the characters in view."""

    layers: list[tuple[Tensor, Tensor]]
    """For each layer keys [B, H, room, D] and values [B, H, D, room], zero where nothing is yet;
    empty before the first step. What attention sums over, width of a key and time of a value, lies
    side by side in memory: so they are read fastest."""
    view: np.ndarray
    """The characters in view, ids [B, context], of which the first `length` count."""
    length: int
    """How many are in view."""
    total: int
    """How many were read so far."""

    def rows(self, rows: np.ndarray) -> Cache:
        """A copy of some streams, [k], to read on with while the others wait."""
        layers = [(keys[rows], values[rows]) for keys, values in self.layers]
        return Cache(layers, self.view[rows], self.length, self.total)


FIRST_FIELDS = (
    *("n_layer", "n_head", "n_embd", "context", "dropout", "position", "norm", "qk_norm"),
    *("activation", "bias", "zero_init", "tie_embeddings", "bigram", "attention", "residual"),
)
"""The fields of a `GPTConfig` that every fingerprint names, as in the first compressed files."""


class _Shape:
    """A shape in words: the first fields, and of later ones those that differ from their default.

    So a field that is added changes no fingerprint of what was made before it.
    """

    def __init__(self, config: GPTConfig) -> None:
        told = {f.name: f.default for f in fields(config) if f.name not in FIRST_FIELDS}
        later = sorted(name for name, default in told.items() if getattr(config, name) != default)
        self.told = {name: getattr(config, name) for name in (*FIRST_FIELDS, *later)}

    def __repr__(self) -> str:
        return f"GPTConfig({', '.join(f'{name}={value!r}' for name, value in self.told.items())})"


class Predicts(nn.Module):
    """The half of `GPT` that makes it a `NextChar`."""

    config: GPTConfig
    tokenizer: CharTokenizer
    embed: Any
    embeddings: Any
    blocks: Any
    norm: Any
    head: Any
    rope: Tensor

    precision: Literal["fp32", "bf16"] = "fp32"
    """Of predictions; training sets its own."""

    @property
    def context(self) -> int:
        """How many characters back it can look."""
        return self.config.context

    @property
    def fingerprint(self) -> str:
        """SHA-256 of alphabet, shape and weights: which model it is, wherever it is stored."""
        parts = [repr((_Shape(self.config), self.tokenizer.characters)).encode()]
        for name, tensor in sorted(self.state_dict().items()):
            parts += [name.encode(), tensor.cpu().contiguous().numpy().tobytes()]
        return sha256(b"".join(parts))

    @property
    def threads(self) -> int:
        """How many threads compute its predictions; the last bits depend on it."""
        return torch.get_num_threads()

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V] in nats, float32."""
        with self._predicting():
            logits = self(torch.from_numpy(ids.astype(np.int64)).to(self.head.weight.device))
            return logits.float().log_softmax(-1).cpu().numpy()

    def start(self, ids: np.ndarray) -> tuple[Cache, np.ndarray]:
        """Read ids [B, T]: the state, and log-probabilities [B, V] of what follows."""
        if ids.ndim != 2 or not ids.size:
            raise ValueError(f"start needs ids [B, T] with T >= 1, got shape {ids.shape}")
        state = Cache([], np.zeros((len(ids), self.context), np.int64), 0, ids.shape[1])
        keep = window(ids.shape[1], self.context)
        return state, self._read(state, ids[:, -keep:])

    def step(self, state: Cache, ids: np.ndarray) -> np.ndarray:
        """Read one more character of each stream, ids [B]: log-probabilities [B, V]."""
        return self.read(state, ids[:, None])

    def read(self, state: Cache, ids: np.ndarray) -> np.ndarray:
        """Read T >= 1 more characters of each stream at once, ids [B, T]: what follows the last.

        The same as T steps, and a good deal faster; log-probabilities [B, V].
        """
        if ids.ndim != 2 or not ids.size or len(ids) != len(state.view):
            raise ValueError(
                f"this state reads ids [{len(state.view)}, T] with T >= 1, got shape {ids.shape}"
            )
        state.total += ids.shape[1]
        length, kept = window(state.total, self.context), state.length
        if length != kept + ids.shape[1] or self.config.attention == "convolution":
            # the view was full: begin again from its last part; a convolution keeps no keys and
            # values and reads all again each time
            seen = np.concatenate((state.view[:, :kept], ids), axis=1)
            ids, state.length, state.layers = seen[:, -length:], 0, []
        return self._read(state, ids)

    def _read(self, state: Cache, new: np.ndarray) -> np.ndarray:
        seen, now = state.length, state.length + new.shape[1]
        state.view[:, seen:now] = new
        state.length = now
        self._make_room(state, now)
        on_cpu = self.head.weight.device.type == "cpu"
        rows = max(1, POSITIONS // new.shape[1]) if on_cpu else len(new)
        with self._predicting():
            parts = [
                self._read_rows(state, slice(first, first + rows), seen)
                for first in range(0, len(new), rows)
            ]
            return torch.cat(parts).float().log_softmax(-1).cpu().numpy()

    def _make_room(self, state: Cache, length: int) -> None:
        """Let keys and values of `length` characters fit into the cache."""
        dtype = torch.bfloat16 if self.precision == "bf16" else self.head.weight.dtype
        held = state.layers[0][0].size(2) if state.layers else 0
        if length <= held and state.layers[0][0].dtype == dtype:
            return
        room = min(self.context, ROOM * -(-length // ROOM))
        if self.config.attention == "convolution":
            room = 0  # it keeps none
        batch, heads = len(state.view), self.config.n_head
        width = self.config.n_embd // heads
        old, state.layers = state.layers, []
        for i in range(self.config.n_layer):
            keys = self.head.weight.new_zeros((batch, heads, room, width), dtype=dtype)
            values = self.head.weight.new_zeros((batch, heads, width, room), dtype=dtype)
            if held:
                keys[:, :, :held], values[..., :held] = old[i]
            state.layers.append((keys, values))

    def _read_rows(self, state: Cache, rows: slice, seen: int) -> Tensor:
        """Logits [k, V] after the last character in view of some streams; it fills their cache."""
        view = state.view[rows, max(0, seen - 1) : state.length]
        ids = torch.from_numpy(view).to(self.head.weight.device)
        previous, ids = (ids[:, :1], ids[:, 1:]) if seen else (None, ids)
        x = self.embeddings(ids, previous, seen)
        rope = self.rope[:, seen : state.length] if self.config.position == "rope" else None
        for block, (keys, values) in zip(self.blocks, state.layers):
            x = block(x, rope, (keys[rows], values[rows], seen))
        return self.head(self.norm(x[:, -1]))

    @contextmanager
    def _predicting(self) -> Iterator[None]:
        training, device = self.training, self.head.weight.device.type
        if training:
            self.eval()
        try:
            with (
                torch.inference_mode(),
                torch.autocast(device, torch.bfloat16, enabled=self.precision == "bf16"),
            ):
                yield
        finally:
            if training:
                self.train()
