"""Problems with exact answers: what they ask, rows, training on rows, and greedy answers."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from lessons.lab import answers, problems, rows
from lessons.lab.problems import COPY, CUPS, DIAL, Task, addition, sorting, well_sorted
from lessons.lab.recurrent import GRU, Remembering
from lessons.lab.training import BASE
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

TASKS = (COPY, CUPS, DIAL, addition(), sorting())


def some(task: Task, n: int = 20, size: int = 5, seed: int = 0) -> list[problems.Problem]:
    return task.draw(np.random.default_rng(seed), n, size)


@pytest.mark.parametrize("task", TASKS, ids=[task.name for task in TASKS])
def test_the_answer_is_right_and_no_other_is(task: Task) -> None:
    for question, answer in some(task):
        assert task.right(question, answer)
        assert set(question + answer) <= set(task.alphabet)
        for place, wanted in enumerate(answer):
            other = next(c for c in task.alphabet if c != wanted)
            assert not task.right(question, answer[:place] + other + answer[place + 1 :])
    assert some(task) == some(task)
    assert some(task) != some(task, seed=1)


def test_cups_are_permutations_composed_one_after_another() -> None:
    for moves, said in some(CUPS, size=9):
        cups = [0, 1, 2]  # cups[i]: what is under cup i
        for move, place in zip(moves, said):
            one, other = problems.SWAPS[move]
            cups[one], cups[other] = cups[other], cups[one]
            assert cups.index(0) == int(place)


def test_the_dial_is_a_sum_modulo_three() -> None:
    for moves, said in some(DIAL, size=9):
        for t, place in enumerate(said):
            assert int(place) == sum("abc".index(move) for move in moves[: t + 1]) % 3


def test_sums_are_right_and_only_allowed_pairs_are_drawn() -> None:
    for question, answer in some(addition(), size=3):
        one, other = question.rstrip("=").split("+")
        assert int(answer[::-1]) == int(one) + int(other)
        assert (len(one), len(other), len(answer)) == (3, 3, 4)
    odd = addition(lambda a, b: (a + b) % 2 == 1)
    assert all(int(answer[0]) % 2 for _, answer in some(odd, n=50))
    with pytest.raises(ValueError, match="hardly any sum of 2 digits is allowed; 0 of 3"):
        addition(lambda a, b: a < 0).draw(np.random.default_rng(0), 3, 2)


def test_an_answer_is_well_sorted_exactly_if_it_is_the_sorted_word() -> None:
    """By brute force: all answers of up to four letters to all words of three."""

    def words(n: int) -> list[str]:
        return ["".join(letters) for letters in itertools.product("abc", repeat=n)]

    said = [answer for n in range(5) for answer in words(n)]
    for word in words(3):
        passed = [answer for answer in said if well_sorted(word, answer)]
        assert passed == ["".join(sorted(word))]


def test_words_to_sort_have_different_letters() -> None:
    few = sorting("abcd")
    assert few.alphabet == "abcd|"
    words = [question[:-1] for question, _ in some(few, 200, 3)]
    assert {len(set(word)) for word in words} == {3}
    assert len(set(words)) == 24  # all there are; one is missing in 1 of 200 seeds
    with pytest.raises(ValueError, match="5 different letters are wanted, there are 4"):
        some(few, 1, 5)


def test_targets_are_the_answer_and_nothing_else() -> None:
    tokenizer = CharTokenizer(COPY.alphabet)
    table = rows.as_rows([("dog|", "dog"), ("cat|", "cat")], COPY, tokenizer)
    assert [tokenizer.decode(row) for row in table.ids] == ["dog|do", "cat|ca"]
    assert (table.targets[:, :3] == rows.IGNORED).all()
    assert [tokenizer.decode(row) for row in table.targets[:, 3:]] == ["dog", "cat"]
    with pytest.raises(ValueError, match=r"one length, got \[4, 6\]"):
        rows.as_rows([("dog|", "dog"), ("horse|", "horse")], COPY, tokenizer)


def test_answers_in_place_are_targets_at_every_place() -> None:
    tokenizer = CharTokenizer(CUPS.alphabet)
    table = rows.as_rows([("abc", "120")], CUPS, tokenizer)
    assert tokenizer.decode(table.ids[0]) == "abc"
    assert tokenizer.decode(table.targets[0]) == "120"


def network(kind: type[GPT] = GPT, task: Task = COPY) -> GPT:
    config = GPTConfig(n_layer=1, n_head=1, n_embd=8, context=24)
    net = kind(config, CharTokenizer(task.alphabet), torch.Generator().manual_seed(0))
    torch.nn.init.normal_(net.head.weight, generator=torch.Generator().manual_seed(1))
    return net.eval()


def test_only_the_answer_counts_in_the_loss() -> None:
    """The loss is the mean of -log p over the answer's characters, by hand."""
    net, config = network(), replace(BASE, steps=4, batch_size=3)
    loss = rows.RowsLoss(COPY, net.tokenizer, config, rows.evenly(4, 4))
    nothing = torch.zeros(3, 2, dtype=torch.long)
    window = rows.Batch(nothing, nothing, nothing[:, 0])
    value = float(loss(net, window).detach())
    same = rows.RowsLoss(COPY, net.tokenizer, config, rows.evenly(4, 4))
    assert value == float(same(net, window).detach())  # what is drawn comes from the seed
    assert value != float(loss(net, window).detach())  # and is new at each step
    again = rows.RowsLoss(COPY, net.tokenizer, config, rows.evenly(4, 4))
    again.rng.integers(4, 5)
    drawn = COPY.draw(again.rng, 3, 4)
    paid = []
    for question, answer in drawn:
        ids = net.tokenizer.encode(question + answer).astype(np.int64)
        said = net.logprobs(ids[None, :-1])[0]
        paid += [-said[t - 1, ids[t]] for t in range(len(question), len(ids))]
    assert value == pytest.approx(float(np.mean(paid)), rel=1e-5)
    assert loss.read == {8: 6}
    assert loss.losses[0] == value


def test_sizes_are_even_or_grow() -> None:
    rng = np.random.default_rng(0)
    assert {rows.evenly(2, 4)(0.0, rng) for _ in range(60)} == {2, 3, 4}  # misses one: < 1e-9
    grow = rows.growing(1, 9, 0.5)
    assert {grow(0.0, rng) for _ in range(20)} == {1}
    assert {grow(0.25, rng) for _ in range(300)} == set(range(1, 6))  # misses one: < 1e-28
    assert {grow(done, rng) for done in (0.5, 1.0) for _ in range(150)} == set(range(1, 10))


@pytest.mark.parametrize("kind", [GPT, GRU])
def test_exactly_right_is_greedily_right(kind: type[GPT]) -> None:
    """Answers of one letter are hit often enough, even without training."""
    net = network(kind)
    drawn = [pair for size in (1, 1, 2) for pair in some(COPY, 150, size, seed=size)]
    model = Remembering(net) if kind is GRU else net
    for size in (1, 2):
        asked = [(q, a) for q, a in drawn if len(a) == size]
        found = answers.exact(model, asked, COPY)
        written = answers.greedy(model, [q for q, _ in asked], size)
        assert found.tolist() == [COPY.right(q, a) for (q, _), a in zip(asked, written)]
        if size == 1:
            assert 0 < found.mean() < 1
    hits = answers.hits(model, rows.as_rows(asked, COPY, net.tokenizer), batch=7)
    assert hits.shape == (len(asked), 2)
    assert np.array_equal(hits.all(axis=1), found)


def test_drawn_answers_are_those_of_the_probabilities() -> None:
    """At temperature 0 they are the likeliest; else each of 4,000 letters is as frequent as it is
    likely: off by more than 5 standard errors less than once in 10,000 seeds."""
    net, rng = network(), np.random.default_rng(0)
    asked = [question for question, _ in some(COPY, 30, 2)]
    assert answers.drawn(net, asked, 2, 0.0, rng) == answers.greedy(net, asked, 2)
    ids = net.tokenizer.encode(asked[0]).astype(np.int64)[None]
    likely = np.exp(net.logprobs(ids)[0, -1] / 0.7)
    likely /= likely.sum()
    found = Counter(answers.drawn(net, asked[:1] * 4000, 1, 0.7, rng))
    for letter, p in zip(net.tokenizer.characters, likely):
        assert abs(found[letter] / 4000 - p) <= 5 * np.sqrt(p * (1 - p) / 4000) + 1e-3


def test_a_majority_has_the_lead_alone() -> None:
    assert answers.majority([]) is None
    assert answers.majority(["b"]) == "b"
    assert answers.majority(["b", "a", "c", "b", "a"]) is None
    assert answers.majority(["b", "a", "c", "b", "d"]) == "b"


def test_training_goes_on_from_a_network_that_is_given() -> None:
    config = replace(BASE, steps=2, batch_size=4, warmup=0, model=network().config)
    net = network()
    before = net.head.weight.clone()
    same, _ = rows.learned(config, COPY, rows.evenly(2, 2), init=net)
    assert same is net
    assert not torch.equal(before, net.head.weight)


def test_a_network_learns_to_repeat_two_letters_and_the_seed_decides() -> None:
    shape = GPTConfig(n_layer=1, n_head=1, n_embd=32, context=8, attention_scale=2.0)
    config = replace(
        BASE, steps=120, batch_size=32, warmup=5, muon_lr=0.05, adamw_lr=1e-2, model=shape
    )
    few = replace(COPY, draw=lambda rng, n, size: [(s + "|", s) for s in _few(rng, n, size)])
    net, loss = rows.learned(config, few, rows.evenly(2, 2))
    assert len(loss.losses) == 120
    assert loss.losses[-1] < loss.losses[0]
    drawn = few.draw(np.random.default_rng(5), 50, 2)
    assert answers.exact(net, drawn, few).mean() > 0.9
    short = replace(config, steps=3)
    one, two = (rows.learned(short, few, rows.evenly(2, 2))[0] for _ in range(2))
    assert torch.equal(one.head.weight, two.head.weight)
    other, _ = rows.learned(replace(short, seed=1), few, rows.evenly(2, 2))
    assert not torch.equal(one.head.weight, other.head.weight)


def _few(rng: np.random.Generator, n: int, size: int) -> list[str]:
    return problems.strings(rng, n, size, "abcd")


def test_the_span_is_where_half_are_right() -> None:
    assert answers.span([2, 4, 8], [1, 1, 0]) == 6
    assert answers.span([2, 4, 8], [1, 0.4, 0.6]) == 8  # one miss on the way does not end it
    assert answers.span([2, 4, 8], [1, 1, 0.9]) == 8
    assert answers.span([2, 4], [0.25, 0]) == pytest.approx(4 / 3)
    assert answers.span([4, 8], [0.5, 0.5]) == 8
