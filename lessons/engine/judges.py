"""First checks of a judge: the right number of numbers, and no NaN among them.

Idea:   a judge gets the output of an unknown program. So it looks at the shape before anything
        else, at no cost for any size, and it refuses NaN, for which neither `<` nor `>` is ever
        true, before it compares.
Source: NaN compares false with everything: IEEE 754.
Run:    used by checks.py of the lessons
Omits:  comparing with an oracle (lessons.engine.compare).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.engine import kinds
from lessons.engine.compare import describe


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
