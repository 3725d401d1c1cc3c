"""Exact answers, many at once: is every character of the answer the one that was wanted?

Idea:   a greedy answer takes the likeliest character, reads it, and goes on. It is right from end
        to end exactly if every character is the likeliest behind the *right* ones before it, for
        up to the first error both are the same. So one look at question and right answer together
        tells whether the greedy answer is right, without writing it.
Source: induction over the answer's characters, in the paragraph above.
Run:    used by the experiments of the lessons
Omits:  answers of several lengths, and how sure a model is of one: `lessons.lab.rungs`.

Legend: B rows, T time, A characters of an answer, V vocabulary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from lessons.lab.problems import Problem, Task
from lessons.lab.rows import IGNORED, Rows, as_rows
from minigpt import sample
from minigpt.nextchar import NextChar


def hits(model: NextChar, rows: Rows, batch: int = 64) -> np.ndarray:
    """Whether each character of the answer is the likeliest, [B, A], behind the right ones.

    Rows have answers of one length. Of equally likely characters the first in the alphabet counts.
    """
    found = []
    for first in range(0, len(rows.ids), batch):
        ids, targets = (part[first : first + batch] for part in (rows.ids, rows.targets))
        said = model.logprobs(ids).argmax(-1)
        found.append((said == targets)[targets != IGNORED].reshape(len(ids), -1))
    return np.concatenate(found)


def exact(model: NextChar, problems: Sequence[Problem], task: Task) -> np.ndarray:
    """Whether the greedy answer to each problem is right from end to end, [B]."""
    return np.all(hits(model, as_rows(problems, task, model.tokenizer)), axis=1)


def greedy(model: NextChar, questions: Sequence[str], length: int) -> list[str]:
    """The answers, `length` likeliest characters behind each question; questions of one length."""
    return _written(model, questions, length, lambda said: said.argmax(-1))


def drawn(
    model: NextChar,
    questions: Sequence[str],
    length: int,
    temperature: float,
    rng: np.random.Generator,
) -> list[str]:
    """As `greedy`, with each character drawn at a temperature; at 0 they are the likeliest."""
    return _written(
        model,
        questions,
        length,
        lambda said: sample.draw(sample.shape(said, temperature=temperature), rng),
    )


def _written(
    model: NextChar, questions: Sequence[str], length: int, choose: Callable[..., np.ndarray]
) -> list[str]:
    """Answers of `length` characters, each chosen from log-probabilities [B, V]."""
    ids = np.stack([model.tokenizer.encode(question) for question in questions]).astype(np.int64)
    state, said = model.start(ids)
    written = []
    for _ in range(length):
        written.append(choose(said))
        if len(written) < length:
            said = model.step(state, written[-1])
    return [model.tokenizer.decode(row) for row in np.stack(written, axis=1)]


def majority(answers: Sequence[str]) -> str | None:
    """The answer that was given more often than any other; None if two share the lead.

    None, too, if there is no answer.

    >>> majority(["abc", "abd", "abc"]), majority(["abc", "abd"])
    ('abc', None)
    """
    first = Counter(answers).most_common(2)
    if not first or (len(first) == 2 and first[0][1] == first[1][1]):
        return None
    return first[0][0]


def span(sizes: Sequence[int], right: Sequence[float]) -> float:
    """The size up to which at least half of the answers are right, as in tests of memory.

    sizes [N] grow; right [N] are shares of right answers. Between the last size at which at least
    half are right and the next one the share is taken to fall in a straight line. The largest size
    if half are right there; if not even half are right at the first size, the line begins at size
    0, where everything is right.

    >>> span([4, 8, 12], [1.0, 0.75, 0.25])
    10.0
    """
    x, y = [0.0, *map(float, sizes)], [1.0, *map(float, right)]
    last = max(i for i, share in enumerate(y) if share >= 0.5)
    if last == len(y) - 1:
        return x[-1]
    return x[last] + (x[last + 1] - x[last]) * (y[last] - 0.5) / (y[last] - y[last + 1])
