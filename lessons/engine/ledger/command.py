"""The ledger: every claim's verdict, written only by the code that measured it.

Idea:   one seed after the other is measured and its evidence put beside the experiment, so a
        stopped run can continue and a figure is redrawn without a new run. The rows are judged from
        that evidence by the experiment's own criteria. The criteria and the number of seeds are
        fixed in advance: `preregister` records them, `--run` obeys and says so. A row stays as long
        as the code that measured it still behaves the same (labkit.freshness).
Source: the rule is labkit.experiment; registering beforehand: Nosek et al., "The preregistration
        revolution", PNAS 115 (2018).
Run:    python -m lessons ledger [LESSON ...] [--run] [--check] [--history]
        python -m lessons preregister LESSON
Omits:  results of the ci profile: they show that the code works, and are printed but never kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from labkit import files, freshness
from labkit.experiment import MINIMUM_SEEDS, seeds_needed
from lessons.engine import catalogue
from lessons.engine.catalogue import Lesson
from lessons.engine.experiment import PILOT, Experiment, Profile, find
from lessons.engine.ledger import printed, records


@dataclass(frozen=True, kw_only=True)
class LedgerConfig:
    """Print every claim's verdict; with --run, measure first."""

    lessons: Annotated[tuple[str, ...], Positional] = ()
    """Lessons by number or name; all of them if left out."""
    run: bool = False
    """Measure the seeds that are missing or stale: exactly the number that the experiment fixes."""
    again: bool = False
    """With --run: measure all seeds again."""
    jobs: int = 1
    """With --run: number of seeds in parallel, each on its own core."""
    check: bool = False
    """Check whether the code that measured still behaves the same; exit 1 if it does not."""
    renew: bool = False
    """With --check: where it does, let notebooks show the evidence again after an edit of the
    lesson's experiment.py."""
    history: bool = False
    """Print the rows replaced by later ones."""
    profile: Profile = "full"
    """full: published figures, minutes per seed. ci: seconds, printed and not kept."""
    seeds: int = MINIMUM_SEEDS
    """With --profile ci: number of seeds, from the experiment's first on; at full profile it is
    fixed."""
    readme: Path | None = None
    """Rewrite the tables between the ledger's marks in this file."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise ValueError(f"seeds must be at least 1, got {self.seeds}")
        if self.seeds != MINIMUM_SEEDS and self.profile == "full":
            raise ValueError(
                "how many seeds decide is fixed with the criterion (Experiment.seeds); --seeds "
                "goes with --profile ci"
            )
        if self.jobs < 1:
            raise ValueError(f"jobs must be at least 1, got {self.jobs}")
        if self.again and not self.run:
            raise ValueError("--again says what --run does; add --run")
        if self.renew and not self.check:
            raise ValueError("--renew goes by what --check finds; add --check")
        if self.readme is not None and self.profile != "full":
            raise ValueError("--readme publishes, so it goes with --profile full")


def main(config: LedgerConfig) -> int:
    """Run the command; the exit code."""
    chosen = [catalogue.find(name) for name in config.lessons] or _lessons()
    wanted = {lesson.name for lesson in chosen}
    if config.history:
        old = [row for row in records.whole(records.load()["history"]) if row["id"] in wanted]
        print(printed.render_history(old) if old else "nothing has been replaced")
        return 0
    if config.profile == "ci":
        for lesson in chosen:
            print(printed.render(_ci(find(lesson.name), config)))
        return 0
    if config.check:
        return check(chosen, renew=config.renew)
    if config.run:
        for lesson in chosen:
            made = _made_apart(lesson.name)
            measure(
                find(lesson.name), lesson.folder, again=config.again, jobs=config.jobs, small=made
            )
    rows = [row for row in records.whole(records.read()) if row["id"] in wanted]
    print(printed.render(rows) if rows else "nothing measured yet: python -m lessons ledger --run")
    for lesson in chosen:
        published, judged = records.published(lesson.name), find(lesson.name).judged
        have = len({one["seed"] for one in published} & set(judged))
        if published and have < len(judged):
            print(f"unfinished: {lesson.name}, {have} of {len(judged)} seeds")
    if changed := code_changed(chosen):
        print(
            f"code changed since it measured: {', '.join(changed)}; whether it still does the "
            "same: python -m lessons ledger --check"
        )
    if config.readme is not None:
        printed.write(config.readme, records.whole(records.read()))
    return 0


def _lessons() -> list[Lesson]:
    return catalogue.lessons(having="experiment.py")


def _ci(experiment: Experiment, config: LedgerConfig) -> list[dict[str, Any]]:
    """Rows of the ci profile: measured now, or a line with the command for it."""
    if not config.run:
        raise ValueError("results of the ci profile are not kept; add --run to measure now")
    began = time.process_time()
    seeds = range(experiment.first_seed, experiment.first_seed + config.seeds)
    evidence = [experiment.run("ci", seed) for seed in seeds]
    told = records.about((time.process_time() - began) / config.seeds)
    return records.as_rows(experiment, evidence, told)


def code_changed(chosen: Sequence[Lesson]) -> list[str]:
    """Names of measured lessons whose code has changed its hash since."""
    return [
        lesson.name
        for lesson in chosen
        if not {entry["code"] for entry in records.entries(lesson.folder)}
        <= {records.code_hash(lesson.folder)}
    ]


def check(chosen: Sequence[Lesson], *, renew: bool = False) -> int:
    """Print for each measured lesson whether its row is still valid; returns 1 if one is not.

    With `renew`, notebooks show the evidence of lessons whose behaviour is the same.
    """
    stale = 0
    for lesson in chosen:
        if not records.entries(lesson.folder):
            continue
        if not records.follows(find(lesson.name), lesson.folder):
            again = f"python -m lessons ledger {lesson.name} --run"
            print(f"{lesson.name}: unfinished: its row does not follow from its evidence; {again}")
            stale += 1
            continue
        state, where = records.state(lesson.folder, _made_apart(lesson.name)())
        lacking = freshness.missing(lesson.folder / "experiment.py")
        if state == "stale by behaviour" and lacking:
            print(
                f"{lesson.name}: cannot tell: {', '.join(lacking)} not installed, and without "
                f'{where}; python -m pip install -e ".[scale]", then check again'
            )
            stale += 1
            continue
        words = {
            "fresh": "the code that measured is as it was",
            "code changed": "its code has changed, its fingerprint still comes out",
            "stale by behaviour": f"{where}; python -m lessons ledger {lesson.name} --run --again",
        }
        print(f"{lesson.name}: {state}: {words[state]}")
        stale += state == "stale by behaviour"
        if renew and state != "stale by behaviour":
            records.renew(lesson.folder)
    return 1 if stale else 0


# Measuring.


def small(experiment: Experiment) -> dict[str, Any]:
    """An experiment's fingerprint: seed 0 of the ci profile."""
    return freshness.fingerprint(experiment.run("ci", 0), experiment.sizes.get("full"))


def _made_apart(lesson: str) -> Callable[[], dict[str, Any]]:
    code = (
        "import json, sys\nfrom lessons.engine.experiment import find\n"
        "from lessons.engine.ledger.command import small\n"
        "print(json.dumps(small(find(sys.argv[1]))))"
    )
    return lambda: dict(freshness.apart(code, lesson))


def measure(
    experiment: Experiment,
    folder: Path,
    *,
    again: bool = False,
    say: bool = True,
    jobs: int = 1,
    small: Callable[[], dict[str, Any]] | None = None,
) -> None:
    """Measure the missing seeds of the experiment at full profile, and judge.

    Each seed is kept as soon as it is measured. Evidence of code that behaved differently, by the
    fingerprint of `small`, is dropped, never mixed in; so is that of seeds outside
    `Experiment.judged`. A new fingerprint is written after the first new evidence, never beside the
    old.
    """
    path, code = folder / records.EVIDENCE, records.code_hash(folder)
    now = small() if small else globals()["small"](experiment)
    then = records.fingerprint(folder)
    same = then is not None and not freshness.difference(now, then)
    had = records.entries(folder)
    old = [] if again else had
    old = [entry for entry in old if entry["evidence"]["seed"] in experiment.judged]
    kept = [entry for entry in old if same or (then is None and entry["code"] == code)]
    dropped = [entry["evidence"]["seed"] for entry in had if entry not in kept]
    records.remember(experiment.id, dropped, folder.parent / records.LEDGER)

    def keep_fingerprint() -> None:
        print_ = {**now, "code": code, "own": records.own_hash(folder)}
        files.write_json(folder / records.FINGERPRINT, print_)

    if kept and not same:
        keep_fingerprint()
        same = True
    same = same and bool(kept)
    have = {entry["evidence"]["seed"] for entry in kept}
    missing = [seed for seed in experiment.judged if seed not in have]
    if say and missing:
        wait = len(missing) * records.minutes(experiment, folder.parent / records.LEDGER) / jobs
        print(f"{experiment.id}, {len(missing)} seeds: about {wait:.0f} minutes", flush=True)
    for evidence, seconds in _measured(experiment, missing, jobs):
        entry = {**records.about(seconds), "code": code, "evidence": evidence}
        kept = sorted([*kept, entry], key=lambda entry: entry["evidence"]["seed"])
        files.write_json(path, kept)
        if not same:
            keep_fingerprint()
            same = True
        if say:
            print(f"  seed {evidence['seed']} in {seconds:.0f} s", flush=True)
    records.enter(experiment, kept, folder.parent / records.LEDGER)


def _measured(
    experiment: Experiment, seeds: Sequence[int], jobs: int
) -> Iterator[tuple[dict[str, Any], float]]:
    """Evidence and seconds of each seed, as they are finished."""
    if jobs == 1:
        for seed in seeds:
            yield _one(experiment, seed)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_found, experiment.id, seed) for seed in seeds]):
            yield done.result()


def _one(experiment: Experiment, seed: int) -> tuple[dict[str, Any], float]:
    began = time.process_time()
    return experiment.run("full", seed), time.process_time() - began


def _found(lesson: str, seed: int) -> tuple[dict[str, Any], float]:
    return _one(find(lesson), seed)


# Before measuring.


@dataclass(frozen=True, kw_only=True)
class Preregister:
    """Record the criteria, the seeds that decide and the hash of the code, before measuring."""

    lesson: Annotated[str, Positional, arg(metavar="LESSON")]
    """Its number or name."""


def preregister(config: Preregister) -> None:
    """Run the command; ValueError if this code, or any code on one of the seeds, has measured."""
    lesson = catalogue.find(config.lesson)
    experiment = find(lesson.name)
    fixed = records.registration(experiment, lesson.folder)
    if any(entry["code"] == fixed["code"] for entry in records.entries(lesson.folder)):
        raise ValueError(
            f"{lesson.name} has been measured with this very code; what is registered comes before"
        )
    if known := set(fixed["used"]) & set(experiment.judged):
        raise ValueError(
            f"{lesson.name}: seed {min(known)} has been measured before, and what is known is not "
            f"registered; {_fresh(experiment, set(fixed['used']))}"
        )
    path = lesson.folder.parent / records.LEDGER
    ledger = records.load(path)
    ledger["registered"][lesson.name] = fixed
    files.write_json(path, ledger)
    first, last = experiment.judged[0], experiment.judged[-1]
    print(f"{lesson.name}: registered on {fixed['date']}, seeds {first} to {last}, code")
    print(f"  {fixed['code']}")
    for criterion in experiment.criteria:
        print(f"  {criterion}")
    print(f"Commit this; then: python -m lessons ledger {lesson.name} --run")


def _fresh(experiment: Experiment, used: set[int]) -> str:
    """Text for experiment.py by which it judges seeds that were never measured."""
    for first in range(PILOT - experiment.seeds + 1):
        if not used & set(range(first, first + experiment.seeds)):
            last = first + experiment.seeds - 1
            return f"judge fresh seeds, {first} to {last}: write first_seed={first} into it"
    return f"no {experiment.seeds} seeds in a row below {PILOT} are fresh"


@dataclass(frozen=True, kw_only=True)
class Pilot:
    """Measure seeds that are never judged, and estimate the number needed to decide."""

    lesson: Annotated[str, Positional, arg(metavar="LESSON")]
    """Its number or name."""
    seeds: int = 4
    """Number of seeds: 90, 91, ..."""
    profile: Profile = "full"
    """full, or ci to try the command."""

    def __post_init__(self) -> None:
        if self.seeds < 2:
            raise ValueError(f"a spread needs at least 2 pilots, got {self.seeds}")


def pilot(config: Pilot) -> None:
    """Run the command. Nothing is kept: its results go into the experiment's design."""
    experiment = find(config.lesson)
    seeds = range(PILOT, PILOT + config.seeds)
    evidence = [experiment.run(config.profile, seed) for seed in seeds]
    needed = []
    for found in experiment.judge(evidence):
        needed.append(seeds_needed(found.values, found.criterion))
        values = ", ".join(f"{value:.4g}" for value in found.values)
        print(f"{found.criterion}: {values}; {found.said}; {needed[-1]} seeds decide with 90 %")
    print(f"Experiment.seeds = {max(needed)} (it says {experiment.seeds})")
