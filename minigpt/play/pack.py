"""A model as bytes for the page: float16 or int8 numbers, the text to count, and a header.

Idea:   float16 keeps the loss to five digits; int8, a scale a row, halves the file again and moves
        single predictions a little. All low bytes come first and all high bytes after them, since
        gzip finds more that is alike there. Counting needs the training text itself, which is
        smaller than its counts.
Run:    used by minigpt.play
Omits:  int4, which costs 0.04 nats/char (a scale a row, the default run).

Tensors in `header["tensors"]` are in order; a matrix in int8 has its scales among the float16.
"""

from __future__ import annotations

import copy
import gzip
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import torch

from minigpt.layers import Attention, Block, CausalConvolution
from minigpt.mixture import Gate
from minigpt.model import GPT
from minigpt.ngram import DEFAULT_ORDER

Weights = Literal["auto", "fp16", "int8"]
MOST_HALF = 8_000_000
"""Numbers above which `auto` takes int8: as float16 they are some 20 MB in the page."""

LARGEST_HALF = 65_504.0


def pack(
    model: GPT,
    weights: Weights = "auto",
    *,
    counted: np.ndarray | None = None,
    shared: bool = False,
    order: int = DEFAULT_ORDER,
    gate: Gate | None = None,
) -> tuple[dict[str, Any], bytes]:
    """Header and bytes (gzip) of a model, of the text [T] (ids) that it learned, and of a gate.

    `shared`: the text is with the page's first model already, and left out here.
    ValueError if a layer is not one of `minigpt.layers`, or a weight does not fit into float16.
    """
    check(model)
    kind = choose(model, weights)
    tensors, halves, bytes_ = [], [], []
    for name, tensor in stored(model).items():
        numbers = tensor.cpu().numpy()
        small = kind == "int8" and numbers.ndim > 1
        if small:
            scales, rows = quantise(numbers)
            halves.append(scales)
            bytes_.append(rows.tobytes())
        else:
            halves.append(_halves(numbers.ravel()))
        tensors.append({"name": name, "shape": list(numbers.shape), "int8": small})
    flat = np.concatenate(halves)
    parts = [_planes(flat.view(np.uint16)), *bytes_]
    if counted is not None and not shared:
        wide = len(model.tokenizer) > 256
        parts.append(_planes(counted.astype(np.uint16)) if wide else counted.astype("u1").tobytes())
    header = {
        "config": asdict(model.config),
        "characters": list(model.tokenizer.characters),
        "tensors": tensors,
        "halves": len(flat),
        "counted": 0 if counted is None else len(counted),
        "shared": shared,
        "order": order,
        "gate": None if gate is None or counted is None else gate.record(),
    }
    return header, gzip.compress(b"".join(parts), 9, mtime=0)


def rounded(model: GPT, weights: Weights = "auto") -> GPT:
    """A copy of `model` with the weights that the page has: its predictions are the page's."""
    kind, other = choose(model, weights), copy.deepcopy(model)
    with torch.no_grad():
        for tensor in stored(other).values():
            numbers = tensor.cpu().numpy()
            if kind == "int8" and numbers.ndim > 1:
                scales, rows = quantise(numbers)
                back = rows.astype(np.float32) * scales.astype(np.float32)[:, None]
            else:
                back = _halves(numbers).astype(np.float32)
            tensor.copy_(torch.from_numpy(back.reshape(numbers.shape)))
    return other.eval()


def choose(model: GPT, weights: Weights) -> Literal["fp16", "int8"]:
    """The format that `weights` means for this model."""
    if weights == "auto":
        return "int8" if model.size > MOST_HALF else "fp16"
    return weights


def stored(model: GPT) -> dict[str, torch.Tensor]:
    """The model's weights by name; a tied matrix has one name."""
    tied = {"head.weight"} if model.config.tie_embeddings else set()
    return {name: t.detach() for name, t in model.state_dict().items() if name not in tied}


def check(model: GPT) -> None:
    """ValueError if a layer is of a class that the page cannot compute."""
    for block in model.blocks:
        mixing = type(getattr(block, "attention", None))
        if type(block) is not Block or mixing not in (Attention, CausalConvolution):
            raise ValueError(
                f"the page computes the layers of minigpt.layers, and this model has "
                f"{type(block).__name__} with {mixing.__name__}"
            )


def quantise(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scales [rows] in float16 and rows [rows, width] in int8, whose products are near `numbers`.

    >>> scales, rows = quantise(np.array([[1.0, -0.5], [0.0, 0.0]], np.float32))
    >>> (rows * scales[:, None]).round(2).tolist()
    [[1.0, -0.5], [0.0, 0.0]]
    """
    rows = numbers.reshape(-1, numbers.shape[-1])
    scales = _halves(np.abs(rows).max(1) / 127)
    scales = np.where(scales == 0, np.float16(1), scales)
    return scales, np.rint(rows / scales[:, None].astype(np.float32)).clip(-127, 127).astype("i1")


def _halves(numbers: np.ndarray) -> np.ndarray:
    if (largest := float(np.abs(numbers).max(initial=0))) > LARGEST_HALF:
        raise ValueError(
            f"a weight of {largest:.3g} does not fit into float16 (at most {LARGEST_HALF:,.0f}); "
            "train the model again with a lower rate"
        )
    return numbers.astype(np.float16)


def _planes(numbers: np.ndarray) -> bytes:
    """All low bytes of 16-bit numbers, then all high bytes."""
    return np.ascontiguousarray(numbers.astype("<u2").view("u1").reshape(-1, 2).T).tobytes()
