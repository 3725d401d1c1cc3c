"""Exercises of lesson 7: a fit, a formula, a slope.

Idea:   fit categories by counting, say in advance how much they will lose, and measure a trend.
Run:    python -m lessons check 07.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Probe, Variant, Wrong
from synthdata.collapse_expected import agreement_replace
from synthdata.collapse_sources import frequencies
from synthdata.collapse_verdict import slopes

# 07.1  What a model of categories is.


def _draws(rng: np.random.Generator, categories: int, *, unseen: tuple[int, ...] = ()) -> Call:
    """Each category that is not `unseen` at least once, unevenly often, in random order."""
    seen = np.array([k for k in range(categories) if k not in unseen])
    often = np.concatenate([np.repeat(k, i + 1) for i, k in enumerate(rng.permutation(seen))])
    return Call(rng.permutation(np.concatenate([often, rng.choice(seen, 7)])), categories)


FREQUENCIES = Exercise(
    id="07.1",
    name="frequencies",
    task="""Fit a model to draws of K categories: the share of each among the draws.

    draws [n]: a NumPy array of whole numbers from 0 to K - 1, in any order.
    categories: K. Some of them may not be among the draws.
    Returns an array [K] of probabilities that sum to one.""",
    solution="synthdata.collapse_sources:frequencies",
    signature="(draws, categories)",
    probes=(
        Probe(
            property="where every category was drawn: how often each, divided by all draws",
            make=lambda rng: _draws(rng, 6),
            expect=frequencies,
        ),
        Probe(
            property="the last category was never drawn: K shares all the same, the last one 0",
            make=lambda rng: _draws(rng, 6, unseen=(5,)),
            expect=frequencies,
        ),
        Probe(
            property="a category in the middle was never drawn: a 0 stands in its place",
            make=lambda rng: _draws(rng, 7, unseen=(0, int(rng.integers(2, 5)))),
            expect=frequencies,
        ),
        Probe(
            property="a single draw: its category is certain, all others are impossible",
            make=lambda rng: Call(rng.integers(0, 5, 1), 5),
            expect=frequencies,
        ),
    ),
    variants=(
        Variant(
            name="a loop",
            source="""
import numpy as np

def frequencies(draws, categories):
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

def frequencies(draws, categories):
    return (draws[:, None] == np.arange(categories)).mean(0)
""",
        ),
        Variant(
            name="a Counter",
            source="""
from collections import Counter

def frequencies(draws, categories):
    found = Counter(draws.tolist())
    return [found[k] / len(draws) for k in range(categories)]
""",
        ),
    ),
    wrong=(
        Wrong(
            name="counts",
            source="""
import numpy as np

def frequencies(draws, categories):
    return np.bincount(draws, minlength=categories)
""",
            diagnosis="these are counts: divided by the number of draws they become shares",
        ),
        Wrong(
            name="divided by K",
            source="""
import numpy as np

def frequencies(draws, categories):
    return np.bincount(draws, minlength=categories) / categories
""",
            diagnosis="the counts are divided by the number of categories; it takes the number of "
            "draws for them to sum to one",
        ),
        Wrong(
            name="one added",
            source="""
import numpy as np

def frequencies(draws, categories):
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

def frequencies(draws, categories):
    seen = np.isin(np.arange(categories), draws)
    return seen / seen.sum()
""",
            diagnosis="all categories that were seen get the same share, however often they came",
        ),
        Wrong(
            name="largest first",
            source="""
import numpy as np

def frequencies(draws, categories):
    return np.sort(np.bincount(draws, minlength=categories) / len(draws))[::-1]
""",
            diagnosis="the shares are sorted by size; entry k must be the share of category k",
        ),
        Wrong(
            name="too short",
            source="""
import numpy as np

def frequencies(draws, categories):
    return np.bincount(draws) / len(draws)
""",
            diagnosis="np.bincount stops at the largest number it has seen; minlength=categories "
            "makes it go on to K",
        ),
        Wrong(
            name="only what was seen",
            source="""
import numpy as np

def frequencies(draws, categories):
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

def frequencies(draws, categories):
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

def frequencies(draws, categories):
    return np.array([(draws == k).mean() for k in range(1, categories + 1)])
""",
            diagnosis="this counts the categories from 1 to K; they are 0 to K - 1",
        ),
        Wrong(
            name="share of the commonest",
            source="""
import numpy as np

def frequencies(draws, categories):
    counts = np.bincount(draws, minlength=categories)
    return counts / counts.max()
""",
            diagnosis="the counts are divided by the largest of them; divided by all draws they "
            "sum to one",
        ),
    ),
    hints=(
        "Of 10 draws 3 were category 2. What is the model's probability of 2? And of a category "
        "that did not come?",
        "np.bincount(draws, minlength=K) counts how often 0, 1, ..., K - 1 occur.",
        "counts = how often each of 0 .. K - 1 occurs among the draws\n"
        "return counts divided by the number of draws",
    ),
    next_step="Draw from these shares, fit again, and you have one generation. What has "
    "share 0 once has it for ever.",
    drill="Category 7 came 0 times among 200 draws. Who may write it in the next generation?",
)


# 07.2  What theory says.


def _chain(rng: np.random.Generator, g: int) -> Call:
    return Call(g, int(rng.integers(5, 20)), float(rng.uniform(0.1, 0.4)))


def _second_generation(rng: np.random.Generator) -> tuple[str, float]:
    n = int(rng.integers(4, 30))
    return (
        f"The truth never repeats itself (s0 = 0), and a round has n = {n} draws. "
        "With which probability do two draws of generation 1 agree?",
        agreement_replace(1, n, 0.0),
    )


AGREEMENT = Exercise(
    id="07.2",
    name="agreement_replace",
    task="""Probability that two draws of generation g agree, on average over many chains.

    g: number of the generation; 0 was fitted to n real draws, 1 to n draws of 0, and so on.
    n: draws in each round, also the first.
    s0: probability that two draws of the truth agree (its sum of p squared).
    Returns a number from s0 to 1. Each fit leaves a share 1 - 1/n of the disagreement.""",
    solution="synthdata.collapse_expected:agreement_replace",
    signature="(g, n, s0)",
    probes=(
        Probe(
            property="generation 0 has been fitted once: 1/n + (1 - 1/n) s0",
            make=lambda rng: _chain(rng, 0),
            expect=agreement_replace,
        ),
        Probe(
            property="generation 1 has been fitted twice",
            make=lambda rng: _chain(rng, 1),
            expect=agreement_replace,
        ),
        Probe(
            property="after several generations",
            make=lambda rng: _chain(rng, int(rng.integers(4, 9))),
            expect=agreement_replace,
        ),
        Probe(
            property="where the truth has one category alone, all draws agree for ever",
            make=lambda rng: Call(int(rng.integers(2, 9)), int(rng.integers(5, 20)), 1.0),
            expect=agreement_replace,
        ),
        Probe(
            property="after 100,000 generations of few draws all agree",
            make=lambda rng: Call(100_000, int(rng.integers(5, 20)), float(rng.uniform(0, 0.5))),
            expect=agreement_replace,
        ),
    ),
    variants=(
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
    ),
    wrong=(
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
    ),
    hints=(
        "Two draws of one round: with which probability do they copy the same draw of the round "
        "before? And if they do not, what is the chance that they agree?",
        "The disagreement d = 1 - s is what is easy to follow: d after a fit = (1 - 1/n) times d "
        "before. Count the fits: generation 0 has had one.",
        "fits = g + 1\ndisagreement = (1 - 1/n) to the power of fits, times (1 - s0)\n"
        "return 1 - disagreement",
    ),
    next_step="The experiment holds its chains against your formula, in standard errors.",
    drill=_second_generation,
)


# 07.3  Is it a trend?


def _lines(rng: np.random.Generator, rows: int, points: int) -> Call:
    """Straight lines that differ in slope and height."""
    rise = rng.uniform(0.2, 2, (rows, 1)) * np.where(np.arange(rows) % 2, -1, 1)[:, None]
    return Call(rng.uniform(1, 3, (rows, 1)) + rise * np.arange(points))


SLOPES = Exercise(
    id="07.3",
    name="slopes",
    task="""Least-squares slope of each chain's error over the generations.

    values [S, G + 1]: the error of S chains (rows) in generations 0, 1, ..., G (columns).
    Returns an array [S]: by how much each chain's error rises in one generation. For one row v
    and generations g: sum of (g - mean g)(v - mean v), divided by the sum of (g - mean g)^2.""",
    solution="synthdata.collapse_verdict:slopes",
    signature="(values)",
    probes=(
        Probe(
            property="each row a straight line: its slope, whatever its height",
            make=lambda rng: _lines(rng, 4, 6),
            expect=slopes,
        ),
        Probe(
            property="rows that go up and down",
            make=lambda rng: Call(rng.uniform(0, 5, (5, 8))),
            expect=slopes,
        ),
        Probe(
            property="a single row",
            make=lambda rng: Call(rng.uniform(0, 5, (1, 9))),
            expect=slopes,
        ),
        Probe(
            property="an error that does not change has slope 0",
            make=lambda rng: Call(np.full((3, 5), float(rng.uniform(1, 9)))),
            expect=slopes,
        ),
    ),
    variants=(
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
    ),
    wrong=(
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
            diagnosis="this line is forced through 0 at generation 0; take the mean of g "
            "away first",
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
    ),
    hints=(
        "Of two chains that end at the same height, one has risen steadily and one jumped in the "
        "last generation. Should their slopes be the same?",
        "With c = g - mean g, the entries of c sum to 0. So sum of c v is the same as sum of "
        "c (v - mean v), and `values @ c` does it for all rows at once.",
        "c = 0, 1, ..., G minus their mean\nreturn (values @ c) / (c @ c)",
    ),
    next_step="A slope for each seed, an interval over seeds: this is what the verdict on "
    "replace is made of.",
    drill="Errors 2, 2, 2, 6 in generations 0 to 3: is the least-squares slope above or below "
    "(6 - 2) / 3?",
)

EXERCISES = (FREQUENCIES, AGREEMENT, SLOPES)
