"""What lesson 8 shows beside the package's experiment: each control at its best, and its figure."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lessons.engine.experiment import find
from lessons.engine.ledger.records import published
from lessons.l08_personas import experiment as lesson
from synthdata.collapse.regimes import Sampler
from synthdata.personas import evidence
from synthdata.personas.evidence import Arm, Budget


def arm(prompts: str, effective: float, model: str = "collapsed", **more: Any) -> Arm:
    grammatical = more.pop("grammatical", 0.95)
    return Arm(
        model=model,  # type: ignore[arg-type]
        prompts=prompts,  # type: ignore[arg-type]
        sampler=Sampler(**more),
        n=100,
        effective=effective,
        source=effective,
        coverage=1.0,
        grammatical=grammatical,
        logprob=-8.0,
        fits=math.nan,
    )


def kept(seed: int, effective: float) -> dict[str, Any]:
    """Evidence in which personas reach `effective` and the best control 20; no code is fit."""
    found = evidence.Evidence(
        seed=seed,
        entropy=10.0,
        arms=(
            arm("none", 90.0, "healthy"),
            arm("personas", 81.0, "healthy"),
            arm("personas", effective),
            arm("none", 5.0),
            arm("none", 20.0, temperature=1.2),
            arm("none", 80.0, temperature=2.0, grammatical=0.3),
            arm("none", 12.0, temperature=1.5, top_p=0.9),
            arm("codes", 50.0, grammatical=0.5),
        ),
        budgets={"healthy": Budget(total=5.0, within=2.0, coverage=0.5)},
        fields={},
        adds=(),
        examples={},
    )
    plain = evidence.plain(found)
    return plain | {
        "profile": "ci",
        "ratio": found.ratio,
        "calibrated_ratio": found.calibrated_ratio,
    }


def test_every_control_stands_at_its_best_and_one_that_writes_worse_is_left_out() -> None:
    assert lesson.compared(kept(0, 60.0)) == {
        "healthy": 90.0,
        "healthy, personas": 81.0,
        "collapsed": 5.0,
        "best temperature": 20.0,
        "best top-p": 12.0,
        "personas": 60.0,
    }
    assert lesson.values(kept(0, 60.0)) == [3.0]


def test_worlds_that_differ_by_factors_are_judged_on_logarithms() -> None:
    (row,) = find("personas").judge([kept(seed, 20.0 * r) for seed, r in enumerate((2.5, 4, 6))])
    assert row.measured.value == pytest.approx(60 ** (1 / 3))
    assert row.verdict == "reproduced"  # as ratios their interval would go from -0.2 to 8.5


def test_the_figure_says_what_it_shows() -> None:
    picture = find("personas").figure([kept(seed, 60.0 + seed) for seed in range(3)])
    assert "best codes: no setting writes as well" in picture.alt
    assert "personas: 61.0" in picture.alt
    assert "3.00, 3.05, 3.10" in picture.alt
    assert "0.90, 0.90, 0.90" in picture.alt
    assert picture.alt.endswith("Verdict: reproduced.")


def test_what_is_published_holds_together() -> None:
    for entry in published("personas"):
        found = evidence.from_plain(entry)
        assert found.ratio == pytest.approx(entry["ratio"])
        assert found.calibrated_ratio == pytest.approx(entry["calibrated_ratio"])
        assert lesson.compared(entry)["personas"] == found.personas.effective
