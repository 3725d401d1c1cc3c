"""Can a straight line read off what the text is about? Linear probes of a network's inner state.

Idea:   in storyland a verb settles a theme (one bakes food, one mends clothes), and the noun that
        fits comes two words later. After the owner (`mia bakes her |hot pie`) the theme is nowhere
        in the last word; a network that predicts well must have kept it. A probe is a linear
        classifier on the network's last vector there.
Source: Alain & Bengio 2016, arXiv:1610.01644; control labels: Hewitt & Liang 2019, arXiv:1909.03368
        (a probe that does as well when each verb stands for a random theme has read verbs, not
        themes).
Run:    used by experiment.py beside this file
Omits:  probes with hidden layers, which could work out what the network did not.

Legend: N places, T time, E width of the network, C themes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from minigpt import storyland
from minigpt.model import GPT
from minigpt.storyland import THEMES

RIDGE = 1.0
DRAWS = 30


@dataclass(frozen=True)
class Places:
    """Where to probe: behind the owner, in stories with something owned."""

    windows: np.ndarray
    """Ids [N, T], each ending with the space behind the owner."""
    theme: np.ndarray
    """[N] index into THEMES."""
    control: np.ndarray
    """[DRAWS, N] the verbs' themes dealt out to them at random, the same wherever a verb stands, so
    that no label has more verbs than in earnest; several times, since some deals are easier to
    read than others."""


def places(text: str, window: int, n: int, seed: int, tokenizer_ids: np.ndarray) -> Places:
    """The first `n` places of `text` with a whole window before them.

    `tokenizer_ids` [len(text)] are the text's ids in the network's alphabet.
    """
    notes = storyland.annotate(text)
    owner, theme = notes.features["owner"], notes.features["theme"]
    settled = (owner >= 0) & (np.roll(owner, 1) < 0)
    names = notes.values["theme"]
    themes = list(THEMES)
    number = np.array([themes.index(name) if name in themes else -1 for name in names])
    fits = settled & (theme >= 0) & (number[theme] >= 0)
    at = np.flatnonzero(fits & (np.arange(len(text)) >= window))[:n]
    verbs = [text[: i + 1].rsplit(" ", 3)[1].rsplit("\n", 1)[-1] for i in at]
    rng = np.random.default_rng(seed)
    _, first, verb = np.unique(verbs, return_index=True, return_inverse=True)
    label = number[theme[at]]
    return Places(
        windows=tokenizer_ids[at[:, None] + np.arange(1 - window, 1)],
        theme=label,
        control=np.stack([rng.permutation(label[first])[verb] for _ in range(DRAWS)]),
    )


@torch.no_grad()
def states(model: GPT, windows: np.ndarray, batch: int = 128) -> np.ndarray:
    """The last vector [N, E] of the stream behind each window, as the head reads it."""
    found = []
    for i in range(0, len(windows), batch):
        ids = torch.from_numpy(windows[i : i + batch].astype(np.int64))
        found.append(model.norm(model.hidden(ids))[:, -1])
    return torch.cat(found).numpy()


def accuracy(vectors: np.ndarray, labels: np.ndarray) -> float:
    """Share of the second half that a probe fitted on the first half gets right.

    Ridge regression on one-hot labels; the largest output is the answer.

    >>> x = np.eye(3)[[0, 1, 2] * 20]
    >>> accuracy(x, np.array([2, 0, 1] * 20))
    1.0
    """
    half = len(vectors) // 2
    mean, scale = vectors[:half].mean(0), vectors[:half].std(0) + 1e-6
    x = np.column_stack([(vectors - mean) / scale, np.ones(len(vectors))]).astype(np.float64)
    y = np.eye(labels.max() + 1)[labels]
    gram = x[:half].T @ x[:half] + RIDGE * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, x[:half].T @ y[:half])
    return float(((x[half:] @ weights).argmax(1) == labels[half:]).mean())
