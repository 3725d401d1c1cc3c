"""Kinds of values (a number, an array, bytes): one rule for all exercises.

Idea:   a learner's NumPy scalar is right if the package returns a float. So an answer is converted
        to the kind of the oracle's answer before it is judged, and no judge needs to know all ways
        to write a number. Values are never improved: fractions stay fractions if whole numbers are
        wanted.

            a number   Python's int or float, a NumPy scalar, an array or tensor without dimensions
            an array   a list, tuple, NumPy array or tensor of numbers, nested or not, of any width
            bytes      bytes or bytearray (they are one on the wire)
            a bool     True or False, Python's, NumPy's or torch's

Run:    used by lessons.engine.checking.judging, before every judge
Omits:  text, sets, None: they have one kind each.
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np


def like(answer: Any, model: Any) -> Any:
    """`answer` in the kind of `model` if it is a number, an array, or contains such; else itself.

    If the model has fractions the answer gets its precision, also from whole numbers. Otherwise
    whole numbers keep their width, which an exercise may ask for.

    >>> like(np.float32(0.5), 1.0), like([1, 2], np.zeros(2)), like(np.array([1.5, 2.0]), (0, 0))
    (0.5, array([1., 2.]), (1.5, 2.0))
    """
    if isinstance(model, dict):
        if not (isinstance(answer, dict) and model):
            return answer
        first = next(iter(model.values()))
        return {key: like(value, model.get(key, first)) for key, value in answer.items()}
    if isinstance(model, (list, tuple)):
        return _sequence(answer, model)
    if is_number(model):
        return _number(answer, model) if is_number(answer) else answer
    if (
        isinstance(model, bool)
        and is_number(answer)
        and "bool" in str(getattr(answer, "dtype", ""))
    ):
        return bool(answer)
    if _dimensions(model):
        found = numbers(answer)
        return answer if found is None or found.ndim == 0 else _as(found, model)
    return answer


def _sequence(answer: Any, model: list[Any] | tuple[Any, ...]) -> Any:
    if _dimensions(answer):
        answer = answer.tolist()
    if not isinstance(answer, (list, tuple)):
        return answer
    models = model if len(model) == len(answer) else repeat(model[0] if model else None)
    return type(model)(like(item, part) for item, part in zip(answer, models))


def _number(answer: Any, model: Any) -> Any:
    value = answer.item() if hasattr(answer, "item") else answer
    if not hasattr(model, "dtype"):
        return value
    return _as(np.asarray(value), model)


def _as(found: np.ndarray, model: Any) -> Any:
    """An array in the kind of `model`: an array, a scalar or a tensor, in the model's precision,
    unless that would make a number infinite."""
    fraction = found.dtype.kind in "iuf" and not _beyond(found, model)  # or may be taken for one
    if isinstance(model, (np.ndarray, np.generic)):
        found = found.astype(model.dtype) if model.dtype.kind == "f" and fraction else found
        return found[()] if isinstance(model, np.generic) else found
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(found).reshape(found.shape))
    return tensor.to(model.dtype) if model.is_floating_point() and fraction else tensor


def _beyond(found: np.ndarray, model: Any) -> bool:
    """Are there finite numbers too large for the model's precision?"""
    if isinstance(model, (np.ndarray, np.generic)):
        largest = np.finfo(model.dtype).max if model.dtype.kind == "f" else np.inf
    else:
        import torch

        largest = torch.finfo(model.dtype).max if model.is_floating_point() else np.inf
    return bool((np.isfinite(found) & (np.abs(found) > largest)).any())


def is_number(value: Any) -> bool:
    """Is it one number, of any kind? True and False are not; those of NumPy are.

    >>> is_number(1), is_number(np.float32(1)), is_number(np.array(1)), is_number([1])
    (True, True, True, False)
    """
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return tuple(value.shape) == ()
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def numbers(value: Any) -> np.ndarray | None:
    """Numbers, nested or not, as an array in the precision they have; None if there are none.

    >>> numbers([[1, 2], (3, 4)]).shape, numbers("12"), numbers([[1], [2, 3]])
    ((2, 2), None, None)
    """
    if hasattr(value, "detach"):
        value = value.detach().to("cpu")
        low = value.is_floating_point() and value.element_size() < 4  # bfloat16: not NumPy's
        value = (value.float() if low else value).numpy()
    elif isinstance(value, (list, tuple)) and any(hasattr(item, "detach") for item in value):
        value = [numbers(item) for item in value]
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array if array.dtype.kind in "biufc" else None


def size(value: Any) -> int:
    """Size of a value: numbers, characters, bytes, and each part of a list.

    >>> size(["abc", b"de", np.zeros((3, 4)), 7])
    22
    """
    total, waiting = 0, [value]
    while waiting:
        part = waiting.pop()
        total += 1
        if isinstance(part, (list, tuple, set, frozenset)):
            waiting += part
        elif isinstance(part, dict):
            waiting += [*part, *part.values()]
        elif isinstance(part, (str, bytes)):
            total += len(part)
        elif hasattr(part, "shape"):
            total += int(np.prod(part.shape))
    return total


def name_of(value: Any) -> str:
    """A value's kind in words for the learner.

    >>> name_of(1.5), name_of(np.zeros(3)), name_of(b""), name_of((1, 2))
    ('a number', 'an array of numbers', 'bytes', 'a tuple')
    """
    if is_number(value):
        return "a number"
    if _dimensions(value):
        return "an array of numbers"
    words = {"str": "text", "bytes": "bytes", "NoneType": "None", "bool": "True or False"}
    kind = type(value).__name__
    return words.get(kind, f"a {kind}")


def _dimensions(value: Any) -> int:
    """Number of dimensions of an array or a tensor; 0 for anything else."""
    return len(value.shape) if hasattr(value, "dtype") and hasattr(value, "shape") else 0
