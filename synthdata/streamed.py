"""Measures from a meter: entropy, coverage, types and Hill numbers of what went by.

Idea:   the heavy hitters are counted, the rest is known by its total and by a sample of its types.
        Numbers of types scale with the sampling rate; sums weighted by mass (entropy) scale with
        the rest's total mass, which is known exactly, so that little is left to chance.
Source: the estimators are those of `synthdata.estimate`; ratio estimation: W. Cochran, "Sampling
        Techniques", 1977, chapter 6.
Run:    python -m synthdata measure big.jsonl --stream
Omits:  intervals by subsampling documents: their counts are not kept apart.

Names are those of the panel: `entropy` is of the sample, `entropy_source` of its source.
Hill numbers are of the source here and so end in `_source`; the panel's `hill1` is of the sample.
Coverage is that of independent draws (`estimate.coverage`), as one pass keeps no documents apart:
where documents say their own words again and again it is too high, and the entropy of the source
too low. The panel leaves out documents (`synthdata.covered`).

Where all distinct things fit the sample the numbers are exact. Else, for 256 MB and 10 million
things: types within 3 %, coverage within 0.5 points, entropy within 3 %; tests hold them to that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synthdata import estimate
from synthdata.counts import counts_of_counts
from synthdata.measures import Measure
from synthdata.meter import Meter
from synthdata.sketch import Channel

_HEAVY = 20  # a heavy hitter's count is at least this many times its error
_ENOUGH_COVERAGE = 0.95
_EXACT = "no interval: nothing is estimated, it describes what was read"
_ESTIMATED = (
    "no interval: estimated from a sample of the different things; in tests on 10 million the "
    "error is below 3 %"
)
_NO_INTERVAL = (
    "no interval: that takes leaving documents out, and one pass does not keep them apart; without "
    "--stream (on a --sample, where all is too much) there is one"
)
_AS_DRAWS = (
    ", as independent draws: where documents repeat their own, coverage is too high and the "
    "entropy of the source too low"
)
_TOO_LITTLE = "a lower bound without an interval: the sample covers only {:.1%} of the source"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """A collection's counts of counts, as far as they are known.

    `values[i]` is a count, `types[i]` how many things have it, `mass[i]` what share of all
    occurrences is theirs; the last two are estimates (not whole numbers) unless `exact`.
    """

    n: int
    """All occurrences."""
    values: np.ndarray
    """Counts that occur."""
    types: np.ndarray
    """Things with that count."""
    mass: np.ndarray
    """Occurrences that belong to them, as a share of n."""
    exact: bool
    """Whether nothing was estimated."""
    distinct: float
    """How many distinct things."""

    def occurring(self, count: int) -> int:
        """How many things were seen `count` times, to the nearest whole one."""
        return round(float(self.types[self.values == count].sum()))


def counts_of(channel: Channel) -> Counts:
    """What the channel knows, as one table."""
    hashes, counts = channel.bottom.sample()
    n = channel.total
    if channel.bottom.complete:
        values, types = counts_of_counts(counts)
        return Counts(
            n=n,
            values=values,
            types=types.astype(float),
            mass=values * types / max(n, 1),
            exact=True,
            distinct=float(len(counts)),
        )
    heavy = channel.heavy_hitters(max(_HEAVY * channel.error, 2))
    numbers = np.array([number for number, _ in heavy], np.uint64)
    heavy_counts = np.array([count for _, count in heavy], np.int64)
    rest = counts[~np.isin(hashes, numbers)]
    values, types = counts_of_counts(rest)
    left = max(n - int(heavy_counts.sum()), 0)
    sampled = max(int(rest.sum()), 1)
    heavy_values, heavy_types = counts_of_counts(heavy_counts)
    rest_types = types / channel.bottom.rate
    return Counts(
        n=n,
        values=np.concatenate((values, heavy_values)),
        types=np.concatenate((rest_types, heavy_types)),
        mass=np.concatenate((values * types / sampled * left / n, heavy_values * heavy_types / n)),
        exact=False,
        distinct=channel.bottom.types,
    )


def plug_in(counts: Counts) -> float:
    """Entropy of the observed shares, bits."""
    if not counts.n:
        return math.nan
    return max(0.0, float(counts.mass @ (math.log2(counts.n) - np.log2(counts.values))))


def chao_wang_jost(counts: Counts) -> float:
    """Entropy of the source, bits; see `estimate.chao_wang_jost`."""
    from scipy.special import psi

    if not counts.n:
        return math.nan
    seen = float(counts.mass @ (psi(counts.n) - psi(counts.values))) * estimate.BITS
    once, twice = counts.occurring(1), counts.occurring(2)
    return max(0.0, seen + estimate.unseen_entropy(counts.n, once, twice))


def coverage(counts: Counts) -> float:
    """Share of the source's probability that was seen; see `estimate.coverage`."""
    if not counts.n:
        return math.nan
    return estimate.coverage_from(counts.n, counts.occurring(1), counts.occurring(2))


def hill2(counts: Counts) -> float:
    """One over the chance that two draws without replacement agree."""
    if counts.n < 2:
        return math.nan
    same = float(counts.mass @ (counts.values - 1)) / (counts.n - 1)
    return 1 / same if same else math.inf


def curve(counts: Counts, points: int = 40) -> list[tuple[int, float]]:
    """Expected types in samples of growing size, up to everything: (size, types)."""
    if not counts.n:
        return []
    first, rest = np.geomspace(1, counts.n, points), np.linspace(1, counts.n, points)
    sizes = sorted({*np.concatenate((first, rest)).round().astype(int).tolist()})
    return [(m, types_at(counts, m)) for m in sizes]


def hill(counts: Counts, q: float) -> float:
    """Hill number of order q of what went by, from the same masses as its entropy."""
    if not counts.n:
        return math.nan
    if q == 0:
        return counts.distinct
    if q == 1:
        return float(2 ** plug_in(counts))
    share = counts.values / counts.n
    return float((counts.mass @ share ** (q - 1)) ** (1 / (1 - q)))


def types_at(counts: Counts, size: int) -> float:
    """Expected types in `size` draws without replacement from what went by."""
    from synthdata.rarefy import _none_drawn

    return float(counts.types @ (1 - _none_drawn(counts.values, counts.n, size)))


def measures(meter: Meter) -> list[Measure]:
    """Every measure of every channel; undefined where nothing was seen."""
    found: list[Measure] = []
    for name, channel in meter.channels.items():
        found.extend(_measures(name, channel, meter))
    return found


KINDS = {
    "total": ("count", "{}"),
    "types": ("count", "distinct {}"),
    "types_hyperloglog": ("HyperLogLog estimate of the sample's types", "distinct {}"),
    "entropy": ("plug-in entropy of the sample", "bits"),
    "entropy_source": ("Chao-Wang-Jost estimate for the source", "bits"),
    "hill1_source": ("2 to the Chao-Wang-Jost estimate for the source", "effective {}"),
    "hill2_source": (
        "n (n-1) / sum x (x-1), unbiased for the source's concentration",
        "effective {}",
    ),
}
"""What is measured of each channel: estimator and unit."""


def _measures(name: str, channel: Channel, meter: Meter) -> list[Measure]:
    """All `KINDS` of one channel."""
    config = meter.config
    slug = name.replace(" ", "_").replace("-", "_")
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
        return [Measure.undefined(f"{slug}_{kind}", reason, n=0, method=how) for kind in KINDS]
    seen = coverage(counts)
    made = []
    for kind, (value, (low, high)) in zip(KINDS, _values(counts, channel)):
        estimator, unit = KINDS[kind]
        if kind == "types" and not counts.exact:
            estimator = "bottom-k estimate of the sample's types"
        method = f"{estimator}, {how}"
        if math.isnan(value):
            made.append(
                Measure.undefined(f"{slug}_{kind}", "there is only one", n=1, method=method)
            )
            continue
        reason = "" if not math.isnan(low) else _no_interval(kind, value, seen, counts.exact)
        made.append(
            Measure(
                name=f"{slug}_{kind}",
                value=value,
                low=low,
                high=high,
                n=counts.n,
                coverage=seen,
                method=method,
                unit=unit.format(name),
                direction="neither" if kind == "total" else "higher is more varied",
                warnings=(reason,) if reason else (),
            )
        )
    return made


def _values(counts: Counts, channel: Channel) -> list[tuple[float, tuple[float, float]]]:
    """Value and interval of each of `KINDS`; an interval of nan is none."""
    none = (math.nan, math.nan)
    around = 1.96 / math.sqrt(channel.bottom.k)
    types = counts.distinct * (1 - around), counts.distinct * (1 + around)
    hll = channel.cardinality
    entropy = chao_wang_jost(counts)
    return [
        (counts.n, none),
        (counts.distinct, none if counts.exact else types),
        (hll.get_estimate(), (hll.get_lower_bound(2), hll.get_upper_bound(2))),
        (plug_in(counts), none),
        (entropy, none),
        (2**entropy, none),
        (hill2(counts), none),
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
