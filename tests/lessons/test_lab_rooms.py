"""Maps, walks through them and their floor, against flood fill, counts and enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lessons.lab.worlds import judging
from lessons.lab.worlds.rooms import ALPHABET, MOVES, REPORTS, ROOMS, Rooms


@pytest.mark.parametrize("walls", [0, 12, 16])
def test_a_map_is_whole_and_its_doors_open_both_ways(walls: int) -> None:
    for seed in range(20):
        rooms = Rooms.drawn(seed, walls)
        assert rooms.doors.sum() == 2 * (40 - walls)
        reached = {0}
        for _ in ROOMS:
            reached |= {int(to) for room in reached for to in rooms.to[room] if to >= 0}
        assert len(reached) == 25
        for room, move in np.argwhere(rooms.doors):
            assert rooms.to[rooms.to[room, move], (move + 2) % 4] == room
    assert (Rooms.drawn(1).to == Rooms.drawn(1).to).all()
    assert (Rooms.drawn(1).to != Rooms.drawn(2).to).any()


def test_too_many_walls_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 16 inner walls, got 17"):
        Rooms.drawn(0, 17)


def test_a_walk_says_where_it_is_and_goes_through_doors_only() -> None:
    rooms = Rooms.drawn(3)
    text, track = rooms.walk(5000, np.random.default_rng(0))
    assert len(text) == len(track) == 5000
    assert set(text) == set(ALPHABET)
    assert (rooms.track(text)[1:] == track[1:]).all()
    assert rooms.track(text)[0] == -1
    later = rooms.walk(5000, np.random.default_rng(0))[0][:40]
    assert rooms.walk(40, np.random.default_rng(1))[0] != later == text[:40]


def test_moves_are_as_likely_as_doors_and_reports_come_after_one_in_six() -> None:
    rooms = Rooms.drawn(4)
    text, track = rooms.walk(30_000, np.random.default_rng(0))
    moved = [i for i in range(2, len(text)) if text[i] in MOVES]
    told = np.mean([text[i + 1 : i + 2] == "*" for i in moved])
    assert abs(told - REPORTS) < 0.0125  # 22,500 coins: five standard deviations
    counts = np.zeros((25, 4))
    for i in moved:
        counts[track[i - 1], MOVES.index(text[i])] += 1
    assert (counts[~rooms.doors] == 0).all()
    seen = counts.sum(1)
    # a room with d doors is left through each with 1/d, and visited in proportion to d
    for room, many in enumerate(rooms.doors.sum(1)):
        each = counts[room, rooms.doors[room]] / seen[room]
        assert np.abs(each - 1 / many).max() < 5 * (0.25 / seen[room]) ** 0.5
    visits = rooms.doors.sum(1) / rooms.doors.sum()
    assert np.abs(seen / seen.sum() - visits).max() < 0.017


def test_the_surprise_of_a_walk_is_the_exact_probability_of_what_came() -> None:
    """All continuations of two characters behind a report have probabilities that sum to 1."""
    rooms = Rooms.drawn(5)
    total = 0.0
    for more in itertools.product(ALPHABET, repeat=2):
        try:
            total += float(np.exp(-rooms.surprise("*c" + "".join(more)).sum()))
        except ValueError:
            continue
    assert total == pytest.approx(1)


def test_the_floor_is_what_a_long_walk_costs() -> None:
    for seed, walls in ((0, 12), (1, 0)):
        rooms = Rooms.drawn(seed, walls)
        text, _ = rooms.walk(20_000, np.random.default_rng(seed))
        assert rooms.surprise(text).mean() == pytest.approx(rooms.floor, abs=0.017)


@pytest.mark.parametrize(
    "text", ["*aW", "*aSN*b", "*aS**", "a", "*aSc", "*aSx", "*a*Sa", "*a*a", "*N"]
)
def test_an_impossible_walk_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="impossible here"):
        Rooms.drawn(0, walls=0).track(text)


def test_a_picture_shows_each_inner_wall_once() -> None:
    rooms = Rooms.drawn(6)
    rows = rooms.picture().splitlines()
    inner = sum(row[4:-1:4].count("|") for row in rows[1::2])
    inner += sum(row.count("---") for row in rows[2:-1:2])
    assert inner == 12
    assert [c for row in rows[1::2] for c in row if c.isalpha()] == list(ROOMS)


def test_what_is_on_open_doors_is_a_share_of_the_moves_alone() -> None:
    logprobs = np.log(np.array([[0.1, 0.2, 0.3, 0.2, 0.2], [0.5, 0.1, 0.1, 0.3, 0.0001]]))
    moves, doors = np.array([1, 2, 3, 4]), np.array([[1, 0, 1, 0], [0, 1, 0, 0]], bool)
    found = judging.on_open_doors(logprobs, moves, doors)
    assert found == pytest.approx([0.4 / 0.9, 0.1 / 0.5001])
    assert judging.among_moves(logprobs, moves)[0] == pytest.approx(
        np.array([0.2, 0.3, 0.2, 0.2]) / 0.9
    )
    assert (judging.among_moves(logprobs, moves) * doors).sum(1) == pytest.approx(found)


def test_histories_are_told_apart_by_all_pairs() -> None:
    rng = np.random.default_rng(0)
    said, rooms = rng.dirichlet(np.ones(4), 12), rng.integers(0, 3, 12)
    same: list[float] = []
    different: list[float] = []
    for i, j in itertools.combinations(range(12), 2):
        far = np.maximum(said[i] - said[j], 0).sum()  # total variation, written otherwise
        (same if rooms[i] == rooms[j] else different).append(far)
    assert judging.told_apart(said, rooms) == pytest.approx((np.mean(same), np.mean(different)))
