"""What other systems lack must not be needed to import anything, and is said where it is missed."""

from __future__ import annotations

import errno
import pkgutil
import subprocess
import sys

import pytest

import labkit
import lessons.engine
import minigpt
from labkit import command
from lessons.engine.work import ROOT

MODULES = [
    found.name
    for package in (labkit, lessons.engine, minigpt)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.name.endswith(".__main__")
]

# Python's own modules and those of others are there first, as they are on that system.
AS_ON_WINDOWS = """
import asyncio, csv, ctypes, importlib, os, select, signal, socket, subprocess, sys, tempfile, types
import zipfile, jaxtyping, numpy, platformdirs, psutil, safetensors.torch, torch, tqdm, tyro

for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("fork", "getuid", "geteuid", "killpg", "O_CLOEXEC", "sched_getaffinity", "setgid",
             "setgroups", "setsid", "setuid", "sysconf", "wait4"):
    delattr(os, name)
for name in ("SIGCHLD", "SIGHUP", "SIGKILL", "SIGXCPU"):
    delattr(signal, name)
for name in ("recv_fds", "send_fds"):
    delattr(socket, name)
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=lambda *_: None)
sys.platform = "win32"
for name in sys.argv[1:]:
    importlib.import_module(name)
from lessons.engine.checking import supervisor
from lessons.engine.sandbox import limits
from minigpt import device
assert not supervisor.HAS_FORK
assert device.cores() >= 1
held = limits.apply(seconds=1, megabytes=1, readable=[])
print(*sorted(name for name, why in held.items() if not why))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there the other tests say it")
def test_everything_imports_where_posix_is_not_and_every_limit_says_why_it_does_not_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, *MODULES], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["user"]  # there is no root to step down from


def test_a_table_that_is_open_in_a_spreadsheet_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to replace a file that another program has open."""
    refused = PermissionError(errno.EACCES, "Access is denied", "grades.csv")
    assert "another program" not in command.describe(refused)
    monkeypatch.setattr(sys, "platform", "win32")
    assert "'grades.csv'" in command.describe(refused)
    assert "close it if another program has it open" in command.describe(refused)
