"""Counts of n-grams against a dictionary that counts slices."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata.diversity.abundance import count_documents, counts_of_counts
from synthdata.text import ngrams
from synthdata.text.ngrams import by_document, count, count_keys, grams, ranks
from synthdata.text.tokens import encode

TEXTS = st.lists(st.text(alphabet="abc é中", max_size=12), max_size=8)


def slow(texts, n):
    """Count slices; inside a document only."""
    return Counter(text[i : i + n] for text in texts for i in range(len(text) - n + 1))


@given(TEXTS, st.integers(1, 7))
def test_counts_equal_counted_slices(texts, n):
    expected = slow(texts, n)
    tokens = encode(texts, "character")
    got = count(tokens, n)
    assert got.tolist() == [expected[gram] for gram in sorted(expected)]


@given(TEXTS, st.integers(1, 5))
def test_chunks_and_merging_change_nothing(texts, n):
    tokens = encode(texts, "character")
    whole = count_keys(tokens, n)
    size, ngrams._CHUNK = ngrams._CHUNK, 3
    try:
        parts = count_keys(tokens, n)
    finally:
        ngrams._CHUNK = size
    assert parts[0].tolist() == whole[0].tolist()
    assert parts[1].tolist() == whole[1].tolist()


def test_keys_stay_exact_where_they_do_not_fit_in_64_bits():
    # 2,000 words, 6-grams: 2000^6 = 6.4e19 > 2^64 = 1.8e19, so n-grams are renumbered on the way.
    texts = [" ".join(f"w{i}" for i in range(2000)), "w3 w4 w5 w6 w7 w8", "w3 w4 w5 w6 w7 w9"]
    assert sorted(count(encode(texts, "word"), 6).tolist()) == [1] * 1995 + [2]


@given(TEXTS, st.integers(1, 4))
def test_by_document_is_the_table_of_ngram_and_document(texts, n):
    found = grams(encode(texts, "character"), n)
    key, document, number = by_document(found)
    names = sorted(slow(texts, n))
    table = {(names[k], int(d)): int(c) for k, d, c in zip(key, document, number)}
    expected = {(g, d): c for d, text in enumerate(texts) for g, c in slow([text], n).items()}
    assert table == expected


def test_documents_are_counted_whole():
    assert count_documents(["b", "a", "b", ""]).tolist() == [2, 1, 1]
    assert count_documents([]).tolist() == []


def test_counts_of_counts():
    values, frequency = counts_of_counts(np.array([0, 2, 1, 1, 5]))
    assert dict(zip(values.tolist(), frequency.tolist())) == {1: 2, 2: 1, 5: 1}


def test_an_ngram_has_a_token():
    with pytest.raises(ValueError, match="n=0"):
        count(encode(["a"], "character"), 0)


@given(TEXTS, st.integers(1, 4), st.data())
def test_a_part_of_the_table_is_the_table_of_the_part(texts, n, data):
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))))
    tokens = encode(texts, "character")
    part = by_document(grams(tokens, n)).part(kept.astype(bool))
    alone = by_document(grams(tokens.select(np.flatnonzero(kept)), n))
    assert [column.tolist() for column in part] == [column.tolist() for column in alone]
    assert part.totals().tolist() == count(tokens.select(np.flatnonzero(kept)), n).tolist()


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5) | st.integers(2**58, 2**62)))
def test_ranks_are_those_of_sorted_keys(keys):
    place = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    assert ranks(np.array(keys, np.uint64)).tolist() == [place[key] for key in keys]
