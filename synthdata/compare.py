"""Is the synthetic collection less varied than the reference, at equal terms?

Idea:   variety grows with size, so both are measured at the same size first. Then the question is
        what shuffling would do: pool the documents, deal them out again at random, and see how
        often chance alone makes a difference as large (a permutation test; it assumes nothing but
        independent documents).
Source: permutation tests: E. J. G. Pitman 1937; Phipson & Smyth 2010 (the +1); S. Holm, "A simple
        sequentially rejective multiple test procedure", 1979.
Run:    python -m synthdata compare synthetic.jsonl --ref human.jsonl --match tokens
Omits:  quality. A collection of noise is very varied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from synthdata import estimate, intervals
from synthdata.counts import grams
from synthdata.matched import QUANTITIES, Match, Pool, Quantity
from synthdata.measures import Measure
from synthdata.tokens import DEFAULT_POLICY, Policy, Tokenise, default_tokeniser, encode

PERMUTATIONS = 300
SUPPORT_ORDER = 2
"""Precision and recall of support are taken on word n-grams of this order."""
ERROR_DRAWS = 60
"""Subsamples behind each standard error."""
LOSS = 0.10
"""The loss the power calculation is about."""
ALPHA, POWER = 0.05, 0.80
"""Its level, before it is divided by the number of tests, and the chance to see the loss."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One quantity of both collections at equal terms, and whether chance explains the gap."""

    name: str
    """Which quantity."""
    synthetic: float
    """Its value in the synthetic collection."""
    reference: float
    """Its value in the reference."""
    ratio: Measure
    """Synthetic over reference (of shares: synthetic minus reference), with a 95 % interval."""
    effect: float
    """The gap in standard deviations of the gaps that chance makes."""
    p: float
    """Share of random deals with a gap as large; small means chance does not explain it."""
    p_holm: float
    """The same, corrected for how many quantities were tested."""
    needed: float
    """Documents a side would need for an 80 % chance to see a 10 % loss beside the other quantities
    tested; nan for differences."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A synthetic collection beside its reference."""

    differences: dict[str, Difference]
    """Quantities tested, by name."""
    measures: dict[str, Measure]
    """Precision and recall of support, copied documents."""
    match: Match
    """What was made equal."""
    matched: str
    """In words, at which value."""
    documents: tuple[int, int]
    """Documents in each."""
    policy: Policy
    """How texts were normalised."""
    tokeniser: str
    """What a word is."""

    def measure(self, name: str) -> Measure:
        """A measure by its name; of a tested quantity its ratio (or difference)."""
        if name in self.measures:
            return self.measures[name]
        for difference in self.differences.values():
            if difference.ratio.name == name:
                return difference.ratio
        raise ValueError(f"no measure {name!r} in this comparison")


def compare(
    synthetic: Sequence[str],
    reference: Sequence[str],
    *,
    match: Match = "tokens",
    tokeniser: str | Tokenise | None = None,
    policy: Policy = DEFAULT_POLICY,
    quantities: Sequence[str] = QUANTITIES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Comparison:
    """Test a synthetic collection against a reference, document by document.

    `match` makes equal the number of words (`tokens`), of documents (`size`), or the share of the
    source that was seen (`coverage`), each at the smaller of the two. Quantities of documents are
    always taken at an equal number of documents. With 0 `permutations` there are intervals only,
    and every p is 1. ValueError where a side has no document.
    """
    if match not in ("tokens", "size", "coverage"):
        raise ValueError(f"match is one of tokens, size, coverage, got {match!r}")
    if not len(synthetic) or not len(reference):
        raise ValueError(
            f"a comparison needs documents on both sides, got {len(synthetic)} synthetic and "
            f"{len(reference)} of the reference"
        )
    unknown = sorted(set(quantities) - set(QUANTITIES))
    if unknown:
        raise ValueError(f"no quantity {unknown[0]!r}; choose among {list(QUANTITIES)}")
    left, right = [policy(t) for t in synthetic], [policy(t) for t in reference]
    tokens = encode(left + right, tokeniser or default_tokeniser(left + right))
    rng = np.random.default_rng(seed)
    a, b = np.arange(len(left)), np.arange(len(left), len(left) + len(right))
    pool = Pool(left + right, tokens, match, min(len(a), len(b)), rng, quantities)
    tested = _test(pool, a, b, permutations, rng)
    method = f"{tokens.tokeniser} tokens, {policy}"
    return Comparison(
        differences=tested,
        measures={
            **_support(pool, a, b, rng, method),
            "copied": copied(left, right, method=str(policy)),
        },
        match=match,
        matched=pool.describe(a, b),
        documents=(len(left), len(right)),
        policy=policy,
        tokeniser=tokens.tokeniser,
    )


def _test(
    pool: Pool, a: np.ndarray, b: np.ndarray, permutations: int, rng: np.random.Generator
) -> dict[str, Difference]:
    """Permutation tests of all quantities on the same deals, and intervals from subsamples."""
    quantities = pool.quantities

    def gaps(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        return np.array([_gap(q, *q.of(one, two)) for q in quantities])

    values = [q.of(a, b) for q in quantities]
    observed = np.array([_gap(q, *value) for q, value in zip(quantities, values)])
    every = np.concatenate((a, b))
    dealt = np.empty((permutations, len(quantities)))
    for row in range(permutations):
        shuffled = rng.permutation(every)
        dealt[row] = gaps(np.sort(shuffled[: len(a)]), np.sort(shuffled[len(a) :]))
    with np.errstate(invalid="ignore", divide="ignore"):
        # a deal without a gap (one side got no word) is no evidence against chance: it counts too
        beyond = (~(np.abs(dealt) < np.abs(observed) - 1e-9)).sum(axis=0)
        p = np.where(np.isnan(observed), math.nan, (1 + beyond) / (permutations + 1))
        effect = observed / dealt.std(axis=0) if permutations else np.full_like(observed, math.nan)
    effect = np.where(np.abs(observed) < 1e-9, 0.0, effect)
    error, reason = _errors(gaps, a, b, rng)
    corrected = holm(p)
    tests = max(1, int((~np.isnan(p)).sum()))
    return {
        q.name: Difference(
            name=q.name,
            synthetic=float(values[i][0]),
            reference=float(values[i][1]),
            ratio=_ratio(q, float(observed[i]), float(error[i]), reason, pool, a, b),
            effect=float(effect[i]),
            p=float(p[i]),
            p_holm=float(corrected[i]),
            needed=math.nan
            if q.difference
            else documents_needed(float(error[i]), min(len(a), len(b)), tests=tests),
        )
        for i, q in enumerate(quantities)
    }


def _gap(quantity: Quantity, one: float, two: float) -> float:
    """Difference of shares; of effective numbers the logarithm of their ratio."""
    if quantity.difference:
        return one - two
    return math.log(one / two) if one > 0 and two > 0 else math.nan


def _errors(
    gaps: Callable[[np.ndarray, np.ndarray], np.ndarray],
    a: np.ndarray,
    b: np.ndarray,
    rng: np.random.Generator,
    draws: int = ERROR_DRAWS,
) -> tuple[np.ndarray, str]:
    """Standard errors of the gaps, leaving out a tenth of both sides at a time."""
    few = min(len(a), len(b))
    width = len(gaps(a, b))
    if few < intervals.FEWEST:
        return np.full(
            width, math.nan
        ), f"{few} documents are too few for an interval (at least {intervals.FEWEST})"
    kept = intervals.KEPT
    drawn = np.empty((draws, width))
    for row in range(draws):
        parts = [np.sort(rng.permutation(part)[: round(kept * len(part))]) for part in (a, b)]
        drawn[row] = gaps(*parts)
    with np.errstate(invalid="ignore"):
        return drawn.std(axis=0, ddof=1) * math.sqrt(kept / (1 - kept)), ""


def _ratio(
    q: Quantity,
    gap: float,
    error: float,
    reason: str,
    pool: Pool,
    a: np.ndarray,
    b: np.ndarray,
) -> Measure:
    method = f"synthetic {'minus' if q.difference else 'over'} reference at {pool.describe(a, b)}"
    n = min(len(a), len(b))
    covered = math.nan
    if q.name.startswith("hill"):
        covered = min(estimate.coverage(pool.words(a)), estimate.coverage(pool.words(b)))
    elif q.name == "documents_hill1":
        covered = estimate.coverage(pool.documents(a))
    if math.isnan(gap):
        return Measure.undefined(
            q.ratio_name, "one side has nothing to count", n=n, method=method, unit=q.unit
        )
    reach = intervals.t_quantile(min(ERROR_DRAWS, n) - 1) * error
    ends = (gap, gap - reach, gap + reach)
    value, low, high = ends if q.difference else tuple(map(math.exp, ends))
    if q.name == "near_duplicates":  # no pair among n documents does not mean there is never one
        sides = pool.near_duplicates(a, b)
        wilson = [intervals.share_interval(round(side * n), n) for side in sides]
        far = math.hypot(wilson[0][1] - sides[0], sides[1] - wilson[1][0])
        near = math.hypot(sides[0] - wilson[0][0], wilson[1][1] - sides[1])
        low, high = min(low, value - near), max(high, value + far)
    if q.name == "documents_hill1":  # nor do all different, or all equal, mean always
        down, up = zip(*(_log_reach(pool.documents(part)) for part in (a, b)))
        low = min(low, math.exp(gap - math.hypot(down[0], up[1])))
        high = max(high, math.exp(gap + math.hypot(up[0], down[1])))
    return Measure(
        name=q.ratio_name,
        value=value,
        low=low,
        high=high,
        n=n,
        coverage=covered,
        method=method,
        unit=q.unit,
        direction=q.direction,
        warnings=(reason,) if reason else (),
    )


def _log_reach(counts: np.ndarray) -> tuple[float, float]:
    """How far below and above its Hill number the least interval goes, in logarithms."""
    here = math.log(estimate.hill(counts, 1))
    low, high = intervals.unmoved_hill(counts, 1)
    return here - math.log(low), math.log(high) - here


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
    """Documents a side needs for an 80 % chance to see a `loss` at the 5 % level.

    `error` is the standard error of the log ratio at n documents a side; it falls with the root of
    n, and has to be |ln(1 - loss)| / (1.96 + 0.84). Of several `tests` the level is 5 % over their
    number (1.96 grows to 2.64 for six), as Holm's correction asks of the smallest p: so many
    documents are enough, and a few less may be. Source: any text on power; Cohen 1988.

    >>> documents_needed(0.0376, 500), documents_needed(0.0376, 500, tests=6)
    (500.0, 771.0)
    """
    from scipy.special import ndtri

    if not math.isfinite(error) or error < 1e-9:  # nothing moved, so nothing can be said
        return math.nan
    wanted = abs(math.log(1 - loss)) / float(ndtri(1 - ALPHA / (2 * tests)) + ndtri(POWER))
    return float(math.ceil(round(n * (error / wanted) ** 2, 0)))


def copied(synthetic: Sequence[str], reference: Sequence[str], *, method: str = "") -> Measure:
    """Share of synthetic documents that stand word for word in the reference (normalise first)."""
    if not len(synthetic):
        return Measure.undefined("copied", "no documents", unit="share")
    known = set(reference)
    found = sum(text in known for text in synthetic)
    low, high = intervals.share_interval(found, len(synthetic))
    return Measure(
        name="copied",
        value=found / len(synthetic),
        low=low,
        high=high,
        n=len(synthetic),
        method=f"whole documents equal after normalisation ({method})",
        unit="share",
        direction="neither",
    )


def _support(
    pool: Pool, a: np.ndarray, b: np.ndarray, rng: np.random.Generator, method: str
) -> dict[str, Measure]:
    """Of the n-grams of one side, the share whose n-gram the other side has too."""
    tokens = pool.tokens
    found = grams(tokens, SUPPORT_ORDER)
    starts = np.searchsorted(found.owner, np.arange(tokens.documents + 1))
    size = int(found.keys.max(initial=-1)) + 1

    def keys(documents: np.ndarray) -> np.ndarray:
        mask = np.zeros(tokens.documents, dtype=bool)
        mask[documents] = True
        return found.keys[mask[found.owner]]

    def shares(chosen: np.ndarray) -> np.ndarray:
        one, two = pool.equal(chosen[chosen < len(a)], chosen[chosen >= len(a)])
        left, right = keys(one), keys(two)
        in_left, in_right = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
        in_left[left], in_right[right] = True, True
        if not len(left) or not len(right):
            return np.array([math.nan, math.nan])
        return np.array([in_right[left].mean(), in_left[right].mean()])

    names = ("support_precision", "support_recall")
    how = (
        f"share of {SUPPORT_ORDER}-gram occurrences found on the other side, at "
        f"{min(len(a), len(b)):,} documents a side, {method}"
    )
    if starts[len(a)] == 0 or starts[-1] == starts[len(a)]:
        reason = f"one side has no {SUPPORT_ORDER}-gram"
        return {name: Measure.undefined(name, reason, n=len(a), method=how) for name in names}
    spread = intervals.subsample(shares, len(a) + len(b), rng=rng, draws=40)
    return {
        name: Measure(
            name=name,
            value=float(spread.value[i]),
            low=float(max(0.0, spread.low[i])) if not math.isnan(spread.low[i]) else math.nan,
            high=float(min(1.0, spread.high[i])) if not math.isnan(spread.high[i]) else math.nan,
            n=min(len(a), len(b)),
            method=how,
            unit="share",
            direction="neither",
            warnings=(spread.reason,) if spread.reason else (),
        )
        for i, name in enumerate(names)
    }
