"""Quantiles of the distributions behind intervals: normal, Student's t, chi-square.

Idea:   each distribution function is a short series or a function of the standard library, and
        Newton's method finds where it reaches a share. scipy.special has all three to as many
        digits, but takes a tenth of a second to import, a sixth of what a gate takes.
Source: Abramowitz & Stegun 1964: 6.1.47 (ratio of gamma functions), 6.5.29 (chi-square), and 15.3.4
        with 26.7.1 (Student's t).
Omits:  other distributions, and p-values of many gaps at once (scipy.special.stdtr).
"""

from __future__ import annotations

import math
from collections.abc import Callable

_STEPS = 100
"""Most steps of Newton's method; fewer than twenty are usual."""
_MANY = 100
"""Degrees of freedom from which the ratio of gamma functions is taken from its expansion."""


def normal(share: float) -> float:
    """Quantile of the standard normal distribution.

    >>> round(normal(0.975), 6)
    1.959964
    """

    def of(x: float) -> tuple[float, float]:
        density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return math.erfc(-x / math.sqrt(2)) / 2, density

    return _solve(of, share, 0.0)


def student(freedom: float, share: float = 0.975) -> float:
    """Quantile of Student's t with one degree of freedom at least; shares from 0.5 to 0.99.

    >>> round(student(59), 6)
    2.000995
    """
    if freedom > _MANY:  # the difference of two large logarithms would lose digits
        log_ratio = -1 / (4 * freedom) + 1 / (24 * freedom**3) - 1 / (20 * freedom**5)
    else:
        log_ratio = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
        log_ratio -= math.log(freedom / 2) / 2
    most = math.exp(log_ratio) / math.sqrt(2 * math.pi)

    def of(t: float) -> tuple[float, float]:
        density = most * math.exp(-(freedom + 1) / 2 * math.log1p(t * t / freedom))
        return 0.5 + t * density * _series(freedom + 1, 3, t * t / (freedom + t * t)), density

    return _solve(of, share, 0.0)


def chi_square(freedom: float, share: float) -> float:
    """Quantile of the chi-square distribution with two degrees of freedom at least.

    >>> round(chi_square(59, 0.975), 4)
    82.1174
    """
    half = freedom / 2

    def of(x: float) -> tuple[float, float]:
        log_density = (half - 1) * math.log(x / 2) - x / 2 - math.lgamma(half) - math.log(2)
        total = term = 1.0
        k = half
        while term > 1e-17 * total:
            k += 1
            term *= x / 2 / k
            total += term
        density = math.exp(log_density)
        return density * x / half * total, density

    return _solve(of, share, max(freedom - 2, 1e-3))


def _series(top: float, bottom: float, x: float) -> float:
    """1 + top/bottom x + top (top + 2) / (bottom (bottom + 2)) x^2 + ..., 0 <= x < 1."""
    total = term = 1.0
    while term > 1e-17 * total:
        term *= top / bottom * x
        total += term
        top, bottom = top + 2, bottom + 2
    return total


def _solve(of: Callable[[float], tuple[float, float]], share: float, start: float) -> float:
    """The place where a distribution reaches `share`; `of` gives the share below and the density.

    From the mode the steps cannot overshoot: the function bends away from the quantile.
    """
    x = start
    for _ in range(_STEPS):
        below, density = of(x)
        step = (share - below) / density
        x += step
        if abs(step) <= 1e-12 * abs(x):  # each step doubles the digits
            break
    return x
