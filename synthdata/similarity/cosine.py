"""Mean cosine between documents, of their n-gram counts or of vectors of your own.

Idea:   the sum over all pairs of unit vectors is the square of their sum, minus their own squares:
        linear in time, and exact.
Run:    python tests/benchmarks/bench_synthdata.py
"""

from __future__ import annotations

import math

import numpy as np

from synthdata.text.ngrams import Table, by_document, grams
from synthdata.text.tokens import Tokens


def unit_features(tokens: Tokens, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """n-gram counts of each document scaled to length 1, sparse: (n-gram, document, weight)."""
    return unit_length(by_document(grams(tokens, n)))


def unit_length(table: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`unit_features` from the table of n-grams."""
    key, document, count = table
    norm = np.sqrt(np.bincount(document, count.astype(float) ** 2))
    return key, document, count / norm[document]


def mean_cosine(tokens: Tokens, n: int = 1) -> float:
    """Mean cosine of the n-gram counts over all pairs of documents, exact, 0 to 1.

    Over unit vectors u: sum of u_i . u_j over i != j = |sum u|^2 - sum |u|^2. Documents without an
    n-gram have no direction and are left out; nan if fewer than two are left.
    """
    return mean_cosine_of_table(by_document(grams(tokens, n)))


def mean_cosine_of_table(table: Table) -> float:
    """`mean_cosine` from the table of n-grams."""
    key, document, weight = unit_length(table)
    kept = int((np.bincount(document) > 0).sum())
    if kept < 2:
        return math.nan
    total = np.bincount(key, weight)
    return float((total @ total - kept) / (kept * (kept - 1)))


def mean_cosine_of(vectors: np.ndarray) -> float:
    """Mean cosine over all pairs of your own vectors [n, d], exact, -1 to 1; nan for one vector.

    It uses the same sum as `mean_cosine`; ValueError as in `vendi`.

    >>> mean_cosine_of([[1, 0], [2, 0], [0, 3]])  # one of three pairs agrees
    0.3333333333333333
    """
    vectors, norms = with_norms(vectors)
    n = len(vectors)
    if n < 2:
        return math.nan
    total = sum(
        (vectors[start : start + 4096] / norms[start : start + 4096, None]).sum(axis=0)
        for start in range(0, n, 4096)
    )
    return float((total @ total - n) / (n * (n - 1)))


_SHORTEST = 1e-150
"""Length below which squares lose their digits."""


def with_norms(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The vectors and their lengths; ValueError if they cannot be compared by angle."""
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
