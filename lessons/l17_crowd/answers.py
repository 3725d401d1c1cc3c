"""Answers to the exercises of lesson 17 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 17
        python -m lessons.engine.mistakes 17.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 17.1  One opinion from many

MIXTURE = "lessons.l17_crowd.jury:mixture"

MIXTURE_VARIANTS = variants(MIXTURE,
    body("less the largest", """
        top = np.maximum(logprobs.max(axis=0), -1e300)
        with np.errstate(divide="ignore"):
            return top + np.log(np.exp(logprobs - top).mean(axis=0))"""),
    body("member by member", """
        total = logprobs[0]
        for member in logprobs[1:]:
            total = np.logaddexp(total, member)
        return total - np.log(len(logprobs))"""),
)

MIXTURE_WRONG = mistakes(MIXTURE,
    body("there and back", """
        with np.errstate(divide="ignore"):
            return np.log(np.exp(logprobs).mean(axis=0))""",
         "np.exp(-800) is 0, so a character that is only very unlikely became impossible; "
         "np.logaddexp adds probabilities without leaving the logarithms"),
    body("mean of logarithms", "return logprobs.mean(axis=0)",
         "the logarithms are averaged: one member's no is then a veto, and the probabilities do "
         "not sum to 1; average the probabilities"),
    body("a product, normalised", """
        mean = logprobs.mean(axis=0)
        return mean - np.log(np.exp(mean).sum(axis=-1, keepdims=True))""",
         "this is the normalised mean of the logarithms, in which each member has a veto; the "
         "jury's opinion is the mean of the probabilities"),
    edit("the sum", " - math.log(len(logprobs))", "",
         "the probabilities are added, not averaged: they sum to M in place of 1"),
    edit("divided outside", " - math.log(len(logprobs))", " / len(logprobs)",
         "the logarithm of the sum is divided by M; divide before taking the logarithm"),
    body("no logarithm", "return np.exp(logprobs).mean(axis=0)",
         "these are probabilities; their logarithm was asked for"),
    body("over the places", "return np.log(np.exp(logprobs).mean(axis=-2))",
         "the mean is over the axis before the last; the members are on the first"),
    body("the boldest", "return logprobs.max(axis=0)",
         "each character has the largest probability that any member gives it, and these do not "
         "sum to 1"),
    edit("bits", "np.logaddexp.reduce(logprobs, axis=0) - math.log(len(logprobs))",
         "(np.logaddexp.reduce(logprobs, axis=0) - math.log(len(logprobs))) / math.log(2)",
         "these are logarithms to base 2; natural ones were asked for"),
    body("zero lifted", "return np.log(np.exp(logprobs).mean(axis=0) + 1e-4)",
         "something is added before the logarithm, so what all hold to be impossible is not -inf, "
         "and all others are a bit too likely"),
)

# 17.2  What disagreement gains

AMBIGUITY = "lessons.l17_crowd.jury:ambiguity"

AMBIGUITY_VARIANTS = variants(AMBIGUITY,
    body("by losses", """
        places = np.arange(len(targets))
        members = [-member[places, targets].mean() for member in logprobs]
        together = np.log(np.exp(logprobs).mean(axis=0))
        return np.mean(members) + together[places, targets].mean()"""),
    body("place by place", """
        gained = 0.0
        for place, target in enumerate(targets):
            said = logprobs[:, place, target]
            gained += math.log(sum(math.exp(x) for x in said) / len(said)) - sum(said) / len(said)
        return gained / len(targets)"""),
)

RESULT = "mixture(came).mean() - came.mean()"

AMBIGUITY_WRONG = mistakes(AMBIGUITY,
    after("the sign", "-y",
          "this is the jury's loss minus its members'; it was asked for the other way round"),
    edit("the best member", RESULT, "mixture(came).mean() - came.mean(axis=1).max()",
         "this compares with the best member, not known beforehand; take the members' mean"),
    edit("the worst member", RESULT, "mixture(came).mean() - came.mean(axis=1).min()",
         "this compares with the worst member; take the members' mean"),
    edit("the jury alone", RESULT, "-mixture(came).mean()",
         "this is the loss of the jury; subtract it from the members' mean loss"),
    edit("spread of losses", RESULT, "came.mean(axis=1).var()",
         "this is how much the members' losses scatter; members of equal loss can disagree at "
         "every place"),
    edit("spread at a place", RESULT, "came.var(axis=0).mean()",
         "this is the variance of the members' logarithms, which is another measure of "
         "disagreement"),
    edit("not averaged", RESULT, "(mixture(came) - came.mean(axis=0)).sum()",
         "this is the sum over all places; losses are means"),
    edit("probabilities", RESULT, "np.exp(came).mean() - np.exp(came.mean())",
         "here probabilities are compared; a loss is a mean of -ln p"),
    edit("averaged over places first", RESULT, "mixture(came.mean(axis=1)) - came.mean()",
         "each member is averaged over all places before the mixture is made: the jury has to meet "
         "at each place"),
    body("by the favourite", """
        came = logprobs.max(axis=-1)
        return float(mixture(came).mean() - came.mean())""",
         "these are the probabilities of each member's favourite, not of the character that came"),
)

# 17.3  A crowd in one

DROPOUT = "lessons.l17_crowd.jury:dropout"

DROPOUT_VARIANTS = variants(DROPOUT,
    body("a mask", "return x * (u >= p) / (1 - p)"),
    body("in a copy", """
        y = x / (1 - p)
        y[u < p] = 0
        return y"""),
)

DROPOUT_WRONG = mistakes(DROPOUT,
    edit("not scaled", "x / (1 - p)", "x",
         "what is left is not made larger, so a layer's sum falls by the share p"),
    edit("scaled by p", "x / (1 - p)", "x / p if p else x",
         "what is left is divided by p; a share 1 - p is left"),
    edit("scaled down", "x / (1 - p)", "x * (1 - p)",
         "what is left is multiplied by 1 - p; that is what one does when the network is used, if "
         "it was not scaled in training"),
    edit("the others dropped", "u < p", "u >= p",
         "those are dropped that were to be kept: 0 belongs where u < p"),
    edit("one mask for all", "u < p", "(u.reshape(-1, u.shape[-1])[0] < p)",
         "the first row's dice are used for all rows; each activation has its own"),
    edit("scaled by what was left", "x / (1 - p)", "x * u.size / max(1, (u >= p).sum())",
         "the scale depends on how many happened to be left; divide by 1 - p, which is right on "
         "average"),
    edit("the sum kept exactly", "x / (1 - p)", "x * x.sum() / x[u >= p].sum()",
         "the sum is kept exactly, by a scale that depends on x; divide by 1 - p"),
    edit("at p, too", "u < p", "u <= p",
         "an activation with u equal to p is dropped as well; with p = 0 none may be"),
    edit("nothing dropped", "np.where(u < p, 0.0, x / (1 - p))", "x / (1 - p)",
         "nothing is dropped"),
    edit("the smallest dropped", "u < p", "x < np.quantile(x, p)",
         "the smallest activations are dropped; u decides, not x"),
)
