"""What one pass says of its own numbers: which hang on the order of rows, and which cross."""

from __future__ import annotations

import math

import numpy as np
import pytest

from synthdata.diversity import hill
from synthdata.diversity.measure import Measure
from synthdata.streaming import measures
from synthdata.streaming.meter import Meter, MeterConfig

pytest.importorskip("datasketches")
SMALL = MeterConfig(ram=64 << 20, words="word")


def of(texts: list[str]) -> dict[str, Measure]:
    return {m.name: m for m in measures.measures(Meter(SMALL).update(texts))}


def test_what_hangs_on_the_order_of_rows_is_hyperloglog_alone_and_says_so() -> None:
    """Four orders of 18,000 words in three chunks, all of which fit: HyperLogLog alone moves.

    It stays within the width of its interval of 95 %, held to twice that; the draw is fixed.
    """
    rng = np.random.default_rng(1)
    texts = [" ".join(f"w{i}" for i in row) for row in rng.integers(0, 2_000, (9_000, 2))]
    orders = [sorted(range(9_000), key=texts.__getitem__), *(rng.permutation(9_000) for _ in "abc")]
    found = [of([texts[i] for i in order]) for order in orders]
    moved = {name for name in found[0] if len({f[name].value for f in found}) > 1}
    assert moved
    for name in moved:
        assert name.endswith("_hyperloglog")
        assert "another order of the rows" in found[0][name].method
        values = [f[name].value for f in found]
        assert max(values) - min(values) <= 2 * (found[0][name].high - found[0][name].low)


def test_orders_that_cross_are_called_impossible() -> None:
    """Order 2 of a source is at most order 1; two estimates may cross where little was seen."""
    rng = np.random.default_rng(3)
    texts = [" ".join(f"w{i}" for i in row) for row in rng.integers(0, 3_000, (600, 12))]
    texts = [*texts[:580], *texts[:20]]
    found = of(texts)
    told = {
        name: any("which no source allows" in warning for warning in measure.warnings)
        for name, measure in found.items()
    }
    crossed = {
        name.removesuffix("_hill1_source")
        for name in found
        if name.endswith("_hill1_source")
        and found[name].value < found[name.replace("hill1", "hill2")].value < math.inf
    }
    assert "documents" in crossed
    assert "characters" not in crossed
    kinds = ("entropy_source", "hill1_source", "hill2_source")
    assert {name for name in told if told[name]} == {
        f"{what}_{k}" for what in crossed for k in kinds
    }
    # what went by is no estimate, and its orders fall
    counts = measures.counts_of(Meter(SMALL).update(texts).channels["documents"])
    orders = [hill.hill(counts, q) for q in (0, 1, 2)]
    assert orders == sorted(orders, reverse=True)
