"""The zoo's sources are what they say: marginals, agreements and shares against closed forms.

Seeds are fixed, so these tests are stable. Were they not: each compares a mean with its closed form
within four of its standard errors (a chance of 6e-5 each), or says otherwise.
"""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

_SPEC = importlib.util.spec_from_file_location("zoo", Path(__file__).with_name("zoo.py"))
zoo = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(zoo)


def close(values, truth):
    """Whether the mean of independent values is the truth within four standard errors."""
    values = np.asarray(values, dtype=float)
    return abs(values.mean() - truth) < 4 * values.std(ddof=1) / math.sqrt(len(values))


def information(tokens, share_of):
    """Mean -log2 p of tokens: on average the entropy, whatever depends on what."""
    return float(np.mean([-math.log2(share_of[token]) for token in tokens]))


ZIPF = {f"w{i}x": p for i, p in enumerate(zoo.zipf(600))}


def test_words_of_an_urn_follow_the_shares_and_agree_as_they_should():
    rng, share = np.random.default_rng(0), zoo.zipf(20)
    said = np.array([zoo.urn(12, share, 3.0, rng) for _ in range(4000)])
    for t in (0, 11):
        for word in (0, 5):
            assert close(said[:, t] == word, share[word])
    agree = (1 + 3 * float(share @ share)) / 4
    for one, two in ((0, 1), (3, 11)):
        assert close(said[:, one] == said[:, two], agree)


@pytest.mark.parametrize("name", ["iid", "bursty", "uneven", "authors", "prompts"])
def test_words_follow_zipf_whatever_depends_on_what(name):
    # The mean information over independent units is the entropy; of unequal lengths the weighted
    # one, so units are compared by their surplus, which is nought on average.
    sample = getattr(zoo, name)(np.random.default_rng(1))
    truth = sample.truth["words_entropy_source"]
    assert truth == pytest.approx(zoo.bits(zoo.zipf(600)))
    surplus = {}
    for i, text in enumerate(sample.texts):
        unit = i if sample.groups is None else sample.groups[i]
        words = text.split()
        surplus[unit] = surplus.get(unit, 0) + len(words) * (information(words, ZIPF) - truth)
    assert close(list(surplus.values()), 0)


def test_heroes_are_a_mixture():
    sample = zoo.heroes(np.random.default_rng(2))
    share = zoo.zipf(400)
    shares = {f"w{i}x": 0.85 * p for i, p in enumerate(share)}
    truth = 0.85 * (zoo.bits(share) - math.log2(0.85)) + 0.15 * math.log2(1e5 / 0.15)
    assert sample.truth["words_entropy_source"] == pytest.approx(truth)
    names = [word for text in sample.texts for word in text.split() if word[0] == "N"]
    assert len(names) == 6 * 300
    assert min(map(names.count, names)) >= 3
    found = [
        information(text.split()[:34], shares) * 0.85 + 0.15 * math.log2(1e5 / 0.15)
        for text in sample.texts
    ]
    assert close(found, truth)


def test_templates_and_han_text_have_the_entropy_they_state():
    sample = zoo.templates(np.random.default_rng(3))
    slots = {f"w{i}x": p / 10 for i, p in enumerate(zoo.zipf(200))}
    found = [
        0.9 * math.log2(320) + 0.1 * information(text.split()[-4:], slots) for text in sample.texts
    ]
    assert close(found, sample.truth["words_entropy_source"])
    assert {len(text.split()) for text in sample.texts} == {40}

    lexicon, total, length = zoo._lexicon(), {}, 0.0
    for word, p in zip(lexicon, zoo.zipf(4000, 1.1)):
        length += p * len(word)
        for character in word:
            total[chr(character)] = total.get(chr(character), 0.0) + p
    shares = {character: p / length for character, p in total.items()}
    sample = zoo.han(np.random.default_rng(4))
    truth = sample.truth["characters_entropy_source"]
    assert close([len(t) * (information(t, shares) - truth) for t in sample.texts], 0)
    assert set("".join(sample.texts)) <= set(map(chr, range(0x4E00, 0x9FFF)))


def test_events_and_prototypes_hold_the_copies_they_state():
    # Events: in 2,000 documents, where the one that is cut short at the end hardly counts.
    shares = []
    for seed in range(20):
        sample = zoo.events(np.random.default_rng(seed), 2000, 6)
        sizes = np.bincount(sample.groups)
        shares.append(sizes[sizes > 1].sum() / 2000)
    assert close(shares, sample.truth["near_duplicates"])
    assert sample.truth["near_duplicates"] == pytest.approx(0.78 / 1.75)

    # Prototypes are told apart by their words: two tellings share all but two.
    shares = []
    for seed in range(20):
        sample = zoo.prototypes(np.random.default_rng(seed), 60, 40, many=30)
        words = [np.array(text.split()) for text in sample.texts]
        shares.append(
            np.mean([any((a == b).sum() >= 38 for b in words if b is not a) for a in words])
        )
    assert close(shares, sample.truth["near_duplicates"])


def test_answers_to_a_prompt_share_its_topics():
    # Two words of one prompt agree if both are its topics and of one draw, or by the shares alone.
    share = zoo.zipf(600)
    alone = float(share @ share)
    same = 0.25 / 6
    hits = []
    for seed in range(20):
        sample = zoo.prompts(np.random.default_rng(seed), 40, 2)
        for k in range(0, 80, 2):
            one, two = (np.array(text.split()) for text in sample.texts[k : k + 2])
            hits.append((one[:, None] == two[None, :]).mean())
    assert close(hits, same + (1 - same) * alone)
