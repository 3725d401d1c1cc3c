"""Every experiment runs in its ci profile, cut further down, and gives paired finite losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from distill import experiments

TINY = replace(
    experiments.PROFILES["ci"], student=replace(experiments.PROFILES["ci"].student, steps=8)
)


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_every_experiment_runs(name: str) -> None:
    found = experiments.EXPERIMENTS[name](TINY)
    assert found.expected
    assert len(found.losses) >= 2
    for losses in found.losses.values():
        assert len(losses) == TINY.seeds
        assert np.isfinite(losses).all()


def test_wrong_labels_cost_and_a_teacher_does_not_read_them() -> None:
    """Two seeds of 60 steps, deterministic."""
    found = experiments.noisy_labels(experiments.PROFILES["ci"])
    noisy, clean = found.gain("clean labels", "noisy labels"), found.gain("taught", "clean labels")
    assert noisy.value > 0.1
    assert clean.value > -0.1
