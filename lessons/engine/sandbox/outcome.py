"""The outcome of running untrusted code, read without trusting it.

Idea:   a child sends messages: its limits, then an answer for each call. They are read one by one,
        bounded in number and size, as data. If anything is missing, malformed, late or too large,
        the outcome is not "done".
Run:    used by lessons.engine.checking.supervisor
Omits:  judging the answers (lessons.engine.checking.check).
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lessons.engine.sandbox import wire

_MALFORMED: tuple[type[Exception], ...] = (ValueError, TypeError, LookupError, ArithmeticError)
_MALFORMED += (AttributeError, RecursionError, MemoryError)
"""Errors that a malformed message can raise; 1e999 as a line number overflows."""


@dataclass(frozen=True)
class Failure:
    """A call that raised, or whose answer was not plain data."""

    type: str
    """The exception's name; NotPlain for an answer that cannot be sent."""
    message: str
    """Its first 300 characters."""
    line: int
    """Line in the source that ran; 0 if unknown."""


@dataclass(frozen=True)
class Answer:
    """The answer of a call."""

    value: Any
    """Plain data, or a Failure."""
    changed: tuple[int, ...] = ()
    """Inputs (arrays, lists, dicts) that the call changed, by number."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of a run."""

    status: Literal["done", "timeout", "memory", "crash", "missing", "unloaded"]
    """"done": every call has its answer. "unloaded": the source itself raised."""
    answers: tuple[Answer, ...] = ()
    """Answers in the order of the calls; fewer if the run was cut short."""
    failure: Failure | None = None
    """The error raised by the source."""
    note: str = ""
    """What happened, in words."""
    limits: dict[str, str] | None = None
    """{limit: "" or why it does not hold}, as the child reported them."""

    def encoded(self) -> dict[str, Any]:
        """The outcome as JSON data, without the limits and the source's error."""
        answers = [
            {"failure": asdict(answer.value)}
            if isinstance(answer.value, Failure)
            else {"value": wire.encode(answer.value), "changed": answer.changed}
            for answer in self.answers
        ]
        return {"status": self.status, "note": self.note, "answers": answers}

    @classmethod
    def decoded(cls, form: dict[str, Any]) -> Outcome:
        """The inverse of `encoded`."""
        answers = tuple(
            Answer(Failure(**a["failure"]))
            if "failure" in a
            else Answer(wire.decode_answer(a["value"]), tuple(a["changed"]))
            for a in form["answers"]
        )
        return cls(status=form["status"], note=form["note"], answers=answers)


class Reader:
    """Reads a child's messages without trusting them."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.answers: list[Answer] = []
        self.limits: dict[str, str] | None = None
        self.failure: Failure | None = None
        self.status: Literal["missing", "unloaded"] | None = None
        self.timed_out = False
        self.nonsense = ""

    @property
    def complete(self) -> bool:
        """Have all messages arrived?"""
        return len(self.answers) == self.wanted or bool(self.status or self.nonsense)

    def read(self, more: Callable[[], bytes | None]) -> None:
        """Read until everything has arrived, or there is no more, or (None) no more time."""
        data, total = bytearray(), 0
        while not (self.complete and self.limits is not None):
            part = more()
            if not part:
                self.timed_out = self.timed_out or part is None
                return
            data += part
            total += len(part)
            if total > 2 * wire.MAX_BYTES:
                self.nonsense = f"it sent more than {2 * wire.MAX_BYTES >> 20} MB"
                return
            while len(data) >= 4 and not (self.complete and self.limits is not None):
                size = int.from_bytes(data[:4], "big")
                if size > wire.MAX_BYTES:
                    self.nonsense = f"an answer of more than {wire.MAX_BYTES >> 20} MB"
                    return
                if len(data) < 4 + size:
                    break
                message = bytes(data[4 : 4 + size])
                del data[: 4 + size]
                try:
                    self._take(wire.read(message))
                except wire.NotPlain as error:
                    self.nonsense = str(error)
                    return
                except _MALFORMED:
                    self.nonsense = "what came back is not an answer"
                    return

    def _take(self, message: dict[str, Any]) -> None:
        if self.limits is None:
            self.limits = {str(k): str(v) for k, v in message["limits"].items()}
        elif "missing" in message:
            self.status = "missing"
        elif "unloaded" in message:
            self.status, self.failure = "unloaded", _failure(message["unloaded"])
        elif "error" in message:
            self.answers.append(Answer(_failure(message["error"])))
        else:
            changed = tuple(int(i) for i in message["changed"])
            self.answers.append(Answer(wire.decode_answer(message["value"]), changed))

    def outcome(self, seconds: float, by_signal: int, code: int) -> Outcome:
        """The outcome by all that was read, of a process that had `seconds` and ended this way."""
        status: Any = self.status or "crash"
        note = ""
        failures = [self.failure, *(a.value for a in self.answers)]
        ends = [f for f in failures if isinstance(f, Failure) and stopped(f)]
        if self.nonsense:
            note = self.nonsense
        elif self.timed_out:
            status, note = "timeout", f"it had not ended after {seconds:g} seconds"
        elif ends:
            status = "memory" if is_memory(ends[0]) else "crash"
            note = stop_words(ends[0])
        elif self.status is None and len(self.answers) == self.wanted:
            status = "done"
        elif self.status is None:
            name = _signal_name(by_signal) if by_signal else f"exit code {code}"
            note = f"the process ended early ({name})"
        return Outcome(
            status=status,
            answers=tuple(self.answers),
            failure=self.failure,
            note=note,
            limits=self.limits,
        )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # only the first and last real-time signals have names
        return f"signal {number}"


def _failure(message: dict[str, Any]) -> Failure:
    kind, words = (_plain_text(message[key]) for key in ("type", "message"))
    return Failure(kind[:80], words[:300], int(message["line"]))


def _plain_text(words: object) -> str:
    """One line without control characters: it cannot pass for a line of feedback."""
    return "".join(c if c.isprintable() else " " for c in str(words)[:400])


def is_memory(failure: Failure) -> bool:
    """Did the call ask for more memory than there is?"""
    words = failure.message.lower()
    return failure.type == "MemoryError" or (
        failure.type == "RuntimeError" and ("alloc" in words and "memory" in words)
    )


def stopped(failure: Failure) -> bool:
    """Is this the end of the whole run rather than an error of one call?"""
    return is_memory(failure) or failure.type in (
        "SystemExit",
        "KeyboardInterrupt",
        "TooMuchOutput",
    )


def stop_words(failure: Failure) -> str:
    """The reason why the run stopped, in words to the learner."""
    return {
        "SystemExit": "it called exit instead of returning",
        "KeyboardInterrupt": "it raised KeyboardInterrupt instead of returning",
        "TooMuchOutput": "it printed more than a million characters",
    }.get(failure.type, "it asked for more memory than there is for a check")
