"""What held deep networks up, the way of training or the initial weights?

Idea:   autoencoders press pictures of curves through six numbers, as many as a curve has. An arm is
        a way of training and a kind of initial weights. It climbs a ladder of depths, and its
        usable depth is where its error passes that of the best linear code of six numbers: a deep
        network that does worse is not worth its depth.
Source: JH23; Martens 2010, ICML; the rival readings: Glorot & Bengio 2010, AISTATS; Sutskever,
        Martens, Dahl & Hinton 2013, ICML.
Run:    python -m lessons ledger optimisation_was_the_bottleneck --run
Omits:  what came later: residual connections and normalisation (lesson 3).

The control can win. Both rivals of the second-order method cost as much as it does: 500,000
gradients of an example, counted in matrix products (a product with the curvature 4/3 of a gradient,
a loss 1/3, Muon's iterations as well). That is 2,500 steps of gradient descent, Nesterov and AdamW,
some 1,400 of Muon and 40 of Hessian-free. It is not equal in seconds: on a busy core at 17 hidden
layers Nesterov took 6 s and Hessian-free 8, at 25 Nesterov and Muon 8 each. Nothing holds by
construction: the ladder goes to 37 for every arm, so that each ratio can be far above its threshold
or far below 1. An arm ends at the first depth that is worse than six principal components (error
3.87 on the tuning seed; the mean picture: 9.77); a depth from which it might recover later is not
looked for. Where an arm does not fail at 37, its usable depth counts as 37, a lower limit: in the
second ratio the rival may be better than it looks, which speaks against the claim and not for it.
The crossing is read on a straight line between two rungs, which are a factor of 1.5 apart: an arm
that fails between the same two rungs as another differs from it by this reading alone.

How it was designed, on seeds 90, 91 and 99, which are never judged, with some 20 minutes of a core.
With pictures of 16 x 16, layers that taper to the code and large portions Hessian-free was behind
at 3 and 7 layers; so layers are equally wide, which makes a ladder of depth alone, and pictures
12 x 12. What Hessian-free does depends on its portions: at equal work on 7 and 15 (tapering)
layers, seed 90, gradients of 2,000 pictures with products on 1,000 of them gave errors of 4.5 and
8.2; of 1,000 with products on 200, 40 a step, 2.7 and 5.8, the best of eight kinds of portions; it
has those. Nesterov's momentum is 0.95 (0.99 was worse on 15 layers). Portions of the first-order
methods are 200 pictures; with 100, gradient descent improved from 2.43 to 2.25 and Nesterov from
2.39 to 2.01 on 7 layers, for 1.6 times the seconds. So they are at a disadvantage, and the claim
has the advantage in the first two ratios. `TUNING` has the rates tried for each arm, on seed 99,
beyond the edges of the grid; where nothing was learned at any rate, the search ended. Arms that are
not judged take the rate of the nearest depth at two places (AdamW at 7 and 37).

The thresholds are older than the pilots: those of the first two are the brief's, the third's is
from the list of claims ("a better optimiser moves the usable depth by 2"). That Muon is named there
was decided after the pilots, in which it went deepest; so the third says that one way of training
does it, not that a way chosen blindly would. Pilots (99, 91) gave 0.97 and 1.01 for the first
ratio, 2.16 and 2.30 for the third, and on 99 0.34 for the second. Five seeds decide the third with
92 % if its logarithm scatters by 0.08 doublings. The risk: a rate at the edge of what is stable,
chosen on one seed, may blow up on another; the error is then that of the mean picture. It did not
on seed 91.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l13_optimisation_was_the_bottleneck import drawing
from lessons.l13_optimisation_was_the_bottleneck.autoencoder import (
    ADAMW,
    BETTER,
    GD,
    MUON,
    NESTEROV,
    SECOND,
    USUAL,
    Budget,
    Pictures,
    network,
    trained,
    usable,
)
from lessons.lab.sweep import best, sweep
from lessons.lab.training import TUNING_SEED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RIVAL = f"{NESTEROV}, {BETTER}"
ARMS: dict[str, tuple[str, str]] = {
    GD: (GD, USUAL),
    NESTEROV: (NESTEROV, USUAL),
    ADAMW: (ADAMW, USUAL),
    SECOND: (SECOND, USUAL),
    MUON: (MUON, USUAL),
    RIVAL: (NESTEROV, BETTER),
}
"""Arm -> way of training, initial weights."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    ladder: tuple[int, ...]
    """Hidden layers."""
    skips: Mapping[str, tuple[int, ...]]
    """Rungs that an arm skips, since no pilot failed there or on the next."""
    learned: int
    """Pictures to learn."""
    judged: int
    """Pictures to judge."""
    budget: Budget

    def rungs(self, arm: str) -> tuple[int, ...]:
        """The depths that an arm climbs."""
        return tuple(d for d in self.ladder if d not in self.skips.get(arm, ()))


SIZES: dict[Profile, Size] = {
    "full": Size(
        ladder=(7, 11, 17, 25, 37),
        skips={ADAMW: (11,), MUON: (11, 17), RIVAL: (11, 17)},
        learned=6000,
        judged=1000,
        budget=Budget(),
    ),
    "ci": Size(
        ladder=(3, 5, 7),
        skips={MUON: (5,), RIVAL: (5,)},
        learned=300,
        judged=100,
        budget=Budget(work=4000, batch=50, gradient=100, curved=20, products=5),
    ),
}

TUNING: dict[str, dict[int, dict[float, float]]] = {
    GD: {
        7: {0.1: 2.7107, 0.2: 2.5212, 0.4: 9.771},
        11: {0.1: 4.2836, 0.2: 3.3087, 0.4: 3.394},
        17: {0.025: 9.7685, 0.05: 9.7684, 0.1: 9.7687, 0.2: 9.7691},
    },
    NESTEROV: {
        7: {0.01: 2.4836, 0.02: 1.9375, 0.04: 1.6942, 0.08: 9.771},
        11: {0.01: 3.3232, 0.02: 2.0054, 0.04: 9.771},
        17: {0.01: 9.7673, 0.02: 7.5335, 0.04: 7.1757, 0.08: 9.771},
        25: {0.0025: 9.768, 0.005: 9.7677, 0.01: 9.7682, 0.02: 9.7703},
    },
    ADAMW: {
        17: {0.002: 3.9619, 0.004: 2.3312, 0.008: 2.0735, 0.016: 5.1429},
        25: {0.001: 5.6194, 0.002: 5.1727, 0.004: 9.7624},
    },
    SECOND: {
        7: {0.25: 2.2847, 1.0: 2.2596, 2.0: 2.2744},
        11: {0.125: 3.2675, 0.25: 3.0006, 1.0: 3.1447},
        17: {0.0625: 6.2845, 0.125: 5.9216, 0.25: 5.9491, 1.0: 5.9665},
    },
    MUON: {
        7: {0.01: 1.5168, 0.02: 1.434, 0.04: 1.3749, 0.08: 1.8892},
        25: {0.005: 1.7195, 0.01: 1.6906, 0.02: 2.5542},
        37: {0.005: 9.7678, 0.01: 9.7675, 0.02: 9.7685},
    },
    RIVAL: {
        7: {0.005: 2.8807, 0.01: 2.2882, 0.02: 1.8907, 0.04: 1.5756, 0.08: 9.771},
        25: {0.005: 2.2488, 0.01: 2.1718, 0.02: 8.7734},
        37: {0.0025: 2.8163, 0.005: 2.4244, 0.01: 3.4318},
    },
}
"""Arm -> depth -> rate (of Hessian-free: damping at first) -> error, on the tuning seed."""


def rate(arm: str, depth: int) -> float:
    """The rate that was best at this depth, or at the nearest depth that was tuned."""
    return best(TUNING[arm][min(TUNING[arm], key=lambda tuned: abs(tuned - depth))])


def tune(arm: str, depth: int, rates: Sequence[float]) -> dict[float, float]:
    """A row of `TUNING`: the rates given, and further ones while the best is at an edge."""
    size = SIZES["full"]
    pictures = Pictures.drawn(size.learned, size.judged, TUNING_SEED)
    return sweep(lambda lr: _error(size, arm, depth, lr, pictures, TUNING_SEED), rates)


def _error(size: Size, arm: str, depth: int, lr: float, pictures: Pictures, seed: int) -> float:
    method, start = ARMS[arm]
    net = network(depth, start, seed)
    return round(trained(net, method, lr, pictures, size.budget, seed), 4)


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Errors of each arm up the ladder, to the first depth that is worse than a linear code."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    size = SIZES[profile]
    pictures = Pictures.drawn(size.learned, size.judged, seed)
    found: dict[str, Any] = {}
    for arm in ARMS:
        errors: list[float] = []
        rungs = size.rungs(arm)
        for depth in rungs:
            errors.append(_error(size, arm, depth, rate(arm, depth), pictures, seed))
            if errors[-1] > pictures.bar:
                break
        depths = rungs[: len(errors)]
        found[arm] = {
            "depths": depths,
            "errors": errors,
            "usable": usable(depths, errors, pictures.bar),
            "failed": errors[-1] > pictures.bar,
        }
    torch.set_num_threads(threads)
    return {"arms": found, "bar": pictures.bar, "nothing": pictures.nothing}


def values(evidence: Evidence) -> list[float]:
    """The three ratios of usable depths."""
    depth = {arm: one["usable"] for arm, one in evidence["arms"].items()}
    return [
        depth[SECOND] / depth[NESTEROV],
        depth[SECOND] / depth[RIVAL],
        depth[MUON] / depth[NESTEROV],
    ]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Error against depth, a line an arm; left the usual start, right the better one."""
    return drawing.climbs(evidence, ARMS, SIZES[evidence[0]["profile"]].ladder)


EXPERIMENT = Experiment(
    id="optimisation_was_the_bottleneck",
    title="Deep networks were held up by the way of training them",
    claim="Training deep networks was held up by optimisation; a second-order method broke through"
    " and showed that they can be trained.",
    source="JH23; Martens 2010, ICML; Sutskever et al. 2013, ICML; Glorot & Bengio 2010, AISTATS",
    criteria=(
        Criterion(
            quantity="usable depth by Hessian-free over that by Nesterov, usual start",
            threshold=2.0,
            no_effect=1.0,
            scale="log2",
        ),
        Criterion(
            quantity="usable depth by Hessian-free from the usual start over that by Nesterov "
            "from Glorot's",
            threshold=1.5,
            no_effect=1.0,
            scale="log2",
        ),
        Criterion(
            quantity="usable depth by Muon over that by Nesterov, usual start",
            threshold=2.0,
            no_effect=1.0,
            scale="log2",
        ),
    ),
    seeds=5,
    minutes=1.9,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)
