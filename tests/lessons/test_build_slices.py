"""A notebook's story shares names with the exercises; a function is cut out without it."""

from __future__ import annotations

from typing import Any

from lessons.engine.answers.slicing import needed
from lessons.engine.building.build import solution
from lessons.engine.catalogue import find
from lessons.engine.checking.check import flags_of

STORY = [
    "import numpy as np",
    "p = np.array([0.5, 0.5])\nEPS = np.float64(1e-9)",
    "import numpy as np\n\n\ndef f(x):\n    p = np.exp(x)\n\n"
    "    def g(q):\n        return q + p + EPS\n\n    return [y for y in g(p)]",
]


def test_a_functions_own_variables_are_not_the_storys() -> None:
    source = needed("f", STORY)
    assert source is not None
    assert "np.array" not in source


def test_what_it_needs_finds_its_imports_in_time() -> None:
    """EPS is made by the first `import numpy`; the last one comes too late for it."""
    source = needed("f", STORY)
    assert source is not None
    space: dict[str, Any] = {}
    exec(source, space)
    assert len(space["f"]([0.0, 1.0])) == 2


def test_a_function_that_cannot_be_compiled_is_still_found() -> None:
    source = needed("f", ["def f(x):\n    global x\n    return x"])
    assert source is not None
    assert source.startswith("def f(x)")


def test_a_solution_copied_out_of_its_notebook_is_flagged() -> None:
    """There it imports its helpers instead of having them beside it."""
    exercises = find("prediction_is_compression").exercises()
    for exercise in exercises:
        copied = solution(exercise)
        assert "identical to the published solution" in flags_of(exercise, copied)
        for variant in exercise.variants:
            flags = flags_of(exercise, variant.source)
            assert "identical to the published solution" not in flags
