"""Write text with a trained model, with the n-gram of its text, or with both together.

Run:    python -m minigpt.sample [RUN] --prompt "ROMEO:"
Idea:   streams.py draws the characters; here are the command line and what is printed.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("minigpt.sample")

import json
import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from labkit import command
from minigpt.sample.streams import check, generate, prompts_of, stream

MOST = 10_000
"""The most texts that the command writes at once; they take about a megabyte each."""
MANY = 64
"""Texts from which on several threads, and bfloat16 if the processor has it, are faster.
"""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Write text with a trained model, character by character."""

    run: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[RUN]")] = None
    """A run's folder or model file; by default the latest run."""
    model: Literal["auto", "gpt", "ngram", "mixture"] = "auto"
    """A trained run (gpt); an n-gram of --data, counted now; or a run and the n-gram of its text
    together (mixture; also auto, if that text is there)."""
    prompt: str = ""
    """Beginning of the text."""
    n: int = 1
    """Number of texts; several are written at once, with a line between them."""
    length: int = 500
    """Characters to write in each."""
    temperature: float = 0.8
    """0 always takes the likeliest character; 1 draws as the model predicts."""
    top_k: int = 0
    """Draw among the k likeliest characters; 0 for all."""
    top_p: float = 1.0
    """Draw among the fewest likeliest characters that hold this share of the probability."""
    seed: int = 0
    """Seed of the random draws: the same seed writes the same text."""
    data: str = "shakespeare"
    """The text that the n-gram counts: a corpus or a path."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic: float32, or whatever is faster here for 64 texts and more."""
    threads: int | Literal["auto"] = "auto"
    """Processor threads: one, or whatever is faster here for 64 texts and more."""
    json: bool = False
    """Print one line of JSON: prompt, texts, settings and model."""

    def __post_init__(self) -> None:
        check(self.temperature, self.top_k, self.top_p)
        for name, least in (("n", 1), ("length", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if self.n > MOST:
            raise ValueError(f"n must be at most {MOST:,}, got {self.n}: texts share the memory")
        if self.threads != "auto":
            from minigpt.device import check_threads  # imports torch, which may not be needed

            check_threads(self.threads)


def _runtime(settings: Settings) -> tuple[Literal["fp32", "bf16"], int]:
    """Precision and threads: as asked, or as suits the number of texts."""
    if settings.model != "ngram" and settings.n >= MANY:
        from minigpt.device import choose

        threads = None if settings.threads == "auto" else settings.threads
        runtime = choose("cpu", settings.precision, threads)
        return runtime.precision, runtime.threads
    precision: Literal["fp32", "bf16"] = "bf16" if settings.precision == "bf16" else "fp32"
    return precision, 1 if settings.threads == "auto" else settings.threads


def main(settings: Settings) -> None:
    """Write the texts: one as it comes, several (or JSON) when they are complete."""
    from minigpt.load import load_predictor

    precision, threads = _runtime(settings)
    found = load_predictor(
        settings.run, kind=settings.model, data=settings.data, precision=precision, threads=threads
    )
    found.announce()
    model = found.model
    rng = np.random.default_rng(settings.seed)
    shaping: dict[str, Any] = {
        "temperature": settings.temperature,
        "top_k": settings.top_k,
        "top_p": settings.top_p,
    }
    if settings.json or settings.n > 1:
        texts = generate(
            model, settings.prompt, n=settings.n, length=settings.length, rng=rng, **shaping
        )
        if settings.json:
            record = {
                "model": found.name,
                "seed": settings.seed,
                "precision": model.precision,
                "threads": model.threads,
                "prompt": settings.prompt,
                **shaping,
            }
            print(json.dumps({**record, "texts": texts}, ensure_ascii=False))
            return
        for i, text in enumerate(texts, 1):
            print(f"--- {i} of {settings.n}\n{settings.prompt}{text}")
        return
    prompts = prompts_of(model, settings.prompt, 1)
    sys.stdout.write(settings.prompt)
    for _, ids in zip(range(settings.length), stream(model, prompts, rng=rng, **shaping)):
        sys.stdout.write(model.tokenizer.decode(ids))
        sys.stdout.flush()
    sys.stdout.write("\n")


if __name__ == "__main__":
    command.run(main, Settings, prog="minigpt.sample")
