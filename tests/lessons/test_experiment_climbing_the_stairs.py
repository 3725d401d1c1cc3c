"""Lesson 16: what each rule keeps, that arms are equal in what they read, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from lessons.engine.mistakes import plain
from lessons.l16_climbing_the_stairs import climbing, experiment
from lessons.l16_climbing_the_stairs.climbing import Arm, Climb, Rule, effective, lesson_for
from lessons.lab.problems import well_sorted
from minigpt.model import GPT

SMALL = experiment.SIZES["ci"]


@pytest.fixture(scope="module")
def net() -> GPT:
    return GPT.fresh(SMALL.shape, SMALL.task.alphabet * 50, 0)


def planted(wrong_every: int) -> Callable[..., list[str]]:
    """Answers that are sorted, but for some words, the same each time: those are backwards."""

    def drawn(net: GPT, asked: Sequence[str], *_: Any) -> list[str]:
        words = [question[:-1] for question in asked]
        bad = [hash_of(word) % wrong_every == 0 for word in words]
        return ["".join(sorted(word, reverse=b)) for word, b in zip(words, bad)]

    return drawn


def hash_of(word: str) -> int:
    return sum(ord(letter) * 3**i for i, letter in enumerate(word))


def written(
    net: GPT, rule: Rule, monkeypatch: pytest.MonkeyPatch, kept: Sequence[int] = (), **arm: Any
) -> tuple[Climb, dict[str, Any]]:
    monkeypatch.setattr(climbing.answers, "drawn", planted(4))
    climb = Climb(net, Arm(rule=rule, rate=0.01, **arm), SMALL, 0, kept)
    return climb, climb.up()


def test_each_rule_keeps_what_it_says(net: GPT, monkeypatch: pytest.MonkeyPatch) -> None:
    n, longest = SMALL.words, SMALL.stairs[0]
    found = {rule: written(net, rule, monkeypatch, [7]) for rule in climbing.RULES}
    right = found["all"][1]["right"]
    assert 0.5 < right < 1
    told = {rule: one for rule, (_, one) in found.items()}
    assert (told["checked"]["kept"], told["checked"]["kept right"]) == (round(right * n), 1.0)
    assert (told["all"]["kept"], told["all"]["kept right"]) == (n, right)
    assert told["lot"]["kept"] == told["taught"]["kept"] == 7
    assert told["taught"]["kept right"] == 1.0
    assert told["nothing"]["kept"] == told["nothing"]["answers"] == 0
    assert told["vote"]["kept"] == n  # five answers of one kind
    piles = {rule: climb.piles[longest] for rule, (climb, _) in found.items()}
    assert piles["nothing"] == []
    assert all(len(pile) == n for rule, pile in piles.items() if rule != "nothing")
    assert {q for q, _ in piles["lot"]} <= {q for q, _ in piles["all"]}  # the same words for all
    assert all(well_sorted(q[:-1], a) for q, a in piles["checked"])
    assert not all(well_sorted(q[:-1], a) for q, a in piles["all"])


def test_arms_read_as_much_and_people_only_does_no_fewer_operations(
    net: GPT, monkeypatch: pytest.MonkeyPatch
) -> None:
    climbs = {rule: written(net, rule, monkeypatch, [7])[0] for rule in climbing.RULES}
    read = climbs["checked"].read
    assert sum(read.values()) == SMALL.steps * SMALL.batch
    assert all(climb.read == read for rule, climb in climbs.items() if rule != "nothing")
    assert set(climbs["nothing"].read) <= {2 * n for n in range(SMALL.least, SMALL.most + 1)}
    assert experiment.ARMS["people only"].steps > 1


def test_alone_nothing_is_read_that_people_sorted(
    net: GPT, monkeypatch: pytest.MonkeyPatch
) -> None:
    climb, _ = written(net, "checked", monkeypatch, alone=True, temperature=1.0)
    assert set(climb.piles) == set(range(SMALL.least, SMALL.stairs[0] + 1))
    assert all(climb.piles.values())
    assert len(climb.piles[SMALL.most]) == SMALL.words // 5


def test_nothing_is_learned_from_nothing(net: GPT, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(climbing.answers, "drawn", lambda net, asked, *_: ["z"] * len(asked))
    climb = Climb(net, Arm(rule="checked", rate=0.01, alone=True), SMALL, 0)
    assert climb.up()["kept"] == 0
    assert climb.read == {}


def test_the_network_that_began_is_left_alone(net: GPT) -> None:
    before = net.head.weight.clone()
    Climb(net, Arm(rule="all", rate=0.05), SMALL, 0).up()
    assert bool((net.head.weight == before).all())


def test_lessons_are_repeated_and_cut() -> None:
    assert lesson_for([], [], [], 3) == []
    assert lesson_for(["a", "b"], ["A", "B"], [True, True], 1) == [("a", "A")]
    assert "answers" in plain("lessons.l16_climbing_the_stairs.climbing:lesson_for")
    assert effective([]) == 0
    assert effective(["a", "a", "b", "c"]) == pytest.approx(2**1.5)


def test_the_verdict_is_about_the_last_stair_and_the_best_control() -> None:
    def arm(*right: float) -> dict[str, Any]:
        return {"rounds": [{"length": 9}, {"length": 12}], "after": [[0, 0, 0], list(right)]}

    arms = {name: arm(0.9, 0.1, 0.0) for name in experiment.ARMS}
    arms["checked"], arms["vote of five"] = arm(1.0, 0.75, 0.5), arm(0.9, 0.25, 0.9)
    arms["taught"] = arm(1.0, 1.0, 1.0)  # no control: people sorted for it
    assert experiment.values({"lengths": [6, 12, 15], "arms": arms}) == pytest.approx([0.75, 0.5])


def test_counting_would_know_next_to_nothing_at_the_last_stair() -> None:
    """Sets of 18 letters of 26 are 1,562,275; a round shows 1,500 words."""
    size = experiment.SIZES["full"]
    sets = np.prod([(26 - i) / (i + 1) for i in range(size.stairs[-1])])
    assert size.words / sets < 0.001
