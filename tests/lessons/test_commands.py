"""What a learner types, on the command line and in a notebook."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lessons import __main__ as table
from lessons.engine import catalogue
from lessons.engine.checking import learner
from lessons.engine.practice import attempts, progress, reviewing
from lessons.engine.practice.reviewing import Review

RIGHT = "def rms_norm(x):\n    return x / x.square().mean(-1, keepdim=True).sqrt()\n"
WRONG = "def rms_norm(x):\n    return x / x.square().mean(-1, keepdim=True)\n"


def _notebook(*cells: str) -> str:
    rows = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "x"}, *rows], "nbformat": 4})


@pytest.fixture
def lessons_(capsys: pytest.CaptureFixture[str], desk: Path) -> Any:
    """Runs `python -m lessons ...` here; (exit code, standard output, standard error)."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            table.main(words)
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return run


@pytest.mark.parametrize("verb", table.VERBS)
def test_every_verb_has_its_module_and_help(lessons_: Any, verb: str) -> None:
    module, settings, function, _ = table.VERBS[verb]
    found = importlib.import_module(f"lessons.engine.{module}")
    assert callable(getattr(found, function))
    code, out, _ = lessons_(verb, "--help")
    assert code == 0
    assert f"python -m lessons {verb}" in out
    assert getattr(found, settings).__doc__.split("\n")[0][:40] in " ".join(out.split())


def test_the_command_starts_and_lists_its_verbs() -> None:
    done = subprocess.run([sys.executable, "-m", "lessons"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for verb in table.VERBS:
        assert f"\n  {verb}" in done.stdout


def test_mistyped_words_are_answered_in_one_line(lessons_: Any) -> None:
    for words, says in [
        (("chek", "90.1"), "did you mean check?"),
        (("check", "90.7"), "lesson 90 has 90.1, 90.2"),
        (("check", "sampel"), "the nearest is sample"),
        (("check", "zzz"), "python -m lessons list"),
        (("check",), "EXERCISE"),
        (("check", "90.1"), "python -m lessons start 90"),
        (("solution", "x"), "no lesson 'x'"),
    ]:
        code, out, err = lessons_(*words)
        assert (code, out) == (2, ""), words
        assert says in err, (words, err)
        assert err.count("\n") == 1


def test_a_lesson_has_several_names(desk: Path) -> None:
    for name in ("90", "sample", "90_sample", "l90_sample", "Sample"):
        assert catalogue.find(name).number == 90
    assert catalogue.find("90").title == "A sample"


def test_from_nothing_to_done(lessons_: Any, desk: Path) -> None:
    """start (by hand here), check, hint, solution, status, next."""
    assert "not attempted yet" in lessons_("status")[1]
    assert "start 90" in lessons_("next")[1]
    lesson = catalogue.find("90")
    stub = learner.stub(lesson.exercises()[0])
    path = desk / "90_sample.ipynb"
    path.write_text(_notebook("import torch", f'{stub}\n\ncheck("90.1", rms_norm)'))
    code, out, _ = lessons_("check", "90.1")
    assert (code, out.split(". ")[0]) == (1, "90.1 rms_norm: not attempted yet")
    assert "Write rms_norm" in lessons_("next")[1]
    assert "0 of 3 tries" in lessons_("solution", "90.1")[1]

    path.write_text(_notebook("import torch", f'{WRONG}\n\ncheck("90.1", rms_norm)'))
    code, out, _ = lessons_("check", "90.1")
    assert code == 1
    assert "the square root is missing" in out
    assert "1 try, not right yet" in lessons_("status")[1]
    hints = [lessons_("hint", "90.1")[1] for _ in range(4)]
    assert ["1 of 3" in hints[0], "2 of 3" in hints[1], "3 of 3" in hints[2]] == [True] * 3
    assert all(h in hints[3] for h in lesson.exercises()[0].hints)

    path.write_text(_notebook(f'{RIGHT}\n\ncheck("90.1", rms_norm)'))
    code, out, _ = lessons_("check", "90.1")
    assert (code, out.split("\n")[0]) == (0, "90.1 rms_norm: pass, all 3 properties hold.")
    assert "[x] 90.1" in lessons_("status")[1]
    assert "1 of 2 done" in lessons_("status")[1]
    assert "def rms_norm" in lessons_("solution", "90.1")[1]

    path.write_text(_notebook(RIGHT.replace("-1", "1") + '\ncheck("90.1", rms_norm)'))
    assert "changed since it passed" in lessons_("status")[1]
    path.write_text(_notebook("# a note\n" + RIGHT + '\ncheck("90.1", rms_norm)'))
    assert "[x] 90.1" in lessons_("status")[1]


def test_the_solution_on_request(lessons_: Any) -> None:
    code, out, _ = lessons_("solution", "90.1", "--now")
    assert code == 0
    assert out.startswith("# minigpt.ops.rms_norm\ndef rms_norm(")


def test_a_whole_lesson_from_a_python_file(lessons_: Any, desk: Path) -> None:
    (desk / "90.py").write_text(RIGHT + "\n\ndef relu_squared(x):\n    return x * x\n")
    code, out, _ = lessons_("check", "90")
    assert code == 1
    assert "90.1 rms_norm: pass" in out
    assert "negative numbers are squared too" in out


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("90.py", "def rms_norm(x:\n    return x", "line 1"),
        ("90.py", "x = 1", 'no function rms_norm and no check("90.1", ...)'),
        ("90.ipynb", "{", "is not a notebook"),
        ("90.ipynb", '{"cells": 5}', "is not a notebook"),
        ("90.ipynb", _notebook("def rms_norm(x):\n    retrun x"), "line 2"),
        ("90.ipynb", _notebook('check("90.1", rms_norm)'), "no function rms_norm; python -m"),
        ("90.py", b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_files_that_cannot_be_checked(
    lessons_: Any, desk: Path, name: str, text: str | bytes, says: str
) -> None:
    (desk / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    code, out, err = lessons_("check", "90.1")
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_notebook_whose_check_cell_is_gone_is_checked_and_says_so(
    lessons_: Any, desk: Path
) -> None:
    (desk / "90_sample.ipynb").write_text(_notebook(RIGHT))
    code, out, _ = lessons_("check", "90.1")
    assert code == 0
    assert 'the cell with check("90.1", rms_norm) is gone' in out


def test_the_latest_of_several_files_counts(desk: Path) -> None:
    import os

    for name, when in (("90.py", 1000), ("90_sample.ipynb", 2000), ("9_other.py", 3000)):
        (desk / name).write_text("x")
        os.utime(desk / name, (when, when))
    assert learner.file_of(catalogue.find("90"), desk).name == "90_sample.ipynb"


def test_review_with_a_file_and_with_a_number(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    today = date(2026, 11, 22)
    due = today.isoformat()
    record = progress.Record(tries=2, ever_passed=True, missed=["has mean 1"], due=due)
    progress.save(desk, {"90.1": record, "90.2": record})
    assert reviewing.main(Review(), today - timedelta(days=1)) == 0
    assert capsys.readouterr().out == f"Nothing to review. Next: {due}\n"
    reviewing.main(Review(), today)
    out = capsys.readouterr().out
    assert "went wrong at: has mean 1" in out
    assert "What is the root mean square of (3, 4)?" in out
    drill = desk / "review" / "90_1_rms_norm.py"
    assert "raise NotImplementedError" in drill.read_text()
    before = progress.load(desk)
    for _ in range(2):  # an untouched drill is no review, and locks nothing
        assert reviewing.main(Review(exercise="90.1"), today) == 1
        said = capsys.readouterr().out
        assert "not attempted yet" in said
        assert "this is no review" in said
        assert "3.54" not in said
    assert progress.load(desk) == before

    stub = drill.read_text()
    body = "return x / np.sqrt(torch.mean(x**2, -1, keepdim=True)) * math.exp(0)"
    drill.write_text(stub.replace("raise NotImplementedError  # yours", body))  # imports are there
    assert reviewing.main(Review(exercise="90.1"), today + timedelta(days=1)) == 0
    said = capsys.readouterr().out
    assert "Next review: 2026-11-26" in said
    assert "root mean square of (3, 4)?\nThe answer: The root of 12.5, 3.54.\n" in said
    assert not drill.exists()

    question = out.split("relu_squared(")[1].split(")")[0]
    right = float(question) ** 2
    assert reviewing.main(Review(exercise="90.2", answer=f"{right + 1}"), today) == 1
    assert f"it is {right:.4g}" in capsys.readouterr().out
    records = progress.load(desk)
    assert (records["90.1"].reviewed, records["90.1"].due) == (1, "2026-11-26")
    assert (records["90.2"].reviewed, records["90.2"].due) == (0, "2026-11-23")
    reviewing.main(Review(exercise="90.2", answer="4"), today)
    assert "not due before 2026-11-23" in capsys.readouterr().out
    with pytest.raises(ValueError, match="asks for a number, got 'four'"):
        reviewing.main(Review(exercise="90.2", answer="four"), today + timedelta(days=1))


def test_check_in_a_notebook(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cells that were run count, magics and failures among them; the last definition wins."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        for cell in (
            "from lessons.engine.practice.attempts import check, hint, solution",
            "SCALE = 1.0",
            "this is broken",
            "%%time\ndef root(x):\n    return x.sqrt() * SCALE",
            "def rms_norm(x):\n    raise NotImplementedError\n\ncheck('90.1', rms_norm)",
            f"{WRONG}\ncheck('90.1', rms_norm)",
            "def mine(x):\n    return x / root(x.square().mean(-1, keepdim=True))\n",
            "check('90.1', mine)",
            "check('90.1', len)",
            "check('90.1', lambda x: x)",
            "short = lambda x: x / root(x.square().mean(-1, keepdim=True))",
            "check('90.1', short)",
            "import functools\ndef over(x, p):\n"
            "    return x / root((x**p).mean(-1, keepdim=True))\n"
            "rms_norm = functools.partial(over, p=2)",
            "check('90.1', rms_norm)",
            "SCALE = 2.0",
            "check('90.1', mine)",
        ):
            capsys.readouterr()
            shell.run_cell(cell, store_history=True)
            out = capsys.readouterr().out
            if "rms_norm(x):\n    raise" in cell:
                assert "not attempted yet" in out
            elif cell.startswith(WRONG):
                assert "the square root is missing" in out
            elif cell == "check('90.1', len)":
                assert "a function written in Python is wanted" in out
            elif cell == "check('90.1', lambda x: x)":
                assert "got a lambda without a name" in out
            elif cell in ("check('90.1', short)", "check('90.1', rms_norm)"):
                assert "pass, all 3" in out
        assert "fail" in out  # with SCALE = 2
        record = progress.load(desk)["90.1"]
        assert (record.tries, record.ever_passed) == (5, True)
    finally:
        InteractiveShell.clear_instance()


def test_check_of_a_function_in_a_file(
    desk: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def root(x):\n    return x.sqrt()\n\n\n" + RIGHT.replace(".sqrt()", "**0.5"))
    spec = importlib.util.spec_from_file_location("mine", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    attempts.check("90.1", module.rms_norm)
    assert "pass, all 3" in capsys.readouterr().out
    with pytest.raises(ValueError, match="no exercise"):
        attempts.check("90.9", module.rms_norm)


ANSWERS = {
    "a lambda": "rms_norm = lambda x: x / x.square().mean(-1, keepdim=True).sqrt()\n",
    "a partial": "import functools\ndef over(x, p):\n"
    "    return x / (x**p).mean(-1, keepdim=True)**.5\n"
    "rms_norm = functools.partial(over, p=2)\n",
    "an object": "class Norm:\n    def __call__(self, x):\n"
    "        return x / x.square().mean(-1, keepdim=True).sqrt()\nrms_norm = Norm()\n",
    "kept results": "import functools\n@functools.cache\ndef root(e):\n    return e**0.5\n"
    "def rms_norm(x):\n    return x * root(x.shape[-1]) / x.norm(dim=-1, keepdim=True)\n",
    "what a function returned": "def make(e):\n    def rms_norm(x):\n"
    "        return x / (x**e).mean(-1, keepdim=True)**(1 / e)\n    return rms_norm\n"
    "rms_norm = make(2)\n",
    "what a decorator returned": "import functools\ndef halved(f):\n    @functools.wraps(f)\n"
    "    def g(x):\n        return f(x) / 2\n    return g\n"
    "def twice(x):\n    return 2 * x / x.square().mean(-1, keepdim=True).sqrt()\n"
    "rms_norm = halved(twice)\n",
    "a method": "class Norm:\n    def __call__(self, x):\n"
    "        return x / x.square().mean(-1, keepdim=True).sqrt()\nrms_norm = Norm().__call__\n",
    "an f-string that ast cannot write": "NOTE = f'{\"a\u00a0b\".upper()}'\n"
    "def rms_norm(x):\n    assert NOTE\n    return x / x.square().mean(-1, keepdim=True).sqrt()\n",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_notebook_and_shell_accept_the_same(
    lessons_: Any, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    (desk / "90.py").write_text(ANSWERS[name])
    code, out, _ = lessons_("check", "90.1")
    assert (code, out.split(",")[0]) == (0, "90.1 rms_norm: pass")
    shell = InteractiveShell.instance()
    try:
        for cell in (
            "from lessons.engine.practice.attempts import check",
            ANSWERS[name],
            "check('90.1', rms_norm)",
        ):
            capsys.readouterr()
            shell.run_cell(cell, store_history=True)
        assert "pass, all 3" in capsys.readouterr().out
    finally:
        InteractiveShell.clear_instance()
    path = tmp_path / "mine.py"
    path.write_text(
        "from lessons.engine.practice.attempts import check\n"
        f"{ANSWERS[name]}check('90.1', rms_norm)\n"
    )
    exec(compile(path.read_text(), path, "exec"), {"__name__": "mine", "__file__": str(path)})
    assert "pass, all 3" in capsys.readouterr().out


def test_a_failing_check_undoes_nothing(lessons_: Any, desk: Path, tmp_path: Path) -> None:
    (desk / "90.py").write_text(RIGHT)
    assert lessons_("check", "90.1")[0] == 0
    assert "[x] 90.1" in lessons_("status")[1]
    for other in (WRONG, RIGHT.replace(".sqrt()", "**0.5")):  # wrong, and right in another way
        (tmp_path / "other.py").write_text(other)
        lessons_("check", "90.1", "--file", str(tmp_path / "other.py"))
        assert "[x] 90.1" in lessons_("status")[1]
        assert "Write relu_squared" in lessons_("next")[1]
    (desk / "90.py").write_text(WRONG)
    assert lessons_("check", "90.1")[0] == 1
    assert f"changed since it passed on {date.today()}; check it" in lessons_("status")[1]
    (desk / "90.py").write_text(RIGHT)  # back to what passed: it needs no new check
    assert "[x] 90.1" in lessons_("status")[1]


def test_a_pass_of_an_older_version_is_still_one(lessons_: Any, desk: Path) -> None:
    progress.save(desk, {"90.1": progress.Record(tries=2, ever_passed=True)})
    (desk / "90.py").write_text(RIGHT)
    assert "changed since it passed; check it again" in lessons_("status")[1]


def test_next_goes_on_with_what_was_begun(
    lessons_: Any, desk: Path, school: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lesson 89 is not begun, and comes before 90, which is."""
    before = school / "l89_before"
    before.mkdir()
    try:
        for name in ("__init__.py", "lesson.py"):
            (before / name).write_text((school / "l90_sample" / name).read_text())
        checks = (school / "l90_sample" / "checks.py").read_text()
        (before / "checks.py").write_text(checks.replace('id="90.', 'id="89.'))
        assert "start 89" in lessons_("next")[1]
        (desk / "90.py").write_text(RIGHT)
        assert "check 90.1" in lessons_("next")[1]
        assert lessons_("check", "90.1")[0] == 0
        assert "check 90.2" in lessons_("next")[1]
        (desk / "90.py").unlink()  # its answers stand elsewhere now
        assert "check 90.2" in lessons_("next")[1]
        (desk / "90.py").write_text("def relu_squared(x):\n    return x.clamp(min=0) ** 2\n")
        assert lessons_("check", "90.2")[0] == 0
        assert "start 89" in lessons_("next")[1]
    finally:
        import shutil

        shutil.rmtree(before)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("def rms_norm(x):\n    return " + "+".join(["1"] * 3000), "nested more than 100 levels"),
        ("def rms_norm(x):\n    return '\0'", "null bytes"),
        ("def rms_norm(x):\n    return (x", "line 2: '(' was never closed: return (x"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(
    lessons_: Any, desk: Path, cell: str, says: str
) -> None:
    (desk / "90.ipynb").write_text(_notebook("x = 1", cell))
    code, out, err = lessons_("check", "90.1")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "90.ipynb: the cell with rms_norm: line" in err
    assert says in err
    assert not err.endswith(": \n")


def test_every_drill_has_its_answer() -> None:
    """Whoever was asked something in words is told the answer, not the question once more."""
    for lesson in catalogue.lessons():
        for exercise in lesson.exercises():
            if isinstance(exercise.drill, str):
                assert exercise.drill.rstrip().endswith(("?", "."))
                assert exercise.drill_answer.endswith(".")


def test_a_drill_without_its_answer_is_refused(checks: Any) -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="a drill in words has an answer in words"):
        replace(checks.NORM, drill_answer="")
