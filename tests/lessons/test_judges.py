"""No exercise takes NaN, infinity or nearly right for right, and no judge reads what is too large.

An answer is the right one with its numbers changed, so that its type and shape are right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
import pytest

from lessons.engine import catalogue
from lessons.engine.answers import source as sources
from lessons.engine.checking import judging
from lessons.engine.checking.check import check_source
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.compare import close
from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.judges import form_alone, refused, same_each_time, unlike, whole
from minigpt.compress.escapes import read_varints

REAL = [exercise for lesson in catalogue.lessons() for exercise in lesson.exercises()]
WITHOUT = {"02.1", "04.3", "16.2", "16.3", "21.2", "21.3"}
"""They return bytes and texts: there are no numbers."""
NUMBERS = [exercise for exercise in REAL if exercise.id not in WITHOUT]

SPOIL = """
import numpy as _np

def _spoilt(value, change):
    if isinstance(value, (list, tuple)):
        return type(value)(_spoilt(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _spoilt(item, change) for key, item in value.items()}
    if hasattr(value, "detach"):
        value = value.detach().double()
        return change(value)
    if hasattr(value, "dtype"):
        return change(_np.asarray(value, dtype=float))
    return change(float(value)) if isinstance(value, (int, float)) else value
"""
CHANGES = {
    "nan": "lambda x: x * float('nan')",
    "infinity": "lambda x: x * 0 + float('inf')",
    "minus infinity": "lambda x: x * 0 - float('inf')",
    "one in a thousand too much": "lambda x: x * 1.001",
}


def changed(exercise: Exercise, how: str) -> str:
    """The right answer's source with its numbers changed."""
    right = sources.solution(exercise.solution, exercise.name)
    name = exercise.name
    wrapped = f"def {name}(*args, **kwargs):\n    return _spoilt(_right(*args, **kwargs), {how})\n"
    return f"{right}\n{SPOIL}\n_right = {name}\n{wrapped}"


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("exercise", NUMBERS, ids=lambda exercise: str(exercise.id))
def test_no_exercise_takes_it_for_right(sandbox: Sandbox, exercise: Exercise, how: str) -> None:
    result = check_source(exercise, changed(exercise, CHANGES[how]), sandbox)
    assert result.status == "fail", result


def test_only_answers_without_numbers_are_left_out() -> None:
    made = {e.id: _right(e)(*_calls(e.probes[0])[0].args) for e in REAL if e.id in WITHOUT}
    for exercise in ("16.2", "21.2"):
        assert {type(text) for some in made.pop(exercise) for text in some} == {str}
    kinds = {"02.1": bytes, "04.3": str, "16.3": str, "21.3": str}
    assert {key: type(value) for key, value in made.items()} == kinds


KINDS = {
    "NumPy": "_np.asarray(x)",
    "a tensor": "x if hasattr(x, 'detach') else _torch.tensor(_np.array(x))",
    "a list or a number": "_np.asarray(x).tolist()",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("exercise", NUMBERS, ids=lambda exercise: str(exercise.id))
def test_a_right_answer_is_right_in_whatever_it_comes(
    sandbox: Sandbox, exercise: Exercise, kind: str
) -> None:
    to = f"(lambda x: x if _no_numbers(x) else {KINDS[kind]})"
    name = exercise.name
    source = f"""{sources.solution(exercise.solution, name)}
import numpy as _np
import torch as _torch
_right = {name}

def _no_numbers(found):
    return found is None or (isinstance(found, list) and any(isinstance(x, str) for x in found))

def {name}(*args, **kwargs):
    found = _right(*args, **kwargs)
    if isinstance(found, dict):
        return dict(zip(found, map({to}, found.values())))
    return tuple(map({to}, found)) if isinstance(found, tuple) else {to}(found)
"""
    result = check_source(exercise, source, sandbox)
    assert result.passed, result


# Each property by itself: what is NaN has it nowhere.


def _calls(probe: Probe, seed: int = 5) -> list[Call]:
    made = probe.make(np.random.default_rng(seed))
    return [made] if isinstance(made, Call) else list(made)


def _right(exercise: Exercise) -> Callable[..., Any]:
    space: dict[str, Any] = {"__name__": "right"}
    exec(sources.solution(exercise.solution, exercise.name), space)
    function: Callable[..., Any] = space[exercise.name]
    return function


def _judged(exercises: list[Exercise]) -> list[Any]:
    return [
        pytest.param(exercise, probe, id=f"{exercise.id} {probe.property[:40]}")
        for exercise in exercises
        for probe in exercise.probes
        if probe.judge is not None
    ]


def _asked(exercise: Exercise, probe: Probe) -> judging.Asked:
    made = probe.make(np.random.default_rng(5))
    calls = (made,) if isinstance(made, Call) else tuple(made)
    return judging.asked(exercise, judging.Trial(probe, calls, isinstance(made, Call)))


def _refusal(asked: judging.Asked, answers: list[Any]) -> str | None:
    """What the learner is told: of the size, then the form, then by the judge."""
    large = [judging.too_large(a, right) for a, right in zip(answers, asked.models)]
    return next(filter(None, large), None) or judging.in_words(asked.trial, answers, asked.models)


@pytest.mark.parametrize(("exercise", "probe"), _judged(NUMBERS))
def test_no_probe_with_a_judge_takes_nan_or_infinity(exercise: Exercise, probe: Probe) -> None:
    asked = _asked(exercise, probe)
    right = list(asked.models)
    assert _refusal(asked, right) is None
    space: dict[str, Any] = {}
    exec(SPOIL, space)
    for number in (float("nan"), float("inf")):
        spoilt = [space["_spoilt"](value, lambda x: x * 0 + number) for value in right]  # noqa: B023
        assert _refusal(asked, spoilt) is not None, number


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_comparing_with_an_oracle_knows_nan(number: float) -> None:
    for expected in (0.0, 1e300, [1.0, 2.0], np.zeros(2), np.array([np.inf, 0.0])):
        answer = np.zeros(np.shape(expected)) + number
        assert close(answer, expected, rtol=1.0, atol=1.0) is not None


# A line changed in a right answer: what these do is wrong, and once passed.


@pytest.mark.parametrize(
    ("exercise", "right", "wrong"),
    [
        ("02.2", "counts > 0", "counts > 1"),
        ("05.2", "temperature=1.0", "temperature=2.0"),
        ("05.3", "bins=15", "bins=14"),
        ("05.3", "range(bins)", "range(2, bins)"),
    ],
)
def test_a_small_change_is_found(sandbox: Sandbox, exercise: str, right: str, wrong: str) -> None:
    found = catalogue.find_exercise(exercise)
    source = found.variants[0].source
    assert right in source
    for seed in range(3):
        result = check_source(found, source.replace(right, wrong), sandbox, seed=seed)
        assert result.status == "fail", result


# What is too large is not read.


class Touched(BaseException):
    """Somebody looked at the elements of something huge."""


def _touched(*_: Any, **__: Any) -> NoReturn:
    raise Touched


class Huge:
    """An array of 2^40 rows as far as its shape goes; its elements must not be asked for."""

    dtype = np.dtype(np.int64)
    ndim = 2
    __iter__ = __getitem__ = __array__ = _touched

    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def __len__(self) -> int:
        return self.shape[0]


class HugeText(str):
    """A text of a thousand million characters, as far as its length goes."""

    __iter__ = __getitem__ = split = splitlines = replace = find = count = _touched

    def __len__(self) -> int:
        return 1 << 30


class HugeBytes(bytes):
    """The same, of bytes."""

    __iter__ = __getitem__ = _touched

    def __len__(self) -> int:
        return 1 << 30


HUGE = [Huge(1 << 40, 0), Huge(1 << 40), Huge(1 << 22, 1, 1), HugeText("ab ab"), HugeBytes(b"\xff")]


def _looked_at() -> Iterator[Any]:
    for exercise in REAL:
        for probe in exercise.probes:
            if probe.judge is not None or probe.causes:
                yield pytest.param(exercise, probe, id=f"{exercise.id} {probe.property[:40]}")


@pytest.mark.parametrize(("exercise", "probe"), list(_looked_at()))
def test_size_and_form_are_looked_at_before_judge_and_cause(
    exercise: Exercise, probe: Probe
) -> None:
    """And no cause says that it explains such an answer."""
    asked = _asked(exercise, probe)
    for huge in HUGE:
        answers: list[Any] = [huge] * len(asked.models)
        if probe.judge is not None:
            assert _refusal(asked, answers) is not None
        for cause in probe.causes:
            large = judging.too_large(huge, asked.models[0])
            assert large or not judging.explains(cause, asked, answers), cause.text


def test_ten_bytes_are_the_most_that_one_number_takes() -> None:
    """Shifting without a bound makes reading quadratic."""
    assert read_varints(b"\xff" * 9 + b"\x01", 0, 1)[0] == [(1 << 64) - 1]
    with pytest.raises(ValueError, match="more than ten bytes"):
        read_varints(b"\xff" * 11, 0, 1)


# What is refused, and what is not.


@pytest.mark.parametrize(
    ("answer", "shape", "whole"),
    [
        (3, (), True),
        (np.float32(0.5), (), False),
        (np.array(0.5), (), False),
        ([1, 2], (2,), True),
        ((1.0, 2), (2,), False),
        ([np.float64(1.0), np.float64(2.0)], (2,), False),
        (np.zeros((2, 0)), (2, 0), False),
    ],
)
def test_numbers_of_the_right_shape(answer: Any, shape: tuple[int, ...], whole: bool) -> None:
    torch = pytest.importorskip("torch")
    assert refused(answer, shape, whole=whole) is None
    assert refused(torch.tensor(answer), shape, whole=whole) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "NoneType|None"),
        ("ab", "text"),
        ([1.0], r"shape \[1\] where \[2\]"),
        ([[1.0, 2.0], [1.0]], r"shape \[2, 2\]"),
        ([1.0, [1.0]], "not all alike"),
        (["a", "b"], "list"),
        ([1.0, 2.0], "integer type"),
        ([float("inf"), 1.0], "integer type"),
        (np.array([1j, 2]), "numbers were expected"),
    ],
)
def test_what_is_refused(answer: Any, words: str) -> None:
    shape = () if answer is None or isinstance(answer, str) else (2,)
    found = refused(answer, shape, whole=True)
    assert found is not None
    assert re.search(words, found), found


RIGHT = (np.zeros((2, 3)), 1.5, "ab", b"a", [1, 2])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (RIGHT, None),
        ((np.ones((2, 3)), 2, "long", bytearray(b"bc"), (3, 4)), None),
        (RIGHT[:4], "of length 4 where 5 elements"),
        (7.0, "float where 5 elements"),
        ((np.zeros((3, 2)), *RIGHT[1:]), r"element 0: shape \[3, 2\] where \[2, 3\]"),
        ((RIGHT[0], float("nan"), *RIGHT[2:]), "element 1: NaN"),
        ((*RIGHT[:2], b"ab", *RIGHT[3:]), "element 2: bytes of length 2 where text"),
        ((*RIGHT[:3], "a", RIGHT[4]), "element 3: text of length 1 where bytes"),
        ((*RIGHT[:4], [1, "2"]), "element 4: element 1: text"),
    ],
)
def test_the_form_of_a_right_answer(answer: Any, words: str | None) -> None:
    found = unlike(answer, RIGHT)
    assert found == words if words is None else re.search(words, str(found)), found


def test_a_form_with_infinity_allows_it_and_none_asks_for_nothing() -> None:
    nan, infinite = np.array([1.0, np.nan]), np.array([1.0, np.inf])
    assert unlike(nan, np.zeros(2)) == "NaN in 1 of 2 places"
    assert unlike(nan, np.zeros(2), finite=False) is None
    assert unlike(nan, infinite) is None
    assert unlike(nan[:1], np.zeros(2), finite=False) is not None
    for right in (None, {"a": 1}, np.array([True, False])):
        assert unlike("anything", right) is None


def test_judges_of_several_exercises() -> None:
    assert form_alone(3, 4) is None
    assert whole(np.array([1, 2]), 0) is None
    assert "integer type" in str(whole([1.0, 2.0]))
    assert same_each_time([np.arange(3), [0, 1, 2]], []) is None
    assert "same state" in str(same_each_time(["a b", "b a"], []))


def test_a_probe_may_take_right_answers_of_any_form() -> None:
    """Numbers whose sum is asked for may be few or many; the judge sees them if it says so."""
    exercise = catalogue.find_exercise("06.1")
    for any_form in (False, True):
        probe = Probe(
            "a sum of 1",
            lambda rng: Call(np.ones(2), np.zeros(3)),
            judge=lambda answer, *_: None if sum(answer) == 1 else "another sum",
            any_form=any_form,
        )
        asked = _asked(exercise, probe)
        assert (judging.in_words(asked.trial, [[0.5, 0.5]], asked.models) is None) == any_form


# Whole numbers are whole, and an order that is to be destroyed is not kept.


@pytest.mark.parametrize("exercise", ["01.2", "01.3", "02.3"])
def test_whole_numbers_as_fractions_are_refused_and_named(sandbox: Sandbox, exercise: str) -> None:
    found = catalogue.find_exercise(exercise)
    result = check_source(found, changed(found, "lambda x: x * 1.0"), sandbox)
    assert result.status == "fail"
    assert re.search("floating-point numbers|fractions", result.cause), result


ORDERS = {
    "two halves exchanged": "words[n // 2:] + words[:n // 2]",
    "rotated by a fraction": "(lambda k: words[k:] + words[:k])(1 + int(rng.random() * (n - 1)))",
    "rotated by a few": "(lambda k: words[k:] + words[:k])(int(rng.integers(1, 5)))",
    "turned round or rotated": "[words[::-1], words[9:] + words[:9]][int(rng.integers(2))]",
    "two halves interlocked": "[words[(i % 2) * (n // 2) + i // 2] for i in range(n - n % 2)]"
    " + words[n - n % 2:]",
    "every third word first": "words[::3] + words[1::3] + words[2::3]",
    "three at a time": "[w for i in rng.permutation(-(-n // 3)) for w in words[3 * i:3 * i + 3]]",
    "within twenty": "[w for i in range(0, n, 20) for w in rng.permutation(words[i:i + 20])]",
    "neighbours exchanged": "[words[i ^ 1] if i ^ 1 < n else words[i] for i in range(n)]",
    "a fixed shuffle, cut": "(lambda w, k: w[k:] + w[:k])(list(np.random.default_rng(0)"
    ".permutation(words)), int(rng.integers(n)))",
    "untouched": "words",
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_salad_keeps_no_order(sandbox: Sandbox, order: str) -> None:
    source = f"""
import numpy as np

def salad(block, rng):
    words = block.split()
    n = len(words)
    dealt = iter({ORDERS[order]})
    return "\\n".join(" ".join(next(dealt) for _ in l.split(" ")) for l in block.split("\\n"))
"""
    result = check_source(catalogue.find_exercise("04.3"), source, sandbox)
    assert result.status == "fail", result
    assert result.probes_passed >= 2, result  # all words and lines are there
    assert result.cause


def test_a_random_salad_passes_however_often(sandbox: Sandbox) -> None:
    """20 draws of inputs; by chance alone a right answer fails in fewer than one of 10^12."""
    exercise = catalogue.find_exercise("04.3")
    for seed in range(20):
        assert check_source(exercise, exercise.variants[0].source, sandbox, seed=seed).passed


def test_a_function_of_one_name_is_asked_for_once() -> None:
    """One file may hold all answers, and a lesson's answers earn no other lesson's points."""
    names = [exercise.name for exercise in REAL]
    assert sorted(names) == sorted(set(names))
