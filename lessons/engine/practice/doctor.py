"""Is this machine ready for the lessons, and how long will they take here?

Idea:   one screen that says what is available, what is missing and how to get it; times are scaled
        by a measurement, and the sandbox's limits are tried rather than looked up.
Run:    python -m lessons doctor
Omits:  repairing anything by itself.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.versions import version
from lessons.engine import catalogue, experiment
from lessons.engine.catalogue import Lesson
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Call
from lessons.engine.ledger import records
from lessons.engine.sandbox.outcome import Failure, Outcome
from lessons.engine.work import ROOT, work_folder

REFERENCE_MS = 4.07
"""Milliseconds per step by `python -m minigpt.device` on the machine for which minutes are stated
(AMD EPYC, two cores, nothing else running): the best of its four (bfloat16, two threads)."""
PACKAGES = ["torch", "numpy", "scipy", "matplotlib", "jupyter", "nbclient", "safetensors", "tyro"]
PACKAGES += ["cognitive-core"]

# limit: (code, the evidence that it holds)
_TRIES: dict[str, tuple[str, Callable[[Outcome], bool]]] = {
    "time": ("def f():\n    while True:\n        pass\n", lambda o: o.status == "timeout"),
    "output": (
        "def f():\n    while True:\n        print('x' * 9999)\n",
        lambda o: o.status == "crash",
    ),
    "memory": ("def f():\n    return len(bytearray(8 << 30))\n", lambda o: o.status == "memory"),
    "processes": (
        "import os\ndef f():\n    pid = os.fork()\n    if pid == 0:\n        os._exit(0)\n",
        lambda o: _refused(o),
    ),
    "network": (
        "import socket\ndef f():\n    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:\n"
        "        s.connect(('192.0.2.1', 9))\n",  # an unassigned address (RFC 5737)
        lambda o: _refused(o),
    ),
    "writing files": (
        "import os\ndef f():\n    with open('x', 'w') as file:\n        file.write('x')\n",
        lambda o: _refused(o),
    ),
    "reading your files": (
        f"import os\ndef f():\n    return len(os.listdir({str(Path.home())!r}))\n",
        lambda o: _refused(o),
    ),
}


def _refused(outcome: Outcome) -> bool:
    return outcome.status == "done" and isinstance(outcome.answers[0].value, Failure)


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Show this machine's parts and speed, and which limits hold for checked answers."""


@dataclass(frozen=True)
class Line:
    """One finding."""

    what: str
    found: str
    remedy: str = ""
    """Remedy; empty if all is well."""


def main(_: Doctor, say: Callable[[str], None] = print) -> int:
    """Print the screen; returns 1 if there is a problem."""
    bad = 0
    for line in [*machine(), *sandboxed()]:
        bad += bool(line.remedy)
        say(f"{line.what:<12} {line.found}")
        if line.remedy:
            say(f"{'':<12} -> {line.remedy}")
    for line in times():
        say(f"{line.what:<12} {line.found}")
    say(f"\nFor a bug report: {versions()}")
    return 1 if bad else 0


def machine() -> Iterator[Line]:
    """Python, torch, cores, memory, disk."""
    import psutil

    right = sys.version_info >= (3, 11)
    remedy = "" if right else "install Python 3.11 or later, and make a new environment"
    yield Line("python", f"{platform.python_version()} ({platform.machine()})", remedy)
    try:
        import torch

        from minigpt import device
    except (ImportError, OSError) as error:
        yield Line("torch", f"does not load: {error}", 'python -m pip install -e "."')
        return
    where = "CUDA" if torch.cuda.is_available() else "CPU"
    yield Line("torch", f"{torch.__version__}, computes on {where}")
    free = device.free_cores()
    busy = "" if free == device.cores() else f", {device.cores() - free} of them busy now"
    yield Line("cores", f"{device.cores()}{busy}")
    memory = psutil.virtual_memory()
    low = memory.available < 2 << 30
    words = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free"
    yield Line("memory", words, "close other programs; a lesson needs about 2 GiB" if low else "")
    disk = shutil.disk_usage(ROOT)
    low = disk.free < 1 << 30
    words = f"{disk.free / 2**30:.1f} GiB free"
    yield Line("disk", words, "free 1 GiB: corpora and results are kept" if low else "")
    folder = work_folder()
    place = folder if folder.exists() else folder.parent
    locked = not os.access(place, os.W_OK)
    remedy = "name a folder you may write to: COGNITIVE_CORE_WORK=..." if locked else ""
    yield Line("work", str(folder), remedy)


def sandboxed() -> Iterator[Line]:
    """The limits that hold, each tested by an attempt to break it, and the duration of a check."""
    with Sandbox() as sandbox:
        began = time.monotonic()
        try:
            sandbox.start()
        except ValueError as error:
            yield Line("sandbox", str(error), "no answer can be checked; see the versions below")
            return
        first = time.monotonic() - began
        began = time.monotonic()
        sandbox.run("def f():\n    return 1\n", "f", [Call()])
        next_ = time.monotonic() - began
        outcomes = {
            name: holds(sandbox.run(code, "f", [Call()], seconds=0.5, megabytes=512))
            for name, (code, holds) in _TRIES.items()
        }
    yield Line("checks", f"{first:.1f} s to start, then {1000 * next_:.0f} ms and your code's time")
    kept = [name for name, holds in outcomes.items() if holds]
    yield Line("sandbox", f"limits that hold here: {', '.join(kept) or 'none'}")
    broken = [name for name, holds in outcomes.items() if not holds]
    if broken:
        remedy = "check only code that you trust, or work in a Linux container (TEACHING.md)"
        yield Line("", f"limits that do not hold: {', '.join(broken)}", remedy)


def times() -> Iterator[Line]:
    """Speed, and the waiting time for every lesson's experiment at this speed."""
    from minigpt import device

    seconds = device.measure()
    (precision, threads), best = min(seconds.items(), key=lambda item: item[1])
    scale = 1000 * best / REFERENCE_MS
    words = f"{1000 * best:.1f} ms a small training step ({precision}, {threads} threads)"
    yield Line("speed", f"{words}: {1 / scale:.1f} times the machine of the stated minutes")
    total = 0.0
    for lesson in catalogue.lessons():
        stated = minutes(lesson)
        if stated is not None:
            n = seeds(lesson)
            total += n * stated * scale
            here = f"about {n * stated * scale:.0f} minutes here, {n} seeds of "
            here += f"{stated * scale:.1f} (stated as {stated:g} each)"
            yield Line(f"lesson {lesson.number:02d}", f"{lesson.name}: {here}")
    if total:
        words = f"about {total:.0f} minutes of computing; published=True shows ours at once"
        yield Line("all lessons", words)


def minutes(lesson: Lesson) -> float | None:
    """Minutes per seed at full profile, as the ledger measured them or experiment.py states them;
    None if there is no experiment."""
    if not (lesson.folder / "experiment.py").exists():
        return None
    return records.minutes(experiment.find(lesson.name))


def seeds(lesson: Lesson) -> int:
    """Number of seeds of its experiment."""
    return experiment.find(lesson.name).seeds


def versions() -> str:
    """Versions in one line, to paste."""
    found = [f"{platform.system()} {platform.release()}", f"Python {platform.python_version()}"]
    return ", ".join([*found, *(f"{name} {version(name)}" for name in PACKAGES)])
