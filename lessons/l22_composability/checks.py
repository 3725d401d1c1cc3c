"""Exercises of lesson 22: one network of two, a dictionary between them, the mean of their weights.

Idea:   weights by name, as a file holds them, so that a network is put together like a list.
Run:    python -m lessons check 22.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine.compare import close
from lessons.engine.exercise import Call, Exercise, Oracle, Probe
from lessons.l22_composability import answers

# 22.1  One network of two


def _state(rng: np.random.Generator, blocks: int, learned: bool = False) -> dict[str, np.ndarray]:
    """Weights by name, small ones, in random order: a network of so many blocks."""
    names = ["embed.weight", "norm.weight", "head.weight"]
    names += ["embed_pair.weight", "embed_position.weight"] * learned
    names += [f"blocks.{i}.{part}" for i in range(blocks) for part in ("norm_1.weight", "mlp.w")]
    return {names[i]: rng.standard_normal(2) for i in rng.permutation(len(names))}


def _two(rng: np.random.Generator, blocks: int, *cuts: int, learned: bool = False) -> list[Call]:
    return [Call(_state(rng, blocks, learned), _state(rng, blocks, learned), cut) for cut in cuts]


STITCH = Exercise(
    id="22.1",
    name="stitch",
    task="""The weights of a network that reads with one network and goes on with another.

    lower, upper: dictionaries from names to arrays, two networks of the same shape. Blocks are
    numbered from 0 in their names: "blocks.0.norm_1.weight", "blocks.11.mlp.w". Other names are
    "embed.weight", perhaps more that begin with "embed", "norm.weight" and "head.weight".
    cut: how many blocks are taken from lower, from 0 to all.
    Returns a dictionary with all the names. What begins with "embed", and the first `cut` blocks,
    are from lower; the other blocks, the last norm and the head from upper.""",
    solution="lessons.l22_composability.stitching:stitch",
    probes=(
        Probe("every name is there", lambda rng: _two(rng, 2, 1)),
        Probe("each part is from the network that it should be from",
              lambda rng: _two(rng, 4, 1, 2, 3)),
        Probe("nothing or all below the seam", lambda rng: _two(rng, 3, 0, 3)),
        Probe("all that is embedded is from the lower network",
              lambda rng: _two(rng, 3, 1, learned=True)),
        Probe("more than ten blocks", lambda rng: _two(rng, 13, 2, 9, 11)),
    ),
    variants=answers.STITCH_VARIANTS,
    wrong=answers.STITCH_WRONG,
    hints=(
        "Whose vectors can the first block read? And whose stream can the head read?",
        "Decide for each name, and look at it once: the block's number is the second part of "
        "name.split('.').",
        "below(name): begins with embed, or is a block whose number is less than cut\n"
        "for each name: lower[name] if below, else upper[name]",
    ),
    next_step="Section 2 puts two networks together with it.",
    drill="Two networks have 4 blocks. At how many places can they be stitched so that each gives "
    "at least one block?",
    drill_answer="Three: behind the first, the second or the third block.",
)  # fmt: skip


# 22.2  A dictionary


def _turned(rng: np.random.Generator, n: int, width: int, other: int, noise: float = 0.0) -> Call:
    """Streams x [n, width], and y [n, other], which is x turned and moved, and some noise."""
    x = rng.standard_normal((n, width)) + 2 * rng.standard_normal(width)
    y = x @ rng.standard_normal((width, other)) + 5 * rng.standard_normal(other)
    return Call(x, y + noise * rng.standard_normal(y.shape))


def _idle(rng: np.random.Generator) -> Call:
    """The same, with a unit of x that is always 0."""
    call = _turned(rng, 20, 3, 2, 0.5)
    return Call(np.insert(call.args[0], 1, 0.0, axis=1), call.args[1])


def _as_near(answer: Any, x: np.ndarray, y: np.ndarray) -> str | None:
    """A judge: the map may be another, what it makes of x may not."""
    turn, offset = answer
    right, moved = Oracle(SEAM.solution)(x, y)
    return close(x @ np.asarray(turn) + np.asarray(offset), x @ right + moved)


SEAM = Exercise(
    id="22.2",
    name="seam",
    task="""A dictionary between two networks: the linear map that brings x nearest to y.

    x [N, E], y [N, F]: what stands in each network's stream, for the same N characters. N is more
    than E; E and F may differ.
    Returns two arrays, a map [E, F] and an offset [F], for which the sum of squares of
    x @ map + offset - y is least. A unit of x may be the same everywhere; what the map does with
    that is up to you.""",
    solution="lessons.l22_composability.stitching:seam",
    probes=(
        Probe("an exact map is found", lambda rng: _turned(rng, 12, 3, 3)),
        Probe("from one width to another", lambda rng: [_turned(rng, 15, 4, 2),
                                                        _turned(rng, 15, 2, 4)]),
        Probe("if no map is exact, the nearest", lambda rng: _turned(rng, 30, 3, 3, 1.0)),
        Probe("a unit that never changes", _idle, judge=_as_near),
    ),
    variants=answers.SEAM_VARIANTS,
    wrong=answers.SEAM_WRONG,
    hints=(
        "Both streams have means that are not 0. Which of map and offset takes care of those?",
        "Take the means away and solve for the map (np.linalg.lstsq copes with a unit that never "
        "changes). The offset is then what is missing at the mean of x.",
        "map = lstsq(x - mean x, y - mean y)\noffset = mean y - (mean x) @ map",
    ),
    next_step="Section 4 puts it between A and B.",
    drill="Two networks are 48 wide. How many numbers does a dictionary between them have?",
    drill_answer="48 x 48 for the map and 48 for the offset: 2,352.",
)  # fmt: skip


# 22.3  The mean of weights


def _shared(rng: np.random.Generator, *shares: float) -> Call:
    """A state for each share, its names in an order of its own."""
    return Call([_state(rng, 1) for _ in shares], list(shares))


AVERAGE = Exercise(
    id="22.3",
    name="average_weights",
    task="""One network's weights: the weighted mean of the weights of several.

    states: a list of K dictionaries with the same names, each from a name to an array. The order of
    names may differ.
    shares: a list of K numbers, 0 or more and not all 0. They need not sum to 1: [2, 1] means two
    parts and one part.
    Returns a dictionary with the same names. The states are left as they are.""",
    solution="lessons.l22_composability.stitching:average_weights",
    probes=(
        Probe("two in equal shares", lambda rng: _shared(rng, 0.5, 0.5)),
        Probe("shares that differ", lambda rng: _shared(rng, 0.5, 0.2, 0.3)),
        Probe("shares that do not sum to 1", lambda rng: [_shared(rng, 2.0, 1.0),
                                                          _shared(rng, 0.1, 0.1, 0.2),
                                                          _shared(rng, 3.0)]),
        Probe("a share of 0", lambda rng: _shared(rng, 0.0, 3.0)),
    ),
    variants=answers.AVERAGE_VARIANTS,
    wrong=answers.AVERAGE_WRONG,
    hints=(
        "What should come back for the shares [2, 2]?",
        "For each name add share times weights over all states, then divide by the sum of the "
        "shares.",
        "for each name: sum over k of shares[k] * states[k][name], divided by sum(shares)",
    ),
    next_step="Section 7 averages strangers, and relatives.",
    drill="The mean of three networks is as large as one of them. How much slower does it predict "
    "than one?",
    drill_answer="Not at all: it is one network. The mean of three predictions takes three times "
    "as long.",
)  # fmt: skip

EXERCISES = (STITCH, SEAM, AVERAGE)
