"""What of the teacher's distribution is needed, and which way to measure the distance to it.

Idea:   all of it, a few draws, or the top few; forward, reverse or between; at which temperature.
Source: sparse targets: Anshumann et al. 2025, arXiv:2503.16870; directions: Agarwal et al. 2023,
        arXiv:2306.13649; temperature 1 for language: Busbridge et al. 2025, arXiv:2502.08606.
Run:    python -m distill.experiments sparse_targets
Omits:  adaptive temperatures.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from distill import cache as caching
from distill.experiments.lab import Lab, Outcome, Profile, expect, judged, less
from distill.settings import DistillConfig
from distill.teachers import predict
from minigpt.loop import TrainResult
from minigpt.sample import generate


def sparse_targets(profile: Profile, k: int = 3) -> Outcome:
    """The whole distribution, k draws from it, its top k with a tail and renormalised."""
    lab = Lab(profile)
    config = DistillConfig(alpha=1.0, data_fraction=profile.few)
    losses = {}
    with tempfile.TemporaryDirectory() as folder:
        kinds: tuple[tuple[str, caching.Kind], ...] = (
            ("dense", "dense"),
            ("sampled", "sampled"),
            ("bucket", "topk"),
            ("renormalise", "topk"),
        )
        for name, kind in kinds:
            cache = caching.build(
                Path(folder) / kind,
                lab.truth,
                lab.ids(profile.few),
                caching.CacheConfig(kind=kind, context=profile.student.model.context, k=k),
            )
            tail: Literal["bucket", "renormalise"] = (
                "renormalise" if name == "renormalise" else "bucket"
            )
            losses[name] = lab.arm(replace(config, tail=tail), cache=cache)
            del cache  # the folder is removed; Windows keeps mapped files
    return Outcome(
        expected="renormalised is the worst; draws are near the whole distribution",
        losses=losses,
        findings=[
            expect(
                "lost by draws against all of it, nats/char",
                less(losses["sampled"], losses["dense"]),
                "<=",
                0.03,
                no_effect=0.1,
            ),
            expect(
                "lost by renormalising against a bucket for the rest, nats/char",
                less(losses["renormalise"], losses["bucket"]),
                ">=",
                0.02,
            ),
        ],
    )


def forward_or_reverse(profile: Profile) -> Outcome:
    """The two directions, and the one between; and how well and how variedly each one writes."""
    lab = Lab(profile)
    config = DistillConfig(alpha=1.0, data_fraction=profile.few)
    runs = {
        "forward": lab.train(config, lab.truth),
        "jsd": lab.train(replace(config, direction="jsd"), lab.truth),
        "reverse": lab.train(replace(config, direction="reverse"), lab.truth),
    }
    losses = {name: judged(found) for name, found in runs.items()}

    def written(result: TrainResult) -> tuple[float, float]:
        rng = np.random.default_rng(0)
        texts = generate(result.model, n=32, length=100, rng=rng)
        ids = np.stack([lab.tokenizer.encode(text) for text in texts]).astype(np.int64)
        by_teacher, by_itself = (
            -np.take_along_axis(predict(model, ids[:, :-1]), ids[:, 1:, None], -1).mean()
            for model in (lab.truth, result.model)
        )
        return float(by_teacher), float(by_itself)

    said = {name: [written(result) for result in found] for name, found in runs.items()}
    marked = {name: [pair[0] for pair in pairs] for name, pairs in said.items()}
    varied = {name: [pair[1] for pair in pairs] for name, pairs in said.items()}
    return Outcome(
        expected="forward has the lowest loss, which is what forward KL makes small; what reverse "
        "writes is likelier to the teacher, and less varied",
        losses=losses,
        measures={
            "its own text to the teacher, nats/char": marked,
            "entropy of what it writes, nats/char": varied,
        },
        findings=[
            expect(
                "forward's loss below reverse's, nats/char",
                less(losses["reverse"], losses["forward"]),
                ">=",
                0.01,
            ),
            expect(
                "reverse's own text likelier to the teacher by, nats/char",
                less(marked["forward"], marked["reverse"]),
                ">=",
                0.05,
            ),
            expect(
                "entropy that reverse lacks against forward, nats/char",
                less(varied["forward"], varied["reverse"]),
                ">=",
                0.02,
            ),
        ],
    )


def temperature_sweep(profile: Profile, heats: Sequence[float] = (0.5, 1.0, 2.0, 4.0)) -> Outcome:
    """The same teacher at several temperatures."""
    lab = Lab(profile)
    config = DistillConfig(alpha=1.0, data_fraction=profile.few)
    losses = {
        f"T={heat:g}": lab.arm(replace(config, temperature=heat), lab.truth) for heat in heats
    }
    others = [losses[f"T={heat:g}"] for heat in heats if heat != 1]
    best = min(others, key=lambda arm: float(np.mean(arm)))
    return Outcome(
        expected="no gain over 1: only there is the loss that which is measured",
        losses=losses,
        findings=[
            expect(
                "gain of the best other temperature over 1, nats/char",
                less(losses["T=1"], best),
                "<=",
                0.01,
                no_effect=0.05,
            )
        ],
    )
