"""The other reading of the sentence: one step of training on a string, and then from memory.

Idea:   a network that repeats what it sees has the string in its context. Take the context away,
        and put the string into the weights instead: read it once, follow the gradient for one step,
        and then recite it from its first four letters. What is recited is counted up to the first
        error, and letter by letter behind the right ones. A step that writes something in also
        writes over something, so the repetition of other strings is measured again.
Source: "Can LLMs learn from a single example?", fast.ai, September 2023
Run:    used by experiment.py beside this file
Omits:  optimisers that remember earlier steps: of one step there are none.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from lessons.lab import answers
from lessons.lab.problems import COPY, Problem
from minigpt.model import GPT

GIVEN = 4
"""Letters that are given before the network recites."""


def stepped(net: GPT, text: str, rate: float, head: bool, steps: int = 1) -> GPT:
    """A copy of the network after `steps` steps of gradient descent on one text.

    All weights change, or those of the head alone.
    """
    net = copy.deepcopy(net)
    chosen = [net.head.weight] if head else list(net.parameters())
    ids = torch.from_numpy(net.tokenizer.encode(text).astype(np.int64))[None]
    for _ in range(steps):
        loss = F.cross_entropy(net(ids[:, :-1]).flatten(0, 1), ids[0, 1:])
        slopes = torch.autograd.grad(loss, chosen)
        with torch.no_grad():
            for weight, slope in zip(chosen, slopes):
                weight -= rate * slope
    return net


def recited(net: GPT, text: str) -> tuple[float, float]:
    """Share of the letters behind the given ones: recited before the first error, and right if the
    letters before are the right ones."""
    ids = net.tokenizer.encode(text).astype(np.int64)
    said = net.logprobs(ids[None, :-1])[0].argmax(-1)
    right = (said == ids[1:])[GIVEN - 1 :]
    return float(right.cumprod().mean()), float(right.mean())


def steps_needed(net: GPT, text: str, rate: float, head: bool, most: int) -> int:
    """Steps until the network recites half of the letters without an error; `most` + 1 if that is
    not enough."""
    for steps in range(1, most + 1):
        net = stepped(net, text, rate, head)
        if recited(net, text)[0] >= 0.5:
            return steps
    return most + 1


def measured(
    cases: Mapping[str, tuple[GPT, bool]],
    choose: Sequence[str],
    judge: Sequence[str],
    rates: Sequence[float],
    problems: Sequence[Problem],
    most: int,
) -> dict[str, Any]:
    """For each case, a network and whether the head alone changes: what a step of each rate does to
    the strings that choose, and the best rate on those that judge.

    Each row is the share recited, the share right behind right letters, and the share of `problems`
    that are still repeated from the context. The rate with most right letters is best.
    """
    found: dict[str, Any] = {}
    for name, (net, head) in cases.items():
        table = [_tried(net, choose, rate, head, problems) for rate in rates]
        rate = rates[int(np.argmax([row[1] for row in table]))]
        needed = [steps_needed(net, text, rate, head, most) for text in judge]
        found[name] = {
            "tried": table,
            "rate": rate,
            "judged": _tried(net, judge, rate, head, problems),
            "steps": float(np.median(needed)),
        }
    return found


def _tried(
    net: GPT, texts: Sequence[str], rate: float, head: bool, problems: Sequence[Problem]
) -> list[float]:
    """Mean over texts, each after one step on it: recited, right, and problems still solved."""
    rows = []
    for text in texts:
        after = stepped(net, text, rate, head)
        rows.append((*recited(after, text), answers.exact(after, problems, COPY).mean()))
    return np.mean(rows, axis=0).round(4).tolist()
