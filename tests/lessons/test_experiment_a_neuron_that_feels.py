"""Lesson 9: bags that count, units that are turned, and what the verdict is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from lessons.l09_a_neuron_that_feels import experiment, film, readers, turning
from lessons.lab import inside, moods
from lessons.lab.recurrent import LSTM, Remembering
from minigpt import corpora
from minigpt.layers import GPTConfig


def test_bags_count_what_they_say() -> None:
    review = "film: plot not bad, cast bad.\n"
    assert readers.characters(review).count("a") == 3
    assert readers.words(review) == ["film", "plot", "not", "bad", "cast", "bad"]
    assert readers.pairs(review)[6:] == ["film plot", "plot not", "not bad", "bad cast", "cast bad"]
    known, new = readers.counted(readers.words, [review], ["film: plot good, plot bad.\n"])
    assert known.tolist() == [[1, 1, 1, 2, 1]]
    assert new.tolist() == [[1, 2, 0, 1, 0]]  # "good" was never met


def test_pairs_of_words_tell_the_mood_that_words_alone_do_not() -> None:
    lines, glad = moods.reviews().lines(1200, seed=1)
    split = experiment.Split(lines[:600], glad[:600], lines[600:], glad[600:])
    aucs = {}
    for name, bag in readers.BAGS.items():
        tables = readers.counted(bag, split.choose, split.judge)
        aucs[name] = inside.probed(*experiment.with_moods(tables, split))
    assert aucs["characters"] < 0.9 < 0.95 < aucs["pairs of words"]
    bayes = moods.reviews().posteriors(split.judge)[:, [1]]
    assert inside.unit_aucs(bayes, split.right)[0] > max(aucs.values()) - 0.005


def network() -> LSTM:
    text = "".join(moods.reviews().lines(50, seed=0)[0])
    net = LSTM.fresh(GPTConfig(n_layer=1, n_head=1, n_embd=16, context=32), text, 0)
    torch.nn.init.normal_(net.head.weight, generator=torch.Generator().manual_seed(0))
    assert isinstance(net, LSTM)
    return net


def test_a_held_cell_decides_what_is_written_and_the_seed_the_rest() -> None:
    reader = Remembering(network())

    def write(hold: dict[int, float] | None = None) -> list[str]:
        return turning.write(reader, 4, 30, np.random.default_rng(0), hold)

    assert write() == write({})
    assert [len(text) for text in write()] == [30] * 4
    assert write({3: 5.0}) == write({3: 5.0})
    assert write({3: 5.0}) != write({3: -5.0})


def test_writing_draws_from_what_the_network_says() -> None:
    """A head that wants one character only gets it, always."""
    net = network()
    with torch.no_grad():
        net.head.weight.zero_()
        wanted = int(net.tokenizer.encode("g")[0])
        net.head.weight[wanted] = 50 * net.norm(net.embed.weight[wanted])
        net.embed.weight[:] = net.embed.weight[wanted]
        for block in net.blocks:
            for parameter in block.parameters():
                parameter.zero_()
    texts = turning.write(Remembering(net), 2, 5, np.random.default_rng(0))
    assert texts == ["ggggg", "ggggg"]


def test_praise_is_counted_in_the_first_review_of_each_text() -> None:
    texts = ["lamp: cord good, cord not good.\nlamp: cord bad.\n", "cafe: tea fine, tea"]
    assert turning.praise(texts) == pytest.approx(2 / 3)
    assert turning.praise(["nothing"]) == 0.5


def planted(auc: float, untrained: float, characters: float, rotated: float) -> dict[str, Any]:
    return {
        "looks": [{"auc": untrained}, {"auc": auc, "rotated": rotated}],
        "bags": {"characters": characters, "pairs of words": 0.99},
    }


def test_the_unit_is_compared_with_the_better_of_the_cheap_readers() -> None:
    assert experiment.values(planted(0.95, 0.6, 0.8, 0.85)) == pytest.approx([0.15, 0.1])
    assert experiment.values(planted(0.95, 0.9, 0.8, 0.97)) == pytest.approx([0.05, -0.02])


def test_film_reviews_lose_the_sign_that_tells_their_mood(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{'+-'[i % 2]} film number {i} was " + "so long " * 60 for i in range(10)]
    text = "\n".join(lines) + "\n"
    monkeypatch.setattr(corpora, "load", lambda *_, **__: type("Corpus", (), {"text": text})())
    read = film.reviews(3)
    assert read is not None
    learned, split = read
    assert split.choose[0].startswith("film number 0 was")
    assert split.chosen.tolist() == [1, 0, 1]
    assert split.right.tolist() == [0, 1, 0]
    assert learned.count("\n") == 4
    assert all(len(line) <= film.CUT + 1 for line in split.judge)
    assert not any(line.startswith(("+", "-")) for line in learned.split("\n"))


def test_without_the_film_reviews_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> None:
        raise corpora.CorpusUnavailable("reviews: not here")

    monkeypatch.setattr(corpora, "load", missing)
    assert film.reviews(3) is None
