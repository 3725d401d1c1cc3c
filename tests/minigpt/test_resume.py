"""A run that was stopped, however, ends in the same weights as one that was not."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from labkit.versions import processor
from minigpt import corpora
from minigpt.layers import GPTConfig
from minigpt.saved import checkpoint, runs
from minigpt.settings import TrainConfig
from minigpt.train.loop import Progress, train

Call = Any


def tensors_of(file: Path) -> dict[str, torch.Tensor]:
    """The tensors in a checkpoint."""
    return checkpoint.load(file)[0]


def assert_same_state(one: Path, two: Path) -> None:
    """Two runs ended alike, bit for bit: weights, optimisers, generators, best model."""
    for name in ("model.safetensors", "last.safetensors"):
        a, b = tensors_of(one / name), tensors_of(two / name)
        assert a.keys() == b.keys()
        assert [k for k in a if not torch.equal(a[k], b[k])] == []
    lines = [runs.Run(folder).metrics() for folder in (one, two)]
    for a, b in zip(*lines, strict=True):
        for key in ("step", "tokens", "train_loss", "val_loss", "choose_loss"):
            assert a[key] == b[key]


def step_of(run: Path) -> int:
    """The step of the last checkpoint; 0 where there is none yet."""
    last = run / "last.safetensors"
    return checkpoint.load(last)[1]["step"] if last.exists() else 0


def start_command(args: tuple[str, ...], environment: dict[str, str], folder: Path) -> Any:
    """`python -m minigpt.train` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "minigpt.train", *args],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_step(run: Path, step: int, process: Any) -> None:
    """Until the run's last checkpoint is of `step` or later, or the process has ended."""
    end = time.monotonic() + 120
    while step_of(run) < step and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no kill -9 and no SIGINT to others")
def test_killed_then_interrupted_then_resumed(
    call: Call,
    tiny_run: Path,
    tiny_args: tuple[str, ...],
    tmp_path: Path,
    command_environment: dict[str, str],
) -> None:
    first, second = random.randint(1, 12), random.randint(14, 28)
    run = tmp_path / "run"
    process = start_command((*tiny_args, "--out", "run"), command_environment, tmp_path)
    wait_for_step(run, first, process)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, f"not killed at step {first}"
    assert step_of(run) >= first

    process = start_command(("--resume", "--out", "run"), command_environment, tmp_path)
    wait_for_step(run, second, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130, f"not interrupted at step {second}: {err}"
    assert err.splitlines()[-1].startswith("minigpt.train: stopped and saved")
    assert "python -m minigpt.train --resume --out run" in err
    assert "Traceback" not in err
    assert second <= step_of(run) < 40

    earlier = checkpoint.load(run / "last.safetensors")[1]["wall"]
    began = time.monotonic()
    code, _, err = call("train", "--resume", "--out", "run")
    assert code == 0, err
    last_session = time.monotonic() - began
    result = runs.Run(run).result
    assert result is not None
    assert 0 < earlier < result["wall_seconds"] <= earlier + last_session
    assert_same_state(run, tiny_run)
    assert sorted(p.name for p in run.iterdir()) == sorted(p.name for p in tiny_run.iterdir())


def stopped_before_first_checkpoint(tiny_run: Path, folder: Path) -> Path:
    """A run as a kill before the first checkpoint leaves it."""
    folder.mkdir()
    (folder / "config.json").write_text((tiny_run / "config.json").read_text())
    (folder / "metrics.jsonl").write_text('{"step": 5, "train_loss": 3.1, "val')
    (folder / ".last.safetensors.abc.part").write_bytes(b"half")
    return folder


def test_killed_before_the_first_checkpoint_starts_at_step_0(
    call: Call, tiny_run: Path, tmp_path: Path
) -> None:
    run = stopped_before_first_checkpoint(tiny_run, tmp_path / "run")
    code, _, err = call("train", "--resume", "--out", run)
    assert code == 0, err
    assert_same_state(run, tiny_run)
    assert not list(run.glob(".*.part"))


def test_two_commands_do_not_work_on_one_run(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    run = stopped_before_first_checkpoint(tiny_run, tmp_path / "run")
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    with runs.Run(run).claim():
        code, _, err = call("train", "--resume", "--out", run)
    assert code == 2
    assert f"another command is working on {run}" in err
    assert err.count("\n") == 1
    after = {path.name: path.read_bytes() for path in run.iterdir()}
    assert after == {**before, ".lock": b""}


def test_stopped_before_its_result_the_best_model_is_written_again(
    call: Call, tiny_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    (run / "result.json").unlink()
    (run / "model.safetensors").write_bytes(b"half")
    code, _, err = call("train", "--resume", "--out", run)
    assert code == 0, err
    assert_same_state(run, tiny_run)


@pytest.mark.skipif(os.name != "posix", reason="Windows names a closed pipe otherwise")
def test_a_run_whose_words_nobody_reads_is_finished(
    tiny_args: tuple[str, ...],
    tiny_run: Path,
    tmp_path: Path,
    command_environment: dict[str, str],
) -> None:
    process = start_command((*tiny_args, "--out", "run"), command_environment, tmp_path)
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait() == 0, err
    assert_same_state(tmp_path / "run", tiny_run)
    assert runs.Run(tmp_path / "run").result is not None


def test_another_library_or_processor_is_told_in_one_line(
    call: Call, tiny_run: Path, tmp_path: Path
) -> None:
    run = stopped_before_first_checkpoint(tiny_run, tmp_path / "run")
    assert "not as it began" not in call("train", "--resume", "--out", run)[1]
    record = json.loads((run / "config.json").read_text())
    now = record["versions"]["torch"]
    record["versions"]["torch"], record["processor"] = "1.0", "abacus"
    (run / "config.json").write_text(json.dumps(record))
    for name in ("result.json", "last.safetensors"):
        (run / name).unlink()
    code, out, err = call("train", "--resume", "--out", run)
    assert code == 0, err
    (line,) = [line for line in out.splitlines() if "not as it began" in line]
    assert f"torch 1.0 then, {now} now; processor abacus then, {processor()} now" in line
    assert "need not end in the same weights to the last bit" in line
    assert_same_state(run, tiny_run)


def test_a_run_of_an_older_version_has_nothing_to_compare(
    call: Call, tiny_run: Path, tmp_path: Path
) -> None:
    run = stopped_before_first_checkpoint(tiny_run, tmp_path / "run")
    record = json.loads((run / "config.json").read_text())
    record["versions"] = "a word"
    del record["processor"], record["machine"]
    (run / "config.json").write_text(json.dumps(record))
    code, out, err = call("train", "--resume", "--out", run)
    assert code == 0, err
    assert "not as it began" not in out


def test_a_finished_run_says_so(call: Call, tiny_run: Path) -> None:
    before = {p.name: p.read_bytes() for p in tiny_run.iterdir()}
    code, out, err = call("train", "--resume", "--out", tiny_run)
    assert (code, err) == (0, "")
    assert "is finished" in out
    code, out, err = call("train", "--resume", "--out", tiny_run, "--json")
    assert code == 0
    assert json.loads(out) == json.loads((tiny_run / "result.json").read_text())
    assert before == {p.name: p.read_bytes() for p in tiny_run.iterdir()}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--resume", "--batch-size", "8"], "batch_size"),
        (["--resume", "--seed", "3", "--muon-lr", "0.1"], "muon_lr, seed"),
        (["--resume", "--threads", "2"], "threads"),
        (["--resume", "--n-embd", "48"], "model"),
        (["--resume", "--data", "python-docs"], "data"),
        (["--resume", "--init", "x"], "--init"),
        (["--steps", "5"], "--resume"),
    ],
)
def test_a_run_is_not_mixed_with_other_settings(
    call: Call, tiny_run: Path, tmp_path: Path, args: list[str], words: str
) -> None:
    run = stopped_before_first_checkpoint(tiny_run, tmp_path / "run")
    before = sorted(p.name for p in run.iterdir())
    tiny = ["--data", "storyland:20000", "--context", "16", "--threads", "1", "--precision", "fp32"]
    given = args if "--resume" in args else [*tiny, *args]
    code, _, err = call("train", *given, "--out", run)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
    assert sorted(p.name for p in run.iterdir()) == before


def test_resuming_on_another_text_or_nothing_is_refused(
    call: Call, tiny_run: Path, tmp_path: Path
) -> None:
    text = tmp_path / "mine.txt"
    text.write_text("the cat sat on the mat.\n" * 50)
    args = ("--n-layer", "1", "--n-embd", "8", "--n-head", "1", "--context", "8", "--steps", "3")
    small = ("--threads", "1", "--precision", "fp32", "--out", "run")
    assert call("train", "--data", text, *args, *small)[0] == 0
    for name in ("result.json", "last.safetensors"):
        (tmp_path / "run" / name).unlink()
    text.write_text("the dog sat on the mat.\n" * 50)
    code, _, err = call("train", "--resume", "--out", "run")
    assert (code, err.count("\n")) == (2, 1)
    assert "is not the one" in err
    for wrong in ("nowhere", str(tmp_path)):
        code, _, err = call("train", "--resume", "--out", wrong)
        assert (code, err.count("\n")) == (2, 1)
    (tmp_path / "empty").mkdir()
    os.chdir(tmp_path / "empty")
    code, _, err = call("train", "--resume")
    assert (code, err.count("\n")) == (2, 1)
    assert "no run under" in err


def test_going_on_from_another_run_and_resuming_that(
    call: Call, tiny_run: Path, tmp_path: Path
) -> None:
    """--init on new text with new characters; stopped and resumed it keeps alphabet and weights."""
    text = tmp_path / "new.txt"
    text.write_text("Äpfel & Öl, 3 Sätze über Übermut!\n" * 60, encoding="utf-8")
    args = ("--data", text, "--init", tiny_run, "--steps", "12", "--batch-size", "4")
    small = ("--threads", "1", "--precision", "fp32", "--device", "cpu", "--save-seconds", "0")
    code, out, err = call("train", *args, *small, "--out", "whole")
    assert code == 0, err
    assert "the alphabet grows by" in out
    assert "Ä" in out
    old, _ = checkpoint.load_model(tiny_run)
    new, _ = checkpoint.load_model(tmp_path / "whole")
    assert new.tokenizer == old.tokenizer.extended(text.read_text(encoding="utf-8"))
    assert new.config == old.config

    class Killed(BaseException):
        pass

    real, saves = checkpoint.save, 0

    def save_then_die(path: Any, *rest: Any) -> None:
        nonlocal saves
        real(path, *rest)
        saves += Path(path).name == "last.safetensors"
        if saves == 5:
            raise Killed

    checkpoint.save = save_then_die
    try:
        with pytest.raises(Killed):
            call("train", *args, *small, "--out", "parts")
    finally:
        checkpoint.save = real
    assert 1 <= step_of(tmp_path / "parts") < 12
    config = tmp_path / "parts" / "config.json"  # the model it began with is gone meanwhile
    config.write_text(config.read_text().replace(str(tiny_run), "moved-away"))
    code, _, err = call("train", "--resume", "--out", "parts")
    assert code == 0, err
    assert_same_state(tmp_path / "parts", tmp_path / "whole")
    (tmp_path / "parts" / "result.json").unlink()
    (tmp_path / "parts" / "last.safetensors").unlink()  # then that model is needed
    code, _, err = call("train", "--resume", "--out", "parts")
    assert (code, err.count("\n")) == (2, 1)
    assert "no run at moved-away" in err
    config.write_text(config.read_text().replace("moved-away", "whole"))
    code, _, err = call("train", "--resume", "--out", "parts")
    assert (code, err.count("\n")) == (2, 1)
    assert "not the one that parts began with" in err


CONFIGS = {
    "muon and dropout": TrainConfig(
        data="storyland:5000",
        steps=9,
        batch_size=4,
        eval_every=4,
        warmup=2,
        save_seconds=0,
        threads=1,
        precision="fp32",
        device="cpu",
        model=GPTConfig(n_layer=1, n_head=1, n_embd=8, context=8, dropout=0.2),
    )
}
CONFIGS["adamw and cosine, saved now and then"] = replace(
    CONFIGS["muon and dropout"],
    optimizer="adamw",
    schedule="cosine",
    weight_decay=0.1,
    grad_clip=1.0,
    accumulate=2,
    save_seconds=1e9,
    model=replace(
        CONFIGS["muon and dropout"].model, tie_embeddings=True, norm="layer", zero_init=False
    ),
)


class Crash(BaseException):
    """Like a kill: nothing of the loop may catch it."""


@pytest.mark.parametrize("name", CONFIGS)
def test_a_crash_after_any_step_changes_nothing(tmp_path: Path, name: str) -> None:
    config, corpus = CONFIGS[name], corpora.load("storyland:5000")
    whole = runs.create(tmp_path / "whole", "x")
    train(config, corpus, run=whole)
    for stop in range(1, 10):

        def crash(now: Progress, stop: int = stop) -> None:
            if now.step == stop:
                raise Crash

        run = runs.create(tmp_path / f"stopped-{stop}", "x")
        with pytest.raises(Crash):
            train(config, corpus, run=run, on_step=crash)
        train(config, corpus, run=run, resume=True)
        assert_same_state(run.folder, whole.folder)


@pytest.mark.parametrize(("call_name", "fails_at"), [("fsync", 1), ("fsync", 5), ("replace", 4)])
def test_a_full_disk_is_one_line_and_the_last_checkpoint_stays(
    call: Call,
    tiny_run: Path,
    tiny_args: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails_at: int,
    call_name: str,
) -> None:
    real, calls = getattr(os, call_name), 0

    def full(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > fails_at:  # from then on the disk is full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(os, call_name, full)
        code, _, err = call("train", *tiny_args, "--out", "run")
    assert code == 2
    lines = [line for line in err.splitlines() if "step/s" not in line and line]
    assert len(lines) == 1, err
    assert "no space left on the disk" in lines[0]
    run = tmp_path / "run"
    assert not list(run.glob(".*.part"))
    if fails_at > 1:
        assert step_of(run) >= 1  # whole and unharmed
    code, _, err = call("train", "--resume", "--out", "run")  # there is space again
    assert code == 0, err
    assert_same_state(run, tiny_run)


def test_a_second_ctrl_c_while_nothing_is_saved_yet_is_still_one_line(
    call: Call, tiny_args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from minigpt.train import loop

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "draw_windows", interrupted)
    code, _, err = call("train", *tiny_args, "--out", "run")
    assert code == 130
    assert err.count("\n") == 1
    assert "--resume --out run" in err
    assert "stopped and saved" not in err


def test_a_checkpoint_of_another_shape_is_refused(
    call: Call, tiny_run: Path, tmp_path: Path
) -> None:
    run = stopped_before_first_checkpoint(tiny_run, tmp_path / "run")
    tensors, header = checkpoint.load(tiny_run / "last.safetensors")
    tensors["model.head.weight"] = torch.zeros(3, 3)
    checkpoint.save(run / "last.safetensors", tensors, header)
    code, _, err = call("train", "--resume", "--out", run)
    assert (code, err.count("\n")) == (2, 1)
    assert "does not fit this run" in err
    data = bytearray((tiny_run / "last.safetensors").read_bytes())
    data[len(data) // 2] ^= 1
    (run / "last.safetensors").write_bytes(data)
    code, _, err = call("train", "--resume", "--out", run)
    assert (code, err.count("\n")) == (2, 1)
    assert "damaged" in err
