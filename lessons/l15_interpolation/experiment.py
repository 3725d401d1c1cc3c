"""Is a network that adds right between its examples, or where the parts of a sum were shown?

Idea:   sums of two numbers of two digits, with gaps in what is shown. Gaps lie inside the examples
        (blocks, strips) or outside (edges); and each shape is cut in two ways that differ by a
        shift of five, so that either all pairs of digits are shown at their place or some are not.
        Depth, and distance to the nearest example, are the same.
Source: RB22; digits left out at a place: Lee et al. 2023, arXiv:2307.03381; inside of what:
        Balestriero et al. 2021, arXiv:2110.09485.
Run:    python -m lessons ledger interpolation --run
Omits:  longer numbers, and numbers given as numbers: then a straight line is right everywhere.

RB22 speaks of covering a space and defines no distance; "inside the region of the examples" is our
reading of "between", and parts are our rival reading. The first criterion compares blocks with
edges and strips with edges, parts shown with shown and new with new, and takes the mean of the
four. Strips and edges with new parts lack the same, a digit of one number's tens; blocks lack a
pair of tens whose digits were shown apart. So blocks are easier, which favours the claim.

Nothing holds by construction. A network that is right exactly where examples lie on both sides, as
one might be that takes numbers as sizes, has the values 1 and 0. One that is right exactly where
all parts were shown has 0 and 1: a table of parts filled from the examples does that. It is
measured beside the network, as is a copy of the nearest example's answer (if several are equally
near, by lot): about 0 and 0. A straight line through the examples has 0 and 0 as well: it is right
everywhere, for somebody told it that sums are straight. Counting whole sums is right nowhere.
There is one arm, so there is nothing to hold equal. All sums shown, and all single sums left out,
were right in every pilot.

Rates: share of wrong answers in gaps on seed 99, shown and new parts weighted alike, so that what
fills gaps of any kind is preferred (`tune`). At 0.01, 0.02, 0.04, 0.08: blocks 0.058, 0.031, 0.000,
0.122; strips 0.482, 0.468, 0.494, 0.500; edges 0.500, 0.473, 0.496, 0.502.

Designed on pilots. With all gaps on one map blocks with new parts were right in 0 and 12 % (seed
90, both orders of the numbers); but so many pairs of tens are missing there that blocks are hardly
"between" any more. So each shape has a network of its own, with all else shown, in favour of the
claim. Then, at a rate of 0.02, blocks with new parts were right in 36, 76, 44 and 94 % (seeds 90,
91, 92, 99; the first after 700 steps), strips with new parts in 7, 0, 0 and 7 %, edges with new
parts in 0, 0 and 5 % (90, 91, 99). With shown parts all were right in 98 to 100 %, but for the
strip of seed 90, 78 %.

Thresholds are the brief's, written before any pilot; no effect is 0 for both. From these shares
pilots give about 0.05, 0.2 and 0.1 for the first criterion and 0.8, 0.75 and 0.85 for the second
(seeds 90, 91, 92). If they scatter by 0.1, six seeds make intervals of 0.1 to either side.

Seen in the reading after the run: if edges with shown parts are right, as they were, the first
value is 0.5 at most. The claim says that they are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l15_interpolation import drawing, gaps, plane, rivals
from lessons.lab import answers, rows
from lessons.lab.problems import addition
from lessons.lab.sweep import sweep
from lessons.lab.training import BASE, TUNING_SEED
from minigpt.layers import GPTConfig
from minigpt.model import GPT

SUMS = addition()
RATES = {"block": 0.04, "strip": 0.02, "edge": 0.02}
"""Muon's for the network of each shape; AdamW's is 0.15 times that, as in the presets."""


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
    """One of so many sums in gaps is judged."""
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


def trained(seen: np.ndarray, size: Size, seed: int, rate: float) -> GPT:
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
        correct = right(trained(kinds == plane.SEEN, size, seed, RATES[shape]))
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
    """What being inside brings at equal distance, parts shown or new on both sides, and what parts
    that were shown bring in gaps of the same shape."""

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


def tune(shape: str, rates: Sequence[float] = (0.01, 0.02, 0.04)) -> dict[float, float]:
    """Rate -> share wrong in gaps on the tuning seed, shown and new parts weighted alike."""
    kinds = planes(TUNING_SEED)[shape]

    def wrong(rate: float) -> float:
        net = trained(kinds == plane.SEEN, SIZES["full"], TUNING_SEED, rate)
        correct = right(net)
        each = [correct[kinds == f"{shape}, {parts}"].mean() for parts in (plane.SHOWN, plane.NEW)]
        return 1 - float(np.mean(each))

    return sweep(wrong, rates)


def values(evidence: Evidence) -> list[float]:
    """What being inside brings at equal distance, and what parts that were shown bring."""
    found = evidence["effects"]["network"]
    return [found["inside"], found["parts"]]


EXPERIMENT = Experiment(
    id="interpolation",
    title="Inside its examples a network is right, beyond them it is not",
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
    seeds=6,
    minutes=1.1,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=drawing.bars,
)
