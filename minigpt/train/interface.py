"""What passes between the training loop and those who use it.

Idea:   the loop asks a `Loss` what to make small on a `Batch`, reports `Progress` after each step
        and returns a `TrainResult`. Distillation brings another loss; commands draw bars.
Run:    used by `loop.train`; nothing to run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch.distributed as dist
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from minigpt.corpora import Corpus
from minigpt.device import Runtime
from minigpt.model import GPT
from minigpt.settings import TrainConfig


@dataclass(frozen=True)
class Batch:
    """Windows of text: at each place of `ids` stands what is read, of `targets` what comes next."""

    ids: Int[Tensor, "B T"]
    targets: Int[Tensor, "B T"]
    starts: Int[Tensor, " B"]
    """Where each window begins in the training text: a teacher's predictions are found by it."""


@runtime_checkable
class Loss(Protocol):
    """What is made small. `model` maps ids [B, T] to logits [B, T, V]; returns nats/char."""

    def __call__(self, model: Callable[[Tensor], Tensor], batch: Batch) -> Float[Tensor, ""]: ...


def next_char_loss(model: Callable[[Tensor], Tensor], batch: Batch) -> Float[Tensor, ""]:
    """Mean cross-entropy in nats/char, computed in float32."""
    return F.cross_entropy(model(batch.ids).float().flatten(0, 1), batch.targets.flatten())


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What `on_step` is told after each step."""

    step: int
    steps: int
    tokens: int
    """Characters trained on so far, in all processes."""
    loss: float
    """Training loss of this step, nats/char; on CUDA that of the last step that was looked at."""
    val_loss: float | None
    """Loss of the model that is kept over all that is held out, nats/char; None but at the end."""
    choose_loss: float | None
    """Loss over the half that chooses at the last look, nats/char: the best one there is kept."""
    seconds: float
    """Of training steps alone."""
    model: GPT


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """A trained model and how it came about."""

    model: GPT
    """The best by the choosing half of what is held out; in eval mode."""
    val_loss: float
    """Nats/char over all that is held out, non-overlapping windows, every position counted."""
    judge_loss: float
    """Likewise over the judging half, which no choice has seen."""
    metrics: list[dict[str, Any]]
    """The lines of metrics.jsonl."""
    train_seconds: float
    """Of steps alone: no evaluation, saving or start-up."""
    earlier_seconds: float
    """Wall time of the sessions before this one, where the run was stopped and went on."""
    steps: int
    tokens: int
    runtime: Runtime


def check_fits(config: TrainConfig, corpus: Corpus, context: int) -> None:
    """ValueError where the text is too short for the context, or the batch cannot be shared out."""
    if len(corpus.train) <= context:
        raise ValueError(
            f"the training part of {corpus.name} has {len(corpus.train):,} characters, fewer than "
            f"one window of {context} and its next; use a longer text or a smaller context"
        )
    if len(corpus.choose) < 2:
        raise ValueError(
            f"{corpus.name} has {len(corpus.text):,} characters, and the twentieth that validates "
            "holds nothing to predict; use a text of at least 31 characters"
        )
    processes = dist.get_world_size() if dist.is_initialized() else 1
    if config.batch_size % (processes * config.accumulate):
        raise ValueError(
            f"batch_size ({config.batch_size}) must be a multiple of processes x accumulate "
            f"({processes} x {config.accumulate})"
        )
