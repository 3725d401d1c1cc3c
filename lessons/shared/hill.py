"""Known answers to the effective number of different things, which lessons 6 and 8 both ask for.

Idea:   06.2 calls it `hill` and asks for infinity too; 08.1 calls it by another name.
Source: Hill 1973, "Diversity and evenness".
Run:    python -m lessons audit 06 08
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong

AT_ONE = (
    "at q = 1 the exponent 1 / (1 - q) divides by 0; the limit there is 2 to the entropy in bits"
)
UNSEEN = (
    "a count of 0 is in the sum: 0^0 is 1 to Python, so at q = 0 a thing that was never seen is "
    "counted"
)

_RIGHT = """
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

VARIANTS = (
    Variant(name="shares and three cases", source=_RIGHT),
    Variant(
        name="entropy in nats",
        source=_RIGHT.replace("2 ** -(p * np.log2(p)).sum()", "np.exp(-(p * np.log(p)).sum())"),
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

WRONG = (
    Wrong(
        name="entropy itself",
        source=_RIGHT.replace("2 ** -(p", "-(p"),
        diagnosis="this is the entropy in bits; the effective number is 2 to that power",
    ),
    Wrong(
        name="two units",
        source=_RIGHT.replace("2 ** -(p * np.log2(p)).sum()", "np.exp(-(p * np.log2(p)).sum())"),
        diagnosis="log2 goes with a power of 2, the natural logarithm with exp; here they "
        "are mixed",
    ),
    Wrong(
        name="2 to the nats",
        source=_RIGHT.replace("np.log2", "np.log"),
        diagnosis="the entropy is in nats and the base is 2; bits go with 2, nats with e",
    ),
    Wrong(
        name="the exponent turned round",
        source=_RIGHT.replace("1 / (1 - q)", "1 / (q - 1)"),
        diagnosis="the outer exponent is 1 / (1 - q), and here 1 / (q - 1): one over the "
        "effective number",
    ),
    Wrong(
        name="never seen, and counted",
        source=_RIGHT.replace("[counts > 0]", "").replace("log2(p)", "log2(p + (p == 0))"),
        diagnosis=UNSEEN,
    ),
    Wrong(
        name="without the root",
        source=_RIGHT.replace(" ** (1 / (1 - q))", ""),
        diagnosis="this is the sum of p^q; the power 1 / (1 - q) makes a number of things of it",
    ),
    Wrong(
        name="counts for shares",
        source=_RIGHT.replace("/ counts.sum()", "* 1.0"),
        diagnosis="these are counts, not shares: divide by their sum first",
    ),
    Wrong(
        name="order 2 always",
        source=_RIGHT.replace("(counts, q):", "(counts, q):\n    q = 2"),
        diagnosis="this is the number of order 2 whatever q is",
    ),
    Wrong(
        name="number of kinds",
        source=_RIGHT.replace("(counts, q):", "(counts, q):\n    q = 0"),
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
        diagnosis=AT_ONE,
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
        source=_RIGHT.replace("(p**q).sum()", "(p**q).mean()"),
        diagnosis="this takes the mean of p^q over the things; their sum is wanted",
    ),
)

AT_INFINITY = Wrong(
    name="infinity in the formula",
    source=_RIGHT.replace("q == np.inf", "False"),
    diagnosis="at q = infinity the formula gives 0^0, which Python calls 1; the limit is "
    "1 / the largest share",
)
