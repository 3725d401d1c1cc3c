"""Plain data between the checker and the learner's process: JSON, and bytes for arrays.

Idea:   answers of untrusted code are read as data, never as objects: a tensor is a dtype, a shape
        and bytes; an object that claims to be equal to everything has no form here and does not get
        through. Reading checks every field. Answers have stricter rules than inputs: they name
        nothing to be built, and reading them costs neither hours nor gigabytes.
Source: pickle's own warning (docs.python.org, pickle: "never unpickle data that could have come
        from an untrusted source"); keys that share a hash make a set slow: Crosby & Wallach,
        "Denial of Service via Algorithmic Complexity Attacks", USENIX Security 2003.
Omits:  objects, functions, sparse and quantised tensors.
"""

from __future__ import annotations

import base64
import importlib
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.engine.exercise import Made

MAX_BYTES = 64 << 20
"""The largest message, in bytes."""
MAX_DEPTH = 40
"""Most levels of lists within lists."""
MAX_ITEMS = 1 << 20
"""Most commas and brackets in a message; each may become an object of a hundred bytes."""
MAX_KEYS = 1 << 13
"""Most elements of sets and keys of dictionaries in an answer: all may have the same hash, and then
each is compared with all before it."""
MAX_TABLE = 1 << 26
"""Longest text in an answer times its number of values, at most: NumPy stores a list of texts as a
table in which each takes as much room as the longest."""
_DTYPES = {"bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"}
_DTYPES |= {"uint16", "uint32", "uint64", "complex64", "complex128"}
_TORCH_ONLY = {"bfloat16": "int16"}  # NumPy has no such type; its bits travel as integers


class NotPlain(ValueError):
    """A value that is not plain data."""


def pack(value: Any) -> bytes:
    """`value` as one message; NotPlain if it has no form here."""
    message = json.dumps(encode(value), allow_nan=False, separators=(",", ":")).encode()
    if len(message) > MAX_BYTES:
        raise NotPlain(f"an answer of {len(message) >> 20} MB; at most {MAX_BYTES >> 20} MB")
    return message


def read(message: bytes) -> Any:
    """The JSON in a message; ValueError if it is none, or would fill the memory."""
    if sum(message.count(mark) for mark in (b",", b"[", b"{")) > MAX_ITEMS:
        raise NotPlain(f"an answer of more than {MAX_ITEMS:,} parts")
    return json.loads(message)


def encode(value: Any, depth: int = 0) -> Any:
    """`value` as JSON data; subclasses of the plain types count as objects and are refused."""
    if depth > MAX_DEPTH:
        raise NotPlain("lists nested too deeply")
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if abs(value) < 1 << 53 else {"int": hex(value)}
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in (bytes, bytearray):  # one kind: decoded as bytes
        return {"bytes": base64.b64encode(value).decode()}
    if kind in (list, tuple, set, frozenset):
        return {kind.__name__: [encode(item, depth + 1) for item in value]}
    if kind is dict:
        return {"dict": [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in value.items()]}
    if kind is Made:
        return {"made": [value.what, [encode(item, depth + 1) for item in value.args]]}
    if kind is np.ndarray:
        return _array("array", value, value.dtype.name)
    if isinstance(value, np.generic):
        return _array("scalar", np.asarray(value), value.dtype.name)
    if kind is np.random.Generator:
        state = value.bit_generator.state
        if state["bit_generator"] != "PCG64":
            raise NotPlain("a generator other than NumPy's default")
        return {"numpy generator": json.dumps(state)}
    return _encode_torch(value)


def _encode_torch(value: Any) -> Any:
    import torch

    if type(value) in (torch.Tensor, torch.nn.Parameter):
        if value.layout != torch.strided or value.device.type == "meta":
            raise NotPlain("a tensor without plain numbers")
        flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        name = str(flat.dtype).removeprefix("torch.")
        if name in _TORCH_ONLY:
            flat = flat.view(getattr(torch, _TORCH_ONLY[name]))
        return _array("tensor", flat.numpy(), name)
    if type(value) is torch.Generator:
        return {"torch generator": base64.b64encode(value.get_state().numpy().tobytes()).decode()}
    raise NotPlain(f"an object of type {type(value).__name__}, which is not plain data")


def _array(form: str, values: np.ndarray, name: str) -> dict[str, Any]:
    if name not in _DTYPES and name not in _TORCH_ONLY:
        raise NotPlain(f"an array of {name}")
    if values.nbytes > MAX_BYTES // 2:
        raise NotPlain(f"an array of {values.nbytes >> 20} MB")
    _check_sides(values.shape)
    values = values.astype(values.dtype.newbyteorder("="), order="C", copy=False)  # >f8 is float64
    data = base64.b64encode(values.tobytes()).decode()
    return {form: [name, list(values.shape), data]}


def decode(form: Any) -> Any:
    """The inverse of `encode`; ValueError on anything else.

    >>> decode(read(pack({"a": (1, 2.5, None)})))
    {'a': (1, 2.5, None)}
    """
    if form is None or isinstance(form, (bool, int, float, str)):
        return form
    if not isinstance(form, dict) or len(form) != 1:
        raise ValueError("a message that is not plain data")
    ((kind, body),) = form.items()
    try:
        return _DECODERS[kind](body)
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ValueError(f"a message that is not plain data ({type(error).__name__})") from None


def decode_answer(form: Any) -> Any:
    """`decode` for a child's answers: only data, none of it costly; ValueError otherwise."""
    keys = values = longest = 0
    waiting = [form]
    while waiting:
        part = waiting.pop()
        values += 1
        if isinstance(part, str):
            longest = max(longest, len(part))
        if not isinstance(part, dict):
            continue
        for kind, body in part.items():
            if kind in ("made", "numpy generator", "torch generator"):
                raise NotPlain(f"an answer is data; this one holds a {kind}")
            if kind == "dict":
                keys += len(body)
                waiting += [item for pair in _list(body) for item in _list(pair)]
            elif kind in ("list", "tuple", "set", "frozenset"):
                keys += len(body) if kind in ("set", "frozenset") else 0
                waiting += _list(body)
    if keys > MAX_KEYS:
        raise NotPlain(f"an answer with {keys:,} keys; at most {MAX_KEYS:,}")
    if longest * values > MAX_TABLE:
        raise NotPlain(f"an answer with a text of {longest:,} characters among {values:,} values")
    return decode(form)


def _list(body: Any) -> list[Any]:
    if not isinstance(body, list):
        raise ValueError("a message that is not plain data")
    return body


def _decode_array(form: str, body: Any) -> Any:
    name, shape, text = body
    stored = _TORCH_ONLY.get(name, name)
    if stored not in _DTYPES or (form != "tensor" and name in _TORCH_ONLY):
        raise ValueError(f"unknown kind of number {name!r}")
    if not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("a shape is made of whole numbers")
    _check_sides(shape)
    data = base64.b64decode(text, validate=True)
    values = np.frombuffer(data, dtype=stored)  # ValueError if the bytes do not fit
    if stored == "bool":
        values = values.view(np.uint8) != 0  # in NumPy a byte of 2 is neither true nor false
    if math.prod(shape) != values.size:
        raise ValueError(f"{values.size} numbers for shape {shape}")
    values = values.reshape(shape).copy()
    if form == "array":
        return values
    if form == "scalar":
        return values[()]
    import torch

    tensor = torch.from_numpy(values)
    return tensor.view(torch.bfloat16) if name in _TORCH_ONLY else tensor


def _check_sides(shape: Sequence[int]) -> None:
    """Raise NotPlain for a shape without elements that is nevertheless endless to iterate over."""
    if 0 in shape and max(shape) > MAX_ITEMS:
        raise NotPlain(f"an array without numbers whose longest side is {max(shape):,}")


def _decode_numpy_generator(text: str) -> np.random.Generator:
    generator = np.random.default_rng(0)
    generator.bit_generator.state = json.loads(text)
    return generator


def _decode_torch_generator(text: str) -> Any:
    import torch

    generator = torch.Generator()
    state = np.frombuffer(base64.b64decode(text), dtype=np.uint8).copy()
    generator.set_state(torch.from_numpy(state))
    return generator


def build(value: Any) -> Any:
    """`value` with every `Made` in it built: import its module and call its name."""
    if isinstance(value, Made):
        module, name = value.what.split(":")
        return getattr(importlib.import_module(module), name)(*build(list(value.args)))
    if isinstance(value, (list, tuple)):
        return type(value)(build(item) for item in value)
    if isinstance(value, dict):
        return {key: build(item) for key, item in value.items()}
    return value


_DECODERS: dict[str, Any] = {
    "int": lambda body: int(body, 16),
    "float": lambda body: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[body],
    "bytes": lambda body: base64.b64decode(body, validate=True),
    "list": lambda body: [decode(item) for item in body],
    "tuple": lambda body: tuple(decode(item) for item in body),
    "set": lambda body: {decode(item) for item in body},
    "frozenset": lambda body: frozenset(decode(item) for item in body),
    "dict": lambda body: {decode(key): decode(item) for key, item in body},
    "made": lambda body: Made(str(body[0]), *(decode(item) for item in body[1])),
    "array": lambda body: _decode_array("array", body),
    "scalar": lambda body: _decode_array("scalar", body),
    "tensor": lambda body: _decode_array("tensor", body),
    "numpy generator": _decode_numpy_generator,
    "torch generator": _decode_torch_generator,
}
