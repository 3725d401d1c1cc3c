"""Estimators against published worked examples, closed forms and simulations with known truth."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata.diversity import abundance
from synthdata.diversity.entropy import ENTROPIES, entropy, plug_in, unseen_entropy
from synthdata.diversity.hill import chao1, chao1_interval, coverage, hill, hill_asymptotic
from synthdata.diversity.rarefaction import coverage_at, curve, rarefied, size_for_coverage
from synthdata.panel.panel import measure

COUNTS = st.lists(st.integers(1, 30), min_size=1, max_size=30)

# Spiders in girdled and logged forest plots, Sackett et al. 2011: the worked example of Chao et
# al. 2014 and of the iNEXT package (Hsieh, Ma & Chao 2016), which prints the numbers below.
GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4] + [2] * 4 + [1] * 12
LOGGED = [88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2] + [1] * 14


@pytest.mark.parametrize(
    ("counts", "n", "types", "covered", "observed", "asymptotic"),
    [
        (GIRDLED, 168, 26, 0.9289, (26, 12.060, 7.840), (43.893, 13.826, 8.175)),
        (LOGGED, 252, 37, 0.9446, (37, 14.421, 6.761), (61.403, 16.337, 6.920)),
    ],
)
def test_published_spider_example(counts, n, types, covered, observed, asymptotic):
    assert (sum(counts), len(counts)) == (n, types)
    assert coverage(counts) == pytest.approx(covered, abs=5e-5)
    for q in (0, 1, 2):
        assert hill(counts, q) == pytest.approx(observed[q], abs=5e-4)
        assert hill_asymptotic(counts, q) == pytest.approx(asymptotic[q], abs=5e-4)


# iNEXT(spider$Girdled, q = c(0, 1, 2)): what the package's vignette of 23 March 2016 prints (sizes
# 1, 10, 19, 168, 327 and 336 at order 0, three decimals), what the tests of a port to TypeScript
# took from iNEXT 3.0.2, and size 300 from the vignette of Marcon's package divent.
INEXT = [
    (1, (1, 1, 1), 0.1223268),
    (10, (6.478617, 5.608968, 4.759772), 0.5969308),
    (19, (9.450, None, None), 0.738),
    (50, (15.030098, 9.939329, 7.148973), 0.8674807),
    (100, (20.459426, 11.266546, 7.627561), 0.9072004),
    (167, (25.928571, 12.051422, 7.838078), 0.9285714),
    (168, (26, 12.05965, 7.84), 0.9288554),
    (169, (26.071145, 12.06784, 7.841901), 0.9291383),
    (200, (28.141739, 12.303742, 7.891717), 0.9373713),
    (300, (33.317733, 12.869603, 7.983882), 0.9579518),
    (327, (34.396, None, None), 0.962),
    (336, (34.730733, 13.016966, 8.003912), 0.9635701),
]


@pytest.mark.parametrize(("size", "hills", "covered"), INEXT)
def test_published_rarefaction_and_extrapolation(size, hills, covered):
    digits = 5e-4 if None in hills else 1e-6
    for q, expected in enumerate(hills):
        if expected is not None:
            assert rarefied(GIRDLED, size, q) == pytest.approx(expected, abs=digits)
    assert coverage_at(GIRDLED, size) == pytest.approx(covered, abs=digits)
    if None not in hills:  # and back, in whole draws; the coverage is rounded
        assert math.ceil(size_for_coverage(GIRDLED, covered - digits)) in (size - 1, size)


@pytest.mark.parametrize(
    ("counts", "method", "nats"),
    [  # R's package entropy 1.3 (Hausser & Strimmer), as the tests of Discreet.jl and of
        # DiscreteEntropy.jl quote it; Chao-Wang-Jost by DiscreteEntropy.jl
        ([1, 2, 3, 2, 1], "plug-in", 1.522955),
        ([1, 2, 3, 2, 1], "miller-madow", 1.745177),
        ([1, 2, 3, 2, 1], "chao-shen", 1.876548),
        ([1, 2, 3, 2, 1], "chao-wang-jost", 1.847870),
        ([4, 2, 3, 2, 4, 2, 1, 1], "plug-in", 1.968382),
        ([4, 2, 3, 2, 4, 2, 1, 1], "chao-shen", 2.201137),
        ([1, 1, 1, 1, 1, 1], "chao-shen", 3.840549),
    ],
)
def test_published_entropies(counts, method, nats):
    assert entropy(counts, method) * math.log(2) == pytest.approx(nats, abs=1e-6)


def test_chao_wang_jost_equals_its_formula_summed_term_by_term():
    for counts in (GIRDLED, LOGGED, [3, 2, 1], [5, 1, 1], [1, 1], [4, 4, 2, 2, 2, 1]):
        n, f1, f2 = sum(counts), counts.count(1), counts.count(2)
        first = sum(x / n * sum(1 / k for k in range(x, n)) for x in counts)
        a = 2 * f2 / ((n - 1) * f1 + 2 * f2) if f2 else 2 / ((n - 1) * (f1 - 1) + 2)
        rest = 0.0
        if f1 and a < 1:
            tail = -math.log(a) - sum((1 - a) ** r / r for r in range(1, n))
            rest = f1 / n * (1 - a) ** (1 - n) * tail
        assert entropy(counts) == pytest.approx((first + rest) / math.log(2), rel=1e-9)


@pytest.mark.parametrize(
    ("n", "singles", "pairs"), [(5000, 1, 2000), (20_000, 900, 200), (50, 2, 0)]
)
def test_unseen_term_stays_exact_where_the_formula_overflows(n, singles, pairs):
    # The bracket times (1-A)^(1-n) is the tail sum_(j>=1) q^j / (n-1+j), q = 1 - A, summed here.
    q = 1 - abundance.rare_share(n, singles, pairs)
    j = np.arange(1, 3_000_000)
    expected = singles / n * float((q**j / (n - 1 + j)).sum()) / math.log(2)
    assert unseen_entropy(n, singles, pairs) == pytest.approx(expected, rel=1e-9)


def test_unseen_term_of_a_large_sample_is_an_exponential_integral():
    # q^j -> exp(-A j) and the sum -> exp(nA) E1(nA), with an error of order 1/n.
    from scipy.special import exp1

    n, singles, pairs = 10**7, 10**5, 3 * 10**4
    c = n * abundance.rare_share(n, singles, pairs)
    expected = singles / n * math.exp(c) * exp1(c) / math.log(2)
    assert unseen_entropy(n, singles, pairs) == pytest.approx(expected, rel=1e-5)


def test_grassberger_g_follows_its_recursion():
    # G(1) = -gamma - ln 2, G(2) = 2 + G(1), G(2k+1) = G(2k), G(2k+2) = G(2k) + 2/(2k+1).
    g = {1: -np.euler_gamma - math.log(2)}
    g[2] = 2 + g[1]
    for k in range(1, 40):
        g[2 * k + 1] = g[2 * k]
        g[2 * k + 2] = g[2 * k] + 2 / (2 * k + 1)
    for counts in (GIRDLED, LOGGED, [7], [1, 2, 3, 4, 5]):
        n = sum(counts)
        expected = math.log(n) - sum(x * g.get(x, math.nan) for x in counts if x < 81) / n
        if max(counts) < 81:
            assert entropy(counts, "grassberger") == pytest.approx(expected / math.log(2))


def test_chao_shen_term_by_term():
    n, c = sum(GIRDLED), 1 - 12 / 168
    p = [c * x / n for x in GIRDLED]
    expected = -sum(v * math.log2(v) / (1 - (1 - v) ** n) for v in p)
    assert entropy(GIRDLED, "chao-shen") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("method", sorted(ENTROPIES))
def test_degenerate_counts(method):
    assert math.isnan(entropy([], method))
    assert math.isnan(entropy([0, 0], method))
    assert entropy([1000], method) == pytest.approx(0, abs=2e-3)
    assert entropy([25_000] * 64, method) == pytest.approx(6, abs=1e-4)
    assert math.isfinite(entropy([1], method))
    assert entropy([1] * 50, method) >= math.log2(50) - 1e-9


def zipf(k, s=1.0):
    p = 1 / np.arange(1, k + 1) ** s
    return p / p.sum()


def true_entropy(p):
    return float(-(p * np.log2(p)).sum())


def test_less_biased_estimators_are_less_biased():
    # 40 samples of 1,000 from a Zipf source of 2,000 types, true 8.51 bits; the standard error of a
    # mean is below .02 bits, the asserted gaps are six times that or more.
    p, rng = zipf(2000), np.random.default_rng(7)
    means = {
        name: np.mean([entropy(rng.multinomial(1000, p), name) for _ in range(40)])
        for name in ENTROPIES
    }
    truth = true_entropy(p)
    bias = {name: truth - mean for name, mean in means.items()}
    assert bias["plug-in"] > bias["miller-madow"] + 0.12
    assert bias["miller-madow"] > bias["chao-shen"] + 0.12
    assert abs(bias["chao-wang-jost"]) < bias["chao-shen"]
    assert abs(bias["chao-wang-jost"]) < 0.2


@pytest.mark.parametrize("method", ["grassberger", "chao-wang-jost"])
def test_nearly_unbiased_once_covered(method):
    # Uniform over 64 types, n=400, 6 bits: 200 samples, standard error about .001; plug-in misses
    # by 63 / (2 * 400 ln 2) = .114 bits.
    rng = np.random.default_rng(3)
    samples = [rng.multinomial(400, np.full(64, 1 / 64)) for _ in range(200)]
    assert np.mean([entropy(s, method) for s in samples]) == pytest.approx(6, abs=0.012)
    assert np.mean([entropy(s, "plug-in") for s in samples]) == pytest.approx(5.886, abs=0.01)


def test_coverage_is_the_share_seen():
    # Mean over 300 samples of (estimate - what the sample truly covers); standard error .001.
    p, rng = zipf(500), np.random.default_rng(11)
    samples = [rng.multinomial(600, p) for _ in range(300)]
    error = [coverage(s) - p[s > 0].sum() for s in samples]
    assert np.mean(error) == pytest.approx(0, abs=0.004)


def test_coverage_at_its_ends():
    assert coverage([5, 5]) == 1.0
    assert math.isnan(coverage([]))
    assert 0 < coverage([1] * 100) < 0.001


@given(COUNTS, st.integers(0, 2))
def test_rarefaction_meets_the_sample_at_n_and_one_at_one(counts, q):
    assert rarefied(counts, sum(counts), q) == pytest.approx(hill(counts, q), rel=1e-9)
    assert rarefied(counts, 1, q) == pytest.approx(1)


@pytest.mark.parametrize("q", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7])
def test_rarefaction_is_the_mean_over_all_subsets(q, size):
    counts = [4, 2, 1]
    pool = [i for i, c in enumerate(counts) for _ in range(c)]
    tallies = [np.bincount(subset) for subset in combinations(pool, size)]
    if q == 0:
        expected = np.mean([hill(t, 0) for t in tallies])
    elif q == 1:
        expected = 2 ** np.mean([plug_in(t) for t in tallies])
    else:
        expected = 1 / np.mean([1 / hill(t, 2) for t in tallies])
    assert rarefied(counts, size, q) == pytest.approx(expected, rel=1e-12)


def test_coverage_of_smaller_samples_in_closed_form():
    # Chao & Jost 2012, equation 4b, with binomial coefficients written out.
    n = sum(GIRDLED)
    for m in (1, 10, 84, 167):
        missed = sum(
            x / n * math.comb(n - x, m) / math.comb(n - 1, m) for x in GIRDLED if n - x >= m
        )
        assert coverage_at(GIRDLED, m) == pytest.approx(1 - missed, rel=1e-9)


@given(COUNTS)
def test_curves_rise_and_coverage_stays_a_share(counts):
    points = curve(counts, 0, points=12)
    values = [v for _, v, _ in points]
    covers = [c for _, _, c in points]
    assert all(b >= a - 1e-9 for a, b in pairwise(values))
    assert all(b >= a - 1e-9 for a, b in pairwise(covers))
    assert all(-1e-12 <= c <= 1 for c in covers)


def test_extrapolation_tends_to_the_asymptote():
    for q in (0, 1, 2):
        assert rarefied(GIRDLED, 10**7, q) == pytest.approx(hill_asymptotic(GIRDLED, q), rel=1e-4)
        assert hill(GIRDLED, q) < rarefied(GIRDLED, 336, q) < hill_asymptotic(GIRDLED, q)
    # Colwell et al. 2012, equation 9, by hand: f0 = 17.893, (1 - 12/(168 f0 + 12))^168 = .5125
    by_hand = 26 + 17.892857 * (1 - (1 - 12 / (168 * 17.892857 + 12)) ** 168)
    assert rarefied(GIRDLED, 336) == pytest.approx(by_hand, rel=1e-7)


@given(COUNTS.filter(lambda c: sum(c) > 3), st.floats(0.05, 0.9))
def test_size_for_coverage_inverts(counts, target):
    # the smallest size that reaches the target. It need not be met exactly: from n - x draws on, a
    # thing seen x times can no longer be missed, and there the expected coverage steps up
    size = size_for_coverage(counts, target)
    if math.isfinite(size) and size > 1:
        assert coverage_at(counts, size) >= target - 1e-9
        assert coverage_at(counts, size * (1 - 1e-6)) <= target + 1e-4


def test_size_for_coverage_at_a_step():
    counts, target = [1, 2, 16], 0.859375  # 19 - 16 = 3 draws may miss the commonest, 4 cannot
    assert size_for_coverage(counts, target) == pytest.approx(3)
    assert coverage_at(counts, 3) < target < coverage_at(counts, 3.000001)


@given(COUNTS)
def test_hill_numbers_fall_with_the_order(counts):
    values = [hill(counts, q) for q in (0, 0.5, 1, 1.5, 2, 4, math.inf)]
    assert all(a >= b - 1e-9 for a, b in pairwise(values))
    assert values[0] == pytest.approx(len(counts))
    assert values[-1] >= 1 - 1e-12


@given(COUNTS, st.randoms())
def test_order_of_counts_does_not_matter(counts, random):
    shuffled = list(counts)
    random.shuffle(shuffled)
    for method in ENTROPIES:
        assert entropy(counts, method) == entropy(shuffled, method)
    assert (coverage(counts), chao1(counts)) == (coverage(shuffled), chao1(shuffled))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: entropy([1.5]), "whole numbers"),
        (lambda: coverage([-1]), "whole numbers"),
        (lambda: entropy([1], "jackknife"), "no entropy estimator 'jackknife'"),
        (lambda: hill([1], -1), "order"),
        (lambda: hill_asymptotic([1], 3), "order"),
        (lambda: rarefied([1], 0), "size=0"),
        (lambda: rarefied([1], 1, 3), "orders 0, 1 and 2"),
        (lambda: size_for_coverage([1], 1.0), "share between 0 and 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_one_thing_seen_once_and_none_twice_is_not_full_coverage():
    assert coverage([18, 1]) == pytest.approx(1 - 1 / 19)  # Good-Turing; below a gate's 95 %
    assert coverage([1]) == 0
    assert coverage([18, 2]) == 1
    for size in (18, 19, 19.5, 38):  # and the curve neither jumps there nor falls behind it
        assert coverage_at([18, 1], size) == pytest.approx(1 - 1 / 19)
    assert math.isinf(size_for_coverage([18, 1], 0.99))


def test_the_interval_of_chao1_is_the_published_one():
    # Girdled site: f1 = 12, f2 = 4, n = 168: 26 + 167/168 x 18 = 43.89, standard error 14.306,
    # interval 30.51 to 96.97 (worked out with the formula of 1987).
    low, high = chao1_interval(GIRDLED)
    assert (low, high) == (pytest.approx(30.51, abs=0.005), pytest.approx(96.97, abs=0.005))
    extra = chao1(GIRDLED) - 26
    k = extra / (low - 26)
    error = extra * math.sqrt(math.expm1((math.log(k) / 1.959964) ** 2))
    assert error == pytest.approx(14.306, abs=0.0005)
    assert (high - 26) / extra == pytest.approx(k)
    # all different, three pairs: chance decides; all twice: nothing more is to be seen
    for counts in (np.ones(50, int), [1] * 50 + [2] * 3, np.full(20, 2), []):
        assert all(map(math.isnan, chao1_interval(counts)))
    assert not any(map(math.isnan, chao1_interval([1] * 50 + [2] * 4)))


@pytest.mark.parametrize(("kinds", "n"), [(200, 150), (200, 400), (1000, 300)])
def test_the_interval_of_chao1_holds_the_kinds_of_a_source(kinds, n):
    # Equally common kinds, of which Chao1 is no lower bound but the number. Of 200 intervals that
    # hold 95 % of the time fewer than 181 do with .5 %.
    rng = np.random.default_rng(kinds + n)
    held = 0
    for _ in range(200):
        counts = np.bincount(rng.integers(kinds, size=n))
        low, high = chao1_interval(counts)
        held += low <= kinds <= high
    assert held >= 181, held


@pytest.mark.parametrize(
    ("kinds", "n", "given_often"),
    [
        (30_000, 100, False),
        (10_000, 100, False),
        (2_500, 100, False),
        (1_000, 100, True),
        (100_000, 300, False),
        (9_000, 300, True),
    ],
)
def test_few_pairs_have_no_interval_of_chao1_rather_than_one_that_misses(kinds, n, given_often):
    """Where hardly anything repeats, no interval; where one is given in most samples, it holds.

    Of 300 samples at most 7 % have an interval that misses, and 35 do with .2 %; of those 150 or
    more that have one 93 % hold, and fewer than 85 % do with .1 %: of six cases one fails with 1 %.
    Without the limit 15 % (of 2,500 kinds) to all (of 30,000) miss in four of them.
    """
    rng = np.random.default_rng([kinds, n])
    shown = missed = 0
    for _ in range(300):
        low, high = chao1_interval(np.bincount(rng.integers(kinds, size=n)))
        shown += not math.isnan(low)
        missed += not math.isnan(low) and not low <= kinds <= high
    assert missed < 35, (shown, missed)
    assert (shown >= 150) == given_often, shown
    assert not given_often or missed <= 0.15 * shown, (shown, missed)


def test_the_report_says_why_chao1_has_no_interval():
    rng = np.random.default_rng(0)
    for pairs, said in ((0, "no documents were"), (1, "1 document was"), (3, "3 documents were")):
        texts = [f"tale {i} of {rng.integers(9)}" for i in range(60)]
        found = measure([*texts, *texts[:pairs]])["documents_chao1"]
        assert not found.has_interval
        assert f"{said} seen just twice" in found.warnings[-1]
    assert measure([*texts, *texts[:4]])["documents_chao1"].has_interval
