"""Sources whose collapse can be computed: categories, a normal distribution, a straight line.

Idea:   where the mathematics is known, the laboratory can be checked: `expected` says what a
        measure is on average after g generations, and the tests hold the two together.
Source: named at each formula.
Run:    python -m synthdata collapse multinomial
Omits:  anything with words (`collapse_text`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from synthdata.collapse import Sampler
from synthdata.dial import entropy_bits, zipf


@dataclass(frozen=True, kw_only=True)
class Multinomial:
    """Draw n of K categories, count, draw from the counts, count again (genetic drift)."""

    truth: np.ndarray = field(default_factory=lambda: np.full(50, 1 / 50))
    """Probabilities [K]."""
    n: int = 200
    """Draws in each round."""
    name: str = "multinomial"
    """For tables and titles."""

    error = "kl"
    units = {  # noqa: RUF012
        "types": "categories with a probability above 0",
        "entropy": "bits",
        "sum_p2": "probability that two draws agree",
        "kl": "bits, of the model from the truth",
    }

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a round has at least 2 draws, got n={self.n}")

    def real(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Categories [n]."""
        return rng.choice(len(self.truth), n, p=self.truth)

    def fit(self, data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Relative frequencies [K]: maximum likelihood."""
        return np.bincount(data, minlength=len(self.truth)) / len(data)

    def sample(
        self, model: np.ndarray, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> np.ndarray:
        """Categories [n], by the shaped probabilities."""
        return rng.choice(len(model), n, p=sampler.shaped(model))

    def measures(self, model: np.ndarray, written: np.ndarray) -> dict[str, float]:
        """Of the model's probabilities; exact, so `written` is not looked at."""
        kept = model > 0
        kl = model[kept] @ np.log2(model[kept] / self.truth[kept])
        return {
            "types": float(kept.sum()),
            "entropy": entropy_bits(model),
            "sum_p2": float(model @ model),
            "kl": float(kl),
        }


def zipf_source(types: int = 2000, n: int = 5000, exponent: float = 1.0) -> Multinomial:
    """Words by Zipf's law: few common ones and a long tail, which goes first."""
    return Multinomial(truth=zipf(types, exponent), n=n, name="zipf")
