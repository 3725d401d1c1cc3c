"""What the members of a mixture say about a text, and how sure they are.

Idea:   a gate may look only at what is known before the character comes: how spread a member's
        distribution is (its entropy), how likely its first guess is, how far it is from the
        others, and how well an n-gram knows the context. None of that depends on what follows.
Source: confidence as a gate's input, as in PAQ: M. Mahoney, "Adaptive weighing of context models
        for lossless data compression", Florida Tech technical report CS-2005-16.
Run:    used by minigpt.mixture
Omits:  the text itself: a gate that sees characters is a language model, too large to print.

Legend: B batch, T time, N positions, V vocabulary, M members, F features. Nats, float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minigpt.nextchar import NextChar, readings

_ROWS = 4096  # positions whose features are computed at once


@dataclass(frozen=True)
class Reading:
    """What each member says about every character of a text but the first."""

    said: list[np.ndarray]
    """Log-probabilities [N, V] of each of the M members."""
    features: np.ndarray
    """What they knew before, [N, F]; `names` has their order."""
    targets: np.ndarray
    """Ids [N] of the characters that came."""


def read(models: Sequence[NextChar], ids: np.ndarray, *, stride: int | None = None) -> Reading:
    """Ask every member about ids[1:], each in windows of its own context (`nextchar.readings`).

    A member without limit reads the text in one go: it loses nothing where another's window
    begins. Takes 4 N V bytes for each member.
    """
    ids = np.asarray(ids, dtype=np.int64)
    said: list[np.ndarray] = []
    known: list[np.ndarray | None] = []
    for model in models:
        found = np.empty((len(ids) - 1, len(model.tokenizer)), np.float32)
        step = stride if model.context is not None else None
        for place, part in readings(model, ids, stride=step):
            found[place] = part
        said.append(found)
        known.append(matched(model, ids[None, :-1]))
    own = [None if one is None else one[0] for one in known]
    places = [slice(i, i + _ROWS) for i in range(0, len(ids) - 1, _ROWS)]
    told = [
        features([one[p] for one in said], [None if one is None else one[p] for one in own])
        for p in places
    ]
    return Reading(said, np.concatenate(told), ids[1:])


def features(said: Sequence[np.ndarray], own: Sequence[np.ndarray | None]) -> np.ndarray:
    """Entropy, ln of the largest probability, distance from the rest, and a member's own: [..., F].

    The distance is the Kullback-Leibler divergence from the plain average of all members: whether
    they agree. `said` are the members' log-probabilities [..., V], `own` further features or None.
    """
    every = np.array(said)  # [M, ..., V]
    p = np.exp(every)
    possible = p > 0
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 * -inf is left out of the sums
        average = np.log(np.add.reduce(p) / np.float32(len(p)))
        inside = np.add.reduce(p * every, axis=-1, where=possible)  # [M, ...]
        apart = inside - np.add.reduce(p * average, axis=-1, where=possible)
    columns = []
    for *told, more in zip(-inside, np.maximum.reduce(every, axis=-1), apart, own):
        columns += [one[..., None] for one in told] + ([] if more is None else [more])
    return np.concatenate(columns, axis=-1)


def names(models: Sequence[NextChar]) -> tuple[str, ...]:
    """Names of the features, in order; members are numbered from 1."""
    found: list[str] = []
    for i, model in enumerate(models, 1):
        found += [f"entropy {i}", f"ln p max {i}", f"apart {i}"]
        found += [f"matched {i}", f"ln seen {i}"] if hasattr(model, "matched") else []
    return tuple(found)


def matched(model: NextChar, ids: np.ndarray) -> np.ndarray | None:
    """How well an n-gram knows the context at each position of ids [B, T], [B, T, 2]; else None."""
    at = getattr(model, "matched", None)
    return None if at is None else at(ids)


def same_alphabet(models: Sequence[NextChar]) -> None:
    """ValueError, naming the first difference, if ids do not mean the same to all members."""
    for i, model in enumerate(models[1:], 2):
        where = models[0].tokenizer.difference(model.tokenizer, "member 1", f"member {i}")
        if where:
            raise ValueError(
                f"members of a mixture need one alphabet: {where}; train or count all of them with "
                "the same characters"
            )
