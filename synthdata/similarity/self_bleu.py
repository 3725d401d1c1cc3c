"""Self-BLEU: how well the other documents predict the n-grams of each.

Idea:   it is defined over pairs of documents and looks quadratic. It follows from sums over
        n-grams, so it is linear in the length of the texts.
Source: Zhu et al., "Texygen", 2018 (BLEU: Papineni et al. 2002; smoothing: Chen & Cherry 2014).
Run:    python tests/benchmarks/bench_synthdata.py
Omits:  similarity by meaning.

It grows with the number of documents alone: compare at equal n.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Literal

import numpy as np

from synthdata.text.ngrams import Grams, Table, by_document, grams
from synthdata.text.tokens import Tokens, places

Smoothing = Literal[0, 1, 2, 3]
EPSILON = 0.1  # NLTK's, in smoothing 1


def self_bleu(tokens: Tokens, *, order: int = 4, smoothing: Smoothing = 1) -> np.ndarray:
    """BLEU of each document against all others, [n], 0 to 1; their mean is self-BLEU.

    Equal to NLTK's `sentence_bleu` with the other n - 1 documents as references, uniform weights on
    1- to `order`-grams and `SmoothingFunction().method{smoothing}`, in linear time: an n-gram is
    clipped at its largest count in another document, which is the largest count of all unless only
    this document has it, and then the second largest. A document of fewer words uses fewer orders,
    as many as it has words (NLTK's `auto_reweigh`), or equal ones would not score 1. ValueError for
    fewer than two documents.
    """
    tables = (by_document(grams(tokens, size)) for size in range(1, order + 1))
    return self_bleu_of(tables, tokens.lengths, smoothing)


def self_bleu_of(
    tables: Iterable[Table], lengths: np.ndarray, smoothing: Smoothing = 1
) -> np.ndarray:
    """`self_bleu` from the tables of 1-grams, 2-grams, ... and the documents' lengths."""
    n = len(lengths)
    if n < 2:
        raise ValueError(f"self-BLEU compares documents with each other and needs two, got {n}")
    if smoothing not in (0, 1, 2, 3):
        raise ValueError(f"smoothing is one of NLTK's methods 0 to 3, got {smoothing}")
    logs, orders = np.zeros(n), np.zeros(n)
    invented = np.zeros(n)  # smoothing 3 halves again for each order without a match
    no_word_matches = np.zeros(n, dtype=bool)
    for size, table in enumerate(tables, 1):
        matched = _clipped_matches(table, n)
        possible = np.maximum(1, lengths - size + 1).astype(float)
        if size == 1:
            no_word_matches = matched == 0
        none = matched == 0
        if smoothing == 2 and size > 1:
            precision = (matched + 1) / (possible + 1)
        else:
            precision = matched / possible
            if smoothing == 1:
                precision[none] = EPSILON / possible[none]
            elif smoothing == 3:
                invented[none] += 1
                precision[none] = 1 / (2 ** invented[none] * possible[none])
            else:
                precision[none] = sys.float_info.min
        has = lengths >= size
        logs[has] += np.log(precision[has])
        orders += has
    scores = _brevity(lengths) * np.exp(logs / np.maximum(orders, 1))
    scores[no_word_matches] = 0.0
    return scores


class SelfBleu:
    """Mean self-BLEU of parts of a collection; n-grams are numbered once for all parts.

    An n-gram that only one document has matches nothing in any part, so it is left out.
    """

    def __init__(self, tokens: Tokens, order: int = 4) -> None:
        self.lengths = tokens.lengths
        self._shared = []  # for each size: numbers of n-grams, and the start of each document's
        for size in range(1, order + 1):
            found = grams(tokens, size)
            holders = np.bincount(by_document(found).key)
            kept = np.flatnonzero(holders[found.keys] > 1)
            starts = np.searchsorted(found.owner[kept], np.arange(tokens.documents + 1))
            self._shared.append((found.keys[kept], starts))

    def mean(self, documents: np.ndarray) -> float:
        """Self-BLEU of these documents: nan for fewer than two, or if none has a word.

        A document without words scores 0 beside others with words; if none has words, there is
        nothing to compare.
        """
        lengths = self.lengths[documents]
        if len(lengths) < 2 or not lengths.any():
            return math.nan
        tables = (self._table(*shared, documents) for shared in self._shared)
        return float(self_bleu_of(tables, lengths).mean())

    def _table(self, keys: np.ndarray, starts: np.ndarray, documents: np.ndarray) -> Table:
        where, begins = places(starts, documents)
        owner = np.repeat(np.arange(len(documents)), np.diff(begins))
        return by_document(Grams(keys=keys[where], owner=owner, documents=len(documents)))


def _clipped_matches(table: Table, documents: int) -> np.ndarray:
    """Number of each document's n-grams found in another, each clipped at its count there."""
    key, document, count = table
    edge = np.concatenate(([True], key[1:] != key[:-1], [True]))  # before each row, and at the end
    rows = np.flatnonzero(~(edge[:-1] & edge[1:]))  # n-grams of a single document match nothing
    if not len(rows):
        return np.zeros(documents)
    key, document, count, new = key[rows], document[rows], count[rows], edge[rows]
    first, run = np.flatnonzero(new), np.cumsum(new) - 1
    largest = np.maximum.reduceat(count, first)
    is_largest = count == largest[run]
    holders = np.add.reduceat(is_largest.astype(np.int64), first)
    second = np.maximum.reduceat(np.where(is_largest, 0, count), first)
    elsewhere = np.where(is_largest & (holders[run] == 1), second[run], largest[run])
    return np.bincount(document, np.minimum(count, elsewhere), minlength=documents)


def _brevity(lengths: np.ndarray) -> np.ndarray:
    """exp(1 - r/c) for documents shorter than the closest other length r; the shorter on a tie."""
    ordered = np.sort(lengths)
    twice = np.searchsorted(ordered, lengths, "right") - np.searchsorted(ordered, lengths) > 1
    left = np.searchsorted(ordered, lengths) - 1
    right = np.searchsorted(ordered, lengths, "right")
    far = np.iinfo(np.int64).max // 4
    below = np.where(left >= 0, ordered[np.maximum(left, 0)], -far)
    above = np.where(right < len(ordered), ordered[np.minimum(right, len(ordered) - 1)], far)
    closest = np.where(lengths - below <= above - lengths, below, above)
    closest = np.where(twice, lengths, closest).astype(float)
    penalty = np.where(lengths > 0, np.exp(1 - closest / np.maximum(lengths, 1)), 0.0)
    return np.where(lengths > closest, 1.0, penalty)
