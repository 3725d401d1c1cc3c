"""The bench: a process that judges, with its own time and memory limits.

Idea:   untrusted code returns plain data, but data can be such that judging it takes days or
        gigabytes (a shape of 2^40 empty rows). So it is not judged in the process that grades the
        class, but in this one. It knows the oracle and never runs learners' code; if it exceeds its
        time or memory it is ended, a new one is started, and the answer is a "fail".
Source: a supervisor that restarts failed processes: Armstrong, "Making reliable distributed systems
        in the presence of software errors", 2003.
Run:    started by lessons.engine.checking.supervisor; not for the command line
Omits:  a memory limit if the system has none (macOS, Windows); the time limit holds everywhere.

Messages are a length (8 bytes) and bytes. To the bench: the exercise (by cloudpickle, since probes
are functions without a name), then, as JSON, the calls and their answers. From it: JSON, once it is
up, once the oracle has answered these calls too (the clock starts then: until here all code was
ours), and with the result. No learner's data are pickled.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import IO, Any

import cloudpickle

from lessons.engine.checking.feedback import hint_step
from lessons.engine.checking.judging import Trial, asked, judge
from lessons.engine.exercise import Exercise, Result
from lessons.engine.sandbox import limits
from lessons.engine.sandbox.outcome import Failure, Outcome, is_memory

SECONDS = 10.0
"""Processor time for judging one answer, seconds; longer if answering the exercise takes longer."""
WAITS = 6
"""Ratio of wall-clock limit to processor time, for busy machines."""
MEGABYTES = 1024
"""Memory for judging one answer, beyond that of the process with the exercise loaded."""
_START_SECONDS = 180.0  # a cold import of torch from a slow disk
_HEAD = struct.Struct(">Q")


class Bench:
    """The supervisor's end of the bench. It starts lazily and judges one answer at a time."""

    def __init__(self, surroundings: Callable[[], dict[str, Any]]) -> None:
        self._surroundings = surroundings
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._late = False
        self._lock = threading.Lock()

    def launch(self) -> None:
        """Begin to start, without waiting."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lessons.engine.checking.bench"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **self._surroundings(),
        )

    def close(self) -> None:
        """End the process; a later judgement starts a new one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                assert pipe is not None
                with contextlib.suppress(OSError):  # unwritten data cannot be written now
                    pipe.close()
        self._process, self._ready = None, False

    def judge(
        self,
        exercise: Exercise,
        trials: Sequence[Trial],
        outcome: Outcome,
        source: str,
        discreet: bool,
    ) -> Result:
        """`judging.judge` within limits: "fail" for an answer that exceeds them.

        ValueError if the process does not start, RuntimeError if a check itself is faulty.
        """
        with self._lock:
            return self._judge(exercise, trials, outcome, source, discreet)

    def _judge(
        self,
        exercise: Exercise,
        trials: Sequence[Trial],
        outcome: Outcome,
        source: str,
        discreet: bool,
    ) -> Result:
        seconds = max(SECONDS, exercise.seconds)
        try:
            self._start()
            self._send(cloudpickle.dumps(exercise))
            self._send(json.dumps([trial.encoded(exercise) for trial in trials]).encode())
            self._receive(_START_SECONDS)
            job = {"outcome": outcome.encoded(), "source": source, "discreet": discreet}
            job["seconds"] = seconds
            self._send(json.dumps(job).encode())
            return Result(**self._receive(WAITS * seconds))
        except (OSError, EOFError):
            words = self._why_it_ended(seconds)
            self.close()
            return _unjudged(exercise, words)
        except BaseException:  # Ctrl-C: a message on its way would be taken for the next answer
            self.close()
            raise

    def _start(self) -> None:
        self.launch()
        if self._ready:
            return
        assert self._process is not None
        assert self._process.stderr is not None
        try:
            self._receive(_START_SECONDS)
        except EOFError:
            said = self._process.stderr.read().decode(errors="replace").strip()
            last = said.splitlines()[-1] if said else "it said nothing"
            self.close()
            raise ValueError(f"the process that judges does not start: {last}") from None
        self._ready = True

    def _send(self, message: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        _write(self._process.stdin, message)

    def _receive(self, seconds: float) -> dict[str, Any]:
        """The next message; EOFError if the process ended, or had to be ended after `seconds`."""
        process = self._process
        assert process is not None
        assert process.stdout is not None

        def too_late() -> None:
            self._late = True
            process.kill()

        self._late = False
        timer = threading.Timer(seconds, too_late)
        timer.start()
        try:
            message: dict[str, Any] = json.loads(_read(process.stdout))
        finally:
            timer.cancel()
        if "fault" in message:
            raise RuntimeError(message["fault"])
        return message

    def _why_it_ended(self, seconds: float) -> str:
        assert self._process is not None
        code = self._process.wait()
        if self._late or (hasattr(signal, "SIGXCPU") and -code == signal.SIGXCPU):
            return f"in time ({seconds:g} seconds)"
        return f"(the process that judges ended with {code})"


def _unjudged(exercise: Exercise, why: str) -> Result:
    return Result(
        exercise=exercise.id,
        status="fail",
        expected=exercise.probes[0].property,
        returned=f"what came back could not be judged {why}",
        cause="an answer that is far larger than the right one, or made to take long",
        next_step=hint_step(exercise),
    )


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_HEAD.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes:
    """One message; EOFError if there is none, or half of one."""
    head = pipe.read(_HEAD.size)
    size = _HEAD.unpack(head)[0] if len(head) == _HEAD.size else -1
    message = pipe.read(size) if size >= 0 else b""
    if len(message) != size:
        raise EOFError
    return message


def main() -> None:
    """Judge until the other side has ended."""
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor
    quiet = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):  # output of a known wrong answer would get between messages
        os.dup2(quiet, handle)

    def say(message: dict[str, Any]) -> None:
        _write(outlet, json.dumps(message).encode())

    say({})
    while True:
        try:
            exercise = cloudpickle.loads(_read(inlet))
            forms = json.loads(_read(inlet))
            trials = [asked(exercise, Trial.decoded(form, exercise)) for form in forms]
            say({})
            job = json.loads(_read(inlet))
            limits.allow(seconds=job["seconds"], megabytes=MEGABYTES)
            outcome = Outcome.decoded(job["outcome"])
            say(asdict(judge(exercise, trials, outcome, job["source"], job["discreet"])))
        except EOFError:
            return
        except Exception as error:
            if is_memory(Failure(type(error).__name__, str(error), 0)):
                say(asdict(_unjudged(exercise, f"within {MEGABYTES} MB")))
            else:
                say({"fault": f"{type(error).__name__}: {error}"})
        finally:
            limits.allow()


if __name__ == "__main__":
    main()
