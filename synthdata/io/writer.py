"""Rows written unchanged, in complete files or none.

Idea:   a kept row is copied byte for byte, so its other fields survive; the files appear only when
        all of them are complete.
Omits:  writing Parquet; its rows become JSON lines.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping, Sequence

from synthdata.io import streams
from synthdata.io.reader import Tally, format_of_name
from synthdata.io.rows import Row

_READ_AS = {
    "jsonl": "JSON lines",
    "lines": "a document a line",
    "blocks": "documents between blank lines",
    "csv": "CSV",
}


def check_target(out: str) -> None:
    """ValueError if the output is to be Parquet."""
    if format_of_name(out) == "parquet":
        raise ValueError(f"-o {out}: rows are written as text; name the file .jsonl")


def check_places(outputs: Mapping[str, str]) -> None:
    """ValueError if an output (its option, its path) cannot become a file of its own."""
    taken: dict[str, str] = {}
    for option, path in outputs.items():
        if os.path.isdir(path):
            raise ValueError(f"--{option}: {path} is a folder; name a file in it")
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise ValueError(f"--{option}: there is no folder {folder!r}; make it first")
        device = os.path.exists(path) and not os.path.isfile(path)
        if not device and not os.access(folder, os.W_OK):
            raise ValueError(f"--{option}: no permission to write into {folder!r}; name another")
        same = taken.setdefault(os.path.realpath(path), option)
        if same != option and not device:
            raise ValueError(f"--{same} and --{option} both name {path}; give each its own file")


def spare_inputs(option: str, out: str, data: Sequence[str]) -> None:
    """ValueError if the file that `option` names is one of the inputs."""
    for path in (path for name in data for path in streams.expand([name])):
        local = not streams.is_remote(path) and path != streams.STDIN
        if local and os.path.exists(out) and os.path.samefile(path, out):
            raise ValueError(f"{option} {out} would overwrite its own input; name another file")


def kind_of(tally: Tally) -> str:
    """The one format of the rows that were read.

    ValueError if files of different formats, or CSV files of different headers, would be mixed.
    """
    kinds = {record.kind for record in tally.files}
    if len(kinds) > 1 or len({record.header for record in tally.files}) > 1:
        raise ValueError(
            "the input files have different columns or formats; curate them one by one"
        )
    return kinds.pop() if kinds else "lines"


def rows(out: str, kept: Sequence[Row], tally: Tally) -> bytes:
    """The rows' own bytes as a file, a CSV header first; gzip if `out` ends in .gz.

    ValueError as `kind_of`.
    """
    between = b"\n\n" if kind_of(tally) == "blocks" else b"\n"
    header = tally.files[0].header if tally.files else ""
    parts = [header.encode()] if header else []
    parts += [row.raw for row in kept]
    data = between.join(parts) + b"\n" if parts else b""
    return gzip.compress(data, mtime=0) if out.endswith(".gz") else data


def read_again(out: str, kind: str) -> tuple[str, ...]:
    """How to read the written file, if its name suggests another format than that of its rows."""
    named = format_of_name(out)
    if named == kind or (named == "auto" and kind in ("jsonl", "lines")):
        return ()
    return (
        f"{out} holds {_READ_AS[kind]}, which its name does not tell: read it with --format {kind}",
    )


def reasons(dropped: Sequence[Row], why: Sequence[str]) -> bytes:
    """A JSON line for each dropped row; bytes of a file name that are not text become \\xff."""
    lines = [
        {"file": _as_text(row.source), "line": row.line, "reason": reason}
        for row, reason in zip(dropped, why)
        if reason
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _as_text(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
