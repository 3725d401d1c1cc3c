"""Answers to the exercises of lesson 5 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 05
        python -m lessons.engine.mistakes 05.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, before, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 05.1  How far is the student from the teacher?

DIVERGENCE = "distill.comparison.metrics:divergence"

DIVERGENCE_VARIANTS = variants(DIVERGENCE,
    body("a loop", """
        out = np.zeros(teacher.shape[:-1])
        for place in np.ndindex(*out.shape):
            for t, s in zip(teacher[place], student[place]):
                if t > -math.inf:
                    out[place] += math.exp(t) * (t - s)
        return out"""),
    whole("SciPy", """
        from scipy.special import rel_entr
        def divergence(teacher, student):
            return rel_entr(np.exp(teacher), np.exp(student)).sum(-1)"""),
)

DIVERGENCE_WRONG = mistakes(DIVERGENCE,
    before("the other way round", "teacher, student = student, teacher",
           "this is KL(student || teacher): the weights are the student's "
           "probabilities; the teacher's are wanted"),
    edit("cross-entropy", "known - np.where", "-np.where",
         "this is the cross-entropy: it does not become 0 at a match; the teacher's "
         "own entropy has to be taken off"),
    edit("mean over characters", ".sum(-1)", ".mean(-1)",
         "this divides by V: the probabilities have weighted the terms already, so "
         "they are summed and not averaged"),
    after("one number", "y.mean()",
          "this is the mean over all places; one number for each is wanted"),
    after("bits", "y / np.log(2)", "these are bits: nats are wanted, without the division by ln 2"),
    body("zero times infinity", """
        with np.errstate(invalid="ignore"):
            return (np.exp(teacher) * (teacher - student)).sum(-1)""",
         "0 * (-inf) is NaN in floating-point numbers; what the teacher rules out "
         "has to be left out before multiplying"),
    after("sign", "-y",
          "the sign is turned round: ln p_teacher comes first, and the sum is never below 0"),
    body("logarithms as weights", """
        with np.errstate(invalid="ignore"):
            return np.where(np.isfinite(teacher), teacher * (teacher - student), 0.0).sum(-1)""",
         "the weights here are the teacher's logarithms; its probabilities, exp of "
         "them, are wanted"),
    body("clipped", """
        p = np.exp(teacher)
        return (p * (np.maximum(teacher, -20) - np.maximum(student, -20))).sum(-1)""",
         "the logarithms are cut off at some low value, so that being sure of what "
         "is wrong costs too little; leave out only what the teacher rules out"),
    edit("sum over places", ".sum(-1)", ".sum()",
         "this is the sum over all places; one number for each is wanted"),
)

# 05.2  Hinton's loss.

KD_RIGHT = """
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = (student_logits / temperature).log_softmax(-1)
    p = (teacher_logprobs / temperature).log_softmax(-1)
    return temperature**2 * (p.exp() * (p - q)).sum(-1).mean()
"""

KD_VARIANTS = variants(KD_RIGHT,
    whole("two log-softmaxes", KD_RIGHT),
    body("torch's kl_div with batchmean", """
        q = F.log_softmax(student_logits / temperature, dim=-1)
        p = F.softmax(teacher_logprobs / temperature, dim=-1)
        return F.kl_div(q, p, reduction="batchmean") * temperature * temperature"""),
)

KD_WRONG = mistakes(KD_RIGHT,
    edit("no T squared", "temperature**2 * ", "",
         "the factor T^2 is missing: gradients would shrink with 1 / T^2, and the "
         "teacher's say would depend on the temperature"),
    edit("teacher not softened", "(teacher_logprobs / temperature).log_softmax(-1)",
         "teacher_logprobs",
         "only the student is softened: the teacher's distribution is still that of "
         "T = 1, and a student that equals it is punished"),
    edit("softened but not a distribution", "(teacher_logprobs / temperature).log_softmax(-1)",
         "teacher_logprobs / temperature",
         "log-probabilities divided by T do not belong to probabilities that sum to "
         "1; they need a softmax again"),
    edit("mean over characters too", ".sum(-1).mean()", ".mean()",
         "reduction='mean' divides by N * V; characters are summed and only "
         "positions averaged (torch calls it 'batchmean')"),
    edit("swapped", "p.exp() * (p - q)", "q.exp() * (q - p)",
         "this is KL(student || teacher), the reverse: it lets the student leave out "
         "what the teacher finds possible"),
    edit("soft cross-entropy", "p.exp() * (p - q)", "p.exp() * -q",
         "this is a cross-entropy with soft targets: its gradient is right, but it is "
         "not 0 at a match, so it does not say how far the student still has to go"),
    edit("softmax forgotten", "(student_logits / temperature).log_softmax(-1)",
         "student_logits / temperature",
         "the student's scores are not logarithms of probabilities yet: they need a log-softmax"),
    edit("T once", "temperature**2", "temperature", "the factor is T here; T^2 is wanted"),
    edit("divided by T squared", "temperature**2 *", "1 / temperature**2 *",
         "this divides by T^2; the loss is multiplied by it"),
    edit("sum over positions", ".sum(-1).mean()", ".sum()",
         "this is the sum over all positions; their mean is wanted"),
    edit("teacher alone softened", "(student_logits / temperature)", "student_logits",
         "only the teacher is softened: the student's scores are divided by T as well"),
    edit("arguments of kl_div", "(p.exp() * (p - q)).sum(-1).mean()",
         'F.kl_div(p, q, reduction="batchmean")',
         "torch's kl_div takes the student's logarithms first, then the teacher's "
         "probabilities (or its logarithms with log_target=True)"),
    body("a temperature that multiplies", """
        q = (student_logits * temperature).log_softmax(-1)
        p = (teacher_logprobs * temperature).log_softmax(-1)
        return temperature**2 * (p.exp() * (p - q)).sum(-1).mean()""",
         "the scores are multiplied by T, which sharpens where T is above 1; they are "
         "divided by it"),
    after("bits", "y / math.log(2)",
          "these are bits: nats are wanted, without the division by ln 2"),
)

# 05.3  Does a model mean what it says?

CALIBRATION_RIGHT = """
def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    place = np.minimum((sure * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        here = place == b
        if here.any():
            total += here.mean() * abs(sure[here].mean() - right[here].mean())
    return total
"""

CALIBRATION_VARIANTS = variants(CALIBRATION_RIGHT,
    body("a loop over bins", """
        sure = np.exp(logprobs.max(-1))
        right = logprobs.argmax(-1) == targets
        total = 0.0
        for b in range(bins):
            here = (sure * bins >= b) & ((sure * bins < b + 1) | (b == bins - 1))
            if here.any():
                total += here.mean() * abs(sure[here].mean() - right[here].mean())
        return total"""),
    body("digitize", """
        p = np.exp(logprobs)
        sure, right = p.max(1), p.argmax(1) == targets
        which = np.digitize(sure, np.arange(1, bins) / bins)
        gaps = [abs((sure - right)[which == b].sum()) for b in range(bins)]
        return sum(gaps) / len(targets)"""),
)

CALIBRATION_WRONG = mistakes(CALIBRATION_RIGHT,
    body("over all", """
        sure = np.exp(logprobs.max(-1))
        return abs(sure.mean() - (logprobs.argmax(-1) == targets).mean())""",
         "this compares means over all places, in which too sure here and too modest "
         "there cancel out; the bins are missing"),
    edit("every bin alike", "here.mean() *", "1 / len(np.unique(place)) *",
         "every bin weighs the same here; a bin counts by its share of the places"),
    edit("probability of what came", "logprobs.max(-1)",
         "logprobs[np.arange(len(targets)), targets]",
         "how sure the model was is the probability of its own first choice, not of "
         "the character that came"),
    body("how often wrong", "return float((logprobs.argmax(-1) != targets).mean())",
         "this is the share of wrong answers; one may be wrong often and know it"),
    body("signed", """
        sure = np.exp(logprobs.max(-1))
        return max(0.0, (sure - (logprobs.argmax(-1) == targets)).mean())""",
         "the sign is kept here, so that bins cancel out and modesty costs nothing; "
         "take the absolute value in each bin"),
    edit("logarithms", "np.exp(logprobs.max(-1))", "np.clip(-logprobs.max(-1), 0, 1)",
         "how sure it was is a probability: take exp of the logarithm first"),
    edit("empty bins", "        if here.any():\n            total += ", "        total += ",
         "a bin into which nothing falls has no mean (0 / 0 is NaN); leave it out"),
    edit("place by place", "return total", "return np.abs(sure - right).mean()",
         "this takes the difference at each place, where one is right or wrong; only "
         "the places of a bin together have a share of right ones"),
    edit("middle of the bin", "sure[here].mean()", "(b + 0.5) / bins",
         "the middle of the bin stands for how sure the model was; the mean of what "
         "fell into it is wanted"),
    edit("squared", "abs(sure[here].mean() - right[here].mean())",
         "(sure[here].mean() - right[here].mean()) ** 2",
         "the differences are squared; their absolute values are wanted"),
    edit("the worst bin", "total += here.mean() * abs(sure[here].mean() - right[here].mean())",
         "total = max(total, abs(sure[here].mean() - right[here].mean()))",
         "this is the largest difference of all bins; their mean is wanted, weighted "
         "by how many places fall into each"),
    edit("exactly 1 lost", "np.minimum((sure * bins).astype(int), bins - 1)",
         "(sure * bins).astype(int)",
         "a probability of exactly 1 falls behind the last bin and is lost; it "
         "belongs to the last"),
    edit("powers of 2", "np.exp(logprobs.max(-1))", "2.0 ** logprobs.max(-1)",
         "2 is raised to the logarithms, which are natural ones: np.exp gives the "
         "probabilities back"),
    edit("not divided", "here.mean() *", "here.sum() *",
         "these are the sums over the places of each bin: divide by the number of places, N"),
)
