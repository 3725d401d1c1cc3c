"""The engine: what each regime trains on, same seed same numbers, the table, the verdict."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from synthdata.collapse import (
    REGIMES,
    Generation,
    Regime,
    Row,
    Sampler,
    Table,
    chain,
    collapse,
    regime,
)
from synthdata.collapse.criteria import headline, in_words, judge, slopes
from synthdata.collapse.sources.distributions import Gaussian, Linear, Multinomial, zipf_source

N = 20


class Labelled:
    """A source whose examples say where they come from: 0 is real, g was sampled by model g - 1."""

    name, n, error, units = "labelled", N, "age", {"age": "generations"}

    def __init__(self) -> None:
        self.fitted: list[np.ndarray] = []

    def real(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.zeros(n)

    def fit(self, data: np.ndarray, rng: np.random.Generator) -> float:
        self.fitted.append(data)
        return float(len(self.fitted))

    def sample(self, model: float, n: int, rng: np.random.Generator, sampler: Sampler) -> Any:
        return np.full(n, model)

    def measures(self, model: float, written: Any) -> dict[str, float]:
        return {"age": model}


def fed(kind: str, generations: int = 3) -> list[list[tuple[float, int]]]:
    """For every generation, (label, how often) of what it was trained on."""
    source = Labelled()
    list(chain(source, regime(kind), generations=generations, seed=0))
    return [
        list(zip(*(x.tolist() for x in np.unique(data, return_counts=True))))
        for data in source.fitted
    ]


def test_replace_trains_on_the_last_model_alone() -> None:
    assert fed("replace") == [[(0, N)], [(1, N)], [(2, N)], [(3, N)]]


def test_accumulate_keeps_everything() -> None:
    assert fed("accumulate")[3] == [(0, N), (1, N), (2, N), (3, N)]


def test_accumulate_subsample_keeps_the_amount() -> None:
    found = fed("accumulate-subsample", 8)
    assert [sum(count for _, count in each) for each in found] == [N] * 9
    # 20 of 180: the chance that all come from one round is below 1e-17
    assert len(found[8]) > 1


@pytest.mark.parametrize(("kind", "real"), [("fresh", 2), ("fresh:0.25", 5), ("real", N)])
def test_a_share_of_every_round_is_real(kind: str, real: int) -> None:
    for g, found in enumerate(fed(kind)):
        expected = {0.0: N} if g == 0 else {0.0: real, float(g): N - real}
        assert dict(found) == {label: count for label, count in expected.items() if count}


def test_the_same_seed_gives_the_same_table_and_another_one_does_not() -> None:
    run = lambda seeds: collapse(Multinomial(), generations=3, seeds=seeds)  # noqa: E731
    assert run(3).rows == run(range(3)).rows
    first, second = run([0]).values("replace", "kl"), run([1]).values("replace", "kl")
    assert (first != second).any()
    assert (run(3).values("replace", "kl")[0] == first[0]).all()


def test_all_regimes_start_from_the_same_model() -> None:
    table = collapse(Gaussian(), regimes=list(REGIMES)[:5], generations=2, seeds=2)
    for name in table.regimes:
        assert (table.values(name, "kl")[:, 0] == table.values("replace", "kl")[:, 0]).all()


def test_low_temperature_loses_variety_faster_and_a_generation_is_reported_each_time() -> None:
    told: list[tuple[int, int]] = []
    plain = collapse(zipf_source(200, 500), regimes=["replace"], generations=4, seeds=3)
    cold = collapse(
        zipf_source(200, 500),
        regimes=["replace"],
        sampler=Sampler(temperature=0.7),
        generations=4,
        seeds=3,
        report=lambda done, total: told.append((done, total)),
    )
    assert told == [(i, 15) for i in range(1, 16)]
    for measure in ("types", "entropy"):
        assert (
            cold.values("replace", measure)[:, -1] < plain.values("replace", measure)[:, -1]
        ).all()


def test_samplers_shape_categories() -> None:
    p = np.array([0.5, 0.3, 0.15, 0.05])
    assert Sampler().shaped(p) is p
    np.testing.assert_allclose(Sampler(top_k=1).shaped(p), [1, 0, 0, 0])
    np.testing.assert_allclose(Sampler(top_p=0.7).shaped(p), [0.625, 0.375, 0, 0])
    np.testing.assert_allclose(Sampler(temperature=0.5).shaped(p), p**2 / (p**2).sum())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regime("repalce"), "no regime 'repalce'; choose among replace"),
        (lambda: regime("fresh:2"), "from 0 to 1"),
        (lambda: regime("fresh:x"), "from 0 to 1"),
        (lambda: regime("replace:0.1"), "no regime"),
        (lambda: collapse(Gaussian(), regimes=[]), "name a regime"),
        (lambda: collapse(Gaussian(), regimes=["real", "real"]), "once"),
        (lambda: collapse(Gaussian(), generations=0), "from 1"),
        (lambda: collapse(Gaussian(), seeds=0), "at least 1"),
        (lambda: collapse(Gaussian(), regimes=["curated"]), "use ngram, gpt"),
        (lambda: collapse(Gaussian(), sampler=Sampler(top_k=3)), "top-k"),
        (lambda: Sampler(temperature=-1), "temperature"),
        (lambda: Multinomial(n=1), "n=1"),
        (lambda: Multinomial(truth=np.array([0.5, 0.4])), "sum to one"),
        (lambda: Linear(n=5, inputs=4), "inputs"),
        (lambda: Linear(noise=0), "noise"),
    ],
)
def test_errors_name_the_value_and_the_remedy(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_table_is_tidy_and_knows_its_intervals() -> None:
    table = collapse(Gaussian(), regimes=["replace"], generations=2, seeds=[4, 7])
    lines = table.to_csv().splitlines()
    assert lines[0] == "regime,generation,seed,measure,value"
    assert len(lines) - 1 == len(table.rows) == 2 * 3 * len(table.units)
    found = table.interval("replace", "kl", 2)
    values = [r.value for r in table.rows if (r.measure, r.generation) == ("kl", 2)]
    assert math.isclose(found.value, sum(values) / 2)
    assert found.low < min(values) < max(values) < found.high
    with pytest.raises(ValueError, match="it has kl, variance"):
        table.values("replace", "perplexity")


def made(curves: dict[str, list[float]], seeds: int = 4) -> Table:
    """A table whose error follows these curves, with a little spread between seeds."""
    rows = tuple(
        Row(regime=name, generation=g, seed=s, measure="kl", value=v + 0.001 * s * (g + 1))
        for name, curve in curves.items()
        for s in range(seeds)
        for g, v in enumerate(curve)
    )
    return Table(source="made", error="kl", units={"kl": "bits"}, sampler="", n=2, rows=rows)


UP, FLAT, DOWN = [0.0, 1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0], [3.0, 2.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("curves", "verdicts", "said"),
    [
        ({"replace": UP}, ["reproduced"], "Replace drifts"),
        ({"replace": DOWN}, ["contradicted"], "comes closer"),
        ({"accumulate": [0, 1, 1.5, 1.7]}, ["reproduced"], "slows, rising late by 20% of"),
        ({"accumulate": [0, 1, 2.5, 4.5]}, ["contradicted"], "keeps rising"),
        ({"accumulate": [0, 1, 2, 2.7]}, ["falls short"], "slows, rising late by 70% of"),
        ({"accumulate": [0, 1, 5, 5.7]}, ["falls short"], "late by 70%"),  # no middle step
        (
            {"replace": [0, 4, 5, 6], "accumulate": [0, 2, 3, 3.9]},  # both slow down
            ["reproduced", "falls short"],
            "accumulate keeps rising, late by 90% of what replace does then",
        ),
        (
            {"replace": UP, "accumulate": [0, 1, 1.2, 1.3]},
            ["reproduced"] * 2,
            "accumulate rises late by 10% of what replace does then",
        ),
        ({"accumulate": DOWN}, [], "Nothing"),
        ({"replace": UP, "real": FLAT}, ["reproduced"] * 2, "real does not rise"),
        ({"replace": UP, "fresh": [0, 1, 1, 1]}, ["reproduced", "falls short"], "by 3"),
        ({"replace": UP, "fresh:0.2": [0, 2, 4, 6]}, ["reproduced", "contradicted"], "even more"),
        ({"fresh": UP}, [], "Nothing"),
    ],
)
def test_the_verdict_follows_the_criteria_either_way(
    curves: dict[str, list[float]], verdicts: list[str], said: str
) -> None:
    table = made(curves)
    judged = judge(table)
    assert [j.verdict for j in judged] == verdicts
    assert said.lower() in headline(table, judged).lower()


def noisy(part: list[float], whole: list[float]) -> Table:
    """Rises of seeds under fresh and under replace."""
    rows = tuple(
        Row(regime=name, generation=g, seed=s, measure="kl", value=g * rise)
        for name, rises in (("replace", whole), ("fresh", part))
        for s, rise in enumerate(rises)
        for g in (0, 1)
    )
    return Table(source="made", error="kl", units={"kl": "bits"}, sampler="", n=2, rows=rows)


def test_the_spread_of_a_denominator_counts() -> None:
    """Divided by the mean of all denominators these shares were 0.05 each, and sure. No seed can be
    divided by its own rise, which may be 0: so it is asked whether a tenth of it is more."""
    rises = [-0.6, 0.0, 1.4, 1.6, 2.6]  # mean 1
    fresh = judge(noisy([0.05] * 5, rises))[1]
    assert fresh.criterion.quantity == "rise less 0.1 x rise under replace"
    assert fresh.values == pytest.approx([0.05 - 0.1 * r for r in rises])
    assert fresh.mean == pytest.approx(0.05)
    assert fresh.verdict == "undecided"
    # the same mean with no seed near 0 is divided seed by seed
    steady = judge(noisy([0.05] * 3, [0.9, 1.0, 1.1]))[1]
    assert steady.values == pytest.approx([0.05 / 0.9, 0.05, 0.05 / 1.1])
    assert steady.verdict == "reproduced"


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 1.5])
def test_differences_judge_a_ratio_of_means(share: float) -> None:
    """With many chains the verdict is that of the true share: 400 chains, single ones of which rise
    or fall; the difference then has a standard error of 0.05 x 0.5, and each case but the one at
    the threshold is four of them or more away: it fails by chance less than once in 10,000."""
    rng = np.random.default_rng(5)
    whole = rng.normal(2.0, 2.0, 400)
    part = share * whole + rng.normal(0.0, 0.4, 400)
    found = judge(noisy(part.tolist(), whole.tolist()))[1]
    assert found.mean == pytest.approx(share, abs=0.05)
    words = {0.05: "reproduced", 0.1: "undecided", 0.3: "falls short", 1.5: "contradicted"}
    assert found.verdict == words[share]


def test_no_verdict_below_three_seeds() -> None:
    table = made({"replace": UP}, seeds=2)
    assert judge(table) == ()
    assert "needs 3 seeds" in in_words(table, ())[0]


def test_slopes_are_those_of_least_squares() -> None:
    rows = np.random.default_rng(0).normal(size=(5, 7))
    np.testing.assert_allclose(slopes(rows), np.polyfit(np.arange(7), rows.T, 1)[0])


def test_a_generation_carries_its_model_and_what_it_wrote() -> None:
    last = None
    for last in chain(Multinomial(), Regime(name="mine", real_share=0.5), generations=2, seed=3):
        assert isinstance(last, Generation)
    assert last is not None
    assert (last.number, len(last.data), len(last.written)) == (2, 200, 200)
    assert math.isclose(last.model.sum(), 1)
