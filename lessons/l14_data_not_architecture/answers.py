"""Answers to the exercises of lesson 14 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 14
        python -m lessons.engine.mistakes 14.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 14.1  What a doubling gains

PER_DOUBLING = "lessons.l14_data_not_architecture.bets:per_doubling"

PER_DOUBLING_VARIANTS = variants(PER_DOUBLING,
    body("polyfit", "return -np.polyfit(np.log2(sizes), losses, 1)[0]"),
    body("covariance", """
        x = [math.log2(size) for size in sizes]
        table = np.cov(x, losses)
        return -table[0, 1] / table[0, 0]"""),
    body("a loop", """
        x = [math.log(size) / math.log(2) for size in sizes]
        middle, mean = sum(x) / len(x), sum(losses) / len(losses)
        up = down = 0.0
        for place, loss in zip(x, losses):
            up += (place - middle) * (mean - loss)
            down += (place - middle) ** 2
        return up / down"""),
)

PER_DOUBLING_WRONG = mistakes(PER_DOUBLING,
    edit("the natural logarithm", "np.log2", "np.log",
         "with the natural logarithm this is the gain of 2.7 times the text; a doubling is a step "
         "of 1 on log2"),
    after("the sign", "-y", "this is the slope of the loss; a gain is how far it falls"),
    body("a step of the list", "return float(-np.diff(losses).mean())",
         "this is the mean fall from one size of the list to the next, whatever their ratio and "
         "order"),
    body("first and last", """
        times = np.log2(sizes[-1] / sizes[0])
        return float((losses[0] - losses[-1]) / times)""",
         "only the first and the last size count here; the line goes by all of them"),
    body("slopes averaged", """
        order = np.argsort(sizes)
        x, y = np.log2(np.array(sizes))[order], np.array(losses)[order]
        return float(-(np.diff(y) / np.diff(x)).mean())""",
         "the gains between neighbours are averaged, so two sizes that are close to each other "
         "count as much as two far apart"),
    edit("the size itself", "np.log2(np.asarray(sizes, dtype=float))",
         "np.asarray(sizes, dtype=float)",
         "this is the gain for each further character; a doubling is a step on log2 of the size"),
    edit("through the origin", "off = x - x.mean()", "off = x",
         "the line is forced through the origin; take the mean off first, or fit an offset, too"),
    body("sizes sorted alone", """
        return float(-np.polyfit(np.log2(sorted(sizes)), losses, 1)[0])""",
         "the sizes are sorted and the losses are not, so they no longer belong together"),
)

# 14.2  Chosen here, judged there

WINNER = "lessons.l14_data_not_architecture.bets:winner"

WINNER_VARIANTS = variants(WINNER,
    body("index", "place = list(choose).index(min(choose))\nreturn place, judge[place]"),
    body("a loop", """
        place = 0
        for i, loss in enumerate(choose):
            if loss < choose[place]:
                place = i
        return place, judge[place]"""),
    body("pairs sorted", """
        least, place = sorted((loss, i) for i, loss in enumerate(choose))[0]
        return [place, judge[place]]"""),
)

WINNER_WRONG = mistakes(WINNER,
    edit("chosen by the judge", "np.argmin(choose)", "np.argmin(judge)",
         "the arm is chosen by `judge`, so its luck there is in the result"),
    edit("the loss it was chosen by", "return place, judge[place]", "return place, choose[place]",
         "this is the loss by which it was chosen: the luckiest of all; report that in `judge`"),
    edit("the largest", "np.argmin(choose)", "np.argmax(choose)",
         "this is the arm of the largest loss; the least is the best"),
    edit("the best of both", "return place, judge[place]", "return place, min(judge)",
         "the loss is the least in `judge`, of another arm than the one that was chosen"),
    edit("the mean of all", "return place, judge[place]", "return place, sum(judge) / len(judge)",
         "this is the mean of all arms in `judge`; report the chosen one's"),
    edit("both halves", "np.argmin(choose)", "np.argmin(np.add(choose, judge))",
         "both halves choose here, so `judge` is no longer untouched"),
    edit("the last of equal ones", "np.argmin(choose)",
         "len(choose) - 1 - np.argmin(choose[::-1])",
         "of equal arms the last is taken; the first was asked for"),
    edit("both losses averaged", "return place, judge[place]",
         "return place, (choose[place] + judge[place]) / 2",
         "half of this is the loss by which it was chosen; report that in `judge` alone"),
    edit("counted from 1", "return place, judge[place]", "return place + 1, judge[place]",
         "places are counted from 1; Python's begin at 0"),
)

# 14.3  In pairs

PAIRED = "lessons.l14_data_not_architecture.bets:paired"

PAIRED_VARIANTS = variants(PAIRED,
    body("a loop", """
        d = [x - y for x, y in zip(a, b)]
        n = len(d)
        mean = sum(d) / n
        variance = sum((x - mean) ** 2 for x in d) / (n - 1)
        half = t * math.sqrt(variance / n)
        return mean, mean - half, mean + half"""),
    body("covariance", """
        n, both = len(a), np.cov(a, b)
        spread = both[0, 0] + both[1, 1] - 2 * both[0, 1]
        mean, half = np.mean(a) - np.mean(b), t * max(spread, 0.0) ** 0.5 / n**0.5
        return mean, mean - half, mean + half"""),
    body("an array", """
        d = np.subtract(a, b)
        return d.mean() + t * d.std(ddof=1) / len(d) ** 0.5 * np.array([0.0, -1.0, 1.0])"""),
)

SPREAD = "float(off.std(ddof=1)) / math.sqrt(len(off))"

PAIRED_WRONG = mistakes(PAIRED,
    edit("not paired", SPREAD,
         "float(np.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(off)))",
         "the spreads of both arms are added as if they had nothing in common; take the "
         "differences first, and the luck that they share is gone"),
    edit("two intervals", SPREAD,
         "float(np.std(a, ddof=1) + np.std(b, ddof=1)) / math.sqrt(len(off))",
         "both arms have an interval of their own here, and these are added; take the differences "
         "first"),
    edit("1.96", "half = float(off.mean()), t", "half = float(off.mean()), 1.96",
         "this is 1.96 standard errors, right for very many seeds; for few take t"),
    edit("n in place of n - 1", "ddof=1", "ddof=0",
         "the standard deviation is divided by S; with S - 1 (`ddof=1`) it is not too small"),
    edit("no root", "math.sqrt(len(off))", "len(off)",
         "the standard deviation is divided by S; a standard error has the root of S"),
    edit("a deviation", " / math.sqrt(len(off))", "",
         "this is t standard deviations: where single seeds lie, not the mean"),
    edit("the other way round", "np.asarray(a, dtype=float) - np.asarray(b, dtype=float)",
         "np.asarray(b, dtype=float) - np.asarray(a, dtype=float)",
         "this is b - a; a - b was asked for"),
    edit("the half width", "return mean, mean - half, mean + half", "return mean, half, half",
         "these are half the width of the interval; return its ends"),
    edit("ends in the other order", "return mean, mean - half, mean + half",
         "return mean, mean + half, mean - half", "the ends have changed places: low comes first"),
)
