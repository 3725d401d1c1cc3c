"""Everything a training run needs to resume after it was stopped.

Idea:   weights alone are not enough: momentum, second moments and the generators that draw windows
        and dropout decide the next step too. With all of them, a run that was killed ends in the
        same weights, bit for bit, as one that was not.
Run:    python -m minigpt.train --resume
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from minigpt import seeds
from minigpt.model import GPT
from minigpt.optim import Muon, mark_stacked
from minigpt.saved.checkpoint import check_weights
from minigpt.settings import TrainConfig

TIMED_STEPS = 20  # steps before a run's length is fixed; the first half, slower, does not count
RULES = 3
"""Version of the rules for seeds, clipping and evaluations; a saved run resumes under its own.

Rules 1, of checkpoints that name none: dropout of process r from seed + 2 + r, `grad_clip` over all
gradients even if Muon takes most of them, an evaluation every steps // 8. Rules 2: eight
evaluations, whatever they cost.
"""
LOOKS = (3, 8)
"""The fewest and the most evaluations on the choosing half, unless their distance is asked for."""
LOOKING = 0.03
"""Share of a run's time that more than the fewest evaluations may take. A long text is looked at
three times; on a short one, which a model soon knows by heart, looks cost nothing."""


def make_optimizers(config: TrainConfig, model: GPT) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks and AdamW for the rest, or AdamW for all.

    As in nanoGPT, AdamW's weight decay does not apply to vectors (norms, biases).
    """
    matrices = [p for p in model.blocks.parameters() if p.dim() >= 2]
    in_muon = {id(p) for p in matrices} if config.optimizer == "muon" else set()
    rest = [p for p in model.parameters() if id(p) not in in_muon]
    decay = config.weight_decay if config.optimizer == "adamw" else 0.0
    own_rate = model.config.bigram and config.bigram_lr_factor != 1
    pairs = [model.embed_pair.weight] if own_rate else []
    apart = {id(p) for p in pairs}
    tables = [p for p in rest if p.dim() >= 2 and id(p) not in apart]
    rate = config.adamw_lr * config.bigram_lr_factor
    adamw = torch.optim.AdamW(
        [
            {"params": tables, "weight_decay": decay},
            {"params": [p for p in rest if p.dim() < 2], "weight_decay": 0.0},
            *({"params": [p], "weight_decay": decay, "lr": rate} for p in pairs),
        ],
        lr=config.adamw_lr,
        betas=(0.9, config.beta2),
        fused=True,
    )
    if config.optimizer == "adamw":
        return [adamw]
    mark_stacked(model)
    muon = Muon(
        matrices,
        lr=config.muon_lr,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        steps=config.newton_schulz,
        dtype=torch.float32 if config.precision == "fp32" else torch.bfloat16,
    )
    return [muon, adamw]


class State:
    """The state of a run: model, optimisers, generators, counters."""

    def __init__(self, config: TrainConfig, model: GPT) -> None:
        self.model = model
        self.optimizers = make_optimizers(config, model)
        self.windows = seeds.generator(config.seed, "windows")
        self.rules = RULES
        self.step = 0
        self.steps, self.minutes = config.steps, config.minutes
        self.fixed = config.minutes is None  # the number of steps is final
        self.seconds = 0.0
        self.wall = 0.0  # seconds of all sessions, evaluation and saving included
        self.best: float = math.inf
        self.best_weights: dict[str, Tensor] = {}
        self.recent: list[float] = []  # losses since the last line of metrics.jsonl
        self.metrics: list[dict[str, Any]] = []

    def dropout_seed(self, seed: int, rank: int) -> int:
        """Dropout seed of a process other than 0 that resumes; process 0's generator is saved."""
        if self.rules == 1:
            return seed + 2 + rank + 1000 * self.step
        return seeds.stream(seed, "dropout", rank, self.step)

    def clipped(self) -> list[Tensor]:
        """The parameters whose gradients `grad_clip` bounds: those that AdamW changes."""
        adamw = {id(p) for group in self.optimizers[-1].param_groups for p in group["params"]}
        return [p for p in self.model.parameters() if self.rules == 1 or id(p) in adamw]

    def look_every(self, asked: int, cost: float) -> int:
        """Steps between evaluations: as asked, or for 0 as many as give at most `looks`."""
        if self.rules == 1:
            return asked or max(1, self.steps // 8)
        return asked or -(-self.steps // self.looks(self.steps, cost))

    def looks(self, steps: int, cost: float) -> int:
        """Evaluations of a run of `steps`, if one of them takes as long as `cost` steps."""
        fewest, most = LOOKS
        return most if self.rules < 3 else max(fewest, min(most, int(LOOKING * steps / cost)))

    def tensors(self) -> dict[str, Tensor]:
        """The state's tensors by name, for a checkpoint."""
        found = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        found |= {f"best.{k}": v for k, v in self.best_weights.items()}
        for i, optimizer in enumerate(self.optimizers):
            for j, slots in optimizer.state_dict()["state"].items():
                found |= {f"optimizer.{i}.{j}.{slot}": value for slot, value in slots.items()}
        found["windows"] = self.windows.get_state()
        found["dropout"] = torch.get_rng_state()
        if torch.cuda.is_available():
            found["dropout_cuda"] = torch.cuda.get_rng_state()
        return {name: tensor.clone() for name, tensor in found.items()}

    def header(self) -> dict[str, Any]:
        """The state's numbers, for a checkpoint."""
        names = ("rules", "step", "steps", "fixed", "seconds", "wall", "recent")
        best = self.best if math.isfinite(self.best) else None
        return {"best": best, **{name: getattr(self, name) for name in names}}

    def restore(self, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
        """Restore a checkpoint; ValueError if it is damaged or of another model."""

        def under(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        _check_counters(header)
        weights = self.model.state_dict()
        check_weights(under("model."), weights)
        self.model.load_state_dict(under("model."))
        device = self.model.head.weight.device
        self.best_weights = {k: v.to(device) for k, v in under("best.").items()}
        if self.best_weights or header["best"] is not None:
            check_weights(self.best_weights, weights)
        for i, optimizer in enumerate(self.optimizers):
            found = under(f"optimizer.{i}.")
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            check_weights(found, _slots(optimizer, parameters) if header["step"] else {})
            state: dict[int, dict[str, Tensor]] = {}
            for name, tensor in found.items():
                j, slot = name.split(".")
                state.setdefault(int(j), {})[slot] = tensor
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": state, "param_groups": groups})
        self.windows.set_state(tensors["windows"])
        torch.set_rng_state(tensors["dropout"])
        if "dropout_cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["dropout_cuda"])
        for name in ("step", "seconds", "wall", "recent"):
            setattr(self, name, header[name])
        self.rules = header.get("rules", 1)
        if self.minutes is not None:  # otherwise the number of steps is fixed, and recorded
            self.steps = header["steps"]
            self.fixed = header.get("fixed", self.step >= TIMED_STEPS)
        self.best = math.inf if header["best"] is None else header["best"]


def _slots(optimizer: torch.optim.Optimizer, parameters: list[Tensor]) -> dict[str, Tensor]:
    """The tensors an optimiser keeps after a step, by name, with any values."""
    if isinstance(optimizer, Muon):
        return {f"{j}.momentum": p for j, p in enumerate(parameters)}
    found: dict[str, Tensor] = {}
    for j, p in enumerate(parameters):
        found |= {f"{j}.step": torch.zeros(()), f"{j}.exp_avg": p, f"{j}.exp_avg_sq": p}
    return found


def _check_counters(header: dict[str, Any]) -> None:
    """ValueError if the numbers of a checkpoint cannot be those of a run."""
    for name, least in (("step", 0), ("steps", 1)):
        if type(header[name]) is not int or not least <= header[name] < 2**53:
            raise ValueError(f"{name} cannot be {str(header[name])[:80]!r}")
    if header.get("rules", 1) not in range(1, RULES + 1):
        raise ValueError(f"it has rules {str(header['rules'])[:80]}, unknown to this version")
    if not isinstance(header.get("fixed", True), bool):
        raise ValueError(f"fixed cannot be {str(header['fixed'])[:80]!r}")
    numbers = [header["seconds"], header["wall"]]
    numbers += [] if header["best"] is None else [header["best"]]
    if not isinstance(header["recent"], list):
        raise ValueError(f"recent cannot be {str(header['recent'])[:80]!r}")
    for number in (*numbers, *header["recent"]):
        if not isinstance(number, int | float) or not abs(number) < math.inf:
            raise ValueError(f"{str(number)[:80]!r} is not a number that a run counts")
