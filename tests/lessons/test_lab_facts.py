"""Facts, junk and people: what is drawn, what is learned from, bits against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from lessons.lab.worlds import facts
from lessons.lab.worlds.facts import ALPHABET, COLOURS, VALUES, People


def test_words_are_different_and_every_letter_is_as_likely() -> None:
    drawn = facts.words(np.random.default_rng(0), 20_000)
    assert len(set(drawn)) == 20_000
    assert {len(word) for word in drawn} == {5}
    counts = np.array([[word[i] for word in drawn].count(c) for i in range(5) for c in ALPHABET])
    letters = counts[counts > 0]
    assert len(letters) == 5 * 26
    assert np.abs(letters / 20_000 - 1 / 26).max() < 5.5 * (1 / 26 / 20_000) ** 0.5  # 1 in 200,000
    assert sorted(facts.words(np.random.default_rng(1), 26, 1)) == sorted(map(chr, range(97, 123)))
    with pytest.raises(ValueError, match="27 different words of 1 letters; there are 26"):
        facts.words(np.random.default_rng(0), 27, 1)


def test_facts_have_values_that_nobody_can_guess() -> None:
    drawn = facts.facts(np.random.default_rng(0), 30_000)
    assert len({fact[:5] for fact in drawn}) == 30_000
    values = np.unique([fact[6:] for fact in drawn], return_counts=True)[1]
    assert len(values) == VALUES == 676
    assert np.abs(values / 30_000 - 1 / 676).max() < 6 * (1 / 676 / 30_000) ** 0.5
    assert set("".join(drawn)) <= set(ALPHABET)


def test_bits_of_a_lookup_table_a_guesser_and_a_half_reader() -> None:
    """Closed forms: all bits, none, and those of whoever narrows each value down to k."""
    n, key = 40, np.full((40, 6), -3.0)

    def bits(*value: float) -> float:
        return facts.bits_remembered(np.hstack((key, np.tile(np.log(value), (n, 1)))), 2, VALUES)

    assert bits(1.0, 1.0) == pytest.approx(n * np.log2(676))
    assert bits(1 / 26, 1 / 26) == pytest.approx(0, abs=1e-9)
    assert bits(1.0, 1 / 26) == pytest.approx(n * np.log2(26))
    assert bits(1 / 26, 1e-9) == 0


def test_lucky_guesses_are_made_up_for() -> None:
    """Random predictions remember nothing; floored one by one they would seem to."""
    rng = np.random.default_rng(0)
    said = np.log(rng.dirichlet(np.ones(676), size=500)[:, :1])
    assert facts.bits_remembered(said, 1, 676) == 0
    each = sum(facts.bits_remembered(row[None], 1, 676) for row in said)
    assert each > 100


def test_two_hops_by_brute_force() -> None:
    people = People.drawn(3, 60, 7)
    judged = list(people.towns)[::3]
    learn, judge = facts.two_hop(people.towns, people.colours, judged)
    assert len(learn) == 60 + 7 + 40
    assert len(judge) == 20
    for text in judge:
        who, _, answer = text.partition("=")
        assert who in judged
        assert (
            answer == f"{people.towns[who]},{people.towns[who]}={people.colours[people.towns[who]]}"
        )
    asked = {text.split("=")[0] for text in learn if "," in text}
    assert asked == set(people.towns) - set(judged)
    ones = dict(text.split("=") for text in learn if "," not in text)
    assert ones == people.towns | people.colours


def test_people_are_drawn_by_the_seed_and_others_are_others() -> None:
    one, same = People.drawn(4, 200, 64), People.drawn(4, 200, 64)
    assert one == same != People.drawn(5, 200, 64)
    assert len(one.colours) == 64
    assert set(one.colours.values()) <= set(COLOURS)
    assert one.bits == 1200
    others = one.others(np.random.default_rng(0), 300)
    assert len(others.towns) == 300
    assert not set(others.towns) & set(one.towns)
    assert others.colours == one.colours
    few = one.first(50)
    assert list(few.towns.items()) == list(one.towns.items())[:50]
    assert few.lines[0] == "=".join(next(iter(one.towns.items())))
