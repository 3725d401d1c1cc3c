"""What else could tell a review's mood: counts of its characters, its words, its pairs of words.

Idea:   a unit earns its name only if what is cheaper does not do as well. A bag forgets all order:
        "not bad" and "bad, not" are one bag of words. All bags are told the moods of the choosing
        reviews and fitted to them; the unit is only picked by them.
Run:    used by experiment.py beside this file
Omits:  longer phrases: a pair already holds "not" and the word it turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

Bag = Callable[[str], list[str]]
"""The things in a review that are counted."""


def characters(review: str) -> list[str]:
    """All characters but the mark."""
    return list(review.strip())


def words(review: str) -> list[str]:
    """Words without punctuation."""
    return "".join(c if c.isalpha() else " " for c in review).split()


def pairs(review: str) -> list[str]:
    """Words, and each word with the one before it."""
    found = words(review)
    return found + [f"{a} {b}" for a, b in pairwise(found)]


BAGS: dict[str, Bag] = {"characters": characters, "words": words, "pairs of words": pairs}


def counted(bag: Bag, choose: Sequence[str], judge: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Counts [N, E] of everything that occurs in `choose`, in both lists of reviews."""
    columns: dict[str, int] = {}
    for review in choose:
        for thing in bag(review):
            columns.setdefault(thing, len(columns))
    tables = []
    for reviews in (choose, judge):
        table = np.zeros((len(reviews), len(columns)))
        for row, review in enumerate(reviews):
            for thing in bag(review):
                if thing in columns:
                    table[row, columns[thing]] += 1
        tables.append(table)
    return tables[0], tables[1]
