"""How close the coder comes to the ideal, and how fast, with the n-gram as model.

Run:    python -m tests.benchmarks.bench_compress [--data NAME|PATH] [--times 1 4 ...]

Codes the held-out tenth and the whole text in different numbers of streams. `coder` is what bytes
lose against -log2 p under the same cut; `file` counts the header too; `cut` is what cold starts
cost against one stream. `share of model` is the time that the predictions take. Prints, and asserts
nothing. The comparison with gzip and others is `python -m minigpt.compress --table --model ngram`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

import numpy as np

from labkit import command
from minigpt import corpora
from minigpt.compress.arithmetic import choose_streams, encode_streams
from minigpt.compress.container import compress, decompress
from minigpt.nextchar import first_ids
from minigpt.ngram import DEFAULT_ORDER, NGram
from minigpt.tokenizer import CharTokenizer


@dataclass(frozen=True, kw_only=True)
class Config:
    """Measure compression with the n-gram."""

    data: str = "shakespeare"
    """A corpus or a path."""
    order: int = DEFAULT_ORDER
    """Order of the n-gram."""
    times: tuple[int, ...] = (1, 4, 16)
    """How many times the streams that compress chooses."""
    repeats: int = 3
    """How often each is timed."""


def main(config: Config) -> None:
    """Print one line for each text and number of streams."""
    corpus = corpora.load(config.data)
    model = NGram.fit(corpus.train, CharTokenizer.from_text(corpus.text), config.order)
    print(f"{corpus.name}, n-gram of order {model.order}; median of {config.repeats}")
    print(
        "text      characters  streams     bytes  bits/char  coder %  file %   cut %"
        "  compress s  decompress s  share of model"
    )
    for name, text in (("held out", corpus.held_out), ("all", corpus.text)):
        ids = model.tokenizer.encode(text)
        whole = -float(model.logprob_of(ids).sum()) / np.log(2)
        chosen = choose_streams(len(ids), len(model.tokenizer))
        for streams in (chosen * factor for factor in config.times):
            coded, ideal = encode_streams(ids, model, streams)
            times: list[tuple[float, float, float]] = []
            for _ in range(config.repeats):
                began = time.perf_counter()
                blob = compress(text, model, streams=streams, verify=False)
                middle = time.perf_counter()
                decompress(blob, model)
                end = time.perf_counter()
                _predict(model, ids, streams)
                times.append((middle - began, end - middle, time.perf_counter() - end))
            pack, unpack, predict = (median(t[i] for t in times) for i in range(3))
            coder = 100 * (8 * sum(map(len, coded)) / ideal - 1)
            print(
                f"{name:<9} {len(ids):>10,} {streams:>7}{'*' if streams == chosen else ' '} "
                f"{len(blob):>9,} {8 * len(blob) / len(ids):>10.4f} {coder:>8.3f}"
                f" {100 * (8 * len(blob) / ideal - 1):>7.3f} {100 * (ideal / whole - 1):>7.3f}"
                f" {pack:>11.2f} {unpack:>13.2f} {predict / pack:>15.2f}"
            )
    print("*: what compress chooses. It verifies by decompressing, so its time is the sum of both.")


def _predict(model: NGram, ids: np.ndarray, streams: int) -> None:
    """The model's share of the work: the same steps, and nothing coded."""
    columns = ids[: len(ids) // streams * streams].reshape(streams, -1).T
    state, _ = model.start(first_ids(model.tokenizer, streams))
    for column in columns[:-1]:
        model.step(state, column)


if __name__ == "__main__":
    command.run(main, Config, prog="tests.benchmarks.bench_compress")
