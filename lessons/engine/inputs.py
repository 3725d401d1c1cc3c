"""Random inputs for probes.

Idea:   every number comes from the generator given to a probe, so that each student has different
        numbers and a check can be repeated.
Run:    used by checks.py of every lesson
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine.exercise import Call


def tensor(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Any:
    """A float32 torch tensor of normal numbers with standard deviation `scale`."""
    import torch

    return torch.from_numpy(rng.standard_normal(shape).astype(np.float32) * np.float32(scale))


def logprobs(rng: np.random.Generator, *shape: int, spread: float = 2.0) -> np.ndarray:
    """Natural logarithms of random probabilities [..., V] in float64, which sum to 1 over V.

    They are a softmax of normal scores with standard deviation `spread`.
    """
    scores = spread * rng.standard_normal(shape)
    return scores - np.log(np.exp(scores).sum(-1, keepdims=True))


def generator(rng: np.random.Generator) -> np.random.Generator:
    """A new generator for the learner, in a state drawn from `rng`."""
    return np.random.default_rng(int(rng.integers(1 << 60)))


def same_state_twice(rng: np.random.Generator, value: Any) -> list[Call]:
    """The same call twice: `value`, and generators in the same state."""
    seed = int(rng.integers(1 << 60))
    return [Call(value, np.random.default_rng(seed)) for _ in range(2)]
