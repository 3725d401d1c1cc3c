"""Lesson 20: bills, thresholds and managers against brute force, equal compute, the verdict."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from distill.comparison import costs
from labkit.experiment import overall
from lessons.engine.experiment import find
from lessons.l20_company_of_models import company, experiment
from lessons.l20_company_of_models.books import Marks, books, marks
from lessons.l20_company_of_models.company import Department, Desk, Network, escalate
from lessons.l20_company_of_models.experiment import COMPANY
from lessons.l20_company_of_models.staff import LARGE, ONE, ROLES, SMALL, SPECIALISTS, stock
from lessons.lab import answers, bench, rungs
from minigpt.layers import GPTConfig
from minigpt.model import GPT

FULL, SMALLER = experiment.SIZES["full"], experiment.SIZES["ci"]


def network(seed: int = 0) -> Network:
    config = GPTConfig(n_layer=1, n_head=2, n_embd=8, context=16, bigram=False)
    net = GPT(config, bench.TOKENIZER, torch.Generator().manual_seed(seed))
    torch.nn.init.normal_(net.head.weight, generator=torch.Generator().manual_seed(seed + 1))
    return Network(net.eval())


def test_answers_sureness_and_bill_are_those_of_the_laboratory() -> None:
    clerk, problems = network(), bench.draw(np.random.default_rng(0), 40, 4)
    told, sure, bill = clerk([question for question, _ in problems])
    for (question, right), answer in zip(problems, told):
        assert company.answered(question) == len(right)
        assert [answer] == answers.greedy(clerk.model, [question], len(right))
    wanted = rungs.sureness(clerk.model, [(q, a) for (q, _), a in zip(problems, told)])
    assert sure == pytest.approx(wanted, abs=1e-4)
    assert bill / 40 == pytest.approx(rungs.operations(clerk.model.config, {4: problems}))
    found = marks(clerk, problems)
    assert (found.right == rungs.right(clerk.model, problems)).all()
    assert found.cost.sum() == bill


def test_each_question_goes_to_the_clerk_of_its_task() -> None:
    clerks = {sign: network(i) for i, sign in enumerate(bench.TASKS)}
    questions = [question for question, _ in bench.draw(np.random.default_rng(1), 30, 4)]
    told, sure, bill = Department(clerks)(questions)
    for i, question in enumerate(questions):
        (answer,), (one,), _ = clerks[bench.sign(question)]([question])
        assert answer == told[i]
        assert one == pytest.approx(sure[i], abs=1e-4)
    assert bill == sum(Department(clerks).price(question) for question in questions)


def test_a_threshold_spends_as_much_as_it_may_and_no_more() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        sure = (rng.integers(-6, 0, 12) / 4).tolist()
        cheap, dear, budget = rng.uniform(0.1, 1), rng.uniform(1, 3), rng.uniform(0, 4)
        limit = company.threshold(sure, cheap, dear, budget)

        def bill(at: float, sure: Any = sure, cheap: float = cheap, dear: float = dear) -> float:
            return float(np.mean([cheap + dear * (one < at) for one in sure]))

        allowed = [at for at in [*sure, np.inf] if bill(at) <= budget + 1e-9]
        assert sum(one < limit for one in sure) == (
            max(sum(one < at for one in sure) for at in allowed) if allowed else 0
        )


def test_the_large_one_is_asked_about_those_that_rise_and_paid_for_them() -> None:
    questions = ["a", "b", "c", "d"]
    small = Desk({q: q.upper() for q in questions}, dict(zip(questions, [-3, -1, -2, -0.5])), 1)
    asked: list[list[str]] = []

    def large(some: Any) -> Any:
        asked.append(list(some))
        return Desk({q: q * 2 for q in questions}, dict.fromkeys(questions, 0.0), 10)(some)

    assert escalate(questions, small, large, -1) == (["aa", "B", "cc", "D"], 24)
    assert asked == [["a", "c"]]
    assert escalate(questions, small, large, -9) == (["A", "B", "C", "D"], 4)
    assert len(asked) == 1
    assert Desk(small.answers, small.sure, 1, call=0.5)(["a", "b"])[2] == 2.5


def test_raised_by_brute_force_over_all_orders_of_equals() -> None:
    """The mean over all orders that agree with the scores, each spending the budget to the end."""
    score, spend = np.array([2, 1, 2, 3, 2]), np.array([1.0, 1.0, 1.0, 1.0, 1.0])
    for budget in (0.0, 0.5, 1.0, 2.5, 4.0, 5.0, 7.0):
        total = np.zeros(5)
        orders = [
            o for o in itertools.permutations(range(5)) if (np.diff(score[list(o)]) >= 0).all()
        ]
        for order in orders:
            left = budget
            for i in order:
                total[i] += min(1.0, left / spend[i])
                left = max(0.0, left - spend[i])
        assert company.raised(score, spend, budget) == pytest.approx(total / len(orders))


def test_books_at_the_ends_and_by_lot() -> None:
    rng = np.random.default_rng(0)
    small, large = (
        Marks(rng.integers(2, size=n).astype(float), rng.normal(size=n), np.full(n, cost))
        for n, cost in ((50, 1.0), (50, 10.0))
    )
    both = books([small, small], [large, large])
    lot = both.line(np.zeros(100))
    assert both.least == pytest.approx(0.1)
    assert lot[0] == pytest.approx(small.right.mean())
    assert lot[-1] == pytest.approx(large.right.mean())
    assert np.diff(lot) == pytest.approx((lot[-1] - lot[0]) / 20)
    wrong_first = both.line(np.concatenate([small.right, small.right]))
    best = max(np.maximum(small.right, large.right).mean(), large.right.mean())
    assert max(wrong_first) == pytest.approx(best, abs=0.03)


def test_the_one_network_has_the_companys_compute_and_its_price() -> None:
    problems = {4: experiment.parts(FULL)[1]}
    price = {role: rungs.operations(FULL.shape(role), problems) for role in ROLES}
    assert price[SPECIALISTS] == price[SMALL]
    assert 0.5 <= price[ONE] / price[LARGE] <= 0.52
    steps = {role: FULL.config(role, 0).steps for role in ROLES}
    paid = steps[LARGE] * FULL.step(LARGE) + 4 * steps[SPECIALISTS] * FULL.step(SPECIALISTS)
    assert steps[ONE] * FULL.step(ONE) == pytest.approx(paid, rel=1e-3)
    assert steps[SMALL] == 4 * steps[SPECIALISTS]
    rows = [bench.as_rows(bench.draw(np.random.default_rng(0), 8, n)) for n in FULL.sizes]
    read = [one.ids.shape[1] for one in rows]
    forward = np.mean([costs.forward_flops(FULL.shape(ONE), 11, time) for time in read])
    assert len(bench.ALPHABET) == 11
    muon = costs.muon_flops(FULL.config(ONE, 0))
    assert FULL.step(ONE) == pytest.approx(3 * 64 * forward + muon)


def test_a_specialist_learns_its_own_task_and_no_other() -> None:
    piles = stock(SMALLER, 0)
    assert sum(piles[sign].count for sign in bench.TASKS) == piles[""].count == 256
    for sign in bench.TASKS:
        for rows in piles[sign].rows.values():
            texts = [bench.TOKENIZER.decode(row) for row in rows.ids]
            assert all(bench.sign(text) == sign for text in texts)


def planted(company_: float, one: float, seed: int) -> dict[str, Any]:
    right = {LARGE: 0.9, SMALL: 0.5, ONE: one, SPECIALISTS: 0.6}
    return {
        "seed": seed,
        "profile": "full",
        "right": right,
        COMPANY: {"right": company_ + 1e-3 * seed},
    }


@pytest.mark.parametrize(
    ("company_", "one", "wanted"),
    [
        (0.88, 0.86, "reproduced"),
        (0.7, 0.6, "falls short"),
        (0.88, 0.99, "contradicted"),
    ],
)
def test_planted_outcomes_get_their_verdicts(company_: float, one: float, wanted: str) -> None:
    rows = find("company_of_models").judge([planted(company_, one, seed) for seed in range(6)])
    assert rows[0].values[0] == pytest.approx((company_ - 0.5) / 0.4)
    assert rows[1].values[0] == pytest.approx(company_ - one)
    assert overall(row.verdict for row in rows) == wanted


def test_what_is_found_agrees_with_itself(
    evidence_of: Callable[[str], list[dict[str, Any]]],
) -> None:
    for one in evidence_of("company_of_models"):
        lines = one["lines"]
        for line in (lines["by sureness"], lines["by lot"], lines["by task"]):
            assert line[0] == pytest.approx(one["right"][SPECIALISTS])
            assert line[-1] == pytest.approx(one["right"][LARGE])
        ran = one[COMPANY]
        least = one["operations"][SPECIALISTS] / one["operations"][LARGE]
        assert ran["bill"] == pytest.approx(least + ran["rises"], abs=0.05)
        assert one["same bill"]["by sureness"] == pytest.approx(ran["right"], abs=0.01)


def test_firms_are_timed_in_turn_and_by_the_question() -> None:
    now = itertools.count()
    calls: list[str] = []

    def firm(name: str) -> Any:
        return lambda batch: calls.append(name)

    told = rungs.fastest(
        {"a": firm("a"), "b": firm("b")}, [["x", "y"], ["z"]], 2, clock=lambda: float(next(now))
    )
    assert told == pytest.approx({"a": 2000 / 3, "b": 2000 / 3})
    assert calls == ["a", "b"] * 5
