"""Answers to the exercises of lesson 8 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 08
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from lessons.engine.exercise import Variant, Wrong
from lessons.shared import hill

# 08.1  How many different ones, effectively? The answers to 06.2, where the function is `hill`.

Answer = TypeVar("Answer", Variant, Wrong)


def _renamed(answer: Answer) -> Answer:
    return replace(answer, source=answer.source.replace("def hill(", "def effective_number("))


EFFECTIVE_NUMBER_VARIANTS = tuple(map(_renamed, hill.VARIANTS))
EFFECTIVE_NUMBER_WRONG = tuple(map(_renamed, hill.WRONG))

# 08.2  Whose variety is it?


_SPLIT = """
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    return float(entropy(share @ given)), float(share @ entropy(given))
"""
"""Right. Some mistakes are this with a line changed."""

SPLIT_VARIANTS = (
    Variant(
        name="two loops",
        source="""
import math

def entropy_split(share, given):
    def entropy(p):
        return -sum(x * math.log2(x) for x in p if x > 0)

    mixed = [sum(w * row[j] for w, row in zip(share, given)) for j in range(len(given[0]))]
    return entropy(mixed), sum(w * entropy(row) for w, row in zip(share, given))
""",
    ),
    Variant(
        name="by the joint table",
        source="""
from scipy.special import entr
import numpy as np

def entropy_split(share, given):
    joint = share[:, None] * given
    both, who, what = (entr(p).sum() / np.log(2) for p in (joint, share, joint.sum(0)))
    return what, both - who
""",
    ),
    Variant(
        name="masked logarithms",
        source=_SPLIT,
    ),
)

SPLIT_WRONG = (
    Wrong(
        name="exchanged",
        source=_SPLIT.replace(
            "float(entropy(share @ given)), float(share @ entropy(given))",
            "float(share @ entropy(given)), float(entropy(share @ given))",
        ),
        diagnosis="total and within are exchanged; the mixture's entropy comes first",
    ),
    Wrong(
        name="nats",
        source=_SPLIT.replace("log2", "log"),
        diagnosis="these are nats (natural logarithm); bits take log2",
    ),
    Wrong(
        name="entropy of who asks",
        source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    within = float(share @ entropy(given))
    return float(entropy(share)) + within, within
""",
        diagnosis="the total is the entropy of persona and output together; personas that "
        "answer alike add nothing to the outputs. Mix the rows first, then take the entropy",
    ),
    Wrong(
        name="equal weights within",
        source=_SPLIT.replace("share @ entropy(given)", "entropy(given).mean()"),
        diagnosis="within is a plain mean over personas; a persona counts by its share",
    ),
    Wrong(
        name="equal weights in the mixture",
        source=_SPLIT.replace("share @ given", "given.mean(0)"),
        diagnosis="the mixture takes every persona as equally likely; weigh the rows by share",
    ),
    Wrong(
        name="information for total",
        source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    within = float(share @ entropy(given))
    return float(entropy(share @ given)) - within, within
""",
        diagnosis="the first number is the difference, I(persona; out); the total is wanted, "
        "from which within has not been taken",
    ),
    Wrong(
        name="zero times log of zero",
        source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        with np.errstate(all="ignore"):
            return -(p * np.log2(p)).sum(-1)

    return float(entropy(share @ given)), float(share @ entropy(given))
""",
        diagnosis="0 times log2(0) is NaN to a computer; leave out what has no chance",
    ),
    Wrong(
        name="entropies added up",
        source=_SPLIT.replace("share @ entropy(given)", "entropy(given).sum()"),
        diagnosis="the personas' entropies are added up; within is their mean, weighted by share",
    ),
)

# 08.3  A control at its best.


MOST_VARIED_VARIANTS = (
    Variant(
        name="a loop",
        source="""
def most_varied(effective, quality, needed):
    best = None
    for s in range(len(effective)):
        if all(have >= least for have, least in zip(quality[s], needed)):
            if best is None or effective[s] > effective[best]:
                best = s
    return best
""",
    ),
    Variant(
        name="minus infinity",
        source="""
import numpy as np

def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    if not good.any():
        return None
    return int(np.where(good, effective, -np.inf).argmax())
""",
    ),
    Variant(
        name="max with a key",
        source="""
def most_varied(effective, quality, needed):
    good = [s for s, row in enumerate(quality) if (row >= needed).all()]
    return max(good, key=lambda s: effective[s], default=None)
""",
    ),
)

MOST_VARIED_WRONG = (
    Wrong(
        name="quality forgotten",
        source="""
def most_varied(effective, quality, needed):
    return int(effective.argmax())
""",
        diagnosis="quality is not looked at: noise is always the most varied",
    ),
    Wrong(
        name="the best written",
        source="""
def most_varied(effective, quality, needed):
    return int(quality.sum(1).argmax())
""",
        diagnosis="this is the best written setting; among the good ones the most varied is wanted",
    ),
    Wrong(
        name="the first good one",
        source="""
def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    return int(good.argmax()) if good.any() else None
""",
        diagnosis="this is the first setting that is good enough, not the most varied of them",
    ),
    Wrong(
        name="place among the good",
        source="""
def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    return int(effective[good].argmax()) if good.any() else None
""",
        diagnosis="this is the place in the list of good settings; wanted is the place among "
        "all of them",
    ),
    Wrong(
        name="one measure is enough",
        source="""
import numpy as np

def most_varied(effective, quality, needed):
    good = (quality >= needed).any(1)
    return int(np.where(good, effective, -np.inf).argmax()) if good.any() else None
""",
        diagnosis="here one good measure is enough; it has to be good by every one",
    ),
    Wrong(
        name="more than needed",
        source="""
import numpy as np

def most_varied(effective, quality, needed):
    good = (quality > needed).all(1)
    return int(np.where(good, effective, -np.inf).argmax()) if good.any() else None
""",
        diagnosis="here more than needed is demanded (>); exactly as much is enough (>=)",
    ),
    Wrong(
        name="never none",
        source="""
import numpy as np

def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    return int(np.where(good, effective, -np.inf).argmax())
""",
        diagnosis="a setting is named although none is good enough; say None then",
    ),
)
