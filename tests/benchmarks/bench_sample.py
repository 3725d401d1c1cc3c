"""Writing speed: one stream and many, network and mixture, and what bounds it.

Run:  python tests/benchmarks/bench_sample.py [--context 256]   an untrained model
      python tests/benchmarks/bench_sample.py --run RUN         a run's network and its mixture
      python tests/benchmarks/bench_sample.py --roofline        what bounds many streams

Without RUN a model of the default shape: speed does not depend on what it learned. Ways take turns,
so that a neighbour who slows the machine down slows them all. On a machine that is not quiet read
the ratios of processor seconds.

The roofline (S. Williams, A. Waterman & D. Patterson, CACM 52 (2009), 65-76) counts what a
character costs at least: operations of products, and bytes of weights, keys and values. This
machine's operations and bytes a second are those of one product and one copy. What else a step
does (norms, rotations, softmax, drawing, calls of torch) is not in the bound.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import torch

from minigpt.device import Runtime, choose
from minigpt.layers import GPTConfig
from minigpt.load import load_predictor
from minigpt.mixture import Mixture
from minigpt.model import GPT, ROOM
from minigpt.nextchar import NextChar, window
from minigpt.sample import generate
from minigpt.settings import PRESETS
from minigpt.tokenizer import CharTokenizer

MANY = 256
ONE = "one stream, cached"
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class Way:
    """One way to write; `work` takes a length and returns the number of characters written."""

    precision: Precision
    threads: int
    work: Callable[[int], int]


@dataclass(frozen=True)
class Rates:
    """What some ways reached in several rounds."""

    names: list[str]
    each: np.ndarray
    """Characters a second of wall time and of the processor's, [rounds, ways, 2]."""

    def median(self, name: str) -> float:
        """Characters a second of wall time."""
        return float(np.median(self.each[:, self.names.index(name), 0]))

    def ratio(self, name: str, beside: str) -> tuple[float, float]:
        """Median of the rounds' ratios of two ways: by the clock, by processor seconds."""
        one, other = (self.each[:, self.names.index(way)] for way in (name, beside))
        wall, processor = np.median(one / other, axis=0).tolist()
        return wall, processor


def anew(model: GPT, length: int) -> int:
    """Write one stream without a cache: read the whole view again for every character."""
    rng = np.random.default_rng(0)
    ids = np.zeros((1, 1), np.int64)
    for _ in range(length):
        view = ids[:, -window(ids.shape[1], model.context) :]
        p = np.exp(model.logprobs(view)[0, -1].astype(np.float64))
        ids = np.append(ids, [[rng.choice(len(p), p=p / p.sum())]], axis=1)
    return length


def write(model: NextChar, n: int, length: int) -> int:
    """Write n streams side by side."""
    generate(model, n=n, length=length, rng=np.random.default_rng(0))
    return n * length


def rate(model: GPT, way: Way, length: int) -> tuple[float, float]:
    """Characters a second of one way, by the clock and by the processor's."""
    model.precision = way.precision
    torch.set_num_threads(way.threads)
    wall, processor = time.perf_counter(), time.process_time()
    written = way.work(length)
    return written / (time.perf_counter() - wall), written / (time.process_time() - processor)


def in_turn(model: GPT, ways: dict[str, Way], length: int, rounds: int) -> Rates:
    """Measure all ways in each round, after a few characters of each that do not count."""
    for way in ways.values():
        rate(model, way, 8)
    each = [[rate(model, way, length) for way in ways.values()] for _ in range(rounds)]
    return Rates(list(ways), np.array(each))


def untrained(context: int) -> GPT:
    """A model of the default shape that has learned nothing."""
    config = replace(PRESETS["default"].model, context=context)
    tokenizer = CharTokenizer("".join(map(chr, range(33, 98))))
    return GPT(config, tokenizer, torch.Generator().manual_seed(0)).eval()


def compare_streams(model: GPT, runtime: Runtime, rounds: int) -> None:
    """Print rates of one stream and of many, as multiples of one with a cache."""
    fast, threads = runtime.precision, runtime.threads
    ways = {
        ONE: Way("fp32", 1, partial(write, model, 1)),
        "one stream, all anew": Way("fp32", 1, partial(anew, model)),
        "256 streams, fp32": Way("fp32", threads, partial(write, model, MANY)),
        f"256 streams, {fast}": Way(fast, threads, partial(write, model, MANY)),
    }
    rates = in_turn(model, ways, 2 * model.context, rounds)
    print(f"medians of {rounds} rounds; {threads} threads for many streams")
    for name in ways:
        times = rates.ratio(name, ONE)[0]
        print(f"{name:22} {rates.median(name):9,.0f} chars/s {times:7.2f} x {ONE}")


def compare_mixture(run: str, runtime: Runtime, rounds: int) -> None:
    """Print rates of a run's network and of its mixture, and their ratios."""
    mixed = load_predictor(run, kind="mixture").model
    assert isinstance(mixed, Mixture)
    model: Any = mixed.models[0]
    print(f"context {model.context}; medians of {rounds} rounds")
    shapes: list[tuple[int, Precision]] = [(1, "fp32"), (MANY, "fp32"), (MANY, runtime.precision)]
    for n, precision in dict.fromkeys(shapes):
        threads = 1 if n == 1 else runtime.threads
        ways = {
            name: Way(precision, threads, partial(write, writer, n))
            for name, writer in (("network", model), ("mixture", mixed))
        }
        rates = in_turn(model, ways, (2 if n == 1 else 1) * model.context, rounds)
        wall, processor = rates.ratio("mixture", "network")
        print(
            f"{n:3} stream{'s' * (n > 1)}, {precision}, {threads} of torch's threads: network "
            f"{rates.median('network'):,.0f} chars/s, mixture {wall:.2f} of that by the clock, "
            f"{processor:.2f} by processor seconds"
        )


# -- what bounds it ------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """What a character of one stream costs at least, over a run of `length` characters."""

    products: float
    """Operations of products with weights, what is read again included."""
    attention: float
    """Operations of attention's two products."""
    weights: float
    """Bytes of weights, read once a step for all streams."""
    kept: float
    """Bytes of keys and values that are read, and copied when their room grows."""
    again: float
    """Characters read again for each that is written."""


def cost(config: GPTConfig, size: int, length: int, bytes_each: int) -> Cost:
    """`Cost` for an alphabet of `size`, if a number takes `bytes_each`."""
    layers, width = config.n_layer, config.n_embd
    weights = layers * 12 * width**2 + width * size
    views = [window(n, config.context) for n in range(1, length + 1)]
    again, attention, kept = 0, 0.0, 0.0
    for before, now in zip([0, *views], views):
        if now == before + 1:
            room = min(config.context, ROOM * -(-now // ROOM))
            attention += 4 * layers * width * room
            kept += 2 * layers * width * room * bytes_each
            if before % ROOM == 0:  # grown: all that was there is read and written
                kept += 2 * 2 * layers * width * before * bytes_each
        else:  # the view begins again from its last half
            again += now - 1
            attention += 4 * layers * width * now**2
            kept += 2 * layers * width * now * bytes_each
    return Cost(
        products=2 * weights * (length + again) / length,
        attention=attention / length,
        weights=weights * bytes_each,
        kept=kept / length,
        again=again / length,
    )


def best(work: Callable[[], object], times: int = 8) -> float:
    """The least seconds of several tries."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def bandwidth(megabytes: int = 128) -> float:
    """Bytes a second of a copy, those read and those written."""
    one = torch.ones(megabytes << 18)
    other = torch.zeros_like(one)
    return 2 * one.nbytes / best(lambda: other.copy_(one))


def operations(precision: Precision, size: int = 1024) -> float:
    """Operations a second of a product of two square matrices."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    one = torch.rand(size, size).to(dtype)
    return 2 * size**3 / best(lambda: one @ one)


def roofline(model: GPT, runtime: Runtime, rounds: int) -> None:
    """Print what a character costs at least, this machine's bounds, and what follows."""
    length = 2 * model.context
    one = in_turn(model, {ONE: Way("fp32", 1, partial(write, model, 1))}, length, rounds)
    torch.set_num_threads(runtime.threads)
    speed = bandwidth()
    print(f"{ONE}: {one.median(ONE):,.0f} chars/s; {length} characters each")
    print(f"{runtime.threads} of torch's threads; the best of a few: a copy {speed / 1e9:.1f} GB/s")
    for kind in get_args(Precision):
        each = cost(model.config, len(model.tokenizer), length, 4 if kind == "fp32" else 2)
        flops = operations(kind)
        print(
            f"\n{kind}: a product {flops / 1e9:,.0f} billion operations/s; a character takes\n"
            f"{each.products / 1e6:.2f} million operations with weights ({each.again:.2f} "
            f"characters are read again for each), {each.attention / 1e6:.2f} in attention,\n"
            f"{each.kept / 1e6:.2f} MB of keys and values, {each.weights / 1e6:.2f} MB of weights "
            "for all streams of a step"
        )
        for n in (1, MANY):
            computed = max(each.products / flops, each.weights / n / speed)
            attended = max(each.attention / flops, each.kept / speed)
            bound = 1 / (computed + attended)
            print(
                f"{n:3} stream{'s' * (n > 1)}: products {1e6 * computed:.0f} us, attention "
                f"{1e6 * attended:.0f} us: at most {bound:,.0f} chars/s, "
                f"{bound / one.median(ONE):.0f} x one stream as it is"
            )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--run", help="a run's folder, whose network and mixture are compared")
    parser.add_argument("--roofline", action="store_true", help="what bounds 256 streams")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--threads", type=int, help="of torch, for many streams; by default measured"
    )
    asked = parser.parse_args()
    runtime = choose(threads=asked.threads)
    if asked.run:
        compare_mixture(asked.run, runtime, asked.rounds)
        return
    model = untrained(asked.context)
    print(f"context {asked.context}, {model.config.n_layer} layers, {model.config.n_embd} wide; ")
    (roofline if asked.roofline else compare_streams)(model, runtime, asked.rounds)


if __name__ == "__main__":
    main()
