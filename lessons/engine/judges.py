"""What is looked at before any judge, and judges that several exercises need.

Idea:   a judge gets the output of an unknown program. So its form is compared with a right
        answer's before anything else, at no cost for any size, and NaN, for which neither `<` nor
        `>` is ever true, is refused. A judge says only what is left to say.
Source: NaN compares false with everything: IEEE 754.
Run:    used by checks.py of the lessons
Omits:  comparing with an oracle (lessons.engine.compare).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.engine import kinds
from lessons.engine.compare import close, describe


def unlike(answer: Any, right: Any, *, finite: bool = True) -> str | None:
    """None if `answer` has the form of a right one, else the answer in words.

    The form is text, bytes, or numbers of the same shape, none of them NaN; of a tuple or a list
    the number of its elements, and the form of each. Without `finite` NaN and infinity are fine.

    >>> unlike((1.0, [2.0]), (1.0, 2.0))
    'element 1: shape [1] where one number was expected'
    """
    if isinstance(right, (str, bytes)):
        same = isinstance(answer, str if isinstance(right, str) else (bytes, bytearray))
        return None if same else f"{describe(answer)} where {kinds.name_of(right)} was expected"
    if isinstance(right, (list, tuple)):
        if not isinstance(answer, (list, tuple)) or len(answer) != len(right):
            return f"{describe(answer)} where {len(right)} elements were expected"
        found = (unlike(part, like, finite=finite) for part, like in zip(answer, right))
        return next((f"element {i}: {words}" for i, words in enumerate(found) if words), None)
    model = kinds.numbers(right)
    if model is None or model.dtype.kind not in "iuf":
        return None
    if not (
        isinstance(answer, (list, tuple)) or hasattr(answer, "shape") or kinds.is_number(answer)
    ):
        return f"{describe(answer)}, of the wrong kind where {kinds.name_of(right)} is wanted"
    if (finite and np.isfinite(model).all()) or _shape(answer) != list(model.shape):
        return refused(answer, model.shape)
    return None if kinds.numbers(answer) is not None else refused(answer, model.shape)


def form_alone(answer: Any, *_: Any, **__: Any) -> None:
    """A judge for "an array [B, T]": nothing is left to look at beyond the form."""


def whole(answer: Any, *_: Any, **__: Any) -> str | None:
    """A judge: numbers whose type is an integer one."""
    return refused(answer, _shape(answer), whole=True)


def same_each_time(answers: Sequence[Any], calls: Sequence[Any]) -> str | None:
    """A judge of calls with generators in the same state (`inputs.same_state_twice`)."""
    if all(close(answer, answers[0], 0, 0) is None for answer in answers[1:]):
        return None
    return "another answer the second time, from a generator in the same state"


def refused(answer: Any, wanted: Sequence[int], *, whole: bool = False) -> str | None:
    """None if `answer` is finite numbers of the shape `wanted`, else the answer in words.

    () is the shape of a single number. With `whole`, the numbers' type must be an integer one.

    >>> refused([1.0, 2.0], ())
    'shape [2] where one number was expected'
    >>> refused([1.0, float("nan")], [2])
    'NaN in 1 of 2 places'
    """
    shape = _shape(answer)
    if shape != list(wanted):
        return f"shape {shape} where {list(wanted) or 'one number'} was expected"
    try:
        found = numbers(answer)
    except ValueError as error:
        return str(error)
    if found.shape != tuple(wanted) or found.dtype.kind not in "iuf":
        return f"{describe(answer)} where numbers were expected"
    if whole and found.dtype.kind == "f":
        return f"numbers of type {found.dtype}; whole numbers have an integer type"
    if nan := int(np.isnan(found).sum()):
        return f"NaN in {nan} of {found.size} places" if found.ndim else "NaN"
    return None if np.isfinite(found).all() else "infinity where a finite number was expected"


def numbers(answer: Any) -> np.ndarray:
    """A number, a list, an array or a tensor as an array; ValueError if it is none of these."""
    found = kinds.numbers(answer)
    if found is None:
        ragged = isinstance(answer, (list, tuple))
        why = ", whose parts are not all alike" if ragged else " where numbers were expected"
        raise ValueError(f"{describe(answer)}{why}")
    return found


def _shape(value: Any) -> list[int]:
    """The shape by a list's first elements; only they are looked at."""
    shape: list[int] = []
    while isinstance(value, (list, tuple)):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return [*shape, *getattr(value, "shape", ())]
