"""Checkpoints: nothing altered is loaded, nothing that runs is loaded, old models are extended."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from labkit.files import sha256
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.saved import checkpoint
from minigpt.settings import PRESETS
from minigpt.tokenizer import CharTokenizer

ALPHABET = CharTokenizer("\nabc")
SMALL = GPTConfig(n_layer=1, n_head=1, n_embd=4, context=6)


def randomised(config: GPTConfig = SMALL, tokenizer: CharTokenizer = ALPHABET) -> GPT:
    """A model with random weights everywhere."""
    model = GPT(config, tokenizer, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5, generator=generator)
    return model.eval()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model file of a few kilobytes."""
    checkpoint.save_model(tmp_path / "model.safetensors", randomised(), {"data": "x", "é": [1.5]})
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("preset", PRESETS)
def test_round_trip(tmp_path: Path, preset: str) -> None:
    config = replace(PRESETS[preset].model, n_layer=2, n_head=2, n_embd=8)  # type: ignore[index]
    model = randomised(config, CharTokenizer('\n"\\é中😀'))
    checkpoint.save_model(tmp_path / "m", model, {"data": "ü", "n": None})
    loaded, record = checkpoint.load_model(tmp_path / "m")
    assert record == {"data": "ü", "n": None}
    assert loaded.fingerprint == model.fingerprint
    assert loaded.tokenizer == model.tokenizer
    assert not loaded.training
    ids = np.random.default_rng(0).integers(0, 6, (2, 10))
    assert np.array_equal(loaded.logprobs(ids), model.logprobs(ids))


def test_all_kinds_of_tensors_come_back(tmp_path: Path) -> None:
    tensors = {
        "scalar": torch.tensor(3.5),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "bf16": torch.ones(2, 3, dtype=torch.bfloat16),
        "empty": torch.zeros(0, 3),
        "transposed": torch.arange(6.0).view(2, 3).T,
    }
    checkpoint.save(tmp_path / "t", tensors, {"note": 'a "checksum":"' + "0" * 64 + '"'})
    loaded, header = checkpoint.load(tmp_path / "t")
    assert header["note"] == 'a "checksum":"' + "0" * 64 + '"'
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor)


def test_a_thousand_flipped_bits_are_all_noticed(saved: Path, tmp_path: Path) -> None:
    # safetensors alone loads most such files without a word.
    good = saved.read_bytes()
    rng = np.random.default_rng(0)
    places = np.concatenate((np.arange(200), rng.integers(0, len(good), 800)))
    broken = tmp_path / "broken"
    for place, bit in zip(places, rng.integers(0, 8, len(places))):
        data = bytearray(good)
        data[place] ^= 1 << int(bit)
        broken.write_bytes(data)
        with pytest.raises(ValueError, match="broken"):
            checkpoint.load_model(broken)


def test_every_cut_is_noticed(saved: Path, tmp_path: Path) -> None:
    good = saved.read_bytes()
    cut = tmp_path / "cut"
    for length in [*range(0, 130), *range(130, len(good), 97), len(good) - 1]:
        cut.write_bytes(good[:length])
        with pytest.raises(ValueError, match="cut"):
            checkpoint.load_model(cut)
    cut.write_bytes(good + b"\0")
    with pytest.raises(ValueError, match="cut"):
        checkpoint.load_model(cut)


class Malice:
    """Unpickling this would leave a trace."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (Path.write_text, (Path("trace"), "ran"))


def signed(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a model file with another header and a correct checksum."""
    tensors, header = checkpoint.load(path)
    change(header)
    copy = path.with_name("changed")
    plain = {"checksum": "0" * 64, "header": json.dumps(header)}
    blob = checkpoint.tensors_to_bytes(tensors, metadata=plain)
    place = blob.index(b'"checksum":"') + len('"checksum":"')
    copy.write_bytes(blob[:place] + sha256(blob).encode() + blob[place + 64 :])
    return copy


def test_what_is_not_a_model(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = tmp_path / "wrong"
    torch.save(Malice(), tmp_path / "torch.pt")
    others = {
        "a pickle": pickle.dumps(Malice()),
        "torch's pickle": (tmp_path / "torch.pt").read_bytes(),
        "text": b"hello " * 100,
        "empty": b"",
        "safetensors without our header": checkpoint.tensors_to_bytes({"a": torch.ones(2)}),
        "a huge length": b"\xff" * 64,
    }
    for data in others.values():
        wrong.write_bytes(data)
        with pytest.raises(ValueError, match="wrong is not a minigpt checkpoint"):
            checkpoint.load_model(wrong)
    assert not Path("trace").exists()

    def other_format(header: dict[str, Any]) -> None:
        header["format"] = 99

    def other_shape(header: dict[str, Any]) -> None:
        header["model"]["n_embd"] = 8

    def unknown_field(header: dict[str, Any]) -> None:
        header["model"]["flux"] = 8

    def no_model(header: dict[str, Any]) -> None:
        del header["model"]

    def more_characters(header: dict[str, Any]) -> None:
        header["characters"] += "d"

    with pytest.raises(ValueError, match="has checkpoint format 99; this version reads 1"):
        checkpoint.load_model(signed(saved, other_format))
    for change in (other_shape, unknown_field, no_model, more_characters):
        with pytest.raises(ValueError, match="does not describe a model of this version"):
            checkpoint.load_model(signed(saved, change))
    checkpoint.load_model(signed(saved, lambda header: None))  # the copy itself is not at fault
    with pytest.raises(ValueError, match="no model at"):
        checkpoint.load_model(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="no model at"):
        checkpoint.load_model(tmp_path / "folder")


@pytest.mark.parametrize("command", ["sample", "evaluate", "compress", "train"])
@pytest.mark.parametrize("kind", ["flipped", "missing", "pickle"])
def test_commands_refuse_in_one_line(
    call: Any, saved: Path, tmp_path: Path, command: str, kind: str
) -> None:
    if kind == "flipped":
        data = bytearray(saved.read_bytes())
        data[-3] ^= 4
        saved.write_bytes(data)
    elif kind == "missing":
        saved.unlink()
    else:
        saved.write_bytes(pickle.dumps(Malice()))
    (tmp_path / "text.txt").write_text("abc\n" * 100)
    before = sorted(p.name for p in tmp_path.rglob("*"))
    args = {
        "sample": [saved],
        "evaluate": [saved],
        "compress": [saved, "text.txt", "-o", "out.mgz"],
        "train": ["--init", saved, "--data", "text.txt", "--threads", "1", "--precision", "fp32"],
    }[command]
    code, _, err = call(command, *args)
    assert code == 2
    assert err.count("\n") == 1
    assert saved.name in err
    assert sorted(p.name for p in tmp_path.rglob("*")) == before  # nothing half written
    assert "trace" not in before


@pytest.mark.parametrize(
    "config",
    [SMALL, replace(SMALL, bigram=False), replace(SMALL, tie_embeddings=True, position="learned")],
)
def test_extending_the_alphabet_keeps_every_old_logit(config: GPTConfig) -> None:
    """On old text the scores of old characters are the same; only new columns come to them."""
    old = randomised(config)
    wider = ALPHABET.extended("xyz! abc")
    assert wider.characters == "\nabc !xyz"
    new = checkpoint.extend_alphabet(old, wider)
    ids = torch.from_numpy(np.random.default_rng(0).integers(0, 4, (5, 6)))
    with torch.no_grad():
        before, after = old(ids), new(ids)
    torch.testing.assert_close(after[..., :4], before, rtol=1e-5, atol=1e-5)
    if not config.tie_embeddings:
        assert torch.equal(after[..., 4:], torch.zeros(5, 6, 5))  # new characters score 0
    assert torch.isfinite(new(torch.full((1, 6), 8))).all()  # and can be read
    assert asdict(new.config) == asdict(old.config)
    with pytest.raises(ValueError, match="begin with the old one"):
        checkpoint.extend_alphabet(old, CharTokenizer("abc\nx"))


def test_extending_beyond_the_table_of_pairs_keeps_the_rest() -> None:
    old = randomised()
    many = ALPHABET.extended("".join(map(chr, range(0x4E00, 0x4E00 + 300))))
    new = checkpoint.extend_alphabet(old, many)
    assert torch.equal(new.embed.weight[:4], old.embed.weight)
    assert torch.equal(new.head.weight[:4], old.head.weight)
    assert not new.embed_pair.weight.any()  # pairs share rows now, and are learned anew


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_model(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    with pytest.raises(ValueError, match="not an ordinary file"):
        checkpoint.load_model(tmp_path / "pipe")


def test_what_a_run_goes_on_with_is_no_model(tiny_run: Path) -> None:
    with pytest.raises(ValueError, match=r"its model is .*model\.safetensors"):
        checkpoint.load_model(tiny_run / "last.safetensors")


def test_a_model_from_before_a_field_has_what_all_models_had_then(tmp_path: Path) -> None:
    """Attention scores were not multiplied before `attention_scale`, nor is its default."""
    model = randomised(replace(PRESETS["default"].model, n_embd=12, attention_scale=1.0))
    checkpoint.save_model(tmp_path / "m", model, {})
    tensors, header = checkpoint.load(tmp_path / "m")
    del header["model"]["attention_scale"], header["format"]
    checkpoint.save(tmp_path / "old", tensors, header)
    loaded = checkpoint.load_model(tmp_path / "old")[0]
    assert loaded.config.attention_scale == 1.0
    assert loaded.fingerprint == model.fingerprint
