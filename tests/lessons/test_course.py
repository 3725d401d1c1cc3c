"""The course as a whole: its parts, what each lesson builds on, the courses of TEACHING.md."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lessons.engine import catalogue, course
from lessons.engine.practice import studying

ROOT = Path(catalogue.__file__).parents[2]
TEACHING = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
LESSONS = [lesson for lesson in catalogue.lessons() if lesson.number < catalogue.FIRST]


def _lesson(number: int, *needs: int) -> Any:
    return SimpleNamespace(number=number, needs=needs, name=f"lesson_{number}")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_a_lesson_says_what_it_needs_and_how_long_it_takes(lesson: catalogue.Lesson) -> None:
    assert all(number < lesson.number for number in lesson.needs)
    assert "You need" in lesson._prose()
    assert lesson.minutes is not None
    assert 0 < lesson.minutes[0] < lesson.minutes[1]


def test_needs_are_read_from_the_sentence(tmp_path: Path) -> None:
    text = "# %% [markdown]\n# # A title\n#\n# Lesson 7 is near. You need lessons 1, 2 and\n"
    (tmp_path / "lesson.py").write_text(
        text + "# 12 (loss), a vector, and lesson 4. Lesson 8 no.\n"
    )
    lesson = catalogue.Lesson(number=13, name="x", folder=tmp_path)
    assert (lesson.needs, lesson.minutes, lesson.title) == ((1, 2, 4, 12), None, "A title")


def test_what_was_begun_comes_first_then_what_needs_nothing_more() -> None:
    some = [_lesson(1), _lesson(2, 1), _lesson(3, 2), _lesson(4), _lesson(5, 4)]

    def order(done: set[int], begun: set[int]) -> list[int]:
        return [lesson.number for lesson in course.ordered(some, done, begun)]

    assert order(set(), set()) == [1, 4, 2, 3, 5]
    assert order({4}, set()) == [1, 4, 5, 2, 3]
    assert order({1, 2}, {5}) == [5, 1, 2, 3, 4]
    assert course.missing(some[4], {1}) == [4]


def test_the_list_has_every_lesson_under_its_part(capsys: pytest.CaptureFixture[str]) -> None:
    studying.list_lessons(studying.List())
    blocks = capsys.readouterr().out.strip().split("\n\n")[1:]
    shown = {block.split("\n")[0]: block.split("\n")[1:] for block in blocks}
    for part, some in course.in_parts(catalogue.lessons()).items():
        lines = shown.pop(course.TITLES[part])
        assert [int(line[:2]) for line in lines] == [lesson.number for lesson in some]
        assert all(lesson.title in line for lesson, line in zip(some, lines))
    assert not shown


def test_the_ready_courses_are_whole_and_add_up() -> None:
    """Each course has the lessons that its lessons need, and its minutes are their sum."""
    known = {lesson.number: lesson for lesson in LESSONS}
    rows = re.findall(r"^\| \*\*One \w+\*\*[^|]*\| ([\d, ]+) \| (\d+) to (\d+) \|", TEACHING, re.M)
    assert len(rows) == 3
    for row, low, high in rows:
        chosen = [int(number) for number in row.split(",")]
        for number in chosen:
            assert set(known[number].needs) <= set(chosen), number
        minutes = [known[number].minutes or (0, 0) for number in chosen]
        assert (int(low), int(high)) == tuple(map(sum, zip(*minutes)))
    assert chosen == sorted(known)  # the last course is all of it
    asked = re.findall(r"^\| (\d+) (\w+) \| [^|]+ \|$", TEACHING, re.M)
    assert {(int(n), name) for n, name in asked} == {(x.number, x.name) for x in LESSONS}
