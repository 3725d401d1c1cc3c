"""One seed, three streams; and runs saved before that was so go on as they began."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from minigpt import corpora, seeds
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.optim import Muon
from minigpt.saved import checkpoint, runs
from minigpt.saved.state import State
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train import loop
from minigpt.train.loop import train

SAVED = Path(__file__).with_name("rules1")
"""Written by the code before rules 2: `last.safetensors` and `metrics.jsonl` of a run of CONFIG
killed after step 7, and `end.safetensors`, what an uninterrupted run ended with."""
CONFIG = TrainConfig(
    data="storyland:5000",
    steps=17,
    batch_size=4,
    warmup=2,
    grad_clip=0.05,
    save_seconds=0,
    seed=3,
    threads=1,
    precision="fp32",
    device="cpu",
    model=GPTConfig(n_layer=1, n_head=1, n_embd=8, context=8, dropout=0.2, bigram=False),
)


def test_a_run_saved_by_rules_1_ends_as_it_would_have(tmp_path: Path) -> None:
    """Windows, dropout, clipping of all gradients and nine looks: all decide these weights.

    The generators end in the same state to the last bit; the weights do on the processor that
    wrote them, and another rounds otherwise.
    """
    folder = tmp_path / "run"
    shutil.copytree(SAVED, folder)
    wanted, _ = checkpoint.load(folder / "end.safetensors")
    result = train(CONFIG, corpora.load("storyland:5000"), run=runs.Run(folder), resume=True)
    found, header = checkpoint.load(folder / "last.safetensors")
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert torch.allclose(found[name].double(), tensor.double(), rtol=0, atol=1e-5), name
    assert torch.equal(found["windows"], wanted["windows"])
    looks = [line["step"] for line in result.metrics if line["choose_loss"] is not None]
    assert looks == [2, 4, 6, 8, 10, 12, 14, 16, 17]
    assert header["rules"] == 1  # also after the next stop


def test_a_run_of_rules_to_come_is_refused(tmp_path: Path) -> None:
    tensors, header = checkpoint.load(SAVED / "last.safetensors")
    checkpoint.save(tmp_path / "last.safetensors", tensors, {**header, "rules": 4})
    corpus = corpora.load("storyland:5000")
    with pytest.raises(ValueError, match="rules 4, unknown to this version"):
        train(CONFIG, corpus, run=runs.Run(tmp_path), resume=True)


def test_no_two_streams_of_neighbouring_seeds_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    class Watched(GPT):
        def __init__(self, config: Any, tokenizer: Any, generator: torch.Generator) -> None:
            begun.append(generator.initial_seed())
            super().__init__(config, tokenizer, generator)

    def windows(*arguments: Any, **keywords: Any) -> Any:
        begun.append(arguments[3].initial_seed())
        begun.append(torch.initial_seed())  # of dropout
        return draw(*arguments, **keywords)

    draw = loop.draw_windows
    monkeypatch.setattr(loop, "GPT", Watched)
    monkeypatch.setattr(loop, "draw_windows", windows)
    corpus = corpora.load("storyland:5000")
    for seed in range(5):
        train(replace(CONFIG, seed=seed, steps=1), corpus)
    assert len(begun) == len(set(begun)) == 15
    assert begun[:3] == [seeds.stream(0, "weights"), seeds.stream(0, "windows"), begun[2]]
    ranks = {seeds.stream(0, "dropout", rank) for rank in range(9)}
    assert len(ranks) == 9
    assert begun[2] in ranks


def test_clipping_clips_what_its_help_says() -> None:
    """The joint norm of AdamW's gradients; what Muon takes counts for nothing and stays."""
    corpus = corpora.load("storyland:5000")

    def loss(model: Any, batch: Any) -> torch.Tensor:
        return 1e3 * loop.next_char_loss(model, batch)

    for optimizer in ("muon", "adamw"):
        config = replace(CONFIG, optimizer=optimizer, grad_clip=0.5, steps=3)
        alphabet = CharTokenizer.from_text(corpus.text)
        model = GPT(config.model, alphabet, seeds.generator(0, "weights"))
        state = State(config, model)
        made = loop._Loop(config, corpus, state, loop.choose("cpu", "fp32", 1), loss, None, None)
        norms: dict[str, float] = {}

        def step(optimizers: Any = state.optimizers, norms: dict[str, float] = norms) -> None:
            for o in optimizers:
                taken = [p.grad.norm() for g in o.param_groups for p in g["params"]]
                norms[type(o).__name__] = float(torch.stack(taken).norm())

        state.optimizers[0].register_step_pre_hook(lambda *_, step=step: step())
        for _ in range(3):  # the head begins at zero, and with it what the blocks are told
            made.one_step()
        assert norms["AdamW"] == pytest.approx(0.5, rel=1e-3)
        if optimizer == "muon":
            assert isinstance(state.optimizers[0], Muon)
            assert norms["Muon"] > 5
