"""Answers to the exercises of lesson 4 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 04
        python -m lessons.engine.mistakes 04.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 04.1  What it costs to predict.

FLOPS_RIGHT = """
def window_flops(layers, width, vocabulary, time):
    return 2 * time * (layers * (12 * width**2 + 2 * time * width) + width * vocabulary)
"""

FLOPS_VARIANTS = variants(FLOPS_RIGHT,
    body("matrix by matrix", """
        matrices = [(width, width)] * 4 + [(width, 4 * width), (4 * width, width)]
        block = sum(2 * n * m for n, m in matrices) * time + 2 * (2 * time * time * width)
        return layers * block + 2 * width * vocabulary * time"""),
    body("multiplied out", """
        E, T = width, time
        return 24 * layers * E**2 * T + 4 * layers * E * T**2 + 2 * vocabulary * E * T"""),
)

FLOPS_WRONG = mistakes(FLOPS_RIGHT,
    edit("multiplications alone", "return 2 * time", "return time",
         "this counts multiplications alone; each comes with an addition"),
    edit("one character", "return 2 * time", "return 2",
         "this is the cost of one character; a window has T of them"),
    edit("training", "return 2 *", "return 6 *",
         "this is three times too much: it counts the way back, which training needs "
         "and predicting does not"),
    edit("embeddings multiplied", "+ width * vocabulary", "+ 2 * width * vocabulary",
         "the embedding is counted as a product [V, E]; it is looked up, one row"),
    edit("no attention", "(12 * width**2 + 2 * time * width)", "12 * width**2",
         "only the weights are counted; scores and weighted sums are products too, "
         "though no weights are in them"),
    edit("scores alone", "+ 2 * time * width", "+ time * width",
         "of attention only the scores are counted; the weighted sum of the values "
         "costs as much again"),
    edit("half an MLP", "12 * width", "8 * width",
         "the MLP has two matrices, [E, 4E] and [4E, E]; one is missing"),
    edit("a head in every block", "time * width) + width * vocabulary",
         "time * width + width * vocabulary)",
         "the head is counted once in every block; it stands once, after the last"),
)

# 04.2  A law through points.

LAW = "lessons.l04_bigger_is_better.experiment:law"

LAW_VARIANTS = variants(LAW,
    body("by covariance", """
        x, y = np.log(n), np.log(excess)
        slope = -((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
        return slope, y.mean() + slope * x.mean()"""),
    body("two unknowns", """
        columns = np.column_stack([-np.log(n), np.ones(len(n))])
        return tuple(np.linalg.lstsq(columns, np.log(excess), rcond=None)[0])"""),
    body("without NumPy", """
        x, y = [math.log(i) for i in n], [math.log(e) for e in excess]
        mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
        above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
        slope = -above / sum((a - mean_x) ** 2 for a in x)
        return slope, mean_y + slope * mean_x"""),
)

LAW_WRONG = mistakes(LAW,
    edit("negative", "-down", "down",
         "this is the exponent itself, a negative number; the law is N^-slope, so the "
         "minus sign is already written there"),
    edit("no logarithms", "np.log(n), np.log(excess)", "n, excess",
         "the line goes through the numbers themselves; a power law is a line only "
         "in logarithms of both"),
    edit("one logarithm", "np.log(excess)", "excess",
         "the excess itself is fitted against ln(N); take its logarithm as well"),
    edit("exponential", "np.log(n)", "n",
         "this fits an exponential (ln of the excess against N itself); a power law needs ln(N)"),
    edit("exchanged axes", "np.log(n), np.log(excess)", "np.log(excess), np.log(n)",
         "the axes are exchanged: this says how N falls with the excess"),
    edit("a", "float(log_a)", "np.exp(log_a)",
         "the second number is a; its natural logarithm is wanted"),
    edit("decimal logarithms", "np.log(n), np.log(excess)", "np.log10(n), np.log10(excess)",
         "with logarithms to base 10 the slope is the same, but the height is not: "
         "natural ones are wanted"),
    body("first and last", """
        x, y = np.log(n), np.log(excess)
        slope = -(y[-1] - y[0]) / (x[-1] - x[0])
        return slope, y[0] + slope * x[0]""",
         "the line goes through the first point and the last, whatever lies between; "
         "least squares hears all of them"),
    whole("in linear space", """
        from scipy.optimize import least_squares

        def law(n, excess):
            x, y = np.log(n), np.array(excess)
            down, height = np.polyfit(x, np.log(y), 1)
            off = lambda line: np.exp(line[1] - line[0] * x) - y
            return tuple(least_squares(off, (-down, height), xtol=1e-12, ftol=1e-12).x)""",
          "the curve is fitted in the excess itself, so that the largest excesses "
          "decide alone; the squares of the distances in ln(excess) are to be small"),
    edit("binary logarithms", "np.log(n), np.log(excess)", "np.log2(n), np.log2(excess)",
         "with logarithms to base 2 the slope is the same, but the height is not: "
         "natural ones are wanted"),
)

# 04.3  The same words, and no order.

SALAD_RIGHT = r"""
def salad(block, rng):
    words = block.split()
    dealt = iter([words[i] for i in rng.permutation(len(words))])
    return "\n".join(" ".join(next(dealt) for _ in line.split(" ")) for line in block.split("\n"))
"""

DEAL = "dealt = iter([words[i] for i in rng.permutation(len(words))])"

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

SALAD_VARIANTS = variants(SALAD_RIGHT,
    body("with places", r"""
        words = block.replace("\n", " ").split(" ")
        ends = [c for c in block if c in " \n"] + [""]
        order = rng.permutation(len(words))
        return "".join(words[i] + end for i, end in zip(order, ends))"""),
    body("cut and dealt", r"""
        counts = [len(line.split(" ")) for line in block.split("\n")]
        words = block.replace("\n", " ").split(" ")
        rng.shuffle(words)
        lines = []
        for count in counts:
            lines.append(" ".join(words[:count]))
            words = words[count:]
        return "\n".join(lines)"""),
)

SALAD_WRONG = mistakes(SALAD_RIGHT,
    body("characters", 'return "".join(block[i] for i in rng.permutation(len(block)))',
         CHARACTERS),
    body("drawn anew", r"""
        words = block.split()
        lines = block.split("\n")
        return "\n".join(" ".join(str(rng.choice(words)) for _ in x.split(" ")) for x in lines)""",
         DRAWN_ANEW),
    body("one line", """
        words = block.split()
        return " ".join(words[i] for i in rng.permutation(len(words)))""", ONE_LINE),
    body("whole lines", r"""
        lines = block.split("\n")
        return "\n".join(lines[i] for i in rng.permutation(len(lines)))""", WHOLE_LINES),
    body("within lines", r"""
        lines = [line.split(" ") for line in block.split("\n")]
        return "\n".join(" ".join(line[i] for i in rng.permutation(len(line))) for line in lines)
        """, WITHIN),
    edit("rotated", DEAL,
         "k = int(rng.integers(1, len(words)))\n    dealt = iter(words[k:] + words[:k])",
         CUT_AND_JOINED),
    edit("reversed", DEAL, "dealt = iter(words[::-1])", TURNED_ROUND),
    edit("in pairs", DEAL,
         "pairs = [words[i : i + 2] for i in range(0, len(words), 2)]\n"
         "    dealt = iter([word for i in rng.permutation(len(pairs)) for word in pairs[i]])",
         IN_STEP),
    edit("a fixed order, cut", DEAL,
         "k, words = int(rng.integers(len(words))), sorted(words)\n"
         "    dealt = iter(words[k:] + words[:k])", FIXED_AND_CUT),
    edit("sorted", DEAL, "dealt = iter(sorted(words))", NOT_RANDOM),
    edit("own randomness", DEAL, "random.shuffle(words)\n    dealt = iter(words)", OWN_RANDOMNESS),
)
