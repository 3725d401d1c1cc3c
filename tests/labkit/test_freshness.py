"""What measures: followed by its code, and recognised by what it does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from labkit import freshness
from labkit.freshness import ROOT, difference, fingerprint


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An experiment that reaches two modules of minigpt, one of them through the other."""
    monkeypatch.setattr(freshness, "ROOT", tmp_path)
    (tmp_path / "minigpt").mkdir()
    (tmp_path / "labkit").mkdir()
    files = {
        "minigpt/__init__.py": '"""Package."""\n',
        "minigpt/near.py": '"""Near."""\nfrom minigpt import far\n\n'
        "def f(x):\n    return far.g(x)\n",
        "minigpt/far.py": "def g(x):\n    # note\n    return x + 1\n\n\ndef h():\n    return 2\n",
        "minigpt/elsewhere.py": "A = 1\n",
        "labkit/figures.py": "COLOUR = 1\n",
        "experiment.py": "from labkit import figures\n\n\ndef run():\n"
        '    """Words."""\n    from minigpt.near import f\n\n    return f(1)\n',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_hash_follows_imports_also_those_inside_functions(project: Path) -> None:
    here = project / "experiment.py"
    names = {p.relative_to(project).as_posix() for p in freshness.reached(here)}
    assert names == {"experiment.py", "minigpt/__init__.py", "minigpt/near.py", "minigpt/far.py"}
    before = freshness.code_hash(here)
    _edit(project / "minigpt" / "elsewhere.py", "A = 1", "A = 2")
    _edit(project / "labkit" / "figures.py", "1", "2")  # draws; judges nothing
    _edit(project / "minigpt" / "far.py", "# note", "# another note, and longer")
    _edit(here, "Words", "Other words")
    assert freshness.code_hash(here) == before
    _edit(project / "minigpt" / "far.py", "x + 1", "x + 2")
    assert freshness.code_hash(here) != before


def test_sampling_and_settings_are_no_drawing_and_no_prose(project: Path) -> None:
    """`draw` in an experiment makes its figure, in minigpt.sample a character; `minutes` of an
    Experiment are an estimate, of a training run a setting."""
    here, far = project / "experiment.py", project / "minigpt" / "far.py"
    text = "\n\ndef draw(p):\n    return Run(minutes=1, source=p)\n\n\nE = Experiment(minutes=1)\n"
    for path in (here, far):
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    before = freshness.code_hash(here)
    _edit(here, "Run(minutes=1", "Run(minutes=2")
    _edit(here, "Experiment(minutes=1", "Experiment(minutes=2")
    assert freshness.code_hash(here) == before
    _edit(far, "source=p", "source=p + 1")
    assert freshness.code_hash(here) != before
    _edit(far, "source=p + 1", "source=p")
    _edit(far, "Run(minutes=1", "Run(minutes=2")
    assert freshness.code_hash(here) != before


def test_a_function_that_moves_makes_nothing_stale(project: Path) -> None:
    here = project / "experiment.py"
    before = freshness.code_hash(here)
    far = project / "minigpt" / "far.py"
    (project / "minigpt" / "further.py").write_text("def h():\n    return 2\n", encoding="utf-8")
    _edit(far, "def h():\n    return 2\n", "from minigpt.further import h\n")
    assert freshness.code_hash(here) == before
    far.rename(project / "minigpt" / "moved.py")
    _edit(project / "minigpt" / "near.py", "from minigpt import far", "import minigpt.moved as far")
    assert freshness.code_hash(here) == before


@dataclass(frozen=True)
class Settings:
    steps: int = 100
    width: int = 8


@dataclass(frozen=True)
class Newer:
    steps: int = 100
    width: int = 8
    added: bool = False


def test_settings_that_are_new_and_at_their_default_change_nothing() -> None:
    assert freshness.settings(Settings(steps=5)) == freshness.settings(Newer(steps=5))
    assert freshness.settings(Newer(added=True)) == {"added": True}
    assert freshness.settings({"a": (Settings(),)}) == {"a": [{}]}


def test_two_fingerprints_part_where_a_value_differs() -> None:
    one = fingerprint({"loss": [1.0, 2.0], "name": "x"}, Settings())
    assert difference(one, one) == ""
    again = {**one, "evidence": {"loss": [1.0, 2.0 + 1e-12], "name": "x"}}
    assert difference(again, one) == ""
    off = {**one, "evidence": {"loss": [1.0, 2.001], "name": "x"}}
    assert difference(off, one) == (
        "1 of 3 values differ, the first evidence.loss[1]: 2.001, before 2.0"
    )
    assert "evidence.loss" in difference({**one, "evidence": {"loss": [1.0], "name": "x"}}, one)
    assert "settings" in difference(fingerprint(one["evidence"], Settings(steps=7)), one)


def test_another_processor_may_round_in_another_way_and_no_more() -> None:
    values = [1.0 + i for i in range(40)]
    one = fingerprint({"loss": values, "name": "x"}, None)
    other = {**one, "processor": "another"}
    near = {"loss": [1.01 * v for v in values], "name": "x"}
    assert difference({**other, "evidence": near}, one) == ""
    assert difference({**one, "evidence": near}, one) != ""
    few = {"loss": [9.0, 9.0, *values[2:]], "name": "x"}
    assert difference({**other, "evidence": few}, one) == ""
    many = {"loss": [9.0] * 4 + values[4:], "name": "x"}
    assert difference({**other, "evidence": many}, one) != ""
    assert difference({**other, "evidence": {"loss": values, "name": "y"}}, one) != ""


def test_the_real_project_is_followed() -> None:
    here = ROOT / "lessons" / "l06_three_jokes" / "experiment.py"
    names = {p.relative_to(ROOT).as_posix() for p in freshness.reached(here)}
    assert {"synthdata/three_jokes/generators.py", "minigpt/model.py"} <= names
    assert not [name for name in names if name.startswith(("labkit", "lessons/engine"))]


def test_a_fingerprint_apart_says_why_it_does_not_run() -> None:
    assert freshness.apart("print('noise'); print('[1, 2]')") == [1, 2]
    with pytest.raises(ValueError, match="of nothing does not run: ZeroDivisionError"):
        freshness.apart("1 / 0", "nothing")
