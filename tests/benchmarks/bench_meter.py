"""How fast, how exact and how large the one-pass meter is.

Run:    python tests/benchmarks/bench_meter.py [speed] [accuracy] [adversary] [memory] [order]

speed:    MB/s of counting character 5-grams and of the whole streaming measure on one core, and
          rows of 200 characters a second, from a JSONL file to the measures.
accuracy: errors on 10 million draws from four sources, at the settings for 256 MB.
adversary: largest errors in 20 hash seeds on streams made to mislead the meter, beside what is
          promised: a third of 10 million in things just too rare for a heavy hitter (and just not),
          a third in things of 10, a third distinct; all distinct; sorted.
memory:   peak above a process that has loaded everything, for rows as long as the limit.
order:    by how much numbers move, largest less smallest over the first, where the same 25,000 rows
          come in six orders, and in two as four parts that are merged.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from tyro.conf import Positional

from labkit import command
from synthdata.diversity import entropy, hill
from synthdata.io.rows import ReadConfig
from synthdata.streaming import measures, scale, sketch
from synthdata.streaming.meter import Meter, MeterConfig
from synthdata.streaming.sketch import Channel
from synthdata.text import hashing
from synthdata.text.chunks import chunks
from synthdata.text.tokens import encode


def texts(rows: int, characters: int = 200) -> list[str]:
    """Rows of Zipf words made of letters at English frequencies."""
    rng = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    weights = 1 / np.arange(1, 27)
    vocabulary = [
        "".join(rng.choice(letters, size, p=weights / weights.sum()))
        for size in rng.integers(2, 9, 40_000)
    ]
    share = 1 / np.arange(1, len(vocabulary) + 1)
    draws = rng.choice(len(vocabulary), (rows, characters // 5), p=share / share.sum())
    return [" ".join(vocabulary[w] for w in row)[:characters] for row in draws.tolist()]


def speed() -> None:
    rows = texts(50_000)
    size = sum(map(len, rows))
    bottom = sketch.BottomK(MeterConfig().k)
    start = time.perf_counter()
    for chunk in chunks(rows, MeterConfig().chunk):
        tokens = encode(chunk, "character")
        names = np.array([hashing.text_hash(c, 0) for c in tokens.vocabulary], np.uint64)
        grams = hashing.gram_hashes(names[tokens.ids], 5, 0)
        inside = np.ones(len(grams), dtype=bool)
        for back in range(1, 5):
            inside[tokens.starts[1:-1] - back] = False
        bottom.add(*hashing.count_grams(grams[inside]))
    bottom.settle()
    seconds = time.perf_counter() - start
    print(f"counting character 5-grams: {size / seconds / 1e6:.1f} MB/s")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_text("".join(json.dumps({"text": row, "id": 1}) + "\n" for row in rows))
        start = time.perf_counter()
        measures.measures(scale.meter_files([str(path)], ReadConfig(), MeterConfig()))
        seconds = time.perf_counter() - start
    print(f"streaming measure: {size / seconds / 1e6:.2f} MB/s, {len(rows) / seconds:,.0f} rows/s")


def accuracy(n: int = 10_000_000) -> None:
    rng = np.random.default_rng(0)
    zipf = np.cumsum(1 / np.arange(1, 2_000_001))
    sources = {
        "Zipf 1, 2 million types": np.searchsorted(zipf, rng.random(n) * zipf[-1]),
        "Zipf 1.3": rng.zipf(1.3, n) % (1 << 40),
        "Zipf 1.05": rng.zipf(1.05, n) % (1 << 60),
        "uniform over 3 million": rng.integers(0, 3_000_000, n),
    }
    k = MeterConfig().k
    print(f"{n:,} draws, k = {k:,}; error of types, coverage, entropy (Chao-Wang-Jost, plug-in)")
    for name, draws in sources.items():
        channel = Channel(k, k.bit_length() - 1)
        hashes = hashing.gram_hashes(draws.astype(np.uint64), 1, 0)
        for start in range(0, n, 1 << 20):
            channel.add(*hashing.count_grams(hashes[start : start + (1 << 20)].copy()))
        truth = np.unique(draws, return_counts=True)[1]
        counts = measures.counts_of(channel)
        print(
            f"{name}: {counts.distinct / len(truth) - 1:+.2%}, "
            f"{(hill.coverage(counts) - hill.coverage(truth)) * 100:+.3f} points, "
            f"{entropy.chao_wang_jost(counts) / entropy.chao_wang_jost(truth) - 1:+.2%}, "
            f"{entropy.plug_in(counts) / entropy.plug_in(truth) - 1:+.2%}"
        )


def adversary(n: int = 10_000_000, seeds: int = 20) -> None:
    k = MeterConfig().k
    bound = measures.promised(k)
    print(f"{n:,} draws, k = {k:,}, {seeds} seeds; largest error where {bound:.2%} is promised")
    print("stream, of types, of coverage (points), of entropy, and how often one was larger")
    for name, draws in hostile(n, error=round(10.8e-6 * n)).items():
        truth = np.unique(draws, return_counts=True)[1]
        errors = np.array([off(draws, truth, k, seed) for seed in range(seeds)])
        worst = np.abs(errors).max(axis=0)
        broken = int((np.abs(errors) > bound).any(axis=1).sum())
        print(f"{name}: {worst[0]:.2%}, {worst[1] * 100:.2f}, {worst[2]:.2%}; {broken} of {seeds}")


def hostile(n: int, error: int) -> dict[str, np.ndarray]:
    """Streams of n things in which chance decides most; `error` is the heavy hitters'."""

    def thirds(count: int) -> np.ndarray:
        many, ten = n // 3 // count * count, n // 30 * 10
        parts = np.arange(many) // count, np.arange(ten) // 10, np.arange(n - many - ten)
        draws = np.concatenate([part + i * n for i, part in enumerate(parts)]).astype(np.uint64)
        return np.random.default_rng(0).permutation(draws)

    light = {f"a third in things of {c:,}": thirds(c) for c in (error * 11 // 4, error * 7 // 2)}
    return light | {
        f"a third in things of {error * 176 // 10:,}": thirds(error * 176 // 10),
        "the same, sorted": np.sort(thirds(error * 176 // 10)),
        "all distinct": np.arange(n, dtype=np.uint64),
    }


def off(draws: np.ndarray, truth: np.ndarray, k: int, seed: int) -> tuple[float, float, float]:
    """Errors of types (relative), coverage and entropy (relative); stops where nonsense comes."""
    channel = Channel(k, k.bit_length() - 1)
    hashes = hashing.gram_hashes(draws, 1, seed)
    for start in range(0, len(hashes), 1 << 20):
        channel.add(*hashing.count_grams(hashes[start : start + (1 << 20)].copy()))
    counts = measures.counts_of(channel)
    covered = hill.coverage(counts)
    assert counts.distinct <= counts.n
    assert counts.f(1) <= counts.n
    assert covered >= 0
    return (
        counts.distinct / len(truth) - 1,
        covered - hill.coverage(truth),
        entropy.plug_in(counts) / entropy.plug_in(truth) - 1,
    )


def memory() -> None:
    for what in ("rows of 200 characters", "rows of 16 MB", "rows of 16 MB with an emoji"):
        command = [sys.executable, __file__, "peak", what]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"{what}: {int(done.stdout) / 2**20:.0f} MB above the libraries, the budget is 256")


def order() -> None:
    rng = np.random.default_rng(0)
    weights = 1 / np.arange(1, 400_001) ** 1.05
    rows = rng.choice(400_000, (25_000, 12), p=weights / weights.sum())
    tales = [" ".join(f"w{word}" for word in row) for row in rows.tolist()]
    is_sorted = np.array(sorted(range(len(tales)), key=tales.__getitem__))
    shuffled = [rng.permutation(len(tales)) for _ in range(4)]
    whole = [np.arange(len(tales)), *shuffled[:3], is_sorted, is_sorted[::-1]]
    ways = [[one] for one in whole] + [np.array_split(one, 4) for one in (is_sorted, shuffled[3])]
    for megabytes in (256, 64):
        found = []
        for parts in ways:
            meter = Meter(MeterConfig(ram=megabytes << 20))
            for part in parts:
                meter.merge(Meter(meter.config).update(tales[i] for i in part))
            found.append({m.name: m.value for m in measures.measures(meter)})
        for name, first in found[0].items():
            values = [f[name] for f in found]
            if max(values) > min(values):
                print(f"{megabytes} MB, {name}: {(max(values) - min(values)) / first:.2%}")


def peak(what: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        with path.open("w") as file:
            for i in range(3 if "MB" in what else 200_000):
                rng = np.random.default_rng(i)
                count = 1_100_000 if "MB" in what else 15
                row = " ".join(map(str, rng.integers(0, 1 << 40, count).tolist()))
                file.write(row[: (16 << 20) - 8] + ("👩" if "emoji" in what else "") + "\n")
        script = (
            "import re, sys; import numpy, regex, scipy.special, datasketches\n"
            "from synthdata.streaming import measures, scale\n"
            "from synthdata.streaming.meter import Meter, MeterConfig\n"
            "Meter(MeterConfig(ram=64 << 20)).update(['warm up'])\n"
            "def peak(): return int(re.search('VmHWM:.*?([0-9]+)',\n"
            "    open('/proc/self/status').read())[1]) * 1024\n"
            "before = peak()\n"
            "measures.measures(scale.meter_files([sys.argv[1]]))\n"
            "print(peak() - before)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
        )
    print(done.stdout.strip())


PARTS = {f.__name__: f for f in (speed, accuracy, adversary, memory, order)}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Print how fast, how exact and how large the one-pass meter is."""

    parts: Positional[tuple[Literal["speed", "accuracy", "adversary", "memory", "order"], ...]] = ()
    """What to print; all of it if none is named."""


def main(settings: Settings) -> None:
    """Print each part."""
    for part in settings.parts or PARTS:
        PARTS[part]()


if __name__ == "__main__":
    if sys.argv[1:2] == ["peak"]:  # `memory` starts this file again, for each kind of row
        peak(sys.argv[2])
    else:
        command.run(main, Settings, prog="tests.benchmarks.bench_meter")
