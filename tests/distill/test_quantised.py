"""Weights of few bits: closed forms, files that come back, and files that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from distill.cascades import quantised
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.saved import checkpoint

ALL_BITS = range(quantised.LEAST, quantised.MOST + 1)


@pytest.fixture
def model() -> GPT:
    config = GPTConfig(n_layer=1, n_head=1, n_embd=6, context=8, norm="layer", bias=True)
    net = GPT.fresh(config, "abcde", 0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.normal_(generator=torch.Generator().manual_seed(1))
    return net.eval()


@pytest.mark.parametrize("bits", ALL_BITS)
def test_a_row_of_whole_steps_comes_back_exactly(bits: int) -> None:
    """Closed form: multiples of one number up to m of them are their own rounding."""
    most = 2 ** (bits - 1) - 1
    steps = np.arange(-most, most + 1)
    scales, whole = quantised.quantise(np.stack([0.25 * steps, 4.0 * steps]), bits)
    assert scales.tolist() == [0.25, 4.0]
    assert (whole == steps).all()


@pytest.mark.parametrize("bits", ALL_BITS)
def test_the_mean_error_is_that_of_even_rounding(bits: int) -> None:
    """Closed form: within a step errors are uniform, so their mean square is scale^2 / 12, and
    none is larger than half a step."""
    weights = np.random.default_rng(0).uniform(-1, 1, (3, 40_000))
    weights[:, 0] = 1.0
    scales, whole = quantised.quantise(weights, bits)
    off = scales[:, None] * whole - weights
    assert np.abs(off).max() <= scales.max() / 2 + 1e-12
    assert (off**2).mean() == pytest.approx(scales[0] ** 2 / 12, rel=0.02)


@pytest.mark.parametrize("bits", ALL_BITS)
def test_packed_numbers_come_back_and_take_their_bits(bits: int) -> None:
    most = 2 ** (bits - 1) - 1
    whole = np.random.default_rng(bits).integers(-most, most + 1, (5, 7))
    packed = quantised.pack(whole, bits)
    assert len(packed) == -(-35 * bits // 8)
    assert (quantised.unpack(packed, bits, (5, 7)) == whole).all()
    with pytest.raises(ValueError, match=f"{len(packed) - 1} bytes for 35 weights"):
        quantised.unpack(packed[:-1], bits, (5, 7))


@pytest.mark.parametrize("bits", ALL_BITS)
def test_a_file_loads_and_answers_as_the_rounded_model(
    bits: int, model: GPT, tmp_path: Path
) -> None:
    path = tmp_path / "small.safetensors"
    quantised.save(path, model, bits)
    back, ids = quantised.load(path), np.array([[0, 3, 1]])
    assert (back.logprobs(ids) == quantised.rounded(model, bits).logprobs(ids)).all()
    assert back.blocks[0].norm_1.weight.equal(model.blocks[0].norm_1.weight)
    tensors, _ = checkpoint.load(path)
    held = sum(t.numel() * t.element_size() for t in tensors.values())
    assert quantised.size(model, bits) == held
    assert quantised.size(model) == 4 * model.size > held


def test_eight_bits_hardly_change_a_prediction_and_two_do(model: GPT) -> None:
    ids = np.array([[0, 3, 1]])
    off = [
        np.abs(quantised.rounded(model, bits).logprobs(ids) - model.logprobs(ids)).max()
        for bits in (8, 2)
    ]
    assert off[0] < 0.2 < off[1]


def test_what_is_no_such_model_is_refused(model: GPT, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    with pytest.raises(ValueError, match="2 to 8 bits here, got 1"):
        quantised.save(path, model, 1)
    checkpoint.save_model(path, model, {})
    with pytest.raises(ValueError, match="no model of few bits: its kind is 'model'"):
        quantised.load(path)
    quantised.save(path, model, 4)
    tensors, header = checkpoint.load(path)
    first = next(name for name in tensors if name + quantised.SCALE in tensors)
    scale = first + quantised.SCALE
    wide = {**header["model"], "n_embd": 4096, "n_layer": 900}
    for what, other_tensors, other_header in (
        ("its shape needs", tensors, {**header, "model": wide}),
        ("2 to 8 bits", tensors, {**header, "bits": 9}),
        ("bits is a whole number", tensors, {**header, "bits": "4"}),
        ("it has no 'bits'", tensors, {k: v for k, v in header.items() if k != "bits"}),
        (f"{first} is missing", {k: v for k, v in tensors.items() if k != first}, header),
        ("bytes for", {**tensors, first: tensors[first][:-1]}, header),
        ("scales for", {**tensors, scale: tensors[scale][:-1]}, header),
        ("nan or inf", {**tensors, scale: tensors[scale] / 0}, header),
        ("not bytes", {**tensors, first: tensors[first].float()}, header),
    ):
        checkpoint.save(path, other_tensors, {**other_header})
        with pytest.raises(ValueError, match=what) as refused:
            quantised.load(path)
        assert str(path) in str(refused.value)
