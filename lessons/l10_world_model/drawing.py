"""Draw the map, and where a network believes to be on it; two tables of the evidence.

Idea:   the network is asked for a report, and each room is shaded by the probability that its name
        gets. So a belief becomes a picture of the map, which can be compared before and after.
Run:    used by lesson.py beside this file
Omits:  colour: shades of grey print.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lessons.engine.notebook import picture
from lessons.lab.worlds.rooms import MOVES, ROOMS, SIDE, Rooms

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STAGES = ("before the edit", "after it", "one move on", "two moves on")


def draw_map(ax: Axes, rooms: Rooms, belief: Sequence[float] | None = None) -> Axes:
    """Rooms with their names and walls; shaded by `belief` [R], if there is one."""
    from matplotlib.collections import LineCollection

    shade = np.zeros(len(ROOMS)) if belief is None else np.array(belief)
    ax.imshow(shade.reshape(SIDE, SIDE), cmap="Greys", vmin=0, vmax=1.6)
    walls = []
    for room in range(len(ROOMS)):
        y, x = divmod(room, SIDE)
        ax.text(x, y, ROOMS[room], ha="center", va="center", fontsize=9)
        sides = (
            ((-0.5, -0.5), (0.5, -0.5)),
            ((0.5, -0.5), (0.5, 0.5)),
            ((-0.5, 0.5), (0.5, 0.5)),
            ((-0.5, -0.5), (-0.5, 0.5)),
        )
        for move, ends in enumerate(sides):
            if not rooms.doors[room, move]:
                walls.append([(x + dx, y + dy) for dx, dy in ends])
    ax.add_collection(LineCollection(walls, colors="black", linewidths=2.0))
    ax.set(xlim=(-0.6, SIDE - 0.4), ylim=(SIDE - 0.4, -0.6))
    ax.set_axis_off()
    return ax


def in_doors(rooms: Rooms) -> str:
    """The map in words: each room's doors.

    >>> in_doors(Rooms.drawn(0, walls=0))[:25]
    'Doors: a ES, b ESW, c ESW'
    """
    rows = ["".join(m for m, door in zip(MOVES, row) if door) for row in rooms.doors]
    return f"Doors: {', '.join(f'{room} {doors}' for room, doors in zip(ROOMS, rows))}."


def believed(case: Mapping[str, Any], kind: str) -> None:
    """Show what a network of a case ("lstm" or "gpt") would report, before and after the edit."""
    rooms, reports = Rooms(np.array(case["to"])), case["believed"][kind]
    then, name = case["then"], kind.upper()
    moves = ["", "", then[:1], then]
    words = [
        f"{stage}{f' ({then})' if then else ''}: {likeliest(report)}"
        for stage, then, report in zip(STAGES, moves, reports)
    ]
    alt = f"Four maps. The {name}, asked for a report: {'; '.join(words)}."
    place = "all that it keeps" if kind == "lstm" else "the stream behind its last block"
    caption = f"Where the {name} would report to be; {place} was edited"
    caption += f" from {case['was']} to {case['now']}."
    with picture(alt=alt, caption=caption, columns=4) as axes:
        axes[0].figure.set_size_inches(8, 2.4)
        for ax, stage, move, report in zip(axes, STAGES, moves, reports):
            draw_map(ax, rooms, report)
            ax.set_title(f"{stage}{': ' if move else ''}{move}", fontsize=9)


def rivals(evidence: Sequence[Mapping[str, Any]]) -> str:
    """Table: success of each edit after 0, 1 and 2 moves, means over seeds."""
    largest = [one["ladder"][-1]["success"] for one in evidence]
    rows = {f"LSTM, {name}": [one[name] for one in largest] for name in largest[0]}
    rows["LSTM, map, early"] = [one["early"]["success"]["map"] for one in evidence]
    rows["walker, knows doors"] = [one["knowing doors"] for one in evidence]
    lines = [f"{'success after':22}{'0':>6}{'1':>6}{'2 moves':>10}"]
    for name, found in rows.items():
        lines.append(f"{name:22}" + "{:6.2f}{:6.2f}{:10.2f}".format(*np.mean(found, 0)))
    return "\n".join(lines)


def attending(evidence: Sequence[Mapping[str, Any]]) -> str:
    """Table: a GPT edited behind 0, 1, ... blocks, means over seeds."""
    layers = len(evidence[0]["gpt"]["layers"])
    lines = [f"{'success after':22}{'0':>6}{'1':>6}{'2 moves':>10}   probe"]
    for i in range(layers):
        found = [
            (*one["gpt"]["layers"][i]["map"], one["gpt"]["layers"][i]["probe"]) for one in evidence
        ]
        name = f"behind block {i}" if i else "the letters' vectors"
        lines.append(f"{name:22}" + "{:6.2f}{:6.2f}{:10.2f}{:8.2f}".format(*np.mean(found, 0)))
    text = np.mean([one["gpt"]["text"] for one in evidence], 0)
    lines.append(f"{'led there by the text':22}" + "{:6.2f}{:6.2f}{:10.2f}".format(*text))
    above = np.mean([one["gpt"]["above"] for one in evidence])
    return "\n".join([*lines, f"loss above the least possible: {above:.3f}"])


def ladder(evidence: Sequence[Mapping[str, Any]]) -> str:
    """Table: the eight LSTMs from the worst predictor to the best, means over seeds."""
    lines = ["cells  steps  loss above  probe  map edit  by text  among the able: map, doors, lead"]
    rungs = [list(nets) for nets in zip(*(one["ladder"] for one in evidence))]
    for nets in sorted(rungs, key=lambda nets: -np.mean([net["above"] for net in nets])):
        found = [
            (net["above"], net["probe"], net["success"]["map"][-1], net["success"]["text"][-1],
             net["of able"]["map"], net["of able"]["doors"],
             net["of able"]["map"] - net["of able"]["doors"])
            for net in nets
        ]  # fmt: skip
        row = "{:12.3f}{:7.2f}{:10.2f}{:9.2f}{:21.2f}{:7.2f}{:6.2f}".format(*np.mean(found, 0))
        lines.append(f"{nets[0]['width']:5}{nets[0]['share']:7.2f}{row}")
    counting = np.mean([one["counting"] for one in evidence])
    return "\n".join([*lines, f"counting {counting:15.3f}"])


def likeliest(report: Sequence[float]) -> str:
    """The room that gets most, with its probability.

    >>> likeliest([0.1, 0.7, 0.2])
    'b 0.70'
    """
    return f"{ROOMS[int(np.argmax(report))]} {max(report):.2f}"
