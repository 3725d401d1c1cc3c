"""What a lesson's notebook calls: predict, check, show a figure, run the experiment.

Idea:   a notebook tells a story; the machinery behind it stands here, once. Everything that a cell
        shows is text, or a figure with its alternative text and a caption under it.
Run:    in a notebook: from lessons.engine.notebook import check, experiment, predict, show
Omits:  widgets. A notebook is read on paper and by screen readers too.
"""

from __future__ import annotations

import base64
import inspect
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from labkit import figures, files
from lessons.engine import evidence
from lessons.engine.experiment import Experiment, Row, find, overall, profile_wanted
from lessons.engine.work import work_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEDS = (0, 1, 2)
"""The seeds of the published figures: as few as a verdict may rest on."""


def show(figure: Figure, *, alt: str, caption: str = "") -> None:
    """Show a figure under the cell, its alternative text in it, and a caption that all can read."""
    from IPython.display import display

    data = base64.b64encode(figures.png(figure, alt=alt)).decode()
    bundle = {"image/png": data, "text/plain": alt}
    display(bundle, raw=True, metadata={"image/png": {"alt": alt}})
    if caption:
        _say(f"*{caption}*")


def source(function: Callable[..., Any]) -> None:
    """Show a function of the packages as it is written there."""
    where = f"{function.__module__.replace('.', '/')}.py"
    _say(f"`{where}`:\n```python\n{inspect.getsource(function).rstrip()}\n```")


# Predict, then run.


def predict(lesson: str, number: Any) -> None:
    """Write down, before the experiment is run, what the learner expects its first number to be.

    Kept in work/predictions.json. The first prediction stays; a later one is kept beside it. The
    dots of the untouched cell are no prediction, and nothing stops. ValueError on what is neither.
    """
    claim = find(lesson)
    quantity = claim.criteria[0].quantity
    if number is ... or number is None:
        _say(
            f"**No prediction yet.** Put a number in place of the dots ({quantity}) and run the "
            "cell again. The notebook goes on without one."
        )
        return
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError(f"a prediction is a number such as 1.5, got {number!r}")
    if not math.isfinite(number):
        raise ValueError(f"a prediction is a finite number, got {number}")
    made = _predictions()
    rows = made.setdefault(claim.id, [])
    if not rows or rows[-1]["value"] != number:
        rows.append({"value": number, "date": datetime.now(UTC).isoformat(timespec="seconds")})
        work_folder().mkdir(parents=True, exist_ok=True)
        files.write_json(work_folder() / "predictions.json", made)
    first = rows[0]["value"]
    later = "" if first == number else f" Your first prediction was {first:g}, and it stays."
    _say(f"Written down: **{number:g}** ({quantity}).{later}")


def _predictions() -> dict[str, Any]:
    path = work_folder() / "predictions.json"
    made = files.read_json(path) if path.exists() else {}
    return made if isinstance(made, dict) else {}


# The experiment.


def experiment(lesson: str, seeds: Sequence[int] = SEEDS) -> list[dict[str, Any]]:
    """Run a lesson's experiment for every seed; show its figure, and verdict beside prediction.

    The profile is COGNITIVE_CORE_PROFILE's, full by default. What was measured is kept in
    work/evidence and not measured again while the code stays as it is. Returns the evidence.
    """
    claim, profile = find(lesson), profile_wanted()
    kept = _measure(claim, seeds)
    found = [one.evidence for one in kept]
    picture = claim.figure(found)
    rows = claim.judge(found)
    seconds = sum(one.seconds for one in kept)
    show(
        picture.figure,
        alt=picture.alt,
        caption=f"Measured: {len(seeds)} seeds, {profile} profile, {seconds:.0f} s of computing. "
        f"{picture.alt}",
    )
    _say(_table(claim, rows))
    if profile != "full":
        _say(f"The {profile} profile only shows that the code runs: its numbers prove nothing.")
    return found


def _measure(claim: Experiment, seeds: Sequence[int]) -> list[evidence.Kept]:
    from IPython.display import Markdown, display

    profile = profile_wanted()
    minutes = f"about {claim.minutes:g} minutes a seed on two cores" if profile == "full" else "ci"
    line = display(Markdown("starting"), display_id=True)
    kept: list[evidence.Kept] = []
    for i, seed in enumerate(seeds, 1):
        done = "".join(f" Seed {k.evidence['seed']}: {_age(k)}." for k in kept)
        line.update(Markdown(f"Running seed {i} of {len(seeds)} ({profile} profile, {minutes}).{done}"))
        kept.append(evidence.measure(claim, profile, seed, work_folder() / "evidence"))
    done = " ".join(f"Seed {k.evidence['seed']}: {_age(k)}." for k in kept)
    line.update(Markdown(f"{len(seeds)} seeds, {profile} profile. {done}"))
    return kept


def _age(kept: evidence.Kept) -> str:
    return f"{kept.seconds:.0f} s" + ("" if kept.fresh else f", measured before ({kept.date})")


def _table(claim: Experiment, rows: Sequence[Row]) -> str:
    """Criteria, what was needed, predicted and measured, and the verdict, as a Markdown table."""
    made = _predictions().get(claim.id, [])
    mine = f"{made[0]['value']:g}" if made else "none written down"
    lines = [
        "| quantity | the claim needs | your prediction | measured (95 % interval) | verdict |",
        "|---|---|---|---|---|",
    ]
    for i, row in enumerate(rows):
        c = row.criterion
        lines.append(
            f"| {c.quantity} | {c.direction} {c.threshold:g} | {mine if i == 0 else ''} "
            f"| {row.value:.3g} ({row.low:.3g} to {row.high:.3g}) | **{row.verdict}** |"
        )
    if len(rows) > 1:
        lines.append(f"| all of them | | | | **{overall(rows)}** |")
    return "\n".join(lines)


def _say(markdown: str) -> None:
    from IPython.display import display

    display({"text/markdown": markdown, "text/plain": markdown}, raw=True)
