"""Persona-conditioned text whose entropy budget is known exactly.

Idea:   a persona is a profession, a place, a mood and a style; a line is what such a person does.
        Each part of the persona settles one part of the line, except that with a known chance a
        word is anyone's. So H(out) = I(persona; out) + H(out | persona) can be computed, not only
        measured.
Source: own construction. Popularity follows Zipf's law (G. K. Zipf, 1949); budget: Shannon 1948.
Run:    python -m synthdata personas --help
Omits:  any model. Personas that interact: a cook at sea does what a cook does, at sea.

    cook port glad grand: lo the cook gladly fries eggs on the pier

A line begins with a prompt, the persona or a blank or a random code, and ends with what is said
about it. The seed of a world settles which personas are popular, and with them which lines are
common. The subject names the persona, so it and all other persona words are not counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

PROFESSIONS = {
    "cook": ("fries", "salts", "eggs", "beans"),
    "farmer": ("plants", "waters", "corn", "rye"),
    "tailor": ("sews", "mends", "coats", "hats"),
    "baker": ("kneads", "bakes", "dough", "rolls"),
    "pilot": ("flies", "parks", "jets", "kites"),
    "nurse": ("washes", "wraps", "cuts", "burns"),
    "judge": ("reads", "signs", "laws", "writs"),
    "singer": ("hums", "sings", "songs", "odes"),
    "miner": ("digs", "hauls", "ore", "coal"),
    "fisher": ("nets", "guts", "trout", "eels"),
    "smith": ("forges", "bends", "iron", "nails"),
    "potter": ("glazes", "throws", "jugs", "bowls"),
    "painter": ("paints", "sells", "walls", "doors"),
    "barber": ("trims", "dyes", "beards", "curls"),
    "spy": ("steals", "codes", "maps", "notes"),
    "monk": ("copies", "chants", "psalms", "vows"),
    "clerk": ("files", "stamps", "forms", "bills"),
    "sailor": ("ties", "hoists", "ropes", "flags"),
    "actor": ("learns", "forgets", "lines", "roles"),
    "thief": ("picks", "opens", "locks", "safes"),
    "poet": ("pens", "drops", "verse", "rhymes"),
    "weaver": ("spins", "knots", "wool", "silk"),
    "plumber": ("seals", "drains", "pipes", "tubs"),
    "keeper": ("feeds", "brushes", "lions", "bears"),
}
"""Profession -> two verbs (the first more frequent) and two objects."""
PLACES = {
    "sea": "on a raft",
    "town": "in a lane",
    "hill": "up a slope",
    "moon": "in a dome",
    "farm": "near hens",
    "port": "on the pier",
    "jail": "in a cell",
    "fort": "on a wall",
    "cave": "in the dark",
    "camp": "by a tent",
}
MOODS = {
    "glad": "gladly",
    "sad": "sadly",
    "mad": "wildly",
    "calm": "calmly",
    "shy": "softly",
    "bold": "boldly",
}
STYLES = {"terse": "so", "grand": "lo", "folksy": "well", "stiff": "indeed"}

FIELDS = ("profession", "place", "mood", "style")
_WORDS = (tuple(PROFESSIONS), tuple(PLACES), tuple(MOODS), tuple(STYLES))
_SAID = ((), tuple(PLACES.values()), tuple(MOODS.values()), tuple(STYLES.values()))
PERSONA_WORDS = frozenset(word for words in _WORDS for word in words)
"""Words not counted in an output: naming the persona is not variety."""
PERSONAS = math.prod(map(len, _WORDS))
"""Number of personas."""
EXPONENT = 1.5
"""Exponent of Zipf's law of popularity."""
LEAK = 0.2
"""Chance that the word for place, mood or style is anyone's."""
HABIT = 0.75
"""Chance of a profession's first verb, and of its first object."""
BLANK = "-: "
"""The prompt without a persona."""


def prompt(persona: Sequence[int]) -> str:
    """The words of a persona, as a model reads them.

    >>> prompt((0, 5, 0, 1))
    'cook port glad grand: '
    """
    return " ".join(words[i] for words, i in zip(_WORDS, persona)) + ": "


def codes(n: int, rng: np.random.Generator) -> list[str]:
    """Random codes of four digits in place of personas; they mean nothing."""
    return [f"#{number:04d}: " for number in rng.integers(0, 10**4, n).tolist()]


def counted(output: str) -> str:
    """The output without persona words.

    >>> counted("lo the cook gladly fries eggs on the pier")
    'lo the gladly fries eggs on the pier'
    """
    return " ".join(word for word in output.split(" ") if word not in PERSONA_WORDS)


def names(personas: np.ndarray, field: str) -> list[str]:
    """The word of one field (`FIELDS`) for each of the personas [n, 4]."""
    column = FIELDS.index(field)
    return [_WORDS[column][i] for i in personas[:, column].tolist()]


@dataclass(frozen=True)
class World:
    """The popularity of personas, and with it the true distribution of everything written here.

    >>> world = World(0)
    >>> world.grammatical("lo the cook gladly fries eggs on the pier")
    True
    >>> world.grammatical("lo the cook gladly fries coats on the pier")
    False
    """

    seed: int
    """Two seeds have different favourites, and the same words."""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"the seed of a world is 0 or more, got {self.seed}")

    @cached_property
    def popularity(self) -> tuple[np.ndarray, ...]:
        """The probabilities of professions, places, moods and styles."""
        rng = np.random.default_rng([self.seed, 4])
        shares = []
        for words in _WORDS:
            share = np.arange(1, len(words) + 1) ** -EXPONENT
            shares.append(rng.permutation(share / share.sum()))
        return tuple(shares)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n personas by popularity, as indices [n, 4] of profession, place, mood and style."""
        return np.stack([rng.choice(len(p), n, p=p) for p in self.popularity], axis=1)

    def write(self, personas: np.ndarray, rng: np.random.Generator) -> list[str]:
        """A line of each of the personas [n, 4]."""
        n = len(personas)
        said = [
            np.where(rng.random(n) < LEAK, rng.choice(len(p), n, p=p), personas[:, k])
            for k, p in enumerate(self.popularity)
            if k
        ]
        verbs, things = (rng.random((2, n)) >= HABIT).astype(int)
        rows = zip(personas[:, 0].tolist(), *(s.tolist() for s in said), verbs, things)
        return [self._line(*row) for row in rows]

    @staticmethod
    def _line(who: int, place: int, mood: int, style: int, verb: int, thing: int) -> str:
        profession = _WORDS[0][who]
        does = PROFESSIONS[profession]
        return " ".join(
            (
                *(_SAID[3][style], "the", profession, _SAID[2][mood]),
                *(does[verb], does[2 + thing], _SAID[1][place]),
            )
        )

    @cached_property
    def _lines(self) -> dict[str, tuple[int, ...]]:
        """Every possible line, and the choices behind it; each line has one derivation."""
        sizes = [*map(len, _WORDS), 2, 2]
        return {self._line(*choice): choice for choice in product(*map(range, sizes))}

    def grammatical(self, output: str) -> bool:
        """Whether some persona could say that."""
        return output in self._lines

    def logprob(self, output: str, persona: Sequence[int] | None = None) -> float:
        """log2 p(output), or log2 p(output | persona); minus infinity for an impossible output."""
        choice = self._lines.get(output)
        if choice is None:
            return -math.inf
        p = math.prod((HABIT, 1 - HABIT)[i] for i in choice[4:])
        for k, (share, i) in enumerate(zip(self.popularity, choice)):
            leak = LEAK if k else 0.0
            if persona is None:
                p *= share[i]
            else:
                p *= leak * share[i] + (1 - leak) * (i == persona[k])
        return math.log2(p) if p > 0 else -math.inf

    @property
    def entropy(self) -> float:
        """H(out), bits: a sum, because the parts of a line are independent."""
        return sum(map(_entropy, self.popularity)) + 2 * _entropy(np.array([HABIT, 1 - HABIT]))

    def information(self, field: str | None = None) -> float:
        """I(persona; out), or the information of one of its fields, bits."""
        if field is None:
            return sum(map(self.information, FIELDS))
        k = FIELDS.index(field)
        share, leak = self.popularity[k], LEAK if k else 0.0
        given = leak * share + (1 - leak) * np.eye(len(share))  # [said by, what is said]
        total, within = entropy_split(share, given)
        return total - within

    def budget(self, personas: np.ndarray) -> tuple[float, float]:
        """H(out) and H(out | persona), bits, if each of these personas [n, 4] is equally likely."""
        sizes = list(map(len, _WORDS))
        total, within = np.zeros(sizes), 0.0
        for persona in personas.tolist():
            given = [
                (LEAK if k else 0.0) * share
                + (1 - (LEAK if k else 0.0)) * (np.arange(len(share)) == i)
                for k, (share, i) in enumerate(zip(self.popularity, persona))
            ]
            total += np.einsum("a,b,c,d->abcd", *given) / len(personas)
            within += sum(map(_entropy, given)) / len(personas)
        habits = 2 * _entropy(np.array([HABIT, 1 - HABIT]))
        return _entropy(total) + habits, within + habits


def entropy_split(share: np.ndarray, given: np.ndarray) -> tuple[float, float]:
    """H(out) and H(out | persona), bits; their difference is I(persona; out).

    Persona k comes with chance share[k], and then output j with chance given[k, j]. The outputs of
    all together are a mixture, and no mixture has less entropy than its parts on average.
    Source: Shannon 1948, section 6.

    >>> entropy_split(np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    (1.0, 0.0)
    """
    within = sum(weight * _entropy(row) for weight, row in zip(share, given))
    return _entropy(share @ given), float(within)


def _entropy(share: np.ndarray) -> float:
    """Entropy of a distribution, bits."""
    kept = share[share > 0]
    return float(-(kept @ np.log2(kept)))
