"""What a run says about the claim: criteria written down first, judged by the rule of the house.

Idea:   a model that learns from its predecessor alone drifts away from the truth; one that keeps
        what came before, less and less; one that sees new real data, not at all.
Source: Shumailov et al., Nature 631 (2024), arXiv:2305.17493; Gerstgrasser et al. 2024,
        arXiv:2404.01413. The rule is `labkit.verdict`.
Run:    python -m synthdata collapse SOURCE --regime replace,accumulate,fresh,real
Omits:  judging a run of fewer than three seeds.

"Rise" is the error of the last generation minus that of generation 0. No single rise is exactly
zero, so "no rise" means: at most a tenth of what it is under replace, by the same seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labkit.verdict import MINIMUM_SEEDS, Criterion, Interval, Verdict, interval, verdict
from synthdata.collapse_table import Table

HALF, TENTH, STANDARD_ERRORS = 0.5, 0.1, 3.0
_TRENDS = ("replace", "accumulate-subsample", "curated")


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One criterion and how the run meets it."""

    regime: str
    """Which regime it is about."""
    criterion: str
    """The number to reach."""
    measured: Interval
    """Over seeds."""
    verdict: Verdict
    """reproduced, contradicted or not at this scale."""
    control: bool = False
    """Whether this is the control, which must not rise."""


def judge(table: Table) -> tuple[Judgement, ...]:
    """Every criterion that the regimes of this run allow; none below three seeds.

    replace (and accumulate-subsample, curated, for which nothing was claimed but the same question
    is asked): the slope of the error over generations lies above 0. accumulate: the last step is at
    most half of the first. fresh, and the control real: no rise (needs replace in the same run).
    """
    if len(table.seeds) < MINIMUM_SEEDS:
        return ()
    found = []
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


def _trend(table: Table, regime: str) -> Judgement:
    criterion = Criterion(quantity=f"slope of {table.error} a generation", threshold=0)
    measured = interval(slopes(table.values(regime, table.error)).tolist())
    return Judgement(
        regime=regime,
        criterion=str(criterion),
        measured=measured,
        verdict=verdict(criterion, measured),
    )


def _steps(table: Table, regime: str) -> list[Judgement]:
    """Last step over the mean first one; nothing where there is no first step to speak of."""
    steps = np.diff(table.values(regime, table.error), axis=1)
    first = steps[:, 0].mean()
    if steps.shape[1] < 2 or not first > 0:
        return []
    criterion = Criterion(
        quantity="last step / first step", threshold=HALF, direction="<=", no_effect=1
    )
    measured = interval((steps[:, -1] / first).tolist())
    return [
        Judgement(
            regime=regime,
            criterion=str(criterion),
            measured=measured,
            verdict=verdict(criterion, measured),
        )
    ]


def _no_rise(table: Table, regime: str) -> list[Judgement]:
    """Rise over the mean rise under replace; nothing where replace does not rise."""
    under_replace = table.values("replace", table.error)
    rise = (under_replace[:, -1] - under_replace[:, 0]).mean()
    if not rise > 0:
        return []
    values = table.values(regime, table.error)
    criterion = Criterion(
        quantity="rise / rise under replace", threshold=TENTH, direction="<=", no_effect=1
    )
    measured = interval(((values[:, -1] - values[:, 0]) / rise).tolist())
    return [
        Judgement(
            regime=regime,
            criterion=str(criterion),
            measured=measured,
            verdict=verdict(criterion, measured),
            control=regime == "real",
        )
    ]


def against_theory(table: Table) -> tuple[tuple[str, str, float], ...]:
    """(regime, measure, z) of the last generation, wherever theory says something."""
    last = table.generations
    found = [(regime, m, table.z(regime, m, last)) for regime, m, g in table.expected if g == last]
    return tuple((regime, m, z) for regime, m, z in found if np.isfinite(z))


def in_words(table: Table, judged: Sequence[Judgement]) -> list[str]:
    """One sentence for each criterion, and one for each formula."""
    lines = []
    for j in judged:
        ends = f"{j.measured.value:.3g} [{j.measured.low:.3g}, {j.measured.high:.3g}]"
        who = f"{j.regime} (the control)" if j.control else j.regime
        lines.append(f"{who}: {j.criterion}: {j.verdict}; measured {ends}.")
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


def headline(table: Table, judged: Sequence[Judgement]) -> str:
    """The verdict in plain words, by regime."""
    said = {j.regime: j for j in judged}
    parts = []
    for regime, j in said.items():
        rising = j.criterion.startswith("slope")
        words = {
            ("reproduced", True): "drifts away from the truth",
            ("contradicted", True): "comes closer to the truth",
            ("reproduced", False): "settles" if "step" in j.criterion else "does not rise",
            ("contradicted", False): "keeps rising, and no slower than at first"
            if "step" in j.criterion
            else "rises even more than replace",
        }.get((j.verdict, rising))
        if words is None:
            between = "rise /" in j.criterion and j.measured.low > TENTH and j.measured.high < 1
            share = f"rises, by {j.measured.value:.0%} of what replace does"
            words = share if between else "cannot be told at this scale"
        parts.append(f"{regime} {words}")
    return "; ".join(parts) or "Nothing to judge."
