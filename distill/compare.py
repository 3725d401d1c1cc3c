"""Distilled against not distilled: the comparison that decides.

Idea:   the same student, five ways, on the same seeds: on labels alone at equal steps, on labels
        alone at equal compute (the teacher's forward passes are not free), taught by the teacher,
        taught by an n-gram counted on the student's own text; and that n-gram itself. Each way gets
        the same sweep of learning rates, on the first seed, and keeps its best checkpoint. All
        choices are made on one half of the held-out text, all figures are of the other.
Source: asked for in torchdistill #478; arms after MobileLLM (arXiv:2402.14905), which found none.
Run:    python -m distill.compare --teacher RUN --student quick --data-fraction 0.05 --seeds 3
Omits:  a way to print a distilled student without its baselines.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from distill import costs
from distill.cache import Cache
from distill.evaluate import Gap, Quality, gap_closed, quality
from distill.teachers import ModelTeacher, NGramTeacher, Teacher, same_alphabet
from distill.train import DistillConfig, check_memory, distill, portion
from labkit import command
from labkit.verdict import interval
from minigpt import corpora
from minigpt.corpora import Corpus
from minigpt.evaluate import score
from minigpt.loop import TrainResult
from minigpt.models import load_predictor
from minigpt.nextchar import NextChar
from minigpt.runs import Run
from minigpt.settings import PRESETS, TrainConfig
from minigpt.tokenizer import CharTokenizer

PROG = "distill.compare"
TOKENS, COMPUTE = "labels, equal steps", "labels, equal compute"
TAUGHT, COUNTED, NGRAM = "distilled from the teacher", "distilled from the n-gram", "n-gram itself"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is compared on what."""

    teacher: NextChar
    counted: NGramTeacher
    """An n-gram of the student's own text."""
    student: TrainConfig
    corpus: Corpus
    data: str
    """What the corpus is called on a command line."""
    config: DistillConfig

    @property
    def ids(self) -> np.ndarray:
        """The training text that the student gets."""
        return self.teacher.tokenizer.encode(portion(self.corpus, self.config.data_fraction).train)


def setting(
    teacher: NextChar, student: TrainConfig, corpus: Corpus, config: DistillConfig, data: str = ""
) -> Setting:
    """Check that these fit together, and count the n-gram."""
    tokenizer = CharTokenizer.from_text(corpus.text)
    same_alphabet(teacher.tokenizer, tokenizer)
    check_memory(student, len(tokenizer))
    part = portion(corpus, config.data_fraction)
    if len(part.train) <= student.model.context:
        raise ValueError(
            f"data_fraction {config.data_fraction} leaves {len(part.train):,} characters, fewer "
            f"than one window of {student.model.context} and its next; take more"
        )
    return Setting(
        teacher=teacher,
        counted=NGramTeacher.fit(part.train, tokenizer),
        student=student,
        corpus=corpus,
        data=data or corpus.name,
        config=config,
    )


def prepare(
    teacher: str,
    student: str,
    data: str | None,
    config: DistillConfig,
    *,
    steps: int | None = None,
) -> Setting:
    """From what a command line says to what is compared."""
    if teacher == "ngram":
        corpus = corpora.load(data or corpora.DEFAULT)
        part = portion(corpus, config.data_fraction)
        found: NextChar = NGramTeacher.fit(part.train, CharTokenizer.from_text(corpus.text))
        name = data or corpora.DEFAULT
    else:
        loaded = load_predictor(teacher)
        name = data or loaded.corpus
        corpus = corpora.load(name)
        found = ModelTeacher(loaded.model)  # type: ignore[arg-type]
    shape = PRESETS[student]  # type: ignore[index]
    if steps is not None:
        shape = replace(shape, steps=steps)
    return setting(found, shape, corpus, config, name)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way of training the student, over seeds."""

    name: str
    losses: list[float]
    """Of each seed on the judging half, nats/char."""
    chosen: list[float]
    """Of each seed on the choosing half, at the best checkpoint."""
    steps: int
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
    sweep: Sequence[float] = (0.5, 1.0, 2.0),
    cache: Cache | None = None,
    run: Run | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Train every arm on every seed. `run` keeps the first seed of the distilled student."""
    if not seeds:
        raise ValueError("a comparison needs at least one seed, got none")
    if not sweep or min(sweep) <= 0:
        raise ValueError(f"a sweep needs learning-rate factors above 0, got {list(sweep)}")
    began, size = time.monotonic(), len(what.teacher.tokenizer)
    judge = what.teacher.tokenizer.encode(what.corpus.judge)
    longer = costs.equal_compute_steps(what.student, what.teacher, size)
    plans: list[tuple[str, NextChar | None, int, Cache | None]] = [
        (TOKENS, None, what.student.steps, None),
        (COMPUTE, None, longer, None),
        (TAUGHT, what.teacher, what.student.steps, cache),
        (COUNTED, what.counted, what.student.steps, None),
    ]
    arms = []
    for name, teacher, steps, kept in plans:
        train = _Trainer(what, teacher, steps, kept)
        keep = run if name == TAUGHT and len(sweep) == 1 else None
        tried: dict[float, TrainResult] = {}
        for rate in sweep:
            say(f"{name}: seed {seeds[0]}, learning rates x {rate:g}")
            tried[rate] = train(rate, seeds[0], keep)
        rate = min(tried, key=lambda r: best_choose(tried[r]))
        results = [tried[rate]]
        for seed in seeds[1:]:
            say(f"{name}: seed {seed}, learning rates x {rate:g}")
            results.append(train(rate, seed))
        arms.append(
            Arm(
                name=name,
                losses=[r.judge_loss for r in results],
                chosen=[best_choose(r) for r in results],
                steps=steps,
                rate=rate,
                seconds=float(np.mean([r.train_seconds for r in results])),
                flops=train.flops,
                quality=quality(results[0].model, what.teacher, judge),
            )
        )
    teacher_loss = score(Teacher(what.teacher), judge).nats
    labels = min(arms[:2], key=lambda arm: float(np.mean(arm.chosen)))
    counted = score(what.counted, judge).nats
    arms.append(
        Arm(
            name=NGRAM,
            losses=[counted] * len(seeds),
            chosen=[score(what.counted, what.teacher.tokenizer.encode(what.corpus.choose)).nats]
            * len(seeds),
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


class _Trainer:
    """One arm: the same student, with or without a teacher, for so many steps."""

    def __init__(
        self, what: Setting, teacher: NextChar | None, steps: int, cache: Cache | None
    ) -> None:
        self.what, self.teacher, self.cache = what, teacher, cache
        self.student = replace(what.student, steps=steps)
        alpha = what.config.alpha if teacher is not None else 0.0
        self.config = replace(what.config, alpha=alpha)

    def __call__(self, rate: float, seed: int, keep: Run | None = None) -> TrainResult:
        tuned = replace(
            self.student,
            seed=seed,
            muon_lr=min(1.0, rate * self.student.muon_lr),
            adamw_lr=min(1.0, rate * self.student.adamw_lr),
        )
        return distill(
            tuned, self.teacher, self.what.corpus, self.config, cache=self.cache, run=keep
        )

    @property
    def flops(self) -> float:
        """Of all steps, what the teacher is asked included."""
        step = costs.step_flops(self.student, len(self.what.teacher.tokenizer))
        if self.teacher is not None:
            time = self.student.model.context
            step += self.student.batch_size * costs.teacher_flops(self.teacher, time)
        return float(self.student.steps * step)


def best_choose(result: TrainResult) -> float:
    """The loss on the choosing half at the checkpoint that was kept."""
    return min(line["choose_loss"] for line in result.metrics if line["choose_loss"] is not None)


def table(found: Comparison) -> str:
    """The comparison in words."""
    width = max(len(arm.name) for arm in found.arms)
    lines = [
        f"{'':<{width}}  nats/char   calibration  agreement  exposure   steps  seconds    TFLOP"
    ]
    for arm in found.arms:
        told = interval(arm.losses)
        half = (told.high - told.low) / 2
        spread = f"+-{half:.3f}" if math.isfinite(half) else "       "
        q = arm.quality
        lines.append(
            f"{arm.name:<{width}}  {told.value:.4f}{spread}  {q.calibration:>9.4f}  "
            f"{q.agreement:>9.3f}  {q.exposure:>8.3f}  {arm.steps:>6}  {arm.seconds:>7.1f}  "
            f"{arm.flops / 1e12:>7.3f}"
        )
    lines.append(f"{'teacher':<{width}}  {found.teacher_loss:.4f}")
    for source, gap in (("the teacher", found.gap), ("the n-gram", found.gap_ngram)):
        lines.append(f"distilling from {source} {gap.verdict}: {_in_words(gap)}")
    lines.append(
        f"against {found.baseline}, the better of the two; {len(found.seeds)} paired seeds, 95 % "
        f"intervals; {found.seconds:.0f} s in all"
    )
    return "\n".join(lines)


def show(found: Comparison, *, as_json: bool) -> None:
    """Print the table, or one line of JSON."""
    print(json.dumps(found.record()) if as_json else table(found), flush=True)


def _in_words(gap: Gap) -> str:
    gained = f"{gap.gained.value:+.4f} nats/char [{gap.gained.low:.4f}, {gap.gained.high:.4f}]"
    if gap.closed is None:
        return f"{gained}; the teacher is no better than labels alone, so there is no gap to close"
    share = gap.closed
    return (
        f"{gained}, {share.value:.0%} of the gap closed [{share.low:.0%}, {share.high:.0%}]"
        if (math.isfinite(share.low))
        else f"{gained}, {share.value:.0%} of the gap closed; one seed has no interval"
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
class Command:
    """Train the same student with and without a teacher, and say whether distilling helps."""

    teacher: str
    """A run's folder, a model file, or ngram."""
    student: Literal["quick", "default", "long", "classic", "gpu"] = "quick"
    """The preset of the student."""
    data: str | None = None
    """A corpus or a path; by default the text the teacher was trained on."""
    distill: Annotated[DistillConfig, tyro.conf.arg(name="")] = field(default_factory=DistillConfig)
    """How the student is taught."""
    seeds: int = 3
    """How many; verdicts need three."""
    sweep: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Learning rates to try on the first seed, as multiples of the preset's."""
    steps: int | None = None
    """Steps of the student, in place of the preset's."""
    json: bool = False
    """One last line of JSON: arms, gap_closed and verdict."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise ValueError(f"seeds must be at least 1, got {self.seeds}")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps must be at least 1, got {self.steps}")


def main(asked: Command) -> None:
    """The command."""
    import sys

    what = prepare(asked.teacher, asked.student, asked.data, asked.distill, steps=asked.steps)
    found = compare(
        what,
        seeds=range(asked.seeds),
        sweep=asked.sweep,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    show(found, as_json=asked.json)


def entry(args: list[str] | None = None) -> None:
    """The command line; settings inside settings refuse when they are made, inside the guard."""
    command.guard(lambda: main(command.parse(Command, prog=PROG, args=args)), prog=PROG)


if __name__ == "__main__":
    entry()
