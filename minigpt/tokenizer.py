"""Characters to small integers and back.

Idea:   the vocabulary is the sorted set of characters of a text; a character's id is its place.
Run:    used by every command; nothing to run.
Omits:  merging frequent pairs (byte-pair encoding). One character, one token keeps "per character"
        honest when models are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from labkit.files import sha256

MAX_VOCABULARY = 65_536


@dataclass(frozen=True)
class CharTokenizer:
    """A fixed alphabet; ids are positions in `characters`.

    >>> CharTokenizer.from_text("hello").encode("hole").tolist()
    [1, 3, 2, 0]
    """

    characters: str
    """Every character once, in id order."""
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ids = {c: i for i, c in enumerate(self.characters)}
        if not ids:
            raise ValueError("a vocabulary needs at least one character, got none")
        if len(ids) != len(self.characters):
            raise ValueError("a vocabulary holds every character once; this one repeats some")
        if len(ids) > MAX_VOCABULARY:
            raise ValueError(f"{len(ids):,} different characters; at most {MAX_VOCABULARY:,} fit")
        object.__setattr__(self, "_ids", ids)

    @classmethod
    def from_text(cls, text: str) -> CharTokenizer:
        """The alphabet of `text`, sorted by code point."""
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: str) -> bool:
        return character in self._ids

    @property
    def vocab_hash(self) -> str:
        """SHA-256 of the alphabet; equal if and only if ids mean the same characters."""
        return sha256(self.characters)

    @property
    def dtype(self) -> type[np.unsignedinteger]:
        """The smallest unsigned integer type that holds every id."""
        return np.uint8 if len(self) <= 256 else np.uint16

    def encode(self, text: str) -> np.ndarray:
        """Ids [T] of `text`; ValueError names the first unknown character and its position."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        alphabet = np.array([ord(c) for c in self.characters], dtype=np.uint32)
        order = np.argsort(alphabet)
        place = np.searchsorted(alphabet, points, sorter=order).clip(max=len(alphabet) - 1)
        ids = order[place]
        wrong = np.flatnonzero(alphabet[ids] != points)
        if wrong.size:
            raise ValueError(self._unknown(text, int(wrong[0])))
        return ids.astype(self.dtype)

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        """The text of ids [T]; ValueError if an id is outside the vocabulary."""
        array = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), dtype=np.int64)
        if array.size and not (array.min() >= 0 and array.max() < len(self)):
            raise ValueError(f"ids run from 0 to {len(self) - 1}, got {array.min()}..{array.max()}")
        return "".join(map(self.characters.__getitem__, array.tolist()))

    def extended(self, text: str) -> CharTokenizer:
        """The same alphabet, followed by the new characters of `text` in sorted order."""
        return CharTokenizer(self.characters + "".join(sorted(set(text) - set(self.characters))))

    def difference(self, other: CharTokenizer, us: str, them: str) -> str:
        """The first id that means another character to `other`, in words; empty if none does.

        `us` and `them` are what to call the two owners.

        >>> CharTokenizer("abc").difference(CharTokenizer("abd"), "the GPT", "the n-gram")
        "id 2 is 'c' to the GPT and 'd' to the n-gram"
        """
        for place, (ours, theirs) in enumerate(zip(self.characters, other.characters)):
            if ours != theirs:
                return f"id {place} is {ours!r} to {us} and {theirs!r} to {them}"
        if len(self) == len(other):
            return ""
        longer, who = (self, us) if len(self) > len(other) else (other, them)
        place = min(len(self), len(other))
        return f"only {who} has id {place}, {longer.characters[place]!r}"

    def _unknown(self, text: str, position: int) -> str:
        character = text[position]
        return (
            f"unknown character {character!r} (U+{ord(character):04X}) at position {position}; "
            f"this model knows {len(self)} characters: {self.characters[:80]!r}"
            f"{'...' if len(self) > 80 else ''}"
        )
