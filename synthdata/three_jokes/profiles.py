"""Sizes of the experiment with three jokes."""

from __future__ import annotations

from dataclasses import dataclass

from synthdata.report.options import at_least, sizes


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Sizes of the experiment."""

    n: int = 200
    """Texts of each collection that are judged and tested (equally many teach judges)."""
    learned: int = 1000
    """Texts of each GPT from which a model learns. For dial and jokes it is n: they soon repeat
    themselves."""
    generators: int = 10
    """Generators of the families dial and jokes."""
    size: int = 20
    """N: different texts of a healthy generator of the family dial."""
    left: tuple[int, ...] = (2, 5, 10, 15)
    """k: different texts of a collapsed one; the second value is the one reported."""
    jokes_left: int = 3
    """k of the family jokes."""
    gpts: int = 4
    """Generators of the family gpt."""
    lines: int = 1500
    """Training lines of each generation of a GPT."""
    steps: int = 250
    """Training steps of each generation."""
    generations: int = 1
    """Rounds of learning from its own output."""
    cold: float = 0.55
    """Temperature of that output."""
    permutations: int = 299
    """Shuffles behind each p."""

    @property
    def texts(self) -> int:
        """Texts of each GPT's collection: n to teach judges, n to judge, enough to learn from."""
        return max(2 * self.n, self.learned)

    def __post_init__(self) -> None:
        least = {"n": 20, "learned": 20, "generators": 4, "gpts": 2, "lines": 50, "steps": 1}
        at_least(self, least | {"generations": 1})
        if not all(1 <= k <= self.size for k in self.left) or len(self.left) < 2:
            raise ValueError(f"left names two or more k from 1 to {self.size}, got {self.left}")


PROFILES = {
    "full": Profile(),
    "ci": Profile(
        n=60,
        learned=300,
        generators=6,
        left=(2, 5),
        gpts=2,
        lines=300,
        steps=40,
        generations=1,
        permutations=199,
    ),
}


def profile(name: str, n: int | None = None) -> Profile:
    """The settings: `full` for published figures, `ci` for seconds; ValueError for another name."""
    return sizes(PROFILES, name, n)
