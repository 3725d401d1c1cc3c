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
def run_here(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs a command in a folder of its own; an error is one line without a traceback."""
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> Done:
        with pytest.raises(SystemExit) as stop:
            command.main(list(args))
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        if stop.value.code not in (0, 1) and args[0] != "gate":
            assert err.count("\n") == 1, err
        return Done(stop.value.code, out, err)

    return call
