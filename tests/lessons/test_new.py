"""A lesson that was just made: everything in it runs, from the experiment to the notebook."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lessons.engine import catalogue
from lessons.engine.building import new
from lessons.engine.ledger import records

ROOT = catalogue.FOLDER.parent
COPIED = ("labkit", "minigpt", "distill", "synthdata", "lessons", "tests", "pyproject.toml")
COPIED += ("README.md",)
TESTS = ("test_experiments.py", "test_notebooks.py", "test_ledger.py")


def test_everything_in_a_new_lesson_runs(
    tmp_path: Path, command_environment: dict[str, str]
) -> None:
    """In a copy of the project, with the commands that `new` names, in their order."""
    project = tmp_path / "project"
    project.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, project / name)
    environment = {**command_environment, "PYTHONPATH": str(project)}

    def run(*words: str, module: str = "lessons") -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            capture_output=True,
            text=True,
            cwd=project,
            env=environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "lessons/l51_longer_context" in run("new", "longer_context")
    folder = project / "lessons" / "l51_longer_context"
    run("check", str(folder), module="ruff")
    run("format", "--check", str(folder), module="ruff")
    assert "Experiment.seeds = 3" in run("pilot", "longer_context")
    assert "registered on" in run("preregister", "longer_context")
    said = run("ledger", "longer_context", "--run", "--jobs", "2")
    assert "longer_context: reproduced" in said
    assert "registered before" in said
    assert "longer_context: fresh" in run("ledger", "longer_context", "--check")
    assert "7 answers to 1 exercises, 0 judged wrongly" in run("audit", "51")
    run("build", "51")
    held = "(longer_context and not top_to_bottom) or the_tables_are"
    paths = [str(project / "tests" / "lessons" / name) for name in TESTS]
    plainly = ("-n", "0", "-p", "no:cacheprovider")
    assert " passed" in run(*plainly, "-k", held, *paths, module="pytest")
    made = json.loads((project / "notebooks" / "51_longer_context.ipynb").read_text("utf-8"))
    assert any("bits_saved_51" in "".join(cell["source"]) for cell in made["cells"])


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    return tmp_path


def test_names_and_numbers(course: Path) -> None:
    for name in ("longer_context", "another"):
        new.main(new.New(name=name))
    assert [lesson.number for lesson in catalogue.lessons()] == [51, 52]
    assert {p.name for p in course.iterdir()} == {"l51_longer_context", "l52_another"}
    with pytest.raises(ValueError, match="there is a lesson another already"):
        new.main(new.New(name="another"))
    for name in ("Longer", "1st", "../up", "a b", ""):
        with pytest.raises(ValueError, match="like longer_context"):
            new.New(name=name)
    assert records.read(course / records.LEDGER) == []
