"""Findings that ask the same of several things, told together.

Idea:   twelve lines of verdict are a wall. "slope >= 0" of four sources is one line with four
        numbers, and names only those whose verdict is another than most.
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
    """Findings that ask the same of several things, or one finding."""

    quantity: str
    """What is asked, without of what."""
    rows: dict[str, Finding]
    """By what it is asked of, with its unit; by "" where there is but one."""

    @property
    def needs(self) -> str:
        """What all of them must be: ">= 0"."""
        criterion = next(iter(self.rows.values())).criterion
        return f"{criterion.direction} {criterion.threshold:g}"

    def __str__(self) -> str:
        """One line; where verdicts differ, with whose is which."""
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
    """Findings in their order; neighbours that ask the same of several things are one group.

    Quantities are then called "multinomial, slope of the error (bits)": of what, and what.
    """
    groups: list[Group] = []
    for row in rows:
        what, _, asked = row.criterion.quantity.partition(", ")
        unit = re.search(r" \([^()]*\)$|$", asked)
        assert unit is not None  # units may differ, so that each row keeps its own
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
