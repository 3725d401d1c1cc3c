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
from lessons.engine import attempts, catalogue, learner, progress, reviewing
from lessons.engine.reviewing import Review

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
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        pytest.skip(f"{module} is not there yet")
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
    assert reviewing.main(Review(exercise="90.1"), today) == 1
    assert "not attempted yet" in capsys.readouterr().out

    drill.write_text(RIGHT)
    assert reviewing.main(Review(exercise="90.1"), today + timedelta(days=1)) == 0
    assert "Next review: 2026-11-26" in capsys.readouterr().out
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
            "from lessons.engine.attempts import check, hint, solution",
            "SCALE = 1.0",
            "this is broken",
            "%%time\ndef root(x):\n    return x.sqrt() * SCALE",
            "def rms_norm(x):\n    raise NotImplementedError\n\ncheck('90.1', rms_norm)",
            f"{WRONG}\ncheck('90.1', rms_norm)",
            "def mine(x):\n    return x / root(x.square().mean(-1, keepdim=True))\n",
            "check('90.1', mine)",
            "check('90.1', len)",
            "check('90.1', lambda x: x)",
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
            elif "lambda" in cell:
                assert "got a lambda" in out
        assert "fail" in out  # with SCALE = 2
        record = progress.load(desk)["90.1"]
        assert (record.tries, record.ever_passed, record.passed) == (3, True, "")
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
