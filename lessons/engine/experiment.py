"""What every lesson's experiment is: a claim, a criterion written beforehand, and a measurement.

Idea:   a lesson's `experiment.py` ends in `EXPERIMENT = Experiment(...)`. Its `run(profile, seed)`
        returns the evidence of one seed as plain numbers; `judge` turns the evidence of several
        seeds into verdicts by labkit's one rule; `figure` draws it. Nothing else may say how a
        claim came out.
Source: the rule is labkit.verdict; the criteria are fixed before an experiment is run.
Run:    python -m lessons ledger --run
Omits:  keeping results: see lessons/engine/ledger.py.

How to use it, in a lesson or a notebook:

    experiment = find("next_character")             # also 1 or "01"
    evidence = [experiment.run("ci", seed) for seed in (0, 1, 2)]
    rows = experiment.judge(evidence)               # one `Row` a criterion
    picture = experiment.figure(evidence)           # .figure (matplotlib) and .alt
"""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from labkit import figures
from labkit.verdict import MINIMUM_SEEDS, Criterion, Verdict, interval, verdict
from lessons.engine import catalogue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Profile = Literal["full", "ci"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
PROFILE_VARIABLE = "COGNITIVE_CORE_PROFILE"
TOO_FEW = "too few seeds to judge"

Evidence = Mapping[str, Any]
"""What one seed measured: plain numbers, strings, lists and dictionaries, as JSON has them."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """How one criterion came out."""

    criterion: Criterion
    """What had to hold."""
    value: float
    """Mean over seeds, in the criterion's unit."""
    low: float
    """Lower end of the 95 % interval; minus infinity from one seed."""
    high: float
    """Upper end."""
    seeds: int
    """How many values it is made of."""
    verdict: Verdict | Literal["too few seeds to judge"]
    """By labkit.verdict; it is not given on fewer than three seeds."""

    @property
    def measured(self) -> str:
        """Value and interval; the value alone from one seed."""
        between = f" [{self.low:.3g}, {self.high:.3g}]" if self.seeds > 1 else ""
        return f"{self.value:.3g}{between}"

    def __str__(self) -> str:
        return f"{self.criterion}: {self.measured}, n={self.seeds}: {self.verdict}"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows that ask the same of several things, or one row."""

    quantity: str
    """What is asked, without of what."""
    rows: dict[str, Row]
    """By what it is asked of, with its unit; by "" where there is but one."""

    @property
    def needs(self) -> str:
        """What all of them must be: ">= 0"."""
        criterion = next(iter(self.rows.values())).criterion
        return f"{criterion.direction} {criterion.threshold:g}"

    def __str__(self) -> str:
        """One line; of several rows that whose verdict is another than most."""
        if "" in self.rows:
            return str(self.rows[""])
        found = ", ".join(f"{who} {row.measured}" for who, row in self.rows.items())
        verdicts: dict[str, list[str]] = {}
        for who, row in self.rows.items():
            verdicts.setdefault(row.verdict, []).append(who)
        of = "" if len(verdicts) == 1 else " for {}"
        said = "; ".join(word + of.format(", ".join(whose)) for word, whose in verdicts.items())
        seeds = next(iter(self.rows.values())).seeds
        return f"{self.quantity} {self.needs}: {found}, n={seeds}: {said}"


def grouped(rows: Sequence[Row]) -> list[Group]:
    """Rows in their order; neighbours that ask the same of several things are one group.

    Quantities are then called "multinomial, slope of the error (bits)": of what, and what.
    """
    groups: list[Group] = []
    for row in rows:
        who, _, asked = row.criterion.quantity.partition(", ")
        unit = re.search(r" \([^()]*\)$|$", asked)
        assert unit is not None  # units may differ, so that each row keeps its own
        asked = asked.removesuffix(unit[0])
        who += unit[0]
        last = groups[-1] if groups else None
        mine = Group(quantity=asked, rows={who: row})
        if last and asked and (last.quantity, last.needs) == (asked, mine.needs):
            last.rows[who] = row
        else:
            groups.append(mine)
    return [
        group if len(group.rows) > 1 else Group(quantity=row.criterion.quantity, rows={"": row})
        for group in groups
        for row in [next(iter(group.rows.values()))]
    ]


@dataclass(frozen=True)
class Picture:
    """A figure and the text that stands in for it."""

    figure: Figure
    alt: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A claim and how it is measured."""

    id: str
    """The lesson's name without its number, such as next_character."""
    title: str
    """The claim in half a line: the figure's title."""
    claim: str
    """The claim in our own words; * marks what we read into it."""
    source: str
    """Who said it (RB22, SEQ24, NP24a, NP24b, JH23) and the papers it rests on."""
    criteria: tuple[Criterion, ...]
    """All must hold for the claim to count as reproduced. Never changed after a run."""
    minutes: float
    """About how long a seed should take at full profile on one core; `ledger.minutes` says how
    long it took, where it has been measured."""
    measure: Callable[[Profile, int], dict[str, Any]]
    """(profile, seed) -> evidence. The same code for both profiles; only sizes differ."""
    values: Callable[[Evidence], Sequence[float]]
    """One seed's evidence -> one number a criterion, in their order."""
    draw: Callable[[Sequence[Evidence]], tuple[Figure, str]]
    """Evidence of all seeds -> figure (labkit.figures.new) and alt text."""
    together: Callable[[Sequence[Evidence]], Sequence[Sequence[float]]] | None = None
    """For values that are relative to a mean over seeds: evidence of all seeds -> what `values`
    gives, one list a seed. Left out, each seed's values are its own."""

    def __post_init__(self) -> None:
        if not self.criteria:
            raise ValueError(f"{self.id} has no criterion; without one there is no verdict")
        if self.minutes <= 0:
            raise ValueError(f"{self.id}: minutes must be above 0, got {self.minutes}")

    def run(self, profile: Profile, seed: int) -> dict[str, Any]:
        """The evidence of one seed, with its `seed` and `profile` in it.

        What comes back has been through JSON, so that evidence just measured and evidence read
        from a file are the same. ValueError on an unknown profile, a negative seed, or numbers that
        are not finite.
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

    def judge(self, evidence: Sequence[Evidence]) -> list[Row]:
        """One row a criterion, over all seeds; ValueError where evidence does not go together."""
        self._check(evidence)
        of_all = self.together or (lambda seeds: [self.values(one) for one in seeds])
        per_seed = [list(numbers) for numbers in of_all(evidence)]
        for numbers in per_seed:
            if len(numbers) != len(self.criteria):
                raise ValueError(
                    f"{self.id}: {len(self.criteria)} criteria, {len(numbers)} values measured"
                )
        rows = []
        for criterion, values in zip(self.criteria, zip(*per_seed)):
            found = interval(values)
            judged = verdict(criterion, found) if found.n >= MINIMUM_SEEDS else TOO_FEW
            rows.append(
                Row(
                    criterion=criterion,
                    value=found.value,
                    low=found.low,
                    high=found.high,
                    seeds=found.n,
                    verdict=judged,  # type: ignore[arg-type]
                )
            )
        return rows

    def figure(self, evidence: Sequence[Evidence]) -> Picture:
        """The picture of the evidence: the claim as its title, the verdict in its caption."""
        rows = self.judge(evidence)
        with figures.style():
            figure, alt = self.draw(evidence)
            figure.suptitle(self.title, x=0.01, ha="left", fontsize=12, fontweight="bold")
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


def overall(rows: Sequence[Row]) -> str:
    """The claim's verdict: reproduced where every criterion is, contradicted where one is."""
    verdicts = {row.verdict for row in rows}
    for word in (TOO_FEW, "contradicted", "not at this scale"):
        if word in verdicts:
            return word
    return "reproduced"


def profile_wanted() -> Profile:
    """The profile that COGNITIVE_CORE_PROFILE asks for; full where it says nothing."""
    wanted = os.environ.get(PROFILE_VARIABLE) or "full"
    if wanted not in PROFILES:
        raise ValueError(f"{PROFILE_VARIABLE} is one of {', '.join(PROFILES)}; got {wanted!r}")
    return wanted


def find(which: str | int) -> Experiment:
    """The experiment of a lesson, given by number or name.

    ValueError where there is no such lesson, or its experiment.py is missing or has no EXPERIMENT.
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
