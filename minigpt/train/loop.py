"""Train a character model: draw windows of text, predict each next character, adjust weights.

Idea:   loss = mean of -log p(next character); follow its gradient down.
Run:    python -m minigpt.train
Omits:  sharding of weights or optimiser state; every model here fits everywhere.

`train` is the only training loop of the repository; distillation replaces the loss, not the loop.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
import torch.distributed as dist
from jaxtyping import Int, Integer
from torch import Tensor, nn

from minigpt import seeds
from minigpt.corpora import Corpus
from minigpt.device import Runtime, choose
from minigpt.evaluate import score
from minigpt.model import GPT
from minigpt.optim import cosine, trapezoid
from minigpt.saved.runs import Run
from minigpt.saved.state import State
from minigpt.settings import TrainConfig
from minigpt.train.budget import Stopwatch
from minigpt.train.interface import Batch, Loss, Progress, TrainResult, check_fits, next_char_loss


def draw_windows(
    ids: Integer[Tensor, " N"], context: int, batch: int, generator: torch.Generator
) -> Batch:
    """`batch` random windows of `context` characters, with the character after each position."""
    starts = torch.randint(len(ids) - context, (batch,), generator=generator)
    return Batch(*cut_windows(ids, starts, context), starts)


def cut_windows(
    ids: Integer[Tensor, " N"], starts: Int[Tensor, " B"], context: int
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """Inputs and targets: `context` characters from each start, and the same shifted by one."""
    windows = ids.unfold(0, context + 1, 1)[starts].long()  # [B, T + 1]
    return windows[:, :-1], windows[:, 1:]


def train(
    config: TrainConfig,
    corpus: Corpus,
    *,
    loss: Loss = next_char_loss,
    on_step: Callable[[Progress], None] | None = None,
    run: Run | None = None,
    init: GPT | None = None,
    resume: bool = False,
    measure: Callable[[GPT, np.ndarray], float] | None = None,
    reserve: Callable[[float], float] | None = None,
) -> TrainResult:
    """Train a model on `corpus.train`, and keep the best by `corpus.choose`.

    `loss` is minimised; `on_step` is called after every step and may raise KeyboardInterrupt, upon
    which the run is saved; `run` is the folder that keeps it; `init` is a model to start from,
    which is modified (its shape overrides the config's); `resume` continues `run`; `measure`
    returns a model's loss on held-out ids, nats/char, in place of `score`; `reserve` returns the
    seconds of `config.minutes` that the caller needs afterwards, from those that the choosing half
    takes in float32. Deterministic for a
    seed: the same threads, precision and machine give the same weights, bit for bit. Torch's thread
    count is set during training only. ValueError if the text is too short, or the loss is no longer
    finite.
    """
    runtime = choose(config.device, config.precision, config.thread_count)
    config = replace(config, precision=runtime.precision)
    with (
        runtime.applied() as device,
        seeds.own_randomness(seeds.stream(config.seed, "dropout", _rank()), device),
    ):
        model = init or GPT.fresh(config.model, corpus.text, config.seed)
        state = State(config, model.to(device))
        if resume and run is not None:
            run.restore(state)
            if _rank() == 0:
                run.tidy(state)
            else:  # the saved generator is that of process 0
                torch.manual_seed(state.dropout_seed(config.seed, _rank()))
        loop = _Loop(config, corpus, state, runtime, loss, run, measure, reserve)
        if state.step >= state.steps:  # the run was stopped between its last step and its result
            loop.save()
        while state.step < state.steps:
            loop.one_step()
            if on_step is not None:
                try:
                    on_step(loop.progress())
                except KeyboardInterrupt:
                    loop.stopping = True
            if loop.all_stop():
                loop.save()
                raise KeyboardInterrupt
        return loop.finish()


class _Loop:
    """The stages of a step: draw, forward, backward, update; at times evaluate and save."""

    LOG_EVERY = 10

    def __init__(
        self,
        config: TrainConfig,
        corpus: Corpus,
        state: State,
        runtime: Runtime,
        loss: Loss,
        run: Run | None,
        measure: Callable[[GPT, np.ndarray], float] | None,
        reserve: Callable[[float], float] | None = None,
    ) -> None:
        self.reserve = reserve or (lambda look: 0.0)
        self.measure = measure or (lambda model, ids: score(model, ids).nats)
        self.config, self.state, self.runtime, self.loss = config, state, runtime, loss
        self.run = run if _rank() == 0 else None
        self.model = state.model
        self.device = next(self.model.parameters()).device
        encode, context = self.model.tokenizer.encode, self.model.context
        check_fits(config, corpus, context)
        self.ids = torch.from_numpy(encode(corpus.train))
        self.choose, self.judge = encode(corpus.choose), encode(corpus.judge)
        self.held_out = encode(corpus.held_out)
        # a look only goes forward, which is a third of a step's work
        self.look_cost = len(self.choose) / (3 * config.batch_size * context)  # in steps
        self.forward: Callable[[Tensor], Tensor] = self.model
        self.parallel: nn.parallel.DistributedDataParallel | None = None
        if dist.is_initialized():
            self.forward = self.parallel = nn.parallel.DistributedDataParallel(self.model)
        if self.device.type == "cuda":
            self.forward = torch.compile(self.forward)
        self.peaks = [[g["lr"] for g in o.param_groups] for o in state.optimizers]
        self.clipped = state.clipped()
        self.last_loss = math.nan
        self.choose_loss: float | None = None
        self.final: tuple[float, float] | None = None  # of the best model: held out, judging half
        self.saved_at = time.monotonic()
        self.watch = Stopwatch(state.step, state.seconds)
        self.began = time.monotonic()
        self.earlier = state.wall
        self.stopping = self.agreed = False
        self.asked = torch.zeros((), device=self.device)
        self.model.train()

    def one_step(self) -> None:
        """Make one update, and whatever is due after it: evaluation, log line, checkpoint."""
        state, config = self.state, self.config
        start = time.perf_counter()
        value = self._update()
        number = state.step + 1
        last = number == state.steps
        due = number % state.look_every(config.eval_every, self.look_cost) == 0
        looked = self.device.type != "cuda" or number % self.LOG_EVERY == 0 or due or last
        if looked:
            self.last_loss = value.item()
            self.agreed = bool(self.asked > 0)
        state.seconds += time.perf_counter() - start
        state.step += 1
        if looked and not math.isfinite(self.last_loss):
            raise ValueError(
                f"the loss is {self.last_loss} at step {state.step}; the last good checkpoint is "
                "kept; try a lower --muon-lr and --adamw-lr, or --precision fp32"
            )
        if looked:
            state.recent.append(self.last_loss)
            self.watch.waited(state.step, state.seconds)
        if not state.fixed:
            self._fix_length()
            last = state.step == state.steps
        if due or last:
            self._validate(last=last)
        elif state.step % self.LOG_EVERY == 0:
            self._log(looked=False)
        if looked and time.monotonic() - self.saved_at >= config.save_seconds:
            self.save()

    def _update(self) -> Tensor:
        state, config = self.state, self.config
        schedule = (
            trapezoid(state.step, state.steps, warmup=config.warmup, cooldown=config.cooldown)
            if config.schedule == "trapezoid"
            else cosine(state.step, state.steps, warmup=config.warmup)
        )
        for optimizer, peaks in zip(state.optimizers, self.peaks):
            for group, peak in zip(optimizer.param_groups, peaks):
                group["lr"] = peak * schedule
        batch = draw_windows(self.ids, self.model.context, config.batch_size, state.windows)
        total = torch.zeros((), device=self.device)
        parts = list(self._parts(batch))
        for i, part in enumerate(parts):
            with self._averaging(last=i + 1 == len(parts)):
                with self._autocast():
                    value = self.loss(self.forward, part) / len(parts)
                value.backward()
            total += value.detach()
        if config.grad_clip:
            nn.utils.clip_grad_norm_(self.clipped, config.grad_clip)
        for optimizer in state.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if dist.is_initialized():
            shared = torch.stack((total, total.new_tensor(float(self.stopping))))
            dist.all_reduce(shared)
            total, self.asked = shared[0] / dist.get_world_size(), shared[1]
        return total

    def all_stop(self) -> bool:
        """Whether to stop here. Processes must stop after the same step: one asks, all agree.

        With several processes the request travels with the next step's loss.
        """
        return self.agreed if dist.is_initialized() else self.stopping

    def _averaging(self, *, last: bool) -> contextlib.AbstractContextManager[None]:
        """Average gradients over processes with the last part of a batch only."""
        if self.parallel is not None and not last:
            return self.parallel.no_sync()
        return contextlib.nullcontext()

    def _parts(self, batch: Batch) -> Iterator[Batch]:
        """This process's share of the batch, in `accumulate` parts of equal size."""
        world = dist.get_world_size() if dist.is_initialized() else 1
        rows = torch.arange(_rank(), self.config.batch_size, world)
        for some in rows.chunk(self.config.accumulate):
            yield Batch(
                batch.ids[some].to(self.device, non_blocking=True),
                batch.targets[some].to(self.device, non_blocking=True),
                batch.starts[some],
            )

    def _autocast(self) -> torch.autocast:
        bf16 = self.runtime.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)

    def _fix_length(self) -> None:
        """Turn `minutes` into a number of steps once the first ones have been timed."""
        typical = self.watch.seconds_a_step()
        if typical is None:
            return
        assert self.config.minutes is not None
        times = [time.monotonic()]
        for exact in (False, True):
            self._measure(self.choose, exact=exact)
            times.append(time.monotonic())
        look, end = np.diff(times)
        every = self.config.eval_every
        left = 60 * self.config.minutes - (self.earlier + time.monotonic() - self.began)
        looks = 1 if every else self.state.looks(int(left / typical), self.look_cost)
        left -= look * looks + 3 * end  # at the end both halves, one of them twice
        left -= self.reserve(float(end))
        each = typical + (look / every if every else 0.0)
        self.state.steps = self.state.step + max(1, int(left / each))
        if dist.is_initialized():  # all processes must stop together
            steps = torch.tensor(self.state.steps, device=self.device)
            dist.broadcast(steps, src=0)
            self.state.steps = int(steps)
        self.state.fixed = True

    def _measure(self, ids: np.ndarray, *, exact: bool = False) -> float:
        """Nats/char; in the run's own precision during training, in float32 if `exact`."""
        before, self.model.precision = self.model.precision, self.runtime.precision
        try:
            if exact:
                self.model.precision = "fp32"
            return self.measure(self.model, ids)
        finally:
            self.model.precision = before

    def _validate(self, *, last: bool) -> None:
        """Evaluate the choosing half; after the `last` step judge the chosen model, once."""
        self.choose_loss = loss = self._measure(self.choose)
        if not math.isfinite(loss):
            raise ValueError(
                f"the held-out loss is {loss} at step {self.state.step}; the last good checkpoint "
                "is kept; try a lower --muon-lr and --adamw-lr"
            )
        if loss < self.state.best:
            self.state.best = loss
            self.state.best_weights = self._weights()
        if last:
            now = self._weights()
            self.model.load_state_dict(self.state.best_weights)
            self.final = self._judged()
            self.model.load_state_dict(now)
        self._log(looked=True)
        self.save()

    def _weights(self) -> dict[str, Tensor]:
        return {name: weight.clone() for name, weight in self.model.state_dict().items()}

    def _judged(self) -> tuple[float, float]:
        """Nats/char on the whole held-out text, and on its judging half, in float32."""
        return self._measure(self.held_out, exact=True), self._measure(self.judge, exact=True)

    def _log(self, *, looked: bool) -> None:
        state = self.state
        val_loss, judge_loss = self.final or (None, None)
        line = {
            "step": state.step,
            "tokens": self.tokens,
            "train_loss": float(np.mean(state.recent)),
            "choose_loss": self.choose_loss if looked else None,
            "val_loss": val_loss,
            "judge_loss": judge_loss,
            "tokens_per_second": self.tokens / max(state.seconds, 1e-9),
            "seconds": state.seconds,
        }
        state.recent = []
        state.metrics.append(line)
        if self.run is not None:
            self.run.log(line)

    @property
    def tokens(self) -> int:
        """Characters trained on so far."""
        return self.state.step * self.config.batch_size * self.model.context

    def save(self) -> None:
        """Write everything needed to resume, if there is a folder for it."""
        self.state.wall = self.earlier + time.monotonic() - self.began
        if self.run is not None:
            self.run.save(self.state)
        self.saved_at = time.monotonic()

    def progress(self) -> Progress:
        """The argument for `on_step`."""
        state = self.state
        return Progress(
            step=state.step,
            steps=state.steps,
            tokens=self.tokens,
            loss=self.last_loss,
            val_loss=self.final[0] if self.final else None,
            choose_loss=self.choose_loss,
            seconds=state.seconds,
            model=self.model,
        )

    def finish(self) -> TrainResult:
        """The best model, measured in float32 on the whole held-out text."""
        state = self.state
        if state.best_weights:
            self.model.load_state_dict(state.best_weights)
        self.model.eval()
        val_loss, judge_loss = self.final or self._judged()
        return TrainResult(
            model=self.model,
            val_loss=val_loss,
            judge_loss=judge_loss,
            metrics=state.metrics,
            train_seconds=state.seconds,
            earlier_seconds=self.earlier,
            steps=state.step,
            tokens=self.tokens,
            runtime=self.runtime,
        )


def _rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0
