"""A lesson that exists in tests only, a sandbox for all of them, and a work folder of their own."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import lessons
from lessons.engine import catalogue
from lessons.engine.checking import supervisor
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.experiment import find
from lessons.engine.ledger import evidence


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where evidence of the ci profile is kept in this run of the tests, for all its processes."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "evidence"


@pytest.fixture
def evidence_of(measured: Path) -> Callable[[str], list[dict[str, Any]]]:
    """From a lesson's name to its evidence with seeds 0, 1 and 2; measured once."""
    return lambda lesson: [
        evidence.measure(find(lesson), "ci", seed, measured)[0].evidence for seed in (0, 1, 2)
    ]


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of lessons with one in it, importable as lessons.l90_sample."""
    folder = tmp_path_factory.mktemp("lessons")
    sample = folder / "l90_sample"
    sample.mkdir()
    (sample / "__init__.py").write_text('"""Sample."""\n', encoding="utf-8")
    (sample / "lesson.py").write_text("# %% [markdown]\n# # A sample\n", encoding="utf-8")
    shutil.copy(Path(__file__).with_name("sample_checks.py"), sample / "checks.py")
    lessons.__path__.append(str(folder))
    return folder


@pytest.fixture(scope="session")
def checks(school: Path) -> Any:
    """The sample lesson's checks.py."""
    return importlib.import_module("lessons.l90_sample.checks")


@pytest.fixture
def desk(school: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty work folder, the sample lesson alone in the catalogue, and the shared sandbox."""
    monkeypatch.setattr(catalogue, "FOLDER", school)
    monkeypatch.setenv("COGNITIVE_CORE_WORK", str(tmp_path / "work"))
    monkeypatch.setattr(supervisor, "sandbox", lambda: sandbox)
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of lessons 1 and 7, with a model that has learned next to nothing."""
    from lessons.engine.book import command, player

    out = tmp_path_factory.mktemp("book") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(player, "tiny", lambda make=player.tiny: make(steps=2, characters=3000))
        assert command.main(command.Book(lessons=("7", "1"), out=out), lambda _: None) == 0
    return out
