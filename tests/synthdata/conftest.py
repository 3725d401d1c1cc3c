"""Commands run in a folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from synthdata import __main__ as command


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command inside this process."""

    def call(*args: str | Path) -> Done:
        with pytest.raises(SystemExit) as stop:
            command.main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return Done(stop.value.code, out, err)

    return call


@pytest.fixture
def run_here(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder of its own; an error is one line without a traceback."""
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> Done:
        done = run(*args)
        if done.code not in (0, 1) and args[0] != "gate":
            assert done.err.count("\n") == 1, done.err
        return done

    return call
