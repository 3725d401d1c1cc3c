"""Known answers composed from a right one: what is composed, and what is refused."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lessons.engine import catalogue
from lessons.engine.answers import form
from lessons.engine.checking.check import check_source
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Exercise
from lessons.engine.mistakes import (
    Change,
    after,
    before,
    body,
    composed,
    edit,
    mistakes,
    plain,
    variants,
    whole,
)

ROOT = Path(__file__).resolve().parents[2]
REAL = [exercise for lesson in catalogue.lessons() for exercise in lesson.exercises()]
RIGHT = '''
from __future__ import annotations

import math

import numpy as np

SMALLEST = 1e-9


def _shares(counts: np.ndarray) -> np.ndarray:
    """They sum to one."""
    return counts / counts.sum()


def surprise(counts: np.ndarray, which: int, *, base: float = 2.0) -> float:
    """-log of a share, in units of `base`."""

    def log(x: float) -> float:
        return math.log(max(x, SMALLEST)) / math.log(base)

    share = _shares(counts)[which]
    if share == 1:
        return 0.0
    return -log(
        share,
    )
'''
PLAIN = """import math
import numpy as np
SMALLEST = 1e-9
def _shares(counts):
    return counts / counts.sum()
def surprise(counts, which, *, base=2.0):
    def log(x: float) -> float:
        return math.log(max(x, SMALLEST)) / math.log(base)

    share = _shares(counts)[which]
    if share == 1:
        return 0.0
    return -log(
        share,
    )
"""
MEAN = "def mean(each, mask=None, count=None):"
NEEDED = PLAIN.replace("import numpy as np\n", "")  # only annotations name it


def test_a_right_answer_becomes_plain() -> None:
    (same,) = variants(RIGHT, edit("the same", "share,", "share,"))
    assert same.source == NEEDED


@pytest.mark.parametrize(
    ("change", "source"),
    [
        (edit("no minus", "return -log(", "return log("), NEEDED.replace("-log(", "log(")),
        (
            edit("a helper", "counts / counts.sum()", "np.sort(counts)"),
            PLAIN.replace("counts / counts.sum()", "np.sort(counts)"),
        ),
        (
            before("the other one", "which = which - 1"),
            NEEDED.replace("    def log", "    which = which - 1\n    def log"),
        ),
        (
            after("in nats", "y * np.log(base)"),
            PLAIN.replace("return 0.0", "y = 0.0\n        return y * np.log(base)")
            .replace("return -log(", "y = -log(")
            .replace("share,\n    )\n", "share,\n    )\n    return y * np.log(base)\n"),
        ),
        (
            body("one line", "return Counter(counts)[which]"),
            "from collections import Counter\n"
            "def surprise(counts, which, *, base=2.0):\n    return Counter(counts)[which]\n",
        ),
        (
            body(
                "two lines",
                """
                share = _shares(counts)[which]
                return math.log(share)""",
            ),
            "import math\ndef _shares(counts):\n    return counts / counts.sum()\n"
            "def surprise(counts, which, *, base=2.0):\n"
            "    share = _shares(counts)[which]\n    return math.log(share)\n",
        ),
        (
            whole("all of it", "import cmath\n\ndef surprise(a, b, *, base):\n    return cmath.pi"),
            "import cmath\ndef surprise(a, b, *, base):\n    return cmath.pi\n",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Change) else "",
)
def test_what_a_change_composes(change: Change, source: str) -> None:
    assert composed(RIGHT, change) == source


def test_what_is_composed_runs() -> None:
    space: dict = {}
    exec(composed(RIGHT, after("in nats", "y * np.log(base)")), space)
    assert np.isclose(space["surprise"](np.array([1, 3]), 0), np.log(4))
    assert space["surprise"](np.array([0, 3]), 1) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit("m", "shares = ", "s = ", "d"), r"'m': 'shares = ' is found 0 times, not once"),
        (edit("m", "share", "s", "d"), r"'m': 'share' is found \d times, not once"),
        (edit("m", "return -log(", "return -log((", "d"), "'m': line"),
        (edit("m", "return -log(", "return log("), "'m' has no diagnosis"),
    ],
)
def test_what_is_refused(change: Change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mistakes(RIGHT, change)


def test_the_solution_may_stand_above_its_helpers() -> None:
    (wrong,) = mistakes("distill.losses:kd", body("none", "return mean(mask)", "no distance"))
    assert wrong.source.startswith("def kd(student_logits, teacher_logprobs, *, direction=")
    assert wrong.source.splitlines()[1:3] == ["    return mean(mask)", MEAN]


def test_a_solution_that_is_not_there_is_refused() -> None:
    for where in ("minigpt.ops:no_such_function", "minigpt.no_such_module:f"):
        with pytest.raises(ValueError, match=r"there is no module|has no function"):
            plain(where)


def test_the_packages_function_is_read_and_not_imported() -> None:
    code = (
        "import sys; from lessons.engine.mistakes import plain;"
        "print(plain('minigpt.ops:rms_norm').splitlines()[-1], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == ""
    assert done.stdout.endswith(" False\n")


@pytest.mark.parametrize("exercise", REAL, ids=lambda exercise: str(exercise.id))
def test_no_two_known_answers_are_one(exercise: Exercise) -> None:
    """If two mistakes had one shape, the second could not be told apart from the first."""
    shapes = Counter(form.shape_of(answer.source) for answer in exercise.wrong)
    assert [shape for shape, times in shapes.items() if times > 1] == []
    right = {form.shape_of(answer.source) for answer in exercise.variants}
    assert right.isdisjoint(shapes)


@pytest.mark.parametrize("exercise", REAL, ids=lambda exercise: str(exercise.id))
def test_what_mistakes_are_made_of_is_right(sandbox: Sandbox, exercise: Exercise) -> None:
    """A lesson's own right answer, NAME_RIGHT in its answers.py, need not be a variant."""
    answers = importlib.import_module(f"{catalogue.find(exercise.lesson).module}.answers")
    for name, right in vars(answers).items():
        if name.endswith("_RIGHT") and f"def {exercise.name}(" in right:
            (same,) = variants(right, whole("the same", right))
            assert check_source(exercise, same.source, sandbox).passed, name


def test_an_author_can_read_what_a_student_would_have_written() -> None:
    command = [sys.executable, "-m", "lessons.engine.mistakes", "07.2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    wrong = "def agreement_replace(g, n, s0):\n    return 1 - (1 - 1 / n) ** g * (1 - s0)\n"
    assert "# one fit too few: one fit is missing: " in done.stdout
    assert wrong in done.stdout
