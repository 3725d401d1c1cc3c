"""Walks through a map of rooms, written down as text: the map itself is never shown.

Idea:   twenty-five rooms, a to y, lie in a square; between some neighbours there is a door, between
        others a wall. A walker goes through doors, N E S or W, all open ones equally likely, and
        after one move in six reports where it is: `*k`. Whoever wants to predict the next move must
        know the walker's room and its doors, and the room follows from the last report and the
        moves since. So the map is worth something to a predictor, though no character spells it.
Source: after the board games of Li et al. 2022, arXiv:2210.13382, and the taxi rides of Vafa et al.
        2024, arXiv:2406.03689; random walks on graphs: Lovasz 1993.
Run:    python -c "from lessons.lab.worlds.rooms import Rooms; print(Rooms.drawn(0).picture())"
Omits:  doors that open and close, and walkers who want to get somewhere.

Legend: R rooms, T time, V characters. Logarithms are natural.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

ROOMS = "abcdefghijklmnopqrstuvwxy"
"""Names of the rooms, row by row from the north-west corner."""
SIDE = 5
"""Rooms in a row."""
MOVES = "NESW"
"""North, east, south, west."""
REPORT = "*"
"""It announces the name of the room."""
REPORTS = 1 / 6
"""Chance of a report after a move; none follows another."""
ALPHABET = REPORT + MOVES + ROOMS
"""All characters."""
STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""Rows and columns that each move goes."""


@dataclass(frozen=True)
class Rooms:
    """A map: which room lies behind each door."""

    to: np.ndarray
    """[R, 4] the room behind the door of each move; -1 for a wall."""

    @classmethod
    def drawn(cls, seed: int, walls: int = 12) -> Rooms:
        """A random map in which every room can be reached from every other.

        Of the 40 pairs of neighbours `walls` have no door; ValueError if there are more than 16,
        since 24 doors are needed to reach all rooms.
        """
        if not 0 <= walls <= 16:
            raise ValueError(f"a map of 25 rooms has 0 to 16 inner walls, got {walls}")
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        pairs = [(r, m) for r in range(len(ROOMS)) for m in (1, 2) if _beside(r, m) >= 0]
        group = list(range(len(ROOMS)))  # rooms that doors connect so far
        doors: list[tuple[int, int]] = []
        spare: list[tuple[int, int]] = []
        for i in rng.permutation(len(pairs)):
            r, m = pairs[i]
            one, other = group[r], group[_beside(r, m)]
            (doors if one != other else spare).append((r, m))
            group = [one if g == other else g for g in group]
        to = np.full((len(ROOMS), 4), -1)
        for r, m in doors + spare[walls:]:
            to[r, m], to[_beside(r, m), (m + 2) % 4] = _beside(r, m), r
        return cls(to)

    @property
    def doors(self) -> np.ndarray:
        """[R, 4] whether there is a door."""
        return self.to >= 0

    def walk(self, characters: int, rng: np.random.Generator) -> tuple[str, np.ndarray]:
        """A walk of so many characters, and the walker's room [T] behind each of them.

        It begins with a report, in a room that a long walk is in as often, and may end anywhere.
        """
        likely = self.doors.sum(1) / self.doors.sum()
        room = int(rng.choice(len(ROOMS), p=likely))
        options = [np.flatnonzero(row).tolist() for row in self.doors]
        moves, coins = rng.random(characters).tolist(), (rng.random(characters) < REPORTS).tolist()
        text, rooms = [REPORT, ROOMS[room]], [room, room]
        for u, coin in zip(moves, coins):
            if len(text) >= characters:
                break
            move = options[room][int(u * len(options[room]))]
            room = int(self.to[room, move])
            text += [MOVES[move], REPORT, ROOMS[room]] if coin else [MOVES[move]]
            rooms += [room] * (3 if coin else 1)
        return "".join(text[:characters]), np.array(rooms[:characters])

    def follow(self, room: int, moves: str) -> int:
        """The room that moves lead to from `room`; -1 if a wall is in the way.

        >>> Rooms.drawn(0, walls=0).follow(ROOMS.index("a"), "SEN")
        1
        """
        for move in moves:
            room = int(self.to[room, MOVES.index(move)]) if room >= 0 else -1
        return room

    def track(self, text: str) -> np.ndarray:
        """The walker's room [T] behind each character; -1 before the first report.

        ValueError if the text walks through a wall, reports a room that it is not in, or reports
        twice.
        """
        room, found, told = -1, [], False
        for i, c in enumerate(text):
            now = room
            if c in MOVES:
                now = self.follow(room, c)
            elif c in ROOMS:
                now = ROOMS.index(c)
            lost = room >= 0 and (now < 0 or (c in ROOMS and now != room))
            twice = c == REPORT and text[i - 1 : i] in tuple(ROOMS)
            if lost or twice or told != (c in ROOMS) or c not in ALPHABET:
                raise ValueError(f"character {i} of {text[: i + 1][-12:]!r} is impossible here")
            room, told = now, c == REPORT
            found.append(room)
        return np.array(found)

    def surprise(self, text: str) -> np.ndarray:
        """Surprise [T - 2] in nats of each character behind the first report for a walker who knows
        the map: the least that any predictor can pay on average."""
        rooms = self.track(text)
        choices = np.log(self.doors.sum(1))
        paid = []
        for i in range(2, len(text)):
            before = text[i - 1]
            coin = 0.0 if before in ROOMS else -math.log(1 - REPORTS)
            if text[i] == REPORT:
                paid.append(-math.log(REPORTS))
            elif before == REPORT:
                paid.append(0.0)
            else:
                paid.append(coin + float(choices[rooms[i - 1]]))
        return np.array(paid)

    @property
    def floor(self) -> float:
        """Nats/char of a long walk for whoever knows the map: moves and the coins of reports.

        In the long run a walker is in each room as often as it has doors.
        """
        many = self.doors.sum(1)
        move = float((many * np.log(many)).sum() / many.sum())
        coin = -REPORTS * math.log(REPORTS) - (1 - REPORTS) * math.log(1 - REPORTS)
        return (move + coin) / (1 + 2 * REPORTS)

    def picture(self) -> str:
        """The map in characters: - and | are walls.

        >>> print(Rooms.drawn(0, walls=0).picture().splitlines()[1])
        | a   b   c   d   e |
        """
        lines = ["+" + "---+" * SIDE]
        for row in range(SIDE):
            here = range(SIDE * row, SIDE * row + SIDE)
            east = [f" {ROOMS[r]} {' ' if self.doors[r, 1] else '|'}" for r in here]
            south = ["   +" if self.doors[r, 2] else "---+" for r in here]
            lines += ["|" + "".join(east), "+" + "".join(south)]
        return "\n".join(lines)


def _beside(room: int, move: int) -> int:
    """The neighbour in the direction of a move, door or wall; -1 outside the square."""
    row, column = room // SIDE + STEPS[move][0], room % SIDE + STEPS[move][1]
    return SIDE * row + column if 0 <= row < SIDE and 0 <= column < SIDE else -1
