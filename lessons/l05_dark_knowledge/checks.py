"""Exercises of lesson 5: how far apart two predictions are, Hinton's loss, and honest confidence.

Idea:   compare whole distributions, teach with them, and check that a model means what it says.
Run:    python -m lessons check 05.1
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lessons.engine import inputs
from lessons.engine.exercise import Call, Exercise, Probe
from lessons.engine.judges import form_alone, numbers
from lessons.l05_dark_knowledge import answers

# 05.1  How far is the student from the teacher?


_logprobs = partial(inputs.logprobs, spread=1.5)


def _alike(rng: np.random.Generator) -> Call:
    same = _logprobs(rng, 6, 5)
    return Call(same, same.copy())


def _pair(rng: np.random.Generator, *shape: int) -> Call:
    return Call(_logprobs(rng, *shape), _logprobs(rng, *shape))


def _ruled_out(rng: np.random.Generator) -> Call:
    """The teacher gives some characters no probability at all."""
    p = np.exp(_logprobs(rng, 7, 6))
    p[np.arange(7), rng.integers(0, 6, 7)] = 0
    with np.errstate(divide="ignore"):
        teacher = np.log(p / p.sum(-1, keepdims=True))
    return Call(teacher, _logprobs(rng, 7, 6))


def _both_ruled_out(rng: np.random.Generator) -> Call:
    """And the student knows that one of them cannot come."""
    call = _ruled_out(rng)
    teacher, q = call.args[0], np.exp(call.args[1])
    q[np.isneginf(teacher)] = 0
    with np.errstate(divide="ignore"):
        return Call(teacher, np.log(q / q.sum(-1, keepdims=True)))


def _sure_of_the_wrong(rng: np.random.Generator) -> Call:
    """A fair coin taught; the student finds one side all but impossible."""
    return Call(np.log([[0.5, 0.5]]), np.array([[np.log1p(-np.exp(-50.0)), -50.0]]))


DIVERGENCE = Exercise(
    id="05.1",
    name="divergence",
    task="""How far the student's prediction is from the teacher's, in nats, at each place.

    teacher [..., V], student [..., V]: natural logarithms of predicted probabilities. The teacher
    may rule a character out (log-probability -inf); what is ruled out adds nothing.
    Returns KL(teacher || student) = sum over characters of p_teacher (ln p_teacher -
    ln p_student), an array [...].""",
    solution=answers.DIVERGENCE,
    probes=(
        Probe("one number at each place", lambda rng: _pair(rng, 3, 4, 6), judge=form_alone),
        Probe("where the student says what the teacher says, it is 0", _alike),
        Probe("a fair coin taught, 0.9 : 0.1 learned: 0.5 ln(0.5/0.9) + 0.5 ln(0.5/0.1)",
              lambda rng: Call(np.log([[0.5, 0.5]]), np.log([[0.9, 0.1]]))),
        Probe("the sum over all characters, weighted by what the teacher finds probable",
              lambda rng: _pair(rng, 2, 5, 7)),
        Probe("a character the teacher rules out adds nothing (0 ln 0 is 0)", _ruled_out),
        Probe("also where the student rules it out too", _both_ruled_out),
        Probe("a fair coin taught, and ln p_student is -50 for one side: 25 - ln 2",
              _sure_of_the_wrong),
    ),
    variants=answers.DIVERGENCE_VARIANTS,
    wrong=answers.DIVERGENCE_WRONG,
    hints=(
        "Who decides how much a mistake matters: the one who knows, or the one who learns?",
        "Each character adds p (ln p - ln q), with the teacher's p. Sum over the last axis. NumPy "
        "computes 0 * -inf as NaN, so use np.where(p > 0, ..., 0) before you multiply.",
        "p = exp of the teacher\ndifference = teacher - student where p > 0, else 0\n"
        "return the sum of p * difference over the last axis",
    ),
    next_step="This is the loss a student is taught with, once its gradient is taken.",
    drill="The teacher says 1/2, 1/2 and the student 1/4, 3/4. Which direction of KL is larger?",
    drill_answer="KL(teacher, student): 0.144 nats, where KL(student, teacher) is 0.131.",
)  # fmt: skip


# 05.2  Hinton's loss.


_logits = partial(inputs.tensor, scale=2.0)


def _taught(rng: np.random.Generator, temperature: float, n: int = 9, v: int = 6) -> Call:
    return Call(_logits(rng, n, v), _logits(rng, n, v).log_softmax(-1), temperature=temperature)


def _agrees(rng: np.random.Generator) -> Call:
    logits = _logits(rng, 5, 7)
    return Call(logits + 3, logits.log_softmax(-1), temperature=2.0)


KD = Exercise(
    id="05.2",
    name="kd",
    task="""Hinton's loss: how far the softened student is from the softened teacher, times T^2.

    student_logits [N, V]: scores, before any softmax.
    teacher_logprobs [N, V]: natural logarithms of the teacher's probabilities.
    temperature: T > 0. Both are softened: divided by T, then a (log-)softmax. At T = 1 the
    teacher stays what it was.
    Returns one number: T^2 times the mean over the N positions of KL(teacher || student).""",
    solution="distill.losses:kd",
    signature="(student_logits, teacher_logprobs, temperature=1.0)",
    probes=(
        Probe("one number for all positions", lambda rng: _taught(rng, 1.0), judge=form_alone),
        Probe("0 where the student's softmax is the teacher's, at any temperature", _agrees,
              atol=1e-4),
        Probe("at T = 1, which is the default: the mean over positions of the sum over characters",
              lambda rng: Call(*_taught(rng, 1.0).args)),
        Probe("at T = 4: both softened, and the loss times T^2",
              lambda rng: _taught(rng, 4.0, n=12)),
        Probe("at T = 0.5: both sharpened", lambda rng: _taught(rng, 0.5, n=12)),
    ),
    variants=answers.KD_VARIANTS,
    wrong=answers.KD_WRONG,
    hints=(
        "Which of the two has to be softened for the loss to be 0 exactly where they agree?",
        "Divide both by T, take a log-softmax of both. Then the formula of 05.1, and T^2 in front: "
        "gradients through logits / T shrink with 1 / T, and so do the differences they feel.",
        "q = log-softmax of student_logits / T\np = log-softmax of teacher_logprobs / T\n"
        "each = sum over characters of exp(p) * (p - q)\nreturn T * T * mean of each",
    ),
    next_step="distill's training minimises alpha times your loss plus (1 - alpha) times the "
    "labels' cross-entropy.",
    drill="Logits are divided by T = 4 and T^2 left out. By about what factor do gradients shrink?",
    drill_answer="By T^2 = 16.",
)  # fmt: skip


# 05.3  Does a model mean what it says?


def _answers(rng: np.random.Generator, n: int, v: int = 5) -> Call:
    """What came was drawn by the predicted probabilities, so that some bins are too sure and some
    too modest; and with many characters also the lowest bins are filled."""
    logprobs = _logprobs(rng, n, v)
    return Call(logprobs, (logprobs + rng.gumbel(size=(n, v))).argmax(-1))


def _half_right(rng: np.random.Generator) -> Call:
    """Sure to 0.8 every time, and right every second time."""
    logprobs = np.log(np.tile([0.8, 0.1, 0.1], (10, 1)))
    return Call(logprobs, np.array([0, 1] * 5))


def _modest(rng: np.random.Generator) -> Call:
    """Sure to 0.4 and always right: too modest is wrong too."""
    return Call(np.log(np.tile([0.4, 0.3, 0.3], (8, 1))), np.zeros(8, np.int64))


def _two_groups(rng: np.random.Generator) -> Call:
    """One group too sure, one too modest: over all they would cancel out."""
    sure, modest = np.tile([0.9, 0.1], (30, 1)), np.tile([0.6, 0.4], (10, 1))
    targets = np.r_[np.tile([0, 0, 1], 10), np.zeros(10)].astype(np.int64)
    return Call(np.log(np.r_[sure, modest]), targets)


def _few_bins(rng: np.random.Generator) -> Call:
    call = _answers(rng, 300)
    return Call(*call.args, bins=4)


def _certain(rng: np.random.Generator) -> Call:
    """The favourite has probability 1, and comes every second time."""
    with np.errstate(divide="ignore"):
        return Call(np.log(np.tile([1.0, 0.0, 0.0], (8, 1))), np.arange(8) % 2)


def _between(answer: Any, *_: Any, **__: Any) -> str | None:
    share = float(numbers(answer))
    return None if 0 <= share <= 1 else f"{share:.3g}, not a share from 0 to 1"


CALIBRATION = Exercise(
    id="05.3",
    name="calibration_error",
    task="""Does it rain on 70 % of the days that are announced with 70 %? The calibration error.

    logprobs [N, V]: natural logarithms of predicted probabilities. targets [N]: what came.
    At each place the model is as sure as the probability of its likeliest character, and right
    or not. Sort the places into `bins` equally wide bins by how sure it was (0 to 1; exactly 1
    belongs to the last). In each bin: |mean sureness - share right|.
    Returns the mean of these over bins, each weighted by its share of the places.""",
    solution="distill.comparison.metrics:calibration_error",
    probes=(
        Probe("one number from 0 to 1", lambda rng: _answers(rng, 40), judge=_between),
        Probe("0.8 sure and right every second time: 0.3", _half_right),
        Probe("0.4 sure and always right: 0.6; too modest counts as too sure does", _modest),
        Probe("bins count apart: one too sure and one too modest do not cancel out", _two_groups),
        Probe("many places in many bins", lambda rng: _answers(rng, 500, v=40)),
        Probe("as many bins as asked for", _few_bins),
        Probe("sure with probability exactly 1, and right every second time: 0.5", _certain),
    ),
    variants=answers.CALIBRATION_VARIANTS,
    wrong=answers.CALIBRATION_WRONG,
    hints=(
        "A model says 0.9 a hundred times. How often should it be right?",
        "sure = the largest probability at each place, right = whether that character came. Group "
        "the places by int(sure * bins), and compare the two means in each group.",
        "sure = exp(max of logprobs), right = argmax equals target\n"
        "bin of a place = int(sure * bins), at most bins - 1\n"
        "in each bin: |sum of (sure - right)|\nreturn the sum of these / N",
    ),
    next_step="The lesson measures it for students: those taught by a teacher are often better "
    "calibrated than those that learned from labels.",
    drill="Ten answers, 0.7 sure each, nine of them right. What is the calibration error?",
    drill_answer="0.2: right in 0.9 of the cases, sure in 0.7.",
)  # fmt: skip

EXERCISES = (DIVERGENCE, KD, CALIBRATION)
