"""A common window: the same number of first words of every document on both sides.

Idea:   a document repeats its own words. Equal words are therefore not equal terms if one side's
        documents are longer: the same 2,000 words show more of the source in 100 documents than in
        33. Cut to the same number of first words, documents of both sides are comparable.
Source: own construction; that the number of types depends on how text is cut into samples: Baayen,
        "Word Frequency Distributions", 2001, chapter 5.
Run:    python -m synthdata compare synthetic.jsonl --ref human.jsonl --match window
Omits:  later parts of a document: a collapse that begins after the window is not seen.
"""

from __future__ import annotations

import numpy as np

from synthdata.text.tokens import Tokens

UNLIKE = 1.3
"""Ratio of mean lengths above which equal words do not make the sides comparable."""
SPARED = 0.25
"""Largest share of either side's documents that is shorter than the window, and left out."""


def common_window(tokens: Tokens, first: int) -> tuple[int, np.ndarray]:
    """The window in words, and whether each document [n] is at least that long.

    `first` documents are one side. The window is the 25 % quantile of the lengths of the side whose
    quantile is smaller; documents without a word do not count. A side without any word keeps all.
    """
    lengths = tokens.lengths
    sides = (lengths[:first], lengths[first:])
    quantiles = [np.quantile(s[s > 0], SPARED, method="lower") for s in sides if (s > 0).any()]
    window = int(min(quantiles, default=1))
    return window, np.concatenate([(s >= window) | ~(s > 0).any() for s in sides])


def cut(tokens: Tokens, window: int) -> Tokens:
    """The same documents, each cut after `window` words.

    >>> from synthdata.text.tokens import encode
    >>> cut(encode(["a b c", "d"]), 2).lengths.tolist()
    [2, 1]
    """
    place = np.arange(len(tokens.ids)) - np.repeat(tokens.starts[:-1], tokens.lengths)
    return Tokens(
        ids=tokens.ids[place < window],
        starts=np.concatenate(([0], np.cumsum(np.minimum(tokens.lengths, window)))),
        vocabulary=tokens.vocabulary,
        tokeniser=tokens.tokeniser,
    )


def unlike(lengths: tuple[float, float]) -> bool:
    """Whether mean lengths differ by more than `UNLIKE` times.

    >>> unlike((20, 26)), unlike((20, 27))
    (False, True)
    """
    return max(lengths) > UNLIKE * min(lengths)
