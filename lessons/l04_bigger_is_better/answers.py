"""Answers to the exercises of lesson 4 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 04
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong

# 04.1  What it costs to predict.


FLOPS_VARIANTS = (
    Variant(
        name="matrix by matrix",
        source="""
def window_flops(layers, width, vocabulary, time):
    matrices = [(width, width)] * 4 + [(width, 4 * width), (4 * width, width)]
    block = sum(2 * n * m for n, m in matrices) * time + 2 * (2 * time * time * width)
    return layers * block + 2 * width * vocabulary * time
""",
    ),
    Variant(
        name="multiplied out",
        source="""
def window_flops(layers, width, vocabulary, time):
    E, T = width, time
    return 24 * layers * E**2 * T + 4 * layers * E * T**2 + 2 * vocabulary * E * T
""",
    ),
)

FLOPS_WRONG = (
    Wrong(
        name="multiplications alone",
        source="""
def window_flops(layers, width, vocabulary, time):
    return time * (layers * (12 * width**2 + 2 * time * width) + width * vocabulary)
""",
        diagnosis="this counts multiplications alone; each comes with an addition",
    ),
    Wrong(
        name="one character",
        source="""
def window_flops(layers, width, vocabulary, time):
    return 2 * (layers * (12 * width**2 + 2 * time * width) + width * vocabulary)
""",
        diagnosis="this is the cost of one character; a window has T of them",
    ),
    Wrong(
        name="training",
        source="""
def window_flops(layers, width, vocabulary, time):
    return 6 * time * (layers * (12 * width**2 + 2 * time * width) + width * vocabulary)
""",
        diagnosis="this is three times too much: it counts the way back, which training needs "
        "and predicting does not",
    ),
    Wrong(
        name="embeddings multiplied",
        source="""
def window_flops(layers, width, vocabulary, time):
    return 2 * time * (layers * (12 * width**2 + 2 * time * width) + 2 * width * vocabulary)
""",
        diagnosis="the embedding is counted as a product [V, E]; it is looked up, one row",
    ),
    Wrong(
        name="no attention",
        source="""
def window_flops(layers, width, vocabulary, time):
    return 2 * time * (layers * 12 * width**2 + width * vocabulary)
""",
        diagnosis="only the weights are counted; scores and weighted sums are products too, "
        "though no weights are in them",
    ),
    Wrong(
        name="scores alone",
        source="""
def window_flops(layers, width, vocabulary, time):
    return 2 * time * (layers * (12 * width**2 + time * width) + width * vocabulary)
""",
        diagnosis="of attention only the scores are counted; the weighted sum of the values "
        "costs as much again",
    ),
    Wrong(
        name="half an MLP",
        source="""
def window_flops(layers, width, vocabulary, time):
    return 2 * time * (layers * (8 * width**2 + 2 * time * width) + width * vocabulary)
""",
        diagnosis="the MLP has two matrices, [E, 4E] and [4E, E]; one is missing",
    ),
    Wrong(
        name="a head in every block",
        source="""
def window_flops(layers, width, vocabulary, time):
    block = 12 * width**2 + 2 * time * width + width * vocabulary
    return 2 * time * layers * block
""",
        diagnosis="the head is counted once in every block; it stands once, after the last",
    ),
)

# 04.2  A law through points.


LAW_VARIANTS = (
    Variant(
        name="by covariance",
        source="""
import numpy as np

def law(n, excess):
    x, y = np.log(n), np.log(excess)
    slope = -((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return slope, y.mean() + slope * x.mean()
""",
    ),
    Variant(
        name="two unknowns",
        source="""
import numpy as np

def law(n, excess):
    columns = np.column_stack([-np.log(n), np.ones(len(n))])
    return tuple(np.linalg.lstsq(columns, np.log(excess), rcond=None)[0])
""",
    ),
    Variant(
        name="without NumPy",
        source="""
import math

def law(n, excess):
    x, y = [math.log(i) for i in n], [math.log(e) for e in excess]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
    slope = -above / sum((a - mean_x) ** 2 for a in x)
    return slope, mean_y + slope * mean_x
""",
    ),
)

LAW_WRONG = (
    Wrong(
        name="negative",
        source="""
import numpy as np

def law(n, excess):
    slope, log_a = np.polyfit(np.log(n), np.log(excess), 1)
    return slope, log_a
""",
        diagnosis="this is the exponent itself, a negative number; the law is N^-slope, so the "
        "minus sign is already written there",
    ),
    Wrong(
        name="no logarithms",
        source="""
import numpy as np

def law(n, excess):
    down, height = np.polyfit(n, excess, 1)
    return -down, height
""",
        diagnosis="the line goes through the numbers themselves; a power law is a line only "
        "in logarithms of both",
    ),
    Wrong(
        name="one logarithm",
        source="""
import numpy as np

def law(n, excess):
    down, height = np.polyfit(np.log(n), excess, 1)
    return -down, height
""",
        diagnosis="the excess itself is fitted against ln(N); take its logarithm as well",
    ),
    Wrong(
        name="exponential",
        source="""
import numpy as np

def law(n, excess):
    down, height = np.polyfit(n, np.log(excess), 1)
    return -down, height
""",
        diagnosis="this fits an exponential (ln of the excess against N itself); a power law "
        "needs ln(N)",
    ),
    Wrong(
        name="exchanged axes",
        source="""
import numpy as np

def law(n, excess):
    down, log_a = np.polyfit(np.log(excess), np.log(n), 1)
    return -down, log_a
""",
        diagnosis="the axes are exchanged: this says how N falls with the excess",
    ),
    Wrong(
        name="a",
        source="""
import numpy as np

def law(n, excess):
    down, log_a = np.polyfit(np.log(n), np.log(excess), 1)
    return -down, np.exp(log_a)
""",
        diagnosis="the second number is a; its natural logarithm is wanted",
    ),
    Wrong(
        name="decimal logarithms",
        source="""
import numpy as np

def law(n, excess):
    down, log_a = np.polyfit(np.log10(n), np.log10(excess), 1)
    return -down, log_a
""",
        diagnosis="with logarithms to base 10 the slope is the same, but the height is not: "
        "natural ones are wanted",
    ),
    Wrong(
        name="first and last",
        source="""
import numpy as np

def law(n, excess):
    x, y = np.log(n), np.log(excess)
    slope = -(y[-1] - y[0]) / (x[-1] - x[0])
    return slope, y[0] + slope * x[0]
""",
        diagnosis="the line goes through the first point and the last, whatever lies between; "
        "least squares hears all of them",
    ),
    Wrong(
        name="in linear space",
        source="""
import numpy as np
from scipy.optimize import least_squares

def law(n, excess):
    x, y = np.log(n), np.array(excess)
    down, height = np.polyfit(x, np.log(y), 1)
    found = least_squares(
        lambda line: np.exp(line[1] - line[0] * x) - y, (-down, height), xtol=1e-12, ftol=1e-12
    )
    return tuple(found.x)
""",
        diagnosis="the curve is fitted in the excess itself, so that the largest excesses "
        "decide alone; the squares of the distances in ln(excess) are to be small",
    ),
    Wrong(
        name="binary logarithms",
        source="""
import numpy as np

def law(n, excess):
    down, log_a = np.polyfit(np.log2(n), np.log2(excess), 1)
    return -down, log_a
""",
        diagnosis="with logarithms to base 2 the slope is the same, but the height is not: "
        "natural ones are wanted",
    ),
)

# 04.3  The same words, and no order.

CHARACTERS = "single characters are shuffled, so that no word survives; words are to stay whole"
DRAWN_ANEW = (
    "some words are dealt out again and others never, as when each place draws a word anew; deal "
    "out each word once"
)
ONE_LINE = "the line ends are lost; only words change places, line ends stay"
WHOLE_LINES = "whole lines change places, and within a line all stays in order"
WITHIN = "words are shuffled within their own line; who knows the verb still finds its noun nearby"
CUT_AND_JOINED = (
    "the text is cut and its parts are put together in another order; within them every word "
    "is still followed by its neighbour"
)
TURNED_ROUND = "the text is turned round: who reads it backwards finds every word in its place"
IN_STEP = (
    "many neighbours have stayed at one distance, as when words are moved in pairs or two halves "
    "are shuffled into each other; give every word a random place of its own"
)
FIXED_AND_CUT = (
    "the order is a fixed one, of which `rng` only says where to begin; any order must be possible"
)
NOT_RANDOM = "the order does not depend on `rng`: this is a fixed order, not a random one"
OWN_RANDOMNESS = (
    "the random numbers come from somewhere else than `rng`; nobody can repeat this text"
)

SALAD_VARIANTS = (
    Variant(
        name="with places",
        source="""
def salad(block, rng):
    words = block.replace("\\n", " ").split(" ")
    ends = [c for c in block if c in " \\n"] + [""]
    order = rng.permutation(len(words))
    return "".join(words[i] + end for i, end in zip(order, ends))
""",
    ),
    Variant(
        name="cut and dealt",
        source="""
def salad(block, rng):
    counts = [len(line.split(" ")) for line in block.split("\\n")]
    words = block.replace("\\n", " ").split(" ")
    rng.shuffle(words)
    lines = []
    for count in counts:
        lines.append(" ".join(words[:count]))
        words = words[count:]
    return "\\n".join(lines)
""",
    ),
)

SALAD_WRONG = (
    Wrong(
        name="characters",
        source="""
def salad(block, rng):
    return "".join(block[i] for i in rng.permutation(len(block)))
""",
        diagnosis=CHARACTERS,
    ),
    Wrong(
        name="drawn anew",
        source="""
def salad(block, rng):
    words = block.split()
    return "\\n".join(
        " ".join(str(rng.choice(words)) for _ in line.split(" ")) for line in block.split("\\n")
    )
""",
        diagnosis=DRAWN_ANEW,
    ),
    Wrong(
        name="one line",
        source="""
def salad(block, rng):
    words = block.split()
    return " ".join(words[i] for i in rng.permutation(len(words)))
""",
        diagnosis=ONE_LINE,
    ),
    Wrong(
        name="whole lines",
        source="""
def salad(block, rng):
    lines = block.split("\\n")
    return "\\n".join(lines[i] for i in rng.permutation(len(lines)))
""",
        diagnosis=WHOLE_LINES,
    ),
    Wrong(
        name="within lines",
        source="""
def salad(block, rng):
    lines = [line.split(" ") for line in block.split("\\n")]
    return "\\n".join(" ".join(line[i] for i in rng.permutation(len(line))) for line in lines)
""",
        diagnosis=WITHIN,
    ),
    Wrong(
        name="rotated",
        source="""
def salad(block, rng):
    words = block.split()
    k = int(rng.integers(1, len(words)))
    dealt = iter(words[k:] + words[:k])
    return "\\n".join(
        " ".join(next(dealt) for _ in line.split(" ")) for line in block.split("\\n")
    )
""",
        diagnosis=CUT_AND_JOINED,
    ),
    Wrong(
        name="reversed",
        source="""
def salad(block, rng):
    dealt = iter(block.split()[::-1])
    return "\\n".join(
        " ".join(next(dealt) for _ in line.split(" ")) for line in block.split("\\n")
    )
""",
        diagnosis=TURNED_ROUND,
    ),
    Wrong(
        name="in pairs",
        source="""
def salad(block, rng):
    words = block.split()
    pairs = [words[i : i + 2] for i in range(0, len(words), 2)]
    dealt = iter([word for i in rng.permutation(len(pairs)) for word in pairs[i]])
    return "\\n".join(
        " ".join(next(dealt) for _ in line.split(" ")) for line in block.split("\\n")
    )
""",
        diagnosis=IN_STEP,
    ),
    Wrong(
        name="a fixed order, cut",
        source="""
def salad(block, rng):
    words = sorted(block.split())
    k = int(rng.integers(len(words)))
    dealt = iter(words[k:] + words[:k])
    return "\\n".join(
        " ".join(next(dealt) for _ in line.split(" ")) for line in block.split("\\n")
    )
""",
        diagnosis=FIXED_AND_CUT,
    ),
    Wrong(
        name="sorted",
        source="""
def salad(block, rng):
    words = iter(sorted(block.split()))
    return "\\n".join(
        " ".join(next(words) for _ in line.split(" ")) for line in block.split("\\n")
    )
""",
        diagnosis=NOT_RANDOM,
    ),
    Wrong(
        name="own randomness",
        source="""
import random

def salad(block, rng):
    words = block.split()
    random.shuffle(words)
    dealt = iter(words)
    return "\\n".join(
        " ".join(next(dealt) for _ in line.split(" ")) for line in block.split("\\n")
    )
""",
        diagnosis=OWN_RANDOMNESS,
    ),
)
