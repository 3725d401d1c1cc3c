"""Comparing an answer with the expected one, in words that do not reveal it.

Idea:   a learner needs to know the kind and size of the error (shape, NaN, how many numbers, by how
        much), not the question or the right answer.
Run:    used by checks.py of every lesson
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine.exercise import Made
from lessons.engine.kinds import numbers


def close(answer: Any, expected: Any, rtol: float = 1e-4, atol: float = 1e-5) -> str | None:
    """None if `answer` equals `expected` within the tolerance, else the difference in words.

    Numbers, arrays and tensors compare by value (a 0-d tensor is a number, a float32 answer may
    replace a float64 one); whole numbers exactly, or to a millionth if the answer has fractions;
    lists and tuples element by element; the rest by ==. The words give the size of the difference,
    never the expected value.

    >>> close([1.0, 2.0], [1.0, 2.5])
    'element 1: 2, off by 0.5'
    """
    if isinstance(expected, dict):
        if not isinstance(answer, dict):
            return f"{describe(answer)} where a dict was expected"
        if answer.keys() != expected.keys():
            differ = len(answer.keys() ^ expected.keys())
            return f"a dict with {len(answer)} keys, {differ} of them missing or not expected"
        for key, value in expected.items():
            if found := close(answer[key], value, rtol, atol):
                return f"one entry: {found}"
        return None
    if isinstance(expected, (list, tuple)):
        if not isinstance(answer, (list, tuple)) and getattr(answer, "shape", ()) == ():
            return f"{describe(answer)} where {len(expected)} elements were expected"
        if len(answer) != len(expected):
            return f"{len(answer)} elements where {len(expected)} were expected"
        for i, (a, e) in enumerate(zip(answer, expected)):
            if found := close(a, e, rtol, atol):
                return f"element {i}: {found}"
        return None
    if isinstance(expected, (bool, str, bytes, set, type(None))):
        same = type(answer) is type(expected) and answer == expected
        return None if same else f"{describe(answer)}, not what was expected"
    if type(answer) is type(expected) is int and answer == expected:
        return None  # of any size
    a, e = _array(answer), _array(expected)
    if a is None:
        return f"{describe(answer)} where {describe(expected)} was expected"
    assert e is not None, f"an oracle gave {describe(expected)}"
    if a.shape != e.shape:
        return f"shape {list(a.shape)} where {list(e.shape)} was expected"
    if np.isnan(a).any() and not np.isnan(e).any():
        return f"NaN in {int(np.isnan(a).sum())} of {a.size} places"
    if a.dtype.kind in "iu" and e.dtype.kind in "iu":  # whole numbers are right or wrong
        wrong = a != e
    else:  # FLOPs in float32 are right, fractions of FLOPs are not
        rtol = min(rtol, 1e-6) if e.dtype.kind in "iu" else rtol
        wrong = ~np.isclose(a, e, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return None
    with np.errstate(invalid="ignore"):
        off = np.abs(a.astype(np.complex128) - e.astype(np.complex128))
    known = off[wrong & ~np.isnan(off)]
    largest = known.max() if known.size else np.nan
    if a.ndim == 0:
        return f"{a[()]:.6g}, off by {largest:.4g}"
    return f"{int(wrong.sum())} of {a.size} numbers off, the worst by {largest:.4g}"


def describe(value: Any) -> str:
    """A value's kind and size, never its contents: "float32 tensor [2, 3]", "a list of 4"."""
    if value is None:
        return "None"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        kind = "array" if isinstance(value, (np.ndarray, np.generic)) else "tensor"
        return f"{str(value.dtype).removeprefix('torch.')} {kind} {list(value.shape)}"
    if isinstance(value, (str, bytes, list, tuple, dict, set)):
        words = {"str": "text", "bytes": "bytes"}
        kind = type(value).__name__
        return f"{words.get(kind, kind)} of length {len(value)}"
    if isinstance(value, Made):
        return value.what.split(":")[1]
    return type(value).__name__


def _array(value: Any) -> np.ndarray | None:
    """Numbers as an array of integers, float64 or complex128; None if there are none."""
    array = numbers(value)
    if array is None or array.dtype.kind in "iu":
        return array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
