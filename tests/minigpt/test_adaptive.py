"""What learns while it reads: against counting anew, and against itself read in another way."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt.adaptive import Adaptive, GrowingNGram, contexts, counts, questions
from minigpt.compress import Coder, compress, decompress
from minigpt.evaluate import surprisal
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.nextchar import NextChar
from minigpt.ngram import NGram
from minigpt.tokenizer import CharTokenizer

ALPHABET = CharTokenizer("ab Ec")


def text(length: int, seed: int = 0) -> np.ndarray:
    """Ids of a text in which each character makes the next but one likely."""
    rng = np.random.default_rng(seed)
    ids = [0, 1]
    for u, other in zip(rng.random(length), rng.integers(0, 5, length)):
        ids.append(int(other) if u < 0.4 else (ids[-2] + 1) % 5)
    return np.array(ids[2:])


def random_gpt(context: int = 6) -> GPT:
    """A tiny GPT with opinions."""
    config = GPTConfig(n_layer=1, n_head=2, n_embd=8, context=context)
    model = GPT(config, ALPHABET, torch.Generator().manual_seed(0))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5, generator=torch.Generator().manual_seed(1))
    return model.eval()


def static() -> NGram:
    """A member without windows, which knows another text."""
    return NGram.fit(text(300, seed=4), ALPHABET, 3)


@pytest.fixture(scope="module")
def mixed() -> Adaptive:
    return Adaptive([static()], text(500, seed=1))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 6), st.data(), st.integers(1, 40), st.integers(0, 25))
def test_counts_grow_to_what_counting_anew_would_give(
    v: int, order: int, data: Any, n: int, more: int
) -> None:
    letters = st.lists(st.integers(0, v - 1), min_size=n + more, max_size=n + more)
    ids, tokenizer = np.array(data.draw(letters)), CharTokenizer("abcd"[:v])
    growing = GrowingNGram(ids[:n], tokenizer, order)
    order = min(order, n)
    state = growing.fresh()
    said = [growing.predict(state)[0], *growing.read(state, ids[n:])]
    for read, found in zip(range(n, n + more + 1), said):
        anew = NGram.fit(ids[:read], tokenizer, order)
        np.testing.assert_allclose(found, anew.logprobs(ids[None, :read])[0, -1], atol=1e-6)


def test_a_growing_ngram_is_a_next_char() -> None:
    growing, ids = GrowingNGram(text(200), ALPHABET), text(30, seed=2)
    assert isinstance(growing, NextChar)
    whole = growing.logprobs(ids[None])[0]
    state, said = growing.start(ids[None, :3])
    np.testing.assert_array_equal(said[0], whole[2])
    for t in range(3, 30):
        np.testing.assert_array_equal(growing.step(state, ids[t : t + 1])[0], whole[t])
    with pytest.raises(ValueError, match="ids run from 0 to 4, got 5"):
        growing.step(state, np.array([5]))
    for ids, order, words in ((text(3), 0, "order"), (text(0), 3, "empty text")):
        with pytest.raises(ValueError, match=words):
            GrowingNGram(ids, ALPHABET, order)


def test_keys_are_equal_if_and_only_if_contexts_are() -> None:
    ids = text(3000)
    keys = np.empty((1, len(ids), contexts.KINDS), np.uint64)
    contexts.follow(contexts.unread(1), contexts.letters(ALPHABET), ids[None], keys)
    assert keys.min() > 0
    said = ALPHABET.decode(ids)
    seen: dict[Any, int] = {}
    for t in range(2500, 3000):
        before = said[: t + 1]
        words = before.lower().split(" ")
        ended = [word for word in words[:-1] if word]
        this = words[-1] or " "  # between words the last character
        back = [before[-k:] for k in range(1, contexts.ORDERS + 1)]
        back += [this, (this, *ended[-1:]), (this, *ended[-2:])]
        for kind, (context, key) in enumerate(zip(back, keys[0, t].tolist())):
            assert seen.setdefault((kind, context), key) == key
    assert len(set(seen.values())) == len(seen)


def test_it_sums_to_one_and_step_by_step_is_as_at_once(mixed: Adaptive) -> None:
    ids = text(400, seed=3)
    state, said = mixed.start(ids[None, :1])
    nats = []
    for one in ids[1:]:
        assert np.exp(said.astype(np.float64)).sum() == pytest.approx(1, abs=1e-5)
        nats.append(-said[0, one])
        said = mixed.step(state, np.array([one]))
    np.testing.assert_allclose(surprisal(mixed, ids), nats, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        -np.take_along_axis(mixed.logprobs(ids[None, :20])[0], ids[1:21, None], 1)[:, 0],
        nats[:20],
        atol=1e-6,
    )


def test_states_are_independent_and_equal_calls_give_equal_numbers(mixed: Adaptive) -> None:
    ids = text(60, seed=5).reshape(3, 20)
    one, first = mixed.start(ids[:, :1])
    for t in range(1, 20):
        last = mixed.step(one, ids[:, t])
    other, again = mixed.start(ids[:, :1])
    np.testing.assert_array_equal(again, first)
    for t in range(1, 20):
        repeated = mixed.step(other, ids[:, t])
    np.testing.assert_array_equal(repeated, last)
    copy = pickle.loads(pickle.dumps(mixed))
    np.testing.assert_array_equal(copy.start(ids[:, :1])[1], first)
    assert copy.fingerprint == mixed.fingerprint


def test_what_one_stream_reads_helps_the_others(mixed: Adaptive) -> None:
    word = ALPHABET.encode("cabEEbac" * 4).astype(np.int64)
    nats = []
    for company in (text(32, seed=9), word):
        state, _ = mixed.start(np.zeros((2, 1), int))
        for a in company:  # stream 0 reads this, stream 1 waits on a letter
            mixed.step(state, np.array([a, 2]))
        total = 0.0
        said = mixed.step(state, np.array([2, word[0]]))
        for a in word[1:]:
            total -= said[1, a]
            said = mixed.step(state, np.array([2, a]))
        nats.append(total)
    assert nats[1] < 0.8 * nats[0]


def test_it_learns_whom_to_believe() -> None:
    """A member that knows the text is soon believed, and one that knows nothing is not."""

    class Oracle:
        tokenizer, context, fingerprint = ALPHABET, None, "ab"

        def __init__(self, knows: bool) -> None:
            self.knows = knows

        def logprobs(self, ids: np.ndarray) -> np.ndarray:
            p = np.full((*ids.shape, 5), 0.025)
            follow = (
                np.roll(ids[0], -1)
                if self.knows
                else np.random.default_rng(1).permutation(np.roll(ids[0], -1))
            )
            p[0, np.arange(len(follow)), follow] = 0.9
            return np.log(p)

        def start(self, ids: np.ndarray) -> Any: ...

        def step(self, state: Any, ids: np.ndarray) -> Any: ...

    ids = np.random.default_rng(0).integers(0, 5, 1500)
    training = np.random.default_rng(2).integers(0, 5, 500)
    knows, guesses = (
        surprisal(Adaptive([Oracle(k)], training), ids)[-500:].mean() for k in (True, False)
    )
    assert knows < 0.15  # it says 0.105
    assert guesses < np.log(5) + 0.1  # alone it would be 3.0


def test_the_first_layer_follows_the_slope_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    weights, work = questions.nothing_learned(2, 5), questions.desk(2, 5)
    counted = counts.reserve(counts.nothing_counted(), 10)
    keys = np.arange(1, 1 + contexts.KINDS, dtype=np.uint64)
    said = np.log(rng.dirichlet(np.ones(5), size=2)).astype(np.float32)
    for symbol in (1, 1, 2, 4):
        counts.count(counted, keys[None], np.array([symbol]))
    before = weights.first.copy()
    nats = np.empty(1)
    questions.read(
        counted, weights, work, keys[None], said[:, None], np.array([0]), np.array([2]), nats
    )
    n = int(np.flatnonzero(work.asked == 2)[0]) + 1
    step = np.zeros_like(before)
    for q in range(n):
        for a in range(questions.A):
            x, row = work.x[q], work.sets[q, a]
            yes = float(q == n - 1)

            def loss(w: np.ndarray, x: np.ndarray = x, yes: float = yes) -> float:
                z = w @ x
                return float(np.log1p(np.exp(-z)) if yes else np.log1p(np.exp(z)))

            for i in range(len(x)):
                tiny = 1e-5 * np.eye(len(x))[i]
                slope = (loss(before[row] + tiny) - loss(before[row] - tiny)) / 2e-5
                step[row, i] -= questions.RATE_AT_FIRST * slope
    np.testing.assert_allclose(weights.first - before, step, atol=1e-7)


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet="ab Ecé\n\U0001f600", max_size=60), st.integers(1, 5))
def test_it_can_be_compressed_with(said: str, streams: int) -> None:
    model = _COMPRESSOR
    assert isinstance(model, Coder)
    packed = compress(said, model, streams=streams, verify=False)
    assert decompress(packed, model) == said.encode()


_COMPRESSOR = Adaptive([random_gpt(), static()], text(100, seed=6))


def test_stopped_in_the_middle_it_has_learned_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that was stopped while it coded writes the same file; one made anew decodes it."""
    said, learn, left = "cab Eab" * 20, Adaptive._learn, iter(range(7))
    packed = compress(said, _COMPRESSOR, streams=2, verify=False)

    def stopped(self: Adaptive, *args: Any) -> np.ndarray:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return learn(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Adaptive, "_learn", stopped)
        with pytest.raises(KeyboardInterrupt):
            compress(said, _COMPRESSOR, streams=2, verify=False)
    assert compress(said, _COMPRESSOR, streams=2, verify=False) == packed
    after_a_kill = Adaptive([random_gpt(), static()], text(100, seed=6))
    assert decompress(packed, after_a_kill) == said.encode()


def test_a_gpt_reads_in_its_own_windows(mixed: Adaptive) -> None:
    ids = text(100, seed=8)
    assert (_COMPRESSOR.precision, _COMPRESSOR.threads, mixed.precision) == ("fp32", 1, "fp64")
    nats = surprisal(_COMPRESSOR, ids)
    closer = surprisal(_COMPRESSOR, ids, stride=1)
    np.testing.assert_allclose(closer[:6], nats[:6], rtol=1e-5)
    assert (closer[6:] != nats[6:]).any()


def test_large_alphabets_and_long_texts_find_room() -> None:
    tokenizer = CharTokenizer("".join(map(chr, range(200, 3200))))
    ids = np.random.default_rng(0).integers(0, 3000, 600)
    model = Adaptive([], ids[:300], tokenizer)
    again = np.concatenate([ids[300:], ids[300:]])
    nats = surprisal(model, again)
    assert nats[350:].mean() < 0.5 * nats[:250].mean()
    assert len(nats) == 599


def test_what_makes_no_sense() -> None:
    other = NGram.fit("abxEc", CharTokenizer("abxEc"))
    for models, words in (([static(), other], "id 2 is ' ' to member 1"), ([other], "id 2 is")):
        with pytest.raises(ValueError, match=words) as error:
            Adaptive(models, text(50), ALPHABET)
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="pass tokenizer="):
        Adaptive([], text(50))
    with pytest.raises(ValueError, match="empty text"):
        Adaptive([static()], text(0))
    with pytest.raises(ValueError, match="got 5"):
        Adaptive([static()], np.array([5]))


def test_counts_are_those_of_a_dictionary() -> None:
    """Counted in parts, with room made anew on the way: totals, counts and ages of all contexts."""
    rng = np.random.default_rng(0)
    keys = rng.integers(1, 40, (4000, 3)).astype(np.uint64) << np.uint64(20)
    keys += np.arange(1, 4, dtype=np.uint64)  # each kind of context has its own
    ids, kept, done = rng.integers(0, 9, 4000), counts.nothing_counted(), 0
    totals: dict[int, int] = {}
    entries: dict[tuple[int, int], tuple[int, int, int]] = {}
    desk = questions.desk(1, 9)
    for part in np.split(np.arange(4000), [1, 2, 70, 71, 900, 3100]):
        kept = counts.reserve(kept, len(part))
        counts.count(kept, keys[part], ids[part])
        for t in part:
            for key in keys[t].tolist():
                totals[key] = totals.get(key, 0) + 1
                before = entries.get((key, int(ids[t])), (0, 0, 0))[0]
                entries[key, int(ids[t])] = (before + 1, totals[key], int(t))
        done += len(part)
        some = keys[rng.integers(0, 4000)]
        counts.gather(kept, desk, some)
        for j, key in enumerate(some.tolist()):
            assert desk.left[j] == totals.get(key, 0)
            for symbol in range(9):
                count, visit, place = entries.get((key, symbol), (0, 0, 0))
                assert desk.followed[symbol, j] == count
                passed = [desk.left[j] - visit, done - place]
                kinds = (counts.VISITS, counts.PASSED)
                visits, read = (int((k <= n).sum()) - 1 for k, n in zip(kinds, passed))
                age = (1 + visits) * len(counts.PASSED) + read if count else 0
                assert desk.age[symbol, j] == age
        counts.clear(kept, desk, some)
        assert not desk.followed.any()
        assert not desk.age.any()
    assert kept.used.tolist() == [1 + len(entries), len(totals), 4000]


def test_a_count_stays_what_two_bytes_hold() -> None:
    kept = counts.reserve(counts.nothing_counted(), 1)
    key = np.full((70_000, 1), 5, np.uint64)
    counts.count(kept, key, np.zeros(70_000, np.int64))
    desk = questions.desk(1, 2)
    counts.gather(kept, desk, key[0])
    assert (desk.followed[0, 0], desk.left[0]) == (65_535, 65_535)
