"""Near-duplicates against brute force over all pairs."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.similarity.near_duplicates import (
    NEIGHBOURS,
    _neighbours,
    miss_probability,
    near_duplicates,
)


def shingles(text):
    return {text[i : i + 5] for i in range(len(text) - 4)}


def brute_force(texts, threshold):
    """Cluster of each document: the smallest number it is joined with."""
    label = list(range(len(texts)))
    for a, b in combinations(range(len(texts)), 2):
        one, two = shingles(texts[a]), shingles(texts[b])
        union = len(one | two)
        if texts[a] == texts[b] or (union and len(one & two) / union >= threshold):
            low, high = sorted((label[a], label[b]))
            label = [low if x == high else x for x in label]
    return label


def edited(rng, words, copies, edits):
    """Copies of a text of `words`, each with some words replaced."""
    made = []
    for _ in range(copies):
        new = list(words)
        for place in rng.integers(0, len(words), rng.integers(0, edits + 1)):
            new[place] = f"w{rng.integers(1000)}"
        made.append(" ".join(new))
    return made


def corpus(seed=0, sources=60):
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(sources):
        words = [f"w{i}" for i in rng.integers(0, 1000, 40)]
        texts += edited(rng, words, int(rng.integers(1, 5)), 6)
    return texts


@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.85, 1.0])
def test_clusters_equal_brute_force(threshold):
    # About 100 pairs above the threshold; each is missed with at most 2e-4 (at .6: 1.7e-2, but
    # only for pairs just at it; clusters have other paths). The seeds are fixed, so this is stable.
    texts = corpus()
    expected = brute_force(texts, threshold)
    assert near_duplicates(texts, threshold=threshold).label.tolist() == expected
    if threshold < 0.8:
        assert len(set(expected)) < 0.7 * len(texts)


def test_recall_is_as_stated():
    # 300 pairs with a Jaccard index of at least .7; by the formula 1e-4 or fewer are missed each,
    # so two or more misses have a probability below 5e-4.
    rng = np.random.default_rng(4)
    texts, wanted = [], 0
    for _ in range(300):
        words = [f"{w:x}" for w in rng.integers(0, 10**6, 40)]
        pair = edited(rng, words, 2, 4)
        one, two = shingles(pair[0]), shingles(pair[1])
        if len(one & two) / len(one | two) >= 0.7:
            texts += pair
            wanted += 1
    found = near_duplicates(texts)
    assert wanted > 200
    assert len(found.clusters) >= wanted - 1
    assert miss_probability(0.7) < 2e-4
    assert miss_probability(1.0) == 0


def test_unrelated_texts_are_no_near_duplicates():
    rng = np.random.default_rng(3)
    texts = [" ".join(f"{w:x}" for w in rng.integers(0, 10**6, 30)) for _ in range(500)]
    found = near_duplicates(texts)
    assert found.share == 0
    assert found.top_share(3) == pytest.approx(3 / 500)


@settings(deadline=None, max_examples=25)
@given(st.randoms())
def test_document_order_does_not_matter(random):
    texts = corpus(1, 15)
    order = list(range(len(texts)))
    random.shuffle(order)
    a = near_duplicates(texts).label
    b = near_duplicates([texts[i] for i in order]).label
    for i, j in combinations(range(len(texts)), 2):
        assert (b[i] == b[j]) == (a[order[i]] == a[order[j]])


def test_copies_and_short_texts():
    found = near_duplicates(["ha", "ha", "", "", "ho", "从前有座山，山里有座庙" * 2])
    assert [c.documents for c in found.clusters] == [(2, 3), (0, 1)]  # "" comes before "ha"
    assert [c.distinct for c in found.clusters] == [1, 1]
    assert found.share == pytest.approx(4 / 6)


def test_ten_thousand_copies_of_a_template_are_one_cluster():
    texts = [
        f"Why did the chicken cross road number {i}? To get to the other side." for i in range(3000)
    ]
    found = near_duplicates(texts)
    assert found.top_share(1) > 0.99
    assert found.clusters[0].distinct == len(found.clusters[0].documents)


def test_nothing_and_one():
    assert math.isnan(near_duplicates([]).share)
    assert near_duplicates(["alone"]).share == 0
    assert near_duplicates(["", "a\0b\0c\0d"]).share == 0
    with pytest.raises(ValueError, match=r"between 0\.5 and 1, got 0\.2"):
        near_duplicates(["a"], threshold=0.2)


def test_pairs_in_a_crowded_bucket_are_checked_as_often_as_stated():
    # Of 30 in a bucket 8 * 30 - 36 = 204 of 435 pairs are checked, each pair as often: over 3,000
    # orders a share of .469 with a standard error of .009; one of 435 is five of them off by
    # chance with 2.5e-4.
    bucket = np.array([7] * 30 + [3] * 5 + [1])
    hits = np.zeros((36, 36))
    for seed in range(3000):
        one, two = _neighbours(bucket, np.random.default_rng(seed))
        assert len(one) == 204 + 10
        hits[one, two] += 1
        hits[two, one] += 1
    inside = hits[:30, :30][np.triu_indices(30, 1)] / 3000
    assert np.abs(inside - 204 / 435).max() < 5 * 0.0092
    assert (hits[:30, 30:] == 0).all()
    assert (hits[30:35, 30:35][np.triu_indices(5, 1)] == 3000).all()
    # one band of one row always agrees at s = 1: what is missed is what the order leaves out
    assert miss_probability(1.0, 1, 1, crowd=30) == pytest.approx(1 - 204 / 435)
    assert miss_probability(0.8, crowd=NEIGHBOURS + 1) == miss_probability(0.8)
    assert miss_probability(0.8, crowd=NEIGHBOURS + 2) > miss_probability(0.8)


def test_long_documents_and_small_alphabets_take_longer_shingles():
    # Independent documents: with 5-grams every two of each kind shared 70 % of all that is
    # possible, and all of them were near-duplicates.
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, 2001)
    words = np.array([f"w{i}" for i in range(2000)])
    long = [" ".join(rng.choice(words, 20_000, p=share / share.sum())) for _ in range(5)]
    genes = ["".join(rng.choice(list("ACGT"), 2000)) for _ in range(40)]
    assert near_duplicates(long).share == 0
    assert near_duplicates(genes).share == 0
    assert "character 8-gram" in near_duplicates(genes).method
    assert "character 5-gram" in near_duplicates(["a joke", "another"]).method
    # copies with a few changes are still found
    changed = [gene[:900] + "A" + gene[901:] for gene in genes]
    assert near_duplicates([*genes, *changed]).share == 1
    assert near_duplicates(["a" * 50, "a" * 60]).share == 1  # one letter has no alphabet
