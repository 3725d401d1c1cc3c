"""Cascades and on-policy distillation: their ends, their measures, what they refuse."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from distill import cascade, losses
from distill.onpolicy import OnPolicy, OnPolicyConfig, write
from labkit import command
from minigpt import corpora
from minigpt.loop import Batch, draw_windows, next_char_loss
from minigpt.model import GPT, GPTConfig
from minigpt.ngram import NGram
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer

CORPUS = corpora.load("storyland:20000")
TOKENIZER = CharTokenizer.from_text(CORPUS.text)
TEXTS = cascade.streams(TOKENIZER.encode(CORPUS.judge), 8, 40)
SMALL = NGram.fit(CORPUS.train, TOKENIZER, 2)
LARGE = NGram.fit(CORPUS.train, TOKENIZER, 6)
TRUTH = StorylandModel(smoothing=1e-3)


def gpt(seed: int = 0) -> GPT:
    shape = GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32)
    model = GPT(shape, TOKENIZER, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p += 0.1 * torch.randn(p.shape, generator=generator)
    return model


@pytest.mark.parametrize("rule", ["entropy", "margin", "random"])
def test_the_ends_are_the_models_alone(rule: cascade.Rule) -> None:
    small, large = cascade.run([SMALL], [], TEXTS), cascade.run([LARGE], [], TEXTS)
    never = cascade.run([SMALL, LARGE], [1.0], TEXTS, rule=rule)
    always = cascade.run([SMALL, LARGE], [0.0], TEXTS, rule=rule)
    assert never.nats == pytest.approx(small.nats, rel=1e-6)
    assert always.nats == pytest.approx(large.nats, rel=1e-6)
    assert never.asked == [1.0, 0.0]
    assert always.asked == [1.0, 1.0]


def test_a_long_cascade_ends_at_its_last() -> None:
    truth = cascade.run([TRUTH], [], TEXTS).nats
    always = cascade.run([SMALL, LARGE, TRUTH], [0.0, 0.0], TEXTS, reread=10_000)
    assert always.nats == pytest.approx(truth, rel=1e-5)


class Chain:
    """A source over two characters that remembers one: rows of probabilities."""

    tokenizer, context = CharTokenizer("ab"), None

    def __init__(self, rows: list[list[float]]) -> None:
        self.rows = np.log(np.array(rows)).astype(np.float32)

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        return self.rows[ids]

    def start(self, ids: np.ndarray) -> tuple[None, np.ndarray]:
        return None, self.rows[ids[:, -1]]

    def step(self, state: None, ids: np.ndarray) -> np.ndarray:
        return self.rows[ids]


def test_asking_where_unsure_beats_asking_by_lot() -> None:
    """The small model knows what follows a, and nothing of what follows b, which half are.

    Asked where it is unsure, the large one (the source) mends all of it; by lot, half of it.
    """
    truth, small = Chain([[0.1, 0.9], [0.9, 0.1]]), Chain([[0.1, 0.9], [0.5, 0.5]])
    rng, ids = np.random.default_rng(0), [0]
    for luck in rng.random(6000):
        ids.append(int(luck > np.exp(truth.rows[ids[-1], 0])))
    text = np.array(ids)
    points = cascade.ladder(
        [("small", small), ("large", truth)], text[:3000], text[3000:], shares=(0.4,)
    )
    named = {p.name.rpartition(", ")[2].split()[0]: p for p in points}
    best, alone = points[1].nats, points[0].nats
    for rule in ("entropy", "margin", "learned"):
        assert named[rule].nats == pytest.approx(best, abs=1e-3)
    share = (alone - named["random"].nats) / (alone - best)
    assert 0.2 < share < 0.6  # 0.4 expected; 2048 places, more than 5 standard deviations
    assert any(p.on_hull for p in points)


def test_unsureness_runs_from_0_to_1() -> None:
    with np.errstate(divide="ignore"):
        sure, even = np.log([[1.0, 0.0, 0.0]]), np.log([[1 / 3] * 3])
    for rule in ("entropy", "margin"):
        assert cascade.unsureness(sure, rule)[0] == pytest.approx(0)
        assert cascade.unsureness(even, rule)[0] == pytest.approx(1)
    with pytest.raises(ValueError, match="weights"):
        cascade.unsureness(even, "learned")


def test_what_is_no_cascade() -> None:
    with pytest.raises(ValueError, match="1 thresholds"):
        cascade.run([SMALL, LARGE], [], TEXTS)
    with pytest.raises(ValueError, match="from 0"):
        cascade.run([SMALL, LARGE], [1.5], TEXTS)
    with pytest.raises(ValueError, match="alphabets"):
        cascade.run([SMALL, NGram.fit("abc")], [0.5], TEXTS)
    with pytest.raises(ValueError, match="a stream needs"):
        cascade.streams(np.zeros(10, int), 2, 40)


def test_the_command(capsys: pytest.CaptureFixture) -> None:
    args = ["--models", "ngram,ngram", "--data", "storyland:20000", "--streams", "4", "--json"]
    with pytest.raises(SystemExit) as stop:
        command.run(cascade.main, cascade.Command, prog=cascade.PROG, args=args)
    assert stop.value.code == 0
    assert json.loads(capsys.readouterr().out)["cheapest"]
    with pytest.raises(SystemExit) as stop:
        command.run(cascade.main, cascade.Command, prog=cascade.PROG, args=["--models", "nowhere"])
    assert stop.value.code == 2


# On-policy.


def batch(n: int = 4) -> Batch:
    ids = torch.from_numpy(TOKENIZER.encode(CORPUS.train))
    return draw_windows(ids, 32, n, torch.Generator().manual_seed(0))


def test_the_student_writes_after_the_prompt() -> None:
    real = batch().ids.numpy()
    own = write(gpt(), real, 5, np.random.default_rng(0))
    assert own.shape == real.shape
    np.testing.assert_array_equal(own[:, :5], real[:, :5])
    assert (own[:, 5:] != real[:, 5:]).any()


def test_at_share_0_it_is_plain_distillation() -> None:
    model, windows = gpt(), batch()
    loss = OnPolicy(model, TRUTH, OnPolicyConfig(share=0, alpha=0.7))(model, windows)
    told = torch.from_numpy(TRUTH.logprobs(windows.ids.numpy())).flatten(0, 1)
    kl = losses.kd(model(windows.ids).flatten(0, 1), told)
    right = losses.mix(next_char_loss(model, windows), kl, 0.7)
    torch.testing.assert_close(loss, right)


def test_no_gradient_flows_through_the_writing() -> None:
    """The gradient is that of the same windows, had they been given as text."""
    model, windows = gpt(), batch()
    config = OnPolicyConfig(share=1.0, prompt=4, seed=3)
    OnPolicy(model, TRUTH, config)(model, windows).backward()
    found = torch.cat([p.grad.flatten() for p in model.parameters()])
    fixed, own = gpt(), write(gpt(), windows.ids.numpy(), 4, np.random.default_rng(3))
    mask = torch.ones(own.shape, dtype=torch.bool)
    mask[:, :3] = False
    told = torch.from_numpy(TRUTH.logprobs(own)).flatten(0, 1)
    losses.kd(fixed(torch.from_numpy(own)).flatten(0, 1), told, mask=mask.flatten()).backward()
    right = torch.cat([p.grad.flatten() for p in fixed.parameters()])
    torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-6)


def test_on_policy_refuses() -> None:
    model = gpt()
    with pytest.raises(ValueError, match="is the student"):
        OnPolicy(model, model)
    with pytest.raises(ValueError, match="share"):
        OnPolicyConfig(share=2)
    with pytest.raises(ValueError, match="prompt"):
        OnPolicyConfig(prompt=0)
