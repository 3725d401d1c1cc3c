"""Is an answer right, and if not, why?

Idea:   the answers to every probe's inputs are judged in order, and the first property that fails
        is reported: the call, the expectation, the answer, the likely cause. A cause is found by
        comparing with the known wrong answers: an answer that gives the same numbers has made the
        same mistake.
Source: cause-naming feedback: mutants as models of mistakes, DeMillo, Lipton & Sayward 1978.
Run:    in the process of lessons.engine.checking.bench, under its clock and memory limit
Omits:  partial credit.
"""

from __future__ import annotations

import builtins
import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lessons.engine.answers import source as sources
from lessons.engine.checking.feedback import called, hint_step
from lessons.engine.compare import close, describe
from lessons.engine.exercise import Call, Cause, Exercise, Probe, Result, Status, Wrong
from lessons.engine.judges import unlike
from lessons.engine.kinds import like, name_of, size
from lessons.engine.sandbox import wire
from lessons.engine.sandbox.outcome import Answer, Failure, Outcome, is_memory, stop_words, stopped

TRIALS = 2
"""Trials of each probe, each with new numbers."""
LARGE = 1 << 16
"""Numbers, characters and bytes from which an answer's size is compared with a right one's."""
TIMES = 16
"""Largest ratio of an answer's size to that of a right one at which it is judged."""


@dataclass(frozen=True)
class Trial:
    """One probe's calls, made with one draw of numbers."""

    probe: Probe
    calls: tuple[Call, ...]
    single: bool
    """Is `make` one call (judged alone) or several (judged together)?"""

    def fresh(self) -> list[Call]:
        """The calls with new copies of inputs, which no earlier judge has used up or changed."""
        pairs = [wire.build(wire.decode(wire.encode((c.args, c.kwargs)))) for c in self.calls]
        return [Call(*args, **kwargs) for args, kwargs in pairs]

    def encoded(self, exercise: Exercise) -> dict[str, Any]:
        """The trial as JSON data."""
        calls = [wire.encode((call.args, call.kwargs)) for call in self.calls]
        place = next(i for i, probe in enumerate(exercise.probes) if probe is self.probe)
        return {"probe": place, "calls": calls, "single": self.single}

    @classmethod
    def decoded(cls, form: dict[str, Any], exercise: Exercise) -> Trial:
        """The inverse of `encoded`."""
        pairs = [wire.decode(call) for call in form["calls"]]
        calls = tuple(Call(*args, **kwargs) for args, kwargs in pairs)
        return cls(exercise.probes[form["probe"]], calls, form["single"])


@dataclass(frozen=True)
class Asked:
    """A trial, and a right answer for each of its calls."""

    trial: Trial
    models: tuple[Any, ...]
    """Answers of the oracle, or of the solution if a judge decides; None if there is none."""


@dataclass(frozen=True)
class _Judged(Asked):
    """A trial with the learner's answers, in the kinds that right answers have."""

    answers: tuple[Answer, ...]
    problem: str
    """Why it cannot be judged; empty if it can."""


def asked(exercise: Exercise, trial: Trial) -> Asked:
    """A trial with its right answers, all by our own code, before any time limit starts."""
    if trial.probe.expect is not None:
        expect = trial.probe.expect
        models = [_plain(expect(*call.args, **call.kwargs)) for call in trial.fresh()]
        return Asked(trial, tuple(models))
    models = []
    for call in trial.fresh():
        try:
            solution = sources.function(exercise.solution)  # a teacher's own may have none
            models.append(_plain(solution(*call.args, **call.kwargs)))
        except Exception:  # a judge may use inputs that the package refuses
            models.append(None)
    return Asked(trial, tuple(models))


def judge(
    exercise: Exercise, trials: Sequence[Asked], outcome: Outcome, source: str, discreet: bool
) -> Result:
    """The result for the answers in `outcome`; `probes`, `seconds` and the hash are not filled in.

    `source` is read for the line that raised. `discreet` leaves out text by the learner's code
    (messages, names of its own classes), which could reveal hidden inputs.
    """
    place = 0
    rows: list[_Judged] = []
    for each in trials:
        rows.append(_judged(each, outcome.answers[place : place + len(each.trial.calls)]))
        place += len(each.trial.calls)
    for number, row in enumerate(rows):
        held = number // TRIALS
        problem = _problem(exercise, row, outcome, source, discreet)
        if problem is None:
            continue
        status, returned, cause = problem
        if not cause:
            cause = _cause(exercise, row, rows, status)
        return Result(
            exercise=exercise.id,
            status=status,
            called=called(exercise.name, row.trial.calls),
            expected=row.trial.probe.property,
            returned=returned,
            cause=cause,
            next_step=hint_step(exercise),
            probes_passed=held,
        )
    if outcome.status != "done":  # all answers are right but the run is odd: not a pass
        return Result(exercise=exercise.id, status="crash", returned=outcome.note)
    return Result(
        exercise=exercise.id,
        status="pass",
        next_step=exercise.next_step,
        probes_passed=len(exercise.probes),
    )


def _judged(each: Asked, answers: Sequence[Answer]) -> _Judged:
    found, problem = [], ""
    for answer, model in zip(answers, each.models):
        large = too_large(answer.value, model)
        found.append(answer if large else replace(answer, value=like(answer.value, model)))
        problem = problem or large
    return _Judged(each.trial, each.models, tuple(found), problem)


def too_large(value: Any, right: Any) -> str:
    """An answer that is far larger than a right one, in words; empty if it is not."""
    large = size(value) > max(LARGE, TIMES * size(right))
    return f"{describe(value)}, far larger than a right answer" if large else ""


def _problem(
    exercise: Exercise, row: _Judged, outcome: Outcome, source: str, discreet: bool
) -> tuple[Status, str, str] | None:
    """Status, the answer in words, and the cause if it is obvious; None if the property holds."""
    for answer in row.answers:
        if isinstance(answer.value, Failure):
            if stopped(answer.value):
                status: Status = "memory" if is_memory(answer.value) else "crash"
                return status, stop_words(answer.value), ""
            if answer.value.type == "NotPlain":  # its message names a class, named by the code
                named = "something that is not plain data" if discreet else answer.value.message
                return "fail", named, "return plain numbers, lists or tensors"
            return "fail", raised(answer.value, source, discreet), ""
    if len(row.answers) < len(row.trial.calls):
        late: Status = "crash"
        if outcome.status == "timeout" or outcome.status == "memory":
            late = outcome.status
        return late, outcome.note or "no answer", ""
    if row.problem:
        return "fail", row.problem, ""
    if row.trial.single and row.answers[0].value is None and row.models[0] is not None:
        return "fail", "None", "there is no `return` on the way the function took"
    words = in_words(row.trial, [answer.value for answer in row.answers], row.models)
    if words is not None:
        return "fail", words, ""
    changed = sorted({i for answer in row.answers for i in answer.changed})
    if changed and not exercise.changes_inputs:
        which = ", ".join(str(i + 1) for i in changed)
        return (
            "fail",
            f"the right answer, but input {which} is not what it was before the call",
            "an operation in place (`+=`, `x[i] = ...`, a method ending in `_`) changed it",
        )
    return None


def in_words(trial: Trial, values: list[Any], models: Sequence[Any]) -> str | None:
    """None if the probe's property holds, else the answer in words. A judge that raises says no."""
    probe = trial.probe
    if probe.judge is None:
        for value, expected in zip(values, models):
            if found := close(value, expected, probe.rtol, probe.atol):
                return found
        return None
    if not probe.any_form:
        for value, model in zip(values, models):
            if found := unlike(value, model):
                return found
    calls = trial.fresh()
    try:
        if trial.single:
            return probe.judge(values[0], *calls[0].args, **calls[0].kwargs)
        return probe.judge(values, calls)
    except Exception:  # the answer lacks the form that the judge expects
        wanted = "" if models[0] is None else f" where {name_of(models[0])} is wanted"
        return f"{_kinds(values)}, of the wrong kind{wanted}"


def _plain(value: Any) -> Any:
    """The oracle's answer as if sent through the wire."""
    return wire.decode(wire.encode(value))


def _kinds(values: Sequence[Any]) -> str:
    return ", ".join(dict.fromkeys(describe(value) for value in values))


def _cause(exercise: Exercise, row: _Judged, rows: Sequence[_Judged], status: Status) -> str:
    """The known mistake that gives the same answers, or what the probe's own causes say.

    Numbers can agree by chance (if p = 1/2, p is 1 - p): a mistake that agrees in half of the
    trials or fewer is named last, and with a "perhaps"; one that has this property is not named.
    """
    if status == "timeout":
        known = [w.diagnosis for w in exercise.wrong if w.outcome == "timeout"]
        return known[0] if known else "a loop that does not end"
    if status != "fail":
        known = [w.diagnosis for w in exercise.wrong if w.outcome == status]
        return known[0] if known else ""
    if row.problem:
        return "it grows with something that the right answer does not grow with"
    best, best_score = "", 0
    for wrong in exercise.wrong:
        if wrong.outcome != "fail" or not _agrees(wrong, exercise.name, row):
            continue
        if _holds(wrong, exercise.name, row):
            continue
        score = sum(_agrees(wrong, exercise.name, other) for other in rows)
        if score > best_score:
            best, best_score = wrong.diagnosis, score
    if 2 * best_score > sum(len(r.answers) == len(r.trial.calls) for r in rows):
        return best
    values = [answer.value for answer in row.answers]
    raised = any(isinstance(value, Failure) for value in values)
    told = [] if raised else [c.text for c in row.trial.probe.causes if explains(c, row, values)]
    if told:
        return told[0]
    return f"perhaps: {best}" if best else ""


def explains(cause: Cause, asked: Asked, values: list[Any]) -> bool:
    """Do these answers look as the cause says? Those of another form do not."""
    trial, pairs = asked.trial, zip(values, asked.models)
    if not trial.probe.any_form and any(unlike(v, right, finite=False) for v, right in pairs):
        return False
    calls = trial.fresh()
    with contextlib.suppress(Exception):
        if trial.single:
            return bool(cause.when(values[0], *calls[0].args, **calls[0].kwargs))
        return bool(cause.when(values, calls))
    return False


def _agrees(wrong: Wrong, name: str, row: _Judged) -> bool:
    """Does the known wrong answer give the same results for all these calls, errors included?"""
    if len(row.answers) < len(row.trial.calls) or row.problem:
        return False
    values = _values(wrong, name, row)
    for value, answer in zip(values, row.answers):
        if isinstance(value, Failure) or isinstance(answer.value, Failure):
            kinds = [getattr(v, "type", "") for v in (value, answer.value)]
            if not (isinstance(value, Failure) and kinds[0] == kinds[1]):
                return False
        elif close(answer.value, value, 1e-4, 1e-6) is not None or not _alike(value, answer.value):
            return False
    return True


def _holds(wrong: Wrong, name: str, row: _Judged) -> bool:
    """Does the known wrong answer have this property, so that it explains nothing here?"""
    values = _values(wrong, name, row)
    if any(isinstance(value, Failure) for value in values):
        return False
    return in_words(row.trial, values, row.models) is None


def _values(wrong: Wrong, name: str, row: _Judged) -> list[Any]:
    """Results of a known wrong answer for a trial's calls, in the kinds of a right one."""
    space: dict[str, Any] = {"__name__": "known"}
    exec(compile(wrong.source, "a known wrong answer", "exec", dont_inherit=True), space)
    found: list[Any] = []
    for call, model in zip(row.trial.fresh(), row.models):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found.append(like(_plain(space[name](*call.args, **call.kwargs)), model))
        except Exception as error:
            found.append(Failure(type(error).__name__, "", 0))
    return found


def _alike(one: Any, other: Any) -> bool:
    """Are both whole numbers, or both fractions, if arrays or tensors tell?"""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return all(map(_alike, one, other))
    if not (hasattr(one, "dtype") and hasattr(other, "dtype")):
        return True
    return ("int" in str(one.dtype)) == ("int" in str(other.dtype))


def raised(failure: Failure, source: str, discreet: bool) -> str:
    """The error and its line. A message can reveal inputs, and so can a class's name."""
    known = isinstance(getattr(builtins, failure.type, None), type)
    words = f"it raised {failure.type if known or not discreet else 'an error of its own'}"
    if failure.message and not discreet:
        words += f": {' '.join(failure.message.split())}"
    lines = source.splitlines()
    if 0 < failure.line <= len(lines):
        words += f" (in `{lines[failure.line - 1].strip()}`)"
    return words
