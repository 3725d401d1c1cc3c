"""Rows, and how a line or an object becomes one.

Idea:   each reason for an unusable row has a short name (its kind), so that a million bad rows are
        a few counts and not a million messages.
Omits:  reading files (reader.py) and tables (tables.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from synthdata.io.streams import Line

Format = Literal["auto", "jsonl", "lines", "blocks", "csv", "parquet"]
MAX_ROW = 16 << 20
_FIELDS_SHOWN = 8


class Row(NamedTuple):
    """One usable document."""

    text: str
    """The document."""
    fields: Any
    """The whole row: a JSON object, a CSV record, {} for plain text."""
    source: str
    """The file it came from."""
    line: int
    """Its (first) line, from 1; in Parquet the row's number."""
    raw: bytes
    """The bytes of the row in the file, without its line end; in Parquet as JSON."""


@dataclass(frozen=True, kw_only=True)
class ReadConfig:
    """How files become rows."""

    text: str = "text"
    """Field that holds the text; a dotted path with list positions is allowed."""
    format: Format = "auto"
    """Format of the files; auto: by name, or by the first character if the name does not tell.
    lines: a document a line; blocks: documents between blank lines."""
    strict: bool = False
    """Stop at the first bad row instead of counting it."""
    max_row: int = MAX_ROW
    """Longest row in bytes; longer ones are skipped unread and counted."""
    columns: tuple[str, ...] | None = None
    """Fields needed besides the text (Parquet reads only these); None is all of them."""
    show: int = 3
    """Number of bad rows kept as examples."""

    def __post_init__(self) -> None:
        if not self.text:
            raise ValueError("the text field has no name; say for example --text output")
        if self.max_row < 1:
            raise ValueError(f"max_row must be at least one byte, got {self.max_row}")


class Problem(NamedTuple):
    """Why one row, or one stretch of a file, could not be used."""

    line: int
    kind: str
    message: str


class BadRow(Exception):
    """Why one row cannot be used; counted by `kind`."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind

    def at(self, line: int) -> Problem:
        """The same, with its line number."""
        return Problem(line, self.kind, str(self))


def dig(row: Any, path: str) -> Any:
    """The value at a dotted path; BadRow, naming the existing fields, if it leads nowhere.

    >>> dig({"choices": [{"message": {"content": "hi"}}]}, "choices.0.message.content")
    'hi'
    """
    if isinstance(row, dict) and path in row:  # a key may have a dot in its name
        return row[path]
    value, walked = row, ""
    for part in path.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.lstrip("-").isdigit():
            if not -len(value) <= int(part) < len(value):
                raise BadRow(
                    f"no field {path!r}", f"{walked or 'the row'} has {len(value)} entries"
                )
            value = value[int(part)]
        else:
            raise BadRow(f"no field {path!r}", f"{walked or 'the row'} has {_fields(value)}")
        walked = f"{walked}.{part}" if walked else part
    return value


def _fields(value: Any) -> str:
    if isinstance(value, dict):
        names = [str(key)[:40] for _, key in zip(range(_FIELDS_SHOWN), value)]
        more = f", ... ({len(value):,} fields)" if len(value) > _FIELDS_SHOWN else ""
        return f"the fields {', '.join(names)}{more}" if names else "no fields"
    if isinstance(value, list):
        return f"a list of {len(value)} (say which entry: 0 is the first)"
    return f"no fields: it is {_type(value)}"


def _type(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", type(None): "null"}
    return names.get(type(value), "true or false" if isinstance(value, bool) else "a number")


def text_of(fields: Any, config: ReadConfig) -> str:
    """The string at the configured dotted path; BadRow if the value is anything else."""
    value = dig(fields, config.text)
    if not isinstance(value, str):
        raise BadRow("text is not a string", f"{config.text!r} is {_type(value)}")
    return value


def decode(data: bytes) -> str:
    """A line's bytes as UTF-8 text; BadRow names the first byte that is not."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        what = f"byte 0x{data[error.start]:02x} at position {error.start + 1} of the line"
        raise BadRow("not UTF-8", what) from None


def text_row(data: bytes, source: str, line: int, config: ReadConfig) -> Row:
    """A line of plain text as a document; BadRow if it is not UTF-8."""
    return Row(decode(data), {}, source, line, data)


def json_row(data: bytes, source: str, line: int, config: ReadConfig) -> Row:
    """A line of JSONL as a document with its fields; BadRow says what is wrong with it."""
    try:
        fields = json.loads(decode(data))
    except RecursionError:
        raise BadRow("not JSON", "nested too deeply") from None
    except ValueError as error:
        hint = ""
        if data.strip() in (b"[", b"{"):
            hint = "; JSONL has one object a line, jq -c makes it so"
        elif b"\0" in data:
            hint = "; there are NUL bytes in it"
        raise BadRow("not JSON", f"{str(error)[:120]}{hint}") from None
    if not isinstance(fields, dict | list):
        raise BadRow("not a JSON object", f"the line is {_type(fields)}")
    return Row(text_of(fields, config), fields, source, line, data)


def too_long(line: int, size: int, config: ReadConfig) -> Problem:
    """The problem of a line of `size` bytes that was skipped unread."""
    detail = f"{size:,} bytes, the limit is {config.max_row:,}; skipped unread"
    return Problem(line, "over max-row", f"over max-row: {detail}")


def blank_line_blocks(
    path: str, lines: Iterable[Line], config: ReadConfig
) -> Iterator[Row | Problem]:
    """Documents between blank lines."""
    start, size, parts = 0, 0, list[bytes]()

    def document() -> Row | Problem:
        if size > config.max_row:
            return too_long(start, size, config)
        try:
            return text_row(b"\n".join(parts), path, start, config)
        except BadRow as bad:
            return bad.at(start)

    for line in lines:
        if line.data is not None and not line.data.strip():
            if start:
                yield document()
            start, size, parts = 0, 0, []
            continue
        start = start or line.number
        size += line.size + 1
        if size > config.max_row or line.data is None:
            parts = []
        else:
            parts.append(line.data)
    if start:
        yield document()
