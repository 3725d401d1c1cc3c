"""Hessian-free optimisation: Newton's step without ever writing down the matrix of curvature.

Idea:   a step along the gradient is too long where the loss is steep and too short where it is
        flat. Newton's step divides by the curvature. The Gauss-Newton matrix G = J^T H J (J: change
        of the outputs by the weights, H: curvature of the loss by the outputs) has as many rows as
        there are weights, but its product with a vector costs two passes through the network, and
        conjugate gradients need no more than products. Damping keeps the step where the quadratic
        picture of the loss can be trusted: it grows if the loss fell less than predicted.
Source: Martens 2010, "Deep learning via Hessian-free optimization", ICML; Gauss-Newton products:
        Schraudolph 2002, Neural Computation 14 (1723-1738); conjugate gradients: Hestenes & Stiefel
        1952, J. Res. NBS 49 (409-436).
Run:    used by the experiments of the lessons
Omits:  a preconditioner, structural damping, losses other than the squared error.

Legend: P weights in one vector, N examples, D numbers of an output. Loss: half of the squared
error, summed over D, mean over N; its curvature by the outputs is 1 / N.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vjp

Product = Callable[[Any], Any]
"""Product of a matrix with a vector: a NumPy array, or a tensor."""


def gauss_newton(push: Product, pull: Product, curvature: Product, v: Any, damping: float) -> Any:
    """(J^T H J + damping I) v [P], of a vector v [P].

    push: J v, the change of the outputs if the weights change by v; curvature: H times that;
    pull: J^T u, back to the weights.
    """
    return pull(curvature(push(v))) + damping * v


def conjugate_gradients(product: Product, b: Any, x: Any, steps: int, tol: float) -> Any:
    """x [P] with product(x) = b [P], nearly, for a symmetric matrix with positive eigenvalues.

    It begins at `x` and ends after `steps` steps, or as soon as the residual b - product(x) is not
    longer than `tol` times b. One product a step, and one before the first.
    """
    residual = b - product(x)
    direction, size = residual, residual @ residual
    for _ in range(steps):
        if size <= tol**2 * (b @ b):
            break
        turned = product(direction)
        step = size / (direction @ turned)
        x = x + step * direction
        residual = residual - step * turned
        before, size = size, residual @ residual
        direction = residual + (size / before) * direction
    return x


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How Hessian-free optimisation goes about it."""

    damping: float = 1.0
    """At first; it is adapted from step to step."""
    steps: int = 20
    """Conjugate-gradient steps, at most."""
    tol: float = 0.01
    """Residual, as a share of the gradient, at which they end."""
    keep: float = 0.95
    """Share of the last step with which conjugate gradients begin."""
    halvings: int = 6
    """How often a step that does not lower the loss is halved before it is given up."""


class HessianFree:
    """A network in training. `spent` counts matrix products, in gradients of one example.

    A gradient is three passes as long as the forward one, a loss one, a product four: two forward
    for J v, two back for J^T u."""

    def __init__(self, net: nn.Module, settings: Settings) -> None:
        self.net, self.settings = net, settings
        self.named = dict(net.named_parameters())
        self.damping = settings.damping
        self.last = torch.zeros(sum(w.numel() for w in self.named.values()))
        self.spent = 0.0

    def _apart(self, vector: Tensor) -> dict[str, Tensor]:
        """A vector [P] as changes of the weights by name."""
        parts = vector.split([w.numel() for w in self.named.values()])
        return {name: part.view_as(w) for (name, w), part in zip(self.named.items(), parts)}

    @torch.no_grad()
    def _loss(self, x: Tensor, y: Tensor, change: Tensor | None = None) -> float:
        """The loss, if the weights change so."""
        self.spent += len(x) / 3
        weights: dict[str, Tensor] = {**self.named}
        if change is not None:
            weights = {name: weights[name] + part for name, part in self._apart(change).items()}
        return float((functional_call(self.net, weights, x) - y).square().sum() / (2 * len(x)))

    def gradient(self, x: Tensor, y: Tensor) -> Tensor:
        """Gradient [P] of the loss."""
        self.spent += len(x)
        off = self.net(x) - y
        found = torch.autograd.grad(off.square().sum() / (2 * len(x)), [*self.named.values()])
        return torch.cat([g.reshape(-1) for g in found])

    def products(self, x: Tensor) -> Product:
        """The damped Gauss-Newton matrix on `x` [N, ...], as a function of a vector [P]."""
        weights = {name: w.detach() for name, w in self.named.items()}

        def outputs(weights: dict[str, Tensor]) -> Tensor:
            return functional_call(self.net, weights, x)

        self.spent += len(x) / 3
        back = vjp(outputs, weights)[1]

        def push(v: Tensor) -> Tensor:
            return jvp(outputs, (weights,), (self._apart(v),))[1]

        def pull(u: Tensor) -> Tensor:
            return torch.cat([part.reshape(-1) for part in back(u)[0].values()])

        def product(v: Tensor) -> Tensor:
            self.spent += len(x) * 4 / 3
            return gauss_newton(push, pull, lambda u: u / len(x), v, self.damping)

        return product

    def step(self, x: Tensor, y: Tensor, curved: int) -> float:
        """One update by the examples x, y [N, ...]; curvature from the first `curved`.

        Returns the loss before it.
        """
        some = self.settings
        gradient, product = self.gradient(x, y), self.products(x[:curved])
        begin = some.keep * self.last
        change = conjugate_gradients(product, -gradient, begin, some.steps, some.tol)
        self.last = change
        curved_by = change @ product(change) - self.damping * (change @ change)
        promised = float(gradient @ change + curved_by / 2)
        before = self._loss(x, y)
        after = self._loss(x, y, change)
        ratio = (after - before) / promised if promised < 0 and math.isfinite(after) else -1.0
        for _ in range(some.halvings):
            if after < before:
                break
            change = change / 2
            after = self._loss(x, y, change)
        if after < before:
            with torch.no_grad():
                for name, part in self._apart(change).items():
                    self.named[name].add_(part)
        else:
            self.last = torch.zeros_like(change)
        if ratio < 0.25:
            self.damping *= 1.5
        elif ratio > 0.75:
            self.damping /= 1.5
        return before
