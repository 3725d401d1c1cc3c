"""Second lines of defence: p by standard errors, tests that cannot reject, rough sample sizes."""

import importlib
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from synthdata.comparison.compare import compare
from synthdata.comparison.two_sample import can_reject, documents_needed, needed_range, p_of_errors
from synthdata.diversity.measure import Measure
from synthdata.report.record import differences
from synthdata.verdicts.against import of_comparison


def words(n, length, rng, types=150):
    share = 1 / np.arange(1, types + 1)
    rows = rng.choice(types, (n, length), p=share / share.sum())
    return [" ".join(f"w{i}" for i in row) for row in rows]


def test_p_of_errors_is_students():
    # Tables of t: 2.0639 is the 97.5 % quantile with 24 degrees of freedom, 2.7969 the 99.5 %.
    found = p_of_errors(np.array([2.0639, -2.7969, 0.0]), np.ones(3), 24)
    assert found == pytest.approx([0.05, 0.01, 1.0], abs=1e-5)
    # without an error it says nothing, and without a gap nan stays nan
    found = p_of_errors(np.array([0.5, math.nan]), np.array([0.0, 1.0]), 24)
    assert found[0] == 0
    assert math.isnan(found[1])


def test_the_larger_p_stands(monkeypatch):
    module = importlib.import_module("synthdata.comparison.compare")
    rng = np.random.default_rng(1)
    one, two = words(40, 20, rng, 60), words(40, 20, rng)
    sure = compare(one, two, quantities=["hill1"], permutations=99).differences["hill1"]
    assert sure.p == 0.01
    gap = math.log(sure.synthetic / sure.reference)
    monkeypatch.setattr(module, "standard_errors", lambda *_: (np.array([abs(gap)]), ""))
    unsure = compare(one, two, quantities=["hill1"], permutations=99).differences["hill1"]
    # one standard error, t with 39 degrees of freedom: p = .32345
    assert unsure.p == pytest.approx(0.32345, abs=1e-4)


def test_what_no_deal_can_move_does_not_count():
    rng = np.random.default_rng(2)
    one, two = words(40, 20, rng), words(40, 20, rng)  # no document comes twice
    five = ["hill0", "hill1", "hill2", "documents_hill1", "near_duplicates"]
    found = compare(one, two, quantities=five, permutations=99).differences
    assert [name for name, d in found.items() if d.testable] == five[:3]
    assert found["near_duplicates"].p == found["near_duplicates"].p_holm == 1
    three = compare(one, two, quantities=five[:3], permutations=99).differences
    for name in five[:3]:
        assert found[name].p_holm == three[name].p_holm
        assert found[name].needed == three[name].needed


def test_one_pair_of_copies_does_not_count_and_many_do():
    rng = np.random.default_rng(3)
    one, two = words(40, 20, rng), words(40, 20, rng)
    both = ["hill1", "near_duplicates"]
    # Of one pair either half of the deals has both copies on one side, which is the largest gap.
    found = compare([*one[:-1], one[0]], two, quantities=both, permutations=99).differences
    assert not found["near_duplicates"].testable
    found = compare(one[:10] * 4, two, quantities=both, permutations=99).differences
    assert found["near_duplicates"].testable
    assert found["near_duplicates"].p_holm <= 0.02


def test_tarone_by_hand():
    # 99 deals of four tests: the largest gap (1) comes up once, twice, five and ninety times, the
    # observed one (0) never. Smallest p, one taken for luck: 0, .01, .04, .89. K = 1: three are at
    # .05 or below; K = 2: two are at .025 or below, which is K.
    dealt = np.zeros((99, 4))
    for test, times in enumerate((1, 2, 5, 90)):
        dealt[:times, test] = 1
    observed = np.array([0.0, 0, 0, 0])
    assert can_reject(observed, dealt).tolist() == [True, True, False, False]
    # which of the gaps is the observed one plays no part
    swapped = np.vstack((observed, dealt[1:]))
    assert can_reject(dealt[0], swapped).tolist() == [True, True, False, False]
    assert can_reject(np.array([1.0, math.nan]), np.empty((0, 2))).tolist() == [True, False]


def test_the_needed_number_is_a_rough_one():
    # The documents needed go with the variance of 60 draws: 95 % of them lie in the range.
    rng = np.random.default_rng(4)
    truth = documents_needed(0.05, 200)
    drawn = [documents_needed(rng.normal(0, 0.05, 60).std(ddof=1), 200) for _ in range(2000)]
    ends = np.array([needed_range(n) for n in drawn])
    held = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
    assert held == pytest.approx(0.95, abs=0.02)  # four standard errors, 6e-5
    assert math.isnan(needed_range(math.nan)[0])
    found = compare(words(40, 20, rng), words(40, 20, rng), permutations=19)
    row = differences(found.differences.values())[1]
    assert row["needed_low"] < row["needed"] < row["needed_high"]
    assert json.loads(json.dumps(row))["testable"] is True


def judged(low, value, high, name="hill1_ratio", p=0.01):
    """The verdict on a comparison whose only quantity is this one."""
    rng = np.random.default_rng(5)
    made = compare(words(40, 20, rng), words(40, 20, rng), quantities=["hill1"], permutations=99)
    ratio = Measure(
        name=name,
        value=value,
        low=low,
        high=high,
        n=40,
        method="by hand",
        unit="times" if name == "hill1_ratio" else "BLEU",
        direction="higher is more varied" if name == "hill1_ratio" else "lower is more varied",
    )
    found = replace(made.differences["hill1"], ratio=ratio, p=p, p_holm=p)
    return of_comparison(replace(made, differences={"hill1": found}))


@pytest.mark.parametrize(
    ("low", "value", "high", "name", "text"),
    [
        (0.90, 0.95, 0.99, "hill1_ratio", "Less varied"),
        (0.91, 0.97, 1.02, "hill1_ratio", "No loss of variety"),
        (1.01, 1.05, 1.10, "hill1_ratio", "More varied"),
        (0.99, 1.05, 1.10, "hill1_ratio", "No loss of variety"),
        (0.01, 0.05, 0.10, "self_bleu_difference", "Less varied"),
        (-0.01, 0.05, 0.10, "self_bleu_difference", "No loss of variety"),
    ],
)
def test_no_verdict_against_its_own_interval(low, value, high, name, text):
    found = judged(low, value, high, name)
    assert found.text.startswith(text)
    if text == "No loss of variety":
        assert "hold no difference" in found.because
        assert "p = 0.01" in found.because
    assert "no difference is larger than chance" in judged(0.9, 0.97, 1.02, p=0.4).because


def test_the_verdict_says_about_how_many():
    rng = np.random.default_rng(6)
    found = of_comparison(compare(words(40, 20, rng), words(40, 20, rng), permutations=199))
    assert "about " in found.because
    assert " to " in found.because.split("needed (")[1]
