"""Answers to the exercises of lesson 19 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 19
        python -m lessons.engine.mistakes 19.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 19.1  What an answer costs

FLOPS = "lessons.lab.rungs:answer_flops"

FLOPS_VARIANTS = variants(FLOPS,
    body("character by character", """
        total = 0
        for place in range(asked + answered - 1):
            seen = max(asked, place + 1)
            total += layers * (2 * 12 * width ** 2 + 4 * width * seen)
        return total + 2 * width * vocabulary * answered"""),
    body("sums in closed form", """
        more = answered - 1
        pairs = asked ** 2 + more * asked + more * (more + 1) // 2
        matrices = 24 * width ** 2 * (asked + more)
        return layers * (matrices + 4 * width * pairs) + 2 * width * vocabulary * answered"""),
)

READ, PAIRS = "asked + answered - 1", "asked * asked + sum(range(asked + 1, read + 1))"

FLOPS_WRONG = mistakes(FLOPS,
    edit("no addition", "24 * width", "12 * width",
         "a weight takes a multiplication and an addition: two operations, in the layers too"),
    edit("reads the last", READ, "asked + answered",
         "the last character of the answer is written and never read"),
    edit("the question alone", READ, "asked",
         "only the question is read; the answer's characters but the last are read as well"),
    edit("the answer alone", READ, "answered",
         "only the answer is read; the question has to be read first"),
    body("nothing kept", """
        total = 0
        for time in range(asked, asked + answered):
            total += layers * (24 * width * width * time + 4 * width * time * time)
        return total + 2 * width * vocabulary * answered""",
         "all is read again for each character of the answer; keys and values are kept, so each "
         "character is read once"),
    edit("no attention", "4 * width * pairs", "0 * pairs",
         "attention is missing: 4 E for each pair"),
    edit("scores alone", "4 * width * pairs", "2 * width * pairs",
         "attention has two products, of queries with keys and of weights with values; one is "
         "counted"),
    edit("no square", PAIRS, "sum(range(1, read + 1))",
         "within the question what is ahead is computed too, and then hidden: its pairs are a "
         "square"),
    edit("all a square", PAIRS, "read * read",
         "all pairs are counted as a square; a character of the answer looks only at what is "
         "there"),
    edit("not itself", PAIRS, "asked * asked + sum(range(asked, read))",
         "a character of the answer looks at itself too: the first one at asked + 1"),
    edit("head everywhere", "vocabulary * answered", "vocabulary * read",
         "the head scores for each character of the answer, not for each character read"),
    edit("head once", "vocabulary * answered", "vocabulary",
         "the head is counted once; it scores for each character of the answer"),
    edit("head in each layer", "layers * layer + 2", "layers * layer + layers * 2",
         "there is one head, not one in each layer"),
)

# 19.2  Weights of few bits

QUANTISE = "distill.cascades.quantised:quantise"

QUANTISE_VARIANTS = variants(QUANTISE,
    body("row by row", """
        most = 2 ** (bits - 1) - 1
        scales, whole = [], []
        for row in weights:
            largest = max(abs(x) for x in row)
            scale = largest / most if largest else 1.0
            scales.append(scale)
            whole.append([round(x / scale) for x in row])
        return np.array(scales), np.array(whole)"""),
    body("largest and smallest", """
        most = 2 ** (bits - 1) - 1
        largest = np.maximum(weights.max(1), -weights.min(1))
        scales = np.ones(len(weights))
        scales[largest > 0] = largest[largest > 0] / most
        return scales, np.floor(weights / scales[:, None] + 0.5).astype(int)"""),
)

MOST, LARGEST = "2 ** (bits - 1) - 1", "np.abs(weights).max(axis=1)"
ROUND = "np.rint(weights / scales[:, None])"

QUANTISE_WRONG = mistakes(QUANTISE,
    edit("one scale", LARGEST, "np.full(len(weights), np.abs(weights).max())",
         "one scale serves all rows, so that rows of small weights lose everything"),
    edit("one step too many", f"most = {MOST}", "most = 2 ** (bits - 1)",
         "m is one too large: with a sign b bits hold up to 2^(b - 1) - 1"),
    edit("no bit for the sign", f"most = {MOST}", "most = 2 ** bits - 1",
         "no bit is left for the sign: m is 2^(b - 1) - 1"),
    edit("bits as steps", f"most = {MOST}", "most = bits",
         "the number of bits is taken for the number of steps"),
    edit("downwards", ROUND, "np.floor(weights / scales[:, None])",
         "it rounds down, where the nearest is wanted"),
    edit("towards zero", ROUND, "np.trunc(weights / scales[:, None])",
         "it cuts towards zero, where the nearest is wanted"),
    edit("signs forgotten", LARGEST, "weights.max(axis=1)",
         "the largest weight is looked for with its sign, so a large negative one is cut off"),
    edit("the mean", LARGEST, "np.abs(weights).mean(axis=1)",
         "the scale is made from the mean, so that large weights are cut off"),
    edit("zeros", "np.where(scales == 0, 1.0, scales)", "scales",
         "a row of zeros is divided by 0; its scale is 1"),
    edit("upside down", "return scales,", "return 1 / scales,",
         "the scale is upside down: it is what one step is worth, not how many steps make 1"),
    body("products", """
        most = 2 ** (bits - 1) - 1
        scales = np.abs(weights).max(axis=1) / most
        scales = np.where(scales == 0, 1.0, scales)
        return scales, np.rint(weights / scales[:, None]) * scales[:, None]""",
         "these are the rounded weights; the whole numbers are wanted, before they are "
         "multiplied"),
)

# 19.3  The cheapest that will do

CHEAPEST = "lessons.l19_step_back.shopping:cheapest_good"

CHEAPEST_VARIANTS = variants(CHEAPEST,
    body("by price", """
        least = keep * max(right)
        for _, _, i in sorted((costs[i], -right[i], i) for i in range(len(costs))):
            if right[i] >= least:
                return i"""),
    body("one look at a time", """
        found = right.index(max(right))
        for i in range(len(costs)):
            if right[i] >= keep * max(right):
                if (costs[i], -right[i]) < (costs[found], -right[found]):
                    found = i
        return found"""),
)

LEAST, CHOICE = "keep * max(right)", "(costs[i], -right[i])"

CHEAPEST_WRONG = mistakes(CHEAPEST,
    edit("points", LEAST, "max(right) - (1 - keep)",
         "good enough is so many points below the best; it is a share of the best"),
    edit("of the dearest", LEAST, "keep * right[list(costs).index(max(costs))]",
         "the dearest is taken for the best"),
    edit("of all", LEAST, "keep",
         "the share is taken of all problems, not of what the best one gets right"),
    body("errors", """
        fewest = 1 - max(right)
        good = [i for i in range(len(costs)) if 1 - right[i] <= fewest * (2 - keep)]
        return min(good, key=lambda i: (costs[i], -right[i]))""",
         "the share is taken of the best one's errors, not of its right answers"),
    edit("strictly", "right[i] >= least", "right[i] > least",
         "exactly good enough is refused"),
    edit("the best", CHOICE, "(-right[i], costs[i])",
         "this is the best, whatever it costs"),
    edit("ties to the worse", CHOICE, "(costs[i], right[i])",
         "of equally cheap ones it takes the worse"),
    edit("ties to the first", CHOICE, "costs[i]",
         "of equally cheap ones it takes the first"),
    edit("cheapest of all", "if right[i] >= least]", "if least >= 0]",
         "prices alone decide; whether it is good enough is not asked"),
    edit("place among the good", f"min(good, key=lambda i: {CHOICE})",
         "good.index(min(good, key=lambda i: (costs[i], -right[i])))",
         "this is the place among those that are good enough, not among all"),
)
