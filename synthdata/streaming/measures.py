"""Measures from a meter: entropy, coverage, types and Hill numbers of a stream.

Idea:   heavy hitters are counted; of the rest the total and a sample of its types are known. The
        sample is weighted so that its counts sum to that total, which is exact: little is left to
        chance, and there are never more types than occurrences.
Source: the estimators are those of `synthdata.diversity`; a sample weighted to reach a known total:
        Deville & Särndal, "Calibration estimators in survey sampling", JASA 1992.
Run:    python -m synthdata measure big.jsonl --stream
Omits:  intervals by subsampling documents: counts are not kept per document.

Names are those of the panel: `entropy` is of the sample, `entropy_source` of its source. Hill
numbers are of the source here and so end in `_source`; the panel's `hill1` is of the sample.
Coverage is that of independent draws (`hill.coverage`), as one pass keeps no counts per document:
if documents repeat their own words it is too high, and the entropy of the source too low. `measure`
without --stream leaves out whole documents (`synthdata.diversity.coverage`).

If all distinct things fit the sample the numbers are exact. Otherwise types, coverage and the
entropy of the stream are within three standard errors of a sample of k things, 3/sqrt(k): 1.2 % of
the types, 1.2 points and 1.2 % of the entropy at 256 MB. Streams made to mislead it are held to
that, in 20 of 20 hash seeds, by tests/benchmarks/bench_meter.py. Hill numbers of order 1 are 2 to
the entropy, so 1 % of 20 bits is 15 % of them.

The exact numbers do not depend on the order of the rows. The estimated ones do, within these
bounds, as heavy hitters are found on the way; HyperLogLog's always do: its estimate uses when each
register rose (D. Ting, "Streamed approximate counting of distinct elements", KDD 2014).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from synthdata.diversity import entropy, hill
from synthdata.diversity.abundance import Abundance, counts_of_counts
from synthdata.diversity.measure import Measure
from synthdata.diversity.quantities import STREAMED
from synthdata.diversity.rarefaction import rarefied
from synthdata.streaming.meter import Meter
from synthdata.streaming.sketch import Channel

_HEAVY = 3  # a heavy hitter's count is at least this many times its error
_ENOUGH_COVERAGE = 0.95
_EXACT = "no interval: nothing is estimated, it describes what was read"
_ESTIMATED = (
    "no interval: estimated from a sample of the different things; in tests on 10 million things "
    "at 256 MB it was within 1.2 %"
)
_NO_INTERVAL = (
    "no interval: that takes leaving documents out, and one pass does not keep them apart; without "
    "--stream (on a --sample, where all is too much) there is one"
)
_AS_DRAWS = (
    ", as independent draws: where documents repeat their own, coverage is too high and the "
    "entropy of the source too low"
)
_ORDERS = ("entropy_source", "hill1_source", "hill2_source")
_CROSSED = (
    "order 2 reads higher than order 1, which no source allows: order 1 is too low, by an estimate "
    "that misses much of what was not seen, or order 2, unbiased but uncertain, is too high"
)
_TOO_LITTLE = "a lower bound without an interval: the sample covers only {:.1%} of the source"


def promised(k: int) -> float:
    """The bound of types and entropy (shares of them) and of coverage, with k sampled things.

    >>> round(promised(65_536), 4)
    0.0117
    """
    return 3 / math.sqrt(k)


def counts_of(channel: Channel) -> Abundance:
    """The channel's counts of counts, exact or estimated."""
    hashes, counts = channel.bottom.sample()
    if channel.bottom.complete:
        return Abundance.of(counts)
    n = channel.total
    numbers, heavy = _heavy(channel)
    rest = counts[~np.isin(hashes, numbers)]
    values, types = counts_of_counts(rest)
    left = float(max(n - heavy.sum(), rest.sum()))  # at least the sampled ones belong to the rest
    weights = _calibrated(values, types, channel.bottom.rate, left)
    one = np.ones(len(heavy))
    return Abundance(
        n=n,
        values=np.concatenate((values, heavy)),
        types=np.concatenate((weights, one)),
        weights=np.concatenate((weights, one * (n - left) / max(heavy.sum(), 1))),
        exact=False,
    )


def _heavy(channel: Channel) -> tuple[np.ndarray, np.ndarray]:
    """Hashes and counts of the heavy hitters.

    They are chosen by the sketch alone, so that the others remain a fair sample. The shortfall of a
    count is known for those that are also in the sample; its mean, with half the error included as
    one more observation, is added to the others.
    """
    hashes, lower = channel.heavy.items()
    chosen = lower + channel.error / 2 >= max(_HEAVY * channel.error, 2)
    hashes, lower = hashes[chosen], lower[chosen]
    sampled, exact = channel.bottom.sample()
    at = np.minimum(np.searchsorted(sampled, hashes), len(sampled) - 1)
    known = sampled[at] == hashes
    short = float((exact[at] - lower)[known].sum() + channel.error / 2) / (known.sum() + 1)
    return hashes, np.where(known, exact[at], lower + short).astype(float)


def _calibrated(values: np.ndarray, types: np.ndarray, rate: float, total: float) -> np.ndarray:
    """Number of things with each count, from the `types` of a sample of them, and their `total`.

    types / rate is unbiased, but its sum of counts is not the total, which is known. The difference
    is distributed in proportion to count x types, the least change in squares that makes the sum
    right; quantities nearly proportional to the counts then vary little by chance. So there are
    never more things, nor more seen once, than occurrences.
    """
    weights = types / rate
    gap = total - float(weights @ values)
    moments = float(types @ (values.astype(float) ** 2))
    if not moments:
        return weights
    weights = np.maximum(weights + gap * values * types / moments, 0.0)
    return weights * (total / float(weights @ values)) if weights.any() else weights


def curve(counts: Abundance, points: int = 40) -> list[tuple[int, float]]:
    """Expected types in samples of growing size, up to everything: (size, types)."""
    if not counts.n:
        return []
    first, rest = np.geomspace(1, counts.n, points), np.linspace(1, counts.n, points)
    sizes = sorted({*np.concatenate((first, rest)).round().astype(int).tolist()})
    return [(m, rarefied(counts, m)) for m in sizes]


def measures(meter: Meter) -> list[Measure]:
    """Every measure of every channel; undefined if nothing was seen."""
    found: list[Measure] = []
    for name, channel in meter.channels.items():
        found.extend(_measures(name, channel, meter))
    return found


def _measures(name: str, channel: Channel, meter: Meter) -> list[Measure]:
    """Every quantity of `STREAMED` for one channel."""
    config = meter.config
    quantities = {kind: quantity.of(name) for kind, quantity in STREAMED.items()}
    what = {"documents": "whole documents"}.get(name, name)
    if name in ("words", "word pairs"):
        what = f"{name} ({config.words} tokens)"
    counts = counts_of(channel)
    rate = "exact counts" if counts.exact else f"{channel.bottom.k:,} sampled types, heavy hitters"
    how = f"one pass, {what}, {rate}, {config.policy}, seed {config.seed}"
    if name != "documents":
        how += _AS_DRAWS
    if not channel.total:
        reason = f"there are no {name} in {meter.documents:,} documents"
        return [Measure.undefined(q.key, reason, n=0, method=how) for q in quantities.values()]
    seen = hill.coverage(counts)
    values = dict(zip(quantities, _values(counts, channel)))
    crossed = values["hill1_source"][0] < values["hill2_source"][0] < math.inf
    made = []
    for kind, (value, (low, high)) in values.items():
        quantity = quantities[kind]
        if kind == "types" and not counts.exact:
            quantity = replace(quantity, method="bottom-k estimate of the sample's types, {}")
        if math.isnan(value):
            method = quantity.method.format(how)
            made.append(Measure.undefined(quantity.key, "there is only one", n=1, method=method))
            continue
        reason = "" if not math.isnan(low) else _no_interval(kind, value, seen, counts.exact)
        crossing = _CROSSED if crossed and kind in _ORDERS else ""
        made.append(
            quantity.measured(
                value,
                how,
                low=low,
                high=high,
                n=counts.n,
                coverage=seen,
                warnings=tuple(filter(None, (reason, crossing))),
            )
        )
    return made


def _values(counts: Abundance, channel: Channel) -> list[tuple[float, tuple[float, float]]]:
    """Value and interval of each of `STREAMED`; an interval of nan is none."""
    none = (math.nan, math.nan)
    around = 1.96 / math.sqrt(channel.bottom.k)
    types = counts.distinct * (1 - around), min(counts.distinct * (1 + around), counts.n)
    hll, n = channel.cardinality, counts.n
    bits = entropy.chao_wang_jost(counts)
    return [
        (counts.n, none),
        (counts.distinct, none if counts.exact else types),
        (
            min(hll.get_estimate(), n),
            (min(hll.get_lower_bound(2), n), min(hll.get_upper_bound(2), n)),
        ),
        (entropy.plug_in(counts), none),
        (bits, none),
        (2**bits, none),
        (hill.hill_asymptotic(counts, 2) if n > 1 else math.nan, none),
    ]


def _no_interval(kind: str, value: float, seen: float, exact: bool) -> str:
    """Why a value of this kind has no interval."""
    if not kind.endswith("source"):
        return _EXACT if exact or kind == "total" else _ESTIMATED
    if math.isinf(value):
        return "infinite: nothing was seen twice"
    if kind != "hill2_source" and seen < _ENOUGH_COVERAGE:
        return _TOO_LITTLE.format(seen)
    return _NO_INTERVAL
