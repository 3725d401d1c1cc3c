"""The outcome of an experiment: losses, findings, and checks that cannot fail.

Idea:   a finding is a number with a direction that was in the code before the run, and its values
        for each seed. What holds by construction is kept apart from what could have failed.
Source: labkit.experiment has the rule.
Run:    used by the experiments
Omits:  how anything was trained; distill.experiments.lab does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from labkit.experiment import Criterion, Finding, Interval, interval


@dataclass(frozen=True, kw_only=True)
class Sanity:
    """A result that must come out if the code is right; it is no evidence for a claim."""

    finding: Finding
    """The expectation and its measured values."""
    why: str
    """Why it cannot fail, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of an experiment."""

    expected: str
    """The expectation in words, written before the run."""
    losses: dict[str, list[float]]
    """Arm -> loss of each seed, nats/char."""
    measures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """Title of a further measure -> arm -> value of each seed."""
    costs: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """The same for costs, such as seconds: another machine has others, so they are no part of the
    fingerprint."""
    findings: list[Finding] = field(default_factory=list)
    """The expectations that are numbers, with their values."""
    sanity: list[Sanity] = field(default_factory=list)
    """Expectations that hold by construction."""
    chosen: dict[str, str] = field(default_factory=dict)
    """Arm -> choice of the sweep, in words."""
    once: tuple[str, ...] = ()
    """Arms that are one computation, the same for every seed; they have no interval."""
    given: str = ""
    """What all seeds share, which the intervals therefore leave out."""

    def gain(self, arm: str, over: str) -> Interval:
        """Loss of `over` minus loss of `arm`, nats/char, over paired seeds."""
        return interval(less(self.losses[over], self.losses[arm]))


def less(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """one - other for each seed."""
    return [a - b for a, b in zip(one, other)]


def share(part: Sequence[float], whole: Sequence[float]) -> list[float]:
    """part / whole for each seed."""
    return [a / b for a, b in zip(part, whole)]


def expect(
    quantity: str,
    values: Sequence[float],
    direction: Literal[">=", "<="],
    threshold: float,
    *,
    no_effect: float = 0.0,
) -> Finding:
    """A finding; `no_effect` is the value of `quantity` without any effect."""
    criterion = Criterion(
        quantity=quantity, threshold=threshold, direction=direction, no_effect=no_effect
    )
    return Finding(criterion=criterion, values=tuple(values))
