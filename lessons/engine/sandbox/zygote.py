"""The process that runs learners' code: clean, and forking a child for every check.

Idea:   importing torch takes seconds, forking a process that has imported it takes milliseconds. So
        one process imports it, computes nothing (a fork after OpenMP has started threads hangs),
        knows nothing (no lesson, no expected value), and forks on request. The child limits itself,
        runs the code on its inputs, and sends plain data back.
Source: Android's zygote; fork(2).
Run:    started by lessons.engine.checking.supervisor; not for the command line
Omits:  judging. The right answers are unknown here.

Messages are a length (4 bytes) and JSON. Without fork (Windows), `--once` reads one job from
standard input, runs it in this very process and answers on standard output.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import signal
import socket
import struct
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from lessons.engine.sandbox import limits, wire

FILE = "your code"
"""File name of the learner's source in tracebacks."""
MAX_PRINTED = 1 << 20
"""Most characters that a learner's code may print before it is stopped."""
PRELOADED = (
    "numpy",
    "numpy.random",
    "numpy.linalg",
    "torch",
    "torch.nn.functional",
    "jaxtyping",
    "minigpt.model",
)

Send = Callable[[dict[str, Any]], None]


class TooMuchOutput(BaseException):
    """The code printed more than MAX_PRINTED; no `except Exception` stops it."""


class _Counted(io.TextIOBase):
    """Replacement of stdout and stderr that counts characters and keeps none."""

    def __init__(self) -> None:
        self.written = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written += len(text)
        if self.written > MAX_PRINTED:
            raise TooMuchOutput
        return len(text)


def sender(handle: int) -> Send:
    """A function that writes messages to a file descriptor."""
    write, dumps, pack = os.write, json.dumps, struct.pack  # ours, even if the code patches them

    def send(message: dict[str, Any]) -> None:
        text = dumps(message, allow_nan=False, separators=(",", ":")).encode()
        left = memoryview(pack(">I", len(text)) + text)
        while left:
            left = left[write(handle, left) :]

    return send


def serve_job(job: dict[str, Any], send: Send) -> None:
    """Run one job and send its results, call by call."""
    for name in job["imports"]:  # before the limits: a dropped user may not read installed packages
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    calls = [wire.build(wire.decode(call)) for call in job["calls"]]
    held = limits.apply(
        seconds=job["seconds"], megabytes=job["megabytes"], readable=job["readable"]
    )
    sys.stdout = sys.stderr = _Counted()
    send({"limits": held})
    function = _load(job["source"], job["name"], send)
    if function is None:
        return
    for args, kwargs in calls:
        _answer(function, args, kwargs, send)


def _load(source: str, name: str, send: Send) -> Callable[..., Any] | None:
    module = types.ModuleType("answer")
    module.__file__ = FILE
    sys.modules["answer"] = module  # dataclasses look up their module
    try:
        exec(compile(source, FILE, "exec", dont_inherit=True), module.__dict__)
        function = getattr(module, name)
    except AttributeError as error:
        send({"missing": True} if error.name == name else {"unloaded": _error(error)})
    except BaseException as error:
        send({"unloaded": _error(error)})
    else:
        if callable(function):
            return function
        send({"missing": True})
    return None


def _answer(function: Callable[..., Any], args: Any, kwargs: Any, send: Send) -> None:
    before = [_fingerprint(item) for item in (*args, *kwargs.values())]
    try:
        value = wire.encode(function(*args, **kwargs))
        after = [_fingerprint(item) for item in (*args, *kwargs.values())]
        changed = [i for i, (a, b) in enumerate(zip(before, after)) if a != b]
    except BaseException as error:
        send({"error": _error(error)})
    else:
        send({"value": value, "changed": changed})


def _fingerprint(value: Any) -> bytes:
    """A hash of an input's contents; empty for generators and objects, which may change.

    It helps honest learners find changed inputs; forging it gains nothing.
    """
    form = type(value).__name__
    if form in ("Tensor", "Parameter", "ndarray", "list", "dict", "set"):
        try:
            return wire.pack(value)
        except (ValueError, TypeError):
            return b""
    return b""


def _error(error: BaseException) -> dict[str, Any]:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, wire.NotPlain):
        return {"type": "NotPlain", "message": str(error), "line": 0}
    try:
        message = str(error)[:300]
    except BaseException:
        message = ""
    return {"type": type(error).__name__, "message": message, "line": line}


def _child(job: bytearray, result: int) -> None:
    """Run the job in a forked child; never returns."""
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDWR)
        for handle in (0, 1, 2):
            os.dup2(null, handle)
        serve_job(json.loads(job), sender(result))
    except BaseException:
        os._exit(70)
    os._exit(0)


def _end(pid: int) -> dict[str, Any]:
    """Kill the child and its descendants; returns how it ended."""
    done, status, usage = os.wait4(pid, os.WNOHANG)
    for _ in range(20):  # a pipe closes a moment before the end
        if done:
            break
        time.sleep(0.002)
        done, status, usage = os.wait4(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if not done:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        done, status, usage = os.wait4(pid, 0)
    by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return {
        "signal": by,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1,
        "cpu": usage.ru_utime + usage.ru_stime,
    }


def _receive(control: socket.socket, size: int) -> bytearray:
    """`size` bytes in one place, where they can be erased."""
    data = bytearray(size)
    left = memoryview(data)
    while left:
        count = control.recv_into(left)
        if not count:
            raise EOFError
        left = left[count:]
    return data


def serve(control: socket.socket) -> None:
    """Fork for every job, until the other side has ended."""
    control.sendall(b"R")
    while True:
        try:
            head, handles, _, _ = socket.recv_fds(control, 5, 1)
            if not head:
                return
            head += bytes(_receive(control, 5 - len(head)))
            kind, size = struct.unpack(">cI", head)
            body = _receive(control, size)
        except (EOFError, ConnectionError):
            return
        if kind == b"J":
            pid = os.fork()
            if pid == 0:
                control.close()
                _child(body, handles[0])
            body[:] = bytes(size)  # the next child, maybe for another learner, inherits this memory
            os.close(handles[0])
            control.sendall(struct.pack(">I", pid))
        else:
            answer = json.dumps(_end(struct.unpack(">I", body)[0])).encode()
            control.sendall(struct.pack(">I", len(answer)) + answer)


def main(arguments: list[str]) -> None:
    """`--once`, or the number of the control socket."""
    if arguments[0] == "--once":
        result = os.dup(1)
        if sys.platform == "win32":
            import msvcrt

            msvcrt.setmode(result, os.O_BINARY)  # or bytes that look like line ends grow
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        job = sys.stdin.buffer.read()
        serve_job(json.loads(job), sender(result))
        os._exit(0)
    for name in PRELOADED:
        importlib.import_module(name)
    if sys.platform == "linux":
        limits.keep_private()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor
    gc.collect()
    gc.freeze()  # children then share these pages
    serve(socket.socket(fileno=int(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
