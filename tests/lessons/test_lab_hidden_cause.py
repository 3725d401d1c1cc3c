"""Two grammars behind one text: posterior, floor and predictor against sums over all sentences."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from lessons.lab import moods
from lessons.lab.hidden_cause import (
    HiddenCause,
    HiddenCauseModel,
    line_loss,
    running_posterior,
)
from minigpt.nextchar import NextChar
from minigpt.storyland.rules import END, Choice, Grammar


def grammar(a: int, b: int) -> Grammar:
    """Two letters, each an a or a b, with these weights; then the mark."""
    second = [Choice("a\n", a, END), Choice("b\n", b, END)]
    return Grammar({"one": [Choice("a", a, "two"), Choice("b", b, "two")], "two": second})


def pair(prior: list[float] | None = None) -> HiddenCause:
    return HiddenCause([grammar(3, 1), grammar(1, 3)], prior)


def test_the_posterior_is_bayes_rule_at_every_character() -> None:
    source = moods.reviews()
    lines, _ = source.lines(20, seed=3)
    for line in lines:
        found = running_posterior(source.loglik(line), source.prior)
        assert found.sum(axis=1) == pytest.approx(1)
        for t in (1, 7, len(line) // 2, len(line)):
            likelihood = [math.exp(g.logprob(line[:t])) for g in source.grammars]
            assert found[t - 1, 1] == pytest.approx(likelihood[1] / sum(likelihood))


def test_a_prior_counts_once_and_nothing_underflows() -> None:
    even = np.log(np.full((4000, 2), 1e-300))
    assert running_posterior(even, np.array([0.9, 0.1]))[-1] == pytest.approx([0.9, 0.1])


def test_losses_are_entropies_where_every_line_comes_as_often_as_it_should() -> None:
    share = {"a": 3, "b": 1}
    lines, causes = [], []
    for cause in (0, 1):
        for one, two in itertools.product("ab", repeat=2):
            w = [share[c] if cause == 0 else 4 - share[c] for c in (one, two)]
            times = w[0] * w[1]
            lines += [f"{one}{two}\n"] * times
            causes += [cause] * times
    found = pair().losses(lines, np.array(causes))
    p = np.array([10, 6, 6, 10]) / 32  # aa, ab, ba, bb
    letter = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert found.exact == pytest.approx(-(p @ np.log(p)) / 3)
    assert found.told == pytest.approx(2 * letter / 3)
    assert found.forgetful == pytest.approx(2 * math.log(2) / 3)  # a and b are equally likely
    assert found.worth == pytest.approx(found.forgetful - found.exact)


def test_the_predictor_pays_the_floor_behind_the_first_mark() -> None:
    source = moods.reviews()
    lines, causes = source.lines(60, seed=0)
    assert isinstance(source.model, NextChar)
    ids = source.tokenizer.encode("".join(["film: plot good.\n"[-2:], *lines]))[None]
    said = source.model.logprobs(ids[:, :-1])[0]
    paid = -said[np.arange(len(said)), ids[0, 1:]][1:].sum()
    floor = source.losses(lines, causes).exact
    assert paid == pytest.approx(floor * len("".join(lines)), rel=1e-5)
    assert line_loss(source.model, lines, batch=7) == pytest.approx(floor, rel=1e-5)


def test_step_by_step_is_all_at_once_and_a_mark_forgets_the_cause() -> None:
    source = pair([0.8, 0.2])
    model = HiddenCauseModel(source)
    ids = source.tokenizer.encode("aa\nab\nbb\nb")[None]
    whole = model.logprobs(ids)[0]
    state, said = model.start(ids[:, :1])
    for t in range(1, ids.shape[1]):
        assert said[0] == pytest.approx(whole[t - 1])
        said = model.step(state, ids[:, t])
    a = source.tokenizer.encode("a")[0]
    for mark in (2, 5, 8):  # whatever the line before was, a begins with the prior's share
        assert whole[mark, a] == pytest.approx(math.log(0.8 * 0.75 + 0.2 * 0.25))


def test_a_view_that_begins_anywhere_weighs_every_beginning() -> None:
    """Behind a single a: it was the first letter or the second, of either cause."""
    source = pair([0.8, 0.2])
    ids = source.tokenizer.encode("a")[None]
    found = np.exp(source.model.logprobs(ids)[0, 0])
    first = second = 0.8 * 0.75 + 0.2 * 0.25
    then_a = 0.8 * 0.75**2 + 0.2 * 0.25**2
    expected = {"a": then_a, "b": first - then_a, "\n": second}
    for character, weight in expected.items():
        i = source.tokenizer.encode(character)[0]
        assert found[i] == pytest.approx(weight / (first + second), rel=1e-5)


def test_lines_come_in_the_priors_shares_and_by_the_seed() -> None:
    source = pair([0.8, 0.2])
    lines, causes = source.lines(4000, seed=1)
    # Standard deviation of the share 0.0063; beyond 6 of them 1 in 10^9.
    assert abs(causes.mean() - 0.2) < 0.038
    a = np.array([line.count("a") / 2 for line in lines])
    assert abs(a[causes == 0].mean() - 0.75) < 0.04  # standard deviation 0.0054
    assert abs(a[causes == 1].mean() - 0.25) < 0.08  # 0.011
    again, same = source.lines(4000, seed=1)
    assert (again, same.tolist()) == (lines, causes.tolist())
    assert source.text(50, seed=1) == source.text(80, seed=1)[:50]


def test_what_cannot_be_a_hidden_cause_is_refused() -> None:
    other = Grammar({"one": [Choice("a\n", 1, END), Choice("c\n", 1, END)]})
    with pytest.raises(ValueError, match="differ in weights only"):
        HiddenCause([grammar(1, 1), other])
    with pytest.raises(ValueError, match="probability above 0 for 2 grammars"):
        pair([1.0, 0.0])
    with pytest.raises(ValueError, match="no grammar writes 'ac'"):
        HiddenCause([other]).loglik("ac")


# Reviews.


def test_a_reviews_mood_shows_in_what_is_praised_and_in_nothing_else() -> None:
    source = moods.reviews()
    lines, causes = source.lines(3000, seed=5)
    share = moods.PRAISE / (moods.PRAISE + 1)
    for cause, expected in ((1, share), (0, 1 - share)):
        said = [x for line, c in zip(lines, causes) if c == cause for x in moods.praised(line)]
        assert len(said) > 5000  # standard deviation below 0.005
        assert abs(np.mean(said) - expected) < 0.03
    clauses = "".join(lines)
    parts = clauses.count(",") + clauses.count(".")
    assert abs(clauses.count(" not ") / parts - moods.NOT / 20) < 0.02  # deviation about 0.004
    for k in (0, 1):
        things = Counter(line.split(":")[0] for line, c in zip(lines, causes) if c == k)
        assert max(things.values()) - min(things.values()) < 200  # of 500 each; deviation about 30


def test_praise_is_what_the_grammar_says() -> None:
    """In a clause with "not" the word that is written is of the other kind."""
    lines, _ = moods.reviews().lines(50, seed=2)
    glad = moods.grammar("glad")
    for line in lines:
        notes = glad.annotate(line)
        says, values = notes.features["says"], notes.values["says"]
        ends = [i for i, c in enumerate(line) if c in ",."]
        assert moods.praised(line) == [values[says[i]] == "glad" for i in ends]


def test_what_no_reviewer_writes_is_neither_praise_nor_blame() -> None:
    assert moods.praised("film: , good, plot gd, , not bad.") == [True, True]
    assert moods.praised("") == moods.praised(",.") == moods.praised("lamp: .") == []
