"""All experiments by name."""

from __future__ import annotations

from collections.abc import Callable

from distill.experiments.lab import Outcome, Profile
from distill.experiments.labels import few_labels, noisy_labels, omitted_character
from distill.experiments.sensors import expensive_sensor
from distill.experiments.targets import forward_or_reverse, sparse_targets, temperature_sweep
from distill.experiments.teaching import born_again, capacity_gap, ensemble_to_one, full_data
from distill.experiments.writing import data_free, on_policy

EXPERIMENTS: dict[str, Callable[[Profile], Outcome]] = {
    one.__name__: one
    for one in (
        few_labels,
        noisy_labels,
        expensive_sensor,
        omitted_character,
        ensemble_to_one,
        sparse_targets,
        forward_or_reverse,
        on_policy,
        data_free,
        born_again,
        full_data,
        temperature_sweep,
        capacity_gap,
    )
}
