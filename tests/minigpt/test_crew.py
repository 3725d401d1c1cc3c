"""Several processes with one model: what they raise, how they end, what they share (nothing)."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from minigpt.compress import crew as crew_module
from minigpt.compress.crew import Crew
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

NOBODY = SimpleNamespace(threads=1)
PARTS = [(1,), (2,)]


def refuse(part: int, *_: object) -> None:
    """A job that fails."""
    raise ValueError(f"refused {part}")


def die(part: int, *_: object) -> None:
    """A job whose process is killed, as where memory is short."""
    os._exit(9)


def die_while_another_works(part: int, *_: object) -> None:
    """The process that was started last is killed, and the other goes on for long."""
    if part == 1:
        time.sleep(120)
    os._exit(9)


def die_with_the_count(part: int, _: object, progress: Callable[[int], None]) -> None:
    """One is killed while it says how far it is, and the other waits to say so."""
    if part == 1:
        time.sleep(1)
        progress(1)
    crew_module._here["done"].get_lock().acquire()
    os._exit(9)


def spoil(part: int, model: GPT, progress: Callable[[int], None]) -> float:
    """A job that changes its model."""
    before = float(model.head.weight.detach().sum())
    with torch.no_grad():
        model.head.weight.fill_(part)
    progress(part)
    return before


def test_what_a_job_raises_is_raised_here() -> None:
    with pytest.raises(ValueError, match="refused"), Crew(NOBODY, 2, print) as crew:
        crew.work(refuse, PARTS)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("job", [die, die_while_another_works, die_with_the_count])
def test_a_process_that_was_killed_ends_the_work(job: Any) -> None:
    with pytest.raises(ChildProcessError, match="killed"), Crew(NOBODY, 2, lambda n: None) as crew:
        crew.work(job, PARTS)
    assert not multiprocessing.active_children()


def test_a_crew_works_twice_and_shares_no_memory() -> None:
    config = GPTConfig(n_layer=1, n_head=1, n_embd=4, context=4)
    model = GPT(config, CharTokenizer("ab"), torch.Generator().manual_seed(0))  # its head is zero
    told: list[int] = []
    with Crew(model, 2, told.append) as crew:
        first = crew.work(spoil, PARTS)
        crew.work(spoil, PARTS)
    assert set(first) <= {0.0, 8.0, 16.0}  # its own doing, where one process got both parts
    assert first[0] == 0
    assert sum(told) == 6
    assert not model.head.weight.is_shared()
    assert float(model.head.weight.detach().sum()) == 0
    assert not multiprocessing.active_children()


def test_the_crew_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """Also where that one is killed and can say nothing."""
    program = tmp_path / "parent.py"
    program.write_text(
        "import os, pathlib, time\n"
        "from types import SimpleNamespace\n"
        "from minigpt.compress.crew import Crew\n"
        "def wait(file, *_):\n"
        "    pathlib.Path(file + '.part').write_text(str(os.getpid()))\n"
        "    os.rename(file + '.part', file)\n"
        "    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        f"    parts = [({str(tmp_path / 'one')!r},), ({str(tmp_path / 'two')!r},)]\n"
        "    Crew(SimpleNamespace(threads=1), 2, print).work(wait, parts)\n"
    )
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.DEVNULL) as parent:
        try:
            assert _comes_true((tmp_path / "one").exists, (tmp_path / "two").exists)
        finally:
            parent.kill()
    pids = [int((tmp_path / name).read_text()) for name in ("one", "two")]
    assert _comes_true(*(lambda pid=pid: not _runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _comes_true(*conditions: Callable[[], bool]) -> bool:
    """Whether all hold within a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if all(condition() for condition in conditions):
            return True
        time.sleep(0.05)
    return False
