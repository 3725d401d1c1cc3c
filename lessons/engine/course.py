"""The course: its parts, and in which order a learner goes through it.

Idea:   a part is a list of lessons' names, those still to come included. A lesson that no part
        names is shown last: a class's own, from number 51 on, under its own heading. A lesson's
        text says what it needs (catalogue.Lesson.needs); the order follows that, then the numbers.
Run:    python -m lessons list
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lessons.engine.catalogue import FIRST, Lesson

PARTS = {
    "prediction": (
        *("next_character", "prediction_is_compression", "world_model", "why_it_trains"),
        *("bigger_is_better", "deep_and_large", "optimisation_was_the_bottleneck"),
        *("data_not_architecture", "one_look_memory", "interpolation", "a_neuron_that_feels"),
    ),
    "small": (
        *("dark_knowledge", "expensive_sensors", "step_back", "company_of_models"),
        *("cognitive_core", "crowd", "composability"),
    ),
    "synthetic": ("three_jokes", "model_collapse", "personas", "climbing_the_stairs"),
}
"""Names of lessons by the key of their part."""
TITLES = {
    "prediction": "Prediction",
    "small": "Small models",
    "synthetic": "Synthetic data",
    "more": "More lessons",
    "own": "Lessons of our own",
}
"""Headings by key, the last two for lessons that no part names."""


def in_parts(lessons: Sequence[Lesson]) -> dict[str, list[Lesson]]:
    """Every lesson in one part, in the order given; parts without a lesson are left out.

    Keys are those of `PARTS`, then "more" and, from number 51 on, "own".
    """
    of = {name: part for part, names in PARTS.items() for name in names}
    found: dict[str, list[Lesson]] = {part: [] for part in TITLES}
    for lesson in lessons:
        rest = "own" if lesson.number >= FIRST else "more"
        found[of.get(lesson.name, rest)].append(lesson)
    return {part: some for part, some in found.items() if some}


def missing(lesson: Lesson, done: Iterable[int]) -> list[int]:
    """Numbers of the lessons that it builds on and that are not among those `done`."""
    return [number for number in lesson.needs if number not in set(done)]


def ordered(lessons: Sequence[Lesson], done: Iterable[int], begun: Iterable[int]) -> list[Lesson]:
    """Lessons in the order to take them up: those begun, those whose needs are done, the others;
    by number within each."""
    done, begun = set(done), set(begun)

    def place(lesson: Lesson) -> tuple[bool, bool, int]:
        number = lesson.number
        return number not in begun, bool(missing(lesson, done)), number

    return sorted(lessons, key=place)
