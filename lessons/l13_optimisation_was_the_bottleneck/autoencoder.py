"""Deep networks that press a picture through a code of six numbers, and five ways to train them.

Idea:   each way gets the same work, counted in gradients of one example; what differs is the way,
        the initial weights and the depth. The loss is half the squared error, summed over pixels.
Source: deep autoencoders as the test of optimisers: Hinton & Salakhutdinov 2006, Science 313;
        Martens 2010, ICML; uniform weights up to 1 / sqrt(inputs) as "the commonly used heuristic",
        and better ones: Glorot & Bengio 2010, AISTATS.
Run:    python -m lessons ledger optimisation_was_the_bottleneck --run
Omits:  residual connections and normalisation, which came later (lesson 3).

Legend: N pictures, P pixels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lessons.lab.second_order import HessianFree, Settings
from lessons.lab.worlds import curves
from minigpt.optim import Muon, trapezoid

CODE = 6
"""Numbers in the code: as many as a curve has."""
USUAL, BETTER = "usual start", "Glorot's start"


@dataclass(frozen=True)
class Pictures:
    """What is learned, and what is judged; the errors that linear codes make on the latter."""

    learned: Tensor
    """[N, P]"""
    judged: Tensor
    """[M, P]"""
    bar: float
    """Error of the best linear code of six numbers."""
    nothing: float
    """Error of the mean picture."""

    @classmethod
    def drawn(cls, learned: int, judged: int, seed: int) -> Pictures:
        """So many pictures of each kind, by the seed."""
        both = curves.drawn(learned + judged, seed)
        bar, nothing = (curves.of_components(both[:learned], both[learned:], k) for k in (CODE, 0))
        some, others = torch.from_numpy(both).split([learned, judged])
        return cls(some, others, bar, nothing)


def network(depth: int, start: str, seed: int, wide: int = 32) -> nn.Sequential:
    """An autoencoder with `depth` hidden layers of tanh units: all `wide`, but the middle one, the
    code. ValueError for an even depth, which has no middle, or an unknown start."""
    if depth < 1 or depth % 2 == 0 or start not in (USUAL, BETTER):
        raise ValueError(f"depth is odd, the start one of two; got {depth} and {start!r}")
    generator = torch.Generator().manual_seed(100 * seed + depth)
    half = [wide] * (depth // 2)
    widths = [curves.SIDE**2, *half, CODE, *half, curves.SIDE**2]
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layer = nn.Linear(inputs, outputs)
        usual = inputs**-0.5
        most = usual if start == USUAL else math.sqrt(6 / (inputs + outputs))
        nn.init.uniform_(layer.weight, -most, most, generator=generator)
        nn.init.uniform_(layer.bias, -usual, usual, generator=generator)
        if start == BETTER:
            nn.init.zeros_(layer.bias)
        layers += [layer, nn.Tanh()]
    return nn.Sequential(*layers[:-1])


@torch.no_grad()
def error(net: nn.Module, pictures: Tensor) -> float:
    """Squared error per picture, summed over pixels."""
    return float((net(pictures) - pictures).square().sum()) / len(pictures)


GD, NESTEROV, ADAMW, MUON, SECOND = (
    "gradient descent",
    "Nesterov",
    "AdamW",
    "Muon",
    "Hessian-free",
)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much work, in portions of what size."""

    work: float = 500_000
    """Gradients of one example, all together."""
    batch: int = 200
    """Pictures in a step of a first-order method."""
    gradient: int = 1000
    """Pictures for a gradient of the second-order method."""
    curved: int = 200
    """Of these, the ones for products with the curvature."""
    products: int = 40
    """Steps of conjugate gradients, at most."""


def trained(
    net: nn.Sequential, method: str, rate: float, pictures: Pictures, budget: Budget, seed: int
) -> float:
    """Train `net` and return its error on the judged pictures; that of the mean picture if the
    training blew up. `rate` is the learning rate; of the second-order method, the damping at first.
    """
    generator = torch.Generator().manual_seed(seed)
    run = _second_order if method == SECOND else _first_order
    run(net, method, rate, pictures.learned, budget, generator)
    found = error(net, pictures.judged)
    return found if found < pictures.nothing else pictures.nothing  # NaN is not below


def _second_order(
    net: nn.Sequential,
    method: str,
    rate: float,
    learned: Tensor,
    budget: Budget,
    generator: torch.Generator,
) -> None:
    way = HessianFree(net, Settings(damping=rate, steps=budget.products))
    while way.spent < budget.work:
        x = learned[torch.randperm(len(learned), generator=generator)[: budget.gradient]]
        if not math.isfinite(way.step(x, x, budget.curved)):
            return


def _first_order(
    net: nn.Sequential,
    method: str,
    rate: float,
    learned: Tensor,
    budget: Budget,
    generator: torch.Generator,
) -> None:
    optimizers = _OPTIMIZERS[method](net, rate)
    rates = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    steps = round(budget.work / (budget.batch + (muon_work(net) if method == MUON else 0)))
    for step in range(steps):
        x = learned[torch.randint(len(learned), (budget.batch,), generator=generator)]
        loss = (net(x) - x).square().sum() / (2 * len(x))
        net.zero_grad()
        loss.backward()
        if not math.isfinite(loss.item()):
            return
        now = trapezoid(step, steps, warmup=0, cooldown=0.3)
        for optimizer, most in zip(optimizers, rates):
            optimizer.param_groups[0]["lr"] = most * now
            optimizer.step()


def _matrices(net: nn.Module) -> list[nn.Parameter]:
    return [w for w in net.parameters() if w.ndim == 2]


def _muon(net: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    offsets = [w for w in net.parameters() if w.ndim == 1]
    return [
        Muon(_matrices(net), lr=rate, dtype=torch.float32),
        torch.optim.AdamW(offsets, rate / 10, weight_decay=0, fused=True),
    ]


_OPTIMIZERS: dict[str, Callable[[nn.Module, float], list[torch.optim.Optimizer]]] = {
    GD: lambda net, rate: [torch.optim.SGD(net.parameters(), rate, fused=True)],
    NESTEROV: lambda net, rate: [
        torch.optim.SGD(net.parameters(), rate, momentum=0.95, nesterov=True, fused=True)
    ],
    ADAMW: lambda net, rate: [
        torch.optim.AdamW(net.parameters(), rate, weight_decay=0, fused=True)
    ],
    MUON: _muon,
}


def muon_work(net: nn.Module, iterations: int = 5) -> float:
    """What an update of Muon costs beside its gradient, in gradients of one example.

    A gradient takes six operations a weight. An iteration on a matrix of a rows and b >= a columns
    takes three products: 4 a^2 b + 2 a^3 operations.
    """
    shapes = [sorted(w.shape) for w in _matrices(net)]
    extra = iterations * sum(4 * a * a * b + 2 * a**3 for a, b in shapes)
    return extra / (6 * sum(a * b for a, b in shapes))


def usable(depths: tuple[int, ...], errors: list[float], bar: float) -> float:
    """The depth at which the error first passes `bar`, on a line in the logarithm of the depth.

    The first depth if even that fails (it is then an upper limit), the last if none does (a lower
    one).

    >>> round(usable((4, 16, 64), [1.0, 3.0, 2.0], 2.0), 6), usable((4, 16), [1.0, 1.5], 2.0)
    (8.0, 16.0)
    """
    if errors[0] > bar:
        return float(depths[0])
    for i in range(1, len(depths)):
        if errors[i] > bar:
            share = (bar - errors[i - 1]) / (errors[i] - errors[i - 1])
            return float(np.exp(np.interp(share, (0, 1), np.log(depths[i - 1 : i + 1]))))
    return float(depths[-1])
