"""Is the synthetic collection less varied than the reference, at equal terms?

Idea:   variety grows with size, so both are measured at the same size first. Then the documents are
        pooled and shuffled, to see how often chance alone makes a difference as large (a
        permutation test; it assumes nothing but independent documents, or independent groups of
        them).
Source: permutation tests: E. J. G. Pitman 1937; Phipson & Smyth 2010 (the +1).
Run:    python -m synthdata compare synthetic.jsonl --ref human.jsonl --match tokens
Omits:  quality. A collection of noise is very varied.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from synthdata.comparison import events
from synthdata.comparison.equal_terms import MATCHES, Match, Parts
from synthdata.comparison.pool import QUANTITIES, Pool, Tested, bleu_reach, least_reach
from synthdata.comparison.support import copied, support
from synthdata.comparison.two_sample import (
    ERROR_DRAWS,
    can_reject,
    deals,
    documents_needed,
    holm,
    needed_range,
    number_groups,
    p_of_errors,
    p_values,
    standard_errors,
)
from synthdata.comparison.unlike import Inside, inside, scripts
from synthdata.comparison.window import common_window, cut, unlike
from synthdata.diversity import hill, intervals
from synthdata.diversity.abundance import Abundance, count_documents
from synthdata.diversity.bounds import UNMOVED, unmoved
from synthdata.diversity.measure import Measure
from synthdata.text.ordering import by_content, text_ranks
from synthdata.text.tokens import (
    DEFAULT_POLICY,
    DEFAULT_TOKENISER,
    Policy,
    Tokenise,
    Tokens,
    encode,
)

PERMUTATIONS = 300


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One quantity of both collections at equal terms, and whether chance explains the gap."""

    name: str
    """Key of the quantity."""
    synthetic: float
    """Its value in the synthetic collection."""
    reference: float
    """Its value in the reference."""
    ratio: Measure
    """Synthetic over reference (for shares: synthetic minus reference), with a 95 % interval."""
    effect: float
    """The gap in standard deviations of the gaps of shuffles."""
    p: float
    """Share of shuffles with a gap as large, or the p of the gap in its standard errors if that is
    larger; small means that chance does not explain it."""
    p_holm: float
    """The same, corrected for how many quantities were tested; 1 if it is not `testable`."""
    needed: float
    """Approximate number of documents per side for an 80 % chance to see a 10 % loss beside the
    other quantities tested; nan for differences."""
    needed_low: float = math.nan
    """Lower end of the 95 % interval of `needed`."""
    needed_high: float = math.nan
    """Upper end."""
    testable: bool = True
    """Whether any shuffle could make it significant; if not, Holm's correction leaves it out."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A synthetic collection compared with its reference."""

    differences: dict[str, Difference]
    """Quantities tested, by name."""
    measures: dict[str, Measure]
    """Precision and recall of support, copied documents."""
    match: Match
    """The quantity equalised."""
    matched: str
    """The value at which, in words."""
    texts: Sequence[str] = field(repr=False)
    """The synthetic documents as they were compared: normalised, in sorted order."""
    encoded: tuple[Tokens, Tokens] = field(repr=False)
    """The same by the tokeniser and by characters, before anything was made equal."""
    counts: dict[str, dict[str, Abundance]] = field(repr=False)
    """Counts of each word and each text ("words", "documents") in the "synthetic" collection and in
    the "reference", before anything was made equal."""
    documents: tuple[int, int]
    """Documents in each; with a common window, those at least as long as it."""
    units: tuple[int, int]
    """Groups in each, shuffled and left out whole; without groups, documents."""
    permutations: int
    """Number of shuffles; no p is below 1 / (this + 1)."""
    policy: Policy
    """Normalisation of the texts."""
    tokeniser: str
    """Kind of token."""
    mixture: tuple[dict[str, float], dict[str, float]]
    """Share of each side's words that are single characters, by script without spaces."""
    lengths: tuple[float, float]
    """Mean words per compared document, of each side."""
    scripts: tuple[dict[str, float], dict[str, float]]
    """Share of each script in each side's words."""
    inside: Inside | None = None
    """What was left out of the synthetic side's groups; None if whole groups were compared."""
    alike: bool = False
    """Whether the interval of the self-BLEU difference may lie above 0, if it was not computed."""
    notes: tuple[str, ...] = ()
    """Differences between the sides other than in variety."""

    @property
    def unlike_lengths(self) -> bool:
        """Whether mean lengths differ too much for equal words to make the sides comparable."""
        return unlike(self.lengths)

    def measure(self, name: str) -> Measure:
        """A measure by its name; for a tested quantity its ratio (or difference)."""
        known = {d.ratio.name: d.ratio for d in self.differences.values()} | self.measures
        if name not in known:
            raise ValueError(f"no measure {name!r} in this comparison")
        return known[name]


def compare(
    synthetic: Sequence[str],
    reference: Sequence[str],
    *,
    groups: Sequence[Hashable] | None = None,
    reference_groups: Sequence[Hashable] | None = None,
    match: Match = "tokens",
    tokeniser: str | Tokenise | None = None,
    policy: Policy = DEFAULT_POLICY,
    quantities: Sequence[str] = QUANTITIES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Comparison:
    """Test a synthetic collection against a reference, document by document.

    `groups` and `reference_groups` hold a value for each document (its prompt, its author):
    documents with the same value depend on each other, and are shuffled and left out together. Omit
    both only if documents are independent: five documents per prompt, tested as if they were,
    differ "significantly" from another five per prompt of the same source up to one time in five.

    `match` equalises the number of words (`tokens`), of documents (`size`), or the share of the
    source that was seen (`coverage`), each at the smaller of the two. Only `window` makes short and
    long documents comparable: it takes equally many documents and the same number of first words of
    each; at least three quarters of either side's documents are that long, and shorter ones are
    left out. Quantities of documents are always taken at an equal number of documents. Groups of
    different sizes are subsampled, so that both sides have equally many, with equally many
    documents. With 0 `permutations` there are only intervals, and every p is 1. ValueError if a
    side has no document, or a wrong number of groups.
    """
    _check(synthetic, reference, match, quantities)
    first = len(synthetic)
    group = number_groups(groups, reference_groups, (first, len(reference)))
    texts, group = _in_order([policy(t) for t in (*synthetic, *reference)], group, first)
    left, right, own = texts[:first], texts[first:], None if groups is None else group[:first]
    tokens, letters = (encode(texts, how) for how in (tokeniser or DEFAULT_TOKENISER, "character"))
    encoded = tokens.select(np.arange(first)), letters.select(np.arange(first))
    middle = tokens.starts[first]
    counts = {
        "synthetic": _counted(tokens.ids[:middle], left),
        "reference": _counted(tokens.ids[middle:], right),
    }
    if match == "window":
        window, kept = common_window(tokens, first)
        letters = letters.select(np.flatnonzero(kept))
        tokens = cut(tokens.select(np.flatnonzero(kept)), window)
        texts = [text for text, keep in zip(texts, kept) if keep]
        group, first = group[kept], int(kept[:first].sum())
    rng = np.random.default_rng(seed)
    a, b = np.arange(first), np.arange(first, len(texts))
    pool = Pool(texts, tokens, match, first, rng, quantities, group, letters)
    tested = _test(pool, a, b, permutations, rng)
    if groups is None and reference_groups is None:  # no groups were named
        tested = _by_cluster(pool, tested, a, b, seed)
    method = f"{tokens.tokeniser} tokens, {policy}"
    return Comparison(
        differences=tested,
        measures={
            **support(pool, a, b, rng, method),
            "copied": copied(left, right, groups=own, method=str(policy), seed=seed),
        },
        match=match,
        matched=pool.describe(),
        texts=left,
        encoded=encoded,
        counts=counts,
        documents=(len(a), len(b)),
        units=(pool.units(a), pool.units(b)),
        permutations=permutations,
        policy=policy,
        tokeniser=tokens.tokeniser,
        mixture=(tokens.select(a).mixture, tokens.select(b).mixture),
        lengths=pool.mean_lengths(),
        scripts=(scripts(tokens.select(a)), scripts(tokens.select(b))),
        inside=inside(pool, texts),
        alike="self_bleu" not in quantities and pool.alike,
        notes=tuple(filter(None, (pool.unlike_groups(), pool.unlike_lengths()))),
    )


def _check(
    synthetic: Sequence[str], reference: Sequence[str], match: str, quantities: Sequence[str]
) -> None:
    """ValueError for an empty side, or an unknown match or quantity."""
    if match not in MATCHES:
        raise ValueError(f"match is one of {', '.join(MATCHES)}, got {match!r}")
    if not len(synthetic) or not len(reference):
        raise ValueError(
            f"a comparison needs documents on both sides, got {len(synthetic)} synthetic and "
            f"{len(reference)} of the reference"
        )
    unknown = sorted(set(quantities) - set(QUANTITIES))
    if unknown:
        raise ValueError(f"no quantity {unknown[0]!r}; choose among {list(QUANTITIES)}")


def _counted(words: np.ndarray, texts: Sequence[str]) -> dict[str, Abundance]:
    """Counts of each word and each text of one side."""
    counts = {"words": np.bincount(words), "documents": count_documents(texts)}
    return {what: Abundance.of(found) for what, found in counts.items()}


def _in_order(texts: list[str], group: np.ndarray, first: int) -> tuple[list[str], np.ndarray]:
    """The `first` documents and the others, each side sorted by text and the contents of its group.

    All later draws are by position, so that the order of the files does not matter.
    """
    text = text_ranks(texts)
    content = by_content(group, text)
    order = np.lexsort((content, text, np.arange(len(texts)) >= first))
    return [texts[i] for i in order], content[order]


def _test(
    pool: Pool, a: np.ndarray, b: np.ndarray, permutations: int, rng: np.random.Generator
) -> dict[str, Difference]:
    """Permutation tests of all quantities on the same shuffles, and intervals from subsamples."""
    quantities = pool.quantities

    def gaps(parts: Parts) -> np.ndarray:
        return np.array([_gap(q, *q.of(parts)) for q in quantities])

    values = [q.of(pool.observed) for q in quantities]
    observed = np.array([_gap(q, *value) for q, value in zip(quantities, values)])
    dealt = np.empty((permutations, len(quantities)))
    for row, (one, two) in enumerate(deals(pool.group, a, b, permutations, rng)):
        dealt[row] = gaps(pool.dealt(one, two))
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = observed / dealt.std(axis=0) if permutations else np.full_like(observed, math.nan)
    effect = np.where(np.abs(observed) < 1e-9, 0.0, effect)
    error, reason = standard_errors(lambda one, two: gaps(pool.at(one, two)), pool.group, a, b, rng)
    p = p_values(observed, dealt)
    if permutations and not reason:
        p = np.maximum(p, p_of_errors(observed, error, _freedom(pool, a, b)))
    counts = can_reject(observed, dealt)
    corrected = np.where(counts, holm(np.where(counts, p, math.nan)), np.where(np.isnan(p), p, 1.0))
    found = {}
    for i, q in enumerate(quantities):
        needed = math.nan
        if not q.difference:
            tests = max(1, int(counts.sum()))
            needed = documents_needed(float(error[i]), min(len(a), len(b)), tests=tests)
        low, high = needed_range(needed)
        found[q.name] = Difference(
            name=q.name,
            synthetic=float(values[i][0]),
            reference=float(values[i][1]),
            ratio=_ratio(q, float(observed[i]), float(error[i]), reason, pool, a, b),
            effect=float(effect[i]),
            p=float(p[i]),
            p_holm=float(corrected[i]),
            needed=needed,
            needed_low=low,
            needed_high=high,
            testable=bool(counts[i]),
        )
    return found


def _freedom(pool: Pool, a: np.ndarray, b: np.ndarray) -> int:
    """Degrees of freedom of the standard errors."""
    return min(ERROR_DRAWS, pool.units(a), pool.units(b)) - 1


def _by_cluster(
    pool: Pool, tested: dict[str, Difference], a: np.ndarray, b: np.ndarray, seed: int
) -> dict[str, Difference]:
    """The differences with a second interval, with clusters of near-duplicates as units."""

    def gaps(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        return np.array([_gap(q, *q.of(pool.at(one, two))) for q in pool.quantities])

    ratios = {name: difference.ratio for name, difference in tested.items()}
    wider = events.by_cluster(pool, gaps, ratios, a, b, np.random.default_rng([seed, 1]))
    return {name: replace(found, ratio=wider[name]) for name, found in tested.items()}


def _gap(quantity: Tested, one: float, two: float) -> float:
    """Difference of shares, or logarithm of the ratio of effective numbers."""
    if quantity.difference:
        return one - two
    return math.log(one / two) if one > 0 and two > 0 else math.nan


def _ratio(
    q: Tested,
    gap: float,
    error: float,
    reason: str,
    pool: Pool,
    a: np.ndarray,
    b: np.ndarray,
) -> Measure:
    n = min(len(a), len(b))
    covered = math.nan
    if q.name.startswith("hill"):
        covered = min(pool.coverage(a), pool.coverage(b))
    elif q.name == "documents_hill1":
        covered = pool.document_coverage(a)
    if math.isnan(gap):
        return q.gap.undefined("one side has nothing to count", pool.describe(), n=n)
    units = [pool.units(part) for part in (a, b)]
    reach = intervals.t_quantile(_freedom(pool, a, b)) * error
    ends = (gap, gap - reach, gap + reach)
    value, low, high = ends if q.difference else tuple(map(math.exp, ends))
    if q.difference:  # no copy among n documents does not mean there never is one
        sides, few = q.of(pool.observed), min(units)
        if q.name == "self_bleu":
            near, far = bleu_reach(sides, few)
        else:
            shares = [intervals.share_interval(round(side * few), few) for side in sides]
            near, far = least_reach(sides, shares)
        low, high = q.gap.clip((min(low, value - near), max(high, value + far)))
    if q.name == "documents_hill1":  # nor do all different, or all equal, mean always
        reaches = [_log_reach(pool.documents(part), k) for part, k in zip((a, b), units)]
        down, up = zip(*reaches)
        low = min(low, math.exp(gap - math.hypot(down[0], up[1])))
        high = max(high, math.exp(gap + math.hypot(up[0], down[1])))
    if unmoved(low, high):
        low = high = math.nan
        reason = UNMOVED
    return q.gap.measured(
        value,
        pool.describe(),
        low=low,
        high=high,
        n=n,
        coverage=covered,
        warnings=(reason,) if reason else (),
    )


def _log_reach(counts: np.ndarray, units: int) -> tuple[float, float]:
    """Distance of the least interval's ends below and above its Hill number, in logarithms."""
    here = math.log(hill.hill(counts, 1))
    low, high = intervals.unmoved_hill(counts, 1, units)
    return here - math.log(low), math.log(high) - here
