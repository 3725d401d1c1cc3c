"""Self-BLEU against NLTK, cosine and Vendi against their definitions over all pairs."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.panel.panel import measure
from synthdata.similarity.cosine import mean_cosine
from synthdata.similarity.self_bleu import self_bleu
from synthdata.similarity.vendi import vendi, vendi_from_spectrum, vendi_ngrams
from synthdata.text.tokens import encode
from synthdata.text.words import words
from synthdata.verdicts.gate import gate

WORDS = st.sampled_from(
    ["the", "chicken", "crossed", "road", "why", "to", "get", "other", "side", "knock"]
)
TEXTS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=2, max_size=8)


def nltk_self_bleu(texts, smoothing):
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    pieces = [words(text) for text in texts]
    method = getattr(SmoothingFunction(), f"method{smoothing}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            sentence_bleu(
                pieces[:i] + pieces[i + 1 :], piece, smoothing_function=method, auto_reweigh=True
            )
            for i, piece in enumerate(pieces)
        ]


@pytest.mark.parametrize("smoothing", [0, 1, 2, 3])
@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_self_bleu_equals_nltk(smoothing, texts):
    expected = nltk_self_bleu(texts, smoothing)
    assert self_bleu(encode(texts), smoothing=smoothing) == pytest.approx(expected, abs=1e-12)


def test_self_bleu_equals_nltk_on_many_texts():
    rng = np.random.default_rng(5)
    share = 1 / np.arange(1, 200)
    vocabulary = [f"w{i}" for i in range(199)]
    texts = [
        " ".join(rng.choice(vocabulary, rng.integers(3, 25), p=share / share.sum()))
        for _ in range(60)
    ]
    texts[7] = texts[3]
    for smoothing in (0, 1, 2, 3):
        got = self_bleu(encode(texts), smoothing=smoothing)
        assert np.abs(got - nltk_self_bleu(texts, smoothing)).max() < 1e-12


@pytest.mark.parametrize("text", ["yes", "Good morning", "so it goes", "a b c d"])
def test_equal_texts_score_one_however_short(text):
    # With four orders for all, 1,000 x "yes" scored .18, as smoothing makes .1 of each that is
    # missing, and a gate of .4 let them pass.
    for smoothing in (0, 1, 2, 3):
        assert self_bleu(encode([text] * 5), smoothing=smoothing) == pytest.approx(np.ones(5))
    assert measure([text] * 50)["self_bleu"].value == pytest.approx(1)
    assert gate([text] * 50, ["self_bleu<=0.4"]).outcome == "fail"


def test_self_bleu_at_its_ends():
    assert self_bleu(encode(["a b c d e"] * 3)).tolist() == pytest.approx([1, 1, 1])
    assert self_bleu(encode(["a b c d", "e f g h"])).tolist() == [0, 0]
    with pytest.raises(ValueError, match="needs two, got 1"):
        self_bleu(encode(["alone"]))
    with pytest.raises(ValueError, match="methods 0 to 3, got 7"):
        self_bleu(encode(["a", "b"]), smoothing=7)


@given(TEXTS, st.randoms())
def test_document_order_does_not_matter(texts, random):
    order = list(range(len(texts)))
    random.shuffle(order)
    shuffled = [texts[i] for i in order]
    a, b = encode(texts), encode(shuffled)
    assert self_bleu(b) == pytest.approx(self_bleu(a)[order], abs=1e-12)
    assert mean_cosine(b) == pytest.approx(mean_cosine(a), abs=1e-12, nan_ok=True)
    assert vendi_ngrams(b)[0] == pytest.approx(vendi_ngrams(a)[0], rel=1e-9, nan_ok=True)


def count_matrix(texts, n):
    pieces = [words(text) for text in texts]
    rows = [[tuple(p[i : i + n]) for i in range(len(p) - n + 1)] for p in pieces]
    names = sorted({gram for row in rows for gram in row})
    return np.array([[row.count(name) for name in names] for row in rows if row], dtype=float)


@given(TEXTS, st.integers(1, 3))
def test_mean_cosine_is_the_mean_over_pairs(texts, n):
    table = count_matrix(texts, n)
    if len(table) < 2:
        assert math.isnan(mean_cosine(encode(texts), n))
        return
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    similar = unit @ unit.T
    pairs = similar[~np.eye(len(table), dtype=bool)]
    assert mean_cosine(encode(texts), n) == pytest.approx(pairs.mean(), abs=1e-12)


def slow_vendi(unit, q):
    """The definition: eigenvalues of the n x n matrix K / n."""
    values = np.linalg.eigvalsh(unit @ unit.T / len(unit))
    values = values[values > 1e-13]
    if q == 1:
        return math.exp(-sum(v * math.log(v) for v in values))
    if q == math.inf:
        return 1 / values.max()
    return sum(v**q for v in values) ** (1 / (1 - q))


@pytest.mark.parametrize("q", [0.5, 1, 2, math.inf])
@given(texts=TEXTS)
def test_vendi_of_ngrams_is_the_definition(q, texts):
    table = count_matrix(texts, 1)
    got, how = vendi_ngrams(encode(texts), 1, q)
    if not len(table):
        assert math.isnan(got)
        return
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    assert how.startswith("exact")
    assert got == pytest.approx(slow_vendi(unit, q), rel=1e-6)


@pytest.mark.parametrize("shape", [(40, 7), (7, 40), (5000, 3)])
@pytest.mark.parametrize("q", [0.5, 1, 2, math.inf])
def test_vendi_of_vectors_is_the_definition(shape, q):
    x = np.random.default_rng(1).normal(size=shape)
    sample = x if len(x) < 100 else np.vstack([x[:50]] * 100)  # repeats leave Vendi as it was
    unit = (x if len(x) < 100 else x[:50]).copy()
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    assert vendi(sample, q) == pytest.approx(slow_vendi(unit, q), rel=1e-9)


def test_vendi_counts_what_is_different():
    assert vendi(np.eye(5), 1) == pytest.approx(5)
    assert vendi(np.ones((5, 3)), 0) == pytest.approx(1)
    assert vendi_ngrams(encode(["a"] * 9))[0] == pytest.approx(1)
    assert vendi_ngrams(encode(["a", "b", "c"] * 4))[0] == pytest.approx(3)


def test_hashed_vendi_reads_low_and_says_that_it_is_hashed(monkeypatch):
    rng = np.random.default_rng(2)
    share = 1 / np.arange(1, 3000)
    texts = [
        " ".join(f"w{w}" for w in rng.choice(2999, 40, p=share / share.sum())) for _ in range(700)
    ]
    exact = [vendi_ngrams(encode(texts), 1, q)[0] for q in (1, 2)]
    monkeypatch.setattr("synthdata.similarity.vendi.EXACT_SIDE", 512)
    hashed, how = zip(*[vendi_ngrams(encode(texts), 1, q) for q in (1, 2)])
    assert all("hashed to 512" in text for text in how)
    assert 0.6 * exact[0] < hashed[0] < exact[0]
    assert hashed[1] == pytest.approx(exact[1], rel=0.1)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((2, 2)), "vector 0 is all noughts"),
        (np.ones(3), r"shape \(3,\)"),
        (np.full((2, 2), np.nan), "finite"),
        (np.array([[1.0, 0.0], [1e300, 1e300]]), "vector 1 is too large for its length"),
        (np.array([[1e-200, 0.0], [1.0, 0.0]]), "vector 0 is too small for its length"),
    ],
)
def test_bad_vectors_are_named(vectors, message):
    with pytest.raises(ValueError, match=message):
        vendi(vectors)


def test_bad_order_is_named():
    with pytest.raises(ValueError, match="order"):
        vendi_from_spectrum([1.0], -1)
