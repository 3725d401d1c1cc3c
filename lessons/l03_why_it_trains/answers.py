"""Answers to the exercises of lesson 3 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 03
        python -m lessons.engine.mistakes 03.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import before, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 03.1  Who listens to whom.

ATTENTION_RIGHT = """
def attention_weights(q, k):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    hidden = torch.ones(t, s, dtype=torch.bool).triu(s - t + 1)
    return scores.masked_fill(hidden, float("-inf")).softmax(-1)
"""

NOTHING_SEEN = (
    "a whole row is hidden, and a softmax over nothing but minus infinity is NaN; each position "
    "sees at least itself"
)

ATTENTION_VARIANTS = variants(ATTENTION_RIGHT,
    body("einsum and a mask", """
        scores = torch.einsum("bhtd,bhsd->bhts", q, k) / q.shape[-1] ** 0.5
        t, s = scores.shape[-2:]
        seen = torch.ones(t, s, dtype=torch.bool).tril(s - t)
        return scores.masked_fill(~seen, float("-inf")).softmax(-1)"""),
    body("row by row", """
        t, s = q.shape[2], k.shape[2]
        out = torch.zeros(*q.shape[:3], s)
        for i in range(t):
            upto = s - t + i + 1
            scores = (k[:, :, :upto] * q[:, :, i : i + 1]).sum(-1) / q.shape[-1] ** 0.5
            out[:, :, i, :upto] = scores.softmax(-1)
        return out"""),
    body("exponentials, zeroed and shared out", """
        scores = q @ k.mT / q.shape[-1] ** 0.5
        t, s = scores.shape[-2:]
        raw = torch.exp(scores - scores.amax(-1, keepdim=True)).tril(s - t)
        return raw / raw.sum(-1, keepdim=True)"""),
)

ATTENTION_WRONG = mistakes(ATTENTION_RIGHT,
    edit("no scale", " / q.shape[-1] ** 0.5", "", "the scores are not divided by sqrt(D)"),
    edit("scale by D", " ** 0.5", "", "the scores are divided by D; its square root is wanted"),
    edit("scale by time", "q.shape[-1]", "k.shape[-2]",
         "this matches dividing by the square root of the number of positions, S; the "
         "width D of a head is meant"),
    body("no mask", "return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)",
         "nothing hides the future: every position sees what it is to predict"),
    body("mask after the softmax", """
        weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return weights.tril(weights.shape[-1] - weights.shape[-2])""",
         "the future is cut off after the softmax, so that rows no longer sum to 1; "
         "set its scores to minus infinity before"),
    edit("wrong axis", "softmax(-1)", "softmax(-2)",
         "the softmax runs over those who ask; it is over those who are listened to, "
         "the last axis"),
    edit("rows of the first positions", "triu(s - t + 1)", "triu(1)",
         "with T < S the mask treats the rows as the first T positions; they are the "
         "last T, so it starts S - T further right"),
    edit("hides itself too", "triu(s - t + 1)", "triu(s - t)",
         "each position hides itself as well; only later ones are hidden"),
    edit("hides the past", "triu(s - t + 1)", "tril(s - t - 1)",
         "the mask is the wrong way round: it hides the past and shows the future"),
    edit("zeros before the softmax", 'float("-inf")', "0.0",
         "a score of 0 hides nothing, for e^0 is 1; a hidden score is minus infinity"),
    edit("exponentials not shared out", "softmax(-1)", "exp()",
         "these are exponentials of the scores; each row still has to be divided by its sum"),
    edit("multiplied", "k.mT / q", "k.mT * q",
         "the scores are multiplied by sqrt(D); they are divided by it"),
    edit("the next one seen", "s - t + 1", "s - t + 2",
         "the mask begins one position too late: each position sees the next one, "
         "which it is to predict"),
)

# 03.2  Vectors of one length.

RMS_RIGHT = """
def rms_norm(x):
    return x / x.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-3)
"""

RMS_VARIANTS = variants(RMS_RIGHT,
    whole("the formula", RMS_RIGHT),
    body("by the length of the vector", """
        rms = torch.linalg.norm(x, dim=-1, keepdim=True) / x.shape[-1] ** 0.5
        return x / torch.where(rms < 1e-3, torch.full_like(rms, 1e-3), rms)"""),
)

RMS_WRONG = mistakes(RMS_RIGHT,
    before("LayerNorm", "x = x - x.mean(-1, keepdim=True)",
           "the mean is taken off first: that is LayerNorm; RMSNorm only divides"),
    edit("length", "square().mean(-1, keepdim=True).sqrt()", "norm(dim=-1, keepdim=True)",
         "this divides by the vector's length; the root *mean* square is smaller by sqrt(E)"),
    edit("whole tensor", "mean(-1, keepdim=True)", "mean()",
         "one number divides everything; each vector (last axis) has its own"),
    edit("no root", ".sqrt()", "", "this divides by the mean square; the root is missing"),
    edit("mean of absolute values", "square().mean(-1, keepdim=True).sqrt()",
         "abs().mean(-1, keepdim=True)",
         "this is the mean of the absolute values, not the root of the mean square"),
    edit("divides by zero", ".clamp(min=1e-3)", "",
         "nothing keeps the divisor from being too small, or 0: divide by 0.001 at least"),
    body("a little added", "return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()",
         "a small number is added under the root, as many libraries do; here the root "
         "is kept from falling below 0.001"),
    edit("standard deviation", "square().mean(-1, keepdim=True).sqrt()", "std(-1, keepdim=True)",
         "this divides by the standard deviation, which takes the mean off before it "
         "squares; here the squares of the numbers themselves are averaged"),
    edit("mean square kept from falling", ".sqrt().clamp(min=1e-3)", ".clamp(min=1e-3).sqrt()",
         "it is the mean square that is kept from falling below 0.001 here; its root is meant"),
    body("0.001 added to the root", "return x / (x.square().mean(-1, keepdim=True).sqrt() + 1e-3)",
         "0.001 is added to every root; it only takes the place of a smaller one"),
    edit("along the first axis", "mean(-1", "mean(0",
         "the mean runs along the first axis, from vector to vector; the numbers of a "
         "vector lie along the last"),
)

# 03.3  How large the steps are.

TRAPEZOID_RIGHT = """
def trapezoid(step, steps, *, warmup, cooldown):
    up = (step + 1) / (warmup + 1)
    down = (steps - step) / (cooldown * steps) if cooldown else 1.0
    return min(1.0, up, down)
"""

TRAPEZOID_VARIANTS = variants(TRAPEZOID_RIGHT,
    body("smallest of three", """
        ways = [1.0, (step + 1) / (warmup + 1)]
        if cooldown:
            ways.append((steps - step) / (cooldown * steps))
        return min(ways)"""),
    body("case by case", """
        up = (step + 1) / (warmup + 1) if step < warmup else 1.0
        left, falling = steps - step, cooldown * steps
        down = left / falling if left < falling else 1.0
        return up if up < down else down"""),
)

TRAPEZOID_WRONG = mistakes(TRAPEZOID_RIGHT,
    edit("starts at zero", "(step + 1) / (warmup + 1)", "step / warmup if warmup else 1.0",
         "the first step has rate 0 and is wasted; s + 1 over warmup + 1 is wanted"),
    edit("no warm-up", "up, down", "down",
         "the way up is missing, or does not count where it is the smallest"),
    edit("no cool-down", "up, down", "up",
         "the way down is missing, the rate stays at 1 to the end (cooldown is a "
         "share: the last cooldown * steps steps go down)"),
    edit("down from the start", "(cooldown * steps)", "steps",
         "it falls from the first step on; only the last share of the steps goes down"),
    edit("ends one step early", "(steps - step)", "(steps - step - 1)",
         "the last step has rate 0 and is wasted: it is itself one of those left"),
    edit("multiplied", "min(1.0, up, down)", "min(1.0, up) * min(1.0, down)",
         "the two ways are multiplied where they meet; the smaller one counts"),
    edit("s + 1 over warmup", "(warmup + 1)", "warmup if warmup else 1.0",
         "the way up is divided by warmup, so that its last step is at 1 already; "
         "warmup + 1 is wanted"),
    edit("the way up goes first", "min(1.0, up, down)", "up if step < warmup else min(1.0, down)",
         "where both ways meet, this takes the way up even where the way down is lower"),
)
