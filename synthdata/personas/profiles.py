"""Sizes of the experiment with personas, and the controls that personas have to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from synthdata.collapse.regimes import Sampler
from synthdata.report.options import at_least, sizes


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Sizes of the experiment."""

    n: int = 2000
    """Outputs per arm."""
    lines: int = 2500
    """Training lines of each generation."""
    steps: int = 400
    """Training steps of each generation."""
    n_layer: int = 2
    """Layers of the GPT."""
    generations: int = 2
    """Rounds of learning from its own answers."""
    cold: float = 0.55
    """Temperature of those answers."""
    asked: int = 20
    """Personas that are asked repeatedly, for the entropy budget."""
    controls: tuple[Sampler, ...] = field(default_factory=lambda: controls())
    """Samplers of the collapsed model without a persona."""
    code_temperatures: tuple[float, ...] = (1.0, 1.1, 1.2)
    """Temperatures with a code."""

    def __post_init__(self) -> None:
        at_least(self, {"n": 100, "lines": 100, "steps": 1, "n_layer": 1, "generations": 1})
        if not 1 < self.asked <= self.n // 4:
            raise ValueError(f"asked lies between 2 and n / 4, got {self.asked} with n={self.n}")


def controls(
    temperatures: Sequence[float] = (1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5, 2.0),
    top_p: Sequence[tuple[float, float]] = (
        *((1.2, 0.95), (1.4, 0.95), (1.5, 0.95), (1.6, 0.95), (1.7, 0.95)),
        *((1.6, 0.9), (1.8, 0.9), (2.0, 0.9), (2.2, 0.8), (2.5, 0.8)),
    ),
) -> tuple[Sampler, ...]:
    """Temperatures alone, and (temperature, top-p): hot, with the tail cut off.

    They are close together where outputs stop being grammatical, so that a control comes near its
    best; top-p 0.9 and 0.8 leave gaps there.
    """
    return (
        *(Sampler(temperature=t) for t in temperatures),
        *(Sampler(temperature=t, top_p=p) for t, p in top_p),
    )


PROFILES = {
    "full": Profile(),
    "ci": Profile(
        n=200,
        lines=400,
        steps=60,
        generations=1,
        asked=4,
        controls=controls((1.0, 1.5), ((1.5, 0.9),)),
        code_temperatures=(1.0,),
    ),
}


def profile(name: str, n: int | None = None) -> Profile:
    """The settings: `full` for published figures, `ci` for seconds; ValueError for another name."""
    return sizes(PROFILES, name, n)
