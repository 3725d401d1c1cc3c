"""Compressing a text with everything that predicts: learned before, counted before, or on the way.

Idea:   a coder spends -log2 p bits on a character, so whatever predicts compresses. Three accounts
        are honest: with what the coder knew beforehand (everyone gets the training text), with the
        size of what it knew added, and with nothing known, learning while it codes. In the first
        there are two kinds, and only like should be compared with like: a coder that stays as it
        was, and one that goes on learning from the text that it codes.
Source: Deletang et al. 2023, arXiv:2309.10668 (models as compressors, their size counted); Blier &
        Ollivier 2018, arXiv:1802.07044 (coding while learning); Krause et al. 2018,
        arXiv:1709.07432 (a network that goes on learning as it reads: dynamic evaluation).
Run:    used by experiment.py beside this file
Omits:  writing the bytes of the coders that learn on their way; their length is the sum of
        -log2 p.
"""

from __future__ import annotations

import bz2
import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from minigpt.compress import classical
from minigpt.compress.container import Coder, compress, decompress
from minigpt.corpora import Corpus
from minigpt.model import GPT
from minigpt.ngram import DEFAULT_ORDER, NGram
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import Batch, train

# Pieces coded side by side: fast, and for the n-gram of order 7 on 30,000 characters dearer by
# 0.02 to 0.03 bits/char than one piece would be.
STREAMS = 32
PPMD = "PPMd order 6"
"""The one of which both kinds are measured."""


PIECE = 500
"""Characters of a piece, at whose beginning PPMd knows the training text and nothing else."""
REFIT = 5_000
"""Characters of new text after which the n-gram that learns on the way counts anew."""
SGD_RATE = 0.05
"""Of the GPT that learns on the way: the best of 0.01, 0.02, 0.05, 0.1, 0.2 and 0.4 on the choosing
half, for the network of a pilot seed."""

Row = dict[str, str | float | None]


def table(net: GPT, training: str, text: str, orders: Sequence[int]) -> list[Row]:
    """Bits per character of every coder on `text`, all of which know `training`.

    `bits` are those of a coder that stays as it was, `learning_bits` of one that learns from `text`
    on the way, `alone_bits` without any knowledge; None where that cannot be had, or would tell
    nothing. Each file of the models is decoded again and compared. `model_bytes` is what a reader
    would need besides: the network's weights; the training text (packed by bzip2) for whoever
    counts it or has it as a prefix.
    """
    ids = net.tokenizer.encode(text)
    weights = 4 * net.size
    on_the_way = learned(net, ids, SGD_RATE)
    gpt = _row("GPT", weights, bits=coded_bits(net, text), learning=on_the_way)
    return [gpt, *(dict(row) for row in without_net(net.tokenizer, training, text, tuple(orders)))]


@cache
def without_net(
    tokenizer: CharTokenizer, training: str, text: str, orders: tuple[int, ...]
) -> list[Row]:
    """The rows of `table` in which no chance plays a part: made once, however many seeds."""
    known, ids = tokenizer.encode(training), tokenizer.encode(text)
    packed = len(bz2.compress(training.encode(), 9))
    counting = counted(known, ids, tokenizer, range(0, len(ids), REFIT), max(orders))
    rows = []
    for n in orders:
        bits = coded_bits(NGram.fit(known, tokenizer, n), text)
        on_the_way = counting if n == max(orders) else None
        rows.append(_row(f"n-gram {n}", packed, bits=bits, learning=on_the_way))
    for row in classical.rows(text.encode(), training.encode()):
        primed, alone = (None if n is None else 8 * n / len(text) for n in (row.primed, row.alone))
        has_both = row.name == PPMD and primed is not None
        as_it_was = ppmd_as_it_was(text, training) if has_both else None
        rows.append(_row(row.name, packed, bits=as_it_was, learning=primed, alone=alone))
    return rows


def coded_bits(model: Coder, text: str) -> float:
    """Bits per character of the file that `model` makes of `text`; ValueError where it does not
    give the text back."""
    coded = compress(text.encode(), model, streams=STREAMS, verify=False)
    if decompress(coded, model) != text.encode():
        raise ValueError(f"{type(model).__name__} did not give the text back")
    return 8 * len(coded) / len(text)


def _row(
    coder: str,
    model_bytes: int,
    *,
    bits: float | None,
    learning: float | None,
    alone: float | None = None,
) -> Row:
    return {
        "coder": coder,
        "bits": bits,
        "learning_bits": learning,
        "alone_bits": alone,
        "model_bytes": model_bytes,
    }


def ppmd_as_it_was(text: str, training: str) -> float:
    """Bits per character of PPMd that knows `training`, and no more of `text` than the piece it is
    in: what each piece adds behind the training text alone."""
    import pyppmd

    def size(data: str) -> int:
        encoder = pyppmd.Ppmd7Encoder(int(PPMD.split()[-1]), 256 << 20)
        return len(encoder.encode(data.encode()) + encoder.flush())

    pieces = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
    added = sum(size(training + piece) for piece in pieces) - len(pieces) * size(training)
    return 8 * added / len(text)


def learned(net: GPT, ids: np.ndarray, rate: float) -> float:
    """Bits per character of a GPT that takes a step of SGD after every half window of `ids`.

    It reads half a window of context and pays for the other half (for the first, where there is no
    context, a uniform guess), then learns from what it has paid for. `net` itself stays as it was.
    """
    net = copy.deepcopy(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    half = net.context // 2
    text = torch.from_numpy(ids.astype(np.int64))
    nats = min(half, len(ids)) * float(np.log(len(net.tokenizer)))
    for start in range(half, len(ids), half):
        upto = min(start + half, len(ids))
        logits = net(text[None, start - half : upto - 1])[0, half - 1 :]
        loss = F.cross_entropy(logits, text[start:upto])
        nats += loss.item() * (upto - start)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return nats / len(ids) / float(np.log(2))


def counted(
    known: np.ndarray, ids: np.ndarray, tokenizer: CharTokenizer, refits: Iterable[int], order: int
) -> float:
    """Bits per character of `ids` for an n-gram that has counted `known`, and counts anew, with all
    of `ids` that it has coded by then, at each place of `refits` (the first of them is 0).

    As long as it has nothing to count, all characters are equally likely.
    """
    whole, before = np.concatenate([known, ids]), len(known)
    ends = [*refits, len(ids)]
    nats = 0.0
    for start, end in pairwise(ends):
        seen = before + start
        if not seen:
            nats += end * np.log(len(tokenizer))
            continue
        model = NGram.fit(whole[:seen], tokenizer, order)
        context = max(0, seen - order)
        paid = model.logprob_of(whole[context : before + end])[seen - context :]
        nats -= float(paid.sum())
    return float(nats / len(ids) / np.log(2))


class CodeWhileLearning:
    """A loss for the training loop that takes the text in order and keeps the account.

    Each step predicts the next characters, books what they cost, and only then learns from them.
    Windows overlap by half, so that none begins without context: a character is booked once, in the
    second half of a window, and learned from twice.
    """

    def __init__(self, ids: np.ndarray, batch: int, context: int) -> None:
        self.half = half = context // 2
        self.steps = (len(ids) - 1 - half) // (batch * half)
        """How many steps read the whole text once."""
        starts = half * np.arange(self.steps * batch).reshape(self.steps, batch, 1)
        places = torch.from_numpy(starts + np.arange(2 * half))
        text = torch.from_numpy(ids.astype(np.int64))
        self.read, self.next = text[places], text[places + 1]  # [steps, B, T]
        self.nats: list[float] = []

    def __call__(self, model: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        """The loss on the next piece of the text; the drawn `batch` is not looked at."""
        step = len(self.nats)
        logits = model(self.read[step])  # [B, T, V]
        losses = F.cross_entropy(logits.mT, self.next[step], reduction="none")  # [B, T]
        self.nats.append(losses[:, self.half :].mean().item())
        return losses.mean()


def while_learning(
    config: TrainConfig, corpus: Corpus, characters: int
) -> list[dict[str, str | float]]:
    """Bits per character of the training text's first `characters`, nothing known beforehand.

    The GPT reads them once; the n-gram counts anew whenever the text has grown by a tenth. The
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
    gpt: dict[str, str | float] = {"coder": "GPT", "bits": float(np.mean(account.nats) / np.log(2))}
    return [gpt, *(dict(row) for row in without_net_alone(net.tokenizer, text))]


@cache
def without_net_alone(tokenizer: CharTokenizer, text: str) -> list[dict[str, str | float]]:
    """The rows of `while_learning` in which no chance plays a part."""
    ids = tokenizer.encode(text)
    counting = counted(ids[:0], ids, tokenizer, grown(len(ids)), DEFAULT_ORDER)
    rows: list[dict[str, str | float]] = [{"coder": f"n-gram {DEFAULT_ORDER}", "bits": counting}]
    rows += [
        {"coder": row.name, "bits": 8 * row.alone / len(text)}
        for row in classical.rows(text.encode(), b"")
        if row.alone is not None
    ]
    return rows


def grown(length: int, first: int = 512) -> list[int]:
    """0, and the places at which a text has grown by a tenth since the one before."""
    places = [0]
    while first < length:
        places.append(first)
        first += first // 10
    return places
