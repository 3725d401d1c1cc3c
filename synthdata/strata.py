"""Where the variety comes from: the entropy budget by field.

Idea:   H(out) = I(field; out) + H(out | field). If personas matter, knowing the persona tells much
        about the output: I is large. If every persona tells the same three jokes, I is nothing and
        all variety, such as it is, lies within.
Source: Shannon 1948, section 12; bias of plug-in information: Treves & Panzeri, Neural Computation
        1995; taking off what shuffled labels show: Magri et al., BMC Neuroscience 2009, 10:81.
Run:    python -m synthdata measure data.jsonl --by persona
Omits:  intervals: shuffled labels spread where the field says nothing, not around the value
        found; budgets over several fields at once, which is one field with both joined.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from synthdata.counts import Grams, by_document
from synthdata.measures import Measure

MISSING = "(missing)"
PERMUTATIONS = 200
NO_INTERVAL = "no interval: shuffled labels show what chance gives, not how far it may be off"


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
    """Its part of the information, corrected, bits: its share times how far its output differs
    from the whole (Kullback-Leibler), less what shuffled labels give it. The parts sum to it."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Entropy of the output, split by a field; all in bits, plug-in, so that it adds up."""

    total: Measure
    """H(out)."""
    information: Measure
    """I(field; out), less the mean information of shuffled labels."""
    within: Measure
    """H(out | field): the rest."""
    p: float
    """Share of shufflings with as much information or more."""
    strata: tuple[Stratum, ...]
    """Values of the field, that which adds most first."""


def budget(
    found: Grams,
    field: Sequence[Hashable],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    what: str = "words",
    groups: np.ndarray | None = None,
) -> Budget:
    """Split the entropy of n-grams (or whole documents) by a field with one value a document.

    Labels are shuffled over documents, not over n-grams, because a document's words hang together.
    Where `groups` [n] number documents that hang together too, labels are shuffled over groups,
    each of which has one label (three prompts to a model), or, where groups have several (each
    prompt given to every persona), inside them. A field that is the grouping itself is shuffled
    over documents: without it they are independent. ValueError where `field` and the documents
    differ in number. With one value there is nothing to tell apart, and the information is
    undefined.
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
        method=f"plug-in entropy of {what}, less the mean of {permutations} shufflings of the "
        "field",
    )
    key, document, count = by_document(found)
    if not len(count):
        return made.nothing(f"there are no {what}")
    if len(values) < 2:
        return made.nothing(f"the field has one value only ({values[0]!r})")
    totals = np.bincount(key, count)
    rng = np.random.default_rng(seed)

    def parts(label: np.ndarray) -> np.ndarray:
        return _parts(key, label[document], count, totals, len(values))

    observed = parts(label)
    shuffled = np.array([parts(_shuffled(label, groups, rng)) for _ in range(permutations)])
    adds = observed - shuffled.mean(axis=0)
    by_chance, information = shuffled.sum(axis=1), observed.sum()
    corrected = float(information - by_chance.mean())
    if abs(corrected) < 1e-12:  # each document different: all labels give the same, to rounding
        corrected = 0.0
    p = float((1 + (by_chance >= information - 1e-12).sum()) / (permutations + 1))
    no_evidence = f"shuffled labels give as much with probability {p:.2g}: no evidence"
    h = _entropy(totals)
    return Budget(
        total=made.measure("entropy", h),
        information=made.measure(
            "information", corrected, *([no_evidence] if p > 0.05 else []), NO_INTERVAL
        ),
        within=made.measure("entropy_within", h - corrected, NO_INTERVAL),
        p=p,
        strata=tuple(
            Stratum(
                value=values[v],
                documents=int((label == v).sum()),
                entropy=_entropy(np.bincount(key, count * (label[document] == v))),
                adds=float(adds[v]),
            )
            for v in np.argsort(-adds, kind="stable")
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """What the measures of one budget have in common."""

    n: int
    method: str

    def measure(self, name: str, value: float, *warnings: str) -> Measure:
        return Measure(
            name=name,
            value=value,
            n=self.n,
            method=self.method,
            unit="bits",
            direction="neither" if name == "information" else "higher is more varied",
            warnings=warnings,
        )

    def nothing(self, reason: str) -> Budget:
        """The budget where there is nothing to split."""
        total, information, within = (
            Measure.undefined(name, reason, n=self.n, method=self.method, unit="bits")
            for name in ("entropy", "information", "entropy_within")
        )
        return Budget(total=total, information=information, within=within, p=math.nan, strata=())


def _shuffled(label: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """The labels in one of the orders that would be as likely if they said nothing."""
    if groups is None:
        return rng.permutation(label)
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    of_group = label[first]
    if (of_group[group] != label).any():
        mixed = np.lexsort((rng.random(len(label)), group))
        inside = np.empty_like(label)
        inside[np.argsort(group, kind="stable")] = label[mixed]
        return inside
    if len(np.unique(of_group)) == len(of_group):  # the field is the grouping itself
        return rng.permutation(label)
    return rng.permutation(of_group)[group]


def _parts(
    key: np.ndarray, label: np.ndarray, count: np.ndarray, totals: np.ndarray, values: int
) -> np.ndarray:
    """p(value) KL(out | value to out), bits, for each value; their sum is I(field; out)."""
    pair, where = np.unique(key * np.int64(values) + label, return_inverse=True)
    joint = np.bincount(where, count)
    thing, value = np.divmod(pair, np.int64(values))
    size = np.bincount(value, joint, minlength=values)
    n = totals.sum()
    return np.bincount(
        value, joint / n * np.log2(joint * n / (totals[thing] * size[value])), minlength=values
    )


def _entropy(counts: np.ndarray) -> float:
    counts = counts[counts > 0]
    if not len(counts):
        return math.nan
    share = counts / counts.sum()
    return max(0.0, float(-(share @ np.log2(share))))
