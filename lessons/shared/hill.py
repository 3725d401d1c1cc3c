"""Known answers on the effective number of different things, an exercise of lessons 6 and 8.

Idea:   06.2 calls it `hill` and includes order infinity; 08.1 has another name for it.
Source: Hill 1973, "Diversity and evenness".
Run:    python -m lessons audit 06 08
"""

from __future__ import annotations

from lessons.engine.mistakes import before, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

RIGHT = """
def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return 2 ** -(p * np.log2(p)).sum()
    if q == np.inf:
        return 1 / p.max()
    return (p**q).sum() ** (1 / (1 - q))
"""

AT_ONE = (
    "at q = 1 the exponent 1 / (1 - q) divides by 0; the limit there is 2 to the entropy in bits"
)
UNSEEN = (
    "a count of 0 is in the sum: 0^0 is 1 to Python, so at q = 0 a thing that was never seen is "
    "counted"
)

VARIANTS = variants(RIGHT,
    whole("shares and three cases", RIGHT),
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

WRONG = mistakes(RIGHT,
    edit("entropy itself", "2 ** -(p", "-(p",
         "this is the entropy in bits; the effective number is 2 to that power"),
    edit("two units", "2 ** -(p * np.log2(p)).sum()", "np.exp(-(p * np.log2(p)).sum())",
         "log2 goes with a power of 2, the natural logarithm with exp; here they are mixed"),
    edit("2 to the nats", "np.log2", "np.log",
         "the entropy is in nats and the base is 2; bits go with 2, nats with e"),
    edit("the exponent turned round", "1 / (1 - q)", "1 / (q - 1)",
         "the outer exponent is 1 / (1 - q), and here 1 / (q - 1): one over the effective number"),
    whole("never seen, and counted",
          RIGHT.replace("[counts > 0]", "").replace("log2(p)", "log2(p + (p == 0))"),
          UNSEEN),
    edit("without the root", " ** (1 / (1 - q))", "",
         "this is the sum of p^q; the power 1 / (1 - q) makes a number of things of it"),
    edit("counts for shares", "/ counts.sum()", "* 1.0",
         "these are counts, not shares: divide by their sum first"),
    before("order 2 always", "q = 2", "this is the number of order 2 whatever q is"),
    before("number of kinds", "q = 0",
           "this counts the kinds, rare and common alike: the number of order 0"),
    body("divides by zero", """
        p = counts[counts > 0] / counts.sum()
        if q == np.inf:
            return 1 / p.max()
        with np.errstate(all="ignore"):
            return (p**q).sum() ** np.divide(1.0, 1 - q)""", AT_ONE),
    edit("zero times log of zero", "counts[counts > 0]", "counts",
         "what was never seen is still among the shares: 0 times log2(0) is NaN to a "
         "computer, and 0^0 is 1; leave it out"),
    edit("mean for sum", "(p**q).sum()", "(p**q).mean()",
         "this takes the mean of p^q over the things; their sum is wanted"),
)

AT_INFINITY = mistakes(RIGHT,
    edit("infinity in the formula", "q == np.inf", "False",
         "at q = infinity the formula gives 0^0, which Python calls 1; the limit is "
         "1 / the largest share"),
)
