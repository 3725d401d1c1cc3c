"""What an exercise is: the contract that every lesson's checks.py fills in.

Idea:   an exercise is one function that the real package also has. What a learner writes is tried
        on inputs nobody has seen (probes, from simple to subtle) and compared with an oracle, never
        with one golden answer. Answers that are wrong in a known way are written down here too, so
        that a learner who makes the same mistake is told which one it is.
Source: property-based testing: Claessen & Hughes, "QuickCheck", 2000; wrong answers as a test of
        the tests: DeMillo, Lipton & Sayward, "Hints on test data selection", 1978.
Run:    python -m lessons audit
Omits:  style. Whatever computes the right thing passes.

A lesson's `checks.py` ends in one name, `EXERCISES: tuple[Exercise, ...]`; variants and wrong
answers are in `answers.py` beside it, composed by lessons.engine.mistakes. What probes are made of
is in lessons.engine.inputs (`tensor`, `logprobs`, `generator`), what judges need in
lessons.engine.judges (`refused`, `numbers`) and lessons.engine.compare (`close`). Example:

    EXERCISES = (
        Exercise(
            id="03.1",
            name="causal_attention",
            task="softmax(q k^T / sqrt(D)) for q [B, H, T, D] and k [B, H, S, D], future hidden.",
            solution="minigpt.layers:attention_weights",
            probes=(
                Probe(
                    "every row of weights sums to 1",
                    lambda rng: Call(tensor(rng, 1, 2, 4, 8), tensor(rng, 1, 2, 4, 8)),
                    judge=lambda answer, q, k: None if ... else "rows that sum to 0.4 to 1.9",
                ),
                Probe(
                    "the weights are those of the formula",
                    lambda rng: Call(tensor(rng, 2, 2, 5, 8), tensor(rng, 2, 2, 5, 8)),
                ),
            ),
            variants=answers.ATTENTION_VARIANTS,
            wrong=answers.ATTENTION_WRONG,
            hints=("question", "concept", "pseudocode"),
            next_step="03.2 uses your weights to mix values.",
        ),
    )

and, in answers.py,

    ATTENTION_RIGHT = "def causal_attention(q, k): ..."
    ATTENTION_VARIANTS = variants(ATTENTION_RIGHT, body("a loop", "..."), body("einsum", "..."))
    ATTENTION_WRONG = mistakes(ATTENTION_RIGHT,
        edit("no scale", " / q.shape[-1] ** 0.5", "", "the scores are not divided by sqrt(D)"),
        ...
    )
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Literal

import numpy as np

from lessons.engine.answers import source as sources

Status = Literal["pass", "fail", "timeout", "memory", "crash", "missing"]

_ID = re.compile(r"\d\d\.\d")


@dataclass(frozen=True)
class Made:
    """An input that is built on the other side: `Made("minigpt.tokenizer:CharTokenizer", "abc")`.

    For what is not plain data (a model, a tokenizer). The judge sees the object, built anew.
    """

    what: str
    """Where it is: module:name."""
    args: tuple[Any, ...]
    """Plain data it is built from."""

    def __init__(self, what: str, *args: Any) -> None:
        object.__setattr__(self, "what", what)
        object.__setattr__(self, "args", args)


@dataclass(frozen=True)
class Call:
    """One call of the learner's function: `Call(x, y, temperature=0.5)`.

    Inputs are plain data: None, bool, int, float, str, bytes, lists, tuples, dicts, sets, NumPy
    arrays, torch tensors, NumPy and torch generators (they travel with their state), or `Made`.
    """

    args: tuple[Any, ...]
    """By position."""
    kwargs: dict[str, Any]
    """By name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", kwargs)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Something that explains a wrong answer, with a way to tell."""

    text: str
    """What went wrong, to the learner: "this matches dividing by the square root of T"."""
    when: Callable[..., bool]
    """when(answer, *args, **kwargs): does the answer look like that? An error counts as no."""


@dataclass(frozen=True)
class Probe:
    """One property, tried on made-up inputs. Without `judge`, the answers of an oracle are right:
    those of `expect`, or of the exercise's own solution."""

    property: str
    """What must hold, in words: "every row of weights sums to 1"."""
    make: Callable[[np.random.Generator], Call | Sequence[Call]]
    """Inputs from a seeded generator; several calls are made one after another in one process."""
    _: KW_ONLY
    expect: Callable[..., Any] | None = None
    """An oracle other than the solution: called like the learner's function, in the supervisor,
    answers compared with `close`. One that consumes randomness gets its own generator with the same
    state."""
    judge: Callable[..., str | None] | None = None
    """judge(answer, *args, **kwargs) -> None if the property holds, else what came back, in words
    and without the inputs. With several calls: judge(answers, calls), two lists."""
    rtol: float = 1e-4
    """Relative tolerance of `expect`."""
    atol: float = 1e-5
    """Absolute tolerance of `expect`."""
    causes: tuple[Cause, ...] = ()
    """Likely causes, most specific first. Known wrong answers are tried by themselves."""

    def __post_init__(self) -> None:
        if self.expect is not None and self.judge is not None:
            raise ValueError(f"probe {self.property!r} needs `expect` or `judge`, and not both")


@dataclass(frozen=True)
class Oracle:
    """The package's own function, imported when it is called."""

    where: str
    """Where it is: module:name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return sources.function(self.where)(*args, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Another right answer; it must pass."""

    name: str
    """What is different: "a loop", "einsum"."""
    source: str
    """Python source that defines the function, imports included."""


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A known wrong answer; it must fail, and be told apart.

    A learner's answer that agrees with this one on a failed probe gets this diagnosis.
    """

    name: str
    """What is wrong: "no scale"."""
    source: str
    """Python source that defines the function, imports included."""
    diagnosis: str
    """The likely cause, said to the learner: "the scores are not divided by sqrt(D)"."""
    outcome: Status = "fail"
    """What the sandbox makes of it; "timeout" for one that never ends."""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One function to write."""

    id: str
    """Lesson and number: "03.1"."""
    name: str
    """The function's name, as the learner writes it."""
    task: str
    """What it takes and gives, with shapes and units: the stub's docstring."""
    solution: str
    """The package's own function, module:name: its source is shown as the solution, and its answers
    are the right ones if a probe has no oracle of its own."""
    probes: tuple[Probe, ...]
    """From simple to subtle; the first that fails is the one told about."""
    variants: tuple[Variant, ...]
    """At least two other right answers."""
    wrong: tuple[Wrong, ...]
    """At least three known wrong answers, better five."""
    hints: tuple[str, str, str]
    """A question, the concept, pseudocode."""
    next_step: str
    """One sentence after a pass: where this is used."""
    drill: str | Callable[[np.random.Generator], tuple[str, float]] = ""
    """For review: a question to think about, or one with fresh numbers and its numeric answer."""
    drill_answer: str = ""
    """The answer to the question to think about, shown after the review."""
    changes_inputs: bool = False
    """May the function change what it is given? Otherwise a changed input is a fault."""
    points: float = 1.0
    """What it is worth in a class."""
    seconds: float = 10.0
    """Wall-clock limit for all probes together."""
    megabytes: int = 1024
    """Memory limit, above what the interpreter with torch needs."""
    signature: str = ""
    """The stub's parameters, "(q, k)"; by default those of the solution, without annotations."""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"an exercise's id is like '03.1', got {self.id!r}")
        if not self.name.isidentifier():
            raise ValueError(f"{self.id}: {self.name!r} is no name for a function")
        if not re.fullmatch(r"[\w.]+:\w+", self.solution):
            raise ValueError(f"{self.id}: solution is 'module:function', got {self.solution!r}")
        if not self.probes:
            raise ValueError(f"{self.id}: an exercise needs at least one probe")
        if len(self.variants) < 2:
            raise ValueError(f"{self.id}: at least 2 variants, got {len(self.variants)}")
        if len(self.wrong) < 3:
            raise ValueError(f"{self.id}: at least 3 wrong answers, got {len(self.wrong)}")
        if len(self.hints) != 3 or not all(hint.strip() for hint in self.hints):
            raise ValueError(f"{self.id}: three hints: a question, the concept, pseudocode")
        if isinstance(self.drill, str) and bool(self.drill) != bool(self.drill_answer):
            raise ValueError(f"{self.id}: a drill in words has an answer in words: drill_answer")
        if len({w.diagnosis for w in self.wrong}) < len(self.wrong):
            raise ValueError(f"{self.id}: every wrong answer needs a diagnosis of its own")
        answers: list[Variant | Wrong] = [*self.variants, *self.wrong]
        for answer in answers:
            if self.name not in _defined(answer.source):
                raise ValueError(f"{self.id}: {answer.name!r} does not define {self.name}")
        oracle = Oracle(self.solution)
        whole = [p if p.expect or p.judge else replace(p, expect=oracle) for p in self.probes]
        object.__setattr__(self, "probes", tuple(whole))

    @property
    def lesson(self) -> int:
        """The lesson's number."""
        return int(self.id[:2])


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a check found."""

    exercise: str
    """Its id."""
    status: Status
    """Anything but a verified pass is not a pass."""
    called: str = ""
    """What was called, shapes only."""
    expected: str = ""
    """The property that was tried."""
    returned: str = ""
    """What came back."""
    cause: str = ""
    """The likely cause."""
    next_step: str = ""
    """One thing to do."""
    probes_passed: int = 0
    """How many probes held before the first that did not."""
    probes: int = 0
    """How many there are."""
    seconds: float = 0.0
    """How long the check took."""
    source_hash: str = ""
    """Of the source that ran."""
    flags: tuple[str, ...] = ()
    """"identical to the published solution", "calls the library's own function"."""

    @property
    def passed(self) -> bool:
        """Did every probe hold?"""
        return self.status == "pass"


def _defined(source: str) -> set[str]:
    return {
        node.name
        for node in ast.parse(source).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
