"""A run's verdict on the claim: criteria fixed in advance, judged by the project's common rule.

Idea:   a model that learns from its predecessor alone drifts away from the truth; one that keeps
        all earlier data drifts less and less; one that sees only new real data does not drift.
Source: Shumailov et al., Nature 631 (2024), arXiv:2305.17493; Gerstgrasser et al. 2024,
        arXiv:2404.01413. The rule is `labkit.experiment`; a ratio of two means tested as a
        difference: E. C. Fieller, Journal of the Royal Statistical Society B 16 (1954).
Run:    python -m synthdata collapse SOURCE --regime replace,accumulate,fresh,real
Omits:  judging a run of fewer than three seeds. Logarithms of ratios: a rise that is about 0 by the
        claim may be negative.

"Rise" is the error of the last generation minus that of generation 0; the "late" rise is that over
the second half of the steps, the "early" rise that over the first (with an odd number of steps the
middle one is in neither). No single rise is exactly zero, so "no rise" means: at most a tenth of
what it is under replace, by the same seeds.

Each seed is compared with itself. If all denominators are well above 0, a seed's value is its
ratio. If they come near 0, as those of single chains do, ratios have no meaningful mean: then the
value is the difference, part minus threshold times whole, which is at most 0 exactly if the ratio
of the means is at most the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labkit.experiment import MINIMUM_SEEDS, Criterion, Finding
from synthdata.collapse.table import Table

HALF, TENTH, STANDARD_ERRORS = 0.5, 0.1, 3.0
WELL_ABOVE = 3.0
"""Denominators are well above 0 if all are positive and their mean is this many of their standard
deviations away from 0."""
_OPEN = "takes more seeds to tell"
_WORDS = {
    ("slope", "reproduced"): "drifts away from the truth",
    ("slope", "contradicted"): "comes closer to the truth",
    ("slope", "undecided"): _OPEN,
    ("late", "reproduced"): "slows, rising late by {:.0%} of what it did early",
    ("late", "falls short"): "slows, rising late by {:.0%} of what it did early",
    ("late", "contradicted"): "keeps rising, and no slower than at first",
    ("late", "undecided"): _OPEN,
    ("beside", "reproduced"): "rises late by {:.0%} of what replace does then",
    ("beside", "falls short"): "keeps rising, late by {:.0%} of what replace does then",
    ("beside", "contradicted"): "keeps rising, late even more than replace",
    ("beside", "undecided"): _OPEN,
    ("rise", "reproduced"): "does not rise",
    ("rise", "falls short"): "rises, by {:.0%} of what replace does",
    ("rise", "contradicted"): "rises even more than replace",
    ("rise", "undecided"): _OPEN,
}
_TRENDS = ("replace", "accumulate-subsample", "curated")


@dataclass(frozen=True, kw_only=True)
class Question(Finding):
    """One criterion about a regime, and its value for each seed of the table."""

    regime: str
    """The regime that it is about."""
    kind: str
    """slope; late (rise over its own early rise); beside (over the late rise of replace); rise."""
    mean: float
    """The number in the sentence: the mean slope, or the ratio of the means over seeds."""
    control: bool = False
    """Whether this is the control, which must not rise."""


def judge(table: Table) -> tuple[Question, ...]:
    """Every criterion that the regimes of this run allow (`questions`); none below three seeds."""
    return questions(table) if len(table.seeds) >= MINIMUM_SEEDS else ()


def questions(table: Table) -> tuple[Question, ...]:
    """Every criterion that the regimes of this run allow, and each seed's value.

    replace (and accumulate-subsample, curated, about which nothing was claimed, but the question is
    the same): the slope of the error over generations lies above 0. accumulate: the late rise is at
    most half of that under replace or, if replace is not in the same run, of the early rise. (The
    latter says less: an error with a ceiling slows down under replace, too.) fresh, and the control
    real: no rise (needs replace). No share is taken of a rise that is 0 or below on average.
    """
    found: list[Question | None] = []
    regimes = {regime: table.values(regime, table.error) for regime in table.regimes}
    replace = regimes.get("replace")
    for regime, curves in regimes.items():
        kind = regime.partition(":")[0]
        if kind in _TRENDS:
            found.append(_trend(table, regime))
        elif kind == "accumulate" and table.generations > 1:
            if replace is None:
                names = "late rise", "early rise"
                found.append(_share(regime, "late", names, late(curves), early(curves), HALF))
            else:
                names = "late rise", "late rise under replace"
                found.append(_share(regime, "beside", names, late(curves), late(replace), HALF))
        elif kind != "accumulate" and replace is not None:
            names = "rise", "rise under replace"
            found.append(_share(regime, "rise", names, rise(curves), rise(replace), TENTH))
    return tuple(one for one in found if one is not None)


def slopes(values: np.ndarray) -> np.ndarray:
    """Least-squares slope of each row of [seeds, generations + 1], a generation.

    >>> slopes(np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])).tolist()
    [1.0, 0.0]
    """
    g = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    return values @ g / (g @ g)


def rise(values: np.ndarray) -> np.ndarray:
    """Last minus first of each row of [seeds, generations + 1]."""
    return values[:, -1] - values[:, 0]


def early(values: np.ndarray) -> np.ndarray:
    """Rise over the first half of the steps of each row of [seeds, generations + 1]."""
    return values[:, (values.shape[1] - 1) // 2] - values[:, 0]


def late(values: np.ndarray) -> np.ndarray:
    """Rise over the second half of the steps, as many as `early` has.

    >>> curve = np.array([[1.0, 5.0, 6.0, 8.0]])  # three steps, of which the middle one is left out
    >>> early(curve).tolist(), late(curve).tolist()
    ([4.0], [2.0])
    """
    return values[:, -1] - values[:, -1 - (values.shape[1] - 1) // 2]


def _trend(table: Table, regime: str) -> Question:
    criterion = Criterion(quantity=f"slope of {table.error} a generation", threshold=0)
    values = slopes(table.values(regime, table.error))
    return Question(
        regime=regime,
        kind="slope",
        criterion=criterion,
        values=tuple(values.tolist()),
        mean=float(values.mean()),
    )


def _share(
    regime: str,
    kind: str,
    names: tuple[str, str],
    part: np.ndarray,
    whole: np.ndarray,
    most: float,
) -> Question | None:
    """Is `part` at most this share of `whole`, both [seeds]? By ratio or difference, as above.

    No effect is a ratio of 1, or the difference that this would be for the mean whole.
    """
    mean = float(whole.mean())
    if not mean > 0:
        return None
    if whole.min() > 0 and mean > WELL_ABOVE * whole.std(ddof=min(1, len(whole) - 1)):
        said, values, threshold, nothing = " / ".join(names), part / whole, most, 1.0
    else:
        said, values = f"{names[0]} less {most:g} x {names[1]}", part - most * whole
        threshold, nothing = 0.0, (1 - most) * mean
    return Question(
        regime=regime,
        kind=kind,
        criterion=Criterion(quantity=said, threshold=threshold, direction="<=", no_effect=nothing),
        values=tuple(values.tolist()),
        mean=float(part.mean()) / mean,
        control=regime == "real",
    )


def against_theory(table: Table) -> tuple[tuple[str, str, float], ...]:
    """(regime, measure, z) of the last generation, if theory has a value."""
    last = table.generations
    found = [(regime, m, table.z(regime, m, last)) for regime, m, g in table.expected if g == last]
    return tuple((regime, m, z) for regime, m, z in found if np.isfinite(z))


def in_words(table: Table, judged: Sequence[Question]) -> list[str]:
    """One sentence for each criterion, and one for each formula."""
    lines = []
    for j in judged:
        who = f"{j.regime} (the control)" if j.control else j.regime
        share = f" (on average {j.mean:.0%} of it)" if " less " in j.criterion.quantity else ""
        lines.append(f"{who}: {j.criterion}: {j.verdict}; measured {j.said}{share}.")
    if not judged:
        needed = f"a verdict needs {MINIMUM_SEEDS} seeds"
        few = len(table.seeds) < MINIMUM_SEEDS
        lines.append(f"No verdict: {needed if few else 'nothing that rises was found'}.")
    for regime, measure, z in against_theory(table):
        fits = "as theory says" if abs(z) <= STANDARD_ERRORS else "NOT as theory says"
        lines.append(
            f"{regime}: {measure} of generation {table.generations} is {z:+.1f} standard errors "
            f"from its formula, {fits}."
        )
    return lines


def headline(table: Table, judged: Sequence[Question]) -> str:
    """The verdict in plain words, by regime."""
    parts = [f"{j.regime} {_WORDS[j.kind, str(j.verdict)].format(j.mean)}" for j in judged]
    return "; ".join(parts) or "Nothing to judge."
