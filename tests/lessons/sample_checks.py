"""Exercises of a lesson that exists in tests only; copied to a folder l90_sample by conftest."""

from __future__ import annotations

import torch

from lessons.engine.exercise import Call, Cause, Exercise, Probe, Variant, Wrong
from lessons.engine.inputs import tensor
from minigpt.ops import relu_squared, rms_norm

NORM = Exercise(
    id="90.1",
    name="rms_norm",
    task="Divide each vector of x [..., E] by its root mean square.",
    solution="minigpt.ops:rms_norm",
    probes=(
        Probe(
            property="what comes back has the shape of x",
            make=lambda rng: Call(tensor(rng, 3, 8)),
            judge=lambda y, x: None if y.shape == x.shape else f"shape {list(y.shape)}",
        ),
        Probe(
            property="the mean square of each vector is 1",
            make=lambda rng: Call(tensor(rng, 4, 16, scale=3.0) + 1),
            judge=lambda y, x: (
                None
                if torch.allclose(y.square().mean(-1), torch.ones(4), atol=1e-3)
                else "another mean square"
            ),
            causes=(Cause(text="nothing was changed", when=lambda y, x: torch.equal(y, x)),),
        ),
        Probe(
            property="each number is divided by the root mean square of its own vector",
            make=lambda rng: Call(tensor(rng, 2, 3, 8)),
            expect=rms_norm,
        ),
    ),
    variants=(
        Variant(
            name="the formula",
            source="def rms_norm(x):\n    return x / x.square().mean(-1, keepdim=True).sqrt()\n",
        ),
        Variant(
            name="by the norm",
            source="import torch\n\ndef rms_norm(x):\n"
            "    n = torch.linalg.vector_norm(x, dim=-1, keepdim=True)\n"
            "    return x * x.shape[-1] ** 0.5 / n\n",
        ),
    ),
    wrong=(
        Wrong(
            name="no mean",
            source="def rms_norm(x):\n    return x / x.square().sum(-1, keepdim=True).sqrt()\n",
            diagnosis="divided by the root of the sum of squares, not of their mean",
        ),
        Wrong(
            name="no root",
            source="def rms_norm(x):\n    return x / x.square().mean(-1, keepdim=True)\n",
            diagnosis="divided by the mean square: the square root is missing",
        ),
        Wrong(
            name="one for all",
            source="def rms_norm(x):\n    return x / x.square().mean().sqrt()\n",
            diagnosis="one root mean square for all vectors; each has its own",
        ),
        Wrong(
            name="forgets to return",
            source="def rms_norm(x):\n    x / x.square().mean(-1, keepdim=True).sqrt()\n",
            diagnosis="there is no `return` on the way the function took",
        ),
    ),
    hints=("What is the mean square of the answer?", "Root of the mean of squares.", "x / rms"),
    next_step="Every block of the model begins with it.",
    drill="What is the root mean square of (3, 4)?",
    drill_answer="The root of 12.5, 3.54.",
    seconds=2.0,
    megabytes=512,
)

SQUARE = Exercise(
    id="90.2",
    name="relu_squared",
    task="max(x, 0) squared.",
    solution="minigpt.ops:relu_squared",
    probes=(
        Probe(
            property="relu_squared(x) = max(x, 0)^2",
            make=lambda rng: [Call(tensor(rng, 5)), Call(tensor(rng, 2, 2))],
            judge=lambda ys, calls: next(
                (
                    "another number"
                    for y, c in zip(ys, calls)
                    if not torch.allclose(y, relu_squared(c.args[0]))
                ),
                None,
            ),
        ),
    ),
    variants=(
        Variant(name="clamp", source="def relu_squared(x):\n    return x.clamp(min=0) ** 2\n"),
        Variant(name="mask", source="def relu_squared(x):\n    return x * x * (x > 0)\n"),
    ),
    wrong=(
        Wrong(
            name="no relu",
            source="def relu_squared(x):\n    return x * x\n",
            diagnosis="negative numbers are squared too",
        ),
        Wrong(
            name="no square",
            source="def relu_squared(x):\n    return x.clamp(min=0)\n",
            diagnosis="not squared",
        ),
        Wrong(
            name="in place",
            source="def relu_squared(x):\n    return x.clamp_(min=0).square_()\n",
            diagnosis="an operation in place (`+=`, `x[i] = ...`, a method ending in `_`) "
            "changed it",
        ),
        Wrong(
            name="waits",
            source="def relu_squared(x):\n    while True:\n        pass\n",
            diagnosis="the loop never reaches its end",
            outcome="timeout",
        ),
    ),
    hints=("What is the slope at 0?", "Cut, then square.", "clamp, square"),
    next_step="It is the MLP's bend.",
    drill=lambda rng: (x := float(rng.integers(2, 9))) and (f"relu_squared({x:g})?", x * x),
    seconds=1.0,
    points=2.0,
)

EXERCISES = (NORM, SQUARE)
