"""Findings about the same quantity of several things, reported together.

Idea:   twelve lines of verdict are hard to read. "slope >= 0" of four sources is one line with four
        numbers, and names only those whose verdict differs from most.
Run:    used by lessons.engine.experiment (captions) and notebook (tables)
Omits:  judging.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.experiment import MINIMUM_SEEDS, Finding

TOO_FEW = f"no verdict below {MINIMUM_SEEDS} seeds"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Findings about the same quantity of several things, or one finding."""

    quantity: str
    """The quantity, without the thing."""
    rows: dict[str, Finding]
    """Findings by thing, with its unit; by "" if there is only one."""

    @property
    def needs(self) -> str:
        """The condition on all of them: ">= 0"."""
        criterion = next(iter(self.rows.values())).criterion
        return f"{criterion.direction} {criterion.threshold:g}"

    def __str__(self) -> str:
        """One line; if verdicts differ, with the things of each."""
        if "" in self.rows:
            return str(self.rows[""])
        found = ", ".join(f"{what} {row.said}" for what, row in self.rows.items())
        verdicts: dict[str, list[str]] = {}
        for what, row in self.rows.items():
            verdicts.setdefault(row.verdict or TOO_FEW, []).append(what)
        of = "" if len(verdicts) == 1 else " for {}"
        said = "; ".join(word + of.format(", ".join(whose)) for word, whose in verdicts.items())
        seeds = len(next(iter(self.rows.values())).values)
        return f"{self.quantity} {self.needs}: {found}, n={seeds}: {said}"


def grouped(rows: Sequence[Finding]) -> list[Group]:
    """Findings in their order; neighbours about the same quantity of several things are one group.

    Quantities are then named "multinomial, slope of the error (bits)": thing, then quantity.
    """
    groups: list[Group] = []
    for row in rows:
        what, _, asked = row.criterion.quantity.partition(", ")
        unit = re.search(r" \([^()]*\)$|$", asked)
        assert unit is not None  # units may differ, so each row keeps its own
        asked = asked.removesuffix(unit[0])
        what += unit[0]
        last = groups[-1] if groups else None
        mine = Group(quantity=asked, rows={what: row})
        if last and asked and (last.quantity, last.needs) == (asked, mine.needs):
            last.rows[what] = row
        else:
            groups.append(mine)
    return [
        group if len(group.rows) > 1 else Group(quantity=row.criterion.quantity, rows={"": row})
        for group in groups
        for row in [next(iter(group.rows.values()))]
    ]
