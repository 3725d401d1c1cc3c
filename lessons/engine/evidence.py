"""What an experiment measured is kept, so that nobody waits for the same number twice.

Idea:   a seed's evidence depends on the profile, the seed and the code, and on nothing else that is
        meant to matter. It is kept in work/evidence under a name that holds a hash of that code:
        change a line of the experiment or of a package and it is measured anew.
Run:    used by the notebooks
Omits:  the machine. Evidence brought from another one counts; it says where it is from.
"""

from __future__ import annotations

import functools
import hashlib
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labkit import files
from lessons.engine.experiment import LESSONS, Experiment, Profile, resolve

PACKAGES = ("labkit", "minigpt", "distill", "synthdata")
NOT_MEASURED = ("lesson.py", "checks.py")  # of a lesson's folder: prose and exercises


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One seed's evidence and how it came about."""

    evidence: dict[str, Any]
    """What `Experiment.run` returned."""
    seconds: float
    """How long that took."""
    fresh: bool
    """Was it measured just now?"""
    date: str
    """When it was measured."""
    machine: str
    """On what."""


def measure(experiment: Experiment, profile: Profile, seed: int, folder: Path) -> Kept:
    """The evidence of one seed: from `folder` if this very code measured it before, else run."""
    path = folder / f"{experiment.id}-{profile}-{seed}-{code_hash(experiment.id)[:12]}.json"
    if path.exists():
        try:
            stored = files.read_json(path)
            return Kept(fresh=False, **stored)
        except (ValueError, TypeError):
            path.unlink()  # half a file, or another version's: measure again
    began = time.perf_counter()
    found = experiment.run(profile, seed)
    kept = Kept(
        evidence=found,
        seconds=round(time.perf_counter() - began, 1),
        fresh=True,
        date=datetime.now(UTC).date().isoformat(),
        machine=f"{platform.system()} {platform.machine()}",
    )
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(path, {k: v for k, v in vars(kept).items() if k != "fresh"})
    return kept


def experiment_hash(lesson: str) -> str:
    """SHA-256 of the code in a lesson's folder that measures."""
    folder = LESSONS / resolve(lesson)
    return _hash_of(p for p in sorted(folder.glob("*.py")) if p.name not in NOT_MEASURED)


def code_hash(lesson: str) -> str:
    """SHA-256 of all code an experiment can depend on: its own, and the packages'."""
    return files.sha256(experiment_hash(lesson) + _packages_hash())


@functools.cache
def _packages_hash() -> str:
    root = LESSONS.parent
    return _hash_of(p for name in PACKAGES for p in sorted((root / name).rglob("*.py")))


def _hash_of(paths: Any) -> str:
    seen = hashlib.sha256()
    for path in paths:
        data = path.read_bytes().replace(b"\r\n", b"\n")
        seen.update(f"{path.name} {len(data)}\n".encode() + data)
    return seen.hexdigest()
