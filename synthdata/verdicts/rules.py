"""Rules of the gate: their quantities, their syntax, and their judgement by an interval.

Idea:   a rule is a quantity, a direction and a threshold: `near_duplicates<=0.02`.
Run:    python -m synthdata gate --help
Omits:  measuring (`synthdata.verdicts.gate`), and what a rule misses (`synthdata.verdicts.unseen`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from synthdata.diversity.measure import Measure
from synthdata.diversity.quantities import REGISTRY, Quantity
from synthdata.verdicts.verdict import Confidence

Outcome = Literal["pass", "fail", "cannot tell"]


RULES: dict[str, Quantity] = {key: q for key, q in REGISTRY.items() if q.definition}
"""Quantities that a rule may be about, in the order of `gate --help`."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A quantity, a direction and a threshold."""

    name: str
    """Key of the quantity (in `RULES`)."""
    sign: Literal[">=", "<="]
    """The side of the threshold on which the rule is met."""
    threshold: float
    """The threshold, in the unit of the quantity."""

    def __post_init__(self) -> None:
        if self.name not in RULES:
            raise ValueError(f"no rule is about {self.name!r}; choose one of {', '.join(RULES)}")
        if not math.isfinite(self.threshold):
            raise ValueError(f"a threshold is a finite number, got {self.threshold}")

    def __str__(self) -> str:
        return f"{self.name}{self.sign}{self.threshold:g}"


def parse(text: str) -> Rule:
    """A rule from `name>=number` or `name<=number`; ValueError if it is malformed.

    >>> parse("near_duplicates <= 0.02").threshold
    0.02
    """
    match = re.fullmatch(r"\s*(\w+)\s*(>=|<=)\s*(\S+)\s*", text)
    if not match:
        raise ValueError(f"a rule reads name>=number or name<=number, got {text!r}")
    name, sign, number = match.groups()
    try:
        threshold = float(number)
    except ValueError:
        raise ValueError(f"the threshold of {text!r} is not a number: {number!r}") from None
    return Rule(name=name, sign=">=" if sign == ">=" else "<=", threshold=threshold)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A rule and its outcome."""

    rule: Rule
    """The rule."""
    outcome: Outcome
    """Whether it is met."""
    measure: Measure
    """The measure that it was judged by."""
    reason: str
    """The reason, in a sentence."""
    units: int
    """Number of documents behind it or, if they depend on each other, of groups, on the side that
    has fewer."""
    at_most: Confidence = "high"
    """Highest confidence, given what the rule misses; `reason` says what that is."""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.rule} ({self.reason})"


def judge(rule: Rule, measured: Measure, units: int | None = None) -> Judgement:
    """Judge one rule by its measure's interval, which rests on `units` (or on its n) documents."""
    needed = RULES[rule.name].minimum_coverage
    rests_on = measured.n if units is None else min(units, measured.n)

    def answer(outcome: Outcome, reason: str) -> Judgement:
        return Judgement(
            rule=rule, outcome=outcome, measure=measured, reason=reason, units=rests_on
        )

    if math.isnan(measured.value):
        return answer("cannot tell", f"{rule.name} is undefined: {'; '.join(measured.warnings)}")
    if needed and not measured.coverage >= needed:
        return answer(
            "cannot tell",
            f"{rule.name} {measured.value:.4g}, but coverage {measured.coverage:.1%} is below the "
            f"{needed:.0%} it takes; give more data",
        )
    if not measured.has_interval:
        return answer(
            "cannot tell",
            f"{rule.name} {measured.value:.4g} has no interval: {'; '.join(measured.warnings)}",
        )
    shown = f"{rule.name} {measured.value:.4g}, 95 % {measured.low:.4g} to {measured.high:.4g}"
    outcome = _side(rule, measured.low, measured.high)
    if outcome == "cannot tell":
        return answer(outcome, f"{shown}: the interval holds the threshold; give more data")
    if measured.by_cluster and _side(rule, *measured.by_cluster) != outcome:
        low, high = measured.by_cluster
        return answer(
            "cannot tell",
            f"{shown}, but {low:.4g} to {high:.4g} if each cluster of near-duplicates is one event "
            "told again; --group FIELD says what belongs together, --group none that nothing does",
        )
    return answer(outcome, shown)


def _side(rule: Rule, low: float, high: float) -> Outcome:
    """The outcome by the side of the threshold on which the whole interval lies."""
    sign = 1 if rule.sign == ">=" else -1
    worst, best = sorted((sign * low, sign * high))
    if worst >= sign * rule.threshold:
        return "pass"
    return "fail" if best < sign * rule.threshold else "cannot tell"


def rules_help() -> str:
    """Every rule's name and definition, one per line."""
    width = max(map(len, RULES))
    return "\n".join(
        f"{name:<{width}}  {quantity.definition}"
        + (" (needs --ref)" if quantity.needs_reference else "")
        for name, quantity in RULES.items()
    )
