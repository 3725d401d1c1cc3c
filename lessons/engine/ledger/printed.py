"""The ledger for printing: as text, as the whole table, and as one line per claim.

Idea:   the printed tables are made from the rows, so no number is typed; a test compares the pages.
Run:    python -m lessons ledger --readme FILE
Omits:  figures; experiments draw their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labkit import files
from labkit.experiment import counted, shown
from lessons.engine import catalogue, course

TALKS = {
    "RB22": "Andrej Karpathy on the podcast The Robot Brains, 2022",
    "SEQ24": "Andrej Karpathy at Sequoia, 2024",
    "NP24a": "Andrej Karpathy on the podcast No Priors, 2024, one write-up",
    "NP24b": "Andrej Karpathy on the podcast No Priors, 2024, another write-up",
    "JH23": "Ilya Sutskever in conversation with Jensen Huang, 2023",
}
"""Meaning of the codes in a claim's source."""


def render(rows: Sequence[dict[str, Any]]) -> str:
    """The ledger as text: one block per claim, one line per criterion."""
    lines = []
    for name in dict.fromkeys(row["id"] for row in rows):
        some = [row for row in rows if row["id"] == name]
        first = some[0]
        lines += [
            f"{name}: {first['claim_verdict']}",
            f"  claim    {first['claim']}",
            f"  source   {first['source']}",
        ]
        for row in some:
            lines.append(f"  measured {row['criterion']}: {value(row)}: {verdict(row)}")
        lines += [f"  {words}" for words in [first.get("registered", "")] if words]
        lines.append(
            f"  {first['profile']} profile, {first['seeds']} seeds, "
            f"{first['seconds']:.0f} s a seed, {first['date']}, {first['machine']}, "
            + ", ".join(f"{k} {v}" for k, v in first["versions"].items())
        )
    said = "\n".join(lines)
    lines += [f"{code}: {talk}" for code, talk in TALKS.items() if code in said]
    if "*" in said:
        lines.append("*: from here on our reading of it, so that it can be tried")
    return "\n".join(lines)


def render_history(rows: Sequence[dict[str, Any]]) -> str:
    """Rows that were replaced, the latest last."""
    return "\n".join(
        f"{row['id']}, measured {row['date']}, replaced {row['replaced']}: {row['criterion']}: "
        f"{value(row)}: {row['verdict']}"
        for row in rows
    )


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The README's table."""
    lines = [
        "| lesson | what had to hold | measured [95 % interval] | verdict |",
        "|---|---|---|---|",
    ]
    seen = ""
    for row in rows:
        name = row["id"] if row["id"] != seen else ""
        seen = row["id"]
        lines.append(f"| {name} | {row['criterion']} | {value(row)} | {verdict(row)} |")
    return "\n".join(lines)


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """The README's table: one line per claim, by the parts of the course.

    A claim whose lesson is not in this folder comes last.
    """
    left = {row["id"]: row for row in rows}
    lines = ["| lesson | after | minutes | claim | verdict |", "|---|---|---|---|---|"]
    for part, lessons in course.in_parts(
        [x for x in catalogue.lessons() if x.name in left]
    ).items():
        lines.append(f"| **{course.TITLES[part]}** | | | | |")
        for lesson in lessons:
            row = left.pop(lesson.name)
            after = ", ".join(map(str, lesson.needs))
            minutes = "-".join(map(str, lesson.minutes or ()))
            name = f"{lesson.number} {lesson.name}"
            lines.append(
                f"| {name} | {after} | {minutes} | {row['claim']} | {row['claim_verdict']} |"
            )
    lines += [
        f"| {row['id']} | | | {row['claim']} | {row['claim_verdict']} |" for row in left.values()
    ]
    return "\n".join(lines)


TABLES = {"ledger": markdown, "verdicts": summary}
"""Table between each pair of marks."""
_MARKED = re.compile(r"(<!-- (ledger|verdicts): [^>]*-->\n).*?\n(<!-- /\2 -->)", re.DOTALL)


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Put each table between its marks in `path`; ValueError if there are none."""
    text, found = _MARKED.subn(
        lambda mark: f"{mark[1]}{TABLES[mark[2]](rows)}\n{mark[3]}",
        path.read_text(encoding="utf-8"),
    )
    if not found:
        raise ValueError(
            f"{path} has no marks; a table goes between <!-- ledger: ... --> and <!-- /ledger -->, "
            "or <!-- verdicts: ... --> and <!-- /verdicts -->"
        )
    files.write_text(path, text)


def verdict(row: Mapping[str, Any]) -> str:
    """A row's verdict and, if it is undecided, what would decide."""
    return "; ".join((row["verdict"], *([row["to_decide"]] if "to_decide" in row else [])))


def value(row: Mapping[str, Any]) -> str:
    """A row's measured value with its interval; of a counted share, k of n."""
    if "cases" in row:
        n = row["cases"] * row["seeds"]
        return counted(round(row["value"] * n), n, row["low"], row["high"])
    once = " (one computation)" if row.get("once") else ""
    return shown(row["value"], row["low"], row["high"]) + once
