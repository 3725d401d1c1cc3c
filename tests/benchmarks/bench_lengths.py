"""Would a longer run than the sweep offers have suited distill's students of few labels?

Idea:   ensemble_to_one and expensive_sensor offer labels alone at most as many steps as every
        other arm has, and labels took them (born_again and data_free did, too). This trains longer
        ones: on the sweep's seed, printing the loss that the sweep chooses by (best checkpoint,
        choosing half) and the judging half's; then on pilot seeds, where labels get the operations
        that the student born again takes, its teacher's answers included, or half as many steps
        again.
Run:    nice python -m tests.benchmarks.bench_lengths     (two minutes; --threads is always 1)
Omits:  judged seeds: no record changes by this. The rate of each arm is that of its record.
"""

from __future__ import annotations

from dataclasses import replace

from distill.comparison.arms import best_choose
from distill.comparison.costs import equal_compute_steps
from distill.distillation import distill
from distill.experiments.lab import PROFILES, SWEEP_SEED, TEACHERS, Lab
from distill.experiments.outcome import less
from distill.experiments.table import PILOTS
from distill.settings import DistillConfig
from distill.teachers import ModelTeacher
from labkit.experiment import interval

LENGTHS = (1.0, 1.5, 2.0, 3.0)
"""Multiples of the steps of every arm."""
RATE = 2.0
"""Rate of the student born again, as in its record: times the profile's."""


def main() -> None:
    """Print the losses of labels alone by length, then what is left of born_again's gain."""
    profile = replace(PROFILES["full"], seeds=3, first_seed=PILOTS)
    lab, few = Lab(profile), DistillConfig(alpha=0.0, data_fraction=PROFILES["full"].few)
    for length in LENGTHS:
        student = lab.student(SWEEP_SEED, length)
        result = distill(student, None, lab.corpus, few)
        print(
            f"seed {SWEEP_SEED}, {student.steps} steps: {best_choose(result):.4f} nats/char, "
            f"judging half {result.judge_loss:.4f}",
            flush=True,
        )
    losses: dict[str, list[float]] = {}
    for seed in profile.judged:
        peer = ModelTeacher(distill(lab.student(TEACHERS + 10 * seed), None, lab.corpus, few).model)
        fair = equal_compute_steps(profile.student, peer, len(lab.tokenizer))
        for length in (1.0, fair / profile.student.steps, LENGTHS[1]):
            student = lab.student(seed, length)
            result = distill(student, None, lab.corpus, few)
            losses.setdefault(f"labels, {student.steps} steps", []).append(result.judge_loss)
        taught = replace(few, alpha=0.9)
        result = distill(lab.student(seed, rate=RATE), peer, lab.corpus, taught)
        losses.setdefault("born again", []).append(result.judge_loss)
    again = losses.pop("born again")
    print(f"born again: {interval(again)} nats/char")
    for arm, found in losses.items():
        gained = interval(less(found, again))
        print(f"{arm}: {interval(found)} nats/char; born again is ahead by {gained}")


if __name__ == "__main__":
    main()
