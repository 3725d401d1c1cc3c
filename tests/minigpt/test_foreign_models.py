"""Model files from strangers, each with a correct checksum: refused in one line, at once.

Whoever alters a file can compute its checksum anew; so nothing that a header says is believed
further than the weights beside it reach.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from labkit.files import sha256
from minigpt import sample
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.saved import checkpoint
from minigpt.tokenizer import CharTokenizer

Tensors = dict[str, Tensor]
Header = dict[str, Any]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A good model file."""
    config = GPTConfig(n_layer=1, n_head=1, n_embd=4, context=6)
    model = GPT(config, CharTokenizer("\nabc"), torch.Generator().manual_seed(0))
    checkpoint.save_model(tmp_path / "good", model, {"data": "text.txt"})
    (tmp_path / "text.txt").write_text("abc\n" * 100)
    return tmp_path / "good"


def forged(path: Path, copy: Path, change: Callable[[Tensors, Header], object]) -> Path:
    """A copy of a checkpoint with other weights or another header, and a correct checksum."""
    tensors, header = checkpoint.load(path)
    text = change(tensors, header)
    header_text = text if isinstance(text, str) else json.dumps(header)
    plain = {"checksum": "0" * 64, "header": header_text}
    blob = checkpoint.tensors_to_bytes(tensors, metadata=plain)
    place = blob.index(b'"checksum":"') + len('"checksum":"')
    copy.write_bytes(blob[:place] + sha256(blob).encode() + blob[place + 64 :])
    return copy


def shape(**numbers: object) -> Callable[[Tensors, Header], object]:
    """Another shape in the header."""
    return lambda _, header: header["model"].update(numbers)


def with_header(**values: object) -> Callable[[Tensors, Header], object]:
    """Other entries in the header."""
    return lambda _, header: header.update(values)


def with_weights(change: Callable[[Tensor], Tensor]) -> Callable[[Tensors, Header], object]:
    """Other weights in one matrix."""
    name = "blocks.0.mlp.widen.weight"
    return lambda tensors, _: tensors.update({name: change(tensors[name])})


FORGERIES: dict[str, tuple[Callable[[Tensors, Header], object], str]] = {
    "no record": (lambda _, header: header.pop("record"), "has no 'record'"),
    "a record that is no object": (with_header(record=[1]), "record"),
    "a text's name that is a number": (with_header(record={"data": 5}), "data cannot be '5'"),
    "nested": (lambda *_: '{"format": 1, "a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested"),
    "a list": (lambda *_: "[1]", "no JSON object"),
    "a million layers": (shape(n_layer=10**6), "1000000 layers of width 4"),
    "layers enough for the weights": (shape(n_layer=2), "layers of width 4"),
    "layers beyond every word": (shape(n_layer=10**40), "layers of width 4"),
    "a billion heads": (shape(n_head=10**9), "multiple of n_head"),
    "heads beyond every float": (shape(n_head=10**400), "multiple of n_head"),
    "wide": (shape(n_embd=10**6), "layers of width 1000000"),
    "a billion positions": (shape(context=10**9), "at most 16,384"),
    "learned positions": (shape(context=16_000, position="learned"), "embed_position"),
    "a fraction of a layer": (shape(n_layer=1.0), "n_layer cannot be 1.0"),
    "layers in words": (shape(n_layer="many"), "n_layer cannot be 'many'"),
    "an unknown norm": (shape(norm="none of ours"), "norm cannot be"),
    "dropout": (shape(dropout=float("nan")), "dropout is a share"),
    "an alphabet of numbers": (with_header(characters=[1, 2, 3, 4]), "characters cannot be"),
    "an alphabet that repeats": (with_header(characters="aabc"), "every character once"),
    "whole numbers": (with_weights(lambda w: w.to(torch.int32)), "int32 [16, 4] where float32"),
    "half numbers": (with_weights(lambda w: w.half()), "float16 [16, 4] where float32 [16, 4]"),
    "transposed": (with_weights(lambda w: w.T.contiguous()), "float32 [4, 16] where float32"),
    "nan": (with_weights(lambda w: w.fill_(torch.nan)), "nan or inf"),
    "inf": (with_weights(lambda w: w.fill_(torch.inf)), "nan or inf"),
    "a matrix too many": (lambda t, _: t.update(more=torch.ones(1)), "more is not part of it"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_model_is_refused_in_one_line(saved: Path, tmp_path: Path, name: str) -> None:
    change, words = FORGERIES[name]
    made: list[object] = []
    built = GPT.__init__

    def counting(self: GPT, *args: Any, **more: Any) -> None:
        made.append(self)
        built(self, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GPT, "__init__", counting)
        with pytest.raises(ValueError, match="forged") as caught:
            checkpoint.load_model(forged(saved, tmp_path / "forged", change))
    assert words in str(caught.value)
    assert len(str(caught.value)) < 1000
    if name in ("a million layers", "a billion heads", "a billion positions", "wide"):
        assert not made  # it was refused before anything was built


def test_the_forger_is_not_at_fault(saved: Path, tmp_path: Path) -> None:
    model, record = checkpoint.load_model(forged(saved, tmp_path / "copy", lambda *_: None))
    assert record == {"data": "text.txt"}
    assert model.config.n_layer == 1


@pytest.mark.parametrize("command", ["sample", "evaluate", "compress", "train"])
@pytest.mark.parametrize("name", ["nan", "inf", "a million layers", "no record", "whole numbers"])
def test_commands_refuse_forged_models(call: Any, saved: Path, command: str, name: str) -> None:
    path = str(forged(saved, saved.with_name("forged"), FORGERIES[name][0]))
    args = {
        "sample": [path, "--length", "20"],
        "evaluate": [path, "--data", "text.txt", "--sample", "0"],
        "compress": [path, "text.txt", "-o", "out.mgz"],
        "train": ["--init", path, "--data", "text.txt", "--threads", "1", "--precision", "fp32"],
    }[command]
    code, out, err = call(command, *args)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert FORGERIES[name][1] in err


@pytest.mark.parametrize("command", ["sample", "evaluate"])
def test_weights_that_are_numbers_and_predict_none(call: Any, saved: Path, command: str) -> None:
    def huge(tensors: Tensors, _: Header) -> None:
        for tensor in tensors.values():
            tensor.fill_(3e38)

    path = str(forged(saved, saved.with_name("forged"), huge))
    more = ["--length", "20"] if command == "sample" else ["--data", "text.txt", "--sample", "0"]
    code, out, err = call(command, path, *more)
    assert (code, out.strip()) == (2, "")
    assert err.count("\n") == 1
    assert "predicts no probabilities" in err


def test_shaping_refuses_what_is_no_number() -> None:
    for bad in (torch.nan, torch.inf):
        for temperature in (0.0, 1.0):
            with pytest.raises(ValueError, match="predicts no probabilities"):
                sample.shape(torch.tensor([[0.0, bad]]).numpy(), temperature=temperature)


LAST: dict[str, tuple[Callable[[Tensors, Header], object], str]] = {
    "no step": (lambda _, header: header.pop("step"), "no 'step'"),
    "a step in words": (with_header(step="last"), "step cannot be"),
    "a step before the first": (with_header(step=-1), "step cannot be"),
    "a step beyond every number": (with_header(step=2**70), "step cannot be"),
    "seconds": (with_header(seconds=float("inf")), "'inf' is not a number"),
    "losses": (with_header(recent=["low"]), "'low' is not a number"),
    "the best": (with_header(best="all"), "'all' is not a number"),
    "no generator": (lambda t, _: t.pop("windows"), "no 'windows'"),
    "a generator of floats": (lambda t, _: t.update(windows=torch.ones(9)), "does not fit"),
    "whole numbers": (
        lambda t, _: t.update({"model.head.weight": t["model.head.weight"].to(torch.int32)}),
        "head.weight is int32",
    ),
    "best weights that are none": (
        lambda t, _: t["best.head.weight"].fill_(torch.nan),
        "head.weight holds nan or inf",
    ),
    "momentum of another shape": (
        lambda t, _: t.update({"optimizer.0.0.momentum": torch.ones(3)}),
        "0.momentum is float32 [3]",
    ),
    "no second moments": (lambda t, _: t.pop("optimizer.1.0.exp_avg_sq"), "is missing"),
    "a parameter too many": (
        lambda t, _: t.update({"optimizer.1.1000000.step": torch.ones(())}),
        "is not part of it",
    ),
}


@pytest.mark.parametrize("name", LAST)
def test_a_forged_state_to_go_on_with_is_refused(
    call: Any, tiny_run: Path, tmp_path: Path, name: str
) -> None:
    change, words = LAST[name]
    run = tmp_path / "run"
    run.mkdir()
    for file in ("config.json", "metrics.jsonl", "model.safetensors"):
        (run / file).write_bytes((tiny_run / file).read_bytes())
    forged(tiny_run / "last.safetensors", run / "last.safetensors", change)
    code, _, err = call("train", "--resume", "--out", run)
    assert code == 2
    assert err.count("\n") == 1
    assert "last.safetensors" in err
    assert words in err


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("config.json", "[" * 100_000),
        ("config.json", '{"parameters": [1]}'),
        ("result.json", '{"steps": "many"}'),
        ("metrics.jsonl", '{"step": 1e400, "val_loss": null, "choose_loss": null}\n\n'),
        ("metrics.jsonl", '{"step": 1, "val_loss": "low", "choose_loss": null}\n\n'),
        ("metrics.jsonl", "[" * 100_000 + "\n\n"),
    ],
)
def test_a_forged_record_of_a_run_leaves_only_that_run_out(
    call: Any, tiny_run: Path, tmp_path: Path, file: str, text: str
) -> None:
    for name in ("good", "bad"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        for path in ("config.json", "metrics.jsonl"):
            (tmp_path / "runs" / name / path).write_bytes((tiny_run / path).read_bytes())
    (tmp_path / "runs" / "bad" / file).write_text(text)
    code, out, err = call("runs")
    assert code == 0
    assert "good" in out
    assert "bad" not in out
    assert err.startswith(f"left out: {Path('runs') / 'bad'}: ")
    assert err.count("\n") == 1


def test_a_forged_result_is_one_line(call: Any, tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_bytes((tiny_run / "config.json").read_bytes())
    for text in ('{"val_loss": "low"}', "[1]", "[" * 100_000):
        (run / "result.json").write_text(text)
        code, _, err = call("train", "--resume", "--out", run)
        assert (code, err.count("\n")) == (2, 1)
        assert "result.json" in err


@pytest.mark.parametrize("alphabet", [5, None])
def test_a_forged_run_that_began_from_a_model(
    call: Any, tiny_run: Path, tmp_path: Path, alphabet: object
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    recorded = json.loads((tiny_run / "config.json").read_text())
    recorded |= {"init": "elsewhere", "init_characters": alphabet}
    (run / "config.json").write_text(json.dumps(recorded))
    (run / "last.safetensors").write_bytes((tiny_run / "last.safetensors").read_bytes())
    code, _, err = call("train", "--resume", "--out", run)
    assert (code, err.count("\n")) == (2, 1)
    assert "init_characters" in err
