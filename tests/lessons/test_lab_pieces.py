"""A seed's text: pieces that nest, all from the training part."""

from __future__ import annotations

import pytest

from lessons.lab.pieces import NEXT_DOOR, PIECE, text_of
from minigpt import corpora


def test_a_longer_text_begins_with_the_shorter_and_all_is_from_the_training_part() -> None:
    whole = corpora.load("storyland:60000")
    short, long = (text_of(whole, n, 3) for n in (9000, 18_000))
    assert (len(short.train), len(long.train)) == (9000, 18_000)
    assert long.train.startswith(short.train)
    assert (short.choose, short.judge) == (whole.choose, whole.judge)
    assert short.train[:PIECE] in whole.train
    assert short.train != text_of(whole, 9000, 4).train
    most = int((1 - NEXT_DOOR) * len(whole.train))
    everything = text_of(whole, most, 3).train
    assert sorted(everything) == sorted(whole.train[:most])
    with pytest.raises(ValueError, match="characters to draw"):
        text_of(whole, most + 1, 3)
