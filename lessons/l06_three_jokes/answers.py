"""Answers to the exercises of lesson 6 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 06
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong
from lessons.shared import hill

# 06.1  How well does a judge tell two sides apart?


AUC_VARIANTS = (
    Variant(
        name="a table of pairs",
        source="""
def auc(ill, well):
    gap = ill[:, None] - well[None, :]
    return ((gap > 0) + 0.5 * (gap == 0)).mean()
""",
    ),
    Variant(
        name="two loops",
        source="""
def auc(ill, well):
    won = 0.0
    for a in ill:
        for b in well:
            won += 1.0 if a > b else 0.5 if a == b else 0.0
    return won / (len(ill) * len(well))
""",
    ),
    Variant(
        name="by ranks",
        source="""
import numpy as np

def auc(ill, well):
    every = np.concatenate((ill, well))
    _, value, times = np.unique(every, return_inverse=True, return_counts=True)
    ranks = (times.cumsum() - (times - 1) / 2)[value]
    m = len(ill)
    return (ranks[:m].sum() - m * (m + 1) / 2) / (m * len(well))
""",
    ),
)

AUC_WRONG = (
    Wrong(
        name="the other way round",
        source="""
def auc(ill, well):
    gap = ill[:, None] - well[None, :]
    return ((gap < 0) + 0.5 * (gap == 0)).mean()
""",
        diagnosis="this is the chance that the healthy text scores higher; a higher score "
        "says collapsed",
    ),
    Wrong(
        name="a tie is won",
        source="""
def auc(ill, well):
    return (ill[:, None] >= well[None, :]).mean()
""",
        diagnosis="pairs with equal scores are counted as won; each is worth one half",
    ),
    Wrong(
        name="a tie is lost",
        source="""
def auc(ill, well):
    return (ill[:, None] > well[None, :]).mean()
""",
        diagnosis="pairs with equal scores are counted as lost; each is worth one half",
    ),
    Wrong(
        name="neighbours only",
        source="""
def auc(ill, well):
    pairs = list(zip(ill, well))
    return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)
""",
        diagnosis="only texts with the same number are paired; every text of one side meets "
        "every text of the other",
    ),
    Wrong(
        name="accuracy",
        source="""
import numpy as np

def auc(ill, well):
    middle = (ill.mean() + well.mean()) / 2
    return (np.mean(ill > middle) + np.mean(well <= middle)) / 2
""",
        diagnosis="this is how often a judge is right who splits at a threshold; an AUC has "
        "none, it compares pairs",
    ),
    Wrong(
        name="a number of pairs",
        source="""
def auc(ill, well):
    gap = ill[:, None] - well[None, :]
    return ((gap > 0) + 0.5 * (gap == 0)).sum()
""",
        diagnosis="this is the number of pairs that are ordered rightly; divide by m x n",
    ),
)

# 06.2  How many different texts does a collection amount to?


HILL_VARIANTS, HILL_WRONG = hill.VARIANTS, hill.WRONG
HILL_AT_INFINITY = hill.AT_INFINITY


# 06.3  Could chance have dealt that?


P_VALUES_VARIANTS = (
    Variant(
        name="a loop",
        source="""
import numpy as np

def p_values(observed, dealt):
    n = len(dealt)
    found = []
    for j in range(len(observed)):
        far = sum(abs(gap) >= abs(observed[j]) for gap in dealt[:, j])
        found.append((far + 1) / (n + 1))
    return np.array(found)
""",
    ),
    Variant(
        name="the observed one added to the deals",
        source="""
import numpy as np

def p_values(observed, dealt):
    every = np.vstack([observed, dealt])
    return (np.abs(every) >= np.abs(observed)).mean(axis=0)
""",
    ),
)

P_VALUES_WRONG = (
    Wrong(
        name="without the observed one",
        source="""
import numpy as np

def p_values(observed, dealt):
    return (np.abs(dealt) >= np.abs(observed)).mean(axis=0)
""",
        diagnosis="the observed deal is left out, so that p can be 0, which no finite number "
        "of deals can show",
    ),
    Wrong(
        name="one-sided",
        source="""
import numpy as np

def p_values(observed, dealt):
    return (1 + (dealt >= observed).sum(axis=0)) / (1 + len(dealt))
""",
        diagnosis="only deals above the observed gap are counted; a gap as far below 0 is as "
        "surprising",
    ),
    Wrong(
        name="farther only",
        source="""
import numpy as np

def p_values(observed, dealt):
    return (1 + (np.abs(dealt) > np.abs(observed)).sum(axis=0)) / (1 + len(dealt))
""",
        diagnosis="a deal exactly as far out as the observed gap is not counted: at least as "
        "far is wanted",
    ),
    Wrong(
        name="nearer",
        source="""
import numpy as np

def p_values(observed, dealt):
    return (1 + (np.abs(dealt) < np.abs(observed)).sum(axis=0)) / (1 + len(dealt))
""",
        diagnosis="these are the deals nearer to 0 than the observed gap; the surprising ones "
        "are those as far out, or farther",
    ),
    Wrong(
        name="one added above only",
        source="""
import numpy as np

def p_values(observed, dealt):
    return (1 + (np.abs(dealt) >= np.abs(observed)).sum(axis=0)) / len(dealt)
""",
        diagnosis="one is added to what is counted and not to the number of deals, so p can "
        "exceed 1",
    ),
    Wrong(
        name="all gaps together",
        source="""
import numpy as np

def p_values(observed, dealt):
    far = (np.abs(dealt) >= np.abs(observed)).any(axis=1).sum()
    return np.full(len(observed), (1 + far) / (1 + len(dealt)))
""",
        diagnosis="a deal is counted if any of its k gaps is large; each gap has its own p",
    ),
    Wrong(
        name="a number of deals",
        source="""
import numpy as np

def p_values(observed, dealt):
    return 1 + (np.abs(dealt) >= np.abs(observed)).sum(axis=0)
""",
        diagnosis="this is the number of deals as far out, the observed one included: divide "
        "by n + 1",
    ),
)
