"""Weights of few bits: a smaller file for the same network, and what it forgets by that.

Idea:   a row of a matrix keeps one scale, and each of its weights becomes one of 2^(b-1) - 1 steps
        to either side of zero. With b bits a weight the file is 32 / b times as small. The
        network that comes back computes with the rounded weights in float32, so that it is as
        fast as before, not faster: that would take products of whole numbers.
Source: rounding to the nearest, symmetric, a scale a row: Jacob et al. 2018, arXiv:1712.05877;
        bits against weights at equal bytes: Dettmers & Zettlemoyer 2023, arXiv:2212.09720.
Run:    used by lesson 19
Omits:  training with rounded weights, activations of few bits, scales of a block.

Legend: R rows, C columns of a matrix, b bits.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from labkit.typed import typed
from minigpt.model import GPT, GPTConfig
from minigpt.saved import checkpoint
from minigpt.tokenizer import CharTokenizer

LEAST, MOST = 2, 8
"""Bits of a weight."""
SCALE = ".scale"
"""Ends the name of a matrix's scales in a file."""


def quantise(weights: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Scales [R] and whole numbers [R, C] from -m to m, m = 2^(bits - 1) - 1, whose products are
    near `weights` [R, C]: no farther than half a scale.

    A row's largest weight becomes m or -m. A row of zeros has scale 1.

    >>> scales, whole = quantise(np.array([[0.6, -0.15, 0.38], [0.0, 0.0, 0.0]]), 3)
    >>> whole.tolist(), scales.round(9).tolist()
    ([[3, -1, 2], [0, 0, 0]], [0.2, 1.0])
    """
    most = 2 ** (bits - 1) - 1
    scales = np.abs(weights).max(axis=1) / most
    scales = np.where(scales == 0, 1.0, scales)
    return scales, np.rint(weights / scales[:, None]).clip(-most, most).astype(np.int8)


def check(bits: int) -> None:
    """ValueError if a weight cannot have so many bits here."""
    if not LEAST <= bits <= MOST:
        raise ValueError(f"a weight has {LEAST} to {MOST} bits here, got {bits}")


def pack(whole: np.ndarray, bits: int) -> np.ndarray:
    """Whole numbers of any shape from -m to m in `bits` bits each, as bytes [N * bits / 8].

    >>> pack(np.array([[1, 0, -1, 1]], np.int8), 2)
    array([134], dtype=uint8)
    """
    raised = whole.astype(np.int64).ravel() + 2 ** (bits - 1) - 1  # from 0 to 2 m
    return np.packbits(raised[:, None] >> np.arange(bits) & 1, bitorder="little")


def unpack(packed: np.ndarray, bits: int, shape: tuple[int, int]) -> np.ndarray:
    """The whole numbers of `pack`, in a shape; ValueError if there are too few or many bytes."""
    count = math.prod(shape)
    if packed.ndim != 1 or len(packed) != -(-count * bits // 8):
        raise ValueError(f"{packed.size} bytes for {count} weights of {bits} bits")
    digits = np.unpackbits(packed, count=count * bits, bitorder="little").reshape(count, bits)
    raised = (digits.astype(np.int64) << np.arange(bits)).sum(axis=1)
    return (raised - 2 ** (bits - 1) + 1).reshape(shape)


def rounded(model: GPT, bits: int) -> GPT:
    """A copy of `model` whose matrices have `bits` bits a weight: what `load` gives back."""
    check(bits)
    other = copy.deepcopy(model)
    with torch.no_grad():
        for weight in other.parameters():
            if weight.dim() == 2:
                scales, whole = quantise(weight.numpy(), bits)
                weight.copy_(torch.from_numpy(_product(scales.astype(np.float32), whole)))
    return other.eval()


def _product(scales: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return (scales[:, None] * whole).astype(np.float32)


def size(model: GPT, bits: int | None = None) -> int:
    """Bytes of a model's weights and scales; without `bits` those of its float32 weights."""
    if bits is None:
        return 4 * model.size
    return sum(tensor.numel() * tensor.element_size() for _, tensor in _tensors(model, bits))


def _tensors(model: GPT, bits: int) -> Iterator[tuple[str, Tensor]]:
    """What a file holds: packed matrices, their scales, and other weights as they are."""
    check(bits)
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            scales, whole = quantise(weight.detach().numpy(), bits)
            yield name, torch.from_numpy(pack(whole, bits))
            yield name + SCALE, torch.from_numpy(scales.astype(np.float32))
        else:
            yield name, weight.detach()


def save(path: str | Path, model: GPT, bits: int) -> None:
    """Write a model with `bits` bits a weight, whole or not at all."""
    header = {
        "kind": "quantised",
        "bits": bits,
        "model": asdict(model.config),
        "characters": model.tokenizer.characters,
    }
    checkpoint.save(path, dict(_tensors(model, bits)), header)


def load(path: str | Path) -> GPT:
    """The model in a file that `save` wrote, with rounded weights in float32, in eval mode.

    ValueError, naming the file, if it is damaged, or does not describe such a model.
    """
    tensors, header = checkpoint.load(path)
    try:
        return _model(tensors, header)
    except (KeyError, TypeError, ValueError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{path} is no model of few bits: {why}") from None


def _model(tensors: dict[str, Tensor], header: dict[str, Any]) -> GPT:
    if header.get("kind") != "quantised":
        raise ValueError(f"its kind is {str(header.get('kind'))[:40]!r}")
    bits, characters = header["bits"], header["characters"]
    if type(bits) is not int or not isinstance(characters, str):
        raise TypeError("bits is a whole number and characters a text")
    check(bits)
    config = GPTConfig(**typed(GPTConfig, header["model"]))
    held = sum(tensor.numel() for tensor in tensors.values())
    needed = config.n_layer * config.n_embd**2 * 12 * bits // 8
    if needed > held or 3 * config.n_layer > len(tensors):
        raise ValueError(f"its shape needs {needed} bytes at least, and it holds {held}")
    model = GPT(config, CharTokenizer(characters))
    wanted = dict(model.named_parameters())
    names = {*wanted, *(name + SCALE for name, weight in wanted.items() if weight.dim() == 2)}
    for name in sorted(names ^ tensors.keys()):
        raise ValueError(f"{name} is {'missing' if name in names else 'not part of it'}")
    with torch.no_grad():
        for name, weight in wanted.items():
            weight.copy_(_weight(name, weight, tensors, bits))
    return model.eval()


def _weight(name: str, weight: Tensor, tensors: dict[str, Tensor], bits: int) -> Tensor:
    here = tensors[name]
    if weight.dim() == 2:
        scales = tensors[name + SCALE]
        if scales.shape != weight.shape[:1] or scales.dtype != torch.float32:
            raise ValueError(f"{name} has {list(scales.shape)} scales for {len(weight)} rows")
        if not torch.isfinite(scales).all():
            raise ValueError(f"{name} has a scale that is nan or inf")
        if here.dtype != torch.uint8:
            raise ValueError(f"{name} is {here.dtype}, not bytes")
        rows, columns = weight.shape
        here = torch.from_numpy(
            _product(scales.numpy(), unpack(here.numpy(), bits, (rows, columns)))
        )
    if here.shape != weight.shape or not torch.isfinite(here).all():
        raise ValueError(f"{name} does not fit, or holds nan or inf")
    return here
