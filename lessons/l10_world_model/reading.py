"""Question a network about the map: by its predictions, by its state, and by edits of its state.

Idea:   the same questions to every network, so that their answers compare. From outside: its loss,
        the walls it would walk into, the histories it tells apart. From inside: a probe for the
        room. And edits, of which edits.py says what they are.
Run:    used by experiment.py beside this file
Omits:  edits of a GPT at several places; one character later it looks back at the text anyway.

Legend: N cases, K steps after an edit, V characters, E width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lessons.l10_world_model import edits
from lessons.l10_world_model.edits import Cases, Histories
from lessons.lab import inside
from lessons.lab.recurrent import Remembering
from lessons.lab.worlds.judging import among_moves, on_open_doors, told_apart
from lessons.lab.worlds.rooms import MOVES, REPORT, ROOMS, Rooms
from minigpt.corpora import Corpus
from minigpt.model import GPT
from minigpt.nextchar import NextChar
from minigpt.ngram import NGram

EDITS = ("map", "doors", "last moves")
"""What the mean states of an edit are grouped by."""
COUNTED = (5, 7, 9, 11)
"""Orders of counting; the best of them on the very walks it is measured on."""
PAIRS = 500
"""Histories that are compared in pairs."""


@dataclass(frozen=True)
class World:
    """The map of a seed, the text about it, and the histories that edits are tried on."""

    rooms: Rooms
    corpus: Corpus
    walks: list[str]
    """Walks of one context and a character, to measure losses on."""
    choose: Histories
    judge: Histories
    some: Cases


def above(model: NextChar, here: World) -> float:
    """Nats/char that a predictor pays for the walks, beyond a walker who knows the map.

    Both pay from the first report on.
    """
    ids = edits.encoded(model.tokenizer, here.walks)
    said = model.logprobs(ids[:, :-1])
    paid = -np.take_along_axis(said, ids[:, 1:, None], -1)[:, 1:, 0].astype(np.float64)
    return float(paid.mean() - np.mean([here.rooms.surprise(walk) for walk in here.walks]))


def counting(here: World) -> float:
    """The same for counting, with the number of characters that serves it best."""
    text = here.corpus.train
    return min(above(NGram.fit(text, order=order), here) for order in COUNTED)


def outside(net: GPT, here: World) -> dict[str, float]:
    """What can be told of a network from its predictions alone."""
    judge, moves = here.judge, net.tokenizer.encode(MOVES)
    last = net.logprobs(edits.encoded(net.tokenizer, judge.texts))[:, -1]
    same, different = told_apart(among_moves(last, moves)[:PAIRS], judge.rooms[:PAIRS])
    open_doors = on_open_doors(last, moves, here.rooms.doors[judge.rooms])
    return {
        "above": above(net, here),
        "open": float(open_doors.mean()),
        "same": same,
        "different": different,
    }


def recurrent(net: GPT, here: World, seed: int) -> dict[str, Any]:
    """An LSTM from outside, what is written in its state, and what edits of it do."""
    reader, some = Remembering(net), here.some
    states, judged = (edits.kept(reader, part.texts) for part in (here.choose, here.judge))
    rng = np.random.default_rng(seed)

    def tried(texts: list[str], change: np.ndarray) -> np.ndarray:
        return success(here, net, edits.recurrent(reader, texts, some.then, change))

    changes = edits.changes(here.rooms, here.choose, states, some, rng)
    done = {name: tried(some.texts, change) for name, change in changes.items()}
    done["text"] = tried(edits.arrivals(here.choose, some, rng), changes["no edit"])
    able = done["text"][-1] == 1
    return {
        **outside(net, here),
        "probe": inside.named(states, here.choose.rooms, judged, here.judge.rooms),
        "success": {name: shares(found) for name, found in done.items()},
        "of able": {name: float(done[name][-1, able].sum() / max(1, able.sum())) for name in EDITS},
    }


def attending(net: GPT, here: World, seed: int) -> dict[str, Any]:
    """The same of a GPT, whose stream is edited behind each number of blocks."""
    some = here.some

    def tried(texts: list[str], change: np.ndarray, layers: int) -> list[float]:
        said = edits.attending(net, texts, some.then, change, layers)
        return shares(success(here, net, list(said.swapaxes(0, 1))))

    by_layer = []
    for layers in range(net.config.n_layer + 1):
        states, judged = (stream(net, part.texts, layers) for part in (here.choose, here.judge))
        rng = np.random.default_rng(seed)
        change = edits.changes(here.rooms, here.choose, states, some, rng)["map"]
        probe = inside.named(states, here.choose.rooms, judged, here.judge.rooms)
        by_layer.append({"probe": probe, "map": tried(some.texts, change, layers)})
    text = tried(edits.arrivals(here.choose, some, rng), 0 * change, 0)
    return {**outside(net, here), "layers": by_layer, "text": text}


def success(here: World, net: GPT, said: list[np.ndarray]) -> np.ndarray:
    """Successes [K, N] by log-probabilities [N, V] after 0, 1, ... moves."""
    moves = net.tokenizer.encode(MOVES)
    return edits.succeeded(here.rooms, here.some, [among_moves(one, moves) for one in said])


def shares(found: np.ndarray) -> list[float]:
    """Share of successes after 0, 1, 2 moves, of the cases that count."""
    return [float(row[~np.isnan(row)].mean()) for row in found]


def stream(net: GPT, texts: list[str], layers: int) -> np.ndarray:
    """The stream [N, E] at the end of each text, behind so many blocks."""
    ids = torch.from_numpy(edits.encoded(net.tokenizer, texts))
    with torch.no_grad():
        return net.hidden(ids, layers)[:, -1].numpy()


def doors_by_distance(model: NextChar, here: World, most: int = 8) -> list[float]:
    """Share of the moves' probability on open doors, after 0, 1, ... moves since the last report.

    At `most` it is the mean over all places that are so far from a report, or farther.
    """
    said = model.logprobs(edits.encoded(model.tokenizer, here.walks)[:, :-1])
    far: list[int] = []
    rooms: list[int] = []
    rows: list[np.ndarray] = []
    for walk, logprobs in zip(here.walks, said):
        since = 0
        for i, room in enumerate(here.rooms.track(walk[:-1])):
            since = 0 if walk[i] in ROOMS else since + (walk[i] in MOVES)
            if walk[i] != REPORT:
                far.append(min(since, most))
                rooms.append(int(room))
                rows.append(logprobs[i])
    moves = model.tokenizer.encode(MOVES)
    shares = on_open_doors(np.stack(rows), moves, here.rooms.doors[rooms])
    return [float(shares[np.array(far) == m].mean()) for m in range(most + 1)]


# One edit, to be looked at.


def one_case(here: World) -> int:
    """The first case in which both walkers come through three rooms, none of them the same."""
    some, rooms = here.some, here.rooms
    for i, (was, now, then) in enumerate(zip(some.was, some.now, some.then)):
        met = {rooms.follow(room, then[:step]) for room in (was, now) for step in range(3)}
        if len(met) == 6:
            return i
    return 0


def believed_by_lstm(net: GPT, here: World) -> list[np.ndarray]:
    """Probability [N, R] of each room's name, if the LSTM had to report: before an edit, after it,
    and after each of two moves more."""
    reader, some = Remembering(net), here.some
    change = to_the_new_room(edits.kept(reader, here.choose.texts), here)
    return [
        edits.reports(reader, some.texts, [then[:moves] for then in some.then], step)
        for step, moves in ((0 * change, 0), (change, 0), (change, 1), (change, 2))
    ]


def believed_by_gpt(net: GPT, here: World) -> list[np.ndarray]:
    """The same of a GPT, edited behind its last block."""
    some, layers, names = here.some, net.config.n_layer, net.tokenizer.encode(ROOMS)
    change = to_the_new_room(stream(net, here.choose.texts, layers), here)
    found = []
    for step, moves in ((0 * change, 0), (change, 0), (change, 1), (change, 2)):
        then = [one[:moves] + REPORT for one in some.then]
        said = edits.attending(net, some.texts, then, step, layers)
        found.append(np.exp(said[:, -1, names]))
    return found


def to_the_new_room(states: np.ndarray, here: World) -> np.ndarray:
    """The map edit: what it adds to the state of each case."""
    means = inside.group_means(states, here.choose.rooms, len(ROOMS))
    return means[here.some.now] - means[here.some.was]


def named(here: World, believed: list[np.ndarray]) -> list[float]:
    """Share of cases in which the likeliest report is the room where the new room and 0, 1, 2 moves
    lead to."""
    some, found = here.some, []
    for moves, said in enumerate(believed[1:]):
        ends = [here.rooms.follow(room, then[:moves]) for room, then in zip(some.now, some.then)]
        found.append(float((said.argmax(1) == ends).mean()))
    return found
