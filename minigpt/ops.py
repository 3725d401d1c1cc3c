"""Three small functions with hand-written derivatives.

Idea:   autograd passes over memory once for every elementary step, forward and back. Worked out on
        paper, each derivative is one line, and on a CPU forward and backward take about a tenth
        less time.
Source: the chain rule; each derivation is beside its line.
Run:    python tests/benchmarks/bench_ops.py
Omits:  kernels of our own. On CUDA, torch.compile fuses the plain formulas, which are here too.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def rms_norm(x: Float[Tensor, "... E"]) -> Float[Tensor, "... E"]:
    """x / sqrt(mean(x^2)) along the last axis (Zhang & Sennrich 2019, arXiv:1910.07467).

    If the root mean square is below 0.001, x is divided by 0.001.
    """
    if x.is_cuda:
        rms = torch.linalg.vector_norm(x, dim=-1, keepdim=True) * x.size(-1) ** -0.5
        return x / rms.clamp(min=1e-3)
    return _RMSNorm.apply(x) if torch.is_grad_enabled() else _normalise(x)[0]


def relu_squared(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """max(x, 0)^2, elementwise (So et al. 2021, arXiv:2109.08668)."""
    if not torch.is_grad_enabled():
        return F.relu(x).square_()  # relu(x) is not needed later: reuse its memory
    return F.relu(x).square() if x.is_cuda else _ReluSquared.apply(x)


def rotate(x: Float[Tensor, "... T D"], table: Float[Tensor, "2 T D"]) -> Float[Tensor, "... T D"]:
    """Rotate each pair (x[i], x[i + D/2]) by its position's angle (RoPE, arXiv:2104.09864).

    The score of two rotated vectors depends only on their contents and their distance.
    """
    table = table.to(x.dtype)
    by_hand = torch.is_grad_enabled() and not x.is_cuda
    return _Rotate.apply(x, table) if by_hand else _turn(x, table)


def rotation_table(context: int, width: int, base: float = 10_000.0) -> Float[Tensor, "2 T D"]:
    """The factors of `rotate`: (cos, cos) and (-sin, sin) of position / base^(i / (D/2))."""
    half = width // 2
    angles = torch.outer(torch.arange(context), base ** (-torch.arange(half) / half))
    cos, sin = angles.cos(), angles.sin()
    return torch.stack((torch.cat((cos, cos), -1), torch.cat((-sin, sin), -1)))


def _turn(x: Tensor, table: Tensor) -> Tensor:
    # (a, b) -> (a cos - b sin, b cos + a sin): rolling by half swaps a and b.
    return torch.addcmul(x * table[0], x.roll(x.size(-1) // 2, -1), table[1])


class _Rotate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, table: Tensor) -> Tensor:
        ctx.save_for_backward(table)
        return _turn(x, table)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (table,) = ctx.saved_tensors  # the transpose of a rotation turns back: sin -> -sin
        return _turn(grad, torch.stack((table[0], -table[1]))), None


def _normalise(x: Tensor) -> tuple[Tensor, Tensor]:
    rms = torch.linalg.vector_norm(x, dim=-1, keepdim=True).mul_(x.size(-1) ** -0.5)
    inverse = rms.clamp_(min=1e-3).reciprocal_()
    return x * inverse, inverse


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y, inverse = _normalise(x)
        ctx.save_for_backward(y, inverse)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        # y = x r with r = 1 / rms(x), and dr/dx = -r^2 y / E, so that
        # dL/dx = r (grad - y mean(grad y)): whatever points along y is taken out.
        y, inverse = ctx.saved_tensors
        along = torch.linalg.vecdot(grad, y).div_(y.size(-1)).unsqueeze(-1)
        return torch.addcmul(grad, y, along, value=-1).mul_(inverse)


class _ReluSquared(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        r = x.relu()
        ctx.save_for_backward(r)
        return r * r

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (r,) = ctx.saved_tensors
        return (grad * r).mul_(2)  # 2 relu(x): zero if x is negative, without a mask
