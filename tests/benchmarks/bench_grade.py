"""How long a class takes to grade, and one check after the first.

Run:  python tests/benchmarks/bench_grade.py [STUDENTS]

Makes a class of notebooks from the lessons there are: each answer is the solution, another right
answer, a known wrong one, now and then an endless loop, or nothing. A class has 30 students unless
another number is given. The goal is 30 minutes for 30 students and 22 lessons on two cores, and
0.3 s for a check after the first.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from lessons.engine import catalogue
from lessons.engine.answers import source as sources
from lessons.engine.checking import learner
from lessons.engine.checking.check import check_source
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Exercise
from lessons.engine.grading.grade import Grade, main

STUDENTS = 30
LOOPS, UNTOUCHED = 0.01, 0.05
"""Shares of answers that never end, and of exercises left as they were."""


def answer(exercise: Exercise, rng: random.Random) -> str:
    """What a student might hand in."""
    chance = rng.random()
    if chance < LOOPS:
        return f"def {exercise.name}(*args, **kwargs):\n    while True:\n        pass\n"
    if chance < LOOPS + UNTOUCHED:
        return learner.stub(exercise)
    right = [v.source for v in exercise.variants]
    right.append(sources.solution(exercise.solution, exercise.name))
    wrong = [w.source for w in exercise.wrong if w.outcome == "fail"]
    return rng.choice(right if rng.random() < 0.6 else wrong)


def hand_in(folder: Path, students: int) -> None:
    """A roster and a folder with a notebook a lesson for every student."""
    rng = random.Random(0)
    names = [f"student{i:03d}" for i in range(students)]
    (folder / "roster.csv").write_text("student\n" + "\n".join(names) + "\n", encoding="utf-8")
    for name in names:
        (folder / "handed" / name).mkdir(parents=True)
        for lesson in catalogue.lessons():
            cells = ["import numpy as np\nimport torch"]
            for exercise in lesson.exercises():
                cells.append(f'{answer(exercise, rng)}\n\ncheck("{exercise.id}", {exercise.name})')
            rows = [{"cell_type": "code", "source": cell, "metadata": {}} for cell in cells]
            path = folder / "handed" / name / f"{lesson.slug}.ipynb"
            path.write_text(json.dumps({"cells": rows, "nbformat": 4}), encoding="utf-8")


def one_check(exercises: list[Exercise]) -> None:
    """Seconds of a check of the solution, after the first."""
    with Sandbox() as sandbox:
        began = time.perf_counter()
        sandbox.start()
        print(f"sandbox starts in {time.perf_counter() - began:.2f} s")
        for exercise in exercises:
            source = sources.solution(exercise.solution, exercise.name)
            check_source(exercise, source, sandbox)
            seconds = [check_source(exercise, source, sandbox).seconds for _ in range(5)]
            print(f"{exercise.id}  {statistics.median(seconds):.3f} s a check")


if __name__ == "__main__":
    known = [exercise for lesson in catalogue.lessons() for exercise in lesson.exercises()]
    one_check(known)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        hand_in(place, count)
        start = time.perf_counter()
        settings = Grade(
            submissions=place / "handed", roster=place / "roster.csv", out=place / "grades.csv"
        )
        main(settings, lambda line: print(line) if line.startswith(str(place)) else None)
        took = time.perf_counter() - start
    total = count * len(known)
    print(f"{total} answers of {count} students in {took:.0f} s, {took / total:.3f} s each")
