"""Networks on a ladder: trained on a pile of problems, marked, priced, and asked how sure they are.

Idea:   all rungs learn in one way, from answers or from what a larger rung said about each
        character, and are marked in one way. The price of an answer is given twice: operations,
        which are the same on every machine, and milliseconds, which are what somebody waits for.
Source: soft targets: Hinton et al. 2015, arXiv:1503.02531; operations: as distill.comparison.costs.
Run:    used by lessons 19 to 21
Omits:  prices of memory traffic and energy.

Legend: N problems, A characters of an answer, T time, V vocabulary, E width, L layers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from distill.losses import kd
from lessons.lab import answers
from lessons.lab.bench import ALPHABET, Pile, as_rows
from lessons.lab.problems import Problem
from lessons.lab.rows import IGNORED, Rows
from lessons.lab.training import with_text
from minigpt import corpora, seeds
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.nextchar import NextChar
from minigpt.settings import TrainConfig
from minigpt.train.interface import Batch
from minigpt.train.loop import train


class PileLoss:
    """Mean loss on the answers' characters of a pile's next batch, nats.

    Cross-entropy with the answers; if the pile has log-probabilities, forward KL from those.
    """

    def __init__(self, pile: Pile, config: TrainConfig) -> None:
        rng = np.random.default_rng(seeds.stream(config.seed, "windows", 1))
        self.batches = pile.batches(rng, config.batch_size)

    def __call__(self, model: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        rows, said = next(self.batches)
        targets = torch.from_numpy(rows.targets)
        asked = targets != IGNORED
        logits = model(torch.from_numpy(rows.ids)).float()[asked]
        if said is None:
            return F.cross_entropy(logits, targets[asked])
        return kd(logits, torch.from_numpy(said)[asked])


def rung(config: TrainConfig, pile: Pile, alphabet: str = ALPHABET) -> GPT:
    """A new network of the shape `config.model`, trained on a pile for `config.steps`."""
    text = alphabet * (30 + config.model.context)
    net = GPT.fresh(config.model, text, config.seed)
    corpus = with_text(corpora.load("storyland:1000"), text)
    config = replace(config, eval_every=config.steps)
    loss = PileLoss(pile, config)
    return train(config, corpus, loss=loss, init=net, measure=lambda model, ids: 0.0).model


def said_of(model: NextChar, rows: Rows, batch: int = 128) -> np.ndarray:
    """A model's log-probabilities [N, T, V] at every place of rows, nats."""
    parts = [model.logprobs(rows.ids[i : i + batch]) for i in range(0, len(rows.ids), batch)]
    return np.concatenate(parts)


def right(model: NextChar, problems: Sequence[Problem]) -> np.ndarray:
    """Whether the greedy answer to each problem is right from end to end, [N].

    One look at question and right answer tells (`answers`).
    """
    rows = as_rows(problems, model.tokenizer)
    hit = said_of(model, rows).argmax(-1) == rows.targets
    return np.all(hit | (rows.targets == IGNORED), axis=1)


def accuracy(model: NextChar, problems: Mapping[int, Sequence[Problem]]) -> float:
    """The share of all problems, of each size equally many, whose answer is right."""
    return float(np.mean([right(model, some).mean() for some in problems.values()]))


def taught(model: NextChar, problems: Mapping[int, Sequence[Problem]]) -> Pile:
    """A pile of the model's own greedy answers to the questions, and what it says about them.

    The right answers are used only to save time: where they are the model's own, it need not write
    them. What is in the pile is the same as without them (a test says so).
    """
    piles, said = {}, {}
    for size, some in problems.items():
        own = list(some)
        wrong = np.flatnonzero(~right(model, some)).tolist()
        for length in {len(answer) for _, answer in some}:
            ask = [i for i in wrong if len(some[i][1]) == length]
            written = answers.greedy(model, [some[i][0] for i in ask], length) if ask else []
            for i, text in zip(ask, written):
                own[i] = (some[i][0], text)
        piles[size] = as_rows(own, model.tokenizer)
        said[size] = said_of(model, piles[size])
    return Pile(piles, said)


def sureness(model: NextChar, problems: Sequence[Problem]) -> np.ndarray:
    """The log-probability that a model gives to each whole answer behind its question, [N], nats.

    The sum over the answer's characters: the question is given, and what fills a row up does not
    count. exp(sureness) is the probability of the answer.
    """
    rows = as_rows(problems, model.tokenizer)
    said = said_of(model, rows)
    counted = rows.targets != IGNORED
    wanted = np.where(counted, rows.targets, 0)[..., None]
    return np.where(counted, np.take_along_axis(said, wanted, -1)[..., 0], 0.0).sum(axis=1)


def answer_flops(layers: int, width: int, vocabulary: int, asked: int, answered: int) -> int:
    """Operations of the matrix products for one answer of a transformer that keeps its keys.

    It reads `asked` characters of the question at once, and then, one by one, all `answered`
    characters of its answer but the last. A weight takes part in one multiplication and one
    addition for each character read; there are 12 E^2 a layer. Attention multiplies queries with
    keys, and weights with values: 4 E operations a layer for each pair of a character read and one
    looked at. Within the question every character is paired with all of it (those ahead are
    computed, and hidden); a character of the answer with all before it and itself (the room that
    a `minigpt` model keeps free for more keys is read as well, and not counted). The head scores
    the vocabulary once for each character of the answer.

    >>> answer_flops(0, 8, 10, 5, 3)  # the head alone: 2 * 8 * 10, three times
    480
    """
    read = asked + answered - 1
    pairs = asked * asked + sum(range(asked + 1, read + 1))
    layer = 24 * width * width * read + 4 * width * pairs
    return layers * layer + 2 * width * vocabulary * answered


def operations(shape: GPTConfig, problems: Mapping[int, Sequence[Problem]]) -> float:
    """Mean operations of an answer over problems, for a network of this shape."""
    count = [
        answer_flops(shape.n_layer, shape.n_embd, len(ALPHABET), len(question), len(answer))
        for some in problems.values()
        for question, answer in some
    ]
    return float(np.mean(count))


def milliseconds(
    models: Mapping[str, NextChar],
    questions: Sequence[str],
    length: int,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Milliseconds an answer of `length` characters, all questions being asked at once.

    As `fastest` measures it. Questions have one length.
    """
    ways = {name: partial(answers.greedy, model, length=length) for name, model in models.items()}
    return fastest(ways, [questions], rounds, clock)


def fastest(
    ways: Mapping[str, Callable[[Sequence[str]], object]],
    batches: Sequence[Sequence[str]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Milliseconds a question of each way to answer a batch of questions.

    Each batch counts with its fastest of `rounds` rounds; in a round all ways are timed in turn,
    so that a busy moment of the machine meets all of them.
    """
    best = {name: np.full(len(batches), np.inf) for name in ways}
    for way in ways.values():
        way(batches[0])  # the first call sets memory up
    for _ in range(rounds):
        for i, batch in enumerate(batches):
            for name, way in ways.items():
                began = clock()
                way(batch)
                best[name][i] = min(best[name][i], clock() - began)
    count = sum(map(len, batches))
    return {name: float(1000 * times.sum() / count) for name, times in best.items()}
