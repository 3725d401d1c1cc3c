"""On-policy distillation: what the student writes, what is marked, and where gradients stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from distill import losses, views
from distill.cache import CacheConfig, build
from distill.onpolicy import OnPolicy, write
from distill.settings import DistillConfig
from distill.train import distill
from minigpt import corpora
from minigpt.loop import Batch, draw_windows, next_char_loss
from minigpt.model import GPTConfig
from minigpt.settings import TrainConfig
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer

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
    fixed, own = make_gpt(), write(make_gpt(), windows.ids.numpy(), 4, np.random.default_rng(3))
    mask = torch.ones(own.shape, dtype=torch.bool)
    mask[:, :3] = False
    told = torch.from_numpy(TRUTH.logprobs(own)).flatten(0, 1)
    losses.kd(fixed(torch.from_numpy(own)).flatten(0, 1), told, mask=mask.flatten()).backward()
    right = torch.cat([p.grad.flatten() for p in fixed.parameters()])
    torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-6)


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
