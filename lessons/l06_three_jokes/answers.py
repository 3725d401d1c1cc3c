"""Answers to the exercises of lesson 6 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 06
        python -m lessons.engine.mistakes 06.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import body, edit, mistakes, variants, whole
from lessons.shared import hill

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
         "this is the chance that the healthy text scores higher; a higher score says collapsed"),
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

HILL_VARIANTS, HILL_WRONG = hill.VARIANTS, hill.WRONG
HILL_AT_INFINITY = hill.AT_INFINITY

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
         "only deals above the observed gap are counted; a gap as far below 0 is as surprising"),
    edit("farther only", ">=", ">",
         "a deal exactly as far out as the observed gap is not counted: at least as far is wanted"),
    edit("nearer", ">=", "<",
         "these are the deals nearer to 0 than the observed gap; the surprising ones "
         "are those as far out, or farther"),
    edit("one added above only", "(1 + len(dealt))", "len(dealt)",
         "one is added to what is counted and not to the number of deals, so p can exceed 1"),
    body("all gaps together", """
        far = (np.abs(dealt) >= np.abs(observed)).any(axis=1).sum()
        return np.full(len(observed), (1 + far) / (1 + len(dealt)))""",
         "a deal is counted if any of its k gaps is large; each gap has its own p"),
    edit("a number of deals", " / (1 + len(dealt))", "",
         "this is the number of deals as far out, the observed one included: divide by n + 1"),
)
