"""Cascades: their ends, their measures, what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from distill import cascade
from distill.cascades import escalation, ladder, uncertainty
from distill.teachers import EnsembleTeacher
from minigpt import corpora
from minigpt.ngram import NGram
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer

CORPUS = corpora.load("storyland:20000")
TOKENIZER = CharTokenizer.from_text(CORPUS.text)
TEXTS = escalation.streams(TOKENIZER.encode(CORPUS.judge), 8, 40)
SMALL = NGram.fit(CORPUS.train, TOKENIZER, 2)
LARGE = NGram.fit(CORPUS.train, TOKENIZER, 6)
TRUTH = StorylandModel(smoothing=1e-3)


@pytest.mark.parametrize("rule", ["entropy", "margin", "random"])
def test_the_ends_are_the_models_alone(rule: uncertainty.Rule) -> None:
    small, large = escalation.run([SMALL], [], TEXTS), escalation.run([LARGE], [], TEXTS)
    never = escalation.run([SMALL, LARGE], [1.0], TEXTS, rule=rule)
    always = escalation.run([SMALL, LARGE], [0.0], TEXTS, rule=rule)
    assert never.nats == pytest.approx(small.nats, rel=1e-6)
    assert always.nats == pytest.approx(large.nats, rel=1e-6)
    assert never.asked == [1.0, 0.0]
    assert always.asked == [1.0, 1.0]


def test_the_mean_of_all_that_were_asked() -> None:
    three = [SMALL, LARGE, TRUTH]
    whole = EnsembleTeacher(three).logprobs(TEXTS[:, :-1])[:, 7:]
    right = -np.take_along_axis(whole, TEXTS[:, 8:, None], -1).mean()
    found = escalation.run(three, [0.0, 0.0], TEXTS, answer="mean", reread=10_000)
    assert found.nats == pytest.approx(right, rel=1e-5)
    never = escalation.run(three, [1.0, 0.0], TEXTS, answer="mean")
    assert never.nats == pytest.approx(escalation.run([SMALL], [], TEXTS).nats, rel=1e-6)


def test_a_long_cascade_ends_at_its_last() -> None:
    truth = escalation.run([TRUTH], [], TEXTS).nats
    always = escalation.run([SMALL, LARGE, TRUTH], [0.0, 0.0], TEXTS, reread=10_000)
    assert always.nats == pytest.approx(truth, rel=1e-5)


def test_asking_where_unsure_beats_asking_by_lot(chain: type) -> None:
    """The small model knows what follows a, and nothing of what follows b, which half are.

    Asked where it is unsure, the large one (the source) mends all of it; by lot, half of it.
    """
    truth, small = chain([[0.1, 0.9], [0.9, 0.1]]), chain([[0.1, 0.9], [0.5, 0.5]])
    text = truth.write(6001)
    points = ladder.ladder(
        [("small", small), ("large", truth)], text[:3000], text[3000:], shares=(0.4,)
    )
    named = {p.name.rpartition(", ")[2].split()[0]: p for p in points}
    best, alone = points[1].nats, points[0].nats
    for rule in ("entropy", "margin", "learned"):
        assert named[rule].nats == pytest.approx(best, abs=1e-3)
    share = (alone - named["by"].nats) / (alone - best)
    assert 0.2 < share < 0.6  # 0.4 expected; 2048 places, more than 5 standard deviations
    assert any(p.on_hull for p in points)
    for rule in ("entropy", "margin", "learned"):  # timing aside: at one cost, less is lost
        assert named[rule].gap_closed == pytest.approx(1, abs=0.01)
        assert named[rule].over_lot is not None
    assert (points[0].gap_closed, named["by"].over_lot) == (None, None)


def test_every_cascade_of_three_models_is_measured(chain: type) -> None:
    truth, small = chain([[0.1, 0.9], [0.9, 0.1]]), chain([[0.1, 0.9], [0.5, 0.5]])
    text, blind = truth.write(3001), chain([[0.5, 0.5], [0.5, 0.5]])
    models = [("blind", blind), ("small", small), ("large", truth)]
    points = ladder.ladder(
        models, text[:1500], text[1500:], shares=(0.9,), rules=("entropy",), count=16, repeats=1
    )
    titles = {p.name.partition(",")[0] for p in points}
    assert titles == {
        *("blind", "small", "large", "blind -> small", "blind -> large", "small -> large"),
        "blind -> small -> large",
    }
    long = next(p for p in points if p.name == "blind -> small -> large, entropy 90%")
    assert long.asked[0] == long.asked[1] == 1  # all places are equally unsure: all are passed on
    assert long.nats == pytest.approx(points[2].nats, abs=1e-6)


def test_each_rung_is_tuned_on_what_reaches_it() -> None:
    """Ten places of growing doubt, half passed on; of those five the upper two reach the third."""
    doubt = np.linspace(0.05, 0.5, 10)
    said = np.log(np.stack((1 - doubt, doubt), axis=-1)).astype(np.float32)
    targets = np.zeros(10, int)
    thresholds, _ = ladder.tune([said, said, said], targets, "margin", 0.5)
    margin = uncertainty.unsureness(said, "margin")
    assert [(margin >= t).sum() for t in thresholds] == [5, 3]


@pytest.mark.parametrize("block", [1, 3, 8])
def test_a_model_that_catches_up_answers_as_if_it_had_read_along(
    make_gpt: Callable, block: int
) -> None:
    """Also past its context of 32, where the view begins again."""
    model = make_gpt()
    state, said = model.start(TEXTS[:, :4])
    behind = escalation.Behind(model, TEXTS, block)
    rng = np.random.default_rng(0)
    for t in range(4, TEXTS.shape[1]):
        if t > 4:
            said = model.step(state, TEXTS[:, t - 1])
        rows = np.flatnonzero(rng.random(len(TEXTS)) < 0.4)
        if len(rows):
            np.testing.assert_allclose(behind.answer(t, rows), said[rows], atol=1e-4)


def test_a_model_that_keeps_nothing_reads_again() -> None:
    again = escalation.Again(LARGE, TEXTS, 10)
    right = LARGE.logprobs(TEXTS[[1, 3], 5:15])[:, -1]
    np.testing.assert_array_equal(again.answer(15, np.array([1, 3])), right)


def test_unsureness_runs_from_0_to_1() -> None:
    with np.errstate(divide="ignore"):
        sure, even = np.log([[1.0, 0.0, 0.0]]), np.log([[1 / 3] * 3])
    for rule in ("entropy", "margin"):
        assert uncertainty.unsureness(sure, rule)[0] == pytest.approx(0)
        assert uncertainty.unsureness(even, rule)[0] == pytest.approx(1)
    with pytest.raises(ValueError, match="weights"):
        uncertainty.unsureness(even, "learned")


def test_what_is_no_cascade() -> None:
    with pytest.raises(ValueError, match="1 thresholds"):
        escalation.run([SMALL, LARGE], [], TEXTS)
    with pytest.raises(ValueError, match="from 0"):
        escalation.run([SMALL, LARGE], [1.5], TEXTS)
    with pytest.raises(ValueError, match="alphabets"):
        escalation.run([SMALL, NGram.fit("abc")], [0.5], TEXTS)
    with pytest.raises(ValueError, match="a stream needs"):
        escalation.streams(np.zeros(10, int), 2, 40)
    with pytest.raises(ValueError, match="take fewer"):
        escalation.streams(np.zeros(10, int), 11, 2)


def test_the_command(capsys: pytest.CaptureFixture) -> None:
    args = ["--models", "ngram,ngram", "--data", "storyland:20000", "--streams", "4", "--json"]
    args += ["--repeats", "1"]
    with pytest.raises(SystemExit) as stop:
        cascade.entry(args)
    assert stop.value.code == 0
    assert json.loads(capsys.readouterr().out)["cheapest"]
    with pytest.raises(SystemExit) as stop:
        cascade.entry(["--models", "nowhere"])
    assert stop.value.code == 2
