"""Repeated passages against brute force over all pairs of positions."""

import builtins
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.similarity import repeats as module
from synthdata.similarity.repeats import prefix_doubling, repeats, xz_ratio

TEXTS = st.lists(st.text(alphabet="ab é", max_size=14), min_size=1, max_size=6)


def brute_force(texts, min_length):
    """Bytes covered by passages that another document holds, and by ones the same holds twice."""
    pieces = [text.encode() for text in texts]
    across, within = 0, 0
    for d, piece in enumerate(pieces):
        marks = [set(), set()]
        for i in range(len(piece)):
            for j in range(i + min_length, len(piece) + 1):
                passage = piece[i:j]
                if any(passage in other for e, other in enumerate(pieces) if e != d):
                    marks[0].update(range(i, j))
                if piece.find(passage, piece.find(passage) + 1) >= 0:
                    marks[1].update(range(i, j))
        across, within = across + len(marks[0]), within + len(marks[1])
    size = sum(map(len, pieces))
    return (across / size, within / size) if size else (math.nan, math.nan)


@settings(max_examples=150, deadline=None)
@given(texts=TEXTS, min_length=st.integers(1, 6))
def test_shares_equal_brute_force(texts, min_length):
    found = repeats(texts, min_length=min_length)
    across, _ = brute_force(texts, min_length)
    assert found.share == pytest.approx(across, nan_ok=True)


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="ab", max_size=30), min_length=st.integers(1, 6))
def test_repetition_inside_one_document(text, min_length):
    _, within = brute_force([text], min_length)
    assert repeats([text], min_length=min_length).share_within == pytest.approx(within, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, min_length=st.integers(1, 4))
def test_without_pydivsufsort_the_answer_is_the_same(texts, min_length):
    fast = repeats(texts, min_length=min_length)
    real = builtins.__import__

    def without(name, *rest):
        if name == "pydivsufsort":
            raise ImportError(name)
        return real(name, *rest)

    builtins.__import__ = without
    try:
        slow = repeats(texts, min_length=min_length)
    finally:
        builtins.__import__ = real
    assert (slow.share, slow.share_within) == pytest.approx(
        (fast.share, fast.share_within), nan_ok=True
    )


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40))
def test_prefix_doubling_sorts_suffixes(letters):
    text = np.array(letters, dtype=np.uint8)
    suffixes, common = prefix_doubling(text, len(text))
    tails = [letters[i:] for i in suffixes]
    assert tails == sorted(tails)
    for a, b, shared in zip(tails, tails[1:], common[1:]):
        expected = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        assert shared == expected


@settings(deadline=None)
@given(texts=TEXTS, random=st.randoms())
def test_document_order_does_not_matter(texts, random):
    shuffled = list(texts)
    random.shuffle(shuffled)
    a, b = repeats(texts, min_length=3), repeats(shuffled, min_length=3)
    assert (a.share, a.share_within) == pytest.approx((b.share, b.share_within), nan_ok=True)
    assert [len(s.text) for s in a.longest] == [len(s.text) for s in b.longest] or a.share < 1
    assert xz_ratio(texts) == pytest.approx(xz_ratio(shuffled), nan_ok=True)


def test_the_three_jokes_are_shown():
    rng = np.random.default_rng(0)
    jokes = [
        "Why did the chicken cross the road? To get to the other side, of course!",
        "I told my wife she was drawing her eyebrows too high. She looked surprised.",
        "Parallel lines have so much in common. It is a shame they will never meet.",
    ]
    texts = [f"{rng.integers(10**9)} {jokes[i % 3]} {rng.integers(10**9)}" for i in range(60)]
    found = repeats(texts)
    assert {span.text.strip() for span in found.heaviest[:3]} == set(jokes)
    assert all(span.documents >= 20 and span.occurrences >= 20 for span in found.heaviest[:3])
    assert found.share > 0.75


def test_a_repeat_does_not_cross_from_one_document_into_the_next():
    pair = ["x" * 3 + "abcdef", "ghijkl" + "y" * 3]
    assert repeats([*pair, "abcdefghijkl"], min_length=7).share == 0


def test_a_passage_of_chinese_is_readable():
    text = "从前有座山，山里有座庙，庙里有个老和尚。"
    found = repeats(["一" + text, "二" + text])
    assert text in found.longest[0].text


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_no_text_is_undefined(texts):
    assert math.isnan(repeats(texts).share)
    assert math.isnan(xz_ratio(texts))


def test_one_document_and_awkward_ones():
    assert repeats(["a lone document about nothing in particular"]).share == 0
    assert repeats(["a\0b" * 30] * 2).share == 1
    assert repeats(["\ud800" * 30] * 2).share == 1
    with pytest.raises(ValueError, match="min_length=0"):
        repeats(["a"], min_length=0)


def test_xz_sees_a_corpus_pasted_twice_where_gzip_does_not():
    import gzip

    rng = np.random.default_rng(1)
    texts = [" ".join(f"{w:x}" for w in rng.integers(0, 2000, 40)) for _ in range(1200)]
    twice = [*texts, *texts]

    def gzip_ratio(texts):
        data = "\n".join(texts).encode()
        return len(data) / len(gzip.compress(data))

    assert gzip_ratio(twice) / gzip_ratio(texts) < 1.05
    assert xz_ratio(twice) / xz_ratio(texts) > 1.8
    assert module.MIN_LENGTH == 40


@pytest.mark.parametrize("first", [0x430, 0xE01])  # Cyrillic, two bytes a letter, and Thai, three
def test_a_passage_is_as_many_letters_in_every_alphabet(first):
    # Sentences of 40 common words: two of them in a row come back, and are no passage. Counted in
    # bytes, what no passage was in Latin letters was a third of the text in Thai ones.
    rng = np.random.default_rng(first)
    lexicon = ["".join(rng.choice(list("abcdefghijklmnopqrst"), 7)) for _ in range(200)]
    share = np.arange(1, 201) ** -1.0
    latin = [" ".join(rng.choice(lexicon, 40, p=share / share.sum())) for _ in range(100)]
    other = ["".join(chr(first + ord(c) - 97) if c > " " else c for c in text) for text in latin]
    assert repeats(other).share == pytest.approx(repeats(latin).share, abs=0.05)
    assert repeats(other, min_length=40).share > repeats(latin).share + 0.2
