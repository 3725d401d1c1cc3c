"""On-policy distillation: the student writes, the teacher marks every character.

Idea:   a student that learns from real text alone has never seen its own mistakes, and does not
        know how to continue after one. So it writes a part of its training text itself, and the
        teacher says at each position what should have come next.
Source: Agarwal et al. 2023, arXiv:2306.13649 (GKD), algorithm 1; exposure bias: Bengio et al. 2015,
        arXiv:1506.03099.
Run:    python -m distill.train --teacher RUN --on-policy 0.5
Omits:  gradients through the sampling: written text is treated as given, like real text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from distill import losses
from distill.settings import DistillConfig
from distill.teachers import Teacher, ask, join, precision_here, same_alphabet
from minigpt.nextchar import NextChar
from minigpt.sample import draw, shape
from minigpt.train.loop import Batch

if TYPE_CHECKING:
    from minigpt.model import GPT


def write(student: NextChar, real: np.ndarray, prompt: int, rng: np.random.Generator) -> np.ndarray:
    """Windows [B, T] that begin like `real` and continue as the student samples; no gradients."""
    columns = [real[:, :prompt]]
    if prompt < real.shape[1]:
        state, said = student.start(real[:, :prompt])
        for place in range(prompt, real.shape[1]):
            ids = draw(shape(said), rng).astype(np.int64)
            columns.append(ids[:, None])
            if place + 1 < real.shape[1]:
                said = student.step(state, ids)
    return np.concatenate(columns, axis=1)


def luck(seed: int, *, process: int) -> np.random.Generator:
    """The random generator of what the student writes; each process has its own."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(process,)))


def check_prompt(config: DistillConfig, context: int) -> None:
    """ValueError if a window of `context` characters leaves the student nothing to write."""
    if config.on_policy and config.prompt >= context:
        raise ValueError(
            f"prompt must be shorter than the student's context ({context}), got {config.prompt}"
        )


@dataclass
class OnPolicy:
    """The on-policy loss, a `minigpt.train.loop.Loss`. `student` is the model being trained.

    In each batch the first round(on_policy * B) windows are the student's own after their prompt;
    only the text after the prompt is marked there. Each marked character has the same weight.
    Labels have their share of the loss on the real windows; the student's own windows have no
    labels. B counts the windows of all parts and processes among which a batch is divided, so
    neither changes the share or the loss.
    """

    student: GPT
    teacher: NextChar
    config: DistillConfig
    seed: int = 0
    """Seed of what the student writes."""
    accumulate: int = 1
    """Number of parts in which the loop gives each process its share of a batch."""

    def __post_init__(self) -> None:
        same_alphabet(self.teacher.tokenizer, self.student.tokenizer)
        if self.student is getattr(self.teacher, "model", self.teacher):
            raise ValueError("the teacher is the student; it would only be told what it says")
        if {self.config.teacher_view.kind, self.config.student_view.kind} != {"full"}:
            raise ValueError("on_policy knows no views: the student's own text has one sensor")
        check_prompt(self.config, self.student.context)
        self.reader = Teacher(self.teacher)
        shared = dist.is_initialized()
        self.process = dist.get_rank() if shared else 0
        self.processes = dist.get_world_size() if shared else 1
        self.rng = luck(self.seed, process=self.process)
        self.part = 0

    def __call__(self, model: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        """Divergence from the teacher, with labels on the real windows; nats/char.

        The loss of the whole batch is the mean over parts and processes, which the loop takes.
        """
        config, device = self.config, batch.ids.device
        join(self.reader, device, precision_here(device))
        parts, time = self.processes * self.accumulate, batch.ids.size(1)
        whole = len(batch.ids) * parts
        all_own = round(config.on_policy * whole)
        own = int((self._rows(len(batch.ids)) < all_own).sum())
        ids = batch.ids.cpu().numpy().copy()
        if own:
            ids[:own] = write(self.student, ids[:own], config.prompt, self.rng)
        told = torch.from_numpy(ask(self.reader, ids, batch.starts.numpy())).to(device)
        logits = model(torch.from_numpy(ids).to(device))
        marked = torch.ones(ids.shape, dtype=torch.bool, device=device)
        marked[:own, : config.prompt - 1] = False  # the prompt's last predicts the first own
        divergence = losses.kd(
            logits.flatten(0, 1),
            told.flatten(0, 1),
            direction=config.direction,
            beta=config.beta,
            temperature=config.temperature,
            mask=marked.flatten(),
            count=(whole * time - all_own * (config.prompt - 1)) / parts,
        )
        if config.alpha == 1 or all_own == whole:
            return divergence
        real = logits[own:].flatten(0, 1), batch.targets[own:].flatten()
        labels = losses.label_loss(*real, noise=config.label_noise)
        count = (whole - all_own) * time / parts
        return losses.mix(losses.mean(labels, count=count), divergence, config.alpha)

    def _rows(self, size: int) -> np.ndarray:
        """Indices [size] of the next part's rows in the whole batch, as the loop divides it."""
        first = self.part * size
        self.part = (self.part + 1) % self.accumulate
        return self.process + self.processes * (first + np.arange(size))
