"""Plain data, and nothing else, goes through the wire."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.engine.exercise import Made
from lessons.engine.sandbox import wire

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
_PLAIN = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=12,
)


def _unpack(message: bytes) -> Any:
    return wire.decode(wire.read(message))


@given(_PLAIN)
def test_what_goes_in_comes_out(value: Any) -> None:
    assert repr(_unpack(wire.pack(value))) == repr(value)  # repr: nan is not equal to itself


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int64", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_tensors_keep_dtype_shape_and_bits(dtype: str, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(getattr(torch, dtype))
    back = _unpack(wire.pack(x.T if x.dim() == 2 else x))
    assert back.dtype == x.dtype
    assert torch.equal(back, x.T if x.dim() == 2 else x)


@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_are_the_same_in_either_order_of_bytes(order: str) -> None:
    value = np.array([[1.5, -2.0], [3.0, 1e300]], dtype=f"{order}f8")
    np.testing.assert_array_equal(_unpack(wire.pack(value.T)), value.T)
    assert _unpack(wire.pack(value[0, 0])) == 1.5
    assert _unpack(wire.pack(np.array(258, dtype=f"{order}u2"))) == 258


def test_generators_go_on_where_they_were() -> None:
    rng = np.random.default_rng(3)
    rng.random(5)
    assert _unpack(wire.pack(rng)).random() == rng.random()
    g = torch.Generator().manual_seed(5)
    torch.rand(3, generator=g)
    assert torch.equal(torch.rand(2, generator=_unpack(wire.pack(g))), torch.rand(2, generator=g))


class _Equal(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class _Tensor(torch.Tensor):
    pass


@pytest.mark.parametrize(
    "value",
    [
        object(),
        _Equal("x"),
        [_Equal("x")],
        torch.ones(2).as_subclass(_Tensor),
        torch.ones(2).to_sparse(),
        torch.ones(2, device="meta"),
        print,
        np.array(["text"]),
        np.array([object()]),
        1j,
    ],
)
def test_objects_have_no_form(value: Any) -> None:
    with pytest.raises(wire.NotPlain):
        wire.pack(value)


def test_too_deep_and_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(wire.NotPlain, match="deeply"):
        wire.pack(deep)
    monkeypatch.setattr(wire, "MAX_BYTES", 1000)
    with pytest.raises(wire.NotPlain, match="MB"):
        wire.pack("x" * 1001)
    with pytest.raises(wire.NotPlain, match="MB"):
        wire.pack(np.zeros(1000))


@pytest.mark.parametrize(
    "form",
    [
        [1],
        {},
        {"a": 1, "b": 2},
        {"object": 1},
        {"tensor": ["float32", [2], "AAAA"]},  # 3 bytes
        {"tensor": ["float32", [2], "AAAAAA=="]},  # one number, not two
        {"tensor": ["float32", [-1], "AAAAAA=="]},
        {"tensor": ["float32", [True], "AAAAAA=="]},
        {"tensor": ["object", [1], "AAAAAAAAAAA="]},
        {"array": ["bfloat16", [1], "AAA="]},
        {"tensor": "float32"},
        {"float": "1e5"},
        {"int": 5},
        {"bytes": "?"},
        {"list": 5},
        {"dict": [[{"list": []}, 1]]},  # a list is no key
        {"set": [{"list": []}]},
    ],
)
def test_nonsense_is_an_error_and_never_an_object(form: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        _unpack(json.dumps(form).encode())


def test_an_answer_is_data_alone() -> None:
    for value in (Made("os:getcwd"), np.random.default_rng(0), torch.Generator(), [[Made("a:b")]]):
        with pytest.raises(wire.NotPlain, match="an answer is data"):
            wire.decode_answer(wire.encode(value))
    plain = {"a": (1, [2.5, {3}], np.zeros(2), torch.ones(1))}
    assert repr(wire.decode_answer(wire.encode(plain))) == repr(plain)


@pytest.mark.parametrize(
    "form",
    [
        # Python's hash of all of these is 0
        {"set": [{"int": hex(i * (2**61 - 1))} for i in range(wire.MAX_KEYS + 1)]},
        {"dict": [[i, None] for i in range(wire.MAX_KEYS + 1)]},
        {"list": ["x" * 100_000, *("y" * 1000)]},  # as a NumPy array 400 MB
    ],
    ids=["one hash", "many keys", "a wide table"],
)
def test_an_answer_that_would_be_costly_to_look_at_is_refused(form: Any) -> None:
    with pytest.raises(wire.NotPlain, match="an answer with"):
        wire.decode_answer(form)


def test_a_message_of_many_parts_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(wire.NotPlain, match="1,048,576 parts"):
        _unpack(b'{"list":[' + b"[]," * (wire.MAX_ITEMS // 2) + b"[]]}")


@pytest.mark.parametrize("form", [{"list": "text"}, {"dict": "text"}, {"dict": ["ab"]}])
def test_text_in_place_of_a_list_is_nonsense(form: Any) -> None:
    with pytest.raises(ValueError, match="not plain data"):
        wire.decode_answer(form)


def test_truth_values_are_true_or_false() -> None:
    odd = wire.decode({"array": ["bool", [3], "AAEC"]})  # bytes 0, 1, 2
    assert odd.view(np.uint8).tolist() == [0, 1, 1]


def test_made_is_built_on_the_other_side() -> None:
    made = _unpack(wire.pack([Made("math:hypot", 3.0, 4.0)]))
    assert made == [Made("math:hypot", 3.0, 4.0)]
    assert wire.build(made) == [5.0]
    assert math.isclose(wire.build({"a": (made[0],)})["a"][0], 5.0)
