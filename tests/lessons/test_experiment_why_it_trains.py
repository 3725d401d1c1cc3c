"""Lesson 3: arms of equal size, a start without residuals that can learn, a penalty that is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from lessons.engine.experiment import overall
from lessons.engine.ledger.records import published
from lessons.l03_why_it_trains import experiment
from lessons.lab.training import fit, stories
from minigpt.evaluate import score
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer


@pytest.mark.parametrize("depth", [2, 8])
def test_all_arms_have_the_same_number_of_weights(depth: int) -> None:
    size, tokenizer = experiment.SIZES["full"], CharTokenizer("abc \n")
    counts = set()
    for arm in experiment.ARMS:
        model = GPT(experiment.config(size, arm, depth, 1e-3, 0).model, tokenizer)
        if arm == experiment.HELPED:
            experiment.pass_on(model, torch.Generator().manual_seed(0))
        counts.add(sum(p.numel() for p in model.parameters()))
    assert len(counts) == 1


def without_residuals(depth: int, helped: bool) -> tuple[GPT, torch.Tensor]:
    """A network as it begins, and 64 vectors of random characters."""
    config = experiment.config(experiment.SIZES["full"], experiment.BARE, depth, 1e-3, 0).model
    generator = torch.Generator().manual_seed(0)
    model = GPT(config, CharTokenizer("abcdefghijklmnopqrstuvwxyz"), generator)
    if helped:
        experiment.pass_on(model, generator)
    return model, model.embeddings(torch.randint(26, (1, 64), generator=generator)).detach()


@torch.no_grad()
def test_what_replaces_its_input_begins_by_passing_it_on() -> None:
    model, x = without_residuals(1, helped=True)
    block, rope = model.blocks[0], model.rope
    torch.testing.assert_close(block.attention(x, rope), x, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(block.mlp(-x), -block.mlp(x))  # odd, so that directions are kept
    # Of s(u) = u |u| with normal u the share that is linear is 8 / (3 pi) = 0.85 of the variance;
    # each of two turned copies adds noise of its own, so the cosine is sqrt(2 / (1 + 3 pi / 8)).
    along = torch.cosine_similarity(block.mlp(block.norm_2(x)), x, dim=-1).mean()
    assert float(along) == pytest.approx(np.sqrt(2 / (1 + 3 * np.pi / 8)), abs=0.02)


@torch.no_grad()
def test_positions_stay_apart_without_residuals_only_where_the_start_helps() -> None:
    """Mean cosine of two positions' vectors behind eight blocks: at first it is about 1/26."""
    alike = {}
    for helped in (False, True):
        model, x = without_residuals(8, helped)
        for block in model.blocks:
            x = block(x, model.rope)
        unit = torch.nn.functional.normalize(x[0], dim=-1)
        alike[helped] = float(((unit @ unit.T).sum() - 64) / (64 * 63))
    assert alike[False] > 0.9
    assert alike[True] < 0.15


def test_rates_are_chosen_by_the_half_that_chooses() -> None:
    size = experiment.SIZES["ci"]
    corpus = stories(size.characters, 0)
    result = fit(experiment.config(size, experiment.WHOLE, 1, 1e-2, 0), corpus)
    encode = result.model.tokenizer.encode
    halves = [score(result.model, encode(half)).nats for half in (corpus.choose, corpus.judge)]
    assert abs(halves[0] - halves[1]) > 1e-4
    assert experiment._loss(size, experiment.WHOLE, 1, 1e-2, 0, corpus) == pytest.approx(
        halves, abs=1e-6
    )


def test_a_gain_that_melts_away_is_no_penalty() -> None:
    """The convolution's case until 2026: better at every depth, by less and less."""
    depths = experiment.SIZES["full"].depths
    evidence = []
    for seed in range(3):
        melting = {d: p - 1e-4 * seed for d, p in zip(depths, (-0.07, -0.04, -0.006))}
        slope = experiment.growth(melting)
        evidence.append(
            {
                "seed": seed,
                "profile": "full",
                "penalty_nats": {arm: list(melting.values()) for arm in experiment.JUDGED},
                "slope_nats_per_doubling": dict.fromkeys(experiment.JUDGED, slope),
            }
        )
    verdicts = [row.verdict for row in experiment.EXPERIMENT.judge(evidence)]
    assert verdicts == ["contradicted"] * 3 + ["reproduced"] * 3
    assert overall(experiment.EXPERIMENT.judge(evidence)) == "contradicted"


def test_a_run_that_blows_up_counts_as_knowing_nothing() -> None:
    size = experiment.SIZES["ci"]
    corpus = stories(size.characters, 0)
    wild = replace(size, base=replace(size.base, grad_clip=0.0, optimizer="adamw", adamw_lr=1.0))
    loss = experiment._loss(wild, "no normalisation", 16, 1.0, 0, corpus)
    assert loss == (np.log(len(set(corpus.text))),) * 2


@pytest.mark.skipif(
    not published("why_it_trains"), reason="lesson 3 is not measured yet: its rates are unfinished"
)
def test_every_rate_was_tuned_and_none_at_an_edge_unless_nothing_learns() -> None:
    for arm, depths in experiment.TUNING.items():
        assert set(depths) == set(experiment.SIZES["full"].of(arm))
        for depth, losses in depths.items():
            best = experiment.rate(arm, depth)
            assert losses[best] == min(losses.values())
            flat = max(losses.values()) - min(losses.values()) < 0.01
            assert flat or min(losses) < best < max(losses), (arm, depth)
