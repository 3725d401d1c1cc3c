"""Rows written again as they stood, whole files or none.

Idea:   a kept row is copied byte for byte, so whatever else it holds survives; the file appears
        only when it is complete.
Omits:  writing Parquet; its rows become JSON lines.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from labkit import files
from synthdata import sources
from synthdata.io import Tally, format_of_name
from synthdata.rows import Row


def check_target(out: str, data: Sequence[str]) -> None:
    """ValueError where the output would overwrite an input, or is to be Parquet."""
    spare_inputs("-o", out, data)
    if format_of_name(out) == "parquet":
        raise ValueError(f"-o {out}: rows are written as text; name the file .jsonl")


def check_places(outputs: Mapping[str, str]) -> None:
    """ValueError where an output (its option, its path) cannot become a file of its own."""
    taken: dict[str, str] = {}
    for option, path in outputs.items():
        if not path:
            raise ValueError(f"--{option} names no file")
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
    """ValueError where the file that `option` names is one of the inputs."""
    for path in sources.expand(data):
        local = not sources.is_remote(path) and path != sources.STDIN
        if local and os.path.exists(out) and os.path.samefile(path, out):
            raise ValueError(f"{option} {out} would overwrite its own input; name another file")


def write_rows(out: str, rows: Sequence[Row], tally: Tally, settings: Any) -> None:
    """Write the rows' own bytes, a CSV header first; gzip where `out` ends in .gz.

    ValueError where CSV files with different headers, or CSV and other files, would be mixed.
    """
    headers = {record.header for record in tally.files}
    if len(headers) > 1:
        raise ValueError(
            "the input files have different columns or formats; curate them one by one"
        )
    header = headers.pop() if headers else ""
    between = b"\n\n" if settings.format == "blocks" else b"\n"
    parts = [header.encode()] if header else []
    parts += [row.raw for row in rows]
    data = between.join(parts) + b"\n" if parts else b""
    files.write_bytes(out, gzip.compress(data, mtime=0) if out.endswith(".gz") else data)


def write_reasons(out: str, rows: Sequence[Row], reasons: Sequence[str]) -> None:
    """A JSON line for each dropped row."""
    lines = [
        json.dumps({"file": row.source, "line": row.line, "reason": why}, ensure_ascii=False)
        for row, why in zip(rows, reasons)
        if why
    ]
    files.write_text(out, "".join(line + "\n" for line in lines))
