"""Every command as a user calls it: help, a real call, --json, and every bad input in one line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.nextchar import window
from minigpt.settings import TrainConfig
from minigpt.train import __main__ as train_command

COMMANDS = ("train", "sample", "evaluate", "compress", "runs", "corpora", "device")
SMALL = (
    *("--steps", "3", "--batch-size", "4", "--n-layer", "1", "--n-head", "1", "--n-embd", "8"),
    *("--context", "8", "--threads", "1", "--precision", "fp32", "--device", "cpu"),
)
JSON_KEYS = """
    val_loss bits_per_char train_seconds wall_seconds steps tokens tokens_per_second
    peak_memory_mb parameters corpus corpus_sha256 device precision threads seed run
"""


def test_the_bar_calls_the_choosing_loss_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is of half of the held-out text, and no val_loss."""
    told: list[dict[str, str]] = []
    bar = SimpleNamespace(total=10, update=lambda: None, set_postfix=lambda **kw: told.append(kw))
    monkeypatch.setattr(train_command, "tqdm", lambda **_: bar)
    shown = train_command._Bar(train_command.Command(train=TrainConfig()), None, quiet=False)
    model = GPT.fresh(GPTConfig(n_layer=1, n_head=1, n_embd=8, context=8), "ab", seed=0)
    for choose_loss in (None, 2.25):
        shown.on_step(
            train_command.Progress(
                step=10,
                steps=10,
                tokens=10,
                loss=2.0,
                val_loss=None,
                choose_loss=choose_loss,
                seconds=1.0,
                model=model,
            )
        )
    assert [{k: v for k, v in one.items() if k != "chars_per_s"} for one in told] == [
        {"loss": "2.000"},
        {"loss": "2.000", "choose_loss": "2.250"},
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(call: Any, command: str) -> None:
    code, out, err = call(command, "--help")
    assert (code, err) == (0, "")
    assert f"minigpt.{command}" in out
    assert "--help" in out
    assert len(out.splitlines()) >= 5


def test_help_names_every_flag_of_the_issue(call: Any) -> None:
    _, out, _ = call("train", "--help")
    flags = (
        "--data --preset --minutes --steps --device --precision --threads --seed --out --init "
        "--resume --dry-run --json --batch-size --n-layer --dropout"
    )
    for flag in flags.split():
        assert flag in out, flag
    assert "{quick,default,long,classic,gpu}" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_flag_is_one_line(call: Any, command: str) -> None:
    code, out, err = call(command, "--no-such-flag")
    assert (code, out) == (2, "")
    assert "--no-such-flag" in err
    assert err.count("\n") == 1


def test_one_real_call_each(
    tiny_run: Path, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    """In processes of their own, as a user starts them."""
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat.\n" * 20)
    run = str(tiny_run)
    calls = {
        "train": ["--data", str(text), *SMALL],
        "sample": [run, "--prompt", "the ", "--length", "20"],
        "evaluate": [run, "--sample", "0", "--split", "judge"],
        "compress": [run, str(text), "-o", "text.mgz"],
        "runs": [],
        "corpora": [],
        "device": [],
    }
    for command, args in calls.items():
        done = subprocess.run(
            [sys.executable, "-m", f"minigpt.{command}", *args],
            env=command_environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.strip(), command
        assert "Traceback" not in done.stderr
        assert "Warning" not in done.stderr, (command, done.stderr)
    run_folder = tmp_path / "runs" / "text-default-1"
    for name in ("config.json", "metrics.jsonl", "model.safetensors", "last.safetensors"):
        assert (run_folder / name).stat().st_size > 0
    for name in ("loss.png", "sample.txt", "result.json"):
        assert (run_folder / name).stat().st_size > 0
    assert (tmp_path / "runs" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_train_json_is_the_last_line_and_complete(call: Any, tmp_path: Path) -> None:
    code, out, err = call("train", "--data", "storyland:5000", *SMALL, "--json")
    assert code == 0, err
    (line,) = out.splitlines()
    record = json.loads(line)
    assert set(record).issuperset(JSON_KEYS.split())
    assert record["steps"] == 3
    assert record["tokens"] == 3 * 4 * 8
    assert record["bits_per_char"] == pytest.approx(record["val_loss"] / np.log(2))
    assert record["train_seconds"] <= record["wall_seconds"]
    assert record["tokens_per_second"] == pytest.approx(record["tokens"] / record["train_seconds"])
    assert (record["device"], record["precision"], record["threads"]) == ("cpu", "fp32", 1)
    assert record["run"] == str(Path("runs") / "storyland-default-1")
    assert Path(record["run"]).is_dir()
    assert "step/s" not in err  # no bar
    assert call("train", "--data", "storyland:5000", *SMALL)[0] == 0
    assert sorted(os.listdir("runs")) == ["storyland-default-1", "storyland-default-2"]
    code, out, _ = call("runs")
    assert code == 0
    assert out.index("storyland-default-1") < out.index("storyland-default-2")


@pytest.mark.parametrize(
    "text",
    ["a" * 400, "".join(map(chr, range(0x4E00, 0x4E00 + 3000))), "\U0001f600\u0301 é\r\n" * 90],
    ids=["one character", "Chinese", "emoji"],
)
def test_unusual_texts_go_all_the_way(call: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "it.txt").write_text(text, encoding="utf-8", newline="")
    code, out, err = call("train", "--data", "it.txt", *SMALL, "--json", "--batch-size", "900")
    assert code == 0, err
    assert np.isfinite(json.loads(out)["val_loss"])
    assert call("sample", "--length", "20", "--json")[0] == 0
    code, out, err = call("evaluate", "--sample", "40", "--json")
    assert code == 0, err
    (tmp_path / "part.txt").write_text(text[:150], encoding="utf-8", newline="")
    assert call("compress", "part.txt", "-o", "part.mgz")[0] == 0
    assert call("compress", "-d", "part.mgz", "-o", "back.txt")[0] == 0
    assert (tmp_path / "back.txt").read_bytes() == (tmp_path / "part.txt").read_bytes()


def test_runs_lists_what_was_stopped_too(call: Any, tiny_run: Path, tmp_path: Path) -> None:
    for name in ("done", "stopped", "just begun"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        for file in ("config.json", "metrics.jsonl", "result.json"):
            data = (tiny_run / file).read_bytes()
            if (name, file) != ("stopped", "result.json"):
                (tmp_path / "runs" / name / file).write_bytes(data)
    begun = tmp_path / "runs" / "just begun"
    (begun / "metrics.jsonl").unlink()
    (begun / "result.json").unlink()
    (tmp_path / "runs" / "not a run").mkdir()
    code, out, err = call("runs")
    assert code == 0, err
    rows = {line[:10].strip(): line for line in out.splitlines()}
    loss = json.loads((tiny_run / "result.json").read_text())["val_loss"]
    assert f"{loss:.4f}" in rows["done"]
    assert f"{loss:.4f}" not in rows["stopped"]
    assert "not a run" not in out
    assert (tmp_path / "runs" / "curves.png").exists()


def test_a_new_run_writes_over_no_file_of_anybody(call: Any, tmp_path: Path) -> None:
    for name in ("sample.txt", "last.safetensors"):
        folder = tmp_path / f"has {name}"
        folder.mkdir()
        (folder / name).write_text("precious")
        code, _, err = call("train", "--data", "storyland:5000", *SMALL, "--out", folder)
        assert code == 2
        assert f"has a file {name} already" in err
        assert os.listdir(folder) == [name]
        assert (folder / name).read_text() == "precious"


def test_dollar_signs_in_a_name_are_no_formula(call: Any, tiny_run: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_run, tmp_path / "runs" / "a$x^$")
    (tmp_path / "runs" / "a$x^$" / "result.json").unlink()  # killed before the curve was drawn
    code, _, err = call("train", "--resume")
    assert code == 0, err
    assert call("runs")[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
@pytest.mark.parametrize("flag", ["--data", "--out", "--init"])
def test_a_name_that_is_not_utf_8_is_refused_at_once(call: Any, flag: str, tmp_path: Path) -> None:
    code, _, err = call("train", flag, os.fsdecode(b"bad\xff"))
    assert code == 2
    assert f"the name in {flag} is not UTF-8" in err
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("train", "device", "tpu"),
        ("train", "data", 5),
        ("train", "steps", "many"),
        ("train", "model", 4),
        ("model", "n_head", 1.5),
        ("model", "norm", "batch"),
    ],
)
def test_settings_edited_to_another_type_are_named(
    call: Any, tiny_run: Path, tmp_path: Path, part: str, name: str, value: Any
) -> None:
    run = tmp_path / "edited"
    shutil.copytree(tiny_run, run)
    (run / "result.json").unlink()
    config = json.loads((run / "config.json").read_text())
    {"train": config["train"], "model": config["train"]["model"]}[part][name] = value
    (run / "config.json").write_text(json.dumps(config))
    code, out, err = call("train", "--resume", "--out", run)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "config.json does not describe a run of this version" in err
    assert repr(value) in err


def test_a_damaged_curve_or_record_is_named(call: Any, tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "bad"
    shutil.copytree(tiny_run, run)
    shutil.copytree(tiny_run, tmp_path / "runs" / "good")
    (run / "result.json").unlink()
    lines = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    for damage in (b"[]\n", b"{}\n", b"\xff\n", lines[0][:20] + b"\n"):
        data = damage + lines[-1]
        (run / "metrics.jsonl").write_bytes(data)
        code, _, err = call("train", "--resume", "--out", run)
        assert code == 2
        assert "metrics.jsonl is damaged in line 1" in err
        assert (run / "metrics.jsonl").read_bytes() == data
        code, out, err = call("runs")
        assert code == 0
        assert "damaged in line 1" in err
        assert "good" in out
    for name in ("result.json", "config.json"):
        (run / name).write_text("[]")
        code, out, err = call("runs")
        assert code == 0
        assert f"{name} does not describe a run" in err
        assert "good" in out
        assert call("train", "--resume", "--out", run)[0] == 2


def test_samples_along_the_way(call: Any) -> None:
    code, out, err = call("train", "--data", "storyland:5000", *SMALL, "--sample-every", "2")
    assert code == 0
    assert "--- step 2" in out + err


def test_dry_run_writes_nothing(call: Any, tmp_path: Path) -> None:
    code, out, _ = call("train", "--data", "storyland:5000", *SMALL, "--dry-run")
    assert code == 0
    for words in ("minutes", "MB of memory", "parameters"):
        assert words in out
    assert list(tmp_path.iterdir()) == []


def test_a_budget_is_recorded_and_resumed(call: Any, tmp_path: Path) -> None:
    args = [a for a in SMALL if a not in ("--steps", "3")]
    code, out, err = call(
        *("train", "--data", "storyland:5000", *args, "--minutes", "0.01", "--json", "--out", "r")
    )
    assert code == 0, err
    record, config = json.loads(out), json.loads(Path("r/config.json").read_text())
    assert config["train"]["steps"] == record["steps"] != 2000
    assert config["train"]["minutes"] is None
    assert config["minutes"] == 0.01
    Path("r/result.json").unlink()
    Path("r/last.safetensors").unlink()  # as if killed: the recorded number of steps stands
    code, out, err = call("train", "--resume", "--out", "r", "--json")
    assert code == 0, err
    assert json.loads(out)["steps"] == record["steps"]


def test_training_draws_no_bar_into_a_pipe(call: Any) -> None:
    code, _, err = call("train", "--data", "storyland:5000", *SMALL, "--out", "run")
    assert (code, err) == (0, "")


def bad_inputs() -> list[tuple[str, list[str], str]]:
    """What a user may get wrong: a name, the arguments and words that the answer must have."""
    return [
        ("unknown corpus", ["--data", "shakespear"], "did you mean 'shakespeare'"),
        ("no such file", ["--data", "no/such.txt"], "no/such.txt"),
        ("a folder", ["--data", "{folder}"], "folder"),
        ("empty", ["--data", "{empty}"], "empty"),
        ("binary", ["--data", "{binary}"], "not a text"),
        ("latin-1", ["--data", "{latin}"], "UTF-8"),
        ("tiny", ["--data", "{tiny}"], "fewer than"),
        ("context", ["--data", "storyland:500", "--context", "450"], "context"),
        ("heads", ["--n-embd", "30", "--n-head", "4"], "multiple of n_head"),
        ("odd heads", ["--n-embd", "12", "--n-head", "4"], "RoPE"),
        ("negative steps", ["--steps", "-1"], "steps"),
        ("steps in words", ["--steps", "many"], "many"),
        ("no value", ["--steps"], "--steps"),
        ("a variable that is not set", ["--out", ""], "is a variable not set?"),
        ("zero batch", ["--batch-size", "0"], "batch_size"),
        ("parts", ["--batch-size", "3", "--accumulate", "2"], "accumulate"),
        ("dropout", ["--dropout", "1"], "dropout"),
        ("rate", ["--muon-lr", "5"], "muon_lr"),
        ("no minutes", ["--minutes", "0"], "minutes"),
        ("nan minutes", ["--minutes", "nan"], "minutes"),
        ("seed", ["--seed", "-1"], "seed"),
        ("huge seed", ["--seed", "1" + 30 * "0"], "seed"),
        ("no threads", ["--threads", "0"], "threads"),
        ("absurd threads", ["--threads", "1000000000"], "threads"),
        ("absurd width", ["--n-embd", "30000000"], "GB of memory"),
        ("absurd depth", ["--n-layer", "1000000000"], "GB of memory"),
        ("absurd batch", ["--batch-size", "1000000000000"], "GB of memory"),
        ("preset", ["--preset", "fast"], "fast"),
        ("precision", ["--precision", "fp16"], "fp16"),
        ("init from nothing", ["--init", "no-run"], "no-run"),
        ("unwritable", ["--out", "{empty}/below"], "folder was expected"),
        ("a file", ["--out", "{empty}"], "something else is there"),
        ("an existing run", ["--out", "{run}"], "--resume"),
        ("nothing to resume", ["--resume"], "no run"),
    ]


@pytest.mark.parametrize(("name", "args", "words"), bad_inputs(), ids=lambda v: str(v)[:20])
def test_bad_input_is_one_line_and_leaves_nothing(
    call: Any, tiny_run: Path, tmp_path: Path, name: str, args: list[str], words: str
) -> None:
    contents = {
        "empty": b"",
        "binary": bytes(range(256)),
        "latin": "Müller\n".encode("latin-1") * 100,
        "tiny": b"abc",
    }
    for file, data in contents.items():
        (tmp_path / file).write_bytes(data)
    (tmp_path / "folder").mkdir()
    places = {file: str(tmp_path / file) for file in (*contents, "folder")}
    given = [a.format(run=tiny_run, **places) for a in args]
    defaults = ["--data", "storyland:5000"] if "--data" not in args else []
    asked = ["--threads", "1", "--precision", "fp32"] if "--threads" not in args else []
    if name in ("precision", "nothing to resume"):
        asked = []
    before = sorted(p.name for p in (*tmp_path.rglob("*"), *tiny_run.iterdir()))
    code, _, err = call("train", *([] if "--resume" in args else [*defaults, *asked]), *given)
    assert code == 2, err
    assert err.startswith("minigpt.train: error: ")
    assert words in err
    assert err.count("\n") == 1
    assert sorted(p.name for p in (*tmp_path.rglob("*"), *tiny_run.iterdir())) == before


FORBIDDEN = """
import os, sys
from labkit import command
from minigpt import corpora
from minigpt.train import __main__ as train
corpora.load("storyland:5000")  # this and parsing load what is needed while Python's own files may
asked = train.parse(sys.argv[1:])  # still be read
if os.geteuid() == 0:  # nothing is forbidden to root
    os.setuid(65534)
command.guard(lambda: train.main(asked), prog=train.PROG)
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no permission bits")
def test_a_folder_one_may_not_write_to(tmp_path: Path, command_environment: dict[str, str]) -> None:
    out = ("--data", "storyland:5000", "--out", str(tmp_path / "run"))
    tmp_path.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", FORBIDDEN, *SMALL, *out],
            env=command_environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        tmp_path.chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("minigpt.train: error: no permission to use")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_the_default_text_it_says_so_and_trains_on_another(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cache, no network, and pip has no index."""
    monkeypatch.setenv("MINIGPT_CACHE", str(tmp_path / "empty-cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    code, out, err = call("train", *SMALL, "--out", "run")
    assert code == 0, err
    said = [line for line in out.splitlines() if line.startswith("using python-docs")]
    assert len(said) == 1
    record = json.loads(Path("run/config.json").read_text())
    assert record["corpus"] == record["train"]["data"] == "python-docs"
    assert json.loads(Path("run/result.json").read_text())["corpus"] == "python-docs"


def test_the_latest_run_is_the_default(call: Any, tmp_path: Path) -> None:
    code, _, err = call("sample")
    assert (code, err.count("\n")) == (2, 1)
    assert "python -m minigpt.train" in err
    text = tmp_path / "mine.txt"
    text.write_text("the cat sat on the mat.\n" * 20)
    for _ in range(2):
        assert call("train", "--data", "mine.txt", *SMALL)[0] == 0
        first = Path("runs/mine-default-1/config.json")
        os.utime(first, (1, 1))
    code, out, _ = call("sample", "--length", "5", "--json")
    assert code == 0
    latest = Path("runs") / "mine-default-2"
    assert json.loads(out)["model"] == f"{latest} and the n-gram, mixed"
    code, out, _ = call("evaluate", "--json", "--sample", "0")
    assert code == 0
    assert json.loads(out)["corpus"] == "mine"
    code, _, err = call("runs", "--folder", "elsewhere")
    assert (code, err.count("\n")) == (2, 1)


def test_the_ngram_stands_in_for_a_run(call: Any) -> None:
    args = ("--model", "ngram", "--data", "storyland:5000", "--length", "30", "--json")
    code, out, _ = call("sample", *args)
    assert code == 0
    assert len(json.loads(out)["texts"][0]) == 30
    assert window(5, None) == 5


def test_commands_leave_threads_as_asked(call: Any, tiny_run: Path) -> None:
    assert call("sample", tiny_run, "--length", "3", "--threads", "1")[0] == 0
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--init", "runs/a", "--n-layer", "1"], "--init keeps the shape"),
        (["--minutes", "1", "--steps", "7"], "leave one of the two out"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(args: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        train_command.parse(args)
