"""An order of documents by their content, independent of the order of the input.

Idea:   all random draws are from sorted documents, and groups are numbered by their texts; so the
        same collection gives the same numbers, however its file was sorted, shuffled or joined.
        Documents that tie are indistinguishable.
Run:    python -m synthdata measure data.jsonl
Omits:  the one-pass meter, whose heavy hitters depend on the order within their stated error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def text_ranks(texts: Sequence[str]) -> np.ndarray:
    """Rank 0, 1, ... of each text among the different ones, sorted.

    >>> text_ranks(["b", "a", "b"]).tolist()
    [1, 0, 1]
    """
    # a dictionary: an array of strings is as wide as the longest, and drops trailing NULs
    number = {text: i for i, text in enumerate(sorted(set(texts)))}
    return np.array([number[text] for text in texts], dtype=np.int64)


def by_content(groups: np.ndarray, text: np.ndarray, ties: np.ndarray | None = None) -> np.ndarray:
    """Groups numbered by their texts, so that names and order do not matter.

    `ties` [n] orders documents with the same text, if anything does. Between groups with equal
    content, the smaller old number comes first.
    """
    if not len(text):
        return np.empty(0, dtype=np.int64)
    ties = np.zeros_like(text) if ties is None else ties
    order = np.lexsort((ties, text, groups))
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    members = np.split(order, edges)

    def held(group: np.ndarray) -> tuple[list[int], list[int]]:
        return text[group].tolist(), ties[group].tolist()

    number = np.empty(len(text), dtype=np.int64)
    for i, group in enumerate(sorted(members, key=held)):
        number[group] = i
    return number


def row_ranks(table: np.ndarray) -> np.ndarray:
    """Rank of each row of a table among the different ones, by their bytes."""
    rows = np.ascontiguousarray(table)
    if not rows.size:
        return np.zeros(len(rows), dtype=np.int64)
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    return np.unique(whole, return_inverse=True)[1].astype(np.int64)
