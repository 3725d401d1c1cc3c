"""The contract of an exercise, which every lesson's checks.py fills in.

Idea:   an exercise is one function that the real package also has. A learner's function is tried on
        unseen inputs (probes, from simple to subtle) and compared with an oracle, never with one
        golden answer. Known wrong answers are listed here too, so that a learner who makes the same
        mistake is told which one it is.
Source: property-based testing: Claessen & Hughes, "QuickCheck", 2000; wrong answers as a test of
        the tests: DeMillo, Lipton & Sayward, "Hints on test data selection", 1978.
Run:    python -m lessons audit
Omits:  style. Any code that computes the right result passes.

A lesson's `checks.py` ends in one name, `EXERCISES: tuple[Exercise, ...]`; variants and wrong
answers are in `answers.py` beside it, composed by lessons.engine.mistakes. Inputs for probes are in
lessons.engine.inputs (`tensor`, `logprobs`, `generator`), judges and tools for them in
lessons.engine.judges (`form_alone`, `whole`, `numbers`). Example:

    EXERCISES = (
        Exercise(
            id="03.1",
            name="causal_attention",
            task="softmax(q k^T / sqrt(D)) for q [B, H, T, D] and k [B, H, S, D], future hidden.",
            solution="minigpt.layers:attention_weights",
            probes=(
                Probe("every row of weights sums to 1",
                      lambda rng: Call(tensor(rng, 1, 2, 4, 8), tensor(rng, 1, 2, 4, 8)),
                      judge=lambda answer, q, k: None if ... else "rows that sum to 0.4 to 1.9"),
                Probe("the weights are those of the formula",
                      lambda rng: Call(tensor(rng, 2, 2, 5, 8), tensor(rng, 2, 2, 5, 8))),
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
    """An input that is built in the sandbox: `Made("minigpt.tokenizer:CharTokenizer", "abc")`.

    It is for inputs that are not plain data (a model, a tokenizer). The judge gets a new object.
    """

    what: str
    """Its place: module:name."""
    args: tuple[Any, ...]
    """Plain data from which it is built."""

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
    """Positional arguments."""
    kwargs: dict[str, Any]
    """Keyword arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", kwargs)


@dataclass(frozen=True)
class Cause:
    """A cause of a wrong answer, with a test for it."""

    text: str
    """What went wrong, in words to the learner: "this matches dividing by the square root of T"."""
    when: Callable[..., bool]
    """when(answer, *args, **kwargs): does the answer look like that? An error counts as no, and so
    does another shape than the solution's; NaN may be there."""


@dataclass(frozen=True)
class Probe:
    """One property, tried on generated inputs. Without `judge`, the answers of an oracle are right:
    those of `expect`, or of the exercise's own solution."""

    property: str
    """What must hold, in words: "every row of weights sums to 1"."""
    make: Callable[[np.random.Generator], Call | Sequence[Call]]
    """Inputs from a seeded generator; several calls are made one after another in one process."""
    _: KW_ONLY
    expect: Callable[..., Any] | None = None
    """An oracle other than the solution: called in the supervisor like the learner's function, and
    compared with `close`. If it uses randomness it gets its own generator with the same state."""
    judge: Callable[..., str | None] | None = None
    """judge(answer, *args, **kwargs) -> None if the property holds, else the answer in words,
    without the inputs. With several calls: judge(answers, calls), two lists. It sees only answers
    in the form of the solution's (`judges.unlike`): shapes are right, and nothing is NaN."""
    any_form: bool = False
    """Whether right answers may differ in form; then `judge` and `causes` see all of them."""
    rtol: float = 1e-4
    """Relative tolerance of `expect`."""
    atol: float = 1e-5
    """Absolute tolerance of `expect`."""
    causes: tuple[Cause, ...] = ()
    """Likely causes, most specific first. Known wrong answers are tried automatically."""

    def __post_init__(self) -> None:
        if self.expect is not None and self.judge is not None:
            raise ValueError(f"probe {self.property!r} needs `expect` or `judge`, and not both")


@dataclass(frozen=True)
class Oracle:
    """The package's own function, imported when it is called."""

    where: str
    """Its place: module:name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return sources.function(self.where)(*args, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Another right answer, which must pass."""

    name: str
    """What is different: "a loop", "einsum"."""
    source: str
    """Python source that defines the function, imports included."""


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A known wrong answer, which must fail and be distinguished from the others.

    A learner's answer that agrees with this one on a failed probe gets this diagnosis.
    """

    name: str
    """What is wrong: "no scale"."""
    source: str
    """Python source that defines the function, imports included."""
    diagnosis: str
    """The likely cause, in words to the learner: "the scores are not divided by sqrt(D)"."""
    outcome: Status = "fail"
    """Its status in the sandbox; "timeout" if it never ends."""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One function to write."""

    id: str
    """Lesson and number: "03.1"."""
    name: str
    """The function's name, as the learner writes it."""
    task: str
    """Its parameters and result, with shapes and units: the stub's docstring."""
    solution: str
    """The package's own function, module:name: its source is shown as the solution, and its answers
    are the right ones if a probe has no oracle of its own."""
    probes: tuple[Probe, ...]
    """Probes from simple to subtle; the first that fails is reported."""
    variants: tuple[Variant, ...]
    """At least two other right answers."""
    wrong: tuple[Wrong, ...]
    """At least three known wrong answers, better five."""
    hints: tuple[str, str, str]
    """A question, the concept, pseudocode."""
    next_step: str
    """One sentence after a pass: where this is used."""
    drill: str | Callable[[np.random.Generator], tuple[str, float]] = ""
    """Review question: one to think about, or one with new numbers and its numeric answer."""
    drill_answer: str = ""
    """The answer to the question to think about, shown after the review."""
    changes_inputs: bool = False
    """Whether the function may change its inputs; otherwise a changed input is an error."""
    points: float = 1.0
    """Points for a pass in a class."""
    seconds: float = 10.0
    """Wall-clock limit for all probes together, seconds."""
    megabytes: int = 1024
    """Memory limit, beyond that of the interpreter with torch."""
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
    """The findings of a check."""

    exercise: str
    """Id of the exercise."""
    status: Status
    """The status; only a verified pass is "pass"."""
    called: str = ""
    """The call, with shapes only."""
    expected: str = ""
    """The property tested."""
    returned: str = ""
    """The answer, in words."""
    cause: str = ""
    """The likely cause."""
    next_step: str = ""
    """One thing to do."""
    probes_passed: int = 0
    """Number of probes that held before the first that failed."""
    probes: int = 0
    """Number of probes."""
    seconds: float = 0.0
    """Duration of the check, seconds."""
    source_hash: str = ""
    """Hash of the source that ran."""
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
