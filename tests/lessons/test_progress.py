"""Ticks, tries and reviews; and what is wrong with the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from labkit import files
from lessons.engine.exercise import Result
from lessons.engine.practice import progress
from lessons.engine.practice.progress import Record

TODAY = date(2026, 11, 22)
PASS = Result(exercise="90.1", status="pass")
FAIL = Result(exercise="90.1", status="fail", expected="sums to 1")
CODE = "def f(x):\n    return x\n"


def test_right_at_once_needs_no_review() -> None:
    record = progress.after_check(Record(), PASS, CODE, TODAY)
    assert (record.tries, record.due, record.ever_passed) == (1, "", True)
    assert record.passed == progress.code_hash(CODE)


def test_what_went_wrong_comes_back_after_1_3_and_7_days() -> None:
    record = progress.after_check(Record(), FAIL, CODE, TODAY)
    assert (record.missed, record.due, record.passed) == (["sums to 1"], "", "")
    record = progress.after_check(record, PASS, CODE, TODAY)
    day, gaps = TODAY, []
    while record.due:
        due = date.fromisoformat(record.due)
        assert not progress.is_due(record, due - timedelta(days=1))
        assert progress.is_due(record, due)
        gaps.append((due - day).days)
        day = due
        record = progress.after_review(record, True, day)
    assert gaps == [1, 3, 7]
    assert record.reviewed == 3


def test_a_review_gone_wrong_starts_again() -> None:
    record = replace(Record(ever_passed=True, due="2026-11-22", missed=["x"]), reviewed=2)
    record = progress.after_review(record, False, TODAY)
    assert (record.reviewed, record.due) == (0, "2026-11-23")


def test_a_later_failure_takes_neither_the_tick_nor_the_reviews() -> None:
    record = progress.after_check(Record(), FAIL, CODE, TODAY)
    record = progress.after_check(record, PASS, CODE, TODAY)
    other = CODE.replace("return x", "return -x")
    record = progress.after_check(record, FAIL, other, TODAY + timedelta(days=1))
    assert (record.tries, record.ever_passed, record.due) == (3, True, "2026-11-23")
    assert (record.passed, record.passed_on) == (progress.code_hash(CODE), "2026-11-22")
    assert progress.has_passed(record, CODE)
    assert not progress.has_passed(record, other)
    again = progress.after_check(record, PASS, CODE, TODAY + timedelta(days=5))
    assert again.due == "2026-11-23"


def test_another_right_answer_takes_nothing_from_the_first() -> None:
    record, codes = Record(), [CODE.replace("return x", f"return x + {n}") for n in range(30)]
    for code in codes:
        record = progress.after_check(record, PASS, code, TODAY)
    assert progress.has_passed(record, codes[-1])
    assert progress.has_passed(record, codes[-progress.KEPT - 1])
    assert not progress.has_passed(record, codes[0])  # a file does not grow for ever
    assert not progress.has_passed(Record(), CODE)


def test_an_untouched_exercise_is_no_try() -> None:
    missing = Result(exercise="90.1", status="missing")
    assert progress.after_check(Record(), missing, CODE, TODAY) == Record()


def test_comments_and_layout_do_not_change_the_code() -> None:
    same = "def f(x):\n    '''Doc.'''\n    # why\n    return (x)\n"
    assert progress.code_hash(same) == progress.code_hash(CODE)
    assert progress.code_hash(CODE.replace("return x", "return -x")) != progress.code_hash(CODE)


def test_the_solution_after_a_pass_or_three_tries() -> None:
    assert not progress.may_see_solution(Record(tries=2))
    assert progress.may_see_solution(Record(tries=3))
    assert progress.may_see_solution(Record(tries=1, ever_passed=True))


def test_the_file_comes_back_as_it_was_and_forgives_unknown_fields(tmp_path: Path) -> None:
    records = {"90.1": Record(tries=2, missed=["Größe"]), "01.1": Record(hints=1)}
    progress.save(tmp_path, records)
    assert progress.load(tmp_path) == records
    found = files.read_json(tmp_path / "progress.json")
    assert found["version"] == 1
    found["exercises"]["90.1"]["of the future"] = 5
    files.write_json(tmp_path / "progress.json", found)
    assert progress.load(tmp_path) == records
    assert progress.load(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "is not JSON: line 1"),
        ("[]", "is not a record of progress"),
        ('{"version": 1, "exercises": [1]}', "is not a record of progress"),
        ('{"version": 2, "exercises": {}}', "written by a newer version"),
    ],
)
def test_a_file_that_is_not_understood(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "progress.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=says):
        progress.load(tmp_path)


def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text('{"versi')
    with pytest.raises(ValueError, match=r"is not JSON.*; move it away to start anew"):
        progress.load(tmp_path)
