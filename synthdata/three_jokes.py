"""It only ever tells three jokes: one output says nothing, the population everything.

Idea:   a generator that has k favourites left of N still tells good ones. Whoever reads a single
        text and has not met this generator cannot know that; whoever has met it knows it at once
        (AUC 1 - k/2N). A test of the population needs to have met nobody, and a model that learns
        from the collection pays for what is missing.
Source: the claim is Andrej Karpathy's (No Priors, 2024); the tests are `judges` and `compare`.
Run:    python -m synthdata three-jokes --profile ci
Omits:  human judges.

Three families of generators, each with one healthy and one collapsed collection: `dial` (made-up
documents), `jokes` (a fetched corpus, where it is on this machine) and `gpt`: tiny transformers
that learned from texts with different favourites, before and after rounds of learning from their
own output, drawn too cold. On one and the same text all GPTs would have the same favourites, and
who has met one has met all: that is the informed judge.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from minigpt import corpora
from minigpt.nextchar import NextChar
from minigpt.ngram import NGram
from minigpt.tokenizer import CharTokenizer
from synthdata import dial
from synthdata.collapse import chain
from synthdata.collapse_regimes import Sampler, regime
from synthdata.collapse_text import GPTSource, LineTexts, tiny, write_lines
from synthdata.compare import compare
from synthdata.joke_evidence import TESTED, Evidence, Family, Judged, Result
from synthdata.judges import Judge, auc, informed_auc
from synthdata.persona_text import World

if TYPE_CHECKING:
    from minigpt.settings import TrainConfig

FamilyName = Literal["dial", "jokes", "gpt"]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much is computed."""

    n: int = 200
    """Texts of each collection that are judged and tested (as many go to judges)."""
    learned: int = 1000
    """Texts of each GPT's that a model learns from. Of dial and jokes it is n: they soon have told
    all they know, and more would only repeat it."""
    generators: int = 10
    """Of the families dial and jokes."""
    size: int = 20
    """N: different texts that a healthy generator of the family dial tells."""
    left: tuple[int, ...] = (2, 5, 10, 15)
    """k: how many a collapsed one tells; the second is the one that is reported."""
    jokes_left: int = 3
    """k of the family jokes."""
    gpts: int = 4
    """Generators of the family gpt."""
    lines: int = 1500
    """Lines that each generation of a GPT learns from."""
    steps: int = 250
    """Training steps of each."""
    generations: int = 1
    """Rounds of learning from its own output."""
    cold: float = 0.55
    """Temperature of that output."""
    permutations: int = 299
    """Random deals behind each p."""

    @property
    def texts(self) -> int:
        """Of each GPT's collection: n to teach judges, n to be judged, and enough to learn from."""
        return max(2 * self.n, self.learned)

    def __post_init__(self) -> None:
        least = {"n": 20, "learned": 20, "generators": 4, "gpts": 2, "lines": 50, "steps": 1}
        for name, few in (least | {"generations": 1}).items():
            if getattr(self, name) < few:
                raise ValueError(f"{name} is at least {few}, got {getattr(self, name)}")
        if not all(1 <= k <= self.size for k in self.left) or len(self.left) < 2:
            raise ValueError(f"left names two or more k from 1 to {self.size}, got {self.left}")


def profile(name: str, n: int | None = None) -> Profile:
    """`full` for figures that are published, `ci` for seconds; ValueError for another name."""
    if name == "full":
        return Profile(n=n or Profile.n)
    if name == "ci":
        return Profile(
            n=n or 60,
            learned=300,
            generators=6,
            left=(2, 5),
            gpts=2,
            lines=300,
            steps=40,
            generations=1,
            permutations=199,
        )
    raise ValueError(f"the profile is full or ci, got {name!r}")


@dataclass(frozen=True, kw_only=True)
class Generator:
    """One generator before and after: the first n texts teach judges, the next n are judged."""

    healthy: list[str]
    """Texts of the healthy one."""
    collapsed: list[str]
    """Texts of the collapsed one."""
    real: list[str]
    """Texts of the same kind that neither has told: what a model ought to predict."""
    learned: int
    """How many of each collection, the last ones, a model learns from."""
    informed: float = math.nan
    """AUC of a judge who knows all, where it is known."""


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
    return len(settings.left) + 1 + settings.gpts


def run(settings: Profile, seed: int = 0, report: Callable[[str], None] | None = None) -> Evidence:
    """All families, for one seed."""
    tell = report or (lambda _: None)
    families = []
    for k in settings.left:
        made = [of_dial(settings, k, [seed, k, i]) for i in range(settings.generators)]
        families.append(family(f"dial {k}/{settings.size}", made, settings, seed))
        tell(families[-1].name)
    missing = ""
    try:
        told = corpora.jokes(offline=True)
    except corpora.CorpusUnavailable as error:
        missing = f"jokes are left out: {error}"
    else:
        made = [of_jokes(settings, told, [seed, i]) for i in range(settings.generators)]
        families.append(family("jokes", made, settings, seed))
    tell("jokes")
    made = []
    for i in range(settings.gpts):
        made.append(of_gpt(settings, 1000 * seed + i))
        tell(f"GPT {i + 1}")
    families.append(family("gpt", made, settings, seed))
    return Evidence(seed=seed, families=tuple(families), missing=missing)


def of_dial(settings: Profile, k: int, seed: Sequence[int]) -> Generator:
    """k favourites of N made-up documents (`dial.favourites`), and others of the same words."""
    n, size = 2 * settings.n, settings.size
    ill, well = (
        # one seed: the same N documents; the draws among k and among N are different ones
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
    """Knows three quarters of the jokes; a few of them are left. The others are real text."""
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
    """The lines of a world, without prompts, as `collapse_text.GPTSource` wants them."""

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
        """n lines by the model."""
        return write_lines(model, n, rng, sampler, longest=80)


def of_gpt(settings: Profile, seed: int) -> Generator:
    """A tiny GPT on a world of its own: before, and after rounds of its own cold output.

    Both are sampled at temperature 1: it is the model that has collapsed, not the sampler.
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
    """The tiny GPT of the laboratory, for so many steps."""
    return replace(tiny(), steps=settings.steps)


def family(name: str, made: Sequence[Generator], settings: Profile, seed: int = 0) -> Family:
    """Judge all generators: the naive judge learns from those outside a generator's fold.

    There are two folds, or, of fewer than ten generators, as many as generators.
    """
    folds = 2 if len(made) >= 10 else len(made)
    judged: dict[int, Judged] = {}
    for fold in range(folds):
        inside = range(fold, len(made), folds)
        others = [g for i, g in enumerate(made) if i not in inside]
        naive = Judge.fit(
            [text for g in others for text in g.collapsed[: settings.n]],
            [text for g in others for text in g.healthy[: settings.n]],
        )
        for i in inside:
            judged[i] = judge(made[i], naive, settings, seed)
    return Family(
        name=name,
        expected=made[0].informed,
        judged=tuple(judged[i] for i in range(len(made))),
    )


def judge(made: Generator, naive: Judge, settings: Profile, seed: int = 0) -> Judged:
    """One generator: judges and population test on its second n texts, learning from the most."""
    n, learned = settings.n, made.learned
    well, ill = made.healthy[n : 2 * n], made.collapsed[n : 2 * n]
    informed = Judge.fit(made.collapsed[:n], made.healthy[:n])
    p, ratio = population(ill, well, settings.permutations, seed)
    p_null, ratio_null = population(made.healthy[:n], well, settings.permutations, seed)
    alphabet = CharTokenizer.from_text("\n".join([*made.healthy, *made.collapsed, *made.real, ""]))
    ill_parts, well_parts = naive.parts(ill), naive.parts(well)
    return Judged(
        naive=auc(naive.score(ill), naive.score(well)),
        informed=auc(informed.score(ill), informed.score(well)),
        p=p,
        p_null=p_null,
        ratio=ratio,
        ratio_null=ratio_null,
        loss_healthy=loss(made.healthy[-learned:], made.real, alphabet),
        loss_collapsed=loss(made.collapsed[-learned:], made.real, alphabet),
        loss_tenth=loss(made.healthy[-(learned // 10) :], made.real, alphabet),
        naive_parts={kind: auc(ill_parts[kind], well_parts[kind]) for kind in ill_parts},
    )


def population(
    ill: Sequence[str], well: Sequence[str], permutations: int, seed: int = 0
) -> tuple[float, float]:
    """Smallest corrected p of the meter's comparison, and the ratio of effective documents."""
    found = compare(
        ill, well, match="size", quantities=TESTED, permutations=permutations, seed=seed
    )
    p = min(found.differences[name].p_holm for name in TESTED)
    return p, found.differences["documents_hill1"].ratio.value


def loss(texts: Sequence[str], real: Sequence[str], alphabet: CharTokenizer) -> float:
    """Nats/char on real texts of a Kneser-Ney n-gram that learned from `texts`."""
    model = NGram.fit("\n".join(texts) + "\n", alphabet)
    return -float(model.logprob_of(alphabet.encode("\n".join(real) + "\n")).mean())
