"""Two processes train what one trains."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from minigpt.saved import checkpoint

ARGS = (
    *("--data", "storyland:5000", "--steps", "5", "--batch-size", "8", "--eval-every", "5"),
    *("--n-layer", "1", "--n-head", "2", "--n-embd", "16", "--context", "16", "--dropout", "0"),
    *("--threads", "1", "--precision", "fp32", "--device", "cpu", "--warmup", "2", "--json"),
)
TORCHRUN = (
    *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
    *("-m", "minigpt.train"),
)


def train_in_two(
    folder: Path, environment: dict[str, str], out: str
) -> subprocess.CompletedProcess[str]:
    """The same run by two processes of torchrun, started in `folder`."""
    return subprocess.run(
        [*TORCHRUN, *ARGS, "--out", out],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_two_processes_reach_the_loss_of_one(
    call: Any, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    done = train_in_two(tmp_path, command_environment, "two")
    assert done.returncode == 0, done.stderr
    code, out, err = call("train", *ARGS, "--accumulate", "2", "--out", "one")
    assert code == 0, err
    lines = done.stdout.splitlines()
    assert len(lines) == 1  # only the first process speaks
    two, one = json.loads(lines[0]), json.loads(out.splitlines()[-1])
    # Means over halves of a batch: float32 in another order; the updates are rounded to bfloat16
    # inside Muon, and a value that rounds the other way is off by 2^-8 of a step of 0.02.
    assert two["val_loss"] == pytest.approx(one["val_loss"], abs=1e-4)
    assert two["tokens"] == one["tokens"] == 5 * 8 * 16
    a, b = (
        [json.loads(line) for line in (tmp_path / run / "metrics.jsonl").read_text().splitlines()]
        for run in ("one", "two")
    )
    assert [line["step"] for line in a] == [line["step"] for line in b] == [5]
    assert a[0]["train_loss"] == pytest.approx(b[0]["train_loss"], abs=1e-4)
    models = [checkpoint.load_model(tmp_path / run)[0].state_dict() for run in ("one", "two")]
    for name, tensor in models[0].items():
        torch.testing.assert_close(models[1][name], tensor, rtol=0, atol=2e-3)
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == sorted(
        p.name for p in (tmp_path / "one").iterdir()
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "two"]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_where_the_first_process_is_refused_the_other_leaves_without_a_word(
    tmp_path: Path, command_environment: dict[str, str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{}", encoding="utf-8")
    done = train_in_two(tmp_path, command_environment, "run")
    assert done.returncode != 0
    assert done.stderr.count("minigpt.train: error: run holds a run already") == 1
    # the launcher's own traceback is all there is
    assert "minigpt/train/loop.py" not in done.stderr
    assert "gloo" not in done.stderr
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.json"]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
@pytest.mark.skipif(os.name != "posix", reason="Windows cannot send SIGINT to one process")
def test_ctrl_c_stops_two_processes_after_the_same_step(
    call: Any, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    """As a terminal does: the signal goes to the launcher and to its processes alike."""
    asked = ("--data", "storyland:5000", "--steps", "1000000", "--eval-every", "1000000")
    process = subprocess.Popen(
        [*TORCHRUN, *ARGS, *asked, "--save-seconds", "0", "--out", "run"],
        env=command_environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    last, end = tmp_path / "run" / "last.safetensors", time.monotonic() + 120
    while not last.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert "minigpt.train: stopped and saved" in err, err
    assert "gloo" not in err  # no process was left waiting for the other
    assert 0 < checkpoint.load(last)[1]["step"] < 1_000_000
