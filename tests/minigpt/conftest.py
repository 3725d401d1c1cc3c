"""A tiny trained run, commands called inside this process, and models with random weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit import command

TINY_RUN = (
    *("--data", "storyland:20000", "--steps", "40", "--batch-size", "4", "--accumulate", "1"),
    *("--n-layer", "1", "--n-head", "2", "--n-embd", "16", "--context", "16", "--dropout", "0.1"),
    *("--threads", "1", "--precision", "fp32", "--device", "cpu", "--save-seconds", "0"),
)

Outcome = tuple[int, str, str]
Call = Callable[..., Outcome]


def run_module(module: str, *args: str) -> int:
    """What `python -m minigpt.<module> args` does, inside this process; the exit code."""
    room = module in ("train", "corpora", "compress", "evaluate", "sample")
    found = importlib.import_module(f"minigpt.{module}" + ".__main__" * room)
    try:
        if module == "train":
            found.entry(list(args))
        elif module == "corpora":
            settings = found.List | found.Fetch | found.Clear
            command.run(found.main, settings, prog="minigpt.corpora", args=args or ["list"])
        else:
            settings = found.CompressConfig if module == "compress" else found.Settings
            command.run(found.main, settings, prog=f"minigpt.{module}", args=args)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    raise AssertionError("a command always ends with SystemExit")


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Call a command in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def _call(module: str, *args: str) -> Outcome:
        capsys.readouterr()
        code = run_module(module, *map(str, args))
        out, err = capsys.readouterr()
        return code, out, err

    return _call


@pytest.fixture
def tiny_args() -> tuple[str, ...]:
    """What `tiny_run` was started with, less its folder."""
    return TINY_RUN


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of TINY_RUN, not interrupted; not to be changed."""
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert run_module("train", *TINY_RUN, "--out", str(folder)) == 0
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with text.txt and a run that learned from it, runs/run; not to be changed."""
    folder = tmp_path_factory.mktemp("together")
    text = "the cat sat on the mat, and the rat sat on the cat.\n" * 60
    (folder / "text.txt").write_text(text, encoding="utf-8")
    data = ("--data", str(folder / "text.txt"), "--steps", "3")
    assert run_module("train", *TINY_RUN, *data, "--out", str(folder / "runs" / "run")) == 0
    return folder
