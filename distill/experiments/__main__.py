"""Run an experiment, and print what was expected of it and what came out.

Run:    python -m distill.experiments list                all experiments, a line each
        python -m distill.experiments born_again [--profile ci] [--json] [--out FILE]
        python -m distill.experiments few_labels --first-seed 90 --seeds 3    a pilot
        python -m distill.experiments results             all outcomes, as Markdown
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("distill.experiments")

import difflib
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from distill.experiments import results
from distill.experiments.lab import PROFILES
from distill.experiments.outcome import Outcome
from distill.experiments.table import EXPERIMENTS, FIRST_SEEDS, PILOTS, REPLACED, SEEDS
from labkit import command, files, freshness
from labkit.experiment import POWER, seeds_needed

PROG = "distill.experiments"
SHOWN = ("list", "results")


@dataclass(frozen=True, kw_only=True)
class Command:
    """Run an experiment: its arms on the same seeds, what was expected, and the verdict."""

    name: Annotated[str, tyro.conf.Positional]
    """An experiment's name; `list` names them, `results` shows all outcomes."""
    profile: Literal["full", "ci"] = "full"
    """full takes minutes; ci seconds, with too little data to mean anything."""
    seeds: int | None = None
    """Number of seeds; by default the one fixed with the criterion. Verdicts need three."""
    first_seed: int | None = None
    """The first seed; by default the profile's. Seeds from 90 on are pilots, which are never
    judged: after them the command prints how many seeds would decide."""
    out: Path | None = None
    """Where to write the figures, as JSON (for `results`, as Markdown)."""
    json: bool = False
    """Print a last line of JSON."""
    check: bool = False
    """With `results`: check that the measuring code still does the same; exit code 1 if not.
    """

    def __post_init__(self) -> None:
        known = (*SHOWN, *EXPERIMENTS)
        if self.name not in known:
            near = difflib.get_close_matches(self.name, known, n=1, cutoff=0.0)[0]
            raise ValueError(
                f"no experiment {self.name!r}, did you mean {near!r}? there are "
                f"{', '.join(EXPERIMENTS)}"
            )
        if self.check and self.name != "results":
            raise ValueError("--check goes with `results`")
        if self.seeds is not None and self.seeds < 1:
            raise ValueError(f"seeds must be at least 1, got {self.seeds}")
        if self.first_seed is not None and self.first_seed < 0:
            raise ValueError(f"first_seed must not be negative, got {self.first_seed}")


def main(asked: Command) -> int:
    """List, run or check experiments, or write the page; the exit code."""
    if asked.name == "list":
        for name, one in EXPERIMENTS.items():
            print(f"{name:<20} {(one.__doc__ or '').splitlines()[0]}")
        return 0
    if asked.check:
        return check()
    if asked.out is not None:
        files.check_place(asked.out)
    if asked.name == "results":
        text = results.page(
            results.read(EXPERIMENTS), results.read(EXPERIMENTS, results.REPLACED), REPLACED
        )
        print(text, end="") if asked.out is None else files.write_text(asked.out, text)
        return 0
    profile = PROFILES[asked.profile]
    full = asked.profile == "full"
    first = FIRST_SEEDS.get(asked.name, profile.first_seed) if full else profile.first_seed
    first = first if asked.first_seed is None else asked.first_seed
    pilot = first >= PILOTS
    if full and not pilot:
        profile = replace(profile, seeds=planned(asked))
    profile = replace(profile, seeds=asked.seeds or profile.seeds, first_seed=first)
    wall, cpu = time.monotonic(), time.process_time()
    found = EXPERIMENTS[asked.name](profile)
    spent = {"seconds": time.monotonic() - wall, "cpu_seconds": time.process_time() - cpu}
    about = {
        "name": asked.name,
        "profile": asked.profile,
        "first_seed": profile.first_seed,
        **results.about(),
    }
    kept = {**about, **results.record(found), **spent}
    if asked.out is not None:
        kept["seen_before"] = results.seen_before(kept, earlier(asked))
        kept["code"] = results.code_hash(EXPERIMENTS[asked.name])
        kept["fingerprint"] = made_apart(asked.name)
        files.write_json(asked.out, kept)
    if asked.json:
        print(json.dumps(kept), flush=True)
        return 0
    print("\n".join(words(found)))
    if pilot and profile.seeds > 1:
        for finding in found.findings:
            needed = seeds_needed(finding.values, finding.criterion)
            print(f"seeds that would decide, with {POWER:.0%}: {needed} for {finding.criterion}")
    print(f"{spent['seconds']:.0f} s, {spent['cpu_seconds']:.0f} s of computing")
    return 0


def planned(asked: Command) -> int:
    """Number of seeds that judge an experiment; ValueError if not fixed, or another is asked
    for.
    """
    if asked.name not in SEEDS:
        raise ValueError(
            f"{asked.name} is not judged before its number of seeds is fixed: run its pilots, "
            f"--first-seed {PILOTS} --seeds 3, and write what they say into table.py"
        )
    if asked.seeds not in (None, SEEDS[asked.name]):
        raise ValueError(
            f"{asked.name} is judged over {SEEDS[asked.name]} seeds, fixed beforehand, got "
            f"--seeds {asked.seeds}; leave it out, or take pilots: --first-seed {PILOTS}"
        )
    return SEEDS[asked.name]


def earlier(asked: Command) -> list[dict[str, Any]]:
    """What is known of an experiment: its records, and what stands where this one goes."""
    there = asked.out is not None and asked.out.exists()
    return [
        *results.read([asked.name]),
        *results.read([asked.name], results.REPLACED),
        *([files.read_json(asked.out)] if there and asked.out is not None else []),
    ]


def check() -> int:
    """Print a line for each record; return 1 if one is stale by behaviour, else 0."""
    stale = 0
    for kept in results.read(EXPERIMENTS):
        experiment = EXPERIMENTS[kept["name"]]
        state, where = results.state(kept, experiment, made_apart(kept["name"]))
        print(f"{kept['name']}: {state}{f': {where}' if where else ''}", flush=True)
        stale += state == "stale by behaviour"
    return 1 if stale else 0


def made_apart(name: str) -> dict[str, Any]:
    """An experiment's fingerprint, made in a separate process with one thread."""
    code = (
        "import json, sys\nfrom distill.experiments import lab, results, table\n"
        "found = table.EXPERIMENTS[sys.argv[1]](lab.SMALLEST)\n"
        "print(json.dumps(results.fingerprint(found)))"
    )
    return dict(freshness.apart(code, name))


def words(found: Outcome) -> list[str]:
    """The lines of a table of all arms, and a line for each expectation."""
    lines = [f"expected: {found.expected}"]
    for title, arms in ({"loss, nats/char": found.losses} | found.measures | found.costs).items():
        lines.append(f"{title}:")
        width = max(map(len, arms))
        for name, values in arms.items():
            told = results.told_of(values, once=name in found.once)
            lines.append(f"  {name:<{width}}  {told}")
    lines += [f"{name}: {what}" for name, what in found.chosen.items()]
    lines += [f"sanity check: {check.finding} ({check.why})" for check in found.sanity]
    lines += [str(finding) for finding in found.findings]
    return lines


if __name__ == "__main__":
    command.run(main, Command, prog=PROG)
