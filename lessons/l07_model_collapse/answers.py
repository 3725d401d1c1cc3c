"""Answers to the exercises of lesson 7 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 07
        python -m lessons.engine.mistakes 07.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 07.1  What a model of categories is.

FREQUENCIES = "synthdata.collapse.sources.distributions:relative_frequencies"

FREQUENCIES_VARIANTS = variants(FREQUENCIES,
    body("a loop", """
        shares = np.zeros(categories)
        for draw in draws:
            shares[draw] += 1 / len(draws)
        return shares"""),
    body("comparing with every category",
         "return (draws[:, None] == np.arange(categories)).mean(0)"),
    body("a Counter", """
        found = Counter(draws.tolist())
        return [found[k] / len(draws) for k in range(categories)]"""),
)

FREQUENCIES_WRONG = mistakes(FREQUENCIES,
    edit("counts", " / len(draws)", "",
         "these are counts: divided by the number of draws they become shares"),
    edit("divided by K", "/ len(draws)", "/ categories",
         "the counts are divided by the number of categories; it takes the number of "
         "draws for them to sum to one"),
    body("one added", """
        counts = np.bincount(draws, minlength=categories) + 1
        return counts / counts.sum()""",
         "one is added to each count (Laplace). That would keep every category alive, "
         "and is another model: here what was not seen has probability 0"),
    body("as frequent as each other", """
        seen = np.isin(np.arange(categories), draws)
        return seen / seen.sum()""",
         "all categories that were seen get the same share, however often they came"),
    after("largest first", "np.sort(y)[::-1]",
          "the shares are sorted by size; entry k must be the share of category k"),
    edit("too short", ", minlength=categories", "",
         "np.bincount stops at the largest number it has seen; minlength=categories "
         "makes it go on to K"),
    body("no place for what was not seen",
         "return np.unique(draws, return_counts=True)[1] / len(draws)",
         "only categories that were seen have a place; K shares are wanted, with a 0 for "
         "each that was not"),
    body("only what was seen", """
        _, counts = np.unique(draws, return_counts=True)
        return np.pad(counts / len(draws), (0, categories - len(counts)))""",
         "only categories that were seen have a place, one after the other, so that "
         "shares slide into the places of others"),
    edit("histogram", "np.bincount(draws, minlength=categories)",
         "np.histogram(draws, bins=categories)[0]",
         "np.histogram spreads its bins from the smallest draw to the largest, so that they fit "
         "the categories only if both ends were drawn; np.bincount counts whole numbers"),
    body("from 1 to K", "return np.array([(draws == k).mean() for k in range(1, categories + 1)])",
         "this counts the categories from 1 to K; they are 0 to K - 1"),
    after("share of the commonest", "y / y.max()",
          "the counts are divided by the largest of them; divided by all draws they sum to one"),
)

# 07.2  What theory says.

AGREEMENT = "synthdata.collapse.theory:agreement_replace"

AGREEMENT_VARIANTS = variants(AGREEMENT,
    body("one fit after the other", """
        s = s0
        for _ in range(g + 1):
            s = 1 / n + (1 - 1 / n) * s
        return s"""),
    body("with logarithms", "return 1 - math.exp((g + 1) * math.log1p(-1 / n)) * (1 - s0)"),
    body("a geometric sum", """
        keep = (n - 1) / n
        return keep ** (g + 1) * s0 + sum(keep**i for i in range(g + 1)) / n"""),
)

AGREEMENT_WRONG = mistakes(AGREEMENT,
    edit("one fit too few", "(g + 1)", "g",
         "one fit is missing: generation 0 is fitted to a sample too, so that "
         "generation g has gone through g + 1 fits"),
    edit("disagreement", "return 1 - ", "return ",
         "this is the probability that two draws differ; 1 minus it is wanted"),
    body("agreement shrinks", "return (1 - 1 / n) ** (g + 1) * s0",
         "here the agreement shrinks from fit to fit; it is the disagreement, 1 - s0, that does"),
    edit("no truth", " * (1 - s0)", "",
         "s0 is not used: draws that do not go back to one draw can still agree, as "
         "two draws of the truth do"),
    body("a straight line", "return s0 + (g + 1) / n",
         "each fit adds 1/n here, which grows above 1 in time; only what still "
         "differs can begin to agree"),
    body("a single fit", "return 1 / n + (1 - 1 / n) * s0",
         "this is generation 0 whatever g is: the step has to be repeated"),
    edit("large n only", "(1 - 1 / n) ** (g + 1)", "math.exp(-(g + 1) / n)",
         "exp(-(g + 1) / n) is what (1 - 1/n)^(g + 1) comes near to for large n; "
         "small n need the power itself"),
    edit("more examples", "1 / n) ** (g + 1)", "1 / (n * (g + 1)))",
         "this is one fit to all (g + 1) n draws together; under replace the earlier "
         "ones are thrown away"),
    edit("one fit too many", "g + 1", "g + 2",
         "one fit too many: generation 0 has had one, so generation g has had g + 1"),
    edit("agreement in place of disagreement", "(1 - s0)", "s0",
         "it is the disagreement, 1 - s0, of which each fit leaves a share 1 - 1/n; here it is s0"),
    body("added to all", "return s0 + 1 - (1 - 1 / n) ** (g + 1)",
         "what begins to agree is a share of all pairs here; only those that still "
         "differ, 1 - s0 of them, can"),
    body("nothing happens", "return s0",
         "this stays at s0: with each fit two draws copy the same one with "
         "probability 1 / n (and 1 // n is 0)"),
)

# 07.3  Is it a trend?

SLOPES = "synthdata.collapse.criteria:slopes"

SLOPES_VARIANTS = variants(SLOPES,
    body("NumPy's polyfit", "return np.polyfit(np.arange(values.shape[1]), values.T, 1)[0]"),
    body("covariance over variance, row by row", """
        g = np.arange(values.shape[1])
        return np.array([np.cov(g, row)[0, 1] / g.var(ddof=1) for row in values])"""),
    body("least squares with a constant", """
        g = np.arange(values.shape[1])
        x = np.column_stack((np.ones(len(g)), g))
        return np.linalg.lstsq(x, values.T, rcond=None)[0][1]"""),
)

SLOPES_WRONG = mistakes(SLOPES,
    body("rise", "return values[:, -1] - values[:, 0]",
         "this is the whole rise from first to last; a slope is per generation"),
    body("first and last alone", "return (values[:, -1] - values[:, 0]) / (values.shape[1] - 1)",
         "only the first and the last generation count here; least squares listens "
         "to all of them, so that the luck of one matters less"),
    edit("through zero", " - (values.shape[1] - 1) / 2", "",
         "this line is forced through 0 at generation 0; take the mean of g away first"),
    edit("not divided", " / (g @ g)", "", "the division by the sum of (g - mean g)^2 is missing"),
    body("one for all", "return np.polyfit(np.arange(values.shape[1]), values.mean(0), 1)[0]",
         "the chains are averaged first; without a slope for each there is no "
         "interval, and no verdict"),
    body("over chains", """
        c = np.arange(len(values)) - (len(values) - 1) / 2
        return c @ values / max(c @ c, 1)""",
         "rows and columns are exchanged: this goes from chain to chain, not from "
         "generation to generation"),
    body("two kinds of division", """
        g = np.arange(values.shape[1])
        return np.array([np.cov(g, row)[0, 1] / g.var() for row in values])""",
         "np.cov divides by the number of points less one and np.var by their number; "
         "both sums must be divided alike"),
    body("intercept", "return np.polyfit(np.arange(values.shape[1]), values.T, 1)[1]",
         "this is the line's height at generation 0; np.polyfit gives the slope first"),
    body("correlation", """
        g = np.arange(values.shape[1])
        d, v = g - g.mean(), values - values.mean(1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return (v * d).sum(1) / np.sqrt((d**2).sum() * (v**2).sum(1))""",
         "this is the correlation with g, from -1 to 1 and without a unit; a slope "
         "is in units of the error per generation"),
    body("median of the steps", "return np.median(np.diff(values, axis=1), axis=1)",
         "this is the median of the single steps, which are mostly noise; least "
         "squares listens to all generations together"),
    body("polyfit without .T", "return np.polyfit(np.arange(values.shape[1]), values, 1)[0]",
         "np.polyfit fits a line to each column; if you use it, give it values.T, for "
         "a chain is a row here"),
)
