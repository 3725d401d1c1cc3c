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

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from labkit.verdict import Criterion, Interval, Verdict, interval, verdict
from minigpt.nextchar import NextChar, first_ids
from minigpt.sample import draw, shape
from minigpt.tokenizer import CharTokenizer
from synthdata import estimate, strata
from synthdata.collapse import Sampler, chain, regime
from synthdata.collapse_text import GPTSource
from synthdata.counts import Grams, count_documents, grams
from synthdata.persona_text import BLANK, FIELDS, World, codes, counted, names, prompt
from synthdata.tokens import encode

if TYPE_CHECKING:
    from minigpt.settings import TrainConfig

PLAIN = Sampler()
"""Exactly as the model predicts."""
Prompts = Literal["none", "personas", "codes"]
CRITERION = Criterion(
    quantity="effective number of distinct outputs with personas / with the best control",
    threshold=1.3,
    no_effect=1.0,
)
WITH_PERSONA, WITH_CODE = 0.5, 0.25
"""Shares of the training text that begin with a persona, and with a code; the rest has a blank."""
SLACK = 0.01
"""A control may write this share of ungrammatical outputs more than personas do."""
SLACK_BITS = 0.1
"""Its grammatical outputs may be less likely by this much (bits per output, true grammar)."""
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
    generations: int = 2
    """Rounds of learning from its own answers."""
    cold: float = 0.55
    """Temperature of those answers."""
    asked: int = 20
    """Personas that are asked again and again, for the entropy budget."""
    controls: tuple[Sampler, ...] = field(default_factory=lambda: controls())
    """How the collapsed model is sampled without a persona."""
    code_temperatures: tuple[float, ...] = (1.0, 1.4)
    """And with a code."""

    def __post_init__(self) -> None:
        for name, least in (("n", 100), ("lines", 100), ("steps", 1), ("generations", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is at least {least}, got {getattr(self, name)}")
        if not 1 < self.asked <= self.n // 4:
            raise ValueError(f"asked lies between 2 and n / 4, got {self.asked} with n={self.n}")


def controls(
    temperatures: Sequence[float] = (1.0, 1.2, 1.4, 1.6, 1.8, 2.2),
    top_p: Sequence[tuple[float, float]] = ((1.5, 0.95), (2, 0.95), (2, 0.9), (3, 0.8)),
) -> tuple[Sampler, ...]:
    """Temperatures alone, and (temperature, top-p): hot, with the tail cut off."""
    return (
        *(Sampler(temperature=t) for t in temperatures),
        *(Sampler(temperature=t, top_p=p) for t, p in top_p),
    )


def profile(name: str, n: int | None = None) -> Profile:
    """`full` for figures that are published, `ci` for seconds; ValueError for another name."""
    if name == "full":
        return Profile(n=n or 2000)
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
class PersonaTexts:
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

    def joined(self, texts: list[str]) -> str:
        """One to a line."""
        return "\n".join(texts) + "\n"

    def distance(self, model: NextChar) -> dict[str, float]:
        """Not asked for: arms are compared by what they write."""
        return {"cross_entropy": math.nan, "kl": math.nan}


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A model, what it was prompted with, how it was sampled, and what that gave."""

    model: Literal["healthy", "collapsed", "truth"]
    """Before the chain, after it, or the grammar itself."""
    prompts: Prompts
    """What stood before the outputs."""
    sampler: Sampler
    """How it was sampled."""
    n: int
    """Outputs."""
    effective: float
    """Effective number of distinct outputs among n (Hill number of order 1), persona words left
    out."""
    source: float
    """The same of the source behind them (Chao, Wang & Jost); a lower bound at low coverage."""
    coverage: float
    """Share of that source that was seen."""
    grammatical: float
    """Share of outputs that the grammar can write."""
    logprob: float
    """Mean log2-probability of those under the true grammar; nan where there are none."""
    fits: float
    """Share of outputs that this persona could say; nan without personas."""

    def no_worse_than(self, other: Arm, entropy: float) -> bool:
        """Whether it writes as well: as often grammatical, and as likely where it is.

        An arm need not write likelier outputs than the truth does, whose mean is -`entropy`.
        """
        return (
            self.grammatical >= other.grammatical - SLACK
            and self.logprob >= min(other.logprob, -entropy) - SLACK_BITS
        )


@dataclass(frozen=True, kw_only=True)
class Budget:
    """H(out) = I(persona; out) + H(out | persona) of some personas, each asked equally often."""

    total: float
    """H(out), bits (Chao-Wang-Jost)."""
    within: float
    """H(out | persona), bits: the mean of every persona's own."""
    coverage: float
    """Of all outputs together."""

    @property
    def information(self) -> float:
        """I(persona; out), bits."""
        return self.total - self.within


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one seed gave."""

    seed: int
    """Of the world, of the training and of the sampling."""
    entropy: float
    """Of an output of the world, bits: exact."""
    arms: tuple[Arm, ...]
    """Every model, prompt and sampler."""
    budgets: dict[str, Budget]
    """Of the grammar (exact), and measured of its text, the healthy and the collapsed model."""
    fields: dict[str, float]
    """What each part of the persona tells about a word of the collapsed model, bits/word."""
    adds: tuple[tuple[str, float], ...]
    """The values of those parts that add most, bits/word, the most first."""
    examples: dict[str, tuple[str, ...]]
    """A few outputs of the collapsed model, by prompt."""

    def arm(self, model: str, prompts: str, sampler: Sampler = PLAIN) -> Arm:
        """The arm of this model, prompt and sampler; ValueError where there is none."""
        for arm in self.arms:
            if (arm.model, arm.prompts, arm.sampler) == (model, prompts, sampler):
                return arm
        raise ValueError(f"no arm of the {model} model with {prompts} at {sampler}")

    @property
    def personas(self) -> Arm:
        """The claim's arm."""
        return self.arm("collapsed", "personas")

    def best(self, kind: str) -> Arm | None:
        """The most varied control of a kind that writes no worse; None where all write worse."""
        fit = [
            arm
            for arm in self.arms
            if control_kind(arm) == kind and arm.no_worse_than(self.personas, self.entropy)
        ]
        return max(fit, key=lambda arm: arm.effective, default=None)

    @property
    def best_control(self) -> Arm:
        """Over all kinds; where every setting writes worse, the collapsed model as it is."""
        found = [arm for arm in map(self.best, CONTROLS) if arm is not None]
        plain = self.arm("collapsed", "none")
        return max(found, key=lambda arm: arm.effective, default=plain)

    @property
    def ratio(self) -> float:
        """What the criterion is about."""
        return self.personas.effective / self.best_control.effective

    @property
    def calibrated_ratio(self) -> float:
        """With personas over without, of the healthy model at temperature 1."""
        with_, without = (self.arm("healthy", p).effective for p in ("personas", "none"))
        return with_ / without


CONTROLS = ("temperature", "top-p", "codes")


def control_kind(arm: Arm) -> str:
    """Which control an arm of the collapsed model belongs to; "" where it is none."""
    if arm.model != "collapsed" or arm.prompts == "personas":
        return ""
    if arm.prompts == "codes":
        return "codes"
    return "top-p" if arm.sampler.top_p < 1 else "temperature"


@dataclass(frozen=True, kw_only=True)
class Result:
    """All seeds, and the verdict."""

    profile: Profile
    """What was computed."""
    evidence: tuple[Evidence, ...]
    """One for each seed."""

    @property
    def ratio(self) -> Interval:
        """Personas over the best control, mean over seeds."""
        return interval([e.ratio for e in self.evidence])

    @property
    def calibrated(self) -> Interval:
        """The same without collapse and without controls: nothing to gain."""
        return interval([e.calibrated_ratio for e in self.evidence])

    @property
    def verdict(self) -> Verdict | None:
        """By `CRITERION`; None below three seeds."""
        return verdict(CRITERION, self.ratio) if len(self.evidence) >= 3 else None


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
    """The tiny GPT of every generation."""
    from minigpt.model import GPTConfig
    from minigpt.settings import TrainConfig

    return TrainConfig(
        steps=settings.steps,
        batch_size=32,
        eval_every=10_000,
        precision="fp32",
        device="cpu",
        threads=1,
        muon_lr=0.04,
        adamw_lr=6e-3,
        model=GPTConfig(n_layer=2, n_head=4, n_embd=64, context=LONGEST),
    )


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


def measure(
    world: World,
    said: Sequence[str],
    people: np.ndarray,
    *,
    model: str = "truth",
    prompts: Prompts = "none",
    sampler: Sampler = PLAIN,
) -> Arm:
    """Variety and quality of outputs; `people` [n, 4] are those they were written for."""
    tally = count_documents([counted(text) for text in said])
    logprob = np.array([world.logprob(text) for text in said])
    right = np.isfinite(logprob)
    fits = math.nan
    if prompts == "personas":
        own = [world.logprob(text, person) for text, person in zip(said, people.tolist())]
        fits = float(np.mean(np.isfinite(own)))
    return Arm(
        model=model,  # type: ignore[arg-type]
        prompts=prompts,
        sampler=sampler,
        n=len(said),
        effective=estimate.hill(tally, 1),
        source=estimate.hill_asymptotic(tally, 1),
        coverage=estimate.coverage(tally),
        grammatical=float(right.mean()),
        logprob=float(logprob[right].mean()) if right.any() else math.nan,
        fits=fits,
    )


def distinct(world: World, n: int, rng: np.random.Generator) -> np.ndarray:
    """The first n different personas [n, 4] among people drawn by popularity."""
    found: dict[tuple[int, ...], None] = {}
    while len(found) < n:
        found.update(dict.fromkeys(map(tuple, world.draw(n, rng).tolist())))
    return np.array(list(found)[:n])


def measured_budget(said: Sequence[str], each: int) -> Budget:
    """The budget of outputs of which every `each` in a row are one persona's."""
    plain = [counted(text) for text in said]
    own = [
        estimate.entropy(count_documents(plain[i : i + each])) for i in range(0, len(plain), each)
    ]
    tally = count_documents(plain)
    return Budget(
        total=estimate.entropy(tally),
        within=float(np.mean(own)),
        coverage=estimate.coverage(tally),
    )


def which_add(
    said: Sequence[str], people: np.ndarray, seed: int, top: int = 8
) -> tuple[dict[str, float], tuple[tuple[str, float], ...]]:
    """What each field tells about a word, and the values that add most; bits/word."""
    found: Grams = grams(encode([counted(text) for text in said], "word"), 1)
    fields, adds = {}, []
    for field_ in FIELDS:
        split = strata.budget(found, names(people, field_), permutations=40, seed=seed)
        fields[field_] = split.information.value
        adds += [(f"{field_} {s.value}", s.adds) for s in split.strata]
    return fields, tuple(sorted(adds, key=lambda pair: -pair[1])[:top])
