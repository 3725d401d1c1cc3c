"""The command line of `python -m minigpt.train`; `--help` is made from these docstrings.

Idea:   a preset, or a resumed run, sets the defaults of all other flags.
Run:    python -m minigpt.train --help
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from labkit import command
from minigpt.saved import runs
from minigpt.saved.runs import Run
from minigpt.settings import PRESETS, TrainConfig, recorded_settings

PROG = "minigpt.train"


@dataclass(frozen=True, kw_only=True)
class Command:
    """Train a character model on a text, by default Tiny Shakespeare."""

    train: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    """Settings that determine the outcome."""
    out: Path | None = None
    """The run's folder; by default runs/<corpus>-<preset>-<n>."""
    init: Path | None = None
    """A trained run to start from, on this text; new characters are added to its alphabet."""
    resume: bool = False
    """Continue a run that was stopped: the one in --out, or the latest."""
    dry_run: bool = False
    """Print minutes, memory and parameters, without training."""
    json: bool = False
    """No progress bar; a last line of JSON with the figures."""

    def __post_init__(self) -> None:
        for name, path in (("data", self.train.data), ("out", self.out), ("init", self.init)):
            try:
                str(path or "").encode()
            except UnicodeEncodeError:  # it could not be written into config.json
                raise ValueError(
                    f"the name in --{name} is not UTF-8: {str(path)!r}; rename it"
                ) from None


def parse(args: list[str]) -> Command:
    """The parsed command line; a preset, or a resumed run, sets the defaults of all other flags."""
    if "" in args:
        raise ValueError("an empty word on the command line: is a variable not set?")
    config = PRESETS["default"]
    for i, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name == "--preset":
            value = value if equals else (args[i + 1] if i + 1 < len(args) else "")
            config = PRESETS.get(value, config)  # type: ignore[call-overload]
    asked = command.parse(Command, prog=PROG, args=args, default=Command(train=config))
    if asked.init is not None and asked.train.model != config.model:
        raise ValueError(
            f"--init keeps the shape of {asked.init}; leave out the flags that change the model"
        )
    if asked.train.minutes is not None and asked.train.steps != config.steps:
        raise ValueError("--minutes sets the number of steps; leave one of the two out")
    if not asked.resume:
        return asked
    run = runs.find(asked.out, trained=False)
    recorded = Command(train=recorded_config(run), resume=True, out=run.folder)
    asked = command.parse(Command, prog=PROG, args=args, default=recorded)
    if asked.init is not None:
        raise ValueError("--init starts a new run and --resume goes on with one; leave one out")
    changed = [
        f.name
        for f in dataclasses.fields(TrainConfig)
        if getattr(asked.train, f.name) != getattr(recorded.train, f.name)
    ]
    if changed:
        raise ValueError(
            f"--resume goes on with the settings of {run.folder}, which has another "
            f"{', '.join(changed)}; leave the flag out, or start a new run with --init {run.folder}"
        )
    return asked


def recorded_config(run: Run) -> TrainConfig:
    """The settings a run was started with; device, precision and threads as they were resolved."""
    path = run.folder / "config.json"
    if not path.exists():
        raise ValueError(f"{run.folder} holds no run (no config.json); start one without --resume")
    try:
        recorded = run.config
        if missing := {"corpus_sha256", "init"} - recorded.keys():
            raise KeyError(*missing)
        wanted = ("init", "init_characters") if recorded["init"] else ()
        for name in ("corpus_sha256", *wanted):
            if not isinstance(recorded[name], str):
                raise TypeError(f"{name} cannot be {str(recorded[name])[:80]!r}")
        return recorded_settings(recorded["train"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} does not describe a run of this version: {error}") from None
