"""Problems as rows of ids, and training on them: a loss that brings its own rows.

Idea:   a row is the question and then the answer, read as one text. What is asked cannot be
        predicted, so only the answer counts: targets elsewhere are IGNORED. `minigpt.train` takes
        any loss; this one leaves the window of text that it is given aside and draws new problems.
        So there is no second training loop, and none of minigpt's had to change.
Source: PyTorch's cross_entropy, whose ignore_index is -100 by default.
Run:    used by the experiments of the lessons
Omits:  resuming a stopped run: what was drawn is not in a checkpoint.

Legend: B rows, T time, V vocabulary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lessons.lab.problems import Problem, Task
from lessons.lab.training import with_text
from minigpt import corpora, seeds
from minigpt.model import GPT
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train.interface import Batch
from minigpt.train.loop import train

IGNORED = -100
"""The target at a place whose prediction does not count."""
Sizes = Callable[[float, np.random.Generator], int]
"""(share of the training that is done, generator) -> size of the next step's problems."""


@dataclass(frozen=True)
class Rows:
    """What a network reads, and what it should predict at each place."""

    ids: np.ndarray
    """[B, T]."""
    targets: np.ndarray
    """[B, T]: the id wanted at each place, or IGNORED."""


def as_rows(problems: Sequence[Problem], task: Task, tokenizer: CharTokenizer) -> Rows:
    """Problems of one size as rows.

    Written behind the question, the answer's last character is a target but not read. ValueError
    if the texts differ in length.
    """
    asked, answered = (_table(texts, tokenizer) for texts in zip(*problems))
    if task.in_place:
        return Rows(asked, answered)
    ids = np.concatenate((asked, answered[:, :-1]), axis=1)
    targets = np.full_like(ids, IGNORED)
    targets[:, asked.shape[1] - 1 :] = answered
    return Rows(ids, targets)


def _table(texts: Sequence[str], tokenizer: CharTokenizer) -> np.ndarray:
    """Ids [B, T] of texts of one length."""
    if len(set(map(len, texts))) > 1:
        raise ValueError(f"rows have texts of one length, got {sorted(set(map(len, texts)))}")
    return tokenizer.encode("".join(texts)).astype(np.int64).reshape(len(texts), -1)


class RowsLoss:
    """Mean cross-entropy of the answers' characters, nats, on problems drawn anew at each call.

    All problems of a step have one size, so no place is wasted on filling rows up. `losses` are
    those of the steps so far, and `read` counts the rows of each length that they have read.
    """

    def __init__(
        self, task: Task, tokenizer: CharTokenizer, config: TrainConfig, sizes: Sizes
    ) -> None:
        self.task, self.tokenizer, self.config, self.sizes = task, tokenizer, config, sizes
        self.rng = np.random.default_rng(seeds.stream(config.seed, "windows", 1))
        self.losses: list[float] = []
        self.read: Counter[int] = Counter()  # rows of each length T

    def __call__(self, model: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        done = len(self.losses) / (self.config.steps * self.config.accumulate)
        problems = self.task.draw(self.rng, len(batch.ids), self.sizes(done, self.rng))
        rows = as_rows(problems, self.task, self.tokenizer)
        self.read[rows.ids.shape[1]] += len(rows.ids)
        device = batch.ids.device
        ids, targets = (torch.from_numpy(part).to(device) for part in (rows.ids, rows.targets))
        loss = F.cross_entropy(model(ids).float().flatten(0, 1), targets.flatten())
        self.losses.append(float(loss.detach()))
        return loss


def evenly(least: int, most: int) -> Sizes:
    """All sizes from `least` to `most` equally likely, throughout."""
    return lambda done, rng: int(rng.integers(least, most + 1))


def growing(least: int, most: int, share: float) -> Sizes:
    """A curriculum: the largest size grows from `least` to `most` during a share of the training.

    Up to the largest all sizes are equally likely.
    """

    def size(done: float, rng: np.random.Generator) -> int:
        largest = least + int((most - least) * min(1.0, done / share))
        return int(rng.integers(least, largest + 1))

    return size


def learned(
    config: TrainConfig,
    task: Task,
    sizes: Sizes,
    kind: type[GPT] = GPT,
    init: GPT | None = None,
) -> tuple[GPT, RowsLoss]:
    """A model trained on problems of `task` for `config.steps`, and what it was trained by.

    It begins with new weights, or is `init`, which is changed. The last weights are kept: nothing
    is chosen.
    """
    text = task.alphabet * (30 + config.model.context)
    net = init or kind.fresh(config.model, text, config.seed)
    corpus = with_text(corpora.load("storyland:1000"), text)
    loss = RowsLoss(task, net.tokenizer, config, sizes)
    config = replace(config, eval_every=config.steps)
    result = train(config, corpus, loss=loss, init=net, measure=lambda model, ids: 0.0)
    return result.model, loss
