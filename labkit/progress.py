"""Progress bars on standard error for anything that takes over a second, on a terminal only.

Idea:   silence up to a second, then a sign of life: bytes read if they can be counted, else the
        time.
Omits:  logs. If standard error is a file, nothing is written.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

DELAY = 1.0


def total_bytes(paths: Sequence[str]) -> int | None:
    """Stored bytes of local files; None if one is not local (a pipe, an object store)."""
    if not all(os.path.isfile(path) for path in paths):
        return None
    return sum(os.path.getsize(path) for path in paths)


def bytes_bar(what: str, total: int | None) -> Any:
    """A tqdm bar over bytes that appears after a second."""
    from tqdm import tqdm

    return tqdm(
        total=total,
        desc=what,
        unit="B",
        unit_scale=True,
        delay=DELAY,
        file=sys.stderr,
        disable=None,
        leave=False,
    )


@contextmanager
def steps(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar over `total` steps; the block calls the yielded function with each step that is
    done."""
    from tqdm import tqdm

    with tqdm(total=total, desc=what, file=sys.stderr, disable=None, leave=False) as bar:

        def tell(step: str) -> None:
            bar.set_postfix_str(step[:40])
            bar.update()

        yield tell


@contextmanager
def counting(what: str, most: int) -> Iterator[Callable[[], object]]:
    """A bar that appears after a second; the block calls what is yielded some `most` times."""
    from tqdm import tqdm

    with tqdm(
        total=most, desc=what, delay=DELAY, file=sys.stderr, disable=None, leave=False
    ) as bar:
        yield bar.update


@contextmanager
def ticking(what: str) -> Iterator[None]:
    """Show `what` and the elapsed seconds while the block runs, from the first second on."""
    if not sys.stderr.isatty():
        yield
        return
    from tqdm import tqdm

    done = threading.Event()

    def tick() -> None:
        if done.wait(DELAY):
            return
        form = "{desc}, {elapsed}"
        with tqdm(desc=what, bar_format=form, file=sys.stderr, disable=None, leave=False) as bar:
            while not done.wait(0.5):
                bar.refresh()

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
