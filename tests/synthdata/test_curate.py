"""Curating: each definition by hand, the budget against brute force, files written unchanged."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.similarity.curation import boilerplate, curate, low_information, most_varied

JOKE = "why did the chicken cross the road to get to the other side of it"
NAMES = ["ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ivy", "jon"]


def stories(n: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(f"w{w}" for w in row) for row in rng.integers(0, 5000, (n, 15)).tolist()]


def test_near_duplicates_leave_the_first_of_each_cluster() -> None:
    texts = [JOKE, *stories(5), JOKE + "!", JOKE, *stories(3, seed=1)]
    found = curate(texts, drop=["near-duplicates"])
    assert found.kept == (0, 1, 2, 3, 4, 5, 8, 9, 10)
    assert found.dropped == {"near-duplicates": 2}
    assert [i for i, why in enumerate(found.reason) if why] == [6, 7]


def test_cap_per_cluster() -> None:
    texts = [JOKE] * 9 + stories(4)
    assert curate(texts, drop=[], cap_per_cluster=3).kept == (0, 1, 2, 9, 10, 11, 12)
    assert curate(texts, drop=["near-duplicates"], cap_per_cluster=2).kept[:3] == (0, 1, 9)
    assert curate(texts, drop=[]).kept == tuple(range(13))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("... !!", True),
        ("yes yes", True),
        ("one two three", False),
        ("the same line. " * 40, True),
        ("从前有座山", False),
        ("哈哈哈哈", True),
        (" ".join(f"w{i * i}" for i in range(200)), False),
    ],
)
def test_low_information(text: str, expected: bool) -> None:
    assert low_information(text) is expected


def test_boilerplate_is_what_most_of_a_document_shares_with_many() -> None:
    refusal = "I am sorry but as a language model I cannot help you with"
    texts = [f"{refusal} {name}" for name in NAMES] + [
        f"{refusal} {story}" for story in stories(10)
    ]
    assert boilerplate(texts) == [True] * 10 + [False] * 10
    assert boilerplate(texts[:4]) == [False] * 4  # four documents are not many
    assert boilerplate([]) == []
    assert boilerplate(["a", ""]) == [False, False]
    found = curate([*texts, *stories(9, seed=2)], drop=["boilerplate"])
    assert found.dropped == {"boilerplate": 10}


def test_a_sentence_with_a_changing_number_is_kept_once() -> None:
    rng = np.random.default_rng(0)
    texts = [
        f"The request with the number {number:032x} was handled by the server without any error"
        for number in rng.integers(2**60, 2**62, 40).tolist()
    ]
    found = curate([*texts, *stories(5)])
    assert found.kept == (0, *range(40, 45))
    assert found.dropped == {"boilerplate": 39}
    assert curate([*texts, *stories(5)], drop=["boilerplate"]).dropped == {"boilerplate": 40}
    assert curate([*texts, *stories(5)], drop=["boilerplate"], cap_per_cluster=3).kept[:3] == (
        0,
        1,
        2,
    )


def test_boilerplate_in_chinese_goes_by_characters() -> None:
    rng = np.random.default_rng(0)
    refusal = "很抱歉我是一个人工智能语言模型所以我没有办法帮助你完成"
    tails = ["".join(map(chr, row)) for row in rng.integers(0x4E00, 0x9FA0, (20, 60)).tolist()]
    texts = [refusal + tail[:5] for tail in tails[:10]] + [refusal + tail for tail in tails[10:]]
    assert boilerplate(texts) == [True] * 10 + [False] * 10


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=3, max_size=7),
    budget=st.integers(1, 3),
)
def test_the_budget_is_within_63_percent_of_the_best_choice(
    rows: list[list[int]], budget: int
) -> None:
    texts = [" ".join(f"w{w}" for w in row) for row in rows]
    pairs = [set(pairwise(row)) for row in rows]
    most = max(1, int(np.median([len(p) for p in pairs])))

    def value(chosen: tuple[int, ...]) -> int:
        return len(set().union(*(pairs[i] for i in chosen)))

    if len({len(p) for p in pairs}) > 1:
        return  # with the cap on length it is another function
    assert most == len(pairs[0])
    chosen = most_varied(texts, budget)
    assert len(set(chosen)) == min(budget, len(texts))
    best = max(value(c) for c in combinations(range(len(rows)), min(budget, len(rows))))
    assert value(tuple(chosen)) >= (1 - 1 / np.e) * best


def test_the_budget_prefers_what_is_new_over_what_is_long_or_said() -> None:
    long = " ".join(stories(40, seed=3))
    texts = [JOKE, JOKE + " again", "an entirely other tale of a fox and a hen on a hill", long]
    texts += stories(3, seed=4)
    chosen = curate(texts, drop=[], budget=5).kept
    assert len(chosen) == 5
    assert not {0, 1} <= set(chosen)
    assert most_varied(texts, 1) == [0]  # not the long one
    copies = ["the same little text"] * 4
    assert most_varied(copies, 3) == [0, 1, 2]  # nothing new is left: start anew
    assert sorted(most_varied(["", "", ""], 3)) == [0, 1, 2]


def test_a_budget_beats_a_random_choice() -> None:
    rng = np.random.default_rng(5)
    texts = [JOKE + f" {i}" for i in range(80)] + stories(20)
    shuffled = [texts[i] for i in rng.permutation(100)]
    kept = [shuffled[i] for i in curate(shuffled, drop=[], budget=20).kept]
    assert sum(not text.startswith("why") for text in kept) >= 19


def test_order_and_arguments() -> None:
    texts = ["", JOKE, JOKE, *stories(8)]
    found = curate(texts, budget=4)
    assert found.kept == tuple(sorted(found.kept))
    assert found.dropped == {"low-information": 1, "near-duplicates": 1, "over budget": 5}
    assert sum(found.dropped.values()) + len(found.kept) == len(texts)
    assert curate([]).kept == ()
    with pytest.raises(ValueError, match="cannot drop 'ads'"):
        curate(texts, drop=["ads"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="budget keeps at least 1"):
        curate(texts, budget=0)
