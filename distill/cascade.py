"""A cascade: the cheap model answers, and asks a dearer one where it is unsure.

Idea:   most characters are easy. Let each be predicted by the cheapest model that is sure enough,
        and pay for a large one only where it matters. Cost is measured in ms a character, and
        includes what an honest cascade must pay: the larger model has not read along, so it reads
        the context again each time it is asked.
Source: Chen et al. 2023, arXiv:2305.05176 (FrugalGPT); Viola & Jones 2001 for the idea.
Run:    python -m distill.cascade --models ngram,RUN
Omits:  keeping the larger model's state alive between questions, which would cost a step of it for
        every character, and more than two models deep a learned rule for each pair.

Legend: S streams side by side, T places, N = S * T, V vocabulary.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from distill.teachers import same_alphabet
from labkit import command
from minigpt import corpora
from minigpt.models import load_predictor
from minigpt.nextchar import NextChar

PROG = "distill.cascade"
Rule = Literal["entropy", "margin", "learned", "random"]


def unsureness(logprobs: np.ndarray, rule: Rule, weights: np.ndarray | None = None) -> np.ndarray:
    """How unsure each of [N, V] predictions is, from 0 (sure) to 1; [N].

    entropy over its largest value; margin: 1 - (first - second probability); learned: a logistic
    curve on both, `weights` [3] from `learn`.
    """
    p = np.exp(logprobs.astype(np.float64))
    entropy = -(p * np.where(p > 0, logprobs, 0)).sum(-1) / math.log(p.shape[-1])
    if rule == "entropy":
        return entropy.clip(0, 1)
    second, first = np.partition(p, -2, axis=-1)[..., -2:].T
    margin = (1 - (first - second)).T.clip(0, 1)
    if rule == "margin":
        return margin
    if weights is None:
        raise ValueError("the learned rule needs weights; learn them on validation text")
    features = np.stack((np.ones_like(entropy), entropy, margin), axis=-1)
    return 1 / (1 + np.exp(-(features @ weights)))


def learn(small: np.ndarray, gain: np.ndarray, steps: int = 50) -> np.ndarray:
    """Weights [3] of a logistic curve: does the larger model gain more than usual here?

    `small` are the cheap model's log-probabilities [N, V], `gain` [N] what the larger one saves in
    nats. Newton's method with a small ridge.
    """
    x = np.stack(
        (np.ones(len(small)), unsureness(small, "entropy"), unsureness(small, "margin")), axis=-1
    )
    y, w = (gain > gain.mean()).astype(float), np.zeros(3)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x @ w)))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(3)
        w += np.linalg.solve(curvature, x.T @ (y - p) - 1e-3 * w)
    return w


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run of a cascade over a text."""

    nats: float
    """Mean loss, nats/char."""
    ms_per_char: float
    """Wall time over characters, all streams together, reading again included."""
    asked: list[float]
    """Share of the characters that each model was asked about."""


def streams(ids: np.ndarray, count: int, length: int) -> np.ndarray:
    """`count` passages of `length` + 1 characters, evenly spread over a text [N]; [S, T + 1]."""
    if len(ids) <= length + 1:
        raise ValueError(f"{len(ids)} characters; a stream needs more than {length + 1}")
    at = np.linspace(0, len(ids) - length - 1, count).astype(int)
    return ids[at[:, None] + np.arange(length + 1)].astype(np.int64)


def run(
    models: Sequence[NextChar],
    thresholds: Sequence[float],
    texts: np.ndarray,
    *,
    rule: Rule = "entropy",
    weights: np.ndarray | None = None,
    first: int = 8,
    reread: int = 48,
    rng: np.random.Generator | None = None,
) -> Ran:
    """Predict `texts` [S, T + 1] character by character, from place `first` on, with a cascade.

    models[i] is asked where models[i - 1] is at least thresholds[i - 1] unsure. Threshold 0 asks
    always, one above 1 never; so does exactly 1, except for a model that knows nothing at all. The
    first model reads along; the others read the last `reread` characters anew when asked, all
    streams that ask in one batch. `random` asks by lot with probability 1 - threshold.
    """
    check(models, thresholds)
    ids, targets = texts[:, :-1], texts[:, 1:]
    nats, asked = np.zeros((len(ids), ids.shape[1] - first + 1)), np.zeros(len(models))
    rng = rng or np.random.default_rng(0)
    began = time.perf_counter()
    state, said = models[0].start(ids[:, :first])
    for t in range(first, ids.shape[1] + 1):
        if t > first:
            said = models[0].step(state, ids[:, t - 1])
        answer, open_ = said, np.arange(len(ids))
        asked[0] += len(ids)
        for i, model in enumerate(models[1:]):
            if rule == "random":
                doubt = rng.random(len(open_))
                unsure = doubt >= thresholds[i] if thresholds[i] else doubt >= 0
            else:
                doubt = unsureness(answer[open_], rule, weights)
                unsure = (doubt >= thresholds[i]) & (thresholds[i] < 1)
            open_ = open_[unsure]
            if not len(open_):
                break
            view = min(t, reread, model.context or t)
            answer = answer.copy() if i == 0 else answer
            answer[open_] = model.logprobs(ids[open_, t - view : t])[:, -1]
            asked[i + 1] += len(open_)
        nats[:, t - first] = -np.take_along_axis(answer, targets[:, t - 1, None], -1)[:, 0]
    seconds = time.perf_counter() - began
    return Ran(
        nats=float(nats.mean()),
        ms_per_char=1000 * seconds / nats.size,
        asked=(asked / nats.size).tolist(),
    )


def check(models: Sequence[NextChar], thresholds: Sequence[float]) -> None:
    """ValueError where models and thresholds do not make a cascade."""
    if len(models) < 1 or len(thresholds) != len(models) - 1:
        raise ValueError(
            f"a cascade of {len(models)} models needs {max(0, len(models) - 1)} thresholds, "
            f"got {len(thresholds)}"
        )
    if not all(0 <= threshold <= 1 for threshold in thresholds):
        raise ValueError(f"thresholds run from 0 (always ask) to 1 (never), got {thresholds}")
    for model in models[1:]:
        same_alphabet(model.tokenizer, models[0].tokenizer)


def calibrate(doubt: np.ndarray, share: float) -> float:
    """The threshold at which about this share of validation places [N] is passed on.

    A hair below the quantile, so that places that are exactly as unsure are passed on with it.

    >>> round(calibrate(np.linspace(0, 1, 101), 0.25), 3)
    0.75
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is a share from 0 to 1, got {share}")
    if share in (0, 1):
        return 1.0 - share
    return max(0.0, float(np.quantile(doubt, 1 - share)) - 1e-6)


def hull(points: Sequence[tuple[float, float]]) -> list[int]:
    """Which (cost, loss) points no mixture of others beats, cheapest first (lower hull).

    >>> hull([(1, 3), (2, 2.9), (3, 1), (4, 2)])
    [0, 2]
    """
    order = sorted(range(len(points)), key=lambda i: points[i])
    kept: list[int] = []
    for i in order:
        x, y = points[i]
        if kept and y >= points[kept[-1]][1]:
            continue
        while len(kept) >= 2:
            (a, b), (c, d) = points[kept[-2]], points[kept[-1]]
            if (d - b) * (x - a) < (y - b) * (c - a):
                break
            kept.pop()
        kept.append(i)
    return kept


def cheapest_within(points: Sequence[tuple[float, float]], share: float) -> int:
    """The cheapest (cost, loss) whose loss is within `share` of the best.

    >>> cheapest_within([(1, 2.0), (2, 1.01), (5, 1.0)], 0.02)
    1
    """
    best = min(loss for _, loss in points)
    fits = [i for i, (_, loss) in enumerate(points) if loss <= best * (1 + share)]
    return min(fits, key=lambda i: points[i][0])


@dataclass(frozen=True, kw_only=True)
class Point:
    """A model or a cascade, measured."""

    name: str
    nats: float
    ms_per_char: float
    asked: list[float]
    on_hull: bool = False


def ladder(
    models: Sequence[tuple[str, NextChar]],
    choose: np.ndarray,
    judge: np.ndarray,
    *,
    shares: Sequence[float] = (0.1, 0.25, 0.5),
    rules: Sequence[Rule] = ("entropy", "margin", "learned"),
    count: int = 32,
    length: int = 64,
    seed: int = 0,
) -> list[Point]:
    """Every model alone, and cascades of neighbours, calibrated on `choose`, measured on `judge`.

    Beside each share stands random escalation at the same share, the control.
    """
    tuning, texts = streams(choose, count, length), streams(judge, count, length)
    found = []
    for name, model in models:
        ran = run([model], [], texts)
        found.append(Point(name=name, nats=ran.nats, ms_per_char=ran.ms_per_char, asked=ran.asked))
    for (small_name, small), (large_name, large) in pairwise(models):
        said, better = (m.logprobs(tuning[:, :48])[:, 8:] for m in (small, large))
        said, better = said.reshape(-1, said.shape[-1]), better.reshape(-1, said.shape[-1])
        places = np.arange(len(said)), tuning[:, 9:49].reshape(-1)
        weights = learn(said, better[places] - said[places])
        for share in shares:
            for rule in (*rules, "random"):
                threshold = (
                    1 - share
                    if rule == "random"
                    else calibrate(unsureness(said, rule, weights), share)
                )
                ran = run(
                    [small, large],
                    [threshold],
                    texts,
                    rule=rule,
                    weights=weights,
                    rng=np.random.default_rng(seed),
                )
                found.append(
                    Point(
                        name=f"{small_name} -> {large_name}, {rule} {share:.0%}",
                        nats=ran.nats,
                        ms_per_char=ran.ms_per_char,
                        asked=ran.asked,
                    )
                )
    best = set(hull([(p.ms_per_char, p.nats) for p in found]))
    return [Point(**{**asdict(p), "on_hull": i in best}) for i, p in enumerate(found)]


@dataclass(frozen=True, kw_only=True)
class Command:
    """Measure models and cascades of them: loss against ms a character."""

    models: str
    """From cheap to dear, with commas: ngram, or runs' folders."""
    data: str = "shakespeare"
    """The text; its held-out halves calibrate and measure."""
    within: float = 0.02
    """Name the cheapest within this share of the best loss."""
    streams: int = 32
    """Predicted side by side."""
    json: bool = False
    """One line of JSON."""

    def __post_init__(self) -> None:
        if not 0 <= self.within <= 1 or self.streams < 1:
            raise ValueError(f"within is a share and streams at least 1, got {self}")


def main(asked: Command) -> None:
    """The command."""
    names = [name for name in asked.models.split(",") if name]
    if not names:
        raise ValueError("--models names at least one: ngram, or a run's folder")
    corpus = corpora.load(asked.data)
    models: list[tuple[str, NextChar]] = []
    for name in names:
        kind: dict[str, Any] = {"kind": "ngram", "data": asked.data} if name == "ngram" else {}
        models.append((name, load_predictor(None if kind else name, **kind).model))
    encode = models[0][1].tokenizer.encode
    for _, model in models[1:]:
        same_alphabet(model.tokenizer, models[0][1].tokenizer)
    found = ladder(models, encode(corpus.choose), encode(corpus.judge), count=asked.streams)
    best = cheapest_within([(p.ms_per_char, p.nats) for p in found], asked.within)
    if asked.json:
        print(json.dumps({"points": [asdict(p) for p in found], "cheapest": found[best].name}))
        return
    width = max(len(p.name) for p in found)
    for p in found:
        print(
            f"{p.name:<{width}}  {p.nats:.4f} nats/char  {p.ms_per_char:8.4f} ms/char  "
            f"dearest asked {p.asked[-1]:.0%}{'  on the hull' if p.on_hull else ''}"
        )
    print(f"the cheapest within {asked.within:.0%} of the best: {found[best].name}")


if __name__ == "__main__":
    command.run(main, Command, prog=PROG)
