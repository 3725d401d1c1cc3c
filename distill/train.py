"""Train a student on a teacher's predictions, with the one training loop of the repository.

Idea:   loss = (1 - alpha) * cross-entropy with the text + alpha * divergence from the teacher, at
        every position of the same windows.
Source: Hinton et al. 2015, arXiv:1503.02531.
Run:    python -m distill.train --teacher RUN --student quick --alpha 0.9 --data-fraction 0.05
        (--on-policy 0.5: the student writes half of the windows that are marked)
Omits:  a loop of its own (that is in minigpt/train/loop.py), and a result without baselines: the
        command trains the same student on labels alone as well, at equal steps, at equal compute
        and in equal seconds.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("distill.train")

import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from distill import cache as caching
from distill import mixture
from distill.comparison import arms, table
from distill.comparison.arms import Setting
from distill.comparison.comparison import compare
from distill.settings import Question
from distill.teachers import join, unchanged
from labkit import command, files
from minigpt.device import choose
from minigpt.saved import runs
from minigpt.saved.runs import Run
from minigpt.settings import TrainConfig
from minigpt.train import report

PROG = "distill.train"


@dataclass(frozen=True, kw_only=True)
class Command(Question):
    """Distil a teacher into a student, and train the same student on labels alone to compare."""

    minutes: float | None = None
    """Time budget of the taught student, which sets the steps; its baselines take longer."""
    targets: Literal["live", "dense", "topk", "sampled"] = "live"
    """Ask the teacher at each step (live), or build a cache first."""
    k: int = 12
    """Characters kept per position by a topk or sampled cache."""
    cache: Path | None = None
    """The cache's folder; by default inside the student's."""
    out: Path | None = None
    """The student's folder; by default runs/<corpus>-distilled-<n>."""
    resume: bool = False
    """Continue the student in --out after it was stopped; labels alone are trained again."""
    seed: int = 0
    """Seed of weights and windows."""
    json: bool = False
    """Print a last line of JSON."""

    def __post_init__(self) -> None:
        super().__post_init__()
        TrainConfig(minutes=self.minutes, seed=self.seed)  # checks both
        if self.minutes is not None and self.steps is not None:
            raise ValueError("--minutes sets the number of steps; leave one of the two out")
        if self.k < 1:
            raise ValueError(f"k must be at least 1, got {self.k}")
        if self.targets != "live" and self.distill.on_policy:
            raise ValueError("--on-policy needs --targets live: a cache knows the real text only")
        if self.resume and (self.out is None or self.distill.on_policy):
            raise ValueError(
                "--resume needs --out, the folder to go on with, and no --on-policy: what the "
                "student had written itself is not kept"
            )


def main(asked: Command) -> None:
    """Train the student and its baselines; print and save the comparison."""
    asked = replace(asked, teacher=mixture.named(asked.teacher))
    setting = arms.prepare(asked)
    teacher = Path(asked.teacher.removeprefix(f"{mixture.NAME}:"))
    if asked.out is not None and asked.out.resolve() == teacher.resolve():
        raise ValueError(f"{asked.out} is the teacher; the student needs a folder of its own")
    if asked.resume:
        run = runs.find(asked.out)
        if not (run.folder / "config.json").exists():
            raise ValueError(f"{run.folder} holds no run; start one without --resume")
    else:
        run = runs.create(asked.out, f"{setting.corpus.name}-distilled")
    with run.claim():
        cache = None
        if asked.targets != "live":
            student, kind = setting.student, asked.targets
            runtime = choose(student.device, student.precision, student.thread_count)
            with unchanged(setting.teacher):
                join(setting.teacher, torch.device(runtime.device), runtime.precision)
                cache = caching.build(
                    asked.cache or run.folder / "cache",
                    setting.teacher,
                    setting.ids,
                    caching.CacheConfig(kind=kind, context=student.model.context, k=asked.k),
                    view=asked.distill.teacher_view,
                )
        if asked.minutes is not None:
            if asked.resume:  # minutes were turned into steps when it began
                steps = _recorded_steps(run, setting.student.steps)
            else:
                steps = arms.within(asked.minutes, setting, cache).student.steps
                print(f"{steps:,} steps fit into the budget", file=sys.stderr)
            setting = replace(setting, student=arms.of_length(setting.student, steps))
        _settle(run, asked, setting)
        try:
            result = compare(
                setting,
                seeds=[asked.seed],
                sweep=arms.Sweep(rates=(1.0,)),
                cache=cache,
                run=run,
                timed=True,
                say=lambda line: print(line, file=sys.stderr, flush=True),
                bar=True,
            )
        except KeyboardInterrupt:
            if not run.last.exists() or asked.distill.on_policy:
                raise
            command.fail(
                f"stopped; go on with the same flags and --resume --out {run.folder}",
                prog=PROG,
                code=command.INTERRUPTED,
            )
        files.write_json(run.folder / "result.json", result.record())
    table.show(result, as_json=asked.json)


def _recorded_steps(run: Run, otherwise: int) -> int:
    """The number of steps that a time budget was turned into when the run began."""
    student = run.config.get("student")
    steps = student.get("steps", otherwise) if isinstance(student, dict) else otherwise
    if type(steps) is not int:
        raise ValueError(f"{run.folder / 'config.json'} does not describe a run: steps {steps!r}")
    return steps


def _settle(run: Run, asked: Command, setting: Setting) -> None:
    """Write the settings, and what it began with, into the run's folder; ValueError if a resumed
    run had other settings."""
    run.record = {"data": setting.data, "corpus": setting.corpus.name}
    told = {
        "teacher": asked.teacher,
        "student": asdict(setting.student),
        "distill": asdict(asked.distill),
        "targets": asked.targets,
        "k": asked.k,
        "seed": asked.seed,
        **run.record,
    }
    runtime = choose(
        setting.student.device, setting.student.precision, setting.student.thread_count
    )
    made = report.made_with(runtime.device)
    if asked.resume:
        before = run.config
        changed = [name for name in told if before.get(name) != json.loads(json.dumps(told[name]))]
        if changed:
            raise ValueError(
                f"--resume goes on with what {run.folder} was told, which was another "
                f"{', '.join(changed)}; give the same flags, or name another --out"
            )
        if differs := report.made_otherwise(before, runtime.device):
            print(differs, file=sys.stderr, flush=True)
        made = {name: before[name] for name in made if name in before}
    files.write_json(run.folder / "config.json", told | made)


def entry(args: list[str] | None = None) -> None:
    """Parse the command line and run; settings inside settings are checked inside the guard."""
    command.guard(lambda: main(command.parse(Command, prog=PROG, args=args)), prog=PROG)


if __name__ == "__main__":
    entry()
