"""A memory game: see a string for a moment, and write it down. You play against networks and rules.

Idea:   a staircase, as psychologists measure people: after a right answer the next string is one
        letter longer, after a wrong one it is one letter shorter. It soon goes up and down around
        the length that the player repeats half of the time.
Source: the procedure of Ericsson, Chase & Faloon 1980, Science 208 (1181-1182)
Run:    used by lesson.py beside this file
Omits:  a clock for networks: they see a string once, however long that takes.
"""

from __future__ import annotations

import string
import time
from collections.abc import Callable

import numpy as np

from lessons.l11_one_look_memory.memory import longest_match
from lessons.lab import answers
from lessons.lab.problems import BAR, strings
from minigpt.nextchar import NextChar

Player = Callable[[str], str]
"""From what is shown to what is repeated."""


def staircase(
    player: Player, rng: np.random.Generator, *, rounds: int, first: int = 4, most: int = 64
) -> list[tuple[int, bool]]:
    """Lengths shown, and whether they were repeated without an error."""
    length, played = first, []
    for _ in range(rounds):
        (shown,) = strings(rng, 1, length, string.ascii_lowercase)
        right = player(shown).strip().lower() == shown
        played.append((length, right))
        length = min(most, length + 1) if right else max(1, length - 1)
    return played


def level(played: list[tuple[int, bool]]) -> float:
    """The mean length of the second half, when the staircase has found its level."""
    return float(np.mean([length for length, _ in played[len(played) // 2 :]]))


def person(seconds_a_letter: float = 0.5) -> Player:
    """You: the string is shown for a moment, goes away, and you type it."""

    def play(shown: str) -> str:
        from IPython.display import clear_output

        print(" ".join(shown))
        time.sleep(seconds_a_letter * len(shown))
        clear_output()
        return input("the letters, please: ").replace(" ", "")

    return play


def network(model: NextChar) -> Player:
    """A network that was trained to repeat."""
    return lambda shown: answers.greedy(model, [shown + BAR], len(shown))[0]


def rule(key: int) -> Player:
    """Look for the last `key` letters and write what followed them (fewer where none is found)."""

    def play(shown: str) -> str:
        written = BAR + shown + BAR
        for _ in shown:
            guess = longest_match(np.array([ord(c) for c in written]), key)[-1]
            written += chr(guess) if guess >= 0 else "?"
        return written[-len(shown) :]

    return play
