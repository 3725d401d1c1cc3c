"""One model in several processes: each works on its own part of a text.

Idea:   a step for many streams is dozens of small products, and threads that share them wait for
        each other after each one. Processes wait once, at the end. How the work is cut does not
        depend on how many work, so what comes out does not either.
Run:    python -m minigpt.compress, on files of more than 300,000 characters
Omits:  shared memory. Each process holds a copy of the model, some megabytes here.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, wait
from typing import Any

from minigpt.arithmetic import Progress

LOOK_SECONDS = 0.2


def work(
    job: Callable[..., Any],
    parts: Sequence[tuple[Any, ...]],
    model: Any,
    processes: int,
    progress: Progress,
) -> list[Any]:
    """`job(*part, model, progress)` for each part, in order, by at most `processes` processes.

    `job` is a function of a module and `model` can be pickled; each process computes with as many
    threads as the model does here. Where one process is enough it is this one. What a job raises is
    raised here; MemoryError where a process was killed.
    """
    if min(processes, len(parts)) < 2:
        return [job(*part, model, progress) for part in parts]
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(
        min(processes, len(parts)),
        mp_context=context,
        initializer=_begin,
        initargs=(model, model.threads, done),
    ) as pool:
        try:
            futures = [pool.submit(_one, job, part) for part in parts]
            told, waiting = 0, True
            while waiting:
                waiting = bool(wait(futures, timeout=LOOK_SECONDS).not_done)
                now = done.value
                progress(now - told)
                told = now
            return [future.result() for future in futures]
        except BrokenExecutor:  # killed from outside, which is what a full memory does
            raise MemoryError("a process of the crew was killed") from None
        except BaseException:  # Ctrl-C above all: nobody waits for what is half done
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise


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
