"""What all commands do alike: load what was named, say where it came from, print the result.

Idea:   a command differs from the others in what it measures, and in nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from labkit import files
from synthdata import loading, options, page, progress, record, report
from synthdata.io import Tally
from synthdata.loading import Loaded
from synthdata.report import Figure, Report


def load(settings: options.Reading, data: tuple[str, ...], *columns: str) -> Loaded:
    """The rows; whole ones for curating, which writes them again."""
    config, fields = settings.read(*columns), columns
    if isinstance(settings, options.CurateOptions):
        config = replace(config, columns=None)
        return loading.load(data, config, sample=settings.sample, seed=settings.seed, fields=None)
    return loading.load(data, config, sample=settings.sample, seed=settings.seed, fields=fields)


def load_both(settings: Any) -> tuple[Loaded, Loaded]:
    """The collection under test, and its reference, whose text may stand in another field."""
    loaded = load(settings, settings.data)
    config = settings.read()
    if settings.ref_text:
        config = replace(config, text=settings.ref_text)
    reference = loading.load([settings.ref], config, sample=settings.sample, seed=settings.seed + 1)
    return loaded, reference


def both(loaded: Loaded, reference: Loaded) -> Tally:
    """What was read of either."""
    total = Tally()
    total.add(loaded.tally)
    total.add(reference.tally)
    return total


def title(what: str, data: tuple[str, ...], n: int) -> str:
    """The report's title: what, of which files, how many documents."""
    name = data[0] if len(data) == 1 else f"{data[0]} and {len(data) - 1} more"
    return f"{what} {'standard input' if name == '-' else name}: {n:,} documents"


def provenance(settings: options.Reading, loaded: Loaded, *others: Loaded) -> dict[str, str]:
    """Files and settings that give the same numbers again."""
    tally = loaded.tally
    for other in others:
        tally = both(loaded, other)
    n = f"{len(loaded.rows):,} documents"
    if settings.sample is not None:
        n += f" drawn from {loaded.tally.rows:,}"
    return loading.provenance(
        tally,
        text_field=settings.text,
        n=n,
        tokeniser=f"{settings.tokens}, {settings.policy}",
        seed=settings.seed,
    )


def figures(wanted: str | None, draw: Callable[[], Iterable[Figure]]) -> tuple[Figure, ...]:
    """The pictures, where an HTML file was asked for; Matplotlib is not loaded otherwise."""
    if not wanted:
        return ()
    with progress.ticking("drawing"):
        return tuple(draw())


def finish(command: str, settings: Any, made: Report, tally: Tally, **more: Any) -> int:
    """Print the report, write the HTML, print the JSON line."""
    sys.stdout.write(report.terminal(made))
    if getattr(settings, "html", None):
        files.write_text(settings.html, page.to_html(made))
        sys.stdout.write(f"\nwritten: {settings.html}\n")
    if settings.json:
        sys.stdout.write(record.line(record.record(command, made, tally, **more)) + "\n")
    return int(more.get("exit_code", 0))
