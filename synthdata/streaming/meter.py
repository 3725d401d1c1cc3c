"""Measure any number of texts in one pass and bounded memory.

Idea:   texts are read in chunks; for each kind of thing (documents, words, pairs of words,
        characters, character 5-grams) a `Channel` remains: totals, a distinct sample with exact
        counts, heavy hitters, cardinality. Meters of parts merge into the meter of the whole, so
        the parts may be read on other days or other machines.
Source: as in `synthdata.streaming.sketch`.
Run:    python -m synthdata measure big.jsonl --stream
Omits:  near-duplicates, self-BLEU and repeats, which need the texts again.

A document longer than a chunk is counted in pieces, cut at white space if there is any; n-grams
across such a cut are counted too.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from labkit import files
from labkit.typed import typed, whole_number
from synthdata.io.reader import Tally
from synthdata.io.streams import METER_VERSION
from synthdata.streaming import stored
from synthdata.streaming.sketch import Channel, datasketches
from synthdata.text import hashing
from synthdata.text.chunks import CHUNK_CHARACTERS, chunks, pieces
from synthdata.text.tokens import DEFAULT_POLICY, DEFAULT_TOKENISER, TOKENISERS, Policy, encode
from synthdata.text.words import count_scripts, words

LEAST_RAM = 64 << 20
AUTO = "auto"
_MAGIC = b"synthdata meter %d\n" % METER_VERSION
_LABEL = 200


@dataclass(frozen=True, kw_only=True)
class MeterConfig:
    """Settings of a meter. Only meters with equal settings merge."""

    ram: int = 256 << 20
    """Memory in bytes, beyond that of Python and its libraries."""
    seed: int = 0
    """Seed of the hashes: another seed gives another sample."""
    words: str = AUTO
    """Tokeniser behind the channels words and word pairs; auto: `word`, or that of a meter merged
    earlier."""
    order: int = 5
    """Length of the character n-grams."""
    policy: Policy = DEFAULT_POLICY
    """Normalisation before counting."""

    def __post_init__(self) -> None:
        if self.ram < LEAST_RAM:
            raise ValueError(f"--ram is {self.ram:,} bytes; the least that works is 64M")
        if self.words not in (AUTO, *TOKENISERS):
            known = [AUTO, *sorted(TOKENISERS)]
            raise ValueError(f"no tokeniser {self.words!r}; choose one of {known}")
        if not 2 <= self.order <= 16:
            raise ValueError(f"character n-grams are of 2 to 16 characters, got {self.order}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"the seed is a number from 0 to 2^32 - 1, got {self.seed}")

    @property
    def k(self) -> int:
        """Distinct things sampled in each channel: 65,536 for 256 MB, a power of two."""
        return 1 << min(20, (self.ram // 4096).bit_length() - 1)

    @property
    def chunk(self) -> int:
        """Characters in a chunk: a million, fewer below 256 MB."""
        return min(CHUNK_CHARACTERS, 1 << ((self.ram // 256).bit_length() - 1))

    @property
    def largest_row(self) -> int:
        """A row needs up to sixteen times its bytes while it is parsed."""
        return self.ram // 16

    def decided(self) -> MeterConfig:
        """The settings with their tokeniser chosen, if it was auto."""
        return self if self.words != AUTO else replace(self, words=DEFAULT_TOKENISER)

    @property
    def channels(self) -> dict[str, tuple[str, int]]:
        """Tokeniser and order of each n-gram channel, by name."""
        return {
            "words": (self.words, 1),
            "word pairs": (self.words, 2),
            "characters": ("character", 1),
            f"character {self.order}-grams": ("character", self.order),
        }


class _Tokens(NamedTuple):
    hashes: np.ndarray
    """[T] hash of each token."""
    ends: np.ndarray
    """End position of each document."""
    label: Callable[[int, int], str]
    """Text of a number of tokens from a position on."""


class Meter:
    """All counts so far."""

    def __init__(self, config: MeterConfig | None = None) -> None:
        self.config = config or MeterConfig()
        self.documents = 0
        self.empty = 0
        self.characters = 0
        self.tally = Tally()
        self.scripts: Counter[str] = Counter()
        """Words that are single characters, by script without spaces (`synthdata.text.words`)."""
        self.older_words = False
        """Whether an older version counted here, in which a run of such characters was a word."""
        heavy = self.config.k.bit_length() - 1
        self.channels = {
            name: Channel(self.config.k, heavy) for name in ("documents", *self.config.channels)
        }
        self._hashes = hashing.TextHashes(self.config.seed)

    # -- counting ---------------------------------------------------------------------------------

    def update(self, texts: Iterable[str]) -> Meter:
        """Count these texts, chunk by chunk."""
        for chunk in chunks(texts, self.config.chunk):
            self.config = self.config.decided()
            self._count(chunk)
            chunk.clear()  # frees long texts before the next ones are read
        return self

    def _count(self, texts: Sequence[str]) -> None:
        seed, policy = self.config.seed, self.config.policy
        whole: list[str] = []
        names: list[int] = []
        labels: dict[int, str] = {}
        for text in texts:
            if len(text) > self.config.chunk:
                number, size, start = self._count_long(text)
            else:
                text = policy(text)
                whole.append(text)
                number, size, start = hashing.text_hash(text, seed), len(text), text[:_LABEL]
            names.append(number)
            labels[number] = start
            self.empty += not size
            self.characters += size
        self.documents += len(names)
        channel = self.channels["documents"]
        wanted = channel.add(*hashing.count_grams(np.array(names, np.uint64)))
        channel.keep_labels({number: labels[number] for number in wanted})
        if any(whole):
            for unit in self._units():
                self._count_tokens(self._tokenised(whole, unit), unit, np.empty(0, np.uint64))

    def _count_long(self, text: str) -> tuple[int, int, str]:
        """A document longer than a chunk, in pieces; returns its hash, size and beginning."""
        digest = hashing.new_hash(self.config.seed)
        before = {unit: np.empty(0, np.uint64) for unit in self._units()}
        size, start = 0, ""
        for piece in pieces(text, self.config.chunk):
            joined = self.config.policy(piece)
            if size and joined and piece[0].isspace() and not joined[0].isspace():
                joined = " " + joined  # the white space at the cut, which the policy stripped
            digest.update(joined.encode("utf-8", "surrogatepass"))
            size, start = size + len(joined), start or joined[:_LABEL]
            if joined:
                for unit in before:
                    tokens = self._tokenised([joined], unit)
                    before[unit] = self._count_tokens(tokens, unit, before[unit])
        return int.from_bytes(digest.digest(), "little"), size, start

    def _count_tokens(self, tokens: _Tokens, unit: str, before: np.ndarray) -> np.ndarray:
        """Count the n-grams of `tokens`, with those that began in the hashes `before` them.

        Returns the hashes before the next piece of the same document.
        """
        hashed = np.concatenate((before, tokens.hashes)) if len(before) else tokens.hashes
        ends = tokens.ends + len(before)
        orders = self._units()[unit]
        for name, order in orders:
            grams = hashing.gram_hashes(hashed, order, self.config.seed)
            inside = np.ones(len(grams), dtype=bool)
            inside[: max(len(before) - order + 1, 0)] = False  # counted with the piece before
            for back in range(1, order):
                across = ends - back
                inside[across[(across >= 0) & (across < len(grams))]] = False
            grams = grams if inside.all() else grams[inside]
            head = grams[: hashing.LOOKED_AT].copy()
            channel = self.channels[name]
            wanted = hashing.where_first(head, channel.add(*hashing.count_grams(grams)))
            places = np.flatnonzero(inside[: 4 * hashing.LOOKED_AT])
            labels = {}
            for number, at in wanted.items():
                first = int(places[at]) - len(before) if at < len(places) else -1
                if first >= 0:
                    labels[number] = tokens.label(first, order)[:_LABEL]
            channel.keep_labels(labels)
        return hashed[len(hashed) - min(len(hashed), max(o for _, o in orders) - 1) :]

    def _tokenised(self, texts: Sequence[str], unit: str) -> _Tokens:
        """The tokens of these texts as hashes."""
        hashes = self._hashes
        if len(hashes) > self.config.k:
            hashes.clear()
        if unit == "word":  # numbering, as in `encode`, would cost more than hashing
            pieces = [words(text) for text in texts]
            flat = list(chain.from_iterable(pieces))
            self.scripts += count_scripts(texts, flat)
            return _Tokens(
                np.fromiter(map(hashes.__getitem__, flat), np.uint64, len(flat)),
                np.cumsum([len(piece) for piece in pieces]),
                lambda first, order: " ".join(flat[first : first + order]),
            )
        tokens = encode(texts, unit)
        names, ids = tokens.vocabulary, tokens.ids
        numbers = np.array([hashes[name] for name in names], np.uint64)
        return _Tokens(
            numbers[ids],
            tokens.starts[1:],
            lambda first, order: "".join(names[i] for i in ids[first : first + order].tolist()),
        )

    def _units(self) -> dict[str, list[tuple[str, int]]]:
        """The channels by tokeniser: name and order."""
        units: dict[str, list[tuple[str, int]]] = {}
        for name, (unit, order) in self.config.channels.items():
            units.setdefault(unit, []).append((name, order))
        return units

    # -- merging and keeping ----------------------------------------------------------------------

    @property
    def mixture(self) -> dict[str, float]:
        """Share of the words that are single characters, by script without spaces."""
        total = self.channels["words"].total
        return {name: times / total for name, times in self.scripts.items()}

    def merge(self, other: Meter) -> Meter:
        """Add everything `other` has counted; ValueError if the settings differ."""
        if self.config.words == AUTO:  # nothing counted yet, so nothing decided
            self.config = replace(self.config, words=other.config.words)
        theirs_decided = self.config.words if other.config.words == AUTO else other.config.words
        if replace(other.config, words=theirs_decided) != self.config:
            mine, theirs = asdict(self.config), asdict(other.config)
            odd = [
                f"{'tokeniser' if key == 'words' else key} {mine[key]} and {theirs[key]}"
                for key in mine
                if mine[key] != theirs[key]
            ]
            raise ValueError(f"these meters count different things: {'; '.join(odd)}")
        self.documents += other.documents
        self.empty += other.empty
        self.characters += other.characters
        self.tally.add(other.tally)
        self.scripts += other.scripts
        self.older_words |= other.older_words
        for name, channel in self.channels.items():
            channel.merge(other.channels[name])
        return self

    def to_bytes(self) -> bytes:
        """The meter as bytes: the format's name, a checksum, then JSON and arrays; no pickle."""
        header: dict[str, Any] = {
            "config": asdict(self.config),
            "documents": self.documents,
            "empty": self.empty,
            "characters": self.characters,
            "tally": self.tally.to_json(),
            "scripts": dict(self.scripts),
            "older_words": self.older_words,
            "channels": {},
        }
        arrays = {}
        for i, (name, channel) in enumerate(self.channels.items()):
            header["channels"][name], parts = channel.state()
            arrays.update({f"{i}_{part}": array for part, array in parts.items()})
        text = json.dumps(header, sort_keys=True).encode()
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, header=np.frombuffer(text, np.uint8), **arrays)
        body = buffer.getvalue()
        return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the meter") -> Meter:
        """The meter that `to_bytes` wrote; ValueError if it is not one, or is damaged."""
        if not data.startswith(_MAGIC):
            raise ValueError(f"{name} is not a meter file of this version")
        checksum, _, body = data[len(_MAGIC) :].partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != checksum:
            raise ValueError(f"{name} is damaged: its checksum does not match")
        datasketches()  # if it is missing, report that
        try:
            return cls._restored(stored.arrays(body))
        except stored.DAMAGES as error:
            what = " ".join(str(error).split())[:300]
            raise ValueError(f"{name} does not describe a meter of this version: {what}") from None

    @classmethod
    def _restored(cls, found: dict[str, np.ndarray]) -> Meter:
        header = files.parse_json(found["header"].tobytes())
        config = header["config"]
        policy = Policy(**typed(Policy, config["policy"]))
        meter = cls(MeterConfig(**typed(MeterConfig, {**config, "policy": policy})))
        numbers = (header["documents"], header["empty"], header["characters"])
        meter.documents, meter.empty, meter.characters = map(whole_number, numbers)
        meter.tally = Tally.from_json(header["tally"])
        scripts = header.get("scripts", {})
        meter.scripts = Counter({str(name): whole_number(n) for name, n in scripts.items()})
        older = "scripts" not in header and meter.config.words == "word"
        meter.older_words = bool(header.get("older_words", older))
        for i, channel in enumerate(meter.channels.values()):
            prefix = f"{i}_"
            name = ("documents", *meter.config.channels)[i]
            parts = {
                key.removeprefix(prefix): array
                for key, array in found.items()
                if key.startswith(prefix)
            }
            channel.restore(header["channels"][name], parts)
        return meter

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the meter to `path`, whole or not at all; `load` reads it to continue or merge."""
        files.write_bytes(path, self.to_bytes())

    @staticmethod
    def is_saved(path: str) -> bool:
        """Whether a file is a saved meter, by its first bytes."""
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Meter:
        """The meter saved at `path`."""
        with open(path, "rb") as file:
            return cls.from_bytes(file.read(), str(path))
