"""Distilled against not distilled: the comparison that decides.

Idea:   the same student is trained several ways, on the same seeds: on labels alone at equal steps,
        at equal compute (the teacher's forward passes are not free) and in equal seconds; taught by
        the teacher; taught by an n-gram counted on the student's own text; and that n-gram is
        scored itself. Two gaps are closed or not: from the student's own labels-only loss to the
        teacher's, and from the best use of the same labels, counting included.
        `distill.comparison.arms` trains each. Choices are made on one half of the held-out text,
        all figures are of the other.
Source: asked for in torchdistill #478; arms after MobileLLM (arXiv:2402.14905), which found none.
Run:    python -m distill.compare --teacher RUN --student quick --data-fraction 0.05 --seeds 3
Omits:  a way to print a distilled student without its baselines; the cost of training the teacher:
        every statement is about a student that is given one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from distill.cache import Cache
from distill.comparison import costs
from distill.comparison.arms import Arms, Setting, Sweep, Trained, best_choose
from distill.comparison.metrics import Gap, Quality, gap_closed, quality
from distill.teachers import Teacher, ask, join, side_by_side, unchanged
from minigpt import device
from minigpt.evaluate import score
from minigpt.nextchar import NextChar
from minigpt.saved.runs import Run

TOKENS, COMPUTE = "labels, equal steps", "labels, equal compute"
SECONDS = "labels, equal seconds"
TAUGHT, COUNTED, NGRAM = "distilled from the teacher", "distilled from the n-gram", "n-gram itself"
VERSION = 2
"""Version of the JSON; 2 has distances in nats (`kl_real`, `kl_own`) for the ratio `exposure`.
"""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way of training the student, over seeds."""

    name: str
    losses: list[float]
    """Loss of each seed on the judging half, nats/char."""
    chosen: list[float]
    """Loss of each seed on the choosing half at the best checkpoint, nats/char."""
    steps: int
    """Optimiser steps; for labels alone, the length that was best on the first seed."""
    rate: float
    """Multiple of the preset's learning rates; chosen on the first seed."""
    seconds: float
    """Seconds of training, mean over seeds."""
    flops: float
    """Floating-point operations of training one seed, the teacher's forward passes included."""
    qualities: list[Quality]
    """Quality of each seed; a single one for the n-gram itself, which has no seeds."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All arms, and the gaps between them."""

    arms: list[Arm]
    seeds: list[int]
    teacher_loss: float
    """The teacher's loss on the judging half, nats/char."""
    gap: Gap
    """Gap closed by the teacher's student, from its own labels: the best labels-only arm."""
    gap_best: Gap
    """The same from the best use of the same labels, counting included."""
    gap_ngram: Gap
    """Gap to the teacher closed by the n-gram's student, from its own labels."""
    baseline: str
    """The labels-only arm that was best on the choosing half."""
    best: str
    """The arm that made most of the labels, on the choosing half; it may be the n-gram."""
    step_seconds: dict[str, float]
    """Seconds per step of "labels" and "taught", measured here; empty unless timed."""
    seconds: float
    """Seconds of everything: sweep, training, measuring."""

    def arm(self, name: str) -> Arm:
        """The arm of this name."""
        return next(arm for arm in self.arms if arm.name == name)

    def record(self) -> dict[str, Any]:
        """The comparison as JSON; null for what is not a number."""
        return _plain(
            {
                "version": VERSION,
                "arms": [asdict(arm) | {"quality": _mean(arm.qualities)} for arm in self.arms],
                "seeds": self.seeds,
                "teacher_loss": self.teacher_loss,
                "labels_arm": self.baseline,
                "best_labels_arm": self.best,
                "gap_closed": _gap(self.gap),
                "gap_closed_best_labels": _gap(self.gap_best),
                "gap_closed_ngram": _gap(self.gap_ngram),
                "verdict": self.gap.verdict,
                "step_seconds": self.step_seconds,
                "seconds": self.seconds,
            }
        )


def compare(
    what: Setting,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    sweep: Sweep | None = None,
    cache: Cache | None = None,
    run: Run | None = None,
    timed: bool = False,
    say: Callable[[str], None] = lambda _: None,
    bar: bool = False,
) -> Comparison:
    """Train every arm on every seed. `run` keeps the first seed of the distilled student.

    `timed` adds labels in equal seconds: as many steps as fit into the time that the taught student
    took in this run, on this machine. Another machine gives another number.
    """
    began, tokenizer = time.monotonic(), what.teacher.tokenizer
    train = Arms(what, seeds, sweep or Sweep(), say, bar=bar)
    longer = costs.equal_compute_steps(
        what.student,
        what.teacher,
        len(tokenizer),
        on_policy=what.config.on_policy,
        windows=cache.manifest["windows"] if cache else None,
    )
    trained = {
        TOKENS: train.labels(TOKENS, what.student.steps),
        COMPUTE: train.labels(COMPUTE, longer),
        TAUGHT: train.taught(TAUGHT, what.teacher, cache, run),
        COUNTED: train.taught(COUNTED, what.counted),
    }
    step_seconds: dict[str, float] = {}
    if timed:
        step_seconds = {
            "labels": seconds_a_step(trained[TOKENS], trained[COMPUTE]),
            "taught": seconds_a_step(trained[TAUGHT]),
        }
        if cache is not None:
            step_seconds["taught"] += seconds_asked(what, cache) / what.student.steps
        steps = equal_seconds_steps(what.student.steps, **step_seconds)
        trained[SECONDS] = train.labels(SECONDS, steps)
    judge, choose = tokenizer.encode(what.corpus.judge), tokenizer.encode(what.corpus.choose)
    told = side_by_side(Teacher(what.teacher), judge)
    names = [name for name in (TOKENS, COMPUTE, SECONDS, TAUGHT, COUNTED) if name in trained]
    arms = {name: _arm(name, trained[name], what.teacher, judge, told) for name in names}
    arms[NGRAM] = Arm(
        name=NGRAM,
        losses=[score(what.counted, judge).nats] * len(seeds),
        chosen=[score(what.counted, choose).nats] * len(seeds),
        steps=0,
        rate=1.0,
        seconds=0.0,
        flops=0.0,
        qualities=[quality(what.counted, what.teacher, judge, told=told)],
    )
    labels = _best(arms[name] for name in names if name not in (TAUGHT, COUNTED))
    best = _best(arm for name, arm in arms.items() if name != TAUGHT)
    teacher_loss = score(Teacher(what.teacher), judge).nats
    taught = arms[TAUGHT].losses
    return Comparison(
        arms=list(arms.values()),
        seeds=list(seeds),
        teacher_loss=teacher_loss,
        gap=gap_closed(labels.losses, taught, teacher_loss),
        gap_best=gap_closed(best.losses, taught, teacher_loss),
        gap_ngram=gap_closed(labels.losses, arms[COUNTED].losses, teacher_loss),
        baseline=labels.name,
        best=best.name,
        step_seconds=step_seconds,
        seconds=time.monotonic() - began,
    )


def seconds_a_step(*trained: Trained) -> float:
    """Seconds per training step, median over all seeds of these arms."""
    each = [result.train_seconds / result.steps for arm in trained for result in arm.results]
    return float(np.median(each))


def seconds_asked(what: Setting, cache: Cache) -> float:
    """Estimated seconds of asking the teacher for a cache: one batch of its windows is timed."""
    context, windows = cache.config.context, cache.manifest["windows"]
    starts = np.arange(min(64, windows)) * cache.config.step
    ids = what.ids[starts[:, None] + np.arange(context)].astype(np.int64)
    runtime = device.choose(what.student.device, what.student.precision, what.student.thread_count)
    with unchanged(what.teacher):
        join(what.teacher, torch.device(runtime.device), runtime.precision)
        teacher = what.config.teacher_view.through(Teacher(what.teacher))
        ask(teacher, ids, starts)  # warm up: the first call is slower
        began = time.perf_counter()
        ask(teacher, ids, starts)
        return (time.perf_counter() - began) * windows / len(starts)


def equal_seconds_steps(steps: int, *, labels: float, taught: float) -> int:
    """Steps on labels, of `labels` seconds each, in the time of `steps` of `taught` seconds each;
    never fewer than `steps`, since a teacher's share of the time is below 0 only by chance.

    >>> equal_seconds_steps(480, labels=0.044, taught=0.077)
    840
    """
    return max(steps, round(steps * taught / labels))


def _best(arms: Iterable[Arm]) -> Arm:
    return min(arms, key=lambda arm: float(np.mean(arm.chosen)))


def _arm(
    name: str, trained: Trained, teacher: NextChar, judge: np.ndarray, told: np.ndarray
) -> Arm:
    return Arm(
        name=name,
        losses=trained.losses,
        chosen=[best_choose(r) for r in trained.results],
        steps=trained.steps,
        rate=trained.rate,
        seconds=float(np.mean([r.train_seconds for r in trained.results])),
        flops=trained.flops,
        qualities=[
            quality(r.model, teacher, judge, told=told, seed=i)
            for i, r in enumerate(trained.results)
        ],
    )


def _mean(qualities: Sequence[Quality]) -> dict[str, float]:
    each = [asdict(one) for one in qualities]
    return {name: float(np.mean([one[name] for one in each])) for name in each[0]}


def _gap(gap: Gap) -> dict[str, Any]:
    closed = gap.closed
    return {
        "value": closed.value if closed else None,
        "low": closed.low if closed else None,
        "high": closed.high if closed else None,
        "verdict": gap.verdict,
        "gained_nats": asdict(gap.gained),
        "reason": "" if closed else "the teacher is no better than labels alone",
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
