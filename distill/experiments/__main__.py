"""Run an experiment, and say what was expected of it and what came out.

Run:    python -m distill.experiments few_labels [--profile ci] [--json] [--out FILE]
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from distill.experiments.lab import PROFILES, Finding, Outcome
from distill.experiments.table import EXPERIMENTS
from labkit import command, files
from labkit.verdict import interval

PROG = "distill.experiments"


@dataclass(frozen=True, kw_only=True)
class Command:
    """Run an experiment: its arms on the same seeds, what was expected, and the verdict."""

    name: Annotated[str, tyro.conf.Positional]
    """Which one; `list` names them."""
    profile: Literal["full", "ci"] = "full"
    """full takes minutes; ci seconds, on too little to mean anything."""
    out: Path | None = None
    """Where to keep the figures, as JSON."""
    json: bool = False
    """One last line of JSON."""

    def __post_init__(self) -> None:
        if self.name not in ("list", *EXPERIMENTS):
            raise ValueError(f"no experiment {self.name!r}; there are {', '.join(EXPERIMENTS)}")


def main(asked: Command) -> None:
    """The command."""
    if asked.name == "list":
        for name, one in EXPERIMENTS.items():
            print(f"{name:<20} {(one.__doc__ or '').splitlines()[0]}")
        return
    wall, cpu = time.monotonic(), time.process_time()
    found = EXPERIMENTS[asked.name](PROFILES[asked.profile])
    spent = {"seconds": time.monotonic() - wall, "cpu_seconds": time.process_time() - cpu}
    kept = {"name": asked.name, "profile": asked.profile, **record(found), **spent}
    if asked.out is not None:
        files.write_json(asked.out, kept)
    if asked.json:
        print(json.dumps(kept), flush=True)
        return
    print("\n".join(words(found)))
    print(f"{spent['seconds']:.0f} s, {spent['cpu_seconds']:.0f} s of computing")


def record(found: Outcome) -> dict[str, Any]:
    """As JSON has it; each finding with its interval and verdict. What is infinite is null."""
    findings = [
        {
            **asdict(finding.criterion),
            "values": finding.values,
            "value": finding.measured.value,
            "low": _finite(finding.measured.low),
            "high": _finite(finding.measured.high),
            "verdict": finding.verdict,
        }
        for finding in found.findings
    ]
    return {
        "expected": found.expected,
        "losses": found.losses,
        "measures": found.measures,
        "findings": findings,
    }


def words(found: Outcome) -> list[str]:
    """A table of all arms, and a line for each expectation."""
    lines = [f"expected: {found.expected}"]
    for title, arms in ({"loss, nats/char": found.losses} | found.measures).items():
        lines.append(f"{title}:")
        width = max(map(len, arms))
        for name, values in arms.items():
            told = interval(values)
            lines.append(f"  {name:<{width}}  {told.value:7.4f}  {_ends(told.low, told.high)}")
    lines += [_judged(finding) for finding in found.findings]
    return lines


def _judged(finding: Finding) -> str:
    told = finding.measured
    said = finding.verdict or f"no verdict on {told.n} seeds"
    return f"{finding.criterion}: {told.value:.4f} {_ends(told.low, told.high)}: {said}"


def _ends(low: float, high: float) -> str:
    return f"[{low:.4f}, {high:.4f}]" if math.isfinite(low) else "[one seed]"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


if __name__ == "__main__":
    command.run(main, Command, prog=PROG)
