"""A run's folder: its contents, and which run is the latest.

Idea:   a run is a folder that explains itself: what was asked for (config.json), what happened
        (metrics.jsonl, loss.png), what came out (model.safetensors, gate.json, sample.txt,
        result.json) and everything needed to resume (last.safetensors).
Run:    python -m minigpt.runs
Omits:  a database. Copy a folder and you have copied the run.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit import files

if TYPE_CHECKING:
    from minigpt.saved.state import State

RUNS = Path("runs")
_MEASURED = {"val_loss", "choose_loss"}  # in each line of metrics.jsonl, null if not measured
_WRITTEN = (  # files that a run writes into its folder
    "metrics.jsonl",
    "model.safetensors",
    "last.safetensors",
    "result.json",
    "gate.json",
    "loss.png",
    "sample.txt",
)


class Run:
    """One run's folder and the files in it."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.record: dict[str, Any] = {}
        self._best_saved: float | None = None

    @property
    def model(self) -> Path:
        """Path of the best weights."""
        return self.folder / "model.safetensors"

    @property
    def last(self) -> Path:
        """Path of everything needed to resume."""
        return self.folder / "last.safetensors"

    @property
    def finished(self) -> bool:
        """Whether training has come to its end, after which the model stays as it is."""
        return (self.folder / "result.json").exists()

    @property
    def touched(self) -> float:
        """When the run was begun or last saved, in seconds since 1970."""
        paths = (self.folder / "config.json", self.model, self.last)
        return max(path.stat().st_mtime for path in paths if path.exists())

    @property
    def config(self) -> dict[str, Any]:
        """The content of config.json: what was asked for."""
        return _record(self.folder / "config.json")

    @property
    def result(self) -> dict[str, Any] | None:
        """The content of result.json; None while the run is unfinished."""
        path = self.folder / "result.json"
        return _record(path) if path.exists() else None

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl, without a last one that a kill cut short.

        ValueError, naming the line, if any other is damaged.
        """
        path = self.folder / "metrics.jsonl"
        lines = path.read_bytes().splitlines() if path.exists() else []
        found = []
        for number, line in enumerate(lines, 1):
            try:
                known = files.parse_json(line)
                if not (isinstance(known, dict) and known.keys() >= _MEASURED):
                    raise ValueError("not a line of a run")
                for name in _MEASURED:
                    if known[name] is not None and not _is_number(known[name]):
                        raise ValueError(f"{name} is no number")
                found.append({**known, "step": int(known["step"])})
            except (ValueError, KeyError, TypeError, OverflowError):
                if number < len(lines):
                    raise ValueError(
                        f"{path} is damaged in line {number}; copy it again, or delete it: the "
                        "curve then begins where the run goes on"
                    ) from None
        return found

    def log(self, line: dict[str, Any]) -> None:
        """Add a line to metrics.jsonl."""
        with open(self.folder / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def save(self, state: State) -> None:
        """Write last.safetensors, and model.safetensors if there is a new best."""
        from minigpt.saved import checkpoint

        if state.best_weights and state.best != self._best_saved:
            record = {**self.record, "choose_loss": state.best, "step": state.step}
            checkpoint.save_weights(self.model, state.model, state.best_weights, record)
            self._best_saved = state.best
        checkpoint.save(self.last, state.tensors(), {"kind": "last", **state.header()})

    def restore(self, state: State) -> None:
        """Restore `state` to the last checkpoint; without one it stays at step 0."""
        from minigpt.saved import checkpoint

        if self.last.exists():
            tensors, header = checkpoint.load(self.last)
            try:
                state.restore(tensors, header)
            except KeyError as error:
                raise ValueError(f"{self.last} does not fit this run: it has no {error}") from None
            except (RuntimeError, TypeError, ValueError) as error:
                first = str(error).splitlines()[0]
                raise ValueError(f"{self.last} does not fit this run: {first}") from None
        state.metrics = [line for line in self.metrics() if line["step"] <= state.step]

    def claim(self) -> contextlib.AbstractContextManager[None]:
        """Lock the run for the block of a `with`; ValueError if another command holds it."""
        return files.held(
            self.folder / ".lock",
            f"another command is working on {self.folder}; wait for it or stop it, or name "
            "another --out",
        )

    def tidy(self, state: State) -> None:
        """After `restore`: drop later log lines, and files that a kill left half written."""
        lines = "".join(json.dumps(line) + "\n" for line in state.metrics)
        files.write_text(self.folder / "metrics.jsonl", lines)
        for half in self.folder.glob(".*.part"):
            half.unlink(missing_ok=True)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < math.inf


def create(folder: Path | None, name: str) -> Run:
    """A new run's folder: `folder`, or runs/<name>-<n> with the first free n.

    ValueError if `folder` holds a run already, or files that a run would overwrite.
    """
    if folder is not None:
        if (folder / "config.json").exists():
            raise ValueError(
                f"{folder} holds a run already; go on with it by --resume, or name another --out"
            )
        folder.mkdir(parents=True, exist_ok=True)
        others = [name for name in _WRITTEN if os.path.lexists(folder / name)]
        if others:
            raise ValueError(
                f"{folder} has a file {others[0]} already, which a run would write over; move it, "
                "or name another --out"
            )
        return Run(folder)
    RUNS.mkdir(exist_ok=True)
    number = 1
    while True:
        try:
            (RUNS / f"{name}-{number}").mkdir()
            return Run(RUNS / f"{name}-{number}")
        except FileExistsError:
            number += 1


def _record(path: Path) -> dict[str, Any]:
    found = files.read_json(path)
    if not isinstance(found, dict):
        raise ValueError(f"{path} does not describe a run; copy it again, or move it away")
    return found


def find_all(root: Path = RUNS) -> list[Run]:
    """Every run under `root`, sorted by when it was last worked on, the latest last."""
    found = [Run(path.parent) for path in root.glob("*/config.json")]
    return sorted(found, key=lambda run: run.touched)


def find(folder: Path | None, *, trained: bool = True) -> Run:
    """The run in `folder`, or the latest one; with `trained`, the latest that has a model.

    ValueError if there is none.
    """
    if folder is not None:
        if not folder.exists():
            raise ValueError(f"no run at {folder}; python -m minigpt.runs lists what there is")
        return Run(folder)
    candidates = [run for run in find_all() if run.model.exists() or not trained]
    if not candidates:
        raise ValueError(f"no run under {RUNS.resolve()}; train one first: python -m minigpt.train")
    return candidates[-1]
