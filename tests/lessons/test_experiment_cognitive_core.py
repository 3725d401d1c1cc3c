"""Lesson 21: what is fed and examined, what counts in a row, verdicts of planted outcomes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from labkit.experiment import overall
from lessons.engine.experiment import find
from lessons.l21_cognitive_core import core, experiment
from lessons.l21_cognitive_core.core import Exam
from lessons.l21_cognitive_core.experiment import (
    ALOUD,
    BOOK,
    CLEAN,
    CORE,
    DIETS,
    DIRECT,
    HALF,
    LARGE,
    RATES,
)
from lessons.lab.rows import IGNORED
from lessons.lab.worlds import facts
from lessons.lab.worlds.facts import VALUES, People

SMALL = experiment.SIZES["ci"]


def test_what_counts_is_what_the_network_says_and_no_file() -> None:
    texts = [" kavel=qd", "#kavel=qd", "qd=r;mt=g", "kavel=qd,qd=r", "kavel=qd;mt=g", "kavel?r"]
    texts += ["kavel?[town kavel]qd=r"]
    rows = core.as_rows(texts)
    told = []
    for text, ids, targets in zip(texts, rows.ids, rows.targets):
        assert core.TOKENIZER.decode(ids).rstrip("_") == text[: len(ids)].rstrip("_")
        at = np.flatnonzero(targets != IGNORED)
        assert core.TOKENIZER.decode(targets[at]) == "".join(text[i + 1] for i in at)
        told.append("".join(text[i + 1] for i in at))
    assert told == ["qd", "qd", "rg", "qd,qd=r", "qdg", "r", "[town kavel]=r"]


def test_junk_comes_on_top_and_is_never_there_twice() -> None:
    useful = facts.facts(np.random.default_rng(0), 50)
    for junk, marked in ((0, False), (1, False), (3, True)):
        made = core.with_junk(useful, 20, junk, np.random.default_rng(1), marked)
        count = Counter(text[1:] for text in made)
        assert all(count[fact] == 20 for fact in useful)
        rest = {text for text in count if text not in useful}
        assert len(rest) == len(made) - 1000 == 1000 * junk
        assert not {text[:5] for text in rest} & {fact[:5] for fact in useful}
        marks = {text[0] for text in made if text[1:] in rest}
        assert marks == ({"#" if marked else " "} if junk else set())
        assert {text[0] for text in made if text[1:] in useful} == {" "}


class Knows:
    """A memory that gives each value of some facts the probability p, and guesses the others."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known, self.p = known, 0.25

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        said = np.full((*ids.shape, len(core.TOKENIZER)), np.log(1 / 26))
        for row, told in zip(ids, said):
            key = core.TOKENIZER.decode(row)[1:6]
            for i, c in enumerate(self.known.get(key, "")):
                told[6 + i, core.TOKENIZER.encode(c)[0]] = np.log(self.p)
        return said


def test_bits_of_a_memory_in_closed_form() -> None:
    useful = facts.facts(np.random.default_rng(2), 30)
    known = dict(fact.split("=") for fact in useful[:10])
    found = core.bits(Knows(known), useful)  # type: ignore[arg-type]
    assert found == pytest.approx(10 * (np.log2(VALUES) + 2 * np.log2(0.25)))


def test_all_diets_have_the_same_facts_and_first_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[tuple[Counter[str], int]] = []
    monkeypatch.setattr(
        core, "learned", lambda shape, texts, batch, seed: learned.append((Counter(texts), seed))
    )
    for diet in DIETS.values():
        _, useful = experiment.fed(SMALL, diet, 5)
        count, seed = learned[-1]
        assert {count[" " + fact] for fact in useful} == {SMALL.times * diet.times}
        others = sum(count.values()) - SMALL.facts * SMALL.times * diet.times
        assert others == SMALL.facts * SMALL.times * diet.times * (diet.junk + diet.others)
        assert seed == 50


def test_nobody_who_is_judged_was_in_a_question_and_readers_know_nobody() -> None:
    people = experiment.exam(SMALL, 0)
    judged = set(people.judged)
    assert len(judged) == SMALL.people // 2
    ways: tuple[core.How, ...] = (ALOUD, DIRECT)
    for how in ways:
        read = experiment.texts(SMALL, people, how, 0)
        both = [text for text in read if "?" in text or "," in text]
        assert len(both) == SMALL.people // 2 * SMALL.seen
        assert not {text[:5] for text in both} & judged
        count = Counter(text.split(";")[0] for text in read)
        assert {count[line] for line in people.people.lines} == {SMALL.seen}
    with_book = experiment.texts(SMALL, people, BOOK, 0)
    assert len(set(with_book)) == len(with_book) == SMALL.calls
    assert not {text[:5] for text in with_book} & set(people.people.towns)


class Reader:
    """Looks every town up, and knows the colours by heart; or says a colour of its own."""

    tokenizer, context = core.TOKENIZER, None

    def __init__(self, colours: dict[str, str], deaf: str = "") -> None:
        self.colours, self.deaf = colours, deaf

    def _next(self, texts: list[str]) -> np.ndarray:
        said = np.full((len(texts), len(core.TOKENIZER)), -9.0)
        for row, text in zip(said, texts):
            who, _, own = text.partition("?")
            wanted = f"[town {who}]"
            town = own[len(wanted) : len(wanted) + 2]
            wanted += f"{town}={self.deaf or self.colours.get(town, 'b')}"
            row[core.TOKENIZER.encode(wanted[len(own)])[0]] = 0.0
        return said

    def start(self, ids: np.ndarray) -> tuple[list[str], np.ndarray]:
        texts = [core.TOKENIZER.decode(row) for row in ids]
        return texts, self._next(texts)

    def step(self, state: list[str], ids: np.ndarray) -> np.ndarray:
        state[:] = [text + c for text, c in zip(state, core.TOKENIZER.decode(ids))]
        padded = [text if len(text.partition("?")[2]) < 16 else "kavel?" for text in state]
        return self._next(padded)


def test_a_reader_follows_a_wrong_book_and_who_does_not_read_does_not() -> None:
    people = Exam(People.drawn(1, 40, 8))
    reader: Any = Reader(dict(people.people.colours))
    assert people.right(people.said(reader, BOOK)) == 1
    wrong = {who: next(iter(people.people.colours)) for who in people.people.towns}
    misled = people.said(reader, BOOK, wrong)
    assert people.right(misled, wrong) == 1 > people.right(misled)
    deaf: Any = Reader(dict(people.people.colours), deaf="b")
    assert people.said(deaf, BOOK, wrong) == people.said(deaf, BOOK)


def planted(seed: int, clean: float, half: float, core_right: float, large: float) -> Any:
    bits = dict.fromkeys(DIETS, clean) | {HALF: half}
    moved = 0.001 * seed
    found: Any = {
        how: {name: {"right": core_right if how == BOOK else large + moved} for name in rates}
        for how, rates in RATES.items()
    }
    found[DIRECT][LARGE]["right"] = 0.2
    return {"seed": seed, "profile": "full", "bits": bits, "answers": found}


@pytest.mark.parametrize(
    ("planted_as", "wanted"),
    [
        ((3000, 900, 0.99, 0.97), "reproduced"),
        ((3000, 2000, 0.99, 0.97), "falls short"),
        ((3000, 900, 0.8, 0.97), "falls short"),
        ((3000, 900, 0.5, 0.97), "contradicted"),
        ((3000, 3300, 0.99, 0.97), "contradicted"),
    ],
)
def test_planted_outcomes_get_their_verdicts(planted_as: Any, wanted: str) -> None:
    rows = find("cognitive_core").judge([planted(seed, *planted_as) for seed in range(6)])
    clean, half, right, large = planted_as
    assert rows[0].values[0] == pytest.approx(half / clean)
    assert rows[1].values[2] == pytest.approx(right - large - 0.002)
    assert overall(row.verdict for row in rows) == wanted


def test_the_core_has_a_small_share_of_the_large_ones_weights() -> None:
    weights = {name: core.weights(experiment.shape(name, 0.02)) for name in RATES[BOOK]}
    assert weights[LARGE] > 8 * weights[CORE]
    assert set(DIETS) >= {CLEAN, HALF}
