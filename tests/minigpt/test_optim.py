"""Muon's orthogonalisation against the SVD, its update by hand, schedules, parameter groups."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from minigpt.model import GPT
from minigpt.optim import QUINTIC, Muon, cosine, mark_stacked, orthogonalise, trapezoid
from minigpt.saved.state import make_optimizers
from minigpt.settings import PRESETS, TrainConfig
from minigpt.tokenizer import CharTokenizer


def with_singular_values(values: Tensor, rows: int, columns: int) -> tuple[Tensor, ...]:
    """U, V and U diag(values) V^T for random orthonormal U [rows, k] and V [columns, k]."""
    generator = torch.Generator().manual_seed(rows * 100 + columns)
    k = len(values)
    u = torch.linalg.qr(torch.randn(rows, k, dtype=torch.float64, generator=generator))[0]
    v = torch.linalg.qr(torch.randn(columns, k, dtype=torch.float64, generator=generator))[0]
    return u, v, u @ torch.diag(values) @ v.T


def quintic(s: Tensor, times: int) -> Tensor:
    """The polynomial applied to single numbers."""
    a, b, c = QUINTIC
    for _ in range(times):
        s = a * s + b * s**3 + c * s**5
    return s


@pytest.mark.parametrize(("rows", "columns"), [(6, 6), (4, 9), (12, 5)])
def test_orthogonalise_keeps_directions_and_maps_singular_values(rows: int, columns: int) -> None:
    values = torch.linspace(0.05, 1.0, min(rows, columns), dtype=torch.float64) * 40
    u, v, matrix = with_singular_values(values, rows, columns)
    found = orthogonalise(matrix[None], 5)[0]
    core = u.T @ found @ v  # diagonal exactly where the singular vectors are kept
    expected = torch.diag(quintic(values / values.norm(), 5))
    torch.testing.assert_close(core, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(u @ core @ v.T, found, rtol=0, atol=1e-9)  # and nothing beside
    assert 0.68 < float(core.diag().min()) <= float(core.diag().max()) < 1.21


def test_the_range_that_the_comment_states() -> None:
    mapped = quintic(torch.linspace(0.01, 1, 100_000, dtype=torch.float64), 5)
    assert 0.65 < float(mapped.min()) < 0.7
    assert 1.1 < float(mapped.max()) < 1.2


def test_orthogonalise_is_near_the_nearest_orthogonal_matrix() -> None:
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn(3, 8, 20, generator=generator)
    found = orthogonalise(matrices, 5)
    u, _, vh = torch.linalg.svd(matrices, full_matrices=False)
    nearest = u @ vh
    cosines = (found * nearest).sum((1, 2)) / (found.norm(dim=(1, 2)) * nearest.norm(dim=(1, 2)))
    assert (cosines > 0.97).all()
    for one, alone in zip(found, matrices):  # a batch is as many single ones
        torch.testing.assert_close(one, orthogonalise(alone[None], 5)[0], rtol=1e-4, atol=1e-5)


def test_orthogonalise_of_zero_and_in_bfloat16() -> None:
    assert torch.equal(orthogonalise(torch.zeros(1, 3, 4)), torch.zeros(1, 3, 4))
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn(2, 16, 16, generator=generator)
    low = orthogonalise(matrices.bfloat16())
    assert low.dtype == torch.bfloat16
    assert (low.float() - orthogonalise(matrices)).norm() < 0.1 * orthogonalise(matrices).norm()


def steps_of_muon(parameters: list[nn.Parameter], gradients: list[list[Tensor]]) -> None:
    optimizer = Muon(parameters, lr=0.1, momentum=0.9, weight_decay=0.01)
    for step in gradients:
        for parameter, gradient in zip(parameters, step):
            parameter.grad = gradient
        optimizer.step()


def test_update_by_hand() -> None:
    generator = torch.Generator().manual_seed(1)
    start, first, second = torch.randn(3, 8, 4, generator=generator)
    parameter = nn.Parameter(start.clone())
    steps_of_muon([parameter], [[first.clone()], [second.clone()]])
    expected, momentum = start.clone(), torch.zeros(8, 4)
    for gradient in (first, second):
        momentum = 0.9 * momentum + 0.1 * gradient
        update = 0.1 * gradient + 0.9 * momentum
        turned = orthogonalise(update[None].bfloat16(), 5)[0].float()
        expected = expected * (1 - 0.1 * 0.01) - 0.1 * math.sqrt(8 / 4) * turned
    # bfloat16 has 8 bits: the scaled update is rounded by at most 2^-9 of 0.1 x 1.2 x 1.4
    torch.testing.assert_close(parameter.detach(), expected, rtol=0, atol=2 * 0.17 / 512)


@pytest.mark.parametrize("as_cube", [False, True])
def test_stacked_matrices_are_taken_apart(as_cube: bool) -> None:
    generator = torch.Generator().manual_seed(2)
    start, first, second = torch.randn(3, 12, 6, generator=generator)
    shape = (3, 4, 6) if as_cube else (12, 6)
    whole = nn.Parameter(start.clone().view(shape))
    whole.stacked = 3  # type: ignore[attr-defined]
    parts = [nn.Parameter(part.clone()) for part in start.chunk(3)]
    steps_of_muon([whole], [[g.clone().view(shape)] for g in (first, second)])
    steps_of_muon(parts, [list(g.chunk(3)) for g in (first, second)])
    torch.testing.assert_close(whole.detach().view(12, 6), torch.cat(parts).detach())
    alone = nn.Parameter(start.clone())  # not taken apart it would be another step
    steps_of_muon([alone], [[g.clone()] for g in (first, second)])
    assert (alone - whole.view(12, 6)).abs().max() > 0.01


def test_parameters_without_gradient_stay() -> None:
    still = nn.Parameter(torch.ones(2, 2))
    Muon([still]).step()
    assert torch.equal(still.detach(), torch.ones(2, 2))


def test_trapezoid_by_hand() -> None:
    rates = [trapezoid(s, 10, warmup=3, cooldown=0.4) for s in range(10)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1, 1, 0.75, 0.5, 0.25])
    assert [trapezoid(s, 3, warmup=0, cooldown=0) for s in range(3)] == [1, 1, 1]
    assert trapezoid(1, 1, warmup=0, cooldown=1) == 0


def test_cosine_by_hand() -> None:
    assert [cosine(s, 12, warmup=2) for s in (0, 1, 2)] == pytest.approx([1 / 3, 2 / 3, 1])
    assert cosine(7, 12, warmup=2) == pytest.approx(0.55)  # half way between 1 and 0.1
    assert cosine(12, 12, warmup=2) == pytest.approx(0.1)
    assert cosine(50, 12, warmup=2) == pytest.approx(0.1)


@given(st.integers(1, 300), st.integers(0, 400), st.floats(0, 1), st.data())
def test_schedules_stay_between_zero_and_one(
    steps: int, warmup: int, cooldown: float, data: st.DataObject
) -> None:
    step = data.draw(st.integers(0, steps - 1))
    for rate in (
        trapezoid(step, steps, warmup=warmup, cooldown=cooldown),
        cosine(step, steps, warmup=warmup),
    ):
        assert 0 < rate <= 1 + 1e-12  # never 0 before the end: no step is wasted


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("attention", ["softmax", "convolution"])
def test_every_parameter_has_one_optimiser(preset: str, attention: str) -> None:
    config = PRESETS[preset]  # type: ignore[index]
    small = replace(
        config.model, n_layer=2, n_head=2, n_embd=8, attention=attention, norm="layer", bias=True
    )
    model = GPT(small, CharTokenizer("abc"), torch.Generator().manual_seed(0))
    optimizers = make_optimizers(replace(config, model=small, weight_decay=0.5), model)
    assigned = [p for o in optimizers for g in o.param_groups for p in g["params"]]
    assert len(assigned) == len({id(p) for p in assigned})
    assert {id(p) for p in assigned} == {id(p) for p in model.parameters()}
    names = {id(p): name for name, p in model.named_parameters()}
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for p in group["params"]:
                matrix_of_block = names[id(p)].startswith("blocks.") and p.dim() >= 2
                in_muon = config.optimizer == "muon" and matrix_of_block
                assert isinstance(optimizer, Muon) == in_muon, names[id(p)]
                decays = in_muon or (config.optimizer == "adamw" and p.dim() >= 2)
                assert (group["weight_decay"] > 0) == decays, names[id(p)]


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_the_table_of_pairs_may_have_a_rate_of_its_own(optimizer: Literal["muon", "adamw"]) -> None:
    """AdamW's first step is its rate, whatever the gradient's size: so the factor can be seen."""
    shape = replace(PRESETS["quick"].model, n_layer=1, n_embd=8, n_head=2)
    moved = {}
    for factor in (1.0, 4.0):
        config = TrainConfig(model=shape, optimizer=optimizer, bigram_lr_factor=factor)
        model = GPT(shape, CharTokenizer("abc"), torch.Generator().manual_seed(0))
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        for one in make_optimizers(config, model):
            one.step()
        moved[factor] = {name: p.detach() - before[name] for name, p in model.named_parameters()}
    for name, step in moved[4.0].items():
        times = 4 if name == "embed_pair.weight" else 1
        assert torch.allclose(step, times * moved[1.0][name], atol=1e-6), name


def test_queries_keys_and_values_are_taken_apart() -> None:
    model = GPT(replace(PRESETS["quick"].model, n_layer=1), CharTokenizer("abc"))
    mark_stacked(model)
    assert [n for n, p in model.named_parameters() if getattr(p, "stacked", 1) == 3] == [
        "blocks.0.attention.qkv.weight"
    ]


@pytest.mark.parametrize("attention", ["softmax", "convolution"])
def test_a_copy_of_a_network_takes_the_same_step(attention: Any) -> None:
    shape = replace(PRESETS["quick"].model, n_layer=1, n_embd=16, attention=attention)
    model = GPT(shape, CharTokenizer("abc"), torch.Generator().manual_seed(0))
    model, other = copy.deepcopy(model), model
    for one in (model, other):
        for p in one.parameters():
            p.grad = torch.randn(p.shape, generator=torch.Generator().manual_seed(1))
        for optimizer in make_optimizers(replace(PRESETS["quick"], model=shape), one):
            optimizer.step()
    for a, b in zip(model.parameters(), other.parameters()):
        assert torch.equal(a, b)
    (apart,) = [p for p in model.parameters() if hasattr(p, "stacked")]
    assert apart.stacked == (3 if attention == "softmax" else 4)
