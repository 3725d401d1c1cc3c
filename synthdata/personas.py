"""Do personas in the prompt bring back what a collapsed model has lost?

Idea:   a model that learns from its own answers, drawn a little too cold, ends up with a few of
        them. Who asks it as a cook, then as a spy, may still get different ones. Personas have to
        beat what is cheaper: a higher temperature, top-p, a random code in the prompt, each taken
        at its best among the settings that write no worse.
Source: personas as prompts: Ge et al. 2024, arXiv:2406.20094; the chain: synthdata/collapse.py.
Run:    python -m synthdata personas --n 2000
Omits:  pretrained models; personas that are not drawn as in the training text (drawn evenly they
        would add variety that the text itself has not).

The prompts of every generation stay the users': personas, blanks and codes as in the first text.
Only the answers are the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from minigpt.nextchar import NextChar, first_ids
from minigpt.sample import draw, shape
from minigpt.tokenizer import CharTokenizer
from synthdata.collapse import chain
from synthdata.collapse_regimes import Sampler, regime
from synthdata.collapse_text import GPTSource, LineTexts, tiny
from synthdata.persona_evidence import (
    Budget,
    Evidence,
    Prompts,
    Result,
    measure,
    measured_budget,
    which_add,
)
from synthdata.persona_text import BLANK, World, codes, prompt

if TYPE_CHECKING:
    from minigpt.settings import TrainConfig

WITH_PERSONA, WITH_CODE = 0.5, 0.25
"""Shares of the training text that begin with a persona, and with a code; the rest has a blank."""
LONGEST = 80
"""Characters of prompt and output; more is cut."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much is computed."""

    n: int = 2000
    """Outputs of every arm."""
    lines: int = 2500
    """Lines that each generation learns from."""
    steps: int = 400
    """Training steps of each generation."""
    n_layer: int = 2
    """Of the GPT."""
    generations: int = 2
    """Rounds of learning from its own answers."""
    cold: float = 0.55
    """Temperature of those answers."""
    asked: int = 20
    """Personas that are asked again and again, for the entropy budget."""
    controls: tuple[Sampler, ...] = field(default_factory=lambda: controls())
    """How the collapsed model is sampled without a persona."""
    code_temperatures: tuple[float, ...] = (1.0, 1.1, 1.2)
    """And with a code."""

    def __post_init__(self) -> None:
        for name, least in (
            ("n", 100),
            ("lines", 100),
            ("steps", 1),
            ("n_layer", 1),
            ("generations", 1),
        ):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is at least {least}, got {getattr(self, name)}")
        if not 1 < self.asked <= self.n // 4:
            raise ValueError(f"asked lies between 2 and n / 4, got {self.asked} with n={self.n}")


def controls(
    temperatures: Sequence[float] = (1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5, 2.0),
    top_p: Sequence[tuple[float, float]] = (
        *((1.2, 0.95), (1.4, 0.95), (1.5, 0.95), (1.6, 0.95), (1.7, 0.95)),
        *((1.6, 0.9), (1.8, 0.9), (2.0, 0.9), (2.2, 0.8), (2.5, 0.8)),
    ),
) -> tuple[Sampler, ...]:
    """Temperatures alone, and (temperature, top-p): hot, with the tail cut off.

    Close together where outputs stop being grammatical, so that a control comes near to its best;
    top-p 0.9 and 0.8 leave gaps there.
    """
    return (
        *(Sampler(temperature=t) for t in temperatures),
        *(Sampler(temperature=t, top_p=p) for t, p in top_p),
    )


def profile(name: str, n: int | None = None) -> Profile:
    """`full` for figures that are published, `ci` for seconds; ValueError for another name."""
    if name == "full":
        return Profile(n=n or Profile.n)
    if name == "ci":
        return Profile(
            n=n or 200,
            lines=400,
            steps=60,
            generations=1,
            asked=4,
            controls=controls((1.0, 1.5), ((1.5, 0.9),)),
            code_temperatures=(1.0,),
        )
    raise ValueError(f"the profile is full or ci, got {name!r}")


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
    """The text of a world as `collapse_text.GPTSource` wants it: prompts real, answers anyone's."""

    world: World
    streams: int = 500
    """Prompts that are answered at once."""
    name: str = "persona text"

    @cached_property
    def tokenizer(self) -> CharTokenizer:
        """The alphabet: letters, a space and what prompts are made of."""
        return CharTokenizer("\n #-0123456789:abcdefghijklmnopqrstuvwxyz")

    def prompts(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
        """n people [n, 4] and what a model is told of each: all, nothing, or a code."""
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


def experiment(
    settings: Profile,
    seeds: Sequence[int] = (0, 1, 2),
    report: Callable[[str], None] | None = None,
) -> Result:
    """Every seed after the other; `report` is told of each step. ValueError without a seed."""
    if not seeds:
        raise ValueError("seeds are at least 1, got 0")
    return Result(profile=settings, evidence=tuple(run(settings, s, report) for s in seeds))


def steps(settings: Profile) -> int:
    """How often `report` is called for each seed."""
    return settings.generations + 1 + len(list(_plan(settings))) + 3


def _plan(settings: Profile) -> Iterator[tuple[str, Prompts, Sampler]]:
    """Model, prompts and sampler of every arm."""
    kinds: tuple[Prompts, ...] = ("none", "personas", "codes")
    for kind in kinds:
        yield "healthy", kind, Sampler()
    yield "collapsed", "personas", Sampler()
    for sampler in settings.controls:
        yield "collapsed", "none", sampler
    if Sampler() not in settings.controls:
        yield "collapsed", "none", Sampler()
    for temperature in settings.code_temperatures:
        yield "collapsed", "codes", Sampler(temperature=temperature)


def config(settings: Profile) -> TrainConfig:
    """The tiny GPT of the laboratory, with a context as long as the longest line."""
    from minigpt.layers import GPTConfig

    shape = GPTConfig(n_layer=settings.n_layer, n_head=4, n_embd=64, context=LONGEST)
    return replace(tiny(), steps=settings.steps, model=shape)


def run(settings: Profile, seed: int = 0, report: Callable[[str], None] | None = None) -> Evidence:
    """Train, collapse, prompt and measure, for one seed."""
    tell = report or (lambda _: None)
    world = World(seed)
    texts = PersonaTexts(world=world)
    source = GPTSource(texts, n=settings.lines, config=config(settings))
    models = {}
    generations = chain(
        source,
        regime("replace"),
        sampler=Sampler(temperature=settings.cold),
        generations=settings.generations,
        seed=seed,
    )
    for generation in generations:
        tell(f"generation {generation.number}")
        models["collapsed"] = generation.model
        models.setdefault("healthy", generation.model)
    arms, outputs = [], {}
    for i, (model, kind, sampler) in enumerate(_plan(settings)):
        rng = np.random.default_rng([seed, 1, i])
        people = world.draw(settings.n, rng)
        said = texts.answer(models[model], told(kind, people, rng), rng, sampler)
        arms.append(measure(world, said, people, model=model, prompts=kind, sampler=sampler))
        if sampler.plain:
            outputs[model, kind] = said, people
        tell(f"{model}, {kind}, {sampler}")
    budgets = {}
    rng = np.random.default_rng([seed, 2])
    asked = distinct(world, settings.asked, rng)
    each = settings.n // settings.asked
    total, within = world.budget(asked)
    budgets["grammar"] = Budget(total=total, within=within, coverage=1.0)
    budgets["its text"] = measured_budget(world.write(np.repeat(asked, each, axis=0), rng), each)
    tell("the budget of the text")
    for name in ("healthy", "collapsed"):
        people = np.repeat(asked, each, axis=0)
        said = texts.answer(models[name], told("personas", people, rng), rng, Sampler())
        budgets[name] = measured_budget(said, each)
        tell(f"the budget of the {name} model")
    said, people = outputs["collapsed", "personas"]
    fields, adds = which_add(said, people, seed)
    return Evidence(
        seed=seed,
        entropy=world.entropy,
        arms=tuple(arms),
        budgets=budgets,
        fields=fields,
        adds=adds,
        examples={kind: tuple(outputs["collapsed", kind][0][:5]) for kind in ("none", "personas")},
    )


def told(kind: Prompts, people: np.ndarray, rng: np.random.Generator) -> list[str]:
    """What a model is told of each of the people [n, 4]."""
    if kind == "personas":
        return [prompt(person) for person in people.tolist()]
    return codes(len(people), rng) if kind == "codes" else [BLANK] * len(people)


def distinct(world: World, n: int, rng: np.random.Generator) -> np.ndarray:
    """The first n different personas [n, 4] among people drawn by popularity."""
    found: dict[tuple[int, ...], None] = {}
    while len(found) < n:
        found.update(dict.fromkeys(map(tuple, world.draw(n, rng).tolist())))
    return np.array(list(found)[:n])
