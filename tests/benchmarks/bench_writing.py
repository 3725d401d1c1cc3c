"""What a run writes alone and mixed with counting: shares of real words and of copied passages.

Run:    python -m tests.benchmarks.bench_writing RUN

For each temperature, model and seed 20 texts of 1,000 characters are written side by side. A word
is real if it occurs in the run's text, held-out part included; words cut off at a text's ends do
not count. Copied are the pieces of 20 characters that the training part has word for word, as
`evaluate.copied` counts them. The first row is the held-out text itself, whose real words are those
of the training part. Medians of the seeds, with their range. Prints, and asserts nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median

import numpy as np
from tyro.conf import Positional

from labkit import command
from minigpt.load import load_predictor
from minigpt.nextchar import NextChar
from minigpt.sample import generate

TEXTS = 20
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Measure what a run writes."""

    run: Positional[str]
    """Folder of a run."""
    temperatures: tuple[float, ...] = (0.7, 0.8, 0.9, 1.0)
    """Temperatures to write at."""
    seeds: int = 3
    """How many times 20,000 characters are written at each."""
    length: int = 1000
    """Characters of each of 20 texts."""


def words(texts: list[str]) -> list[str]:
    """All words but the first and last of each text, in lower case."""
    return [word.lower() for text in texts for word in WORD.findall(text)[1:-1]]


def pieces(text: str) -> list[str]:
    """All stretches of 20 characters."""
    return [text[i : i + 20] for i in range(len(text) - 19)]


def shares(texts: list[str], known: set[str], training: set[str]) -> tuple[float, float]:
    """Share of the words that are real, and of the 20-grams that are copied."""
    said, cut = words(texts), [piece for text in texts for piece in pieces(text)]
    return (
        sum(word in known for word in said) / max(1, len(said)),
        sum(piece in training for piece in cut) / max(1, len(cut)),
    )


def main(config: Config) -> None:
    """Print a row for the held-out text, and one for each temperature and model."""
    found = load_predictor(config.run, kind="mixture", threads=1)
    corpus = found.learned()
    known = set(words([corpus.text]))
    training = set(pieces(corpus.train))
    real, copies = shares([corpus.held_out], set(words([corpus.train])), training)
    print(f"{found.members[0].name}: medians of {config.seeds} seeds (range)")
    print("temperature  model    real words              copied 20-grams")
    print(f"{'':<12} {'held out':<8} {real:<23.1%} {copies:.1%}")
    models: list[tuple[str, NextChar]] = [
        ("gpt", found.members[0].model),
        ("mixture", found.model),
    ]
    for temperature in config.temperatures:
        for name, model in models:
            each = [
                shares(
                    generate(
                        model,
                        n=TEXTS,
                        length=config.length,
                        temperature=temperature,
                        rng=np.random.default_rng(seed),
                    ),
                    known,
                    training,
                )
                for seed in range(config.seeds)
            ]
            cells = [
                f"{median(column):.1%} ({min(column):.1%} to {max(column):.1%})"
                for column in zip(*each)
            ]
            print(f"{temperature:<12} {name:<8} {cells[0]:<23} {cells[1]}", flush=True)


if __name__ == "__main__":
    command.run(main, Config, prog="tests.benchmarks.bench_writing")
