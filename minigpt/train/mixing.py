"""The end of a run: what counting reaches on the same text, and what both together do.

Idea:   an n-gram is counted, and a longer one to go with the network (one and three seconds for a
        million characters, which need not be kept), a gate is fitted on the choosing half, and all
        held-out text and its judging half are measured. The network has predicted both already,
        for its own loss; those predictions are used again.
Run:    python -m minigpt.train
Omits:  what learns while it reads.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from minigpt.corpora import Corpus
from minigpt.evaluate import score
from minigpt.load import fit_gate
from minigpt.mixture import Mixture, Remembered
from minigpt.mixture.mixture import FIT_CELLS, GATE, ORDER
from minigpt.model import GPT
from minigpt.ngram import NGRAM_LIMIT, NGram
from minigpt.saved.runs import Run

FIGURES = (
    *("ngram_val_loss", "ngram_judge_loss"),
    *("mixture_val_loss", "mixture_judge_loss", "mixture_seconds"),
)


class Watch:
    """A model's loss for `train(measure=...)`; its last predictions of held-out text are kept."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.kept: Remembered | None = None

    def __call__(self, model: GPT, ids: np.ndarray) -> float:
        """Nats/char on `ids`, as `score` says."""
        encode = model.tokenizer.encode
        if model.precision == "fp32" and can_count(self.corpus):
            if np.array_equal(ids, encode(self.corpus.held_out)):  # measured first, at the end
                self.kept = Remembered(model)
                return score(self.kept, ids).nats
            if self.kept is not None and np.array_equal(ids, encode(self.corpus.judge)):
                return score(self.kept, ids).nats
        return score(model, ids).nats


def can_count(corpus: Corpus) -> bool:
    """Whether the text is short enough to be counted in a few seconds."""
    return len(corpus.train) <= NGRAM_LIMIT


def seconds(corpus: Corpus, look: float) -> float:
    """Roughly what `measure` takes, if the network reads the choosing half in `look` seconds.

    The constants are those of one core of an AMD EPYC; for `train(reserve=...)`.
    """
    if not can_count(corpus):
        return 0.0
    alphabet = len(set(corpus.text))
    fitting = 1.1e-6 * min(len(corpus.choose) * alphabet, FIT_CELLS)
    return look + 6e-6 * len(corpus.train) + fitting + 3e-7 * len(corpus.held_out) * alphabet


def measure(run: Run, corpus: Corpus, model: GPT, watch: Watch) -> dict[str, float | None]:
    """The figures of FIGURES, losses in nats/char; all None if the text is too long.

    The gate is written into the run's folder.
    """
    if not can_count(corpus):
        return dict.fromkeys(FIGURES)
    began = time.monotonic()
    encode = model.tokenizer.encode
    alone = NGram.fit(corpus.train, model.tokenizer)
    beside = NGram.fit(corpus.train, model.tokenizer, ORDER)
    fitted = fit_gate((model, beside), encode(corpus.choose))
    fitted.save_gate(run.folder / GATE)
    mixed = Mixture((watch.kept or model, beside), fitted.gate)
    members: tuple[Any, ...] = (alone, mixed)
    losses = [
        score(one, encode(text)).nats for one in members for text in (corpus.held_out, corpus.judge)
    ]
    return dict(zip(FIGURES, [*losses, time.monotonic() - began]))
