"""Answers that are nearly the same, for a teacher to read.

Idea:   names and layout are easily changed, the rest less so. Answers are reduced to their shape
        (lessons.engine.answers.form.shape_of), cut into runs of four symbols, and compared by the
        share of runs in common.
Source: winnowing and k-grams: Schleimer, Wilkerson & Aiken 2003 (MOSS); Jaccard 1901.
Run:    used by python -m lessons grade
Omits:  a verdict. A three-line function has few right forms, and two may well agree; short answers
        are therefore left out.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

COLUMNS = ("exercise", "student", "other", "likeness", "also_like_this")
LIKE = 0.8
LEAST_SYMBOLS = 40
MOST_SYMBOLS = 4000
"""Symbols compared; of a longer answer only the beginning."""
RUN = 4


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two answers that are nearly the same."""

    exercise: str
    student: str
    other: str
    likeness: float
    """Share of runs of four symbols in common, 0 to 1."""
    also_like_this: int
    """Number of answers with exactly the first one's shape: if large, it is probably the natural
    way to write it, or the published one."""


def pairs(answers: Iterable[tuple[str, str, str]]) -> list[Pair]:
    """Pairs among (exercise, student, shape) that are at least 80 % alike."""
    groups: dict[str, list[tuple[str, str, frozenset[tuple[str, ...]]]]] = defaultdict(list)
    for exercise, student, form in answers:
        symbols = re.findall(r"\w+|[^\w\s]", form)
        if len(symbols) >= LEAST_SYMBOLS:
            groups[exercise].append((student, form, _runs(symbols[:MOST_SYMBOLS])))
    found = []
    for exercise, group in sorted(groups.items()):
        times = Counter(form for _, form, _ in group)
        for (a, form, runs), (b, _, others) in combinations(group, 2):
            if min(len(runs), len(others)) < LIKE * max(len(runs), len(others)):
                continue
            likeness = len(runs & others) / len(runs | others)
            if likeness >= LIKE:
                found.append(
                    Pair(
                        exercise=exercise,
                        student=a,
                        other=b,
                        likeness=round(likeness, 3),
                        also_like_this=times[form],
                    )
                )
    return found


def _runs(symbols: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(symbols[i : i + RUN]) for i in range(len(symbols) - RUN + 1))
