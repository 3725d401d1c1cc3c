"""Who works in the company, and who competes with it: shapes, training, and what that costs.

Idea:   specialists and generalist learn from equally many problems in all; the one rival is trained
        for all the operations that the large network and the specialists take together.
Run:    used by experiment.py beside this file
Omits:  the cost of tuning rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from distill.comparison import costs
from lessons.l20_company_of_models.company import Department, Network
from lessons.lab import bench, rungs
from lessons.lab.bench import Pile
from lessons.lab.training import BASE
from minigpt.layers import GPTConfig
from minigpt.settings import TrainConfig

LARGE, SMALL, ONE, SPECIALISTS = ROLES = ("large", "generalist", "one", "specialists")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A network's shape, and how long and how fast it learns."""

    shape: str
    """Layers x width."""
    steps: int
    """0: as many as the company's operations pay for."""
    rate: float
    """Muon's; AdamW's is 0.15 times that, as in the presets."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    narrower: int
    """By which widths and heads are divided: 1, 2 or 4."""
    sizes: tuple[int, ...]
    """Digits of the problems that are learned from, short and long."""
    beyond: int
    """Digits of problems that nobody has learned from."""
    problems: int
    """That are learned from, a quarter of them by each specialist."""
    batch: int
    """Problems a step."""
    recipes: dict[str, Recipe]
    """By role."""
    rounds: int
    """In which answers are timed; evidence without a clock has none."""

    def shape(self, role: str) -> GPTConfig:
        """The shape of a role's network."""
        layers, width = map(int, self.recipes[role].shape.split("x"))
        return GPTConfig(
            n_layer=layers,
            n_head=(4 if width % 8 == 0 else 2) // self.narrower,
            n_embd=width // self.narrower,
            context=24,
            attention_scale=2.0,
            bigram=False,
        )

    def config(self, role: str, seed: int) -> TrainConfig:
        """Settings of a training."""
        recipe = self.recipes[role]
        steps = recipe.steps or self.affordable()
        return replace(
            BASE,
            steps=steps,
            warmup=steps // 20,
            batch_size=self.batch,
            muon_lr=recipe.rate,
            adamw_lr=0.15 * recipe.rate,
            model=self.shape(role),
            seed=seed,
        )

    def step(self, role: str) -> float:
        """Operations of a step: forward, backward, update; a batch has problems of one size."""
        shape, words = self.shape(role), len(bench.ALPHABET)
        read = [len("s=") + digits + digits - 1 for digits in self.sizes]
        forward = np.mean([costs.forward_flops(shape, words, time) for time in read])
        update = costs.muon_flops(replace(BASE, model=shape))
        return float(3 * self.batch * forward + update)

    def affordable(self) -> int:
        """Steps of the one network for all that the company's training costs."""
        company = {LARGE: 1, SPECIALISTS: len(bench.TASKS)}
        paid = sum(n * self.recipes[r].steps * self.step(r) for r, n in company.items())
        return round(paid / self.step(ONE))


def stock(size: Size, seed: int) -> dict[str, Pile]:
    """Piles to learn from: everything under "", and each task's part under its sign."""
    many = bench.problems_of(np.random.default_rng([seed, 0]), size.problems, size.sizes)
    parts = {
        sign: {n: [p for p in some if sign in p[0]] for n, some in many.items()}
        for sign in ("", *bench.TASKS)
    }
    return {sign: bench.labelled(part) for sign, part in parts.items()}


def hired(size: Size, seed: int, role: str, pile: dict[str, Pile]) -> Network | Department:
    """The network of a role, or the specialists, trained."""

    def net(n: int, sign: str = "") -> Network:
        return Network(rungs.rung(size.config(role, 10 * seed + n), pile[sign]))

    if role == SPECIALISTS:
        return Department({sign: net(3 + i, sign) for i, sign in enumerate(bench.TASKS)})
    return net(ROLES.index(role))


def staff(size: Size, seed: int, roles: Sequence[str] = ROLES) -> dict[str, Any]:
    """A clerk for each role, trained."""
    pile = stock(size, seed)
    return {role: hired(size, seed, role, pile) for role in roles}
