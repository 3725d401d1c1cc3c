"""A valley, steep across and flat along, and ways to walk down it.

Idea:   near a minimum any loss looks like a valley: half of w^T A w. Its steepest direction limits
        the step, its flattest one the time.
Source: Nesterov 1983, Doklady AN SSSR 269 (543-547), in the form of Sutskever et al. 2013, ICML.
Run:    used by the notebook and the exercises
Omits:  noise: each gradient is exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Gradient = Callable[[np.ndarray], np.ndarray]


class Matrix:
    """A product with a matrix [R, C] that can be asked for `at_most` times; then it is 0."""

    def __init__(self, matrix: np.ndarray, at_most: int = 1_000_000) -> None:
        self.matrix, self.left = np.asarray(matrix, dtype=float), at_most

    def __call__(self, v: np.ndarray) -> np.ndarray:
        """The matrix times v [C]."""
        self.left -= 1
        return (self.matrix if self.left >= 0 else 0 * self.matrix) @ v


def nesterov(
    x: np.ndarray, v: np.ndarray, grad: Gradient, lr: float, mu: float
) -> tuple[np.ndarray, np.ndarray]:
    """One step with momentum that looks ahead: the new place [P] and the new velocity [P].

    x, v [P]: place and velocity before; grad: gradient [P] of the loss at a place; lr: rate;
    mu: share of the velocity that is kept.
    """
    v = mu * v - lr * grad(x + mu * v)
    return x + v, v


def walk(grad: Gradient, x: np.ndarray, lr: float, mu: float, steps: int) -> np.ndarray:
    """Places [steps + 1, P] of a walk from x; mu = 0 is gradient descent."""
    v, places = np.zeros_like(x), [x]
    for _ in range(steps):
        x, v = nesterov(x, v, grad, lr, mu)
        places.append(x)
    return np.array(places)
