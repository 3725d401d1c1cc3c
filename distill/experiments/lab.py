"""What the experiments share: their size, their training, and the qualities measured.

Idea:   an experiment is a set of arms that differ in one thing, on the same seeds; a gain is a
        difference of paired losses, with an interval. What is expected is a number with a
        direction, in code, and the verdict follows from it. Every arm takes the learning rate (and
        if labels are few the length) that suits it, found on a seed that is never judged, by the
        half of the held-out text that is never judged. `full` is for published figures, `ci` is the
        same code in seconds.
Source: labkit.experiment has the rule.
Run:    python -m distill.experiments few_labels
Omits:  texts: all seeds share one, and one held-out part; intervals are over students and, if the
        teacher has learned, teachers.

Losses are of the judging half, nats/char. On storyland the source is known and can judge what a
student writes; but a teacher that is the source makes many a finding true by construction, so
teachers learn, as students do, except in `sparse_targets`, which is about what is kept of a
teacher.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from distill.cache import Cache
from distill.comparison.arms import best_choose, of_length
from distill.comparison.metrics import quality
from distill.distillation import distill
from distill.experiments.outcome import less
from distill.settings import DistillConfig, portion
from distill.teachers import ModelTeacher, Teacher, side_by_side
from minigpt import corpora, storyland
from minigpt.corpora import Corpus
from minigpt.evaluate import score
from minigpt.layers import GPTConfig
from minigpt.nextchar import NextChar
from minigpt.settings import TrainConfig
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import TrainResult, train

SWEEP_SEED = 50
"""The seed with which rates and lengths are chosen; no record judges it."""
ON_OWN_TEXT = "KL(teacher || student) on its own text, nats/char"
QUALITIES = {
    "calibration error": "calibration",
    "agreement with the teacher's first choice": "agreement",
    "KL(teacher || student) on real text, nats/char": "kl_real",
    ON_OWN_TEXT: "kl_own",
}
"""Title of a student's further measure -> the field of `metrics.Quality`."""
TEACHERS = 1000
"""Offset of the teachers' seeds: the teacher of seed s has learned with seed TEACHERS + s."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Size of an experiment."""

    text: str
    """The corpus of experiments that ask the source."""
    real: str
    """The corpus of experiments on real text."""
    characters: int
    """Characters of the text that are used, held-out part included."""
    student: TrainConfig
    """Training settings of the student in every arm."""
    teacher_steps: int
    """Training steps of a learned teacher."""
    seeds: int
    """Number of paired seeds."""
    few: float
    """Share of the text that counts as little."""
    first_seed: int = 0
    """First of the seeds. An experiment that has changed takes seeds that its records have not
    used: `replace(profile, first_seed=10)`."""
    lengths: tuple[float, ...] = (0.125, 0.25, 0.5)
    """Shorter runs that few labels alone may take, as shares of the steps."""
    rates: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
    """Learning rates for every arm, as multiples of the student's; `climb` searches them."""

    @property
    def judged(self) -> range:
        """The seeds of every arm: `seeds` of them, from the first one on."""
        return range(self.first_seed, self.first_seed + self.seeds)


_CPU = TrainConfig(device="cpu", precision="fp32", threads=1, muon_lr=0.04, adamw_lr=6e-3)
PROFILES: dict[Literal["full", "ci"], Profile] = {
    "full": Profile(
        text="storyland:400000",
        real="shakespeare",
        characters=400_000,
        student=replace(
            _CPU,
            steps=300,
            batch_size=12,
            model=GPTConfig(n_layer=2, n_head=2, n_embd=48, context=64),
        ),
        teacher_steps=400,
        seeds=3,
        few=0.05,
        first_seed=10,
    ),
    "ci": Profile(
        text="storyland:20000",
        real="storyland:20000",
        characters=20_000,
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
"""Profile of the fingerprint beside each record: it takes seconds, and has every arm."""


def share_grammatical(texts: Sequence[str]) -> float:
    """Share of all complete stories in `texts` that the grammar can write; 0 if there are none."""
    shares = [storyland.grammatical(text) for text in texts]
    counts = [text.count(storyland.MARK) for text in texts]
    right = sum(count * one for count, one in zip(counts, shares) if count)
    return right / max(1, sum(counts))


def climb(loss: Callable[[float], float], rates: Sequence[float]) -> float:
    """The rate with the lowest loss, going up from 1, or else down, as long as the loss falls.

    >>> climb(lambda rate: abs(rate - 3.5), (0.5, 1.0, 2.0, 4.0, 8.0))
    4.0
    """
    start = min(range(len(rates)), key=lambda i: abs(math.log(rates[i])))
    best = loss(rates[start])
    for step in (1, -1):
        at = start
        while 0 <= at + step < len(rates) and (found := loss(rates[at + step])) < best:
            best, at = found, at + step
        if at != start:
            return rates[at]
    return rates[start]


class Lab:
    """A profile with its text, its teachers, and a way to train its student.

    The results of `arm` are kept by name: `runs`, their `losses`, the sweep's choice in words
    (`chosen`) and as `settings` (length and rate, as multiples of the profile's), and `seconds`,
    the processor's seconds of each judged training.
    """

    def __init__(self, profile: Profile, *, real: bool = False) -> None:
        self.profile = profile
        corpus = corpora.load(profile.real if real else profile.text)
        self.corpus: Corpus = replace(corpus, text=corpus.text[: profile.characters])
        self.tokenizer = CharTokenizer.from_text(self.corpus.text)
        self.truth = StorylandModel(smoothing=1e-3)
        self.runs: dict[str, list[TrainResult]] = {}
        self.chosen: dict[str, str] = {}
        self.settings: dict[str, tuple[float, float]] = {}
        self.seconds: dict[str, list[float]] = {}

    @property
    def losses(self) -> dict[str, list[float]]:
        """Arm -> judging loss of each seed, nats/char."""
        return {name: [r.judge_loss for r in results] for name, results in self.runs.items()}

    @property
    def judge(self) -> np.ndarray:
        """The judging half of the held-out text, ids [N]."""
        return self.tokenizer.encode(self.corpus.judge)

    def ids(self, fraction: float = 1.0) -> np.ndarray:
        """The training text of a student that gets this share of it."""
        return self.tokenizer.encode(portion(self.corpus, fraction).train)

    def larger(self, times: int, longer: int = 1) -> list[NextChar]:
        """Teachers `times` as wide as the student, trained on all labels for `longer` times the
        teachers' steps; one per seed."""
        model = self.profile.student.model
        shape = replace(model, n_embd=times * model.n_embd)
        learn = lambda config: train(replace(config, model=shape), self.corpus)  # noqa: E731
        return self.teachers(learn, longer)

    def teachers(
        self, learn: Callable[[TrainConfig], TrainResult], longer: int = 1
    ) -> list[NextChar]:
        """Teachers that `learn` makes from the student's settings with `longer` times their own
        steps; one per seed.
        """
        config = of_length(self.profile.student, longer * self.profile.teacher_steps)
        seeds = (TEACHERS + seed for seed in self.profile.judged)
        return [ModelTeacher(learn(replace(config, seed=seed)).model) for seed in seeds]

    def shorter(self, *more: float) -> tuple[float, ...]:
        """Lengths that few labels may take. If labels overfit, a long run that is stopped early
        lacks the cool-down at its end, and would be a weaker baseline than necessary."""
        return (*self.profile.lengths, 1.0, *more)

    def arm(
        self,
        name: str,
        config: DistillConfig | Sequence[DistillConfig],
        teacher: NextChar | Sequence[NextChar] | None = None,
        *,
        corpus: Corpus | Sequence[Corpus] | None = None,
        caches: Sequence[Cache] | None = None,
        lengths: Sequence[float] = (1.0,),
        **told: Any,
    ) -> list[TrainResult]:
        """Train the student in one way, once per seed, with the settings that suit it best.

        Of several `config`s and `lengths` (shares of the profile's steps) the best pair at the
        profile's rate is taken, then the best rate: on SWEEP_SEED, by the choosing half. `teacher`
        and `corpus` may be one for all seeds or one for each, as `caches` are, in place of the
        teachers; the sweep uses the first. The rest is as in `distill`.
        """
        seeds = self.profile.judged
        configs = [config] if isinstance(config, DistillConfig) else list(config)
        teachers = list(teacher) if isinstance(teacher, Sequence) else [teacher] * len(seeds)
        texts = [corpus or self.corpus] * len(seeds) if not isinstance(corpus, Sequence) else corpus
        known: dict[tuple[int, float, float], float] = {}

        def one(which: int, length: float, rate: float, seed: int, place: int) -> TrainResult:
            student = self.student(seed, length, rate)
            kept = told if caches is None else {**told, "cache": caches[place]}
            return distill(student, teachers[place], texts[place], configs[which], **kept)

        def tried(which: int, length: float, rate: float) -> float:
            asked = which, length, rate
            if asked not in known:
                known[asked] = best_choose(one(which, length, rate, SWEEP_SEED, 0))
            return known[asked]

        pairs = [(which, length) for which in range(len(configs)) for length in lengths]
        best = (
            min(pairs, key=lambda pair: tried(pair[0], pair[1], 1.0))
            if len(pairs) > 1
            else pairs[0]
        )
        rates = self.profile.rates
        rate = climb(lambda rate: tried(best[0], best[1], rate), rates) if len(rates) > 1 else 1.0
        self.runs[name], self.seconds[name] = [], []
        for place, seed in enumerate(seeds):
            began = time.process_time()
            self.runs[name].append(one(best[0], best[1], rate, seed, place))
            self.seconds[name].append(time.process_time() - began)
        self.settings[name] = best[1], rate
        said = [f"rate x {rate:g}"]
        said += [f"{self.student(0, best[1], rate).steps} steps"] if len(lengths) > 1 else []
        said += [f"alpha {configs[best[0]].alpha:g}"] if len(configs) > 1 else []
        self.chosen[name] = ", ".join(said)
        return self.runs[name]

    def student(self, seed: int, length: float = 1.0, rate: float = 1.0) -> TrainConfig:
        """The student's settings, for a share of its steps and a multiple of its rates."""
        student = self.profile.student
        return replace(
            of_length(student, max(1, round(length * student.steps))),
            seed=seed,
            muon_lr=min(1.0, rate * student.muon_lr),
            adamw_lr=min(1.0, rate * student.adamw_lr),
        )

    def scores(self, models: Sequence[NextChar], text: str = "") -> list[float]:
        """Losses of models other than arms, on the judging half or on `text`, nats/char."""
        ids = self.tokenizer.encode(text) if text else self.judge
        return [score(Teacher(model), ids).nats for model in models]

    def gained(self, arm: str, over: str) -> list[float]:
        """Loss of `over` minus loss of `arm`, nats/char, for each seed."""
        return less(self.losses[over], self.losses[arm])

    def qualities(
        self, teachers: Sequence[NextChar], arms: Iterable[str] | None = None
    ) -> dict[str, dict[str, list[float]]]:
        """Calibration, agreement with each seed's teacher, and distances to it, by arm and seed."""
        judge = self.judge
        told = [side_by_side(Teacher(teacher), judge) for teacher in teachers]
        found = {
            name: [
                quality(run.model, teacher, judge, told=said)
                for run, teacher, said in zip(self.runs[name], teachers, told)
            ]
            for name in (arms or self.runs)
        }
        return {
            title: {name: [getattr(one, key) for one in those] for name, those in found.items()}
            for title, key in QUALITIES.items()
        }


class Even:
    """A teacher that knows nothing: every character is as likely as every other.

    Learning from it with weight alpha is uniform label smoothing (Szegedy et al. 2016,
    arXiv:1512.00567, section 7): soft targets without a teacher, the control for those with one.
    """

    context = None

    def __init__(self, tokenizer: CharTokenizer) -> None:
        self.tokenizer = tokenizer

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V], all the same."""
        size = len(self.tokenizer)
        return np.full((*ids.shape, size), -math.log(size), np.float32)

    def start(self, ids: np.ndarray) -> tuple[None, np.ndarray]:
        """See `NextChar.start`."""
        return None, self.logprobs(ids[:, -1])

    def step(self, state: None, ids: np.ndarray) -> np.ndarray:
        """See `NextChar.step`."""
        return self.logprobs(ids)
