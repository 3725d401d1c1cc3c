"""Writing speed: one stream with a cache against computing all anew, and many streams at once.

Run:  python tests/benchmarks/bench_sample.py [--context 256] [--threads N]

An untrained model of the default shape: speed does not depend on what it learned.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from minigpt.device import choose
from minigpt.model import GPT
from minigpt.nextchar import window
from minigpt.sample import generate
from minigpt.settings import PRESETS
from minigpt.tokenizer import CharTokenizer

REPEATS = 3


def rate(work: Callable[[], int]) -> float:
    """Characters a second, median over repeats after one that is not counted."""
    work()
    rates = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        written = work()
        rates.append(written / (time.perf_counter() - start))
    return statistics.median(rates)


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

    def write(n: int, length: int) -> Callable[[], int]:
        def work() -> int:
            generate(model, n=n, length=length, rng=np.random.default_rng(0))
            return n * length

        return work

    torch.set_num_threads(1)
    one, slow = rate(write(1, length)), rate(lambda: anew(model, length))
    print(f"context {asked.context}, {config.n_layer} layers, {config.n_embd} wide")
    print(f"one stream, all anew    {slow:9,.0f} chars/s")
    print(f"one stream, cached      {one:9,.0f} chars/s   {one / slow:6.1f} x all anew")
    torch.set_num_threads(runtime.threads)
    for precision in ("fp32", runtime.precision):
        model.precision = precision  # type: ignore[assignment]
        many = rate(write(256, length))
        print(
            f"256 streams, {precision}, {runtime.threads} threads {many:9,.0f} chars/s   "
            f"{many / one:6.1f} x one stream"
        )


if __name__ == "__main__":
    main()
