"""Writing speed: one stream with a cache against computing all anew, and many streams at once.

Run:  python tests/benchmarks/bench_sample.py [--context 256]

An untrained model of the default shape: speed does not depend on what it learned.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
import torch

from minigpt.device import choose
from minigpt.model import GPT
from minigpt.nextchar import window
from minigpt.sample import generate
from minigpt.settings import PRESETS
from minigpt.tokenizer import CharTokenizer

ROUNDS = 5


def anew(model: GPT, length: int) -> int:
    """Write one stream without a cache: read the whole view again for every character."""
    rng = np.random.default_rng(0)
    ids = np.zeros((1, 1), np.int64)
    for _ in range(length):
        view = ids[:, -window(ids.shape[1], model.context) :]
        p = np.exp(model.logprobs(view)[0, -1].astype(np.float64))
        ids = np.append(ids, [[rng.choice(len(p), p=p / p.sum())]], axis=1)
    return length


def main() -> None:
    """Print rates and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--context", type=int, default=256)
    asked = parser.parse_args()
    config = replace(PRESETS["default"].model, context=asked.context)
    tokenizer = CharTokenizer("".join(map(chr, range(33, 98))))
    model = GPT(config, tokenizer, torch.Generator().manual_seed(0)).eval()
    runtime = choose()
    length = 2 * asked.context

    def write(n: int) -> int:
        generate(model, n=n, length=length, rng=np.random.default_rng(0))
        return n * length

    one, fast, threads = "one stream, cached", runtime.precision, runtime.threads
    ways: dict[str, tuple[Literal["fp32", "bf16"], int, Callable[[], int]]] = {
        one: ("fp32", 1, lambda: write(1)),
        "one stream, all anew": ("fp32", 1, lambda: anew(model, length)),
        "256 streams, fp32": ("fp32", threads, lambda: write(256)),
        f"256 streams, {fast}": (fast, threads, lambda: write(256)),
    }

    def rate(name: str) -> float:
        model.precision, threads, work = ways[name]
        torch.set_num_threads(threads)
        start = time.perf_counter()
        written = work()
        return written / (time.perf_counter() - start)

    # the ways take turns, so that a neighbour who slows the machine down slows them all
    rounds = [{name: rate(name) for name in ways} for _ in range(1 + ROUNDS)][1:]
    print(f"context {asked.context}, {config.n_layer} layers, {config.n_embd} wide; ", end="")
    print(f"medians of {ROUNDS} rounds; {threads} threads for many streams")
    for name in ways:
        speed = statistics.median(r[name] for r in rounds)
        ratio = statistics.median(r[name] / r[one] for r in rounds)
        print(f"{name:22} {speed:9,.0f} chars/s {ratio:7.2f} x one stream, cached")


if __name__ == "__main__":
    main()
