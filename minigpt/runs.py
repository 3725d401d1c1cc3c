"""List the runs, and draw the curves of several into one figure.

Run:    python -m minigpt.runs
Omits:  the contents of a run's folder, which are in `minigpt.saved.runs`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from labkit import command, figures
from minigpt.saved.runs import RUNS, Run, find_all


@dataclass(frozen=True, kw_only=True)
class Settings:
    """List the runs with their figures, and draw their curves into one picture."""

    folder: Path = RUNS
    """Folder that holds the runs."""
    out: Path | None = None
    """Where to write the picture; by default curves.png in that folder."""


_COLUMNS = (
    ("run", "run", "{}"),
    ("corpus", "corpus", "{}"),
    ("parameters", "parameters", "{:,}"),
    ("steps", "steps", "{:,}"),
    ("val_loss", "nats/char", "{:.4f}"),
    ("judge_loss", "judging half", "{:.4f}"),
    ("ngram_val_loss", "n-gram", "{:.4f}"),
    ("mixture_val_loss", "mixture", "{:.4f}"),
    ("bits_per_char", "bits/char", "{:.4f}"),
    ("train_seconds", "seconds", "{:.1f}"),
    ("tokens_per_second", "chars/s", "{:,.0f}"),
)


def table(runs: list[Run]) -> str:
    """One line per run; a dash for what is not known yet."""
    rows = [[title for _, title, _ in _COLUMNS]]
    for run in runs:
        known = {**run.config, **(run.result or {}), "run": run.folder.name}
        rows.append(
            [
                form.format(known[key]) if known.get(key) is not None else "-"
                for key, _, form in _COLUMNS
            ]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i < 2 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    )


def main(settings: Settings) -> None:
    """Print the table and save the curves; a line names each unreadable run."""
    out = settings.out or settings.folder / "curves.png"
    if settings.out is not None:
        figures.check_place(out)
    runs = []
    for run in find_all(settings.folder):
        try:
            table([run]), run.metrics()
            runs.append(run)
        except (ValueError, TypeError, OSError) as error:  # one bad folder must not hide the others
            print(f"left out: {run.folder}: {command.describe(error)}", file=sys.stderr)
    if not runs:
        raise ValueError(f"no runs under {settings.folder}; start one: python -m minigpt.train")
    print(table(runs))
    from minigpt import plots

    drawn = [(run.folder.name, run.metrics()) for run in runs]
    with figures.style():
        figure, ax = figures.new("wide")
        plots.overlay(drawn, ax)
    figures.save(figure, out, alt=plots.overlay_alt(drawn))
    print(f"curves: {out}")


if __name__ == "__main__":
    command.run(main, Settings, prog="minigpt.runs")
