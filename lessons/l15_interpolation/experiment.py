"""Draft of the experiment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l15_interpolation import drawing, gaps, plane, rivals
from lessons.lab import answers, rows
from lessons.lab.problems import addition
from lessons.lab.training import BASE
from minigpt.layers import GPTConfig
from minigpt.model import GPT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUMS = addition()
RATE = 0.02
"""Muon's; AdamW's is 0.15 times that, as in the presets."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    layers: int
    width: int
    steps: int
    """Of training."""
    sums: int
    """In each step, drawn from those that are seen."""
    every: int = 1
    """Of the sums in gaps every so manieth is judged."""
    maps: bool = True
    """Keep which of all 10,000 sums are right."""


SIZES: dict[Profile, Size] = {
    "full": Size(layers=2, width=64, steps=800, sums=128),
    "ci": Size(layers=1, width=16, steps=4, sums=32, every=20, maps=False),
}


def planes(seed: int) -> dict[str, np.ndarray]:
    """The plane of each shape of gap; if the seed is odd, the two numbers change places."""
    drawn = {
        shape: plane.layout(shape, np.random.default_rng([seed, i]))
        for i, shape in enumerate(plane.SHAPES)
    }
    return {shape: kinds.T if seed % 2 else kinds for shape, kinds in drawn.items()}


def trained(seen: np.ndarray, size: Size, seed: int, rate: float = RATE) -> GPT:
    """A network that was shown nothing but the sums that are seen [100, 100]."""
    shape = GPTConfig(
        n_layer=size.layers,
        n_head=size.width // 16,
        n_embd=size.width,
        context=8,
        attention_scale=2.0,
    )
    config = replace(
        BASE,
        steps=size.steps,
        warmup=size.steps // 20,
        batch_size=size.sums,
        muon_lr=rate,
        adamw_lr=0.15 * rate,
        model=shape,
        seed=seed,
    )
    task = addition(lambda first, second: seen[first, second])
    return rows.learned(config, task, rows.evenly(2, 2))[0]


def right(net: GPT) -> np.ndarray:
    """Whether each of all sums is answered right from end to end, [100, 100]."""
    asked = [f"{a:02d}+{b:02d}=" for a in range(plane.SIDE) for b in range(plane.SIDE)]
    said: list[str] = []
    for first in range(0, len(asked), 1000):
        said += answers.greedy(net, asked[first : first + 1000], 3)
    found = [SUMS.right(question, answer) for question, answer in zip(asked, said)]
    return np.reshape(found, (plane.SIDE, plane.SIDE))


Judged = Mapping[str, np.ndarray]
"""Of the sums of one kind of gap: their distance, and whether each way of answering is right."""


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Share right of each kind, and both effects, of a network for each shape and of its rivals."""
    size = SIZES[profile]
    judged: dict[str, Judged] = {}
    shares: dict[str, float] = {}
    maps: dict[str, str] = {}
    for shape, kinds in planes(seed).items():
        correct = right(trained(kinds == plane.SEEN, size, seed))
        seen = np.argwhere(kinds == plane.SEEN)
        for kind in (f"{shape}, {parts}" for parts in (plane.SHOWN, plane.NEW)):
            asked = np.argwhere(kinds == kind)[:: size.every]
            judged[kind] = {
                "distance": gaps.nearest(seen, asked),
                "network": correct[tuple(asked.T)],
                "nearest example": rivals.neighbour(seen, asked),
                "table of parts": rivals.table(seen, asked),
            }
            shares[kind] = float(judged[kind]["network"].mean())
        for kind in (plane.SCATTERED, plane.SEEN):
            shares[f"{shape}: {kind}"] = float(correct[kinds == kind].mean())
        if size.maps:
            maps[shape] = np.packbits(correct).tobytes().hex()
    ways = ("network", "nearest example", "table of parts")
    return {
        "right": shares,
        "by distance": {kind: by_distance(one) for kind, one in judged.items()},
        "effects": {way: effects(judged, way) for way in ways},
        "maps": maps,
    }


def by_distance(one: Judged) -> list[float]:
    """The network's share right at each distance that occurs, from the least."""
    return [float(one["network"][one["distance"] == d].mean()) for d in np.unique(one["distance"])]


def effects(judged: Mapping[str, Judged], way: str) -> dict[str, float]:
    """What it brings at equal distance to be inside, if parts are shown on both sides or on neither,
    and what parts that were shown bring in gaps of one shape."""

    def difference(kind: str, other: str) -> float:
        two = judged[kind], judged[other]
        distance, correct = (np.concatenate([one[key] for one in two]) for key in ("distance", way))
        first = np.arange(len(distance)) < len(two[0]["distance"])
        return gaps.at_equal_distance(distance, first, correct)

    within = {
        shape: [
            difference(f"{shape}, {parts}", f"{plane.EDGE}, {parts}")
            for parts in (plane.SHOWN, plane.NEW)
        ]
        for shape in plane.INSIDE
    }
    shown = [difference(f"{s}, {plane.SHOWN}", f"{s}, {plane.NEW}") for s in plane.SHAPES]
    return {"inside": float(np.mean(list(within.values()))), "parts": float(np.mean(shown))}


def values(evidence: Evidence) -> list[float]:
    """What being inside brings at equal distance, and what parts that were shown bring."""
    found = evidence["effects"]["network"]
    return [found["inside"], found["parts"]]


EXPERIMENT = Experiment(
    id="interpolation",
    title="Between its examples a network is right",
    claim="Networks interpolate between their examples and do poorly beyond them, so whoever builds"
    " one has to cover the space. *We read 'between' as inside the region of the examples, and set"
    " beside it another reading: what has to be covered are parts.",
    source="RB22; Lee et al. 2023, arXiv:2307.03381",
    criteria=(
        Criterion(
            quantity="share of sums right in gaps inside minus outside, at equal distance to the"
            " nearest example",
            threshold=0.5,
            no_effect=0.0,
        ),
        Criterion(
            quantity="share of sums right if all pairs of digits were shown at their place minus if"
            " some were not, at equal distance",
            threshold=0.5,
            no_effect=0.0,
        ),
    ),
    seeds=8,
    minutes=1.0,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=drawing.bars,
)
