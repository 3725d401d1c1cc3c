"""Commands from dataclasses, with errors in one line.

Idea:   a settings dataclass is the command line (tyro); whatever a user can mend, a mistyped flag
        included, comes back as one line that says what was wrong, and exit code 2.
Run:    any `python -m <package>.<command> --help`
Omits:  logging. A command prints what its user asked for.

Set COGNITIVE_CORE_TRACEBACK=1 to see the traceback behind a one-line error.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

Settings = TypeVar("Settings")

USAGE_ERROR = 2
INTERRUPTED = 130

_BOX = "╭╮╰╯│─| "


def parse(
    settings: Any, *, prog: str, args: Sequence[str] | None = None, error_code: int = USAGE_ERROR
) -> Any:
    """Read `settings` (a dataclass, or a union of them for subcommands) from the command line.

    An unusable command line, or a `__post_init__` that refuses, ends the process with one line on
    standard error and `error_code`; `--help` prints as tyro prints it.
    """
    import tyro

    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(settings, prog=prog, args=args)
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        if os.environ.get("COGNITIVE_CORE_TRACEBACK"):
            sys.stderr.write(complaint.getvalue())
        fail(
            f"{_one_line(complaint.getvalue())} (python -m {prog} --help lists the options)",
            prog=prog,
            code=error_code,
        )


def run(
    main: Callable[[Any], int | None],
    settings: Any,
    *,
    prog: str,
    args: Sequence[str] | None = None,
    error_code: int = USAGE_ERROR,
) -> NoReturn:
    """Parse `settings`, call `main` with them, and exit with what it returns (None is 0).

    ValueError and OSError are what a user can mend: one line, `error_code`. Ctrl-C exits with 130
    and a closed pipe (`| head`) with 0. Anything else is a bug and keeps its traceback.
    """
    try:
        config = parse(settings, prog=prog, args=args, error_code=error_code)
        code = main(config)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        fail("stopped", prog=prog, code=INTERRUPTED)
    except (ValueError, OSError) as error:
        if os.environ.get("COGNITIVE_CORE_TRACEBACK"):
            raise
        fail(describe(error), prog=prog, code=error_code)
    sys.exit(code or 0)


def describe(error: BaseException) -> str:
    """One line for an expected error; operating-system errors are named in plain words."""
    if isinstance(error, OSError) and error.errno is not None:
        where = f" {error.filename!r}" if error.filename is not None else ""
        plain = {
            errno.ENOSPC: f"no space left on the disk{where and ' for' + where}; "
            "free some, or name another folder",
            errno.EACCES: f"no permission to use{where}; choose a folder you may write to",
            errno.EPERM: f"no permission to use{where}; choose a folder you may write to",
            errno.EROFS: f"read-only file system:{where}; choose a folder you may write to",
            errno.ENOENT: f"no such file or folder:{where}",
            errno.EISDIR: f"a folder where a file was expected:{where}",
            errno.ENOTDIR: f"a file where a folder was expected:{where}",
        }.get(error.errno)
        if plain is not None:
            return plain
    return " ".join(str(error).split()) or type(error).__name__


def fail(message: str, *, prog: str, code: int = USAGE_ERROR) -> NoReturn:
    """Print `prog: error: message` on standard error, as one line, and exit with `code`."""
    sys.stderr.write(f"{prog}: error: {' '.join(message.split())}\n")
    sys.exit(code)


def _one_line(box: str) -> str:
    """The message inside tyro's framed, wrapped error."""
    words: list[str] = []
    for line in box.splitlines():
        if line.startswith(("╭", "╰", "┌", "└", "+")):
            continue
        content = line.strip(_BOX)
        if not content:
            if words:  # a rule across the box: what follows is advice
                break
            continue
        words.append(content)
    return " ".join(words) or " ".join(box.split()) or "unusable arguments"
