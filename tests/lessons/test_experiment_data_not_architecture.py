"""Lesson 14: texts that nest, gains and verdict from planted losses, smoothing's closed form."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.special import stdtrit

from labkit.experiment import interval
from lessons.l14_data_not_architecture import experiment
from lessons.l14_data_not_architecture.bets import paired, per_doubling
from minigpt.settings import PRESETS
from minigpt.train.interface import Batch


def test_smoothing_spreads_a_tenth_of_each_label() -> None:
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([[0, 1, 2], [3, 4, 0]])
    found = experiment.smoothed(lambda ids: logits, Batch(targets, targets, torch.arange(2)))
    label = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    even = -logits.log_softmax(-1).mean()
    assert found.item() == pytest.approx((0.9 * label + 0.1 * even).item())


def test_the_bet_begins_at_gpt2s_block_and_all_ideas_change_all_of_it() -> None:
    old, classic = experiment.SIZES["full"].base.model, PRESETS["classic"].model
    names = ("position", "norm", "activation", "qk_norm", "zero_init", "bigram", "tie_embeddings")
    assert all(getattr(old, name) == getattr(classic, name) for name in names)
    assert old.attention_scale == classic.attention_scale == 1.0
    new = experiment.ARMS[experiment.ALL]["model"]
    assert all(new[name] != getattr(old, name) for name in (*names, "attention_scale"))


def test_the_text_is_read_eight_times_where_the_bet_is_judged() -> None:
    size = experiment.SIZES["full"]
    assert size.passes(size.judged) == pytest.approx(8, abs=0.25)
    assert all(b == 2 * a for a, b in pairwise(size.sizes))


def test_an_interval_of_pairs_is_that_of_the_differences() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 6))
    expected = interval((a - b).tolist())
    mean, low, high = paired(a.tolist(), b.tolist(), float(stdtrit(5, 0.975)))
    assert (mean, low, high) == pytest.approx((expected.value, expected.low, expected.high))


def test_a_doubling_gains_as_much_whatever_the_sizes() -> None:
    sizes = [700, 9000, 400, 10_000]
    assert per_doubling(sizes, [3 - 0.25 * math.log2(n) for n in sizes]) == pytest.approx(0.25)


def planted(twice: float, idea: float) -> dict[str, Any]:
    rivals = {experiment.BEST: [2.2, 2.0 - idea, 1.8], experiment.ALL: [2.3, 2.0, 1.8]}
    return {experiment.GPT2: [2.2, 2.0, 2.0 - twice, 1.8], "rivals": rivals, "judged": 1}


def test_the_verdict_is_about_the_doubling_minus_the_idea_at_eight_passes() -> None:
    assert experiment.values(planted(0.1, 0.06)) == pytest.approx([0.04])
    found = experiment.gains(planted(0.1, 0.06))
    assert found[experiment.TWICE] == pytest.approx([0.2, 0.1, 0.1])
    assert found[experiment.ALL] == pytest.approx([-0.1, 0.0, 0.1])


def test_the_bet_turns_where_the_lead_is_lost() -> None:
    assert experiment.turn([16.0, 8.0, 4.0], [0.3, 0.1, -0.1]) == pytest.approx(32**0.5)
    assert experiment.turn([16.0, 8.0], [0.3, 0.1]) is None


def test_every_rate_has_worse_neighbours() -> None:
    for arm, by_size in experiment.TUNING.items():
        for n, losses in by_size.items():
            rates, best = sorted(losses), experiment.rate(arm, n)
            assert rates[0] < best < rates[-1], (arm, n)
