"""A Markov source whose answers are known exactly: Bayes loss, KL, and the bias of sparse targets.

The chain has three characters and remembers one. Its stationary shares, its entropy rate and the
KL of a wrong chain from it are sums of nine terms; everything in distill is held against them.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from distill import losses
from distill.cache import CacheConfig, build
from distill.comparison.metrics import divergence
from distill.distillation import Distillation
from distill.settings import DistillConfig
from minigpt.evaluate import score
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import Batch

SOURCE = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5]])
WRONG = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.2, 0.2, 0.6]])


def stationary(rows: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eig(rows.T)
    found = vectors[:, np.argmax(values.real)].real
    return found / found.sum()


SHARES = stationary(SOURCE)
BAYES = -float((SHARES[:, None] * SOURCE * np.log(SOURCE)).sum())
KL = float((SHARES[:, None] * SOURCE * np.log(SOURCE / WRONG)).sum())


@pytest.fixture(scope="module")
def source(chain: Any) -> Any:
    class Three(chain):
        tokenizer = CharTokenizer("abc")

        def write(self, length: int, seed: int = 0) -> np.ndarray:
            ids, ladder = [0], np.exp(self.rows).cumsum(-1)
            for luck in np.random.default_rng(seed).random(length - 1):
                ids.append(min(2, int((ladder[ids[-1]] < luck).sum())))
            return np.array(ids)

    return Three(SOURCE.tolist())


def test_the_shares_are_stationary() -> None:
    np.testing.assert_allclose(SHARES @ SOURCE, SHARES, atol=1e-12)


def test_bayes_loss_and_kl_on_a_long_text(source: Any) -> None:
    """40,000 characters: -ln p has standard deviation below 0.8, slow mixing doubles it at most;
    5 x 0.8 x 2 / 200 = 0.04. False alarms below 1e-5."""
    text, wrong = source.write(40_000), type(source)(WRONG.tolist())
    assert score(source, text).nats == pytest.approx(BAYES, abs=0.04)
    far = divergence(source.logprobs(text[None, :-1]), wrong.logprobs(text[None, :-1]))
    assert far.mean() == pytest.approx(KL, abs=0.04)
    gained = score(wrong, text).nats - score(source, text).nats
    assert gained == pytest.approx(KL, abs=0.04)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
def test_the_loss_of_training_is_exact(source: Any, alpha: float) -> None:
    """Over a text of known pair counts it is their weighted sum, nothing estimated."""
    text = source.write(4001)
    counts = np.zeros((3, 3))
    np.add.at(counts, (text[:-1], text[1:]), 1)
    labels = -(counts * np.log(WRONG)).sum() / counts.sum()
    kl = (counts.sum(1) * (SOURCE * np.log(SOURCE / WRONG)).sum(1)).sum() / counts.sum()
    tokenizer = source.tokenizer
    loss = Distillation(source, text, tokenizer, DistillConfig(alpha=alpha))
    rows = torch.from_numpy(text[None].astype(np.int64))
    batch = Batch(rows[:, :-1], rows[:, 1:], torch.zeros(1, dtype=torch.int64))
    logits = torch.from_numpy(np.log(WRONG)).float()
    value = loss(lambda ids: logits[ids], batch).item()
    assert value == pytest.approx((1 - alpha) * labels + alpha * kl, rel=1e-4)


def per_state(value: Any) -> float:
    """The expectation over where the chain is."""
    return float(sum(share * value(i) for i, share in enumerate(SHARES)))


def rows(i: int) -> tuple[torch.Tensor, torch.Tensor]:
    p, q = torch.from_numpy(SOURCE[i : i + 1]).float(), torch.from_numpy(WRONG[i : i + 1]).log()
    return p, q.float()


def test_draws_have_no_bias() -> None:
    """The expectation over all nine pairs of draws is KL + entropy, state by state and in all."""

    def expected(i: int) -> float:
        p, q = rows(i)
        total = 0.0
        for pair in itertools.product(range(3), repeat=2):
            weight = float(p[0, pair[0]] * p[0, pair[1]])
            ids, ones = torch.tensor([pair]), torch.ones(1, 2)
            total += weight * losses.sparse_kd(q, ids, ones, "sampled").item()
        return total

    assert per_state(expected) == pytest.approx(BAYES + KL, rel=1e-5)


def test_the_bias_of_the_bucket_is_what_happens_inside_it() -> None:
    """Chain rule: KL = KL of kept and bucket + P(bucket) * KL within the bucket."""

    def short(i: int) -> float:
        p, q = rows(i)
        kept, ids = p.topk(1, -1)
        found = losses.sparse_kd(q, ids, kept, "bucket").item()
        rest = [j for j in range(3) if j != int(ids)]
        inside_p = SOURCE[i, rest] / SOURCE[i, rest].sum()
        inside_q = WRONG[i, rest] / WRONG[i, rest].sum()
        within = (inside_p * np.log(inside_p / inside_q)).sum()
        return found + SOURCE[i, rest].sum() * within

    assert per_state(short) == pytest.approx(KL, rel=1e-4)


def test_the_bias_of_renormalising() -> None:
    """Top 2 of 3: it is KL(kept, renormalised || student) - log of what the student gives them."""

    def off(i: int) -> float:
        p, q = rows(i)
        kept, ids = p.topk(2, -1)
        found = losses.sparse_kd(q, ids, kept, "renormalise").item()
        two = ids[0].numpy()
        inside_p = SOURCE[i, two] / SOURCE[i, two].sum()
        inside_q = WRONG[i, two] / WRONG[i, two].sum()
        right = (inside_p * np.log(inside_p / inside_q)).sum() - np.log(WRONG[i, two].sum())
        return found - right

    assert abs(per_state(off)) < 1e-5


def test_a_sampled_cache_averages_to_the_kl(source: Any, tmp_path: Any) -> None:
    """3,000 places, 12 draws each; the cross-entropy of a draw has standard deviation below 0.8:
    5 x 0.8 / sqrt(36,000) = 0.021, plus 0.001 for entropies kept in float16."""
    text = source.write(3201).astype(np.uint8)
    cache = build(tmp_path / "c", source, text, CacheConfig(context=32, kind="sampled"))
    starts = np.arange(cache.manifest["windows"]) * 32
    kept = {k: torch.from_numpy(v).flatten(0, 1) for k, v in cache.read(starts).items()}
    windows = text[starts[:, None] + np.arange(32)].astype(np.int64)
    q = torch.from_numpy(np.log(WRONG)).float()[windows].flatten(0, 1)
    found = losses.sparse_kd(q, kept["ids"], kept["weights"], "sampled", entropy=kept["entropy"])
    right = divergence(source.logprobs(windows), np.log(WRONG)[windows]).mean()
    assert found.item() == pytest.approx(right, abs=0.022)
