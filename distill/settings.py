"""Settings of a student: how it learns from a teacher, and how much of the text it gets.

Idea:   with the student's training settings (minigpt.settings) this record determines the outcome;
        it is the command line of `distill.train` and of `distill.compare`.
Source: alpha and temperature: Hinton et al. 2015, arXiv:1503.02531.
Run:    python -m distill.train --help
Omits:  a schedule for alpha or temperature.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Literal

import tyro

from distill import losses
from distill.views import View
from minigpt.corpora import Corpus


@dataclass(frozen=True, kw_only=True)
class DistillConfig:
    """How a student learns from a teacher."""

    alpha: float = 0.9
    """Weight of the teacher; the labels have the rest."""
    temperature: float = 1.0
    """Softmax temperature of teacher and student; 1 is right for text unless you measured
    otherwise.
    """
    direction: losses.Direction = "forward"
    """forward KL (cover everything the teacher does), reverse KL (do nothing it would not), or
    jsd, in between."""
    beta: float = 0.5
    """Position of jsd between them: 0 is forward, 1 reverse."""
    data_fraction: float = 1.0
    """Share of the training text that the student gets, from its beginning."""
    tail: losses.Tail = "bucket"
    """Treatment of the characters that a top-k cache left out."""
    label_noise: float = 0.0
    """Known share of randomly drawn labels; the loss is corrected for them."""
    on_policy: float = 0.0
    """Lambda: share of the windows that the student writes itself, for the teacher to mark."""
    prompt: int = 8
    """Real characters at the beginning of each window that the student writes."""
    teacher_view: View = field(default_factory=View)
    """What the teacher sees of the text."""
    student_view: View = field(default_factory=View)
    """What the student sees of the text, in training and evaluation."""

    def __post_init__(self) -> None:
        losses.check_loss(
            direction=self.direction,
            beta=self.beta,
            temperature=self.temperature,
            alpha=self.alpha,
        )
        if not 0 < self.data_fraction <= 1:
            raise ValueError(
                f"data_fraction is a share above 0 and at most 1, got {self.data_fraction}"
            )
        if not 0 <= self.label_noise < 1:
            raise ValueError(f"label_noise is a share from 0 to below 1, got {self.label_noise}")
        if not 0 <= self.on_policy <= 1:
            raise ValueError(f"on_policy is a share from 0 to 1, got {self.on_policy}")
        if self.prompt < 1:
            raise ValueError(f"prompt must be at least 1 character, got {self.prompt}")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A teacher, a student and a text: the options shared by the commands that train a student."""

    teacher: str
    """A run's folder, a model file, mixture:RUN (a run and the n-gram of its text; mixture alone is
    the latest run's), or ngram: counted on the student's own text."""
    student: Literal["quick", "default", "long", "classic", "gpu"] = "quick"
    """Preset of the student."""
    data: str | None = None
    """A corpus or a path; by default the text the teacher was trained on."""
    distill: Annotated[DistillConfig, tyro.conf.arg(name="")] = field(default_factory=DistillConfig)
    """Settings of the distillation."""
    steps: int | None = None
    """Training steps of the student; by default twice its preset's. Labels alone may take fewer."""

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps must be at least 1, got {self.steps}")


@dataclass(frozen=True, kw_only=True)
class Portion(Corpus):
    """A corpus of which only the beginning is trained on; the held-out part stays the same."""

    fraction: float = 1.0
    """Share of the training text."""

    @property
    def train(self) -> str:
        """The first `fraction` of the training text."""
        whole = super().train
        return whole[: max(1, round(self.fraction * len(whole)))]


def portion(corpus: Corpus, fraction: float) -> Corpus:
    """`corpus` with a prefix of its training text; itself at 1."""
    if fraction == 1:
        return corpus
    return Portion(**{f.name: getattr(corpus, f.name) for f in fields(Corpus)}, fraction=fraction)
