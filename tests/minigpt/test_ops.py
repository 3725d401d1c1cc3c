"""Derivatives written by hand, against finite differences and against the plain formulas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from minigpt.ops import relu_squared, rms_norm, rotate, rotation_table

TABLE = rotation_table(5, 6).double()


def turned(x: Tensor) -> Tensor:
    """`rotate` at five positions."""
    return rotate(x, TABLE)


def turned_as_complex_numbers(x: Tensor) -> Tensor:
    """RoPE as its authors write it: the pair (x[i], x[i + D/2]) times exp(i position theta)."""
    half = x.size(-1) // 2
    theta = 10_000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(x.size(-2), dtype=torch.float64)[:, None] * theta
    z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat((z.real, z.imag), dim=-1)


PAIRS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "rms_norm": (rms_norm, lambda x: x / x.square().mean(-1, keepdim=True).sqrt()),
    "relu_squared": (relu_squared, lambda x: F.relu(x).square()),
    "rotate": (turned, turned_as_complex_numbers),
}


def some(seed: int = 0) -> Tensor:
    """[2, 3, 5, 6], float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 3, 5, 6, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("name", PAIRS)
def test_derivative_by_finite_differences(name: str) -> None:
    assert torch.autograd.gradcheck(PAIRS[name][0], some().requires_grad_())


@pytest.mark.parametrize("name", PAIRS)
def test_value_and_derivative_as_in_the_plain_formula(name: str) -> None:
    ours, plain = PAIRS[name]
    x, weights = some(1), some(2)
    results = []
    for function in (ours, plain):
        leaf = x.clone().requires_grad_()
        out = function(leaf)
        (out * weights).sum().backward()
        results.append((out.detach(), leaf.grad))
    # The table of rotations is computed in float32, as in the model.
    tolerance = 1e-6 if name == "rotate" else 1e-12
    torch.testing.assert_close(results[0], results[1], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", PAIRS)
def test_bfloat16_stays_bfloat16(name: str) -> None:
    x = some().bfloat16().requires_grad_()
    out = PAIRS[name][0](x)
    out.float().sum().backward()
    assert out.dtype == torch.bfloat16
    assert x.grad is not None
    assert x.grad.dtype == torch.bfloat16


def test_rms_norm_of_nothing_is_nothing() -> None:
    x = torch.zeros(2, 4, requires_grad=True)
    out = rms_norm(x)
    out.sum().backward()
    assert torch.equal(out, torch.zeros(2, 4))
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    # as torch's own, whose eps is 1e-6 under the root
    torch.testing.assert_close(x.grad, torch.full((2, 4), 1e3))


def test_rms_norm_has_mean_square_one_and_ignores_scale() -> None:
    x = some(3)
    torch.testing.assert_close(rms_norm(x).square().mean(-1), torch.ones(2, 3, 5).double())
    torch.testing.assert_close(rms_norm(7 * x), rms_norm(x))


def test_scores_depend_on_distance_alone() -> None:
    table = rotation_table(40, 8).double()
    generator = torch.Generator().manual_seed(4)
    q, k = torch.randn(2, 8, dtype=torch.float64, generator=generator)
    turned_q, turned_k = rotate(q.expand(40, 8), table), rotate(k.expand(40, 8), table)
    scores = turned_q @ turned_k.T
    for distance in (0, 1, 7):
        line = torch.diagonal(scores, -distance)
        torch.testing.assert_close(line, line[0].expand_as(line), rtol=1e-5, atol=1e-5)
    assert scores[5, 3] != pytest.approx(float(scores[5, 4]), abs=1e-3)
    torch.testing.assert_close(turned_q.norm(dim=-1), q.norm().expand(40), rtol=1e-6, atol=1e-6)
    assert torch.equal(turned_q[0], q)  # position 0 is not turned
