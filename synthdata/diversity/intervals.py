"""Intervals: how much a number would change if the collection were drawn again.

Idea:   redraw by leaving documents out, never by drawing some twice: a bootstrap makes duplicates,
        and duplicates are what is measured here. The spread from repeatedly leaving out a tenth,
        scaled up, is that of a new collection of the full size.
Source: delete-d jackknife: Shao & Wu, Annals of Statistics 1989; Politis & Romano, "Large sample
        confidence regions based on subsamples", 1994. Entropy: Chao, Wang & Jost 2013.
Omits:  intervals for values of the source, except its entropy, and that only if the sample covers
        95 % of the source.

The target is the value at this sample size: the mean over new collections of n documents. Documents
that depend on each other (one prompt, one session) are left out together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synthdata.diversity import abundance, entropy, hill, quantiles
from synthdata.diversity.coverage import by_unit, coverage
from synthdata.text.ngrams import Grams, Table, by_document

Statistic = Callable[[np.ndarray], np.ndarray]

KEPT = 0.9
"""Share of the documents in each subsample.

With half, nominal 95 % intervals cover 63 to 97 %. Nine tenths, with the degrees of freedom of
`degrees`, cover 91 to 100 %: Hill numbers of words, different pairs, cosine and self-BLEU on the
zoo of dependent sources, groups given, 100 collections of each (bench_synthdata_intervals.py
--zoo).
"""
DRAWS = 100
"""Number of subsamples."""
FEWEST = 20
"""Fewest documents (or groups of them) for an interval."""
ENOUGH_COVERAGE = 0.95
"""Coverage from which the source's entropy has an interval; below, it is a lower bound."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Standard error and 95 % interval of each statistic, nan if `reason` says why."""

    value: np.ndarray
    """[k] the statistics of the whole collection."""
    error: np.ndarray
    """[k] standard errors."""
    low: np.ndarray
    """[k] lower ends."""
    high: np.ndarray
    """[k] upper ends."""
    method: str
    """How the documents were left out."""
    reason: str = ""
    """Why there is no interval; empty if there is one."""

    def ends(self, place: int) -> tuple[float, float]:
        """Both ends of one statistic's interval."""
        return float(self.low[place]), float(self.high[place])


def subsample(
    statistic: Statistic,
    documents: int,
    *,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    draws: int = DRAWS,
    kept: float = KEPT,
) -> Spread:
    """Intervals for `statistic`, which maps document numbers to one or several values [k].

    With m of n documents left in each draw, the variance over the draws times m / (n - m) is the
    variance of the statistic at n: for a mean, the draws' variance is s^2/m (1 - m/n), because
    draws from a finite collection vary less, and the full mean's is s^2/n.

    `groups` [n] numbers documents that belong together; whole groups are left out. A new collection
    of n documents would have others in place of a large group, so each draw is corrected for its
    number of documents, by the slope from the draws' mean to the whole. `weights` [n] is each
    document's weight (its words); if a few units hold most of it, Student's t has few degrees of
    freedom (`degrees`). Values that are not finite make their interval nan. ValueError for a share
    kept outside (0, 1).
    """
    if not 0 < kept < 1:
        raise ValueError(f"the share kept lies between 0 and 1, got {kept}")
    everything = np.arange(documents)
    value = np.atleast_1d(np.asarray(statistic(everything), dtype=float))
    nothing = np.full_like(value, math.nan)
    if groups is None:
        units, members = documents, None
    else:
        _, group = np.unique(np.asarray(groups), return_inverse=True)
        units, members = int(group.max(initial=-1)) + 1, group
    unit_name = "documents" if groups is None else "groups of documents"
    left = round(kept * units)
    method = f"95 % by leaving out {units - left:,} of {units:,} {unit_name}, {draws} times"
    if units < FEWEST:
        return Spread(
            value=value,
            error=nothing,
            low=nothing,
            high=nothing,
            method=method,
            reason=too_few(units, grouped=groups is not None),
        )
    drawn, size = np.empty((draws, len(value))), np.empty((draws, 1))
    for row in range(draws):
        chosen = np.sort(rng.permutation(units)[:left])
        if members is not None:
            inside = np.zeros(units, dtype=bool)
            inside[chosen] = True
            chosen = np.flatnonzero(inside[members])
        drawn[row], size[row] = statistic(chosen), len(chosen)
    with np.errstate(invalid="ignore"):
        slope = (value - drawn.mean(axis=0)) / (documents - size.mean())
        drawn -= slope * (size - size.mean())
        error = drawn.std(axis=0, ddof=1) * math.sqrt(left / (units - left))
        held = np.ones(documents) if weights is None else weights
        if members is not None:
            held = np.bincount(members, held)
        reach = t_quantile(min(draws - 1, degrees(held))) * error
    return Spread(value=value, error=error, low=value - reach, high=value + reach, method=method)


def too_few(units: int, *, grouped: bool = False) -> str:
    """Reason why few documents, or groups of them, have no interval.

    >>> too_few(1, grouped=True)
    '1 group of documents is too few for an interval (at least 20)'
    """
    one, verb = units == 1, "is" if units == 1 else "are"
    what = f"group{'' if one else 's'} of documents" if grouped else f"document{'' if one else 's'}"
    return f"{units} {what} {verb} too few for an interval (at least {FEWEST})"


def degrees(held: np.ndarray) -> float:
    """Degrees of freedom of a standard error over units with these weights, at least one.

    Half of Kish's effective number, (sum w)^2 / sum w^2, minus one: the whole would be right for
    normal values, but those of a few large units are not normal. With the whole, intervals of
    bursts of copies contain the truth 88 % of the time (hill2), with half 94 %.
    Source: L. Kish, "Survey Sampling", 1965.

    >>> degrees(np.ones(40)), degrees(np.array([100, 1, 1, 1]))
    (19.0, 1.0)
    """
    total = float(held.sum())
    return max(1.0, (total * total / float(held @ held) if total else 0.0) / 2 - 1)


def share_interval(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a share: 0 of n does not mean never.

    Source: E. B. Wilson, Journal of the American Statistical Association 1927.

    >>> [round(end, 3) for end in share_interval(0, 100)]
    [0.0, 0.037]
    """
    if n == 0:
        return math.nan, math.nan
    z2 = 1.959964**2
    middle = (successes + z2 / 2) / (n + z2)
    reach = math.sqrt(z2 * (successes * (n - successes) / n + z2 / 4)) / (n + z2)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def unmoved_mean(value: float, units: int) -> tuple[float, float]:
    """Least interval of a mean of scores from 0 to 1, such as self-BLEU.

    Subsamples tell nothing about a kind of document that did not occur, and its share may be up to
    `share_interval(0, units)`: with score 1 at worst for the upper end, 0 for the lower. The price:
    on sources without rare copies intervals of self-BLEU are 1.0 to 5 times as wide as necessary
    (most with some 20 units, 1.0 to 1.2 with 300 documents), and cover .93 to 1.00. It is kept for
    sources in which one document in thirty is a copy, and a sample may show none.

    >>> [round(end, 3) for end in unmoved_mean(0.2, 100)]
    [0.193, 0.23]
    """
    unseen = share_interval(0, units)[1]
    return value * (1 - unseen), value + (1 - value) * unseen


def unmoved_hill(counts: np.ndarray, q: float, units: int | None = None) -> tuple[float, float]:
    """Least interval of a Hill number, used if every subsample shows the same.

    Documents that are all different, or all equal, stay so whichever are left out; yet a new
    collection need not be so. A kind of document that n draws did not show may have a share of up
    to `share_interval(0, n)`. Lower end: that share of documents, the rarest, becomes the commonest
    one; upper end: that share, from the commonest, becomes new ones. `units` is the number of
    independent groups of documents (by default, every document).

    >>> unmoved_hill(np.array([100]), 0)  # 3.7 of 100, in whole documents 4
    (1.0, 5.0)
    """
    counts = np.sort(np.asarray(counts)[np.asarray(counts) > 0])[::-1]
    n = int(counts.sum())
    if n == 0:
        return math.nan, math.nan
    moved = math.ceil(share_interval(0, units or n)[1] * n)
    rare = counts[:0:-1]  # all but the commonest, the rarest first
    taken = np.clip(moved - (np.cumsum(rare) - rare), 0, rare)
    fewer = np.concatenate(([counts[0] + taken.sum()], rare - taken))
    spare = counts - 1  # a document without a copy is new already
    taken = np.clip(moved - (np.cumsum(spare) - spare), 0, spare)
    more = np.concatenate((counts - taken, np.ones(int(taken.sum()), dtype=counts.dtype)))
    return hill.hill(fewer, q), hill.hill(more, q)


@dataclass(frozen=True, kw_only=True)
class SourceEntropy:
    """The source's entropy, as far as the sample tells."""

    value: float
    """Chao-Wang-Jost entropy minus its bias over documents, bits."""
    low: float
    """Lower end of the 95 % interval; nan if the coverage is too low for one."""
    high: float
    """Upper end."""
    error: float
    """Standard error over documents, bits; nan if documents are too few."""
    coverage: float
    """Share of the source that the sample has seen, by leaving out units."""
    warning: str
    """Why there is no interval; empty if there is one."""


def source_entropy(found: Grams, groups: np.ndarray | None = None) -> SourceEntropy:
    """Entropy of the source of these n-grams, with an interval if the coverage allows one.

    See `source_entropy_of`, which takes their table.
    """
    return source_entropy_of(by_document(found), found.documents, groups)


def source_entropy_of(
    table: Table, documents: int, groups: np.ndarray | None = None
) -> SourceEntropy:
    """Entropy of the source of these documents, with an interval if the coverage allows one.

    A unit is a document, or a group of them. Chao, Wang & Jost correct the bias of independent
    draws; the words of a unit are not independent, so the bias is larger: the jackknife's bias over
    T units, (T - 1) (mean of H without a unit - H), minus the same over single draws, which is
    theirs. For independent words it is zero on average. The standard error is the jackknife's. All
    are to first order in the unseen term, which assumes unseen things to be as rare as those seen
    once; if they are rarer it is too small, so the upper end is higher by twice the term. Twice
    covers 90 % or more on every source of tests/synthdata/test_intervals.py and of the zoo beside
    it, once does not. The jackknife leaves up to a third of the bias over units (prompts, documents
    of uneven length), and the upper end is higher by that, too.
    Source: bias: M. H. Quenouille, Biometrika 1956.
    """
    table, units = by_unit(table, groups, documents)
    totals = table.totals()
    nothing = math.nan
    if not len(totals):
        return SourceEntropy(
            value=nothing,
            low=nothing,
            high=nothing,
            error=nothing,
            coverage=nothing,
            warning="empty",
        )
    covered = coverage(table, units)
    draws_alone = value = entropy.chao_wang_jost(totals)
    unseen = entropy.unseen_entropy(int(totals.sum()), *abundance.ones_and_twos(totals))
    left = _without_each(table, totals, units) if units > 1 else np.full(2, math.nan)
    error = math.sqrt((units - 1) * float(left.var()))
    if units > 1:
        value = max(0.0, value - (units - 1) * float(left.mean()) + _of_draws(totals))
    warning = ""
    if covered < ENOUGH_COVERAGE:
        warning = (
            f"a lower bound: the sample covers {covered:.0%} of its source, and an interval needs "
            f"{ENOUGH_COVERAGE:.0%}"
        )
    elif units < FEWEST:
        warning = too_few(units, grouped=groups is not None)
    reach = t_quantile(degrees(np.bincount(table.document, table.times))) * error
    return SourceEntropy(
        value=value,
        low=nothing if warning else max(0.0, value - reach),
        high=nothing if warning else value + reach + 2 * unseen + max(0.0, value - draws_alone) / 3,
        error=error,
        coverage=covered,
        warning=warning,
    )


def _of_draws(totals: np.ndarray) -> float:
    """The jackknife's bias of the Chao-Wang-Jost entropy if every draw were its own unit, bits."""
    each, n = np.arange(len(totals)), int(totals.sum())
    change = _without_each(Table(each, each, np.ones(len(totals), np.int64)), totals, len(totals))
    return (n - 1) / n * float(totals @ change)


def _without_each(table: Table, totals: np.ndarray, units: int) -> np.ndarray:
    """Change of the Chao-Wang-Jost entropy if a unit is left out, [units], bits."""
    from scipy.special import psi

    key, unit, count = table
    n = int(totals.sum())
    before, after = totals[key], totals[key] - count
    weighed = np.where(after > 0, after * psi(np.maximum(after, 1)), 0.0)
    change = np.bincount(unit, before * psi(before) - weighed, minlength=units)
    gone = np.bincount(unit, count, minlength=units)
    size = np.maximum(n - gone, 1)
    whole = float(totals @ psi(totals))
    seen = np.where(gone < n, psi(size) - (whole - change) / size, 0.0) - (psi(n) - whole / n)
    singles, pairs = abundance.ones_and_twos(totals)
    moved = [
        np.bincount(unit, (after == k).astype(float) - (before == k), minlength=units)
        for k in (1, 2)
    ]
    base = entropy.unseen_entropy(n, singles, pairs)
    few = max(1, round(float(gone.mean())))  # the term is about 1/n: the change by a mean unit
    slope = [
        entropy.unseen_entropy(n, singles + 1, pairs) - base,
        entropy.unseen_entropy(n, singles, pairs + 1) - base,
        (entropy.unseen_entropy(n - few, singles, pairs) - base) / few if n > few else 0.0,
    ]
    return seen * entropy.BITS + slope[0] * moved[0] + slope[1] * moved[1] + slope[2] * gone


def t_quantile(freedom: float) -> float:
    """97.5 % quantile of Student's t."""
    return quantiles.student(max(freedom, 1))
