"""The parts of the course, in the order of its front page.

Idea:   a part is a list of lessons' names. A lesson that no part names is shown last: a class's
        own, from number 51 on, under its own heading.
Run:    used by lessons.engine.book
"""

from __future__ import annotations

from collections.abc import Sequence

from lessons.engine.building.new import FIRST
from lessons.engine.catalogue import Lesson

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
"""Names of lessons, those still to come included, by the key of the part's title in strings.json.
"""


def in_parts(lessons: Sequence[Lesson]) -> dict[str, list[Lesson]]:
    """Every lesson in one part, in the order given; parts without a lesson are left out.

    Keys are those of `PARTS`, then "more" and, from number 51 on, "own".
    """
    of = {name: part for part, names in PARTS.items() for name in names}
    found: dict[str, list[Lesson]] = {part: [] for part in (*PARTS, "more", "own")}
    for lesson in lessons:
        rest = "own" if lesson.number >= FIRST else "more"
        found[of.get(lesson.name, rest)].append(lesson)
    return {part: some for part, some in found.items() if some}
