"""Exercises of lesson 13: momentum that looks ahead, conjugate gradients, products with curvature.

Idea:   what a second-order method is made of, and its cheapest rival.
Run:    python -m lessons check 13.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine.exercise import Call, Exercise, Made, Probe
from lessons.engine.judges import numbers
from lessons.l13_optimisation_was_the_bottleneck import answers

MATRIX = "lessons.l13_optimisation_was_the_bottleneck.valley:Matrix"


def _bowl(rng: np.random.Generator, n: int) -> np.ndarray:
    """A symmetric matrix [n, n] with eigenvalues from 1 to 4."""
    turned, _ = np.linalg.qr(rng.standard_normal((n, n)))
    return np.asarray(turned * rng.uniform(1, 4, n) @ turned.T)


# 13.1  Momentum that looks ahead


def _one_step(rng: np.random.Generator, *, v: float = 1.0, mu: float = 0.9) -> Call:
    x = rng.standard_normal(4)
    lr = float(rng.uniform(0.05, 0.15))
    return Call(x, v * rng.standard_normal(4), Made(MATRIX, _bowl(rng, 4)), lr, mu)


def _flat(rng: np.random.Generator) -> Call:
    x, v = rng.standard_normal((2, 3))
    return Call(x, v, Made(MATRIX, np.zeros((3, 3))), 0.1, float(rng.uniform(0.5, 0.95)))


NESTEROV = Exercise(
    id="13.1",
    name="nesterov",
    task="""One step with momentum that looks ahead: the new place and the new velocity.

    x, v [P]: place and velocity before; lr: rate; mu: share of the velocity that is kept.
    grad: a function; grad(place) is the gradient [P] of the loss there.
    Returns (x [P], v [P]). The gradient is asked for where the kept velocity alone would lead. The
    new velocity is the kept one minus lr times this gradient; the new place is x plus that.""",
    solution="lessons.l13_optimisation_was_the_bottleneck.valley:nesterov",
    probes=(
        Probe("without momentum it is a step of gradient descent",
              lambda rng: _one_step(rng, v=0.0, mu=0.0)),
        Probe("where the loss is flat the velocity only fades", _flat),
        Probe("at rest the gradient is asked for at x", lambda rng: _one_step(rng, v=0.0)),
        Probe("in motion it is asked for ahead", _one_step),
        Probe("with little momentum", lambda rng: _one_step(rng, mu=0.3)),
    ),
    variants=answers.NESTEROV_VARIANTS,
    wrong=answers.NESTEROV_WRONG,
    hints=(
        "A ball rolls on by itself. Where will it be, before the slope has acted on it?",
        "Ask for the gradient at x + mu * v, but begin the step at x: looking ahead moves nothing.",
        "v = mu * v - lr * grad(x + mu * v)\nreturn x + v, v",
    ),
    next_step="torch.optim.SGD(nesterov=True) trains the networks of the experiment so.",
    drill="The gradient is the same everywhere, mu is 0.9. How many times as long as a step of "
    "gradient descent is a step in the end?",
    drill_answer="1 / (1 - 0.9) = 10 times: then what fades is what the gradient adds.",
)  # fmt: skip


# 13.2  Conjugate gradients


def _system(
    rng: np.random.Generator, steps: int, *, tol: float = 0.0, n: int = 5, begin: float = 1.0
) -> Call:
    matrix, b = _bowl(rng, n), rng.standard_normal(n)
    x = begin * rng.standard_normal(n)
    return Call(Made(MATRIX, matrix, steps + 1), b, x, steps, tol)


def _solved(rng: np.random.Generator) -> Call:
    """The matrix is a number times the identity, so that one step is enough and exact."""
    b, many = rng.integers(1, 9, 4) * 2.0, 6
    return Call(Made(MATRIX, 2 * np.eye(4), many + 1), b, np.zeros(4), many, 0.0)


def _is_solution(answer: Any, product: Any, b: np.ndarray, *_: Any) -> str | None:
    off = float(np.abs(product(numbers(answer)) - b).max())
    return None if off < 1e-5 else f"an x whose product is off b by up to {off:.3g}"


CONJUGATE = Exercise(
    id="13.2",
    name="conjugate_gradients",
    task="""Solve product(x) = b by conjugate gradients; the symmetric matrix is only a function.

    product: a function, product(v) [P] is the matrix times v [P]; its eigenvalues are above 0.
    b, x [P]: the right-hand side, and where to begin; steps: at most so many; tol: see below.
    Returns x [P]. Residual r = b - product(x); the first direction d is r. In each step go along d
    by r.r / d.product(d), update r, and let d be r plus (new r.r / old r.r) times the old d. End as
    soon as r is not longer than tol times b. Ask for one product a step, and one before the first:
    a product is what costs.""",
    solution="lessons.lab.second_order:conjugate_gradients",
    probes=(
        Probe("no steps: x comes back", lambda rng: _system(rng, 0)),
        Probe("one step from 0", lambda rng: _system(rng, 1, begin=0.0)),
        Probe("one step from somewhere else", lambda rng: _system(rng, 1)),
        Probe("as many steps as unknowns solve it", lambda rng: _system(rng, 5),
              judge=_is_solution),
        Probe("three steps of five", lambda rng: _system(rng, 3)),
        Probe("once solved, nothing is divided by 0", _solved),
        Probe("it ends at the tolerance", lambda rng: _system(rng, 8, tol=0.3, n=8)),
    ),
    variants=answers.CONJUGATE_VARIANTS,
    wrong=answers.CONJUGATE_WRONG,
    hints=(
        "After a step along d, which part of the error is left in the direction of d?",
        "Keep the residual up to date by r - step * product(d): the product is the one that you "
        "have asked for already.",
        "r = b - product(x); d = r\nfor each step: if |r| <= tol |b|: stop\n  q = product(d); "
        "a = r.r / d.q\n  x = x + a d; new r = r - a q; d = new r + (new r.r / r.r) d\nreturn x",
    ),
    next_step="It finds each step of the second-order method, in at most 40 products.",
    drill="A matrix has a million rows, but only three different eigenvalues. How many steps do "
    "conjugate gradients take, if computed exactly?",
    drill_answer="Three: a polynomial of degree three is 0 at all of them.",
)  # fmt: skip


# 13.3  A product with the curvature


def _curved(
    rng: np.random.Generator, *, damping: float = 0.0, weights: int = 3, outputs: int = 3,
    curvature: np.ndarray | None = None,
) -> Call:  # fmt: skip
    change = rng.standard_normal((outputs, weights))
    by = _bowl(rng, outputs) if curvature is None else curvature
    made = (Made(MATRIX, part) for part in (change, change.T, by))
    return Call(*made, rng.standard_normal(weights), damping)


GAUSS_NEWTON = Exercise(
    id="13.3",
    name="gauss_newton",
    task="""The damped Gauss-Newton matrix times a vector: (J^T H J + damping I) v.

    push: a function, push(v) [D] is J v, how the outputs change if the weights change by v [P].
    pull: a function, pull(u) [P] is J^T u, back from outputs u [D] to weights.
    curvature: a function, curvature(u) [D] is H u, the curvature of the loss by the outputs; the
    mean over examples is in it. v [P]; damping: a number, 0 or more. Returns [P].""",
    solution="lessons.lab.second_order:gauss_newton",
    probes=(
        Probe("without damping, curvature 1", lambda rng: _curved(rng, curvature=np.eye(3))),
        Probe("without damping, any curvature", _curved),
        Probe("with damping", lambda rng: _curved(rng, damping=float(rng.uniform(0.5, 2)))),
        Probe("more outputs than weights",
              lambda rng: _curved(rng, damping=float(rng.uniform(0.5, 2)), outputs=6)),
        Probe("where nothing is curved the damping alone is left",
              lambda rng: _curved(rng, damping=3.0, curvature=np.zeros((3, 3)))),
    ),
    variants=answers.GAUSS_VARIANTS,
    wrong=answers.GAUSS_WRONG,
    hints=(
        "The weights change by v. What happens to the outputs, and to the loss's slope there?",
        "Read J^T H J v from right to left. Each of the three is a function that you have.",
        "u = push(v)\nu = curvature(u)\nreturn pull(u) + damping * v",
    ),
    next_step="With conjugate gradients it makes Newton's step: that is the whole method.",
    drill="A network has 10,000 weights. How many numbers has its Gauss-Newton matrix, and how "
    "many a product with it?",
    drill_answer="100 million, and 10,000.",
)  # fmt: skip

EXERCISES = (NESTEROV, CONJUGATE, GAUSS_NEWTON)
