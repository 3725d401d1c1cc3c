"""The attack suite: whatever the code does, it is not a pass, and the sandbox works on."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lessons.engine.checking import supervisor as sandbox_
from lessons.engine.checking.check import check_source
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.exercise import Call
from lessons.engine.sandbox import limits, zygote
from lessons.engine.sandbox.outcome import Answer, Failure, Outcome

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limits are Linux's")
RIGHT = "def f(x):\n    return x * 2\n"

# name: (code, status, what the note or the first answer says)
ATTACKS: dict[str, tuple[str, str, str]] = {
    "endless loop": ("def f(x):\n while True: pass", "timeout", "0.7 seconds"),
    "endless import": ("while True: pass\ndef f(x): return x", "timeout", "0.7 seconds"),
    "sleeps": ("import time\ndef f(x): time.sleep(99)", "timeout", "0.7 seconds"),
    "ignored signals": (
        "import signal, time\n"
        "for n in range(1, 65):\n"
        "  try: signal.signal(n, signal.SIG_IGN)\n"
        "  except (OSError, ValueError): pass\n"
        "def f(x): time.sleep(99)",
        "timeout",
        "0.7 seconds",
    ),
    "stops itself": (
        "import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGSTOP)",
        "timeout",
        "0.7 seconds",
    ),
    "memory": ("def f(x): return len(bytearray(8 << 30))", "memory", "more memory"),
    "memory, torch": ("import torch\ndef f(x): return torch.ones(2 << 30)", "memory", "memory"),
    "memory, bit by bit": (
        "def f(x):\n kept = []\n while True: kept.append(bytes(1 << 20))",
        "memory",
        "more memory",
    ),
    "output flood": ("def f(x):\n while True: print('x' * 9999)", "crash", "printed"),
    "output flood, hidden": (
        "def f(x):\n while True:\n  try: print('x' * 9999)\n  except Exception: pass",
        "crash",
        "printed",
    ),
    "answer flood": ("def f(x): return 'x' * (70 << 20)", "crash", "64 MB"),
    "exit: os._exit(0)": ("import os\ndef f(x): os._exit(0)", "crash", "ended early"),
    "exit: sys.exit(0)": ("import sys\ndef f(x): sys.exit(0)", "crash", "exit"),
    "exit: kill -9": ("import os\ndef f(x): os.kill(os.getpid(), 9)", "crash", "SIGKILL"),
    "exit: a signal without a name": (
        "import os\ndef f(x): os.kill(os.getpid(), 40)",
        "crash",
        "signal 40",
    ),
    "exit: abort": ("import os\ndef f(x): os.abort()", "crash", "SIGABRT"),
    "exit: segmentation fault": (
        "import ctypes\ndef f(x): return ctypes.string_at(0)",
        "crash",
        "SIGSEGV",
    ),
    "exit: at import": ("import os\nos._exit(0)\ndef f(x): return x", "crash", "ended early"),
    "exit: atexit and return": (
        "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): raise SystemExit(0)",
        "crash",
        "exit",
    ),
    "exit: KeyboardInterrupt": ("def f(x): raise KeyboardInterrupt", "crash", "Keyboard"),
    "endless recursion": ("def f(x): return f(x)", "done", "RecursionError"),
    "always-equal object": (
        "class E:\n def __eq__(s, o): return True\n def __bool__(s): return True\n"
        "def f(x): return E()",
        "done",
        "an object of type E",
    ),
    "always-equal text": (
        "class E(str):\n def __eq__(s, o): return True\n __hash__ = str.__hash__\n"
        "def f(x): return E('x')",
        "done",
        "an object of type E",
    ),
    "always-equal tensor": (
        "import torch\nclass E(torch.Tensor):\n def __eq__(s, o): return True\n"
        "def f(x): return x.as_subclass(E)",
        "done",
        "an object of type E",
    ),
}


def _said(outcome: Outcome) -> str:
    failures = [a.value for a in outcome.answers if isinstance(a.value, Failure)]
    return " ".join([outcome.note, *(f"{f.type} {f.message}" for f in failures)])


def _run(box: Sandbox, code: str, **limits_: Any) -> Outcome:
    limits_ = {"seconds": 0.7, "megabytes": 400, **limits_}
    return box.run(code, "f", [Call(torch.ones(2))], **limits_)


def _works(box: Sandbox) -> bool:
    outcome = _run(box, RIGHT, seconds=5)
    return outcome.status == "done" and torch.equal(outcome.answers[0].value, torch.full((2,), 2.0))


@LINUX
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_has_an_outcome_and_harms_nobody(sandbox: Sandbox, name: str) -> None:
    code, status, says = ATTACKS[name]
    outcome = _run(sandbox, code, seconds=0.7 if status == "timeout" else 30)
    assert (outcome.status, says in _said(outcome)) == (status, True), outcome
    assert _works(sandbox)


# What the kernel refuses. `proof` are lines that succeed without the sandbox, so that a refusal
# means something; every one ends in a value that only success gives.
REFUSED = {
    "fork bomb": "while True: os.fork()",
    "fork": "pid = os.fork()\n if pid == 0: os._exit(0)\n return os.waitpid(pid, 0)[1]",
    "subprocess": "return subprocess.run(['true']).returncode",
    "exec": "os.execv('/bin/true', ['true'])",
    "network": "s = socket.socket(); s.close(); return 0",
    "network, loopback": "s = socket.create_server(('127.0.0.1', 0)); s.close(); return 0",
    "local sockets": "a, b = socket.socketpair(); a.close(); b.close(); return 0",
    "symlink": "os.symlink('/etc/passwd', 'link'); return 0",
    "hard link": "os.link('/etc/hostname', 'hard'); return 0",
    "write here": "open('new', 'w').close(); return 0",
    "write to /tmp": "tempfile.TemporaryFile().close(); return 0",
    "folder": "os.mkdir('sub'); return 0",
    "signal to parent": "os.kill(os.getppid(), 0); return 0",
    "signal to all": "os.kill(-1, 0); return 0",
    "read a user's files": f"return len(os.listdir({str(Path(__file__).parent)!r}))",
    "read passwords": "return len(open('/etc/passwd').read())",
    "read a parent's memory": "open(f'/proc/{os.getppid()}/maps').read(); return 0",
    "read the environment": "open(f'/proc/{os.getppid()}/environ', 'rb').read(); return 0",
    "more memory": "resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); bytearray(1 << 30); return 0",
    "change a file's rights": "r, w = os.pipe(); os.fchmod(r, 0o600); return 0",
    "change a file's times": "r, w = os.pipe(); os.utime(r); return 0",
    "signal through a pipe": "r, w = os.pipe(); return fcntl.fcntl(r, fcntl.F_SETOWN, 1)",
    "a pace of others": "os.sched_setaffinity(0, os.sched_getaffinity(0)); return 0",
    "memory that stays": "libc = ctypes.CDLL(None, use_errno=True)\n"
    " key = libc.shmget(0, 4096, 0o1600)\n if key < 0: raise PermissionError\n"
    " return libc.shmctl(key, 0, None)",
    "trace": "ptrace = ctypes.CDLL(None, use_errno=True).ptrace\n"
    " if ptrace(0, 0, 0, 0) < 0: raise PermissionError\n return 0",
}
HEAD = "import ctypes, fcntl, os, resource, socket, subprocess, sys, tempfile\ndef f(x=0):\n "


@LINUX
@pytest.mark.parametrize("name", REFUSED)
def test_the_kernel_refuses(sandbox: Sandbox, name: str) -> None:
    outcome = _run(sandbox, HEAD + REFUSED[name], seconds=3)
    _skip_without_landlock(outcome)
    assert (outcome.status in ("done", "memory"), len(outcome.answers)) == (True, 1), outcome
    failure = outcome.answers[0].value
    assert isinstance(failure, Failure), failure
    assert failure.type in ("PermissionError", "ValueError", "MemoryError", "FileNotFoundError")
    assert _works(sandbox)


@LINUX
def test_without_the_sandbox_these_attacks_work(tmp_path: Path) -> None:
    """Otherwise a refusal would prove nothing. Those that would end the test are left out."""
    left_out = {"fork bomb", "exec", "signal to all"}
    code = [HEAD.split("def")[0]]
    for name in [n for n in REFUSED if n not in left_out]:
        code += [f"def f():\n {REFUSED[name]}", f"assert f() is not None, {name!r}"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", "\n".join(code)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@LINUX
def test_nothing_is_left_behind(sandbox: Sandbox, tmp_path: Path) -> None:
    import psutil

    sandbox.start()
    assert sandbox._process is not None
    for name in ("endless loop", "ignored signals", "stops itself"):
        _run(sandbox, ATTACKS[name][0])
    assert psutil.Process(sandbox._process.pid).children(recursive=True) == []
    assert sandbox._folder is not None
    assert list(Path(sandbox._folder.name).iterdir()) == []


@LINUX
def test_a_thread_is_allowed_and_many_are_not_more_than_an_error(sandbox: Sandbox) -> None:
    head = "import threading, time\ndef f(x):\n "
    one = f"{head}t = threading.Thread(target=len, args=([],)); t.start(); t.join(); return 1"
    assert _run(sandbox, one).answers == (Answer(1),)
    bomb = f"{head}while True: threading.Thread(target=time.sleep, args=(9,)).start()"
    assert _run(sandbox, bomb, seconds=2).status in ("done", "timeout", "memory", "crash")
    assert _works(sandbox)


@LINUX
def test_every_limit_holds_here(sandbox: Sandbox) -> None:
    """In CI: if one stops holding, this says which."""
    outcome = _run(sandbox, RIGHT)
    _skip_without_landlock(outcome)
    assert outcome.limits is not None
    assert {name: why for name, why in outcome.limits.items() if why} == {}


@LINUX
def test_every_limit_holds_for_an_ordinary_user_too() -> None:
    """In a user namespace without a mapping we are not root, and have none of its rights."""
    unshare = ["unshare", "--user"]
    if os.geteuid() != 0 or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("the tests run as an ordinary user already, or user namespaces are closed")
    code = (
        "import os, json; from lessons.engine.checking.supervisor import Sandbox, Call\n"
        "with Sandbox() as box: held = box.run('def f(x): return x', 'f', [Call(0)]).limits\n"
        "print(os.geteuid(), json.dumps(held))"
    )
    done = subprocess.run(
        [*unshare, sys.executable, "-c", code], capture_output=True, text=True, cwd=sandbox_.ROOT
    )
    user, _, held = done.stdout.partition(" ")
    assert user not in ("", "0"), done.stderr
    assert {name for name, why in json.loads(held).items() if why} <= {"folders"}


@LINUX
def test_a_namespace_of_ones_own_gives_no_rights_in_the_end() -> None:
    """An ordinary user gets a network without anything in a namespace where he has all rights."""
    code = (
        "import ctypes, os, psutil, resource\n"  # an ordinary user may not read what root installed
        "from lessons.engine.sandbox import limits\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "limits.apply(seconds=9, megabytes=999, readable=['/usr'])\n"
        "head, rights = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()\n"
        "assert ctypes.CDLL(None).capget(head, rights) == 0\n"
        "print(*rights)"  # effective, permitted and inheritable, twice
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=sandbox_.ROOT
    )
    assert done.stdout == "0 0 0 0 0 0\n", done.stderr


def _skip_without_landlock(outcome: Outcome) -> None:
    why = (outcome.limits or {}).get("folders", "")
    if os.strerror(errno.ENOSYS) in why or os.strerror(errno.EOPNOTSUPP) in why:
        pytest.skip(f"this kernel has no Landlock ({why})")


@LINUX
def test_the_child_is_nobody_with_nothing_in_its_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    code = "import os\ndef f(x): return [os.getuid(), sorted(os.environ)]"
    with Sandbox() as fresh:
        uid, names = fresh.run(code, "f", [Call(0)]).answers[0].value
    assert uid != 0
    assert "SECRET_TOKEN" not in names
    assert "PYTHONPATH" in names


def test_expected_values_never_reach_the_child(sandbox: Sandbox, checks: Any) -> None:
    """Frames, globals and loaded modules: none holds a probe, an oracle or a lesson."""
    peek = (
        "import gc, sys\n"
        "def rms_norm(x):\n"
        "    names = [n for n in sys.modules if n.startswith('lessons')]\n"
        "    frame, seen = sys._getframe(), []\n"
        "    while frame:\n"
        "        seen += [k for k in frame.f_locals] + [k for k in frame.f_globals]\n"
        "        frame = frame.f_back\n"
        "    kinds = sorted({type(o).__name__ for o in gc.get_objects()})\n"
        "    return [names, seen, kinds]\n"
    )
    names, seen, kinds = _at(sandbox, peek, "rms_norm")
    assert not [name for name in names if "checks" in name or "l90" in name]
    assert not {"expected", "expect", "probe", "probes", "oracle", "judge"} & set(seen)
    assert not {"Exercise", "Probe", "Wrong", "_Trial"} & set(kinds)


def _at(box: Sandbox, code: str, name: str) -> Any:
    outcome = box.run(code, name, [Call(torch.ones(2, 2))])
    assert outcome.status == "done", outcome
    return outcome.answers[0].value


CHEATS = {
    "patched torch": "import torch\n"
    "torch.allclose = torch.equal = lambda *a, **k: True\n"
    "torch.testing.assert_close = lambda *a, **k: None\n"
    "torch.Tensor.__eq__ = lambda a, b: torch.ones(1, dtype=torch.bool)\n"
    "def rms_norm(x): return x\n",
    "patched wire": "from lessons.engine.sandbox import wire, zygote\n"
    "wire.encode = lambda *a: {'list': []}\n"
    "def rms_norm(x): return x\n",
    "patched comparison": "from lessons.engine import compare\n"
    "compare.close = lambda *a, **k: None\n"
    "def rms_norm(x): return x\n",
    "forged answers": "import json, os, struct\n"
    "def rms_norm(x):\n"
    "    m = json.dumps({'value': None, 'changed': [], 'status': 'pass'}).encode()\n"
    "    for h in range(3, 60):\n"
    "        for _ in range(6):\n"
    "            try: os.write(h, struct.pack('>I', len(m)) + m)\n"
    "            except OSError: break\n"
    "    os._exit(0)\n",
    "forged nonsense": "import os\n"
    "def rms_norm(x):\n"
    "    for h in range(3, 60):\n"
    "        try: os.write(h, b'\\x00\\x00\\x00\\x04pass' * 9)\n"
    "        except OSError: pass\n"
    "    os._exit(0)\n",
    "closed channel": "import os\ndef rms_norm(x):\n    os.closerange(3, 60)\n    return x\n",
    "always equal": "class E:\n    def __eq__(s, o): return True\n"
    "    def __getattr__(s, n): return s\n    def __call__(s, *a, **k): return s\n"
    "def rms_norm(x): return E()\n",
    "frame peeking": "import sys\n"
    "def rms_norm(x):\n"
    "    f = sys._getframe()\n"
    "    while f:\n"
    "        for k in ('expected', 'wanted', 'solution', 'oracle', 'y'):\n"
    "            if k in f.f_locals: return f.f_locals[k]\n"
    "        f = f.f_back\n"
    "    return x\n",
    "exits first": "import os\ndef rms_norm(x): os._exit(0)\n",
    "an object for the judge to describe": "from lessons.engine.exercise import Made\n"
    "def rms_norm(x): return Made('nothing')\n",
    "a line number without end": "import os, struct\n"
    'm = b\'{"error": {"type": "E", "message": "", "line": 1e999}}\'\n'
    "def rms_norm(x):\n"
    "    for h in range(3, 60):\n"
    "        try: os.write(h, struct.pack('>I', len(m)) + m)\n"
    "        except OSError: pass\n",
    "right once": "import os\nn = 0\n"
    "def rms_norm(x):\n    global n\n    n += 1\n"
    "    if n > 1: os._exit(0)\n    return x / x.square().mean(-1, keepdim=True).sqrt()\n",
    "not a function": "rms_norm = 5\n",
    "no function": "def rms(x): return x\n",
    "does not load": "1 / 0\ndef rms_norm(x): return x\n",
}


@LINUX
@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_not_a_pass(sandbox: Sandbox, checks: Any, name: str) -> None:
    result = check_source(checks.NORM, CHEATS[name], sandbox)
    assert result.status in ("fail", "crash", "missing"), result
    right = check_source(checks.NORM, checks.NORM.variants[0].source, sandbox)
    assert right.passed  # the same harness passes what is right, after the cheat too


@LINUX
def test_what_the_next_child_inherits_holds_nothing_of_the_last_answer() -> None:
    """One student's code must not find another's in its memory."""
    marker = os.urandom(16).hex()
    with Sandbox() as box:
        code = f"def f(x):\n    return '{marker}' is not None\n" + "# long\n" * 20_000
        for source in (code, f"def f(x): return {marker!r}"):  # in pages of its own, and in a heap
            assert _run(box, source, seconds=5).status == "done"
        assert box._process is not None
        found, seen = _in_memory(
            box._process.pid, marker.encode(), b"lessons.engine.sandbox.zygote"
        )
    assert seen, "the search finds nothing at all"
    assert not found


def _in_memory(pid: int, *wanted: bytes) -> list[bool]:
    """Which of these stand in what a process may write to."""
    found = [False] * len(wanted)
    try:
        maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
        memory = open(f"/proc/{pid}/mem", "rb", buffering=0)  # noqa: SIM115
    except PermissionError:
        pytest.skip("only root may look into the memory of that process")
    with memory:
        for line in maps:
            span, rights, *_ = line.split()
            begin, end = (int(address, 16) for address in span.split("-"))
            if not rights.startswith("rw") or "[v" in line:
                continue
            memory.seek(begin)
            try:
                data = memory.read(end - begin)
            except OSError:  # mapped, and nothing there yet
                continue
            found = [known or text in data for known, text in zip(found, wanted)]
    return found


@LINUX
def test_a_file_left_by_one_answer_is_not_imported_by_the_next() -> None:
    """Where nothing keeps an answer from writing (macOS), it must not reach another's."""
    with Sandbox() as box:
        box.start()
        assert box._folder is not None
        Path(box._folder.name, "left_behind.py").touch()
        outcome = _run(box, "def f(x):\n import left_behind\n return 1")
    assert isinstance(outcome.answers[0].value, Failure)
    assert outcome.answers[0].value.type == "ModuleNotFoundError"


def test_a_dead_zygote_is_a_crash_and_then_replaced(checks: Any) -> None:
    with Sandbox() as box:
        assert _works(box)
        assert box._process is not None
        box._process.kill()
        box._process.wait()
        first = box._process.pid
        outcome = _run(box, RIGHT)
        assert outcome.status in ("crash", "done")
        assert _works(box)
        assert box._process is not None
        assert box._process.pid != first


def test_a_sandbox_that_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false" if os.name == "posix" else sys.executable)
    with pytest.raises(ValueError, match="does not start"):
        Sandbox().start()


def test_without_fork_every_run_has_its_own_interpreter() -> None:
    """What Windows gets: slower, with time and output limited by the supervisor."""
    box = Sandbox(fork=False)
    assert _works(box)
    assert _run(box, ATTACKS["endless loop"][0]).status == "timeout"
    assert _run(box, ATTACKS["exit: os._exit(0)"][0]).status == "crash"
    box.close()


@LINUX
def test_limits_report_what_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system without these calls the reasons come back, and nothing raises."""

    def missing(*_: Any) -> None:
        raise OSError("not here")

    for step in ("_memory", "_rlimit", "_files", "_die_with_parent", "_own_network", "_prctl"):
        monkeypatch.setattr(limits, step, missing)
    for step in ("_become_nobody", "_few_processes"):
        monkeypatch.setattr(limits, step, missing)
    held = limits.apply(seconds=1, megabytes=1, readable=[])
    assert set(held) == {
        "memory", "processor time", "files", "signals", "network", "user", "folders", "processes"
    }  # fmt: skip
    assert all(why == "not here" for why in held.values())


def test_a_process_that_has_just_ended_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no seccomp (macOS), processes are counted while others come and go."""
    import psutil

    here = SimpleNamespace(info={"uids": SimpleNamespace(real=os.getuid())})
    ended = SimpleNamespace(info={"uids": None})
    asked: list[Any] = []
    monkeypatch.setattr(psutil, "process_iter", lambda names: [here, ended, here])
    monkeypatch.setattr(limits, "_rlimit", lambda *given: asked.append(given))
    limits._few_processes()
    assert asked == [("RLIMIT_NPROC", 2 + limits.PROCESSES)]


def test_the_zygote_forks_from_one_thread() -> None:
    """A fork after OpenMP has started threads hangs; importing what is preloaded starts none."""
    names = ", ".join(zygote.PRELOADED)
    code = f"import {names}; import psutil; print(psutil.Process().num_threads())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=sandbox_.ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.stdout == "1\n", done.stderr


@pytest.mark.skipif(not sandbox_.HAS_FORK, reason="without fork there is nothing to share")
def test_threads_that_start_one_sandbox_start_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    launched = []
    launch = Sandbox._launch_zygote

    def slowly(made: Sandbox) -> None:
        launched.append(made)
        time.sleep(0.3)
        launch(made)

    monkeypatch.setattr(Sandbox, "_launch_zygote", slowly)
    with Sandbox() as made:
        threads = [threading.Thread(target=made.launch) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert launched == [made]
        folder = made._surroundings()["env"]["MPLCONFIGDIR"]
        assert made.run("def f():\n    return 1\n", "f", [Call()]).status == "done"
        assert made._surroundings()["env"]["MPLCONFIGDIR"] == folder


@pytest.mark.skipif(not sandbox_.HAS_FORK, reason="without fork there is nothing to share")
def test_a_first_answer_reads_its_own_folder_of_fonts() -> None:
    source = "import os\ndef f():\n    return os.listdir(os.environ['MPLCONFIGDIR'])\n"
    with Sandbox() as made:
        (answer,) = made.run(source, "f", [Call()]).answers
    assert answer.value == []
