"""Distilled against not distilled: the comparison that decides.

Idea:   the same student, five ways, on the same seeds: on labels alone at equal steps, on labels
        alone at equal compute (the teacher's forward passes are not free), taught by the teacher,
        taught by an n-gram counted on the student's own text; and that n-gram itself. How each is
        trained, `distill.arms` says. Choices are made on one half of the held-out text, all
        figures are of the other.
Source: asked for in torchdistill #478; arms after MobileLLM (arXiv:2402.14905), which found none.
Run:    python -m distill.compare --teacher RUN --student quick --data-fraction 0.05 --seeds 3
Omits:  a way to print a distilled student without its baselines.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("distill.compare")

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from distill import costs
from distill.arms import Arms, Setting, Sweep, Trained, best_choose, prepare
from distill.cache import Cache
from distill.evaluate import Gap, Quality, gap_closed, quality
from distill.settings import Question
from distill.teachers import Teacher
from labkit import command
from minigpt.evaluate import score
from minigpt.nextchar import NextChar
from minigpt.runs import Run

PROG = "distill.compare"
TOKENS, COMPUTE = "labels, equal steps", "labels, equal compute"
TAUGHT, COUNTED, NGRAM = "distilled from the teacher", "distilled from the n-gram", "n-gram itself"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way of training the student, over seeds."""

    name: str
    losses: list[float]
    """Of each seed on the judging half, nats/char."""
    chosen: list[float]
    """Of each seed on the choosing half, at the best checkpoint."""
    steps: int
    """Optimiser steps; of labels alone, the length that was best on the first seed."""
    rate: float
    """What the preset's learning rates were multiplied by; chosen on the first seed."""
    seconds: float
    """Of training, mean over seeds."""
    flops: float
    """Of training one seed, the teacher's forward passes included."""
    quality: Quality
    """Of the first seed."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All arms, and what follows."""

    arms: list[Arm]
    seeds: list[int]
    teacher_loss: float
    """On the judging half, nats/char."""
    gap: Gap
    """Of the student that the teacher taught, to the better labels-only arm."""
    gap_ngram: Gap
    """Of the student that the n-gram taught."""
    baseline: str
    """Which labels-only arm was the better, on the choosing half."""
    seconds: float
    """Of everything: sweep, training, measuring."""

    def arm(self, name: str) -> Arm:
        """One of them by its name."""
        return next(arm for arm in self.arms if arm.name == name)

    def record(self) -> dict[str, Any]:
        """As JSON has it; what is not a number is null."""
        return _plain(
            {
                "arms": [asdict(arm) for arm in self.arms],
                "seeds": self.seeds,
                "teacher_loss": self.teacher_loss,
                "labels_arm": self.baseline,
                "gap_closed": _gap(self.gap),
                "gap_closed_ngram": _gap(self.gap_ngram),
                "verdict": self.gap.verdict,
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
    say: Callable[[str], None] = lambda _: None,
    bar: bool = False,
) -> Comparison:
    """Train every arm on every seed. `run` keeps the first seed of the distilled student."""
    began, size = time.monotonic(), len(what.teacher.tokenizer)
    train = Arms(what, seeds, sweep or Sweep(), say, bar=bar)
    longer = costs.equal_compute_steps(
        what.student,
        what.teacher,
        size,
        on_policy=what.config.on_policy,
        windows=cache.manifest["windows"] if cache else None,
    )
    judge = what.teacher.tokenizer.encode(what.corpus.judge)
    arms = [
        _arm(name, trained, what.teacher, judge)
        for name, trained in (
            (TOKENS, train.labels(TOKENS, what.student.steps)),
            (COMPUTE, train.labels(COMPUTE, longer)),
            (TAUGHT, train.taught(TAUGHT, what.teacher, cache, run)),
            (COUNTED, train.taught(COUNTED, what.counted)),
        )
    ]
    teacher_loss = score(Teacher(what.teacher), judge).nats
    labels = min(arms[:2], key=lambda arm: float(np.mean(arm.chosen)))
    choose = what.teacher.tokenizer.encode(what.corpus.choose)
    arms.append(
        Arm(
            name=NGRAM,
            losses=[score(what.counted, judge).nats] * len(seeds),
            chosen=[score(what.counted, choose).nats] * len(seeds),
            steps=0,
            rate=1.0,
            seconds=0.0,
            flops=0.0,
            quality=quality(what.counted, what.teacher, judge),
        )
    )
    return Comparison(
        arms=arms,
        seeds=list(seeds),
        teacher_loss=teacher_loss,
        gap=gap_closed(labels.losses, arms[2].losses, teacher_loss),
        gap_ngram=gap_closed(labels.losses, arms[3].losses, teacher_loss),
        baseline=labels.name,
        seconds=time.monotonic() - began,
    )


def _arm(name: str, trained: Trained, teacher: NextChar, judge: np.ndarray) -> Arm:
    return Arm(
        name=name,
        losses=trained.losses,
        chosen=[best_choose(r) for r in trained.results],
        steps=trained.steps,
        rate=trained.rate,
        seconds=float(np.mean([r.train_seconds for r in trained.results])),
        flops=trained.flops,
        quality=quality(trained.results[0].model, teacher, judge),
    )


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


@dataclass(frozen=True, kw_only=True)
class Command(Question):
    """Train the same student with and without a teacher, and say whether distilling helps."""

    seeds: int = 3
    """How many; verdicts need three."""
    sweep: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Learning rates to try on the first seed, as multiples of the preset's."""
    json: bool = False
    """One last line of JSON: arms, gap_closed and verdict."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seeds < 1:
            raise ValueError(f"seeds must be at least 1, got {self.seeds}")
        Sweep(rates=self.sweep)


def main(asked: Command) -> None:
    """The command."""
    from distill import report

    found = compare(
        prepare(asked),
        seeds=range(asked.seeds),
        sweep=Sweep(rates=asked.sweep),
        say=lambda line: print(line, file=sys.stderr, flush=True),
        bar=True,
    )
    report.show(found, as_json=asked.json)


def entry(args: list[str] | None = None) -> None:
    """The command line; settings inside settings refuse when they are made, inside the guard."""
    command.guard(lambda: main(command.parse(Command, prog=PROG, args=args)), prog=PROG)


if __name__ == "__main__":
    entry()
