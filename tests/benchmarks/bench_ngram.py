"""How fast the n-gram counts, and how well it predicts, at every order.

Run:    python -m tests.benchmarks.bench_ngram [--data NAME|PATH] [--orders 1 2 3 ...]

Fits the training nine tenths and measures the held-out tenth, every position counted; medians over
repeats, the orders taking turns. Prints, and asserts nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

import numpy as np

from labkit import command
from minigpt import corpora
from minigpt.ngram import NGram
from minigpt.tokenizer import CharTokenizer


@dataclass(frozen=True, kw_only=True)
class Config:
    """Measure the n-gram."""

    data: str = "shakespeare"
    """A corpus or a path."""
    orders: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    """Which orders, the predicted character included."""
    repeats: int = 3
    """How often each is timed."""


def main(config: Config) -> None:
    """Print one line an order."""
    corpus = corpora.load(config.data)
    tokenizer = CharTokenizer.from_text(corpus.text)
    train, held_out = tokenizer.encode(corpus.train), tokenizer.encode(corpus.held_out)
    print(
        f"{corpus.name}: {len(train):,} characters counted, {len(held_out):,} held out, "
        f"{len(tokenizer)} different; median of {config.repeats}"
    )
    print("order   fit s  grams million  measure s  dense s  nats/char  bits/char")
    times: dict[tuple[int, str], list[float]] = {}
    rows = {}
    for _ in range(config.repeats):
        for order in config.orders:
            marks = [time.perf_counter()]
            model = NGram.fit(train, tokenizer, order)
            marks.append(time.perf_counter())
            nats = -float(model.logprob_of(held_out).mean())
            marks.append(time.perf_counter())
            model.logprobs(held_out[None, :100_000])
            marks.append(time.perf_counter())
            for name, a, b in zip(("fit", "measure", "dense"), marks, marks[1:]):
                times.setdefault((order, name), []).append(b - a)
            rows[order] = (sum(len(level.keys) for level in model._levels), nats)
    for order, (grams, nats) in rows.items():
        fit, measure, dense = (median(times[order, n]) for n in ("fit", "measure", "dense"))
        print(
            f"{order:5} {fit:7.2f} {grams / 1e6:14.2f} {measure:10.3f} {dense:8.2f} "
            f"{nats:10.4f} {nats / np.log(2):10.4f}"
        )
    print("measure: the true next character only; dense: all of them, 100,000 positions at most")


if __name__ == "__main__":
    command.run(main, Config, prog="tests.benchmarks.bench_ngram")
