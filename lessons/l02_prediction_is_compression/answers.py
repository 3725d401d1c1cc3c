"""Answers to the exercises of lesson 2 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 02
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong

# 02.1  Words of different lengths.


_VARINTS = """
def varints(numbers):
    out = []
    for number in numbers:
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)
    return bytes(out)
"""
"""Right. Some mistakes are this with a line changed."""

VARINTS_VARIANTS = (
    Variant(
        name="divmod",
        source="""
def varints(numbers):
    out = []
    for number in numbers:
        digits = [number % 128]
        while number := number // 128:
            digits.append(number % 128)
        out += [digit + 128 for digit in digits[:-1]] + digits[-1:]
    return bytes(out)
""",
    ),
    Variant(
        name="recursion",
        source="""
def varints(numbers):
    def one(n):
        return bytes([n]) if n < 128 else bytes([n % 128 + 128]) + one(n // 128)

    return b"".join(one(n) for n in numbers)
""",
    ),
)

VARINTS_WRONG = (
    Wrong(
        name="highest first",
        source="""
def varints(numbers):
    out = []
    for number in numbers:
        digits = []
        while True:
            digits.append(number & 127)
            number >>= 7
            if not number:
                break
        digits.reverse()
        out += [d | 128 for d in digits[:-1]] + digits[-1:]
    return bytes(out)
""",
        diagnosis="the highest seven bits come first; the lowest are wanted first",
    ),
    Wrong(
        name="no mark",
        source=_VARINTS.replace(" | 128", ""),
        diagnosis="no byte says that more follows (128 added), so nobody can tell where a "
        "number ends",
    ),
    Wrong(
        name="the mark at the end",
        source=_VARINTS.replace(" | 128", "").replace("(number)\n", "(number | 128)\n"),
        diagnosis="the mark stands on the last byte of a number; it says that more follows, so "
        "it stands on all others",
    ),
    Wrong(
        name="a byte too many",
        source=_VARINTS.replace("> 127", ">= 64"),
        diagnosis="some numbers get a byte 0 more than they need: one byte holds up to 127",
    ),
    Wrong(
        name="eight bits",
        source="""
def varints(numbers):
    out = []
    for number in numbers:
        while number > 255:
            out.append(number & 255)
            number >>= 8
        out.append(number)
    return bytes(out)
""",
        diagnosis="all eight bits of a byte hold the number, and none is left for the mark",
    ),
    Wrong(
        name="a list",
        source=_VARINTS.replace("bytes(out)", "out"),
        diagnosis="a list of numbers comes back; bytes(...) makes bytes of it",
    ),
)

# 02.2  The shortest code.


_ENTROPY = """
import numpy as np

def plug_in(counts):
    p = counts[counts > 0] / counts.sum()
    return -(p * np.log2(p)).sum()
"""
"""Right. Some mistakes are this with a line changed."""

ENTROPY_VARIANTS = (
    Variant(
        name="a sum over shares",
        source="""
import numpy as np

def plug_in(counts):
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log2(p)).sum())
""",
    ),
    Variant(
        name="a loop",
        source="""
import math

def plug_in(counts):
    total = sum(int(c) for c in counts)
    return sum(c / total * math.log2(total / c) for c in map(int, counts) if c)
""",
    ),
    Variant(
        name="SciPy",
        source="""
from scipy.special import entr

def plug_in(counts):
    return entr(counts / counts.sum()).sum() / 0.6931471805599453
""",
    ),
)

ENTROPY_WRONG = (
    Wrong(
        name="nats",
        source=_ENTROPY.replace("log2", "log"),
        diagnosis="these are nats (natural logarithm); bits take log2",
    ),
    Wrong(
        name="no minus",
        source=_ENTROPY.replace("-(p", "(p"),
        diagnosis="the minus sign is missing: an entropy is never below 0",
    ),
    Wrong(
        name="not weighted",
        source="""
import numpy as np

def plug_in(counts):
    p = counts[counts > 0] / counts.sum()
    return -np.log2(p).mean()
""",
        diagnosis="every thing counts alike here; a frequent thing is met more often, so each "
        "surprise is weighted by its p",
    ),
    Wrong(
        name="number of things",
        source="""
import numpy as np

def plug_in(counts):
    return np.log2((counts > 0).sum())
""",
        diagnosis="this is log2 of how many things there are, the entropy if all were equally "
        "frequent; use their shares",
    ),
    Wrong(
        name="zero times log of zero",
        source="""
import numpy as np

def plug_in(counts):
    with np.errstate(all="ignore"):
        p = counts / counts.sum()
        return -(p * np.log2(p)).sum()
""",
        diagnosis="0 times log2(0) is NaN to a computer; leave out what was never seen",
    ),
    Wrong(
        name="perplexity",
        source=_ENTROPY.replace("-(p", "2 ** -(p"),
        diagnosis="this is 2 to the entropy (the perplexity), between how many things one is "
        "undecided; the entropy itself is wanted",
    ),
    Wrong(
        name="counts for shares",
        source=_ENTROPY.replace("/ counts.sum()", "* 1.0"),
        diagnosis="these are counts, not shares: divide by their sum first",
    ),
    Wrong(
        name="Miller and Madow's correction",
        source="""
import numpy as np

def plug_in(counts):
    seen = counts[counts > 0]
    p = seen / seen.sum()
    return -(p * np.log2(p)).sum() + (len(seen) - 1) / (2 * seen.sum() * np.log(2))
""",
        diagnosis="this is Miller and Madow's estimate, which adds (K - 1) / 2n for what the "
        "sample has missed; the entropy of the observed shares themselves is wanted",
    ),
    Wrong(
        name="mean for sum",
        source=_ENTROPY.replace("np.log2(p)).sum()", "np.log2(p)).mean()"),
        diagnosis="this is the mean of -p log2 p over the things; the p are the weights "
        "already, so the sum is wanted",
    ),
    Wrong(
        name="one added",
        source=_ENTROPY.replace(
            "counts[counts > 0] / counts.sum()", "(counts + 1) / (counts + 1).sum()"
        ),
        diagnosis="one is added to each count (Laplace), so that what was never seen gets a "
        "share; the observed shares are wanted",
    ),
)

# 02.3  Whole numbers.


FREQUENCIES_VARIANTS = (
    Variant(
        name="rounding running sums",
        source="""
import numpy as np

def frequencies(logprobs):
    p = np.exp(logprobs)
    v = p.shape[1]
    ends = np.cumsum(p, axis=1)
    ends = np.rint(ends / ends[:, -1:] * (2**32 - v)).astype(np.int64)
    return np.diff(ends, axis=1, prepend=0) + 1
""",
    ),
    Variant(
        name="largest remainders",
        source="""
import numpy as np

def frequencies(logprobs):
    out = []
    for row in np.exp(logprobs):
        exact = row / row.sum() * (2**32 - len(row))
        whole = [int(x) for x in exact]
        left = 2**32 - len(row) - sum(whole)
        for i in np.argsort(-(exact - np.floor(exact)))[:left]:
            whole[i] += 1
        out.append([n + 1 for n in whole])
    return np.array(out)
""",
    ),
)

FREQUENCIES_WRONG = (
    Wrong(
        name="rounded",
        source="""
import numpy as np

def frequencies(logprobs):
    p = np.exp(logprobs)
    return np.maximum(np.rint(p / p.sum(1, keepdims=True) * 2**32), 1).astype(np.int64)
""",
        diagnosis="each number is rounded by itself, so that rows miss 2^32 by a little; give "
        "what is left over to one of them",
    ),
    Wrong(
        name="fractions",
        source="""
import numpy as np

def frequencies(logprobs):
    p = np.exp(logprobs)
    return p / p.sum(1, keepdims=True) * 2**32
""",
        diagnosis="these are fractions; a coder needs whole numbers",
    ),
    Wrong(
        name="zeros",
        source="""
import numpy as np

def frequencies(logprobs):
    p = np.exp(logprobs)
    whole = (p / p.sum(1, keepdims=True) * 2**32).astype(np.int64)
    whole[np.arange(len(whole)), whole.argmax(1)] += 2**32 - whole.sum(1)
    return whole
""",
        diagnosis="unlikely characters are rounded down to 0, and could never be coded; share "
        "out 2^32 - V and add 1 to each",
    ),
    Wrong(
        name="not normalised",
        source="""
import numpy as np

def frequencies(logprobs):
    whole = (np.exp(logprobs) * (2**32 - logprobs.shape[1])).astype(np.int64) + 1
    spare = np.abs(2**32 - whole.sum(1))
    whole[np.arange(len(whole)), whole.argmax(1)] += spare
    return whole
""",
        diagnosis="the sum can also come out too large, where the probabilities sum to more "
        "than one: divide them by their sum first",
    ),
    Wrong(
        name="all alike",
        source="""
import numpy as np

def frequencies(logprobs):
    v = logprobs.shape[1]
    whole = np.full(logprobs.shape, 2**32 // v, dtype=np.int64)
    whole[:, 0] += 2**32 - whole.sum(1)
    return whole
""",
        diagnosis="all characters get the same share, whatever the probabilities",
    ),
    Wrong(
        name="another total",
        source="""
import numpy as np

def frequencies(logprobs):
    v, p = logprobs.shape[1], np.exp(logprobs)
    whole = (p / p.sum(1, keepdims=True) * (2**16 - v)).astype(np.int64) + 1
    whole[np.arange(len(whole)), whole.argmax(1)] += 2**16 - whole.sum(1)
    return whole
""",
        diagnosis="rows sum to 2^16; the total here is 2^32, so that large alphabets lose "
        "nothing to rounding",
    ),
    Wrong(
        name="powers of 2",
        source="""
import numpy as np

def frequencies(logprobs):
    p = 2.0**logprobs
    whole = (p / p.sum(1, keepdims=True) * (2**32 - p.shape[1])).astype(np.int64) + 1
    whole[np.arange(len(whole)), whole.argmax(1)] += 2**32 - whole.sum(1)
    return whole
""",
        diagnosis="2 is raised to the logarithms, which are natural ones: np.exp gives the "
        "probabilities back",
    ),
    Wrong(
        name="one sum for all rows",
        source="""
import numpy as np

def frequencies(logprobs):
    p = np.exp(logprobs)
    whole = (p / p.sum() * (2**32 - p.shape[1])).astype(np.int64) + 1
    whole[np.arange(len(whole)), whole.argmax(1)] += 2**32 - whole.sum(1)
    return whole
""",
        diagnosis="the probabilities are divided by the sum of the whole table; each row has "
        "its own sum",
    ),
)
