"""Equal terms: what the two collections meet at, and that every deal meets at the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata.comparison.compare import compare
from synthdata.comparison.equal_terms import ORDERS, Drawer, Parts, group_sizes
from synthdata.comparison.pool import Pool
from synthdata.comparison.two_sample import deals
from synthdata.text.tokens import encode


def words(n, length, rng):
    """Documents of `length` words of 200, each as likely."""
    return [" ".join(f"w{i}" for i in rng.integers(0, 200, length)) for _ in range(n)]


def pool_of(one, two, match="tokens", groups=None, quantities=()):
    texts = one + two
    numbers = None if groups is None else np.array(groups)
    rng = np.random.default_rng(0)
    return Pool(texts, encode(texts, "word"), match, len(one), rng, quantities, numbers)


@pytest.mark.parametrize("match", ["tokens", "coverage"])
def test_every_deal_is_compared_at_the_observed_terms(match):
    # 30 documents of 5 words beside 30 of 50 meet at 150 words (of tokens); a deal of both has some
    # 800 words on either side, and terms of its own would be those.
    rng = np.random.default_rng(1)
    pool = pool_of(words(30, 5, rng), words(30, 50, rng), match)
    own = pool.observed
    assert own.word_draws == (1, ORDERS)
    sizes = [[len(row) for row in rows] for rows in own.words]
    if match == "tokens":
        assert sizes == [[150], [150] * ORDERS]
    for one, two in deals(pool.group, *own.sides, 20, np.random.default_rng(2)):
        dealt, free = pool.dealt(one, two), pool.at(one, two)
        assert dealt.goal == pytest.approx(own.goal)
        assert free.goal > 1.5 * own.goal if match == "tokens" else free.goal > own.goal
        assert [len(rows) for rows in dealt.words] == [1, ORDERS]
        if match == "tokens":
            assert {len(row) for rows in dealt.words for row in rows} == {150}


def test_a_deal_with_fewer_words_takes_what_there_is():
    rng = np.random.default_rng(3)
    pool = pool_of(words(2, 10, rng) + words(1, 100, rng), words(3, 40, rng))
    one, two = np.array([0, 1, 3]), np.array([2, 4, 5])  # 60 words, where 120 were compared
    assert pool.observed.goal == 120
    assert {len(row) for rows in pool.dealt(one, two).words for row in rows} == {60}


def test_answers_to_few_prompts_stand_beside_as_many_prompts():
    # 6 prompts of 5 answers beside 30 of 1: six prompts of one answer on each side.
    rng = np.random.default_rng(4)
    groups = [i // 5 for i in range(30)] + list(range(6, 36))
    pool = pool_of(words(30, 4, rng), words(30, 4, rng), groups=groups)
    one, two = pool.observed.documents
    assert len(one) == len(two) == ORDERS
    for part in (*one, *two):
        assert group_sizes(pool.group, part).tolist() == [1] * 6
    assert pool.describe() == "24 words, 6 documents (6 groups of 1)"
    assert "groups of 5 documents stand beside groups of 1" in pool.unlike_groups()
    assert "6 documents (6 groups of 1) of each side" in pool.unlike_groups()


def test_equal_groups_are_taken_whole():
    rng = np.random.default_rng(5)
    groups = [i // 5 for i in range(40)]
    pool = pool_of(words(20, 4, rng), words(20, 4, rng), groups=groups)
    assert [[len(part) for part in side] for side in pool.observed.documents] == [[20], [20]]
    assert pool.unlike_groups() == ""


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=8),
    st.lists(st.integers(1, 6), min_size=1, max_size=8),
    st.integers(0, 5),
)
def test_both_sides_show_as_many_groups_and_documents(left, right, seed):
    group = np.repeat(np.arange(len(left) + len(right)), [*left, *right])
    texts = [f"a{i} b c" for i in range(len(group))]
    drawer = Drawer(encode(texts, "word"), "size", group, np.random.default_rng(seed))
    a, b = np.arange(sum(left)), np.arange(sum(left), len(group))
    own = Parts(drawer, a, b)
    every = [own]
    every += [
        Parts(drawer, *sides, like=own)
        for sides in deals(group, a, b, 3, np.random.default_rng(seed))
    ]
    for parts in every:
        one, two = parts.documents
        assert (len(one), len(two)) == tuple(1 if whole else ORDERS for whole in own.whole)
        for part, other in zip(one, two):
            sizes = group_sizes(group, part)
            assert sizes.tolist() == group_sizes(group, other).tolist()
            assert len(np.unique(part)) == len(part)
            assert set(part.tolist()) <= set(parts.sides[0].tolist())
            assert set(other.tolist()) <= set(parts.sides[1].tolist())
            if drawer.uneven:
                assert len(sizes) == min(len(left), len(right))
                assert (sizes <= own.sizes).all()
    if drawer.uneven:  # no document is left out for nothing: the largest meet the largest
        sorted_sizes = [np.sort(side)[::-1] for side in (left, right)]
        if len(left) == len(right):
            assert own.count == np.minimum(*sorted_sizes).sum()


def test_parts_of_groups_give_none_of_their_other_documents():
    # Subsamples may leave out by something else than groups (clusters of near-duplicates).
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(30), rng.integers(1, 6, 30))
    drawer = Drawer(encode(["a"] * len(group), "word"), "size", group, rng)
    kept = np.flatnonzero(rng.random(len(group)) < 0.7)
    a, b = kept[group[kept] < 12], kept[group[kept] >= 12]
    for one, two in zip(*Parts(drawer, a, b).documents):
        assert set(one.tolist()) <= set(a.tolist())
        assert set(two.tolist()) <= set(b.tolist())
        assert group_sizes(group, one).tolist() == group_sizes(group, two).tolist()


def test_a_side_that_is_drawn_from_is_drawn_from_evenly():
    # One answer of three to each of 40 prompts: of 5 draws of 40 each answer comes in a third.
    group = np.concatenate((np.repeat(np.arange(40), 3), 40 + np.arange(40)))
    texts = [f"a{i}" for i in range(160)]
    times = np.zeros(160)
    for seed in range(60):
        drawer = Drawer(encode(texts, "word"), "size", group, np.random.default_rng(seed))
        for part in Parts(drawer, np.arange(120), np.arange(120, 160)).documents[0]:
            times[part] += 1
    # 300 draws each, mean 100, sd 8.2: within five of them all 120 answers are (7e-5)
    assert np.abs(times[:120] - 100).max() < 41
    assert times.sum() == 300 * 40


def test_the_comparison_says_that_groups_were_made_equal():
    rng = np.random.default_rng(6)
    one, two = words(100, 8, rng), words(60, 8, rng)
    found = compare(one, two, groups=[i // 4 for i in range(100)], permutations=9)
    assert found.matched == "200 words, 25 documents (25 groups of 1)"
    assert len(found.notes) == 1
    assert "groups of 4 documents stand beside groups of 1" in found.notes[0]
    assert "25 documents a side" in found.measures["support_recall"].method
    assert compare(one, two, permutations=9).notes == ()
