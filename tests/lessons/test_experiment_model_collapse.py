"""Lesson 7 judges as the laboratory does; what cannot be divided shows nothing."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.experiment import interval
from lessons.engine.experiment import find
from lessons.l07_model_collapse import experiment as lesson
from synthdata.collapse_expected import agreement_replace, agreement_variance
from synthdata.collapse_sources import Multinomial
from synthdata.collapse_verdict import judge

CURVES = {
    "replace": [[1.0, 2.0, 4.0], [1.0, 3.0, 5.0], [1.0, 2.5, 3.0]],
    "accumulate": [[1.0, 2.0, 2.5], [1.0, 1.5, 2.0], [1.0, 2.0, 2.1]],
    "fresh": [[1.0, 1.2, 1.3], [1.0, 1.0, 1.1], [1.0, 1.4, 1.5]],
    "real": [[1.0, 1.1, 0.9], [1.0, 1.0, 1.0], [1.0, 0.9, 1.0]],
}


def planted(curves: dict[str, list[list[float]]]) -> list[dict[str, Any]]:
    """Evidence in which each source errs as the first, times its place; agreement 2 errors off."""
    n, truth = 200, Multinomial().truth
    sd = (agreement_variance(2, n, truth) / 4 / 3) ** 0.5  # 3 seeds of 4 chains
    agreement = [[0.0, 0.0, agreement_replace(2, n, 0.02) - 2 * sd]] * 3
    found = []
    for seed in range(3):
        sources = {}
        for place, name in enumerate(lesson.SOURCES, 1):
            values = {
                r: {"kl": [place * v for v in curves[r][seed]], "sum_p2": agreement[seed]}
                for r in lesson.regimes(name)
            }
            units = {"kl": "bits", "sum_p2": "P(two draws agree)"}
            about = {"source": name, "error": "kl", "chains": 4, "units": units}
            sources[name] = {**about, "values": values}
        found.append({"seed": seed, "profile": "ci", "sources": sources})
    return found


def test_values_are_judged_as_the_laboratory_does() -> None:
    evidence = planted(CURVES)
    rows = {row.criterion.quantity: row for row in find("model_collapse").judge(evidence)}
    assert len(rows) == 12
    words = {
        "replace": "ngram, replace: slope of the error (bits/char a generation)",
        "accumulate": "ngram, accumulate: last step / first step",
        "fresh": "ngram, fresh: rise / rise under replace",
    }
    said = {j.regime: j for j in judge(lesson.as_table(evidence, "ngram"))}
    for regime, quantity in words.items():
        row, theirs = rows[quantity], said[regime]
        assert (row.measured.value, row.measured.low, row.measured.high) == (
            theirs.measured.value,
            theirs.measured.low,
            theirs.measured.high,
        )
        assert row.verdict == theirs.verdict


def test_shares_are_of_the_mean_over_seeds() -> None:
    values = lesson.together(planted(CURVES))
    first = (1.0 + 0.5 + 1.0) / 3
    assert [v[4] for v in values] == pytest.approx([0.5 / first, 0.5 / first, 0.1 / first])
    rise = (3 + 4 + 2) / 3
    assert [v[8] for v in values] == pytest.approx([0.3 / rise, 0.1 / rise, 0.5 / rise])
    assert values[0][:4] == pytest.approx([1.5, 3.0, 4.5, 6.0])
    assert [v[0] for v in values] == pytest.approx([1.5, 2.0, 1.0])
    assert [v[-1] for v in values] == pytest.approx([2.0] * 3)  # one distance, of all chains


def test_what_cannot_be_divided_shows_nothing() -> None:
    falling = {regime: [[3.0, 2.0, 1.0]] * 3 for regime in CURVES}
    values = lesson.together(planted(falling))
    assert {tuple(v[4:11]) for v in values} == {(1.0,) * 7}
    rows = find("model_collapse").judge(planted(falling))
    assert {row.verdict for row in rows[4:11]} == {"falls short"}
    assert {row.verdict for row in rows[:4]} == {"contradicted"}
    assert interval([1.0] * 3).low == 1


def test_the_gpt_alone_goes_without_fresh() -> None:
    assert lesson.regimes("gpt") == ("replace", "accumulate", "real")
    assert lesson.regimes("ngram") == lesson.REGIMES
