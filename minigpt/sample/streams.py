"""Write text: get the next character's probabilities, draw one, repeat.

Idea:   temperature T divides the logits before the softmax: below 1 likely characters become
        likelier, at 0 only the likeliest is left. Top-k keeps the k likeliest characters, top-p
        the fewest that hold a share p of the probability (Holtzman et al. 2019, arXiv:1904.09751).
Run:    python -m minigpt.sample
Omits:  beam search and repetition penalties.

Hundreds of streams are written side by side: one step of the model serves them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from minigpt.nextchar import NextChar, first_ids


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
    prompts = prompts_of(model, prompt, n)
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


def prompts_of(model: NextChar, prompt: str, n: int) -> np.ndarray:
    """Ids [n, T] of the prompt, n times; of an empty one `first_ids`."""
    if not prompt:
        return first_ids(model.tokenizer, n)
    return np.tile(model.tokenizer.encode(prompt).astype(np.int64), (n, 1))
