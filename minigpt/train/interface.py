"""The types that pass between the training loop and its callers.

Idea:   the loop asks a `Loss` what to minimise on a `Batch`, reports `Progress` after each step and
        returns a `TrainResult`. Distillation supplies another loss; commands draw progress bars.
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
    """Windows of text: `ids` is what is read, `targets` the next character at each position."""

    ids: Int[Tensor, "B T"]
    targets: Int[Tensor, "B T"]
    starts: Int[Tensor, " B"]
    """Start of each window in the training text, by which a teacher's predictions are found."""


@runtime_checkable
class Loss(Protocol):
    """The quantity to minimise. `model` maps ids [B, T] to logits [B, T, V]; returns nats/char."""

    def __call__(self, model: Callable[[Tensor], Tensor], batch: Batch) -> Float[Tensor, ""]: ...


def next_char_loss(model: Callable[[Tensor], Tensor], batch: Batch) -> Float[Tensor, ""]:
    """Mean cross-entropy in nats/char, computed in float32."""
    return F.cross_entropy(model(batch.ids).float().flatten(0, 1), batch.targets.flatten())


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The argument of `on_step` after each step."""

    step: int
    steps: int
    tokens: int
    """Characters trained on so far, in all processes."""
    loss: float
    """Training loss of this step, nats/char; on CUDA that of the last step that was waited for."""
    val_loss: float | None
    """Loss of the kept model on the whole held-out text, nats/char; None before the end."""
    choose_loss: float | None
    """Loss on the choosing half at the last evaluation, nats/char; the lowest is kept.
    """
    seconds: float
    """Seconds of training steps alone."""
    model: GPT


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """A trained model and a record of its training."""

    model: GPT
    """The best model by the choosing half of the held-out text; in eval mode."""
    val_loss: float
    """Nats/char on the whole held-out text, non-overlapping windows, every position counted."""
    judge_loss: float
    """Likewise on the judging half, which no choice has seen."""
    metrics: list[dict[str, Any]]
    """The lines of metrics.jsonl."""
    train_seconds: float
    """Seconds of steps alone, without evaluation, saving or start-up."""
    earlier_seconds: float
    """Wall seconds of earlier sessions, if the run was stopped and resumed."""
    steps: int
    tokens: int
    runtime: Runtime


def check_fits(config: TrainConfig, corpus: Corpus, context: int) -> None:
    """ValueError if the text is too short for the context, or the batch is not divisible."""
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
