"""Hessian-free optimisation against exact solutions and autograd's products; curves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, hessian, jacrev

from lessons.lab.second_order import HessianFree, Settings, conjugate_gradients, gauss_newton
from lessons.lab.worlds import curves


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def of_tanh(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)).double()


def prepared(net: nn.Module, settings: Settings) -> HessianFree:
    way = HessianFree(net, settings)
    way.last = way.last.double()
    return way


def flat(net: nn.Module) -> Tensor:
    return torch.cat([w.detach().reshape(-1) for w in net.parameters()])


def examples(n: int = 30) -> tuple[Tensor, Tensor]:
    made = generator(1)
    shape = {"generator": made, "dtype": torch.float64}
    return torch.randn(n, 4, **shape), torch.randn(n, 2, **shape)


def outputs_of(way: HessianFree, x: Tensor) -> tuple[object, Tensor]:
    def outputs(w: Tensor) -> Tensor:
        return functional_call(way.net, way._apart(w), x)

    return outputs, flat(way.net)


def test_conjugate_gradients_solve_in_as_many_steps_as_there_are_unknowns() -> None:
    rng = np.random.default_rng(0)
    half = rng.standard_normal((6, 6))
    matrix, b, x = half @ half.T + np.eye(6), rng.standard_normal(6), rng.standard_normal(6)
    solved = conjugate_gradients(lambda v: matrix @ v, b, x, 6, 0.0)
    assert np.allclose(solved, np.linalg.solve(matrix, b), atol=1e-9)
    lengths = [
        np.linalg.norm(b - matrix @ conjugate_gradients(lambda v: matrix @ v, b, x, n, 0.0))
        for n in (0, 6)
    ]
    assert lengths[1] < 1e-8 < lengths[0]


def test_conjugate_gradients_end_where_they_are_done() -> None:
    asked: list[int] = []

    def product(v: np.ndarray) -> np.ndarray:
        asked.append(1)
        return 2 * v

    b = np.array([4.0, 2.0])
    assert conjugate_gradients(product, b, b / 2, 50, 0.0).tolist() == [2.0, 1.0]
    assert len(asked) == 1  # nothing is divided by zero
    assert conjugate_gradients(product, b, 0 * b, 50, 1e-6).tolist() == [2.0, 1.0]
    assert len(asked) == 3
    assert conjugate_gradients(product, 0 * b, 0 * b, 50, 0.1).tolist() == [0.0, 0.0]


def test_products_are_those_of_the_whole_matrix() -> None:
    x, _ = examples()
    way = prepared(of_tanh(), Settings(damping=0.3))
    outputs, w = outputs_of(way, x)
    jacobian = jacrev(outputs)(w).reshape(-1, len(w))  # type: ignore[arg-type]
    matrix = jacobian.T @ jacobian / len(x) + 0.3 * torch.eye(len(w), dtype=w.dtype)
    v = torch.randn(len(w), generator=generator(2), dtype=w.dtype)
    assert torch.allclose(way.products(x)(v), matrix @ v, atol=1e-10)
    by_parts = gauss_newton(
        lambda v: jacobian @ v, lambda u: jacobian.T @ u, lambda u: u / len(x), v, 0.3
    )
    assert torch.allclose(by_parts, matrix @ v, atol=1e-10)


def test_where_the_errors_are_zero_they_are_those_of_autograds_hessian() -> None:
    """The Hessian is Gauss-Newton's matrix plus a term that each error multiplies."""
    x, _ = examples()
    way = prepared(of_tanh(), Settings(damping=0.0))
    outputs, w = outputs_of(way, x)
    y = outputs(w)  # type: ignore[operator]

    def loss(w: Tensor) -> Tensor:
        return (outputs(w) - y).square().sum() / (2 * len(x))  # type: ignore[operator]

    v = torch.randn(len(w), generator=generator(2), dtype=w.dtype)
    assert torch.allclose(way.products(x)(v), hessian(loss)(w) @ v, atol=1e-10)


def test_one_step_solves_a_linear_network() -> None:
    """Its loss is quadratic, so Gauss-Newton's step ends at the least squares, and a promise is
    kept: the damping falls."""
    x, y = examples()
    net = nn.Linear(4, 2).double()
    way = prepared(net, Settings(damping=1e-9, steps=40, tol=0.0))
    way.step(x, y, len(x))
    best = torch.linalg.lstsq(torch.cat((x, torch.ones(len(x), 1)), 1), y).solution
    assert torch.allclose(net.weight, best[:4].T, atol=1e-6)
    assert torch.allclose(net.bias, best[4], atol=1e-6)
    assert way.damping < 1e-9


def test_gradient_is_autograds() -> None:
    x, y = examples()
    net = of_tanh()
    found = prepared(net, Settings()).gradient(x, y)
    (0.5 * (net(x) - y).square().sum(1).mean()).backward()
    assert torch.allclose(found, torch.cat([w.grad.reshape(-1) for w in net.parameters()]))


def test_a_step_that_does_not_help_is_shortened_or_given_up() -> None:
    """Curvature of one example, and hardly damped, says nothing of the others."""
    x, y = examples()
    net = of_tanh()
    way = prepared(net, Settings(damping=1e-6, steps=40, tol=0.0, halvings=0))
    before, losses = flat(net), []
    for _ in range(3):
        losses.append(way.step(x, y, 1))
        if torch.equal(flat(net), before):
            break
    assert torch.equal(flat(net), before)
    assert way.damping > 1e-6
    way = prepared(net, Settings(damping=1.0, steps=40))
    losses = [way.step(x, y, len(x)) for _ in range(12)]
    assert all(later < earlier for earlier, later in itertools.pairwise(losses))


def test_work_is_counted_in_gradients_of_an_example() -> None:
    x, y = examples()
    way = prepared(of_tanh(), Settings(steps=3, tol=0.0))
    way.step(x, y, 12)
    gradient, curved = 30, 12 / 3 + 5 * 12 * 4 / 3  # 3 steps, the first residual, the promise
    losses = way.spent - gradient - curved
    assert losses >= 2 * 30 / 3 - 1e-9
    assert round(losses * 3, 6) % 30 == 0


def test_curves_run_through_their_points_and_have_no_faint_ink() -> None:
    through = np.array([[[1.0, 2.0], [5.0, 6.0], [9.0, 3.0]]])
    line = curves.along(through, 41)
    assert np.allclose(line[0, [0, 20, 40]], through[0])
    ink = curves.drawn(300, 5)
    assert ink.shape == (300, curves.SIDE**2)
    assert ink.dtype == np.float32
    assert ink.max() <= 1
    assert ink[ink > 0].min() >= curves.FAINT
    assert np.array_equal(ink, curves.drawn(300, 5))
    assert not np.array_equal(ink, curves.drawn(300, 6))
    with pytest.raises(ValueError, match="1 picture or more, got 0"):
        curves.drawn(0, 5)


def test_a_linear_code_makes_the_error_of_the_components_left_out() -> None:
    ink = curves.drawn(300, 5).astype(np.float64)
    sizes = np.linalg.svd(ink - ink.mean(0), compute_uv=False) ** 2 / len(ink)
    assert curves.of_components(ink, ink, 6) == pytest.approx(sizes[6:].sum())
    assert curves.of_components(ink, ink, 0) == pytest.approx(sizes.sum())
