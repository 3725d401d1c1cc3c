"""An answer that draws: matplotlib finds a place for its list of fonts, and nothing is left."""

from __future__ import annotations

import sys

import pytest

from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Call
from lessons.engine.sandbox.outcome import Failure

DRAWS = """
def f():
    {}
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    figure.canvas.draw()
    return len(ax.lines)
"""
WRITES = """
import os
def f():
    with open(os.path.join(os.environ["MPLCONFIGDIR"], "x"), "w") as file:
        file.write("x")
"""


@pytest.mark.parametrize(
    "line",
    [
        "import matplotlib.pyplot as plt",
        "import importlib; plt = importlib.import_module('matplotlib.pyplot')",
    ],
)
def test_an_answer_may_draw(sandbox: Sandbox, line: str) -> None:
    outcome = sandbox.run(DRAWS.format(line), "f", [Call()], seconds=30)
    assert outcome.status == "done"
    assert [answer.value for answer in outcome.answers] == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limits are Linux's")
def test_the_place_is_not_to_be_written_to(sandbox: Sandbox) -> None:
    outcome = sandbox.run(WRITES, "f", [Call()])
    assert isinstance(outcome.answers[0].value, Failure)
