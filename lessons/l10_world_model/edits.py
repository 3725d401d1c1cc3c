"""Take a walker out of one room and put it into another, inside the network only.

Idea:   behind a history that ends in one room, move the network's state by the difference of two
        mean states, so that it should believe to be in another room. Then let it read two more
        moves, which both rooms allow, and look which doors it expects: those of the room that lies
        two moves behind the new room, or behind the old one? The text never says a word of it.
Source: after Li et al. 2022, arXiv:2210.13382
Run:    used by experiment.py beside this file
Omits:  edits by gradient descent, as Li et al. made them; a difference of means suffices here.

Legend: N cases, T time, V characters, S numbers in the state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import torch

from lessons.lab import inside
from lessons.lab.recurrent import Remembering
from lessons.lab.worlds.rooms import MOVES, REPORT, ROOMS, Rooms
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

LENGTH = 40
"""Characters of a history."""
SURFACE = 3
"""Moves that end every history; the surface that the control goes by."""
AHEAD = 2
"""Moves that follow an edit."""
ON_WALLS = 0.1
"""Most probability that a success has on walls."""


class Histories(NamedTuple):
    """Walks that end in moves, and where they end."""

    texts: list[str]
    rooms: np.ndarray


@dataclass(frozen=True)
class Cases:
    """Edits to be tried: a history, the room it ends in, another room, and moves to follow."""

    texts: list[str]
    was: np.ndarray
    """Rooms [N] that the text leads to."""
    now: np.ndarray
    """Rooms [N] that the edit should lead to."""
    then: list[str]
    """Moves that follow, open from both."""


def histories(rooms: Rooms, n: int, rng: np.random.Generator) -> Histories:
    """`n` walks of LENGTH characters whose last SURFACE are moves."""
    found: list[tuple[str, int]] = []
    while len(found) < n:
        text, track = rooms.walk(LENGTH, rng)
        if all(c in MOVES for c in text[-SURFACE:]):
            found.append((text, int(track[-1])))
    return Histories([text for text, _ in found], np.array([room for _, room in found]))


def patterns(rooms: Rooms) -> np.ndarray:
    """Which doors each room has, as a number [R] from 0 to 15: twins have the same."""
    return rooms.doors @ np.array([8, 4, 2, 1])


def options(rooms: Rooms, was: int) -> list[tuple[int, str]]:
    """Rooms and moves that an edit may go to from room `was`.

    The new room has a twin, and its doors differ from those of `was` in two places or more; both
    allow the moves, which lead to two rooms that differ so again. Moves to and fro are left out:
    whoever keeps only the doors in mind finds those again.
    """
    doors, kind = rooms.doors, patterns(rooms)
    found = []
    for now in range(len(ROOMS)):
        if (kind == kind[now]).sum() < 2 or (doors[now] ^ doors[was]).sum() < 2:
            continue
        for then in map("".join, product(MOVES, repeat=AHEAD)):
            ends = [rooms.follow(room, then) for room in (was, now)]
            back = ends[1] == now
            if min(ends) >= 0 and not back and (doors[ends[0]] ^ doors[ends[1]]).sum() >= 2:
                found.append((now, then))
    return found


def cases(rooms: Rooms, some: Histories, rng: np.random.Generator) -> Cases:
    """An edit drawn for each history; one from whose room none is possible is left out."""
    possible = [options(rooms, room) for room in range(len(ROOMS))]
    kept = [i for i, room in enumerate(some.rooms) if possible[room]]
    drawn = [possible[some.rooms[i]] for i in kept]
    goals = [ways[int(rng.integers(len(ways)))] for ways in drawn]
    return Cases(
        [some.texts[i] for i in kept],
        some.rooms[kept],
        np.array([now for now, _ in goals]),
        [then for _, then in goals],
    )


def surface(texts: list[str]) -> np.ndarray:
    """The last SURFACE moves of each history, as a number [N]."""
    found = np.zeros(len(texts), dtype=int)
    for place in range(-SURFACE, 0):
        found = 4 * found + np.array([MOVES.index(text[place]) for text in texts])
    return found


def changes(
    rooms: Rooms, choose: Histories, states: np.ndarray, some: Cases, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What each edit adds to the states of the cases: arrays [N, S].

    All are differences of two mean states behind the choosing histories (`states`), which are
    grouped by the room, by the doors of the room, or by the last three moves. For the last, a case
    goes to the last moves of a choosing history, drawn at random, that ends in the new room.
    """
    kind, tails = patterns(rooms), surface(choose.texts)
    goal = surface(arrivals(choose, some, rng))
    nothing = np.zeros((len(some.texts), states.shape[1]), states.dtype)
    groups = {
        "map": (choose.rooms, some.was, some.now, len(ROOMS)),
        "doors": (kind[choose.rooms], kind[some.was], kind[some.now], 16),
        "last moves": (tails, surface(some.texts), goal, 4**SURFACE),
    }
    found = {"no edit": nothing}
    for name, (group, was, now, count) in groups.items():
        means = inside.group_means(states, group, count)
        found[name] = inside.moved(nothing, means, was, now)
    return found


def arrivals(choose: Histories, some: Cases, rng: np.random.Generator) -> list[str]:
    """For each case a choosing history that really ends in the new room: what text can do."""
    ends = [np.flatnonzero(choose.rooms == room) for room in some.now]
    return [choose.texts[rng.choice(end)] if len(end) else choose.texts[0] for end in ends]


# What a network says after an edit: at once, after one move, after two.


def encoded(tokenizer: CharTokenizer, texts: list[str]) -> np.ndarray:
    """Ids [N, T] of texts of one length."""
    return tokenizer.encode("".join(texts)).reshape(len(texts), -1).astype(np.int64)


def kept(reader: Remembering, texts: list[str]) -> np.ndarray:
    """All that an LSTM keeps behind each text, [N, S]."""
    return reader.start(encoded(reader.tokenizer, texts))[0].vector().numpy()


def recurrent(
    reader: Remembering, texts: list[str], then: list[str], change: np.ndarray
) -> list[np.ndarray]:
    """An LSTM's log-probabilities [N, V] after an edit of what it keeps and 0, 1, 2 moves.

    It has one layer, whose output is the first half of what it keeps, and joins the stream.
    """
    ids = encoded(reader.tokenizer, texts)
    output = change[:, : reader.model.config.n_embd]
    with inside.edited(reader.model, 1, at_end(ids.shape[1] - 1, output)):
        said = [reader.model.logprobs(ids)[:, -1]]
    memory, _ = reader.start(ids)
    memory.put(memory.vector() + torch.from_numpy(change))
    for step in range(len(then[0])):
        said.append(reader.step(memory, encoded(reader.tokenizer, [m[step] for m in then])[:, 0]))
    return said


def reports(
    reader: Remembering, texts: list[str], then: list[str], change: np.ndarray
) -> np.ndarray:
    """Probability [N, R] that an LSTM gives to each room's name, if it must report after an edit
    and the moves `then`."""
    ids = encoded(reader.tokenizer, texts)
    memory, _ = reader.start(ids)
    memory.put(memory.vector() + torch.from_numpy(change))
    for step in range(len(then[0])):
        reader.step(memory, encoded(reader.tokenizer, [m[step] for m in then])[:, 0])
    mark = encoded(reader.tokenizer, [REPORT] * len(texts))[:, 0]
    return np.exp(reader.step(memory, mark)[:, reader.tokenizer.encode(ROOMS)])


def attending(
    model: GPT, texts: list[str], then: list[str], change: np.ndarray, layers: int
) -> np.ndarray:
    """A GPT's log-probabilities [N, T, V] behind the history's end and each of the characters
    `then`, if the stream behind its first `layers` blocks is edited at the history's end."""
    ids = encoded(model.tokenizer, [a + b for a, b in zip(texts, then)])
    place = len(texts[0]) - 1
    with inside.edited(model, layers, at_end(place, change)):
        return model.logprobs(ids)[:, place:]


def at_end(place: int, change: np.ndarray) -> Callable[[torch.Tensor], torch.Tensor]:
    """A change for `inside.edited`: add `change` [N, E] to the stream at one place."""

    def add(stream: torch.Tensor) -> torch.Tensor:
        stream = stream.clone()
        stream[:, place] += torch.from_numpy(change).to(stream.dtype)
        return stream

    return add


# Was the edit a success?


def succeeded(rooms: Rooms, some: Cases, said: Sequence[np.ndarray]) -> np.ndarray:
    """Which edits make the network expect the new room's doors, [K, N]: 1, 0, or NaN.

    said: K times the probabilities [N, 4] of moves, after 0, 1, 2 moves. A success has at most
    ON_WALLS on walls of the room that lies behind the new room, and is nearer (total variation) to
    its doors than to those behind the old room. If both have the same doors nothing can be told:
    NaN.
    """
    found = []
    for step, moves in enumerate(said):
        new, old = (
            np.array([rooms.follow(room, then[:step]) for room, then in zip(start, some.then)])
            for start in (some.now, some.was)
        )
        truth = [rooms.doors[end] / rooms.doors[end].sum(1, keepdims=True) for end in (new, old)]
        near, far = (np.abs(moves - true).sum(1) / 2 for true in truth)
        walls = (moves * ~rooms.doors[new]).sum(1)
        told = (rooms.doors[new] != rooms.doors[old]).any(1)
        found.append(np.where(told, (near < far) & (walls <= ON_WALLS), np.nan))
    return np.stack(found)


def knowing_doors(rooms: Rooms, some: Cases) -> list[np.ndarray]:
    """What a walker should expect who has the map, and of the new room knows only its doors.

    Probabilities [N, 4] of moves after 0, 1 and 2 moves: those of each room it may be in, by how
    likely it is there.
    """
    return [belief @ among_doors(rooms) for belief in places(rooms, some)]


def betting_on_doors(rooms: Rooms, some: Cases) -> list[np.ndarray]:
    """The same walker, if it says of the likeliest set of doors that this is it."""
    alike = patterns(rooms)[:, None] == patterns(rooms)
    return [among_doors(rooms)[(belief @ alike).argmax(1)] for belief in places(rooms, some)]


def among_doors(rooms: Rooms) -> np.ndarray:
    """Probabilities [25, 4] of the moves in each room: its doors are equally likely."""
    return rooms.doors / rooms.doors.sum(1, keepdims=True)


def places(rooms: Rooms, some: Cases) -> list[np.ndarray]:
    """Where a walker may be who has the map, and of the new room knows only its doors.

    Probabilities [N, 25] after 0, 1 and 2 moves, by Bayes' rule: all rooms with these doors are
    possible, each as likely as a long walk is in it, until a move would run into its wall.
    """
    kind, many = patterns(rooms), rooms.doors.sum(1)
    belief = (kind == kind[some.now, None]) * many.astype(float)
    found = []
    for step in range(AHEAD + 1):
        if step:
            ways = [rooms.to[:, MOVES.index(then[step - 1])] for then in some.then]
            moved = np.zeros_like(belief)
            for row, to in enumerate(ways):
                np.add.at(moved[row], to[to >= 0], (belief[row] / many)[to >= 0])
            belief = moved
        belief = belief / belief.sum(1, keepdims=True)
        found.append(belief)
    return found
