"""Vendi score: the effective number of different documents, by the similarity of each pair.

Idea:   the Hill number of the eigenvalues of the matrix of cosines, computed from the smaller of
        its two sides.
Source: Friedman & Dieng 2023; orders q: Pasarkar & Dieng 2023.
Run:    python tests/benchmarks/bench_synthdata.py
Omits:  similarity by meaning; pass your own vectors to `vendi`.

It grows with the number of documents alone: compare at equal n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from synthdata.similarity.cosine import unit_features, with_norms
from synthdata.text.tokens import Tokens

EXACT_SIDE = 2048
"""Largest side of a matrix whose eigenvalues are computed: up to this Vendi is exact."""


def vendi_ngrams(tokens: Tokens, n: int = 1, q: float = 1) -> tuple[float, str]:
    """Vendi score of order q with the cosine of n-gram counts, and how it was computed.

    It is exact for at most 2,048 documents or distinct n-grams. Beyond, n-grams share 2,048 signed
    columns (feature hashing: Weinberger et al. 2009), which takes memory 2,048^2 and linear time;
    the score is then too low (by a third on 1,500 Zipf documents of 40 words and 512 columns) and
    cannot exceed 2,048. nan if no document has an n-gram.
    """
    eigenvalues, how = ngram_spectrum(tokens, n)
    return (vendi_from_spectrum(eigenvalues, q) if len(eigenvalues) else math.nan), how


def ngram_spectrum(tokens: Tokens, n: int = 1) -> tuple[np.ndarray, str]:
    """Eigenvalues behind `vendi_ngrams`, for any order, and how they were computed."""
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

    It uses the smaller of the n x n and the d x d matrix of products, whose eigenvalues are the
    same. ValueError if a vector is zero, or not finite, or `vectors` is not a table.
    """
    return vendi_from_spectrum(spectrum(vectors), q)


def spectrum(vectors: np.ndarray) -> np.ndarray:
    """Eigenvalues behind `vendi`, for any order."""
    vectors, norms = with_norms(vectors)
    documents, width = vectors.shape
    gram = np.zeros((min(documents, width),) * 2)
    if documents <= width:
        unit = vectors / norms[:, None]
        gram = unit @ unit.T
    else:
        for start in range(0, documents, 4096):  # memory of one block for any number of documents
            unit = vectors[start : start + 4096] / norms[start : start + 4096, None]
            gram += unit.T @ unit
    return np.linalg.eigvalsh(gram)


def vendi_from_spectrum(eigenvalues: Sequence[float] | np.ndarray, q: float = 1) -> float:
    """Hill number of order q of the eigenvalues, scaled to sum to 1 (an effective number).

    >>> vendi_from_spectrum([1.0, 1.0, 0.0])
    2.0
    """
    if not q >= 0:
        raise ValueError(f"the order of a Vendi score is 0 or more, got {q}")
    values = np.asarray(eigenvalues, dtype=float)
    # eigenvalues that differ from zero only by rounding are zero; order 0 counts the rest
    values = values[values > values.max(initial=0) * len(values) * np.finfo(float).eps]
    share = values / values.sum()
    if q == 1:
        return float(np.exp(-(share @ np.log(share))))
    if q == math.inf:
        return float(1 / share.max())
    return float((share**q).sum() ** (1 / (1 - q)))
