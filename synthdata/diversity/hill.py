"""Hill numbers, richness and coverage, estimated from counts of independent draws.

Idea:   the Hill number of order q is the number of equally common things with the same variety.
        Order 0 counts all alike, order 1 is 2 to the entropy, order 2 counts common things, order
        infinity the commonest alone.
Source: M. O. Hill, Ecology 1973; each function names its paper.
Run:    python -m synthdata measure --help
Omits:  words of documents, which are not independent draws (`synthdata.diversity.coverage`).

Counts are how often each distinct thing was seen: j times for f_j things, n in all; to ask several
questions of one sample, make its `Abundance` first. An estimate from no counts at all is nan.
"""

from __future__ import annotations

import math

from synthdata.diversity.abundance import Abundance, Counted, rare_share
from synthdata.diversity.entropy import chao_wang_jost, plug_in

FEWEST_PAIRS = 4
"""Chao1 has no interval if fewer things were seen just twice, because chance decides how few.

Of n = 50, 100, 300, 1,000 draws from equally common kinds (1,500 samples of each number of kinds),
intervals without a limit contained the number of kinds in .30 of the samples where half a pair is
expected. With this limit they contain it in .90 or more wherever at least half of the samples have
an interval, and at most .07 of the samples from any number of kinds have one that misses; with a
limit of 3 they contain it in .89. Where hardly any sample has that many pairs, those few show too
few kinds.
"""


def coverage(counts: Counted) -> float:
    """Share of the source's probability that belongs to things the sample has seen, 0 to 1.

    This is for independent draws; words of one document are not (`synthdata.diversity.coverage`). 1
    - (f_1/n) (n-1) f_1 / ((n-1) f_1 + 2 f_2): Good and Turing's 1 - f_1/n, a little better.
    Source: Chao & Jost, "Coverage-based rarefaction and extrapolation", Ecology 2012, eq. 4a.

    >>> round(coverage([46, 22, 17, 15, 15, 9, 8, 6, 6, 4] + [2] * 4 + [1] * 12), 4)
    0.9289
    """
    seen = Abundance.of(counts)
    return coverage_from(seen.n, seen.f(1), seen.f(2))


def coverage_from(n: int, singles: int, pairs: int) -> float:
    """The coverage of n draws from the numbers of things seen once and twice.

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


def chao1(counts: Counted) -> float:
    """Lower bound on the number of things in the source: types + (n-1)/n f_1^2 / (2 f_2).

    Source: A. Chao, Scandinavian Journal of Statistics 1984; f_2 = 0: Chao & Chiu 2016, eq. 11.
    """
    seen = Abundance.of(counts)
    if seen.n == 0:
        return math.nan
    return seen.distinct + unseen_types(seen.n, seen.f(1), seen.f(2))


def chao1_interval(counts: Counted) -> tuple[float, float]:
    """95 % interval of Chao1: what was not seen is taken as log-normal, so it never falls below 0.

    This is for independent draws. If the source's rare things differ in rarity Chao1 is a lower
    bound, and this is the interval of the bound. nan if nothing was seen just once, or if fewer
    than `FEWEST_PAIRS` things were seen just twice.
    Source: A. Chao, "Estimating the population size for capture-recapture data with unequal
    catchability", Biometrics 1987.

    >>> [round(end, 2) for end in chao1_interval([1] * 12 + [2] * 4 + [15] * 9 + [13])]
    [30.51, 96.97]
    """
    seen = Abundance.of(counts)
    n, singles, pairs = seen.n, seen.f(1), seen.f(2)
    extra = unseen_types(n, singles, pairs)
    if not extra or pairs < FEWEST_PAIRS:
        return math.nan, math.nan
    part = (n - 1) / n
    ratio = singles / pairs
    variance = pairs * (part / 2 * ratio**2 + part**2 * ratio**3 + part**2 / 4 * ratio**4)
    k = math.exp(1.959964 * math.sqrt(math.log1p(variance / extra**2)))
    return seen.distinct + extra / k, seen.distinct + extra * k


def unseen_types(n: int, singles: int, pairs: int) -> float:
    """Chao1's lower bound on the number of unseen things."""
    if n == 0:
        return 0.0
    extra = singles**2 / (2 * pairs) if pairs else singles * (singles - 1) / 2
    return (n - 1) / n * extra


def hill(counts: Counted, q: float) -> float:
    """Effective number of distinct things in the sample, of order q >= 0.

    (sum p^q)^(1/(1-q)): 0 counts types, 1 is 2 to the entropy, 2 is one over the chance that two
    draws agree, infinity one over the largest share.

    >>> round(hill([5, 5, 5, 5], 1), 9)
    4.0
    """
    if not q >= 0:
        raise ValueError(f"the order of a Hill number is 0 or more, got {q}")
    seen = Abundance.of(counts)
    if seen.n == 0:
        return math.nan
    share = seen.values / seen.n
    if q == 0:
        return seen.distinct
    if q == 1:
        return 2 ** plug_in(seen)
    if q == math.inf:
        return float(1 / share.max())
    return float(seen.weights @ share**q) ** (1 / (1 - q))


def hill_asymptotic(counts: Counted, q: int) -> float:
    """Effective number of distinct things in the source, of order 0 (Chao1), 1 or 2.

    Order 1 is 2 to the Chao-Wang-Jost entropy; order 2 is n (n-1) / sum x (x-1), infinite if
    nothing was seen twice. Source: Chao et al., Ecological Monographs 2014, table 1.
    """
    if q == 0:
        return chao1(counts)
    if q == 1:
        return 2 ** chao_wang_jost(counts)
    if q != 2:
        raise ValueError(f"the source's Hill number is known for order 0, 1 and 2, got {q}")
    seen = Abundance.of(counts)
    if seen.n == 0:
        return math.nan
    same = float(seen.weights @ (seen.values * (seen.values - 1)))
    return seen.n * (seen.n - 1) / same if same else math.inf
