"""Lesson 22: what a stitched network computes, what training may change, and what is recovered."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from lessons.l22_composability import experiment, stitching
from lessons.l22_composability.stitching import (
    Seam,
    average_weights,
    like,
    only,
    seam,
    stitched,
    streams,
    turned,
    with_seam,
)
from lessons.lab import inside
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.optim import mark_stacked

SHAPE = GPTConfig(n_layer=4, n_head=2, n_embd=8, context=16, bigram=False, zero_init=False)
TEXT = "abcdefghijklmnop " * 40
SMALL = experiment.SIZES["ci"]


def net(seed: int) -> GPT:
    """A network that predicts something: its weights are large."""
    made = GPT.fresh(SHAPE, TEXT, seed)
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(15)
    return made.eval()


@pytest.fixture(scope="module")
def ids() -> np.ndarray:
    return np.random.default_rng(0).integers(17, size=(20, 16))


@pytest.fixture(scope="module")
def pair() -> experiment.Pair:
    return experiment.Pair(SMALL, 0)


@pytest.mark.parametrize("cut", [0, 1, 3, 4])
def test_a_stitched_network_reads_with_one_and_goes_on_with_the_other(
    cut: int, ids: np.ndarray
) -> None:
    a, b = net(1), net(2)
    made = stitched(a, b, cut)
    given = torch.from_numpy(ids)
    with torch.no_grad():
        x = a.hidden(given, cut)
        for block in b.blocks[cut:]:
            x = block(x, b.rope[:, :16])
        assert torch.equal(made(given), b.head(b.norm(x)))
        made.head.weight.zero_()
        assert b.head.weight.abs().min() > 0  # nothing is shared


def test_a_turned_network_says_the_same_and_a_dictionary_finds_the_turn(ids: np.ndarray) -> None:
    a = net(1)
    turn = inside.rotation(8, np.random.default_rng(1))
    twin = turned(a, turn)
    said = a.logprobs(ids)
    assert np.abs(twin.logprobs(ids) - said).max() < 1e-3
    x, y = streams(a, ids, 2), streams(twin, ids, 2)
    assert x.shape == (320, 8)
    assert np.abs(x @ turn - y).max() < 1e-3 * np.abs(y).max()
    plain = stitched(a, twin, 2)
    assert np.abs(plain.logprobs(ids) - said).max() > 1
    found, offset = seam(x, y)
    assert np.abs(found - turn).max() < 1e-4
    assert np.abs(with_seam(plain, 2, found, offset).logprobs(ids) - said).max() < 1e-3
    layers = GPT.fresh(GPTConfig(n_layer=1, n_head=2, n_embd=8, norm="layer"), TEXT, 0)
    with pytest.raises(ValueError, match="take RMS norm"):
        turned(layers, turn)


def test_a_seam_is_least_squares_and_its_network_can_be_sampled(ids: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((50, 3)) + 4, rng.standard_normal((50, 2)) - 7
    turn, offset = seam(x, y)
    left = y - x @ turn - offset
    assert np.abs(left.sum(0)).max() < 1e-9  # the normal equations
    assert np.abs(x.T @ left).max() < 1e-9
    a = net(1)
    same = with_seam(a, 2, np.eye(8), np.zeros(8))
    assert np.array_equal(same.logprobs(ids), a.logprobs(ids))
    state, _ = same.start(ids[:, :9])
    assert np.abs(same.step(state, ids[:, 9]) - a.logprobs(ids[:, :10])[:, -1]).max() < 1e-4


@pytest.mark.parametrize("part", stitching.PARTS)
def test_training_changes_the_part_and_nothing_else(
    part: stitching.Part, pair: experiment.Pair
) -> None:
    start: experiment.Start = experiment.TRANSLATED
    before = pair.begun(start)
    after = pair.arm(experiment.Arm(start=start, part=part, rate=0.02))
    cut, changed = SMALL.cut, set()
    for (name, old), new in zip(before.named_parameters(), after.parameters()):
        if torch.equal(old, new):
            continue
        below = name.startswith(("embed", *(f"blocks.{i}." for i in range(cut))))
        seamed = name in (f"blocks.{cut}.turn", f"blocks.{cut}.offset")
        changed.add("seam" if seamed else "lower" if below else "upper")
    assert changed == ({"seam", "lower", "upper"} if part == "all" else {part})
    assert isinstance(after.blocks[cut], Seam)


def test_the_mean_of_one_network_and_itself_is_that_network(ids: np.ndarray) -> None:
    a = net(1)
    mean = like(a, average_weights([a.state_dict(), a.state_dict()], [3, 1]))
    assert np.abs(mean.logprobs(ids) - a.logprobs(ids)).max() < 1e-4


def test_every_arm_begins_as_it_says(pair: experiment.Pair) -> None:
    text = pair.corpus.judge[: SMALL.judged]
    some = pair.a.tokenizer.encode(text)[: SMALL.shape.context][None]
    x = streams(pair.a, some, SMALL.cut)
    assert np.array_equal(streams(pair.begun("A + new"), some, SMALL.cut), x)
    assert np.array_equal(streams(pair.begun("A + B"), some, SMALL.cut), x)
    new = pair.begun("new + B")
    assert torch.equal(new.head.weight, pair.b.head.weight)
    assert torch.equal(new.embed.weight, pair.new.embed.weight)
    assert isinstance(pair.begun("A + B", "seam").blocks[SMALL.cut], Seam)
    mark_stacked(new)
    stacked = [weight for name, weight in new.named_parameters() if name.endswith("qkv.weight")]
    assert all(hasattr(weight, "stacked") for weight in stacked)  # which Muon takes apart
    assert pair.loss(pair.begun("A + B", "seam")) == pytest.approx(pair.loss(pair.begun("A + B")))
    kept = copy.deepcopy(pair.a.state_dict())
    only(pair.begun("A"), "lower", 1)
    pair.arm(experiment.ARMS["A, all"])
    assert all(torch.equal(kept[name], weight) for name, weight in pair.a.state_dict().items())


def test_what_is_recovered_by_hand() -> None:
    losses = dict.fromkeys(experiment.ARMS, 2.0)
    losses |= {"A + new, all": 2.2, "A, all": 1.7, "B, all": 1.9}
    losses |= {experiment.WHOLE: 2.25, experiment.WHOLE_TRANSLATED: 1.9, experiment.BEST_PART: 2.0}
    before = {"A": 1.9, "B": 2.0, "A + B": 5.0, "A + dictionary + B": 2.3}
    evidence: dict[str, Any] = {"arms": losses, "before": before}
    share = experiment.recovered(evidence)
    assert share["A + B, nothing"] == pytest.approx(-7.0)
    assert experiment.values(evidence) == pytest.approx([-0.125, 0.75 - 0.5])


def test_arms_are_equal_in_steps_and_the_dictionary_pays_for_its_reading() -> None:
    full = experiment.SIZES["full"]
    read = full.shown * full.cut / full.shape.n_layer * 2 / 3  # two halves; forward is a third
    step = full.batch * full.shape.context
    assert read / step <= full.reading < read / step + 1
    assert full.shown % full.shape.context == 0
    assert full.steps == 10 * full.tuning
