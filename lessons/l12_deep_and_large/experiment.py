"""How many swaps of the shell game does a GPT follow, by its depth and by its width?

Idea:   a ball lies under one of three cups, each letter swaps two, and behind every letter the
        network says where the ball is. Each swap needs the one before, yet swaps can be composed in
        rounds (`composing.py`). A GPT of one layer, 32 wide, is made deeper or wider, and its
        *reach* is measured: how many swaps it follows.
Source: JH23; depth that grows with the logarithm: Merrill & Sabharwal 2025, arXiv:2503.03961; fewer
        layers: Liu et al. 2022, arXiv:2210.10749; depth against width at equal weights: Petty et
        al. 2023, arXiv:2310.19956.
Run:    python -m lessons ledger deep_and_large --run
Omits:  games longer than those in training, five cups, and steps that are written down.

JH23 compares nothing; that depth brings more than width at equal weights is our reading. Nothing
holds by construction: each arm's reach may be anything from 0 to 16. The wide network can win. For
three cups a fixed number of layers is enough in theory, whatever the length (their permutations
are a solvable group: Liu et al.); whether two are is not known to us. The wide network's layers
have as many weights, 98,304; it takes 1.6 times the steps, so reads 1.6 times the games, does 2.1
times the operations (matrix products, Muon's too) and takes about the seconds of the deep one (34
for 30 to 35 of processor time in pilots). The first pilots had 1x96 here; one layer looks only
once, so that was too weak a control. The deep network can lose: after 100 steps it followed 3.3
swaps, as one layer did after 200. Heads are 16 wide (1x96, seed 90: 6 heads reach 5.96, 12 heads
5.87).

Counting: a notebook of all beginnings of games that were shown, with where the ball was, has a
reach of 9.0. In pilots only the deepest network went beyond it; so it is drawn beside them.

The oddity of the first pilots, 0.8 right after two swaps and 1.0 after three, has a cause. Without
a mark at the beginning `aa` looks like `a` to any depth of attention (a mean of equal vectors), so
7 of 9 answers after two swaps can be right, and all 27 after three. Measured: 0.78 with 1x64 and
4x32. Vectors of pairs mark the first letter; all arms have them.

Rates: share of wrong answers on seed 99, each grid extended until both neighbours are worse
(`tune`): at 0.005, 0.01, 0.02, 0.04: 1x32 0.464, 0.449, 0.463, 0.474; 2x32 0.4038, 0.3860, 0.3862,
0.4038; 4x32 0.314, 0.297, 0.319, 0.328; 8x32 0.230, 0.129, 0.164, 0.183; 2x64 from 0.01 on 0.360,
0.320, 0.361. Games that grow helped (4x32, seed 90, 600 steps: 7.6 for 7.4). 1x64, the dial
and the GRU are not judged, and their rates not tuned.

Changed from the brief on pilots: 16 swaps for 24 and games that grow, since places beyond 12 taught
nothing; four times the depth against twice the width from 2x32 on, and not from 1x32, for the
reason above. Thresholds are the brief's, 0.3 doublings each (a ratio of 1.23). The share of the
gain that width brings alone is a ratio of small gains and is not judged. No effect is a slope of 0
and a ratio of 1. Seeds: the slope was 0.41 and 0.43 on seeds 91 and 99, the ratio 1.55 on 99 (at
rates chosen there, so a little too good). If the ratio scatters by 0.15 doublings, five seeds put
the ends of its interval 0.19 from the mean, and it is 0.33 above the threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from distill.comparison import costs
from labkit import figures
from labkit.experiment import Criterion
from labkit.in_words import in_words
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l12_deep_and_large.composing import reach
from lessons.lab import answers, rows
from lessons.lab.problems import CUPS, DIAL, Problem, Task
from lessons.lab.recurrent import GRU
from lessons.lab.sweep import sweep
from lessons.lab.training import BASE, TUNING_SEED
from minigpt.layers import GPTConfig
from minigpt.model import GPT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHANCE = 1 / 3
"""Share of right answers without a look at the moves: after any number of them each place is
equally likely."""
LEAST = 0.1
"""A reach below this counts as this, so that its logarithm exists."""
DEPTHS = ("1x32", "2x32", "4x32", "8x32")
DEEP, WIDE = "8x32", "2x64"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A network, and how it is trained."""

    layers: int
    width: int
    rate: float
    """Muon's; AdamW's is 0.15 times that, as in the presets."""
    steps: float = 1.0
    """Steps, over those of the experiment."""
    task: Task = CUPS
    kind: type[GPT] = GPT


ARMS = {
    "1x32": Arm(layers=1, width=32, rate=0.01),
    "2x32": Arm(layers=2, width=32, rate=0.01),
    "4x32": Arm(layers=4, width=32, rate=0.01),
    "8x32": Arm(layers=8, width=32, rate=0.01),
    "1x64": Arm(layers=1, width=64, rate=0.02),
    "2x64": Arm(layers=2, width=64, rate=0.02, steps=1.6),
    "dial, 1x32": Arm(layers=1, width=32, rate=0.01, task=DIAL),
    "dial, 4x32": Arm(layers=4, width=32, rate=0.01, task=DIAL),
    "GRU, 1x32": Arm(layers=1, width=32, rate=0.02, steps=0.5, kind=GRU),
}
"""Layers x width, on the cups if it does not say otherwise."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    moves: int
    """In a game."""
    steps: int
    """Of training."""
    games: int
    """In each step."""
    judged: int
    """New games, in which every place is judged."""


SIZES: dict[Profile, Size] = {
    "full": Size(moves=16, steps=1600, games=48, judged=2000),
    "ci": Size(moves=4, steps=12, games=16, judged=100),
}


def trained(arm: Arm, size: Size, seed: int, task: Task) -> tuple[GPT, rows.RowsLoss]:
    """The arm's network after its training, and what it was trained by.

    Games have two moves at first; the longest grow to all moves during 0.8 of the steps.
    """
    steps = max(1, round(size.steps * arm.steps))
    heads = arm.width // 16 if arm.kind is GPT else 1
    shape = GPTConfig(
        n_layer=arm.layers,
        n_head=heads,
        n_embd=arm.width,
        context=size.moves,
        attention_scale=2.0,
    )
    config = replace(
        BASE,
        steps=steps,
        warmup=steps // 20,
        batch_size=size.games,
        muon_lr=arm.rate,
        adamw_lr=0.15 * arm.rate,
        model=shape,
        seed=seed,
    )
    return rows.learned(config, task, rows.growing(2, size.moves, 0.8), arm.kind)


def shares(net: GPT, task: Task, size: Size, seed: int) -> list[float]:
    """The share of right answers at each place of new games."""
    asked = task.draw(np.random.default_rng(10 * seed + 1), size.judged, size.moves)
    return [float(x) for x in answers.hits(net, rows.as_rows(asked, task, net.tokenizer)).mean(0)]


class Notebook:
    """Counting: every beginning of a game that was ever shown, with where the ball was."""

    def __init__(self, task: Task) -> None:
        self.places: dict[str, str] = {}
        self.task = replace(task, draw=self._noting)
        self._draw = task.draw

    def _noting(self, rng: np.random.Generator, n: int, size: int) -> list[Problem]:
        drawn = self._draw(rng, n, size)
        for moves, places in drawn:
            self.places |= {moves[: t + 1]: place for t, place in enumerate(places)}
        return drawn

    def shares(self, size: Size, seed: int) -> list[float]:
        """As `shares` above; a beginning that was never shown is answered by chance."""
        asked = self._draw(np.random.default_rng(10 * seed + 1), size.judged, size.moves)
        known = [[moves[: t + 1] in self.places for t in range(size.moves)] for moves, _ in asked]
        return [float(x) for x in CHANCE + (1 - CHANCE) * np.mean(known, axis=0)]


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Right answers at each place, and reach, of every arm and of counting."""
    size = SIZES[profile]
    found: dict[str, Any] = {}
    for name, arm in ARMS.items():
        notes = Notebook(arm.task)
        net, training = trained(arm, size, seed, notes.task if name == DEEP else arm.task)
        right = shares(net, arm.task, size, seed)
        blocks = sum(p.numel() for p in net.blocks.parameters())
        found[name] = {
            "right": right,
            "reach": reach(right, CHANCE),
            "weights": blocks,
            "operations": operations(net, training),
        }
        if name == DEEP:
            counted = notes.shares(size, seed)
            noted = len(notes.places)
    counting = {"right": counted, "reach": reach(counted, CHANCE), "entries": noted}
    return {"networks": found, "counting": counting}


def operations(net: GPT, training: rows.RowsLoss) -> float:
    """Operations of the training in matrix products: forward, backward (twice that), and Muon's.

    0 for a GRU, which is not compared.
    """
    if not net.attends:
        return 0.0
    shape, vocabulary = net.config, len(net.tokenizer)
    read = training.read.items()
    forward = sum(n * costs.forward_flops(shape, vocabulary, time) for time, n in read)
    return float(3 * forward + training.config.steps * costs.muon_flops(training.config))


def tune(
    names: Iterable[str], rates: Sequence[float] = (0.01, 0.02, 0.04)
) -> dict[str, dict[float, float]]:
    """Arm -> rate -> share of wrong answers on the tuning seed, by which rates were chosen."""
    size = SIZES["full"]

    def wrong(name: str, rate: float) -> float:
        arm = replace(ARMS[name], rate=rate)
        net, _ = trained(arm, size, TUNING_SEED, arm.task)
        return 1 - float(np.mean(shares(net, arm.task, size, TUNING_SEED)))

    return {name: sweep(partial(wrong, name), rates) for name in names}


def values(evidence: Evidence) -> list[float]:
    """Doublings of reach for each doubling of depth, and the deep network's reach over the wide's.

    The slope is that of a straight line through all depths, by least squares in logarithms.
    """
    found = {name: max(LEAST, one["reach"]) for name, one in evidence["networks"].items()}
    depths = np.log2([ARMS[name].layers for name in DEPTHS])
    slope = np.polyfit(depths, np.log2([found[name] for name in DEPTHS]), 1)[0]
    return [float(slope), found[DEEP] / found[WIDE]]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: right answers by the number of swaps. Right: reach by the weights, both ways."""
    figure, (left, right) = figures.new("wide", 1, 2)
    networks = [one["networks"] for one in evidence]
    swaps = np.arange(1, len(networks[0][DEEP]["right"]) + 1)
    for i, name in enumerate((*DEPTHS, WIDE)):
        mean = np.mean([one[name]["right"] for one in networks], axis=0)
        look = {"color": figures.COLOURS[i], "linestyle": figures.DASHES[i]}
        left.plot(swaps, mean, label=name, marker="x" if name == WIDE else "", markersize=4, **look)
    counted = np.mean([one["counting"]["right"] for one in evidence], axis=0)
    left.plot(swaps, counted, label="counting", color="#777777", linestyle=":", linewidth=1)
    left.axhline(CHANCE, color="#777777", linewidth=0.8)
    left.set_ylim(0.25, 1.03)
    left.set_xticks(swaps[1::2])
    left.legend(fontsize=7, title="layers x width", title_fontsize=7, loc="upper right")
    figures.label(left, x="swaps", y="share of right answers")
    ways = (("deeper", DEPTHS), ("wider", ("1x32", "1x64")), ("_", ("2x32", WIDE)))
    for label, names in ways:
        weights = [networks[0][name]["weights"] for name in names]
        runs = [[one[name]["reach"] for name in names] for one in networks]
        deeper = label == "deeper"
        look = {"color": "#000000" if deeper else "#777777", "marker": "o" if deeper else "s"}
        look["linestyle"] = "-" if deeper else "--"
        right.plot(weights, np.mean(runs, axis=0), label=label, gid="wider, two layers", **look)
        for row in runs:
            right.plot(weights, row, color=look["color"], linewidth=0.5, linestyle="-")
        for name, x, y in zip(names, weights, np.mean(runs, axis=0)):
            if deeper or name != names[0]:
                shift = (-24, 6) if deeper else (-4, -13)
                right.annotate(name, (x, y), shift, textcoords="offset points", fontsize=8)
    right.set_xscale("log", base=2)
    right.set_yscale("log", base=2)
    weights = [networks[0][name]["weights"] for name in DEPTHS]
    right.set_xticks(weights, labels=[f"{n:,}" for n in weights])
    right.set_yticks([4, 6, 8, 12, 16], labels=["4", "6", "8", "12", "16"])
    right.margins(x=0.15)
    right.legend(fontsize=8, loc="lower right")
    figures.label(right, x="weights of the layers", y="reach (swaps)")
    return figure, in_words(figure)


EXPERIMENT = Experiment(
    id="deep_and_large",
    title="Where each step needs the one before, depth went further than width",
    claim="A network that is deep and large enough can be configured to solve a hard task. *We read"
    " into it that, where each step needs the one before, depth brings more than as many weights in"
    " width.",
    source="JH23; Merrill & Sabharwal 2025, arXiv:2503.03961",
    criteria=(
        Criterion(
            quantity="doublings of reach for each doubling of depth, 1 to 8 layers 32 wide",
            threshold=0.3,
            no_effect=0.0,
        ),
        Criterion(
            quantity="reach of 8 layers 32 wide over 2 layers 64 wide, which have as many weights"
            " and 1.6 times the steps",
            threshold=1.23,
            no_effect=1.0,
            scale="log2",
        ),
    ),
    seeds=5,
    minutes=2.4,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)
