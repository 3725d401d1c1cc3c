"""Input of every command: texts, the fields asked for, and their provenance.

Idea:   a number that cannot be traced to its files is worth little, so provenance is collected
        while reading and travels with the report.
"""

from __future__ import annotations

import platform
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit import progress
from labkit.versions import PROJECT, version
from synthdata.io import streams
from synthdata.io.reader import Tally, read_file
from synthdata.io.rows import BadRow, ReadConfig, Row, dig

NO_VALUE = "(no value)"
GROUPERS = ("prompt", "prompt_id", "author", "persona", "conversation_id", "session")
"""Fields that often group dependent documents, checked if no group was named."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Rows in memory."""

    rows: tuple[Row, ...]
    """Usable rows, in the order of the files."""
    tally: Tally
    """Counts of what was read and what was not."""
    stripped: str = ""
    """Sentence about what was removed from the texts."""
    taken: float = 0.0
    """Share of all text that was removed."""
    positions: np.ndarray
    """[n] number of each row among all usable rows (differs if only a sample was kept)."""

    @property
    def texts(self) -> list[str]:
        """The documents."""
        return [row.text for row in self.rows]

    def values(self, field: str) -> list[str]:
        """The field's value of each row as text; ValueError if no row has it.

        A value that is missing, null, or blank as in an empty table cell, is `NO_VALUE`.
        """
        found: list[str] = []
        complaint = ""
        for row in self.rows:
            try:
                value = dig(row.fields, field)
                if isinstance(value, BadRow):
                    raise value
            except BadRow as bad:
                complaint = complaint or f"{row.source}, line {row.line}: {bad}"
                value = None
            said = "" if value is None else value if isinstance(value, str) else str(value)
            found.append(said if said.strip() else NO_VALUE)
        if found and all(value == NO_VALUE for value in found):
            raise ValueError(complaint or f"the field {field!r} is empty in every row")
        return found

    def groups(self, field: str) -> list[str | int]:
        """The field's value of each row; a row without one is a group of its own (a number)."""
        return [row if v == NO_VALUE else v for row, v in enumerate(self.values(field))]

    def alone(self, field: str) -> str:
        """Note on rows that are groups of their own, without a value; "" if there are none."""
        many = sum(value == NO_VALUE for value in self.values(field))
        if not many:
            return ""
        return (
            f"{many:,} of {len(self.rows):,} documents have no {field!r} (missing, null or "
            "blank): each of them was taken as a group of its own"
        )

    def hints(self) -> tuple[str, ...]:
        """A warning for each field that is often a group, if its values recur."""
        found = []
        for field in GROUPERS:
            values = [row.fields[field] for row in self.rows if field in row.fields]
            known = [str(v) for v in values if not isinstance(v, BadRow | None)]
            kinds = len(set(known))
            if known and 1 < kinds < len(known):
                found.append(
                    f"{len(known):,} documents have {kinds:,} values of {field!r}: documents of "
                    f"one {field} depend on each other, and without --group {field} intervals are "
                    "too narrow and p-values too small"
                )
        return tuple(found)


def load(
    paths: Sequence[str],
    config: ReadConfig,
    *,
    sample: int | None = None,
    seed: int = 0,
    fields: Sequence[str] | None = (),
    hints: Sequence[str] = (),
) -> Loaded:
    """All usable rows, or `sample` of them drawn without replacement, in their order.

    Each row keeps its text and `fields`; None keeps all of it (a parsed row takes several times the
    memory of its text). `hints` that exist are kept as a hash of the value. Errors as
    `synthdata.io.reader.read`; ValueError for a sample below 1.
    """
    if sample is not None and sample < 1:
        raise ValueError(f"a sample has at least 1 document, got {sample}")
    found = streams.expand(paths)
    tally = Tally()
    rng = np.random.default_rng(seed)
    kept: list[tuple[int, Row]] = []
    number = 0
    with progress.bytes_bar("reading", progress.total_bytes(found)) as bar:
        for path in found:
            seen = 0
            for row in read_file(path, config, tally):
                if fields is not None:
                    row = _slim(row, fields, hints)
                if sample is None or len(kept) < sample:
                    kept.append((number, row))
                elif (place := int(rng.integers(number + 1))) < sample:  # Vitter's algorithm R
                    kept[place] = (number, row)
                number += 1
                now = tally.files[-1].bytes
                if now > seen:
                    bar.update(now - seen)
                    seen = now
    kept.sort(key=lambda pair: pair[0])
    return Loaded(
        rows=tuple(row for _, row in kept),
        tally=tally,
        positions=np.array([position for position, _ in kept], dtype=np.int64),
    )


def _slim(row: Row, fields: Sequence[str], hints: Sequence[str]) -> Row:
    """The row with only its text and these fields, by their dotted paths."""
    own = row.fields if isinstance(row.fields, dict) else {}
    found: dict[str, Any] = {
        field: hash(said)
        for field in hints
        if own.get(field) is not None and (said := str(own[field])).strip()
    }
    for field in fields:
        try:
            found[field] = dig(row.fields, field)
        except BadRow as bad:
            found[field] = bad  # the reason, for the message about it
    return row._replace(fields=found, raw=b"")


def embeddings(path: str, loaded: Loaded) -> np.ndarray:
    """The user's vectors [n, d], one per usable row, from a .npy file.

    ValueError if it is not one, has a wrong number of rows, or holds values that are not finite.
    """
    try:
        # mapped: a header may claim any size; only the file itself shows how much is there
        with np.errstate(over="ignore"):
            vectors = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, EOFError, OverflowError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a .npy file of numbers: {error}") from None
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
        raise ValueError(f"{path} must hold one array of numbers, rows x dimensions")
    if len(vectors) != loaded.tally.rows:
        raise ValueError(
            f"{path} has {len(vectors):,} vectors for {loaded.tally.rows:,} usable rows; "
            "make one for each row that --strict accepts"
        )
    chosen = vectors[loaded.positions]
    if not np.isfinite(chosen).all():
        raise ValueError(f"{path} holds nan or infinite numbers")
    return chosen


def alerts(tally: Tally) -> tuple[str, ...]:
    """One line about unused rows, for the top of the report."""
    bad = sum(tally.bad.values())
    if not bad:
        return ()
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(tally.bad.items()))
    return (
        f"{bad:,} of {bad + tally.rows:,} rows were not used ({kinds}); examples stand in the "
        "notes, and --strict stops at the first",
    )


def notes(tally: Tally) -> tuple[str, ...]:
    """Notes for the reader about unused rows."""
    found = [f"{count:,} rows not used: {kind}" for kind, count in sorted(tally.bad.items())]
    found += [f"for example {example}" for example in tally.examples]
    if tally.empty:
        found.append(f"{tally.empty:,} documents are empty strings (they count as documents)")
    if tally.with_nul:
        found.append(f"{tally.with_nul:,} documents hold NUL characters (kept)")
    return tuple(found)


def provenance(tally: Tally, **more: Any) -> dict[str, str]:
    """Files, then the command's own entries, then versions."""
    found: dict[str, str] = {}
    for i, record in enumerate(tally.files):
        key = "file" if len(tally.files) == 1 else f"file {i + 1}"
        found[key] = (
            f"{record.path}: {record.bytes:,} bytes, {record.rows:,} rows, sha256 {record.sha256}"
        )
    found.update({key.replace("_", " "): str(value) for key, value in more.items()})
    found["version"] = (
        f"{PROJECT} {version()}, Python {platform.python_version()}, NumPy {np.__version__}"
    )
    return found
