"""Which teacher: several, one's equal, a larger one, and none that is worth its cost.

Idea:   several students of little text know more together than each alone, and one can be taught
        all of it. With all the text, what a teacher costs buys as much in labels.
Source: ensembles: Hinton et al. 2015, arXiv:1503.02531, section 5; born again: Furlanello et al.
        2018, arXiv:1805.04770; capacity gap: Mirzadeh et al. 2019, arXiv:1902.03393, against Cho &
        Hariharan 2019, arXiv:1910.01348; full data: MobileLLM, arXiv:2402.14905.
Run:    python -m distill.experiments ensemble_to_one
Omits:  assistants between a large teacher and a small student.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from distill.costs import equal_compute_steps
from distill.experiments.lab import Lab, Outcome, Profile, expect, less
from distill.settings import DistillConfig
from distill.teachers import EnsembleTeacher, ModelTeacher
from distill.train import distill


def ensemble_to_one(profile: Profile, members: int = 4) -> Outcome:
    """Students of little text, one of them as teacher, and all of them as one."""
    losses = _taught_by_peers(profile, {"one": 1, "ensemble": members})
    return Outcome(
        expected="the ensemble teaches better than one of its members (which is born again)",
        losses=losses,
        findings=[
            expect(
                "ensemble over one member, nats/char",
                less(losses["one"], losses["ensemble"]),
                ">=",
                0.01,
            )
        ],
    )


def born_again(profile: Profile) -> Outcome:
    """The student's own shape as teacher, trained on the same text."""
    losses = _taught_by_peers(profile, {"born again": 1})
    return Outcome(
        expected="a small gain: it begins from what its equal ended with, softened",
        losses=losses,
        findings=[
            expect(
                "born again over labels, nats/char",
                less(losses["labels"], losses["born again"]),
                ">=",
                0.0,
            )
        ],
    )


def full_data(profile: Profile) -> Outcome:
    """All of the text and a learned teacher, against labels at equal compute."""
    lab = Lab(profile, real=True)
    teacher = lab.larger(2)
    steps = equal_compute_steps(profile.student, teacher, len(lab.tokenizer))
    losses = {"taught": lab.arm(DistillConfig(alpha=0.9), teacher)}
    lab.profile = replace(profile, student=replace(profile.student, steps=steps))
    losses["labels, equal compute"] = lab.arm(DistillConfig(alpha=0.0))
    return Outcome(
        expected="no gain: labels buy more steps with what the teacher costs",
        losses=losses,
        findings=[
            expect(
                "gain over labels at equal compute, nats/char",
                less(losses["labels, equal compute"], losses["taught"]),
                "<=",
                0.01,
                no_effect=0.05,
            )
        ],
    )


def capacity_gap(profile: Profile, times: Sequence[int] = (1, 2, 4)) -> Outcome:
    """Teachers of growing width for one small student; the literature disagrees."""
    lab = Lab(profile, real=True)
    taught = DistillConfig(alpha=0.9, data_fraction=profile.few)
    losses = {f"teacher x {n}": lab.arm(taught, lab.larger(n)) for n in times}
    small, large = (losses[f"teacher x {n}"] for n in (min(times), max(times)))
    return Outcome(
        expected="a better teacher is no worse: no gap of capacity shows",
        losses=losses,
        findings=[
            expect(
                "lost with the largest teacher against the smallest, nats/char",
                less(large, small),
                "<=",
                0.01,
                no_effect=0.05,
            )
        ],
    )


def _taught_by_peers(profile: Profile, arms: dict[str, int]) -> dict[str, list[float]]:
    """Losses on little text: of labels alone, and of being taught by so many who learned so."""
    lab = Lab(profile)
    few = DistillConfig(alpha=0.0, data_fraction=profile.few)
    steps = lab.best_length(few)
    student = replace(profile.student, steps=steps)
    peers = [
        ModelTeacher(distill(replace(student, seed=seed), None, lab.corpus, few).model)
        for seed in range(100, 100 + max(arms.values()))
    ]
    losses = {"labels": lab.arm(few, steps=steps)}
    for name, count in arms.items():
        teacher = peers[0] if count == 1 else EnsembleTeacher(peers[:count])
        losses[name] = lab.arm(replace(few, alpha=0.9), teacher)
    return losses
