"""Self-test corpora: collections whose lack of variety is a dial.

Idea:   trust a metric once it has found a planted disease and stayed calm without one. Each dial
        turns one disease from 0 (healthy) to 1; three controls change nothing relevant.
Source: own construction. Words follow Zipf's law (G. K. Zipf, 1949), so entropies are known.
        Documents that repeat their own words: Pólya's urn, after Hoppe, "Pólya-like urns and the
        Ewens' sampling formula", Journal of Mathematical Biology 1984.
Run:    python -m synthdata.dial --runs 20 --healthy-runs 60
        python -m synthdata.dial --write try        collections as files, to try the meter on
Omits:  meaning: the words are made up. The metrics' verdicts on these collections are in
        `synthdata.dial.sensitivity`, whose table the command prints.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

VOCABULARY = 3_000
LENGTH = 20
SOURCE_SIZE = 100_000
"""Number of different documents in the favourites source."""
FAVOURITES = 5
FRESH = 10.0
"""Word t + 1 of a bursty document is fresh with probability FRESH / (FRESH + t)."""


@dataclass(frozen=True, kw_only=True)
class Dialled:
    """A synthetic collection, and what is known about its source."""

    texts: list[str]
    """The documents."""
    dial: str
    """Name of the disease."""
    strength: float
    """Strength of the disease, 0 to 1."""
    word_entropy: float = math.nan
    """Entropy of the source per word, bits; nan if it has no closed form."""
    document_entropy: float = math.nan
    """Entropy of the source per document, bits; nan if it has no closed form."""


def zipf(types: int = VOCABULARY, exponent: float = 1.0) -> np.ndarray:
    """Probabilities proportional to rank^-exponent, [types]."""
    share = np.arange(1, types + 1, dtype=float) ** -exponent
    return share / share.sum()


def entropy_bits(share: np.ndarray) -> float:
    """Entropy of a distribution, bits.

    >>> entropy_bits(np.array([0.5, 0.25, 0.25]))
    1.5
    """
    kept = share[share > 0]
    return float(-(kept @ np.log2(kept)))


def word(rank: int) -> str:
    """The made-up word of this rank: short for common ones.

    >>> [word(0), word(1), word(200)]
    ['ba', 'be', 'bega']
    """
    onset, vowel = "bcdfghjklmnprstvwz", "aeiou"
    syllables = []
    while True:
        rank, last = divmod(rank, len(onset) * len(vowel))
        syllables.append(onset[last // len(vowel)] + vowel[last % len(vowel)])
        if rank == 0:
            return "".join(reversed(syllables))
        rank -= 1


def sentence(share: np.ndarray, length: int, rng: np.random.Generator) -> str:
    """A document of `length` independent words."""
    return " ".join(word(rank) for rank in rng.choice(len(share), length, p=share).tolist())


def healthy(n: int, strength: float, rng: np.random.Generator) -> Dialled:
    """The control: whatever the strength, nothing is wrong."""
    share = zipf()
    return Dialled(
        texts=[sentence(share, LENGTH, rng) for _ in range(n)],
        dial="healthy",
        strength=strength,
        word_entropy=entropy_bits(share),
        document_entropy=LENGTH * entropy_bits(share),
    )


def favourites(
    n: int, strength: float, rng: np.random.Generator, k: int = FAVOURITES, size: int = SOURCE_SIZE
) -> Dialled:
    """k favourites out of `size` documents: one of them with probability `strength`."""
    family = int(rng.integers(1 << 31))
    number = np.where(rng.random(n) < strength, rng.integers(0, k, n), rng.integers(0, size, n))
    share = zipf()
    texts = [sentence(share, LENGTH, np.random.default_rng([family, i])) for i in number.tolist()]
    rest, first = (1 - strength) / size, (1 - strength) / size + strength / k
    return Dialled(
        texts=texts,
        dial="favourites",
        strength=strength,
        document_entropy=entropy_bits(np.array([first] * k + [rest] * (size - k))),
    )


def templates(n: int, strength: float, rng: np.random.Generator) -> Dialled:
    """Five sentences with three slots each, filled afresh, with probability `strength`."""
    share = zipf()
    frames = [sentence(share, LENGTH, rng).split() for _ in range(FAVOURITES)]
    texts = []
    for _ in range(n):
        if rng.random() >= strength:
            texts.append(sentence(share, LENGTH, rng))
            continue
        words = list(frames[rng.integers(FAVOURITES)])
        for slot in (4, 10, 16):
            words[slot] = word(int(rng.choice(len(share), p=share)))
        texts.append(" ".join(words))
    return Dialled(texts=texts, dial="templates", strength=strength)


def paraphrases(n: int, strength: float, rng: np.random.Generator) -> Dialled:
    """Retellings of one of five with probability `strength`: each word changed one time in six."""
    share = zipf()
    originals = [sentence(share, LENGTH, rng).split() for _ in range(FAVOURITES)]
    texts = []
    for _ in range(n):
        fresh = sentence(share, LENGTH, rng).split()
        if rng.random() < strength:
            kept = rng.random(LENGTH) >= 1 / 6
            told = originals[rng.integers(FAVOURITES)]
            fresh = [old if keep else new for old, new, keep in zip(told, fresh, kept)]
        texts.append(" ".join(fresh))
    return Dialled(texts=texts, dial="paraphrases", strength=strength)


def truncation(n: int, strength: float, rng: np.random.Generator) -> Dialled:
    """Only the commonest words, whose probability adds up to 1 - strength / 2 (top-p sampling)."""
    share = zipf()
    kept = np.cumsum(share) - share < 1 - strength / 2
    share = np.where(kept, share, 0.0) / share[kept].sum()
    return _words(n, share, "truncation", strength, rng)


def temperature(n: int, strength: float, rng: np.random.Generator) -> Dialled:
    """Words sampled at temperature 1 - strength / 2: p^(1/T), rescaled."""
    share = zipf() ** (1 / (1 - strength / 2))
    return _words(n, share / share.sum(), "temperature", strength, rng)


def _words(
    n: int, share: np.ndarray, dial: str, strength: float, rng: np.random.Generator
) -> Dialled:
    return Dialled(
        texts=[sentence(share, LENGTH, rng) for _ in range(n)],
        dial=dial,
        strength=strength,
        word_entropy=entropy_bits(share),
        document_entropy=LENGTH * entropy_bits(share),
    )


def duplicated_shards(n: int, strength: float, rng: np.random.Generator) -> Dialled:
    """A file pasted in twice: a share strength / 2 of the documents are copies of others."""
    copies = round(n * strength / 2)
    made = healthy(n - copies, strength, rng)
    return Dialled(
        texts=[*made.texts, *made.texts[:copies]], dial="duplicated_shards", strength=strength
    )


def length_drift(n: int, strength: float, rng: np.random.Generator) -> Dialled:
    """The second control: documents up to twice as long, of the same words."""
    share = zipf()
    length = round(LENGTH * (1 + strength))
    return Dialled(
        texts=[sentence(share, length, rng) for _ in range(n)],
        dial="length_drift",
        strength=strength,
        word_entropy=entropy_bits(share),
        document_entropy=length * entropy_bits(share),
    )


def bursty_drift(n: int, strength: float, rng: np.random.Generator) -> Dialled:
    """The third control: documents up to twice as long, which repeat their own words.

    Each is an urn: a word is fresh or, increasingly likely, one of the document's own. So every
    word keeps its Zipf probability, and the entropy of the source is that of independent words, but
    long documents have fewer different words per word.
    """
    share = zipf()
    length = round(LENGTH * (1 + strength))
    place = np.arange(length)
    texts = []
    for _ in range(n):
        ranks = rng.choice(len(share), length, p=share)
        earlier = (rng.random(length) * place).astype(int)
        for t in np.flatnonzero(rng.random(length) * (FRESH + place) >= FRESH):
            ranks[t] = ranks[earlier[t]]
        texts.append(" ".join(map(word, ranks.tolist())))
    return Dialled(
        texts=texts, dial="bursty_drift", strength=strength, word_entropy=entropy_bits(share)
    )


DIALS: dict[str, Callable[[int, float, np.random.Generator], Dialled]] = {
    "favourites": favourites,
    "templates": templates,
    "paraphrases": paraphrases,
    "truncation": truncation,
    "temperature": temperature,
    "duplicated_shards": duplicated_shards,
    "length_drift": length_drift,
    "healthy": healthy,
    "bursty_drift": bursty_drift,
}
CONTROLS = ("length_drift", "healthy", "bursty_drift")


def beside(dial: str, n: int, seed: int) -> list[str]:
    """A healthy collection that differs from a dial's only in what the dial turns."""
    return make(dial if dial == "bursty_drift" else "healthy", n, 0.0, seed).texts


def make(dial: str, n: int, strength: float, seed: int) -> Dialled:
    """The collection of a dial; the same for the same arguments.

    ValueError for an unknown dial, fewer than one document, or a strength outside [0, 1].
    """
    if dial not in DIALS:
        raise ValueError(f"no dial {dial!r}; choose one of {', '.join(DIALS)}")
    if n < 1:
        raise ValueError(f"a collection has at least one document, got n={n}")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength lies between 0 and 1, got {strength}")
    return DIALS[dial](n, strength, np.random.default_rng([seed, list(DIALS).index(dial)]))
