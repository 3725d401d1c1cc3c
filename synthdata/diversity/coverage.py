"""Coverage: how much of its source a collection has seen if words come in whole documents.

Idea:   leave out a document (or a group of dependent documents): the share of its words that the
        others contain is the coverage. Counts of words cannot show that: a name used three times in
        one story is not a singleton, and yet no other story has it.
Source: Chao & Jost, Ecology 2012, eq. 4a, and its form for sampling units (Chao et al., Ecological
        Monographs 2014); with one word per document both are the same.
Run:    python -m synthdata measure --help
Omits:  collections known only by their counts (`synthdata.streaming.measures`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from synthdata.diversity.abundance import rare_share
from synthdata.diversity.rarefaction import none_drawn
from synthdata.text.ngrams import Table, begins


def by_unit(table: Table, groups: np.ndarray | None, documents: int) -> tuple[Table, int]:
    """The table with the documents of each group added up, and the number of units.

    `groups` [documents] numbers dependent documents; without it each is its own unit.
    """
    if groups is None:
        return table, documents
    _, number = np.unique(groups, return_inverse=True)
    units = int(number.max(initial=-1)) + 1
    pair = table.key * np.int64(units) + number[table.document]
    pair, where = np.unique(pair, return_inverse=True)
    key, unit = np.divmod(pair, np.int64(units))
    return Table(key, unit, np.bincount(where, table.times).astype(np.int64)), units


def coverage(table: Table, units: int) -> float:
    """Share of the source's probability that belongs to things this collection has seen, 0 to 1.

    1 - (m / n) (1 - A): m of all n occurrences are of things that only one unit has, and such
    things occur in a share A = 2 Q2 / ((T-1) Q1 + 2 Q2) of the T units (Q1, Q2: things in exactly
    one, exactly two of them). nan for no occurrences.

    >>> three = Table(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([1, 1, 3]))
    >>> round(coverage(three, 100), 3)  # what one document says three times, the others do not know
    0.412
    """
    n = int(table.times.sum())
    if not n:
        return math.nan
    holders = np.bincount(table.key)
    own = int(table.times[holders[table.key] == 1].sum())
    once, twice = int((holders == 1).sum()), int((holders == 2).sum())
    if units == 1 or (once, twice) == (1, 0):  # as `hill.coverage_from`
        return 1 - own / n
    return 1 - own / n * (1 - rare_share(units, once, twice))


def at_sizes(table: Table, units: int) -> Callable[[float], float]:
    """Expected coverage by number of draws in whole units; for the whole sample it is `coverage`.

    Below the sample: the mean share of a unit's words that t of the others contain. Beyond it each
    further unit leaves a share 1 - A of the unknown part (Chao & Jost 2012, equations 4b and 9,
    with units for draws). A size between two units is interpolated smoothly.

    >>> known = at_sizes(Table(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([2, 1, 1])), 2)
    >>> [round(known(size), 3) for size in (2, 4, 8)]
    [0.75, 0.917, 0.991]
    """
    n = int(table.times.sum())
    if not n:
        return lambda size: math.nan
    holders = np.bincount(table.key)
    occurrences = np.bincount(holders[table.key], table.times)  # by number of holders
    many = np.flatnonzero(occurrences)
    once, twice = int((holders == 1).sum()), int((holders == 2).sum())
    here = coverage(table, units)
    fall = 1.0 if units == 1 or (once, twice) == (1, 0) else 1 - rare_share(units, once, twice)

    def known(size: float) -> float:
        whole = size * units / n
        if whole >= units:
            return 1 - (1 - here) * fall ** (whole - units)
        if units == 1:
            return 0.0
        missed = np.where(many < units, none_drawn(many - 1, units - 1, whole), 0.0)
        return 1 - float(occurrences[many] @ missed) / n

    return known


def in_order(table: Table, words: np.ndarray) -> np.ndarray:
    """Coverage of the first 1, 2, ... units of the table, as `coverage` has it, [units].

    `words` [units] holds how many occurrences each has. A thing that only one unit has counts as
    unknown until a second unit has it too; A is not left out, or long units would seem to know less
    than as many words in short ones.

    >>> two = Table(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([2, 1, 1]))
    >>> in_order(two, np.array([2, 2])).round(3).tolist()
    [0.0, 0.917]
    """
    units = len(words)
    if not units or not len(table.key):
        return np.zeros(units)
    unit, times = table.document, table.times
    new = begins(table.key)  # rows of a thing are contiguous and sorted
    first = np.flatnonzero(new)
    second = np.flatnonzero(new[:-1] & ~new[1:]) + 1
    third = second[second + 1 < len(new)] + 1
    third = third[~new[third]]
    change = np.bincount(unit[first], times[first], units)
    change -= np.bincount(unit[second], times[second - 1], units)
    one, two, three = (np.bincount(unit[k], minlength=units) for k in (first, second, third))
    once, twice = np.cumsum(one - two), np.cumsum(two - three)
    before = np.arange(units)  # T - 1, and A as `rare_share` has it
    with np.errstate(invalid="ignore", divide="ignore"):
        rare = np.where(
            twice > 0,
            2 * twice / (before * once + 2 * twice),
            2 / (before * (once - 1) + 2),
        )
    rare[(before == 0) | (once == 0) | (once == 1) & (twice == 0)] = 0.0  # as `coverage`
    return 1 - np.cumsum(change) / np.maximum(np.cumsum(words), 1) * (1 - rare)
