"""A comparison in words, for people and for programs.

Idea:   the distilled student stands in one table with everything it must beat, and under it one
        sentence: by how much, of which gap, how sure, and helps, hurts or cannot tell.
Run:    python -m distill.compare [--json]
Omits:  colours.
"""

from __future__ import annotations

import json
import math

from distill.compare import Comparison
from distill.evaluate import Gap
from labkit.experiment import interval


def table(found: Comparison) -> str:
    """The comparison in words."""
    width = max(len(arm.name) for arm in found.arms)
    lines = [
        f"{'':<{width}}  nats/char   calibration  agreement  exposure   steps  seconds    TFLOP"
    ]
    for arm in found.arms:
        told = interval(arm.losses)
        half = (told.high - told.low) / 2
        spread = f"+-{half:.3f}" if math.isfinite(half) else "       "
        q = arm.quality
        lines.append(
            f"{arm.name:<{width}}  {told.value:.4f}{spread}  {q.calibration:>9.4f}  "
            f"{q.agreement:>9.3f}  {q.exposure:>8.3f}  {arm.steps:>6}  {arm.seconds:>7.1f}  "
            f"{arm.flops / 1e12:>7.3f}"
        )
    lines.append(f"{'teacher':<{width}}  {found.teacher_loss:.4f}")
    for source, gap in (("the teacher", found.gap), ("the n-gram", found.gap_ngram)):
        lines.append(f"distilling from {source} {gap.verdict}: {_in_words(gap)}")
    lines.append(
        f"against {found.baseline}, the better of the two; {len(found.seeds)} paired seeds, 95 % "
        f"intervals; {found.seconds:.0f} s in all"
    )
    return "\n".join(lines)


def show(found: Comparison, *, as_json: bool) -> None:
    """Print the table, or one line of JSON."""
    print(json.dumps(found.record()) if as_json else table(found), flush=True)


def _in_words(gap: Gap) -> str:
    gained = f"{gap.gained.value:+.4f} nats/char [{gap.gained.low:.4f}, {gap.gained.high:.4f}]"
    if gap.closed is None:
        return f"{gained}; the teacher is no better than labels alone, so there is no gap to close"
    share = gap.closed
    return (
        f"{gained}, {share.value:.0%} of the gap closed [{share.low:.0%}, {share.high:.0%}]"
        if (math.isfinite(share.low))
        else f"{gained}, {share.value:.0%} of the gap closed; one seed has no interval"
    )
