"""What one channel leaves behind: exact where it fits, else within its stated bounds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.diversity import entropy, hill, rarefaction
from synthdata.streaming import measures
from synthdata.streaming.meter import MeterConfig
from synthdata.streaming.sketch import BottomK, Channel
from synthdata.text import hashing
from tests.benchmarks.bench_meter import hostile, off

pytest.importorskip("datasketches")


def test_hashes_are_the_same_on_every_machine() -> None:
    """Golden values: a changed hash would make saved meters lie."""
    assert hashing.text_hash("three jokes", 0) == GOLDEN[0]
    assert hashing.text_hash("three jokes", 1) == GOLDEN[1]
    tokens = np.arange(3, dtype=np.uint64)
    assert hashing.gram_hashes(tokens, 2, 0).tolist() == GOLDEN[2]


GOLDEN: tuple[int, int, list[int]] = (
    0xC18006691F50C663,
    0x8BCE39B1A65A1BBE,
    [0x921B5C2E35C60D0, 0xDBEE2B134197C170],
)


def test_hashes_are_spread_evenly() -> None:
    """Chi-square on the top 8 bits of hashes of consecutive tokens; 255 degrees of freedom.

    Above 357 with probability 3e-5 if even; the seeds are fixed, so this passes always or never.
    """
    for order in (1, 2, 5):
        hashes = hashing.gram_hashes(np.arange(100_000, dtype=np.uint64), order, 3)
        assert len(np.unique(hashes)) == len(hashes)
        for shift in (56, 28, 0):
            bins = np.bincount(((hashes >> np.uint64(shift)) & np.uint64(255)).astype(int))
            assert ((bins - len(hashes) / 256) ** 2).sum() / (len(hashes) / 256) < 357


PARTS = st.lists(
    st.dictionaries(st.integers(0, 2**64 - 1), st.integers(1, 9), max_size=12), max_size=6
)


def bottom(part: dict[int, int], k: int) -> BottomK:
    hashes = np.array(sorted(part), np.uint64)
    made = BottomK(k)
    made.add(hashes, np.array([part[int(h)] for h in hashes], np.int64))
    return made.settle()


@settings(max_examples=200, deadline=None)
@given(parts=PARTS, k=st.integers(1, 8), data=st.data())
def test_bottom_k_is_exact_in_any_order_and_grouping(
    parts: list[dict[int, int]], k: int, data: st.DataObject
) -> None:
    total: Counter[int] = Counter()
    for part in parts:
        total.update(part)
    expected = sorted(total.items())[: k + 1]
    heap = [bottom(part, k) for part in data.draw(st.permutations(parts))] or [BottomK(k)]
    while len(heap) > 1:  # any tree
        i = data.draw(st.integers(0, len(heap) - 2))
        left, right = heap.pop(i), heap.pop(i)
        left.add(right.hashes, right.counts)
        heap.insert(i, left.settle())
    assert list(zip(heap[0].hashes.tolist(), heap[0].counts.tolist())) == expected
    assert heap[0].complete == (len(total) <= k)


def stream(n: int, seed: int) -> np.ndarray:
    """n draws from a Zipf law over 300,000 things, as hashes."""
    p = 1 / np.arange(1, 300_001)
    draws = np.random.default_rng(seed).choice(300_000, n, p=p / p.sum())
    return hashing.gram_hashes(draws.astype(np.uint64), 1, 0)


def fill(channel: Channel, hashes: np.ndarray, chunk: int = 1 << 18) -> Channel:
    for start in range(0, len(hashes), chunk):
        channel.add(*hashing.count_grams(hashes[start : start + chunk].copy()))
    return channel


def test_heavy_hitters_stay_within_their_bounds_merged_or_not() -> None:
    hashes = stream(1_000_000, 1)
    truth = Counter(hashes.tolist())
    one = fill(Channel(256, 10), hashes)
    parts = [fill(Channel(256, 10), part) for part in np.array_split(hashes, 5)]
    for part in parts[1:]:
        parts[0].merge(part)
    for channel in (one, parts[0]):
        error = channel.error
        assert 0 < error < 0.004 * channel.total  # 3.5 / 2^10 a priori
        found, lower = channel.heavy.items()
        low = dict(zip(found.tolist(), lower.tolist()))
        for number, count in truth.most_common(300):
            assert low.get(number, 0) <= count <= low.get(number, 0) + error
        hitters = channel.heavy_hitters(5 * error)
        assert [h for h, _ in hitters[:5]] == [h for h, _ in truth.most_common(5)]


def test_what_is_too_rare_in_every_chunk_is_within_the_error() -> None:
    """Once in each chunk of 2^18, a thing is never shown to the sketch; the error says so."""
    channel, special = Channel(256, 16), np.uint64(12345)
    for chunk in range(3):
        common = np.arange(1, 101, dtype=np.uint64) * np.uint64(2**40)
        hashes = np.sort(np.append(np.repeat(common, 2700), special))
        assert len(hashes) >> 18 == 1, chunk
        channel.add(*hashing.count_grams(hashes))
    assert 12345 not in channel.heavy.items()[0].tolist()
    assert channel.heavy.error == 0
    assert channel.error == 3
    twin = Channel(256, 16)
    twin.merge(channel)
    twin.merge(channel)
    assert twin.error == 6


def test_rebuilding_heavy_hitters_changes_nothing() -> None:
    channel = fill(Channel(256, 10), stream(300_000, 2))
    again = channel.heavy.rebuilt()
    assert again.error == channel.heavy.error
    for mine, theirs in zip(again.items(), channel.heavy.items()):
        np.testing.assert_array_equal(mine, theirs)


def check_bounds(draws: np.ndarray, k: int) -> dict[str, float]:
    """Errors of a channel with `k` types; fails where they break the stated bounds."""
    channel = fill(Channel(k, k.bit_length() - 1), hashing.gram_hashes(draws, 1, 5), 1 << 20)
    assert not channel.bottom.complete
    truth = np.unique(draws, return_counts=True)[1]
    counts = measures.counts_of(channel)
    errors = {
        "types": counts.distinct / len(truth) - 1,
        "coverage": hill.coverage(counts) - hill.coverage(truth),
        "entropy": entropy.chao_wang_jost(counts) / entropy.chao_wang_jost(truth) - 1,
        "plug-in": entropy.plug_in(counts) / entropy.plug_in(truth) - 1,
    }
    assert abs(errors["types"]) < 0.03
    assert abs(errors["coverage"]) < 0.005
    assert abs(errors["entropy"]) < 0.03
    assert abs(errors["plug-in"]) < 0.03
    assert abs(channel.cardinality.get_estimate() / len(truth) - 1) < 0.03
    expected = hill.hill_asymptotic(truth, 2)
    assert hill.hill_asymptotic(counts, 2) == pytest.approx(expected, rel=0.06)
    for q in (1, 2):  # of the sample; 2 to the entropy, so bits that are missing weigh more
        assert hill.hill(counts, q) == pytest.approx(hill.hill(truth, q), rel=0.1)
    return errors


SOURCES = {
    "zipf 1": lambda rng, n: np.searchsorted(np.cumsum(1 / np.arange(1, n)), rng.random(n) * 14.5),
    "zipf 1.3": lambda rng, n: rng.zipf(1.3, n) % (1 << 40),
    "uniform": lambda rng, n: rng.integers(0, n // 3, n),
    "half in a hundred": lambda rng, n: np.where(
        rng.random(n) < 0.5, rng.integers(0, 100, n), rng.integers(0, n // 4, n)
    ),
}


@pytest.mark.parametrize("source", SOURCES)
def test_estimates_keep_their_bounds(source: str) -> None:
    """A million draws, k = 32,768: the standard error of types is .55 %, so 3 % is 5.4 of them.

    False alarms: below 1e-7 a source. More sources at 10 million: tests/benchmarks/bench_meter.py.
    """
    draws = SOURCES[source](np.random.default_rng(11), 1_000_000).astype(np.uint64)
    check_bounds(draws, 1 << 15)


def test_ten_million_n_grams_keep_their_bounds_at_256_mb() -> None:
    """The promise of `--help`: k = 65,536, so 3 % of the types are 7.7 standard errors.

    False alarms: 1e-14. Over a million types in ten million draws, so a twentieth is sampled.
    """
    assert MeterConfig().ram == 256 << 20
    rng = np.random.default_rng(13)
    cumulated = np.cumsum(1 / np.arange(1, 2_000_001))
    draws = np.searchsorted(cumulated, rng.random(10_000_000) * cumulated[-1]).astype(np.uint64)
    assert len(np.unique(draws)) > 1_000_000
    check_bounds(draws, MeterConfig().k)


def test_what_fits_is_exact() -> None:
    draws = np.random.default_rng(3).zipf(1.5, 20_000).astype(np.uint64) % np.uint64(3000)
    channel = fill(Channel(1 << 13, 13), hashing.gram_hashes(draws, 1, 0))
    truth = np.unique(draws, return_counts=True)[1]
    counts = measures.counts_of(channel)
    assert counts.exact
    assert counts.distinct == len(truth)
    assert hill.coverage(counts) == pytest.approx(hill.coverage(truth), abs=1e-12)
    assert entropy.plug_in(counts) == pytest.approx(entropy.plug_in(truth), rel=1e-12)
    assert entropy.chao_wang_jost(counts) == pytest.approx(entropy.chao_wang_jost(truth))
    assert hill.hill_asymptotic(counts, 2) == pytest.approx(hill.hill_asymptotic(truth, 2))
    assert measures.curve(counts)[-1] == (20_000, len(truth))
    for q in (0, 0.5, 1, 2, 3):
        assert hill.hill(counts, q) == pytest.approx(hill.hill(truth, q), rel=1e-12)
    for size in (1, 100, 15_000):
        expected = rarefaction.rarefied(truth, size)
        assert rarefaction.rarefied(counts, size) == pytest.approx(expected)


def test_types_are_unbiased_over_seeds() -> None:
    """Mean of 200 estimates with k = 64: its standard error is 1/sqrt(63 * 200) = .9 %.

    Fails by chance in 3 of 1,000 runs at three standard errors; the seeds are fixed.
    """
    found = []
    for seed in range(200):
        made = BottomK(64)
        hashes = np.sort(hashing.gram_hashes(np.arange(5000, dtype=np.uint64), 1, seed))
        made.add(hashes, np.ones(5000, np.int64))
        found.append(made.types)
    assert np.mean(found) == pytest.approx(5000, rel=0.027)


@pytest.mark.parametrize("which", range(5))
def test_hostile_streams_keep_what_is_promised_in_every_seed(which: int) -> None:
    """300,000 draws, k = 4,096, 20 hash seeds: 4.7 % where the standard errors are 1.6 % at most.

    So a seed fails by chance once in 370 at worst; these seeds are fixed. At full size:
    tests/benchmarks/bench_meter.py. Weighted by the sampling rate alone, with heavy hitters from 20
    times their error on, the third and fourth break it in 7 of 20 seeds, the last in 6.
    """
    n, k = 300_000, 4096
    name, draws = list(hostile(n, error=31).items())[which]
    truth = np.unique(draws, return_counts=True)[1]
    for seed in range(20):
        errors = off(draws, truth, k, seed)  # which also sees that no count is above n
        assert max(map(abs, errors)) < measures.promised(k), (name, seed, errors)


def test_a_count_is_never_above_what_went_by() -> None:
    """All different, and all different but for one pair: the sample alone would say more than n."""
    for seed in range(20):
        draws = np.arange(20_000, dtype=np.uint64)
        for twice in (0, 1):
            draws[0] = twice
            channel = fill(Channel(256, 8), hashing.gram_hashes(draws, 1, seed))
            counts = measures.counts_of(channel)
            assert counts.distinct <= counts.n
            assert counts.f(1) <= counts.n
            assert 0 <= hill.coverage(counts) < 0.01
            assert rarefaction.rarefied(counts, counts.n) <= counts.n + 1e-6
