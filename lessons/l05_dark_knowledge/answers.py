"""Answers to the exercises of lesson 5 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 05
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong

# 05.1  How far is the student from the teacher?


_DIVERGENCE = """
import numpy as np

def divergence(teacher, student):
    p = np.exp(teacher)
    known = np.where(p > 0, teacher, 0)
    return (p * (known - np.where(p > 0, student, 0))).sum(-1)
"""
"""Right. Some mistakes are this with a line changed."""

DIVERGENCE_VARIANTS = (
    Variant(
        name="a loop",
        source="""
import math
import numpy as np

def divergence(teacher, student):
    out = np.zeros(teacher.shape[:-1])
    for place in np.ndindex(*out.shape):
        for t, s in zip(teacher[place], student[place]):
            if t > -math.inf:
                out[place] += math.exp(t) * (t - s)
    return out
""",
    ),
    Variant(
        name="SciPy",
        source="""
import numpy as np
from scipy.special import rel_entr

def divergence(teacher, student):
    return rel_entr(np.exp(teacher), np.exp(student)).sum(-1)
""",
    ),
)

DIVERGENCE_WRONG = (
    Wrong(
        name="the other way round",
        source="""
import numpy as np

def divergence(teacher, student):
    q = np.exp(student)
    known = np.where(q > 0, student, 0)
    return (q * (known - np.where(q > 0, teacher, 0))).sum(-1)
""",
        diagnosis="this is KL(student || teacher): the weights are the student's "
        "probabilities; the teacher's are wanted",
    ),
    Wrong(
        name="cross-entropy",
        source="""
import numpy as np

def divergence(teacher, student):
    p = np.exp(teacher)
    return -(p * np.where(p > 0, student, 0)).sum(-1)
""",
        diagnosis="this is the cross-entropy: it does not become 0 at a match; the teacher's "
        "own entropy has to be taken off",
    ),
    Wrong(
        name="mean over characters",
        source=_DIVERGENCE.replace(".sum(-1)", ".mean(-1)"),
        diagnosis="this divides by V: the probabilities have weighted the terms already, so "
        "they are summed and not averaged",
    ),
    Wrong(
        name="one number",
        source=_DIVERGENCE.replace(".sum(-1)", ".sum(-1).mean()"),
        diagnosis="this is the mean over all places; one number for each is wanted",
    ),
    Wrong(
        name="bits",
        source=_DIVERGENCE.replace(".sum(-1)", ".sum(-1) / np.log(2)"),
        diagnosis="these are bits: nats are wanted, without the division by ln 2",
    ),
    Wrong(
        name="zero times infinity",
        source="""
import numpy as np

def divergence(teacher, student):
    with np.errstate(invalid="ignore"):
        return (np.exp(teacher) * (teacher - student)).sum(-1)
""",
        diagnosis="0 * (-inf) is NaN in floating-point numbers; what the teacher rules out "
        "has to be left out before multiplying",
    ),
    Wrong(
        name="sign",
        source="""
import numpy as np

def divergence(teacher, student):
    p = np.exp(teacher)
    with np.errstate(invalid="ignore"):
        return np.where(p > 0, p * (student - teacher), 0.0).sum(-1)
""",
        diagnosis="the sign is turned round: ln p_teacher comes first, and the sum is never "
        "below 0",
    ),
    Wrong(
        name="logarithms as weights",
        source="""
import numpy as np

def divergence(teacher, student):
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(teacher), teacher * (teacher - student), 0.0).sum(-1)
""",
        diagnosis="the weights here are the teacher's logarithms; its probabilities, exp of "
        "them, are wanted",
    ),
    Wrong(
        name="clipped",
        source="""
import numpy as np

def divergence(teacher, student):
    p = np.exp(teacher)
    return (p * (np.maximum(teacher, -20) - np.maximum(student, -20))).sum(-1)
""",
        diagnosis="the logarithms are cut off at some low value, so that being sure of what "
        "is wrong costs too little; leave out only what the teacher rules out",
    ),
    Wrong(
        name="sum over places",
        source=_DIVERGENCE.replace(".sum(-1)", ".sum()"),
        diagnosis="this is the sum over all places; one number for each is wanted",
    ),
)

# 05.2  Hinton's loss.

_SOFT = """
import torch

def _kl(a, b):
    return (a.exp() * (a - b)).sum(-1)

"""

KD_VARIANTS = (
    Variant(
        name="two log-softmaxes",
        source=_SOFT
        + """
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = (student_logits / temperature).log_softmax(-1)
    p = (teacher_logprobs / temperature).log_softmax(-1)
    return temperature**2 * _kl(p, q).mean()
""",
    ),
    Variant(
        name="torch's kl_div with batchmean",
        source="""
import torch.nn.functional as F

def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logprobs / temperature, dim=-1)
    return F.kl_div(q, p, reduction="batchmean") * temperature * temperature
""",
    ),
)

KD_WRONG = (
    Wrong(
        name="no T squared",
        source=_SOFT
        + """
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = (student_logits / temperature).log_softmax(-1)
    p = (teacher_logprobs / temperature).log_softmax(-1)
    return _kl(p, q).mean()
""",
        diagnosis="the factor T^2 is missing: gradients would shrink with 1 / T^2, and the "
        "teacher's say would depend on the temperature",
    ),
    Wrong(
        name="teacher not softened",
        source=_SOFT
        + """
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = (student_logits / temperature).log_softmax(-1)
    return temperature**2 * _kl(teacher_logprobs, q).mean()
""",
        diagnosis="only the student is softened: the teacher's distribution is still that of "
        "T = 1, and a student that equals it is punished",
    ),
    Wrong(
        name="softened but not a distribution",
        source=_SOFT
        + """
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = (student_logits / temperature).log_softmax(-1)
    return temperature**2 * _kl(teacher_logprobs / temperature, q).mean()
""",
        diagnosis="log-probabilities divided by T do not belong to probabilities that sum to "
        "1; they need a softmax again",
    ),
    Wrong(
        name="mean over characters too",
        source="""
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = (student_logits / temperature).log_softmax(-1)
    p = (teacher_logprobs / temperature).softmax(-1)
    return (p * (p.log() - q)).mean() * temperature**2
""",
        diagnosis="reduction='mean' divides by N * V; characters are summed and only "
        "positions averaged (torch calls it 'batchmean')",
    ),
    Wrong(
        name="swapped",
        source=_SOFT
        + """
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = (student_logits / temperature).log_softmax(-1)
    p = (teacher_logprobs / temperature).log_softmax(-1)
    return temperature**2 * _kl(q, p).mean()
""",
        diagnosis="this is KL(student || teacher), the reverse: it lets the student leave out "
        "what the teacher finds possible",
    ),
    Wrong(
        name="soft cross-entropy",
        source="""
import torch

def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = (student_logits / temperature).log_softmax(-1)
    p = (teacher_logprobs / temperature).softmax(-1)
    return -temperature**2 * (p * q).sum(-1).mean()
""",
        diagnosis="this is a cross-entropy with soft targets: its gradient is right, but it is "
        "not 0 at a match, so it does not say how far the student still has to go",
    ),
    Wrong(
        name="softmax forgotten",
        source=_SOFT
        + """
def kd(student_logits, teacher_logprobs, temperature=1.0):
    p = (teacher_logprobs / temperature).log_softmax(-1)
    return temperature**2 * _kl(p, student_logits / temperature).mean()
""",
        diagnosis="the student's scores are not logarithms of probabilities yet: they need a "
        "log-softmax",
    ),
    Wrong(
        name="T once",
        source="""
import torch

def kd(student_logits, teacher_logprobs, temperature=1.0):
    a = (teacher_logprobs / temperature).log_softmax(-1)
    b = (student_logits / temperature).log_softmax(-1)
    return temperature * (a.exp() * (a - b)).sum(-1).mean()
""",
        diagnosis="the factor is T here; T^2 is wanted",
    ),
    Wrong(
        name="divided by T squared",
        source="""
import torch

def kd(student_logits, teacher_logprobs, temperature=1.0):
    a = (teacher_logprobs / temperature).log_softmax(-1)
    b = (student_logits / temperature).log_softmax(-1)
    return (a.exp() * (a - b)).sum(-1).mean() / temperature**2
""",
        diagnosis="this divides by T^2; the loss is multiplied by it",
    ),
    Wrong(
        name="sum over positions",
        source="""
import torch

def kd(student_logits, teacher_logprobs, temperature=1.0):
    a = (teacher_logprobs / temperature).log_softmax(-1)
    b = (student_logits / temperature).log_softmax(-1)
    return temperature**2 * (a.exp() * (a - b)).sum()
""",
        diagnosis="this is the sum over all positions; their mean is wanted",
    ),
    Wrong(
        name="teacher alone softened",
        source="""
import torch

def kd(student_logits, teacher_logprobs, temperature=1.0):
    a = (teacher_logprobs / temperature).log_softmax(-1)
    b = student_logits.log_softmax(-1)
    return temperature**2 * (a.exp() * (a - b)).sum(-1).mean()
""",
        diagnosis="only the teacher is softened: the student's scores are divided by T as well",
    ),
    Wrong(
        name="arguments of kl_div",
        source="""
import torch

def kd(student_logits, teacher_logprobs, temperature=1.0):
    a = (teacher_logprobs / temperature).log_softmax(-1)
    b = (student_logits / temperature).log_softmax(-1)
    return temperature**2 * torch.nn.functional.kl_div(a, b, reduction="batchmean")
""",
        diagnosis="torch's kl_div takes the student's logarithms first, then the teacher's "
        "probabilities (or its logarithms with log_target=True)",
    ),
    Wrong(
        name="a temperature that multiplies",
        source="""
import torch

def kd(student_logits, teacher_logprobs, temperature=1.0):
    a = (teacher_logprobs * temperature).log_softmax(-1)
    b = (student_logits * temperature).log_softmax(-1)
    return temperature**2 * (a.exp() * (a - b)).sum(-1).mean()
""",
        diagnosis="the scores are multiplied by T, which sharpens where T is above 1; they are "
        "divided by it",
    ),
    Wrong(
        name="bits",
        source="""
import math
import torch

def kd(student_logits, teacher_logprobs, temperature=1.0):
    a = (teacher_logprobs / temperature).log_softmax(-1)
    b = (student_logits / temperature).log_softmax(-1)
    return temperature**2 * (a.exp() * (a - b)).sum(-1).mean() / math.log(2)
""",
        diagnosis="these are bits: nats are wanted, without the division by ln 2",
    ),
)

# 05.3  Does a model mean what it says?


CALIBRATION_VARIANTS = (
    Variant(
        name="a loop over bins",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    total = 0.0
    for b in range(bins):
        here = (sure * bins >= b) & ((sure * bins < b + 1) | (b == bins - 1))
        if here.any():
            total += here.mean() * abs(sure[here].mean() - right[here].mean())
    return total
""",
    ),
    Variant(
        name="digitize",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    p = np.exp(logprobs)
    sure, right = p.max(1), p.argmax(1) == targets
    which = np.digitize(sure, np.arange(1, bins) / bins)
    gaps = [abs((sure - right)[which == b].sum()) for b in range(bins)]
    return sum(gaps) / len(targets)
""",
    ),
)

CALIBRATION_WRONG = (
    Wrong(
        name="over all",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    return abs(sure.mean() - (logprobs.argmax(-1) == targets).mean())
""",
        diagnosis="this compares means over all places, in which too sure here and too modest "
        "there cancel out; the bins are missing",
    ),
    Wrong(
        name="every bin alike",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    which = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs(sure[which == b].mean() - right[which == b].mean()) for b in np.unique(which)]
    return float(np.mean(gaps))
""",
        diagnosis="every bin weighs the same here; a bin counts by its share of the places",
    ),
    Wrong(
        name="probability of what came",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs[np.arange(len(targets)), targets])
    right = logprobs.argmax(-1) == targets
    which = np.minimum((sure * bins).astype(int), bins - 1)
    off = np.bincount(which, weights=sure - right, minlength=bins)
    return np.abs(off).sum() / len(targets)
""",
        diagnosis="how sure the model was is the probability of its own first choice, not of "
        "the character that came",
    ),
    Wrong(
        name="how often wrong",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    return float((logprobs.argmax(-1) != targets).mean())
""",
        diagnosis="this is the share of wrong answers; one may be wrong often and know it",
    ),
    Wrong(
        name="signed",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    which = np.minimum((sure * bins).astype(int), bins - 1)
    off = np.bincount(which, weights=sure - right, minlength=bins)
    return max(0.0, off.sum() / len(targets))
""",
        diagnosis="the sign is kept here, so that bins cancel out and modesty costs nothing; "
        "take the absolute value in each bin",
    ),
    Wrong(
        name="logarithms",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.clip(-logprobs.max(-1), 0, 1)
    right = logprobs.argmax(-1) == targets
    which = np.minimum((sure * bins).astype(int), bins - 1)
    off = np.bincount(which, weights=sure - right, minlength=bins)
    return np.abs(off).sum() / len(targets)
""",
        diagnosis="how sure it was is a probability: take exp of the logarithm first",
    ),
    Wrong(
        name="empty bins",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    place = np.minimum((sure * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        here = place == b
        with np.errstate(invalid="ignore"):
            total += here.mean() * abs((sure - right)[here].sum() / here.sum())
    return total
""",
        diagnosis="a bin into which nothing falls has no mean (0 / 0 is NaN); leave it out",
    ),
    Wrong(
        name="place by place",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    place = np.minimum((sure * bins).astype(int), bins - 1)
    return np.abs(sure - right).mean()
""",
        diagnosis="this takes the difference at each place, where one is right or wrong; only "
        "the places of a bin together have a share of right ones",
    ),
    Wrong(
        name="middle of the bin",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    place = np.minimum((sure * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        here = place == b
        if here.any():
            total += here.mean() * abs((b + 0.5) / bins - right[here].mean())
    return total
""",
        diagnosis="the middle of the bin stands for how sure the model was; the mean of what "
        "fell into it is wanted",
    ),
    Wrong(
        name="squared",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    place = np.minimum((sure * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        here = place == b
        if here.any():
            total += here.mean() * (sure[here].mean() - right[here].mean()) ** 2
    return total
""",
        diagnosis="the differences are squared; their absolute values are wanted",
    ),
    Wrong(
        name="the worst bin",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs((sure - right)[place == b].mean()) for b in range(bins) if (place == b).any()]
    return max(gaps)
""",
        diagnosis="this is the largest difference of all bins; their mean is wanted, weighted "
        "by how many places fall into each",
    ),
    Wrong(
        name="exactly 1 lost",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    place = (sure * bins).astype(int)
    total = 0.0
    for b in range(bins):
        here = place == b
        if here.any():
            total += here.mean() * abs(sure[here].mean() - right[here].mean())
    return total
""",
        diagnosis="a probability of exactly 1 falls behind the last bin and is lost; it "
        "belongs to the last",
    ),
    Wrong(
        name="powers of 2",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = 2.0 ** logprobs.max(-1)
    right = logprobs.argmax(-1) == targets
    which = np.minimum((sure * bins).astype(int), bins - 1)
    off = np.bincount(which, weights=sure - right, minlength=bins)
    return np.abs(off).sum() / len(targets)
""",
        diagnosis="2 is raised to the logarithms, which are natural ones: np.exp gives the "
        "probabilities back",
    ),
    Wrong(
        name="not divided",
        source="""
import numpy as np

def calibration_error(logprobs, targets, bins=15):
    sure = np.exp(logprobs.max(-1))
    right = logprobs.argmax(-1) == targets
    which = np.minimum((sure * bins).astype(int), bins - 1)
    return np.abs(np.bincount(which, weights=sure - right, minlength=bins)).sum()
""",
        diagnosis="these are the sums over the places of each bin: divide by the number of "
        "places, N",
    ),
)
