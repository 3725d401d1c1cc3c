"""Muon for matrices, AdamW for the rest, and schedules as pure functions.

Idea:   a gradient matrix is large in a few directions and tiny in most. Muon replaces the (momentum
        of the) gradient by the nearest orthogonal matrix, so that every direction moves equally
        far; Newton-Schulz iterations compute it with matrix products alone.
Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks";
        AdamW: Loshchilov & Hutter 2017, arXiv:1711.05101.
Run:    python -m minigpt.train
Omits:  distributing Muon's work over processes; these matrices are small.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

# Coefficients of p(s) = a s + b s^3 + c s^5, chosen by Jordan et al. to be steep at zero: five
# applications bring every singular value in (0.01, 1] into about [0.7, 1.15], which is near enough.
QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalise(
    matrices: Float[Tensor, "N rows columns"], steps: int = 5
) -> Float[Tensor, "N rows columns"]:
    """Push all singular values of each matrix towards 1; N matrices of one shape at once.

    Works in the dtype of the input (bfloat16 is enough). The rows keep the span they had.
    """
    a, b, c = QUINTIC
    x = matrices
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT  # x x^T is then the smaller of the two products
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)  # no singular value above 1
    for _ in range(steps):
        gram = x @ x.mT
        mixed = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)  # b G + c G G
        x = torch.baddbmm(x, mixed, x, beta=a)  # a X + (b G + c G G) X
    return x.mT if tall else x


def mark_stacked(model: nn.Module) -> None:
    """Mark the weights of a model that hold several matrices, for `Muon`.

    A module names them, and how many they hold, in `stacked`. A mark is an attribute of the
    parameter, so a copy of the parameter (`copy.deepcopy`) has none.
    """
    for module in model.modules():
        for name, count in getattr(module, "stacked", {}).items():
            module.get_parameter(name).stacked = count  # type: ignore[attr-defined]


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised, for weight matrices.

    A parameter with an attribute `stacked = k` (`mark_stacked`) holds k matrices one above the
    other, queries, keys and values, for example; each is orthogonalised separately. Matrices of one
    shape form one batch.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        *,
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        steps: int = 5,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        self.dtype = dtype  # dtype of the iterations: their result need not be exact
        super().__init__(
            parameters,
            {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "steps": steps},
        )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update; a closure is not supported."""
        for group in self.param_groups:
            by_shape: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if "momentum" not in self.state[parameter]:
                    self.state[parameter]["momentum"] = torch.zeros_like(parameter)
                momentum = self.state[parameter]["momentum"]
                momentum.lerp_(parameter.grad, 1 - group["momentum"])
                update = parameter.grad.lerp(momentum, group["momentum"])  # Nesterov's look ahead
                rows = parameter.numel() // parameter.size(-1) // getattr(parameter, "stacked", 1)
                shape = (rows, parameter.size(-1))
                target = parameter.view(-1, *shape)
                by_shape[shape].append((target, update.view_as(target)))
            for (rows, columns), pairs in by_shape.items():
                updates = torch.cat([update for _, update in pairs]).to(self.dtype)
                scale = math.sqrt(max(1.0, rows / columns))  # keep the size of the layer's output
                updates = orthogonalise(updates, group["steps"]).mul_(group["lr"] * scale)
                sizes = [len(target) for target, _ in pairs]
                for (target, _), update in zip(pairs, updates.split(sizes)):
                    target.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update)


def trapezoid(step: int, steps: int, *, warmup: int, cooldown: float) -> float:
    """Rate multiplier: linear up over `warmup` steps, constant, linear to 0 over the last share.

    >>> [round(trapezoid(s, 10, warmup=2, cooldown=0.5), 2) for s in (0, 1, 5, 9)]
    [0.33, 0.67, 1.0, 0.2]
    """
    up = (step + 1) / (warmup + 1) if warmup else 1.0
    down = (steps - step) / max(1.0, cooldown * steps) if cooldown else 1.0
    return max(0.0, min(1.0, up, down))


def cosine(step: int, steps: int, *, warmup: int, floor: float = 0.1) -> float:
    """Rate multiplier: linear up over `warmup` steps, then half a cosine down to `floor`."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    along = (step - warmup) / max(1, steps - warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, along)))
