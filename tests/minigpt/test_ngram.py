"""The n-gram against hand calculation, a slow reference and its own properties."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt import ngram
from minigpt.nextchar import NextChar
from minigpt.ngram import NGram, estimate_discounts
from minigpt.tokenizer import CharTokenizer


def markov_text(length: int, letters: str = "abcdefgh \n", seed: int = 0) -> str:
    """Text from a random chain that remembers two characters; skewed, so that counts differ."""
    rng = np.random.default_rng(seed)
    size = len(letters)
    chain = rng.dirichlet(np.full(size, 0.2), size=(size, size)).cumsum(-1)
    ids = [0, 1]
    for u in rng.random(length):
        ids.append(min(int(np.searchsorted(chain[ids[-2], ids[-1]], u)), size - 1))
    return "".join(letters[i] for i in ids[2:])


class SlowKneserNey:
    """Chen & Goodman's equations, one dictionary look-up at a time."""

    def __init__(self, ids: list[int], size: int, order: int) -> None:
        self.size = size
        self.counts: list[dict[tuple[int, ...], int]] = []
        for k in range(1, order + 1):
            places = range(len(ids) - k + 1)
            if k == order:
                self.counts.append(Counter(tuple(ids[i : i + k]) for i in places))
                continue
            left = defaultdict(set)
            for i in places:
                left[tuple(ids[i : i + k])].add(ids[i - 1] if i else "the start")
            self.counts.append({gram: len(neighbours) for gram, neighbours in left.items()})

    def discount(self, k: int, count: int) -> float:
        n = [sum(c == i for c in self.counts[k].values()) for i in range(5)]
        if all(n[1:]):
            y = n[1] / (n[1] + 2 * n[2])
            ds = [i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3)]
            if min(ds) > 0:
                return ds[min(count, 3) - 1]
        return [0.5, 1.0, 1.5][min(count, 3) - 1]

    def p(self, context: tuple[int, ...], w: int) -> float:
        shorter = self.p(context[1:], w) if context else 1 / self.size
        k = len(context)
        after = {g[-1]: c for g, c in self.counts[k].items() if g[:-1] == context}
        if not after:
            return shorter
        total = sum(after.values())
        given_up = sum(self.discount(k, c) for c in after.values())
        own = after[w] - self.discount(k, after[w]) if w in after else 0.0
        return own / total + given_up / total * shorter


def test_by_hand() -> None:
    # "aab", order 2, fallback discounts 0.5, 1, 1.5. Left neighbours: a {start, a}, b {a}.
    # Single characters: a (2 - 1)/3, b (1 - 0.5)/3, handed down (1 + 0.5)/3 = 1/2, to 1/2 each:
    # p(a) = 1/3 + 1/4 = 7/12, p(b) = 1/6 + 1/4 = 5/12. After a: aa and ab once each, so
    # p(a|a) = 0.5/2 + (0.5 + 0.5)/2 * 7/12 = 13/24. Nothing was seen after b: p(.|b) = p(.).
    model = NGram.fit("aab", order=2)
    after = np.exp(model.logprobs(np.array([[0, 1]]))[0])
    assert np.exp(model.unconditional()) == pytest.approx([7 / 12, 5 / 12])
    assert after[0] == pytest.approx([13 / 24, 11 / 24])
    assert after[1] == pytest.approx([7 / 12, 5 / 12])
    assert np.exp(model.logprob_of(np.array([0, 0, 1, 1]))) == pytest.approx(
        [7 / 12, 13 / 24, 11 / 24, 5 / 12]
    )


def test_a_character_with_one_left_neighbour_is_no_good_guess_elsewhere() -> None:
    """The "San Francisco" effect, what tells Kneser-Ney from other smoothing."""
    text = "qu" * 1000 + "".join(np.random.default_rng(0).choice(list("abcdefghij"), 2000))
    model = NGram.fit(text, order=2)
    u = model.tokenizer.encode("u")[0]
    assert text.count("u") / len(text) == 0.25
    assert np.exp(model.unconditional()[u]) < 0.05


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=60),
    st.lists(st.integers(0, 4), min_size=1, max_size=12),
    st.integers(1, 5),
)
def test_equals_the_slow_reference(text: list[int], probe: list[int], order: int) -> None:
    tokenizer = CharTokenizer("abcde")  # e is never counted
    model = NGram.fit(np.array(text), tokenizer, order)
    slow = SlowKneserNey(text, 5, model.order)
    back = model.order - 1
    expected = [slow.p(tuple(probe[max(0, i - back) : i]), w) for i, w in enumerate(probe)]
    assert np.exp(model.logprob_of(np.array(probe))) == pytest.approx(expected, rel=1e-9)


def test_equals_the_slow_reference_with_estimated_discounts() -> None:
    text = markov_text(1500, "abcdef")
    model = NGram.fit(text, order=4)
    assert any(d.tolist() != ngram.FALLBACK_DISCOUNTS.tolist() for d in model.discounts)
    ids = model.tokenizer.encode(text).tolist()
    slow = SlowKneserNey(ids, len(model.tokenizer), 4)
    probe = model.tokenizer.encode(markov_text(40, "abcdef", seed=1)).tolist()
    expected = [slow.p(tuple(probe[max(0, i - 3) : i]), w) for i, w in enumerate(probe)]
    assert np.exp(model.logprob_of(np.array(probe))) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.text("abcd", min_size=1, max_size=200), st.integers(1, 8), st.integers(0, 2**32))
def test_sums_to_one_after_every_context(text: str, order: int, seed: int) -> None:
    model = NGram.fit(text, CharTokenizer("abcdxyz"), order)
    contexts = np.random.default_rng(seed).integers(0, 7, (5, 11))  # most of them never seen
    p = np.exp(model.logprobs(contexts).astype(np.float64))
    assert p.sum(-1) == pytest.approx(1, abs=1e-6)
    assert np.exp(model.unconditional().astype(np.float64)).sum() == pytest.approx(1, abs=1e-6)
    assert p.min() > 0


def test_the_three_ways_to_ask_agree() -> None:
    model = NGram.fit(markov_text(5000), order=6)
    ids = model.tokenizer.encode(markov_text(300, seed=3)).reshape(3, 100)
    dense = model.logprobs(ids)
    for row, lp in zip(ids, dense):
        assert model.logprob_of(row)[1:] == pytest.approx(lp[np.arange(99), row[1:]], abs=1e-6)
    state, lp = model.start(ids[:, :3])
    for t in range(3, 100):
        np.testing.assert_array_equal(lp, dense[:, t - 1])
        lp = model.step(state, ids[:, t])
    np.testing.assert_array_equal(lp, dense[:, -1])
    np.testing.assert_array_equal(model.start(ids)[1], dense[:, -1])


def test_looks_back_order_minus_one_characters_and_no_further() -> None:
    model = NGram.fit(markov_text(20_000, "abc"), order=4)
    ids = np.array([[0, 1, 2, 0, 1, 2, 0, 1]])
    base = model.logprobs(ids)[0, -1]
    for place, seen in [(3, False), (4, False), (5, True), (7, True)]:
        other = ids.copy()
        other[0, place] = (other[0, place] + 1) % 3
        assert (model.logprobs(other)[0, -1] != base).any() == seen


def test_relabelling_the_alphabet_changes_nothing() -> None:
    text = markov_text(4000)
    forward = CharTokenizer.from_text(text)
    backward = CharTokenizer(forward.characters[::-1])
    a, b = NGram.fit(text, forward, 5), NGram.fit(text, backward, 5)
    probe = markov_text(200, seed=5)
    np.testing.assert_allclose(
        a.logprobs(forward.encode(probe)[None]),
        b.logprobs(backward.encode(probe)[None])[..., ::-1],
        rtol=1e-5,
    )


def test_more_context_helps_on_a_chain_of_order_two_and_no_further() -> None:
    text, held_out = markov_text(60_000), markov_text(66_000)[60_000:]
    losses = []
    for order in range(1, 6):
        model = NGram.fit(text, order=order)
        losses.append(-model.logprob_of(model.tokenizer.encode(held_out)).mean())
    assert losses[0] > losses[1] + 0.1 > losses[2] + 0.2
    assert losses[2] == pytest.approx(min(losses), abs=0.01)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    text = markov_text(500)
    whole = NGram.fit(text, order=5)
    ids = whole.tokenizer.encode(text)[None]
    expected = whole.logprobs(ids)
    monkeypatch.setattr(ngram, "_CHUNK", 37)
    monkeypatch.setattr(ngram, "_CELLS", 64)
    np.testing.assert_array_equal(NGram.fit(text, order=5).logprobs(ids), expected)


def test_the_largest_alphabet_does_not_overflow() -> None:
    # 50,000 grams times 65,536 characters is more than 32 bits hold. All counts are one, so the
    # discounts are the fallback's: a context seen once gives half to what followed it. A pair of
    # characters comes twice in 50,000 with probability 50,000 / 65,536^2, about 1e-5 each.
    tokenizer = CharTokenizer("".join(map(chr, range(0x10000, 0x20000))))
    ids = np.random.default_rng(0).integers(0, 65_536, 50_000)
    model = NGram.fit(ids, tokenizer, order=4)
    assert (np.exp(model.logprob_of(ids)[3:]) > 0.5).mean() > 0.999
    assert np.exp(model.logprob_of(ids[::-1])).max() < 0.01


def test_discounts_fall_back_where_they_are_undefined_or_not_positive() -> None:
    assert estimate_discounts(np.array([1, 1, 2])).tolist() == [0.5, 1.0, 1.5]
    many_threes = np.array([1] * 4 + [2] * 2 + [3] * 9 + [4])  # D2 = 2 - 3 * 0.5 * 9/2 < 0
    assert estimate_discounts(many_threes).tolist() == [0.5, 1.0, 1.5]


def test_a_text_shorter_than_the_order_is_counted_to_its_own_length() -> None:
    model = NGram.fit("ab", order=7)
    assert model.order == 2
    assert NGram.fit("a", order=7).logprob_of(np.array([0, 0])).tolist() == [0.0, 0.0]


def test_what_it_is_and_which() -> None:
    model = NGram.fit("abracadabra", order=3)
    assert isinstance(model, NextChar)
    assert model.context is None
    prints = {
        model.fingerprint,
        NGram.fit("abracadabra", order=4).fingerprint,
        NGram.fit("abracadabrb", order=3).fingerprint,
        NGram.fit("abracadabra", CharTokenizer("abcdrz"), 3).fingerprint,
    }
    assert len(prints) == 4
    assert NGram.fit("abracadabra", order=3).fingerprint == model.fingerprint


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="empty text"):
        NGram.fit("")
    with pytest.raises(ValueError, match="got 0"):
        NGram.fit("abc", order=0)
    with pytest.raises(ValueError, match="tokenizer="):
        NGram.fit(np.array([0, 1]))
    with pytest.raises(ValueError, match=r"0\.\.7"):
        NGram.fit(np.array([0, 7]), CharTokenizer("ab"))
    with pytest.raises(ValueError, match="'z'"):
        NGram.fit("abz", CharTokenizer("ab"))
    model = NGram.fit("abc")
    with pytest.raises(ValueError, match=r"-1\.\.0"):
        model.logprobs(np.array([[0, -1]]))
    with pytest.raises(ValueError, match="2 dimension"):
        model.logprobs(np.array([0, 1]))
    with pytest.raises(ValueError, match="T >= 1"):
        model.start(np.zeros((2, 0), dtype=int))
    with pytest.raises(ValueError, match=r"0\.\.3"):
        model.step(model.start(np.zeros((2, 1), dtype=int))[0], np.array([0, 3]))
