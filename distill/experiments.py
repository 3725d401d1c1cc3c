"""Experiments with distillation, each with what is expected of it written down beforehand.

Idea:   an experiment is a set of arms that differ in one thing, on the same seeds; a gain is a
        difference of paired losses, with an interval. `full` is for published figures, `ci` is the
        same code in seconds.
Source: few_labels, temperature: Hinton et al. 2015; noisy_labels, control: Patrini et al. 2017,
        arXiv:1609.03683 (forward correction); sparse_targets: Anshumann et al. 2025,
        arXiv:2503.16870; views: Lopez-Paz et al. 2016, arXiv:1511.03643.
Run:    used by lessons; see tests/distill/test_experiments.py
Omits:  printing; a lesson decides what to show.

All run on storyland, whose source can be the teacher and whose entropy is known. Losses are of the
judging half, nats/char, one for each seed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from distill import cache as caching
from distill import views
from distill.costs import equal_compute_steps
from distill.onpolicy import OnPolicy, OnPolicyConfig
from distill.teachers import EnsembleTeacher, ModelTeacher
from distill.train import DistillConfig, distill, portion
from labkit.verdict import Interval, interval
from minigpt import corpora
from minigpt.corpora import Corpus
from minigpt.loop import train
from minigpt.model import GPT, GPTConfig
from minigpt.nextchar import NextChar
from minigpt.sample import generate
from minigpt.settings import TrainConfig
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How large an experiment is."""

    text: str
    """The corpus."""
    student: TrainConfig
    """Of every arm."""
    seeds: int
    """Paired."""
    few: float
    """The share of the text that counts as little."""


_CPU = TrainConfig(device="cpu", precision="fp32", threads=1, muon_lr=0.04, adamw_lr=6e-3)
PROFILES: dict[Literal["full", "ci"], Profile] = {
    "full": Profile(
        text="storyland:400000",
        student=replace(
            _CPU,
            steps=400,
            batch_size=16,
            model=GPTConfig(n_layer=2, n_head=2, n_embd=64, context=64),
        ),
        seeds=3,
        few=0.05,
    ),
    "ci": Profile(
        text="storyland:20000",
        student=replace(
            _CPU,
            steps=60,
            warmup=5,
            batch_size=8,
            model=GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32),
        ),
        seeds=2,
        few=0.1,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came out of an experiment."""

    expected: str
    """Written before it was run."""
    losses: dict[str, list[float]]
    """Arm -> loss of each seed, nats/char."""

    def gain(self, arm: str, over: str) -> Interval:
        """How much lower the loss of `arm` is than that of `over`, seed by seed."""
        return interval([b - a for a, b in zip(self.losses[arm], self.losses[over])])


class _Lab:
    """A profile, opened: its text, and a way to train its student."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.corpus: Corpus = corpora.load(profile.text)
        self.tokenizer = CharTokenizer.from_text(self.corpus.text)
        self.truth = StorylandModel(smoothing=1e-3)

    def ids(self, share: float = 1.0) -> np.ndarray:
        """The training text of a student that gets this share of it."""
        return self.tokenizer.encode(portion(self.corpus, share).train)

    def larger(self, times: int) -> ModelTeacher:
        """A teacher so many times as wide as the student, trained on all labels."""
        shape = replace(
            self.profile.student.model, n_embd=times * self.profile.student.model.n_embd
        )
        config = replace(self.profile.student, seed=100, model=shape)
        return ModelTeacher(train(config, self.corpus).model)

    def each_seed(self, one: Callable[[TrainConfig], float]) -> list[float]:
        """`one` on every seed."""
        seeds = range(self.profile.seeds)
        return [one(replace(self.profile.student, seed=seed)) for seed in seeds]

    def arm(
        self,
        config: DistillConfig,
        teacher: NextChar | None = None,
        *,
        cache: caching.Cache | None = None,
        labels: np.ndarray | None = None,
    ) -> list[float]:
        """Judging losses of the student, one a seed."""
        return self.each_seed(
            lambda student: (
                distill(
                    student, teacher, self.corpus, config, cache=cache, labels=labels
                ).judge_loss
            )
        )


def few_labels(profile: Profile, shares: Sequence[float] = (0.05, 0.2, 1.0)) -> Outcome:
    """Labels alone against the source as teacher, on a growing share of the text."""
    lab, losses = _Lab(profile), {}
    for share in shares:
        few = DistillConfig(alpha=0.0, data_fraction=share)
        losses[f"labels {share:g}"] = lab.arm(few)
        losses[f"taught {share:g}"] = lab.arm(replace(few, alpha=1.0), lab.truth)
    return Outcome(expected="the gain is largest on the least text", losses=losses)


def noisy_labels(profile: Profile, wrong: float = 0.3) -> Outcome:
    """A share of the labels is wrong; the teacher read the true text."""
    lab = _Lab(profile)
    ids = lab.ids()
    labels = views.noisy(wrong, seed=1).see(ids, lab.tokenizer)
    plain = DistillConfig(alpha=0.0)
    return Outcome(
        expected="labels lose about 0.3 nats, the teacher's targets almost nothing",
        losses={
            "clean labels": lab.arm(plain),
            "noisy labels": lab.arm(plain, labels=labels),
            "taught": lab.arm(replace(plain, alpha=1.0), lab.truth, labels=labels),
        },
    )


def sparse_targets(profile: Profile, k: int = 3) -> Outcome:
    """The whole distribution, k draws from it, its top k with a tail and renormalised."""
    lab = _Lab(profile)
    config = DistillConfig(alpha=1.0, data_fraction=profile.few)
    losses = {}
    with tempfile.TemporaryDirectory() as folder:
        kinds: tuple[tuple[str, caching.Kind], ...] = (
            ("dense", "dense"),
            ("sampled", "sampled"),
            ("bucket", "topk"),
            ("renormalise", "topk"),
        )
        for name, kind in kinds:
            cache = caching.build(
                Path(folder) / kind,
                lab.truth,
                lab.ids(profile.few),
                caching.CacheConfig(kind=kind, context=profile.student.model.context, k=k),
            )
            tail: Literal["bucket", "renormalise"] = (
                "renormalise" if name == "renormalise" else "bucket"
            )
            losses[name] = lab.arm(replace(config, tail=tail), cache=cache)
            del cache  # the folder is removed; Windows keeps mapped files
    return Outcome(
        expected="renormalised is the worst; draws are near the whole distribution", losses=losses
    )


def forward_or_reverse(profile: Profile) -> Outcome:
    """The two directions, and the one between."""
    lab = _Lab(profile)
    config = DistillConfig(alpha=1.0, data_fraction=profile.few)
    return Outcome(
        expected="forward has the lowest loss: loss is what forward KL makes small",
        losses={
            "forward": lab.arm(config, lab.truth),
            "jsd": lab.arm(replace(config, direction="jsd"), lab.truth),
            "reverse": lab.arm(replace(config, direction="reverse"), lab.truth),
        },
    )


def temperature_sweep(profile: Profile, heats: Sequence[float] = (0.5, 1.0, 2.0, 4.0)) -> Outcome:
    """The same teacher at several temperatures."""
    lab = _Lab(profile)
    config = DistillConfig(alpha=1.0, data_fraction=profile.few)
    return Outcome(
        expected="no gain over 1: only there is the loss that which is measured",
        losses={
            f"T={heat:g}": lab.arm(replace(config, temperature=heat), lab.truth) for heat in heats
        },
    )


def expensive_sensor(profile: Profile, hidden: float = 0.3) -> Outcome:
    """The student sees a masked text. Labels are few; the teacher saw all and marks all of it.

    Controls: the same cheap view with all labels (the bound), and a teacher that reads random
    characters, so that what it says has nothing to do with the place.
    """
    lab = _Lab(profile)
    cheap = DistillConfig(alpha=0.0, student_view=views.masked(hidden))
    taught = replace(cheap, alpha=1.0)
    return Outcome(
        expected="taught closes most of the gap between few and all labels, the placebo none",
        losses={
            "few labels": lab.arm(replace(cheap, data_fraction=profile.few)),
            "all labels": lab.arm(cheap),
            "taught": lab.arm(taught, lab.truth),
            "placebo": lab.arm(replace(taught, teacher_view=views.noisy(1.0)), lab.truth),
        },
    )


def ensemble_to_one(profile: Profile, members: int = 4) -> Outcome:
    """Students of little text, one of them as teacher, and all of them as one."""
    lab = _Lab(profile)
    few = DistillConfig(alpha=0.0, data_fraction=profile.few)
    trained = [
        ModelTeacher(distill(replace(profile.student, seed=100 + i), None, lab.corpus, few).model)
        for i in range(members)
    ]
    taught = replace(few, alpha=0.9)
    return Outcome(
        expected="the ensemble teaches better than one of its members (which is born again)",
        losses={
            "labels": lab.arm(few),
            "one": lab.arm(taught, trained[0]),
            "ensemble": lab.arm(taught, EnsembleTeacher(trained)),
        },
    )


def born_again(profile: Profile) -> Outcome:
    """The student's own shape as teacher, trained on the same text."""
    both = ensemble_to_one(profile, members=1)
    return Outcome(
        expected="a small gain, or none",
        losses={"labels": both.losses["labels"], "born again": both.losses["one"]},
    )


def data_free(profile: Profile) -> Outcome:
    """No real text at all: the teacher writes it, and gives labels alone, or what it thought."""
    lab = _Lab(profile)
    few = DistillConfig(alpha=0.0, data_fraction=profile.few)
    real = lab.arm(few)
    length = len(lab.corpus.train)
    rng = np.random.default_rng(0)
    streams = generate(lab.truth, n=32, length=-(-length // 32), rng=rng)
    written = "".join(streams)[:length]
    lab.corpus = replace(lab.corpus, text=written + lab.corpus.held_out)
    every = DistillConfig(alpha=0.0)
    return Outcome(
        expected="both beat few real labels; soft beats hard by less than labels were short",
        losses={
            "few real labels": real,
            "written, hard": lab.arm(every),
            "written, soft": lab.arm(replace(every, alpha=1.0), lab.truth),
        },
    )


def on_policy(profile: Profile, shares: Sequence[float] = (0.0, 0.5)) -> Outcome:
    """The student writes a share of what it is marked on; loss on real text."""
    lab = _Lab(profile)
    part = portion(lab.corpus, profile.few)

    def one(student: TrainConfig, share: float) -> float:
        model = GPT(student.model, lab.tokenizer, torch.Generator().manual_seed(student.seed))
        loss = OnPolicy(model, lab.truth, OnPolicyConfig(share=share, seed=student.seed))
        return train(student, part, loss=loss, init=model).judge_loss

    return Outcome(
        expected="the loss on real text is no lower; what falls is exposure error",
        losses={f"own {s:g}": lab.each_seed(lambda c, s=s: one(c, s)) for s in shares},  # type: ignore
    )


def full_data(profile: Profile) -> Outcome:
    """All of the text and a learnt teacher, against labels at equal compute."""
    lab = _Lab(profile)
    all_labels, teacher = DistillConfig(alpha=0.0), lab.larger(2)
    steps = equal_compute_steps(profile.student, teacher, len(lab.tokenizer))
    taught = lab.arm(replace(all_labels, alpha=0.9), teacher)
    lab.profile = replace(profile, student=replace(profile.student, steps=steps))
    return Outcome(
        expected="no gain: the labels' arm buys more steps with what the teacher costs",
        losses={"labels, equal compute": lab.arm(all_labels), "taught": taught},
    )


def capacity_gap(profile: Profile, times: Sequence[int] = (1, 2, 4)) -> Outcome:
    """Teachers of growing width for one small student; the literature disagrees."""
    lab = _Lab(profile)
    taught = DistillConfig(alpha=0.9, data_fraction=profile.few)
    return Outcome(
        expected="a better teacher is no worse: no gap of capacity shows",
        losses={f"teacher x {n}": lab.arm(taught, lab.larger(n)) for n in times},
    )


EXPERIMENTS: dict[str, Callable[[Profile], Outcome]] = {
    "few_labels": few_labels,
    "noisy_labels": noisy_labels,
    "sparse_targets": sparse_targets,
    "forward_or_reverse": forward_or_reverse,
    "temperature_sweep": temperature_sweep,
    "expensive_sensor": expensive_sensor,
    "ensemble_to_one": ensemble_to_one,
    "born_again": born_again,
    "data_free": data_free,
    "on_policy": on_policy,
    "full_data": full_data,
    "capacity_gap": capacity_gap,
}
