"""Differences between sides other than variety: length, scripts, documents left out of groups.

Idea:   a comparison at equal terms is about variety alone only if nothing else differs. Three
        things often do: documents are shorter, they are in other scripts, or groups (answers to one
        prompt) were cut to the one answer that the other side has, so that their inside was not
        examined. Each is measured, and reported with the verdict.
Source: own construction.
Run:    python -m synthdata compare synthetic.jsonl --ref human.jsonl --group prompt
Omits:  languages that share a script, such as English and French.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthdata.comparison.equal_terms import group_sizes
from synthdata.comparison.pool import Pool
from synthdata.diversity.intervals import share_interval
from synthdata.similarity import near_duplicates
from synthdata.text.tokens import Tokens

MOST_SCRIPTS = 0.2
"""Share of words in other scripts from which the sides are unlike."""
FEWEST_INSIDE = 2
"""Fewest documents compared per group, on average, to judge variety inside groups."""
LARGE = 0.1
"""Share of copies inside groups from which there is no all-clear."""


@dataclass(frozen=True, kw_only=True)
class Inside:
    """The synthetic side's groups, if the comparison took only a part of each."""

    documents: float
    """Mean documents per group."""
    compared: float
    """Mean documents compared per group."""
    copies: float
    """Share of documents with a near-duplicate in their own group, 0 to 1."""
    high: float
    """Upper end of its 95 % interval, with groups as units (Wilson's)."""

    @property
    def unseen(self) -> bool:
        """Whether too little of each group was compared to show its variety."""
        return self.compared < FEWEST_INSIDE

    @property
    def large(self) -> bool:
        """Whether the part not compared may be a loss."""
        return self.unseen and self.copies >= LARGE

    def __str__(self) -> str:
        took = f"{self.compared:.3g} of the {self.documents:.3g} documents a group"
        inside = f"{self.copies:.1%} of the documents have a near-duplicate in their own group"
        if self.unseen:
            return (
                f"Variety within groups was not compared, as the reference allows {took}: {inside}."
            )
        return f"Groups were compared by {took}; {inside}."


def inside(pool: Pool, texts: Sequence[str]) -> Inside | None:
    """What was left out of the synthetic side's groups; None if whole groups were compared.

    `texts` are the pool's documents in its order.
    """
    if not pool.drawer.uneven:
        return None
    side = pool.observed.sides[0]
    sizes = group_sizes(pool.group, side)
    compared = float(pool.observed.sizes.mean())
    if sizes.mean() <= compared + 1e-9:
        return None
    label = near_duplicates.near_duplicates(
        [texts[i] for i in side], characters=pool.characters.select(side)
    ).label
    group = pool.group[side]
    _, which, times = np.unique(
        label * np.int64(group.max() + 1) + group, return_inverse=True, return_counts=True
    )
    copies = float((times[which] > 1).mean())
    return Inside(
        documents=float(sizes.mean()),
        compared=compared,
        copies=copies,
        high=share_interval(round(copies * len(sizes)), len(sizes))[1],
    )


def scripts(tokens: Tokens) -> dict[str, float]:
    """Share of each script in the words that begin with a letter, the commonest first.

    A script is the first word of the letter's Unicode name; Han and kana are counted as one, as
    Japanese mixes them.

    >>> from synthdata.text.tokens import encode
    >>> scripts(encode(["hen hen 7", "山 кот"]))
    {'Latin': 0.5, 'Cyrillic': 0.25, 'Han and kana': 0.25}
    """
    times: Counter[str] = Counter()
    counts = np.bincount(tokens.ids, minlength=len(tokens.vocabulary)).tolist()
    for token, count in zip(tokens.vocabulary, counts):
        if count and token[:1].isalpha():
            times[_script(token[0])] += count
    total = sum(times.values())
    return {name: count / total for name, count in sorted(times.items(), key=_commonest)}


def _commonest(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _script(letter: str) -> str:
    if letter.isascii():
        return "Latin"
    name = unicodedata.name(letter, "other").split()[0].split("-")[0]
    if name in ("CJK", "HIRAGANA", "KATAKANA", "HALFWIDTH", "IDEOGRAPHIC", "KANGXI"):
        return "Han and kana"
    return name.capitalize()


def unlike_scripts(sides: tuple[dict[str, float], dict[str, float]]) -> str:
    """The two sides' scripts if a fifth of the words or more differs in script; otherwise empty.

    >>> unlike_scripts(({"Latin": 1.0}, {"Latin": 0.3, "Thai": 0.7}))
    'Latin 100 % of the words beside 30 %, Thai 0 % beside 70 %'
    >>> unlike_scripts(({"Latin": 1.0}, {"Latin": 0.9, "Thai": 0.1}))
    ''
    """
    one, two = sides
    if not one or not two:  # a side without letters has no script to compare
        return ""
    gaps = {name: abs(one.get(name, 0) - two.get(name, 0)) for name in (*one, *two)}
    if sum(gaps.values()) / 2 < MOST_SCRIPTS:
        return ""
    largest = sorted(gaps, key=lambda name: -gaps[name])[:2]
    largest.sort(key=lambda name: -one.get(name, 0))
    return ", ".join(
        f"{name} {100 * one.get(name, 0):.0f} %{'' if place else ' of the words'} beside "
        f"{100 * two.get(name, 0):.0f} %"
        for place, name in enumerate(largest)
    )
