"""Answers to the exercises of lesson 7 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 07
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong

# 07.1  What a model of categories is.


FREQUENCIES_VARIANTS = (
    Variant(
        name="a loop",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    shares = np.zeros(categories)
    for draw in draws:
        shares[draw] += 1 / len(draws)
    return shares
""",
    ),
    Variant(
        name="comparing with every category",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    return (draws[:, None] == np.arange(categories)).mean(0)
""",
    ),
    Variant(
        name="a Counter",
        source="""
from collections import Counter

def relative_frequencies(draws, categories):
    found = Counter(draws.tolist())
    return [found[k] / len(draws) for k in range(categories)]
""",
    ),
)

FREQUENCIES_WRONG = (
    Wrong(
        name="counts",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    return np.bincount(draws, minlength=categories)
""",
        diagnosis="these are counts: divided by the number of draws they become shares",
    ),
    Wrong(
        name="divided by K",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    return np.bincount(draws, minlength=categories) / categories
""",
        diagnosis="the counts are divided by the number of categories; it takes the number of "
        "draws for them to sum to one",
    ),
    Wrong(
        name="one added",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    counts = np.bincount(draws, minlength=categories) + 1
    return counts / counts.sum()
""",
        diagnosis="one is added to each count (Laplace). That would keep every category alive, "
        "and is another model: here what was not seen has probability 0",
    ),
    Wrong(
        name="as frequent as each other",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    seen = np.isin(np.arange(categories), draws)
    return seen / seen.sum()
""",
        diagnosis="all categories that were seen get the same share, however often they came",
    ),
    Wrong(
        name="largest first",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    return np.sort(np.bincount(draws, minlength=categories) / len(draws))[::-1]
""",
        diagnosis="the shares are sorted by size; entry k must be the share of category k",
    ),
    Wrong(
        name="too short",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    return np.bincount(draws) / len(draws)
""",
        diagnosis="np.bincount stops at the largest number it has seen; minlength=categories "
        "makes it go on to K",
    ),
    Wrong(
        name="no place for what was not seen",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    return np.unique(draws, return_counts=True)[1] / len(draws)
""",
        diagnosis="only categories that were seen have a place; K shares are wanted, with a 0 for "
        "each that was not",
    ),
    Wrong(
        name="only what was seen",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    _, counts = np.unique(draws, return_counts=True)
    return np.pad(counts / len(draws), (0, categories - len(counts)))
""",
        diagnosis="only categories that were seen have a place, one after the other, so that "
        "shares slide into the places of others",
    ),
    Wrong(
        name="histogram",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    return np.histogram(draws, bins=categories)[0] / len(draws)
""",
        diagnosis="np.histogram spreads its bins from the smallest draw to the largest, so "
        "that they fit the categories only if both ends were drawn; np.bincount counts whole "
        "numbers",
    ),
    Wrong(
        name="from 1 to K",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    return np.array([(draws == k).mean() for k in range(1, categories + 1)])
""",
        diagnosis="this counts the categories from 1 to K; they are 0 to K - 1",
    ),
    Wrong(
        name="share of the commonest",
        source="""
import numpy as np

def relative_frequencies(draws, categories):
    counts = np.bincount(draws, minlength=categories)
    return counts / counts.max()
""",
        diagnosis="the counts are divided by the largest of them; divided by all draws they "
        "sum to one",
    ),
)

# 07.2  What theory says.


AGREEMENT_VARIANTS = (
    Variant(
        name="one fit after the other",
        source="""
def agreement_replace(g, n, s0):
    s = s0
    for _ in range(g + 1):
        s = 1 / n + (1 - 1 / n) * s
    return s
""",
    ),
    Variant(
        name="with logarithms",
        source="""
import math

def agreement_replace(g, n, s0):
    return 1 - math.exp((g + 1) * math.log1p(-1 / n)) * (1 - s0)
""",
    ),
    Variant(
        name="a geometric sum",
        source="""
def agreement_replace(g, n, s0):
    keep = (n - 1) / n
    return keep ** (g + 1) * s0 + sum(keep**i for i in range(g + 1)) / n
""",
    ),
)

AGREEMENT_WRONG = (
    Wrong(
        name="one fit too few",
        source="""
def agreement_replace(g, n, s0):
    return 1 - (1 - 1 / n) ** g * (1 - s0)
""",
        diagnosis="one fit is missing: generation 0 is fitted to a sample too, so that "
        "generation g has gone through g + 1 fits",
    ),
    Wrong(
        name="disagreement",
        source="""
def agreement_replace(g, n, s0):
    return (1 - 1 / n) ** (g + 1) * (1 - s0)
""",
        diagnosis="this is the probability that two draws differ; 1 minus it is wanted",
    ),
    Wrong(
        name="agreement shrinks",
        source="""
def agreement_replace(g, n, s0):
    return (1 - 1 / n) ** (g + 1) * s0
""",
        diagnosis="here the agreement shrinks from fit to fit; it is the disagreement, 1 - s0, "
        "that does",
    ),
    Wrong(
        name="no truth",
        source="""
def agreement_replace(g, n, s0):
    return 1 - (1 - 1 / n) ** (g + 1)
""",
        diagnosis="s0 is not used: draws that do not go back to one draw can still agree, as "
        "two draws of the truth do",
    ),
    Wrong(
        name="a straight line",
        source="""
def agreement_replace(g, n, s0):
    return s0 + (g + 1) / n
""",
        diagnosis="each fit adds 1/n here, which grows above 1 in time; only what still "
        "differs can begin to agree",
    ),
    Wrong(
        name="a single fit",
        source="""
def agreement_replace(g, n, s0):
    return 1 / n + (1 - 1 / n) * s0
""",
        diagnosis="this is generation 0 whatever g is: the step has to be repeated",
    ),
    Wrong(
        name="large n only",
        source="""
import math

def agreement_replace(g, n, s0):
    return 1 - math.exp(-(g + 1) / n) * (1 - s0)
""",
        diagnosis="exp(-(g + 1) / n) is what (1 - 1/n)^(g + 1) comes near to for large n; "
        "small n need the power itself",
    ),
    Wrong(
        name="more examples",
        source="""
def agreement_replace(g, n, s0):
    return 1 - (1 - 1 / (n * (g + 1))) * (1 - s0)
""",
        diagnosis="this is one fit to all (g + 1) n draws together; under replace the earlier "
        "ones are thrown away",
    ),
    Wrong(
        name="one fit too many",
        source="""
def agreement_replace(g, n, s0):
    return 1 - (1 - 1 / n) ** (g + 2) * (1 - s0)
""",
        diagnosis="one fit too many: generation 0 has had one, so generation g has had g + 1",
    ),
    Wrong(
        name="agreement in place of disagreement",
        source="""
def agreement_replace(g, n, s0):
    return 1 - (1 - 1 / n) ** (g + 1) * s0
""",
        diagnosis="it is the disagreement, 1 - s0, of which each fit leaves a share 1 - 1/n; "
        "here it is s0",
    ),
    Wrong(
        name="added to all",
        source="""
def agreement_replace(g, n, s0):
    return s0 + 1 - (1 - 1 / n) ** (g + 1)
""",
        diagnosis="what begins to agree is a share of all pairs here; only those that still "
        "differ, 1 - s0 of them, can",
    ),
    Wrong(
        name="nothing happens",
        source="""
def agreement_replace(g, n, s0):
    return s0
""",
        diagnosis="this stays at s0: with each fit two draws copy the same one with "
        "probability 1 / n (and 1 // n is 0)",
    ),
)

# 07.3  Is it a trend?


SLOPES_VARIANTS = (
    Variant(
        name="NumPy's polyfit",
        source="""
import numpy as np

def slopes(values):
    return np.polyfit(np.arange(values.shape[1]), values.T, 1)[0]
""",
    ),
    Variant(
        name="covariance over variance, row by row",
        source="""
import numpy as np

def slopes(values):
    g = np.arange(values.shape[1])
    return np.array([np.cov(g, row)[0, 1] / g.var(ddof=1) for row in values])
""",
    ),
    Variant(
        name="least squares with a constant",
        source="""
import numpy as np

def slopes(values):
    g = np.arange(values.shape[1])
    x = np.column_stack((np.ones(len(g)), g))
    return np.linalg.lstsq(x, values.T, rcond=None)[0][1]
""",
    ),
)

SLOPES_WRONG = (
    Wrong(
        name="rise",
        source="""
def slopes(values):
    return values[:, -1] - values[:, 0]
""",
        diagnosis="this is the whole rise from first to last; a slope is per generation",
    ),
    Wrong(
        name="first and last alone",
        source="""
def slopes(values):
    return (values[:, -1] - values[:, 0]) / (values.shape[1] - 1)
""",
        diagnosis="only the first and the last generation count here; least squares listens "
        "to all of them, so that the luck of one matters less",
    ),
    Wrong(
        name="through zero",
        source="""
import numpy as np

def slopes(values):
    g = np.arange(values.shape[1])
    return values @ g / (g @ g)
""",
        diagnosis="this line is forced through 0 at generation 0; take the mean of g away first",
    ),
    Wrong(
        name="not divided",
        source="""
import numpy as np

def slopes(values):
    g = np.arange(values.shape[1])
    return values @ (g - g.mean())
""",
        diagnosis="the division by the sum of (g - mean g)^2 is missing",
    ),
    Wrong(
        name="one for all",
        source="""
import numpy as np

def slopes(values):
    return np.polyfit(np.arange(values.shape[1]), values.mean(0), 1)[0]
""",
        diagnosis="the chains are averaged first; without a slope for each there is no "
        "interval, and no verdict",
    ),
    Wrong(
        name="over chains",
        source="""
import numpy as np

def slopes(values):
    c = np.arange(len(values)) - (len(values) - 1) / 2
    return c @ values / max(c @ c, 1)
""",
        diagnosis="rows and columns are exchanged: this goes from chain to chain, not from "
        "generation to generation",
    ),
    Wrong(
        name="two kinds of division",
        source="""
import numpy as np

def slopes(values):
    g = np.arange(values.shape[1])
    return np.array([np.cov(g, row)[0, 1] / g.var() for row in values])
""",
        diagnosis="np.cov divides by the number of points less one and np.var by their number; "
        "both sums must be divided alike",
    ),
    Wrong(
        name="intercept",
        source="""
import numpy as np

def slopes(values):
    g = np.arange(values.shape[1])
    return np.polyfit(g, values.T, 1)[1]
""",
        diagnosis="this is the line's height at generation 0; np.polyfit gives the slope first",
    ),
    Wrong(
        name="correlation",
        source="""
import numpy as np

def slopes(values):
    g = np.arange(values.shape[1])
    d, v = g - g.mean(), values - values.mean(1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return (v * d).sum(1) / np.sqrt((d**2).sum() * (v**2).sum(1))
""",
        diagnosis="this is the correlation with g, from -1 to 1 and without a unit; a slope "
        "is in units of the error per generation",
    ),
    Wrong(
        name="median of the steps",
        source="""
import numpy as np

def slopes(values):
    g = np.arange(values.shape[1])
    return np.median(np.diff(values, axis=1), axis=1)
""",
        diagnosis="this is the median of the single steps, which are mostly noise; least "
        "squares listens to all generations together",
    ),
    Wrong(
        name="polyfit without .T",
        source="""
import numpy as np

def slopes(values):
    return np.polyfit(np.arange(values.shape[1]), values, 1)[0]
""",
        diagnosis="np.polyfit fits a line to each column; if you use it, give it values.T, for "
        "a chain is a row here",
    ),
)
