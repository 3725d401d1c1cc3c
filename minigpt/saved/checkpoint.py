"""One file per model: weights and a JSON header, with a checksum over every byte.

Idea:   safetensors holds tensors and nothing that could run. It has no checksum, and a file with a
        flipped bit loads without complaint; so the header carries the SHA-256 of the whole file,
        computed with zeros in the checksum's place.
Source: the safetensors format, https://github.com/huggingface/safetensors
Run:    used by every command that takes RUN
Omits:  pickle. Loading a model must not be able to run a program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor

from labkit import files
from labkit.typed import typed
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

FORMAT = 1
_ZEROS = "0" * 64
_PLACE = re.compile(rb'"checksum":"([0-9a-f]{64})"')


def save(path: str | Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Write tensors and a JSON-able header, atomically. OSError if the file cannot be written."""
    record = json.dumps({"format": FORMAT, **header}, ensure_ascii=True, sort_keys=True)
    # Tied weights are one tensor with two names, which safetensors refuses: copy them.
    plain = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    blob = tensors_to_bytes(plain, metadata={"checksum": _ZEROS, "header": record})
    start = blob.index(f'"checksum":"{_ZEROS}"'.encode()) + len('"checksum":"')
    checksum = files.sha256(blob).encode()
    files.write_bytes(path, blob[:start] + checksum + blob[start + 64 :])


def load(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors (on the CPU) and header of a file that `save` wrote.

    ValueError, naming the file, if it is not one, is truncated, altered, or of a version that this
    one does not read.
    """
    path = Path(path)
    if path.exists() and not path.is_file():  # reading a pipe would never end
        raise ValueError(f"{path} is not an ordinary file; name a run's folder or a model's file")
    blob = path.read_bytes()
    length = int.from_bytes(blob[:8], "little")
    place = _PLACE.search(blob, 8, min(len(blob), 8 + length)) if len(blob) > 8 else None
    if place is None:
        raise ValueError(f"{path} is not a minigpt checkpoint (no checksum in its header)")
    start = place.start(1)
    if files.sha256(blob[:start] + _ZEROS.encode() + blob[start + 64 :]) != place[1].decode():
        raise ValueError(f"{path} is damaged: its checksum does not match; copy or train it again")
    try:
        tensors = tensors_from_bytes(blob)
        written = files.parse_json(blob[8 : 8 + length])["__metadata__"]["header"]
        header = files.parse_json(written)
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is not a minigpt checkpoint: {error}") from None
    if not isinstance(header, dict):
        raise ValueError(f"{path} is not a minigpt checkpoint: its header is no JSON object")
    if header.get("format") != FORMAT:
        raise ValueError(
            f"{path} has checkpoint format {header.get('format')}; this version reads {FORMAT}"
        )
    return tensors, header


def save_model(path: str | Path, model: GPT, record: dict[str, Any]) -> None:
    """Weights, shape and alphabet of `model`, and a `record` of how it was trained."""
    save_weights(path, model, model.state_dict(), record)


def save_weights(
    path: str | Path, model: GPT, weights: dict[str, Tensor], record: dict[str, Any]
) -> None:
    """Like `save_model`, with weights other than those that `model` holds now."""
    header = {
        "kind": "model",
        "model": asdict(model.config),
        "characters": model.tokenizer.characters,
        "record": record,
    }
    save(path, weights, header)


def load_model(path: str | Path) -> tuple[GPT, dict[str, Any]]:
    """The model in a file or in a run's folder (its best one), in eval mode, and its record.

    ValueError, naming the file, if there is none or it does not describe a model of this version.
    """
    path = Path(path)
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.exists():
        raise ValueError(f"no model at {file}; train one with: python -m minigpt.train")
    tensors, header = load(file)
    if header.get("kind") == "last":
        best = file.with_name("model.safetensors")
        raise ValueError(f"{file} is what a run needs to go on; its model is {best}")
    try:
        config = GPTConfig(**typed(GPTConfig, header["model"]))
        tokenizer = CharTokenizer(_text(header, "characters"))
        record = header["record"]
        if not isinstance(record, dict):
            raise TypeError(f"record cannot be {str(record)[:80]!r}")
        for name in ("data", "corpus", "corpus_sha256"):
            if name in record:
                _text(record, name)
        _check_size(config, tensors)
        model = GPT(config, tokenizer)
        check_weights(tensors, model.state_dict())
    except KeyError as error:
        raise ValueError(
            f"{file} does not describe a model of this version: it has no {error}"
        ) from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{file} does not describe a model of this version: {error}") from None
    model.load_state_dict(tensors)
    model.eval()
    return model, record


def check_weights(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """ValueError if names, shapes or types are not those wanted, or a number is nan or inf."""
    for name in sorted(found.keys() ^ wanted.keys()):
        raise ValueError(f"{name} is {'missing' if name in wanted else 'not part of it'}")
    for name, tensor in wanted.items():
        here = found[name]
        if here.shape != tensor.shape or here.dtype != tensor.dtype:
            raise ValueError(f"{name} is {_described(here)} where {_described(tensor)} belongs")
        if not torch.isfinite(here).all():
            raise ValueError(f"{name} holds nan or inf, with which nothing can be predicted")


def _described(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _text(record: Any, name: str) -> str:
    if not isinstance(record[name], str):
        raise TypeError(f"{name} cannot be {str(record[name])[:80]!r}")
    return record[name]


def _check_size(config: GPTConfig, tensors: dict[str, Tensor]) -> None:
    """ValueError if a claimed shape needs more weights than the file holds."""
    held = sum(tensor.numel() for tensor in tensors.values())
    needed = 12 * config.n_layer * config.n_embd**2  # attention and MLP, whatever the design
    if needed > held or 3 * config.n_layer > len(tensors):
        raise ValueError(
            f"{config.n_layer} layers of width {config.n_embd} have {needed} weights at least, "
            f"and the file holds {held}"
        )


def extend_alphabet(model: GPT, tokenizer: CharTokenizer) -> GPT:
    """The same model for an alphabet that begins with the model's own and continues.

    New characters start with a random embedding and score 0; known pairs of characters keep their
    vectors if both tables hold every pair, and are learned anew if pairs share rows.
    """
    old, new = model.tokenizer, tokenizer
    if not new.characters.startswith(old.characters):
        raise ValueError("an extended alphabet must begin with the old one, in the same order")
    wider = GPT(model.config, new, torch.Generator().manual_seed(0))
    weights = wider.state_dict()
    for name, tensor in model.state_dict().items():
        if name in ("embed.weight", "head.weight"):
            weights[name][: len(old)] = tensor
        elif name != "embed_pair.weight":
            weights[name] = tensor
        elif len(new) * (len(new) + 1) <= GPT.BIGRAM_ROWS:
            before, after = torch.arange(len(old) + 1), torch.arange(len(old))
            moved = torch.where(before == len(old), len(new), before)  # "nothing before" moves up
            rows = (moved[:, None] * len(new) + after).flatten()
            weights[name][rows] = tensor[: len(rows)]
    wider.load_state_dict(weights)
    return wider.eval()
