"""Pictures of smooth curves: 144 pixels, but only six numbers to know.

Idea:   three random points settle a curve that runs through them, a parabola in each coordinate. It
        is drawn in soft ink on a small square. Whoever knows the six coordinates knows the picture,
        so a code of six numbers is enough; but pixels depend on them in a curved way, and the best
        linear code of six numbers loses most.
Source: the task "curves" of Hinton & Salakhutdinov 2006, Science 313 (504-507), whose curves also
        have six degrees of freedom; here with parabolas and fewer pixels.
Run:    python -c "from lessons.lab.worlds.curves import *; print(picture(drawn(1, 0)[0]))"
Omits:  rotations, thickness, several curves in one picture.

Legend: N pictures, S side in pixels.
"""

from __future__ import annotations

import numpy as np

SIDE = 12
"""Pixels in a row."""
INK = 0.9
"""Standard deviation of the ink's fading, pixels."""
FAINT = 1e-3
"""Ink below it is none. Without this the tails hold numbers near the smallest that there are, and a
processor multiplies such denormal numbers many times more slowly."""


def drawn(n: int, seed: int, points: int = 40) -> np.ndarray:
    """[N, S * S] float32 pictures with ink from 0 to 1; ValueError for fewer than 1."""
    if n < 1:
        raise ValueError(f"a set of curves has 1 picture or more, got {n}")
    rng = np.random.default_rng(np.random.SeedSequence((seed, 6)))
    through = rng.uniform(1, SIDE - 2, (n, 3, 2))
    return np.concatenate([_inked(part, points) for part in np.array_split(through, -(-n // 250))])


def along(through: np.ndarray, points: int) -> np.ndarray:
    """[N, points, 2] places on the curves through `through` [N, 3, 2]: its first point, half-way
    its second, at the end its third.

    >>> along(np.array([[[0, 0], [1, 1], [4, 0]]]), 3)[0].tolist()
    [[0.0, 0.0], [1.0, 1.0], [4.0, 0.0]]
    """
    t = np.linspace(0, 1, points)[:, None]
    weights = np.hstack([(2 * t - 1) * (t - 1), 4 * t * (1 - t), t * (2 * t - 1)])
    return np.asarray(weights @ through)


def _inked(through: np.ndarray, points: int) -> np.ndarray:
    """Ink by the distance to the nearest place on the curve."""
    pixels = np.arange(SIDE)
    far = (along(through, points)[..., None] - pixels).astype(np.float32) ** 2  # [N, points, 2, S]
    nearest = (far[:, :, 0, :, None] + far[:, :, 1, None, :]).min(axis=1)
    ink = np.exp(-nearest / (2 * INK**2))
    return np.where(ink < FAINT, 0, ink).reshape(len(through), -1).astype(np.float32)


def picture(ink: np.ndarray) -> str:
    """A picture [S * S] in characters."""
    rows = (ink.reshape(SIDE, SIDE) * 4.99).clip(0, 4).astype(int)
    return "\n".join("".join(" .:*#"[i] for i in row) for row in rows)


def of_components(learned: np.ndarray, judged: np.ndarray, components: int) -> float:
    """Mean squared error per picture, summed over pixels, of the best linear code.

    The principal components are those of `learned` [N, P]; the error is that on `judged` [M, P].
    With 0 components it is the error of the mean picture.
    """
    mean = learned.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((learned - mean).T))
    kept = axes[:, axes.shape[1] - components :].astype(learned.dtype)
    off = judged - mean
    return float(((off - off @ kept @ kept.T) ** 2).sum(axis=1).mean())
