"""A comparison in words, for people and for programs.

Idea:   the distilled student is in one table with everything it must beat, and below it are the
        gaps, each with its starting point: how large, how sure, and helps, hurts or cannot tell.
Run:    python -m distill.compare [--json]
Omits:  colours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from distill.comparison.comparison import Arm, Comparison
from distill.comparison.metrics import Gap
from labkit.experiment import interval, shown


def table(found: Comparison) -> str:
    """The comparison as a table, with a line for each gap."""
    width = max(len(arm.name) for arm in found.arms)
    columns = ("nats/char", "calibration", "agreement", "KL real", "KL own")
    heads = "".join(f"  {name:<15}" for name in columns)
    lines = [f"{'':<{width}}{heads}  steps  seconds    TFLOP"]
    for arm in found.arms:
        cells = "".join(f"  {cell:<15}" for cell in _cells(arm))
        lines.append(
            f"{arm.name:<{width}}{cells}  {arm.steps:>5}  {arm.seconds:>7.1f}  "
            f"{arm.flops / 1e12:>7.3f}"
        )
    lines.append(f"{'teacher':<{width}}  {found.teacher_loss:.4f}")
    for source, start, gap in (
        ("the teacher", f"its own, {found.baseline}", found.gap),
        ("the teacher", f"the best use of the same labels, {found.best}", found.gap_best),
        ("the n-gram", f"its own, {found.baseline}", found.gap_ngram),
    ):
        own = "the student's own gap" if start.startswith("its own") else "that gap"
        lines.append(f"distilling from {source} {gap.verdict}: {_in_words(gap, start, own)}")
    if found.step_seconds:
        labels, taught = found.step_seconds["labels"], found.step_seconds["taught"]
        lines.append(
            f"equal seconds: a step took {1000 * labels:.1f} ms on labels and {1000 * taught:.1f} "
            "ms taught, in this run on this machine"
        )
    lines.append(
        "the teacher is given, one for all seeds: what another would change is in no interval, and "
        "what training it cost is counted nowhere here"
    )
    lines.append(
        f"{len(found.seeds)} paired seeds, 95 % intervals; distances KL(teacher || student) in "
        f"nats/char, on real text and on the student's own; {found.seconds:.0f} s in all"
    )
    return "\n".join(lines)


def show(found: Comparison, *, as_json: bool) -> None:
    """Print the table, or one line of JSON."""
    print(json.dumps(found.record()) if as_json else table(found), flush=True)


def _cells(arm: Arm) -> list[str]:
    """Loss and qualities, each with half its interval if there is one: a column has no room for
    both ends."""
    seeds = len(arm.qualities)  # one if nothing depends on a seed
    qualities = [
        [getattr(one, name) for one in arm.qualities]
        for name in ("calibration", "agreement", "kl_real", "kl_own")
    ]
    return [_cell(values) for values in (arm.losses[:seeds], *qualities)]


def _cell(values: Sequence[float]) -> str:
    if not all(map(math.isfinite, values)):
        return "-"
    told = interval(values)
    half = (told.high - told.low) / 2
    return f"{told.value:.4f}" + (f"+-{half:.4f}" if math.isfinite(half) else "")


def _in_words(gap: Gap, start: str, which: str) -> str:
    gained = f"{gap.gained} nats/char from {start}"
    if gap.closed is None:
        return f"{gained}; the teacher is no better than that, so there is no gap to close"
    share = f"{shown(gap.closed.value, gap.closed.low, gap.closed.high, 2)} of {which} closed"
    return f"{gained}; {share}" + ("; one seed has no interval" if gap.closed.n == 1 else "")
