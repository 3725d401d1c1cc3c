"""Last step of every command: title, notes, pictures, and the report in all its forms.

Idea:   commands differ only in what they measure.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from labkit import files, progress
from labkit.versions import version
from labkit.visible import visible
from synthdata.io.reader import Tally
from synthdata.report import options, page, record, terminal
from synthdata.report.structure import Figure, Report
from synthdata.text.words import mixture_note

if TYPE_CHECKING:
    from labkit.experiment import Criterion


def title(what: str, data: tuple[str, ...], n: int) -> str:
    """The report's title: its subject, the files, the number of documents."""
    name = data[0] if len(data) == 1 else f"{data[0]} and {len(data) - 1} more"
    return f"{what} {'standard input' if name == '-' else name}: {how_many(n)}"


def how_many(n: int) -> str:
    """The number with its noun: "1 document", "2,000 documents"."""
    return f"{n:,} document{'' if n == 1 else 's'}"


def mixture_notes(*sides: dict[str, float]) -> tuple[str, ...]:
    """Notes on the share of words that are single characters, for each side."""
    of = ("", "") if len(sides) == 1 else ("synthetic: ", "reference: ")
    return tuple(f"{side}{mixture_note(found)}" for side, found in zip(of, sides) if found)


def experiment_provenance(
    settings: options.Experiment, sizes: Any, criteria: Iterable[Criterion]
) -> dict[str, str]:
    """Settings of an experiment; `sizes` is its profile, a dataclass."""
    return {
        "seeds": f"{settings.first_seed} to {settings.first_seed + settings.seeds - 1}",
        "profile": settings.profile,
        "sizes": "; ".join(f"{name} {_plain(value)}" for name, value in vars(sizes).items()),
        "criteria": "; ".join(map(str, criteria)) + " (whole 95 % interval over seeds)",
        "version": version(),
    }


def _plain(value: Any) -> str:
    return " / ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def figures(wanted: str | None, draw: Callable[[], Iterable[Figure]]) -> tuple[Figure, ...]:
    """The pictures, if an HTML file was asked for; otherwise Matplotlib is not loaded."""
    if not wanted:
        return ()
    with progress.ticking("drawing"):
        return tuple(draw())


def finish(command: str, settings: Any, made: Report, tally: Tally, **more: Any) -> int:
    """Print the report, write the HTML, print the JSON line."""
    sys.stdout.write(terminal.terminal(made))
    if getattr(settings, "html", None):
        files.write_text(settings.html, page.to_html(made))
        sys.stdout.write(f"\nwritten: {visible(settings.html)}\n")
    if settings.json:
        sys.stdout.write(record.line(record.record(command, made, tally, **more)) + "\n")
    return int(more.get("exit_code", 0))
