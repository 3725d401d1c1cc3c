"""The parts of the transformer, from a vector's norm to a whole block, and their configuration.

Idea:   each block adds to a stream of vectors twice: attention mixes in earlier positions, an MLP
        works on each position alone. x = x + attention(norm(x)); x = x + mlp(norm(x)).
Source: Vaswani et al. 2017, arXiv:1706.03762; Radford et al. 2019 (GPT-2, the preset `classic`);
        RoPE: Su et al. 2021, arXiv:2104.09864; RMSNorm: Zhang & Sennrich 2019, arXiv:1910.07467;
        QK-norm: Henry et al. 2020, arXiv:2010.04245; squared ReLU: So et al. 2021,
        arXiv:2109.08668.
Run:    used by minigpt.model
Omits:  biases in the default, dropout of attention weights, mixture of experts, grouped heads.

Legend: B batch, T and S time, E width (n_embd), H heads, D width of a head (E / H).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minigpt.ops import relu_squared, rms_norm, rotate

MOST_CONTEXT = 16_384
"""The longest context. With rotated positions no weight depends on it, so a file could claim any
number and have a table of rotations of that size made."""


FIRST_FIELDS = (
    *("n_layer", "n_head", "n_embd", "context", "dropout", "position", "norm", "qk_norm"),
    *("activation", "bias", "zero_init", "tie_embeddings", "bigram", "attention", "residual"),
)
"""The fields of a `GPTConfig` that every fingerprint names, as in the first compressed files."""


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """The shape of the model. Design choices are fields, so one run can compare two designs."""

    n_layer: int = 4
    """Blocks."""
    n_head: int = 4
    """Attention heads in each block."""
    n_embd: int = 128
    """Width of the vector for each character; a multiple of n_head."""
    context: int = 64
    """Characters that the model sees at once."""
    dropout: float = 0.0
    """Share of activations set to zero in training."""
    position: Literal["rope", "learned"] = "rope"
    """Rotate queries and keys by position, or add a learned vector for each position."""
    norm: Literal["rms", "layer", "none"] = "rms"
    """Normalisation before each half of a block."""
    qk_norm: bool = True
    """Normalise queries and keys, so that no attention score can blow up."""
    attention_scale: float = 1.0
    """Factor on attention scores. Normalised queries and keys of width D score sqrt(D) at most
    times this: too little to single out one of many characters if D is small."""
    activation: Literal["relu2", "gelu"] = "relu2"
    """The MLP's non-linearity: squared ReLU or GELU."""
    bias: bool = False
    """Biases in linear layers and LayerNorm."""
    zero_init: bool = True
    """Start the last matrices of head, attention (or convolution) and MLP at zero, so that a
    block begins as the identity. Without `residual` it would output zero: then only the head
    starts there."""
    tie_embeddings: bool = False
    """Use one matrix to embed characters and to score them."""
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
        if not 0 < self.attention_scale <= 100:
            raise ValueError(
                f"attention_scale must be above 0 and at most 100, got {self.attention_scale}"
            )

    def __str__(self) -> str:
        """The shape in words: the first fields, and later ones that differ from their default.

        Fingerprints hash this text, so a new field changes none of those made before.
        """
        later = {f.name: f.default for f in fields(self) if f.name not in FIRST_FIELDS}
        changed = sorted(name for name, default in later.items() if getattr(self, name) != default)
        told = (f"{name}={getattr(self, name)!r}" for name in (*FIRST_FIELDS, *changed))
        return f"GPTConfig({', '.join(told)})"


class RMSNorm(nn.Module):
    """Divide each vector by its root mean square; no parameters."""

    def forward(self, x: Float[Tensor, "... E"]) -> Float[Tensor, "... E"]:
        """x / rms(x), same shape."""
        return rms_norm(x)


def make_norm(config: GPTConfig) -> nn.Module:
    """The normalisation that `config.norm` names."""
    if config.norm == "rms":
        return RMSNorm()
    return (
        nn.LayerNorm(config.n_embd, bias=config.bias) if config.norm == "layer" else nn.Identity()
    )


def attention_weights(
    q: Float[Tensor, "B H T D"], k: Float[Tensor, "B H S D"], times: float = 1.0
) -> Float[Tensor, "B H T S"]:
    """softmax(q k^T / sqrt(D)): the weight that each of the last T of S positions gives to each.

    Future positions get weight 0; every row sums to one. Scores are multiplied by `times`.
    """
    t, s, scale = q.size(-2), k.size(-2), times * q.size(-1) ** -0.5
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
    times: float = 1.0,
) -> Float[Tensor, "B H T D"]:
    """`attention_weights(q, k, times) @ v` for the first `now` keys and values of a cache.

    It computes with all the allocated room and masks the unused part, and takes the last product in
    the order that is faster on a CPU: for many streams up to twice as fast.
    """
    t, scale = q.size(-2), times * q.size(-1) ** -0.5
    hidden = q.new_full((t, keys.size(2)), -torch.inf).triu(now - t + 1)
    scores = torch.baddbmm(hidden, q.flatten(0, 1), keys.flatten(0, 1).mT, alpha=scale)
    weights = scores.softmax(dim=-1).view(*q.shape[:-1], -1)
    return weights @ values.mT if values.dtype == torch.bfloat16 else (values @ weights.mT).mT


class Attention(nn.Module):
    """Each position compares its query (q) with earlier keys (k) and collects their values (v)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.qkv = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.stacked = {"qkv.weight": 3}  # Muon takes the three apart
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
        """Mix earlier positions into each; with a cache, their keys and values are read from it."""
        q, k, v = self.heads(x, rope)
        seen, times = 0, self.config.attention_scale
        if cache:
            keys, values, seen = cache  # with spare room: `model.Cache`
            now = seen + x.size(1)
            keys[:, :, seen:now], values[..., seen:now] = k, v.mT
        if seen:
            out = attend_to_cache(q, keys, values, now, times)
        elif x.is_cuda:
            scale = times * q.size(-1) ** -0.5
            out = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale)
        else:
            out = attention_weights(q, k, times) @ v  # on a CPU faster than fused up to T = 256
        return self.project(out.transpose(1, 2).flatten(2))


class CausalConvolution(nn.Module):
    """The alternative to attention: the last 4 positions, mixed by the same weights everywhere."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.empty(4, config.n_embd, config.n_embd))
        self.stacked = {"kernel": 4}

    def forward(self, x: Float[Tensor, "B T E"], *_: object) -> Float[Tensor, "B T E"]:
        """out[t] = sum over i < 4 of x[t - i] @ kernel[i]; positions before the text are zero."""
        padded = F.pad(x, (0, 0, 3, 0))
        time = x.size(1)
        shifted = torch.stack([padded[:, 3 - i : 3 - i + time] for i in range(4)])  # [4, B, T, E]
        return torch.einsum("kbte,kef->btf", shifted, self.kernel)


class MLP(nn.Module):
    """Widen four times, apply the non-linearity, narrow again; each position alone."""

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
        self.attention = self.mixing(config)
        self.mlp = MLP(config)
        self.dropout = nn.Dropout(config.dropout) if config.dropout else nn.Identity()
        self.residual = config.residual

    @staticmethod
    def mixing(config: GPTConfig) -> nn.Module:
        """The module that mixes positions; a subclass may replace it here."""
        return Attention(config) if config.attention == "softmax" else CausalConvolution(config)

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
