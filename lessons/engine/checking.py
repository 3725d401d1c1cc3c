"""Is an answer right, and if not, why?

Idea:   run the learner's function on every probe's inputs in the sandbox, then judge here, in
        order, and tell about the first property that does not hold: what was called, what was
        expected, what came back, the likely cause, one next step. A cause is found by comparing
        with the known wrong answers: who gets the same numbers has made the same mistake.
Source: cause-naming feedback: mutants as models of mistakes, DeMillo, Lipton & Sayward 1978.
Run:    python -m lessons check 03.1
Omits:  partial credit.
"""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lessons.engine import form, wire
from lessons.engine import source as sources
from lessons.engine.compare import close, describe
from lessons.engine.exercise import Call, Exercise, Probe, Result, Status, Wrong
from lessons.engine.feedback import called, hint_step
from lessons.engine.outcome import Answer, Failure, Outcome, stopped
from lessons.engine.sandbox import Sandbox

TRIALS = 2
"""How often each probe is made, each time with new numbers."""


@dataclass(frozen=True)
class _Trial:
    """One probe's calls, made with one draw of numbers."""

    probe: Probe
    calls: tuple[Call, ...]
    single: bool
    """Is `make` one call (judged alone) or several (judged together)?"""

    def fresh(self) -> list[Call]:
        """The calls with inputs of their own: nothing that an earlier judge used up or changed."""
        pairs = [wire.build(wire.decode(wire.encode((c.args, c.kwargs)))) for c in self.calls]
        return [Call(*args, **kwargs) for args, kwargs in pairs]


def check_source(
    exercise: Exercise,
    source: str,
    sandbox: Sandbox,
    *,
    seed: int | str = 0,
    discreet: bool = False,
) -> Result:
    """Judge a source that defines `exercise.name`. Never raises for what the source does.

    `seed` picks the inputs. `discreet` leaves out what the learner's code words itself (messages,
    names of its own classes), into which hidden inputs can be written.
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

    try:
        sources.parse(source)
    except sources.Unreadable as error:
        return result("crash", returned=f"code that Python cannot read: {error}")
    if sources.unattempted(source, exercise.name):
        return result("missing", returned="not attempted yet", next_step=hint_step(exercise))
    trials = [
        _made(probe, np.random.default_rng(entropy(seed, exercise.id, i, k)))
        for i, probe in enumerate(exercise.probes)
        for k in range(TRIALS)
    ]
    calls = [call for trial in trials for call in trial.calls]
    outcome = sandbox.run(
        source, exercise.name, calls, seconds=exercise.seconds, megabytes=exercise.megabytes
    )
    flags = flags_of(exercise, source)
    if outcome.status == "missing":
        words = f"there is no function {exercise.name}"
        return result("missing", returned=words, next_step=f"Define {exercise.name}.")
    if outcome.status == "unloaded":
        assert outcome.failure is not None
        raised = _raised(outcome.failure, source, discreet)
        cause = "the code fails before the function is called"
        return result("crash", returned=raised, cause=cause)
    return _judge_all(exercise, source, trials, outcome, discreet, flags)


def _judge_all(
    exercise: Exercise,
    source: str,
    trials: Sequence[_Trial],
    outcome: Outcome,
    discreet: bool,
    flags: tuple[str, ...],
) -> Result:
    place = 0
    groups: list[tuple[_Trial, tuple[Answer, ...]]] = []
    for trial in trials:
        groups.append((trial, outcome.answers[place : place + len(trial.calls)]))
        place += len(trial.calls)
    for number, (trial, answers) in enumerate(groups):
        held = number // TRIALS
        problem = _problem(exercise, trial, answers, outcome, source, discreet)
        if problem is None:
            continue
        status, returned, cause = problem
        if not cause:
            cause = _cause(exercise, trial, answers, groups, status)
        return Result(
            exercise=exercise.id,
            status=status,
            called=called(exercise.name, trial.calls),
            expected=trial.probe.property,
            returned=returned,
            cause=cause,
            next_step=hint_step(exercise),
            probes_passed=held,
            flags=flags,
        )
    if outcome.status != "done":  # every answer is right and yet something is odd: not a pass
        return Result(exercise=exercise.id, status="crash", returned=outcome.note, flags=flags)
    return Result(
        exercise=exercise.id,
        status="pass",
        next_step=exercise.next_step,
        probes_passed=len(exercise.probes),
        flags=flags,
    )


def _problem(
    exercise: Exercise,
    trial: _Trial,
    answers: Sequence[Answer],
    outcome: Outcome,
    source: str,
    discreet: bool,
) -> tuple[Status, str, str] | None:
    """Status, what came back and the cause where it is plain; None where the property holds."""
    for answer in answers:
        if isinstance(answer.value, Failure):
            if stopped(answer.value):
                status: Any = outcome.status if outcome.status == "memory" else "crash"
                return status, outcome.note, ""
            if answer.value.type == "NotPlain":  # its words name a class, which the code has named
                named = "something that is not plain data" if discreet else answer.value.message
                return "fail", named, "return plain numbers, lists or tensors"
            return "fail", _raised(answer.value, source, discreet), ""
    if len(answers) < len(trial.calls):
        status = outcome.status if outcome.status in ("timeout", "memory") else "crash"
        return status, outcome.note or "no answer", ""
    values = [answer.value for answer in answers]
    if values[0] is None and trial.probe.expect is not None and trial.single:
        wanted = trial.probe.expect(*trial.fresh()[0].args, **trial.fresh()[0].kwargs)
        if wanted is not None:
            return "fail", "None", "there is no `return` on the way the function took"
    words = _words(trial, values)
    if words is not None:
        return "fail", words, ""
    changed = sorted({i for answer in answers for i in answer.changed})
    if changed and not exercise.changes_inputs:
        which = ", ".join(str(i + 1) for i in changed)
        return (
            "fail",
            f"the right answer, but input {which} is not what it was before the call",
            "an operation in place (`+=`, `x[i] = ...`, a method ending in `_`) changed it",
        )
    return None


def _words(trial: _Trial, values: list[Any]) -> str | None:
    """None where the probe's property holds, else what came back. A judge that raises says no."""
    probe, calls = trial.probe, trial.fresh()
    if probe.expect is not None:
        for value, call in zip(values, calls):
            expected = _plain(probe.expect(*call.args, **call.kwargs))
            if found := close(value, expected, probe.rtol, probe.atol):
                return found
        return None
    assert probe.judge is not None
    try:
        if trial.single:
            return probe.judge(values[0], *calls[0].args, **calls[0].kwargs)
        return probe.judge(values, calls)
    except Exception:  # the answer has not even the form that the judge looks at
        return f"{_kinds(values)}, of the wrong kind"


def _plain(value: Any) -> Any:
    """The oracle's answer as it would have come through the wire."""
    return wire.decode(wire.encode(value))


def _kinds(values: Sequence[Any]) -> str:
    return ", ".join(dict.fromkeys(describe(value) for value in values))


def _cause(
    exercise: Exercise,
    trial: _Trial,
    answers: Sequence[Answer],
    groups: Sequence[tuple[_Trial, tuple[Answer, ...]]],
    status: Status,
) -> str:
    """The known mistake that gives the same answers, or what the probe's own causes say.

    Numbers can agree by chance (where p = 1/2, p is 1 - p): a mistake that agrees in half of the
    trials or fewer is named last, and with a "perhaps"; one that has this property is not named.
    """
    if status == "timeout":
        known = [w.diagnosis for w in exercise.wrong if w.outcome == "timeout"]
        return known[0] if known else "a loop that does not end"
    if status != "fail":
        known = [w.diagnosis for w in exercise.wrong if w.outcome == status]
        return known[0] if known else ""
    best, best_score = "", 0
    for wrong in exercise.wrong:
        if wrong.outcome != "fail" or not _agrees(wrong, exercise.name, trial, answers):
            continue
        if _holds(wrong, exercise.name, trial):
            continue
        score = sum(_agrees(wrong, exercise.name, t, a) for t, a in groups)
        if score > best_score:
            best, best_score = wrong.diagnosis, score
    if 2 * best_score > sum(len(a) == len(t.calls) for t, a in groups):
        return best
    raised = any(isinstance(answer.value, Failure) for answer in answers)
    for cause in () if raised else trial.probe.causes:  # they look at answers
        calls = trial.fresh()
        with contextlib.suppress(Exception):
            if trial.single:
                if cause.when(answers[0].value, *calls[0].args, **calls[0].kwargs):
                    return cause.text
            elif cause.when([a.value for a in answers], calls):
                return cause.text
    return f"perhaps: {best}" if best else ""


def _agrees(wrong: Wrong, name: str, trial: _Trial, answers: Sequence[Answer]) -> bool:
    """Does the known wrong answer give the same for all these calls, errors included?"""
    if len(answers) < len(trial.calls):
        return False
    function = _loaded(wrong.source, name)
    for call, answer in zip(trial.fresh(), answers):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                value = _plain(function(*call.args, **call.kwargs))
        except Exception as error:
            value = Failure(type(error).__name__, "", 0)
        if isinstance(value, Failure) or isinstance(answer.value, Failure):
            kinds = [getattr(v, "type", "") for v in (value, answer.value)]
            if not (isinstance(value, Failure) and kinds[0] == kinds[1]):
                return False
        elif close(answer.value, value, 1e-4, 1e-6) is not None or not _alike(value, answer.value):
            return False
    return True


def _holds(wrong: Wrong, name: str, trial: _Trial) -> bool:
    """Does the known wrong answer have this property, so that it explains nothing here?"""
    function = _loaded(wrong.source, name)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            values = [_plain(function(*c.args, **c.kwargs)) for c in trial.fresh()]
        return _words(trial, values) is None
    except Exception:
        return False


def _alike(one: Any, other: Any) -> bool:
    """Are both whole numbers, or both fractions, where arrays or tensors say so?"""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return all(map(_alike, one, other))
    if not (hasattr(one, "dtype") and hasattr(other, "dtype")):
        return True
    return ("int" in str(one.dtype)) == ("int" in str(other.dtype))


def _loaded(source: str, name: str) -> Any:
    """A function of ours (a named wrong answer), defined in a namespace of its own."""
    space: dict[str, Any] = {"__name__": "known"}
    exec(compile(source, "a known wrong answer", "exec", dont_inherit=True), space)
    return space[name]


def _raised(failure: Failure, source: str, discreet: bool) -> str:
    """What was raised and in which line. A message can hold inputs, and so can a class's name."""
    known = isinstance(getattr(builtins, failure.type, None), type)
    words = f"it raised {failure.type if known or not discreet else 'an error of its own'}"
    if failure.message and not discreet:
        words += f": {' '.join(failure.message.split())}"
    lines = source.splitlines()
    if 0 < failure.line <= len(lines):
        words += f" (in `{lines[failure.line - 1].strip()}`)"
    return words


def flags_of(exercise: Exercise, source: str) -> tuple[str, ...]:
    """What a teacher may want to look at; no judgement. A short function has few right forms."""
    flags = []
    mine = form.shape_of(source)
    alone = form.shape_of(form.alone(source, exercise.name))
    published = sources.solution(exercise.solution, exercise.name)
    itself = sources.solution_itself(exercise.solution)
    if mine == form.shape_of(published) or alone == form.shape_of(itself):
        flags.append("identical to the published solution")
    elif any(mine == form.shape_of(v.source) for v in exercise.variants):
        flags.append("identical to a published variant")
    if form.uses_library(source, exercise.solution):
        flags.append("calls the library's own function")
    elif form.opens_lessons(source):
        flags.append("looks into the lessons, where the checks stand")
    return tuple(flags)


def _made(probe: Probe, rng: np.random.Generator) -> _Trial:
    made = probe.make(rng)
    if isinstance(made, Call):
        return _Trial(probe, (made,), True)
    return _Trial(probe, tuple(made), False)


def entropy(seed: int | str, exercise: str, probe: int, trial: int) -> int:
    """The seed of one draw of numbers."""
    text = f"{seed}|{exercise}|{probe}|{trial}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
