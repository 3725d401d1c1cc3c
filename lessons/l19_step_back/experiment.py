"""From the best network to the cheapest that will do, and what learning from the best one adds.

Idea:   four tasks with exact answers (`lessons.lab.bench`). The best network, three layers 64 wide,
        learns from 24,000 right answers. Three smaller ones, which take a quarter to a twelfth of
        its operations, learn from its answers and probabilities to these questions ("taught"),
        from the right answers ("labels"), or from 480 problems of the team's own. All are priced
        in operations, milliseconds and bytes, and rounded to 8, 4, 3 and 2 bits a weight.
Source: SEQ24; soft targets: Hinton et al. 2015, arXiv:1503.02531; taught against labels: Busbridge
        et al. 2025, arXiv:2502.08606; prices that contradict each other: Dehghani et al. 2021,
        arXiv:2110.12894.
Run:    python -m lessons ledger step_back --run
Omits:  rungs that begin from the best one's weights, a temperature, training with rounded weights.

Nothing holds by construction. The first criterion fails if a third of the operations is too little.
In the second, labels can win: they are always right, and the best network is not. The brief judged
taught against own problems; with fifty times as many questions in one arm that is nearly certain,
so it is shown and not judged, and labels took its place: whether the step back adds anything.

Equal for labels and taught: questions, first weights, batches, 1,100 steps (the best network's,
too). Not equal: the taught are not charged for the best one's answers, nor for its training. The
claim says "whatever it costs", so this is to its advantage. At equal operations labels at 2x40
would have 1.4 times the steps, if the answers are charged, and 5.3 times with the training.

Judged by all problems with four digits of an eighth of all strings, 648 of them; another eighth
chose rates; no network learned from either, so a notebook would know none of them. The rung of the
first criterion is fixed beforehand: 2x40, the dearest below a third. Milliseconds are measured on
every seed and not judged, since evidence has to come out again, and a clock does not: in the pilots
2x40 took 0.71 of the best one's milliseconds if asked alone, 0.45 to 0.59 among 256.

Rates: share of wrong answers on seed 99. 1,600 steps, at 0.03, 0.06, 0.12: labels 2x40 not tried,
0.051, 0.032; 2x32 not tried, 0.052, 0.060; 1x32 not tried, 0.179, 0.122; taught (by a network wrong
in 0.063) 2x40 0.052, 0.056, 0.093; 2x32 not tried, 0.079, 0.040; 1x32 0.188, 0.148, 0.210. So an
arm has one rate, the better one on average: labels 0.12, taught 0.06. 1,100 steps, labels at 0.12,
0.24: 2x32 0.221, 0.210; 1x32 0.204, 0.356. The best network, 1,100 steps, at 0.03, 0.06: 0.022,
0.019. Own problems, 2x32, 300 steps, at 0.03, 0.06: 0.853, 0.843; at 0.03 150 and 600 steps: 0.877,
0.830. One seed, so neighbours are hardly told apart; the labels' edge at 0.24 is closed for 1x32.

Changed from the brief on pilots, some 20 minutes of a core: digits to ten, sizes to six and 4x128
took minutes to learn sums, the small ones longer; so base six, up to four digits, and 3x64. With
900 steps that is right in 0.937 on seed 99, with 1,400 in all; with 1,100 in 0.978 on seed 99 and
0.892 and 0.998 on seeds 90 and 91. A best network that stops before its rungs would be none, so
all have equal steps.

Thresholds are the brief's for the first; for the second 0.02, what the first allows to be lost. No
effect is 0.9 of the best, and a gain of 0. Pilots 90 and 91 (80 to 93 s of a busy core) kept 0.945
and 0.917 of the best, and gained -0.010 and 0.068. If the first scatters by 0.02, six seeds decide
it; the second scatters by 0.05 or so, and twenty would not decide it. Six are what is affordable:
the first is expected to fall short, the second to stay undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from distill.cascades import quantised
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l19_step_back import drawing
from lessons.lab import bench, rungs
from lessons.lab.bench import Pile
from lessons.lab.sweep import sweep
from lessons.lab.training import BASE, TUNING_SEED, shrunk
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.settings import TrainConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEST = "3x64"
RUNGS = ("2x40", "2x32", "1x32")
"""Shapes, layers x width, the dearest first; all take at most a third of its operations."""
CHOSEN = "2x40"
OWN, LABELS, TAUGHT = "own problems", "labels", "taught"
ARMS = (OWN, LABELS, TAUGHT)
BITS = (8, 4, 3, 2)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How long and how fast a network learns."""

    steps: int
    rate: float
    """Muon's; AdamW's is 0.15 times that, as in the presets."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    narrower: int
    """By which widths and heads are divided: 1, 2 or 4."""
    sizes: tuple[int, ...]
    """Digits of the problems that are learned from; the last is that of those that are marked."""
    problems: int
    """That the best network learns from, and that it answers for the rungs."""
    own: int
    """Answered problems of the team's own."""
    batch: int
    """Problems a step."""
    best: Recipe
    recipes: dict[str, dict[str, Recipe]]
    """Rung -> arm -> recipe."""
    rounds: int
    """In which answers are timed; evidence without a clock has none."""

    def shape(self, name: str) -> GPTConfig:
        """The shape behind a name such as 3x64."""
        layers, width = map(int, name.split("x"))
        return GPTConfig(
            n_layer=layers,
            n_head=4 // self.narrower,
            n_embd=width // self.narrower,
            context=24,
            attention_scale=2.0,
            bigram=False,
        )

    def config(self, name: str, recipe: Recipe, seed: int) -> TrainConfig:
        """Settings of a training."""
        return replace(
            BASE,
            steps=recipe.steps,
            warmup=recipe.steps // 20,
            batch_size=self.batch,
            muon_lr=recipe.rate,
            adamw_lr=0.15 * recipe.rate,
            model=self.shape(name),
            seed=seed,
        )


def _recipes(steps: int, own: int, rates: dict[str, tuple[float, float, float]]) -> Any:
    """Rung -> arm -> recipe, from rates in the order of `ARMS`."""
    lengths = (own, steps, steps)
    return {
        name: {arm: Recipe(steps=n, rate=r) for arm, n, r in zip(ARMS, lengths, some)}
        for name, some in rates.items()
    }


_FULL = Size(
    narrower=1,
    sizes=(2, 4),
    problems=24_000,
    own=480,
    batch=64,
    best=Recipe(steps=1100, rate=0.03),
    recipes=_recipes(1100, 300, dict.fromkeys(RUNGS, (0.06, 0.12, 0.06))),
    rounds=5,
)
SIZES: dict[Profile, Size] = {
    "full": _FULL,
    "ci": shrunk(
        _FULL,
        narrower=4,
        problems=256,
        own=64,
        batch=32,
        best=Recipe(steps=40, rate=0.06),
        recipes=_recipes(20, 10, dict.fromkeys(RUNGS, (0.06, 0.06, 0.06))),
        rounds=0,
    ),
}


def piles(size: Size, seed: int) -> tuple[Any, dict[str, Pile]]:
    """The problems that the best network learns from, and piles of right answers by arm."""
    many, own = (
        bench.problems_of(np.random.default_rng([seed, i]), n, size.sizes)
        for i, n in enumerate((size.problems, size.own))
    )
    return many, {LABELS: bench.labelled(many), OWN: bench.labelled(own)}


def best_of(size: Size, seed: int, pile: Pile) -> GPT:
    """The best network, whatever it costs."""
    return rungs.rung(size.config(BEST, size.best, 10 * seed), pile)


def learned(size: Size, name: str, recipe: Recipe, seed: int, pile: Pile) -> GPT:
    """A rung; all arms of a seed begin with the same weights."""
    return rungs.rung(size.config(name, recipe, 10 * seed + 1 + RUNGS.index(name)), pile)


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Shares of right answers of the best network, of rungs in three arms, and with few bits."""
    size = SIZES[profile]
    many, stock = piles(size, seed)
    models = {BEST: best_of(size, seed, stock[LABELS])}
    stock[TAUGHT] = rungs.taught(models[BEST], many)
    marked = bench.every(size.sizes[-1], "judge")
    right: dict[str, Any] = {}
    for name in RUNGS:
        right[name] = {}
        for arm in ARMS:
            net = learned(size, name, size.recipes[name][arm], seed, stock[arm])
            right[name][arm] = rungs.accuracy(net, marked)
        models[name] = net  # the last: taught
    return {
        "best": rungs.accuracy(models[BEST], marked),
        "right": right,
        "tasks": {name: by_task(net, size) for name, net in models.items()},
        "bits": {
            name: {
                str(bits): rungs.accuracy(quantised.rounded(models[name], bits), marked)
                for bits in BITS
            }
            for name in models
        },
        "bytes": {
            name: {"32": quantised.size(net)} | {str(b): quantised.size(net, b) for b in BITS}
            for name, net in models.items()
        },
        "operations": {name: rungs.operations(size.shape(name), marked) for name in models},
        "milliseconds": clocked(models, size) if size.rounds else {},
    }


def by_task(net: GPT, size: Size) -> dict[str, float]:
    """The share of right answers of each task."""
    return {
        name: rungs.accuracy(net, bench.every(size.sizes[-1], "judge", sign))
        for sign, name in bench.TASKS.items()
    }


def clocked(models: dict[str, GPT], size: Size) -> dict[str, dict[str, float]]:
    """Milliseconds an answer: alone, and among 256 that are asked at once."""
    asked = [q for q, _ in bench.draw(np.random.default_rng(0), 256, size.sizes[-1], signs="r")]
    return {
        "alone": rungs.milliseconds(models, asked[:1], size.sizes[-1], 40 * size.rounds),
        "among 256": rungs.milliseconds(models, asked, size.sizes[-1], size.rounds),
    }


def tune(
    name: str, arm: str = LABELS, rates: Sequence[float] = (0.03, 0.06, 0.12), steps: int = 0
) -> dict[float, float]:
    """Rate -> share of wrong answers on the tuning seed and the part to choose by; `steps` are
    those of the size unless given."""
    size = SIZES["full"]
    many, stock = piles(size, TUNING_SEED)
    choose = bench.every(size.sizes[-1], "choose")
    if name != BEST and arm == TAUGHT:
        stock[TAUGHT] = rungs.taught(best_of(size, TUNING_SEED, stock[LABELS]), many)

    def wrong(rate: float) -> float:
        if name == BEST:
            recipe = replace(size.best, rate=rate, steps=steps or size.best.steps)
            return 1 - rungs.accuracy(
                rungs.rung(size.config(BEST, recipe, 10 * TUNING_SEED), stock[LABELS]), choose
            )
        recipe = replace(size.recipes[name][arm], rate=rate)
        recipe = replace(recipe, steps=steps or recipe.steps)
        return 1 - rungs.accuracy(learned(size, name, recipe, TUNING_SEED, stock[arm]), choose)

    return sweep(wrong, rates)


def values(evidence: Evidence) -> list[float]:
    """What the chosen rung, taught, keeps of the best one's right answers (of which one problem in
    a thousand is counted at least); and by how much a taught rung is better than one that learned
    right answers, mean over rungs."""
    right = evidence["right"]
    gains = [arms[TAUGHT] - arms[LABELS] for arms in right.values()]
    return [right[CHOSEN][TAUGHT] / max(evidence["best"], 0.001), float(np.mean(gains))]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Right answers against operations, and against bytes."""
    return drawing.ladder(evidence)


EXPERIMENT = Experiment(
    id="step_back",
    title="The best model's answers are kept to 98 % at a third of its operations",
    claim="First get the best model you can, whatever it costs; then step back to the cheapest that"
    " still does, and distil on the way.",
    source="SEQ24; Hinton et al. 2015, arXiv:1503.02531",
    criteria=(
        Criterion(
            quantity="right answers of a network of a quarter of the operations, taught by the"
            " best one, over the best one's",
            threshold=0.98,
            no_effect=0.9,
        ),
        Criterion(
            quantity="share of right answers after learning from the best network minus that after"
            " learning as long from right answers, mean of three sizes",
            threshold=0.02,
            no_effect=0.0,
        ),
    ),
    seeds=6,
    minutes=1.5,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)
