"""Tables: CSV and Parquet.

Idea:   Python's csv module reads records from numbered lines, so that a byte that is not UTF-8, an
        unclosed quote or a missing cell costs one record and has a line number.
Source: RFC 4180; Apache Parquet through pyarrow (optional).
Omits:  guessing a CSV dialect beyond its separator.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from synthdata.io import streams
from synthdata.io.rows import BadRow, Problem, ReadConfig, Row, decode, dig, text_of, too_long
from synthdata.io.streams import FileRecord, Line


class _CsvLines:
    """Decoded lines for the csv module, with the raw lines of the current record."""

    def __init__(self, lines: Iterable[Line], config: ReadConfig) -> None:
        self.lines, self.config = iter(lines), config
        self.start, self.raw = 0, list[bytes]()
        self.problem: Problem | None = None

    def __iter__(self) -> _CsvLines:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.start = self.start or line.number
        if line.data is None:
            self.problem = too_long(line.number, line.size, self.config)
            return "\n"
        self.raw.append(line.data)
        try:
            return decode(line.data) + "\n"
        except BadRow as bad:
            self.problem = bad.at(line.number)
            return line.data.decode(errors="replace") + "\n"

    def take(self) -> tuple[int, bytes, Problem | None]:
        """First line, bytes and problem of the record that was just completed."""
        taken = self.start, b"\n".join(self.raw), self.problem
        self.start, self.raw, self.problem = 0, [], None
        return taken


def csv_rows(
    path: str, lines: Iterable[Line], config: ReadConfig, record: FileRecord
) -> Iterator[Row | Problem]:
    """Records under the names in the first line, which also shows the separator."""
    feed = _CsvLines(lines, config)
    limit = csv.field_size_limit(min(config.max_row, (1 << 31) - 1))
    try:
        first = next(feed, "")
        if not first.strip():
            return
        comma = max(",\t;", key=first.count)
        _, raw, problem = feed.take()
        if problem is not None:
            raise ValueError(f"{path}, line 1: {problem.message}")
        header = next(csv.reader([first], delimiter=comma))
        record.header = raw.decode()
        if len(set(header)) < len(header):
            raise ValueError(f"{path} names a column twice: {', '.join(header)}")
        reader = csv.reader(feed, delimiter=comma, strict=True)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                start, _, problem = feed.take()
                kind = "over max-row" if "field larger" in str(error) else "not CSV"
                yield problem or Problem(start, kind, f"{kind}: {error}")
                continue
            if cells is None:
                return
            start, raw, problem = feed.take()
            if problem is not None:
                yield problem
            elif len(cells) not in (0, len(header)):
                detail = f"{len(cells)} cells under {len(header)} names"
                yield Problem(start, "ragged row", f"ragged row: {detail}")
            elif cells:
                try:
                    fields = dict(zip(header, cells))
                    yield Row(text_of(fields, config), fields, path, start, raw)
                except BadRow as bad:
                    yield bad.at(start)
    finally:
        csv.field_size_limit(limit)


def parquet_rows(path: str, config: ReadConfig, record: FileRecord) -> Iterator[Row | Problem]:
    """Rows of a Parquet file. It is read twice, as its index is at its end: once for the hash.

    A row over `max_row` is only known after its batch is read, so memory is bounded by the file's
    row groups, not by `max_row`.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise ValueError(f"{path} is Parquet, which needs: {streams.INSTALL_SCALE}") from None
    if path == streams.STDIN:
        raise ValueError("Parquet cannot be read from standard input; name the file")
    for _ in streams.stored_blocks(path, record):
        pass
    if not record.bytes:
        return
    with streams.open_binary(path) as file:
        try:
            table = pq.ParquetFile(file)
        except (ValueError, OSError) as error:
            raise ValueError(f"{path} is not readable as Parquet: {error}") from None
        names = table.schema_arrow.names
        if not any(_holds(name, config.text) for name in names):
            try:
                dig(dict.fromkeys(names), config.text)
            except BadRow as bad:
                raise ValueError(f"{path} has no usable row: {bad}") from None
        wanted = None
        if config.columns is not None:
            paths = (config.text, *config.columns)
            wanted = [n for n in names if any(_holds(n, p) for p in paths)]
        number = 0
        for batch in _batches(path, table, wanted, record):
            for cell in _cells(batch):
                number += 1
                if isinstance(cell, Problem):
                    yield cell._replace(line=number)
                    continue
                try:
                    text = text_of(cell, config)
                    if len(text) > config.max_row:
                        yield too_long(number, len(text), config)
                        continue
                    raw = json.dumps(cell, ensure_ascii=False, default=str).encode(
                        errors="surrogatepass"
                    )
                    yield Row(text, cell, path, number, raw)
                except BadRow as bad:
                    yield bad.at(number)


def _batches(path: str, table: Any, columns: list[str] | None, record: FileRecord) -> Iterator[Any]:
    try:
        yield from table.iter_batches(batch_size=1024, columns=columns)
    except (ValueError, OSError, NotImplementedError) as error:  # Arrow's own are of these kinds
        raise ValueError(
            f"{path} is damaged Parquet ({error}); {record.rows:,} rows were read before the damage"
        ) from None


def _holds(column: str, path: str) -> bool:
    """Whether a field's dotted path leads into the column."""
    return path == column or path.startswith(f"{column}.")


def _cells(batch: Any) -> Iterator[dict[str, Any] | Problem]:
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        for i in range(batch.num_rows):
            try:
                yield batch.slice(i, 1).to_pylist()[0]
            except UnicodeDecodeError as error:
                yield Problem(0, "not UTF-8", f"not UTF-8: byte {error.start + 1} of a cell")
