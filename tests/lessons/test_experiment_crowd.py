"""Lesson 17: a mixture, Jensen, dropout, equal operations, verdicts from planted losses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from distill.comparison.costs import step_flops
from distill.teachers import EnsembleTeacher, side_by_side
from lessons.l17_crowd import experiment
from lessons.l17_crowd.jury import ambiguity, dropout, mixture
from lessons.lab.pieces import text_of
from minigpt import corpora


def said(*shape: int) -> np.ndarray:
    return np.log(np.random.default_rng(0).dirichlet(np.ones(shape[-1]), shape[:-1]))


def test_a_mixture_is_that_of_the_ensemble_and_sums_to_one() -> None:
    size = experiment.SIZES["ci"]
    corpus = text_of(corpora.load(size.text), size.characters, 3)
    four = experiment.jury(size, corpus, 3)
    ids = four[0].tokenizer.encode(corpus.judge)[:100]
    found = mixture(np.stack([side_by_side(model, ids) for model in four]))
    assert np.exp(found).sum(-1) == pytest.approx(1, abs=1e-5)
    assert found == pytest.approx(side_by_side(EnsembleTeacher(four), ids), abs=1e-4)
    first = [model.embed.weight.detach().numpy() for model in four]
    assert all(not np.allclose(first[0], other) for other in first[1:])


def test_disagreement_gains_and_agreement_does_not() -> None:
    logprobs, targets = said(4, 50, 6), np.arange(50) % 6
    assert ambiguity(logprobs, targets) > 0.01
    assert ambiguity(np.repeat(logprobs[:1], 3, axis=0), targets) == pytest.approx(0, abs=1e-12)


def test_dropout_keeps_the_mean_and_drops_the_share() -> None:
    # 200,000 draws: the mean's standard error is 0.0015 at p = 0.3, so 0.01 is over six of them
    u = np.random.default_rng(0).random(200_000)
    found = dropout(np.ones(200_000), u, 0.3)
    assert found.mean() == pytest.approx(1, abs=0.01)
    assert (found == 0).mean() == pytest.approx(0.3, abs=0.01)


def test_jury_and_the_one_take_the_same_operations() -> None:
    size = experiment.SIZES["full"]
    shape = replace(size.base.model, dropout=size.one.dropout)
    one = size.one.steps * step_flops(replace(size.base, model=shape), 65)
    assert one == experiment.MEMBERS * size.member.steps * step_flops(size.base, 65)
    assert size.bare.steps <= size.one.steps
    assert size.bare.dropout == size.member.dropout == 0 < size.one.dropout


def test_no_two_networks_of_any_seed_share_their_dice() -> None:
    seeds = [experiment.member_seed(s, i) for s in range(100) for i in range(experiment.MEMBERS)]
    assert len({*seeds, *range(100)}) == len(seeds) + 100


def planted(one: float, jury: float, bare: float) -> dict[str, Any]:
    return {"one": one, "jury": [2.2, jury], "bare": bare}


def test_verdicts_are_about_the_jury_and_about_dropout_on_the_short_text() -> None:
    assert experiment.values(planted(2.12, 2.10, 2.18)) == pytest.approx([0.02, 0.06])
