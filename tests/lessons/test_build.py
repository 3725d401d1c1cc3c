"""Notebooks: composed from one source, checked against it, copied without their answers."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest

from labkit import files, freshness
from lessons.engine.building import build
from lessons.engine.catalogue import Lesson, find
from lessons.engine.checking import learner
from lessons.engine.experiment import PILOT
from lessons.engine.experiment import find as experiment_of
from lessons.engine.ledger import records
from lessons.engine.ledger.evidence import Kept, bring_published, measure
from lessons.engine.practice import start

LESSON = find("next_character")


@pytest.fixture(scope="module")
def student() -> Any:
    return build.compose(LESSON, "student")


@pytest.fixture(scope="module")
def solution() -> Any:
    return build.compose(LESSON, "solution")


def as_if_run(notebook: Any) -> Any:
    """The notebook with the marks of one that was run at full profile, and no output."""
    done = copy.deepcopy(notebook)
    for number, cell in enumerate((c for c in done.cells if c.cell_type == "code"), 1):
        cell.execution_count = number
    done.metadata["cognitive_core"]["profile"] = "full"
    return done


def exercises(notebook: Any) -> list[Any]:
    return [c for c in notebook.cells if "exercise" in c.metadata.get("tags", [])]


# Composing.


def test_ids_are_distinct_and_the_same_every_time(student: Any) -> None:
    nbformat.validate(student)
    ids = [cell.id for cell in student.cells]
    assert len(set(ids)) == len(ids)
    assert ids == [cell.id for cell in build.compose(LESSON, "student").cells]


def test_the_two_notebooks_differ_in_the_exercises_alone(student: Any, solution: Any) -> None:
    pairs = list(zip(student.cells, solution.cells, strict=True))
    assert [a for a, b in pairs if a.id != b.id] == exercises(student)
    assert all(a == b for a, b in pairs if a not in exercises(student))


def test_stubs_raise_and_end_in_their_check(student: Any) -> None:
    found = exercises(student)
    assert [c.metadata["cognitive_core"]["exercise"] for c in found] == ["01.1", "01.2", "01.3"]
    for cell, exercise in zip(found, LESSON.exercises()):
        space: dict[str, Any] = {"check": lambda *_: None}
        exec(cell.source, space)
        with pytest.raises(NotImplementedError):
            space[exercise.name](*range(cell.source.split(")")[0].count(",") + 1))
        assert cell.source.endswith(f'check("{exercise.id}", {exercise.name})')


def test_solutions_are_the_packages_own_functions_and_run(solution: Any) -> None:
    for cell, exercise in zip(exercises(solution), LESSON.exercises()):
        assert build.inspect.getsource(build_target(exercise.solution)).rstrip() in cell.source
        checked: list[Any] = []
        exec(cell.source, {"check": lambda *given, to=checked: to.append(given)})
        ((number, function),) = checked
        assert (number, function.__name__) == (exercise.id, exercise.name)


def build_target(where: str) -> Any:
    module, name = where.split(":")
    return build.inspect.unwrap(getattr(build.importlib.import_module(module), name))


def test_a_solution_imports_what_it_takes_from_its_module() -> None:
    import synthdata.diversity.entropy

    lines = build._imports(synthdata.diversity.entropy.plug_in, synthdata.diversity.entropy)
    assert "import numpy as np" in lines
    assert "import math" in lines
    assert "from synthdata.diversity.entropy import Abundance" in lines


def lesson_of(folder: Path, text: str) -> Lesson:
    (folder / "lesson.py").write_text(text, encoding="utf-8")
    return Lesson(number=1, name="next_character", folder=folder)


def test_exercises_stand_in_the_source_and_in_the_checks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has the exercises 01\.1, checks\.py has none"):
        build.compose(lesson_of(tmp_path, '# %% exercise="01.1"\n'), "student")


def test_equal_cells_get_ids_of_their_own(tmp_path: Path) -> None:
    lesson = lesson_of(tmp_path, "# %%\nx = 1\n\n# %%\nx = 1\n")
    first, second = ([c.id for c in build.compose(lesson, "student").cells] for _ in range(2))
    assert first[0] != first[1]
    assert first == second  # nbformat would tell them apart too, by chance


# Checking what was published.


def test_a_notebook_that_agrees_is_not_stale(student: Any, tmp_path: Path) -> None:
    write(as_if_run(student), tmp_path)
    assert build.stale(LESSON, "student", tmp_path) == []


def write(notebook: Any, folder: Path) -> Path:
    path = build.path_of(LESSON, "student", folder)
    nbformat.write(notebook, path)
    return path


def first_code(notebook: Any) -> Any:
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


def an_output(**fields: Any) -> Any:
    return nbformat.from_dict({"metadata": {}, **fields})


IMAGE = {"output_type": "display_data", "data": {"image/png": "aa", "text/plain": "a picture"}}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda n: n.metadata["cognitive_core"].update(source="0"), "source has changed"),
        (lambda n: n.metadata["cognitive_core"].update(checks="0"), "checks has changed"),
        (lambda n: n.metadata["cognitive_core"].update(experiment="0"), "experiment has changed"),
        (lambda n: n.metadata["cognitive_core"].update(profile="ci"), "built with profile 'ci'"),
        (lambda n: n.metadata.pop("cognitive_core"), "lesson has changed"),
        (lambda n: n.cells.pop(), "cells where the source makes"),
        (lambda n: first_code(n).update(source="1 + 1"), "another source"),
        (lambda n: first_code(n).update(id="another"), "another id"),
        (lambda n: exercises(n)[0].metadata.update(tags=[]), "another metadata"),
        (lambda n: first_code(n).update(execution_count=None), "was not run"),
        (
            lambda n: first_code(n).outputs.append(
                nbformat.v4.new_output("error", ename="KeyError", evalue="x", traceback=[])
            ),
            "ends in KeyError",
        ),
        (
            lambda n: first_code(n).outputs.append(
                nbformat.v4.new_output("stream", name="stderr", text="a warning")
            ),
            "writes to standard error: 'a warning'",
        ),
        (
            lambda n: first_code(n).outputs.append(
                nbformat.v4.new_output("stream", text="<function f at 0x7f12a4b3c9d0>")
            ),
            "an address in memory",
        ),
        (
            lambda n: first_code(n).outputs.append(
                nbformat.v4.new_output("stream", text=f"saved in {build.ROOT}/x")
            ),
            "a path of this machine",
        ),
        (lambda n: first_code(n).outputs.append(an_output(**IMAGE)), "without alternative text"),
        (
            lambda n: first_code(n).outputs.append(
                nbformat.v4.new_output("stream", text="x" * build.LARGEST)
            ),
            "more than 400,000",
        ),
    ],
)
def test_what_no_longer_agrees_is_found(
    student: Any, tmp_path: Path, change: Any, complaint: str
) -> None:
    notebook = as_if_run(student)
    change(notebook)
    write(notebook, tmp_path)
    found = build.stale(LESSON, "student", tmp_path)
    assert any(complaint in problem for problem in found), found


def test_a_missing_or_broken_notebook_is_one_line(tmp_path: Path) -> None:
    (missing,) = build.stale(LESSON, "student", tmp_path)
    assert missing.endswith("is not there")
    build.path_of(LESSON, "student", tmp_path).write_text("{", encoding="utf-8")
    (broken,) = build.stale(LESSON, "student", tmp_path)
    assert "is no notebook" in broken


def test_check_says_what_is_stale_and_exits_with_1(tmp_path: Path) -> None:
    said: list[str] = []
    settings = build.Build(names=("01",), check=True, out=tmp_path)
    assert build.main(settings, said.append) == 1
    assert [line.split(": ")[-1] for line in said[:2]] == [
        f"{tmp_path.name}/01_next_character.ipynb is not there",
        f"{tmp_path.name}/solutions/01_next_character.ipynb is not there",
    ]


def test_a_notebook_that_no_lesson_makes_is_found(tmp_path: Path) -> None:
    (tmp_path / "99_gone.ipynb").write_text("{}", encoding="utf-8")
    said: list[str] = []
    build.main(build.Build(check=True, out=tmp_path), said.append)
    assert "99_gone.ipynb: no lesson makes it; delete it" in said


def test_paths_are_said_as_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "build", lambda *_, **__: 1234)
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    build.main(build.Build(names=("01",), out=tmp_path / "quick"), said.append)
    assert [line.replace("\\", "/") for line in said] == [
        "quick/01_next_character.ipynb: 1,234 bytes",
        "quick/solutions/01_next_character.ipynb: 1,234 bytes",
    ]


def test_published_notebooks_are_not_built_with_little_profiles() -> None:
    with pytest.raises(ValueError, match="--out"):
        build.Build(profile="ci")


# The learner's copy.


def test_start_gives_the_cells_without_outputs(tmp_path: Path, student: Any) -> None:
    path, new = start.start(LESSON, tmp_path / "work")
    assert new
    found = nbformat.read(path, as_version=4)
    assert [c.source for c in found.cells] == [c.source for c in student.cells]
    assert not any(c.outputs for c in found.cells if c.cell_type == "code")


@pytest.mark.parametrize("py", [False, True])
def test_start_never_overwrites(tmp_path: Path, py: bool) -> None:
    path, _ = start.start(LESSON, tmp_path, py=py)
    path.write_text("mine", encoding="utf-8")
    assert start.start(LESSON, tmp_path, py=py) == (path, False)
    assert path.read_text(encoding="utf-8") == "mine"


def test_start_leaves_a_link_alone(tmp_path: Path) -> None:
    (tmp_path / "01_next_character.ipynb").symlink_to(tmp_path / "nowhere")
    _, new = start.start(LESSON, tmp_path)
    assert not new
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("py", [False, True])
def test_check_finds_the_stubs_that_start_made(tmp_path: Path, py: bool) -> None:
    path, _ = start.start(LESSON, tmp_path, py=py)
    assert learner.file_of(LESSON, tmp_path) == path
    written = learner.read(path)
    for exercise in LESSON.exercises():
        assert "raise NotImplementedError" in learner.answer(written, exercise)


# What was measured.


class Counting:
    """Stands in for an experiment: says how often it was run."""

    id = "next_character"

    def __init__(self) -> None:
        self.runs = 0

    def run(self, profile: str, seed: int) -> dict[str, Any]:
        self.runs += 1
        return {"profile": profile, "seed": seed, "x": self.runs}


def test_evidence_is_measured_once(tmp_path: Path) -> None:
    experiment: Any = Counting()
    one, fresh = measure(experiment, "ci", 0, tmp_path)
    again, fresh_again = measure(experiment, "ci", 0, tmp_path)
    assert (fresh, fresh_again, experiment.runs) == (True, False, 1)
    assert again == one
    measure(experiment, "ci", 1, tmp_path)
    measure(experiment, "full", 0, tmp_path)
    assert experiment.runs == 3


def test_evidence_of_other_code_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment: Any = Counting()
    measure(experiment, "ci", 0, tmp_path)
    monkeypatch.setattr("lessons.engine.ledger.records.code_hash", lambda _: "another")
    assert measure(experiment, "ci", 0, tmp_path)[1]


def test_half_a_file_is_measured_again(tmp_path: Path) -> None:
    experiment: Any = Counting()
    measure(experiment, "ci", 0, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text(encoding="utf-8")[:20], encoding="utf-8")
    assert measure(experiment, "ci", 0, tmp_path)[1]


@pytest.mark.parametrize("changed", [False, True])
def test_the_ledgers_evidence_is_taken_if_the_lessons_code_is_this(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    place = tmp_path / "l01_next_character"
    place.mkdir()
    (place / "experiment.py").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setattr("lessons.engine.catalogue.FOLDER", tmp_path)
    full = freshness.fingerprint(None, experiment_of("next_character").sizes["full"])
    own = records.own_hash(place)
    files.write_json(place / records.FINGERPRINT, {**full, "own": own, "code": "older"})
    judged = experiment_of("next_character").judged[:2]
    entries = [
        {
            "code": "older",
            "seconds": 9.0,
            "date": "2026-01-01",
            "evidence": {"profile": "full", "seed": seed},
        }
        for seed in (*judged, PILOT)
    ]
    files.write_json(place / records.EVIDENCE, entries)
    if changed:
        (place / "experiment.py").write_text("x = 2\n", encoding="utf-8")
    assert bring_published("next_character", tmp_path / "to") == (0 if changed else 2)
    experiment: Any = Counting()
    kept, fresh = measure(experiment, "full", judged[1], tmp_path / "to")
    assert fresh == changed
    if not changed:
        assert kept == Kept(
            evidence={"profile": "full", "seed": judged[1]},
            seconds=9.0,
            date="2026-01-01",
            by="ledger",
        )
