"""What a verdict does not say, for each experiment: a strict reader's findings afterwards.

Idea:   a criterion written before the run cannot move after it, and may still say less than it
        seems to. What else the same record shows is given beside it, computed from the record.
Run:    python -m distill.experiments results
Omits:  new runs, but for one of the grid's end; what else would have to be tried is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from distill.experiments.lab import PROFILES
from distill.experiments.outcome import less
from distill.experiments.teaching import LONGER
from labkit.experiment import interval

Record = dict[str, Any]


def gap(one: Record, over: str, arm: str) -> str:
    """Loss of `over` minus loss of `arm`, over paired seeds, as an interval in words."""
    return str(interval(less(one["losses"][over], one["losses"][arm])))


def _mean(one: Record, title: str, arm: str) -> str:
    return f"{interval(one['measures'][title][arm]).value:.2f}"


def _capacity_gap(one: Record) -> str:
    teachers = one["measures"]["loss of the teacher itself, nats/char"]
    better = interval(less(teachers["teacher x 2"], teachers["teacher x 4"]))
    return (
        f"The largest teacher is itself better than the middle one by {better} nats/char. Student, "
        "text and number of steps are one each: another student may have its gap elsewhere."
    )


def _forward_or_reverse(one: Record) -> str:
    return (
        "Every direction has its own rate and equally many steps. Reverse is still "
        f"{gap(one, 'reverse', 'forward')} nats/char behind on real text then: these are students "
        "after a short training, and the literature's claim is about long ones."
    )


def _on_policy(one: Record) -> str:
    return (
        "Half the steps is half the updates as well, and as many updates on the real half alone "
        "were not tried: that the student learns from its own text is not told apart from that. "
        f"Beside real windows in its place own text gains {gap(one, 'own 0', 'own 0.5')} nats/char."
    )


def _expensive_sensor(one: Record) -> str:
    same = interval(one["measures"]["gap closed"]["taught, same view"])
    return (
        f"The same view without the rich sensor closes {same} of the gap, so the first row is no "
        'evidence for the sensor. Its teacher has had as many labels as "all labels", of another '
        f"text; soft targets pass those labels by {gap(one, 'all labels', 'taught')} nats/char. "
        "Few labels took the longest run that they were offered; a longer one may narrow the gap. "
        "The half of the text that chooses, 20,000 characters, picks rate and checkpoint of every "
        "arm."
    )


BEYOND = (
    "The rate of taught at all of the text is the last of the grid, which can handicap an arm. "
    "Tried afterwards on the sweep's seed (`python -m tests.benchmarks.bench_rates`, choosing "
    "half, nats/char): 1.835 at x 4, 1.828 at x 8, 1.866 at x 16 and 1.880 at x 32, so a longer "
    "grid would have chosen the same."
)


def _longest(one: Record, most: float = 1.0) -> str:
    """A sentence that names arms which took the longest run on offer, `most` times the steps of the
    profile; empty if none did."""
    steps = round(most * PROFILES["full"].student.steps)
    ends = [arm for arm, what in one["chosen"].items() if f" {steps} steps" in what]
    return f" The longest run on offer was taken by {' and '.join(ends)}." if ends else ""


LONGEST = (
    "Labels took the longest run that they were offered, as many steps as every arm has. Tried "
    "afterwards on the sweep's seed (`python -m tests.benchmarks.bench_lengths`, choosing half, "
    "nats/char): 0.829 at 300 steps, 0.818 at 450, 0.840 at 600 (judging half: 0.820, 0.800, "
    "0.823), so longer runs would have made labels better by 0.01 to 0.02."
)


def _few_labels(one: Record) -> str:
    known = gap(one, "labels, 100%", "teacher")
    return (
        f"At all of the text the teacher is ahead of labels alone by {known} nats/char, and behind "
        f"the n-gram by {gap(one, 'teacher', 'the n-gram itself, 100%')}: nothing was left to "
        f"gain there, by any way of teaching: a sanity check. {BEYOND}"
    )


def _full_data(one: Record) -> str:
    return (
        "The training of the teacher, 1,600 steps at twice the width beside the student's 300, is "
        "on neither side; its compute would train labels for longer still. At equal steps, "
        "teaching gains "
        f"{gap(one, 'labels, equal steps', 'taught')} nats/char; the teacher itself is ahead of "
        f"its student by {gap(one, 'taught', 'teacher')}."
    )


def _omitted_character(one: Record) -> str:
    before, after = (
        _mean(one, title, "taught") for title in ("recall before the fix", "recall after the fix")
    )
    return (
        f"That it is hardly ever predicted before the fix failed: recall is {before} before it and "
        f"{after} after it. What labels alone lack here is a sanity check: they cannot know where "
        "the character belongs."
    )


def _noisy_labels(one: Record) -> str:
    return (
        "The teacher is twice as wide and has 400 steps; the corrected labels had neither equal "
        "compute nor that width. So the verdict says that this teacher helps, not why: whether its "
        'answers are "steadier" was not tested.'
    )


def _born_again(one: Record) -> str:
    return (
        f"Steps are not equal: each arm takes what suits it.{_longest(one, max(LONGER))} Chosen "
        f"for smoothing was {one['chosen']['smoothed']}: the weaker its weight, the nearer it is "
        "to labels alone. The verdicts do not say why such a teacher helps or does not: that it "
        "tells which characters are alike was not tested."
    )


def _ensemble_to_one(one: Record) -> str:
    return (
        "What the members cost to train is in no account, so this is no advice to train several. "
        f"Chosen for smoothing was {one['chosen']['smoothed']}: the weaker its weight, the nearer "
        f"it is to labels alone. {LONGEST} Smoothing took the longest run as well, so the second "
        "row may be that much smaller, which leaves it above its threshold."
    )


def _data_free(one: Record) -> str:
    return (
        f"Steps are not equal: each arm takes what suits it.{_longest(one, max(LONGER))} The half "
        "of the text that chooses, 20,000 real characters, picks length, rate and checkpoint, and "
        "few real labels are 18,000: without any real text nothing was chosen here."
    )


def _sparse_targets(one: Record) -> str:
    return (
        "That renormalised is the worst is a sanity check. Draws are better than the bucket by "
        f"{gap(one, 'bucket', 'sampled')} nats/char."
    )


def _mixture_teacher(one: Record) -> str:
    steps, asking = (
        one["costs"][f"seconds of a processor for {what}"]
        for what in ("a student's steps", "asking its teacher")
    )

    def mean(seconds: dict[str, list[float]], arm: str) -> str:
        return f"{interval(seconds[arm]).value:.1f}"

    network, mixed, heart = "the network, 100%", "the mixture, 100%", "the mixture by heart"
    by_heart = (gap(one, f"the mixture, {some}", f"{heart}, {some}") for some in ("5%", "100%"))
    ends = [arm for arm, what in one["chosen"].items() if what.startswith("rate x 8")]
    told = f" The rate of {' and '.join(ends)} is the last of the grid." if ends else ""
    told += _longest(one)
    return (
        "Beside cross-fitting, teaching by heart gains {} nats/char at 5 % of the text and {} at "
        "all of it. ".format(*by_heart)
        + "All answers for all of the text took "
        f"{mean(asking, mixed)} s of a processor from the mixture and {mean(asking, network)} s "
        f"from the network, beside {mean(steps, mixed)} s for the student's steps; counting and "
        "fitting the gate are in none of these. The teachers' weight, 0.9, was swept in no arm, "
        "and labels had equal steps only (full_data gives them equal compute). The half of the "
        f"text that chooses rates and checkpoints fits the gate as well.{told}"
    )


NOTES: dict[str, Callable[[Record], str]] = {
    "few_labels": _few_labels,
    "noisy_labels": _noisy_labels,
    "expensive_sensor": _expensive_sensor,
    "omitted_character": _omitted_character,
    "ensemble_to_one": _ensemble_to_one,
    "sparse_targets": _sparse_targets,
    "forward_or_reverse": _forward_or_reverse,
    "on_policy": _on_policy,
    "data_free": _data_free,
    "born_again": _born_again,
    "full_data": _full_data,
    "capacity_gap": _capacity_gap,
    "mixture_teacher": _mixture_teacher,
}
"""Experiment -> the note, made from its record."""
