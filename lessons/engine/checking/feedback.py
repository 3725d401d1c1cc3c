"""The findings of a check, in words.

Idea:   five lines: what was called, which property was expected, what came back, the likely cause,
        one next step. Only kinds and shapes are named: a learner who knew the inputs could fit the
        answer to them.
Source: Hattie & Timperley 2007, "The power of feedback": where am I going, how am I going, where
        to next.
Run:    used by lessons.engine.checking.check
Omits:  colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from lessons.engine.compare import describe
from lessons.engine.exercise import Call, Exercise, Result


def called(name: str, calls: Sequence[Call]) -> str:
    """The call, with kinds and shapes only.

    >>> called("f", [Call([1, 2], t=0.5)])
    'f(list of length 2, t=float)'
    """
    words = [describe(item) for item in calls[0].args]
    words += [f"{key}={describe(value)}" for key, value in calls[0].kwargs.items()]
    more = f", and {len(calls) - 1} more calls" if len(calls) > 1 else ""
    return f"{name}({', '.join(words)}){more}"


def hint_step(exercise: Exercise) -> str:
    """The next step after a wrong answer."""
    return f'Ask for a hint: hint("{exercise.id}"), or python -m lessons hint {exercise.id}.'


def feedback(result: Result, name: str = "") -> str:
    """A result as a learner reads it; plain text, no colour."""
    title = f"{result.exercise} {name}".strip()
    if result.status == "missing" and result.returned == "not attempted yet":
        return f"{title}: not attempted yet. {result.next_step}"
    if result.passed:
        lines = [f"{title}: pass, all {result.probes} properties hold."]
    else:
        held = f" ({result.probes_passed} of {result.probes} properties hold)"
        lines = [f"{title}: {result.status}{held if result.expected else ''}"]
    rows = {
        "called": result.called,
        "expected": result.expected,
        "returned": result.returned,
        "likely": result.cause,
        "next": result.next_step,
        "note": "; ".join(result.flags),
    }
    return "\n".join([*lines, *(f"  {key:<9} {text}" for key, text in rows.items() if text)])
