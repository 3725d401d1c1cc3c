"""Running untrusted code, and getting plain data back.

Idea:   the supervisor (this process) knows the right answers; the child gets only a source and
        inputs, and sends plain data back. Anything else it does (exit, loop, flood, lie) is an
        outcome, and only a full set of answers is "done". Whether those are right is judged outside
        its reach.
Source: measured on pytest-based graders: leaving with os._exit(0), an object equal to everything,
        and reading the caller's frame all pass them.
Run:    used by lessons.engine.checking.check
Omits:  judging (lessons.engine.checking.bench). Hiding this machine from the code: hostile code
        belongs in a container (TEACHING.md).
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from lessons.engine.answers import source as sources
from lessons.engine.checking.bench import Bench
from lessons.engine.exercise import Call
from lessons.engine.sandbox import wire
from lessons.engine.sandbox.outcome import Outcome, Reader
from lessons.engine.work import ROOT

HAS_FORK = hasattr(os, "fork") and sys.platform != "win32"
_START_SECONDS = 180.0  # a cold import of torch from a slow disk
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")


class Sandbox:
    """A clean process that forks one child for each run, and a bench where answers are judged;
    `with Sandbox() as sandbox: ...`.

    Start is lazy and takes as long as importing torch. It makes one run at a time; for parallel
    runs use several.
    """

    def __init__(self, *, fork: bool = HAS_FORK) -> None:
        self.fork = fork
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = threading.RLock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._plots: tempfile.TemporaryDirectory[str] | None = None
        self._ready = False
        self.bench = Bench(self._surroundings)
        """The process where answers are judged."""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End both processes; a later run starts new ones."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for folder in (self._folder, self._plots):
            if folder is not None:
                folder.cleanup()
        self.bench.close()
        self._control = self._process = self._folder = self._plots = None
        self._ready = False

    def launch(self) -> None:
        """Begin to start, without waiting: meanwhile the caller may do something else."""
        with self._lock:
            running = self._process is not None and self._process.poll() is None
            if self.fork and not running:
                self.close()
                self._launch_zygote()
            self.bench.launch()

    def _launch_zygote(self) -> None:
        self._control, theirs = socket.socketpair()
        command = [*_zygote(), str(theirs.fileno())]
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **self._surroundings(),
        )
        theirs.close()

    def start(self) -> None:
        """Start now rather than at the first run; ValueError if it does not start."""
        with self._lock:
            self._start()

    def _start(self) -> None:
        self.launch()
        if self._process is None or self._ready:
            return
        assert self._control is not None
        self._control.settimeout(_START_SECONDS)
        try:
            ready = self._control.recv(1)
        except TimeoutError:
            ready = b""
        if ready != b"R":
            self._process.kill()
            said = self._process.communicate()[1].decode(errors="replace").strip()
            self.close()
            last = said.splitlines()[-1] if said else "it said nothing"
            raise ValueError(f"the process that runs answers does not start: {last}")
        self._control.settimeout(30)
        self._ready = True

    def _surroundings(self) -> dict[str, Any]:
        """An empty folder and an environment without the user's variables."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="lessons-")
            os.chmod(self._folder.name, 0o755)
            # for matplotlib's list of fonts, which a child that imports it leaves to the next ones
            # before any limit holds; it asks whether it may write there, and later may not
            self._plots = tempfile.TemporaryDirectory(prefix="lessons-matplotlib-")
            os.chmod(self._plots.name, 0o777)
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        kept |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        kept |= {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}  # macOS: our fork is clean
        kept |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        assert self._plots is not None
        kept |= {"MPLCONFIGDIR": self._plots.name, "MPLBACKEND": "Agg"}
        return {"cwd": self._folder.name, "env": kept}

    def run(
        self,
        source: str,
        name: str,
        calls: Sequence[Call],
        *,
        seconds: float = 10.0,
        megabytes: int = 1024,
    ) -> Outcome:
        """Define what `source` defines and make `calls` of `name`, in one process, in order.

        It never raises for errors of the code; ValueError if the sandbox itself does not start.
        """
        with self._lock:
            if self.fork:
                self.start()  # before the folders are named: a new process has new ones
            job = {
                "source": source,
                "name": name,
                "calls": [wire.encode((call.args, call.kwargs)) for call in calls],
                "seconds": seconds,
                "megabytes": megabytes,
                "readable": [*_readable(), self._surroundings()["env"]["MPLCONFIGDIR"]],
                "imports": sources.imported_modules(source),
            }
            body = json.dumps(job).encode()
            if self.fork:
                return self._run_forked(body, len(calls), seconds)
            return self._run_spawned(body, len(calls), seconds)

    def _run_forked(self, body: bytes, wanted: int, seconds: float) -> Outcome:
        assert self._control is not None
        began = time.monotonic()
        inlet, outlet = os.pipe()
        try:
            try:
                head = struct.pack(">cI", b"J", len(body))
                socket.send_fds(self._control, [head], [outlet])
                self._control.sendall(body)
                (pid,) = struct.unpack(">I", self._exactly(4))
            finally:
                os.close(outlet)
            reader = Reader(wanted)

            def more() -> bytes | None:
                left = began + seconds - time.monotonic()
                ready, _, _ = select.select([inlet], [], [], max(0.0, left))
                return os.read(inlet, 1 << 20) if ready else None

            reader.read(more)
            self._control.sendall(struct.pack(">cII", b"E", 4, pid))
            end = json.loads(self._exactly(struct.unpack(">I", self._exactly(4))[0]))
        except (OSError, EOFError) as error:  # the zygote has died: fail closed, start another
            self.close()
            note = f"the process that runs answers ended ({type(error).__name__})"
            return Outcome(status="crash", note=note)
        finally:
            os.close(inlet)
        if end["cpu"] >= seconds and end["signal"] in (signal.SIGKILL, signal.SIGXCPU):
            reader.timed_out = not reader.complete
        return reader.outcome(seconds, end["signal"], end["code"])

    def _exactly(self, size: int) -> bytes:
        assert self._control is not None
        data = b""
        while len(data) < size:
            part = self._control.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def _run_spawned(self, body: bytes, wanted: int, seconds: float) -> Outcome:
        """Run without fork: a new interpreter for every run, whose start is not counted."""
        command = [*_zygote(), "--once"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, **pipes, **self._surroundings())  # type: ignore[call-overload]
        reader = Reader(wanted)
        timer = threading.Timer(_START_SECONDS, process.kill)
        begun = False

        def ran_out() -> None:
            reader.timed_out = True
            process.kill()

        def more() -> bytes:
            nonlocal timer, begun
            part: bytes = os.read(process.stdout.fileno(), 1 << 16)
            if not begun and part:  # the first message: the code starts now
                begun = True
                timer.cancel()
                timer = threading.Timer(seconds, ran_out)
                timer.start()
            return part

        timer.start()
        try:
            with contextlib.suppress(OSError):  # it has ended; Windows does not raise BrokenPipe
                process.stdin.write(body)
                process.stdin.close()
            reader.read(more)
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
        if reader.complete:
            reader.timed_out = False
        return reader.outcome(seconds, max(0, -process.returncode), process.returncode)


@cache
def sandbox() -> Sandbox:
    """The sandbox of this process; it ends with the process."""
    made = Sandbox()
    atexit.register(made.close)
    return made


def _zygote() -> list[str]:
    """The command that starts it. -P: nothing is imported from its folder, where without limits an
    answer could leave a file for the next one."""
    return [sys.executable, "-P", "-m", "lessons.engine.sandbox.zygote"]


def _readable() -> list[str]:
    """Folders that a child may read: the interpreter, installed packages, and the packages here."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    places |= {"/usr", "/lib", "/lib64", "/opt", "/etc/ld.so.cache", "/etc/localtime", "/sys"}
    places |= {"/dev/null", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo"}
    places |= {
        str(ROOT / name) for name in ("labkit", "minigpt", "distill", "synthdata", "lessons")
    }
    return sorted(place for place in places if os.path.exists(place))
