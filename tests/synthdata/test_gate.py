"""Rules: pass, fail, cannot tell."""

import math

import numpy as np
import pytest

from synthdata.dial.corpora import word
from synthdata.diversity.measure import Measure
from synthdata.verdicts.gate import gate, of_gate
from synthdata.verdicts.rules import RULES, judge, parse, rules_help

SHARE = 1 / np.arange(1, 501)
SHARE /= SHARE.sum()


def texts(n, seed):
    rng = np.random.default_rng(seed)
    return [" ".join(map(word, rng.choice(500, 15, p=SHARE).tolist())) for _ in range(n)]


def measured(low, value, high, coverage=0.9):
    return Measure(
        name="x",
        value=value,
        low=low,
        high=high,
        n=100,
        coverage=coverage,
        method="",
        unit="",
        direction="neither",
    )


@pytest.mark.parametrize(
    ("rule", "low", "value", "high", "outcome"),
    [
        ("hill1_ratio>=0.8", 0.8, 0.9, 1.0, "pass"),
        ("hill1_ratio>=0.8", 0.79, 0.9, 1.0, "cannot tell"),
        ("hill1_ratio>=0.8", 0.5, 0.6, 0.79, "fail"),
        ("hill1_ratio>=0.8", 0.5, 0.6, 0.8, "cannot tell"),
        ("near_duplicates<=0.02", 0.0, 0.01, 0.02, "pass"),
        ("near_duplicates<=0.02", 0.0, 0.01, 0.03, "cannot tell"),
        ("near_duplicates<=0.02", 0.03, 0.04, 0.05, "fail"),
        ("near_duplicates<=0.02", math.nan, 0.01, math.nan, "cannot tell"),
    ],
)
def test_the_interval_decides(rule, low, value, high, outcome):
    assert judge(parse(rule), measured(low, value, high)).outcome == outcome


def test_low_coverage_cannot_tell():
    found = judge(parse("hill1_ratio>=0.8"), measured(0.9, 1.0, 1.1, coverage=0.4))
    assert found.outcome == "cannot tell"
    assert "coverage 40.0% is below the 50%" in found.reason


@pytest.mark.parametrize("name", RULES)
def test_every_rule_can_be_judged(name):
    found = gate(texts(40, 1), [f"{name}>=0"], reference=texts(40, 2))
    assert found.outcome in ("pass", "cannot tell")
    assert name in rules_help()
    assert RULES[name].definition in rules_help()


def test_healthy_passes_and_collapsed_fails():
    rules = ["hill1_ratio>=0.8", "near_duplicates<=0.05"]
    reference = texts(200, 3)
    good = gate(texts(200, 4), rules, reference=reference)
    assert (good.outcome, good.exit_code) == ("pass", 0), str(good)
    rules.append("documents_hill1_ratio>=0.8")
    bad = gate(texts(10, 5) * 20, rules, reference=reference)
    assert [j.outcome for j in bad.judgements] == ["fail"] * 3, str(bad)
    assert bad.exit_code == 1
    few = gate(texts(8, 6), rules, reference=reference)
    assert (few.outcome, few.exit_code) == ("cannot tell", 2)


def test_documents_are_judged_where_they_repeat():
    kinds, rng = texts(40, 3), np.random.default_rng(7)
    one, two = ([kinds[i] for i in rng.integers(0, 40, 300)] for _ in range(2))
    rules = ["documents_hill1_ratio>=0.8", "documents_hill1>=20"]
    found = gate(one, rules, reference=two)
    assert [j.outcome for j in found.judgements] == ["pass", "pass"], str(found)
    for share in (0.6, 0.99):  # each document different says little about how many kinds there are
        found = gate(
            texts(200, 8),
            [f"documents_hill1_ratio>={share}", "documents_hill1>=100"],
            reference=texts(200, 9),
        )
        assert [j.outcome for j in found.judgements] == ["cannot tell"] * 2, str(found)
        assert "coverage" in found.judgements[0].reason


def test_the_worst_rule_decides():
    found = gate(["same"] * 60, ["near_duplicates<=0.5", "documents_hill1>=0.5", "self_bleu<=.2"])
    assert [j.outcome for j in found.judgements][:2] == ["fail", "pass"]
    assert found.outcome == "fail"


@pytest.mark.parametrize("collection", [[], ["a"], [""] * 30])
def test_too_little_cannot_be_told(collection):
    rules = ["hill1_ratio>=0.8", "self_bleu<=0.5"]
    assert gate(collection, rules, reference=texts(30, 1)).outcome == "cannot tell"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("hill1_ratio>0.8", "name>=number"),
        ("hill1_ratio>=many", "not a number: 'many'"),
        ("mauve>=0.8", "no rule is about 'mauve'"),
        ("hill1_ratio>=inf", "finite"),
    ],
)
def test_unreadable_rules_are_named(rule, message):
    with pytest.raises(ValueError, match=message):
        parse(rule)


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="needs a rule"):
        gate(["a"], [])
    with pytest.raises(ValueError, match="hill1_ratio compares with a reference"):
        gate(["a"], ["hill1_ratio>=0.8"])


@pytest.mark.parametrize("sign", [">=", "<="])
@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("collection", [[""] * 30, [" \n"] * 30, []])
def test_empty_texts_meet_no_rule(collection, name, sign):
    # Each rule alone: beside another that cannot be told a wrong pass would not be seen.
    found = gate(collection, [f"{name}{sign}0.5"], reference=texts(30, 1))
    assert found.outcome == "cannot tell", str(found)
    if RULES[name].needs_reference:
        found = gate(texts(30, 1), [f"{name}{sign}0.5"], reference=collection)
        assert found.outcome == "cannot tell", str(found)


def test_texts_without_a_word_have_no_self_bleu():
    found = gate(["?!", "..."] * 15, ["self_bleu<=0.5"], tokeniser="word")
    assert found.outcome == "cannot tell"
    assert "no document has a word" in found.judgements[0].reason


@pytest.mark.parametrize(("n", "confidence"), [(10, "low"), (60, "medium"), (250, "high")])
def test_confidence_in_a_gate_depends_on_n(n, confidence):
    found = gate(texts(n, 1), ["copied<=0.5"], reference=texts(300, 2))
    assert found.outcome == "pass"
    assert of_gate(found).confidence == confidence
    assert of_gate(gate(texts(n, 1), ["copied<=0"], reference=["x"])).confidence == "low"


@pytest.mark.parametrize(
    ("answers", "confidence"),
    [(1, "high"), (5, "medium"), (20, "low")],  # 240 documents, in 240, 48 or 12 groups
)
def test_confidence_in_a_gate_counts_groups(answers, confidence):
    side, reference = texts(240, 1), texts(300, 2)
    groups = [i // answers for i in range(240)]
    for rule in ("near_duplicates<=0.9", "support_recall>=0.01"):
        found = gate(side, [rule], reference=reference, groups=groups)
        if answers < 20:  # too few groups for an interval otherwise
            assert found.outcome == "pass", str(found)
        assert of_gate(found).confidence == confidence
        assert found.judgements[0].units == 240 // answers
    few = gate(
        side,
        ["support_recall>=0.01", "copied<=0.9"],
        reference=reference,
        reference_groups=[i // 10 for i in range(300)],
    )
    assert [j.units for j in few.judgements] == [30, 240]


def test_the_definitions_say_at_what_terms():
    for name in ("hill1_ratio", "hill2_ratio"):
        assert "--match, tokens unless said" in RULES[name].definition
    for name, rule in RULES.items():
        if rule.minimum_coverage:
            assert f"{rule.minimum_coverage:.0%}".replace("%", " %") in rule.definition, name
