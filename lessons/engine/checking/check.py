"""A check from source to result.

Idea:   make inputs for every probe, run the learner's function on them in the sandbox, and have the
        answers judged on the bench. Three processes: this one knows the right answers and grades
        the class; the sandbox runs untrusted code and knows nothing; the bench judges untrusted
        data, under limits.
Run:    python -m lessons check 03.1
Omits:  judging (lessons.engine.checking.judging).
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import Any

import numpy as np

from lessons.engine.answers import form, slicing
from lessons.engine.answers import source as sources
from lessons.engine.checking import judging
from lessons.engine.checking.feedback import hint_step
from lessons.engine.checking.judging import Trial
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Call, Exercise, Probe, Result, Status

MAX_SOURCE = 64 << 10
"""Most bytes of code for one answer with its dependencies; right ones have a hundredth of that."""


def check_source(
    exercise: Exercise,
    source: str,
    sandbox: Sandbox,
    *,
    seed: int | str = 0,
    discreet: bool = False,
) -> Result:
    """Judge a source that defines `exercise.name`. It never raises for errors of the source.

    `seed` picks the inputs. `discreet` leaves out text by the learner's code (messages, names of
    its own classes), which could reveal hidden inputs.
    """
    began = time.monotonic()
    result = _check(exercise, source, sandbox, seed, discreet)
    return replace(
        result,
        probes=len(exercise.probes),
        seconds=round(time.monotonic() - began, 3),
        source_hash=hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:16],
    )


def _check(
    exercise: Exercise, source: str, sandbox: Sandbox, seed: int | str, discreet: bool
) -> Result:
    def result(status: Status, **words: Any) -> Result:
        return Result(exercise=exercise.id, status=status, **words)

    size = len(source.encode("utf-8", "replace"))
    if size > MAX_SOURCE:
        words = f"the function and what it needs are {size >> 10} kB of code"
        return result("fail", returned=words, cause=f"at most {MAX_SOURCE >> 10} kB are read")
    try:
        slicing.parse(source)
    except slicing.Unreadable as error:
        return result("crash", returned=f"code that Python cannot read: {error}")
    if sources.unattempted(source, exercise.name):
        return result("missing", returned="not attempted yet", next_step=hint_step(exercise))
    trials = [
        _made(probe, np.random.default_rng(entropy(seed, exercise.id, i, k)))
        for i, probe in enumerate(exercise.probes)
        for k in range(judging.TRIALS)
    ]
    calls = [call for trial in trials for call in trial.calls]
    outcome = sandbox.run(
        source, exercise.name, calls, seconds=exercise.seconds, megabytes=exercise.megabytes
    )
    if outcome.status == "missing":
        words = f"there is no function {exercise.name}"
        return result("missing", returned=words, next_step=f"Define {exercise.name}.")
    if outcome.status == "unloaded":
        assert outcome.failure is not None
        raised = judging.raised(outcome.failure, source, discreet)
        cause = "the code fails before the function is called"
        return result("crash", returned=raised, cause=cause)
    found = sandbox.bench.judge(exercise, trials, outcome, source, discreet)
    return replace(found, flags=flags_of(exercise, source))


def flags_of(exercise: Exercise, source: str) -> tuple[str, ...]:
    """Hints for a teacher, not a judgement: a short function has few right forms."""
    flags = []
    mine = form.shape_of(source)
    alone = form.shape_of(form.alone(source, exercise.name))
    try:
        published = form.shape_of(sources.solution(exercise.solution, exercise.name))
        itself = form.shape_of(sources.solution_itself(exercise.solution))
    except ImportError:  # a teacher's own exercise: its solution is not published
        published = itself = ""
    if mine == published or alone == itself:
        flags.append("identical to the published solution")
    elif any(mine == form.shape_of(v.source) for v in exercise.variants):
        flags.append("identical to a published variant")
    if form.uses_library(source, exercise.solution):
        flags.append("calls the library's own function")
    elif form.opens_lessons(source):
        flags.append("looks into the lessons, where the checks stand")
    return tuple(flags)


def _made(probe: Probe, rng: np.random.Generator) -> Trial:
    made = probe.make(rng)
    if isinstance(made, Call):
        return Trial(probe, (made,), True)
    return Trial(probe, tuple(made), False)


def entropy(seed: int | str, exercise: str, probe: int, trial: int) -> int:
    """The seed of one draw of numbers."""
    text = f"{seed}|{exercise}|{probe}|{trial}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
