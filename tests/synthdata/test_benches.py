"""The programs that print the meter's figures say what they take, and refuse the rest in a line."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1] / "benchmarks"
BENCHES = [
    "bench_collapse",
    "bench_information",
    "bench_meter",
    "bench_synthdata",
    "bench_synthdata_intervals",
    "bench_synthdata_traps",
    "bench_synthdata_unlike",
]


def run(monkeypatch: pytest.MonkeyPatch, bench: str, *args: str) -> object:
    """The exit code of a program, started as a user starts it."""
    monkeypatch.setattr("sys.argv", [bench, *args])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(HOME / f"{bench}.py"), run_name="__main__")
    return stop.value.code


@pytest.mark.parametrize("bench", BENCHES)
def test_help_is_printed_and_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bench: str
) -> None:
    pytest.importorskip("datasketches")
    assert run(monkeypatch, bench, "--help") == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: python -m tests.benchmarks.{bench}")
    assert run(monkeypatch, bench, "--bogus") == 2
    refused = capsys.readouterr()
    assert (refused.out, refused.err.count("\n")) == ("", 1)
