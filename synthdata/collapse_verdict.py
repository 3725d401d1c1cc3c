"""What a run says about the claim: criteria written down first, judged by the rule of the house.

Idea:   a model that learns from its predecessor alone drifts away from the truth; one that keeps
        what came before, less and less; one that sees new real data, not at all.
Source: Shumailov et al., Nature 631 (2024), arXiv:2305.17493; Gerstgrasser et al. 2024,
        arXiv:2404.01413. The rule is `labkit.experiment`.
Run:    python -m synthdata collapse SOURCE --regime replace,accumulate,fresh,real
Omits:  judging a run of fewer than three seeds.

"Rise" is the error of the last generation minus that of generation 0. No single rise is exactly
zero, so "no rise" means: at most a tenth of what it is under replace, by the same seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labkit.experiment import MINIMUM_SEEDS, Criterion, Finding
from synthdata.collapse_table import Table

HALF, TENTH, STANDARD_ERRORS = 0.5, 0.1, 3.0
_OPEN = "takes more seeds to tell"
_WORDS = {
    ("slope", "reproduced"): "drifts away from the truth",
    ("slope", "contradicted"): "comes closer to the truth",
    ("slope", "undecided"): _OPEN,
    ("last", "reproduced"): "settles",
    ("last", "falls short"): "slows, its last step being {:.0%} of its first",
    ("last", "contradicted"): "keeps rising, and no slower than at first",
    ("last", "undecided"): _OPEN,
    ("rise", "reproduced"): "does not rise",
    ("rise", "falls short"): "rises, by {:.0%} of what replace does",
    ("rise", "contradicted"): "rises even more than replace",
    ("rise", "undecided"): _OPEN,
}
_TRENDS = ("replace", "accumulate-subsample", "curated")


@dataclass(frozen=True, kw_only=True)
class Question(Finding):
    """One criterion about a regime, and what each seed of the table has to say about it."""

    regime: str
    """Which regime it is about."""
    control: bool = False
    """Whether this is the control, which must not rise."""


def judge(table: Table) -> tuple[Question, ...]:
    """Every criterion that the regimes of this run allow (`questions`); none below three seeds."""
    return questions(table) if len(table.seeds) >= MINIMUM_SEEDS else ()


def questions(table: Table) -> tuple[Question, ...]:
    """Every criterion that the regimes of this run allow, and each seed's value.

    replace (and accumulate-subsample, curated, for which nothing was claimed but the same question
    is asked): the slope of the error over generations lies above 0. accumulate: the last step is at
    most half of the first. fresh, and the control real: no rise (needs replace in the same run).
    """
    found: list[Question] = []
    for regime in table.regimes:
        kind = regime.partition(":")[0]
        if kind in _TRENDS:
            found.append(_trend(table, regime))
        elif kind == "accumulate":
            found += _steps(table, regime)
        elif "replace" in table.regimes:
            found += _no_rise(table, regime)
    return tuple(found)


def slopes(values: np.ndarray) -> np.ndarray:
    """Least-squares slope of each row of [seeds, generations + 1], a generation.

    >>> slopes(np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])).tolist()
    [1.0, 0.0]
    """
    g = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    return values @ g / (g @ g)


def _trend(table: Table, regime: str) -> Question:
    criterion = Criterion(quantity=f"slope of {table.error} a generation", threshold=0)
    values = slopes(table.values(regime, table.error))
    return Question(regime=regime, criterion=criterion, values=tuple(values.tolist()))


def _steps(table: Table, regime: str) -> list[Question]:
    """Last step over the mean first one; nothing where there is no first step to speak of."""
    steps = np.diff(table.values(regime, table.error), axis=1)
    first = steps[:, 0].mean()
    if steps.shape[1] < 2 or not first > 0:
        return []
    criterion = Criterion(
        quantity="last step / first step", threshold=HALF, direction="<=", no_effect=1
    )
    values = tuple((steps[:, -1] / first).tolist())
    return [Question(regime=regime, criterion=criterion, values=values)]


def _no_rise(table: Table, regime: str) -> list[Question]:
    """Rise over the mean rise under replace; nothing where replace does not rise."""
    under_replace = table.values("replace", table.error)
    rise = (under_replace[:, -1] - under_replace[:, 0]).mean()
    if not rise > 0:
        return []
    values = table.values(regime, table.error)
    criterion = Criterion(
        quantity="rise / rise under replace", threshold=TENTH, direction="<=", no_effect=1
    )
    shares = tuple(((values[:, -1] - values[:, 0]) / rise).tolist())
    return [Question(regime=regime, criterion=criterion, values=shares, control=regime == "real")]


def against_theory(table: Table) -> tuple[tuple[str, str, float], ...]:
    """(regime, measure, z) of the last generation, wherever theory says something."""
    last = table.generations
    found = [(regime, m, table.z(regime, m, last)) for regime, m, g in table.expected if g == last]
    return tuple((regime, m, z) for regime, m, z in found if np.isfinite(z))


def in_words(table: Table, judged: Sequence[Question]) -> list[str]:
    """One sentence for each criterion, and one for each formula."""
    lines = []
    for j in judged:
        who = f"{j.regime} (the control)" if j.control else j.regime
        lines.append(f"{who}: {j.criterion}: {j.verdict}; measured {j.said}.")
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
    """The verdict in plain words, by regime; of several about one, the last."""
    said = {j.regime: j for j in judged}
    parts = []
    for regime, j in said.items():
        kind = str(j.criterion).partition(" ")[0]  # slope, last (step), rise
        parts.append(f"{regime} {_WORDS[kind, str(j.verdict)].format(j.measured.value)}")
    return "; ".join(parts) or "Nothing to judge."
