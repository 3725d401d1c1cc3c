"""The verdict on the traps it fell into: each right, or saying that it cannot tell.

A changing number in one sentence was "No collapse [high, good]"; a fixed prompt was "Collapsed".
"""

import math
import uuid
from dataclasses import replace

import numpy as np
import pytest

from synthdata.cli import wording
from synthdata.diversity.measure import Measure
from synthdata.panel.panel import measure, only
from synthdata.similarity import boilerplate
from synthdata.text.tokens import DEFAULT_POLICY
from synthdata.verdicts import against
from synthdata.verdicts.gate import gate
from synthdata.verdicts.verdict import Verdict, of_collection

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def words(n: int, rng: np.random.Generator) -> list[str]:
    """Made-up words of letters, two to seven of them."""
    return ["".join(rng.choice(list(LETTERS), rng.integers(2, 8))) for _ in range(n)]


RNG = np.random.default_rng(5)
LEXICON = np.array(words(3000, RNG))


def prose(n: int, rng: np.random.Generator, length: int = 14) -> list[str]:
    """Independent sentences."""
    return [" ".join(rng.choice(LEXICON, length)) for _ in range(n)]


def verdict(texts: list[str]) -> Verdict:
    found = measure(texts)
    return wording.verdict(len(texts), found, found.boilerplate)


def with_ids(n: int, length: int) -> list[str]:
    rng = np.random.default_rng(length)
    sentence = " ".join(LEXICON[:60])[:length]
    half = length // 2
    return [
        f"{sentence[:half]} {uuid.UUID(bytes=rng.bytes(16))} {sentence[half:]}" for _ in range(n)
    ]


@pytest.mark.parametrize("length", [60, 120, 180, 260])
def test_one_sentence_with_a_changing_id_is_collapsed(length):
    texts = with_ids(300, length)
    found = verdict(texts)
    assert found.text.startswith("Collapsed"), found
    assert found.tone == "bad"
    assert "fill a template" in found.text or "near-duplicates" in found.text
    assert "fill a template" in found.because
    assert measure(texts)["near_duplicates_masked"].value == 1


def test_log_lines_are_collapsed_and_named():
    line = "2024-05-01T09:{:02}:{:02} user {} logged in from host"
    rng = np.random.default_rng(1)
    texts = [line.format(*rng.integers(0, 60, 2), rng.integers(10**5)) for _ in range(300)]
    assert measure(texts)["near_duplicates"].value < 0.5
    found = verdict(texts)
    assert found.text.startswith("Collapsed")
    assert "fill a template" in found.text


def test_numbers_alone_keep_an_all_clear_from_being_given():
    # Sums may be what the texts are about, so it is not said to be collapsed; nor to be varied.
    # In Han text no template is looked for, and only the masked look sees the copies.
    rng = np.random.default_rng(2)
    for line in ("{} + {}", "订单{}已于{}发出"):
        found = verdict([line.format(*rng.integers(10**6, 10**8, 2)) for _ in range(300)])
        assert found.text.startswith("Perhaps repetitive: but for their numbers, 100.0%"), found
        assert (found.tone, found.confidence) == ("neutral", "low")


def test_an_all_clear_says_in_the_same_breath_what_it_cannot_see():
    # Five jokes in which each word is one of four synonyms: nothing is said twice in these words.
    rng = np.random.default_rng(3)
    jokes = rng.choice(LEXICON, (5, 12, 4))
    texts = [
        " ".join(joke[np.arange(12), rng.integers(0, 4, 12)])
        for joke in jokes[rng.integers(0, 5, 300)]
    ]
    found = verdict(texts)
    assert "other words would not be seen" in found.text or found.tone != "good", found
    fresh = verdict(prose(300, rng))
    assert fresh.text.startswith("No collapse")
    assert "other words would not be seen" in fresh.text
    assert (fresh.tone, fresh.confidence) == ("good", "high")


def test_a_prompt_before_varied_answers_is_not_a_collapse_and_can_be_stripped():
    rng = np.random.default_rng(4)
    prompt = " ".join(LEXICON[:32])
    answers = prose(200, rng, 8)
    texts = [f"{prompt} {answer}" for answer in answers]
    assert measure(texts)["near_duplicates"].value > 0.5
    found = verdict(texts)
    assert found.text.startswith("Cannot tell: one passage"), found
    assert "--strip" in found.because
    rest, taken = boilerplate.strip(texts)
    assert rest == answers
    assert taken.stands_in == 1
    assert taken.share == pytest.approx(len(prompt) / np.mean([len(t) for t in texts]), abs=0.02)
    assert verdict(rest).text.startswith("No collapse")
    # it hides a loss of variety in the rest, too
    low, high = (
        measure([f"{prompt} {a}" for a in some])["hill1"].value
        for some in ([" ".join(rng.choice(LEXICON[:300], 8)) for _ in range(200)], answers)
    )
    bare_low, bare_high = (
        measure(boilerplate.strip([f"{prompt} {a}" for a in some])[0])["hill1"].value
        for some in ([" ".join(rng.choice(LEXICON[:300], 8)) for _ in range(200)], answers)
    )
    assert bare_low / bare_high < low / high


def test_a_gate_cannot_tell_copies_from_a_fixed_prompt():
    # The rest varies, and yet the prompt makes nine tenths of the documents near-duplicates.
    rng = np.random.default_rng(6)
    prompt = " ".join(LEXICON[:32])
    texts = [f"{prompt} {answer}" for answer in prose(200, rng, 8)]
    rules = ["near_duplicates<=0.1"]
    for groups in (None, range(200)):
        found = gate(texts, rules, groups=groups)
        assert found.outcome == "cannot tell"
        assert "--strip" in found.judgements[0].reason
    assert gate(boilerplate.strip(texts)[0], rules).outcome == "pass"
    jokes = [f"{prompt} {joke}" for joke in prose(5, rng, 8)]  # here the rest repeats, too
    assert gate(list(rng.choice(jokes, 200)), rules, groups=range(200)).outcome == "fail"
    fixed = boilerplate.find(texts)
    calm = Verdict(text="No loss.", confidence="high", because="x.", tone="good")
    said = against.with_fixed(calm, fixed)
    assert (said.tone, said.confidence) == ("neutral", "low")
    assert "--strip" in said.because
    assert against.with_fixed(calm, boilerplate.find(prose(50, rng))) == calm
    assert against.with_fixed(replace(calm, tone="bad"), fixed).confidence == "high"
    (note,) = boilerplate.note(fixed)
    assert "100% of the documents" in note
    assert boilerplate.note(boilerplate.find(prose(50, rng))) == ()


def test_what_all_documents_say_is_not_boilerplate():
    same = boilerplate.find(["the one and only joke that is ever told in this whole house"] * 50)
    assert same.passages == ()
    ids = boilerplate.find([DEFAULT_POLICY(text) for text in with_ids(100, 160)])
    assert ids.passages
    assert not ids.varied  # digits are nothing of one's own
    assert boilerplate.find([]).passages == ()
    assert boilerplate.find(prose(50, np.random.default_rng(0))).passages == ()


@pytest.mark.parametrize("n", [20, 34])
def test_few_documents_without_a_copy_are_too_few_to_say(n):
    found = verdict(prose(n, np.random.default_rng(n)))
    assert found.text.startswith("Too few documents to say")
    assert found.confidence == "low"


def share(value: float, low: float = math.nan, high: float = math.nan) -> Measure:
    return Measure(
        name="x",
        value=value,
        low=low,
        high=high,
        n=300,
        method="",
        unit="share",
        direction="lower is more varied",
    )


def test_the_worst_share_decides_and_is_named():
    good = share(0.0, 0.0, 0.01)
    for place in range(3):
        shares = [good, share(0.0), share(0.0)]
        shares[place] = share(0.8, 0.75, 0.85) if place == 0 else share(0.8)
        found = of_collection(
            300, shares[0], 0.1, "copies", others=((shares[1], "frames"), (shares[2], "passages"))
        )
        assert found.text.startswith("Collapsed")
        assert f"80.0% {('of documents are copies', 'frames', 'passages')[place]}" in found.text
    undecided = of_collection(300, good, 0.1, "copies", others=((share(0.1), "frames"),))
    assert undecided.text.startswith("Perhaps repetitive")
    assert "10.0% frames" in undecided.text
    masked = share(0.9, 0.8, 1.0)
    assert of_collection(300, good, 0, "copies", masked=masked).tone == "neutral"
    # where events would undo the verdict, its confidence falls
    bursts = replace(share(0.4, 0.35, 0.45), low_by_cluster=0.02, high_by_cluster=0.8)
    found = of_collection(300, bursts, 0.1, "copies")
    assert (found.text[:10], found.confidence) == ("Repetitive", "low")
    assert "2.0% to 80.0%" in found.because


def test_masked_near_duplicates_are_the_same_where_there_is_no_number():
    texts = prose(40, np.random.default_rng(6)) * 2
    found = only(texts, ["near_duplicates_masked", "near_duplicates"])
    assert found.near_masked is found.near
    assert found.measures["near_duplicates_masked"].value == 1
