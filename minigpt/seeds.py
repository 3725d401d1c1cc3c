"""One seed, several independent random streams.

Idea:   the seeds s, s + 1 and s + 2 for weights, windows and dropout would let two runs share a
        stream: the numbers that make the weights of seed 1 would draw the windows of seed 0. A
        `SeedSequence` hashes the seed together with a stream's index instead, so that neither
        neighbouring seeds nor two streams of one seed have anything in common.
Source: numpy's documentation, "Parallel random number generation"; seeds as `SeedSequence.spawn`.
Run:    used by `loop.train`; nothing to run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import numpy as np
import torch

Purpose = Literal["weights", "windows", "dropout"]


def stream(seed: int, purpose: Purpose, *parts: int) -> int:
    """The seed (0 to 2^64 - 1) of a purpose's stream; `parts` tell streams of one purpose apart.

    >>> stream(0, "windows") in {stream(1, "weights"), stream(0, "weights")}
    False
    """
    key = (get_args(Purpose).index(purpose), *parts)
    return int(np.random.SeedSequence(seed, spawn_key=key).generate_state(1, np.uint64)[0])


def generator(seed: int, purpose: Purpose) -> torch.Generator:
    """A torch generator with that stream's seed."""
    return torch.Generator().manual_seed(stream(seed, purpose))


@contextmanager
def own_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generator (for dropout) inside the block; restore it afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
