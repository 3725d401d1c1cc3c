"""Train a student on what a teacher says, with the one training loop of the repository.

Idea:   loss = (1 - alpha) * cross-entropy with the text + alpha * divergence from the teacher, at
        every place of the same windows.
Source: Hinton et al. 2015, arXiv:1503.02531.
Run:    python -m distill.train --teacher RUN --student quick --alpha 0.9 --data-fraction 0.05
        (--on-policy 0.5: half of what it is marked on the student writes itself)
Omits:  a loop of its own (that is in minigpt/train/loop.py), and a result without baselines: the
        command trains the same student on labels alone as well, at equal steps, at equal compute
        and in equal seconds.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("distill.train")

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from distill import losses
from distill.cache import Cache
from distill.evaluate import side_by_side
from distill.onpolicy import OnPolicy
from distill.settings import DistillConfig, Question, portion
from distill.teachers import (
    Teacher,
    ask,
    check_text,
    join,
    precision_here,
    same_alphabet,
    unchanged,
)
from distill.views import View, pieces
from labkit import command, files
from minigpt.corpora import Corpus
from minigpt.device import check_memory, choose
from minigpt.evaluate import surprisal
from minigpt.model import GPT
from minigpt.nextchar import NextChar
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import Batch, Loss, Progress, TrainResult, train
from minigpt.train.runs import Run

if TYPE_CHECKING:
    from distill.arms import Setting

PROG = "distill.train"


class Distillation:
    """The loss that the training loop makes small: a `minigpt.train.loop.Loss`.

    `ids` is the training text. With a cache, windows are moved back to the nearest one that is
    there, because what the teacher says depends on where a window begins. `labels` [N] stand in
    for the text as targets (wrong ones, say), and `mask` [N] says which of them count.
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
        # both terms are divided by all places, masked or not, so that the parts of a batch add up
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
    `measure` says what counts on held-out text where that is not the loss of all characters.
    The rest is as in `minigpt.train.loop.train`. ValueError where alphabets differ, the cache is of
    something else, the student is its own teacher, or it would not fit into memory.
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
        # the model that writes is the one that is trained: made here, as the loop would make it
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


@dataclass(frozen=True, kw_only=True)
class Command(Question):
    """Distil a teacher into a student, and train the same student on labels alone beside it."""

    minutes: float | None = None
    """A time budget for the taught student sets the steps; its baselines take longer."""
    targets: Literal["live", "dense", "topk", "sampled"] = "live"
    """Ask the teacher at each step, or build a cache first."""
    k: int = 12
    """Characters kept by a topk or sampled cache."""
    cache: Path | None = None
    """The cache's folder; by default beside the student."""
    out: Path | None = None
    """The student's folder; by default runs/<corpus>-distilled-<n>."""
    resume: bool = False
    """Go on with the student in --out where it was stopped; labels alone are trained anew."""
    seed: int = 0
    """Of weights and windows."""
    json: bool = False
    """One last line of JSON."""

    def __post_init__(self) -> None:
        super().__post_init__()
        TrainConfig(minutes=self.minutes, seed=self.seed)  # refuses what makes no sense
        if self.minutes is not None and self.steps is not None:
            raise ValueError("--minutes sets the number of steps; leave one of the two out")
        if self.k < 1:
            raise ValueError(f"k must be at least 1, got {self.k}")
        if self.targets != "live" and self.distill.on_policy:
            raise ValueError("--on-policy needs --targets live: a cache knows the real text only")
        if self.resume and (self.out is None or self.distill.on_policy):
            raise ValueError(
                "--resume needs --out, the folder to go on with, and no --on-policy: what the "
                "student had written itself is not kept"
            )


def main(asked: Command) -> None:
    """The command."""
    from distill import arms, compare, report
    from distill import cache as caching
    from minigpt.train import runs

    setting = arms.prepare(asked)
    if asked.out is not None and asked.out.resolve() == Path(asked.teacher).resolve():
        raise ValueError(f"{asked.out} is the teacher; the student needs a folder of its own")
    if asked.resume:
        run = runs.find(asked.out)
        if not (run.folder / "config.json").exists():
            raise ValueError(f"{run.folder} holds no run; start one without --resume")
    else:
        run = runs.create(asked.out, f"{setting.corpus.name}-distilled")
    with run.claim():
        cache = None
        if asked.targets != "live":
            student, kind = setting.student, asked.targets
            runtime = choose(student.device, student.precision, student.thread_count)
            with unchanged(setting.teacher):
                join(setting.teacher, torch.device(runtime.device), runtime.precision)
                cache = caching.build(
                    asked.cache or run.folder / "cache",
                    setting.teacher,
                    setting.ids,
                    caching.CacheConfig(kind=kind, context=student.model.context, k=asked.k),
                    view=asked.distill.teacher_view,
                )
        if asked.minutes is not None:
            if asked.resume:  # they were turned into steps then
                steps = _recorded_steps(run, setting.student.steps)
            else:
                steps = arms.within(asked.minutes, setting, cache).student.steps
                print(f"{steps:,} steps fit into the budget", file=sys.stderr)
            setting = replace(setting, student=arms.of_length(setting.student, steps))
        _settle(run, asked, setting)
        try:
            result = compare.compare(
                setting,
                seeds=[asked.seed],
                sweep=arms.Sweep(rates=(1.0,)),
                cache=cache,
                run=run,
                timed=True,
                say=lambda line: print(line, file=sys.stderr, flush=True),
                bar=True,
            )
        except KeyboardInterrupt:
            if not run.last.exists() or asked.distill.on_policy:
                raise
            command.fail(
                f"stopped; go on with the same flags and --resume --out {run.folder}",
                prog=PROG,
                code=command.INTERRUPTED,
            )
        files.write_json(run.folder / "result.json", result.record())
    report.show(result, as_json=asked.json)


def _recorded_steps(run: Run, otherwise: int) -> int:
    """What a time budget was turned into when the run began."""
    student = run.config.get("student")
    steps = student.get("steps", otherwise) if isinstance(student, dict) else otherwise
    if type(steps) is not int:
        raise ValueError(f"{run.folder / 'config.json'} does not describe a run: steps {steps!r}")
    return steps


def _settle(run: Run, asked: Command, setting: Setting) -> None:
    """Write what was asked for into the run's folder; ValueError where it was begun otherwise."""
    run.record = {"data": setting.data, "corpus": setting.corpus.name}
    told = {
        "teacher": asked.teacher,
        "student": asdict(setting.student),
        "distill": asdict(asked.distill),
        "targets": asked.targets,
        "k": asked.k,
        "seed": asked.seed,
        **run.record,
    }
    if asked.resume:
        before = run.config
        changed = [name for name in told if before.get(name) != json.loads(json.dumps(told[name]))]
        if changed:
            raise ValueError(
                f"--resume goes on with what {run.folder} was told, which was another "
                f"{', '.join(changed)}; give the same flags, or name another --out"
            )
    files.write_json(run.folder / "config.json", told)


def entry(args: list[str] | None = None) -> None:
    """The command line; settings inside settings refuse when they are made, inside the guard."""
    command.guard(lambda: main(command.parse(Command, prog=PROG, args=args)), prog=PROG)


if __name__ == "__main__":
    entry()
