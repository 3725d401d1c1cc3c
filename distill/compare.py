"""Command: compare a distilled student with undistilled ones; see `distill.comparison`.

Run:    python -m distill.compare --teacher RUN --student quick --data-fraction 0.05 --seeds 3
Omits:  a way to print a distilled student without its baselines.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("distill.compare")

import sys
from dataclasses import dataclass

from distill.comparison import table
from distill.comparison.arms import Sweep, prepare
from distill.comparison.comparison import compare
from distill.settings import Question
from labkit import command

PROG = "distill.compare"


@dataclass(frozen=True, kw_only=True)
class Command(Question):
    """Train the same student with and without a teacher, and say whether distilling helps."""

    seeds: int = 3
    """Number of seeds; verdicts need three."""
    sweep: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Learning rates to try on the first seed, as multiples of the preset's."""
    json: bool = False
    """Print a last line of JSON: arms, gap_closed and verdict."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seeds < 1:
            raise ValueError(f"seeds must be at least 1, got {self.seeds}")
        Sweep(rates=self.sweep)


def main(asked: Command) -> None:
    """Compare as asked, and print the table or JSON."""
    found = compare(
        prepare(asked),
        seeds=range(asked.seeds),
        sweep=Sweep(rates=asked.sweep),
        timed=True,
        say=lambda line: print(line, file=sys.stderr, flush=True),
        bar=True,
    )
    table.show(found, as_json=asked.json)


def entry(args: list[str] | None = None) -> None:
    """Parse the command line and run; settings inside settings are checked inside the guard."""
    command.guard(lambda: main(command.parse(Command, prog=PROG, args=args)), prog=PROG)


if __name__ == "__main__":
    entry()
