"""Functions for a lesson's notebook: predict, check, show a figure, run the experiment.

Idea:   a notebook tells a story; the machinery behind it is here, once. A cell shows only text, or
        a figure with a caption and its alternative text below.
Run:    in a notebook: from lessons.engine.notebook import check, experiment, picture, predict
Omits:  widgets. A notebook is also read on paper and by screen readers.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labkit import files
from labkit.experiment import Finding
from lessons.engine.experiment import Experiment, Profile, find, overall, profile_wanted
from lessons.engine.groups import TOO_FEW, grouped
from lessons.engine.ledger import evidence, records
from lessons.engine.picture import markdown, picture, say, show
from lessons.engine.practice.attempts import check, hint, solution
from lessons.engine.work import work_folder
from minigpt import corpora
from minigpt.corpora import Corpus

__all__ = ["check", "experiment", "hint", "picture", "predict", "read_text", "scaled", "show"]
__all__ += ["solution", "source"]


def read_text() -> Corpus:
    """The default text: Tiny Shakespeare or, if unavailable, the one that comes with Python.

    Under the ci profile it is the first 60,000 characters.
    """
    corpus, note = corpora.load_default()
    if note:
        print(note)
    return replace(corpus, text=corpus.text[: scaled(len(corpus.text), ci=60_000)])


def source(function: Callable[..., Any]) -> None:
    """Show the source of a function of the packages."""
    where = f"{function.__module__.replace('.', '/')}.py"
    print(f"# {where}\n{inspect.getsource(function).rstrip()}")


# Predict, then run.


def predict(lesson: str, number: Any, *, criterion: int = 1) -> None:
    """Record, before the experiment runs, the value that the learner expects.

    `criterion` is the number of the experiment's quantity, from 1. Predictions are kept in
    work/predictions.json; the first one stays, and a later one is kept beside it. The dots of an
    untouched cell are not a prediction, and do not stop the notebook. ValueError on anything else.
    """
    claim = find(lesson)
    quantity = claim.criteria[criterion - 1].quantity
    if number is ... or number is None:
        say(
            f"**No prediction yet.** Put a number in place of the dots ({quantity}) and run the "
            "cell again. The notebook goes on without one."
        )
        return
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError(f"a prediction is a number such as 1.5, got {number!r}")
    if not math.isfinite(number):
        raise ValueError(f"a prediction is a finite number, got {number}")
    made = _predictions()
    rows = made.setdefault(claim.id, {}).setdefault(str(criterion), [])
    if not rows or rows[-1]["value"] != number:
        rows.append({"value": number, "date": datetime.now(UTC).isoformat(timespec="seconds")})
        work_folder().mkdir(parents=True, exist_ok=True)
        files.write_json(work_folder() / "predictions.json", made)
    first = rows[0]["value"]
    later = "" if first == number else f" Your first prediction was {first:g}, and it stays."
    say(f"Written down: **{number:g}** ({quantity}).{later}")


def _predictions() -> dict[str, Any]:
    path = work_folder() / "predictions.json"
    made = files.read_json(path) if path.exists() else {}
    return made if isinstance(made, dict) else {}


# The experiment.

MANY = 8
"""With more seeds than this, one sentence says how long they took."""


def scaled(full: int, ci: int) -> int:
    """A number of steps: `full`, or `ci` if the notebook is only tried (the ci profile)."""
    return full if profile_wanted() == "full" else ci


def experiment(
    lesson: str, seeds: Sequence[int] | None = None, *, published: bool = False
) -> list[dict[str, Any]]:
    """Run a lesson's experiment for every seed; show its figure, and verdict beside prediction.

    The profile is COGNITIVE_CORE_PROFILE's, full by default. The seeds are those that decide; under
    ci only the first of them, without a verdict. Evidence is kept in work/evidence and not measured
    again while the code is unchanged. With `published` the ledger's evidence is shown and nothing
    runs. Returns the evidence, one dictionary per seed.
    """
    claim, profile = find(lesson), profile_wanted()
    folder = work_folder() / "evidence"
    if seeds is None:
        seeds = claim.judged[: scaled(claim.seeds, ci=1)]
    if published:
        profile = "full"
        brought = evidence.bring_published(lesson, folder)
        seeds = claim.judged if brought >= claim.seeds else ()
        if not seeds:
            raise ValueError(f"nothing is published yet for this code; run experiment({lesson!r})")
    kept = _measure(claim, profile, seeds, folder)
    found = [one.evidence for one in kept]
    picture = claim.figure(found)
    seconds = sum(one.seconds for one in kept)
    show(
        picture.figure,
        alt=picture.alt,
        caption=f"Measured on {_seeds(found)}, {profile} profile, {seconds:.0f} s of computing.",
    )
    say(_table(claim, claim.judge(found)))
    if profile != "full":
        say(f"The {profile} profile only shows that the code runs: its numbers prove nothing.")
    return found


def _measure(
    claim: Experiment, profile: Profile, seeds: Sequence[int], folder: Path
) -> list[evidence.Kept]:
    """Every seed's evidence; a line below the cell shows the progress."""
    from IPython.display import display

    line = display(markdown("starting"), raw=True, display_id=True)
    took = f", about {records.minutes(claim):g} minutes a seed on one core"
    minutes = took if profile == "full" else ""
    kept: list[evidence.Kept] = []
    done = ""
    for i, seed in enumerate(seeds, 1):
        words = f"Running seed {i} of {len(seeds)} ({profile} profile{minutes}).{done}"
        line.update(markdown(words), raw=True)
        one, fresh = evidence.measure(claim, profile, seed, folder)
        kept.append(one)
        when = "" if fresh else f" (measured on {one.date})"
        done += f" Seed {seed}: {one.seconds:.0f} s{when}."
    if len(kept) > MANY:
        seconds, dates = [one.seconds for one in kept], sorted({one.date for one in kept})
        done = f" {min(seconds):.0f} to {max(seconds):.0f} s each, until {dates[-1]}."
    line.update(markdown(f"{_seeds(kept)}, {profile} profile.{done}"), raw=True)
    return kept


def _seeds(some: Sequence[Any]) -> str:
    return "1 seed" if len(some) == 1 else f"{len(some)} seeds"


def _table(claim: Experiment, rows: Sequence[Finding]) -> str:
    """A Markdown table of criteria, their thresholds, predictions, measurements and the verdict.

    A quantity of several things has its own line, with their common verdict.
    """
    made = _predictions().get(claim.id, {})
    lines = [
        "| quantity | the claim needs | your prediction | measured [95 % interval] | verdict |",
        "|---|---|---|---|---|",
    ]
    number = 0
    for group in grouped(rows):
        if len(group.rows) > 1:
            together = overall(list(group.rows.values()))
            lines.append(f"| **{group.quantity}** | {group.needs} | | | **{together}** |")
        for who, row in group.rows.items():
            number += 1
            mine = f"{made[str(number)][0]['value']:g}" if str(number) in made else "none"
            what, needs = (who, "") if who else (group.quantity, group.needs)
            word = row.verdict or TOO_FEW
            said = word if who else f"**{word}**"
            lines.append(f"| {what} | {needs} | {mine} | {row.said} | {said} |")
    if len(rows) > 1:
        lines.append(f"| all of them | | | | **{overall(rows)}** |")
    return "\n".join(lines)
