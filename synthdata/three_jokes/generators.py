"""Generators before and after their collapse: made-up documents, a joke corpus, tiny GPTs.

GPTs learn from texts with different favourites, before and after rounds of learning from their own
output, sampled too cold. On the same text all GPTs would have the same favourites, and a judge that
has met one has met all: that is the informed judge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from minigpt.nextchar import NextChar
from minigpt.tokenizer import CharTokenizer
from synthdata.collapse.generations import chain
from synthdata.collapse.regimes import Sampler, regime
from synthdata.collapse.sources.texts import GPTSource, LineTexts, tiny, write_lines
from synthdata.dial import corpora as dial
from synthdata.personas.world import World
from synthdata.three_jokes.judges import informed_auc
from synthdata.three_jokes.profiles import Profile

if TYPE_CHECKING:
    from minigpt.settings import TrainConfig

FamilyName = Literal["dial", "jokes", "gpt"]


@dataclass(frozen=True, kw_only=True)
class Generator:
    """One generator before and after: the first n texts teach judges, the next n are judged."""

    healthy: list[str]
    """Texts of the healthy generator."""
    collapsed: list[str]
    """Texts of the collapsed generator."""
    real: list[str]
    """Texts of the same kind that neither has written, for a model to predict."""
    learned: int
    """Number of texts at the end of each collection from which a model learns."""
    informed: float = math.nan
    """AUC of an all-knowing judge, if it is known."""


def of_dial(settings: Profile, k: int, seed: Sequence[int]) -> Generator:
    """k favourites of N made-up documents (`dial.favourites`), and others of the same words."""
    n, size = 2 * settings.n, settings.size
    ill, well = (
        # same seed: the same N documents; the draws from k and from N differ
        dial.favourites(n, strength, np.random.default_rng(seed), k=k, size=size).texts
        for strength in (1.0, 0.0)
    )
    real = dial.healthy(settings.n, 0.0, np.random.default_rng([*seed, 1])).texts
    return Generator(
        healthy=well,
        collapsed=ill,
        real=real,
        learned=settings.n,
        informed=informed_auc(k, size),
    )


def of_jokes(settings: Profile, told: Sequence[str], seed: Sequence[int]) -> Generator:
    """Generator with three quarters of the jokes, then a few of them. The others are real text."""
    rng = np.random.default_rng(seed)
    shuffled = [told[i] for i in rng.permutation(len(told))]
    known = shuffled[: 3 * len(told) // 4]
    k = settings.jokes_left
    ill, well = (
        [known[i] for i in rng.integers(0, among, 2 * settings.n)] for among in (k, len(known))
    )
    return Generator(
        healthy=well,
        collapsed=ill,
        real=shuffled[len(known) :],
        learned=settings.n,
        informed=informed_auc(k, len(known)),
    )


@dataclass(frozen=True, kw_only=True)
class Lines(LineTexts):
    """The lines of a world, without prompts, as `collapse.sources.texts.GPTSource` needs them."""

    world: World
    name: str = "persona text without personas"

    @property
    def tokenizer(self) -> CharTokenizer:
        """Letters, space and the end of a line."""
        return CharTokenizer("\n abcdefghijklmnopqrstuvwxyz")

    def real(self, n: int, rng: np.random.Generator) -> list[str]:
        """n lines of the world."""
        return self.world.write(self.world.draw(n, rng), rng)

    def write(
        self, model: NextChar, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> list[str]:
        """n lines sampled from the model."""
        return write_lines(model, n, rng, sampler, longest=80)


def of_gpt(settings: Profile, seed: int) -> Generator:
    """A tiny GPT on a world of its own: before, and after rounds of its own cold output.

    Both are sampled at temperature 1: the model has collapsed, not the sampler.
    """
    lines = Lines(world=World(seed))
    source = GPTSource(lines, n=settings.lines, config=config(settings))
    steps = list(
        chain(
            source,
            regime("replace"),
            sampler=Sampler(temperature=settings.cold),
            generations=settings.generations,
            seed=seed,
        )
    )
    rng = np.random.default_rng([seed, 3])
    well, ill = (
        lines.write(steps[i].model, settings.texts, rng, Sampler())
        for i in (0, settings.generations)
    )
    real = lines.real(2 * settings.n, rng)
    return Generator(healthy=well, collapsed=ill, real=real, learned=settings.learned)


def config(settings: Profile) -> TrainConfig:
    """The tiny GPT of the laboratory, with the profile's number of steps."""
    return replace(tiny(), steps=settings.steps)
