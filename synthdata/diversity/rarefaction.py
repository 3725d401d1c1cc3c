"""Rarefaction and extrapolation: the variety of a smaller or a larger sample.

Idea:   variety grows with n, so two collections are compared at the same n, or at the same
        coverage. Going down (rarefaction) is exact; going up (extrapolation) is an estimate,
        reliable to about twice the sample.
Source: Chao & Jost, Ecology 2012 (coverage); Colwell et al., Journal of Plant Ecology 2012 (types);
        Chao et al., Ecological Monographs 2014 (Hill numbers of order 1 and 2); order 1 beyond the
        sample as in the authors' package iNEXT from version 3, whose numbers the tests hold.
Omits:  samples whose units are documents of several tokens (`synthdata.comparison.pool`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from synthdata.diversity.abundance import Abundance, Counted, rare_share
from synthdata.diversity.hill import coverage_from, hill, hill_asymptotic


def rarefied(counts: Counted, size: float, q: float = 0) -> float:
    """Expected effective number, of order 0, 1 or 2, in a sample of `size`, nan for no counts.

    For `size` up to n: draws without replacement from the sample; 2 to the expected entropy for
    order 1, one over the expected concentration for order 2. Beyond n: extrapolated.

    >>> round(rarefied([3, 1], 2), 3)   # two of the four draws: 3 of 6 pairs hold both things
    1.5
    """
    if q not in (0, 1, 2):
        raise ValueError(f"rarefaction is for orders 0, 1 and 2, got {q}")
    seen = Abundance.of(counts)
    values, n = seen.values, seen.n
    _check_size(size)
    if n == 0:
        return math.nan
    if q == 2:
        same = float(seen.weights @ (values * (values - 1))) / (n * (n - 1)) if n > 1 else 0.0
        return 1 / (1 / size + (size - 1) / size * same)
    if size > n:
        return _extrapolated(seen, size, q)
    if q == 0:
        return float(seen.types @ (1 - none_drawn(values, n, size)))
    return 2 ** _expected_entropy(seen, int(size))


def coverage_at(counts: Counted, size: float) -> float:
    """Expected coverage of a sample of `size` (Chao & Jost 2012, equations 4b and 9)."""
    seen = Abundance.of(counts)
    values, n = seen.values, seen.n
    _check_size(size)
    if n == 0:
        return math.nan
    if size < n:
        # 1 - sum (x/n) C(n-x, m) / C(n-1, m)
        missed = np.where(values >= n, 0.0, none_drawn(values - 1, n - 1, size))
        return 1 - float(seen.weights @ (values / n * missed))
    singles, pairs = seen.f(1), seen.f(2)
    if singles == 0:
        return 1.0
    # one thing seen once, none twice: no evidence how soon the rest would be seen
    fall = 1.0 if (singles, pairs) == (1, 0) else 1 - rare_share(n, singles, pairs)
    return 1 - (1 - coverage_from(n, singles, pairs)) * fall ** (size - n)


def size_for_coverage(counts: Counted, target: float) -> float:
    """The smallest sample size, not always whole, that reaches coverage `target`, by bisection.

    It is as exact as floats allow, and infinite if no size reaches it. ValueError unless 0 < target
    < 1.
    """
    seen = Abundance.of(counts)
    return size_reaching(lambda size: coverage_at(seen, size), target, seen.n)


def size_reaching(covered: Callable[[float], float], target: float, n: int) -> float:
    """The smallest size at which `covered`, which rises with it, reaches `target`.

    `n`, the sample's size, is the start of the search; nan for 0. Otherwise as `size_for_coverage`.
    """
    if not 0 < target < 1:
        raise ValueError(f"coverage is a share between 0 and 1, got {target}")
    if n == 0:
        return math.nan
    low, high = 0.0, float(n)
    while covered(high) < target:
        low, high = high, high * 2
        if high > 1e12:
            return math.inf
    for _ in range(60):
        middle = (low + high) / 2
        if covered(max(middle, 1e-9)) < target:
            low = middle
        else:
            high = middle
    return high


def curve(
    counts: Counted, q: float = 0, points: int = 40, up_to: float = 2.0
) -> list[tuple[int, float, float]]:
    """(size, effective number, coverage) from one draw to `up_to` times the sample.

    Sizes grow by equal factors and include n itself.
    """
    seen = Abundance.of(counts)
    n = seen.n
    if n == 0:
        return []
    sizes: Iterable[int] = sorted(
        {n, *np.geomspace(1, max(1, n * up_to), points).round().astype(int).tolist()}
    )
    return [(m, rarefied(seen, m, q), coverage_at(seen, m)) for m in sizes]


def none_drawn(values: np.ndarray, n: float, size: float) -> np.ndarray:
    """C(n-x, m) / C(n, m): the chance that m of n draws miss all x copies."""
    from scipy.special import gammaln

    possible = values <= n - size
    left = np.where(possible, n - values, n)
    log = gammaln(left + 1) - gammaln(np.where(possible, left - size, 0) + 1)
    log = log - (gammaln(n + 1) - gammaln(n - size + 1))
    return np.where(possible, np.exp(np.minimum(log, 0)), 0.0)


def _expected_entropy(seen: Abundance, size: int) -> float:
    """Mean plug-in entropy, bits, of `size` draws without replacement."""
    n = seen.n
    if size == n:
        return math.log2(n) - float(seen.weights @ (seen.values * np.log2(seen.values))) / n
    x = seen.values.astype(np.int64)
    # The number k of copies drawn is hypergeometric. All k from low to high, for all x at once;
    # slightly over nine standard deviations hold all the mass above rounding.
    mean = size * x / n
    spread = 9 * np.sqrt(mean * (1 - x / n)) + 30
    low = np.maximum(np.maximum(1, np.floor(mean - spread)), size - (n - x)).astype(np.int64)
    high = np.minimum(np.minimum(x, size), np.ceil(mean + spread)).astype(np.int64)
    wide = np.maximum(high - low + 1, 0)
    which = np.repeat(np.arange(len(x)), wide)
    k = np.arange(int(wide.sum())) + np.repeat(low - (np.cumsum(wide) - wide), wide)
    factorial = _log_factorials(n)
    copies, rest = x[which], n - x[which]
    log = factorial[copies] - factorial[k] - factorial[copies - k]
    log += factorial[rest] - factorial[size - k] - factorial[rest - size + k]
    log -= factorial[n] - factorial[size] - factorial[n - size]
    share = k / size
    return float((seen.weights[which] * np.exp(log)) @ (-share * np.log2(share)))


@lru_cache(maxsize=4)
def _log_factorials(n: int) -> np.ndarray:
    """ln 0!, ..., ln n!."""
    from scipy.special import gammaln

    return gammaln(np.arange(n + 1) + 1.0)


def _extrapolated(seen: Abundance, size: float, q: float) -> float:
    """Order 0 or 1 beyond the sample: each draw closes the same share of the gap to the source.

    The share is the one that the last draw of the sample closed, so the curve goes on smoothly.
    """
    n = seen.n
    here, source = hill(seen, q), hill_asymptotic(seen, int(q))
    if n == 1 or source <= here:
        return here
    before = rarefied(seen, n - 1, q)
    further = here + (source - here) * -math.expm1(
        (size - n) * math.log((source - here) / (source - before))
    )
    if q == 1:  # few copies: its estimate can pass that of the types
        return min(further, _extrapolated(seen, size, 0))
    return further


def _check_size(size: float) -> None:
    if not size > 0:
        raise ValueError(f"a sample has at least one draw, got size={size}")
