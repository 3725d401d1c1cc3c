"""The two dials of collapse: the next generation's training data, and how its teacher is sampled.

Idea:   whether a chain of models collapses is decided less by the models than by what happens to
        the data in between: thrown away, kept, thinned out, mixed with new real data, chosen.
Source: replace: Shumailov et al., Nature 631 (2024), arXiv:2305.17493; accumulate: Gerstgrasser et
        al. 2024, arXiv:2404.01413; accumulate-subsample: Kazdan et al. 2024, arXiv:2410.16713;
        fresh: Alemohammad et al. 2023, arXiv:2307.01850.
Run:    python -m synthdata collapse zipf --regime replace,fresh:0.2 --temperature 0.9
Omits:  what happens in practice: a mixture of all of these at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from minigpt import sample as sampling


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """How a fitted model is sampled; the defaults draw exactly as it predicts."""

    temperature: float = 1.0
    """Below 1 favours likely outcomes; of a continuous source it multiplies the variance."""
    top_k: int = 0
    """Draw from the k likeliest; 0 for all."""
    top_p: float = 1.0
    """Draw from the likeliest that hold this share of the probability."""

    def __post_init__(self) -> None:
        sampling.check(self.temperature, self.top_k, self.top_p)

    @property
    def plain(self) -> bool:
        """Whether the model is sampled exactly as it predicts."""
        return (self.temperature, self.top_k, self.top_p) == (1, 0, 1)

    def shaped(self, p: np.ndarray) -> np.ndarray:
        """Probabilities [K] after temperature, top-k and top-p, [K].

        >>> Sampler(top_k=2).shaped(np.array([0.1, 0.3, 0.6])).round(2).tolist()
        [0.0, 0.33, 0.67]
        """
        if self.plain:
            return p
        with np.errstate(divide="ignore"):
            logs = np.log(p)[None]
        return sampling.shape(
            logs, temperature=self.temperature, top_k=self.top_k, top_p=self.top_p
        )[0]

    def __str__(self) -> str:
        parts = [f"temperature {self.temperature:g}"]
        parts += [f"top-k {self.top_k}"] if self.top_k else []
        parts += [f"top-p {self.top_p:g}"] if self.top_p < 1 else []
        return ", ".join(parts)


PLAIN = Sampler()
"""Draws as the model predicts."""


@dataclass(frozen=True, kw_only=True)
class Regime:
    """Training data of each generation after the first."""

    name: str
    """Name on the command line and in the table."""
    real_share: float = 0.0
    """Share of each round's data that is new real data; the rest is the last model's."""
    keep_all: bool = False
    """Everything that any earlier generation was given stays in the training data."""
    constant: bool = False
    """Train on as many examples as the first generation had, drawn from all that there are."""
    curated: bool = False
    """Sample twice as many texts and let the meter's `curate` choose."""

    def __post_init__(self) -> None:
        if not 0 <= self.real_share <= 1:
            raise ValueError(f"the real share is from 0 to 1, got {self.real_share}")


REGIMES: dict[str, Regime] = {
    regime.name: regime
    for regime in (
        Regime(name="replace"),
        Regime(name="accumulate", keep_all=True),
        Regime(name="accumulate-subsample", keep_all=True, constant=True),
        Regime(name="fresh", real_share=0.1),
        Regime(name="real", real_share=1.0),
        Regime(name="curated", curated=True),
    )
}
"""`real` is the control: new real data in every round, so all its movement is chance."""


def regime(name: str) -> Regime:
    """A regime by its name; `fresh:0.3` sets the share of real data.

    >>> regime("fresh:0.3").real_share
    0.3
    """
    base, colon, share = name.partition(":")
    if base not in REGIMES or (colon and base != "fresh"):
        raise ValueError(f"no regime {name!r}; choose among {', '.join(REGIMES)}, fresh:SHARE")
    if not colon:
        return REGIMES[base]
    try:
        return replace(REGIMES[base], name=name, real_share=float(share))
    except ValueError:
        raise ValueError(f"fresh:SHARE wants a share from 0 to 1, got {share!r}") from None
