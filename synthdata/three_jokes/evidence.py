"""Findings of judges, test and learner about generators, and the verdict on the claim.

Idea:   the claim has three parts, each with a number fixed beforehand: a judge of one text sees
        (nearly) nothing, the population test detects the collapse, and a model that learns from the
        texts is harmed. All three have to hold.
Source: the rule for each part is labkit.experiment's. A quantity claimed to be near a value has to
        be shown to be above one bound and below another: D. J. Schuirmann, Journal of
        Pharmacokinetics and Biopharmaceutics 15 (1987).
Run:    python -m synthdata three-jokes
Omits:  the families `dial` and `jokes` in the verdict: there the claim holds by construction.

A judge that is reliably wrong knows something: reversed, it would be right. So its AUC is bounded
on both sides of 1/2. The bounds are on the mean over generators. For a single one the AUC may well
differ from 1/2, by the luck of what it has in common with those the judge has met; the direction is
unknown without meeting it.
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
"""Quantities of the population test: effective words and effective documents, Holm-corrected."""
LEVEL = 0.01
"""Level at which the population test rejects."""
NAIVE = Criterion(
    quantity="AUC of a judge of single texts who has not met the generator",
    threshold=0.6,
    direction="<=",
    no_effect=0.75,  # a judge that orders three pairs in four rightly does see it in one text
)
TURNED = Criterion(quantity=NAIVE.quantity, threshold=0.4, no_effect=0.25)
"""The other side: a judge that orders three pairs in four wrongly sees it, too."""
POPULATION = Counted(
    quantity=f"share of generators that the population test finds, p at most {LEVEL:g}",
    threshold=0.8,
    no_effect=LEVEL,
    cases=4,
)
"""The usual requirement on the power of a test: J. Cohen, Statistical power analysis for the
behavioral sciences (1988). The distance of p below the level says little if p is the smallest that
the number of shuffles allows; so rejections are counted."""
DOWNSTREAM = Criterion(
    quantity="loss after learning from the collapsed minus from the healthy collection, nats/char",
    threshold=0.1,
)
"""With few texts any loss is certain. So the learner gets many, and the harm has to be a tenth of a
nat per character: four and a half for a line of 45 characters."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Findings of the judges, the test and the learner about one generator."""

    naive: float
    """AUC of the judge that has only met other generators."""
    informed: float
    """AUC of the judge that has met this one."""
    p: float
    """Population test, collapsed against healthy: Holm-corrected, the smaller of two."""
    p_null: float
    """The same between two collections of the healthy one (A/A)."""
    ratio: float
    """Effective number of different texts, collapsed over healthy."""
    ratio_null: float
    """The same ratio, A/A."""
    loss_healthy: float
    """Nats/char on real text of an n-gram that learned from the healthy collection."""
    loss_collapsed: float
    """The same for the collapsed collection."""
    loss_tenth: float
    """The same for a tenth of the healthy collection."""
    naive_parts: Mapping[str, float] = field(default_factory=dict)
    """AUC of the naive judge by one kind of feature alone (`Judge.parts`)."""

    @property
    def harm(self) -> float:
        """Cost of learning from the collapsed collection, nats/char."""
        return self.loss_collapsed - self.loss_healthy

    @property
    def harm_tenth(self) -> float:
        """Cost of discarding nine tenths of the healthy collection instead, nats/char."""
        return self.loss_tenth - self.loss_healthy

    @property
    def found(self) -> bool:
        """Does the population test reject?"""
        return self.p <= LEVEL


@dataclass(frozen=True, kw_only=True)
class Family:
    """All generators of a family."""

    name: str
    """Name of the family; for `dial` with its k of N."""
    expected: float
    """Theoretical AUC of the informed judge; nan if there is no formula."""
    judged: tuple[Judged, ...]
    """Findings for each generator."""

    def mean(self, quantity: str) -> Interval:
        """Mean of a quantity over generators, with its 95 % interval."""
        return interval([getattr(j, quantity) for j in self.judged])

    def rejected(self, quantity: str = "p", level: float = LEVEL) -> float:
        """Share of generators whose p is at most the level; for `p_null` the false alarms."""
        return float(np.mean([getattr(j, quantity) <= level for j in self.judged]))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The results of one seed."""

    seed: int
    """Seed of all random draws."""
    families: tuple[Family, ...]
    """dial at every k, jokes if they are available, gpt."""
    missing: str = ""
    """Why a family is missing."""

    def family(self, name: str) -> Family:
        """The family of this name; ValueError if it is missing."""
        for family in self.families:
            if family.name == name:
                return family
        raise ValueError(f"no family {name!r}; there are {[f.name for f in self.families]}")


@dataclass(frozen=True, kw_only=True)
class Result:
    """All seeds, and the verdict about the GPTs."""

    profile: Profile
    """Settings of the experiment."""
    evidence: tuple[Evidence, ...]
    """One for each seed."""

    def _per_seed(self, quantity: str, of: Callable[[Sequence[float]], float]) -> tuple[float, ...]:
        """A quantity of the GPTs, one number per seed."""
        gpts = [e.family("gpt").judged for e in self.evidence]
        return tuple(float(of([getattr(j, quantity) for j in judged])) for judged in gpts)

    @property
    def parts(self) -> tuple[Finding, ...]:
        """The parts of the claim, each with its measurement; the judge's part has two sides."""
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
        """Number of GPTs, of all, at the smallest p that the number of shuffles allows."""
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
        """The verdict of the worst part; None below three seeds."""
        return overall(part.verdict for part in self.parts)
