"""Lesson 18: what each sensor shows, who is told what, and how the verdict is computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lessons.l18_expensive_sensors import experiment, sensors
from lessons.l18_expensive_sensors.experiment import AT, Bench, bench
from lessons.l18_expensive_sensors.sensors import HIDDEN, NOTHING, Recipe, TableReader, with_holes
from minigpt import storyland
from minigpt.storyland.holes import theme_posterior

SMALL = experiment.SIZES["ci"]


@pytest.fixture(scope="module")
def small() -> Bench:
    return bench(replace(SMALL, recordings=60, judged=40), 3)


def test_scenes_are_lines_of_their_theme_and_holes_hide_half(small: Bench) -> None:
    both = small.labelled
    told = theme_posterior(sensors.as_lines(both.rich))
    assert (told.argmax(axis=1) == both.theme).all()
    assert told.max(axis=1) == pytest.approx(1)
    hidden, letters = both.cheap == HIDDEN, both.rich != NOTHING
    assert (both.cheap == both.rich)[~hidden].all()
    assert not (hidden & ~letters).any()
    # 140,000 characters: the share's standard deviation is 0.0013; beyond 6 of them 1 in 10^9.
    assert abs(hidden.sum() / letters.sum() - 0.5) < 0.008
    assert storyland.grammar().longest == sensors.PLACES + 1


def test_no_scene_is_in_two_parts_and_seeds_have_their_own(small: Bench) -> None:
    assert (len(small.pool), len(small.new), len(small.labelled)) == (60, 40, experiment.MORE)
    again, other = bench(small.size, 3), bench(small.size, 4)
    assert (again.pool.cheap == small.pool.cheap).all()
    assert not (other.pool.rich == small.pool.rich).all()


def test_teachers_see_their_own_sensor_and_students_the_cheap_one(
    small: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, np.ndarray] = {}
    learned: list[tuple[np.ndarray, np.ndarray]] = []

    def note(who: str) -> Any:
        def teacher(rows: np.ndarray) -> np.ndarray:
            asked[who] = rows
            return np.full((len(rows), 6), 1 / 6)

        return teacher

    def keep(rows: np.ndarray, targets: np.ndarray, *_: Any) -> Any:
        learned.append((rows, targets))
        return note("student")

    monkeypatch.setattr(experiment, "learned", keep)
    small.taught(note("rich teacher"), small.pool.rich, experiment.STUDENT)
    small.taught(note("cheap teacher"), small.pool.cheap, experiment.OWN[AT])
    assert (asked["rich teacher"] == small.pool.rich).all()
    assert (asked["cheap teacher"] == small.pool.cheap).all()
    assert (asked["student"] == small.new.cheap).all()
    assert all((rows == small.pool.cheap).all() for rows, _ in learned)


def test_a_filter_over_holes_agrees_with_storyland_s() -> None:
    """The same on a small machine that is written down: two words, hidden in different places."""
    table = np.zeros((3, 2, 3))  # state 0 writes a (to 1) or b (to 2); then each writes its own
    table[0, 0, 1], table[0, 1, 2] = 0.75, 0.25
    table[1, 0, 1], table[1, 1, 1] = 0.5, 0.5
    table[2, 1, 2] = 1.0
    start = np.array([1.0, 0, 0])
    assert with_holes(start, table, [None, 1]) == pytest.approx([0, 0.6, 0.4])
    assert with_holes(start, table, [None, None]) == pytest.approx([0, 0.75, 0.25])
    assert with_holes(start, table, [None, 0]) == pytest.approx([0, 1, 0])


def test_a_reader_learns_and_leaves_the_global_generator_alone(small: Bench) -> None:
    import torch

    before = torch.random.get_rng_state()
    rows, theme = small.labelled.rich[:400], small.labelled.theme[:400]
    reader = sensors.learned(rows, theme, Recipe(steps=60), 16, 32, seed=0)
    assert bool((torch.random.get_rng_state() == before).all())
    assert sensors.nats(reader(rows), theme) < 1.4  # a guess by frequencies costs 1.7
    assert reader(rows[:3]).sum(axis=1) == pytest.approx(1)


def test_doubtful_scenes_are_left_out_and_rows_stay_in_step() -> None:
    teacher = TableReader(np.array([[3.0, 0.0], [0.1, 0.0]]))
    rich, cheap = np.array([[0], [1], [0]]), np.array([[5], [6], [7]])
    rows, targets = sensors.auto_label(teacher, rich, cheap, 0.9)
    assert rows.tolist() == [[5], [7]]
    assert targets == pytest.approx(teacher(rich)[[0, 2]])


def test_worth_is_read_off_the_curve() -> None:
    assert sensors.worth_in_labels([100, 400, 1600], [1.2, 1.0, 0.6], 0.8) == pytest.approx(800)
    assert sensors.worth_in_labels([100, 400], [1.2, 1.0], 2.0) == pytest.approx(100)
    assert sensors.worth_in_labels([100, 400], [1.2, 1.0], 0.9) == float("inf")


def test_the_verdict_is_about_shares_of_the_gap_at_400_labels() -> None:
    found = {
        "profile": "full",
        "labels": {"100": 1.5, str(AT): 1.0, "1600": 0.7},
        "rich teacher": {str(AT): 0.4},
        "cheap teacher": {str(AT): 0.9},
        "all labels": 0.2,
    }
    assert experiment.values(found) == pytest.approx([0.75, 0.625])
    assert experiment.worth(found, 1.0) == pytest.approx(AT)
    assert experiment.worth(found, 0.2) == pytest.approx(20_000)


def test_scenes_that_there_are_not_get_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensors.storyland, "generate", lambda *_: "ben naps\n")
    with pytest.raises(ValueError, match="the text has 0 scenes, 5 are wanted"):
        sensors.scenes(5, 0.5, 0)
