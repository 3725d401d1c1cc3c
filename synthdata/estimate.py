"""Entropy, coverage and Hill numbers of a source, estimated from counts.

Idea:   a sample has not seen everything, so what it shows (plug-in) is less varied than its source.
        How often things were seen once and twice says how much is missing.
Source: each function names its paper. Hill numbers: M. O. Hill, Ecology 1973.
Run:    python -m synthdata measure --help
Omits:  Bayesian estimators; they need a prior over distributions nobody has seen.

Counts are how often each distinct thing was seen: j times for f_j things, n in all. Entropies are
in bits. An estimate from no counts at all is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from synthdata.counts import counts_of_counts

BITS = 1 / math.log(2)
"""Bits in a nat."""
FEWEST_PAIRS = 4
"""Chao1 has no interval where fewer things were seen just twice, for chance decides how few.

Of n = 50, 100, 300, 1,000 draws from equally common kinds (1,500 samples of each number of kinds),
intervals without a limit held the kinds in .30 of the samples where half a pair is expected. With
this one they hold them in .90 or more wherever at least half of the samples have an interval, and
at most .07 of the samples from any number of kinds have one that misses; with a limit of 3 they
hold in .89. Where hardly a sample has that many pairs, those few show too few kinds.
"""


def check_counts(counts: np.ndarray) -> np.ndarray:
    """Counts as int64; ValueError where they are not whole numbers from 0 up."""
    counts = np.asarray(counts)
    if counts.size == 0:
        return np.empty(0, dtype=np.int64)
    whole = counts.astype(np.int64)
    if not np.array_equal(whole, counts) or whole.min() < 0:
        raise ValueError(
            "counts are whole numbers from 0 up (how often each thing was seen), got "
            f"{counts.ravel()[:5].tolist()}"
        )
    return whole.ravel()


def plug_in(counts: np.ndarray) -> float:
    """Entropy of the observed shares, bits: too small, by about (types - 1) / (2 n ln 2).

    >>> plug_in([1, 1, 1, 1])
    2.0
    """
    values, frequency, n = _summary(counts)
    if n == 0:
        return math.nan
    return max(0.0, math.log2(n) - float(frequency @ (values * np.log2(values))) / n)


def miller_madow(counts: np.ndarray) -> float:
    """Plug-in plus the first term of its bias, bits.

    Source: G. A. Miller, "Note on the bias of information estimates", 1955.
    """
    _, frequency, n = _summary(counts)
    if n == 0:
        return math.nan
    return plug_in(counts) + (int(frequency.sum()) - 1) / (2 * n) * BITS


def grassberger(counts: np.ndarray) -> float:
    """Logarithms replaced by a function G of the count with smaller bias, bits.

    H = ln n - (1/n) sum_i x_i G(x_i), with G(x) = psi(x) + (-1)^x (psi((x+1)/2) - psi(x/2)) / 2.
    Source: P. Grassberger, arXiv:physics/0307138 (2003, revised 2008), equation 35.
    """
    from scipy.special import psi

    values, frequency, n = _summary(counts)
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
    values, frequency, n = _summary(counts)
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

    values, frequency, n = _summary(counts)
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


def coverage(counts: np.ndarray) -> float:
    """Share of the source's probability that belongs to things the sample has seen, 0 to 1.

    Of independent draws: words of one document are none, and `synthdata.covered` is for them.
    1 - (f_1/n) (n-1) f_1 / ((n-1) f_1 + 2 f_2): Good and Turing's 1 - f_1/n, a little better.
    Source: Chao & Jost, "Coverage-based rarefaction and extrapolation", Ecology 2012, eq. 4a.

    >>> round(coverage([46, 22, 17, 15, 15, 9, 8, 6, 6, 4] + [2] * 4 + [1] * 12), 4)
    0.9289
    """
    _, _, n = _summary(counts)
    return coverage_from(n, *ones_and_twos(counts))


def coverage_from(n: int, singles: int, pairs: int) -> float:
    """The coverage of n draws in which so many things were seen once, and twice.

    With one thing seen once and none twice the formula says that everything was seen, which one
    thing seen once contradicts; there, and for n = 1, it is Good and Turing's 1 - f_1/n.

    >>> [coverage_from(20, 1, 0), coverage_from(20, 0, 0)]
    [0.95, 1.0]
    """
    if n == 0:
        return math.nan
    if singles == 0:
        return 1.0
    if n == 1 or (singles, pairs) == (1, 0):
        return 1 - singles / n
    return 1 - singles / n * (1 - rare_share(n, singles, pairs))


def chao1(counts: np.ndarray) -> float:
    """How many things the source holds at least: types + (n-1)/n f_1^2 / (2 f_2).

    Source: A. Chao, Scandinavian Journal of Statistics 1984; f_2 = 0: Chao & Chiu 2016, eq. 11.
    """
    _, frequency, n = _summary(counts)
    if n == 0:
        return math.nan
    return float(frequency.sum()) + unseen_types(n, *ones_and_twos(counts))


def chao1_interval(counts: np.ndarray) -> tuple[float, float]:
    """95 % interval of Chao1: what was not seen is taken as log-normal, so it never falls below 0.

    For independent draws; of a source whose rare things differ in rarity Chao1 is a lower bound,
    and this is the interval of the bound. nan where nothing was seen just once, and where fewer
    than `FEWEST_PAIRS` things were seen just twice.
    Source: A. Chao, "Estimating the population size for capture-recapture data with unequal
    catchability", Biometrics 1987.

    >>> [round(end, 2) for end in chao1_interval([1] * 12 + [2] * 4 + [15] * 9 + [13])]
    [30.51, 96.97]
    """
    _, frequency, n = _summary(counts)
    singles, pairs = ones_and_twos(counts)
    extra = unseen_types(n, singles, pairs)
    if not extra or pairs < FEWEST_PAIRS:
        return math.nan, math.nan
    seen, part = float(frequency.sum()), (n - 1) / n
    ratio = singles / pairs
    variance = pairs * (part / 2 * ratio**2 + part**2 * ratio**3 + part**2 / 4 * ratio**4)
    k = math.exp(1.959964 * math.sqrt(math.log1p(variance / extra**2)))
    return seen + extra / k, seen + extra * k


def unseen_types(n: int, singles: int, pairs: int) -> float:
    """Chao1's lower bound on how many things were not seen."""
    if n == 0:
        return 0.0
    extra = singles**2 / (2 * pairs) if pairs else singles * (singles - 1) / 2
    return (n - 1) / n * extra


def hill(counts: np.ndarray, q: float) -> float:
    """Effective number of distinct things in the sample, of order q >= 0.

    (sum p^q)^(1/(1-q)): 0 counts types, 1 is 2 to the entropy, 2 is one over the chance that two
    draws agree, infinity one over the largest share.

    >>> round(hill([5, 5, 5, 5], 1), 9)
    4.0
    """
    if not q >= 0:
        raise ValueError(f"the order of a Hill number is 0 or more, got {q}")
    values, frequency, n = _summary(counts)
    if n == 0:
        return math.nan
    share = values / n
    if q == 1:
        return 2 ** plug_in(counts)
    if q == math.inf:
        return float(1 / share.max())
    return float(frequency @ share**q) ** (1 / (1 - q))


def hill_asymptotic(counts: np.ndarray, q: int) -> float:
    """Effective number of distinct things in the source, of order 0 (Chao1), 1 or 2.

    Order 1 is 2 to the Chao-Wang-Jost entropy; order 2 is n (n-1) / sum x (x-1), infinite where
    nothing was seen twice. Source: Chao et al., Ecological Monographs 2014, table 1.
    """
    if q == 0:
        return chao1(counts)
    if q == 1:
        return 2 ** chao_wang_jost(counts)
    if q != 2:
        raise ValueError(f"the source's Hill number is known for order 0, 1 and 2, got {q}")
    values, frequency, n = _summary(counts)
    if n == 0:
        return math.nan
    same = float(frequency @ (values * (values - 1)))
    return n * (n - 1) / same if same else math.inf


def ones_and_twos(counts: np.ndarray) -> tuple[int, int]:
    """f_1 and f_2: how many things were seen exactly once, and exactly twice."""
    counts = np.asarray(counts)
    return int((counts == 1).sum()), int((counts == 2).sum())


def rare_share(n: int, singles: int, pairs: int) -> float:
    """A of Chao & Jost: the estimated mean share of the things seen once in n draws."""
    if singles == 0 or n < 2:
        return 1.0
    if pairs:
        return 2 * pairs / ((n - 1) * singles + 2 * pairs)
    return 2 / ((n - 1) * (singles - 1) + 2)


def _summary(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Distinct counts, how many things have each, and the sample's size."""
    values, frequency = counts_of_counts(check_counts(counts))
    return values.astype(float), frequency.astype(float), int(values @ frequency)
