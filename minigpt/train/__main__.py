"""Train a character model on a text.

Run:    python -m minigpt.train                        Tiny Shakespeare, a minute or two
        python -m minigpt.train --preset quick         seconds
        python -m minigpt.train --data my.txt --minutes 5
        python -m minigpt.train --resume               continue the latest run
        torchrun --nproc-per-node 2 -m minigpt.train   data-parallel
Idea:   loop.py has the training itself; here are the command line, the bar and what is printed.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("minigpt.train")

import contextlib
import dataclasses
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import psutil
import torch
import torch.distributed as dist
from tqdm import tqdm

from labkit import command, files
from minigpt import corpora
from minigpt.device import check_memory, choose
from minigpt.model import GPT
from minigpt.saved import runs
from minigpt.saved.runs import Run
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train import mixing, report
from minigpt.train.interface import check_fits
from minigpt.train.loop import (
    Batch,
    Loss,
    Progress,
    TrainResult,
    next_char_loss,
    train,
)
from minigpt.train.options import PROG, Command, parse

__all__ = ["Batch", "Loss", "Progress", "TrainConfig", "TrainResult", "next_char_loss", "train"]


def load_corpus(name: str) -> tuple[corpora.Corpus, str]:
    """The text, and a line to print if the default text was not available."""
    if name == corpora.DEFAULT:
        return corpora.load_default()
    return corpora.load(name), ""


def main(asked: Command) -> int:
    """Train as asked, in one process or as one of torchrun's; the exit code."""
    began = time.monotonic()
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1:
        on_cuda = torch.cuda.is_available() and asked.train.device in ("auto", "cuda")
        if on_cuda:
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group("nccl" if on_cuda else "gloo")
    try:
        return _main(asked, began, quiet=int(os.environ.get("RANK", "0")) > 0)
    finally:
        if world > 1:
            dist.destroy_process_group()


def _main(asked: Command, began: float, *, quiet: bool) -> int:
    say = (lambda *_: None) if quiet else (lambda line: command.say(line, file=_where(asked)))
    config, run = asked.train, None
    if asked.resume:
        run = runs.find(asked.out, trained=False)
        if run.result is not None:
            try:
                told = report.summary(run.result)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f"{run.folder / 'result.json'} is no result of this version ({error}); copy it "
                    "again, or delete it to go on with the run"
                ) from None
            say(f"{run.folder} is finished: {told}")
            if asked.json and not quiet:
                print(json.dumps(run.result), flush=True)
            return 0
    corpus, warning = load_corpus(config.data)
    if warning:
        say(warning)
        config = dataclasses.replace(config, data=corpus.name)
    init = _initial(asked.init, corpus, say) if asked.init else None
    if run is not None:
        recorded = run.config
        if recorded["corpus_sha256"] != corpus.sha256:
            raise ValueError(
                f"the text {config.data} is not the one that {run.folder} was trained on; bring "
                f"that back, or start a new run with --init {run.folder}"
            )
        if recorded["init"] and run.last.exists():  # its checkpoint has all the weights
            alphabet = CharTokenizer(recorded["init_characters"])
            check_memory(config.model, config.batch_size // config.accumulate, len(alphabet))
            init = GPT(config.model, alphabet)
        elif recorded["init"]:
            init = _initial(Path(recorded["init"]), corpus, say)
            if recorded.get("init_fingerprint", init.fingerprint) != init.fingerprint:
                raise ValueError(
                    f"the model in {recorded['init']} is not the one that {run.folder} began with; "
                    "bring that back, or start a new run"
                )
    if init is not None:
        config = dataclasses.replace(config, model=init.config)
    check_fits(config, corpus, config.model.context)
    check_memory(config.model, config.batch_size // config.accumulate, len(set(corpus.text)))
    runtime = choose(config.device, config.precision, config.thread_count)
    if run is not None:
        runtime = dataclasses.replace(runtime, why="as the run began")
        if differs := report.made_otherwise(run.config, runtime.device):
            say(differs)
    if dist.is_initialized():  # each process has measured; all use what process 0 found best
        shared = [runtime]
        dist.broadcast_object_list(shared, src=0)
        runtime = shared[0]
    say(f"computing on {runtime}")
    resolved = dataclasses.replace(
        config, device=runtime.device, precision=runtime.precision, threads=runtime.threads
    )
    if asked.dry_run:
        say(report.forecast(resolved, corpus, init))
        return 0
    begun = run is not None
    with contextlib.ExitStack() as stack:
        with _refusing_together():
            if not quiet:
                run = run or runs.create(asked.out, f"{corpus.name}-{config.preset}")
                stack.enter_context(run.claim())
        if not quiet and run is not None and not begun:
            files.write_json(
                run.folder / "config.json", report.describe(resolved, corpus, asked.init, init)
            )
        stack.enter_context(runtime.applied())
        return _learn(asked, resolved, corpus, run, init, began, quiet=quiet, say=say)


def _learn(
    asked: Command,
    resolved: TrainConfig,
    corpus: corpora.Corpus,
    run: Run | None,
    init: GPT | None,
    began: float,
    *,
    quiet: bool,
    say: Callable[[str], None],
) -> int:
    """Train with the run's folder locked, and report what came out."""
    if run is not None:
        run.record = {
            "data": resolved.data,
            "corpus": corpus.name,
            "corpus_sha256": corpus.sha256,
        }
        say(f"learning from {len(corpus.train):,} characters of {corpus.name}; run: {run.folder}")
    watch = mixing.Watch(corpus)
    with _Bar(asked, None if quiet else run, quiet) as bar:
        result = train(
            resolved,
            corpus,
            on_step=bar.on_step,
            run=run,
            init=init,
            resume=asked.resume,
            measure=None if quiet else watch,
            reserve=lambda look: mixing.seconds(corpus, look),
        )
    if quiet or run is None:
        return 0
    if mixing.can_count(corpus):
        say("counting the same text, and fitting a gate that mixes both")
    try:
        lines = report.finish(run, resolved, corpus, result, began, bar.start_seconds, watch)
    except KeyboardInterrupt:
        _stopped("the network is saved", run)
    for line in lines:
        say(line)
    if asked.json:
        print(json.dumps(run.result), flush=True)
    return 0


def _initial(folder: Path, corpus: corpora.Corpus, say: Callable[[str], None]) -> GPT:
    from minigpt.saved.checkpoint import extend_alphabet, load_model

    model, _ = load_model(runs.find(folder).folder)
    wider = model.tokenizer.extended(corpus.text)
    added = wider.characters[len(model.tokenizer) :]
    if added:
        say(f"the alphabet grows by {len(added)} characters: {added[:60]!r}")
        model = extend_alphabet(model, wider)
    return model


@contextlib.contextmanager
def _refusing_together() -> Iterator[None]:
    """If process 0 refuses, the others exit too, silently: it says why."""
    refused: Exception | None = None
    try:
        yield
    except (ValueError, OSError) as error:
        refused = error
    if dist.is_initialized():
        shared = [refused is not None]
        dist.broadcast_object_list(shared, src=0)
        if shared[0] and refused is None:
            sys.exit(command.USAGE_ERROR)
    if refused is not None:
        raise refused


class _Bar:
    """The progress bar, samples along the way, and a clean stop at Ctrl-C."""

    def __init__(self, asked: Command, run: Run | None, quiet: bool) -> None:
        self.config, self.run = asked.train, run
        self.hidden = quiet or asked.json
        self.stopping = 0.0
        """When it was asked to stop, by the monotonic clock; 0 if it was not."""
        self.saved = False
        self.bar: Any = None
        self.start_seconds: float | None = None
        """Seconds from the start of the process to the first step."""

    def __enter__(self) -> _Bar:
        if threading.current_thread() is threading.main_thread():
            self.before = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _stop(self, number: int, _: object) -> None:
        now = time.monotonic()
        if self.stopping and now - self.stopping > 1:  # a second request stops at once; a launcher
            raise KeyboardInterrupt  # repeats the terminal's signal within the same moment
        self.stopping = self.stopping or now  # else between two steps: all is consistent

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()
        for number, handler in getattr(self, "before", {}).items():
            signal.signal(number, handler)
        if kind is KeyboardInterrupt and self.run is not None:
            state = "stopped and saved" if self.saved else "stopped; what was saved is kept"
            _stopped(state, self.run)

    def on_step(self, now: Progress) -> None:
        """Called by the loop after each step."""
        if self.start_seconds is None:
            began = psutil.Process().create_time()
            self.start_seconds = time.time() - began - now.seconds
        if self.bar is None:
            hidden = self.hidden or None  # None: hidden if there is no terminal
            self.bar = tqdm(total=now.steps, initial=now.step - 1, disable=hidden, unit="step")
        if self.bar.total != now.steps:  # a time budget has just fixed the number of steps
            self.bar.total = now.steps
            if self.run is not None:
                record = self.run.config
                record["train"] |= {"steps": now.steps, "minutes": None}
                record["minutes"] = self.config.minutes
                files.write_json(self.run.folder / "config.json", record)
        self.bar.update()
        if now.step % 10 == 0 or now.step == now.steps:
            seen = {} if now.choose_loss is None else {"choose_loss": f"{now.choose_loss:.3f}"}
            rate = now.tokens / max(now.seconds, 1e-9)
            self.bar.set_postfix(loss=f"{now.loss:.3f}", **seen, chars_per_s=f"{rate:,.0f}")
        every = self.config.sample_every
        if every and now.step % every == 0 and not self.hidden:
            from minigpt.sample import generate

            text = generate(now.model, length=200, rng=np.random.default_rng(now.step))[0]
            self.bar.write(f"--- step {now.step}\n{text}")
        if self.stopping:
            self.saved = True  # the loop saves when this is raised
            raise KeyboardInterrupt


def _stopped(state: str, run: Run) -> NoReturn:
    command.fail(
        f"{state}; go on with: python -m {PROG} --resume --out {run.folder}",
        prog=PROG,
        code=command.INTERRUPTED,
    )


def _where(asked: Command) -> Any:
    return sys.stderr if asked.json else sys.stdout


def entry(args: list[str] | None = None) -> None:
    """Parse the arguments and run `python -m minigpt.train`."""
    words = sys.argv[1:] if args is None else args
    command.guard(lambda: main(parse(words)), prog=PROG)


if __name__ == "__main__":
    entry()
