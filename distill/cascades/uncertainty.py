"""When a model is unsure enough to ask a more expensive one.

Idea:   its own distribution tells: by its entropy, by how close the second choice is to the first,
        or by a logistic curve on both that has learned when asking paid. A threshold is set so that
        a chosen share of validation text is passed on.
Source: Chen et al. 2023, arXiv:2305.05176 (a learned score); margin: Scheffer et al. 2001.
Run:    python -m distill.cascade --models ngram,RUN
Omits:  features beyond the distribution itself.

Legend: N places, V vocabulary.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

Rule = Literal["entropy", "margin", "learned", "random"]


def unsureness(logprobs: np.ndarray, rule: Rule, weights: np.ndarray | None = None) -> np.ndarray:
    """Uncertainty of each of [N, V] predictions, from 0 (sure) to 1; [N].

    entropy is divided by its largest value; margin is 1 - (first - second probability); learned is
    a logistic curve on both, with `weights` [3] from `learn`.
    """
    p = np.exp(logprobs)
    if rule != "margin":
        entropy = -(p * np.where(p > 0, logprobs, 0)).sum(-1) / math.log(p.shape[-1])
        entropy = entropy.clip(0, 1)
    if rule == "entropy":
        return entropy
    second, first = np.partition(p, -2, axis=-1)[..., -2:].T
    margin = (1 - (first - second)).T.clip(0, 1)
    if rule == "margin":
        return margin
    if weights is None:
        raise ValueError("the learned rule needs weights; learn them on validation text")
    features = np.stack((np.ones_like(entropy), entropy, margin), axis=-1)
    return 1 / (1 + np.exp(-(features @ weights)))


def learn(small: np.ndarray, gain: np.ndarray, steps: int = 50) -> np.ndarray:
    """Weights [3] of a logistic curve: does the larger model gain more than average here?

    `small` are the cheap model's log-probabilities [N, V], `gain` [N] the nats that the larger one
    saves. Newton's method with a small ridge.
    """
    x = np.stack(
        (np.ones(len(small)), unsureness(small, "entropy"), unsureness(small, "margin")), axis=-1
    )
    y, w = (gain > gain.mean()).astype(float), np.zeros(3)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x @ w)))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(3)
        w += np.linalg.solve(curvature, x.T @ (y - p) - 1e-3 * w)
    return w


def calibrate(doubt: np.ndarray, share: float) -> float:
    """The threshold at which about this share of validation positions [N] is passed on.

    It is slightly below the quantile, so that ties with it are passed on too.

    >>> round(calibrate(np.linspace(0, 1, 101), 0.25), 3)
    0.75
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is a share from 0 to 1, got {share}")
    if share in (0, 1):
        return 1.0 - share
    return max(0.0, float(np.quantile(doubt, 1 - share)) - 1e-6)
