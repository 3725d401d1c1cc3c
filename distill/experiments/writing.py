"""Text that nobody wrote: the teacher's, and the student's own.

Idea:   a teacher can write the text it teaches on, and a student can be marked on what it wrote
        itself, so that it meets its own mistakes before it has to go on after them.
Source: data-free: sequence-level distillation, Kim & Rush 2016, arXiv:1606.07947; on-policy:
        Agarwal et al. 2023, arXiv:2306.13649; exposure error: Arora et al. 2022, arXiv:2204.01171.
Run:    python -m distill.experiments on_policy
Omits:  filtering of what was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from distill.evaluate import exposure_error
from distill.experiments.lab import Lab, Outcome, Profile, expect, judged, less
from distill.settings import DistillConfig
from minigpt.sample import generate


def data_free(profile: Profile) -> Outcome:
    """No real text at all: the teacher writes it, and gives labels alone, or what it thought."""
    lab = Lab(profile)
    few = DistillConfig(alpha=0.0, data_fraction=profile.few)
    real = lab.few_labels_alone(few)
    length = len(lab.corpus.train)
    rng = np.random.default_rng(0)
    streams = generate(lab.truth, n=32, length=-(-length // 32), rng=rng)
    written = "".join(streams)[:length]
    lab.corpus = replace(lab.corpus, text=written + lab.corpus.held_out)
    every = DistillConfig(alpha=0.0)
    losses = {
        "few real labels": real,
        "written, hard": lab.arm(every),
        "written, soft": lab.arm(replace(every, alpha=1.0), lab.truth),
    }
    return Outcome(
        expected="both beat few real labels; soft beats hard by less than labels were short",
        losses=losses,
        findings=[
            expect(
                "written text over few real labels, nats/char",
                less(real, losses["written, hard"]),
                ">=",
                0.02,
            ),
            expect(
                "soft over hard, nats/char",
                less(losses["written, hard"], losses["written, soft"]),
                ">=",
                0.0,
            ),
        ],
    )


def on_policy(profile: Profile, shares: Sequence[float] = (0.0, 0.5)) -> Outcome:
    """The student writes a share of what it is marked on; loss and exposure error on real text."""
    lab = Lab(profile)
    judge = lab.tokenizer.encode(lab.corpus.judge)
    runs = {
        f"own {share:g}": lab.train(
            DistillConfig(alpha=1.0, data_fraction=profile.few, on_policy=share), lab.truth
        )
        for share in shares
    }
    losses = {name: judged(found) for name, found in runs.items()}
    exposed = {
        name: [
            exposure_error(r.model, lab.truth, judge, streams=64, rng=np.random.default_rng(0))
            for r in found
        ]
        for name, found in runs.items()
    }
    none, own = (f"own {share:g}" for share in (min(shares), max(shares)))
    return Outcome(
        expected="the loss on real text is no lower; what falls is exposure error",
        losses=losses,
        measures={"exposure error at 200 characters": exposed},
        findings=[
            expect("exposure error that goes away", less(exposed[none], exposed[own]), ">=", 0.0),
            expect(
                "gain in loss on real text, nats/char",
                less(losses[none], losses[own]),
                "<=",
                0.0,
                no_effect=0.05,
            ),
        ],
    )
