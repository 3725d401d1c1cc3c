"""The checker: right answers pass, wrong ones get their own diagnosis, nothing hidden is told."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lessons.engine import catalogue
from lessons.engine.building import audit
from lessons.engine.checking import check as checking
from lessons.engine.checking.check import check_source
from lessons.engine.checking.feedback import feedback
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.compare import close, describe
from lessons.engine.exercise import Call, Exercise, Made, Probe, Result, Variant, Wrong

REAL = [exercise for lesson in catalogue.lessons() for exercise in lesson.exercises()]


def test_the_sample_is_judged_as_it_should_be(sandbox: Sandbox, checks: Any) -> None:
    rows = list(audit.audit(checks.EXERCISES, sandbox))
    assert len(rows) == 2 * (2 + 2 + 4)
    assert [row for row in rows if row.problem] == []


@pytest.mark.parametrize("exercise", REAL, ids=lambda exercise: str(exercise.id))
def test_every_exercise_is_judged_as_it_should_be(sandbox: Sandbox, exercise: Exercise) -> None:
    """Stub, solution, variants and named wrong answers, on two draws of inputs."""
    for seed in ("audit", "another"):
        assert [row for row in audit.audit([exercise], sandbox, seed) if row.problem] == []


def test_an_audit_finds_a_check_that_is_too_weak(sandbox: Sandbox, checks: Any) -> None:
    weak = replace(checks.NORM, probes=checks.NORM.probes[:1])
    problems = [row for row in audit.audit([weak], sandbox) if row.problem]
    assert [row.answer for row in problems] == ["no mean", "no root", "one for all"]


def test_an_audit_finds_a_check_that_is_too_strict(sandbox: Sandbox, checks: Any) -> None:
    exact = Probe(
        property="to the last bit",
        make=lambda rng: Call(torch.from_numpy(rng.standard_normal((64, 64))).float()),
        expect=checks.rms_norm,
        rtol=0.0,
        atol=0.0,
    )
    strict = replace(checks.NORM, probes=(*checks.NORM.probes, exact))
    problems = [row for row in audit.audit([strict], sandbox) if row.problem]
    assert "variant" in {row.kind for row in problems}
    assert "wrong" not in {row.kind for row in problems}


@pytest.mark.parametrize("answer", [np.float64(3.0), np.array(3.0), torch.tensor(3.0), 3.0])
def test_one_number_where_several_were_wanted(answer: Any) -> None:
    assert "where 2 elements were expected" in str(close(answer, (1.0, 2.0)))


def test_the_hash_of_the_checks_counts_the_known_answers(
    checks: Any, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = catalogue.find("90")
    before = lesson.checks_hash()
    wrong = (replace(checks.NORM.wrong[0], diagnosis="another"), *checks.NORM.wrong[1:])
    monkeypatch.setattr(checks, "EXERCISES", (replace(checks.NORM, wrong=wrong),))
    assert lesson.checks_hash() != before


def test_feedback_has_its_five_parts_and_no_numbers_of_the_inputs(
    sandbox: Sandbox, checks: Any
) -> None:
    result = check_source(checks.NORM, checks.NORM.wrong[1].source, sandbox)
    text = feedback(result, "rms_norm")
    for part in ("called", "expected", "returned", "likely", "next"):
        assert f"\n  {part}" in text
    assert "rms_norm(float32 tensor [4, 16])" in text
    assert "the square root is missing" in text
    assert 'hint("90.1")' in text
    assert not re.search(r"\d\.\d{3}", text)


def test_fresh_inputs_for_every_seed_and_the_same_for_one(sandbox: Sandbox) -> None:
    seen = []

    def make(rng: np.random.Generator) -> Call:
        seen.append(float(rng.random()))
        return Call(seen[-1])

    exercise = _echo(Probe(property="same", make=make, expect=lambda x: x))
    source = "def f(x):\n    return x\n"
    for seed in (0, 0, 1):
        assert check_source(exercise, source, sandbox, seed=seed).passed
    one, again, other = seen[:2], seen[2:4], seen[4:]
    assert one == again
    assert len({*one, *other}) == 4


def _echo(*probes: Probe, **changes: Any) -> Exercise:
    """An exercise whose right answer is `return x`."""
    names = ("one", "two", "three")
    given: dict[str, Any] = {
        "id": "91.1",
        "name": "f",
        "task": "x itself",
        "solution": "minigpt.ops:rms_norm",
        "probes": probes,
        "variants": tuple(Variant(name=n, source="def f(x):\n    return x\n") for n in names[:2]),
        "wrong": tuple(
            Wrong(name=n, source=f"def f(x):\n    return {i}.0\n", diagnosis=f"always {i}")
            for i, n in enumerate(names, 5)
        ),
        "hints": names,
        "next_step": "go on",
    }
    return Exercise(**{**given, **changes})


_ANY = Probe(
    property="x comes back", make=lambda rng: Call([1.0, 2.0]), expect=lambda x: [1.0, 2.0]
)


@pytest.mark.parametrize(
    ("source", "status", "says"),
    [
        ("def f(x):\n    return x", "pass", ""),
        ("def f(x):\n    x", "fail", "return"),
        ("def f(x):\n    x += [3.0]\n    return x[:2]", "fail", "in place"),
        ("def f(x):\n    return x[5]", "fail", "it raised IndexError: list index out of range"),
        ("def f(x):\n    return x[5]", "fail", "(in `return x[5]`)"),
        ("def f(x):\n    return [1.0]", "fail", "1 elements where 2"),
        ("def f():\n    return 1", "fail", "it raised TypeError"),
        ("def f(x:\n    return x", "crash", "line 1"),
        ("def g(x):\n    return x", "missing", "no function f"),
        ("import nothing_such\ndef f(x): return x", "crash", "ModuleNotFoundError"),
        ("import nothing_such\ndef f(x): return x", "crash", "before the function is called"),
        ("def f(x):\n    ...", "missing", "not attempted yet"),
        ("def f(x):\n    return lambda: x", "fail", "an object of type function"),
        ("def f(x):\n    print(x)\n    return x", "pass", ""),
        ("def f(x):\n    yield x", "fail", "an object of type generator"),
    ],
)
def test_ordinary_mistakes(sandbox: Sandbox, source: str, status: str, says: str) -> None:
    result = check_source(_echo(_ANY), source, sandbox)
    assert result.status == status
    assert says in feedback(result)


def test_an_exercise_may_change_its_inputs_if_it_says_so(sandbox: Sandbox) -> None:
    source = "def f(x):\n    x += [3.0]\n    return x[:2]"
    assert check_source(_echo(_ANY, changes_inputs=True), source, sandbox).passed


def test_right_answers_of_a_run_that_went_wrong_are_no_pass(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sandbox.run
    odd = lambda *a, **k: replace(run(*a, **k), status="crash", note="odd")  # noqa: E731
    monkeypatch.setattr(sandbox, "run", odd)
    result = check_source(_echo(_ANY), "def f(x):\n    return x", sandbox)
    assert (result.status, result.returned) == ("crash", "odd")


def test_inputs_can_be_objects_that_are_built_on_both_sides(sandbox: Sandbox) -> None:
    made = Probe(
        property="half of it",
        make=lambda rng: Call(Made("fractions:Fraction", 3, 4)),
        expect=lambda x: float(x) / 2,
    )
    assert check_source(_echo(made), "def f(x):\n    return float(x / 2)", sandbox).passed
    wrong = check_source(_echo(made), "def f(x):\n    return float(x)", sandbox)
    assert wrong.called == "f(Fraction)"


def test_a_judge_that_raises_is_no_pass(sandbox: Sandbox) -> None:
    probe = Probe(property="has a shape", make=lambda rng: Call(1), judge=lambda y, x: y.shape[7])
    result = check_source(_echo(probe), "def f(x):\n    return x", sandbox)
    assert (result.status, result.returned) == ("fail", "int, of the wrong kind")


def test_hidden_inputs_do_not_come_out_in_error_messages(sandbox: Sandbox) -> None:
    source = "def f(x):\n    raise ValueError(f'the input is {x}')"
    secret = Probe(property="p", make=lambda rng: Call(987.654), expect=lambda x: x)
    assert "987" in feedback(check_source(_echo(secret), source, sandbox))
    assert "987" not in feedback(check_source(_echo(secret), source, sandbox, discreet=True))


def test_the_known_mistake_that_agrees_everywhere_is_named(sandbox: Sandbox) -> None:
    """`always 6` and a half-right answer agree on one probe; the exact twin is preferred."""
    probes = tuple(
        Probe(property=f"p{v}", make=lambda rng, v=v: Call(v), expect=lambda x: x)  # type: ignore[misc]
        for v in (1.0, 7.0)
    )
    sly = Wrong(name="sly", source="def f(x):\n    return 6.0 if x < 5 else x\n", diagnosis="sly")
    exercise = _echo(*probes)
    exercise = replace(exercise, wrong=(*exercise.wrong, sly))
    assert check_source(exercise, "def f(x): return 6.0", sandbox).cause == "always 6"
    assert check_source(exercise, "def f(x): return {1.0: 6.0}.get(x, x)", sandbox).cause == "sly"
    assert check_source(exercise, "def f(x): return 8.0", sandbox).cause == ""


@pytest.mark.parametrize(
    ("source", "flag"),
    [
        (lambda c: c.NORM.variants[0].source.replace("x", "values"), "a published variant"),
        (lambda c: "from minigpt.ops import rms_norm as r\ndef rms_norm(x): return r(x)", "calls"),
        (lambda c: checking.sources.solution(c.NORM.solution, "rms_norm"), "published solution"),
    ],
)
def test_published_answers_are_flagged_and_still_judged(
    sandbox: Sandbox, checks: Any, source: Any, flag: str
) -> None:
    result = check_source(checks.NORM, source(checks), sandbox)
    assert result.passed
    assert any(flag in found for found in result.flags)
    own = "def rms_norm(x):\n    return x * (x * x).mean(-1, keepdim=True) ** -0.5\n"
    assert check_source(checks.NORM, own, sandbox).flags == ()


@pytest.mark.parametrize(
    ("exercise", "body", "cause"),
    [
        # p is 1 - p where p = 1/2, and there alone
        ("01.1", "return np.exp(np.take_along_axis(a, b[..., None], -1)[..., 0])", "this is p,"),
        ("01.1", "return np.full(b.shape, 0.5)", "perhaps: this is "),
        ("01.1", "return -np.log(np.take_along_axis(np.exp(a), b[..., None], -1)[..., 0])", "lose"),
        # lists of windows are as good as tensors; what is wrong with these is their type
        ("01.2", "return [a[s : s + c] for s in b], [a[s + 1 : s + c + 1] for s in b]", "small"),
        ("01.2", "x = b[:, None] + torch.arange(c); return a[x] / 1, a[x + 1] / 1", "floating"),
        # one tensor for both: the type that is kept small has the property that does not hold
        ("01.2", "x = b[:, None] + torch.arange(c); return torch.stack([a[x], a[x + 1]], -1)", ""),
        # an error is no answer that a cause could look at
        ("01.3", "return (a.cumsum(1) < b.random(len(a))).sum(1)", ""),
        (
            "01.3",
            "c = np.random.default_rng(3); return (a.cumsum(1) < c.random((len(a), 1))).sum(1)",
            "`rng` is not used",
        ),
        ("01.3", "return (a.cumsum(1) < np.random.random((len(a), 1))).sum(1)", "somewhere else"),
        (
            "04.2",
            "x, y = np.polyfit(np.log(a), np.log(b), 1); return -x, float(np.exp(y))",
            "second number is a",
        ),
        # right for one character alone where there is no block
        ("04.1", "return d * a * (24 * b * b + 4 * d * b) + 2 * b * c", "perhaps: this is"),
    ],
)  # fmt: skip
def test_a_cause_that_is_named_is_true(
    sandbox: Sandbox, exercise: str, body: str, cause: str
) -> None:
    asked = next(e for e in REAL if e.id == exercise)
    letters = {
        "01.1": "a, b",
        "01.2": "a, b, c",
        "01.3": "a, b",
        "04.1": "a, b, c, d",
        "04.2": "a, b",
    }[exercise]
    source = f"import numpy as np\nimport torch\ndef {asked.name}({letters}):\n    {body}\n"
    result = check_source(asked, source, sandbox)
    assert result.status == "fail"
    assert cause in result.cause if cause else result.cause == ""


def test_exercises_check_themselves() -> None:
    for changes, message in [
        ({"id": "9.1"}, "like '03.1'"),
        ({"variants": ()}, "at least 2 variants"),
        ({"wrong": ()}, "at least 3 wrong"),
        ({"hints": ("a", " ", "c")}, "three hints"),
        ({"solution": "minigpt.ops"}, "module:function"),
        ({"name": "two words"}, "no name for a function"),
        ({"probes": ()}, "at least one probe"),
        ({"name": "g"}, "does not define g"),
    ]:
        with pytest.raises(ValueError, match=message):
            _echo(**{"probes": (_ANY,), **changes}) if "probes" in changes else _echo(
                _ANY, **changes
            )
    with pytest.raises(ValueError, match="not both"):
        Probe("p", lambda rng: Call(), expect=abs, judge=lambda answer: None)


def test_a_probe_without_an_oracle_has_the_solution(sandbox: Sandbox) -> None:
    exercise = _echo(Probe("as the package", lambda rng: Call(torch.ones(2, 4) * 3)))
    assert check_source(exercise, "def f(x):\n    return x / 3", sandbox).passed
    assert not check_source(exercise, "def f(x):\n    return x", sandbox).passed
    kept = replace(exercise, probes=(_ANY, *exercise.probes)).probes
    assert kept == (_ANY, *exercise.probes)
    beyond = _echo(Probe("no tensor", lambda rng: Call("text")))  # an error of ours, not theirs
    with pytest.raises(RuntimeError, match="AttributeError"):
        check_source(beyond, "def f(x):\n    return x", sandbox)


@pytest.mark.parametrize(
    ("answer", "expected", "says"),
    [
        (1.0, 1.0 + 1e-7, None),
        (torch.tensor(2.0), 2, None),
        ([1, 2], (1, 2), None),
        (np.float32(0.1), 0.1, None),
        (float("nan"), float("nan"), None),
        (float("nan"), 1.0, "NaN in 1 of 1"),
        (torch.ones(2, 3), torch.ones(3, 2), "shape [2, 3] where [3, 2]"),
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]), "1 of 2 numbers off, the worst by 2"),
        ("abc", 1.0, "text of length 3 where float"),
        ("abc", "abd", "text of length 3, not what"),
        (True, 1, None),
        (1, True, "int, not what was expected"),
        (10**9, 10**9 + 1, "1e+09, off by 1"),
        (np.array([2**62]), np.array([2**62 + 1]), "1 of 1 numbers off"),
        (1e9, 10**9 + 1, None),
        ({"a": 1}, {"b": 1}, "2 of them missing or not expected"),
        ({"a": 1}, {"a": 2}, "one entry: 1, off by 1"),
        (None, [1], "None where 1 elements"),
        (float("inf"), 1.0, "off by inf"),
        (3_915_476_658_336.0, 3_915_476_658_336, None),  # whole, as a product with 2.0 is
        (112_641.0, 112_640, "112641, off by 1"),
        (112_640.4, 112_640, "112640, off by 0.4"),
        (np.array([0.9999999, 7.0]), np.array([1, 7]), None),
    ],
)
def test_close(answer: Any, expected: Any, says: str | None) -> None:
    found = close(answer, expected)
    assert found is None if says is None else says in (found or ""), found


def test_describe_gives_nothing_away() -> None:
    assert describe([123, 456]) == "list of length 2"
    assert describe(torch.full((2, 3), 7.0)) == "float32 tensor [2, 3]"
    assert describe("secret") == "text of length 6"
    assert describe(42) == "int"


def test_a_result_that_is_not_a_pass_says_so_in_words() -> None:
    assert feedback(Result(exercise="03.1", status="timeout")) == "03.1: timeout"
