"""The second interval of a comparison: if apparent favourites are events told several times.

Idea:   ten near-duplicates may be ten independent answers that agree, or one event pasted in ten
        times. A file looks the same either way, but the width of an interval differs. So the
        standard error is computed again with clusters of near-duplicates as units; a user who knows
        better names the field of the groups.
Source: leaving out whole clusters: as `synthdata.comparison.two_sample`.
Run:    python -m synthdata compare synthetic.jsonl --ref human.jsonl
Omits:  p-values with clusters as units: if favourites are real they find little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from synthdata.comparison.pool import Pool
from synthdata.comparison.two_sample import standard_errors
from synthdata.diversity import intervals
from synthdata.diversity.measure import Measure
from synthdata.diversity.quantities import REGISTRY

DRAWS = 40
"""Subsamples behind each standard error."""


def by_cluster(
    pool: Pool,
    gaps: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ratios: Mapping[str, Measure],
    a: np.ndarray,
    b: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, Measure]:
    """The same ratios and differences with their intervals by cluster, never the narrower ones.

    `gaps` gives the values of `ratios`, in that order: logarithms of ratios, or differences.
    Clusters are those of the pool, separate for each side; if near-duplicates were not sought,
    verbatim copies. Unchanged if no document has a copy, or clusters are too few.
    """
    label = pool.cluster if len(np.unique(pool.cluster)) < len(pool.cluster) else pool.text
    group = label * 2
    group[b] += 1
    if all(len(np.unique(group[side])) == len(side) for side in (a, b)):
        return dict(ratios)
    error, reason = standard_errors(gaps, group, a, b, rng, DRAWS)
    if reason:
        return dict(ratios)
    units = min(len(np.unique(group[side])) for side in (a, b))
    reach = intervals.t_quantile(min(DRAWS, units) - 1) * error
    return {
        name: _widened(ratio, float(reach[i])) for i, (name, ratio) in enumerate(ratios.items())
    }


def _widened(ratio: Measure, reach: float) -> Measure:
    if not ratio.has_interval or math.isnan(reach):
        return ratio
    if ratio.name.endswith("_difference"):
        low, high = REGISTRY[ratio.name].clip((ratio.value - reach, ratio.value + reach))
    else:
        low, high = ratio.value * math.exp(-reach), ratio.value * math.exp(reach)
    return replace(ratio, low_by_cluster=min(low, ratio.low), high_by_cluster=max(high, ratio.high))
