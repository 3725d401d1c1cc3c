"""Lesson 7 judges as the laboratory does, each seed by itself; what cannot be divided shows
nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest

from labkit.experiment import Finding, interval
from lessons.engine.experiment import find
from lessons.l07_model_collapse import experiment as lesson
from synthdata.collapse import Row, Table
from synthdata.collapse.criteria import judge
from synthdata.collapse.sources.distributions import Multinomial
from synthdata.collapse.theory import agreement_replace, agreement_variance

CURVES = {
    "replace": [[1.0, 2.0, 4.0], [1.0, 3.0, 5.0], [1.0, 2.5, 3.0]],
    "accumulate": [[1.0, 2.0, 2.5], [1.0, 1.5, 2.0], [1.0, 2.0, 2.1]],
    "fresh": [[1.0, 1.2, 1.3], [1.0, 1.0, 1.1], [1.0, 1.4, 1.5]],
    "real": [[1.0, 1.1, 0.9], [1.0, 1.0, 1.0], [1.0, 0.9, 1.0]],
}
OFF = (-2.0, 0.5, 1.0)
"""Standard errors of its own chains by which each seed is off the formula."""


def planted(curves: dict[str, list[list[float]]]) -> list[dict[str, Any]]:
    """Evidence in which each source errs as the first, times its place."""
    n, truth = 200, Multinomial().truth
    error = (agreement_variance(2, n, truth) / 4) ** 0.5  # 4 chains a seed
    found = []
    for seed in range(3):
        agreement = [0.0, 0.0, agreement_replace(2, n, 0.02) + OFF[seed] * error]
        sources = {}
        for place, name in enumerate(lesson.SOURCES, 1):
            values = {
                r: {"kl": [place * v for v in curves[r][seed]], "sum_p2": agreement}
                for r in lesson.regimes(name)
            }
            units = {"kl": "bits", "sum_p2": "P(two draws agree)"}
            about = {"source": name, "error": "kl", "chains": 4, "units": units}
            sources[name] = {**about, "values": values}
        found.append({"seed": seed, "profile": "ci", "sources": sources})
    return found


def table(evidence: list[dict[str, Any]], name: str) -> Table:
    """What the laboratory would have made of one source."""
    rows = tuple(
        Row(regime=regime, generation=g, seed=one["seed"], measure="kl", value=value)
        for one in evidence
        for regime, measures in one["sources"][name]["values"].items()
        for g, value in enumerate(measures["kl"])
    )
    return Table(source=name, error="kl", units={"kl": "bits"}, sampler="", n=200, rows=rows)


def rows_of(evidence: list[dict[str, Any]]) -> dict[str, Finding]:
    return {row.criterion.quantity: row for row in find("model_collapse").judge(evidence)}


def test_values_are_judged_as_the_laboratory_does() -> None:
    """Where its denominators are well above 0: replace rises 3, 4.1 and 2.9 here."""
    steep = {**CURVES, "replace": [[1.0, 2.5, 4.0], [1.0, 3.0, 5.1], [1.0, 2.5, 3.9]]}
    steep["accumulate"] = [[1.0, 2.0, 2.5], [1.0, 1.9, 2.4], [1.0, 2.0, 2.1]]
    evidence = planted(steep)
    rows = rows_of(evidence)
    assert len(rows) == 12
    words = {
        ("replace", "slope"): "ngram, replace: slope of the error (bits/char a generation)",
        ("accumulate", "beside"): "ngram, accumulate: late rise / late rise under replace",
        ("fresh", "rise"): "ngram, fresh: rise / rise under replace",
    }
    said = {(j.regime, j.kind): j for j in judge(table(evidence, "ngram"))}
    for asked, quantity in words.items():
        row, theirs = rows[quantity], said[asked]
        assert row.values == pytest.approx(theirs.values)
        assert row.verdict == theirs.verdict
        assert row.criterion.threshold == theirs.criterion.threshold


def test_shares_are_each_seeds_own() -> None:
    values = [lesson.values(one) for one in planted(CURVES)]
    assert values[0][:4] == pytest.approx([1.5, 3.0, 4.5, 6.0])
    assert [v[0] for v in values] == pytest.approx([1.5, 2.0, 1.0])
    assert [v[4] for v in values] == pytest.approx([0.5 / 2, 0.5 / 2, 0.1 / 0.5])
    assert [v[8] for v in values] == pytest.approx([0.3 / 3, 0.1 / 4, 0.5 / 2])
    # late over early: 0.5 + 0.5 + 0.1 of 1 + 0.5 + 1
    assert lesson.slowing(planted(CURVES), "gpt", "accumulate") == pytest.approx(1.1 / 2.5)


def test_a_seed_is_as_far_from_the_formula_as_its_own_chains_are() -> None:
    """One number was copied into all seeds, and its interval had no width."""
    evidence = planted(CURVES)
    assert [lesson.from_formula(one) for one in evidence] == pytest.approx(OFF)
    (row,) = [row for name, row in rows_of(evidence).items() if "formula" in name]
    assert row.values == pytest.approx((2.0, 0.5, 1.0))
    assert row.measured.high > row.measured.low


def test_no_collapse_would_be_as_far_from_the_formula_as_is_said() -> None:
    made, size = Multinomial(), lesson.SIZES["full"]
    g, s0 = size.generations["multinomial"], float(made.truth @ made.truth)
    error = math.sqrt(agreement_variance(g, made.n, made.truth) / size.chains["multinomial"])
    stays = agreement_replace(0, made.n, s0)
    off = (agreement_replace(g, made.n, s0) - stays) / error
    assert off == pytest.approx(lesson.NO_COLLAPSE, rel=0.02)


def test_what_cannot_be_divided_shows_nothing() -> None:
    falling = {regime: [[3.0, 2.0, 1.0]] * 3 for regime in CURVES}
    values = [lesson.values(one) for one in planted(falling)]
    assert {tuple(v[4:11]) for v in values} == {(1.0,) * 7}
    rows = find("model_collapse").judge(planted(falling))
    assert {row.verdict for row in rows[4:11]} == {"falls short"}
    assert {row.verdict for row in rows[:4]} == {"contradicted"}
    assert interval([1.0] * 3).low == 1


def test_the_gpt_alone_goes_without_fresh() -> None:
    assert lesson.regimes("gpt") == ("replace", "accumulate", "real")
    assert lesson.regimes("ngram") == lesson.REGIMES
