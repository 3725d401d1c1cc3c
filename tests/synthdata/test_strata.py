"""The entropy budget against closed forms, and its correction against chance."""

import math
import tracemalloc

import numpy as np
import pytest

from synthdata.panel.budget import budget
from synthdata.text.ngrams import grams
from synthdata.text.tokens import encode


def words(texts):
    return grams(encode(texts, "word"), 1)


def test_a_field_that_says_everything_and_one_that_says_nothing():
    # Four equally likely words, one for each persona: H = 2 bits, all of it the persona's.
    found = budget(words(["a", "b", "c", "d"] * 100), list("wxyz") * 100)
    assert found.total.value == pytest.approx(2, abs=0.001)  # the source's, as the sample tells
    assert found.information.value == pytest.approx(2, abs=0.001)
    assert found.within.value == pytest.approx(0, abs=0.001)
    assert found.p < 0.01
    assert [s.entropy for s in found.strata] == [0, 0, 0, 0]
    # the same jokes by every persona
    same = budget(words(["a", "b", "c", "d"] * 400), ["w"] * 4 * 200 + ["x"] * 4 * 200)
    assert same.information.value == pytest.approx(0, abs=0.01)
    assert same.within.value == pytest.approx(2, abs=0.01)
    assert any("no evidence" in w for w in same.information.warnings)


def test_the_budget_adds_up():
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{rng.zipf(2) + 5 * (i % 3)}" for _ in range(10)) for i in range(120)]
    found = budget(words(texts), [i % 3 for i in range(120)])
    total = found.information.value + found.within.value
    assert total == pytest.approx(found.total.value, abs=1e-12)
    assert sum(s.adds for s in found.strata) == pytest.approx(found.information.value, abs=1e-12)


def test_correction_removes_the_bias_of_many_values():
    # 200 documents of 10 uniform words from 50, 20 labels that mean nothing: plug-in information is
    # about 19 * 49 / (2 * 2000 ln 2) = .34 bits, and should be 0. Mean over 20 corpora; the
    # standard error is about .004.
    rng = np.random.default_rng(1)
    values = []
    for seed in range(20):
        texts = [" ".join(f"w{w}" for w in rng.integers(0, 50, 10)) for _ in range(200)]
        found = budget(words(texts), (list(range(20)) * 10), permutations=30, seed=seed)
        values.append(found.information.value)
    assert np.mean(values) == pytest.approx(0, abs=0.02)


def test_the_value_that_is_different_adds_most():
    texts = ["a b c d"] * 90 + ["x y z"] * 30
    found = budget(words(texts), ["p"] * 45 + ["q"] * 45 + [None] * 30)
    assert found.strata[0].value == "(missing)"
    assert found.strata[0].documents == 30


def test_shuffled_labels_are_significant_one_time_in_twenty():
    # 100 corpora without any effect at level 5 %: eleven or more have a probability of 1.2 %.
    rng = np.random.default_rng(2)
    low = 0
    for seed in range(100):
        texts = [f"w{rng.integers(20)} w{rng.integers(20)}" for _ in range(40)]
        low += budget(words(texts), [0, 1] * 20, permutations=39, seed=seed).p <= 0.05
    assert low <= 10


def test_undefined_and_bad():
    one = budget(words(["a", "b"]), ["x", "x"])
    assert math.isnan(one.information.value)
    assert "one value only ('x')" in one.information.warnings[0]
    assert math.isnan(budget(words(["", ""]), ["x", "y"]).total.value)
    assert math.isnan(budget(words([]), []).total.value)
    with pytest.raises(ValueError, match="1 values for 2 documents"):
        budget(words(["a", "b"]), ["x"])


def test_intervals_are_of_documents_and_not_of_shuffled_labels():
    # 400 words from 100 documents that say theirs four times are no 400 independent ones. Shuffled
    # labels spread by .01 bits where the information itself is known to .03 or so.
    rng = np.random.default_rng(0)
    said = [f"{'pq'[i % 2]}{rng.integers(2)}" if rng.random() < 0.5 else "r" for i in range(100)]
    texts = [" ".join([word] * 4) for word in said]
    split = budget(words(texts), list("xy") * 50)
    once = budget(words(said), list("xy") * 50)
    for name in ("information", "within"):
        made, alone = getattr(split, name), getattr(once, name)
        assert made.low < made.value < made.high
        assert made.value == pytest.approx(alone.value, abs=0.02)
        assert made.high - made.low == pytest.approx(alone.high - alone.low, rel=0.25)
    assert split.p < 0.01


def test_values_that_differ_by_a_closing_nul_are_two():
    found = budget(words(["a", "b"] * 30), ["x", "x\0"] * 30)
    assert sorted(s.value for s in found.strata) == ["x", "x\0"]
    assert found.information.value == pytest.approx(1, abs=0.05)


def test_a_long_value_takes_no_room_in_the_others():
    # As an array of strings of equal width, 4 bytes a character: 2,000 x 100,000 x 4 = 800 MB.
    field = ["x" * 100_000, *["y"] * 1_999]
    tracemalloc.start()
    budget(words(["a"] * 2_000), field, permutations=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.parametrize("nested", [True, False])
def test_groups_are_shuffled_together(nested):
    # 24 prompts of four documents, each with a topic; the field says nothing more. Nested: a model
    # has whole prompts. Crossed: each prompt is asked of every persona. Of 60 collections 3 are
    # expected at p <= 5 %; nine or more have a probability of .3 %. Over documents, nested fields
    # would seem to say something in two thirds of them.
    alarms = over_documents = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        prompt = np.repeat(np.arange(24), 4)
        topic = rng.integers(0, 200, (24, 2))[prompt]
        texts = [
            " ".join([f"t{t[i]}" for i in rng.integers(0, 2, 5)] + [f"w{rng.integers(9)}"])
            for t in topic
        ]
        field = (prompt % 3 if nested else np.tile(np.arange(4), 24)).tolist()
        found = grams(encode(texts), 1)
        alarms += budget(found, field, groups=prompt, permutations=39, seed=seed).p <= 0.05
        over_documents += budget(found, field, permutations=39, seed=seed).p <= 0.05
    assert alarms <= 8
    if nested:
        assert over_documents > 25


def test_a_field_that_is_the_grouping_is_not_lost():
    prompt = np.repeat(np.arange(10), 4)
    found = grams(encode([f"t{p} t{p} w{i % 3}" for i, p in enumerate(prompt)]), 1)
    split = budget(found, prompt.tolist(), groups=prompt, permutations=99)
    assert split.p == 0.01
    assert split.information.value > 1
