"""Entropy of a source in bits, estimated from counts.

Idea:   a sample has not seen everything, so what it shows (plug-in) is less varied than its source.
        How often things were seen once and twice says how much is missing.
Source: each function names its paper.
Run:    python -m synthdata measure --help
Omits:  Bayesian estimators; they need a prior over distributions nobody has seen.

Counts are how often each distinct thing was seen: j times for f_j things, n in all. An estimate
from no counts at all is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from synthdata.diversity.abundance import ones_and_twos, rare_share, summary

BITS = 1 / math.log(2)
"""Bits in a nat."""


def plug_in(counts: np.ndarray) -> float:
    """Entropy of the observed shares, bits: too small, by about (types - 1) / (2 n ln 2).

    >>> plug_in([1, 1, 1, 1])
    2.0
    """
    values, frequency, n = summary(counts)
    if n == 0:
        return math.nan
    return max(0.0, math.log2(n) - float(frequency @ (values * np.log2(values))) / n)


def miller_madow(counts: np.ndarray) -> float:
    """Plug-in plus the first term of its bias, bits.

    Source: G. A. Miller, "Note on the bias of information estimates", 1955.
    """
    _, frequency, n = summary(counts)
    if n == 0:
        return math.nan
    return plug_in(counts) + (int(frequency.sum()) - 1) / (2 * n) * BITS


def grassberger(counts: np.ndarray) -> float:
    """Logarithms replaced by a function G of the count with smaller bias, bits.

    H = ln n - (1/n) sum_i x_i G(x_i), with G(x) = psi(x) + (-1)^x (psi((x+1)/2) - psi(x/2)) / 2.
    Source: P. Grassberger, arXiv:physics/0307138 (2003, revised 2008), equation 35.
    """
    from scipy.special import psi

    values, frequency, n = summary(counts)
    if n == 0:
        return math.nan
    sign = np.where(values % 2 == 0, 1.0, -1.0)
    g = psi(values) + sign * (psi((values + 1) / 2) - psi(values / 2)) / 2
    return (math.log(n) - float(frequency @ (values * g)) / n) * BITS


def chao_shen(counts: np.ndarray) -> float:
    """Each thing's share shrunk by the coverage and weighted by its chance to be seen, bits.

    Where everything was seen once the coverage 1 - f_1/n is nought; it is then taken as 1/n.
    Source: A. Chao & T.-J. Shen, Environmental and Ecological Statistics 2003.
    """
    values, frequency, n = summary(counts)
    if n == 0:
        return math.nan
    singles, _ = ones_and_twos(counts)
    share = (1 - min(singles, n - 1) / n) * values / n if n > 1 else values / n
    # a share of 1 (all alike) was seen for certain, and adds no entropy
    seen = -np.expm1(n * np.log1p(-np.minimum(share, 1 - 1e-16)))
    return max(0.0, float(-frequency @ (share * np.log2(share) / seen)))


def chao_wang_jost(counts: np.ndarray) -> float:
    """The slope of the accumulation curve, with its unseen part from singletons and pairs, bits.

    H = sum_i (x_i/n) (psi(n) - psi(x_i)) + (f_1/n) (1-A)^(1-n) (-ln A - sum_(r<n) (1-A)^r / r),
    A = 2 f_2 / ((n-1) f_1 + 2 f_2). It is nearly unbiased once the sample covers most of the
    source, and a lower bound before.
    Source: Chao, Wang & Jost, Methods in Ecology and Evolution 2013, equation 7.
    """
    from scipy.special import psi

    values, frequency, n = summary(counts)
    if n == 0:
        return math.nan
    seen = float(frequency @ (values * (psi(n) - psi(values)))) / n
    return max(0.0, (seen + unseen_entropy(n, *ones_and_twos(counts)) * math.log(2)) * BITS)


def unseen_entropy(n: int, singles: int, pairs: int) -> float:
    """The second term of Chao, Wang & Jost: what the things not seen add, bits."""
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


ENTROPIES: dict[str, Callable[[np.ndarray], float]] = {
    "plug-in": plug_in,
    "miller-madow": miller_madow,
    "grassberger": grassberger,
    "chao-shen": chao_shen,
    "chao-wang-jost": chao_wang_jost,
}


def entropy(counts: np.ndarray, method: str = "chao-wang-jost") -> float:
    """Entropy in bits by the named estimator; ValueError on another name."""
    if method not in ENTROPIES:
        raise ValueError(f"no entropy estimator {method!r}; choose one of {sorted(ENTROPIES)}")
    return ENTROPIES[method](counts)
