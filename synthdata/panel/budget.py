"""The entropy budget by field: where the variety comes from.

Idea:   H(out) = I(field; out) + H(out | field). If personas matter, knowing the persona tells much
        about the output: I is large. If every persona tells the same three jokes, I is zero and all
        variety is within.
Source: Shannon 1948, section 12; the estimator is that of `synthdata.diversity.information`.
Run:    python -m synthdata measure data.jsonl --by persona
Omits:  budgets over several fields at once: join them to one field.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synthdata.diversity.bounds import in_range
from synthdata.diversity.information import Information, information
from synthdata.diversity.intervals import ENOUGH_COVERAGE
from synthdata.diversity.measure import Measure
from synthdata.diversity.quantities import REGISTRY
from synthdata.text.ngrams import Grams, by_document

MISSING = "(missing)"
PERMUTATIONS = 200


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """One value of the field."""

    value: str
    """The value, as text."""
    documents: int
    """Documents that have it."""
    entropy: float
    """Plug-in entropy of its own output, bits."""
    adds: float
    """Its part of the information, bits: its share times the divergence of its output from the
    whole (Kullback-Leibler), with the same corrections. The parts sum to the information."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Entropy of the source's output split by a field, in bits; the parts add up."""

    total: Measure
    """H(out)."""
    information: Measure
    """I(field; out)."""
    within: Measure
    """H(out | field), the rest."""
    p: float
    """Share of shuffles with as much information or more."""
    strata: tuple[Stratum, ...]
    """Values of the field, those that add most first."""

    def in_range(self) -> Budget:
        """The budget clipped: information neither below 0 nor above the total, and it adds up.

        The bias-corrected estimate is below 0 as often as above if a field tells nothing; take
        means over many collections of that one. The parts of the values sum to the estimate.
        """
        total = self.total.value
        if math.isnan(total):
            return self
        return replace(
            self,
            total=in_range(self.total, math.inf),
            information=in_range(self.information, total),
            within=in_range(self.within, total),
        )


def budget(
    found: Grams,
    field: Sequence[Hashable],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    what: str = "words",
    groups: np.ndarray | None = None,
) -> Budget:
    """Split the entropy of n-grams (or whole documents) by a field with one value per document.

    Bias and intervals come from leaving out documents, and p from shuffling labels over documents,
    not over n-grams, because a document's words depend on each other. If `groups` [n] numbers
    dependent documents, whole groups are left out, and labels are shuffled over groups if each has
    one label (three prompts to a model), or inside them if they have several (each prompt given to
    every persona). A field that is the grouping itself is shuffled over documents: without it they
    are independent. ValueError if `field` and the documents differ in number. With a single value
    the information is undefined.
    """
    if len(field) != found.documents:
        raise ValueError(
            f"the field has {len(field)} values for {found.documents} documents; give one for each"
        )
    names = [MISSING if value is None else str(value) for value in field]
    values = sorted(set(names))
    number = {value: i for i, value in enumerate(values)}
    label = np.array([number[name] for name in names], dtype=np.int64)
    made = _Maker(
        n=found.documents,
        settings=(what, permutations),
    )
    table = by_document(found)
    key, document, count = table
    if not len(count):
        return made.nothing(f"there are no {what}")
    if len(values) < 2:
        return made.nothing(f"the field has one value only ({values[0]!r})")
    rng = np.random.default_rng(seed)
    units = _units(label, groups)
    found_bits = information(
        table,
        label,
        np.arange(len(label)) if units is None else units,
        (_shuffled(label, units, rng) for _ in range(permutations)),
        np.random.default_rng([seed, 1]),
        enough_coverage=ENOUGH_COVERAGE,
    )
    told = found_bits.value
    if abs(told) < 1e-9:  # all documents differ: all labels give the same, up to rounding
        told = 0.0
    within = found_bits.total - told
    no_evidence = f"shuffled labels give as much with probability {found_bits.p:.2g}: no evidence"
    return Budget(
        total=made.measure("entropy", found_bits.total, found_bits),
        information=made.measure(
            "information",
            told,
            found_bits,
            found_bits.error,
            *([no_evidence] if found_bits.p > 0.05 else []),
        ),
        within=made.measure("entropy_within", within, found_bits, found_bits.error_within),
        p=found_bits.p,
        strata=tuple(
            Stratum(
                value=values[v],
                documents=int((label == v).sum()),
                entropy=_entropy(np.bincount(key, count * (label[document] == v))),
                adds=float(found_bits.parts[v]),
            )
            for v in np.argsort(-found_bits.parts, kind="stable")
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Common parts of the measures of one budget."""

    n: int
    settings: tuple[str, int]

    def measure(
        self,
        key: str,
        value: float,
        found: Information,
        error: float | None = None,
        *warnings: str,
    ) -> Measure:
        """A measure, with an interval if an `error` is given and no reason against it."""
        low = high = math.nan
        if error is not None and not found.reason:
            wide = found.reach * error + found.taken
            low, high = min(max(0.0, value - wide), value), max(0.0, value + wide)
        reason = "" if error is None or not found.reason else f"no interval: {found.reason}"
        return REGISTRY[key].measured(
            value,
            *self.settings,
            low=low,
            high=high,
            n=self.n,
            coverage=found.coverage,
            warnings=(*warnings, *([reason] if reason else [])),
        )

    def nothing(self, reason: str) -> Budget:
        """The budget if there is nothing to split."""
        total, information, within = (
            REGISTRY[key].undefined(reason, *self.settings, n=self.n)
            for key in ("entropy", "information", "entropy_within")
        )
        return Budget(total=total, information=information, within=within, p=math.nan, strata=())


def _units(label: np.ndarray, groups: np.ndarray | None) -> np.ndarray | None:
    """Units that are shuffled and left out together; None for documents.

    If each group has its own value, the field is the grouping, and documents are independent
    without it.
    """
    if groups is None:
        return None
    group, first, where = np.unique(groups, return_index=True, return_inverse=True)
    pure = bool((label[first][where] == label).all())
    return None if pure and len(np.unique(label[first])) == len(group) else where


def _shuffled(label: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """The labels shuffled: an order equally likely if they were uninformative."""
    if groups is None:
        return rng.permutation(label)
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    of_group = label[first]
    if (of_group[group] != label).any():
        mixed = np.lexsort((rng.random(len(label)), group))
        inside = np.empty_like(label)
        inside[np.argsort(group, kind="stable")] = label[mixed]
        return inside
    return rng.permutation(of_group)[group]


def _entropy(counts: np.ndarray) -> float:
    counts = counts[counts > 0]
    if not len(counts):
        return math.nan
    share = counts / counts.sum()
    return max(0.0, float(-(share @ np.log2(share))))
