"""Training in the lessons' experiments: one thread, one evaluation at the end, all by the seed.

Idea:   a comparison is fair if arms differ in one thing. So all arms of an experiment share a base
        setting, and the seed settles text, initial weights and sampled windows. There is one
        thread, so that a number does not depend on the machine's cores.
Run:    used by the experiments of the lessons
Omits:  choosing the best of several evaluations: with one at the end the last weights are judged.
"""

from __future__ import annotations

from dataclasses import is_dataclass, replace
from typing import Any, TypeVar

from labkit.files import sha256
from minigpt import corpora, storyland
from minigpt.corpora import Corpus
from minigpt.model import GPT
from minigpt.settings import TrainConfig
from minigpt.train.loop import TrainResult, train

Settings = TypeVar("Settings")

TUNING_SEED = 99
"""The only seed for tuning learning rates; it is never judged."""

BASE = TrainConfig(device="cpu", precision="fp32", threads=1, save_seconds=1e9)
"""One thread in float32: slower than necessary, but the same everywhere."""


def shrunk(full: Settings, **smaller: Any) -> Settings:
    """The ci profile's settings: those of the full one, but for what is named.

    A dictionary changes what it names of the settings within. TypeError for a name that there is
    not.

    >>> shrunk(BASE, steps=12, model={"n_embd": 16}).model.n_embd
    16
    """
    parts: Any = full
    within = {
        name: shrunk(getattr(parts, name), **value)
        if isinstance(value, dict) and is_dataclass(getattr(parts, name))
        else value
        for name, value in smaller.items()
    }
    return replace(parts, **within)


def stories(characters: int, seed: int) -> Corpus:
    """Storyland text from the seed; the last tenth is held out."""
    text = storyland.generate(characters, seed=seed)
    return with_text(corpora.load("storyland:1000"), text)


def with_text(corpus: Corpus, text: str) -> Corpus:
    """`corpus` with another text, and its hash."""
    return replace(corpus, text=text, sha256=sha256(text))


def fit(config: TrainConfig, corpus: Corpus, init: GPT | None = None) -> TrainResult:
    """Train, evaluating on held-out text only once, at the end."""
    return train(replace(config, eval_every=config.steps), corpus, init=init)
