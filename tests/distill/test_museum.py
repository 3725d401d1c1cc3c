"""Every bug of the museum is caught by the test it names, and by being wrong alone."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from distill import museum
from labkit import command

ROOT = Path(__file__).parents[2]


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("bug", museum.BUGS.values(), ids=list(museum.BUGS))
def test_every_bug_is_caught_by_its_test(bug: museum.Bug) -> None:
    path, name = bug.test.split("::")
    test = getattr(load(path), name)
    first = next(iter(inspect.signature(test).parameters))
    test()  # the right implementation passes
    with pytest.raises(AssertionError):
        test(**{first: bug.wrong})


def test_the_issue_lists_thirteen() -> None:
    assert len(museum.BUGS) == 13


@pytest.mark.parametrize("bug", museum.BUGS.values(), ids=list(museum.BUGS))
def test_every_bug_has_a_curve_beside_the_right_one(bug: museum.Bug) -> None:
    found = museum.curves(bug, steps=30)
    assert found["right"][-1] < found["right"][0]
    off = [abs(a - b) for a, b in zip(found["right says"], found["wrong says"])]
    assert not max(off) < 1e-3  # nan is caught too


def test_curves_show_the_damage() -> None:
    for name in ("mean-over-vocabulary", "no-t-squared", "top-k-renormalised", "truncated"):
        found = museum.curves(museum.BUGS[name])
        assert found["right"][0] == found["wrong"][0]
        assert not found["wrong"][-1] <= found["right"][-1] * 1.2, name
    for name in ("mean-of-logits", "another-crop"):  # the right one goes on falling
        found = museum.curves(museum.BUGS[name])
        assert found["right"][0] == found["wrong"][0]
        assert found["wrong"][-1] > found["right"][-1] + 0.01, name


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "bug.png"
    args = ["--bug", "no-t-squared", "--out", str(out)]
    with pytest.raises(SystemExit) as stop:
        command.run(museum.main, museum.Command, prog=museum.PROG, args=args)
    assert stop.value.code == 0
    assert "caught by tests/distill/test_losses.py" in capsys.readouterr().out
    assert out.stat().st_size > 1000
    with pytest.raises(SystemExit) as stop:
        command.run(museum.main, museum.Command, prog=museum.PROG, args=["--bug", "moth"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
