"""Do the checks reject wrong answers and accept right ones?

Idea:   a check is a program and can be wrong. So every exercise is tried on answers whose verdict
        is known: the stub, the solution, other right answers, and wrong ones, each of which must
        fail and be distinguished from the others.
Source: mutation testing, DeMillo, Lipton & Sayward 1978.
Run:    python -m lessons audit
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional, arg

from lessons.engine import catalogue
from lessons.engine.answers import source as sources
from lessons.engine.checking import learner, supervisor
from lessons.engine.checking.check import check_source
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Exercise, Result


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer with a known verdict, and the check's result."""

    exercise: str
    """Id of the exercise."""
    kind: str
    """stub, solution, variant or wrong."""
    answer: str
    """Name of the answer."""
    wanted: str
    """The status it must get."""
    got: str
    """The status it got."""
    problem: str
    """Empty if all is well."""
    seconds: float
    """Duration of the check, seconds."""
    diagnosis: str
    """The likely cause named by the check."""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Try every check on answers with known verdicts; exit 1 if one is judged wrongly."""

    lessons: Annotated[tuple[str, ...], Positional, arg(metavar="LESSON ...")] = ()
    """Lessons by number or name; all of them if none is named."""


def main(settings: Audit) -> int:
    """Print the table; 1 if there is a problem."""
    chosen = [catalogue.find(n) for n in settings.lessons] or catalogue.lessons()
    exercises = [exercise for lesson in chosen for exercise in lesson.exercises()]
    print(f"{'':<6}{'kind':<10}{'answer':<34}{'got':<9}{'s':>6}  diagnosis")
    bad = count = 0
    for row in audit(exercises, supervisor.sandbox()):
        count += 1
        bad += bool(row.problem)
        words = row.problem.upper() if row.problem else row.diagnosis
        print(
            f"{row.exercise:<6}{row.kind:<10}{row.answer[:32]:<34}{row.got:<9}"
            f"{row.seconds:6.2f}  {words}"
        )
    print(f"\n{count} answers to {len(exercises)} exercises, {bad} judged wrongly")
    return 1 if bad else 0


def audit(exercises: Iterable[Exercise], sandbox: Sandbox, seed: str = "audit") -> Iterator[Row]:
    """Every known answer to every exercise, judged."""
    for exercise in exercises:
        right = [
            ("solution", "the package's own", sources.solution(exercise.solution, exercise.name))
        ]
        right += [("variant", v.name, v.source) for v in exercise.variants]
        stub = check_source(exercise, learner.stub(exercise), sandbox, seed=seed)
        yield _row(exercise, "stub", "untouched", "missing", stub)
        for kind, name, source in right:
            result = check_source(exercise, source, sandbox, seed=seed)
            yield _row(exercise, kind, name, "pass", result)
        for wrong in exercise.wrong:
            result = check_source(exercise, wrong.source, sandbox, seed=seed)
            problem = ""
            if result.status == wrong.outcome and result.cause != wrong.diagnosis:
                problem = f"diagnosed as {result.cause!r}"
            yield _row(exercise, "wrong", wrong.name, wrong.outcome, result, problem)


def _row(
    exercise: Exercise, kind: str, name: str, wanted: str, result: Result, problem: str = ""
) -> Row:
    if result.status != wanted:
        problem = f"{result.status}, not {wanted}: {result.expected}: {result.returned}"
    return Row(
        exercise=exercise.id,
        kind=kind,
        answer=name,
        wanted=wanted,
        got=result.status,
        problem=problem,
        seconds=result.seconds,
        diagnosis=result.cause,
    )
