"""Theoretical mean of a measure after g generations: pure functions.

Idea:   a laboratory that can be checked is worth more than one that must be believed. Each function
        gives the exact mean over all chains; if the variance is known too, a z-score needs few
        seeds.
Source: named in each function, or else its derivation is there.
Run:    python -m synthdata collapse multinomial --json
Omits:  samplers other than plain, and sources without a formula.

Generation g is the model after g + 1 fits; generation 0 was fitted to n real examples.
"""

from __future__ import annotations

import math

import numpy as np


def agreement_replace(g: int, n: int, s0: float) -> float:
    """E[sum p^2] under replace: 1 - (1 - 1/n)^(g + 1) (1 - s0), s0 being the truth's sum p^2.

    Seddik et al. 2024, arXiv:2404.05090. Two draws of a round agree if they come from one draw of
    the round before (probability 1/n), or else as two draws of that round do; population genetics
    knows it as the loss of heterozygosity.

    >>> agreement_replace(0, 2, 0.0)
    0.5
    """
    return 1 - (1 - 1 / n) ** (g + 1) * (1 - s0)


def agreement_accumulate(g: int, n: int, s0: float) -> float:
    """E[sum p^2] under accumulate: 1 - (1 - s0) prod over i = 1..g+1 of (1 - 1/(n i^2)).

    With q the frequencies of n new draws, p' = (g p + q) / (g + 1), E[q | p] = p and E[q.q | p] =
    1/n + (1 - 1/n) p.p; so 1 - p.p shrinks by 1 - 1/(n (g + 1)^2). The product never falls below
    sin(x) / x at x = pi / sqrt(n) (Euler): accumulated data do not die out.
    """
    i = np.arange(1, g + 2)
    return float(1 - (1 - s0) * np.prod(1 - 1 / (n * i**2)))


def agreement_subsample(g: int, n: int, s0: float) -> float:
    """E[sum p^2] under accumulate-subsample: the model sees n of the (g + 1) n examples there are.

    Two of N examples agree with probability A; n of them, drawn without replacement, have
    sum p^2 = 1/n + (1 - 1/n) A. n new draws from that model agree with it and with the pool
    likewise, so A is followed from pool to pool.
    """
    pairs = s0  # probability that two different examples of the pool agree
    for k in range(1, g + 1):
        model = 1 / n + (1 - 1 / n) * pairs
        old, new = k * n, n
        cross = pairs * (1 - 1 / old) + 1 / old  # a new draw is one of the model's examples
        within_old, within_new, across = old * (old - 1), new * (new - 1), 2 * old * new
        total = within_old + within_new + across
        pairs = (within_old * pairs + within_new * model + across * cross) / total
    return 1 / n + (1 - 1 / n) * pairs


def agreement_fresh(g: int, n: int, s0: float, real: int) -> float:
    """E[sum p^2] if `real` of the n draws of each round are new and real; all: the control.

    The two kinds of draws are independent given p, and E[p] is the truth, so
    E[p'.p'] = a^2 (1/k + (1 - 1/k) E[p.p]) + b^2 (1/r + (1 - 1/r) s0) + 2 a b s0, with k = n - r
    sampled draws and shares a = k / n, b = r / n.
    """
    sampled = n - real
    a, b = sampled / n, real / n
    value = 1 / n + (1 - 1 / n) * s0
    for _ in range(g):
        from_model = 1 / sampled + (1 - 1 / sampled) * value if sampled else 0.0
        from_truth = 1 / real + (1 - 1 / real) * s0 if real else 0.0
        value = a**2 * from_model + b**2 * from_truth + 2 * a * b * s0
    return value


def agreement_variance(g: int, n: int, p: np.ndarray) -> float:
    """Var[sum p^2] under replace, exactly, from the truth p [K].

    E[(sum p^2)^2] is the chance that a = b and c = d for four draws a, b, c, d. Going back one
    round, draws meet in one parent or not; what is left to agree is two pairs, one pair, three of
    a kind, or nothing. Counting the ways four (three, two) draws fall on n parents gives a linear
    step between these four cases; below are their probabilities for the truth.
    """
    s2, s3 = float((p**2).sum()), float((p**3).sum())
    two_pairs, triple, pair = s2**2, s3, s2
    distinct = [math.prod((n - i) / n for i in range(k)) for k in range(5)]  # k draws, k parents
    of4 = (distinct[4], distinct[3] / n, distinct[2] / n**2, 1 / n**3)
    of3 = (distinct[3], distinct[2] / n, 1 / n**2)
    for _ in range(g + 1):
        two_pairs, triple, pair = (
            # ab or cd met: a pair is left; ac, ad, bc or bd: three of a kind. Then two meetings:
            # ab with cd settles all, crosswise leaves a pair; three in one leaves a pair.
            of4[0] * two_pairs
            + of4[1] * (2 * pair + 4 * triple)
            + of4[2] * (1 + 2 * pair + 4 * pair)
            + of4[3],
            of3[0] * triple + 3 * of3[1] * pair + of3[2],
            distinct[2] * pair + 1 / n,
        )
    return max(two_pairs - pair**2, 0.0)


def variance_replace(g: int, n: int, variance: float, temperature: float = 1.0) -> float:
    """E[fitted variance] under replace: ((n - 1) / n)^(g + 1) T^g times the true one.

    Maximum likelihood divides by n, so each fit loses a share 1/n on average; a temperature T
    multiplies what is sampled. Shumailov et al. 2024, arXiv:2305.17493, section on Gaussians.
    """
    return variance * ((n - 1) / n) ** (g + 1) * temperature**g


def variance_replace_spread(g: int, n: int, variance: float, temperature: float = 1.0) -> float:
    """Var[fitted variance] under replace: each fit multiplies by chi^2(n - 1) / n, whose second
    moment is (n - 1)(n + 1) / n^2."""
    second = variance**2 * ((n * n - 1) / n**2) ** (g + 1) * temperature ** (2 * g)
    return second - variance_replace(g, n, variance, temperature) ** 2


def variance_accumulate(g: int, n: int, variance: float) -> float:
    """E[fitted variance] under accumulate: the product of `agreement_accumulate` again.

    The pool's second moment is a martingale; its mean wanders, E[m'^2] = E[m^2] +
    E[variance] / (n (g + 1)^2), and the variance is what that leaves.
    """
    i = np.arange(1, g + 2)
    return float(variance * np.prod(1 - 1 / (n * i**2)))


def least_squares(g: int, first: float, *, accumulate: bool) -> float:
    """E|w - truth|^2 of least squares on a fixed design; `first` is its value in generation 0.

    Replace adds the same error in every round: first x (g + 1). Under accumulate a round's noise is
    averaged over all i rounds so far: first x sum of 1/i^2, never above pi^2/6 x first.
    Gerstgrasser et al. 2024, arXiv:2404.01413, theorem 1.

    >>> least_squares(3, 0.5, accumulate=False), round(least_squares(3, 0.5, accumulate=True), 3)
    (2.0, 0.712)
    """
    if not accumulate:
        return first * (g + 1)
    return float(first * (1 / np.arange(1, g + 2) ** 2).sum())


def least_squares_spread(g: int, eigenvalues: np.ndarray, *, accumulate: bool) -> float:
    """Var|w - truth|^2: the error is normal with covariance c C, C = noise^2 (X'X)^-1, so its
    square varies by 2 c^2 sum of squared eigenvalues of C."""
    factor = least_squares(g, 1.0, accumulate=accumulate)
    return float(2 * factor**2 * (eigenvalues**2).sum())
