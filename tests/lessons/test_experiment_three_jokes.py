"""Lesson 6: from what was found about each GPT to the three numbers that are judged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labkit.experiment import Counted
from lessons.l06_three_jokes import experiment as sixth
from synthdata.three_jokes.evidence import DOWNSTREAM, NAIVE, TURNED, Judged


def judged(naive: float, p: float, harm: float, words: float = 0.5) -> dict[str, Any]:
    return {
        "naive": naive,
        "informed": 0.9,
        "p": p,
        "p_null": 0.5,
        "ratio": 0.1,
        "ratio_null": 1.0,
        "loss_healthy": 2.0,
        "loss_collapsed": 2.0 + harm,
        "loss_tenth": 2.2,
        "naive_parts": {"words": words, "length": 0.5},
    }


def evidence(seed: int, *gpts: dict[str, Any]) -> dict[str, Any]:
    dial = {"expected": 0.875, "judged": [judged(0.99, 0.99, -1.0)]}  # never counts
    families = {"dial 5/20": dial, "gpt": {"expected": None, "judged": list(gpts)}}
    return {"seed": seed, "profile": "full", "families": families, "missing": ""}


def test_the_mean_judge_the_share_found_and_the_mean_harm_of_the_gpts_count() -> None:
    found = evidence(0, judged(0.4, 0.007, 0.2), judged(0.6, 0.02, 0.4))
    assert sixth.values(found) == pytest.approx([0.5, 0.5, 0.5, 0.3])
    one = sixth.result([found]).evidence[0].family("gpt").judged[1]
    assert one == Judged(**judged(0.6, 0.02, 0.4))


def good() -> list[dict[str, Any]]:
    """As many seeds and GPTs as decide, all as the claim has it."""
    gpts, seeds = sixth.SIZES["full"].gpts, sixth.EXPERIMENT.judged
    return [evidence(i, *(judged(0.48 + g / 100, 0.007, 0.3) for g in range(gpts))) for i in seeds]


def verdicts(found: list[dict[str, Any]]) -> list[str | None]:
    return [row.verdict for row in sixth.EXPERIMENT.judge(found)]


def test_gpts_that_the_test_misses_leave_it_undecided() -> None:
    some = good()
    assert verdicts(some) == ["reproduced"] * 4
    for one in some[:6]:  # 38 of 44 [0.727, 0.948]
        one["families"]["gpt"]["judged"][0]["p"] = 0.3
    assert verdicts(some) == ["reproduced", "reproduced", "undecided", "reproduced"]


def test_both_profiles_have_as_many_gpts_as_are_counted() -> None:
    assert sixth.SIZES["ci"].gpts == sixth.SIZES["full"].gpts
    (counted,) = [c for c in sixth.EXPERIMENT.criteria if isinstance(c, Counted)]
    assert counted.cases == sixth.SIZES["full"].gpts


def test_a_judge_who_sees_collapse_in_single_texts_contradicts_and_so_does_one_turned_round() -> (
    None
):
    for side, auc in ((0, 0.9), (1, 0.1)):
        seen = [evidence(i, *[judged(auc + i / 1000, 0.007, 0.3)] * 4) for i in range(3)]
        assert verdicts(seen)[side] == "contradicted"
        assert verdicts(seen)[1 - side] == "reproduced"


def test_parts_are_means_over_gpts_and_seeds() -> None:
    two = [evidence(0, judged(0.4, 0.01, 0.2, words=0.2)), evidence(1, judged(0.4, 0.01, 0.2))]
    assert sixth.by_part(two) == pytest.approx({"words": 0.35, "length": 0.5})


def test_what_is_measured_is_plain_and_comes_back_the_same() -> None:
    found = evidence(0, judged(0.4, 0.007, 0.2))
    whole = sixth.result([json.loads(json.dumps(found))])
    assert whole.evidence[0].family("dial 5/20").expected == 0.875
    assert str(whole.evidence[0].family("gpt").expected) == "nan"
    assert whole.profile == sixth.SIZES["full"]


def test_every_line_of_the_judges_panel_has_a_name() -> None:
    figure, _ = sixth.draw(good())
    panel, _, low = figure.axes
    named = {text.get_text() for text in panel.get_legend().get_texts()}
    across = [line for line in panel.lines if list(line.get_xdata()) == [0, 1]]  # axhline
    assert len(across) == 1
    assert {str(line.get_label()) for line in across} <= named
    assert any(f"{TURNED.threshold:g} to {NAIVE.threshold:g}" in name for name in named)
    harms = [text.get_text() for text in low.get_legend().get_texts()]
    assert any(f"at least {DOWNSTREAM.threshold:g}" in name for name in harms)
