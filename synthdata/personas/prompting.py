"""Prompting a model with a persona, a code or a blank, and its answers.

In every generation the prompts are the users': personas, blanks and codes as in the first text.
Only the answers are the model's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from minigpt.nextchar import NextChar, first_ids
from minigpt.sample import draw, shape
from minigpt.tokenizer import CharTokenizer
from synthdata.collapse.regimes import Sampler
from synthdata.collapse.sources.texts import LineTexts
from synthdata.personas.evidence import (
    Prompts,
)
from synthdata.personas.world import BLANK, World, codes, prompt

WITH_PERSONA, WITH_CODE = 0.5, 0.25
"""Shares of the training text that begin with a persona, and with a code; the rest has a blank."""
LONGEST = 80
"""Most characters of prompt and output; more is cut."""


def answers(
    model: NextChar, prompts: Sequence[str], rng: np.random.Generator, sampler: Sampler
) -> list[str]:
    """What the model writes after each prompt, up to the end of the line; "" before an end.

    All prompts are read side by side, each to its own end, whatever their lengths.
    """
    ids = [model.tokenizer.encode(text) for text in prompts]
    length = np.array([len(row) for row in ids])
    forced = np.zeros((len(ids), int(length.max())), dtype=np.int64)
    for row, given in zip(forced, ids):
        row[: len(given)] = given
    newline = int(model.tokenizer.encode("\n")[0])
    state, logprobs = model.start(first_ids(model.tokenizer, len(ids)))
    written = np.full((len(ids), LONGEST), newline, dtype=np.int64)
    for t in range(LONGEST):
        p = shape(
            logprobs, temperature=sampler.temperature, top_k=sampler.top_k, top_p=sampler.top_p
        )
        chosen = draw(p, rng)
        if t < forced.shape[1]:
            chosen = np.where(t < length, forced[:, t], chosen)
        written[:, t] = chosen
        over = ((written[:, : t + 1] == newline) & (np.arange(t + 1) >= length[:, None])).any(1)
        if over.all() or t == LONGEST - 1:
            break
        logprobs = model.step(state, chosen)
    texts = [model.tokenizer.decode(row) for row in written]
    said = [text[k:].partition("\n") for text, k in zip(texts, length.tolist())]
    return [words if end else "" for words, end, _ in said]


@dataclass(frozen=True, kw_only=True)
class PersonaTexts(LineTexts):
    """The text of a world as `GPTSource` needs it: real prompts, answers by world or model."""

    world: World
    streams: int = 500
    """Prompts answered at once."""
    name: str = "persona text"

    @cached_property
    def tokenizer(self) -> CharTokenizer:
        """The alphabet: letters, a space and what prompts are made of."""
        return CharTokenizer("\n #-0123456789:abcdefghijklmnopqrstuvwxyz")

    def prompts(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
        """n people [n, 4] and the model's prompt for each: persona, blank, or code."""
        people = self.world.draw(n, rng)
        kind = rng.random(n)
        told = [
            prompt(person) if k < WITH_PERSONA else code if k < WITH_PERSONA + WITH_CODE else BLANK
            for person, k, code in zip(people.tolist(), kind.tolist(), codes(n, rng))
        ]
        return people, told

    def real(self, n: int, rng: np.random.Generator) -> list[str]:
        """n lines of the world."""
        people, told = self.prompts(n, rng)
        return [a + b for a, b in zip(told, self.world.write(people, rng))]

    def write(
        self, model: NextChar, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> list[str]:
        """n new prompts with the model's own answers."""
        _, told = self.prompts(n, rng)
        return [a + b for a, b in zip(told, self.answer(model, told, rng, sampler))]

    def answer(
        self, model: NextChar, told: Sequence[str], rng: np.random.Generator, sampler: Sampler
    ) -> list[str]:
        """An answer to each prompt."""
        found: list[str] = []
        for i in range(0, len(told), self.streams):
            found += answers(model, told[i : i + self.streams], rng, sampler)
        return found


def told(kind: Prompts, people: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Prompts of this kind for the people [n, 4]."""
    if kind == "personas":
        return [prompt(person) for person in people.tolist()]
    return codes(len(people), rng) if kind == "codes" else [BLANK] * len(people)


def distinct(world: World, n: int, rng: np.random.Generator) -> np.ndarray:
    """The first n different personas [n, 4] among people drawn by popularity."""
    found: dict[tuple[int, ...], None] = {}
    while len(found) < n:
        found.update(dict.fromkeys(map(tuple, world.draw(n, rng).tolist())))
    return np.array(list(found)[:n])
