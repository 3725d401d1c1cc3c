"""Judges of single texts: given one text, is it by the collapsed generator or the healthy one?

Idea:   a judge is a logistic regression over features of one text: its words, its pairs of words,
        the text as a whole, the number of words new to the judge, its length. Its knowledge depends
        on what it has read: the generator itself, or only others like it.
Source: AUC as the chance to order a pair rightly: Hanley & McNeil, Radiology 1982.
Omits:  neural judges. In a small class of texts words are the only features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PENALTY = 0.01
"""Penalty on squared weights, relative to the mean loss of a text."""

_KINDS = {"w": "words", "p": "pairs", "t": "whole text"}


def auc(ill: np.ndarray, well: np.ndarray) -> float:
    """Chance that a text of the collapsed side has the higher score; a tie counts half.

    ValueError where a side is empty.

    >>> auc(np.array([2.0, 1.0]), np.array([1.0, 0.0]))
    0.875
    """
    if not len(ill) or not len(well):
        raise ValueError(f"an AUC needs texts on both sides, got {len(ill)} and {len(well)}")
    ordered = np.sort(well)
    below = np.searchsorted(ordered, ill, side="left")
    not_above = np.searchsorted(ordered, ill, side="right")
    return float((below + not_above).mean() / (2 * len(well)))


def informed_auc(k: int, n: int) -> float:
    """AUC of a judge that knows which k of n equally likely texts are left: 1 - k / 2n.

    A text of the collapsed side is always one of the k. A text of the healthy side is so with
    probability k / n, and then the choice is a guess.

    >>> informed_auc(3, 100)
    0.985
    """
    if not 1 <= k <= n:
        raise ValueError(f"of n texts between 1 and n are left, got k={k} of n={n}")
    return 1 - k / (2 * n)


@dataclass(frozen=True)
class Judge:
    """Weights of a fitted judge; a higher score says collapsed."""

    columns: dict[str, int]
    """Feature -> its column."""
    weights: np.ndarray
    """Weight of each column, then of new words and length, and a constant."""

    @classmethod
    def fit(cls, ill: Sequence[str], well: Sequence[str], penalty: float = PENALTY) -> Judge:
        """Learn from texts of both sides; deterministic. ValueError if a side is empty."""
        from scipy.optimize import minimize

        if not len(ill) or not len(well):
            raise ValueError(f"a judge learns from both sides, got {len(ill)} and {len(well)}")
        texts = [*ill, *well]
        # a feature of a single text tells nothing about others
        seen = Counter(name for text in texts for name in set(_features(text)))
        names = [name for name, count in seen.items() if count > 1 or name.startswith("w ")]
        untrained = cls({name: i for i, name in enumerate(names)}, np.zeros(len(names) + 3))
        x = untrained._matrix(texts, own=seen)
        sign = np.repeat([1.0, -1.0], [len(ill), len(well)])
        share = np.repeat([0.5 / len(ill), 0.5 / len(well)], [len(ill), len(well)])
        free = np.append(np.ones(x.shape[1] - 1), 0.0)  # no penalty on the constant

        def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
            margin = sign * (x @ w)
            value = share @ np.logaddexp(0, -margin) + penalty / 2 * (free * w) @ w
            slope = -share * sign / (1 + np.exp(np.minimum(margin, 500)))
            return float(value), x.T @ slope + penalty * free * w

        found = minimize(loss, untrained.weights, jac=True, method="L-BFGS-B")
        return cls(untrained.columns, found.x)

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Log-odds that each text is of the collapsed side, [n]."""
        return self._matrix(texts) @ self.weights

    def parts(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Contribution of each kind of feature to the scores, [n] each; the rest is the constant.

        Kinds: words, pairs, whole text, new words, length.
        """
        x = self._matrix(texts)
        kinds = np.array([*(_KINDS[name[0]] for name in self.columns), "new words", "length", ""])
        return {
            kind: x @ np.where(kinds == kind, self.weights, 0.0)
            for kind in (*_KINDS.values(), "new words", "length")
        }

    def _matrix(self, texts: Sequence[str], own: Counter[str] | None = None) -> Any:
        """[texts, columns + 3], sparse. `own` counts the features of training texts.

        In those a word is new if no other text has it, like the new words of a later text.
        """
        from scipy.sparse import csr_matrix

        rows, columns, values = [], [], []
        for row, text in enumerate(texts):
            new = 0
            for name, count in Counter(_features(text)).items():
                if name.startswith("w "):
                    new += count * (own[name] < 2 if own else name not in self.columns)
                if name in self.columns:
                    rows.append(row)
                    columns.append(self.columns[name])
                    values.append(1.0)
            extra = (float(new), np.log1p(len(text)), 1.0)
            rows += [row] * 3
            columns += range(len(self.columns), len(self.columns) + 3)
            values += extra
        shape = (len(texts), len(self.columns) + 3)
        return csr_matrix((values, (rows, columns)), shape=shape)


def _features(text: str) -> list[str]:
    """Words, pairs of neighbours and the whole text, each prefixed by its kind."""
    words = text.split()
    pairs = zip(["", *words], [*words, ""])
    return [*(f"w {w}" for w in words), *(f"p {a} {b}" for a, b in pairs), f"t {text}"]
