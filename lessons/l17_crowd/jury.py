"""How several opinions become one, what that gains, and how one network is made to be many.

Idea:   a jury's verdict is the mean of its members' probabilities. By Jensen's inequality it loses
        no more than its members lose on average; the difference is the jury's ambiguity, and only
        disagreement makes it. Dropout trains a crowd of thinned networks that share their weights.
Source: Condorcet, "Essai sur l'application de l'analyse", 1785; ambiguity: Krogh & Vedelsby 1994,
        NIPS 7 (there for squares); dropout: Srivastava et al. 2014, JMLR 15.
Run:    used by experiment.py and lesson.py beside this file
Omits:  weights for the members, and votes: a vote throws away how sure a member is.

Legend: M members, N places, V characters. Logarithms are natural, losses in nats/char.
"""

from __future__ import annotations

import math

import numpy as np


def mixture(logprobs: np.ndarray) -> np.ndarray:
    """Log of the mean of the members' probabilities: [M, ..., V] -> [..., V].

    A character that all members hold to be impossible, -inf, stays so.

    >>> np.exp(mixture(np.log([[0.5, 0.5], [0.9, 0.1]]))).round(3).tolist()
    [0.7, 0.3]
    """
    return np.logaddexp.reduce(logprobs, axis=0) - math.log(len(logprobs))


def ambiguity(logprobs: np.ndarray, targets: np.ndarray) -> float:
    """Members' mean loss minus the loss of their mixture, nats/char: never below 0.

    logprobs [M, N, V]; targets [N] are the ids that came.
    """
    came = logprobs[:, np.arange(len(targets)), targets]  # [M, N]
    return float(mixture(came).mean() - came.mean())


def dropout(x: np.ndarray, u: np.ndarray, p: float) -> np.ndarray:
    """Activations in training, a share `p` of them dropped.

    x: any shape; u: uniform numbers from 0 to below 1, in the same shape. Where u < p the result is
    0; what is left is divided by 1 - p, so that the sum is kept on average.
    """
    return np.where(u < p, 0.0, x / (1 - p))
