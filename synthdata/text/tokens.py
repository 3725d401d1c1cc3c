"""From texts to token numbers, with every decision on the way recorded.

Idea:   "the same text" and "a word" are decisions: how Unicode is normalised, whether case and
        white space count, what a token is. Each is a setting with a default, and each travels in
        the `method` of every measure.
Source: Unicode Standard Annex 15 (NFC), Annex 29 (grapheme clusters, by the `regex` package).
Omits:  what a word is, which is `synthdata.text.words`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from synthdata.text.words import JOINS, characters, mixture, words

Tokenise = Callable[[str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Normalisation before counting."""

    unicode: Literal["NFC", "NFKC", "none"] = "NFC"
    """Unicode normal form: NFC makes e + combining accent equal to é; NFKC also ﬁ to fi."""
    case: Literal["keep", "fold"] = "keep"
    """Whether Joke and joke are two words."""
    whitespace: Literal["collapse", "keep"] = "collapse"
    """Collapse: every run of white space is one space, none at the ends."""

    def __post_init__(self) -> None:
        for name, allowed in (
            ("unicode", ("NFC", "NFKC", "none")),
            ("case", ("keep", "fold")),
            ("whitespace", ("collapse", "keep")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {allowed}, got {getattr(self, name)!r}")

    def __call__(self, text: str) -> str:
        """The normalised text.

        >>> Policy(case="fold")("Why  did\\tTHE chicken")
        'why did the chicken'
        """
        if self.case == "fold":
            text = text.casefold()
        if self.unicode != "none" and not text.isascii():  # after folding, which can undo NFC
            text = unicodedata.normalize(self.unicode, text)
        if self.whitespace == "collapse":
            text = " ".join(text.split())
        return text

    def __str__(self) -> str:
        form = "no Unicode normalisation" if self.unicode == "none" else self.unicode
        case = "case kept" if self.case == "keep" else "case folded"
        space = "white space collapsed" if self.whitespace == "collapse" else "white space kept"
        return f"{form}, {case}, {space}"


DEFAULT_POLICY = Policy()


def utf8_bytes(text: str) -> list[str]:
    """The UTF-8 bytes, each as the character of that number (latin-1)."""
    return list(text.encode("utf-8", "surrogatepass").decode("latin-1"))


TOKENISERS: dict[str, Tokenise] = {"byte": utf8_bytes, "character": characters, "word": words}
DEFAULT_TOKENISER = "word"
"""Default for every collection: `synthdata.text.words` decides character by character."""


def named(tokeniser: str | Tokenise) -> tuple[str, Tokenise]:
    """A tokeniser and its name for the record; ValueError on an unknown name."""
    if callable(tokeniser):
        return getattr(tokeniser, "__name__", type(tokeniser).__name__), tokeniser
    if tokeniser not in TOKENISERS:
        raise ValueError(
            f"no tokeniser {tokeniser!r}; choose one of {sorted(TOKENISERS)} or pass a function "
            "from a text to a list of strings"
        )
    return tokeniser, TOKENISERS[tokeniser]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A collection as token numbers: document d is `ids[starts[d]:starts[d + 1]]`."""

    ids: np.ndarray
    """Token numbers (unsigned) of all documents, concatenated."""
    starts: np.ndarray
    """Start of each document, int64, followed by the end of the last one."""
    vocabulary: tuple[str, ...]
    """The token behind each number."""
    tokeniser: str
    """Name of the tokeniser."""

    @property
    def documents(self) -> int:
        """Number of documents."""
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> np.ndarray:
        """Tokens in each document."""
        return np.diff(self.starts)

    @property
    def mixture(self) -> dict[str, float]:
        """Share of words that are single characters, by script; only for the tokeniser `word`."""
        if self.tokeniser != "word":
            return {}
        return mixture(self.vocabulary, np.bincount(self.ids, minlength=len(self.vocabulary)))

    def select(self, documents: np.ndarray) -> Tokens:
        """The collection of these documents (numbers; one may occur twice)."""
        where, starts = places(self.starts, documents)
        return Tokens(
            ids=self.ids[where],
            starts=starts,
            vocabulary=self.vocabulary,
            tokeniser=self.tokeniser,
        )


def places(starts: np.ndarray, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the entries of these documents, document by document, and their starts.

    `starts` [all documents + 1] are the positions where each document's entries begin.

    >>> [part.tolist() for part in places(np.array([0, 2, 5]), np.array([1, 0]))]
    [[2, 3, 4, 0, 1], [0, 3, 5]]
    """
    documents = np.asarray(documents, dtype=np.int64)
    lengths = starts[documents + 1] - starts[documents]
    ends = np.concatenate(([0], np.cumsum(lengths)))
    return np.arange(ends[-1]) + np.repeat(starts[documents] - ends[:-1], lengths), ends


def encode(texts: Sequence[str], tokeniser: str | Tokenise = "word") -> Tokens:
    """Number the tokens of `texts`; normalise them first (`Policy`).

    The numbers follow the sorted vocabulary, so they do not depend on the order of documents.
    ValueError if `texts` is one string, or holds something that is not text.
    """
    check_texts(texts)
    name, tokenise = named(tokeniser)
    if tokenise is utf8_bytes:
        return _encode_bytes(texts)
    if tokenise is characters:
        return _encode_characters(texts)
    pieces = [tokenise(text) for text in texts]
    number: dict[str, int] = {}
    flat = np.fromiter(
        (number.setdefault(token, len(number)) for piece in pieces for token in piece),
        dtype=np.uint32,
    )
    vocabulary = sorted(number)
    rank = np.empty(len(number), dtype=np.uint32)
    rank[[number[token] for token in vocabulary]] = np.arange(len(number), dtype=np.uint32)
    return Tokens(
        ids=rank[flat],
        starts=_starts([len(piece) for piece in pieces]),
        vocabulary=tuple(vocabulary),
        tokeniser=name,
    )


def check_texts(texts: Sequence[str]) -> None:
    """ValueError unless `texts` is a sequence of strings."""
    if isinstance(texts, str):
        raise ValueError("texts is one string; pass a list with a string for each document")
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(
                f"document {number} is {type(text).__name__}, not text: {str(text)[:40]!r}"
            )


def _encode_bytes(texts: Sequence[str]) -> Tokens:
    pieces = [text.encode("utf-8", "surrogatepass") for text in texts]
    points = np.frombuffer(b"".join(pieces), dtype=np.uint8)
    return _from_points(points, _starts([len(piece) for piece in pieces]), [], "byte")


_BEYOND = 0x110000  # one above the last code point: numbers for graphemes of several code points


def _encode_characters(texts: Sequence[str]) -> Tokens:
    """Code points as their own numbers, and a number beyond them for each longer grapheme.

    A grapheme ends between two code points that do not join. So a text divides into runs; each kind
    of run longer than one is split once.
    """
    text = "".join(texts)
    points, starts = _code_points(text), _starts([len(part) for part in texts])
    present = _present(points)
    joins = [p for p in np.flatnonzero(present).tolist() if JOINS.match(chr(p))]
    if not joins:  # the alphabet alone decides
        return _from_points(points, starts, [], "character")
    present[:] = False
    present[joins] = True
    joined = present[points]
    present[[p for p in joins if _is_vowel_sign(chr(p))]] = False
    joining = present[points]  # what may hold on to the next one, too
    while (more := joined[1:] & joining[:-1] & ~joining[1:]).any():
        joining[1:] |= more
    begins = np.ones(len(points) + 1, dtype=bool)
    begins[1:-1] = ~(joined[1:] | joining[:-1])
    begins[starts] = True
    edges = np.flatnonzero(begins)
    first, length = edges[:-1], np.diff(edges)
    longer = np.flatnonzero(length > 1)
    kind, runs = _kinds(text, points, first[longer], length[longer])
    parts = [characters(run) for run in runs]
    clusters = sorted({part for found in parts for part in found if len(part) > 1})
    number = {cluster: _BEYOND + rank for rank, cluster in enumerate(clusters)}
    flat = [number[part] if len(part) > 1 else ord(part) for found in parts for part in found]
    size = np.array([len(found) for found in parts], dtype=np.int64)
    many = size[kind]
    length[longer] = many  # now in graphemes
    ends = np.cumsum(length)
    whole = np.repeat(points[first].astype(np.uint32), length)
    is_longer = np.zeros(len(first), dtype=bool)
    is_longer[longer] = True
    before = np.cumsum(size)[kind] - many - (np.cumsum(many) - many)
    whole[np.repeat(is_longer, length)] = np.array(flat, dtype=np.uint32)[
        np.repeat(before, many) + np.arange(int(many.sum()))
    ]
    return _from_points(
        whole, np.append(0, ends)[np.searchsorted(edges, starts)], clusters, "character"
    )


def _kinds(
    text: str, points: np.ndarray, first: np.ndarray, length: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """The kind of each run, and the kinds; runs of two or three, the commonest, without a loop."""
    short = length <= 3
    packed = np.zeros(int(short.sum()), dtype=np.uint64)
    for place in range(3):  # 21 bits for a code point, and 0 for none
        has = length[short] > place
        found = points[first[short][has] + place].astype(np.uint64) + np.uint64(1)
        packed[has] |= found << np.uint64(21 * place)
    keys, inverse = np.unique(packed, return_inverse=True)
    runs = [
        "".join(chr((key >> shift) % (1 << 21) - 1) for shift in (0, 21, 42) if key >> shift)
        for key in keys.tolist()
    ]
    kind = np.empty(len(first), dtype=np.int64)
    kind[short] = inverse
    others: dict[str, int] = {}
    kind[~short] = [
        others.setdefault(text[i : i + n], len(runs) + len(others))
        for i, n in zip(first[~short].tolist(), length[~short].tolist())
    ]
    return kind, [*runs, *others]


def _is_vowel_sign(mark: str) -> bool:
    """Whether it joins only what precedes it (on its own; after a virama all marks join)."""
    return unicodedata.category(mark).startswith("M") and not unicodedata.combining(mark)


def _code_points(text: str) -> np.ndarray:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _from_points(
    points: np.ndarray, starts: np.ndarray, clusters: Sequence[str], name: str
) -> Tokens:
    """Renumber the points that occur 0, 1, ... by a table, without a loop over tokens."""
    present = _present(points)
    table = (np.cumsum(present) - 1).astype(np.uint8 if points.dtype == np.uint8 else np.uint32)
    seen = np.flatnonzero(present).tolist()
    return Tokens(
        ids=table[points] if len(points) else np.empty(0, np.uint8),
        starts=starts,
        vocabulary=tuple(chr(p) if p < _BEYOND else clusters[p - _BEYOND] for p in seen),
        tokeniser=name,
    )


def _present(points: np.ndarray) -> np.ndarray:
    """Whether each number up to the largest occurs."""
    present = np.zeros(int(points.max(initial=0)) + 1, dtype=bool)
    present[points] = True
    return present


def _starts(lengths: Sequence[int]) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(np.asarray(lengths, dtype=np.int64))))
