"""What the experiments share: how large they are, what comes out, and a student to train.

Idea:   an experiment is a set of arms that differ in one thing, on the same seeds; a gain is a
        difference of paired losses, with an interval. What is expected is a number with a
        direction, in code, and the verdict follows from it. `full` is for published figures, `ci`
        is the same code in seconds.
Source: labkit.experiment has the rule.
Run:    python -m distill.experiments few_labels
Omits:  seeds for the teacher: all students of an experiment have the same one.

Most run on storyland, whose source can be the teacher and whose entropy is known; those about what
a learned teacher knows, on real text. Losses are of the judging half, nats/char.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from distill import cache as caching
from distill.arms import best_choose
from distill.settings import DistillConfig, portion
from distill.teachers import ModelTeacher
from distill.train import distill
from labkit.experiment import Criterion, Finding, Interval, interval
from minigpt import corpora
from minigpt.corpora import Corpus
from minigpt.loop import TrainResult, train
from minigpt.model import GPT, GPTConfig
from minigpt.nextchar import NextChar
from minigpt.settings import TrainConfig
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How large an experiment is."""

    text: str
    """The corpus of experiments whose teacher is the source itself."""
    real: str
    """The corpus of experiments with a learned teacher."""
    student: TrainConfig
    """Of every arm."""
    teacher_steps: int
    """Of a learned teacher."""
    seeds: int
    """Paired."""
    few: float
    """The share of the text that counts as little."""
    first_seed: int = 0
    """The first of the seeds. An experiment that has changed takes seeds that its records have not
    used: `replace(profile, first_seed=10)`."""
    lengths: tuple[float, ...] = (0.125, 0.25, 0.5)
    """Shorter runs that labels alone may take where they are few, as shares of the steps."""
    rates: tuple[float, ...] = (0.5, 1.0, 2.0)
    """The sweep of learning rates, where an experiment compares baselines."""

    @property
    def judged(self) -> range:
        """The seeds of every arm: as many as there are, from the first one on."""
        return range(self.first_seed, self.first_seed + self.seeds)


_CPU = TrainConfig(device="cpu", precision="fp32", threads=1, muon_lr=0.04, adamw_lr=6e-3)
PROFILES: dict[Literal["full", "ci"], Profile] = {
    "full": Profile(
        text="storyland:400000",
        real="shakespeare",
        student=replace(
            _CPU,
            steps=400,
            batch_size=16,
            model=GPTConfig(n_layer=2, n_head=2, n_embd=64, context=64),
        ),
        teacher_steps=800,
        seeds=3,
        few=0.05,
    ),
    "ci": Profile(
        text="storyland:20000",
        real="storyland:20000",
        student=replace(
            _CPU,
            steps=60,
            warmup=5,
            batch_size=8,
            model=GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32),
        ),
        teacher_steps=60,
        seeds=2,
        few=0.1,
        lengths=(0.5,),
        rates=(1.0,),
    ),
}


SMALLEST = replace(
    PROFILES["ci"], student=replace(PROFILES["ci"].student, steps=8), teacher_steps=8
)
"""Of the fingerprint that stands beside each record: seconds, and every arm in it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came out of an experiment."""

    expected: str
    """Written before it was run."""
    losses: dict[str, list[float]]
    """Arm -> loss of each seed, nats/char."""
    measures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """What else was measured -> arm -> value of each seed."""
    findings: list[Finding] = field(default_factory=list)
    """The expectations that are numbers."""

    def gain(self, arm: str, over: str) -> Interval:
        """How much lower the loss of `arm` is than that of `over`, seed by seed."""
        return interval(less(self.losses[over], self.losses[arm]))


def less(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """one - other, seed by seed."""
    return [a - b for a, b in zip(one, other)]


def share(part: Sequence[float], whole: Sequence[float]) -> list[float]:
    """part / whole, seed by seed."""
    return [a / b for a, b in zip(part, whole)]


def expect(
    quantity: str,
    values: Sequence[float],
    direction: Literal[">=", "<="],
    threshold: float,
    *,
    no_effect: float = 0.0,
) -> Finding:
    """A finding; `no_effect` is what `quantity` would be if there were nothing to it."""
    criterion = Criterion(
        quantity=quantity, threshold=threshold, direction=direction, no_effect=no_effect
    )
    return Finding(criterion=criterion, values=tuple(values))


class Lab:
    """A profile, opened: its text, its teachers, and a way to train its student."""

    def __init__(self, profile: Profile, *, real: bool = False) -> None:
        self.profile = profile
        self.corpus: Corpus = corpora.load(profile.real if real else profile.text)
        self.tokenizer = CharTokenizer.from_text(self.corpus.text)
        self.truth = StorylandModel(smoothing=1e-3)

    def ids(self, fraction: float = 1.0) -> np.ndarray:
        """The training text of a student that gets this share of it."""
        return self.tokenizer.encode(portion(self.corpus, fraction).train)

    def larger(self, times: int) -> ModelTeacher:
        """A teacher so many times as wide as the student, trained on all labels."""
        student = self.profile.student
        shape = replace(student.model, n_embd=times * student.model.n_embd)
        config = replace(student, seed=100, steps=self.profile.teacher_steps, model=shape)
        return ModelTeacher(train(config, self.corpus).model)

    def best_length(self, config: DistillConfig) -> int:
        """How many steps are best for labels alone: tried on seed 0, chosen by the choosing half.

        Few labels are overfitted, and a long run stopped early has no cool-down at its end: as a
        baseline, or as a teacher, it would be worse than it need be.
        """
        steps = self.profile.student.steps

        def loss(length: int) -> float:
            student = replace(self.profile.student, seed=0, steps=length)
            return best_choose(distill(student, None, self.corpus, config))

        shorter = {max(1, round(share * steps)) for share in self.profile.lengths}
        return min(sorted({*shorter, steps}), key=loss)

    def each_seed(
        self, one: Callable[[TrainConfig], Any], *, steps: int | None = None
    ) -> list[Any]:
        """`one` on every seed, for so many `steps`; by default the profile's."""
        student = replace(self.profile.student, steps=steps or self.profile.student.steps)
        return [one(replace(student, seed=seed)) for seed in self.profile.judged]

    def train(
        self,
        config: DistillConfig,
        teacher: NextChar | None = None,
        *,
        cache: caching.Cache | None = None,
        labels: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        measure: Callable[[GPT, np.ndarray], float] | None = None,
        steps: int | None = None,
    ) -> list[TrainResult]:
        """The student, trained in one way, once a seed."""
        return self.each_seed(
            lambda student: distill(
                student,
                teacher,
                self.corpus,
                config,
                cache=cache,
                labels=labels,
                mask=mask,
                measure=measure,
            ),
            steps=steps,
        )

    def arm(
        self,
        config: DistillConfig,
        teacher: NextChar | None = None,
        *,
        cache: caching.Cache | None = None,
        labels: np.ndarray | None = None,
        steps: int | None = None,
    ) -> list[float]:
        """Judging losses of the student, one a seed."""
        return judged(self.train(config, teacher, cache=cache, labels=labels, steps=steps))

    def few_labels_alone(self, config: DistillConfig) -> list[float]:
        """As `arm`, on labels alone and at the best length."""
        return self.arm(config, steps=self.best_length(config))


def judged(results: Sequence[TrainResult]) -> list[float]:
    """Their losses on the judging half."""
    return [result.judge_loss for result in results]
