"""Would a rate beyond the end of the sweep's grid have suited distill's taught student better?

Idea:   at all of the text "taught" of few_labels and full_data took the largest rate of the grid.
        This trains it on the sweep's own seed, with the sweep's own teacher, at that rate and
        beyond, and prints the loss that the sweep chooses by (best checkpoint, choosing half).
Run:    nice python -m tests.benchmarks.bench_rates     (about a minute; --threads is always 1)
Omits:  judged seeds: no record changes by this.
"""

from __future__ import annotations

from dataclasses import replace

from distill.comparison.arms import best_choose
from distill.distillation import distill
from distill.experiments.lab import PROFILES, SWEEP_SEED, Lab
from distill.settings import DistillConfig

BEYOND = (2.0, 4.0)
"""Further rates, as multiples of the grid's last."""


def main() -> None:
    """Print the choosing loss at the grid's last two rates and beyond them."""
    profile = replace(PROFILES["full"], seeds=1)
    lab = Lab(profile, real=True)
    (teacher,) = lab.larger(2)
    last = profile.rates[-1]
    for rate in (*profile.rates[-2:], *(last * times for times in BEYOND)):
        student = lab.student(SWEEP_SEED, 1.0, rate)
        found = distill(student, teacher, lab.corpus, DistillConfig())
        print(f"rate x {rate:g}: {best_choose(found):.4f} nats/char", flush=True)


if __name__ == "__main__":
    main()
