"""A learner's measurements, kept so that no number is measured twice.

Idea:   a seed's evidence depends on the profile, the seed and the code. It is kept in
        work/evidence, under a name with a hash of that code: if the experiment changes, it is
        measured again. The ledger's evidence can be put there too.
Run:    used by the notebooks
Omits:  judging, and publishing: see lessons/engine/ledger/command.py.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labkit import files
from lessons.engine.catalogue import find
from lessons.engine.experiment import Experiment, Profile
from lessons.engine.experiment import find as find_experiment
from lessons.engine.ledger import records

NOT_MEASURED = ("lesson.py", "checks.py", "answers.py")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One seed's evidence and its origin."""

    evidence: dict[str, Any]
    """The result of `Experiment.run`."""
    seconds: float
    """Duration of the measurement, seconds."""
    date: str
    """Date of the measurement."""
    by: str = "here"
    """Place of the measurement: "here", or "ledger"."""


def measure(experiment: Experiment, profile: Profile, seed: int, folder: Path) -> tuple[Kept, bool]:
    """One seed's evidence, and whether it was measured now.

    It is not measured if `folder` already has it from the same code.
    """
    path = _path(experiment.id, profile, seed, folder)
    if path.exists():
        try:
            return Kept(**files.read_json(path)), False
        except (ValueError, TypeError):
            path.unlink()  # half a file, or from another version: measure again
    began = time.perf_counter()
    found = experiment.run(profile, seed)
    kept = Kept(
        evidence=found,
        seconds=round(time.perf_counter() - began, 1),
        date=datetime.now(UTC).date().isoformat(),
    )
    _write(kept, path)
    return kept, True


def bring_published(lesson: str, folder: Path) -> int:
    """Put the ledger's evidence from this lesson's code into `folder`; the number of judged
    seeds."""
    place = find(lesson)
    experiment = find_experiment(place.name)
    if not records.may_be_shown(place.folder, experiment):
        return 0
    measured, judged = records.entries(place.folder), experiment.judged
    fresh = [entry for entry in measured if entry["evidence"]["seed"] in judged]
    for entry in fresh:
        found = entry["evidence"]
        kept = Kept(evidence=found, seconds=entry["seconds"], date=entry["date"], by="ledger")
        _write(kept, _path(place.name, found["profile"], found["seed"], folder))
    return len(fresh)


def experiment_hash(lesson: str) -> str:
    """SHA-256 of the sources of a notebook's figure: the experiment's files, and the ledger's
    evidence if there is any.

    Unlike the ledger's hash it counts every character, since the drawing and the claim's wording
    are in the notebook.
    """
    place = find(lesson).folder
    paths = [p for p in sorted(place.glob("*.py")) if p.name not in NOT_MEASURED]
    paths += [p for p in [place / records.EVIDENCE] if p.exists()]
    return files.sha256("\n".join(f"{p.name} {_text_hash(p)}" for p in paths))


def _text_hash(path: Path) -> str:
    return files.sha256(path.read_text(encoding="utf-8"))  # newlines read as \n on every system


def _path(name: str, profile: str, seed: int, folder: Path) -> Path:
    code = records.code_hash(find(name).folder)
    return folder / f"{name}-{profile}-{seed}-{code[:12]}.json"


def _write(kept: Kept, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(path, asdict(kept))
