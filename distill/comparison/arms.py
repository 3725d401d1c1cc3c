"""The arms of a comparison: one student, trained in several ways.

Idea:   each way gets the same sweep of learning rates, on the first seed, and keeps its best
        checkpoint. Labels alone may also take a shorter run: a student overfits labels, but not a
        teacher's targets, and stopping a long run early omits the cool-down at its end, which would
        weaken the baseline. All choices are made on one half of the held-out text.
Source: fair settings as asked for in torchdistill #478.
Run:    python -m distill.compare
Omits:  a sweep for each seed; weights and windows differ between seeds, the best rate hardly does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from tqdm import tqdm

from distill import mixture
from distill.cache import Cache
from distill.comparison import costs
from distill.distillation import distill
from distill.onpolicy import check_prompt
from distill.settings import DistillConfig, Question, portion
from distill.teachers import FOLDS, ModelTeacher, NGramTeacher, same_alphabet
from minigpt import corpora
from minigpt.corpora import Corpus
from minigpt.device import check_memory
from minigpt.load import load_predictor
from minigpt.nextchar import NextChar
from minigpt.saved.runs import Run
from minigpt.settings import PRESETS, TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import Progress, TrainResult


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Choices to try on the first seed."""

    rates: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Learning rates, as multiples of the student's; for every arm."""
    lengths: tuple[float, ...] = (0.125, 0.25, 0.5)
    """Shorter runs, as shares of the steps; for labels alone."""

    def __post_init__(self) -> None:
        if not self.rates or min(self.rates) <= 0:
            raise ValueError(f"a sweep needs learning rates above 0, got {list(self.rates)}")
        if not all(0 < length < 1 for length in self.lengths):
            raise ValueError(f"shorter runs are shares from 0 to 1, got {list(self.lengths)}")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A comparison's teacher, student, text and settings."""

    teacher: NextChar
    counted: NGramTeacher
    """An n-gram of the student's own text, as the other teacher."""
    student: TrainConfig
    corpus: Corpus
    data: str
    """The corpus as named on a command line."""
    config: DistillConfig = field(default_factory=DistillConfig)

    @property
    def ids(self) -> np.ndarray:
        """Ids [N] of the training text that the student gets."""
        return self.teacher.tokenizer.encode(portion(self.corpus, self.config.data_fraction).train)


def setting(
    teacher: NextChar, student: TrainConfig, corpus: Corpus, config: DistillConfig, data: str = ""
) -> Setting:
    """Check that these fit together, and count the n-gram. ValueError if they do not."""
    if student.minutes is not None:
        raise ValueError("arms are compared by their steps; give those instead of minutes")
    check_prompt(config, student.model.context)
    tokenizer = CharTokenizer.from_text(corpus.text)
    same_alphabet(teacher.tokenizer, tokenizer)
    check_memory(student.model, student.batch_size // student.accumulate, len(tokenizer))
    part = portion(corpus, config.data_fraction)
    if len(part.train) <= student.model.context:
        raise ValueError(
            f"data_fraction {config.data_fraction} leaves {len(part.train):,} characters, fewer "
            f"than one window of {student.model.context} and its next; take more"
        )
    return Setting(
        teacher=teacher,
        counted=NGramTeacher.fit(part.train, tokenizer, folds=FOLDS),
        student=student,
        corpus=corpus,
        data=data or corpus.name,
        config=config,
    )


LONGER = 2
"""Length of a student's training here, as a multiple of its preset's, unless --steps is given."""

LOOKS = 4
"""Evaluations of a student during training; each reads the choosing half of the held-out text."""


def of_length(student: TrainConfig, steps: int) -> TrainConfig:
    """`student`, trained for `steps` steps and evaluated LOOKS times on the way."""
    return replace(student, steps=steps, eval_every=max(1, steps // LOOKS))


def prepare(asked: Question) -> Setting:
    """The setting that a command line asks for."""
    config, shape = asked.distill, PRESETS[asked.student]
    if asked.teacher == "ngram":
        name = asked.data or corpora.DEFAULT
        corpus = corpora.load(name)
        part = portion(corpus, config.data_fraction)
        tokenizer = CharTokenizer.from_text(corpus.text)
        found: NextChar = NGramTeacher.fit(part.train, tokenizer, folds=FOLDS)
    else:
        mixed = mixture.is_mixture(asked.teacher)
        loaded = mixture.load(asked.teacher) if mixed else load_predictor(asked.teacher)
        name = asked.data or loaded.corpus
        corpus = corpora.load(name) if asked.data else loaded.learned()
        if mixed:
            same_alphabet(loaded.model.tokenizer, CharTokenizer.from_text(corpus.text))
            text = loaded.model.tokenizer.encode(portion(corpus, config.data_fraction).train)
            found = mixture.teacher(loaded, text)
        else:
            found = ModelTeacher(loaded.model)  # type: ignore[arg-type]
    student = of_length(shape, asked.steps or LONGER * shape.steps)
    return setting(found, student, corpus, config, name)


def within(minutes: float, what: Setting, cache: Cache | None = None) -> Setting:
    """`what`, with as many steps as fit into `minutes` of training the taught student.

    minigpt's loop finds their number from a few real steps that are then discarded. All arms are
    then counted in these steps. ValueError if the minutes make no sense.
    """
    found, open_end = 0, 10**9

    def stop_when_known(now: Progress) -> None:
        nonlocal found
        if now.steps < open_end:
            found = now.steps
            raise KeyboardInterrupt  # stops the run

    student = replace(what.student, minutes=minutes, steps=open_end)
    try:
        distill(
            student, what.teacher, what.corpus, what.config, cache=cache, on_step=stop_when_known
        )
    except KeyboardInterrupt:
        if not found:  # the user stopped it
            raise
    return replace(what, student=replace(what.student, steps=found))


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The outcome of an arm: its choices, and a result for each seed."""

    steps: int
    rate: float
    results: list[TrainResult]
    flops: float
    """Floating-point operations of one seed, the teacher's forward passes included."""

    @property
    def losses(self) -> list[float]:
        """Losses on the judging half, nats/char; one per seed."""
        return [result.judge_loss for result in self.results]


class Arms:
    """Trains the student of a setting in one way or another; no training is repeated."""

    def __init__(
        self,
        what: Setting,
        seeds: Sequence[int],
        sweep: Sweep,
        say: Callable[[str], None] = lambda _: None,
        *,
        bar: bool = False,
    ) -> None:
        """`say` gets a line before each training; `bar` shows its progress on a terminal."""
        if not seeds:
            raise ValueError("a comparison needs at least one seed, got none")
        self.what, self.seeds, self.sweep, self.say = what, list(seeds), sweep, say
        self.hidden = None if bar else True  # None: tqdm hides it without a terminal
        self._done: dict[tuple[int, int, float, int], TrainResult] = {}

    def labels(self, name: str, steps: int) -> Trained:
        """Labels alone, for at most `steps` steps: shorter runs are tried as well."""
        shorter = {max(1, round(length * self.what.student.steps)) for length in self.sweep.lengths}
        tried = sorted({*shorter, self.what.student.steps, steps})
        return self._arm(name, None, [n for n in tried if n <= steps])

    def taught(
        self, name: str, teacher: NextChar, cache: Cache | None = None, keep: Run | None = None
    ) -> Trained:
        """Taught by `teacher` for all the steps. `keep` holds the first seed if nothing is
        swept.

        A taught run could be stopped early as well; not offering that is to its disadvantage.
        """
        return self._arm(name, teacher, [self.what.student.steps], cache, keep)

    def _arm(
        self,
        name: str,
        teacher: NextChar | None,
        lengths: list[int],
        cache: Cache | None = None,
        keep: Run | None = None,
    ) -> Trained:
        rates, first = self.sweep.rates, self.seeds[0]
        middle = min(rates, key=lambda rate: abs(np.log(rate)))

        def one(steps: int, rate: float, seed: int) -> TrainResult:
            key = id(teacher), steps, rate, seed
            if key not in self._done:
                self.say(f"{name}: seed {seed}, {steps} steps, learning rates x {rate:g}")
                folder = keep if seed == first and len(rates) == 1 else None
                self._done[key] = self._train(teacher, steps, rate, seed, cache, folder)
                self.say(f"  {best_choose(self._done[key]):.4f} nats/char where choices are made")
            return self._done[key]

        steps = min(lengths, key=lambda n: best_choose(one(n, middle, first)))
        rate = min(rates, key=lambda r: best_choose(one(steps, r, first)))
        return Trained(
            steps=steps,
            rate=rate,
            results=[one(steps, rate, seed) for seed in self.seeds],
            flops=float(self._flops(teacher, steps, cache)),
        )

    def _flops(self, teacher: NextChar | None, steps: int, cache: Cache | None) -> int:
        student, size = replace(self.what.student, steps=steps), len(self.what.teacher.tokenizer)
        if teacher is None:
            return steps * costs.step_flops(student, size)
        return costs.taught_flops(
            student,
            teacher,
            size,
            on_policy=self.what.config.on_policy,
            windows=cache.manifest["windows"] if cache else None,
        )

    def _train(
        self,
        teacher: NextChar | None,
        steps: int,
        rate: float,
        seed: int,
        cache: Cache | None,
        keep: Run | None,
    ) -> TrainResult:
        student, config = self.what.student, self.what.config
        tuned = replace(
            student,
            steps=steps,
            seed=seed,
            muon_lr=min(1.0, rate * student.muon_lr),
            adamw_lr=min(1.0, rate * student.adamw_lr),
        )
        if teacher is None:
            config = replace(config, alpha=0.0, on_policy=0.0)
        with tqdm(total=steps, disable=self.hidden, leave=False, unit="step") as progress:

            def on_step(_: Progress) -> None:
                progress.update()

            return distill(
                tuned,
                teacher,
                self.what.corpus,
                config,
                cache=cache,
                run=keep,
                resume=keep is not None,  # a new folder has nothing to resume
                on_step=on_step,
            )


def best_choose(result: TrainResult) -> float:
    """Loss of the kept checkpoint on the choosing half, nats/char."""
    return min(line["choose_loss"] for line in result.metrics if line["choose_loss"] is not None)
