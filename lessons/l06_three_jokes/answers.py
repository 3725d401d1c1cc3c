"""Answers to the exercises of lesson 6 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 06
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong

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


HILL_AT_ONE = (
    "at q = 1 the exponent 1 / (1 - q) divides by 0; the limit there is 2 to the entropy in bits"
)
HILL_UNSEEN = (
    "a count of 0 is in the sum: 0^0 is 1 to Python, so at q = 0 a thing that was never seen is "
    "counted"
)

_HILL = """
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return 2 ** -(p * np.log2(p)).sum()
    if q == np.inf:
        return 1 / p.max()
    return (p**q).sum() ** (1 / (1 - q))
"""
"""Right. Most mistakes are this with one line changed."""

HILL_VARIANTS = (
    Variant(name="shares and three cases", source=_HILL),
    Variant(
        name="entropy in nats",
        source=_HILL.replace("2 ** -(p * np.log2(p)).sum()", "np.exp(-(p * np.log(p)).sum())"),
    ),
    Variant(
        name="a loop",
        source="""
import math

def hill(counts, q):
    total = sum(int(c) for c in counts)
    shares = [int(c) / total for c in counts if c > 0]
    if q == 1:
        return 2 ** -sum(p * math.log2(p) for p in shares)
    if math.isinf(q):
        return 1 / max(shares)
    return sum(p**q for p in shares) ** (1 / (1 - q))
""",
    ),
)

HILL_WRONG = (
    Wrong(
        name="entropy itself",
        source=_HILL.replace("2 ** -(p", "-(p"),
        diagnosis="this is the entropy in bits; the effective number is 2 to that power",
    ),
    Wrong(
        name="two units",
        source=_HILL.replace("2 ** -(p * np.log2(p)).sum()", "np.exp(-(p * np.log2(p)).sum())"),
        diagnosis="log2 goes with a power of 2, the natural logarithm with exp; here they "
        "are mixed",
    ),
    Wrong(
        name="2 to the nats",
        source=_HILL.replace("np.log2", "np.log"),
        diagnosis="the entropy is in nats and the base is 2; bits go with 2, nats with e",
    ),
    Wrong(
        name="the exponent turned round",
        source=_HILL.replace("1 / (1 - q)", "1 / (q - 1)"),
        diagnosis="the outer exponent is 1 / (1 - q), and here 1 / (q - 1): one over the "
        "effective number",
    ),
    Wrong(
        name="never seen, and counted",
        source=_HILL.replace("[counts > 0]", "").replace("log2(p)", "log2(p + (p == 0))"),
        diagnosis=HILL_UNSEEN,
    ),
    Wrong(
        name="without the root",
        source=_HILL.replace(" ** (1 / (1 - q))", ""),
        diagnosis="this is the sum of p^q; the power 1 / (1 - q) makes a number of things of it",
    ),
    Wrong(
        name="counts for shares",
        source=_HILL.replace("/ counts.sum()", "* 1.0"),
        diagnosis="these are counts, not shares: divide by their sum first",
    ),
    Wrong(
        name="order 2 always",
        source=_HILL.replace("(counts, q):", "(counts, q):\n    q = 2"),
        diagnosis="this is the number of order 2 whatever q is",
    ),
    Wrong(
        name="number of kinds",
        source=_HILL.replace("(counts, q):", "(counts, q):\n    q = 0"),
        diagnosis="this counts the kinds, rare and common alike: the number of order 0",
    ),
    Wrong(
        name="divides by zero",
        source="""
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == np.inf:
        return 1 / p.max()
    with np.errstate(all="ignore"):
        return (p**q).sum() ** np.divide(1.0, 1 - q)
""",
        diagnosis=HILL_AT_ONE,
    ),
    Wrong(
        name="zero times log of zero",
        source="""
import numpy as np

def hill(counts, q):
    p = counts / counts.sum()
    with np.errstate(all="ignore"):
        if q == 1:
            return 2 ** -(p * np.log2(p)).sum()
        if q == np.inf:
            return 1 / p.max()
        return (p**q).sum() ** (1 / (1 - q))
""",
        diagnosis="what was never seen is still among the shares: 0 times log2(0) is NaN to a "
        "computer, and 0^0 is 1; leave it out",
    ),
    Wrong(
        name="mean for sum",
        source=_HILL.replace("(p**q).sum()", "(p**q).mean()"),
        diagnosis="this takes the mean of p^q over the things; their sum is wanted",
    ),
)

HILL_AT_INFINITY = Wrong(
    name="infinity in the formula",
    source=_HILL.replace("q == np.inf", "False"),
    diagnosis="at q = infinity the formula gives 0^0, which Python calls 1; the limit is "
    "1 / the largest share",
)


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
