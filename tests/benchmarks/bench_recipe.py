"""What other recipes of the optimiser pay, in pairs of one seed: differences with intervals.

Run:  python -m tests.benchmarks.bench_recipe --preset quick --arms momentum=0.95,muon=0.7+pairs=2

Each arm changes the preset in one or several ways: Muon's momentum is another, or rises over the
first 300 steps; Muon's rate is multiplied, or that of the table of characters or of pairs of
characters; weights of the blocks decay at every step, or cautiously, where the step goes towards
zero anyway (Chen et al. 2025, arXiv:2510.12402). The loss is that of the choosing half, nats/char,
lowest of the run's looks, since the judging half chooses nothing; an interval is Student's over
pairs, at 95 %.
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
from minigpt.saved.state import State
from minigpt.settings import PRESETS, TrainConfig
from minigpt.train import train

RISING = 300
"""Steps over which the momentum rises."""


Change = Callable[[State, float], None]


def momentum(state: State, value: float) -> None:
    """Give Muon this momentum throughout."""
    state.optimizers[0].param_groups[0]["momentum"] = value


def rising(state: State, start: float) -> None:
    """Let Muon's momentum rise from `start` to the preset's."""
    muon = state.optimizers[0]
    peak = muon.param_groups[0]["momentum"]

    def set_momentum(*_: object) -> None:
        along = min(1.0, state.step / RISING)
        muon.param_groups[0]["momentum"] = start + (peak - start) * along

    muon.register_step_pre_hook(set_momentum)


def muon(state: State, factor: float) -> None:
    """Multiply Muon's rate."""
    state.optimizers[0].param_groups[0]["lr"] *= factor


def table(name: str) -> Change:
    """Multiply AdamW's rate for one table of the model."""

    def change(state: State, factor: float) -> None:
        adamw = state.optimizers[-1]
        weight = getattr(state.model, name).weight
        group = next(g for g in adamw.param_groups if any(p is weight for p in g["params"]))
        group["params"] = [p for p in group["params"] if p is not weight]
        rest = {k: v for k, v in group.items() if k != "params"}
        adamw.add_param_group({**rest, "params": [weight], "lr": group["lr"] * factor})

    return change


def decay(state: State, value: float) -> None:
    """Let the blocks' weights decay at every step."""
    state.optimizers[0].param_groups[0]["weight_decay"] = value


def cautious(state: State, value: float) -> None:
    """`decay`, taken back from each weight that the step moves away from zero."""
    decay(state, value)
    muon, before = state.optimizers[0], list[torch.Tensor]()
    group = muon.param_groups[0]

    def remember(*_: object) -> None:
        before[:] = [p.detach().clone() for p in group["params"]]

    def take_back(*_: object) -> None:
        share = group["lr"] * group["weight_decay"]
        for weight, old in zip(group["params"], before):
            with torch.no_grad():
                update = old * (1 - share) - weight  # what the step subtracted
                weight.add_(old * share * (update * old < 0))

    muon.register_step_pre_hook(remember)
    muon.register_step_post_hook(take_back)


CHANGES: dict[str, Change] = {
    "momentum": momentum,
    "rising": rising,
    "muon": muon,
    "characters": table("embed"),
    "pairs": table("embed_pair"),
    "decay": decay,
    "cautious": cautious,
}


def once(config: TrainConfig, arm: str) -> float:
    """The loss of one training, nats/char on the choosing half."""
    changes = [one.partition("=") for one in arm.split("+") if one]

    class Changed(State):
        def __init__(self, config: TrainConfig, model: GPT) -> None:
            super().__init__(config, model)
            for name, _, value in changes:
                CHANGES[name](self, float(value))

    before, minigpt.train.loop.State = minigpt.train.loop.State, Changed  # type: ignore[misc]
    try:
        result = train(config, corpora.load(config.data))
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
    parser.add_argument("--data", default="shakespeare", help="a corpus, or a text's path")
    parser.add_argument("--arms", required=True, help="of changes name=number, joined by +")
    asked = parser.parse_args()
    arms = ["", *asked.arms.split(",")]
    found: dict[str, list[float]] = {arm: [] for arm in arms}
    for seed in range(asked.first, asked.first + asked.seeds):
        for arm in arms:
            config = replace(
                PRESETS[asked.preset], data=asked.data, seed=seed, threads=asked.threads
            )
            found[arm].append(once(config, arm))
            print(f"seed {seed}  {found[arm][-1]:.4f} nats/char  {arm or 'as it is'}", flush=True)
    for arm in arms[1:]:
        differences = [a - b for a, b in zip(found[arm], found[""])]
        middle, n = statistics.mean(differences), len(differences)
        print(f"{middle:+.4f} against the preset", end="")
        if n > 1:
            half = student.ppf(0.975, n - 1) * statistics.stdev(differences) / math.sqrt(n)
            print(f" [{middle - half:+.4f}, {middle + half:+.4f}]", end="")
        print(f", {n} pairs: {arm}")


if __name__ == "__main__":
    main()
