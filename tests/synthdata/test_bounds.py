"""Intervals inside the range of their quantity, and none of no width.

Before, 80 % more near-duplicates had 95 % ends of 43 % and 117 %, 40 documents had up to 84
different ones, a field told -0.3 bits, and 30 copies of one text had 3.789 to 3.789 words.
"""

import math

import numpy as np
import pytest

from synthdata.comparison.compare import compare
from synthdata.dial.corpora import sentence, zipf
from synthdata.diversity.bounds import UNMOVED, in_range
from synthdata.diversity.measure import Measure
from synthdata.panel.panel import measure
from synthdata.verdicts import against
from synthdata.verdicts.gate import gate

SHARE = zipf(600)


def fresh(n, seed, length=20):
    rng = np.random.default_rng([n, seed])
    return [sentence(SHARE, length, rng) for _ in range(n)]


def ends(found):
    return [end for end in (found.low, found.high, *(found.by_cluster or ())) if end == end]


@pytest.mark.parametrize("grouped", [False, True])
def test_differences_of_shares_stay_between_minus_one_and_one(grouped):
    # Eight in ten documents are copies, in 25 groups: the standard error is large.
    texts = [fresh(5, 0)[i % 5] if i % 25 < 20 else text for i, text in enumerate(fresh(100, 1))]
    groups = {"groups": [i % 25 for i in range(100)]} if grouped else {}
    for one, two in ((texts, fresh(100, 2)), (fresh(100, 2), texts)):
        found = compare(one, two, permutations=0, quantities=["self_bleu", "near_duplicates"])
        if grouped:
            found = compare(
                one, two, permutations=0, quantities=["self_bleu", "near_duplicates"],
                **({"groups": groups["groups"]} if one is texts else
                   {"reference_groups": groups["groups"]}),
            )  # fmt: skip
        for difference in found.differences.values():
            assert ends(difference.ratio)
            assert all(-1 <= end <= 1 for end in ends(difference.ratio)), difference


def test_there_are_no_more_different_documents_than_documents():
    for groups in (None, [i // 2 for i in range(40)], [max(0, i - 12) for i in range(40)]):
        texts = fresh(8, 4) + [fresh(1, 5)[0]] * 10 + fresh(22, 6)
        found = measure(texts, groups=groups)
        for q in (0, 1, 2):
            assert ends(found[f"documents_hill{q}"])
            assert all(1 <= end <= 40 for end in ends(found[f"documents_hill{q}"]))


def test_a_field_tells_no_less_than_nothing_and_the_budget_adds_up():
    negative = 0
    for seed in range(8):  # a field that tells nothing: the estimate is below 0 every second time
        by = np.random.default_rng(seed).integers(0, 3, 60).tolist()
        found = measure(fresh(60, seed) if seed % 2 else fresh(12, seed) * 5, by=by)
        for what, split in (("words", found.budget), ("documents", found.documents_budget)):
            told, within = found[f"{what}_information"], found[f"{what}_entropy_within"]
            assert told.value >= 0
            assert within.value <= split.total.value + 1e-12
            assert told.value + within.value == pytest.approx(split.total.value)
            assert split.information.value == told.value
            assert 0 <= told.coverage <= 1
            assert not any(end < 0 for end in ends(told) + ends(within))
            negative += any("cannot be" in warning for warning in told.warnings)
    assert negative  # all 16 above 0 by chance: once in 65,000


def test_an_estimate_outside_its_range_is_moved_and_told():
    def made(value, low=math.nan, high=math.nan):
        return Measure(
            name="x", value=value, low=low, high=high, n=1, coverage=-2e-16, method="",
            unit="bits", direction="neither",
        )  # fmt: skip

    moved = in_range(made(-0.3, -0.5, 0.1), 2.0)
    assert (moved.value, moved.low, moved.high, moved.coverage) == (0, 0, 0.1, 0)
    assert moved.warnings == ("the estimate is -0.3, which it cannot be",)
    assert in_range(made(1.0, 0.5, 2.5), 2.0).high == 2.5
    assert in_range(made(1.0), 2.0).warnings == ()


def test_an_interval_of_no_width_is_withheld_with_its_reason():
    found = measure(["the same joke again and again told"] * 30)
    for name in ("hill0", "hill1", "hill2", "distinct2", "cosine", "words_entropy_source"):
        assert not found[name].has_interval, name
        assert UNMOVED in found[name].warnings
    assert found["hill1"].value == pytest.approx(2 ** found["words_entropy"].value)
    for name in ("documents_hill1", "near_duplicates", "self_bleu"):  # as wide as 30 allow
        assert found[name].high > found[name].low
    both = compare(["the same joke"] * 30, ["another joke told"] * 30, permutations=199)
    assert not both.differences["hill1"].ratio.has_interval
    assert UNMOVED in both.differences["hill1"].ratio.warnings
    assert against.of_comparison(both).confidence != "high"
    for rule, reference in (("words_entropy_source>=1", None), ("hill1_ratio>=0.5", ["a b"] * 30)):
        (judged,) = gate(["the same joke"] * 30, [rule], reference=reference).judgements
        assert judged.outcome == "cannot tell", judged
        assert "no interval" in judged.reason
