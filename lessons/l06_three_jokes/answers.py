"""Answers to the exercises of lesson 6 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 06
        python -m lessons.engine.mistakes 06.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import before, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 06.1  How well does a judge tell two sides apart?

AUC_RIGHT = """
def auc(ill, well):
    gap = ill[:, None] - well[None, :]
    return ((gap > 0) + 0.5 * (gap == 0)).mean()
"""

AUC_VARIANTS = variants(AUC_RIGHT,
    whole("a table of pairs", AUC_RIGHT),
    body("two loops", """
        won = 0.0
        for a in ill:
            for b in well:
                won += 1.0 if a > b else 0.5 if a == b else 0.0
        return won / (len(ill) * len(well))"""),
    body("by ranks", """
        every = np.concatenate((ill, well))
        _, value, times = np.unique(every, return_inverse=True, return_counts=True)
        ranks = (times.cumsum() - (times - 1) / 2)[value]
        m = len(ill)
        return (ranks[:m].sum() - m * (m + 1) / 2) / (m * len(well))"""),
)

AUC_WRONG = mistakes(AUC_RIGHT,
    edit("the other way round", "gap > 0", "gap < 0",
         "this is the chance that the healthy text scores higher; a higher score "
         "says collapsed"),
    edit("a tie is won", "(gap > 0) + 0.5 * (gap == 0)", "gap >= 0",
         "pairs with equal scores are counted as won; each is worth one half"),
    edit("a tie is lost", " + 0.5 * (gap == 0)", "",
         "pairs with equal scores are counted as lost; each is worth one half"),
    body("neighbours only", """
        pairs = list(zip(ill, well))
        return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)""",
         "only texts with the same number are paired; every text of one side meets "
         "every text of the other"),
    body("accuracy", """
        middle = (ill.mean() + well.mean()) / 2
        return (np.mean(ill > middle) + np.mean(well <= middle)) / 2""",
         "this is how often a judge is right who splits at a threshold; an AUC has "
         "none, it compares pairs"),
    edit("a number of pairs", "mean()", "sum()",
         "this is the number of pairs that are ordered rightly; divide by m x n"),
)

# 06.2  How many different texts does a collection amount to?

HILL_RIGHT = """
def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return 2 ** -(p * np.log2(p)).sum()
    if q == np.inf:
        return 1 / p.max()
    return (p**q).sum() ** (1 / (1 - q))
"""

HILL_AT_ONE = (
    "at q = 1 the exponent 1 / (1 - q) divides by 0; the limit there is 2 to the entropy in bits"
)
HILL_UNSEEN = (
    "a count of 0 is in the sum: 0^0 is 1 to Python, so at q = 0 a thing that was never seen is "
    "counted"
)

HILL_VARIANTS = variants(HILL_RIGHT,
    whole("shares and three cases", HILL_RIGHT),
    edit("entropy in nats", "2 ** -(p * np.log2(p)).sum()", "np.exp(-(p * np.log(p)).sum())"),
    body("a loop", """
        total = sum(int(c) for c in counts)
        shares = [int(c) / total for c in counts if c > 0]
        if q == 1:
            return 2 ** -sum(p * math.log2(p) for p in shares)
        if math.isinf(q):
            return 1 / max(shares)
        return sum(p**q for p in shares) ** (1 / (1 - q))"""),
)

HILL_WRONG = mistakes(HILL_RIGHT,
    edit("entropy itself", "2 ** -(p", "-(p",
         "this is the entropy in bits; the effective number is 2 to that power"),
    edit("two units", "2 ** -(p * np.log2(p)).sum()", "np.exp(-(p * np.log2(p)).sum())",
         "log2 goes with a power of 2, the natural logarithm with exp; here they "
         "are mixed"),
    edit("2 to the nats", "np.log2", "np.log",
         "the entropy is in nats and the base is 2; bits go with 2, nats with e"),
    edit("the exponent turned round", "1 / (1 - q)", "1 / (q - 1)",
         "the outer exponent is 1 / (1 - q), and here 1 / (q - 1): one over the "
         "effective number"),
    whole("never seen, and counted",
          HILL_RIGHT.replace("[counts > 0]", "").replace("log2(p)", "log2(p + (p == 0))"),
          HILL_UNSEEN),
    edit("without the root", " ** (1 / (1 - q))", "",
         "this is the sum of p^q; the power 1 / (1 - q) makes a number of things of it"),
    edit("counts for shares", "/ counts.sum()", "* 1.0",
         "these are counts, not shares: divide by their sum first"),
    before("order 2 always", "q = 2",
           "this is the number of order 2 whatever q is"),
    before("number of kinds", "q = 0",
           "this counts the kinds, rare and common alike: the number of order 0"),
    body("divides by zero", """
        p = counts[counts > 0] / counts.sum()
        if q == np.inf:
            return 1 / p.max()
        with np.errstate(all="ignore"):
            return (p**q).sum() ** np.divide(1.0, 1 - q)""", HILL_AT_ONE),
    edit("zero times log of zero", "counts[counts > 0]", "counts",
         "what was never seen is still among the shares: 0 times log2(0) is NaN to a "
         "computer, and 0^0 is 1; leave it out"),
    edit("mean for sum", "(p**q).sum()", "(p**q).mean()",
         "this takes the mean of p^q over the things; their sum is wanted"),
)

HILL_AT_INFINITY = mistakes(HILL_RIGHT,
    edit("infinity in the formula", "q == np.inf", "False",
         "at q = infinity the formula gives 0^0, which Python calls 1; the limit is "
         "1 / the largest share"),
)

# 06.3  Could chance have dealt that?

P_VALUES_RIGHT = """
def p_values(observed, dealt):
    return (1 + (np.abs(dealt) >= np.abs(observed)).sum(axis=0)) / (1 + len(dealt))
"""

P_VALUES_VARIANTS = variants(P_VALUES_RIGHT,
    body("a loop", """
        n = len(dealt)
        found = []
        for j in range(len(observed)):
            far = sum(abs(gap) >= abs(observed[j]) for gap in dealt[:, j])
            found.append((far + 1) / (n + 1))
        return np.array(found)"""),
    body("the observed one added to the deals", """
        every = np.vstack([observed, dealt])
        return (np.abs(every) >= np.abs(observed)).mean(axis=0)"""),
)

P_VALUES_WRONG = mistakes(P_VALUES_RIGHT,
    body("without the observed one", "return (np.abs(dealt) >= np.abs(observed)).mean(axis=0)",
         "the observed deal is left out, so that p can be 0, which no finite number "
         "of deals can show"),
    edit("one-sided", "np.abs(dealt) >= np.abs(observed)", "dealt >= observed",
         "only deals above the observed gap are counted; a gap as far below 0 is as "
         "surprising"),
    edit("farther only", ">=", ">",
         "a deal exactly as far out as the observed gap is not counted: at least as "
         "far is wanted"),
    edit("nearer", ">=", "<",
         "these are the deals nearer to 0 than the observed gap; the surprising ones "
         "are those as far out, or farther"),
    edit("one added above only", "(1 + len(dealt))", "len(dealt)",
         "one is added to what is counted and not to the number of deals, so p can "
         "exceed 1"),
    body("all gaps together", """
        far = (np.abs(dealt) >= np.abs(observed)).any(axis=1).sum()
        return np.full(len(observed), (1 + far) / (1 + len(dealt)))""",
         "a deal is counted if any of its k gaps is large; each gap has its own p"),
    edit("a number of deals", " / (1 + len(dealt))", "",
         "this is the number of deals as far out, the observed one included: divide "
         "by n + 1"),
)
