"""Last step of every command: title, notes, pictures, and the report in all its forms.

Idea:   commands differ only in what they measure.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from labkit import files, progress
from labkit.versions import version
from labkit.visible import visible
from synthdata.io.reader import Tally
from synthdata.report import options, page, record, terminal
from synthdata.report.structure import Figure, Report
from synthdata.text.words import mixture_note

if TYPE_CHECKING:
    from labkit.experiment import Criterion

Result = TypeVar("Result")


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
    """Print the report, write the HTML, print the JSON line; the exit code."""
    sys.stdout.write(terminal.terminal(made))
    deliver(settings, made, lambda: record.record(command, made, tally, **more))
    return int(more.get("exit_code", 0))


def deliver(
    settings: Any,
    made: Report,
    fields: Callable[[], dict[str, Any]],
    also: Iterable[str | None] = (),
) -> None:
    """Write the HTML, name it and the files `also` written, print the JSON line of the `fields`."""
    html = getattr(settings, "html", None)
    if html:
        files.write_text(html, page.to_html(made))
    if written := [path for path in (html, *also) if path]:
        sys.stdout.write("\n" + "".join(f"written: {visible(path)}\n" for path in written))
    if settings.json:
        sys.stdout.write(record.line(fields()) + "\n")


def over_seeds(
    what: str, settings: options.Experiment, run: Callable[..., Result], sizes: Any, steps: int
) -> Result:
    """Run an experiment of these sizes for each seed, with a bar over its steps in every seed."""
    seeds = range(settings.first_seed, settings.first_seed + settings.seeds)
    with progress.steps(what, settings.seeds * steps) as tell:
        return run(sizes, seeds, tell)
