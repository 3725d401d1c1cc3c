"""Comparisons: no alarm where both sides are one source, an alarm where variety was lost."""

import importlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata.comparison.compare import compare
from synthdata.comparison.pool import Pool
from synthdata.comparison.support import copied
from synthdata.comparison.two_sample import deals, documents_needed, holm, number_groups, p_values
from synthdata.text.tokens import encode
from synthdata.verdicts.against import of_comparison

SHARE = 1 / np.arange(1, 301)
SHARE /= SHARE.sum()


def texts(n, rng, temperature=1.0, length=12, favourites=0.2):
    """Zipf documents, a share of them one of five favourites that every collection shares."""
    share = SHARE ** (1 / temperature)
    share = share / share.sum()
    jokes = [" ".join(f"joke{j}w{i}" for i in range(length)) for j in range(5)]
    return [
        jokes[rng.integers(5)]
        if rng.random() < favourites
        else " ".join(f"w{i}" for i in rng.choice(300, length, p=share))
        for _ in range(n)
    ]


def test_lost_variety_is_seen():
    rng = np.random.default_rng(1)
    found = compare(texts(150, rng, temperature=0.6), texts(200, rng), permutations=99)
    hill1 = found.differences["hill1"]
    assert hill1.p_holm <= 0.06
    assert hill1.effect < -4
    assert hill1.ratio.high < 0.9
    assert hill1.synthetic < hill1.reference
    assert found.differences["self_bleu"].ratio.low > 0
    assert found.measures["support_recall"].value < found.measures["support_precision"].value


def test_longer_documents_are_no_loss_at_equal_tokens_or_coverage():
    rng = np.random.default_rng(2)
    short = texts(200, rng, length=8, favourites=0)
    long = texts(100, rng, length=24, favourites=0)
    for match in ("tokens", "coverage"):
        found = compare(short, long, match=match, quantities=["hill2"], permutations=19)
        assert 0.8 < found.measure("hill2_ratio").value < 1.25
    # 1,600 words against 2,400 of the same source: types differ by a tenth unless made equal
    rare = compare(short, long, quantities=["hill0"], permutations=19).measure("hill0_ratio")
    assert 0.95 < rare.value < 1.05
    by_size = compare(short, long, match="size", quantities=["hill0"], permutations=19)
    assert by_size.measure("hill0_ratio").high < 0.9  # a third of the words: it is not equal


def test_swapping_sides_inverts_the_ratio():
    # Exactly where both sides are whole; where the larger one is drawn from, the draws differ, and
    # the mean of 20 seeds is within four standard errors (6e-5 by chance) of no difference.
    rng = np.random.default_rng(3)
    a, b, more = texts(60, rng), texts(60, rng), texts(80, rng)

    def log_ratio(one, two, seed=0):
        found = compare(one, two, match="size", quantities=["hill1"], permutations=0, seed=seed)
        return math.log(found.measure("hill1_ratio").value)

    assert log_ratio(a, b) + log_ratio(b, a) == pytest.approx(0, abs=1e-9)
    sums = [log_ratio(a, more, seed) + log_ratio(more, a, seed) for seed in range(20)]
    assert abs(np.mean(sums)) < 4 * np.std(sums, ddof=1) / math.sqrt(20)


def test_groups_are_numbered_apart():
    group = number_groups(["p", "q", "p"], ["p", None], (3, 2))
    assert group.tolist() == [0, 1, 0, 2, 3]
    assert number_groups(None, None, (2, 2)).tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="reference_groups has 1 values for 2 documents"):
        number_groups(None, ["p"], (3, 2))


def test_groups_are_dealt_whole():
    group = np.array([0, 0, 0, 1, 2, 2, 3, 4, 4, 4])
    a, b = np.arange(6), np.arange(6, 10)  # three groups and two
    seen = set()
    for one, two in deals(group, a, b, 300, np.random.default_rng(0)):
        assert sorted([*one, *two]) == list(range(10))
        assert len(np.unique(group[one])) == 3
        assert not set(group[one]) & set(group[two])
        seen.add(tuple(np.unique(group[one]).tolist()))
    assert len(seen) == 10  # every choice of three groups out of five


def test_copies_inside_a_group_are_no_more_evidence():
    # Ten copies of every document, each ten a group: the same ratio, and an interval at least as
    # wide as that of the originals; as documents of their own, it would be a third as wide.
    rng = np.random.default_rng(6)
    a, b = texts(40, rng), texts(40, rng)
    tens = [number for number in range(40) for _ in range(10)]

    def width(one, two, **groups):
        found = compare(one, two, match="size", quantities=["hill1"], permutations=0, **groups)
        ratio = found.measure("hill1_ratio")
        return ratio.value, math.log(ratio.high / ratio.low)

    once = width(a, b)
    copies = [text for text in a for _ in range(10)], [text for text in b for _ in range(10)]
    grouped = width(*copies, groups=tens, reference_groups=tens)
    assert grouped[0] == pytest.approx(once[0])
    assert grouped[1] == pytest.approx(once[1], rel=0.35)  # two sets of 60 draws
    assert width(*copies)[1] < 0.5 * grouped[1]


def test_too_few_groups_have_no_interval():
    rng = np.random.default_rng(7)
    a, b = texts(60, rng), texts(60, rng)
    found = compare(a, b, groups=[i % 6 for i in range(60)], permutations=9)
    assert found.units == (6, 60)
    for difference in found.differences.values():
        assert not difference.ratio.has_interval
    assert "6 groups of documents are too few" in found.measure("hill1_ratio").warnings[0]
    assert "6 groups" in found.measure("support_recall").warnings[0]
    assert not found.measure("copied").has_interval
    assert "6 groups of documents that depend" in of_comparison(found).because


def test_groups_widen_the_interval_of_copies():
    # Half of 30 prompts are copied whole: 15 of 30, not 150 of 300, are what is known.
    known = [f"known {i} a b c" for i in range(150)]
    synthetic = known + [f"fresh {i} d e f" for i in range(150)]
    groups = np.repeat(np.arange(30), 10)
    alone, grouped = copied(synthetic, known), copied(synthetic, known, groups=groups)
    assert alone.value == grouped.value == 0.5
    assert grouped.high - grouped.low > 2.5 * (alone.high - alone.low)
    assert grouped.low <= 0.331  # Wilson's for 15 of 30: .5 -+ .169
    assert grouped.high >= 0.669


def test_the_larger_side_is_cut_by_whole_documents():
    # Three different documents of four words against one: at equal tokens the larger side shows
    # one whole document, never a word of each.
    found = compare(
        ["a a a a"],
        ["b b b b", "c c c c", "d d d d"],
        quantities=["hill0"],
        permutations=0,
    )
    assert found.differences["hill0"].reference == pytest.approx(1)


def test_copied_documents_are_counted():
    rng = np.random.default_rng(4)
    reference = texts(60, rng)
    synthetic = reference[:15] + [f"fresh {i} a b" for i in range(45)]
    found = compare(synthetic, reference, permutations=9).measures["copied"]
    assert found.value == 0.25
    assert found.low < 0.25 < found.high
    assert math.isnan(copied([], ["a"]).value)


def test_the_same_seed_gives_the_same_answer():
    rng = np.random.default_rng(5)
    a, b = texts(40, rng), texts(40, rng)
    one, two = (compare(a, b, permutations=19, seed=7) for _ in range(2))
    assert [d.p for d in one.differences.values()] == [d.p for d in two.differences.values()]
    assert str(one.measure("hill1_ratio")) == str(two.measure("hill1_ratio"))


@given(
    st.integers(1, 4).flatmap(
        lambda k: st.lists(
            st.lists(st.integers(-3, 3), min_size=k, max_size=k), min_size=2, max_size=9
        )
    )
)
def test_p_counts_the_deals_at_least_as_far_out_and_the_observed_one(rows):
    observed, *dealt = rows
    far = [1 + sum(abs(row[i]) >= abs(gap) for row in dealt) for i, gap in enumerate(observed)]
    found = p_values(np.array(observed, float), np.array(dealt, float))
    assert found.tolist() == pytest.approx([f / (1 + len(dealt)) for f in far])


def test_p_where_a_gap_is_nan():
    found = p_values(np.array([2.0, math.nan]), np.array([[math.nan, 1.0], [1.0, 1.0]]))
    assert found[0] == pytest.approx(2 / 3)  # the deal without a gap is no evidence
    assert math.isnan(found[1])


def test_holm():
    # By hand: sorted .01, .02, .04 -> .03, max(.03, .04) = .04, max(.04, .04) = .04.
    assert holm([0.04, 0.01, 0.02]).tolist() == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])  # never falls
    assert holm([0.5, math.nan, 0.9])[0] == 1.0
    assert math.isnan(holm([0.5, math.nan])[1])


def test_power_at_the_documents_needed():
    # A log ratio with standard error .0376 at n = 500 sees ln .9 with 80 %: simulate the z test.
    needed = documents_needed(0.08, 500)
    error = 0.08 * math.sqrt(500 / needed)
    z = np.random.default_rng(6).normal(math.log(0.9), error, 20_000) / error
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.8, abs=0.015)
    assert math.isnan(documents_needed(math.nan, 10))
    assert math.isnan(documents_needed(0.0, 10))


@pytest.mark.parametrize(
    ("synthetic", "reference"),
    [(["a"], ["a"]), ([""] * 3, ["", "a"]), (["x"] * 30, ["x"] * 30), (["从前"] * 2, ["🙂", "\0"])],
)
def test_awkward_collections_have_an_answer(synthetic, reference):
    found = compare(synthetic, reference, permutations=9)
    for difference in found.differences.values():
        ratio = difference.ratio
        assert ratio.warnings or math.isfinite(ratio.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare([], ["a"]), "got 0 synthetic"),
        (lambda: compare(["a"], ["a"], match="words"), "tokens, size, coverage"),
        (lambda: compare(["a"], ["a"], quantities=["mauve"]), "no quantity 'mauve'"),
        (lambda: compare(["a"], ["a"], permutations=2).measure("x"), "no measure 'x'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_self_bleu_of_a_side_without_words_is_undefined():
    found = compare([""] * 30, ["a b c d e"] * 30, quantities=["self_bleu"], permutations=9)
    assert math.isnan(found.differences["self_bleu"].synthetic)
    assert "nothing to count" in found.measure("self_bleu_difference").warnings[0]


def test_documents_are_numbered_by_their_whole_text():
    texts = ["a", "a\0", "a", "b"]
    pool = Pool(texts, encode(texts, "word"), "size", 2, np.random.default_rng(0), ())
    assert pool.text[0] == pool.text[2]
    assert len(set(pool.text.tolist())) == 3


def test_deals_without_a_gap_do_not_make_p_small():
    # One document with words on each side: a deal either gives both to one side (no gap, about
    # half of the deals) or one to each (the gap observed, up to its sign). None is smaller: p = 1.
    one, two = ["a a a a", *[""] * 9], ["a b c d", *[""] * 9]
    found = compare(one, two, quantities=["hill1"], permutations=99)
    assert found.differences["hill1"].p == 1


def test_all_different_on_both_sides_is_not_certain():
    one, two = ([f"{side} {i} x{i}" for i in range(250)] for side in "ab")
    found = compare(one, two, quantities=["documents_hill1"], permutations=9)
    ratio = found.measure("documents_hill1_ratio")
    assert ratio.value == pytest.approx(1)
    assert ratio.low < 0.99
    assert ratio.high > 1.01
    assert ratio.coverage < 0.1


def test_power_beside_other_tests():
    # Of six tests the smallest p has to be below .05 / 6: |z| > 2.638. Simulated as above.
    needed = documents_needed(0.08, 500, tests=6)
    error = 0.08 * math.sqrt(500 / needed)
    z = np.random.default_rng(6).normal(math.log(0.9), error, 20_000) / error
    assert (np.abs(z) > 2.638).mean() == pytest.approx(0.8, abs=0.015)
    rng = np.random.default_rng(8)
    a, b = texts(40, rng), texts(40, rng)
    alone = compare(a, b, quantities=["hill1"], permutations=9).differences["hill1"].needed
    # the draws are the same ones, so only the level differs
    beside = compare(a, b, quantities=["hill1", "hill2", "hill0"], permutations=9)
    # (2.394 + .842)^2 / (1.960 + .842)^2 = 1.334
    assert beside.differences["hill1"].needed == pytest.approx(1.334 * alone, abs=1.5)


def test_intervals_use_students_t(monkeypatch):
    module = importlib.import_module("synthdata.comparison.compare")
    monkeypatch.setattr(module, "standard_errors", lambda *_: (np.array([0.1]), ""))
    rng = np.random.default_rng(9)
    found = compare(texts(25, rng), texts(30, rng), quantities=["hill1"], permutations=3)
    ratio = found.measure("hill1_ratio")
    # 97.5 % quantile of t with 24 degrees of freedom: 2.0639 (any table)
    assert math.log(ratio.high / ratio.value) == pytest.approx(0.20639, abs=1e-5)
    assert math.log(ratio.value / ratio.low) == pytest.approx(0.20639, abs=1e-5)
