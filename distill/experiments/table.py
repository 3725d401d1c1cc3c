"""All experiments by name, with their numbers of seeds."""

from __future__ import annotations

from collections.abc import Callable

from distill.experiments.lab import Profile
from distill.experiments.labels import few_labels, noisy_labels, omitted_character
from distill.experiments.mixing import mixture_teacher
from distill.experiments.outcome import Outcome
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
        mixture_teacher,
    )
}

SEEDS: dict[str, int] = {
    "few_labels": 4,
    "noisy_labels": 3,
    "ensemble_to_one": 6,
    "sparse_targets": 5,
    "forward_or_reverse": 20,
    "on_policy": 4,
    "data_free": 20,
    "born_again": 20,
    "temperature_sweep": 20,
    "capacity_gap": 20,
    "expensive_sensor": 4,
    "omitted_character": 5,
    "full_data": 6,
    "mixture_teacher": 20,
}
"""Number of seeds that judge each experiment, from its pilots (seeds 90 to 92): as many as decide
with 90 % if the truth is as far from the threshold as the pilots (labkit.experiment.seeds_needed),
3 to 20."""

FIRST_SEEDS: dict[str, int] = {
    "data_free": 30,
    "born_again": 30,
    "capacity_gap": 30,
    "full_data": 30,
}
"""First seed of experiments that have been changed since they were judged on the profile's seeds.
"""

PILOTS = 90
"""The first seed that is never judged: such seeds fix the criteria and the numbers of seeds."""

REPLACED: dict[str, str] = {
    "few_labels": "the gap was measured from the student's own labels alone, which an n-gram of "
    "the same labels beats",
    "noisy_labels": "the teacher was the source itself, and no wrong label entered the taught arm; "
    "what noise costs labels alone is a sanity check",
    "expensive_sensor": "what a shuffled sensor teaches is a sanity check; teachers of one seed "
    "stood for all",
    "omitted_character": "one teacher stood for all, and the rate was that of labels",
    "ensemble_to_one": "nothing told soft targets from mere smoothing; all seeds shared one set of "
    "peers",
    "sparse_targets": "one learning rate served four losses that differ in scale",
    "forward_or_reverse": "only forward had a learning rate that suits it, so that reverse ended "
    "untrained; the teacher was the source, and forward KL from it is the loss that is measured",
    "on_policy": "what was measured, the distance to the teacher on own text over that on real "
    "text, is what the arm is trained on",
    "data_free": "the writer was the source itself: its text was more real text; then few real "
    "labels had no run longer than 300 steps, and took the longest",
    "born_again": "nothing told soft targets from mere smoothing; all seeds shared one teacher; "
    "then labels and smoothing had no run longer than 300 steps, and took the longest",
    "full_data": "one teacher stood for all, and undecided was to be expected of three seeds; then "
    "the teacher was no better than labels at equal compute, so that it had nothing to teach",
    "temperature_sweep": "the teacher was the source itself, and temperature 1 is then the measure",
    "capacity_gap": "one teacher of each width stood for all, and undecided was to be expected of "
    "three seeds; then the ends alone were compared, and not the teacher between them, who taught "
    "better than either",
}
"""What was wrong with earlier experiments, whose records are in results/replaced.
"""
