"""Two sensors for the same scene, a reader of what they saw, and who labels it.

Idea:   a scene is a line of Storyland, and its theme is the label. The expensive sensor sees every
        character, the cheap one half of them. A small convolutional network reads a line and says
        how probable each theme is. Its targets are labels that people gave, or what another reader
        said of the same scene, seen by another sensor.
Source: labels from another sensor's reader: Gupta, Hoffman & Malik 2016, arXiv:1507.00448;
        the network: Kim 2014, arXiv:1408.5882.
Run:    used by experiment.py and lesson.py beside this file
Omits:  sensors that move, and scenes that only one of them sees.

Legend: N lines, T places of a line, K themes, S states, V characters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minigpt import seeds, storyland
from minigpt.storyland.holes import HOLE, theme_of
from minigpt.storyland.rules import MARK

Reader = Callable[[np.ndarray], np.ndarray]
"""Rows [N, T] -> probabilities [N, K]."""

LETTERS = " abcdefghijklmnopqrstuvwxyz"
HIDDEN, NOTHING = len(LETTERS), len(LETTERS) + 1
"""What a row holds at a hole, and behind the end of its line."""
PLACES = storyland.grammar().longest - 1
THEMES = tuple(storyland.THEMES)


@dataclass(frozen=True)
class Scenes:
    """Scenes, each seen by both sensors."""

    rich: np.ndarray
    """[N, T] every character."""
    cheap: np.ndarray
    """[N, T] the same, with holes."""
    theme: np.ndarray
    """[N] what people would say it is about: an index into `THEMES`."""

    def __getitem__(self, some: slice) -> Scenes:
        return Scenes(self.rich[some], self.cheap[some], self.theme[some])

    def __len__(self) -> int:
        return len(self.theme)


def scenes(n: int, share: float, seed: int) -> Scenes:
    """`n` scenes; the cheap sensor misses a `share` of the characters, each by chance."""
    text = storyland.generate(50 * n + 500, seed)  # a third of the stories have another theme
    lines = text.split(MARK)[:-1]
    theme = theme_of(lines)
    kept = np.flatnonzero(theme >= 0)[:n]
    if len(kept) < n:
        raise ValueError(f"the text has {len(kept)} scenes, {n} are wanted")
    rich = as_rows([lines[i] for i in kept])
    rng = np.random.default_rng(seeds.stream(seed, "windows", 1))
    return Scenes(rich, hide(rich, share, rng), theme[kept])


def as_rows(lines: Sequence[str]) -> np.ndarray:
    """Lines as rows [N, T]: indices into `LETTERS`, HIDDEN or NOTHING."""
    index = {c: i for i, c in enumerate(LETTERS + HOLE)}
    rows = np.full((len(lines), PLACES), NOTHING)
    for row, line in zip(rows, lines):
        row[: len(line)] = [index[c] for c in line]
    return rows


def as_lines(rows: np.ndarray) -> list[str]:
    """Rows [N, T] as lines, with a sign for each hole."""
    return ["".join((LETTERS + HOLE)[i] for i in row if i != NOTHING) for row in rows]


def hide(rows: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """The rows [N, T] with a share of their characters hidden, each by chance."""
    hit = (rng.random(rows.shape) < share) & (rows != NOTHING)
    return np.where(hit, HIDDEN, rows)


def with_holes(prior: np.ndarray, table: np.ndarray, line: Sequence[int | None]) -> np.ndarray:
    """Probability [S] of each state after a line with holes.

    prior [S]: before the line. table [S, V, S]: [s, c, r] is the probability that state s writes
    the character c and goes on to r. line: characters (0 to V - 1), or None for a hole.
    """
    belief = prior
    for character in line:
        step = table.sum(axis=1) if character is None else table[:, character]
        belief = belief @ step
    return belief / belief.sum()


def auto_label(
    teacher: Reader, rich: np.ndarray, cheap: np.ndarray, sure: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Examples for a student of the cheap sensor, labelled by a teacher of the rich one.

    rich, cheap [N, T]: the same N scenes. teacher: rows [N, T] -> probabilities [N, K]. Scenes
    whose most probable theme has less than `sure` are left out. Returns rows [M, T] and targets
    [M, K], in the order given.
    """
    said = teacher(rich)
    keep = said.max(axis=1) >= sure
    return cheap[keep], said[keep]


def worth_in_labels(amounts: Sequence[int], losses: Sequence[float], reached: float) -> float:
    """How many labels would have led to the loss `reached`.

    amounts: numbers of labels, rising; losses: what each led to, falling. Between two of them the
    loss is taken to be linear in log(amount). The first amount if it is as good already; infinity
    if the last one is not as good.
    """
    if reached < losses[-1]:
        return float("inf")
    return float(np.exp(np.interp(-reached, -np.asarray(losses), np.log(amounts))))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a reader is trained; every arm has its own."""

    steps: int
    rate: float = 0.01
    """Of AdamW; it rises over 20 steps and falls to 0."""
    hide: float = 0.0
    """Share of the characters that are hidden anew at each step, beside the sensor's holes."""


class Net(nn.Module):
    """Rows [N, T] -> logits [N, K]: two convolutions over five places, and the largest of each
    feature over the line."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.letter = nn.Embedding(len(LETTERS) + 2, 16)
        self.first = nn.Conv1d(16, width, 5, padding=2)
        self.second = nn.Conv1d(width, width, 5, padding=2)
        self.out = nn.Linear(width, len(THEMES))

    def forward(self, rows: Tensor) -> Tensor:
        seen = F.relu(self.first(self.letter(rows).mT))  # [N, E, T]
        seen = F.relu(self.second(seen)).amax(dim=2)  # [N, E]
        return self.out(F.dropout(seen, 0.3, self.training))


def learned(
    rows: np.ndarray, targets: np.ndarray, recipe: Recipe, width: int, batch: int, seed: int
) -> Reader:
    """A reader trained on rows [N, T] with targets: themes [N], or probabilities [N, K]."""
    if targets.ndim == 1:
        targets = np.eye(len(THEMES))[targets]
    wanted = torch.from_numpy(targets).float()
    rng = np.random.default_rng(seeds.stream(seed, "windows", 2))
    with seeds.own_randomness(seeds.stream(seed, "weights"), torch.device("cpu")):
        net = Net(width)
        optimizer = torch.optim.AdamW(net.parameters())
        for i in range(recipe.steps):
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * min((i + 1) / 20, 1 - i / recipe.steps)
            some = rng.integers(0, len(rows), batch)
            seen = torch.from_numpy(hide(rows[some], recipe.hide, rng))
            loss = F.cross_entropy(net(seen), wanted[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    net.eval()

    def reader(rows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            said = [F.softmax(net(part), -1) for part in torch.from_numpy(rows).split(1000)]
        return torch.cat(said).double().numpy()

    return reader


def nats(said: np.ndarray, theme: np.ndarray) -> float:
    """Mean loss in nats per line: -ln of the probability [N, K] that the right theme [N] had."""
    return float(-np.log(said[np.arange(len(theme)), theme]).mean())


class TableReader:
    """A reader that adds up a score for each character: softmax of the sums of scores [V, K]."""

    def __init__(self, scores: np.ndarray) -> None:
        self.scores = np.asarray(scores, dtype=float)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Rows [N, T] of characters (0 to V - 1) -> probabilities [N, K]."""
        total = self.scores[np.asarray(rows)].sum(axis=1)
        odds = np.exp(total - total.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)
