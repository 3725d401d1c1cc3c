"""The bench: whatever came back is judged within limits, and a class always finishes."""

from __future__ import annotations

import csv
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from lessons.engine import catalogue, kinds
from lessons.engine.answers import source as sources
from lessons.engine.checking import bench, judging
from lessons.engine.checking.bench import Bench
from lessons.engine.checking.check import MAX_SOURCE, check_source
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Call, Cause, Exercise, Probe, Result
from lessons.engine.grading import grade
from lessons.engine.sandbox import wire
from lessons.engine.sandbox.outcome import Answer, Failure, Outcome

from .test_checking import _echo

WHOLE = Probe(property="p", make=lambda rng: Call(1.0), expect=lambda x: x)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limits are Linux's")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox whose bench has one second."""
    monkeypatch.setattr(bench, "SECONDS", 1.0)
    with Sandbox() as made:
        made.start()
        yield made


def _judged_by(judge: Any, **changes: Any) -> Exercise:
    probe = Probe(property="p", make=lambda rng: Call(1.0), judge=judge)
    return _echo(probe, seconds=1.0, **changes)


def test_a_judge_that_does_not_end_is_a_fail_and_the_next_answer_is_judged(
    hurried: Sandbox,
) -> None:
    source = "def f(x):\n    return x\n"
    began = time.monotonic()
    result = check_source(_judged_by(lambda a, x: _loop_of(a)), source, hurried)
    assert time.monotonic() - began < 60
    assert result.status == "fail"
    assert "what came back could not be judged in time (1 seconds)" in result.returned
    slow = Cause(text="slow", when=lambda a, x: _loop_of(a))
    probe = Probe(property="p", make=lambda rng: Call(1.0), judge=lambda a, x: "no", causes=(slow,))
    assert (
        "could not be judged" in check_source(_echo(probe, seconds=1.0), source, hurried).returned
    )
    assert check_source(_judged_by(lambda a, x: None), source, hurried).passed


def _loop_of(answer: Any) -> str:
    import itertools

    return str(sum(1 for _ in itertools.count()))


@LINUX
def test_a_judge_that_fills_the_memory_is_a_fail(sandbox: Sandbox) -> None:
    def fills(answer: Any, x: Any) -> str | None:
        import numpy

        return str([numpy.ones(1 << 24) for _ in range(64)])[:1]  # 8 GB

    source = "def f(x):\n    return x\n"
    assert check_source(_judged_by(lambda a, x: None), source, sandbox).passed
    assert sandbox.bench._process is not None
    pid = sandbox.bench._process.pid
    result = check_source(_judged_by(fills), source, sandbox)
    assert result.status == "fail"
    assert psutil.Process(pid).memory_info().rss < 2 << 30
    assert check_source(_judged_by(lambda a, x: None), source, sandbox).passed


def test_a_fault_in_a_check_is_ours_and_said(sandbox: Sandbox) -> None:
    broken = Probe(property="p", make=lambda rng: Call(1.0), expect=lambda x: {}[x])
    with pytest.raises(RuntimeError, match="KeyError"):
        check_source(_echo(broken), "def f(x):\n    return x\n", sandbox)
    assert check_source(_echo(WHOLE), "def f(x):\n    return x\n", sandbox).passed


def test_a_bench_that_ended_is_started_again(sandbox: Sandbox) -> None:
    whole = _echo(WHOLE)
    assert check_source(whole, "def f(x):\n    return x\n", sandbox).passed
    process = sandbox.bench._process
    assert process is not None
    process.kill()
    process.wait()
    assert check_source(whole, "def f(x):\n    return x\n", sandbox).passed


def test_a_bench_that_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false" if os.name == "posix" else sys.executable)
    made = Bench(dict)
    with pytest.raises(ValueError, match="judges does not start"):
        made.judge(_echo(WHOLE), (), Outcome(status="done"), "", False)


@LINUX
def test_a_bench_ends_with_its_supervisor() -> None:
    with Sandbox() as box:
        box.start()
        process = box.bench._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


RIGHT = "def f(x):\n    return x\n"


@pytest.mark.parametrize(
    ("answer", "expected", "passes"),
    [
        ("x", 2.5, True),
        ("np.float64(x)", 2.5, True),
        ("np.float32(x)", 2.5, True),
        ("np.array(x)", 2.5, True),
        ("torch.tensor(x)", 2.5, True),
        ("[x]", 2.5, False),
        ("str(x)", 2.5, False),
        ("[1.0, 2.0]", np.array([1.0, 2.0]), True),
        ("(1.0, 2.0)", np.array([1.0, 2.0]), True),
        ("np.array([1, 2], np.float32)", np.array([1.0, 2.0]), True),
        ("torch.tensor([1, 2])", np.array([1.0, 2.0]), True),
        ("[torch.tensor(1.0), np.float64(2)]", np.array([1.0, 2.0]), True),
        ("np.array([[1.0, 2.0]])", np.array([1.0, 2.0]), False),
        ("[1.0, 2.0]", torch.tensor([1.0, 2.0]), True),
        ("np.array([1.0, 2.0])", torch.tensor([1.0, 2.0]), True),
        ("torch.tensor([1.0, 2.0]).double()", torch.tensor([1.0, 2.0]), True),
        ("torch.tensor([1.0, 2.0])", (1.0, 2.0), True),
        ("np.array([1.0, 2.0])", (1.0, 2.0), True),
        ("[1.0, 2.0]", (1.0, 2.0), True),
        ("bytearray(b'ab')", b"ab", True),
        ("b'ab'", b"ab", True),
        ("'ab'", b"ab", False),
        ("np.bool_(x > 2)", True, True),
        ("torch.tensor(x) > 2", True, True),
        ("np.bool_(x < 2)", True, False),
        ("1", True, False),
        ("np.array([1.0, 2.0], '>f8')", np.array([1.0, 2.0]), True),
        ("[[1, 2], [3, 4]]", torch.tensor([[1, 2], [3, 4]]), True),
        ("[[1, 2], [3]]", torch.tensor([[1, 2], [3, 4]]), False),
        ("{'a': np.array(1.0)}", {"a": 1.0}, True),
    ],
)
@pytest.mark.parametrize("judged", [False, True])
def test_one_rule_for_what_is_a_number_an_array_bytes(
    sandbox: Sandbox, answer: str, expected: Any, passes: bool, judged: bool
) -> None:
    """By an oracle, and by a judge that knows one kind alone."""
    kind = type(expected)
    if judged:
        probe = Probe(
            property="the kind of the solution",
            make=lambda rng: Call(2.5),
            judge=lambda y, x: None if type(y) is kind and str(y) == str(expected) else "another",
        )
    else:
        probe = Probe(property="p", make=lambda rng: Call(2.5), expect=lambda x: expected)
    exercise = _echo(probe)
    source = f"import numpy as np\nimport torch\ndef f(x):\n    return {answer}\n"
    if judged:  # the solution's answer says which kind is wanted
        trials = [judging.Trial(probe, (Call(2.5),), True)] * 2
        outcome = sandbox.run(source, "f", [Call(2.5)] * 2)
        like = tuple(replace(a, value=kinds.like(a.value, expected)) for a in outcome.answers)
        words = {judging.in_words(t, [a.value], [expected]) for t, a in zip(trials, like)}
        assert (words == {None}) is passes
    else:
        assert check_source(exercise, source, sandbox).passed is passes


def test_whole_numbers_and_fractions_stay_what_they_are() -> None:
    ids = kinds.like(torch.tensor([1.0, 2.0]), torch.tensor([1, 2]))
    assert ids.is_floating_point()
    assert kinds.like(np.array([1, 2], np.int32), np.array([1, 2])).dtype == np.int32
    assert type(kinds.like(np.float64(3.0), 3)) is float
    assert type(kinds.like(np.int64(3), 3.0)) is int
    assert kinds.like(True, 1) is True
    hidden = np.array([-np.inf, 1.0], np.float32)  # a mask of -1e300 is none of minus infinity
    for model in (hidden, torch.tensor(hidden), hidden[0]):
        found = kinds.like(np.array([-1e300, 1.0]) if np.shape(model) else -1e300, model)
        assert np.isfinite(np.asarray(found)).all()
    assert kinds.like("ab", 1.0) == "ab"
    assert kinds.like(None, np.zeros(2)) is None


def test_the_kind_that_is_wanted_is_named(sandbox: Sandbox) -> None:
    probe = Probe(
        property="p",
        make=lambda rng: Call(torch.ones(2, 2)),
        judge=lambda y, x: None if y.square().sum() > 0 else "zero",
    )
    result = check_source(_echo(probe), "def f(x):\n    return 'text'\n", sandbox)
    assert (
        result.returned == "text of length 4, of the wrong kind where an array of numbers is wanted"
    )


@pytest.mark.parametrize(
    "shape", [(1 << 40, 0), (0, 1 << 40), (wire.MAX_ITEMS + 1, 0), (2, 0, 1 << 40)]
)
def test_a_shape_that_holds_nothing_and_goes_on_for_ever_is_refused(shape: tuple[int, ...]) -> None:
    empty = np.lib.stride_tricks.as_strided(np.zeros(0), shape, (0,) * len(shape))
    with pytest.raises(wire.NotPlain, match="without numbers"):
        wire.encode(empty)
    with pytest.raises(wire.NotPlain, match="without numbers"):
        wire.decode_answer({"array": ["int64", list(shape), ""]})
    assert wire.decode(wire.encode(np.zeros((3, 0)))).shape == (3, 0)


def test_an_answer_far_larger_than_the_right_one_is_not_judged(sandbox: Sandbox) -> None:
    probe = Probe(property="p", make=lambda rng: Call(1.0), expect=lambda x: [1.0, 2.0])
    for value in ("np.zeros((1 << 22, 1, 1), np.uint8)", "'ab ' * (1 << 20)", "[0] * 500_000"):
        source = f"import numpy as np\ndef f(x):\n    return {value}\n"
        result = check_source(_echo(probe), source, sandbox)
        assert result.status == "fail"
        assert "far larger than a right answer" in result.returned
    large = Probe(property="p", make=lambda rng: Call(1.0), expect=lambda x: np.ones(300_000))
    source = "import numpy as np\ndef f(x):\n    return np.ones(300_000)\n"
    assert check_source(_echo(large), source, sandbox).passed


def test_code_for_one_answer_has_a_limit(sandbox: Sandbox) -> None:
    whole = _echo(WHOLE)
    long = "def f(x):\n" + "    y = x\n" * (MAX_SOURCE // 10) + "    return x\n"
    result = check_source(whole, long, sandbox)
    assert (result.status, "of code" in result.returned) == ("fail", True)
    assert check_source(whole, long[len(long) - MAX_SOURCE + 200 :].lstrip(), sandbox).status


def test_a_hog_whose_later_calls_run_out_of_time_is_called_a_hog() -> None:
    hog = Answer(Failure("MemoryError", "", 2))
    outcome = Outcome(status="timeout", answers=(hog,), note="it had not ended after 1 seconds")
    trials = [judging.asked(_echo(WHOLE), judging.Trial(WHOLE, (Call(1.0),), True))] * 2
    result = judging.judge(_echo(WHOLE), trials, outcome, RIGHT, False)
    assert (result.status, "more memory" in result.returned) == ("memory", True)


# 02.1 takes a list of whole numbers, 02.2 counts, 02.3 rows of log-probabilities
_NTH = "n = 0\ndef {name}(x):\n    global n\n    n += 1\n    {body}\n"
HOSTILE = {
    "rows that hold nothing": ("02.3", "return np.zeros((1 << 40, 0), np.int64)"),
    "many rows that hold nothing": ("02.3", "return np.zeros((1 << 20, 0), np.int64)"),
    "broadcasts": ("02.3", "return np.zeros((1 << 22, 1, 1), np.uint8)"),
    "sixteen million rows": ("02.3", "return np.zeros((1 << 24, 1), np.uint8)"),
    "one number without end": ("02.1", "return b'\\xff' * 600_000"),
    "forty-eight megabytes": ("02.1", "return b'\\xff' * (48 << 20)"),
    "a number of a million digits": ("02.2", "return 1 << 3_000_000"),
    "lists in lists": ("02.2", "return [[0.0] * 1000] * 1000"),
    "text": ("02.2", "return 'ab ' * (1 << 22)"),
    "nan": ("02.2", "return float('nan')"),
    "an endless loop": ("02.2", "while True: pass"),
    "memory": ("02.1", "return bytearray(8 << 30)"),
    "exits": ("02.1", "import os; os._exit(0)"),
    "prints": ("02.3", "while True: print('x' * 9999)"),
    "a set of one hash": ("02.1", "return {{i * ((1 << 61) - 1) for i in range(8000)}}"),
    "long code": ("02.2", "y = x" + "; y = x" * 30_000 + "; return y"),
}


@LINUX
def test_a_class_of_attackers_and_two_honest_students_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every honest answer is right, no attack is a pass, and nothing is left behind.

    Attacks are cut short; honest answers have three times their time, which is the clock's, since
    other processes may take it.
    """

    def check(exercise: Exercise, source: str, *args: Any, **more: Any) -> Result:
        seconds = 2.0 if "global n" in source else 3 * exercise.seconds
        return check_source(replace(exercise, seconds=seconds), source, *args, **more)

    tasks = catalogue.find("02").exercises()
    assert all(e.seconds == 10 for e in tasks)
    monkeypatch.setattr(grade, "check_source", check)
    monkeypatch.setattr(bench, "SECONDS", 2.0)
    names = {e.id: e.name for e in tasks}
    right = {e.id: sources.solution(e.solution, e.name) for e in tasks}
    students = [*(f"attacker{i:02d}" for i in range(len(HOSTILE))), "honest1", "honest2"]
    (tmp_path / "roster.csv").write_text("student\n" + "\n".join(students), encoding="utf-8")
    for student, attack in zip(students, [*HOSTILE.values(), None, None]):
        folder = tmp_path / "handed" / student
        folder.mkdir(parents=True)
        for key, source in right.items():
            if attack is not None and key == attack[0]:
                body = attack[1].replace("{{", "{").replace("}}", "}")
                late = "" if key != "02.3" else "if n < 7: return right(x)\n    "
                helper = _right_under_another_name(tasks[2]) if late else ""
                source = f"{helper}\nimport numpy as np\n" + _NTH.format(
                    name=names[key], body=late + body
                )
            (folder / f"02_{key[-1]}.py").write_text(source, encoding="utf-8")
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    began = time.monotonic()
    settings = grade.Grade(
        submissions=tmp_path / "handed",
        roster=tmp_path / "roster.csv",
        out=tmp_path / "out" / "grades.csv",
        lessons=("02",),
    )
    assert grade.main(settings, lambda _: None) == 0
    assert time.monotonic() - began < 240
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8-sig") as file:
        rows = {(r["student"], r["exercise"]): r for r in csv.DictReader(file)}
    assert len(rows) == len(students) * len(tasks)
    attacked = {(s, a[0]) for s, a in zip(students, HOSTILE.values())}
    wrong = {key: row["diagnosis"] for key, row in rows.items() if row["status"] != "pass"}
    assert set(wrong) == attacked, {k: v for k, v in wrong.items() if k not in attacked}
    assert not [words for words in wrong.values() if "NameError" in words]  # each did attack
    assert [words for words in wrong.values() if "grade by hand" in words] == []
    assert {p.pid for p in psutil.Process().children(recursive=True)} <= before
    left = {p.name for p in [*tmp_path.iterdir(), *(tmp_path / "out").rglob("*")]}
    texts = {f"{s}.txt" for s in students}
    assert left == {"handed", "out", "feedback", "roster.csv", "grades.csv", *texts} | {
        "grades.similar.csv", "grades.csv.journal.jsonl"
    }  # fmt: skip


def _right_under_another_name(exercise: Exercise) -> str:
    own = exercise.solution.split(":")[1]
    return sources.solution(exercise.solution, own).replace(f"def {own}(", "def right(")


def test_an_answer_that_took_the_grader_with_it_is_passed_by(tmp_path: Path) -> None:
    from lessons.engine.grading.gradebook import Journal

    path = tmp_path / "journal.jsonl"
    first = Journal(path, False)
    with first.judging("killed"):
        text = path.read_text(encoding="utf-8")  # as it stands when a kill comes here
    with pytest.raises(KeyboardInterrupt), first.judging("stopped"):
        raise KeyboardInterrupt
    first.close()
    path.write_text(text + path.read_text(encoding="utf-8")[len(text) :], encoding="utf-8")
    again = Journal(path, False)
    assert again.was_under_way("killed")
    assert not again.was_under_way("stopped")
    with again.judging("ended at once"):  # the second Ctrl-C closes while its thread judges
        again.close()
    last = Journal(path, False)
    assert last.was_under_way("killed")
    assert not last.was_under_way("ended at once")
    last.close()


@LINUX
def test_ctrl_c_ends_grading_after_the_answers_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Path
) -> None:
    """The journal has what was graded; nobody is half graded; the same command goes on."""
    names = [f"s{i}" for i in range(4)]
    (tmp_path / "roster.csv").write_text("student\n" + "\n".join(names), encoding="utf-8")
    right = "def rms_norm(x):\n    return x / x.square().mean(-1, keepdim=True).sqrt()\n"
    for name in names:
        (tmp_path / "handed" / name).mkdir(parents=True)
        (tmp_path / "handed" / name / "90.py").write_text(right, encoding="utf-8")
    real, seen = grade.check_source, []

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        seen.append(1)
        if len(seen) == 2:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)
        return real(*args, **kwargs)

    monkeypatch.setattr(grade, "check_source", interrupted)
    settings = grade.Grade(
        submissions=tmp_path / "handed",
        roster=tmp_path / "roster.csv",
        out=tmp_path / "grades.csv",
        lessons=("90",),
        jobs=1,
    )
    said: list[str] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            grade.main(settings, said.append)
    finally:
        signal.signal(signal.SIGINT, before)
    assert any("same command goes on" in line for line in said)
    assert not (tmp_path / "grades.csv").exists()
    graded = len(seen)
    assert graded == 2
    assert grade.main(settings, said.append) == 0
    assert len(seen) == graded + 2  # 90.2 is missing everywhere; the first two were known
    with (tmp_path / "grades.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["exercise"] == "90.1"]
    assert [row["status"] for row in rows] == ["pass"] * 4  # none was lost on the way


KINDS = {
    "numpy": "np.asarray(v.detach()) if hasattr(v, 'detach') else np.asarray(v)[()]",
    "without dimensions": "np.asarray(v.detach() if hasattr(v, 'detach') else v)",
    "torch": "v if hasattr(v, 'detach') else torch.as_tensor(v)",
    "lists": "v.tolist() if hasattr(v, 'tolist') else v",
    "float32": "(lambda a: a.astype(np.float32)[()] if a.dtype == np.float64 else a[()])"
    "(np.asarray(v.detach()) if hasattr(v, 'detach') else np.asarray(v))",
}
_IN_KIND = """
import numpy as np
import torch
_as_it_is = {name}
def _other(v):
    if isinstance(v, (list, tuple)) and not (v and isinstance(v[0], (int, float))):
        return type(v)(map(_other, v))
    if v is None or isinstance(v, (str, bytes, bool, dict, set)):
        return bytearray(v) if isinstance(v, bytes) else v
    return {conversion}
def {name}(*args, **kwargs):
    return _other(_as_it_is(*args, **kwargs))
"""
REAL = [exercise for lesson in catalogue.lessons() for exercise in lesson.exercises()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("exercise", REAL, ids=lambda exercise: str(exercise.id))
def test_a_right_answer_is_right_in_every_kind(
    sandbox: Sandbox, exercise: Exercise, kind: str
) -> None:
    source = sources.solution(exercise.solution, exercise.name)
    source += _IN_KIND.format(name=exercise.name, conversion=KINDS[kind])
    result = check_source(exercise, source, sandbox)
    assert result.passed, result
