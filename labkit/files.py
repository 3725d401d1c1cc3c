"""Files that are either complete or not there.

Idea:   write beside the target, flush to the disk, then rename: a rename is atomic, so a reader (or
        a run that is killed) sees the old file or the new one, never half of one.
Source: POSIX rename(2); the method of every package manager.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def atomic(path: str | os.PathLike[str], mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing that replaces `path` only if the block ends without an error.

    `mode` is "wb" or "w" (UTF-8, newlines kept as written). A link stays a link, and the file it
    points to is replaced; a device or a pipe (/dev/stdout) is written into, and never replaced.
    OSError as `open` and `os.replace` raise it, about `path`; in every case an existing file stays
    as it was until the new one is complete.
    """
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    if _is_special(path):
        with open(path, mode, **text) as file:  # type: ignore[call-overload]
            yield file
        return
    target = Path(os.path.realpath(path))
    name = None
    try:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name}.", suffix=".part"
        )
        with os.fdopen(handle, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())  # mkstemp makes files private; ours are ordinary
        os.replace(name, target)
    except BaseException as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and str(error.filename).endswith(".part"):
            error.filename, error.filename2 = os.fspath(path), None  # the user named no other
        raise


def check_place(path: str | os.PathLike[str]) -> None:
    """OSError if `path` cannot become a file; to be called before an hour's work, not after it.

    >>> check_place("nowhere/at/all.png")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] No such file or directory: 'nowhere/at'
    """
    _is_special(path)
    folder = os.path.dirname(os.fspath(path)) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)


def _is_special(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a device, a pipe or the like; IsADirectoryError if it is a folder."""
    try:
        kind = os.stat(path).st_mode
    except OSError:  # nothing there yet; writing will report other errors
        return False
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    return not stat.S_ISREG(kind)


@contextmanager
def held(path: str | os.PathLike[str], message: str) -> Iterator[None]:
    """Let one process at a time into the block; ValueError(`message`) if another is inside.

    `path` is a file to lock, created if missing and left there, empty. The operating system
    releases the lock when a process ends, for whatever reason. If a file system has no locks, all
    are let in.
    """
    with open(path, "ab") as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise ValueError(message) from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path`, atomically."""
    with atomic(path) as file:
        file.write(data)


def write_all(parts: Sequence[tuple[str, bytes]]) -> None:
    """Write each path's bytes, all files or none: no file is replaced before all are written."""
    with ExitStack() as stack:
        opened = [(stack.enter_context(atomic(path)), data) for path, data in parts]
        for file, data in opened:
            file.write(data)
            file.flush()


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    with atomic(path, "w") as file:
        file.write(text)


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write `value` as readable JSON to `path`, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """The JSON value in `path`; ValueError, naming file and line, if it is not JSON."""
    try:
        return parse_json(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: line {error.lineno}: {error.msg}") from None
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None


def parse_json(text: str | bytes) -> Any:
    """The JSON value of an untrusted text; ValueError if it is not JSON.

    Data nested deeper than Python can follow are refused like any other text that is not JSON.

    >>> parse_json("[" * 100_000)
    Traceback (most recent call last):
    ...
    ValueError: nested too deeply
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def sha256(data: bytes | str) -> str:
    """Hexadecimal SHA-256 of bytes, or of a text's UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


_UMASK = threading.Lock()


def _umask() -> int:
    """The umask. It can only be read by setting it, so two threads must not do so at once."""
    with _UMASK:
        mask = os.umask(0)
        os.umask(mask)
        return mask
