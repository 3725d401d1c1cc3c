"""Turn a unit and read what the network writes.

Idea:   that a unit follows the mood does not show that the network uses it. So hold one cell at the
        value that it has behind glad reviews, character after character, let the network write, and
        count how much of what it writes is praise; then at its value behind cross ones.
Source: Radford, Jozefowicz & Sutskever 2017, arXiv:1704.01444, section 3.4
Run:    used by experiment.py beside this file
Omits:  holding several units, or a direction: the lesson's open question.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lessons.lab.moods import praised
from lessons.lab.recurrent import Remembering
from minigpt.nextchar import first_ids
from minigpt.storyland.rules import MARK


def write(
    reader: Remembering,
    n: int,
    length: int,
    rng: np.random.Generator,
    hold: Mapping[int, float] | None = None,
) -> list[str]:
    """`n` texts of `length` characters, written behind a mark at temperature 1.

    `hold` maps units of the first layer's cells to the value that they keep.
    """
    ids = first_ids(reader.tokenizer, n)
    state, said = reader.start(ids)
    written = []
    for _ in range(length):
        for unit, value in (hold or {}).items():
            state.cells()[:, unit] = value
        running = np.exp(said.astype(np.float64)).cumsum(axis=1)
        draws = rng.random((n, 1)) * running[:, -1:]
        new = (running < draws).sum(axis=1)
        written.append(new)
        said = reader.step(state, new)
    return [reader.tokenizer.decode(row) for row in np.stack(written, axis=1)]


def praise(texts: list[str]) -> float:
    """Share of praise among the complete clauses of the first review of each text."""
    said = [one for text in texts for one in praised(text.partition(MARK)[0])]
    return float(np.mean(said)) if said else 0.5
