"""The doctor's screen: it tries limits instead of believing in them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from lessons.engine.practice import doctor
from lessons.engine.sandbox import limits
from minigpt import device


def test_one_screen(desk: Path, monkeypatch: pytest.MonkeyPatch, school: Path) -> None:
    monkeypatch.setattr(device, "measure", lambda: {("fp32", 1): 2 * doctor.REFERENCE_MS / 1000})
    monkeypatch.setattr(doctor, "minutes", lambda lesson: 3.0)
    monkeypatch.setattr(doctor, "seeds", lambda lesson: 3)
    said: list[str] = []
    doctor.main(doctor.Doctor(), said.append)
    text = "\n".join(said)
    for what in ("python", "torch", "cores", "memory", "disk", "work", "checks", "speed"):
        assert any(line.startswith(what) for line in said), what
    assert "0.5 times the machine" in text
    assert "sample: about 18 minutes here, 3 seeds of 6.0 (stated as 3 each)" in text
    assert "all lessons  about 18 minutes of computing" in text
    assert "For a bug report: " in text
    assert len(text.splitlines()) <= 24
    if sys.platform == "linux":
        assert "do not hold" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limits are Linux's")
def test_a_limit_that_does_not_hold_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A sandbox whose children put no limits on themselves but the supervisor's."""
    from lessons.engine.checking import supervisor as sandbox

    class Loose(sandbox.Sandbox):
        def _surroundings(self) -> dict[str, Any]:
            found = super()._surroundings()
            (tmp_path / "sitecustomize.py").write_text(
                "from lessons.engine.sandbox import limits\n"
                "limits.apply = lambda **_: {'all': 'switched off'}\n"
            )
            found["env"]["PYTHONPATH"] += f":{tmp_path}"
            return found

    monkeypatch.setattr(doctor, "Sandbox", Loose)
    lines = list(doctor.sandboxed())
    assert "time, output" in lines[1].found
    for name in ("processes", "network", "writing files", "reading your files"):
        assert name in lines[2].found
    assert "container" in lines[2].remedy
    assert limits.NOBODY == 65534
