"""On-policy distillation: what the student writes, what is marked, and where gradients stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist

from distill import losses, onpolicy, views
from distill.cache import CacheConfig, build
from distill.distillation import distill
from distill.onpolicy import OnPolicy, luck, write
from distill.settings import DistillConfig
from minigpt import corpora
from minigpt.layers import GPTConfig
from minigpt.settings import TrainConfig
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import Batch, draw_windows, next_char_loss

CORPUS = corpora.load("storyland:20000")
TOKENIZER = CharTokenizer.from_text(CORPUS.text)
TRUTH = StorylandModel(smoothing=1e-3)


def batch(n: int = 4) -> Batch:
    ids = torch.from_numpy(TOKENIZER.encode(CORPUS.train))
    return draw_windows(ids, 32, n, torch.Generator().manual_seed(0))


def test_the_student_writes_after_the_prompt(make_gpt: Callable) -> None:
    real = batch().ids.numpy()
    own = write(make_gpt(), real, 5, np.random.default_rng(0))
    assert own.shape == real.shape
    np.testing.assert_array_equal(own[:, :5], real[:, :5])
    assert (own[:, 5:] != real[:, 5:]).any()


def test_at_share_0_it_is_plain_distillation(make_gpt: Callable) -> None:
    model, windows = make_gpt(), batch()
    loss = OnPolicy(model, TRUTH, DistillConfig(on_policy=0, alpha=0.7))(model, windows)
    told = torch.from_numpy(TRUTH.logprobs(windows.ids.numpy())).flatten(0, 1)
    kl = losses.kd(model(windows.ids).flatten(0, 1), told)
    right = losses.mix(next_char_loss(model, windows), kl, 0.7)
    torch.testing.assert_close(loss, right)


def test_no_gradient_flows_through_the_writing(make_gpt: Callable) -> None:
    """The gradient is that of the same windows, had they been given as text."""
    model, windows = make_gpt(), batch()
    config = DistillConfig(on_policy=1.0, prompt=4, alpha=1.0)
    OnPolicy(model, TRUTH, config, seed=3)(model, windows).backward()
    found = torch.cat([p.grad.flatten() for p in model.parameters()])
    fixed, own = make_gpt(), write(make_gpt(), windows.ids.numpy(), 4, luck(3, process=0))
    mask = torch.ones(own.shape, dtype=torch.bool)
    mask[:, :3] = False
    told = torch.from_numpy(TRUTH.logprobs(own)).flatten(0, 1)
    losses.kd(fixed(torch.from_numpy(own)).flatten(0, 1), told, mask=mask.flatten()).backward()
    right = torch.cat([p.grad.flatten() for p in fixed.parameters()])
    torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-6)


def in_processes(monkeypatch: pytest.MonkeyPatch, rank: int, processes: int) -> None:
    """As if this were one process of several."""
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_rank", lambda: rank)
    monkeypatch.setattr(dist, "get_world_size", lambda: processes)


def test_each_process_draws_with_its_own_luck(
    make_gpt: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What two students with the same weights write after the same prompts, all in one batch."""
    wrote = []
    for rank in (0, 1):
        in_processes(monkeypatch, rank, 2)
        loss = OnPolicy(make_gpt(), TRUTH, DistillConfig(), seed=3)
        wrote.append(write(make_gpt(), batch().ids.numpy(), 4, loss.rng))
    assert (wrote[0] != wrote[1]).any()
    again = write(make_gpt(), batch().ids.numpy(), 4, luck(3, process=1))
    np.testing.assert_array_equal(wrote[1], again)


def backwards(_: object, real: np.ndarray, prompt: int, __: object) -> np.ndarray:
    """Stands for what the student writes: it depends on nothing but the window."""
    return np.concatenate([real[:, :prompt], real[:, : prompt - 1 : -1]], axis=1)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8, 1.0])
@pytest.mark.parametrize(("processes", "accumulate"), [(1, 2), (1, 8), (2, 1), (2, 4), (4, 2)])
def test_parts_and_processes_change_neither_share_nor_loss(
    make_gpt: Callable,
    monkeypatch: pytest.MonkeyPatch,
    share: float,
    processes: int,
    accumulate: int,
) -> None:
    """Eight windows, in parts as the loop makes them: gradients add up to those of the whole."""
    whole, model = batch(8), make_gpt()
    monkeypatch.setattr(onpolicy, "write", backwards)
    config = DistillConfig(on_policy=share, alpha=0.7, prompt=4)
    OnPolicy(model, TRUTH, config)(model, whole).backward()
    right = torch.cat([p.grad.flatten() for p in model.parameters()])
    model.zero_grad()
    for rank in range(processes):
        in_processes(monkeypatch, rank, processes)
        loss = OnPolicy(model, TRUTH, config, accumulate=accumulate)
        for rows in torch.arange(rank, 8, processes).chunk(accumulate):
            part = Batch(whole.ids[rows], whole.targets[rows], whole.starts[rows])
            (loss(model, part) / (processes * accumulate)).backward()
    found = torch.cat([p.grad.flatten() for p in model.parameters()])
    torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-6)


def test_distill_keeps_the_share_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of four windows in each of six steps, though each part holds a single one."""
    written = []

    def counted(*told: Any) -> np.ndarray:
        written.append(len(told[1]))
        return backwards(*told)

    monkeypatch.setattr(onpolicy, "write", counted)
    distill(replace(STUDENT, accumulate=4), TRUTH, CORPUS, DistillConfig(on_policy=0.5))
    assert sum(written) == 12


def test_on_policy_refuses(make_gpt: Callable) -> None:
    model = make_gpt()
    with pytest.raises(ValueError, match="is the student"):
        OnPolicy(model, model, DistillConfig())
    with pytest.raises(ValueError, match="on_policy is a share"):
        DistillConfig(on_policy=2)
    with pytest.raises(ValueError, match="prompt"):
        DistillConfig(prompt=0)
    with pytest.raises(ValueError, match="views"):
        OnPolicy(model, TRUTH, DistillConfig(student_view=views.masked(0.1)))
    with pytest.raises(ValueError, match="shorter than the student's context"):
        OnPolicy(model, TRUTH, DistillConfig(on_policy=0.5, prompt=model.context))


STUDENT = TrainConfig(
    steps=6,
    batch_size=4,
    device="cpu",
    precision="fp32",
    threads=1,
    model=GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32),
)


def test_distill_trains_the_model_that_writes() -> None:
    """With an on-policy share of next to nothing no window is the student's own: plain again."""
    plain = distill(STUDENT, TRUTH, CORPUS, DistillConfig(alpha=1.0))
    none = distill(STUDENT, TRUTH, CORPUS, DistillConfig(alpha=1.0, on_policy=0.01))
    half = distill(STUDENT, TRUTH, CORPUS, DistillConfig(alpha=1.0, on_policy=0.5))
    again = distill(STUDENT, TRUTH, CORPUS, DistillConfig(alpha=1.0, on_policy=0.5))
    assert none.judge_loss == pytest.approx(plain.judge_loss, rel=1e-5)
    assert half.judge_loss != plain.judge_loss
    assert half.judge_loss == again.judge_loss
    other = distill(replace(STUDENT, seed=1), TRUTH, CORPUS, DistillConfig(on_policy=0.5))
    assert other.judge_loss != half.judge_loss


def test_on_policy_needs_a_live_teacher(tmp_path) -> None:
    ids = TOKENIZER.encode(CORPUS.train)[:2000]
    cache = build(tmp_path / "c", TRUTH, ids, CacheConfig(context=32))
    with pytest.raises(ValueError, match="live teacher"):
        distill(STUDENT, None, CORPUS, DistillConfig(on_policy=0.5), cache=cache)
    with pytest.raises(ValueError, match="live teacher"):
        distill(STUDENT, TRUTH, CORPUS, DistillConfig(on_policy=0.5), mask=np.ones(18_000, bool))
