"""Whether distilling helped: gap closed, calibration, agreement, distances.

Idea:   a student's loss alone says nothing. The gap is the teacher's advantage over the same
        student on labels alone; the answer is how much of it was closed, over paired seeds, with an
        interval, and it may be none.
Source: gap: Burns et al. 2023, arXiv:2312.09390 (performance gap recovered); calibration: Guo et
        al. 2017, arXiv:1706.04599; agreement: Stanton et al. 2021, arXiv:2106.05945; the distance
        on the student's own text: Arora et al. 2022, arXiv:2204.01171.
Run:    python -m distill.compare
Omits:  downstream tasks; characters are all there is.

Legend: N positions, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from distill.teachers import Teacher, predict, side_by_side
from labkit.experiment import Interval, interval
from minigpt.nextchar import NextChar
from minigpt.sample import draw, shape

Verdict = Literal["helps", "hurts", "cannot tell"]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The share of the gap between labels alone and the teacher that a student has closed."""

    closed: Interval | None
    """(labels - student) / (labels - teacher) over seeds; 1 is the teacher's loss. None if the
    teacher is no better than the labels: there is no gap."""
    gained: Interval
    """labels - student, nats/char; the student is better above 0."""
    verdict: Verdict
    """helps or hurts if the whole interval of `gained` is on one side of 0."""


def gap_closed(labels: Sequence[float], student: Sequence[float], teacher: float) -> Gap:
    """The gap closed, from the losses (nats/char) of paired seeds and the teacher's own.

    >>> gap_closed([2.0, 2.1, 2.2], [1.8, 1.9, 2.0], 1.6).verdict
    'helps'
    """
    if len(labels) != len(student):
        raise ValueError(f"seeds come in pairs, got {len(labels)} and {len(student)} losses")
    gains = [ours - theirs for ours, theirs in zip(labels, student)]
    gained = interval(gains)
    said = verdict(gained)
    if min(labels) <= teacher:
        return Gap(closed=None, gained=gained, verdict=said)
    shares = [gain / (ours - teacher) for gain, ours in zip(gains, labels)]
    return Gap(closed=interval(shares), gained=gained, verdict=said)


def verdict(gained: Interval) -> Verdict:
    """The verdict: an interval that contains 0 cannot tell, and one seed has no interval."""
    if gained.low > 0:
        return "helps"
    return "hurts" if gained.high < 0 else "cannot tell"


def calibration_error(logprobs: np.ndarray, targets: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error of the likeliest character: |confidence - accuracy|.

    logprobs [N, V], targets [N]. Mean over bins of confidence, weighted by the number in each.

    >>> always_sure = np.log(np.array([[1 - 1e-9, 1e-9]] * 4))
    >>> round(calibration_error(always_sure, np.array([0, 0, 1, 1])), 6)
    0.5
    """
    if not len(targets):
        raise ValueError("calibration needs at least one prediction, got none")
    sure = np.exp(logprobs.max(-1).astype(np.float64))
    right = logprobs.argmax(-1) == targets
    place = np.minimum((sure * bins).astype(int), bins - 1)
    off = np.bincount(place, weights=sure - right, minlength=bins)
    return float(np.abs(off).sum() / len(targets))


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Share of positions at which two models have the same likeliest character; [N, V] each."""
    return float((one.argmax(-1) == other.argmax(-1)).mean())


def divergence(teacher: np.ndarray, student: np.ndarray) -> np.ndarray:
    """KL(teacher || student) at each position, from log-probabilities [..., V], nats."""
    p = np.exp(teacher.astype(np.float64))
    known = np.where(p > 0, teacher, 0.0).astype(np.float64)
    return (p * (known - np.where(p > 0, student, 0.0))).sum(-1)


@dataclass(frozen=True, kw_only=True)
class Distance:
    """KL(teacher || student), mean over positions, nats/char."""

    real: float
    """Distance on real text."""
    own: float
    """Distance on the student's continuations of the same passages."""


def distance(
    student: NextChar,
    teacher: NextChar,
    held_out: np.ndarray,
    *,
    length: int = 200,
    streams: int = 32,
    prompt: int = 16,
    rng: np.random.Generator,
) -> Distance:
    """Distance of the student from the teacher on real text, and on text of its own.

    `streams` passages of `held_out` [N] are cut out; from the first `prompt` characters of each the
    student continues for `length`. If it is further away on its own text, it gets lost there; but
    its own text may also be easier than real text. ValueError if the held-out text is too short.
    """
    need = prompt + length
    if len(held_out) <= need:
        raise ValueError(f"{len(held_out)} held-out characters; a distance needs more than {need}")
    at = rng.integers(0, len(held_out) - need, size=streams)
    real = held_out[at[:, None] + np.arange(need)].astype(np.int64)
    state, said = student.start(real[:, :prompt])
    columns = [real[:, :prompt]]
    for _ in range(length):
        ids = draw(shape(said), rng).astype(np.int64)
        columns.append(ids[:, None])
        said = student.step(state, ids)
    own = np.concatenate(columns, axis=1)
    far = [
        float(divergence(predict(teacher, text), predict(student, text))[:, prompt:].mean())
        for text in (real, own)
    ]
    return Distance(real=far[0], own=far[1])


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Further measures of a student, besides its loss."""

    calibration: float
    """Expected calibration error."""
    agreement: float
    """Share of positions with the teacher's first choice."""
    kl_real: float
    """KL(teacher || student) on real text, nats/char; nan if the held-out text is too short."""
    kl_own: float
    """The same on 200 characters of the student's own text."""


def quality(
    student: NextChar,
    teacher: NextChar,
    held_out: np.ndarray,
    *,
    told: np.ndarray | None = None,
    seed: int = 0,
) -> Quality:
    """Calibration, agreement and distances on held-out ids [N], read as for the loss.

    `told` has the teacher's predictions of them (`side_by_side`); without it the teacher is asked.
    """
    ids = held_out.astype(np.int64)
    said = side_by_side(student, ids)
    told = side_by_side(Teacher(teacher), ids) if told is None else told
    far = Distance(real=math.nan, own=math.nan)
    if len(ids) > 216:
        far = distance(student, teacher, ids, rng=np.random.default_rng(seed))
    return Quality(
        calibration=calibration_error(said, ids[1:]),
        agreement=agreement(said, told),
        kl_real=far.real,
        kl_own=far.own,
    )
