"""Do 95 % intervals hold the truth 90 % of the time? Simulated on sources with known truth.

Seeds are fixed, so these tests are stable; were they not, a true coverage of 94 % would fail one of
them (200 samples, fewer than 180 hits) with a probability of about 1 %.
"""

import math

import numpy as np
import pytest

from synthdata.diversity import entropy, hill
from synthdata.diversity.intervals import (
    share_interval,
    source_entropy,
    subsample,
    unmoved_hill,
    unmoved_mean,
)
from synthdata.similarity.cosine import mean_cosine
from synthdata.similarity.self_bleu import self_bleu
from synthdata.text.ngrams import Grams, count, grams
from synthdata.text.tokens import Tokens, encode


def zipf(k, s=1.0):
    share = 1 / np.arange(1, k + 1) ** s
    return share / share.sum()


def draw(share, documents, length, rng):
    """Documents of `length` independent tokens."""
    return Tokens(
        ids=rng.choice(len(share), documents * length, p=share).astype(np.uint32),
        starts=np.arange(documents + 1) * length,
        vocabulary=tuple(map(str, range(len(share)))),
        tokeniser="numbers",
    )


def of_documents(which):
    def statistic(chosen):
        tally = np.bincount(which[chosen])
        tally = tally[tally > 0]
        copies = tally[tally > 1].sum() / tally.sum()
        return np.array([len(tally), hill.hill(tally, 1), hill.hill(tally, 2), copies])

    return statistic


@pytest.mark.parametrize(("many", "favourites"), [(1000, 5), (3000, 50), (20_000, 3)])
def test_values_at_this_size_are_covered_for_favourites_among_many(many, favourites):
    # Half the documents are one of a few favourites, half one of many: types, Hill numbers of order
    # 1 and 2, and the share of copies. Truth: the mean of 3,000 fresh collections of 300.
    rng = np.random.default_rng(many)
    share = np.concatenate((np.full(favourites, 0.5 / favourites), np.full(many, 0.5 / many)))

    def fresh():
        return np.unique(rng.choice(len(share), 300, p=share), return_inverse=True)[1]

    truth = np.mean([of_documents(fresh())(np.arange(300)) for _ in range(3000)], axis=0)
    hits = np.zeros(4)
    for _ in range(200):
        spread = subsample(of_documents(fresh()), 300, rng=rng, draws=60)
        hits += (spread.low <= truth) & (truth <= spread.high)
    assert (hits >= 180).all(), hits / 200


def test_values_of_words_are_covered():
    # Types, Hill numbers, share of different bigrams, self-BLEU and mean cosine of 100 documents of
    # 15 Zipf words. 60 samples: at a true 95 % fewer than 54 hits have a probability of 3 %.
    share, rng = zipf(500), np.random.default_rng(1)

    def statistic(tokens):
        def at(chosen):
            some = tokens.select(chosen)
            one, two = count(some, 1), count(some, 2)
            bleu = self_bleu(some).mean()
            hills = [hill.hill(one, q) for q in (0, 1, 2)]
            return np.array([*hills, len(two) / two.sum(), bleu, mean_cosine(some)])

        return at

    every = np.arange(100)
    truth = np.mean([statistic(draw(share, 100, 15, rng))(every) for _ in range(500)], axis=0)
    hits = np.zeros(6)
    for _ in range(60):
        spread = subsample(statistic(draw(share, 100, 15, rng)), 100, rng=rng, draws=40)
        hits += (spread.low <= truth) & (truth <= spread.high)
    assert (hits >= 54).all(), hits / 60


SOURCES = {
    "Zipf, 200 types": (zipf(200), 2_000),
    "Zipf, 2,000 types": (zipf(2000), 50_000),
    "Zipf exponent 1.5, 100,000 types": (zipf(100_000, 1.5), 50_000),
    "Zipf exponent 0.5, 2,000 types": (zipf(2000, 0.5), 20_000),
    "geometric": (0.1 * 0.9 ** np.arange(300) / (1 - 0.9**300), 1_000),
    "twenty common, 20,000 rare": (
        np.concatenate((np.full(20, 0.95 / 20), np.full(20_000, 0.05 / 20_000))),
        5_000,
    ),
    "uniform, 500 types": (np.full(500, 1 / 500), 3_000),
}


@pytest.mark.parametrize("name", SOURCES)
def test_source_entropy_is_covered(name):
    share, n = SOURCES[name]
    share = share / share.sum()
    truth = float(-(share @ np.log2(share)))
    rng = np.random.default_rng(len(name))
    hits = tried = 0
    for _ in range(150):
        found = source_entropy(grams(draw(share, n // 20, 20, rng), 1))
        if not found.warning:  # judged where an interval is given, as a user would see it
            tried += 1
            hits += found.low <= truth <= found.high
    assert tried >= 50
    assert hits >= 0.9 * tried, (hits / tried, tried)


def test_source_entropy_below_the_coverage_is_a_lower_bound():
    found = source_entropy(grams(draw(zipf(2000), 50, 20, np.random.default_rng(0)), 1))
    assert found.coverage < 0.95
    assert "lower bound" in found.warning
    assert math.isnan(found.low)
    assert found.value < float(-(zipf(2000) @ np.log2(zipf(2000))))


def test_jackknife_equals_leaving_out_one_document_at_a_time():
    tokens = draw(zipf(30), 60, 12, np.random.default_rng(2))
    keep = np.arange(60)
    values = [
        entropy.chao_wang_jost(count(tokens.select(np.delete(keep, d)), 1)) for d in range(60)
    ]
    exact = math.sqrt(59 * np.var(values))
    assert source_entropy(grams(tokens, 1)).error == pytest.approx(exact, rel=0.02)


def test_groups_are_the_unit():
    # Ten copies of each document carry no more information than one: as groups, the standard error
    # is that of the originals; as documents, it is about sqrt(10) times too small.
    tokens = draw(zipf(30), 60, 12, np.random.default_rng(2))
    groups = np.repeat(np.arange(60), 10)
    copied = tokens.select(groups)
    one = source_entropy(grams(tokens, 1)).error
    assert source_entropy(grams(copied, 1), groups).error == pytest.approx(one, rel=0.1)
    assert source_entropy(grams(copied, 1)).error < 0.5 * one

    def mean_first(chosen):
        return np.array([values[chosen].mean()])

    values = np.repeat(np.random.default_rng(3).normal(size=60), 10)
    rng = np.random.default_rng(4)
    spread = subsample(mean_first, 600, rng=rng, groups=groups, draws=400)
    assert spread.error[0] == pytest.approx(values.std() / math.sqrt(60), rel=0.12)


def test_subsampling_a_mean_gives_its_standard_error():
    values = np.random.default_rng(5).normal(size=400)
    rng = np.random.default_rng(6)
    spread = subsample(lambda i: np.array([values[i].mean()]), 400, rng=rng, draws=2000)
    # the spread of 2,000 draws is known to 1.6 %; six times that is never met by chance
    assert spread.error[0] == pytest.approx(values.std(ddof=1) / 20, rel=0.1)


def test_too_little_data_has_no_interval():
    spread = subsample(lambda i: np.array([1.0]), 19, rng=np.random.default_rng(0))
    assert math.isnan(spread.low[0])
    assert "19 documents are too few" in spread.reason
    empty = Grams(keys=np.empty(0, np.int64), owner=np.empty(0, np.int64), documents=0)
    assert math.isnan(source_entropy(empty).value)
    few = source_entropy(grams(encode(["a b a b a b"] * 5), 1))
    assert "too few" in few.warning
    with pytest.raises(ValueError, match="between 0 and 1, got 1"):
        subsample(lambda i: np.array([1.0]), 30, rng=np.random.default_rng(0), kept=1)


def test_wilson_interval():
    # (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n) at p = 1/2, n = 20, z = 1.96
    low, high = share_interval(10, 20)
    assert (low, high) == pytest.approx((0.2993, 0.7007), abs=5e-4)
    assert share_interval(0, 100)[0] == 0
    assert share_interval(100, 100)[1] == pytest.approx(1)
    assert math.isnan(share_interval(0, 0)[0])


def test_all_different_or_all_equal_is_not_certain():
    # 0 of 200 means a share of up to 3.84 / 203.84 = 1.9 %: 3.8 documents, in whole ones 4.
    different, equal = np.ones(200, dtype=np.int64), np.array([200])
    assert unmoved_hill(different, 0) == (196, pytest.approx(200))
    assert unmoved_hill(equal, 0) == (1, 5)
    # a cluster of 5 among 200: entropy lower by 5/200 ln 5
    low, high = unmoved_hill(different, 1)
    assert low == pytest.approx(200 * math.exp(-5 / 200 * math.log(5)))
    assert high == pytest.approx(200)
    # order 2: 1 over the sum of squared shares
    assert unmoved_hill(equal, 2)[1] == pytest.approx(200**2 / (196**2 + 4))
    counts = np.array([7, 5, 1, 1, 2, 0])
    for q in (0, 1, 2):
        low, high = unmoved_hill(counts, q)
        assert low < hill.hill(counts, q) < high
        assert unmoved_hill(counts, q, units=5)[1] > high  # five groups tell less than 16 documents
    assert all(map(math.isnan, unmoved_hill(np.array([], dtype=np.int64), 1)))


def test_a_mean_that_no_subsample_moves_is_not_certain():
    # 0 of 200 means a share of up to 3.84 / 203.84 = 1.88 %, of score 1 or of score 0.
    assert unmoved_mean(0.0, 200) == (0, pytest.approx(0.01884, abs=1e-4))
    assert unmoved_mean(1.0, 200) == (pytest.approx(1 - 0.01884, abs=1e-4), 1)
    low, high = unmoved_mean(0.25, 200)
    assert (low, high) == pytest.approx((0.25 * 0.98116, 0.25 + 0.75 * 0.01884), abs=1e-4)
