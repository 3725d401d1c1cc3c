"""One model in several processes: each works on its own part of a text.

Idea:   a step for many streams is dozens of small products, and threads that share them wait for
        each other after each one. Processes wait once, at the end. How the work is cut does not
        depend on how many work, so what comes out does not either.
Run:    python -m minigpt.compress, on files of more than 200,000 bytes
Omits:  shared memory. Each process holds a copy of the model, some megabytes here.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, wait
from types import TracebackType
from typing import Any

from minigpt.arithmetic import Progress

LOOK_SECONDS = 0.2


class Crew:
    """Processes that hold the same model; they start with the first work and end with `with`.

    `model` can be pickled, and each process computes with as many threads as it does here. Where
    one process is enough it is this one.
    """

    def __init__(self, model: Any, processes: int, progress: Progress) -> None:
        self.model, self.processes, self.progress = model, processes, progress
        self._pool: ProcessPoolExecutor | None = None
        self._others = set(multiprocessing.active_children())

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | object) -> None:
        if self._pool is None:
            return
        if kind is not None:  # Ctrl-C above all: nobody waits for what is half done
            for process in set(multiprocessing.active_children()) - self._others:
                process.terminate()
        self._pool.shutdown()

    def work(self, job: Callable[..., Any], parts: Sequence[tuple[Any, ...]]) -> list[Any]:
        """`job(*part, model, progress)` for each part, in order; `job` is a module's function.

        What a job raises is raised here; MemoryError where a process was killed.
        """
        if min(self.processes, len(parts)) < 2:
            return [job(*part, self.model, self.progress) for part in parts]
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._done = context.Value("q", 0)
            self._pool = ProcessPoolExecutor(
                min(self.processes, len(parts)),
                mp_context=context,
                initializer=_begin,
                initargs=(self.model, self.model.threads, self._done),
            )
        try:
            told = self._done.value
            futures = [self._pool.submit(_one, job, part) for part in parts]
            waiting = True
            while waiting:
                waiting = bool(wait(futures, timeout=LOOK_SECONDS).not_done)
                now = self._done.value
                self.progress(now - told)
                told = now
            return [future.result() for future in futures]
        except BrokenExecutor:  # killed from outside, which is what a full memory does
            raise MemoryError("a process of the crew was killed") from None


_here: dict[str, Any] = {}  # in a process of the crew: its model, and the shared count


def _begin(model: Any, threads: int, done: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started the crew ends it
    if "torch" in sys.modules:  # the model brought it
        sys.modules["torch"].set_num_threads(threads)
    _here.update(model=model, done=done)


def _one(job: Callable[..., Any], part: tuple[Any, ...]) -> Any:
    return job(*part, _here["model"], _count)


def _count(characters: int) -> None:
    with _here["done"].get_lock():
        _here["done"].value += characters
