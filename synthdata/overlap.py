"""How much the documents say the same, by counts: self-BLEU, mean cosine, Vendi score.

Idea:   all three are defined over pairs of documents and look quadratic. All three follow from sums
        over n-grams, so they cost what reading the texts costs.
Source: self-BLEU: Zhu et al., "Texygen", 2018 (BLEU: Papineni et al. 2002; smoothing: Chen &
        Cherry 2014). Vendi score: Friedman & Dieng 2023, orders q: Pasarkar & Dieng 2023.
Run:    python tests/benchmarks/bench_synthdata.py
Omits:  similarity by meaning; pass your own vectors to `vendi`.

All of them grow or shrink with the number of documents alone: compare at equal n.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from synthdata.counts import Grams, Table, by_document, grams
from synthdata.tokens import Tokens, places

Smoothing = Literal[0, 1, 2, 3]
EPSILON = 0.1  # NLTK's, in smoothing 1


def self_bleu(tokens: Tokens, *, order: int = 4, smoothing: Smoothing = 1) -> np.ndarray:
    """BLEU of each document against all others, [n], 0 to 1; their mean is self-BLEU.

    Equal to NLTK's `sentence_bleu` with the other n - 1 documents as references, uniform weights on
    1- to `order`-grams and `SmoothingFunction().method{smoothing}`, in linear time: an n-gram is
    clipped at its largest count in another document, which is the largest count of all unless this
    document alone holds it, and then the second largest. A document of fewer words has so many
    orders (NLTK's `auto_reweigh`), or equal ones would not score 1. ValueError for fewer than two
    documents.
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
    invented = np.zeros(n)  # smoothing 3 halves once more for each order without a match
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
    """Mean self-BLEU of parts of a collection, whose n-grams are numbered once for all of them.

    An n-gram that only one document has matches nothing in any part: it is left out beforehand.
    """

    def __init__(self, tokens: Tokens, order: int = 4) -> None:
        self.lengths = tokens.lengths
        self._shared = []  # of each size: numbers of n-grams, and where each document's begin
        for size in range(1, order + 1):
            found = grams(tokens, size)
            holders = np.bincount(by_document(found).key)
            kept = np.flatnonzero(holders[found.keys] > 1)
            starts = np.searchsorted(found.owner[kept], np.arange(tokens.documents + 1))
            self._shared.append((found.keys[kept], starts))

    def mean(self, documents: np.ndarray) -> float:
        """Self-BLEU of these documents: nan for fewer than two, or where none has a word.

        A document without words scores 0 beside others that have some; among nothing but such
        documents there is nothing to be like or unlike.
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
    """For each document, its n-grams that another holds, each clipped at its count there."""
    key, document, count = table
    edge = np.concatenate(([True], key[1:] != key[:-1], [True]))  # before each row, and at the end
    rows = np.flatnonzero(~(edge[:-1] & edge[1:]))  # what one document alone holds matches nothing
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


def unit_features(tokens: Tokens, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """n-gram counts of each document scaled to length 1, sparse: (n-gram, document, weight)."""
    return _unit_length(by_document(grams(tokens, n)))


def _unit_length(table: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    key, document, count = table
    norm = np.sqrt(np.bincount(document, count.astype(float) ** 2))
    return key, document, count / norm[document]


def mean_cosine(tokens: Tokens, n: int = 1) -> float:
    """Mean cosine of the n-gram counts over all pairs of documents, exact, 0 to 1.

    Over unit vectors u: sum of u_i . u_j over i != j = |sum u|^2 - sum |u|^2. Documents without an
    n-gram have no direction and are left out; nan where fewer than two are left.
    """
    return mean_cosine_of_table(by_document(grams(tokens, n)))


def mean_cosine_of_table(table: Table) -> float:
    """`mean_cosine` from the table of n-grams."""
    key, document, weight = _unit_length(table)
    kept = int((np.bincount(document) > 0).sum())
    if kept < 2:
        return math.nan
    total = np.bincount(key, weight)
    return float((total @ total - kept) / (kept * (kept - 1)))


EXACT_SIDE = 2048
"""Largest matrix whose eigenvalues are taken: up to here Vendi is exact."""


def vendi_ngrams(tokens: Tokens, n: int = 1, q: float = 1) -> tuple[float, str]:
    """Vendi score of order q with the cosine of n-gram counts, and how it was computed.

    Exact while documents or distinct n-grams number at most 2,048. Beyond, n-grams share 2,048
    signed columns (feature hashing: Weinberger et al. 2009), which takes memory 2,048^2 and linear
    time; the score then reads low (by a third on 1,500 Zipf documents of 40 words and 512 columns)
    and cannot exceed 2,048. nan where no document has an n-gram.
    """
    eigenvalues, how = ngram_spectrum(tokens, n)
    return (vendi_from_spectrum(eigenvalues, q) if len(eigenvalues) else math.nan), how


def ngram_spectrum(tokens: Tokens, n: int = 1) -> tuple[np.ndarray, str]:
    """Eigenvalues behind `vendi_ngrams`, from which any order follows, and how they were made."""
    key, document, weight = unit_features(tokens, n)
    rows = np.unique(document, return_inverse=True)[1]
    documents, features = int(rows.max(initial=-1)) + 1, int(key.max(initial=-1)) + 1
    if documents == 0:
        return np.empty(0), "no document has an n-gram"
    if min(documents, features) <= EXACT_SIDE:
        by_rows = documents <= features
        side, other = (rows, key) if by_rows else (key, rows)
        gram = _sparse_gram(side, other, weight, min(documents, features))
        how = "exact, n x n" if by_rows else "exact, d x d"
    else:
        mixed = key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        sign = np.where(mixed & np.uint64(1), 1.0, -1.0)
        column = (mixed >> np.uint64(1)) % np.uint64(EXACT_SIDE)
        gram = _sparse_gram(column.astype(np.int64), rows, weight * sign, EXACT_SIDE)
        how = f"reads low, n-grams hashed to {EXACT_SIDE} columns"
    return np.linalg.eigvalsh(gram), how


def _sparse_gram(side: np.ndarray, other: np.ndarray, weight: np.ndarray, size: int) -> np.ndarray:
    """X X^T [size, size] for the sparse X[side, other] = weight, dense block by block."""
    order = np.argsort(other, kind="stable")
    side, other, weight = side[order], other[order], weight[order]
    block = max(1, (1 << 22) // size)  # columns at a time: 32 MB
    gram = np.zeros((size, size))
    columns = np.unique(other, return_inverse=True)[1]
    for start in range(0, int(columns.max(initial=-1)) + 1, block):
        a, b = np.searchsorted(columns, (start, start + block))
        dense = np.bincount(
            side[a:b] * block + columns[a:b] - start, weight[a:b], minlength=size * block
        ).reshape(size, block)
        gram += dense @ dense.T
    return gram


def vendi(vectors: np.ndarray, q: float = 1) -> float:
    """Vendi score of order q of your own vectors [n, d], with their cosine, exact.

    Through the smaller of the n x n and the d x d matrix of products, whose eigenvalues are the
    same. ValueError where a vector is nought, or not finite, or `vectors` is not a table.
    """
    return vendi_from_spectrum(spectrum(vectors), q)


def spectrum(vectors: np.ndarray) -> np.ndarray:
    """Eigenvalues behind `vendi`, from which any order follows."""
    vectors, norms = _with_norms(vectors)
    documents, width = vectors.shape
    gram = np.zeros((min(documents, width),) * 2)
    if documents <= width:
        unit = vectors / norms[:, None]
        gram = unit @ unit.T
    else:
        for start in range(0, documents, 4096):  # a memory of one block, however many documents
            unit = vectors[start : start + 4096] / norms[start : start + 4096, None]
            gram += unit.T @ unit
    return np.linalg.eigvalsh(gram)


def mean_cosine_of(vectors: np.ndarray) -> float:
    """Mean cosine over all pairs of your own vectors [n, d], exact, -1 to 1; nan for one vector.

    From the same sum as `mean_cosine`; ValueError as `vendi`.

    >>> mean_cosine_of([[1, 0], [2, 0], [0, 3]])  # one of three pairs agrees
    0.3333333333333333
    """
    vectors, norms = _with_norms(vectors)
    n = len(vectors)
    if n < 2:
        return math.nan
    total = sum(
        (vectors[start : start + 4096] / norms[start : start + 4096, None]).sum(axis=0)
        for start in range(0, n, 4096)
    )
    return float((total @ total - n) / (n * (n - 1)))


_SHORTEST = 1e-150
"""Below, squares lose their digits."""


def _with_norms(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The vectors and their lengths; ValueError where they cannot be compared by angle."""
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or not vectors.size:
        raise ValueError(f"vectors are a table [documents, width], got shape {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError("vectors must be finite; some are nan or infinite")
    with np.errstate(over="ignore", under="ignore"):
        norms = np.linalg.norm(vectors.astype(float), axis=1)
    odd = np.flatnonzero(~((norms > _SHORTEST) & np.isfinite(norms)))
    if len(odd) and not vectors[odd[0]].any():
        raise ValueError(f"vector {odd[0]} is all noughts and has no direction; drop its document")
    if len(odd):
        size = "large" if norms[odd[0]] > 1 else "small"
        raise ValueError(
            f"vector {odd[0]} is too {size} for its length to be computed; multiply all vectors by "
            "one number, which changes no angle"
        )
    return vectors, norms


def vendi_from_spectrum(eigenvalues: Sequence[float] | np.ndarray, q: float = 1) -> float:
    """Hill number of order q of the eigenvalues, scaled to sum to 1 (an effective number).

    >>> vendi_from_spectrum([1.0, 1.0, 0.0])
    2.0
    """
    if not q >= 0:
        raise ValueError(f"the order of a Vendi score is 0 or more, got {q}")
    values = np.asarray(eigenvalues, dtype=float)
    # eigenvalues that rounding alone made differ from nought are nought; order 0 counts the rest
    values = values[values > values.max(initial=0) * len(values) * np.finfo(float).eps]
    share = values / values.sum()
    if q == 1:
        return float(np.exp(-(share @ np.log(share))))
    if q == math.inf:
        return float(1 / share.max())
    return float((share**q).sum() ** (1 / (1 - q)))
