"""Device, precision and threads: what is asked for is taken, the rest is measured once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from minigpt import device
from minigpt.device import choose, cores, measure
from minigpt.layers import GPTConfig, attention_weights
from minigpt.model import GPT
from minigpt.settings import PRESETS, TrainConfig
from minigpt.train.loop import train

ON_CPU = pytest.mark.skipif(torch.cuda.is_available(), reason="auto takes the GPU here")
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


@pytest.fixture
def fake_times(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """A machine on which bf16 with two threads is fastest; counts its measurements."""
    counted: list[int] = []

    def times() -> dict[tuple[str, int], float]:
        counted.append(1)
        return {("bf16", 1): 0.03, ("fp32", 1): 0.02, ("bf16", 2): 0.01, ("fp32", 2): 0.04}

    monkeypatch.setattr(device, "measure", times)
    monkeypatch.setattr(device, "free_cores", lambda: 2)
    monkeypatch.setattr(device, "cores", lambda: 2)
    monkeypatch.setenv("MINIGPT_CACHE", str(tmp_path / "cache"))
    return counted


def test_what_is_asked_for_is_not_measured(fake_times: list[int]) -> None:
    found = choose("cpu", "fp32", 3)
    assert (found.device, found.precision, found.threads, found.why) == (
        *("cpu", "fp32", 3),
        "asked for",
    )
    assert fake_times == []


@pytest.mark.parametrize(
    ("precision", "threads", "expected"),
    [
        ("auto", None, ("bf16", 2)),
        ("fp32", None, ("fp32", 1)),
        ("bf16", None, ("bf16", 2)),
        ("auto", 1, ("fp32", 1)),
        ("auto", 2, ("bf16", 2)),
        ("auto", 7, ("bf16", 7)),  # never measured with so many
    ],
)
def test_the_fastest_of_what_is_left_open(
    fake_times: list[int], precision: Any, threads: int | None, expected: tuple[str, int]
) -> None:
    found = choose("cpu", precision, threads)
    assert (found.precision, found.threads) == expected


def test_measured_once_a_machine(
    fake_times: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose("cpu").why == "measured now"
    assert choose("cpu").why == "measured before on this machine"
    assert len(fake_times) == 1
    file = tmp_path / "cache" / "device.json"
    record = json.loads(file.read_text())
    file.write_text(json.dumps({**record, "machine": {**record["machine"], "torch": "1.0"}}))
    assert choose("cpu").why == "measured now"  # another torch is another machine
    for damaged in ("", "{", "[]", '{"machine": 3}', json.dumps({**record, "seconds": []})):
        file.write_text(damaged)
        assert choose("cpu").why == "measured now"
    file.unlink()
    monkeypatch.setattr(device, "free_cores", lambda: 1)
    assert choose("cpu").threads == 1  # beside a busy process, fewer threads
    assert choose("cpu", threads=2).threads == 2  # unless asked for
    assert not file.exists()  # a busy moment is not remembered


def test_a_cache_that_cannot_be_written_is_no_error(
    fake_times: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MINIGPT_CACHE", str(tmp_path / "file" / "below"))
    assert choose("cpu").precision == "bf16"


def test_as_many_threads_as_torch_would_take_and_as_are_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for own, free, fits in ((2, 1, 1), (2, 8, 2), (4, 3, 3)):
        torch.set_num_threads(own)
        monkeypatch.setattr(device, "free_cores", lambda free=free: free)
        assert device.free_threads() == fits
    torch.set_num_threads(1)
    monkeypatch.delattr(device, "free_cores")  # one thread needs no look at the others
    assert device.free_threads() == 1


def test_measure_tries_every_candidate_and_leaves_threads_alone() -> None:
    before = torch.get_num_threads()
    found = measure(budget=0.01)
    assert set(found) == {(p, t) for p in ("fp32", "bf16") for t in {1, cores()}}
    assert all(seconds > 0 for seconds in found.values())
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("threads", [0, -1, 10**9])
def test_threads_that_make_no_sense(threads: int) -> None:
    with pytest.raises(ValueError, match="threads"):
        choose("cpu", "fp32", threads)


@ON_CPU
def test_a_gpu_that_is_not_there(call: Any) -> None:
    with pytest.raises(ValueError, match="no CUDA device; use --device cpu"):
        choose("cuda")
    if not torch.backends.mps.is_available():
        with pytest.raises(ValueError, match="no MPS device; use --device cpu"):
            choose("mps")
    code, _, err = call("train", "--device", "cuda", "--data", "storyland:5000")
    assert (code, err.count("\n")) == (2, 1)


def test_a_model_that_no_memory_can_hold_is_refused() -> None:
    device.check_memory(PRESETS["gpu"].model, 64, 65)
    for model, batch in (
        (GPTConfig(n_embd=1_000_000), 1),
        (GPTConfig(n_layer=10**9), 1),
        (GPTConfig(), 10**9),
    ):
        with pytest.raises(ValueError, match="GB of memory at least"):
            device.check_memory(model, batch, 65)


@pytest.mark.gpu
@GPU
def test_a_training_step_on_the_gpu() -> None:
    from minigpt import corpora

    config = TrainConfig(
        steps=12,
        batch_size=8,
        device="cuda",
        precision="bf16",
        model=GPTConfig(n_layer=2, n_head=2, n_embd=64, context=64),
    )
    result = train(config, corpora.load("storyland:20000"))  # compiled
    assert result.runtime.device == "cuda"
    assert result.val_loss < 3.2
    assert all(line["train_loss"] == line["train_loss"] for line in result.metrics)  # no nan
    again = train(replace(config, precision="fp32"), corpora.load("storyland:20000"))
    assert again.val_loss == pytest.approx(result.val_loss, abs=0.1)


@pytest.mark.gpu
@GPU
def test_fused_attention_on_the_gpu_is_the_written_out_one() -> None:
    q, k, v = torch.randn(3, 2, 4, 64, 32, device="cuda", dtype=torch.float64)
    fused = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(attention_weights(q, k) @ v, fused)


@pytest.mark.gpu
@GPU
def test_the_gpu_computes_the_same_logits() -> None:
    from minigpt.tokenizer import CharTokenizer

    model = GPT(GPTConfig(zero_init=False), CharTokenizer("abcdefgh"))
    ids = torch.randint(0, 8, (3, 64))
    with torch.no_grad():
        here = model(ids)
        there = model.cuda()(ids.cuda()).cpu()
    torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-3)


def test_training_gives_torch_its_threads_back() -> None:
    """Also where it is stopped: a notebook does not stay at one thread after a lesson."""
    from minigpt import corpora

    before = torch.get_num_threads()
    config = TrainConfig(
        steps=2,
        threads=before + 1,
        precision="fp32",
        device="cpu",
        model=GPTConfig(n_layer=1, n_head=1, n_embd=8, context=8),
    )
    corpus, seen = corpora.load("storyland:5000"), list[int]()

    def stop(_: object) -> None:
        seen.append(torch.get_num_threads())
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        train(config, corpus, on_step=stop)
    assert torch.get_num_threads() == before
    assert train(config, corpus).runtime.threads == before + 1
    assert torch.get_num_threads() == before
    assert seen == [before + 1]
