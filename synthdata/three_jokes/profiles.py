"""How much the experiment with three jokes computes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much is computed."""

    n: int = 200
    """Texts of each collection that are judged and tested (as many go to judges)."""
    learned: int = 1000
    """Texts of each GPT's that a model learns from. Of dial and jokes it is n: they soon have told
    all they know, and more would only repeat it."""
    generators: int = 10
    """Of the families dial and jokes."""
    size: int = 20
    """N: different texts that a healthy generator of the family dial tells."""
    left: tuple[int, ...] = (2, 5, 10, 15)
    """k: how many a collapsed one tells; the second is the one that is reported."""
    jokes_left: int = 3
    """k of the family jokes."""
    gpts: int = 4
    """Generators of the family gpt."""
    lines: int = 1500
    """Lines that each generation of a GPT learns from."""
    steps: int = 250
    """Training steps of each."""
    generations: int = 1
    """Rounds of learning from its own output."""
    cold: float = 0.55
    """Temperature of that output."""
    permutations: int = 299
    """Random deals behind each p."""

    @property
    def texts(self) -> int:
        """Of each GPT's collection: n to teach judges, n to be judged, and enough to learn from."""
        return max(2 * self.n, self.learned)

    def __post_init__(self) -> None:
        least = {"n": 20, "learned": 20, "generators": 4, "gpts": 2, "lines": 50, "steps": 1}
        for name, few in (least | {"generations": 1}).items():
            if getattr(self, name) < few:
                raise ValueError(f"{name} is at least {few}, got {getattr(self, name)}")
        if not all(1 <= k <= self.size for k in self.left) or len(self.left) < 2:
            raise ValueError(f"left names two or more k from 1 to {self.size}, got {self.left}")


def profile(name: str, n: int | None = None) -> Profile:
    """`full` for figures that are published, `ci` for seconds; ValueError for another name."""
    if name == "full":
        return Profile(n=n or Profile.n)
    if name == "ci":
        return Profile(
            n=n or 60,
            learned=300,
            generators=6,
            left=(2, 5),
            gpts=2,
            lines=300,
            steps=40,
            generations=1,
            permutations=199,
        )
    raise ValueError(f"the profile is full or ci, got {name!r}")
