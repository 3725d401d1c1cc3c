"""Caches of predictions from strangers: a manifest is believed as far as the files beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill import cache as caching
from distill import train
from minigpt import corpora
from minigpt.ngram import NGram
from minigpt.saved.runs import Run
from minigpt.tokenizer import CharTokenizer

TEXT = corpora.load("storyland:2000").text
TEACHER = NGram.fit(TEXT, order=3)
IDS = CharTokenizer.from_text(TEXT).encode(TEXT)[:400]
KINDS = ("dense", "topk", "sampled")


def made(folder: Path, kind: Any = "dense") -> Path:
    """A good cache."""
    caching.build(folder, TEACHER, IDS, caching.CacheConfig(kind=kind, context=16, k=3))
    return folder


@pytest.mark.parametrize(
    "other",
    [
        {"windows": 2**62},
        {"windows": 2**64},
        {"windows": "many"},
        {"windows": -1},
        {"context": 2**70},
        {"context": 1.5},
        {"characters": 2**62, "windows": 2**58 - 1},
        {"done": 10**9},
        {"done": -3},
        {"done": None},
        {"k": 2**64},
        {"alphabet": ["a", "b"]},
        {"alphabet": "aab"},
        {"alphabet": TEXT[:1]},
        {"kind": "huge"},
        {"kind": ["dense"]},
        {"stride": 2**70},
        {"teacher": 5},
        {"flux": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_manifest_is_refused_in_one_line(
    tmp_path: Path, kind: str, other: dict[str, object]
) -> None:
    if kind == "dense" and other.keys() == {"k"}:
        pytest.skip("a dense cache has no k")
    if kind == "sampled" and other.get("alphabet") == TEXT[:1]:
        other = {"alphabet": "".join(map(chr, range(300)))}  # what is drawn then takes two bytes
    folder = made(tmp_path / "cache", kind)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, **other}))
    with pytest.raises(ValueError, match="cache"):
        caching.Cache(folder).read(np.array([0]))
    with pytest.raises(ValueError, match="cache"):
        made(folder, kind)


@pytest.mark.parametrize("text", ["[" * 100_000, "[1]", "{}", '{"format": 1}', ""])
def test_what_is_no_manifest(tmp_path: Path, text: str) -> None:
    folder = made(tmp_path / "cache")
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=r"manifest\.json"):
        caching.Cache(folder)


@pytest.mark.parametrize(
    ("kind", "file", "value"),
    [
        ("dense", "logprobs.bin", b"\xff\x7f"),  # nan
        ("topk", "ids.bin", b"\xff\xff"),
        ("topk", "weights.bin", b"\x00\x7c"),  # inf
        ("sampled", "ids.bin", b"\xff\xff"),
        ("sampled", "entropy.bin", b"\xff\x7f"),
    ],
)
def test_what_cannot_be_a_prediction(tmp_path: Path, kind: str, file: str, value: bytes) -> None:
    path = made(tmp_path / "cache", kind) / file
    path.write_bytes(value * (path.stat().st_size // 2))
    with pytest.raises(ValueError, match="cache holds"):
        caching.Cache(tmp_path / "cache").read(np.array([0]))


def test_steps_that_a_forged_record_says(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for student, steps in ((5, 7), ({}, 7), ({"steps": 30}, 30)):
        (tmp_path / "config.json").write_text(json.dumps({"student": student}))
        assert train._recorded_steps(run, 7) == steps
    for wrong in ("many", 1.5, True, None):
        (tmp_path / "config.json").write_text(json.dumps({"student": {"steps": wrong}}))
        with pytest.raises(ValueError, match=r"config\.json does not describe a run"):
            train._recorded_steps(run, 7)
