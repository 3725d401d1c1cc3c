"""What other recipes of the optimiser pay, in pairs of one seed: differences with intervals.

Run:  python -m tests.benchmarks.bench_recipe --preset default --seeds 3 [--arms rising,pairs_x3]

Each arm changes one thing of the preset, or two: Muon's momentum is lower, or rises over the first
300 steps; the tables of characters or of pairs of characters have a learning rate of their own;
weights of the blocks decay at every step, or cautiously, where the step goes towards zero anyway
(Chen et al. 2025, arXiv:2510.12402). The loss is that of the choosing half, nats/char, lowest of
the run's looks, since the judging half chooses nothing; an interval is Student's over pairs, at
95 %.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable
from dataclasses import replace

import torch
from scipy.stats import t as student

import minigpt.train.loop
from minigpt import corpora
from minigpt.model import GPT
from minigpt.optim import Muon
from minigpt.saved.state import State
from minigpt.settings import PRESETS, TrainConfig
from minigpt.train import train

RISING = 300
"""Steps over which the momentum rises from 0.85 to the preset's."""


def rising(state: State) -> None:
    """Let Muon's momentum rise from 0.85."""
    muon = state.optimizers[0]
    peak = muon.param_groups[0]["momentum"]

    def set_momentum(*_: object) -> None:
        along = min(1.0, state.step / RISING)
        muon.param_groups[0]["momentum"] = 0.85 + (peak - 0.85) * along

    muon.register_step_pre_hook(set_momentum)


def momentum(value: float) -> Callable[[State], None]:
    """Give Muon this momentum throughout."""

    def change(state: State) -> None:
        state.optimizers[0].param_groups[0]["momentum"] = value

    return change


def times(table: str, factor: float) -> Callable[[State], None]:
    """Give a table of the model `factor` times AdamW's rate."""

    def change(state: State) -> None:
        adamw = state.optimizers[-1]
        weight = getattr(state.model, table).weight
        group = adamw.param_groups[0]
        group["params"] = [p for p in group["params"] if p is not weight]
        rest = {k: v for k, v in group.items() if k != "params"}
        adamw.add_param_group({**rest, "params": [weight], "lr": group["lr"] * factor})

    return change


def cautious(state: State) -> None:
    """Take back the decay of each weight that the step moves away from zero."""
    muon = state.optimizers[0]
    assert isinstance(muon, Muon)
    before: list[torch.Tensor] = []
    group = muon.param_groups[0]

    def remember(*_: object) -> None:
        before[:] = [p.detach().clone() for p in group["params"]]

    def take_back(*_: object) -> None:
        decay = group["lr"] * group["weight_decay"]
        for weight, old in zip(group["params"], before):
            with torch.no_grad():
                update = old * (1 - decay) - weight  # what the step subtracted
                weight.add_(old * decay * (update * old < 0))

    muon.register_step_pre_hook(remember)
    muon.register_step_post_hook(take_back)


def both(*changes: Callable[[State], None]) -> Callable[[State], None]:
    """Make several changes."""

    def change(state: State) -> None:
        for one in changes:
            one(state)

    return change


def nothing(state: State) -> None:
    """Change nothing."""


ARMS: dict[str, tuple[float, Callable[[State], None]]] = {
    "as_is": (0.0, nothing),
    "rising": (0.0, rising),
    "momentum_0.8": (0.0, momentum(0.8)),
    "momentum_0.85": (0.0, momentum(0.85)),
    "momentum_0.9": (0.0, momentum(0.9)),
    "rising_pairs_x3": (0.0, both(rising, times("embed_pair", 3.0))),
    "momentum_0.9_pairs_x3": (0.0, both(momentum(0.9), times("embed_pair", 3.0))),
    "momentum_0.9_pairs_x10": (0.0, both(momentum(0.9), times("embed_pair", 10.0))),
    "characters_x0.3": (0.0, times("embed", 0.3)),
    "characters_x3": (0.0, times("embed", 3.0)),
    "pairs_x0.3": (0.0, times("embed_pair", 0.3)),
    "pairs_x3": (0.0, times("embed_pair", 3.0)),
    "decay_0.1": (0.1, nothing),
    "cautious_0.1": (0.1, cautious),
}
"""By name: weight decay of Muon, and what is done to the state before the first step."""


def once(config: TrainConfig, arm: str) -> float:
    """The loss of one training, nats/char on the choosing half."""
    decay, change = ARMS[arm]

    class Changed(State):
        def __init__(self, config: TrainConfig, model: GPT) -> None:
            super().__init__(config, model)
            change(self)

    before, minigpt.train.loop.State = minigpt.train.loop.State, Changed  # type: ignore[misc]
    try:
        result = train(replace(config, weight_decay=decay), corpora.load(config.data))
    finally:
        minigpt.train.loop.State = before  # type: ignore[misc]
    return min(line["choose_loss"] for line in result.metrics if line["choose_loss"] is not None)


def main() -> None:
    """Train every arm with every seed and print differences to the preset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=("quick", "default", "long"), default="quick")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--arms", default=",".join(ARMS))
    asked = parser.parse_args()
    arms = list(dict.fromkeys(["as_is", *asked.arms.split(",")]))
    found: dict[str, list[float]] = {arm: [] for arm in arms}
    for seed in range(asked.first, asked.first + asked.seeds):
        for arm in arms:
            config = replace(PRESETS[asked.preset], seed=seed, threads=asked.threads)
            found[arm].append(once(config, arm))
            print(f"seed {seed}  {arm:16} {found[arm][-1]:.4f} nats/char", flush=True)
    for arm in arms[1:]:
        differences = [a - b for a, b in zip(found[arm], found["as_is"])]
        middle, n = statistics.mean(differences), len(differences)
        print(f"{arm:16} {middle:+.4f} against the preset", end="")
        if n > 1:
            half = student.ppf(0.975, n - 1) * statistics.stdev(differences) / math.sqrt(n)
            print(f" [{middle - half:+.4f}, {middle + half:+.4f}]", end="")
        print(f", {n} pairs")


if __name__ == "__main__":
    main()
