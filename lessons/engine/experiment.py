"""An experiment of a lesson: a claim, a criterion fixed in advance, and a measurement.

Idea:   a lesson's `experiment.py` ends in `EXPERIMENT = Experiment(...)`. Its `run(profile, seed)`
        returns the evidence of one seed as plain numbers; `judge` turns the evidence of several
        seeds into verdicts by labkit's one rule; `figure` draws it. Nothing else may state a
        claim's outcome.
Source: the rule is labkit.experiment; the criteria are fixed before an experiment runs.
Run:    python -m lessons ledger --run
Omits:  keeping results: see lessons/engine/ledger/command.py.

How to use it, in a lesson or a notebook:

    experiment = find("next_character")             # also 1 or "01"
    evidence = [experiment.run("ci", seed) for seed in (0, 1, 2)]
    rows = experiment.judge(evidence)               # one `Finding` per criterion
    picture = experiment.figure(evidence)           # .figure (matplotlib) and .alt
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from labkit import figures
from labkit.experiment import MAXIMUM_SEEDS, MINIMUM_SEEDS, Criterion, Finding
from labkit.experiment import overall as verdict_of
from lessons.engine import catalogue
from lessons.engine.groups import TOO_FEW, grouped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Profile = Literal["full", "ci"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
PROFILE_VARIABLE = "COGNITIVE_CORE_PROFILE"
PILOT = 90
"""The first seed that is never judged: 90, 91, ... are for design and tuning."""

Evidence = Mapping[str, Any]
"""Measurements of one seed: plain numbers, strings, lists and dictionaries, as in JSON."""


@dataclass(frozen=True)
class Picture:
    """A figure and its alternative text."""

    figure: Figure
    alt: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A claim and its measurement."""

    id: str
    """The lesson's name without its number, such as next_character."""
    title: str
    """The claim in half a line; the figure's title is "Claim:" followed by it."""
    claim: str
    """The claim in our own words; * marks our interpretation."""
    source: str
    """Where it was said (RB22, SEQ24, NP24a, NP24b, JH23) and the papers behind it."""
    criteria: tuple[Criterion, ...]
    """Criteria, all needed for the claim to be reproduced. They never change after a run."""
    seeds: int = MINIMUM_SEEDS
    """Number of seeds, 3 to 20: fixed with the criterion, from pilots that are never judged."""
    first_seed: int = 0
    """The first of them. A changed experiment judges seeds unused by its earlier rows: their
    results are known, and may have influenced the change."""
    minutes: float
    """Expected minutes per seed at full profile on one core; `records.minutes` has the measured
    time, if there is one."""
    measure: Callable[[Profile, int], dict[str, Any]]
    """(profile, seed) -> evidence. The same code for both profiles; only sizes differ."""
    values: Callable[[Evidence], Sequence[float]]
    """One seed's evidence -> one number per criterion, in their order."""
    draw: Callable[[Sequence[Evidence]], tuple[Figure, str]]
    """Evidence of all seeds -> figure (labkit.figures.new) and alt text."""
    sizes: Mapping[Profile, Any] = field(default_factory=dict)
    """Settings of each profile; those of the full one are kept with the evidence."""

    def __post_init__(self) -> None:
        if not self.criteria:
            raise ValueError(f"{self.id} has no criterion; without one there is no verdict")
        if not MINIMUM_SEEDS <= self.seeds <= MAXIMUM_SEEDS:
            raise ValueError(
                f"{self.id}: seeds are {MINIMUM_SEEDS} to {MAXIMUM_SEEDS}, got {self.seeds}"
            )
        if not 0 <= self.first_seed <= PILOT - self.seeds:
            raise ValueError(
                f"{self.id}: first_seed is 0 to {PILOT - self.seeds}, so that all {self.seeds} are "
                f"below the pilots', which begin at {PILOT}; got {self.first_seed}"
            )
        if self.minutes <= 0:
            raise ValueError(f"{self.id}: minutes must be above 0, got {self.minutes}")

    @property
    def judged(self) -> range:
        """The seeds that decide: the fixed number, from the first one on."""
        return range(self.first_seed, self.first_seed + self.seeds)

    def run(self, profile: Profile, seed: int) -> dict[str, Any]:
        """The evidence of one seed, including its `seed` and `profile`.

        It is converted to JSON and back, so that new evidence and evidence from a file are the
        same. ValueError on an unknown profile, a negative seed, or numbers that are not finite.
        """
        if profile not in PROFILES:
            raise ValueError(f"profile is one of {', '.join(PROFILES)}; got {profile!r}")
        if seed < 0:
            raise ValueError(f"a seed is 0 or more, got {seed}")
        measured = {"seed": seed, "profile": profile, **self.measure(profile, seed)}
        try:
            return json.loads(json.dumps(measured, allow_nan=False))
        except ValueError as error:
            raise ValueError(f"{self.id}, seed {seed}: {error}") from None

    def judge(self, evidence: Sequence[Evidence]) -> list[Finding]:
        """One finding per criterion; ValueError if the evidence is inconsistent."""
        self._check(evidence)
        per_seed = [list(self.values(one)) for one in evidence]
        for numbers in per_seed:
            if len(numbers) != len(self.criteria):
                raise ValueError(
                    f"{self.id}: {len(self.criteria)} criteria, {len(numbers)} values measured"
                )
        return [
            Finding(criterion=criterion, values=tuple(values))
            for criterion, values in zip(self.criteria, zip(*per_seed))
        ]

    def figure(self, evidence: Sequence[Evidence]) -> Picture:
        """The picture of the evidence: the claim as its title, the verdict in its caption."""
        rows = self.judge(evidence)
        with figures.style():
            figure, alt = self.draw(evidence)
            claim = f"Claim: {self.title}"
            figure.suptitle(claim, x=0.01, ha="left", fontsize=12, fontweight="bold")
            lines = [f"{evidence[0]['profile']} profile; 95 % intervals over seeds"]
            lines += [str(group) for group in grouped(rows)]
            if len(rows) > 1:
                lines.append(f"together: {overall(rows)}")
            words = figures.wrapped(figure, "\n".join(lines))
            width, height = figure.get_size_inches()
            figure.set_size_inches(width, height + 0.16 * (words.count("\n") + 2))
            figures.caption(figure, words)
        return Picture(figure, f"{alt} Verdict: {overall(rows)}.")

    def _check(self, evidence: Sequence[Evidence]) -> None:
        if not evidence:
            raise ValueError(f"{self.id}: no evidence to judge")
        profiles = {one["profile"] for one in evidence}
        if len(profiles) > 1:
            raise ValueError(f"{self.id}: evidence of {' and '.join(sorted(profiles))} do not mix")
        seeds = [one["seed"] for one in evidence]
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"{self.id}: a seed counts once, got {seeds}")


def overall(findings: Sequence[Finding]) -> str:
    """The claim's verdict in words: that of its worst criterion."""
    return verdict_of(row.verdict for row in findings) or TOO_FEW


def profile_wanted() -> Profile:
    """The profile named by COGNITIVE_CORE_PROFILE; full if it is not set."""
    wanted = os.environ.get(PROFILE_VARIABLE) or "full"
    if wanted not in PROFILES:
        raise ValueError(f"{PROFILE_VARIABLE} is one of {', '.join(PROFILES)}; got {wanted!r}")
    return wanted


def find(which: str | int) -> Experiment:
    """The experiment of a lesson, given by number or name.

    ValueError if there is no such lesson, or its experiment.py is missing or has no EXPERIMENT.
    """
    lesson = catalogue.find(which)
    path = f"lessons/{lesson.folder.name}/experiment.py"
    if not (lesson.folder / "experiment.py").exists():
        raise ValueError(f"there is no {path} yet")
    module = importlib.import_module(f"{lesson.module}.experiment")
    found = getattr(module, "EXPERIMENT", None)
    if not isinstance(found, Experiment) or found.id != lesson.name:
        raise ValueError(f"{path} must define EXPERIMENT, id {lesson.name}")
    return found
