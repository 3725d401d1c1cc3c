"""Train with rich sensors, ship with cheap ones.

Idea:   labels exist only where the rich sensor was. Its reader marks what the cheap sensor saw at
        the same time, and the student learns from that without a single label of its own.
Source: supervision transfer: Gupta, Hoffman & Malik 2016, arXiv:1507.00448; privileged information:
        Lopez-Paz et al. 2016, arXiv:1511.03643. That it may only be the lower variance of soft
        targets, and not what the sensor knows: the reason for the controls.
Run:    python -m distill.experiments expensive_sensor
Omits:  sensors that see different scenes; here they see the same text, one of them with holes.
"""

from __future__ import annotations

from dataclasses import replace

from distill import views
from distill.experiments.lab import Lab, Outcome, Profile, expect, less, share
from distill.settings import DistillConfig
from distill.teachers import ModelTeacher
from distill.train import distill
from distill.views import View
from minigpt import storyland


def expensive_sensor(profile: Profile, hidden: float = 0.3) -> Outcome:
    """The student sees a text with holes, and has no labels; the teacher saw all of it.

    The teacher learned from labels on another text of the same kind and length, with the rich view.
    The gap is between the cheap view with few labels and the same cheap view with all labels.
    Controls: a teacher with the cheap view, else the same; and the rich sensor shuffled, so that
    what it reads has nothing to do with what the student sees.
    """
    lab = Lab(profile)
    seen = views.masked(hidden)
    cheap = DistillConfig(alpha=0.0, student_view=seen)
    taught = replace(cheap, alpha=1.0)
    other = replace(
        lab.corpus, text=storyland.generate(len(lab.corpus.text), seed=77) + lab.corpus.held_out
    )

    def teacher(view: View) -> ModelTeacher:
        config = replace(profile.student, seed=100, steps=profile.teacher_steps)
        reads = replace(cheap, student_view=view)
        return ModelTeacher(distill(config, None, other, reads).model)

    rich = teacher(views.full())
    losses = {
        "few labels": lab.few_labels_alone(replace(cheap, data_fraction=profile.few)),
        "all labels": lab.arm(cheap),
        "taught": lab.arm(taught, rich),
        "taught, same view": lab.arm(replace(taught, teacher_view=seen), teacher(seen)),
        "placebo": lab.arm(replace(taught, teacher_view=views.shuffled()), rich),
    }
    gap = less(losses["few labels"], losses["all labels"])
    closed = {
        name: share(less(losses["few labels"], losses[name]), gap)
        for name in ("taught", "taught, same view", "placebo")
    }
    return Outcome(
        expected="taught closes most of the gap between few and all labels, the placebo none of "
        "it; a teacher with the same view less than one with the rich one",
        losses=losses,
        measures={"gap closed": closed},
        findings=[
            expect("share of the gap closed", closed["taught"], ">=", 0.6),
            expect("share closed by the placebo", closed["placebo"], "<=", 0.1, no_effect=0.6),
            expect(
                "by which the rich view teaches better than the same view, nats/char",
                less(losses["taught, same view"], losses["taught"]),
                ">=",
                0.0,
            ),
        ],
    )
