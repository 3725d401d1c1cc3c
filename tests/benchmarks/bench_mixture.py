"""What mixing pays: a run, counting, and both together, by every kind of mean and gate.

Run:    python -m tests.benchmarks.bench_mixture RUN [RUN ...]

Members are the runs named and the n-gram of the first one's training text. Gates and constant
weights are fitted on the choosing half, so only the judging half judges them. Prints, and asserts
nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from tyro.conf import Positional

from labkit import command
from minigpt.load import count_of, load_predictor
from minigpt.mixture import Gate, fit, read
from minigpt.mixture.gate import Mean
from minigpt.mixture.members import names
from minigpt.mixture.mixture import ORDER
from minigpt.nextchar import NextChar


@dataclass(frozen=True, kw_only=True)
class Config:
    """Measure mixtures of runs and counting."""

    runs: Positional[tuple[str, ...]]
    """Folders of runs that learned from one text."""
    hidden: int = 16
    """Hidden units of the gates."""
    orders: tuple[int, ...] = ()
    """Instead: which order of the n-gram goes best with each run, as 7 10 13. The gate is fitted on
    one half of the choosing half and measured on the other, both ways."""
    show: bool = False
    """Print the gates themselves too."""


def main(config: Config) -> None:
    """Print a line for each member and each way to mix them, or for each run and order."""
    if config.orders:
        return _orders(config)
    found = [load_predictor(run) for run in config.runs]
    corpus = found[0].learned()
    found.append(count_of(corpus, ORDER, found[0].model.tokenizer))
    models: list[NextChar] = [one.model for one in found]
    encode = models[0].tokenizer.encode
    began = time.perf_counter()
    parts = {
        name: read(models, encode(getattr(corpus, name)))
        for name in ("choose", "judge", "held_out")
    }
    print(f"read three texts with {len(models)} members in {time.perf_counter() - began:.1f} s")
    print("nats/char              choosing half  judging half  all held out  seconds of fitting")
    for i, one in enumerate(found):
        alone = Gate.constant(np.eye(len(models))[i].tolist())
        _row(one.name[-20:], alone, parts, 0)
    means: tuple[Mean, ...] = ("arithmetic", "geometric")
    for mean in means:
        _row(f"{mean}, equal", Gate.constant([1.0] * len(models), mean), parts, 0)
        for hidden in (0, config.hidden):
            began = time.perf_counter()
            gate = fit(parts["choose"], names(models), mean=mean, hidden=hidden)
            seconds = time.perf_counter() - began
            _row(f"{mean}, {'gate' if hidden else 'constant'}", gate, parts, seconds)
            if config.show or not hidden:
                print(gate)


def _orders(config: Config) -> None:
    """Cross-validated loss of each run mixed with n-grams of several orders."""
    for run in config.runs:
        found = load_predictor(run)
        corpus, tokenizer = found.learned(), found.model.tokenizer
        half = len(corpus.choose) // 2
        texts = [tokenizer.encode(text) for text in (corpus.choose[:half], corpus.choose[half:])]
        for order in config.orders:
            counted = count_of(corpus, order, tokenizer).model
            models: list[NextChar] = [found.model, counted]
            one, other = (read(models, ids) for ids in texts)
            nats = [
                fit(a, names(models), hidden=config.hidden).nats(b)
                for a, b in ((one, other), (other, one))
            ]
            print(f"{run}, order {order}: {np.concatenate(nats).mean():.4f} nats/char", flush=True)


def _row(name: str, gate: Gate, parts: dict, seconds: float) -> None:
    nats = [gate.nats(parts[part]).mean() for part in ("choose", "judge", "held_out")]
    print(f"{name:<22} {nats[0]:13.4f} {nats[1]:13.4f} {nats[2]:13.4f} {seconds:19.1f}")


if __name__ == "__main__":
    command.run(main, Config, prog="tests.benchmarks.bench_mixture")
