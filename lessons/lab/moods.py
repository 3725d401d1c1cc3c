"""Short reviews with a mood that nobody writes down: glad or cross, behind the same words.

Idea:   a review names a thing and says of some of its parts how they are. A glad reviewer praises
        nine parts in ten, a cross one one in ten. Everything else (the thing, its parts, the
        number of clauses, the word "not") is independent of the mood, and "not" turns a word round
        in seven clauses of twenty, so that words alone mislead: `plot not bad` is praise.
Source: after the shop reviews of Radford, Jozefowicz & Sutskever 2017, arXiv:1704.01444
Run:    python -c "from lessons.lab import moods; print(''.join(moods.reviews().lines(5, 0)[0]))"
Omits:  irony, degrees, and reviewers that are in two minds.
"""

from __future__ import annotations

from functools import cache

from lessons.lab.hidden_cause import HiddenCause
from minigpt.storyland.rules import END, MARK, Choice, Grammar

MOODS = ("cross", "glad")
"""Causes 0 and 1."""
PRAISE = 9
"""Parts that a glad review praises for each that it finds fault with; in a cross one inversely."""
NOT = 7
"""Clauses of twenty with the word "not"."""
CLAUSES = (1, 8)
"""The fewest and the most clauses of a review, all numbers between equally likely."""

THINGS = {
    "film": "plot, cast, songs, jokes",
    "lamp": "light, shade, cord, switch",
    "cafe": "soup, tea, bread, staff",
}
"""What is reviewed, and its parts."""
WORDS = {
    "glad": "good, fine, great, lovely, neat",
    "cross": "bad, poor, dull, awful, weak",
}
"""Words of praise and of blame, the first of them most frequent."""


def _words(mood: str, weight: int) -> list[tuple[str, int]]:
    """Words of one kind; the first is nearly twice as frequent as the last."""
    listed = WORDS[mood].split(", ")
    return [(word, weight * (2 * len(listed) - i)) for i, word in enumerate(listed)]


def _rules(mood: str) -> dict[str, list[Choice]]:
    """The grammar of a mood: rule -> its choices."""
    says = {kind: PRAISE if kind == mood else 1 for kind in MOODS}
    fewest, most = CLAUSES
    rules = {"thing": [Choice(f"{thing}: ", 1, f"part 1 {thing}") for thing in THINGS]}
    for i in range(1, most + 1):
        for thing, parts in THINGS.items():
            then = f"then {i} {thing}"
            plain = [
                Choice(word, weight * (20 - NOT), then, (("says", kind),))
                for kind, share in says.items()
                for word, weight in _words(kind, share)
            ]
            total = sum(choice.weight for choice in plain)
            rules[f"part {i} {thing}"] = [
                Choice(f"{part} ", 1, f"word {i} {thing}") for part in parts.split(", ")
            ]
            turn = Choice("not ", total * NOT // (20 - NOT), f"not {i} {thing}")
            rules[f"word {i} {thing}"] = [*plain, turn]
            rules[f"not {i} {thing}"] = [
                Choice(word, weight, then, (("says", kind),))
                for kind, share in says.items()
                for word, weight in _words(MOODS[1 - MOODS.index(kind)], share)
            ]
            more, stop = most - i, 1 if i >= fewest else 0
            rules[then] = [
                *([Choice(", ", more, f"part {i + 1} {thing}")] if more else []),
                *([Choice(f".{MARK}", stop, END)] if stop else []),
            ]
    return rules


@cache
def grammar(mood: str) -> Grammar:
    """The grammar of glad or of cross reviews, compiled once."""
    return Grammar(_rules(mood))


@cache
def reviews() -> HiddenCause:
    """Reviews of either mood, equally likely."""
    return HiddenCause([grammar(mood) for mood in MOODS])


def praised(review: str) -> list[bool]:
    """For each complete clause of a review: is it praise? "not" turns a word round.

    Clauses that no reviewer writes are left out.

    >>> praised("film: plot not bad, cast dull, end gr")
    [True, False]
    """
    found = []
    for clause in review.partition(": ")[2].replace(".", ",").split(",")[:-1]:
        *_, before, word = ["", "", *clause.split()]
        for mood, words in WORDS.items():
            if word in words.split(", "):
                found.append((mood == "glad") != (before == "not"))
    return found
