"""Information of a field about the output, in bits, and its uncertainty.

Idea:   I(field; out) = H(out) + H(field) - H(field, out). From counts alone it is too high: every
        value has things by chance, the more so the more the words of a document depend on each
        other. So each entropy is that of the source, and the remaining bias is estimated by leaving
        documents out. Shuffled labels show whether chance explains it; they do not show the bias of
        a field that is informative: spread over all values, things are rarer.
Source: entropies: Chao, Wang & Jost 2013; bias by leaving out: Quenouille, Biometrika 1956. Plug-in
        information: Treves & Panzeri, Neural Computation 1995.
Run:    python -m synthdata measure data.jsonl --by persona
Omits:  fields whose values are mostly unique (an id): such a value tells nothing that could be seen
        twice.

V values, T documents; a pair is a thing together with a value.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from synthdata.diversity import abundance
from synthdata.diversity.abundance import counts_of_counts
from synthdata.diversity.entropy import BITS, unseen_entropy
from synthdata.diversity.intervals import FEWEST, t_quantile, too_few
from synthdata.text.ngrams import Table, ranks

BLOCKS = 40
"""Most blocks in which documents are left out, all values in equal parts."""
FEWEST_BLOCKS = 5
"""Documents of a value below which they say too little about further ones."""
ALONE_DEALS = 10
"""Shuffles in which pairs that only one unit has are counted; their share hardly varies."""


@dataclass(frozen=True, kw_only=True)
class Information:
    """Information of a field, all in bits."""

    total: float
    """H(out) of the source."""
    parts: np.ndarray
    """[V] each value's part of I(field; out); they sum to it."""
    error: float
    """Standard error of the information over documents (or groups of them)."""
    error_within: float
    """Standard error of H(out | field)."""
    taken: float
    """Amount subtracted for pairs that only one unit has; intervals are wider by it."""
    reach: float
    """Half-width of an interval in standard errors; nan if `reason` says why there is none."""
    coverage: float
    """Share of a document's things that others of its value have, 0 to 1."""
    p: float
    """Share of shuffles with as much information or more."""
    reason: str
    """Why there is no interval; empty if there is one."""

    @property
    def value(self) -> float:
        """I(field; out)."""
        return float(self.parts.sum())


def information(
    table: Table,
    label: np.ndarray,
    units: np.ndarray,
    shuffled: Iterable[np.ndarray],
    rng: np.random.Generator,
    *,
    enough_coverage: float,
) -> Information:
    """I(field; out) of a field with values `label` [T]; `units` [T] are left out together.

    The estimate is Chao, Wang & Jost's of each entropy, minus the bias found by leaving out blocks
    of units. Pairs that only one unit has (a share 1 - C of all) do not show their bias that way.
    They may be chance: among `shuffled` labels a share s is alone. So for a share w = (1 - C)^2 / s
    the information of shuffled labels is subtracted instead: all of it if nothing occurs twice; as
    much as is alone if labels tell nothing, for then s = 1 - C; hardly any if they tell much.
    """
    key, document, count = table
    values = int(label.max()) + 1
    unit = np.unique(units, return_inverse=True)[1]
    pairs = _Pairs(key, label[document], values)
    joint = np.bincount(pairs.where, count).astype(np.int64)
    parts, total = pairs.split(joint)
    alone = joint * (_holders(pairs.where, unit[document]) == 1)
    alone_share = np.bincount(pairs.value, alone, minlength=values) / joint.sum()
    covered = 1 - float(alone_share.sum())
    observed = _plug_in(joint, np.bincount(pairs.value, joint))
    chance: list[float] = []
    seen_by_chance: list[float] = []
    alone_by_chance: list[float] = []
    for other in shuffled:
        sizes = np.bincount(other[document], count, minlength=values)
        pair = key * np.int64(values) + other[document]
        dealt = _counts(pair, count)
        seen_by_chance.append(_plug_in(dealt, sizes))
        chance.append(total + _entropy(sizes) - _source(dealt))
        if len(alone_by_chance) < ALONE_DEALS:
            alone_by_chance.append(_alone(pair, count, unit[document]))
    more = sum(value >= observed - 1e-12 for value in seen_by_chance)
    expected = float(np.mean(alone_by_chance)) if chance else 0.0
    likely = min(1.0, (1 - covered) / expected) if expected else 0.0
    taken = float(np.mean(chance)) * likely * alone_share if chance else np.zeros(values)
    classes = _classes(label, unit)
    blocks = _how_many(classes)
    bias, errors = _left_out(
        pairs, joint, parts, total, count, unit[document], classes, blocks, rng
    )
    spread = float(np.std(chance)) if chance else 0.0
    reason = ""
    n_units = len(classes)
    if covered < enough_coverage:
        reason = (
            f"of what a document says, others with the same value say only {covered:.0%}, and an "
            f"interval needs {enough_coverage:.0%}"
        )
    elif n_units < FEWEST:
        reason = too_few(n_units)
    elif blocks < FEWEST_BLOCKS:
        reason = f"most values have fewer than {FEWEST_BLOCKS} documents (or groups of them)"
    total -= covered * float(bias[-1])
    parts = parts - (1 - likely * (1 - covered)) * bias[:-1] - taken
    if (told := float(parts.sum())) > total:  # by rounding, or by the luck of two estimates
        parts *= total / told
    return Information(
        total=total,
        parts=parts,
        error=math.hypot(errors[0], spread),
        error_within=math.hypot(errors[1], spread),
        taken=abs(float(taken.sum())),
        reach=math.nan if reason else t_quantile(blocks - 1),
        coverage=covered,
        p=(1 + more) / (1 + len(chance)),
        reason=reason,
    )


class _Pairs:
    """Rows of a table of things and documents, as rows of pairs."""

    def __init__(self, key: np.ndarray, value: np.ndarray, values: int) -> None:
        pair, self.where = np.unique(key * np.int64(values) + value, return_inverse=True)
        self.thing, self.value = np.divmod(pair, np.int64(values))
        self.values, self.things = values, int(key.max()) + 1
        self._psi = np.empty(0)

    def split(self, joint: np.ndarray) -> tuple[np.ndarray, float]:
        """Each value's part [V] of the information, and H(out), from counts of pairs, bits.

        sum of x/n (psi(x) - psi(X) + ln n - ln n_v), X being the thing's count and n_v the value's,
        plus the unseen part of things, minus the unseen part of pairs, divided by those seen once.
        """
        n = float(joint.sum())
        if not n:
            return np.zeros(self.values), 0.0
        of_thing = np.bincount(self.thing, joint, minlength=self.things).astype(np.int64)
        of_value = np.bincount(self.value, joint, minlength=self.values)
        seen = joint > 0
        x, thing, value = joint[seen], self.thing[seen], self.value[seen]
        bits = (self._psi_of(x) - self._psi_of(of_thing[thing])) * BITS
        bits += np.log2(n / np.maximum(of_value, 1))[value]
        parts = np.bincount(value, x / n * bits, minlength=self.values)
        for sign, counts, once in ((1, of_thing, of_thing[thing] == 1), (-1, x, x == 1)):
            if once.any():
                missing = unseen_entropy(int(n), *abundance.ones_and_twos(counts))
                share = np.bincount(value[once], minlength=self.values) / once.sum()
                parts = parts + sign * missing * share
        return parts, _source(of_thing)

    def _psi_of(self, counts: np.ndarray) -> np.ndarray:
        """psi of whole numbers from 1 up, by a table unless they are unusually large."""
        from scipy.special import psi

        most = int(counts.max(initial=0))
        if most > 1 << 20:
            return np.asarray(psi(counts.astype(float)))
        if most >= len(self._psi):
            self._psi = psi(np.maximum(np.arange(most + 1), 1).astype(float))
        return self._psi[counts]


def _left_out(
    pairs: _Pairs,
    joint: np.ndarray,
    parts: np.ndarray,
    total: float,
    count: np.ndarray,
    unit: np.ndarray,
    classes: np.ndarray,
    blocks: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, tuple[float, float]]:
    """Bias of the parts and of the total [V + 1], and standard errors of both terms of the budget.

    Each block has as many units of each class as the others, so that the rest has the field's
    values in the same shares: how often each persona was asked is not a matter of chance.
    """
    whole = np.append(parts, total)
    if blocks < 2:
        return np.zeros_like(whole), (0.0, 0.0)
    biases, squares = [], []
    for _ in range(max(1, BLOCKS // blocks)):
        order = np.lexsort((rng.random(len(classes)), classes))
        block = np.empty(len(classes), dtype=np.int64)
        block[order] = np.arange(len(classes)) % blocks
        rows = []
        for k in range(blocks):
            gone = np.flatnonzero(block[unit] == k)
            lost = np.bincount(pairs.where[gone], count[gone], minlength=len(joint))
            found, entropy = pairs.split(joint - lost.astype(np.int64))
            rows.append(np.append(found, entropy))
        table = np.array(rows)
        biases.append((blocks - 1) * (table.mean(axis=0) - whole))
        told = table[:, :-1].sum(axis=1)
        squares.append([(blocks - 1) * part.var() for part in (told, table[:, -1] - told)])
    first, second = np.sqrt(np.mean(squares, axis=0))
    return np.mean(biases, axis=0), (float(first), float(second))


def _classes(label: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """[units] classes: units with the same values, each as often, are in one class."""
    order = np.lexsort((label, unit))
    held = np.split(label[order], np.flatnonzero(np.diff(unit[order])) + 1)
    kinds = [tuple(part.tolist()) for part in held]
    number = {kind: i for i, kind in enumerate(sorted(set(kinds)))}
    return np.array([number[kind] for kind in kinds], dtype=np.int64)


def _how_many(classes: np.ndarray) -> int:
    """Number of blocks: as many as nine tenths of the units have companions in their class."""
    sizes = Counter(classes.tolist())
    of_units = np.sort([sizes[kind] for kind in classes.tolist()])
    return int(min(BLOCKS, of_units[len(of_units) // 10]))


def _holders(where: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Number of units that have each pair."""
    width = np.int64(unit.max() + 1)
    return np.bincount(np.unique(where * width + unit) // width)


def _alone(pair: np.ndarray, count: np.ndarray, unit: np.ndarray) -> float:
    """Share of all occurrences whose pair only one unit has."""
    where = np.unique(pair, return_inverse=True)[1]
    alone = _holders(where, unit) == 1
    return float(np.bincount(where, count) @ alone) / float(count.sum())


def _counts(pair: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Counts of the pairs that occur; by a table if that is not too wide."""
    if int(pair.max()) >= 8 * len(pair):
        pair = ranks(pair.astype(np.uint64))
    found = np.bincount(pair, count).astype(np.int64)
    return found[found > 0]


def _source(counts: np.ndarray) -> float:
    """Chao-Wang-Jost entropy, bits; the counts of counts by a table, without sorting."""
    from scipy.special import psi

    values, frequency = _tally(counts)
    n = int(values @ frequency)
    once, twice = (int(frequency[values == k].sum()) for k in (1, 2))
    seen = (values * frequency) @ (psi(n) - psi(values.astype(float))) / n
    return float(seen) * BITS + unseen_entropy(n, once, twice)


def _tally(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values that occur among the counts, without 0, and their frequencies."""
    if int(counts.max(initial=0)) > 1 << 22:
        return counts_of_counts(counts)
    frequency = np.bincount(counts)
    frequency[:1] = 0
    values = np.flatnonzero(frequency)
    return values, frequency[values]


def _entropy(counts: np.ndarray) -> float:
    """Plug-in entropy, bits."""
    values, frequency = _tally(np.asarray(counts).astype(np.int64))
    n = values @ frequency
    return float((values * frequency / n) @ (np.log2(n) - np.log2(values)))


def _plug_in(joint: np.ndarray, sizes: np.ndarray) -> float:
    """H(field) - H(field, out): information without H(out), which no label changes."""
    return _entropy(sizes) - _entropy(joint)
