"""The bench of four tasks and its rungs: right answers, rows, piles, marks, prices, sureness."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, islice

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lessons.lab import answers, bench, rungs
from lessons.lab.bench import BASE, END, IGNORED, TASKS, TOKENIZER, Pile
from lessons.lab.rows import Rows
from lessons.lab.training import BASE as SETTINGS
from minigpt.layers import GPTConfig
from minigpt.model import GPT

SIZES = (2, 4)


def network(layers: int = 1) -> GPT:
    config = GPTConfig(n_layer=layers, n_head=2, n_embd=8, context=16, bigram=False)
    net = GPT(config, TOKENIZER, torch.Generator().manual_seed(0))
    torch.nn.init.normal_(net.head.weight, generator=torch.Generator().manual_seed(1))
    return net.eval()


def some(n: int = 48, seed: int = 0) -> dict[int, list[tuple[str, str]]]:
    return bench.problems_of(np.random.default_rng(seed), n, SIZES)


@pytest.mark.parametrize("size", [2, 4, 6])
def test_right_answers_by_other_means(size: int) -> None:
    drawn = bench.draw(np.random.default_rng(size), 200, size)
    assert [bench.sign(question) for question, _ in drawn[:4]] == list(TASKS)
    for question, said in drawn:
        sign, digits = bench.sign(question), [int(c) for c in question if c.isdigit()]
        assert len(digits) == size
        assert len(question) == size + 2
        if sign == "s":
            wanted = [d for d in range(BASE) for _ in range(digits.count(d))]
        elif sign == "r":
            wanted = [digits[-1 - i] for i in range(size)]
        elif sign == "m":
            wanted = [sum(digits[: i + 1]) % BASE for i in range(size)]
        else:  # column by column with a carry
            one, other = question[:-1].split("+")
            wanted, carry = [], 0
            for a, b in zip(reversed(one), reversed(other)):
                carry, digit = divmod(int(a) + int(b) + carry, BASE)
                wanted.append(digit)
            wanted.append(carry)
        assert said == "".join(map(str, wanted))


def test_nothing_that_is_marked_was_learned_from() -> None:
    def digits(problems: list[tuple[str, str]]) -> set[str]:
        return {"".join(c for c in question if c.isdigit()) for question, _ in problems}

    drawn = digits(bench.draw(np.random.default_rng(0), 30_000, 4))
    parts: list[bench.Part] = ["learn", "choose", "judge"]
    learn, choose, judge = (digits(bench.every(4, part)[4]) for part in parts)
    assert drawn == learn  # all of them: one is missing in 1 of 10^10 draws
    assert len(learn) + len(choose) + len(judge) == len(learn | choose | judge) == BASE**4
    assert min(len(choose), len(judge)) > BASE**4 / 10
    assert len(bench.every(2, "learn")[2]) == 4 * BASE**2
    with pytest.raises(ValueError, match="from 2 on, got 5"):
        bench.draw(np.random.default_rng(0), 4, 5)


def test_short_answers_are_filled_up_behind_and_do_not_count() -> None:
    rows = bench.as_rows([("s31=", "13"), ("3+1=", "40"), ("r31=", "1")])
    assert [TOKENIZER.decode(row) for row in rows.ids] == ["s31=1", "3+1=4", "r31=1"]
    assert (rows.targets[:, :3] == IGNORED).all()
    assert TOKENIZER.decode(rows.targets[0, 3:]) == "13"
    assert rows.targets[2, 4] == IGNORED
    net = network()  # and what fills up changes nothing before it
    alone = bench.as_rows([("r31=", "1")])
    wide, slim = net.logprobs(rows.ids)[2, :4], net.logprobs(alone.ids)[0]
    assert np.abs(wide - slim).max() < 1e-6


def test_a_pass_over_a_pile_reads_every_row_once() -> None:
    ids = {2: np.arange(12)[:, None], 4: 100 + np.arange(20)[:, None]}
    pile = Pile({size: Rows(some, some) for size, some in ids.items()})
    assert pile.count == 32
    batches = islice(pile.batches(np.random.default_rng(0), 4), 16)
    read = [rows.ids[:, 0].tolist() for rows, _ in batches]
    for one_pass in (read[:8], read[8:]):
        assert sorted(x for batch in one_pass for x in batch) == [*range(12), *range(100, 120)]
        assert all(len({x < 100 for x in batch}) == 1 for batch in one_pass)
    assert read[:8] != read[8:]


def test_marks_are_those_of_the_written_answers() -> None:
    net = network()
    questions = [question for question, _ in bench.draw(np.random.default_rng(0), 40, 4)]
    written = answers.greedy(net, questions, 2)
    wrong = [said[0] + END for said in written]
    assert rungs.right(net, list(zip(questions, written))).all()
    marks = rungs.right(net, list(zip(questions, wrong)))
    assert marks.tolist() == [said == other for said, other in zip(written, wrong)]


def test_a_taught_pile_holds_the_models_own_answers_and_words() -> None:
    net, problems = network(2), some(240)
    pile = rungs.taught(net, problems)
    assert pile.logprobs is not None
    for size, drawn in problems.items():
        for i, (question, right) in enumerate(drawn):
            (own,) = answers.greedy(net, [question], len(right))
            asked = pile.rows[size].targets[i] != IGNORED
            assert TOKENIZER.decode(pile.rows[size].targets[i][asked]) == own
            (said,) = net.logprobs(pile.rows[size].ids[i : i + 1])
            assert np.abs(pile.logprobs[size][i] - said).max() < 1e-5


def test_sureness_is_the_probability_of_the_whole_answer() -> None:
    """Over all answers of a length it sums to 1, whatever else is in the batch."""
    net = network()
    letters = TOKENIZER.characters
    every = [("s31=", a + b) for a in letters for b in letters]
    sure = rungs.sureness(net, [*every, ("r20=", "0231")])
    assert np.exp(sure[:-1]).sum() == pytest.approx(1, abs=1e-5)
    assert rungs.sureness(net, every[:3]) == pytest.approx(sure[:3], abs=1e-5)


@pytest.mark.parametrize("answered", [1, 4])
def test_operations_are_those_that_torch_counts(answered: int) -> None:
    net, question = network(2), "s3142="
    with FlopCounterMode(display=False) as counter:
        answers.greedy(net, [question], answered)
    wide = len(TOKENIZER)
    asked = len(question)
    room = sum(net.context - asked - i for i in range(1, answered))  # keys that nobody has written
    counted = counter.get_total_flops() - 2 * 4 * 8 * room
    assert rungs.answer_flops(2, 8, wide, asked, answered) == counted
    priced = rungs.operations(net.config, {4: [(question, "1" * answered)] * 3})
    assert priced == counted


def test_the_fastest_round_counts_for_each_question() -> None:
    ticks = count()
    lengths = iter([5.0, 3.0, 4.0, 2.0])  # a, b, a, b
    now = [0.0]

    def clock() -> float:
        if next(ticks) % 2:
            now[0] += next(lengths)
        return now[0]

    net = network()
    told = rungs.milliseconds({"a": net, "b": net}, ["s31=", "r20="], 2, rounds=2, clock=clock)
    assert told == {"a": 2000.0, "b": 1000.0}


def test_a_rung_learns_from_answers_and_from_a_teacher() -> None:
    config = replace(
        SETTINGS,
        steps=120,
        warmup=3,
        batch_size=16,
        muon_lr=0.05,
        adamw_lr=0.0075,
        model=network().config,
    )
    problems = bench.problems_of(np.random.default_rng(0), 64, (2,), signs="r")
    labels = rungs.rung(config, bench.labelled(problems))
    assert rungs.accuracy(labels, problems) > 0.8
    assert labels.fingerprint == rungs.rung(config, bench.labelled(problems)).fingerprint
    student = rungs.rung(replace(config, seed=1), rungs.taught(labels, problems))
    assert rungs.accuracy(student, problems) > 0.8
