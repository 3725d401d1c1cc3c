"""Exercises of lesson 18: reading past holes, labels from another sensor, what a loss is worth.

Idea:   what can be known at all; who labels; and the exchange rate between a sensor and labels.
Run:    python -m lessons check 18.1
"""

from __future__ import annotations

import numpy as np

from lessons.engine.exercise import Call, Exercise, Made, Probe
from lessons.l18_expensive_sensors import answers

# 18.1  A line with holes


def _machine(rng: np.random.Generator, states: int, letters: int) -> tuple[np.ndarray, np.ndarray]:
    """A prior [S] and a table [S, V, S] in which a third of the ways are closed."""
    table = rng.random((states, letters, states)) * (rng.random((states, letters, states)) > 0.3)
    table[:, :, 0] += 0.05
    return rng.dirichlet(np.ones(states)), table / table.sum(axis=(1, 2), keepdims=True)


def _read(rng: np.random.Generator, pattern: str) -> Call:
    """A line as the pattern says: x for a character, _ for a hole."""
    prior, table = _machine(rng, 4, 3)
    return Call(prior, table, [None if c == "_" else int(rng.integers(3)) for c in pattern])


def _longer(rng: np.random.Generator) -> Call:
    prior, table = _machine(rng, 5, 4)
    return Call(prior, table, [None if i % 3 == 1 else int(rng.integers(4)) for i in range(12)])


HOLES = Exercise(
    id="18.1",
    name="with_holes",
    task="""How probable is each state of a machine after a line with some characters hidden?

    prior [S]: the probability of each state before the line.
    table [S, V, S]: table[s, c, r] is the probability that the machine in state s writes character
    c and goes on to state r; for each s they add up to 1.
    line: a list of characters, 0 to V - 1, or None for a hole: one character that nobody saw.
    Returns [S], probabilities of the states after the line, given all that was seen.""",
    solution="lessons.l18_expensive_sensors.sensors:with_holes",
    probes=(
        Probe("without a line, the prior", lambda rng: _read(rng, "")),
        Probe("a character that was seen", lambda rng: _read(rng, "x")),
        Probe("several of them", lambda rng: _read(rng, "xxx")),
        Probe("a hole alone: every character, each with its probability",
              lambda rng: _read(rng, "_")),
        Probe("what was seen before a hole, and after it, counts", lambda rng: _read(rng, "x_x")),
        Probe("several holes", _longer),
    ),
    variants=answers.HOLES_VARIANTS,
    wrong=answers.HOLES_WRONG,
    hints=(
        "Nobody saw the character. Does that mean that the machine stood still?",
        "For each character seen multiply by table[:, c] and add up over the states one can come "
        "from. At a hole add up over the characters, too.",
        "belief = prior\nfor each character: step = table[:, c], at a hole the sum over c\n"
        "  belief = belief @ step\ndivide by the sum",
    ),
    next_step="`theme_posterior` does the same with the 3,742 states of Storyland.",
    drill="A coin shows heads with probability 0.9 in state A and 0.5 in state B, and the state "
    "never changes. Both are equally likely. You see heads and a hole. How probable is A?",
    drill_answer="0.9 / (0.9 + 0.5) = 0.64: here the hole tells nothing.",
)  # fmt: skip

# 18.2  Labels from another sensor's reader

TEACHER = "lessons.l18_expensive_sensors.sensors:TableReader"


def _pairs(rng: np.random.Generator, n: int, sure: float | None) -> Call:
    """Scenes whose cheap view differs; character 9 is a hole, and has scores of its own."""
    scores = rng.normal(0, 0.8, (10, 3))
    rich = rng.integers(0, 9, (n, 4))
    cheap = np.where(rng.random((n, 4)) < 0.5, 9, rich)
    cheap[:, 0] = 9
    teacher = Made(TEACHER, scores)
    return Call(teacher, rich, cheap) if sure is None else Call(teacher, rich, cheap, sure)


def _half(rng: np.random.Generator) -> Call:
    """Odds of exactly one half where the scores are even."""
    scores = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    rich = rng.permutation(np.repeat([[0, 0], [0, 1], [2, 0]], 2, axis=0))
    return Call(Made(TEACHER, scores), rich, np.full_like(rich, 2), 0.5)


AUTO_LABEL = Exercise(
    id="18.2",
    name="auto_label",
    task="""Let a teacher that sees the rich view label scenes for a student of the cheap one.

    teacher: a function from rows [N, T] to probabilities [N, K] of K themes.
    rich, cheap [N, T]: the same N scenes, as the two sensors saw them.
    sure: scenes whose likeliest theme has a probability below this are left out.
    Returns (rows [M, T], targets [M, K]): what the student reads, and what it should say, for the M
    scenes kept, in the order given. `sure` is 0 unless it is given.""",
    solution="lessons.l18_expensive_sensors.sensors:auto_label",
    probes=(
        Probe("one scene", lambda rng: _pairs(rng, 1, 0.0)),
        Probe("the student reads the cheap view, the teacher the rich one",
              lambda rng: _pairs(rng, 6, None)),
        Probe("doubtful scenes are left out, the others stay in step",
              lambda rng: _pairs(rng, 24, 0.7)),
        Probe("exactly as sure as asked is kept", _half),
    ),
    variants=answers.LABEL_VARIANTS,
    wrong=answers.LABEL_WRONG,
    hints=(
        "Who sees which view? And what will be there when the student is shipped?",
        "Ask the teacher about the rich rows once. Use one and the same choice of scenes for the "
        "rows and for the targets.",
        "said = teacher(rich)\nkeep = largest of each row of said >= sure\n"
        "return cheap[keep], said[keep]",
    ),
    next_step="In the experiment this labels 20,000 recordings, and nobody is paid for it. "
    "`sure` is 0 there: leaving doubtful scenes out changed little on the tuning seed.",
    drill="A teacher gives the likeliest theme 0.6. The student learns 0.6, not 1. Which mistake "
    "of the teacher does that soften?",
    drill_answer="Those that it makes with doubt: a wrong label counts in part, not in full.",
)  # fmt: skip

# 18.3  The worth of a loss


def _curve(rng: np.random.Generator, n: int = 5) -> tuple[list[int], list[float]]:
    """Numbers of labels, and losses that fall."""
    amounts = [int(100 * 3.7**i * rng.uniform(0.8, 1.2)) for i in range(n)]
    losses = 0.2 + np.cumsum(rng.uniform(0.1, 0.5, n))[::-1]
    return amounts, [float(loss) for loss in losses]


def _between(rng: np.random.Generator) -> list[Call]:
    amounts, losses = _curve(rng)
    calls = []
    for i in range(len(losses) - 1):
        along = float(rng.uniform(0.25, 0.75))
        calls.append(Call(amounts, losses, losses[i] + along * (losses[i + 1] - losses[i])))
    return calls


def _beyond(rng: np.random.Generator, by: float) -> Call:
    amounts, losses = _curve(rng)
    return Call(amounts, losses, (losses[0] if by > 0 else losses[-1]) + by)


WORTH = Exercise(
    id="18.3",
    name="worth_in_labels",
    task="""How many labels would have led to a given loss?

    amounts: a list of numbers of labels, rising. losses: what each led to, falling.
    reached: the loss to convert into labels.
    Returns a number of labels (float). Between two of the amounts the loss is taken to be linear in
    the logarithm of the amount. If `reached` is no better than the first loss, the first amount;
    if it is better than the last one, infinity.""",
    solution="lessons.l18_expensive_sensors.sensors:worth_in_labels",
    probes=(
        Probe("at an amount that was measured, that amount",
              lambda rng: [Call(a, b, b[2]) for a, b in [_curve(rng)]]),
        Probe("between two amounts", _between),
        Probe("no better than the first", lambda rng: _beyond(rng, 0.3)),
        Probe("as good as the last: the last amount", lambda rng: _beyond(rng, 0.0)),
        Probe("better than the last: infinity", lambda rng: _beyond(rng, -0.1)),
    ),
    variants=answers.WORTH_VARIANTS,
    wrong=answers.WORTH_WRONG,
    hints=(
        "100 labels lead to a loss of 1.0, 10,000 to 0.5. Which amount leads to 0.75, if each "
        "doubling brings the same?",
        "np.interp(x, xp, fp) wants rising xp. Negative losses rise; fp are logarithms.",
        "better than the last loss: infinity\nelse exp(interp(-reached, -losses, log(amounts)))",
    ),
    next_step="With it the experiment says how many labels the expensive sensor has saved.",
    drill="100 labels lead to 1.2 nats, 400 to 1.0, 1,600 to 0.6. How many are 0.8 nats worth?",
    drill_answer="Half-way between 400 and 1,600 on a logarithmic scale: 800.",
)  # fmt: skip

EXERCISES = (HOLES, AUTO_LABEL, WORTH)
