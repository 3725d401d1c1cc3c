"""Do personas in the prompt restore what a collapsed model has lost?

Idea:   a model that learns from its own answers, sampled a little too cold, ends up with a few of
        them. Asked as a cook, then as a spy, it may still give different ones. Personas have to
        beat cheaper means: a higher temperature, top-p, a random code in the prompt, each at its
        best among the settings of no worse quality.
Source: personas as prompts: Ge et al. 2024, arXiv:2406.20094; the chain of models:
        synthdata/collapse/generations.py.
Run:    python -m synthdata personas --n 2000
Omits:  pretrained models; personas drawn otherwise than in the training text (drawn evenly they
        would add variety that the text itself lacks).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from synthdata.collapse.generations import chain
from synthdata.collapse.regimes import Sampler, regime
from synthdata.collapse.sources.texts import GPTSource, tiny
from synthdata.personas.evidence import (
    Budget,
    Evidence,
    Prompts,
    Result,
    measure,
    measured_budget,
    which_add,
)
from synthdata.personas.profiles import Profile
from synthdata.personas.prompting import LONGEST, PersonaTexts, distinct, told
from synthdata.personas.world import World

if TYPE_CHECKING:
    from minigpt.settings import TrainConfig


def experiment(
    settings: Profile,
    seeds: Sequence[int] = (0, 1, 2),
    report: Callable[[str], None] | None = None,
) -> Result:
    """Run all seeds; `report` is called with each step. ValueError without a seed."""
    if not seeds:
        raise ValueError("seeds are at least 1, got 0")
    return Result(profile=settings, evidence=tuple(run(settings, s, report) for s in seeds))


def steps(settings: Profile) -> int:
    """Number of calls of `report` per seed."""
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
