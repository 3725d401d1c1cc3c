"""Answers to the exercises of lesson 8 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 08
        python -m lessons.engine.mistakes 08.2   prints them as a student would write them
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from lessons.engine.exercise import Variant, Wrong
from lessons.engine.mistakes import after, body, edit, mistakes, variants, whole
from lessons.shared import hill

# 08.1  How many different ones, effectively? The answers to 06.2, where the function is `hill`.

Answer = TypeVar("Answer", Variant, Wrong)


def _renamed(answer: Answer) -> Answer:
    return replace(answer, source=answer.source.replace("def hill(", "def effective_number("))


EFFECTIVE_NUMBER_VARIANTS = tuple(map(_renamed, hill.VARIANTS))
EFFECTIVE_NUMBER_WRONG = tuple(map(_renamed, hill.WRONG))

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 08.2  Whose variety is it?

SPLIT_RIGHT = """
def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    return float(entropy(share @ given)), float(share @ entropy(given))
"""

SPLIT_VARIANTS = variants(SPLIT_RIGHT,
    body("two loops", """
        def entropy(p):
            return -sum(x * math.log2(x) for x in p if x > 0)

        mixed = [sum(w * row[j] for w, row in zip(share, given)) for j in range(len(given[0]))]
        return entropy(mixed), sum(w * entropy(row) for w, row in zip(share, given))"""),
    whole("by the joint table", """
        from scipy.special import entr

        def entropy_split(share, given):
            joint = share[:, None] * given
            both, who, what = (entr(p).sum() / np.log(2) for p in (joint, share, joint.sum(0)))
            return what, both - who"""),
    whole("masked logarithms", SPLIT_RIGHT),
)

SPLIT_WRONG = mistakes(SPLIT_RIGHT,
    after("exchanged", "y[1], y[0]",
          "total and within are exchanged; the mixture's entropy comes first"),
    edit("nats", "log2", "log", "these are nats (natural logarithm); bits take log2"),
    edit("entropy of who asks", "entropy(share @ given)", "entropy(share) + share @ entropy(given)",
         "the total is the entropy of persona and output together; personas that "
         "answer alike add nothing to the outputs. Mix the rows first, then take the entropy"),
    edit("equal weights within", "share @ entropy(given)", "entropy(given).mean()",
         "within is a plain mean over personas; a persona counts by its share"),
    edit("equal weights in the mixture", "share @ given", "given.mean(0)",
         "the mixture takes every persona as equally likely; weigh the rows by share"),
    after("information for total", "y[0] - y[1], y[1]",
          "the first number is the difference, I(persona; out); the total is wanted, "
          "from which within has not been taken"),
    edit("zero times log of zero", "np.where(p > 0, p, 1)", "p",
         "0 times log2(0) is NaN to a computer; leave out what has no chance"),
    edit("entropies added up", "share @ entropy(given)", "entropy(given).sum()",
         "the personas' entropies are added up; within is their mean, weighted by share"),
)

# 08.3  A control at its best.

MOST_VARIED_RIGHT = """
def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    return int(np.where(good, effective, -np.inf).argmax()) if good.any() else None
"""

MOST_VARIED_VARIANTS = variants(MOST_VARIED_RIGHT,
    body("a loop", """
        best = None
        for s in range(len(effective)):
            if all(have >= least for have, least in zip(quality[s], needed)):
                if best is None or effective[s] > effective[best]:
                    best = s
        return best"""),
    body("minus infinity", """
        good = (quality >= needed).all(1)
        if not good.any():
            return None
        return int(np.where(good, effective, -np.inf).argmax())"""),
    body("max with a key", """
        good = [s for s, row in enumerate(quality) if (row >= needed).all()]
        return max(good, key=lambda s: effective[s], default=None)"""),
)

MOST_VARIED_WRONG = mistakes(MOST_VARIED_RIGHT,
    body("quality forgotten", "return int(effective.argmax())",
         "quality is not looked at: noise is always the most varied"),
    body("the best written", "return int(quality.sum(1).argmax())",
         "this is the best written setting; among the good ones the most varied is wanted"),
    edit("the first good one", "np.where(good, effective, -np.inf)", "good",
         "this is the first setting that is good enough, not the most varied of them"),
    edit("place among the good", "np.where(good, effective, -np.inf)", "effective[good]",
         "this is the place in the list of good settings; wanted is the place among all of them"),
    edit("one measure is enough", "all(1)", "any(1)",
         "here one good measure is enough; it has to be good by every one"),
    edit("more than needed", ">=", ">",
         "here more than needed is demanded (>); exactly as much is enough (>=)"),
    edit("never none", " if good.any() else None", "",
         "a setting is named although none is good enough; say None then"),
)
