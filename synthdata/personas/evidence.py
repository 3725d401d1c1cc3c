"""Evidence on personas: arms with their quality, the entropy budget, the best control, the verdict.

Idea:   variety without quality is noise, so an arm has both, and a control counts only at a setting
        at which its quality is no worse than that of the personas.
Source: effective number: M. O. Hill, Ecology 1973; the budget: Shannon 1948, section 12.
Run:    python -m synthdata personas --help
Omits:  the models (`personas.laboratory`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from labkit.experiment import Criterion, Finding, Interval, Verdict, interval
from synthdata.collapse.regimes import PLAIN, Sampler
from synthdata.diversity import entropy as entropies
from synthdata.diversity import hill
from synthdata.diversity.abundance import count_documents
from synthdata.panel import budget as strata
from synthdata.personas.world import FIELDS, World, counted, names
from synthdata.text.ngrams import Grams, grams
from synthdata.text.tokens import encode

if TYPE_CHECKING:
    from synthdata.personas.profiles import Profile

Prompts = Literal["none", "personas", "codes"]
CRITERION = Criterion(
    quantity="effective number of distinct outputs with personas / with the best control",
    threshold=1.3,
    no_effect=1.0,
    scale="log2",
)
"""Worlds differ by factors, so the ratio is judged on its logarithm: its mean over seeds is the
geometric one. 1.3 times is 0.38 bits of entropy; the slack in "no worse" may give a control 0.2 of
them: SLACK_BITS, and about as much for SLACK, 20 of 2,000 outputs wrong, each differently."""
SLACK = 0.01
"""A control's share of ungrammatical outputs may exceed that of personas by this much."""
SLACK_BITS = 0.1
"""Its grammatical outputs may be less likely by this much (bits per output, true grammar)."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A model, its prompts, its sampler, and the measures of its outputs."""

    model: Literal["healthy", "collapsed", "truth"]
    """The model before the chain, after it, or the grammar itself."""
    prompts: Prompts
    """Kind of prompt."""
    sampler: Sampler
    """Sampling settings."""
    n: int
    """Number of outputs."""
    effective: float
    """Effective number of distinct outputs among n (Hill number of order 1), persona words left
    out."""
    source: float
    """The same for the source behind them (Chao, Wang & Jost); a lower bound at low coverage."""
    coverage: float
    """Coverage of that source, 0 to 1."""
    grammatical: float
    """Share of outputs that the grammar can write."""
    logprob: float
    """Mean log2-probability of those under the true grammar; nan if there are none."""
    fits: float
    """Share of outputs possible for their persona; nan without personas."""

    def needed(self, entropy: float) -> tuple[float, float]:
        """Grammatical share and mean log2-probability that a control of this arm has to reach.

        A control's outputs need not be likelier than the truth's, whose mean is -`entropy`.
        """
        return self.grammatical - SLACK, min(self.logprob, -entropy) - SLACK_BITS


def most_varied(effective: np.ndarray, quality: np.ndarray, needed: np.ndarray) -> int | None:
    """Which setting is the most varied of those that are good enough; None where none is.

    effective [S]: of S settings; quality [S, Q]: each by Q measures; needed [Q]: the least of each.

    >>> most_varied(np.array([4.0, 9.0, 6.0]), np.array([[0.9], [0.5], [0.8]]), np.array([0.8]))
    2
    """
    good = np.flatnonzero((quality >= needed).all(axis=1))
    return int(good[effective[good].argmax()]) if good.size else None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """H(out) = I(persona; out) + H(out | persona) of some personas, each asked equally often."""

    total: float
    """H(out), bits (Chao-Wang-Jost)."""
    within: float
    """H(out | persona), bits: the mean over the personas."""
    coverage: float
    """Coverage of all outputs together."""

    @property
    def information(self) -> float:
        """I(persona; out), bits."""
        return self.total - self.within


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The results of one seed."""

    seed: int
    """Seed of the world, the training and the sampling."""
    entropy: float
    """Exact entropy of an output of the world, bits."""
    arms: tuple[Arm, ...]
    """Every model, prompt and sampler."""
    budgets: dict[str, Budget]
    """Budgets of the grammar (exact), its text, the healthy and the collapsed model (measured)."""
    fields: dict[str, float]
    """Information of each part of the persona about a word of the collapsed model, bits/word."""
    adds: tuple[tuple[str, float], ...]
    """The values of those parts that add most, bits/word, the most first."""
    examples: dict[str, tuple[str, ...]]
    """A few outputs of the collapsed model, by prompt."""

    def arm(self, model: str, prompts: str, sampler: Sampler = PLAIN) -> Arm:
        """The arm of this model, prompt and sampler; ValueError if there is none."""
        for arm in self.arms:
            if (arm.model, arm.prompts, arm.sampler) == (model, prompts, sampler):
                return arm
        raise ValueError(f"no arm of the {model} model with {prompts} at {sampler}")

    @property
    def personas(self) -> Arm:
        """The arm that the claim is about."""
        return self.arm("collapsed", "personas")

    def best(self, kind: str) -> Arm | None:
        """The most varied control of a kind with no worse quality; None if all write worse."""
        arms = [arm for arm in self.arms if control_kind(arm) == kind]
        chosen = most_varied(
            np.array([arm.effective for arm in arms]),
            np.array([[arm.grammatical, arm.logprob] for arm in arms]).reshape(-1, 2),
            np.array(self.personas.needed(self.entropy)),
        )
        return None if chosen is None else arms[chosen]

    @property
    def best_control(self) -> Arm:
        """The best of all kinds; if every setting is of worse quality, the collapsed model."""
        found = [arm for arm in map(self.best, CONTROLS) if arm is not None]
        plain = self.arm("collapsed", "none")
        return max(found, key=lambda arm: arm.effective, default=plain)

    @property
    def ratio(self) -> float:
        """The ratio that the criterion judges."""
        return self.personas.effective / self.best_control.effective

    @property
    def calibrated_ratio(self) -> float:
        """Ratio of the healthy model at temperature 1, with personas over without."""
        with_, without = (self.arm("healthy", p).effective for p in ("personas", "none"))
        return with_ / without


CONTROLS = ("temperature", "top-p", "codes")


def control_kind(arm: Arm) -> str:
    """The kind of control of an arm of the collapsed model; "" if it is none."""
    if arm.model != "collapsed" or arm.prompts == "personas":
        return ""
    if arm.prompts == "codes":
        return "codes"
    return "top-p" if arm.sampler.top_p < 1 else "temperature"


@dataclass(frozen=True, kw_only=True)
class Result:
    """All seeds, and the verdict."""

    profile: Profile
    """Settings of the experiment."""
    evidence: tuple[Evidence, ...]
    """One for each seed."""

    @property
    def ratio(self) -> Interval:
        """Personas over the best control, geometric mean over seeds."""
        return interval([e.ratio for e in self.evidence], scale=CRITERION.scale)

    @property
    def calibrated(self) -> Interval:
        """The same without collapse and without controls, where nothing can be gained."""
        return interval([e.calibrated_ratio for e in self.evidence], scale=CRITERION.scale)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict by `CRITERION`; None below three seeds."""
        return Finding(criterion=CRITERION, values=tuple(e.ratio for e in self.evidence)).verdict


def measure(
    world: World,
    said: Sequence[str],
    people: np.ndarray,
    *,
    model: str = "truth",
    prompts: Prompts = "none",
    sampler: Sampler = PLAIN,
) -> Arm:
    """Variety and quality of outputs; `people` [n, 4] are their personas."""
    tally = count_documents([counted(text) for text in said])
    logprob = np.array([world.logprob(text) for text in said])
    right = np.isfinite(logprob)
    fits = math.nan
    if prompts == "personas":
        own = [world.logprob(text, person) for text, person in zip(said, people.tolist())]
        fits = float(np.mean(np.isfinite(own)))
    return Arm(
        model=model,  # type: ignore[arg-type]
        prompts=prompts,
        sampler=sampler,
        n=len(said),
        effective=hill.hill(tally, 1),
        source=hill.hill_asymptotic(tally, 1),
        coverage=hill.coverage(tally),
        grammatical=float(right.mean()),
        logprob=float(logprob[right].mean()) if right.any() else math.nan,
        fits=fits,
    )


def measured_budget(said: Sequence[str], each: int) -> Budget:
    """The budget of outputs that come in runs of `each` per persona."""
    plain = [counted(text) for text in said]
    own = [
        entropies.entropy(count_documents(plain[i : i + each])) for i in range(0, len(plain), each)
    ]
    tally = count_documents(plain)
    return Budget(
        total=entropies.entropy(tally),
        within=float(np.mean(own)),
        coverage=hill.coverage(tally),
    )


def which_add(
    said: Sequence[str], people: np.ndarray, seed: int, top: int = 8
) -> tuple[dict[str, float], tuple[tuple[str, float], ...]]:
    """Information of each field about a word, and the values that add most; bits/word."""
    found: Grams = grams(encode([counted(text) for text in said], "word"), 1)
    fields, adds = {}, []
    for field_ in FIELDS:
        split = strata.budget(found, names(people, field_), permutations=40, seed=seed)
        fields[field_] = split.information.value
        adds += [(f"{field_} {s.value}", s.adds) for s in split.strata]
    return fields, tuple(sorted(adds, key=lambda pair: -pair[1])[:top])


def plain(evidence: Evidence) -> dict[str, Any]:
    """Values for JSON: numbers, strings, lists and dictionaries; None for what is not finite."""

    def made(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: made(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [made(part) for part in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return made(asdict(evidence))


def from_plain(kept: Mapping[str, Any]) -> Evidence:
    """The inverse of `plain`; None becomes nan."""

    def number(value: Any) -> Any:
        return math.nan if value is None else value

    arms = [
        {name: number(v) for name, v in arm.items()} | {"sampler": Sampler(**arm["sampler"])}
        for arm in kept["arms"]
    ]
    budgets = {
        name: Budget(**{part: number(v) for part, v in budget.items()})
        for name, budget in kept["budgets"].items()
    }
    return Evidence(
        seed=kept["seed"],
        entropy=kept["entropy"],
        arms=tuple(Arm(**arm) for arm in arms),
        budgets=budgets,
        fields={name: number(bits) for name, bits in kept["fields"].items()},
        adds=tuple((name, number(bits)) for name, bits in kept["adds"]),
        examples={kind: tuple(said) for kind, said in kept["examples"].items()},
    )
