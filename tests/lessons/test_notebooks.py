"""Every notebook, the learner's and the one with solutions, runs from top to bottom (ci profile).

It runs as a reader's would, without network where the system can deny it, and
shows nothing that a published notebook must not show.
"""

from __future__ import annotations

import copy
import math
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from lessons.engine.building import build, percent
from lessons.engine.building.execute import CellFailed, execute, without_network
from lessons.engine.building.fixed import complete
from lessons.engine.catalogue import find

LESSONS = build.with_source()


def outputs(notebook: Any) -> str:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return "".join(o.get("text", "") for cell in cells for o in cell.outputs)


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory, measured: Path) -> Path:
    """What the experiments' tests or one notebook of a lesson measured, the other need not."""
    folder = tmp_path_factory.mktemp("evidence")
    if measured.exists():
        shutil.copytree(measured, folder, dirs_exist_ok=True)
    return folder


SHARING = 6
"""Most lessons whose notebooks share a kernel: it and the two processes that judge answers cost as
much to start, with all that they import, as the cells of many a lesson."""
KERNELS = math.ceil(len(LESSONS) / SHARING)
GROUPS = [LESSONS[i::KERNELS] for i in range(KERNELS)]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: "-".join(x.slug[:3] for x in group))
def test_runs_from_top_to_bottom(group: list[Any], tmp_path: Path, evidence: Path) -> None:
    """Of each lesson the student's notebook, then that with solutions, the kernel emptied between
    any two of them."""
    notebooks = {(x.slug, kind): build.compose(x, kind) for x in group for kind in build.KINDS}
    assert [kind for _, kind in notebooks] == ["student", "solution"] * len(group)
    whole = copy.copy(notebooks[group[0].slug, "student"])
    whole.cells = []
    for (slug, kind), notebook in notebooks.items():
        whole.cells += notebook.cells
        whole.cells.append(nbformat.v4.new_code_cell(f"%reset -f\n# {slug} ({kind}) has run"))
    shutil.copytree(evidence, tmp_path / "evidence")
    try:
        execute(whole, profile="ci", work=tmp_path, cell_seconds=120)
    except CellFailed as error:
        through = [cell.source for cell in whole.cells if cell.get("execution_count")]
        through = [source for source in through if source.startswith("%reset -f\n#")]
        pytest.fail(f"{error}; before it: {through}")
    shutil.copytree(tmp_path / "evidence", evidence, dirs_exist_ok=True)
    for lesson in group:
        for kind in build.KINDS:
            assert list(build.output_faults(notebooks[lesson.slug, kind])) == []
            printed = outputs(notebooks[lesson.slug, kind])
            for exercise in lesson.exercises():
                said = "pass" if kind == "solution" else "not attempted yet"
                assert f"{exercise.id} {exercise.name}: {said}" in printed


def test_published_notebooks_agree_with_their_sources() -> None:
    said: list[str] = []
    assert build.main(build.Build(check=True), said.append) == 0, "\n".join(said)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_the_minutes_a_lesson_states_are_counted(lesson: Any) -> None:
    """TEACHING.md says how: words, lines of code, exercises, predictions and figures."""
    text = (lesson.folder / "lesson.py").read_text(encoding="utf-8")
    cells = complete(percent.parse(text, lesson.slug), lesson)
    prose = [c.source for c in cells if c.kind == "markdown"]
    words = len(" ".join([*prose, *(e.task for e in lesson.exercises())]).split())
    code = "\n".join(c.source for c in cells if c.kind != "markdown").split("\n")
    minutes = words / 130 + sum(map(bool, code)) * 5 / 60 + 10 * len(lesson.exercises())
    minutes += 3 * text.count("\npredict(")
    minutes += 2 * (text.count("\nwith picture(") + text.count("= experiment("))
    stated = lesson.minutes
    assert stated is not None
    assert stated[0] <= minutes <= stated[1], minutes


def test_what_published_notebooks_print_agrees_with_their_story() -> None:
    """Where five texts differ, Good's rule says 0 %; one is no plural."""
    printed = {
        number: outputs(nbformat.read(build.path_of(find(number), "student"), as_version=4))
        for number in (6, 7)
    }
    assert "  5 texts: effective number   5.0; coverage by Good's rule   0%" in printed[6]
    assert " 1 colour left" in printed[7]
    assert " 1 colours" not in printed[7]


@pytest.mark.parametrize(("number", "part"), [(1, "write"), (2, "surprise"), (7, "vary")])
def test_a_page_to_play_on_is_in_a_frame_with_words_below(number: int, part: str) -> None:
    for kind in build.KINDS:
        notebook = nbformat.read(build.path_of(find(number), kind), as_version=4)
        found = [o for cell in notebook.cells for o in cell.get("outputs", [])]
        shown = [o.get("data", {}).get("text/html", "") for o in found]
        (html,) = [one for one in shown if "<iframe" in one]
        frame, _, below = html.partition("</iframe>")
        assert re.match(r'<iframe title="[^"]+\?[^"]+" sandbox="allow-scripts" ', frame)
        assert re.findall(r"<section id=&quot;(\w+)&quot;", frame) == [part]
        assert "open the notebook in Jupyter and run the cell" in below


def notebook_of(*sources: str) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])


def test_a_failing_cell_is_named(tmp_path: Path) -> None:
    wrong = notebook_of("x = 1", "def f():\n    return x / 0\n\n\nf()")
    with pytest.raises(CellFailed, match=r"code cell 2 \('def f\(\):'\): ZeroDivisionError"):
        execute(wrong, profile="ci", work=tmp_path)


def test_a_kernel_that_dies_is_one_line(tmp_path: Path) -> None:
    wrong = notebook_of("x = 1", "import os\nos._exit(3)")
    with pytest.raises(CellFailed, match=r"code cell [12] .*: Kernel died"):  # whose count it sent
        execute(wrong, profile="ci", work=tmp_path)


def test_a_failing_assertion_fails_even_where_nobody_shows_it(tmp_path: Path) -> None:
    """A runner that only reads what is displayed can be fooled; nbclient is not."""
    hushed = notebook_of(
        "ip = get_ipython()\nip.showtraceback = lambda *a, **k: None", "assert 1 == 2"
    )
    with pytest.raises(CellFailed, match="code cell 2"):
        execute(hushed, profile="ci", work=tmp_path)


@pytest.mark.skipif(not without_network(), reason="this system cannot deny a process the network")
def test_the_kernel_has_no_network(tmp_path: Path) -> None:
    code = "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=5)"
    with pytest.raises(CellFailed, match="Network is unreachable"):
        execute(notebook_of(code), profile="ci", work=tmp_path)


def test_a_wrong_answer_is_told_its_cause_and_stops_nothing(tmp_path: Path) -> None:
    notebook = build.compose(find("next_character"), "student")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    exercise = next(cell for cell in code if "exercise" in cell.metadata.get("tags", []))
    before, _, after = exercise.source.partition("    raise NotImplementedError  # yours\n")
    exercise.source = f"{before}    return -logprobs.max(-1)\n{after}"
    goes_on = nbformat.v4.new_code_cell("print(surprise.__name__)")
    notebook.cells = [code[0], exercise, goes_on]
    execute(notebook, profile="ci", work=tmp_path)
    printed = outputs(notebook)
    assert "01.1 surprise: fail (2 of 5 properties hold)" in printed
    assert "this is the surprise of the likeliest character, whatever came" in printed
    assert printed.endswith("surprise\n")
