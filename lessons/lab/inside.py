"""What stands in a network's state: single units, directions, random turns, and edits.

Idea:   a state is a vector. If one of its coordinates alone tells two kinds of text apart, that is
        a unit; if only a weighted sum of many does, a direction. The difference is one of axes: so
        turn the state by a random rotation, which loses nothing that a weighted sum can read, and
        look for the best axis again. A unit is worth the name if it beats those. An edit asks what
        the network does with what stands there: move the state, and read what it predicts.
Source: probes: Alain & Bengio 2016, arXiv:1610.01644; AUC as the chance to order a pair rightly:
        Hanley & McNeil, Radiology 1982; random bases as the control for units: Szegedy et al. 2013,
        arXiv:1312.6199, section 3; edits: Li et al. 2022, arXiv:2210.13382.
Run:    used by the experiments of the lessons
Omits:  probes with hidden layers, which could work out what the network did not.

Legend: N texts, E units (or features), B batch, T time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from minigpt.storyland.rules import MARK
from minigpt.tokenizer import CharTokenizer

if TYPE_CHECKING:
    from torch import Tensor

    from minigpt.model import GPT


def unit_aucs(states: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How well each unit alone tells two kinds of text apart: [E], from 0 to 1; 1/2 is guessing.

    states [N, E], labels [N] of 0 and 1. The AUC of a unit is the share of all pairs, one text of
    each kind, in which the text labelled 1 has the higher value; a tie counts one half.

    >>> unit_aucs(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]), np.array([0, 1, 1])).tolist()
    [1.0, 0.5]
    """
    found = []
    for values in states.T:
        zeros, ones = np.sort(values[labels == 0]), values[labels == 1]
        below = np.searchsorted(zeros, ones, side="left")
        not_above = np.searchsorted(zeros, ones, side="right")
        found.append((below + not_above).mean() / (2 * len(zeros)))
    return np.array(found)


def best_unit(states: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """The unit whose AUC is farthest from 1/2, and its sign: -1 if it is high for label 0, else 1.

    states [N, E], labels [N] of 0 and 1. Returns (index, sign), to be judged on other texts.
    """
    apart = unit_aucs(states, labels) - 0.5
    unit = int(np.abs(apart).argmax())
    return unit, 1 if apart[unit] >= 0 else -1


def judged(
    choose: np.ndarray, chosen: np.ndarray, judge: np.ndarray, right: np.ndarray
) -> tuple[int, float]:
    """The best unit of the states `choose`, and the AUC that it has on the states `judge`.

    `chosen` and `right` are the labels of the two. The sign is chosen too, so that an AUC below
    1/2 is possible: a unit that was chosen by luck.
    """
    unit, sign = best_unit(choose, chosen)
    return unit, float(unit_aucs(sign * judge[:, [unit]], right)[0])


def rotation(width: int, rng: np.random.Generator) -> np.ndarray:
    """A random rotation [E, E], all equally likely (Haar), reflections included."""
    q, r = np.linalg.qr(rng.standard_normal((width, width)))
    return q * np.sign(np.diag(r))


def standardised(choose: np.ndarray, judge: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with mean 0 and standard deviation 1 in each unit, by the numbers of `choose`."""
    mean, scale = choose.mean(0), choose.std(0) + 1e-6
    return (choose - mean) / scale, (judge - mean) / scale


def ridge(features: np.ndarray, labels: np.ndarray, penalty: float = 1.0) -> np.ndarray:
    """Weights [E + 1] of the weighted sum that comes nearest to labels of 0 and 1; last a constant.

    Least squares plus `penalty` times the squared weights, in float64.
    """
    x = np.column_stack([features, np.ones(len(features))]).astype(np.float64)
    return np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ (labels - labels.mean()))


def probed(choose: np.ndarray, chosen: np.ndarray, judge: np.ndarray, right: np.ndarray) -> float:
    """AUC on `judge` of the weighted sum of all units that is fitted on `choose`."""
    seen, unseen = standardised(choose, judge)
    weights = ridge(seen, chosen)
    return float(unit_aucs((unseen @ weights[:-1])[:, None], right)[0])


def rotated(
    choose: np.ndarray,
    chosen: np.ndarray,
    judge: np.ndarray,
    right: np.ndarray,
    rng: np.random.Generator,
    times: int = 10,
) -> float:
    """Mean AUC of the best axis after a random rotation, chosen and judged as a unit is.

    States are turned as they are and with every unit standardised, `times` each; the better of the
    two means counts, since without the second a few large units would fill every axis.
    """
    means = []
    for one, other in ((choose, judge), standardised(choose, judge)):
        turns = [rotation(choose.shape[1], rng) for _ in range(times)]
        found = [judged(one @ turn, chosen, other @ turn, right)[1] for turn in turns]
        means.append(float(np.mean(found)))
    return max(means)


def at_ends(
    read: Callable[[np.ndarray], np.ndarray],
    lines: Sequence[str],
    tokenizer: CharTokenizer,
    batch: int = 256,
) -> np.ndarray:
    """States [N, E] behind the last character of each line before its mark.

    `read` maps ids [B, T] to states [B, T, E] and sees nothing to the right. Every line is read
    alone, behind a mark, so that the state knows nothing but this line.
    """
    texts = [MARK + line.removesuffix(MARK) for line in lines]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found: list[np.ndarray] = [np.empty(0)] * len(texts)
    for first in range(0, len(order), batch):
        some = order[first : first + batch]
        longest = len(texts[some[-1]])
        ids = np.stack([tokenizer.encode(texts[i].ljust(longest, MARK)) for i in some])
        states = read(ids)
        for row, i in enumerate(some):
            found[i] = states[row, len(texts[i]) - 1]
    return np.stack(found)


def stream(model: GPT, layers: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """A reader for `at_ends`: the stream [B, T, E] behind the first `layers` blocks (by default
    all), normalised as the head reads it."""
    import torch

    @torch.no_grad()
    def read(ids: np.ndarray) -> np.ndarray:
        return model.norm(model.hidden(torch.from_numpy(ids.astype(np.int64)), layers)).numpy()

    return read


def named(choose: np.ndarray, chosen: np.ndarray, judge: np.ndarray, right: np.ndarray) -> float:
    """Share of `judge` whose label, of several kinds, a weighted sum of all units names rightly.

    It is fitted on `choose` [N, E] by `ridge`, one sum for each kind of label; the largest wins.
    """
    seen, unseen = standardised(choose, judge)
    each = [ridge(seen, chosen == kind) for kind in range(int(chosen.max()) + 1)]
    scores = [unseen @ w[:-1] + w[-1] + (chosen == kind).mean() for kind, w in enumerate(each)]
    return float((np.argmax(scores, axis=0) == right).mean())


def group_means(states: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """Mean state [count, E] of each group; of a group without a member, the mean of all.

    states [N, E]; groups [N] are numbers from 0 to count - 1.
    """
    means = np.tile(states.mean(axis=0), (count, 1))
    for group in np.unique(groups):
        means[group] = states[groups == group].mean(axis=0)
    return means


def moved(states: np.ndarray, means: np.ndarray, was: np.ndarray, now: np.ndarray) -> np.ndarray:
    """States [N, E] moved from one group to another: all else that they hold stays.

    means [R, E] are the groups' mean states; was and now [N] are the groups of each state before
    and after.

    >>> moved(np.array([[1.0, 5.0]]), np.array([[1.0, 0.0], [4.0, 0.0]]), [0], [1]).tolist()
    [[4.0, 5.0]]
    """
    return states + means[now] - means[was]


@contextmanager
def edited(model: GPT, layers: int, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Within the block, the model goes on from change(stream) behind its first `layers` blocks.

    The stream is [B, T, E], as `model.hidden(ids, layers)` gives it; 0 is the embedding. Later
    blocks see the change at every place that looks back there. ValueError for more blocks than the
    model has.
    """
    if not 0 <= layers <= len(model.blocks):
        raise ValueError(f"this model has {len(model.blocks)} blocks, got {layers}")

    def enter(block: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return (change(given[0]), *given[1:])

    def leave(block: Any, given: tuple[Any, ...], stream: Tensor) -> Tensor:
        return change(stream)

    if layers == 0:
        hook = model.blocks[0].register_forward_pre_hook(enter)
    else:
        hook = model.blocks[layers - 1].register_forward_hook(leave)
    try:
        yield
    finally:
        hook.remove()
