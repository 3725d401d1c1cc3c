"""Rows of text from JSONL, plain text, CSV and Parquet, one at a time.

Idea:   a row that cannot be used is counted by its kind and the first few are kept with their line
        numbers, because files of a million generated texts always have some; a file without any
        usable row is an error, because then the question was wrong. `strict` makes the first bad
        row an error. Rows over `max_row` bytes are skipped unread.
Source: JSON Lines (jsonlines.org), RFC 4180 (CSV), RFC 3629 (UTF-8), Apache Parquet.
Omits:  schemas and guessing the text field: it is named, `--text choices.0.message.content`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.typed import typed, whole_number
from synthdata.io import streams
from synthdata.io.rows import (
    BadRow,
    Format,
    Problem,
    ReadConfig,
    Row,
    blank_line_blocks,
    dig,
    json_row,
    text_row,
    too_long,
)
from synthdata.io.streams import FileRecord
from synthdata.io.tables import csv_rows, parquet_rows

__all__ = ["ReadConfig", "Row", "Tally", "dig", "read", "read_file"]

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "lines",
    ".text": "lines",
    ".md": "blocks",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@dataclass
class Tally:
    """Counts of what was read, and of what was not and why. Tallies add up, file by file."""

    rows: int = 0
    """Usable rows."""
    empty: int = 0
    """Usable rows whose text is the empty string."""
    blank: int = 0
    """Blank lines, which are not rows."""
    with_nul: int = 0
    """Usable rows with a NUL character in the text (kept as it is)."""
    bad: Counter[str] = field(default_factory=Counter)
    """Rows that could not be used, by kind."""
    examples: list[str] = field(default_factory=list)
    """The first few bad rows: "file, line 7: not JSON: ..."."""
    files: list[FileRecord] = field(default_factory=list)
    """Provenance of the files."""

    def add(self, other: Tally, show: int = 3) -> None:
        """Add the tally of files that come after this one's."""
        self.rows += other.rows
        self.empty += other.empty
        self.blank += other.blank
        self.with_nul += other.with_nul
        self.bad.update(other.bad)
        self.examples = (self.examples + other.examples)[:show]
        self.files = self.files + other.files

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` is the way back."""
        return {**vars(self), "bad": dict(self.bad), "files": [f.to_json() for f in self.files]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Tally:
        """A tally from what `to_json` gave; TypeError or ValueError if it is anything else."""
        files = [FileRecord(**typed(FileRecord, f)) for f in value["files"]]
        bad = Counter({str(kind): whole_number(count) for kind, count in value["bad"].items()})
        tally = cls(**typed(cls, {**value, "bad": bad, "files": files}))
        numbers = [tally.rows, tally.empty, tally.blank, tally.with_nul]
        for number in (*numbers, *(n for file in files for n in (file.bytes, file.rows))):
            whole_number(number)
        return tally


def read(
    paths: Sequence[str], config: ReadConfig | None = None, tally: Tally | None = None
) -> Iterator[Row]:
    """Every usable row of every file, in order; `tally` is filled on the way.

    ValueError on a file with no usable row, on a truncated gzip file (it says after how many rows),
    and with `strict` on the first bad row; OSError as `open` raises it.
    """
    config, tally = config or ReadConfig(), tally if tally is not None else Tally()
    for path in streams.expand(paths):
        yield from read_file(path, config, tally)


def read_file(path: str, config: ReadConfig, tally: Tally) -> Iterator[Row]:
    """The usable rows of one file; errors as `read`."""
    record = FileRecord(path)
    tally.files.append(record)
    before, blank, first = tally.bad.copy(), tally.blank, ""
    for item in _items(path, config, record, tally):
        problem = item if isinstance(item, Problem) else _problem_of(item)
        if problem is None:
            assert isinstance(item, Row)
            record.rows += 1
            tally.rows += 1
            tally.empty += not item.text
            tally.with_nul += "\0" in item.text
            yield item
            del item  # a long row must not stay while the next one is read
            continue
        if config.strict:
            raise ValueError(f"{path}, line {problem.line}: {problem.message} (strict)")
        tally.bad[problem.kind] += 1
        first = first or f" (line {problem.line}: {problem.message})"
        if len(tally.examples) < config.show:
            tally.examples.append(f"{path}, line {problem.line}: {problem.message}")
    if not record.rows:
        found = tally.bad - before
        why = "; ".join(f"{count} x {kind}" for kind, count in found.items())
        why = f"{why}{first}" if why else _nothing_in(record, tally.blank - blank)
        name = "standard input" if path == streams.STDIN else path
        raise ValueError(f"{name} has no usable row: {why}")


def _nothing_in(record: FileRecord, blank: int) -> str:
    """Why a file without a bad row has no good one."""
    if not record.bytes:
        return "it is empty"
    if record.kind == "csv":
        names = "there is nothing below the names in" if record.header else "no names stand on"
        return f"{names} its first line"
    if blank:
        return f"nothing stands on its {blank:,} line{'' if blank == 1 else 's'}"
    return "there is nothing in it but blanks" if record.kind == "blocks" else "it has 0 rows"


def _problem_of(row: Row) -> Problem | None:
    """Why a row whose text was found cannot be used after all."""
    if not row.text.isascii():
        try:
            row.text.encode()
        except UnicodeEncodeError as error:
            detail = f"half of a surrogate pair at character {error.start}"
            return Problem(row.line, "text is not Unicode", f"text is not Unicode: {detail}")
    return None


def _items(
    path: str, config: ReadConfig, record: FileRecord, tally: Tally
) -> Iterator[Row | Problem]:
    """Rows and problems of one file, whatever its format."""
    kind = config.format if config.format != "auto" else format_of_name(path)
    if kind == "parquet":
        record.kind = "jsonl"  # what its rows are written as
        yield from parquet_rows(path, config, record)
        return
    try:
        blocks = streams.text_blocks(path, record)
        if kind == "auto":
            first = next(blocks, b"")
            kind = "jsonl" if first.lstrip()[:1] in (b"{", b"[") else "lines"
            blocks = streams.chain(first, blocks)
        record.kind = kind
        lines = streams.lines(blocks, config.max_row)
        if kind == "csv":
            yield from csv_rows(path, lines, config, record)
        elif kind == "blocks":
            yield from blank_line_blocks(path, lines, config)
        else:
            make = json_row if kind == "jsonl" else text_row
            for line in lines:
                if line.data is None:
                    yield too_long(line.number, line.size, config)
                elif not line.data.strip():
                    tally.blank += 1
                else:
                    try:
                        yield make(line.data, path, line.number, config)
                    except BadRow as bad:
                        yield bad.at(line.number)
    except streams.Damaged as error:
        raise ValueError(f"{error}; {record.rows:,} rows were read before the damage") from None


def format_of_name(path: str) -> Format:
    """The format by a file's name; "auto" if the name does not tell."""
    stem, suffix = os.path.splitext(path.lower())
    if suffix == ".gz":
        suffix = os.path.splitext(stem)[1]
    return _SUFFIXES.get(suffix, "auto")
