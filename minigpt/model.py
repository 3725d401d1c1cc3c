"""The whole model: from characters to logits, and incremental prediction with a cache.

Idea:   ids become vectors, blocks add to them (`minigpt.layers`), a last matrix scores what may
        follow. Keys and values of earlier characters do not change when one is added, so they are
        kept: a new character costs one position instead of all of them.
Source: as `minigpt.layers`; the protocol is `nextchar.NextChar`, and the rule for a full view is
        `nextchar.window`.
Run:    python -m minigpt.train; python tests/benchmarks/bench_sample.py
Omits:  sliding the view by one: with rotated keys every position would have to be recomputed.

Legend: B batch, L layers, T time, E width (n_embd), H heads, D width of a head, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.files import sha256
from minigpt import seeds
from minigpt.layers import Attention, Block, GPTConfig, attention_weights, make_norm
from minigpt.nextchar import window
from minigpt.ops import rotation_table
from minigpt.tokenizer import CharTokenizer

__all__ = ["GPT", "Block", "Cache", "GPTConfig"]

POSITIONS = 4096
"""Characters that a CPU reads at once. A few streams at a time are twice as fast as hundreds,
because intermediate results are not written to fresh memory each time."""

ROOM = 32
"""Keys and values get room for this many more characters whenever it is used up. Room for the whole
context at once would be simpler, but a part of a tensor is read more slowly than all of it."""


@dataclass
class Cache:
    """A GPT's state between steps: keys and values of the characters in view."""

    layers: list[tuple[Tensor, Tensor]]
    """Keys [B, H, room, D] and values [B, H, D, room] of each layer, zero beyond `length`; empty
    before the first step. The axis that attention sums over (width of a key, time of a value) is
    contiguous in memory, which is read fastest."""
    view: np.ndarray
    """Ids [B, context] of the characters in view, of which the first `length` count."""
    length: int
    """Number of characters in view."""
    total: int
    """Number of characters read so far."""

    def rows(self, rows: np.ndarray) -> Cache:
        """A copy of the streams in `rows` [k], to go on with while the others wait."""
        layers = [(keys[rows], values[rows]) for keys, values in self.layers]
        return Cache(layers, self.view[rows], self.length, self.total)


class GPT(nn.Module):
    """ids -> logits. It is also a `NextChar`: it can be evaluated, sampled and compressed with."""

    BIGRAM_ROWS = 16_384  # larger alphabets share rows
    block: type[nn.Module] = Block
    """Class of a layer, made from the config and called with x [B, T, E], rotations and a cache.
    A subclass may replace it; a block with `initialise(generator)` draws its own first weights."""
    rope: Tensor

    precision: Literal["fp32", "bf16"] = "fp32"
    """Precision used for prediction; training has its own."""

    def __init__(
        self,
        config: GPTConfig,
        tokenizer: CharTokenizer,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.config, self.tokenizer = config, tokenizer
        size, width = len(tokenizer), config.n_embd
        self.embed = nn.Embedding(size, width)
        if config.bigram:
            self.embed_pair = nn.Embedding(min(size * (size + 1), self.BIGRAM_ROWS), width)
        if config.position == "learned":
            self.embed_position = nn.Embedding(config.context, width)
        else:
            table = rotation_table(config.context, width // config.n_head)
            self.register_buffer("rope", table, persistent=False)
        self.dropout = nn.Dropout(config.dropout) if config.dropout else nn.Identity()
        self.blocks = nn.ModuleList(self.block(config) for _ in range(config.n_layer))
        self.norm = make_norm(config)
        self.head = nn.Linear(width, size, bias=False)
        if config.tie_embeddings:
            self.head.weight = self.embed.weight
        self._initialise(generator)

    @classmethod
    def fresh(cls, config: GPTConfig, text: str, seed: int) -> GPT:
        """An untrained model for the characters of `text`; equal seeds give equal weights."""
        return cls(config, CharTokenizer.from_text(text), seeds.generator(seed, "weights"))

    @property
    def size(self) -> int:
        """Number of weights; a tied weight counts once."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def attends(self) -> bool:
        """Whether all layers are attention, whose keys and values are kept, so that a new
        character costs one step. Other layers read everything in view again."""
        return all(isinstance(getattr(b, "attention", None), Attention) for b in self.blocks)

    def _initialise(self, generator: torch.Generator | None) -> None:
        theirs = set()
        for block in self.blocks:
            if draw := getattr(block, "initialise", None):
                draw(generator)
                theirs |= {id(parameter) for parameter in block.parameters()}
        for name, parameter in self.named_parameters():
            if id(parameter) in theirs:
                continue
            output = name.endswith(("project.weight", "narrow.weight", "attention.kernel"))
            if parameter.dim() < 2:
                nn.init.zeros_(parameter) if name.endswith("bias") else nn.init.ones_(parameter)
            elif name == "embed_pair.weight":
                nn.init.zeros_(parameter)
            elif not self.config.zero_init:  # GPT-2: the stream adds up 2 L terms
                std = 0.02 / math.sqrt(2 * self.config.n_layer) if output else 0.02
                nn.init.normal_(parameter, std=std, generator=generator)
            elif (output and self.config.residual) or name == "head.weight":
                nn.init.zeros_(parameter)
            else:
                std = 1.0 if name.startswith("embed") else parameter.shape[-1] ** -0.5
                nn.init.normal_(parameter, std=std, generator=generator)

    def embeddings(
        self, ids: Int[Tensor, "B T"], previous: Tensor | None = None, seen: int = 0
    ) -> Float[Tensor, "B T E"]:
        """A vector for each character, plus one for its pair with the character before it.

        `previous` [B, 1] is the character before ids and `seen` the number of characters before
        them; none by default.
        """
        x = self.embed(ids)
        if self.config.bigram:
            size = len(self.tokenizer)
            if previous is None:
                previous = ids.new_full((len(ids), 1), size)  # a symbol of its own: no character
            pair = torch.cat((previous, ids[:, :-1]), dim=1) * size + ids
            x = x + self.embed_pair(pair % self.embed_pair.num_embeddings)
        if self.config.position == "learned":
            x = x + self.embed_position.weight[seen : seen + ids.size(1)]
        if torch.is_autocast_enabled(x.device.type):  # the stream in bfloat16 too: half the memory
            x = x.to(torch.get_autocast_dtype(x.device.type))
        return self.dropout(x)

    def hidden(
        self,
        ids: Int[Tensor, "B T"],
        layers: int | None = None,
        *,
        previous: Tensor | None = None,
        seen: int = 0,
        caches: Sequence[tuple[Tensor, Tensor, int]] = (),
    ) -> Float[Tensor, "B T E"]:
        """The residual stream after the first `layers` blocks: all by default, 0 for none.

        `previous` and `seen` are as in `embeddings`; `caches` hold each block's keys and values.
        """
        x = self.embeddings(ids, previous, seen)
        rope = self._rotations(seen, ids.size(1))
        for i, block in enumerate(self.blocks):
            if i == layers:
                break
            x = block(x, rope, caches[i] if caches else None)
        return x

    def _rotations(self, seen: int, more: int) -> Tensor | None:
        """Rotations of queries and keys at these positions; None if positions are learned."""
        return self.rope[:, seen : seen + more] if self.config.position == "rope" else None

    def forward(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        """Logits; [b, t] scores the character after ids[b, t]. T is at most the context."""
        if ids.size(1) > self.config.context:
            raise ValueError(
                f"{ids.size(1)} characters at once; this model sees {self.config.context}"
            )
        return self.head(self.norm(self.hidden(ids)))

    def attention(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B L H T T"]:
        """The weight that each position gives to each before it, in every layer and head.

        For figures (`plots.attention_map`). ValueError if the model has no attention.
        """
        if not self.attends:
            raise ValueError("this model mixes positions by other means; it has no attention")
        maps = []
        with self._predicting():
            for layer, block in enumerate(self.blocks):
                assert isinstance(block, Block)
                assert isinstance(block.attention, Attention)
                x = block.norm_1(self.hidden(ids, layer))
                q, k, _ = block.attention.heads(x, self._rotations(0, ids.size(1)))
                maps.append(attention_weights(q, k, self.config.attention_scale))
        return torch.stack(maps, dim=1)

    # -- predictions: NumPy in, NumPy out, no gradients -----------------

    @property
    def context(self) -> int:
        """The most characters back that it can look at."""
        return self.config.context

    @property
    def fingerprint(self) -> str:
        """SHA-256 of alphabet, shape and weights; it identifies the model wherever it is stored."""
        parts = [f"({self.config}, {self.tokenizer.characters!r})".encode()]
        for name, tensor in sorted(self.state_dict().items()):
            parts += [name.encode(), tensor.cpu().contiguous().numpy().tobytes()]
        return sha256(b"".join(parts))

    @property
    def threads(self) -> int:
        """Number of threads that compute predictions; their last bits depend on it."""
        return torch.get_num_threads()

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V] in nats, float32."""
        with self._predicting():
            logits = self(torch.from_numpy(ids.astype(np.int64)).to(self.head.weight.device))
            return logits.float().log_softmax(-1).cpu().numpy()

    def start(self, ids: np.ndarray) -> tuple[Cache, np.ndarray]:
        """Read ids [B, T]: the state, and log-probabilities [B, V] of the next character."""
        if ids.ndim != 2 or not ids.size:
            raise ValueError(f"start needs ids [B, T] with T >= 1, got shape {ids.shape}")
        state = Cache([], np.zeros((len(ids), self.context), np.int64), 0, ids.shape[1])
        keep = window(ids.shape[1], self.context)
        return state, self._read(state, ids[:, -keep:])

    def step(self, state: Cache, ids: np.ndarray) -> np.ndarray:
        """Read one more character of each stream, ids [B]: log-probabilities [B, V]."""
        return self.read(state, ids[:, None])

    def read(self, state: Cache, ids: np.ndarray) -> np.ndarray:
        """Read T >= 1 more characters of each stream at once, ids [B, T]: log-probabilities [B, V].

        The result is that of T steps, much faster.
        """
        if ids.ndim != 2 or not ids.size or len(ids) != len(state.view):
            raise ValueError(
                f"this state reads ids [{len(state.view)}, T] with T >= 1, got shape {ids.shape}"
            )
        state.total += ids.shape[1]
        length, kept = window(state.total, self.context), state.length
        if length != kept + ids.shape[1] or not self.attends:
            # the view was full: begin again from its last part; layers that keep no keys and
            # values read everything again each time
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
        """Grow the cache until keys and values of `length` characters fit."""
        dtype = torch.bfloat16 if self.precision == "bf16" else self.head.weight.dtype
        held = state.layers[0][0].size(2) if state.layers else 0
        if length <= held and state.layers[0][0].dtype == dtype:
            return
        room = min(self.context, ROOM * -(-length // ROOM))
        if not self.attends:
            room = 0
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
        """Logits [k, V] after the last character in view of some streams, whose cache is filled."""
        view = state.view[rows, max(0, seen - 1) : state.length]
        ids = torch.from_numpy(view).to(self.head.weight.device)
        previous, ids = (ids[:, :1], ids[:, 1:]) if seen else (None, ids)
        caches = [(keys[rows], values[rows], seen) for keys, values in state.layers]
        x = self.hidden(ids, previous=previous, seen=seen, caches=caches)
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
