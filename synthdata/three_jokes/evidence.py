"""What judges, test and learner found about generators, and what that makes of the claim.

Idea:   the claim has three parts, each with a number that was fixed beforehand: who sees one text
        sees (nearly) nothing, the population test sees it, and a model that learns from it pays.
        All three have to hold.
Source: the rule for each part is labkit.experiment's. A quantity that is claimed to lie near a
        value has to be shown to lie above one bound and below another: D. J. Schuirmann, Journal of
        Pharmacokinetics and Biopharmaceutics 15 (1987).
Run:    python -m synthdata three-jokes
Omits:  what is measured on `dial` and `jokes` in the verdict: there it holds by construction.

A judge who is wrong that reliably knows something: turned round, he would be right. So his AUC is
bounded on both sides of 1/2. The bounds are on the mean over generators. For a single one the
judge may well be off 1/2, by the luck of what it and those he has met have in common; which way
nobody can tell who has not met it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from labkit.experiment import Counted, Criterion, Finding, Interval, Verdict, interval, overall

if TYPE_CHECKING:
    from synthdata.three_jokes.profiles import Profile

TESTED = ("hill1", "documents_hill1")
"""What the population test looks at: effective words and effective documents, Holm-corrected."""
LEVEL = 0.01
"""At which the population test rejects."""
NAIVE = Criterion(
    quantity="AUC of a judge of single texts who has not met the generator",
    threshold=0.6,
    direction="<=",
    no_effect=0.75,  # who orders three pairs in four rightly does see it in one text
)
TURNED = Criterion(quantity=NAIVE.quantity, threshold=0.4, no_effect=0.25)
"""The other side: who orders three pairs in four wrongly sees it, too."""
POPULATION = Counted(
    quantity=f"share of generators that the population test finds, p at most {LEVEL:g}",
    threshold=0.8,
    no_effect=LEVEL,
    cases=4,
)
"""The power that is usually asked of a test: J. Cohen, Statistical power analysis for the
behavioral sciences (1988). How far p lies below the level says little where it is the smallest that
so many random deals can give; so it is counted."""
DOWNSTREAM = Criterion(
    quantity="loss after learning from the collapsed minus from the healthy collection, nats/char",
    threshold=0.1,
)
"""Of few texts any loss is certain. So the learner gets many, and the harm has to be worth a tenth
of a nat: four and a half for a line of 45 characters."""


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
    loss_tenth: float
    """Likewise from a tenth of the healthy one."""
    naive_parts: Mapping[str, float] = field(default_factory=dict)
    """AUC of the naive judge going by one kind of feature alone (`Judge.parts`)."""

    @property
    def harm(self) -> float:
        """What learning from the collapsed collection costs, nats/char."""
        return self.loss_collapsed - self.loss_healthy

    @property
    def harm_tenth(self) -> float:
        """What throwing nine tenths of the healthy collection away costs instead, nats/char."""
        return self.loss_tenth - self.loss_healthy

    @property
    def found(self) -> bool:
        """Does the population test reject?"""
        return self.p <= LEVEL


@dataclass(frozen=True, kw_only=True)
class Family:
    """All generators of a family."""

    name: str
    """Which one; of `dial` with its k of N."""
    expected: float
    """What the informed judge's AUC ought to be; nan if there is no formula."""
    judged: tuple[Judged, ...]
    """One for each generator."""

    def mean(self, quantity: str) -> Interval:
        """Mean of a quantity over generators, with its 95 % interval."""
        return interval([getattr(j, quantity) for j in self.judged])

    def rejected(self, quantity: str = "p", level: float = LEVEL) -> float:
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
        """By its name; ValueError if it is not there."""
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
        """The parts of the claim, each with what was measured; the judge's has two sides."""
        naive = self._per_seed("naive", np.mean)
        gpts = len(self.evidence[0].family("gpt").judged)
        return (
            Finding(criterion=NAIVE, values=naive),
            Finding(criterion=TURNED, values=naive),
            Finding(
                criterion=replace(POPULATION, cases=gpts), values=self._per_seed("found", np.mean)
            ),
            Finding(criterion=DOWNSTREAM, values=self._per_seed("harm", np.mean)),
        )

    @property
    def smallest_p(self) -> str:
        """How many GPTs, of all, are at the smallest p that so many random deals can give."""
        every = [j.p for e in self.evidence for j in e.family("gpt").judged]
        smallest = len(TESTED) / (1 + self.profile.permutations)
        k = sum(p <= smallest * (1 + 1e-9) for p in every)
        return f"{k} of {len(every)} at the smallest p there is, {smallest:.3g}"

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
