"""Compressing a text with everything that predicts: learned before, counted before, or on the way.

Idea:   a coder spends -log2 p bits on a character, so whatever predicts compresses. Three accounts
        are honest: with what the coder knew beforehand (everyone gets the training text), with the
        size of what it knew added, and with nothing known, learning while it codes.
Source: Deletang et al. 2023, arXiv:2309.10668 (models as compressors, their size counted); Blier &
        Ollivier 2018, arXiv:1802.07044 (coding while learning).
Run:    used by experiment.py beside this file
Omits:  writing the bytes of the code that learns on its way; its length is the sum of -log2 p.
"""

from __future__ import annotations

import bz2
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from minigpt import classical
from minigpt.compress import Coder, compress, decompress
from minigpt.corpora import Corpus
from minigpt.loop import Batch, train
from minigpt.model import GPT
from minigpt.ngram import DEFAULT_ORDER, NGram
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer

# Pieces coded side by side: fast, and dearer by about 0.01 bits/char than one piece would be.
STREAMS = 32


def table(
    net: GPT, training: str, text: str, orders: Sequence[int]
) -> list[dict[str, str | float | None]]:
    """Bits per character of every coder on `text`, all of which know `training`.

    Each file is decoded again and compared. `model_bytes` is what a reader would need besides: the
    network's weights; the training text (packed by bzip2) for whoever counts it or has it as a
    prefix. `alone_bits` is the file without any knowledge, where a coder can do that.
    """
    data = text.encode()
    packed = len(bz2.compress(training.encode(), 9))
    coders: list[tuple[str, Coder, int]] = [
        ("GPT", net, sum(4 * p.numel() for p in net.parameters()))
    ]
    coders += [(f"n-gram {n}", NGram.fit(training, net.tokenizer, n), packed) for n in orders]
    rows: list[dict[str, str | float | None]] = []
    for name, model, size in coders:
        coded = compress(data, model, streams=STREAMS, verify=False)
        if decompress(coded, model) != data:
            raise ValueError(f"{name} did not give the text back")
        rows.append(
            {
                "coder": name,
                "bits": 8 * len(coded) / len(text),
                "alone_bits": None,
                "model_bytes": size,
            }
        )
    for row in classical.rows(data, training.encode()):
        rows.append(
            {
                "coder": row.name,
                "bits": None if row.primed is None else 8 * row.primed / len(text),
                "alone_bits": None if row.alone is None else 8 * row.alone / len(text),
                "model_bytes": packed,
            }
        )
    return rows


class CodeWhileLearning:
    """A loss for the training loop that takes the text in order and keeps the account.

    Each step predicts the next characters, books what they cost, and only then learns from them.
    """

    def __init__(self, ids: np.ndarray, batch: int, context: int) -> None:
        steps = (len(ids) - 1) // (batch * context)
        n = steps * batch * context
        self.read = torch.from_numpy(ids[:n].astype(np.int64)).view(steps, batch, context)
        self.next = torch.from_numpy(ids[1 : n + 1].astype(np.int64)).view(steps, batch, context)
        self.nats: list[float] = []

    @property
    def steps(self) -> int:
        """How many steps read the whole text once."""
        return len(self.read)

    def __call__(self, model: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        """The cost of the next piece of the text; the drawn `batch` is not looked at."""
        step = len(self.nats)
        logits = model(self.read[step]).flatten(0, 1)
        loss = F.cross_entropy(logits, self.next[step].flatten())
        self.nats.append(loss.item())
        return loss


def while_learning(
    config: TrainConfig, corpus: Corpus, characters: int
) -> list[dict[str, str | float]]:
    """Bits per character of the training text's first `characters`, nothing known beforehand.

    The GPT reads them once; the n-gram counts anew whenever the text has grown by a half. The
    classical compressors learn as they go anyway.
    """
    text = corpus.train[:characters]
    net = GPT(
        config.model,
        CharTokenizer.from_text(corpus.text),
        torch.Generator().manual_seed(config.seed),
    )
    ids = net.tokenizer.encode(text)
    account = CodeWhileLearning(ids, config.batch_size, config.model.context)
    one_pass = replace(config, steps=account.steps, eval_every=account.steps)
    train(one_pass, corpus, loss=account, init=net, measure=lambda model, ids: 0.0)
    rows: list[dict[str, str | float]] = [
        {"coder": "GPT", "bits": float(np.mean(account.nats)) / np.log(2)},
        {"coder": f"n-gram {DEFAULT_ORDER}", "bits": _counting(ids, net)},
    ]
    rows += [
        {"coder": row.name, "bits": 8 * row.alone / len(text)}
        for row in classical.rows(text.encode(), b"")
        if row.alone is not None
    ]
    return rows


def _counting(ids: np.ndarray, net: GPT) -> float:
    """Bits per character of an n-gram that is fitted again whenever the text has grown by half."""
    nats = min(len(ids), 512) * np.log(len(net.tokenizer))  # of the first, nothing is known
    seen = 512
    while seen < len(ids):
        upto = min(len(ids), seen + seen // 2)
        model = NGram.fit(ids[:seen], net.tokenizer, DEFAULT_ORDER)
        start = max(0, seen - DEFAULT_ORDER)
        nats -= float(model.logprob_of(ids[start:upto])[seen - start :].sum())
        seen = upto
    return float(nats / len(ids) / np.log(2))
