"""The parts that the experiments of lessons 1 and 4 are made of."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from lessons.engine.ledger.records import published
from lessons.l01_next_character import experiment as first
from lessons.l04_bigger_is_better import experiment as fourth
from lessons.l04_bigger_is_better.lstm import LSTM
from lessons.lab.training import BASE, stories
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import train

# Lesson 1.


def test_both_texts_have_one_alphabet_and_the_shuffled_one_the_same_characters() -> None:
    found = first.texts(first.SIZES["ci"], seed=3)
    own, other = found[first.OWN].text, found[first.OTHER].text
    assert set(other) <= set(own) | set(other)
    assert Counter(found[first.SHUFFLED].text) == Counter(own)
    assert found[first.SHUFFLED].text != own
    assert set(other) & set("ABC(){}") == set()  # storyland has none of these


def test_the_crossing_is_where_the_lead_begins_to_last() -> None:
    assert first.crossing([10, 100], [3, 3], [2, 2]) is None
    assert first.crossing([10, 100], [1, 1], [2, 2]) == 10
    assert first.crossing([1, 100], [3, 1], [2, 2]) == pytest.approx(10)  # half way in logarithms
    assert first.crossing([1, 10, 100], [1, 3, 1], [2, 2, 2]) == pytest.approx(np.sqrt(1000))
    assert first.crossing([1, 10, 100], [1, 1, 3], [2, 2, 2]) is None  # ahead, then behind


def test_the_margin_is_against_the_best_model_of_another_text() -> None:
    table = {
        "gpt": {"a": {"a": 2.0, "b": 4.0}, "b": {"a": 3.5, "b": 2.5}},
        "ngram": {"a": {"a": 1.0, "b": 3.9}, "b": {"a": 2.7, "b": 2.0}},
    }
    assert first.margin(table) == pytest.approx(0.7)  # the n-gram of b on a; a's own does not count


def test_little_text_gets_a_shorter_run_with_its_own_cool_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each amount is trained for the length that was tuned for it, down to a rate of 0."""
    size = first.SIZES["ci"]
    monkeypatch.setitem(first.TUNING, first.STORIES, {0.1: {0.25: 2.0, 0.5: 1.0, 1.0: 1.5}})
    trained = []

    def watched(config: TrainConfig, *args: Any, **more: Any) -> Any:
        rates = []
        found = train(config, *args, on_step=lambda now: rates.append(now.step), **more)
        trained.append((config.steps, len(rates)))
        return found

    monkeypatch.setattr(first, "train", watched)
    corpus = stories(size.characters, 0)
    tokenizer = CharTokenizer.from_text(corpus.text)
    found = first.compare(size, first.STORIES, corpus, tokenizer, 0)
    assert found["steps"] == [15, 30]
    assert trained == [(15, 15), (30, 30)]  # a run of 15 steps, not 15 steps of a run of 30


def test_what_ten_times_the_text_is_worth() -> None:
    found = {"characters": [10, 100, 1000], "gpt": [3.5, 3.0, 2.25], "ngram": [9.0, 9.0, 9.0]}
    assert first.over_a_tenth(found) == 0.75
    for size in first.SIZES.values():  # the last two amounts are a tenth and all
        assert size.shares[-2:] == (0.1, 1.0)


def test_every_length_was_tuned_and_none_is_the_shortest_tried() -> None:
    size = first.SIZES["full"]
    for text, shares in first.TUNING.items():
        assert set(shares) == set(size.shares[:-1])
        for share, losses in shares.items():
            best = min(losses, key=losses.__getitem__)
            assert first.steps(size, text, share) == round(best * size.base.steps)
            assert best > min(losses), (text, share)
            assert max(losses) == 1.0  # longer than that would not be equal compute


def test_the_figure_shows_the_lead_that_is_predicted() -> None:
    """The smallest of the numbers beside the diamonds is the criterion's value."""
    found = published("next_character")
    figure, alt = first.draw(found)
    written = [float(t.get_text()) for t in figure.axes[0].texts if t.get_text().startswith("+")]
    measured = np.mean([one["margin_bits"] for one in found])
    assert len(written) == 3
    assert min(written) == pytest.approx(measured, abs=0.005)
    assert f"{measured:.2f} on kjv" in alt


# Lesson 4.


def test_spoiling_keeps_words_and_held_out_text() -> None:
    corpus = stories(60_000, 1)
    spoiled = fourth.spoil(corpus, seed=1)
    assert spoiled.held_out == corpus.held_out
    assert Counter(spoiled.train.split()) != Counter()
    blocks = range(0, len(corpus.train), fourth.BLOCK)
    same = [
        spoiled.train[i : i + fourth.BLOCK] == corpus.train[i : i + fourth.BLOCK] for i in blocks
    ]
    # 53 blocks, half of them: 6 standard deviations are 0.41, beyond them 1 in 10^9
    assert abs(np.mean(same) - 0.5) < 0.42
    for i, kept in zip(blocks, same):
        if not kept:
            piece = slice(i, i + fourth.BLOCK)
            assert Counter(spoiled.train[piece].split()) == Counter(corpus.train[piece].split())
            assert spoiled.train[piece].count("\n") == corpus.train[piece].count("\n")


def test_the_control_reads_clean_text_for_half_the_steps() -> None:
    size = fourth.SIZES["ci"]
    clean, steps = fourth.reads(size, fourth.GPT_, 1)
    assert fourth.reads(size, fourth.HALF, 1) == (clean, steps // 2)
    spoiled, as_many = fourth.reads(size, fourth.SPOILED, 1)
    assert as_many == steps
    assert (spoiled.held_out, len(spoiled.text)) == (clean.held_out, len(clean.text))
    assert spoiled.train != clean.train


def test_a_ratio_is_the_geometric_mean_over_sizes_that_both_have() -> None:
    assert fourth._ratio([3.0, 9.0], [2.0, 2.0, 5.0], floor=1.0) == pytest.approx(4)  # 2 and 8


def test_spoiled_text_is_judged_against_the_control_and_not_against_clean_text() -> None:
    found = fourth.EXPERIMENT.run("ci", 90)
    loss = {
        name: np.array(curve["loss"]) - found["floor_nats"]
        for name, curve in found["curves"].items()
    }
    wanted = np.exp(np.log(loss[fourth.SPOILED] / loss[fourth.HALF]).mean())
    assert fourth.values(found)[1] == pytest.approx(wanted)
    assert len(loss[fourth.SPOILED]) == len(loss[fourth.HALF]) == len(loss[fourth.GPT_]) - 1
    criterion = fourth.EXPERIMENT.criteria[1]
    assert (criterion.no_effect, criterion.scale) == (1.0, "log2")


def test_every_rate_of_lesson_4_was_tuned_and_none_at_an_edge() -> None:
    for arm in fourth.ARMS:
        for width, losses in fourth.TUNING[arm].items():
            best = min(losses, key=losses.__getitem__)
            assert fourth.rate(arm, width) == pytest.approx(best)
            assert min(losses) < best < max(losses), (arm, width)


def test_tuning_looks_at_the_choosing_half_alone() -> None:
    """The loss that `tune` goes by does not change when the judging half does."""
    size = fourth.SIZES["ci"]
    corpus = stories(size.characters, 0)
    other = fourth.with_text(corpus, corpus.train + corpus.choose + corpus.choose)
    found = [fourth._train(size, "GPT", 8, 0.02, 0, some, 5) for some in (corpus, other)]
    assert found[0][0] == found[1][0]
    assert found[0][1] != found[1][1]


def test_the_law_finds_what_was_planted() -> None:
    n = np.array([1e3, 1e4, 1e5])
    slope, log_a = fourth.law(n.tolist(), (5 * n**-0.3).tolist())
    assert slope == pytest.approx(0.3)
    assert np.exp(log_a) == pytest.approx(5)


def test_twice_the_width_is_four_times_the_weights() -> None:
    size, tokenizer = fourth.SIZES["full"], CharTokenizer("abc \n")
    wide = (*size.widths, size.target)
    for model in (GPT, LSTM):
        counts = [fourth.weights(model(fourth.shape(size, w), tokenizer)) for w in wide]
        ratios = np.divide(counts[1:], counts[:-1])
        assert ratios == pytest.approx(4, rel=0.08)
    assert fourth.weights(GPT(fourth.shape(size, 128), tokenizer)) / 1536 == 256


def test_the_lstm_sees_no_future_and_goes_on_as_it_reads() -> None:
    tokenizer = CharTokenizer("abcd \n")
    config = GPTConfig(n_layer=2, n_head=1, n_embd=8, context=12, bigram=False, zero_init=False)
    model = LSTM(config, tokenizer, torch.Generator().manual_seed(1))
    rng = np.random.default_rng(0)
    ids = rng.integers(6, size=(3, 10))
    changed = ids.copy()
    changed[:, 6:] = (changed[:, 6:] + 1) % 6
    whole, other = model.logprobs(ids), model.logprobs(changed)
    assert np.array_equal(whole[:, :6], other[:, :6])
    assert not np.allclose(whole[:, 6:], other[:, 6:])
    assert np.allclose(np.exp(whole).sum(-1), 1, atol=1e-5)
    state, first_one = model.start(ids[:, :4])
    assert np.allclose(first_one, whole[:, 3], atol=1e-5)
    for t in range(4, 10):
        assert np.allclose(model.step(state, ids[:, t]), whole[:, t], atol=1e-5)


def test_only_the_forget_gates_of_the_lstm_start_open() -> None:
    config = GPTConfig(n_layer=2, n_head=1, n_embd=8, context=12)
    for block in LSTM(config, CharTokenizer("ab\n"), torch.Generator().manual_seed(0)).blocks:
        first, second = (block.layer.get_parameter(f"bias_{name}_l0") for name in ("ih", "hh"))
        assert first.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16  # in, forget, new, out
        assert not second.any()


def test_both_families_learn() -> None:
    corpus = stories(20_000, 0)
    size = fourth.SIZES["ci"]
    for arm in fourth.ARMS:
        loss = [fourth._train(size, arm, 16, 0.02, 0, corpus, steps)[1] for steps in (2, 60)]
        assert loss[1] < loss[0] - 0.3


def test_the_base_is_the_same_everywhere() -> None:
    assert (BASE.device, BASE.precision, BASE.threads) == ("cpu", "fp32", 1)
