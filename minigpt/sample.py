"""Write text: get the next character's probabilities, draw one, repeat.

Idea:   temperature T divides the logits before the softmax: below 1 likely characters become
        likelier, at 0 only the likeliest is left. Top-k keeps the k likeliest characters, top-p
        the fewest that hold a share p of the probability (Holtzman et al. 2019, arXiv:1904.09751).
Run:    python -m minigpt.sample [RUN] --prompt "ROMEO:"
Omits:  beam search and repetition penalties.

Hundreds of streams are written side by side: one step of the model serves them all.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("minigpt.sample")

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from labkit import command
from minigpt.nextchar import NextChar, first_ids

MOST = 10_000
"""The most texts that the command writes at once; they take about a megabyte each."""
MANY = 64
"""Texts from which on several threads, and bfloat16 if the processor has it, are faster.
"""


def shape(
    logprobs: np.ndarray, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> np.ndarray:
    """Log-probabilities [B, V] -> probabilities [B, V] to draw from, float64, rows sum to one.

    `top_k` 0 keeps all. ValueError for a negative temperature or top_k, top_p outside (0, 1], or
    predictions that are not finite.
    """
    check(temperature, top_k, top_p)
    logits = logprobs.astype(np.float64)
    if not np.isfinite(logits.max(1)).all():
        raise ValueError(
            "the model predicts no probabilities (nan or inf): its weights are too large; use an "
            "earlier one, or train it again"
        )
    if temperature == 0:
        return np.eye(logits.shape[1])[logits.argmax(1)]
    with np.errstate(over="ignore"):  # at most 0, so it can only become minus infinity
        logits = (logits - logits.max(1, keepdims=True)) / temperature
    if 0 < top_k < logits.shape[1]:
        others = np.argsort(-logits, axis=1, kind="stable")[:, top_k:]  # ties: the first ids stay
        np.put_along_axis(logits, others, -np.inf, 1)
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    if top_p < 1:
        order = np.argsort(-p, axis=1, kind="stable")
        falling = np.take_along_axis(p, order, 1)
        enough = falling.cumsum(1) - falling >= top_p  # the ones before it already hold top_p
        np.put_along_axis(p, order, np.where(enough, 0, falling), 1)
        p /= p.sum(1, keepdims=True)
    return p


def draw(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One id for each row of probabilities [B, V]; [B]."""
    ladder = p.cumsum(1)
    return (ladder < rng.random((len(p), 1)) * ladder[:, -1:]).sum(1)


def stream(
    model: NextChar,
    prompts: np.ndarray,
    *,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> Iterator[np.ndarray]:
    """Go on from prompts [B, T] without end: one new id for each stream at a time, [B]."""
    state, logprobs = model.start(prompts)
    while True:
        ids = draw(shape(logprobs, temperature=temperature, top_k=top_k, top_p=top_p), rng)
        yield ids
        logprobs = model.step(state, ids)


def generate(
    model: NextChar,
    prompt: str = "",
    *,
    n: int = 1,
    length: int = 500,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> list[str]:
    """`n` texts of `length` characters that continue `prompt` (a newline if it is empty).

    All are written side by side. ValueError if the prompt has a character unknown to the model, or
    a setting makes no sense.
    """
    check(temperature, top_k, top_p)
    if n < 1 or length < 0:
        raise ValueError(f"n must be at least 1 and length at least 0, got {n} and {length}")
    prompts = _prompts(model, prompt, n)
    if length == 0:
        return [""] * n
    columns = []
    for ids in stream(model, prompts, rng=rng, temperature=temperature, top_k=top_k, top_p=top_p):
        columns.append(ids)
        if len(columns) == length:
            return [model.tokenizer.decode(row) for row in np.stack(columns, axis=1)]
    raise AssertionError("a stream never ends")


def check(temperature: float, top_k: int, top_p: float) -> None:
    """ValueError if a sampling setting makes no sense."""
    if not (temperature >= 0 and math.isfinite(temperature)):
        raise ValueError(f"temperature must be a finite number of at least 0, got {temperature}")
    if top_k < 0:
        raise ValueError(f"top_k must be at least 0 (0 keeps all), got {top_k}")
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, got {top_p}")


def _prompts(model: NextChar, prompt: str, n: int) -> np.ndarray:
    if not prompt:
        return first_ids(model.tokenizer, n)
    return np.tile(model.tokenizer.encode(prompt).astype(np.int64), (n, 1))


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
    prompts = _prompts(model, settings.prompt, 1)
    sys.stdout.write(settings.prompt)
    for _, ids in zip(range(settings.length), stream(model, prompts, rng=rng, **shaping)):
        sys.stdout.write(model.tokenizer.decode(ids))
        sys.stdout.flush()
    sys.stdout.write("\n")


if __name__ == "__main__":
    command.run(main, Settings, prog="minigpt.sample")
