"""A seed's share of a long text: pieces from everywhere, so that none is lucky with its stretch.

Idea:   a short text that is one stretch of the plays may be the first scenes of what is held out,
        or lie far from it. So pieces are shuffled by the seed and cut at the length wanted, and a
        longer text of a seed begins with the shorter one.
Source: seed 99 of lesson 14's first pilot: one stretch, 1.68 nats/char in place of 1.9.
Run:    used by the experiments of the lessons
Omits:  the end of the training text: see `NEXT_DOOR`.
"""

from __future__ import annotations

import numpy as np

from distill.settings import portion
from lessons.lab.training import with_text
from minigpt.corpora import Corpus

PIECE = 4000
"""Characters of the pieces from which a seed's text is made."""
NEXT_DOOR = 0.044
"""Share of the training text, its end, of which nothing is drawn: in Tiny Shakespeare the first
scenes of a comedy that goes on in the part that is held out."""


def text_of(whole: Corpus, characters: int, seed: int) -> Corpus:
    """Pieces of the training text in the seed's order, cut at `characters`; the same is held out.

    A longer text of the same seed begins with the shorter one. ValueError if there is not so much.
    """
    usable = whole.train[: int((1 - NEXT_DOOR) * len(whole.train))]
    if characters > len(usable):
        raise ValueError(f"{whole.name} has {len(usable):,} characters to draw, not {characters:,}")
    pieces = [usable[i : i + PIECE] for i in range(0, len(usable), PIECE)]
    mixed = "".join(pieces[i] for i in np.random.default_rng(seed).permutation(len(pieces)))
    mixed += whole.train[len(usable) :]
    return portion(with_text(whole, mixed + whole.held_out), characters / len(whole.train))
