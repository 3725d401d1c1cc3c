"""What learning while it reads pays, with any runs and without, and what it costs.

Run:    python -m tests.benchmarks.bench_adaptive [RUN ...] [--parts]

The held-out text is read once, in order; the judging half comes after the choosing half, from which
the model has learned by then. Without runs: counting alone. Prints, and asserts nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from tyro.conf import Positional

from labkit import command
from minigpt import corpora
from minigpt.adaptive import Adaptive, GrowingNGram
from minigpt.adaptive.adaptive import AdaptiveState
from minigpt.adaptive.contexts import KINDS, NAMES
from minigpt.evaluate import surprise
from minigpt.load import load_predictor
from minigpt.mixture import Remembered
from minigpt.nextchar import NextChar
from minigpt.tokenizer import CharTokenizer

STREAMS, STEPS = 137, 200  # as for a megabyte, coded by two processes


@dataclass(frozen=True, kw_only=True)
class Config:
    """Measure a mixture that learns while it reads."""

    runs: Positional[tuple[str, ...]] = ()
    """Folders of runs that learned from one text."""
    data: str = corpora.DEFAULT
    """The text, if there is no run."""
    parts: bool = False
    """Leave out each kind of context in turn."""


class Without(Adaptive):
    """One that sees nothing by some kinds of context: the empty one in their place."""

    blind: tuple[int, ...] = ()

    def _look(self, state: AdaptiveState, ids: np.ndarray) -> np.ndarray:
        were = super()._look(state, ids)
        for keys in (were, state.keys):
            keys[..., list(self.blind)] = 1
        return were


def main(config: Config) -> None:
    """Print a line for each model."""
    found = [load_predictor(run) for run in config.runs]
    corpus = found[0].learned() if found else corpora.load(config.data)
    tokenizer = found[0].model.tokenizer if found else CharTokenizer.from_text(corpus.text)
    training, ids = tokenizer.encode(corpus.train), tokenizer.encode(corpus.held_out)
    half = len(corpus.choose) - 1  # of the characters predicted, those of the choosing half
    print("nats/char                     choosing half  judging half  all held out  seconds")
    growing = GrowingNGram(training, tokenizer)
    began = time.process_time()
    said = growing.read(growing.fresh(), ids[:-1])
    _row("n-gram that counts on", surprise(said, ids[1:].astype(int)), half, began)
    networks: list[NextChar] = [Remembered(one.model) for one in found]
    for models in ([], networks) if networks else ([],):
        name = f"{len(models)} network(s) and counting" if models else "counting alone"
        began = time.process_time()
        model = Adaptive(models, training, tokenizer)
        print(f"({time.process_time() - began:.1f} s of a core to read the training text)")
        began = time.process_time()
        _row(name, model.surprisal(ids), half, began)
        _streams(model, ids)
        for blind in _left_out() if config.parts else ():
            other = type("", (Without,), {"blind": blind})(models, training, tokenizer)
            names = NAMES[blind[0]] + (f" to {NAMES[blind[-1]]}" if blind[1:] else "")
            _row(f"- without {names}", other.surprisal(ids), half, time.process_time())


def _left_out() -> list[tuple[int, ...]]:
    words = tuple(range(KINDS - 3, KINDS))
    return [*((kind,) for kind in range(KINDS)), words]


def _streams(model: Adaptive, ids: np.ndarray) -> None:
    """Microseconds of a core for a character of many streams, other members' included."""
    columns = ids[: len(ids) // STREAMS * STREAMS].reshape(STREAMS, -1)[:, :STEPS]
    state, _ = model.start(columns[:, :1])
    model.step(state, columns[:, 1])  # compiles, the first time
    began = time.process_time()
    for column in columns.T[2:]:
        model.step(state, column)
    spent = (time.process_time() - began) / (columns.size - 2 * STREAMS)
    print(f"({1e6 * spent:.0f} us of a core for a character of {STREAMS} streams)")


def _row(name: str, nats: np.ndarray, half: int, began: float) -> None:
    parts = nats[:half].mean(), nats[half:].mean(), nats.mean()
    print(
        f"{name:<29} {parts[0]:13.4f} {parts[1]:13.4f} {parts[2]:13.4f} "
        f"{time.process_time() - began:8.1f}",
        flush=True,
    )


if __name__ == "__main__":
    command.run(main, Config, prog="tests.benchmarks.bench_adaptive")
