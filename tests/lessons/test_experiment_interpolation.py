"""Lesson 15: gaps that are alike but for their parts, distances, rivals, and both effects."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_cdt

from lessons.l15_interpolation import drawing, experiment, gaps, plane, rivals
from lessons.lab.answers import exact
from lessons.lab.problems import addition

SEEDS = (0, 1, 90)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_two_cuts_of_a_shape_differ_in_their_parts_alone(seed: int) -> None:
    """Distances are those of a chess king, by scipy; the table of parts has what it needs exactly
    in gaps that leave all parts shown."""
    for shape, kinds in experiment.planes(seed).items():
        seen = kinds == plane.SEEN
        king = distance_transform_cdt(~seen, metric="chessboard")
        counts = []
        for parts in (plane.SHOWN, plane.NEW):
            asked = np.argwhere(kinds == f"{shape}, {parts}")
            some = asked[::9]
            assert gaps.nearest(np.argwhere(seen), some).tolist() == king[tuple(some.T)].tolist()
            counts.append(np.bincount(king[tuple(asked.T)], minlength=6) / len(asked))
            known = rivals.table(np.argwhere(seen), asked)
            assert known.tolist() == gaps.parts_seen(np.argwhere(seen), asked).tolist()
            assert known.all() if parts == plane.SHOWN else not known.any()
        assert len(counts[0]) == len(counts[1]) == 6  # 1 to 5 away
        assert counts[0] == pytest.approx(counts[1], abs=0.01)  # beside single sums left out
        lone = np.argwhere(kinds == plane.SCATTERED)
        assert 300 < len(lone) < 550
        assert rivals.table(np.argwhere(seen), lone).all()


def test_outside_is_beyond_one_edge_and_inside_beyond_none() -> None:
    for shape, kinds in experiment.planes(3).items():
        seen = np.argwhere(kinds == plane.SEEN)
        for parts in (plane.SHOWN, plane.NEW):
            asked = np.argwhere(kinds == f"{shape}, {parts}")
            beyond = (asked > seen.max(0)).sum(axis=1) + (asked < seen.min(0)).sum(axis=1)
            assert set(beyond) == {int(shape == plane.EDGE)}


def test_parts_are_looked_up_place_by_place() -> None:
    rng = np.random.default_rng(0)
    seen, asked = rng.integers(100, size=(60, 2)), rng.integers(100, size=(200, 2))
    wanted = [
        any(((q - p) % 10 == 0).all() for q in seen)
        and any((p // 10 == q // 10).all() for q in seen)
        for p in asked
    ]
    assert gaps.parts_seen(seen, asked).tolist() == wanted
    assert 0 < np.mean(wanted) < 1


def test_the_nearest_example_is_right_if_its_sum_is_the_same() -> None:
    """Two of the three nearest lie off the diagonal of equal sums."""
    seen = np.array([[20, 9], [20, 10], [20, 11]])
    assert rivals.neighbour(seen, np.array([[21, 10]])).tolist() == [pytest.approx(1 / 3)]
    assert rivals.neighbour(seen, np.array([[30, 10], [20, 12]])).tolist() == [0.0, 0.0]


def test_the_table_of_parts_needs_the_carry() -> None:
    seen = np.array([[14, 25], [38, 47], [18, 27]])
    asked = np.array([[14, 25], [18, 25], [14, 47], [18, 27], [34, 45]])
    assert rivals.table(seen, asked).tolist() == [True, False, False, True, False]
    assert rivals.table(seen, np.array([[34, 45], [38, 47]])).tolist() == [False, True]


def planted(rule: object) -> dict[str, float]:
    """Both effects if a sum is right by a rule of kind and distance."""
    judged = {}
    for i, kind in enumerate(plane.KINDS):
        distance = np.repeat(np.arange(1, 6), [5 + i, 4, 3, 2, 1])
        judged[kind] = {
            "distance": distance,
            "by rule": np.array([rule(kind, d) for d in distance]),  # type: ignore[operator]
        }
    return experiment.effects(judged, "by rule")


def test_effects_are_those_that_were_planted() -> None:
    assert planted(lambda kind, d: plane.EDGE not in kind) == {"inside": 1.0, "parts": 0.0}
    assert planted(lambda kind, d: plane.SHOWN in kind) == {"inside": 0.0, "parts": 1.0}
    only_near = planted(lambda kind, d: d < 3)
    assert only_near == {"inside": 0.0, "parts": 0.0}
    block = planted(lambda kind, d: plane.SHOWN in kind or "block" in kind)
    assert block == {"inside": pytest.approx(1 / 4), "parts": pytest.approx(2 / 3)}


def test_a_map_is_packed_and_unpacked_and_odd_seeds_turn_it() -> None:
    correct = np.random.default_rng(0).random((100, 100)) < 0.5
    packed = np.packbits(correct).tobytes().hex()
    assert np.array_equal(drawing.unpacked(packed), correct)
    drawn = plane.layout(plane.EDGE, np.random.default_rng([7, 2]))
    assert np.array_equal(experiment.planes(7)[plane.EDGE], drawn.T)


def test_answers_of_an_untrained_network_are_judged_by_the_task() -> None:
    net = experiment.trained(np.ones((100, 100), bool), experiment.SIZES["ci"], 0, 0.02)
    correct = experiment.right(net)
    problems = addition().draw(np.random.default_rng(0), 300, 2)
    found = exact(net, problems, experiment.SUMS)
    pairs = np.array([[int(q[:2]), int(q[3:5])] for q, _ in problems])
    assert found.tolist() == correct[tuple(pairs.T)].tolist()
