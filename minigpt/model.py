"""A small decoder-only transformer over characters.

Idea:   each block adds to a stream of vectors, twice: attention mixes earlier positions in, an MLP
        works on each position alone. x = x + attention(norm(x)); x = x + mlp(norm(x)).
Source: Vaswani et al. 2017, arXiv:1706.03762; Radford et al. 2019 (GPT-2, the preset `classic`);
        RoPE: Su et al. 2021, arXiv:2104.09864; RMSNorm: Zhang & Sennrich 2019, arXiv:1910.07467;
        QK-norm: Henry et al. 2020, arXiv:2010.04245; squared ReLU: So et al. 2021,
        arXiv:2109.08668.
Run:    python -m minigpt.train
Omits:  biases in the default, mixture of experts, grouped heads.

Legend: B batch, T and S time, E width (n_embd), H heads, D width of a head (E / H), V vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from minigpt.ops import relu_squared, rms_norm, rotate, rotation_table
from minigpt.predict import Predicts
from minigpt.tokenizer import CharTokenizer

MOST_CONTEXT = 16_384
"""The longest context: with rotated positions no weight depends on it, so that a file may claim any
number, and a table of rotations has to be made for it."""


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """The shape of the model. Switches are fields, so that two designs compare in one run."""

    n_layer: int = 4
    """Blocks."""
    n_head: int = 4
    """Attention heads in each block."""
    n_embd: int = 128
    """Numbers that stand for each character inside the model; a multiple of n_head."""
    context: int = 64
    """How many characters the model sees at once."""
    dropout: float = 0.0
    """Share of activations set to zero in training."""
    position: Literal["rope", "learned"] = "rope"
    """Rotate queries and keys by position, or add a learned vector for each position."""
    norm: Literal["rms", "layer", "none"] = "rms"
    """Normalisation before each half of a block."""
    qk_norm: bool = True
    """Normalise queries and keys, so that no attention score can blow up."""
    activation: Literal["relu2", "gelu"] = "relu2"
    """The MLP's non-linearity: squared ReLU or GELU."""
    bias: bool = False
    """Biases in linear layers and LayerNorm."""
    zero_init: bool = True
    """Start the head and attention's (or the convolution's) and the MLP's last matrices at zero:
    such a block begins as the identity. Without `residual` that would be nothing at all, and
    only the head does."""
    tie_embeddings: bool = False
    """Use one matrix for reading characters in and for scoring them."""
    bigram: bool = True
    """Add a learned vector for the pair (previous character, this character)."""
    attention: Literal["softmax", "convolution"] = "softmax"
    """Attention, or a causal convolution over 4 characters with exactly as many weights."""
    residual: bool = True
    """Add each half block to the stream; without it, replace the stream."""

    def __post_init__(self) -> None:
        for name in ("n_layer", "n_head", "n_embd", "context"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.context > MOST_CONTEXT:
            raise ValueError(f"context must be at most {MOST_CONTEXT:,}, got {self.context}")
        if self.n_embd % self.n_head:
            heads = range(min(self.n_head, 1024), 0, -1)
            fits = next(h for h in heads if self.n_embd % h == 0)
            raise ValueError(
                f"n_embd ({self.n_embd}) must be a multiple of n_head ({self.n_head}); "
                f"n_head {fits} or n_embd {-(-self.n_embd // self.n_head) * self.n_head} fits"
            )
        if self.position == "rope" and (self.n_embd // self.n_head) % 2:
            raise ValueError(
                f"RoPE turns pairs, so n_embd / n_head must be even, "
                f"got {self.n_embd} / {self.n_head} = {self.n_embd // self.n_head}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is a share from 0 to below 1, got {self.dropout}")


class RMSNorm(nn.Module):
    """Divide each vector by its root mean square; no parameters."""

    def forward(self, x: Float[Tensor, "... E"]) -> Float[Tensor, "... E"]:
        """x / rms(x), of the same shape."""
        return rms_norm(x)


def make_norm(config: GPTConfig) -> nn.Module:
    """The normalisation that `config.norm` names."""
    if config.norm == "rms":
        return RMSNorm()
    return (
        nn.LayerNorm(config.n_embd, bias=config.bias) if config.norm == "layer" else nn.Identity()
    )


def attention_weights(
    q: Float[Tensor, "B H T D"], k: Float[Tensor, "B H S D"]
) -> Float[Tensor, "B H T S"]:
    """softmax(q k^T / sqrt(D)): how much each of the last T of S positions takes from each.

    A position that lies in the future gets weight 0; every row sums to one.
    """
    t, s, scale = q.size(-2), k.size(-2), q.size(-1) ** -0.5
    flat_q, flat_k = q.flatten(0, 1), k.flatten(0, 1)  # [B * H, T, D]
    if t == 1:  # the last position sees all
        scores = torch.bmm(flat_q, flat_k.mT).mul_(scale)
    else:
        future = q.new_full((t, s), -torch.inf).triu(s - t + 1)
        scores = torch.baddbmm(future, flat_q, flat_k.mT, alpha=scale)
    return scores.softmax(dim=-1).view(*q.shape[:-1], s)


def attend_to_cache(
    q: Float[Tensor, "B H T D"],
    keys: Float[Tensor, "B H room D"],
    values: Float[Tensor, "B H D room"],
    now: int,
) -> Float[Tensor, "B H T D"]:
    """What `attention_weights(q, k) @ v` is for the first `now` keys and values of a cache.

    It computes with all there is room for and hides what is not there yet, and takes the last
    product in the order that a CPU is faster at: for many streams up to twice as fast.
    """
    t, scale = q.size(-2), q.size(-1) ** -0.5
    hidden = q.new_full((t, keys.size(2)), -torch.inf).triu(now - t + 1)
    scores = torch.baddbmm(hidden, q.flatten(0, 1), keys.flatten(0, 1).mT, alpha=scale)
    weights = scores.softmax(dim=-1).view(*q.shape[:-1], -1)
    return weights @ values.mT if values.dtype == torch.bfloat16 else (values @ weights.mT).mT


class Attention(nn.Module):
    """Each position asks (q), every earlier one answers (k) and passes on what it holds (v)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.qkv = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.qkv.weight.stacked = 3  # type: ignore[attr-defined] # Muon takes the three apart
        self.project = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)

    def heads(self, x: Float[Tensor, "B T E"], rope: Tensor | None) -> tuple[Tensor, ...]:
        """Queries, keys and values, each [B, H, T, D]."""
        batch, time, _ = x.shape
        qkv = self.qkv(x).view(batch, time, 3, self.config.n_head, -1).permute(2, 0, 3, 1, 4)
        qk, v = qkv[:2].contiguous(), qkv[2]
        if self.config.qk_norm:
            qk = rms_norm(qk)
        if rope is not None:
            qk = rotate(qk, rope)
        return *qk, v

    def forward(
        self,
        x: Float[Tensor, "B T E"],
        rope: Tensor | None,
        cache: tuple[Tensor, Tensor, int] | None = None,
    ) -> Float[Tensor, "B T E"]:
        """Mix what earlier positions hold into each; with a cache, they are read from there."""
        q, k, v = self.heads(x, rope)
        seen = 0
        if cache:
            keys, values, seen = cache  # with room for more: `predict.Cache`
            now = seen + x.size(1)
            keys[:, :, seen:now], values[..., seen:now] = k, v.mT
        if seen:
            out = attend_to_cache(q, keys, values, now)
        elif x.is_cuda:
            out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            out = attention_weights(q, k) @ v  # on a CPU faster than the fused one up to T = 256
        return self.project(out.transpose(1, 2).flatten(2))


class CausalConvolution(nn.Module):
    """What attention is compared with: the last 4 positions, mixed the same way everywhere."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.empty(4, config.n_embd, config.n_embd))
        self.kernel.stacked = 4  # type: ignore[attr-defined]

    def forward(self, x: Float[Tensor, "B T E"], *_: object) -> Float[Tensor, "B T E"]:
        """out[t] = sum over i < 4 of x[t - i] @ kernel[i]; what is before the text is zero."""
        padded = F.pad(x, (0, 0, 3, 0))
        time = x.size(1)
        shifted = torch.stack([padded[:, 3 - i : 3 - i + time] for i in range(4)])  # [4, B, T, E]
        return torch.einsum("kbte,kef->btf", shifted, self.kernel)


class MLP(nn.Module):
    """Widen four times, bend, narrow again; on each position alone."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.widen = nn.Linear(config.n_embd, 4 * config.n_embd, bias=config.bias)
        self.narrow = nn.Linear(4 * config.n_embd, config.n_embd, bias=config.bias)
        self.activation = config.activation

    def forward(self, x: Float[Tensor, "B T E"]) -> Float[Tensor, "B T E"]:
        """narrow(activation(widen(x)))."""
        x = self.widen(x)
        return self.narrow(relu_squared(x) if self.activation == "relu2" else F.gelu(x))


class Block(nn.Module):
    """x = x + attention(norm(x)); x = x + mlp(norm(x))."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = make_norm(config), make_norm(config)
        softmax = config.attention == "softmax"
        self.attention = Attention(config) if softmax else CausalConvolution(config)
        self.mlp = MLP(config)
        self.dropout = nn.Dropout(config.dropout) if config.dropout else nn.Identity()
        self.residual = config.residual

    def forward(
        self,
        x: Float[Tensor, "B T E"],
        rope: Tensor | None,
        cache: tuple[Tensor, Tensor, int] | None = None,
    ) -> Float[Tensor, "B T E"]:
        """The equation in the class's first line."""
        mixed = self.dropout(self.attention(self.norm_1(x), rope, cache))
        x = x + mixed if self.residual else mixed
        thought = self.dropout(self.mlp(self.norm_2(x)))
        return x + thought if self.residual else thought


class GPT(Predicts):
    """ids -> logits; and a `NextChar`, so that it can be evaluated, sampled and compressed with."""

    BIGRAM_ROWS = 16_384  # larger alphabets share rows

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
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.norm = make_norm(config)
        self.head = nn.Linear(width, size, bias=False)
        if config.tie_embeddings:
            self.head.weight = self.embed.weight
        self._initialise(generator)

    def _initialise(self, generator: torch.Generator | None) -> None:
        for name, parameter in self.named_parameters():
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

        `previous` [B, 1] is what stands left of ids and `seen` how much does; nothing by default.
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

    def forward(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        """Logits; [b, t] scores what follows ids[b, t]. T is at most the context."""
        if ids.size(1) > self.config.context:
            raise ValueError(
                f"{ids.size(1)} characters at once; this model sees {self.config.context}"
            )
        x = self.embeddings(ids)  # [B, T, E]
        rope = self.rope[:, : ids.size(1)] if self.config.position == "rope" else None
        for block in self.blocks:
            x = block(x, rope)
        return self.head(self.norm(x))  # [B, T, V]

    def attention(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B L H T T"]:
        """How much each position takes from each before it, in every layer and head.

        For pictures (`plots.attention_map`). ValueError where the model has no attention.
        """
        if self.config.attention != "softmax":
            raise ValueError("this model mixes positions by convolution; it has no attention")
        with self._predicting():
            x, maps = self.embeddings(ids), []
            rope = self.rope[:, : ids.size(1)] if self.config.position == "rope" else None
            for block in self.blocks:
                assert isinstance(block, Block)
                assert isinstance(block.attention, Attention)
                q, k, _ = block.attention.heads(block.norm_1(x), rope)
                maps.append(attention_weights(q, k))
                x = block(x, rope)
        return torch.stack(maps, dim=1)
