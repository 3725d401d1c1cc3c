"""Two samples: shuffles, standard errors, corrections, sizes needed.

Idea:   dependent documents move together. If several documents answer one prompt, or have one
        author, whole groups are shuffled and left out; single documents would look like more
        evidence than they are (with five per prompt a test at the 5 % level then rejects 13 to 21 %
        of same-source pairs).
Source: permutation tests: E. J. G. Pitman 1937; leaving out a tenth: Shao & Wu, Annals of
        Statistics 1989; S. Holm, "A simple sequentially rejective multiple test procedure", 1979;
        tests that cannot reject: R. E. Tarone, Biometrics 1990.
Omits:  pairing. A prompt on both sides is two groups, one on each; pairing them would detect
        smaller losses; without it tests and intervals are, if anything, conservative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np

from synthdata.diversity import intervals, quantiles

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Function from the document numbers of both sides to numbers [k]."""

ERROR_DRAWS = 60
"""Subsamples behind each standard error."""
LOSS = 0.10
"""The loss in the power calculation."""
ALPHA, POWER = 0.05, 0.80
"""Its level, before it is divided by the number of tests, and the chance to see the loss."""


def number_groups(
    left: Sequence[Hashable] | None, right: Sequence[Hashable] | None, sizes: tuple[int, int]
) -> np.ndarray:
    """Group numbers of the documents, first one side's, then the other's.

    Without groups each document of a side is its own. The same value on both sides is two groups.
    ValueError if a side's groups and documents differ in number.

    >>> number_groups(["p", "q", "p"], None, (3, 2)).tolist()
    [0, 1, 0, 2, 3]
    """
    number: dict[tuple[int, Hashable], int] = {}
    found = []
    for side, (groups, size) in enumerate(zip((left, right), sizes)):
        values = range(size) if groups is None else groups
        if len(values) != size:
            whose = ("groups", "reference_groups")[side]
            raise ValueError(f"{whose} has {len(values)} values for {size} documents")
        found += [number.setdefault((side, value), len(number)) for value in values]
    return np.array(found, dtype=np.int64)


def deals(
    group: np.ndarray, a: np.ndarray, b: np.ndarray, permutations: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same groups shuffled: each side gets as many as it has."""
    every = np.concatenate((a, b))
    units = np.unique(group[every])
    first = len(np.unique(group[a]))
    for _ in range(permutations):
        to_a = np.zeros(int(units.max()) + 1, dtype=bool)
        to_a[rng.permutation(units)[:first]] = True
        mine = to_a[group[every]]
        yield every[mine], every[~mine]


def standard_errors(
    statistic: Statistic,
    group: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    rng: np.random.Generator,
    draws: int = ERROR_DRAWS,
) -> tuple[np.ndarray, str]:
    """Standard errors [k] from leaving out a tenth of both sides' groups, or why there are none.

    The scale is that of `intervals.subsample`; if rounding makes it differ between the sides, the
    larger one's.
    """
    units = [np.unique(group[side]) for side in (a, b)]
    few = min(map(len, units))
    if few < intervals.FEWEST:
        reason = intervals.too_few(few, grouped=few != min(len(a), len(b)))
        return np.full(len(statistic(a, b)), math.nan), reason
    left = [round(intervals.KEPT * len(unit)) for unit in units]
    scale = max(keep / (len(unit) - keep) for keep, unit in zip(left, units))
    drawn = []
    for _ in range(draws):
        kept = np.zeros(int(group.max()) + 1, dtype=bool)
        for unit, keep in zip(units, left):
            kept[rng.permutation(unit)[:keep]] = True
        drawn.append(statistic(a[kept[group[a]]], b[kept[group[b]]]))
    with np.errstate(invalid="ignore"):
        return np.std(drawn, axis=0, ddof=1) * math.sqrt(scale), ""


def p_values(observed: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """Two-sided p [k] of observed gaps [k] beside those of n random deals, [n, k].

    The share of gaps at least as far from 0, the observed one counted among the deals: chance could
    have dealt it too, and without it p could be 0. Source: Phipson & Smyth 2010. A deal whose gap
    is nan (one side got no word) is no evidence against chance and counts as far; an observed nan
    stays nan.

    >>> p_values(np.array([2.0]), np.array([[0.0], [-3.0], [1.0], [0.5]])).tolist()
    [0.4]
    """
    with np.errstate(invalid="ignore"):
        beyond = (~(np.abs(dealt) < np.abs(observed) - 1e-9)).sum(axis=0)
    return np.where(np.isnan(observed), math.nan, (1 + beyond) / (1 + len(dealt)))


def p_of_errors(gap: np.ndarray, error: np.ndarray, freedom: int) -> np.ndarray:
    """Two-sided p [k] of gaps in standard errors [k], by Student's t; 0 if there is no error.

    Shuffles show the effect of chance if both sides come from one source; this shows it for the
    sources as they are. If the two disagree, as for sides of different length, neither alone is
    reliable, and the larger p counts.

    >>> p_of_errors(np.array([2.0]), np.array([1.0]), 60).round(3).tolist()
    [0.05]
    """
    from scipy.special import stdtr

    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * stdtr(max(freedom, 1), -np.abs(gap) / error)
    return np.where(error > 0, p, 0.0)


def can_reject(observed: np.ndarray, dealt: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Whether some shuffle could make each quantity [k] significant beside the others.

    If no document occurs twice, no shuffle makes a gap in the share of copies, and if a single one
    does, every second shuffle makes the largest gap. Such a test never rejects, so it needs no
    share of the 5 %. Tarone: with the smallest number K such that K tests at most have a smallest
    possible p of alpha / K or less, those are corrected and the others left out. All shuffles and
    the observed gap count alike, so the choice does not depend on which one was observed. Of
    several shuffles with the largest gap one counts as luck: with few shuffles no p is small.

    >>> can_reject(np.array([0.1, 0.0]), np.array([[0.2, 0.0], [-0.3, 0.0], [0.1, 0.0]])).tolist()
    [True, False]
    """
    with np.errstate(invalid="ignore"):
        size = np.abs(np.vstack((observed, dealt)))
        largest = np.max(np.where(np.isnan(size), -1.0, size), axis=0)
        reach = (~(size < largest - 1e-9)).sum(axis=0)
    least = np.where(np.isnan(observed), np.inf, (reach - 1) / len(size))
    for tests in range(1, len(least) + 1):
        if (least <= alpha / tests).sum() <= tests:
            return least <= alpha / tests
    return np.isfinite(least)


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's corrected p-values; nan stays nan and does not count.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, dtype=float)
    corrected = np.full_like(p, math.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1, np.maximum.accumulate(steps)) if len(order) else steps
    return corrected


def documents_needed(error: float, n: int, loss: float = LOSS, *, tests: int = 1) -> float:
    """Documents that a side needs for an 80 % chance to see a `loss` at the 5 % level.

    `error` is the standard error of the log ratio at n documents a side; it falls with the root of
    n, and has to be |ln(1 - loss)| / (1.96 + 0.84). With several `tests` the level is 5 % over
    their number (1.96 grows to 2.64 for six), as Holm's correction requires of the smallest p. The
    number is as rough as `error`: see `needed_range`. Source: any text on power; Cohen 1988.

    >>> documents_needed(0.0376, 500), documents_needed(0.0376, 500, tests=6)
    (500.0, 771.0)
    """
    if not math.isfinite(error) or error < 1e-9:  # nothing moved, so nothing can be said
        return math.nan
    both = quantiles.normal(1 - ALPHA / (2 * tests)) + quantiles.normal(POWER)
    wanted = abs(math.log(1 - loss)) / both
    return float(math.ceil(round(n * (error / wanted) ** 2, 0)))


def needed_range(needed: float, draws: int = ERROR_DRAWS) -> tuple[float, float]:
    """95 % interval of the documents needed, from the number of draws behind the error.

    The number grows with the square of a standard error, a variance over `draws` subsamples, and
    so has the interval of a variance: (draws - 1) / chi-square. Source: any text on statistics.

    >>> needed_range(361)
    (259.0, 537.0)
    """
    if not math.isfinite(needed):
        return math.nan, math.nan
    low, high = ((draws - 1) / quantiles.chi_square(draws - 1, share) for share in (0.975, 0.025))
    return float(round(needed * low)), float(round(needed * high))
