"""A student trained on a teacher's predictions, with the one training loop of the repository.

Idea:   loss = (1 - alpha) * cross-entropy with the text + alpha * divergence from the teacher, at
        every position of the same windows.
Source: Hinton et al. 2015, arXiv:1503.02531.
Run:    python -m distill.train --help
Omits:  a loop of its own: that is in minigpt/train/loop.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from distill import losses
from distill.cache import Cache
from distill.onpolicy import OnPolicy
from distill.settings import DistillConfig, portion
from distill.teachers import (
    Teacher,
    ask,
    check_text,
    join,
    precision_here,
    same_alphabet,
    side_by_side,
    unchanged,
)
from distill.views import View, pieces
from minigpt.corpora import Corpus
from minigpt.device import check_memory
from minigpt.evaluate import surprisal
from minigpt.model import GPT
from minigpt.nextchar import NextChar
from minigpt.saved.runs import Run
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import Batch, Loss, Progress, TrainResult, train


class Distillation:
    """The loss that the training loop minimises: a `minigpt.train.loop.Loss`.

    `ids` is the training text. With a cache, each window is moved back to the nearest cached one,
    because the teacher's predictions depend on where a window begins. `labels` [N] replace the text
    as targets (noisy ones, for example), and `mask` [N] says which of them count.
    """

    def __init__(
        self,
        teacher: NextChar | None,
        ids: np.ndarray,
        tokenizer: CharTokenizer,
        config: DistillConfig,
        *,
        cache: Cache | None = None,
        labels: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> None:
        if teacher is not None:
            same_alphabet(teacher.tokenizer, tokenizer)
            check_text(teacher, ids)
        if cache is not None:
            same_alphabet(cache.tokenizer, tokenizer)
            cache.check(teacher=teacher, ids=ids, view=config.teacher_view)
            if cache.config.kind != "dense" and config.temperature != 1:
                raise ValueError(
                    f"temperature {config.temperature} needs all of the teacher's distribution; "
                    f"this cache is {cache.config.kind}: use a dense one or temperature 1"
                )
            if cache.config.kind != "dense" and config.direction != "forward":
                raise ValueError("sparse targets allow the forward direction only")
        if teacher is None and cache is None and config.alpha > 0:
            raise ValueError(f"alpha {config.alpha} needs a teacher or a cache; labels alone are 0")
        self.config, self.cache, self.tokenizer = config, cache, tokenizer
        self.reader = teacher and config.teacher_view.through(Teacher(teacher))
        self.teacher_sees = config.teacher_view.see(ids, tokenizer)
        self.student_sees = torch.from_numpy(config.student_view.see(ids, tokenizer).astype(int))
        self.labels = torch.from_numpy((ids if labels is None else labels).astype(int))
        self.mask = None if mask is None else torch.from_numpy(mask)

    def __call__(self, model: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        """(1 - alpha) cross-entropy + alpha divergence, nats/char."""
        config, device = self.config, batch.ids.device
        starts, time = batch.starts.numpy(), batch.ids.size(1)
        if self.cache is not None:
            starts = self.cache.snap(starts)
        places = starts[:, None] + np.arange(time)  # [B, T]
        read = self.student_sees[places].to(device)
        said = [model(piece) for piece in pieces(read, config.student_view.length)]
        logits = torch.cat(said, dim=1).float().flatten(0, 1)  # [N, V]
        # both terms are divided by all positions, masked or not, so that a batch's parts add up
        counts = None if self.mask is None else self.mask[places + 1].flatten().to(device)
        cross_entropy = torch.zeros((), device=device)
        if config.alpha < 1:
            targets = self.labels[places + 1].flatten().to(device)
            each = losses.label_loss(logits, targets, noise=config.label_noise)
            cross_entropy = losses.mean(each, counts, each.numel())
        if config.alpha == 0:
            return cross_entropy
        divergence = self._divergence(logits, starts, places, counts)
        return losses.mix(cross_entropy, divergence, config.alpha)

    def _divergence(
        self, logits: Tensor, starts: np.ndarray, places: np.ndarray, counts: Tensor | None
    ) -> Tensor:
        config, device, whole = self.config, logits.device, len(logits)
        if self.cache is None:
            assert self.reader is not None
            join(self.reader, device, precision_here(device))
            seen = self.teacher_sees[places].astype(np.int64)
            kept = {"logprobs": ask(self.reader, seen, starts)}
        else:
            kept = self.cache.read(starts)
        found = {k: torch.from_numpy(v).flatten(0, 1).to(device) for k, v in kept.items()}
        if "logprobs" in found:
            return losses.kd(
                logits,
                found["logprobs"],
                direction=config.direction,
                beta=config.beta,
                temperature=config.temperature,
                mask=counts,
                count=whole,
            )
        sampled = "entropy" in found
        return losses.sparse_kd(
            logits,
            found["ids"],
            found["weights"],
            "sampled" if sampled else config.tail,
            entropy=found.get("entropy"),
            mask=counts,
            count=whole,
        )


def distill(
    student: TrainConfig,
    teacher: NextChar | None,
    corpus: Corpus,
    config: DistillConfig,
    *,
    cache: Cache | None = None,
    labels: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    init: GPT | None = None,
    measure: Callable[[GPT, np.ndarray], float] | None = None,
    on_step: Callable[[Progress], None] | None = None,
    run: Run | None = None,
    resume: bool = False,
) -> TrainResult:
    """Train a student of shape `student.model` on `corpus`, taught by `teacher` or its `cache`.

    `labels` and `mask` (both as long as the portion's training text) are as in `Distillation`, and
    `measure` replaces the loss of all characters as the measure on held-out text. The rest is as in
    `minigpt.train.loop.train`. ValueError if alphabets differ, the cache is of something else, the
    student is its own teacher, or it would not fit into memory.
    """
    if init is not None and init is getattr(teacher, "model", teacher):
        raise ValueError("the teacher is the student; distil into a model of its own")
    part = portion(corpus, config.data_fraction)
    tokenizer = init.tokenizer if init else CharTokenizer.from_text(corpus.text)
    check_memory(student.model, student.batch_size // student.accumulate, len(tokenizer))
    ids = tokenizer.encode(part.train)
    loss: Loss
    if config.on_policy:
        if teacher is None or any(given is not None for given in (cache, labels, mask)):
            raise ValueError(
                "on_policy needs a live teacher, and no cache, labels or mask: those are of the "
                "real text, and the student writes its own"
            )
        check_text(teacher, ids)
        # the model that writes is the one in training: made here, as the loop would make it
        init = init or GPT.fresh(student.model, corpus.text, student.seed)
        loss = OnPolicy(init, teacher, config, seed=student.seed, accumulate=student.accumulate)
    else:
        loss = Distillation(teacher, ids, tokenizer, config, cache=cache, labels=labels, mask=mask)
    view = config.student_view
    if measure is None and view.kind != "full":
        measure = lambda model, held: seen_loss(model, held, view)  # noqa: E731
    with unchanged(teacher):
        return train(
            student,
            part,
            loss=loss,
            on_step=on_step,
            run=run,
            init=init,
            resume=resume,
            measure=measure,
        )


def seen_loss(model: NextChar, ids: np.ndarray, view: View) -> float:
    """Nats/char of `ids` [N] for a model that sees them through `view`, windows side by side."""
    if view.kind in ("full", "shortened"):
        return float(surprisal(view.through(model), ids).mean())
    said = side_by_side(model, view.see(ids, model.tokenizer, part=1))
    right = np.take_along_axis(said, ids[1:, None].astype(np.int64), -1)
    return -float(right.mean(dtype=np.float64))
