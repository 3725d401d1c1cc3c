"""What judges, test and learner found about generators, and what that makes of the claim.

Idea:   the claim has three parts, each with a number that was fixed beforehand: who sees one text
        sees (nearly) nothing, the population test sees it, and a model that learns from it pays.
        All three have to hold.
Source: the rule for each part is labkit.experiment's.
Run:    python -m synthdata three-jokes
Omits:  what is measured on `dial` and `jokes` in the verdict: there it holds by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from labkit.experiment import Criterion, Finding, Interval, Verdict, interval, overall

if TYPE_CHECKING:
    from synthdata.three_jokes import Profile

NAIVE = Criterion(
    quantity="AUC of a judge of single texts who has not met the generator",
    threshold=0.6,
    direction="<=",
    no_effect=0.75,  # who orders three pairs in four rightly does see it in one text
)
POPULATION = Criterion(
    quantity="largest p of the population test over generators",
    threshold=0.01,
    direction="<=",
    no_effect=0.5,
)
DOWNSTREAM = Criterion(
    quantity="loss after learning from the collapsed minus from the healthy collection, nats/char",
    threshold=0.0,
)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the judges, the test and the learner found about one generator."""

    naive: float
    """AUC of the judge who has only met others."""
    informed: float
    """AUC of the judge who has met this one."""
    p: float
    """Population test, collapsed against healthy: Holm-corrected, the smaller of two."""
    p_null: float
    """The same between two collections of the healthy one (A/A)."""
    ratio: float
    """Effective number of different texts, collapsed over healthy."""
    ratio_null: float
    """The same A/A."""
    loss_healthy: float
    """Nats/char on real text of an n-gram that learned from the healthy collection."""
    loss_collapsed: float
    """Likewise from the collapsed one."""
    naive_parts: Mapping[str, float] = field(default_factory=dict)
    """AUC of the naive judge going by one kind of feature alone (`Judge.parts`)."""

    @property
    def harm(self) -> float:
        """What learning from the collapsed collection costs, nats/char."""
        return self.loss_collapsed - self.loss_healthy


@dataclass(frozen=True, kw_only=True)
class Family:
    """All generators of a family."""

    name: str
    """Which one; of `dial` with its k of N."""
    expected: float
    """What the informed judge's AUC ought to be; nan where there is no formula."""
    judged: tuple[Judged, ...]
    """One for each generator."""

    def mean(self, quantity: str) -> Interval:
        """Mean of a quantity over generators, with its 95 % interval."""
        return interval([getattr(j, quantity) for j in self.judged])

    def rejected(self, quantity: str = "p", level: float = 0.01) -> float:
        """Share of generators whose p is at most the level; for `p_null` the false alarms."""
        return float(np.mean([getattr(j, quantity) <= level for j in self.judged]))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one seed gave."""

    seed: int
    """Of everything random."""
    families: tuple[Family, ...]
    """dial at every k, jokes where they are, gpt."""
    missing: str = ""
    """Why a family is not there."""

    def family(self, name: str) -> Family:
        """By its name; ValueError where it is not there."""
        for family in self.families:
            if family.name == name:
                return family
        raise ValueError(f"no family {name!r}; there are {[f.name for f in self.families]}")


@dataclass(frozen=True, kw_only=True)
class Result:
    """All seeds, and the verdict about the GPTs."""

    profile: Profile
    """What was computed."""
    evidence: tuple[Evidence, ...]
    """One for each seed."""

    def _per_seed(self, quantity: str, of: Callable[[Sequence[float]], float]) -> tuple[float, ...]:
        """A quantity of the GPTs, one number a seed."""
        gpts = [e.family("gpt").judged for e in self.evidence]
        return tuple(float(of([getattr(j, quantity) for j in judged])) for judged in gpts)

    @property
    def parts(self) -> tuple[Finding, ...]:
        """The three parts of the claim, each with what was measured."""
        return (
            Finding(criterion=NAIVE, values=self._per_seed("naive", np.mean)),
            Finding(criterion=POPULATION, values=self._per_seed("p", max)),
            Finding(criterion=DOWNSTREAM, values=self._per_seed("harm", np.mean)),
        )

    @property
    def families(self) -> tuple[Family, ...]:
        """Each family with its generators of all seeds."""
        every = [family for e in self.evidence for family in e.families]
        return tuple(
            Family(
                name=name,
                expected=next(f.expected for f in every if f.name == name),
                judged=tuple(j for f in every if f.name == name for j in f.judged),
            )
            for name in dict.fromkeys(f.name for f in every)
        )

    @property
    def verdict(self) -> Verdict | None:
        """That of its worst part; None below three seeds."""
        return overall(part.verdict for part in self.parts)
