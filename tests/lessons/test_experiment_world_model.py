"""Lesson 10: which edits are tried, what they change, when one succeeds, what the verdict is of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from lessons.l10_world_model import edits, experiment, reading
from lessons.lab.recurrent import LSTM, Remembering
from lessons.lab.worlds.rooms import ALPHABET, MOVES, ROOMS, Rooms
from minigpt.layers import GPTConfig
from minigpt.model import GPT

SIZE = experiment.SIZES["ci"]
HERE = experiment.world(SIZE, seed=7)


def network(kind: type[GPT]) -> GPT:
    config = GPTConfig(n_layer=2 if kind is GPT else 1, n_head=1, n_embd=12, context=64)
    net = kind.fresh(config, ALPHABET, 0).eval()
    for weight in (net.head.weight, net.embed_pair.weight):
        torch.nn.init.normal_(weight, generator=torch.Generator().manual_seed(0))
    return net


def test_histories_end_in_moves_and_in_the_room_that_the_map_says() -> None:
    assert len(HERE.judge.texts) == SIZE.histories
    for text, room in zip(HERE.judge.texts, HERE.judge.rooms):
        assert len(text) == edits.LENGTH
        assert set(text[-edits.SURFACE :]) <= set(MOVES)
        assert HERE.rooms.track(text)[-1] == room
    assert HERE.judge.texts != HERE.choose.texts


def test_an_edit_goes_to_a_twin_and_both_walkers_may_walk_on() -> None:
    doors, kind = HERE.rooms.doors, edits.patterns(HERE.rooms)
    assert len(HERE.some.texts) > SIZE.histories // 2
    for was, now, then in zip(HERE.some.was, HERE.some.now, HERE.some.then):
        assert (kind == kind[now]).sum() >= 2
        ends = [HERE.rooms.follow(int(room), then) for room in (was, now)]
        assert min(ends) >= 0
        assert ends[1] != now
        for one, other in ((was, now), ends):
            assert (doors[one] != doors[other]).sum() >= 2


def test_without_twins_there_is_nothing_to_try() -> None:
    """Without inner walls a corner, which alone differs from a hall in two places, has no twin."""
    assert not edits.options(Rooms.drawn(0, walls=0), ROOMS.index("m"))


def test_twins_are_one_to_the_doors_edit_and_two_to_the_map_edit() -> None:
    rng = np.random.default_rng(0)
    states = np.eye(len(ROOMS))[HERE.choose.rooms]  # a state that is the room and nothing else
    some = HERE.some
    found = edits.changes(HERE.rooms, HERE.choose, states, some, rng)
    assert set(found) == {"no edit", *reading.EDITS}
    assert not found["no edit"].any()
    seen = np.isin(some.now, HERE.choose.rooms) & np.isin(some.was, HERE.choose.rooms)
    place = np.flatnonzero(seen)
    assert (found["map"][place, some.now[place]] == 1).all()
    assert (found["map"][place, some.was[place]] == -1).all()
    kind = edits.patterns(HERE.rooms)
    first, second = next(
        (i, j)
        for i in place
        for j in place
        if kind[some.now[i]] == kind[some.now[j]]
        and some.now[i] != some.now[j]
        and kind[some.was[i]] == kind[some.was[j]]
    )
    assert found["doors"][first] == pytest.approx(found["doors"][second])
    assert (found["map"][first] != found["map"][second]).any()


def test_the_surface_is_the_last_three_moves() -> None:
    assert edits.surface(["*aNES", "*bWWW", "*cNNN"]).tolist() == [4 * 1 + 2, 63, 0]


def test_arrivals_really_end_in_the_new_room() -> None:
    texts = edits.arrivals(HERE.choose, HERE.some, np.random.default_rng(0))
    for text, now in zip(texts, HERE.some.now):
        if now in HERE.choose.rooms:
            assert HERE.rooms.track(text)[-1] == now


def truth(start: np.ndarray, step: int) -> np.ndarray:
    ends = [HERE.rooms.follow(int(room), then[:step]) for room, then in zip(start, HERE.some.then)]
    doors = HERE.rooms.doors[ends]
    return doors / doors.sum(1, keepdims=True)


def test_whoever_is_in_the_new_room_succeeds_and_whoever_stays_does_not() -> None:
    new, old = (
        edits.succeeded(HERE.rooms, HERE.some, [truth(start, step) for step in range(3)])
        for start in (HERE.some.now, HERE.some.was)
    )
    assert np.isnan(new).sum(1).tolist()[::2] == [0, 0]  # at once and at the end all can be told
    assert np.nanmin(new) == 1
    assert np.nanmax(old) == 0


def test_more_than_a_tenth_on_walls_is_no_success() -> None:
    doors = HERE.rooms.doors[HERE.some.now]
    walls = ~doors / np.maximum(1, (~doors).sum(1, keepdims=True))
    right = truth(HERE.some.now, 0)
    some = walls.any(1)
    for share, wanted in ((0.09, 1.0), (0.11, 0.0)):
        said = np.where(some[:, None], (1 - share) * right + share * walls, right)
        assert edits.succeeded(HERE.rooms, HERE.some, [said])[0, some] == pytest.approx(wanted)


def test_knowing_the_doors_alone_is_bayes_rule_over_all_walks() -> None:
    """Against counting real walks by their doors, for the commonest case."""
    rooms, some = HERE.rooms, HERE.some
    found = edits.knowing_doors(rooms, some)
    assert found[0] == pytest.approx(truth(some.now, 0))  # twins have the same doors
    kind = edits.patterns(rooms)
    rng = np.random.default_rng(0)
    text, track = rooms.walk(50_000, rng)
    moves = [i for i in range(2, len(text)) if text[i] in MOVES]
    walked = "".join(text[i] for i in moves)
    ends = track[moves]
    counts = np.zeros(4)
    goal, then = kind[some.now[0]], some.then[0]
    for i in range(len(walked) - 4):
        if kind[ends[i]] == goal and walked[i + 1 : i + 3] == then:
            counts[MOVES.index(walked[i + 3])] += 1
    assert counts.sum() > 50
    off = np.abs(counts / counts.sum() - found[2][0]).max()
    assert off < 4 * (0.25 / counts.sum()) ** 0.5


def test_an_edit_of_nothing_changes_nothing_and_an_lstm_keeps_an_edit() -> None:
    net, some = network(LSTM), HERE.some
    reader = Remembering(net)
    states = edits.kept(reader, some.texts)
    assert states.shape == (len(some.texts), 2 * 12)
    plain = edits.recurrent(reader, some.texts, some.then, 0 * states)
    whole = [text + then for text, then in zip(some.texts, some.then)]
    expected = net.logprobs(edits.encoded(net.tokenizer, whole))[:, edits.LENGTH - 1 :]
    assert np.allclose(np.stack(plain, 1), expected, atol=1e-4)
    later = edits.recurrent(reader, some.texts, some.then, states + 1)
    assert all(np.abs(a - b).max() > 1e-2 for a, b in zip(plain, later))


def test_an_lstm_that_gets_another_histories_state_goes_on_as_from_there() -> None:
    net, some = network(LSTM), HERE.some
    reader = Remembering(net)
    states = edits.kept(reader, some.texts)
    other = [text[:-1] + some.texts[0][-1] for text in some.texts[::-1]]  # the same last character
    texts = [text[:-1] + some.texts[0][-1] for text in some.texts]
    states, goal = edits.kept(reader, texts), edits.kept(reader, other)
    found = edits.recurrent(reader, texts, some.then, goal - states)
    expected = edits.recurrent(reader, other, some.then, 0 * goal)
    assert np.allclose(found[1], expected[1], atol=1e-4)
    assert np.allclose(found[2], expected[2], atol=1e-4)


def test_behind_its_last_block_a_gpt_forgets_an_edit_at_once() -> None:
    net, some = network(GPT), HERE.some
    change = np.ones((len(some.texts), 12), np.float32)
    plain = edits.attending(net, some.texts, some.then, 0 * change, 2)
    last = edits.attending(net, some.texts, some.then, change, 2)
    assert np.abs(last[:, 0] - plain[:, 0]).max() > 1e-2
    assert np.allclose(last[:, 1:], plain[:, 1:], atol=1e-5)
    first = edits.attending(net, some.texts, some.then, change, 1)
    assert first.shape == (len(some.texts), 3, len(ALPHABET))


def test_the_least_possible_loss_is_that_of_the_map() -> None:
    """A predictor that knows the map pays nothing above it; counting pays more."""
    assert 0.05 < reading.counting(HERE) < 1

    class Knows:
        tokenizer = network(GPT).tokenizer

        def logprobs(self, ids: np.ndarray) -> np.ndarray:
            said = np.full((*ids.shape, len(ALPHABET)), -9.0)
            for row, (text, walk) in enumerate(zip(ids, HERE.walks)):
                assert self.tokenizer.decode(text) == walk[:-1]
                places = np.arange(1, len(walk) - 1)
                right = self.tokenizer.encode(walk)[2:]
                said[row, places, right] = -HERE.rooms.surprise(walk)
            return said

    assert reading.above(Knows(), HERE) == pytest.approx(0, abs=1e-9)  # type: ignore[arg-type]


def rung(above: float, map_: float, doors: float, last: float = 0.1) -> dict[str, Any]:
    success = {"map": [0, 0, map_], "doors": [0, 0, doors], "last moves": [0, 0, last]}
    return {"above": above, "success": success, "of able": {"map": map_, "doors": doors}}


def test_the_map_is_compared_with_the_best_control_of_the_largest_network() -> None:
    ladder = [rung(0.4, 0.1, 0.1), rung(0.1, 0.5, 0.3), rung(0.1, 0.5, 0.3), rung(0.025, 0.9, 0.5)]
    evidence: dict[str, Any] = {"ladder": ladder, "early": rung(0.4, 0.2, 0.1)}
    evidence["knowing doors"] = [1, 0.5, 0.3]
    share, rise = experiment.values(evidence)
    assert share == pytest.approx(0.8)  # from 0.5, the doors edit, to 0.9: four fifths of the way
    assert rise == pytest.approx(0.1)  # 0, 0.2, 0.4 at 1, 2, 4 times 0.1: two halvings each
    evidence["early"]["success"]["map"][2] = 0.8
    assert experiment.values(evidence)[0] == pytest.approx(0.5)
    ladder[-1]["success"]["last moves"][2] = 0.92
    assert experiment.values(evidence)[0] == pytest.approx(-0.25)
    evidence["knowing doors"][2] = 0.95
    assert experiment.values(evidence)[0] == pytest.approx(-1)
