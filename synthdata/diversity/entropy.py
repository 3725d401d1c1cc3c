"""Entropy of a source in bits, estimated from counts.

Idea:   a sample is incomplete, so its own entropy (plug-in) is lower than that of its source. The
        numbers of things seen once and twice tell how much is missing.
Source: each function names its paper.
Run:    python -m synthdata measure --help
Omits:  Bayesian estimators; they need a prior over unseen distributions.

Counts are how often each distinct thing was seen: j times for f_j things, n in all; to ask several
questions of one sample, make its `Abundance` first. An estimate from no counts at all is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from synthdata.diversity.abundance import Abundance, Counted, rare_share

BITS = 1 / math.log(2)
"""Bits in a nat."""


def plug_in(counts: Counted) -> float:
    """Entropy of the observed shares, bits: too small, by about (types - 1) / (2 n ln 2).

    >>> plug_in([1, 1, 1, 1])
    2.0
    """
    seen = Abundance.of(counts)
    if seen.n == 0:
        return math.nan
    logs = seen.weights @ (seen.values * np.log2(seen.values))
    return max(0.0, math.log2(seen.n) - float(logs) / seen.n)


def miller_madow(counts: Counted) -> float:
    """Plug-in plus the first term of its bias, bits.

    Source: G. A. Miller, "Note on the bias of information estimates", 1955.
    """
    seen = Abundance.of(counts)
    if seen.n == 0:
        return math.nan
    return plug_in(seen) + (seen.distinct - 1) / (2 * seen.n) * BITS


def grassberger(counts: Counted) -> float:
    """Logarithms replaced by a function G of the count with smaller bias, bits.

    H = ln n - (1/n) sum_i x_i G(x_i), with G(x) = psi(x) + (-1)^x (psi((x+1)/2) - psi(x/2)) / 2.
    Source: P. Grassberger, arXiv:physics/0307138 (2003, revised 2008), equation 35.
    """
    from scipy.special import psi

    seen = Abundance.of(counts)
    if seen.n == 0:
        return math.nan
    values = seen.values
    sign = np.where(values % 2 == 0, 1.0, -1.0)
    g = psi(values) + sign * (psi((values + 1) / 2) - psi(values / 2)) / 2
    return (math.log(seen.n) - float(seen.weights @ (values * g)) / seen.n) * BITS


def chao_shen(counts: Counted) -> float:
    """Shares shrunk by the coverage and weighted by their chance to be seen, bits.

    If everything was seen once the coverage 1 - f_1/n is zero; it is then taken as 1/n.
    Source: A. Chao & T.-J. Shen, Environmental and Ecological Statistics 2003.
    """
    seen = Abundance.of(counts)
    values, n = seen.values, seen.n
    if n == 0:
        return math.nan
    share = (1 - min(seen.f(1), n - 1) / n) * values / n if n > 1 else values / n
    # a share of 1 (all alike) was certainly seen, and adds no entropy
    chance = -np.expm1(n * np.log1p(-np.minimum(share, 1 - 1e-16)))
    return max(0.0, float(-seen.weights @ (share * np.log2(share) / chance)))


def chao_wang_jost(counts: Counted) -> float:
    """The slope of the accumulation curve, with its unseen part from singletons and pairs, bits.

    H = sum_i (x_i/n) (psi(n) - psi(x_i)) + (f_1/n) (1-A)^(1-n) (-ln A - sum_(r<n) (1-A)^r / r),
    A = 2 f_2 / ((n-1) f_1 + 2 f_2). It is nearly unbiased once the sample covers most of the
    source, and a lower bound before.
    Source: Chao, Wang & Jost, Methods in Ecology and Evolution 2013, equation 7.
    """
    from scipy.special import psi

    seen = Abundance.of(counts)
    n = seen.n
    if n == 0:
        return math.nan
    shown = float(seen.weights @ (seen.values * (psi(n) - psi(seen.values)))) / n
    return max(0.0, (shown + unseen_entropy(n, seen.f(1), seen.f(2)) * math.log(2)) * BITS)


def unseen_entropy(n: int, singles: int, pairs: int) -> float:
    """The second term of Chao, Wang & Jost: the entropy added by unseen things, bits."""
    if singles == 0 or n < 2:
        return 0.0
    # (1-A)^(1-n) (-ln A - sum_(r<n) (1-A)^r/r) = sum_(j>=1) (1-A)^j / (n-1+j), which neither
    # overflows nor cancels, = integral over u > 0 of e^-u q / (n (1 - q e^(-u/n))) with q = 1 - A.
    # In s = ln u the integrand dies off at both ends, where the trapezoid rule is exact to
    # rounding.
    a = rare_share(n, singles, pairs)
    step = 1 / 64
    s = np.arange(min(0.0, math.log(a * n)) - 40, 7, step)
    u = np.exp(s)
    integrand = np.exp(s - u) * (1 - a) / (n * (a - (1 - a) * np.expm1(-u / n)))
    return singles / n * float(integrand.sum()) * step * BITS


ENTROPIES: dict[str, Callable[[Counted], float]] = {
    "plug-in": plug_in,
    "miller-madow": miller_madow,
    "grassberger": grassberger,
    "chao-shen": chao_shen,
    "chao-wang-jost": chao_wang_jost,
}


def entropy(counts: Counted, method: str = "chao-wang-jost") -> float:
    """Entropy in bits by the named estimator; ValueError on another name."""
    if method not in ENTROPIES:
        raise ValueError(f"no entropy estimator {method!r}; choose one of {sorted(ENTROPIES)}")
    return ENTROPIES[method](counts)
