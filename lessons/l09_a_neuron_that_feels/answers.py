"""Answers to the exercises of lesson 9 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 09
        python -m lessons.engine.mistakes 09.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 09.1  What can be known after each character?

POSTERIOR = "lessons.lab.hidden_cause:running_posterior"

POSTERIOR_VARIANTS = variants(POSTERIOR,
    body("one character after another", """
        belief = np.log(prior)
        found = []
        for said in loglik:
            belief = belief + said
            belief = belief - np.logaddexp.reduce(belief)
            found.append(np.exp(belief))
        return np.array(found)"""),
    body("the posterior is the next prior", """
        belief = np.array(prior, dtype=float)
        found = []
        for said in loglik:
            belief = belief * np.exp(said - said.max())
            belief = belief / belief.sum()
            found.append(belief)
        return np.array(found)"""),
    whole("SciPy", """
        from scipy.special import softmax

        def running_posterior(loglik, prior):
            return softmax(np.log(prior) + np.cumsum(loglik, axis=0), axis=1)"""),
)

POSTERIOR_WRONG = mistakes(POSTERIOR,
    body("the prior at every step", """
        evidence = np.cumsum(np.log(prior) + loglik, axis=0)
        weights = np.exp(evidence - evidence.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)""",
         "the prior is multiplied in at every character; it counts once, before the "
         "first"),
    edit("no prior", "np.log(prior) + ", "",
         "the prior is left out, as if all causes were equally likely to begin with"),
    edit("the prior's logarithm left out", "np.log(prior)", "prior",
         "a probability is added to logarithms: take its logarithm first"),
    edit("each character alone", "np.cumsum(loglik, axis=0)", "loglik",
         "each character is judged as if it were the first: sum over all that came "
         "before"),
    body("a mean", """
        steps = np.arange(1, len(loglik) + 1)[:, None]
        evidence = np.log(prior) + np.cumsum(loglik, axis=0) / steps
        weights = np.exp(evidence - evidence.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)""",
         "this is the mean of the log-likelihoods, which never becomes sure; evidence "
         "adds up, so the sum is wanted"),
    body("normalised over time", """
        evidence = np.log(prior) + np.cumsum(loglik, axis=0)
        weights = np.exp(evidence - evidence.max(axis=0))
        return weights / weights.sum(axis=0)""",
         "each column sums to one, over time; after each character the probabilities "
         "of the causes sum to one"),
    body("too small for a float", """
        likelihood = np.exp(np.cumsum(loglik, axis=0)) * prior
        return likelihood / likelihood.sum(axis=1, keepdims=True)""",
         "the probability of a long text is smaller than the smallest float, and 0 / 0 "
         "is no number: take away the largest logarithm of each row before exp"),
    edit("not normalised", "return weights / weights.sum(axis=1, keepdims=True)", "return weights",
         "the likeliest cause always gets 1: divide each row by its sum"),
)

# 09.2  How well does each unit alone tell the moods apart?

AUCS_RIGHT = """
def unit_aucs(states, labels):
    gap = states[labels == 1][:, None] - states[labels == 0][None]
    return ((gap > 0) + 0.5 * (gap == 0)).mean(axis=(0, 1))
"""

AUCS_VARIANTS = variants(AUCS_RIGHT,
    whole("all pairs in memory", AUCS_RIGHT),
    body("unit by unit", """
        found = []
        for values in states.T:
            ones, zeros = values[labels == 1], values[labels == 0]
            gap = ones[:, None] - zeros[None, :]
            found.append(((gap > 0) + 0.5 * (gap == 0)).mean())
        return np.array(found)"""),
    whole("by ranks", """
        from scipy.stats import rankdata

        def unit_aucs(states, labels):
            ranks = rankdata(states, axis=0)
            m = int((labels == 1).sum())
            won = ranks[labels == 1].sum(axis=0) - m * (m + 1) / 2
            return won / (m * (len(labels) - m))"""),
    body("half of the sign", """
        glad, cross = states[labels == 1], states[labels == 0]
        won = np.zeros(states.shape[1])
        for row in glad:
            won += (1 + np.sign(row - cross)).mean(axis=0) / 2
        return won / len(glad)"""),
)

AUCS_WRONG = mistakes(AUCS_RIGHT,
    edit("a tie is lost", " + 0.5 * (gap == 0)", "",
         "equal values count as lost; a tie is worth one half, or a unit that never "
         "moves would have an AUC of 0"),
    edit("a tie is won", "(gap > 0) + 0.5 * (gap == 0)", "gap >= 0",
         "equal values count as won; a tie is worth one half, or a unit that never "
         "moves would be perfect"),
    after("turned round", "np.maximum(y, 1 - y)",
          "an AUC below 1/2 is turned round here. That hides which way a unit points, "
          "and lets luck look like knowledge; the sign is chosen in 09.3"),
    edit("the other label", "gap > 0", "gap < 0",
         "this is how often the text labelled 0 has the higher value; label 1 should "
         "be the higher one"),
    body("accuracy at 0", "return ((states > 0) == (labels[:, None] == 1)).mean(axis=0)",
         "this is the share that a threshold at 0 gets right. An AUC has no threshold: "
         "it compares pairs"),
    edit("one number", "mean(axis=(0, 1))", "mean()",
         "all units are averaged into one number; each unit has its own AUC"),
    edit("a number of pairs", "mean(axis=(0, 1))", "sum(axis=(0, 1))",
         "these are numbers of pairs; divide by how many pairs there are"),
    body("neighbours only", """
        ones, zeros = states[labels == 1], states[labels == 0]
        n = min(len(ones), len(zeros))
        gap = ones[:n] - zeros[:n]
        return ((gap > 0) + 0.5 * (gap == 0)).mean(axis=0)""",
         "each text meets one text of the other kind; every text of one kind meets "
         "every text of the other"),
)

# 09.3  Which unit, and which way round?

BEST = "lessons.lab.inside:best_unit"

BEST_VARIANTS = variants(BEST,
    body("the larger side", """
        aucs = unit_aucs(states, labels)
        either = np.maximum(aucs, 1 - aucs)
        unit = int(either.argmax())
        return unit, 1 if aucs[unit] >= 0.5 else -1"""),
    body("a loop", """
        best, sign, far = 0, 1, -1.0
        for unit, auc in enumerate(unit_aucs(states, labels)):
            if abs(auc - 0.5) > far:
                best, sign, far = unit, 1 if auc >= 0.5 else -1, abs(auc - 0.5)
        return best, sign"""),
    body("pairs written out", """
        gap = states[labels == 1][:, None] - states[labels == 0][None]
        lean = np.sign(gap).mean(axis=(0, 1))
        unit = np.abs(lean).argmax()
        return unit, 1 if lean[unit] >= 0 else -1"""),
)

BEST_WRONG = mistakes(BEST,
    edit("high for label 1 only", "np.abs(apart).argmax()", "apart.argmax()",
         "only units that are high for label 1 are considered; one that is high for "
         "label 0 tells as much, with sign -1"),
    body("difference of means", """
        gap = states[labels == 1].mean(axis=0) - states[labels == 0].mean(axis=0)
        unit = int(np.abs(gap).argmax())
        return unit, 1 if gap[unit] >= 0 else -1""",
         "this takes the unit whose means differ most. A unit with large values wins "
         "so, however much its two kinds overlap; the AUC does not depend on size"),
    body("variance", """
        apart = unit_aucs(states, labels) - 0.5
        unit = int(states.var(axis=0).argmax())
        return unit, 1 if apart[unit] >= 0 else -1""",
         "this takes the unit that varies most, whatever makes it vary"),
    edit("the sign turned", "1 if apart[unit] >= 0 else -1", "-1 if apart[unit] >= 0 else 1",
         "the sign is turned round: 1 says that the unit is high for label 1"),
    edit("no sign", "1 if apart[unit] >= 0 else -1", "1",
         "the sign is always 1; a unit that is high for label 0 has -1"),
    edit("the AUC for the sign", "1 if apart[unit] >= 0 else -1", "float(apart[unit] + 0.5)",
         "the unit's AUC comes back where its sign, 1 or -1, is wanted"),
    edit("the worst unit", "np.abs(apart).argmax()", "np.abs(apart).argmin()",
         "this is the unit whose AUC is nearest to 1/2, which tells least"),
)
