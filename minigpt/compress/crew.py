"""One model in several processes, each working on its own part of a text.

Idea:   a step for many streams is dozens of small products, and threads that share them wait for
        each other after each one. Processes wait once, at the end. The output depends on how the
        work is divided, not on how many processes do it.
Run:    python -m minigpt.compress, on files of more than 200,000 bytes
Omits:  shared memory. Each process holds a copy of the model, a few megabytes here.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, wait
from types import TracebackType
from typing import Any

from minigpt.compress.arithmetic import Progress

LOOK_SECONDS = 0.2


class Crew:
    """Processes that hold the same model, from the first work to the end of the `with` block.

    `model` can be pickled, and each process computes with `model.threads` threads. If one process
    is enough, it is this one.
    """

    def __init__(self, model: Any, processes: int, progress: Progress) -> None:
        self.model, self.processes, self.progress = model, processes, progress
        self._pool: ProcessPoolExecutor | None = None
        self._done: Any = None  # characters coded so far, by all processes
        self._others = set(multiprocessing.active_children())

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | object) -> None:
        if self._pool is None:
            return
        if kind is not None:  # Ctrl-C above all: do not wait for half-done work
            for process in self._crew():
                process.terminate()
        self._pool.shutdown()

    def work(self, job: Callable[..., Any], parts: Sequence[tuple[Any, ...]]) -> list[Any]:
        """`job(*part, model, progress)` for each part, in order; `job` is a module's function.

        An exception in a job is raised here; ChildProcessError if a process was killed.
        """
        if min(self.processes, len(parts)) < 2:
            return [job(*part, self.model, self.progress) for part in parts]
        pool, done = self._start()
        told = done.value
        try:
            futures = [pool.submit(_one, job, part) for part in parts]
            crew = self._crew()
            waiting = True
            while waiting:
                waiting = bool(wait(futures, timeout=LOOK_SECONDS).not_done)
                if waiting and not all(process.is_alive() for process in crew):
                    raise BrokenExecutor
                now = done.value
                self.progress(now - told)
                told = now
            return [future.result() for future in futures]
        except BrokenExecutor:
            raise ChildProcessError(
                "a process that shared the work was killed, as happens where memory is short; "
                "use a smaller model or fewer streams"
            ) from None

    def _start(self) -> tuple[ProcessPoolExecutor, Any]:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._done = context.Value("q", 0)
            # as bytes: torch would put a tensor into memory that all processes share
            model = pickle.dumps(self.model)
            self._pool = ProcessPoolExecutor(
                self.processes,
                mp_context=context,
                initializer=_begin,
                initargs=(model, self.model.threads, self._done),
            )
        # the count without its lock, which a killed process may never have released
        return self._pool, self._done.get_obj()

    def _crew(self) -> set[Any]:
        return set(multiprocessing.active_children()) - self._others


_here: dict[str, Any] = {}  # in a process of the crew: its model, and the shared count


def _begin(model: bytes, threads: int, done: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the crew
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _here.update(model=pickle.loads(model), done=done)
    if "torch" in sys.modules:  # the model needs it
        sys.modules["torch"].set_num_threads(threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _one(job: Callable[..., Any], part: tuple[Any, ...]) -> Any:
    return job(*part, _here["model"], _count)


def _count(characters: int) -> None:
    with _here["done"].get_lock():
        _here["done"].value += characters
