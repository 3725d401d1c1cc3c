"""Facts to learn by heart, junk, and people whose towns have colours: a world of keys and values.

Idea:   `kavel=qd` is a fact: five letters, and behind them one of 676 values. All are drawn, so
        nothing can be guessed, and how many bits a network remembers can be counted. Junk looks
        the same, but nobody will ask for it. In the second world a person has a town and a town a
        colour, so that "the colour of kavel's town" takes two facts.
Source: bits of knowledge from random facts, and junk: Allen-Zhu & Li 2024, arXiv:2404.05405; two
        facts for one answer: Balesni et al. 2024, arXiv:2411.16353.
Run:    python -c "from lessons.lab.worlds.facts import People; print(People.drawn(0, 3, 2).lines)"
Omits:  facts in sentences, facts that change, and several values of one key.

Legend: N texts, T time.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

KEY, VALUE = 5, 2
"""Letters of a key and of a value."""
VALUES = len(string.ascii_lowercase) ** VALUE
"""How many values there are, all equally likely."""
IS, ASKS, SO, NEXT, MARK, FILLER = "=", "?", ",", ";", "#", "_"
"""Behind the key of a fact; behind a question that takes two; between two facts of which one leads
to the other; between two that have nothing to do with each other; in front of junk; at the end of
short texts."""
COLOURS = "bglmrvwy"
"""Of towns."""
ALPHABET = "".join(sorted(string.ascii_lowercase + " []" + IS + ASKS + SO + NEXT + MARK + FILLER))


def words(rng: np.random.Generator, n: int, length: int = KEY) -> list[str]:
    """`n` different random words; ValueError if there are not so many."""
    letters, base = np.array(list(string.ascii_lowercase)), len(string.ascii_lowercase)
    if n > base**length:
        raise ValueError(f"{n:,} different words of {length} letters; there are {base**length:,}")
    found = rng.choice(base**length, n, replace=False)
    table = letters[found[:, None] // base ** np.arange(length) % base]
    return ["".join(row) for row in table.tolist()]


def facts(rng: np.random.Generator, n: int) -> list[str]:
    """`n` facts with different keys: `kavel=qd`. Values may be the same."""
    letters = np.array(list(string.ascii_lowercase))
    values = letters[rng.integers(len(letters), size=(n, VALUE))].tolist()
    return [key + IS + "".join(value) for key, value in zip(words(rng, n), values)]


def bits_remembered(logprobs: np.ndarray, length: int, choices: int) -> float:
    """Bits that a predictor remembers of facts whose values are random.

    logprobs [N, T] are natural logarithms of the probabilities that it gave to each character of
    each fact; the last `length` of them are the value's, which is one of `choices` equally likely
    ones. Whoever knows nothing pays log2 choices bits for a value; what less is paid was
    remembered. It is summed over all facts, and the sum is at least 0: a guess that beats chance
    by luck is made up for by one that is worse.

    >>> bits_remembered(np.log([[0.1, 1.0, 1.0], [0.1, 0.5, 0.5]]), 2, 16)
    6.0
    """
    paid = -logprobs[:, -length:].sum(axis=1) / np.log(2)
    return max(0.0, float((np.log2(choices) - paid).sum()))


def two_hop(
    towns: Mapping[str, str], colours: Mapping[str, str], judged: Collection[str]
) -> tuple[list[str], list[str]]:
    """What is learned from, and what is judged by, if nobody judged may be asked about before.

    towns: person -> town; colours: town -> colour; judged: persons. To be learned are every
    person's town (`kavel=qd`), every town's colour (`qd=r`), and, of each person who is not judged,
    one after the other (`kavel=qd,qd=r`). Judged are such texts of the others.
    """
    one = [f"{person}{IS}{town}" for person, town in towns.items()]
    one += [f"{town}{IS}{colour}" for town, colour in colours.items()]
    both = {who: f"{who}{IS}{town}{SO}{town}{IS}{colours[town]}" for who, town in towns.items()}
    learn = one + [text for who, text in both.items() if who not in judged]
    return learn, [text for who, text in both.items() if who in judged]


@dataclass(frozen=True)
class People:
    """Who lives where, and which colour each town has."""

    towns: Mapping[str, str]
    """Person -> town."""
    colours: Mapping[str, str]
    """Town -> colour."""

    @classmethod
    def drawn(cls, seed: int | Sequence[int], people: int, towns: int) -> People:
        """People with different names in towns with different names, each drawn uniformly."""
        rng = np.random.default_rng(seed)
        names, places = words(rng, people), words(rng, towns, VALUE)
        paint = rng.choice(list(COLOURS), towns).tolist()
        return cls(
            {who: places[i] for who, i in zip(names, rng.integers(towns, size=people))},
            dict(zip(places, paint)),
        )

    def others(self, rng: np.random.Generator, n: int) -> People:
        """`n` other people in the same towns."""
        names = [name for name in words(rng, n + len(self.towns)) if name not in self.towns][:n]
        places = list(self.colours)
        homes = rng.integers(len(places), size=n)
        return People({who: places[i] for who, i in zip(names, homes)}, self.colours)

    def first(self, n: int) -> People:
        """The first `n` of them, and all towns."""
        return People(dict(list(self.towns.items())[:n]), self.colours)

    @property
    def lines(self) -> list[str]:
        """Every person's town, as a file has it."""
        return [f"{who}{IS}{town}" for who, town in self.towns.items()]

    @property
    def bits(self) -> float:
        """What these lines tell whoever knows the towns, bits."""
        return float(len(self.towns) * np.log2(len(self.colours)))
