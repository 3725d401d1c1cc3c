"""Sources of dependent texts whose truth is known: what a meter must not be fooled by.

Idea:   real documents repeat themselves, hang together and come in bursts. Each source here does
        one of these things and nothing else, and its truth has a closed form.
Source: urns: Hoppe, "Pólya-like urns and the Ewens' sampling formula", 1984; bursts of copies,
        favourites, frames: the traps an examination of this meter was made with.
Omits:  texts that read like a language; words are written w12x, names N345.

A source gets a generator and returns a `Sample`. Its truth is keyed by the measure's name:
entropies in bits a token, of the source; `near_duplicates` is the mean share in a collection of
this size. Sources with groups are right only where the meter is told of them.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np


class Sample(NamedTuple):
    """A collection, what belongs together in it, and what is true of its source."""

    texts: list[str]
    """Documents."""
    groups: list[int] | None
    """For each document the unit that is independent of all others; None: the document itself."""
    truth: dict[str, float]
    """True values by the name of their measure."""


def zipf(types: int, exponent: float = 1.0) -> np.ndarray:
    """Shares [types] proportional to rank^-exponent."""
    share = np.arange(1, types + 1) ** -float(exponent)
    return share / share.sum()


def bits(share: np.ndarray) -> float:
    """Entropy of a distribution, bits."""
    share = share[share > 0]
    return float(-(share @ np.log2(share)))


def urn(length: int, share: np.ndarray, a: float, rng: np.random.Generator) -> np.ndarray:
    """Words [length] of a Pólya urn: word t + 1 is fresh with probability a / (a + t), else one of
    those before it. So each word alone follows `share`, and two agree with probability
    (1 + a sum share^2) / (1 + a), whichever two."""
    t = np.arange(length)
    words = rng.choice(len(share), length, p=share)
    earlier = (rng.random(length) * t).astype(int)
    for i in np.flatnonzero(rng.random(length) * (a + t) >= a):
        words[i] = words[earlier[i]]
    return words


def _spoken(words: np.ndarray) -> str:
    return " ".join(f"w{i}x" for i in words)


def iid(
    rng: np.random.Generator, documents: int = 300, words: int = 40, types: int = 600
) -> Sample:
    """Independent Zipf words: the control."""
    share = zipf(types)
    texts = [_spoken(rng.choice(types, words, p=share)) for _ in range(documents)]
    return Sample(texts, None, {"words_entropy_source": bits(share)})


def bursty(
    rng: np.random.Generator, documents: int = 300, words: int = 40, a: float = 10, types: int = 600
) -> Sample:
    """An urn for each document: what it has said it says again, the more so the smaller `a`."""
    share = zipf(types)
    texts = [_spoken(urn(words, share, a, rng)) for _ in range(documents)]
    return Sample(texts, None, {"words_entropy_source": bits(share)})


def heroes(rng: np.random.Generator, documents: int = 300) -> Sample:
    """34 Zipf words, and two names of 100,000 that the document says three times each.

    Hardly a name is ever seen once, so counts of words say that everything was seen, while 15 % of
    what a fresh document says is new.
    """
    share, names = zipf(400), 100_000
    texts = [
        " ".join(
            [_spoken(rng.choice(400, 34, p=share))]
            + [f"N{name}" for name in rng.integers(names, size=2) for _ in range(3)]
        )
        for _ in range(documents)
    ]
    mixture = np.concatenate((0.85 * share, np.full(names, 0.15 / names)))
    return Sample(texts, None, {"words_entropy_source": bits(mixture)})


def uneven(
    rng: np.random.Generator, documents: int = 150, a: float = 30, types: int = 600
) -> Sample:
    """Urns of log-normal length: median 40, sigma 1.2, 3 to 3,000 words."""
    share = zipf(types)
    lengths = np.clip(np.exp(rng.normal(math.log(40), 1.2, documents)), 3, 3000).astype(int)
    texts = [_spoken(urn(length, share, a, rng)) for length in lengths]
    return Sample(texts, None, {"words_entropy_source": bits(share)})


def authors(
    rng: np.random.Generator,
    many: int = 30,
    each: int = 10,
    words: int = 40,
    a: float = 10,
    types: int = 600,
) -> Sample:
    """One urn goes on over all documents of an author; authors are independent."""
    share = zipf(types)
    texts = []
    for _ in range(many):
        said = urn(each * words, share, a, rng).reshape(each, words)
        texts += [_spoken(document) for document in said]
    groups = np.repeat(np.arange(many), each).tolist()
    return Sample(texts, groups, {"words_entropy_source": bits(share)})


def _retold(words: np.ndarray, share: np.ndarray, rng: np.random.Generator) -> str:
    """The document with one word changed: a near-duplicate of itself and of its other tellings."""
    told = words.copy()
    told[rng.integers(len(told))] = rng.choice(len(share), p=share)
    return _spoken(told)


def events(
    rng: np.random.Generator, documents: int = 300, words: int = 40, rate: float = 0.03
) -> Sample:
    """Single documents, and at this rate an event that is told 2 to 50 times.

    Events are independent, documents are not: a collection has few large ones, or one more. The
    truth is the share of copies in the long run; one collection may cut its last event short.
    """
    share = zipf(600)
    texts: list[str] = []
    groups: list[int] = []
    event = 0
    while len(texts) < documents:
        told = rng.choice(600, words, p=share)
        times = int(rng.integers(2, 51)) if rng.random() < rate else 1
        texts += [_retold(told, share, rng) if times > 1 else _spoken(told) for _ in range(times)]
        groups += [event] * times
        event += 1
    copies = 26 * rate
    return Sample(
        texts[:documents], groups[:documents], {"near_duplicates": copies / (copies + 1 - rate)}
    )


def prototypes(
    rng: np.random.Generator,
    documents: int = 300,
    words: int = 40,
    many: int = 300,
    told: float = 0.5,
    exponent: float = 1.0,
) -> Sample:
    """Independent documents, of which a share `told` retells one of the source's favourites.

    Favourite i is retold with probability told x p_i. It has a near-duplicate unless it is the only
    one of n documents to do so: told x sum_i p_i (1 - (1 - told p_i)^(n-1)).
    """
    share, favour = zipf(600), zipf(many, exponent)
    known = np.random.default_rng(many).choice(600, (many, words), p=share)  # of the source
    texts = [
        _retold(known[rng.choice(many, p=favour)], share, rng)
        if rng.random() < told
        else _spoken(rng.choice(600, words, p=share))
        for _ in range(documents)
    ]
    copies = told * float(favour @ (1 - (1 - told * favour) ** (documents - 1)))
    return Sample(texts, None, {"near_duplicates": copies})


def prompts(
    rng: np.random.Generator, many: int = 40, each: int = 5, words: int = 40, topics: int = 6
) -> Sample:
    """Answers to prompts: each word is, half the time, one of the topic words of its prompt."""
    share = zipf(600)
    texts = []
    for _ in range(many):
        topic = rng.choice(600, topics, p=share)
        own = topic[rng.integers(topics, size=(each, words))]
        free = rng.choice(600, (each, words), p=share)
        texts += [_spoken(row) for row in np.where(rng.random((each, words)) < 0.5, own, free)]
    groups = np.repeat(np.arange(many), each).tolist()
    return Sample(texts, groups, {"words_entropy_source": bits(share)})


def templates(
    rng: np.random.Generator,
    documents: int = 300,
    words: int = 40,
    frames: int = 8,
    slots: int = 4,
    types: int = 200,
) -> Sample:
    """Frames of fixed words, each with its own, in which the last `slots` words are Zipf."""
    share = zipf(types)
    texts = []
    for frame in rng.integers(frames, size=documents):
        fixed = [f"f{frame}q{i}" for i in range(words - slots)]
        texts.append(" ".join([*fixed, _spoken(rng.choice(types, slots, p=share))]))
    fixed_share = np.full(frames * (words - slots), 1 / (frames * words))
    return Sample(
        texts,
        None,
        {"words_entropy_source": bits(np.concatenate((fixed_share, slots / words * share)))},
    )


def han(rng: np.random.Generator, documents: int = 300, words: int = 30, a: float = 10) -> Sample:
    """Han text without spaces: an urn of Zipf words of one to three characters.

    The truth is of characters: a character's share is the mean number of it in a word, over the
    mean length of a word.
    """
    lexicon, share = _lexicon(), zipf(4000, 1.1)
    texts = [
        "".join("".join(map(chr, lexicon[i])) for i in urn(words, share, a, rng))
        for _ in range(documents)
    ]
    weight = np.repeat(share, [len(word) for word in lexicon])
    total = np.bincount(np.concatenate(lexicon), weight)
    return Sample(texts, None, {"characters_entropy_source": bits(total / total.sum())})


@cache
def _lexicon() -> list[np.ndarray]:
    """4,000 words of one to three of 1,500 Han characters, the same in every collection."""
    rng = np.random.default_rng(4000)
    first = 0x4E00
    return [first + rng.choice(1500, rng.integers(1, 4), p=zipf(1500, 0.8)) for _ in range(4000)]
