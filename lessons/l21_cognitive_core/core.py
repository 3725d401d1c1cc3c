"""Texts as rows, training on them, and what a network then knows: by heart, aloud, or with a book.

Idea:   a text has a part that is given and a part that counts: behind the first `=` or `?` stands
        what the network is to say. What a file answers is read, and does not count either. All arms
        learn in one pass over one pile, in which a text is there as often as it is to be seen.
Source: Allen-Zhu & Li 2024, arXiv:2404.05405; Balesni et al. 2024, arXiv:2411.16353; calls in the
        text: Schick et al. 2023, arXiv:2302.04761.
Run:    used by experiment.py and lesson.py beside this file
Omits:  learning the keys: whoever lives where is asked, not who lives.

Legend: N texts, T time, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lessons.lab import answers, tools
from lessons.lab.bench import Pile
from lessons.lab.rows import IGNORED, Rows
from lessons.lab.rungs import rung, said_of
from lessons.lab.training import BASE
from lessons.lab.worlds import facts
from lessons.lab.worlds.facts import (
    ALPHABET,
    ASKS,
    FILLER,
    IS,
    KEY,
    MARK,
    NEXT,
    SO,
    VALUE,
    VALUES,
    People,
)
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

TOKENIZER = CharTokenizer(ALPHABET)
FILE = "town"
"""The file in which people's towns are."""
How = Literal["book", "aloud", "direct"]
"""Whether a town is looked up, said by heart, or not said."""
LENGTH: dict[How, int] = {
    "book": len(f"[{FILE} ]") + KEY + VALUE + 2,
    "aloud": 2 * VALUE + 3,
    "direct": 1,
}
"""Characters of an answer, those of the file included."""


def as_rows(texts: Sequence[str]) -> Rows:
    """Texts as rows [N, T], shorter ones filled up at the end with characters that do not count.

    What counts is behind a `=` or `?`, up to a `;`, but for what a file answers behind `]`.
    """
    wide = max(map(len, texts))
    filled = "".join(text.ljust(wide, FILLER) for text in texts)
    ids = TOKENIZER.encode(filled).astype(np.int64).reshape(len(texts), wide)
    given, asks, new, end, filler = TOKENIZER.encode(IS + ASKS + NEXT + "]" + FILLER)
    signs = (ids == given) | (ids == asks) | (ids == new)
    last = np.maximum.accumulate(np.where(signs, np.arange(wide), -1), axis=1)
    told = (last >= 0) & (np.take_along_axis(ids, last, axis=1) != new)
    told = told[:, :-1] & (ids[:, 1:] != filler) & (ids[:, 1:] != new)
    for back in range(VALUE):  # the answer behind a bracket
        told[:, back:] &= ids[:, : wide - 1 - back] != end
    return Rows(ids[:, :-1], np.where(told, ids[:, 1:], IGNORED))


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A network's shape, and how fast it learns."""

    layers: int
    width: int
    rate: float
    """Muon's; AdamW's is 0.15 times that, as in the presets."""

    @property
    def config(self) -> GPTConfig:
        """As minigpt wants it; heads are at least 8 wide."""
        return GPTConfig(
            n_layer=self.layers,
            n_head=max(1, min(4, self.width // 8)),
            n_embd=self.width,
            context=32,
            attention_scale=2.0,
            bigram=False,
        )


def weights(shape: Shape) -> int:
    """Weights of all its matrices."""
    return GPT.fresh(shape.config, ALPHABET, 0).size


def learned(shape: Shape, texts: Sequence[str], batch: int, seed: int) -> GPT:
    """A new network after one pass over the texts in random order, `batch` of them a step."""
    pile = Pile({0: as_rows(texts)})
    steps = max(1, pile.count // batch)
    config = replace(
        BASE,
        steps=steps,
        warmup=steps // 20,
        batch_size=batch,
        muon_lr=shape.rate,
        adamw_lr=0.15 * shape.rate,
        model=shape.config,
        seed=seed,
    )
    return rung(config, pile, ALPHABET)


def with_junk(
    useful: Sequence[str], times: int, junk: float, rng: np.random.Generator, marked: bool = False
) -> list[str]:
    """Useful facts `times` times each, and `junk` times as many texts of junk, none there twice.

    Every text begins with a blank; with `marked` junk begins with a mark instead. Keys of junk are
    no keys of useful facts.
    """
    known = {fact.split(IS)[0] for fact in useful}
    wanted = round(junk * times * len(useful))
    drawn = (f for f in facts.facts(rng, wanted + len(known)) if f.split(IS)[0] not in known)
    made = [(MARK if marked else " ") + fact for fact, _ in zip(drawn, range(wanted))]
    return [" " + fact for fact in useful] * times + made


def bits(net: GPT, useful: Sequence[str]) -> float:
    """Bits that a network remembers of useful facts."""
    ids = TOKENIZER.encode("".join(" " + fact for fact in useful)).astype(np.int64)
    ids = ids.reshape(len(useful), -1)
    said = said_of(net, Rows(ids[:, :-1], ids[:, 1:]))
    logprobs = np.take_along_axis(said, ids[:, 1:, None], -1)[..., 0]
    return facts.bits_remembered(logprobs, VALUE, VALUES)


def known(net: GPT, useful: Sequence[str]) -> float:
    """The share of useful facts whose value it says."""
    written = answers.greedy(net, [" " + fact[: KEY + 1] for fact in useful], VALUE)
    return float(np.mean([said == fact[-VALUE:] for said, fact in zip(written, useful)]))


def direct(text: str) -> str:
    """Two facts in one, as a question whose answer names no town; other texts as they are.

    >>> direct("kavel=qd,qd=r"), direct("kavel=qd")
    ('kavel?r', 'kavel=qd')
    """
    return text[:KEY] + ASKS + text[-1] if SO in text else text


def with_calls(people: People) -> list[str]:
    """Questions of two facts that are answered with a look into the file.

    `kavel?[town kavel]qd=r`: the town is the file's answer.
    """
    return [
        f"{who}{ASKS}[{FILE} {who}]{town}{IS}{people.colours[town]}"
        for who, town in people.towns.items()
    ]


@dataclass(frozen=True)
class Exam:
    """People, every second of whom is asked about in the end: which colour has their town?"""

    people: People

    @property
    def judged(self) -> list[str]:
        """Persons who are in no question that anybody learned from."""
        return list(self.people.towns)[::2]

    def texts(self, how: How, times: int, rng: np.random.Generator) -> list[str]:
        """What is learned from by heart, so often each: all single facts, and both facts of those
        who are not judged.

        Behind a single fact stands a town's, drawn by lot, as sentences follow each other in a
        text: `kavel=qd;mt=g`.
        """
        learn, _ = facts.two_hop(self.people.towns, self.people.colours, self.judged)
        towns = [f"{town}{IS}{colour}" for town, colour in self.people.colours.items()]
        drawn = iter(rng.integers(len(towns), size=times * len(learn)).tolist())
        return [
            (direct(text) if how == "direct" else text)
            if SO in text
            else text + NEXT + towns[next(drawn)]
            for text in learn * times
        ]

    def said(self, net: GPT, how: How, book: Mapping[str, str] | None = None) -> list[str]:
        """The colour that is said of each judged person's town: the last character written.

        `book` is the file that a network may look into, by default the right one.
        """
        files = {FILE: self.people.towns if book is None else book}
        questions = [who + (IS if how == "aloud" else ASKS) for who in self.judged]
        return [text[-1] for text in tools.write_with_tools(net, questions, files, LENGTH[how])]

    def right(self, said: Sequence[str], book: Mapping[str, str] | None = None) -> float:
        """The share of judged persons of whom the colour of the town is said that a book names, by
        default the right one."""
        towns = self.people.towns if book is None else book
        hits = [c == self.people.colours[towns[who]] for who, c in zip(self.judged, said)]
        return float(np.mean(hits))

    def recall(self, net: GPT) -> float:
        """The share of judged persons whose town is known by heart."""
        written = answers.greedy(net, [who + IS for who in self.judged], VALUE)
        return float(np.mean([t == self.people.towns[w] for w, t in zip(self.judged, written)]))
