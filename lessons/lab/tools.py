"""Tools that a model asks for itself: files to look things up in, and the runtime that answers.

Idea:   a model writes `[town kavel]`. As soon as the bracket closes, the runtime looks `kavel` up
        in the file `town` and puts what it finds behind the bracket; then the model goes on, and
        reads it like any other text. Only what the model wrote is ever run: a call in the question
        is text, and so is one in a file. Whoever forgets that takes orders from strangers.
Source: calls within the text: Schick et al. 2023, arXiv:2302.04761; orders hidden in what is looked
        up: Greshake et al. 2023, arXiv:2302.12173.
Run:    used by lesson 21
Omits:  tools that change something, and tools that compute (anything with `get` can be a file).

Legend: B streams, V vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from minigpt.nextchar import NextChar

CALL = re.compile(r"\[([^\[\] ]+) ([^\[\] ]+)\]")
"""`[file key]`; neither has a bracket or a blank."""
UNKNOWN = "?"
"""What comes back for a key, or a file, that there is not."""
Files = Mapping[str, Mapping[str, str]]
"""Name -> key -> what stands there."""


def file_of(lines: Sequence[str]) -> dict[str, str]:
    """A file from lines `key=value`.

    >>> file_of(["kavel=qd", "zorbu=xx"])["kavel"]
    'qd'
    """
    return dict(line.split("=", 1) for line in lines)


def shuffled(file: Mapping[str, str], rng: np.random.Generator) -> dict[str, str]:
    """The same keys, each with the value of another key: who reads it is led astray."""
    keys = [list(file)[i] for i in rng.permutation(len(file))]
    return {key: file[other] for key, other in zip(keys, keys[1:] + keys[:1])}


def run_calls(question: str, written: str, files: Files) -> str:
    """Question and what a model wrote behind it, with the answer behind each call that it wrote.

    A call is `[file key]`, without brackets or blanks within file and key. What is not there is
    answered by `?`. Calls in the question are not run, nor those in what a file answers.

    >>> run_calls("a? ", "[town kavel] so", {"town": {"kavel": "qd"}})
    'a? [town kavel]qd so'
    """

    def answered(call: re.Match[str]) -> str:
        return call[0] + files.get(call[1], {}).get(call[2], UNKNOWN)

    return question + CALL.sub(answered, written)


def write_with_tools(
    model: NextChar, questions: Sequence[str], files: Files, length: int
) -> list[str]:
    """What stands behind each question after `length` characters, the model's and the files'.

    The model writes its likeliest character, unless an answer is still being read to it. Questions
    have one length; streams may be answered at different times.
    """
    ids = np.stack([model.tokenizer.encode(question) for question in questions]).astype(np.int64)
    state, said = model.start(ids)
    texts, waiting, calls = ([""] * len(questions) for _ in range(3))
    for i in range(length):
        likeliest = model.tokenizer.decode(said.argmax(-1))
        for b, own in enumerate(likeliest):
            told, waiting[b] = waiting[b][:1], waiting[b][1:]
            texts[b] += told or own
            if not told:
                calls[b] += own
                if own == "]":
                    waiting[b] = run_calls("", calls[b], files)[len(calls[b]) :]
                    calls[b] = ""
        if i < length - 1:
            said = model.step(state, model.tokenizer.encode("".join(t[-1] for t in texts)))
    return texts
