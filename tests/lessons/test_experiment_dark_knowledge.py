"""Lesson 5: what follows from losses is right by hand, and what is compared is what is said."""

from __future__ import annotations

from typing import Any

import pytest

from distill.comparison.comparison import COMPUTE, COUNTED, NGRAM, SECONDS, TAUGHT, TOKENS
from distill.teachers import FOLDS
from lessons.l05_dark_knowledge import experiment

LOSSES = {TOKENS: 2.2987, COMPUTE: 2.30, SECONDS: 2.31, TAUGHT: 1.985, COUNTED: 2.22, NGRAM: 2.1336}
"""Those of the experiment before this one, or near them, nats/char; its teacher paid 1.773."""


def with_losses(
    monkeypatch: pytest.MonkeyPatch, few: dict[str, float], plenty: dict[str, float], teacher: float
) -> dict[str, Any]:
    """The evidence, had the arms come to these losses."""

    def part(losses: dict[str, float]) -> dict[str, Any]:
        labels = [name for name in losses if name != TAUGHT]
        return {
            "losses": losses,
            "own": min(experiment.LABELS, key=lambda name: losses[name]),
            "best": min(labels, key=lambda name: losses[name]),
            "gained": {name: losses[name] - losses[TAUGHT] for name in labels},
        }

    parts = iter([part(few), part(plenty)])
    monkeypatch.setattr(experiment, "teacher_of", lambda *_: (None, teacher))
    monkeypatch.setattr(experiment, "settings", lambda *_: [None, None])
    monkeypatch.setattr(experiment, "recipes_for", lambda *_: {})
    monkeypatch.setattr(experiment, "_part", lambda *_: next(parts))
    return experiment.measure("ci", 90)


def test_both_gaps_and_what_is_left_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    plenty = {**LOSSES, TOKENS: 1.90, COMPUTE: 1.80, SECONDS: 1.82, TAUGHT: 1.81}
    found = with_losses(monkeypatch, LOSSES, plenty, 1.773)
    own, best, left = experiment.values(found)
    assert own == pytest.approx(0.3137 / 0.5257)  # the published 0.60
    assert best == pytest.approx(0.1486 / 0.3606)  # the review's 0.41
    assert left == pytest.approx(0.09 / 0.3137)
    assert found["gain_left"][COMPUTE] == pytest.approx(-0.01 / 0.315)
    assert found["gain_left"][SECONDS] == pytest.approx(0.01 / 0.325)


def test_the_criteria_can_fail_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A student as good as its teacher closes all; one that has learned no more, nothing."""
    same = with_losses(monkeypatch, {**LOSSES, TAUGHT: 1.773}, LOSSES, 1.773)
    assert experiment.values(same)[:2] == pytest.approx([1, 1])
    none = with_losses(monkeypatch, {**LOSSES, TAUGHT: 2.2987 - 1e-9}, LOSSES, 1.773)
    own, best, _ = experiment.values(none)
    assert own == pytest.approx(0, abs=1e-6)
    assert best < 0  # counting would have been better
    # a teacher that is no better than counting has nothing to close
    assert experiment.values(with_losses(monkeypatch, LOSSES, LOSSES, 2.2))[1] == 0


def test_what_is_compared() -> None:
    """Each seed has a teacher; labels get 2.7 times the steps in equal seconds; counting is
    cross-fitted; the best use of the labels is the lowest loss where choices are made."""
    one, other = (experiment.teacher_of("ci", seed) for seed in (90, 91))
    assert one[1] != other[1]
    few, plenty = experiment.settings("ci", 90)
    assert few.counted.folds == FOLDS
    lengths = experiment.lengths(plenty)
    assert lengths[TOKENS] == 16
    assert lengths[SECONDS] == round(experiment.SECONDS_A_STEP * 16)
    found = experiment.measure("ci", 90)
    assert set(found["parts"][0]["losses"]) == set(LOSSES)
    assert set(found["parts"][1]["losses"]) == set(LOSSES) - {COUNTED}
    assert found["parts"][0]["best"] == NGRAM  # far ahead of 16 steps
    assert found["parts"][1]["steps"][COMPUTE] == lengths[COMPUTE]


def test_labels_are_tuned_as_the_taught_are() -> None:
    """No rate was chosen at the end of the sweep, where it might still be getting better."""
    rates = sorted(experiment.SIZES["full"].sweep.rates)
    assert {recipe.rate for some in experiment.RECIPES.values() for recipe in some} <= set(
        rates[1:-1]
    )
