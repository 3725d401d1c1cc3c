"""Storyland against brute force, against sampling, and against itself.

Random tests use fixed seeds; the false-alarm rate stated is that over the choice of a seed.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from labkit.files import sha256
from minigpt import storyland
from minigpt.nextchar import NextChar, first_ids
from minigpt.storyland.grammar_model import GrammarModel
from minigpt.storyland.rules import END, Choice, Grammar


def small() -> Grammar:
    """Thirteen sentences: shared beginnings, choices of unequal depth, and agreement."""
    return Grammar(
        {
            "start": [
                Choice("a ", 5, "one", (("number", "one"),)),
                Choice("ab ", 3, "many", (("number", "many"),)),
                Choice("b\n", 2, END),
            ],
            "one": [Choice("cs ", 2, "end"), Choice("ds ", 1, "end")],
            "many": [Choice("c ", 1, "end"), Choice("d ", 4, "end")],
            "end": [Choice("a\n", 4, END), Choice("ab\n", 2, END), Choice("ba\n", 1, END)],
        }
    )


@pytest.fixture(scope="module")
def enumerated() -> dict[str, float]:
    return dict(storyland.grammar().sentences())


def brute_cut(grammar: Grammar, text: str) -> float:
    """P(text at a random character), from the sentences alone.

    A random character lies in a sentence with probability proportional to its length, anywhere in
    it: the sum over sentences s and places o in s of p(s) / E[length] * P(what follows | s, o).
    """
    every = dict(grammar.sentences())
    mean = sum(len(s) * p for s, p in every.items())

    def follows(rest: str) -> float:
        if not rest:
            return 1.0
        return sum(
            p * (follows(rest[len(s) :]) if len(s) <= len(rest) else 1.0)
            for s, p in every.items()
            if s.startswith(rest) or rest.startswith(s)
        )

    return sum(
        p / mean * follows(text[len(s) - o :])
        for s, p in every.items()
        for o in range(len(s))
        if s[o:].startswith(text) or text.startswith(s[o:])
    )


# The grammar of the stories.


def test_sentences_are_short_and_marked(enumerated: dict[str, float]) -> None:
    assert len(enumerated) == storyland.grammar().count() == 613_128
    assert math.isclose(math.fsum(enumerated.values()), 1.0, rel_tol=1e-12)
    assert max(map(len, enumerated)) == storyland.grammar().longest == 31
    assert storyland.grammar().longest < 64 / 2  # half a default context
    assert all(s.count(storyland.MARK) == 1 and s[-1] == storyland.MARK for s in enumerated)


def test_entropy_is_that_of_all_sentences(enumerated: dict[str, float]) -> None:
    """Closed form from the automaton = entropy over all sentences / expected length."""
    p = np.array(list(enumerated.values()))
    lengths = np.array([len(s) for s in enumerated])
    assert len(set(enumerated)) == len(p)  # unambiguous: no sentence is derived twice
    expected = -(p * np.log(p)).sum() / (p * lengths).sum()
    assert storyland.entropy_per_char() == pytest.approx(expected, rel=1e-12)
    assert storyland.entropy_per_char() == pytest.approx(0.495426812, abs=1e-9)


def test_logprob_of_sentences_is_that_of_the_enumeration(enumerated: dict[str, float]) -> None:
    some = list(enumerated)[::5000]
    for sentence in some:
        assert storyland.logprob(sentence) == pytest.approx(math.log(enumerated[sentence]))
    text = "".join(some)
    together = math.fsum(math.log(enumerated[s]) for s in some)
    assert storyland.logprob(text) == pytest.approx(together)


def test_prefixes_sum_over_what_could_follow(enumerated: dict[str, float]) -> None:
    for prefix in ("m", "the ", "the boys r", "at dusk ben ", "happy lily laughs by"):
        expected = math.fsum(p for s, p in enumerated.items() if s.startswith(prefix))
        assert storyland.logprob(prefix) == pytest.approx(math.log(expected))


def test_monte_carlo_agrees_with_the_entropy() -> None:
    """Mean surprise of sampled sentences lies within 5 standard errors: false alarm 6e-7."""
    sentences = storyland.generate(500_000, seed=11).split("\n")[:-1]
    surprise = np.array([-storyland.logprob(s + "\n") for s in sentences])
    lengths = np.array([len(s) + 1 for s in sentences])
    # surprise - h * length has mean 0 exactly where h is the entropy rate
    excess = surprise - storyland.entropy_per_char() * lengths
    assert abs(excess.mean()) < 5 * excess.std(ddof=1) / math.sqrt(len(excess))


def test_agreement_and_themes_are_kept() -> None:
    def can(line: str) -> bool:
        return storyland.logprob(line + "\n") > -math.inf

    assert can("ben rides his bike")
    assert can("the boys ride their old bike")
    assert can("the queen sings and ben naps")
    assert not can("ben ride his bike")  # number
    assert not can("ben rides her bike")  # gender
    assert not can("ben rides his pie")  # theme
    assert not can("happy ben weeps")  # mood
    assert not can("Ben rides his bike")  # alphabet


# Generation.


def test_golden_text() -> None:
    text = storyland.generate(100_000, seed=0)
    assert text.startswith(
        "the boys grill their cake\nben grooms his wild rat\nmia feeds her pony\n"
    )
    assert sha256(text) == "4dadcd81b50ee35517722a8323cdafffefa973f21a317223503c7e44dd522361"


@pytest.mark.parametrize("n", [0, 1, 7, 95_000])
def test_shorter_texts_are_prefixes(n: int) -> None:
    longer = storyland.generate(200_000, seed=5)  # several blocks
    assert storyland.generate(n, seed=5) == longer[:n]
    assert len(longer) == 200_000


def test_seeds_differ_and_everything_written_is_grammatical() -> None:
    one, other = storyland.generate(50_000, seed=1), storyland.generate(50_000, seed=2)
    assert one[:1000] != other[:1000]
    assert storyland.grammatical(one) == storyland.grammatical(other) == 1.0
    assert storyland.logprob(one) > -math.inf


def test_negative_length_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        storyland.generate(-1)


def test_sampled_sentences_follow_their_probabilities() -> None:
    """Chi-square over all sentences of the small grammar; fails by chance once in 1e6 seeds."""
    from scipy.stats import chi2

    grammar = small()
    drawn = grammar.generate(120_000, seed=3).split("\n")[:-1]
    every = dict(grammar.sentences())
    counts = dict.fromkeys(every, 0)
    for line in drawn:
        counts[line + "\n"] += 1
    statistic = sum((counts[s] - len(drawn) * p) ** 2 / (len(drawn) * p) for s, p in every.items())
    assert min(every.values()) * len(drawn) > 100
    assert statistic < chi2.isf(1e-6, len(every) - 1)


# Grammars in general.


def test_small_grammar_by_hand() -> None:
    """H = H(start) + 0.5 H(one) + 0.3 H(many) + 0.8 H(end); lengths likewise."""

    def entropy(*weights: int) -> float:
        return -sum(w / sum(weights) * math.log(w / sum(weights)) for w in weights)

    grammar = small()
    h = entropy(5, 3, 2) + 0.5 * entropy(2, 1) + 0.3 * entropy(1, 4) + 0.8 * entropy(4, 2, 1)
    ending = (4 * 2 + 2 * 3 + 1 * 3) / 7
    length = 0.5 * (2 + 3 + ending) + 0.3 * (3 + 2 + ending) + 0.2 * 2
    assert grammar.count() == 13
    assert grammar.sentence_entropy == pytest.approx(h)
    assert grammar.mean_length == pytest.approx(length)
    assert grammar.entropy_per_char == pytest.approx(h / length)
    assert grammar.stationary.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_cut_texts_against_brute_force(length: int) -> None:
    """Every string of the alphabet, possible or not, up to four characters."""
    grammar = small()
    total = 0.0
    for letters in itertools.product(grammar.tokenizer.characters, repeat=length):
        text = "".join(letters)
        expected = brute_cut(grammar, text)
        total += math.exp(grammar.logprob(text, cut=True))
        if expected:
            assert grammar.logprob(text, cut=True) == pytest.approx(math.log(expected)), text
        else:
            assert grammar.logprob(text, cut=True) == -math.inf, text
    assert total == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["s ab\nab d a\na cs", "b\nb\nb\nab", " ba\na ds ba\n", "d ab\nd"])
def test_longer_cut_texts_against_brute_force(text: str) -> None:
    expected = brute_cut(small(), text)
    assert math.exp(small().logprob(text, cut=True)) == pytest.approx(expected, rel=1e-9, abs=0)


def test_a_mark_settles_where_a_cut_text_is() -> None:
    text = storyland.generate(30_000, seed=6)
    for fragment in ("s\n", "e\n", "n\n"):  # many ways to end so, all back at the start
        apart = storyland.logprob(fragment, cut=True) + storyland.logprob(text)
        assert storyland.logprob(fragment + text, cut=True) == pytest.approx(apart)


def test_empty_text_is_certain() -> None:
    assert storyland.logprob("") == storyland.logprob("", cut=True) == 0.0


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"s": [Choice("a", 1, "t"), Choice("ab", 1, "t")], "t": [Choice("\n", 1, END)]}, "ambig"),
        ({"s": [Choice("ab", 1, "t"), Choice("a", 1, "t")], "t": [Choice("\n", 1, END)]}, "ambig"),
        ({"s": [Choice("a\n", 1, END), Choice("a\n", 1, END)]}, "ambig"),
        ({"s": [Choice("a", 1, "s")]}, "no later rule"),
        ({"s": [Choice("a", 1, "gone")]}, "no later rule"),
        ({"s": [Choice("a", 1, END)]}, "ends sentences"),
        ({"s": [Choice("a\n", 1, "t")], "t": [Choice("b\n", 1, END)]}, "ends sentences"),
        ({"s": [Choice("a\nb\n", 1, END)]}, "ends sentences"),
        ({"s": [Choice("", 1, "t")], "t": [Choice("b\n", 1, END)]}, "ends sentences"),
        ({"s": [Choice("a\n", 0, END)]}, "weight 0"),
        ({"s": []}, "no choices"),
    ],
)
def test_unusable_grammars_are_refused(rules: dict[str, list[Choice]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grammar(rules)


# Shares and labels.


def test_grammatical_counts_complete_sentences() -> None:
    good, bad = "ben rides his bike\n", "ben ride his bike\n"
    assert storyland.grammatical(good * 3 + bad) == 0.75
    assert storyland.grammatical(good + "xyz!") == 1.0  # the last one is not complete
    assert storyland.grammatical("\n" + good) == 0.5  # an empty line is no story
    assert storyland.grammatical("é\u2028\n") == 0.0
    assert math.isnan(storyland.grammatical("ben rides"))


def test_annotation() -> None:
    text = "rides his bike\nthe boys ride their red bike\nmia rums\nsad tom we"
    labels = storyland.annotate(text)
    person = labels.features["person"]

    def value(feature: str, fragment: str, offset: int = 0) -> str | None:
        known = labels.features[feature][text.index(fragment) + offset]
        return labels.values[feature][known] if known >= 0 else None

    def slot(fragment: str) -> str:
        return labels.slots[labels.slot[text.index(fragment)]]

    assert (labels.slot[:15] == -1).all()  # starts in the middle of a sentence
    assert (person[:15] == -1).all()
    assert labels.sentence.tolist() == np.repeat([0, 1, 2, 3], [15, 29, 9, 10]).tolist()
    assert value("person", "the boys") is None  # not settled yet
    assert value("person", "the boys ", 7) is None
    assert value("person", "the boys ", 8) == "they"
    assert value("subject", "boys ride", 5) == "the boys"
    assert value("theme", "ride their", 3) is None
    assert value("theme", "ride their", 4) == "ride"
    assert value("theme", "red bike") == "ride"
    assert value("person", "bike\nmia", 4) == "they"  # up to the mark
    assert value("person", "mia rums", 4) is None  # a sentence the grammar cannot write
    assert (value("theme", "sad tom", 4), value("person", "tom ", 3)) == ("sad", "he")
    assert [slot(x) for x in ("the boys", "ride their", "their", "red", "sad", "we")] == [
        *("start", "verb", "own", "adjective", "start", "feel"),
    ]


def test_annotation_of_generated_text_knows_every_slot() -> None:
    labels = storyland.annotate(storyland.generate(20_000, seed=4))
    assert (labels.slot >= 0).all()
    assert set(labels.slot.tolist()) == set(range(len(labels.slots)))
    for feature, values in labels.values.items():
        assert set(labels.features[feature].tolist()) - {-1} <= set(range(len(values)))


# The true model.


def test_model_is_a_next_char() -> None:
    assert isinstance(storyland.StorylandModel(), NextChar)


def test_model_is_the_conditional_of_brute_force() -> None:
    """P(c | window) = P(window c) / P(window) for every window of up to three characters."""
    grammar = small()
    model = GrammarModel(grammar)
    alphabet = grammar.tokenizer.characters
    for length in (1, 2, 3):
        for letters in itertools.product(alphabet, repeat=length):
            text = "".join(letters)
            whole = brute_cut(grammar, text)
            if whole == 0:
                continue
            expected = [brute_cut(grammar, text + c) / whole for c in alphabet]
            got = np.exp(model.logprobs(grammar.tokenizer.encode(text)[None])[0, -1])
            np.testing.assert_allclose(got, expected, atol=1e-6)


def test_model_adds_up_to_the_grammar() -> None:
    """After a newline the model knows where it is: its losses sum to -logprob."""
    model = storyland.StorylandModel()
    text = "\n" + storyland.generate(3000, seed=8)
    ids = model.tokenizer.encode(text).astype(np.int64)
    table = model.logprobs(ids[None, :-1])[0].astype(np.float64)
    assert table[np.arange(len(ids) - 1), ids[1:]].sum() == pytest.approx(
        storyland.logprob(text[1:]), rel=1e-5
    )


def test_model_is_causal_normalised_and_incremental() -> None:
    model = storyland.StorylandModel()
    text = storyland.generate(6 * 50, seed=9)
    ids = model.tokenizer.encode(text).astype(np.int64).reshape(6, 50)
    whole = model.logprobs(ids)
    assert whole.shape == (6, 50, len(model.tokenizer))
    assert whole.dtype == np.float32
    np.testing.assert_allclose(np.exp(whole).sum(-1), 1.0, atol=1e-5)
    changed = ids.copy()
    changed[:, 30:] = changed[:, 30:][:, ::-1]
    np.testing.assert_array_equal(model.logprobs(changed)[:, :30], whole[:, :30])
    state, logprobs = model.start(ids[:, :7])
    np.testing.assert_allclose(logprobs, whole[:, 6], atol=1e-6)
    for t in range(7, 50):
        np.testing.assert_allclose(model.step(state, ids[:, t]), whole[:, t], atol=1e-6)


def test_streams_do_not_mix() -> None:
    """Streams of different certainty, one of them impossible, each answer as if alone."""
    model = storyland.StorylandModel()
    lines = ["e", "\n", "q", "z"], ["\nthe boys ", "zzzzzzzzzz", "s his soup", "abcdefghij"]
    for batch in lines:
        ids = np.stack([model.tokenizer.encode(line).astype(np.int64) for line in batch])
        together = model.logprobs(ids)
        for row, alone in enumerate(ids):
            np.testing.assert_allclose(together[row], model.logprobs(alone[None])[0], atol=1e-6)


def test_model_goes_on_after_impossible_text() -> None:
    """From the break on it is as if the window began there."""
    model = storyland.StorylandModel()
    broken = model.tokenizer.encode("ben qthe ").astype(np.int64)
    fresh = model.tokenizer.encode("the ").astype(np.int64)
    # "q" cannot follow "ben ", and "t" cannot follow "q"
    np.testing.assert_allclose(
        model.logprobs(broken[None])[0, 5:], model.logprobs(fresh[None])[0], atol=1e-6
    )


def test_smoothing_leaves_nothing_impossible() -> None:
    sharp, soft = storyland.StorylandModel(), storyland.StorylandModel(smoothing=0.28)
    ids = first_ids(sharp.tokenizer, 1)
    p, q = np.exp(sharp.logprobs(ids)), np.exp(soft.logprobs(ids))
    assert p.min() == 0
    np.testing.assert_allclose(q, 0.72 * p + 0.28 / 28, atol=1e-6)
    with pytest.raises(ValueError, match=r"1\.5"):
        storyland.StorylandModel(smoothing=1.5)
