"""Common content of two collections: shared n-grams, and whole documents copied.

Idea:   precision is the share of the synthetic text that the reference also has, recall the share
        of the reference that the synthetic collection has. Copies are the other extreme of both.
Source: precision and recall of support: Sajjadi et al. 2018; Kynkäänniemi et al. 2019, there by
        neighbourhoods of vectors, here by n-grams.
Run:    python -m synthdata compare synthetic.jsonl --ref human.jsonl
Omits:  near copies; `synthdata.similarity.near_duplicates` finds them in one collection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from synthdata.comparison.pool import Pool
from synthdata.comparison.two_sample import ERROR_DRAWS, standard_errors
from synthdata.diversity import intervals
from synthdata.diversity.measure import Measure
from synthdata.diversity.quantities import REGISTRY
from synthdata.text.ngrams import grams

SUPPORT_ORDER = 2
"""Order of the word n-grams for precision and recall of support."""
NAMES = ("support_precision", "support_recall")


def copied(
    synthetic: Sequence[str],
    reference: Sequence[str],
    *,
    groups: np.ndarray | None = None,
    method: str = "",
    seed: int = 0,
) -> Measure:
    """Share of synthetic documents found verbatim in the reference (normalise first).

    `groups` numbers documents that depend on each other; without them the interval is Wilson's.
    """
    if not len(synthetic):
        return REGISTRY["copied"].undefined("no documents")
    known = set(reference)
    found = np.array([text in known for text in synthetic], dtype=float)
    value, n = float(found.mean()), len(found)
    low, high = intervals.share_interval(round(value * n), n)
    reason = ""
    if groups is not None:
        spread = intervals.subsample(
            lambda chosen: found[chosen].mean(), n, rng=np.random.default_rng(seed), groups=groups
        )
        units, reason = len(np.unique(groups)), spread.reason
        low, high = intervals.share_interval(round(value * units), units)
        low, high = min(low, float(spread.low[0])), max(high, float(spread.high[0]))
        if reason:
            low = high = math.nan
    low, high = REGISTRY["copied"].clip((low, high))
    return REGISTRY["copied"].measured(
        value,
        method,
        low=low,
        high=high,
        n=n,
        warnings=(reason,) if reason else (),
    )


def support(
    pool: Pool, a: np.ndarray, b: np.ndarray, rng: np.random.Generator, method: str
) -> dict[str, Measure]:
    """Share of each side's n-gram occurrences whose n-gram the other side has too.

    Both are at an equal number of documents; if one side has more, the mean over draws from it.
    """
    found = grams(pool.tokens, SUPPORT_ORDER)
    starts = np.searchsorted(found.owner, np.arange(pool.tokens.documents + 1))
    settings = SUPPORT_ORDER, pool.observed.count, method
    how = REGISTRY[NAMES[0]].method.format(*settings)
    if starts[len(a)] == 0 or starts[-1] == starts[len(a)]:
        reason = f"one side has no {SUPPORT_ORDER}-gram"
        return {name: Measure.undefined(name, reason, n=len(a), method=how) for name in NAMES}
    size = int(found.keys.max()) + 1

    def keys(documents: np.ndarray) -> np.ndarray:
        mask = np.zeros(pool.tokens.documents, dtype=bool)
        mask[documents] = True
        return found.keys[mask[found.owner]]

    def shares(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        sides = [[keys(part) for part in parts] for parts in pool.at(one, two).documents]
        rows = []
        for draw in range(max(map(len, sides))):  # a whole side is used for every draw
            left, right = (parts[min(draw, len(parts) - 1)] for parts in sides)
            in_left, in_right = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
            in_left[left], in_right[right] = True, True
            if len(left) and len(right):
                rows.append((in_right[left].mean(), in_left[right].mean()))
        return np.mean(rows, axis=0) if rows else np.full(2, math.nan)

    values = shares(a, b)
    error, reason = standard_errors(shares, pool.group, a, b, rng)
    units = min(pool.units(a), pool.units(b))
    reach = intervals.t_quantile(min(ERROR_DRAWS, units) - 1) * error
    if np.isnan(values).any():
        reason = f"one side has no {SUPPORT_ORDER}-gram at an equal number of documents"
        return {name: Measure.undefined(name, reason, n=len(a), method=how) for name in NAMES}
    # a kind of document absent from both sides changes no subsample
    least = [intervals.unmoved_mean(float(value), units) for value in values]
    made = {}
    for name, value, width, (bottom, top) in zip(NAMES, values, reach, least):
        low, high = REGISTRY[name].clip((min(value - width, bottom), max(value + width, top)))
        made[name] = REGISTRY[name].measured(
            float(value),
            *settings,
            low=low,
            high=high,
            n=min(len(a), len(b)),
            warnings=(reason,) if reason else (),
        )
    return made
