"""Commands from dataclasses, with errors in one line.

Idea:   a settings dataclass is the command line (tyro); any error that a user can correct, a
        mistyped flag included, is reported in one line that says what was wrong, with exit code 2.
Run:    any `python -m <package>.<command> --help`
Omits:  logging. A command prints what its user asked for.

Set COGNITIVE_CORE_TRACEBACK=1 to see the traceback behind a one-line error.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, NoReturn, TextIO, TypeVar

from labkit.visible import visible

Settings = TypeVar("Settings")

USAGE_ERROR = 2
INTERRUPTED = 130

_PLAIN_WORDS = (  # messages of Python's own conversions, in a user's words
    (r"^Error parsing [A-Z]\w*: ", ""),
    (r"^Error parsing (--?[\w.-]+): ", r"\1: "),
    (r"invalid literal for int\(\) with base 10: ('.*?')", r"\1 is not a whole number"),
    (r"could not convert string to float: ('.*?')", r"\1 is not a number"),
    (
        r"no type matching \{None\}\|FLOAT could be instantiated from \[(.*?)\]",
        r"\1 is not a number",
    ),
    (
        r"no type matching (?:\{None\}\|INT|INT\|\{auto\}) could be instantiated from \[(.*?)\]",
        r"\1 is not a whole number",
    ),
)
_BOX = "╭╮╰╯│─| "


def parse(
    settings: Any,
    *,
    prog: str,
    args: Sequence[str] | None = None,
    default: Any = None,
    error_code: int = USAGE_ERROR,
) -> Any:
    """Read `settings` (a dataclass, or a union of them for subcommands) from the command line.

    `default` is an instance whose values apply unless the command line gives others.

    An unusable command line, or a `__post_init__` that refuses, ends the process with one line on
    standard error and `error_code`; `--help` prints as tyro prints it.
    """
    import tyro

    complaint, help_text = io.StringIO(), io.StringIO()
    given = {} if default is None else {"default": default}
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stderr(complaint))
            if {"-h", "--help"} & set(sys.argv[1:] if args is None else args):
                stack.enter_context(contextlib.redirect_stdout(help_text))
            return tyro.cli(settings, prog=f"python -m {prog}", args=args, **given)
    except SystemExit as stop:
        if stop.code in (0, None):
            _prepare_output()
            sys.stdout.write(_plain_help(help_text.getvalue()))
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
    """Parse `settings`, call `main` with them, and exit with its return value (None is 0)."""
    guard(
        lambda: main(parse(settings, prog=prog, args=args, error_code=error_code)),
        prog=prog,
        error_code=error_code,
    )


def stoppable(prog: str) -> None:
    """Let Ctrl-C end the command with one line, even while its slow modules are still loading.

    Call it before they load; `guard` takes over. A Ctrl-C that is ignored stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: _stop_now(prog))


def _stop_now(prog: str) -> None:
    os.write(2, f"{prog}: stopped\n".encode())
    os._exit(INTERRUPTED)  # an exception might be caught by a module's trial import


def guard(main: Callable[[], int | None], *, prog: str, error_code: int = USAGE_ERROR) -> NoReturn:
    """Call `main` and exit with its return value; an expected error becomes one line.

    ValueError and OSError are errors that a user can correct: one line, `error_code`. Ctrl-C exits
    with 130. A closed pipe (`| head`) is not an error: `main`'s own code is used, or 0 if `main`
    was cut short. Anything else is a bug and keeps its traceback.

    A different `error_code` means that the other codes are answers (`synthdata gate`: 1 is "fail").
    Then a bug, whose traceback is printed, and a `main` cut short by a closed pipe exit with it
    too: Python's own 1, or 0, would be taken for an answer.
    """
    _prepare_output()
    if getattr(signal.getsignal(signal.SIGINT), "__module__", "") == __name__:  # `stoppable`
        signal.signal(signal.SIGINT, signal.default_int_handler)
    answers = error_code != USAGE_ERROR
    code = error_code if answers else 0
    try:
        with memory_errors():
            code = main() or 0
        sys.stdout.flush()
    except BrokenPipeError:
        _write_nowhere(sys.stdout)
        sys.exit(code)
    except KeyboardInterrupt:
        fail("stopped", prog=prog, code=INTERRUPTED)
    except (ValueError, OSError, MemoryError) as error:
        if not os.environ.get("COGNITIVE_CORE_TRACEBACK"):
            fail(describe(error), prog=prog, code=error_code)
        if not answers:
            raise
        traceback.print_exc()
        sys.exit(error_code)
    except Exception:
        if not answers:
            raise
        traceback.print_exc()
        sys.exit(error_code)
    sys.exit(code)


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Turn the RuntimeError that torch raises when memory runs out into a MemoryError."""
    try:
        yield
    except RuntimeError as error:
        if "allocate memory" in str(error) or "out of memory" in str(error):
            raise MemoryError(str(error)) from error
        raise


def _prepare_output() -> None:
    """Escape what a terminal cannot show; let a command started without output write nowhere.

    A Windows console or pipe may not know every character; without output (`>&-`) Python has none.
    A warning becomes one line, without the line of code that raised it: its reader did not write
    that.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.formatwarning = lambda message, *_args, **_more: f"warning: {_plain(str(message))}\n"


def standard_input() -> BinaryIO:
    """Standard input as bytes; ValueError if the command was started without it (`<&-`)."""
    if sys.stdin is None:
        raise ValueError("there is no standard input to read; name a file")
    return sys.stdin.buffer


def say(line: str, *, file: TextIO | None = None) -> None:
    """Print a line at once; if its reader has gone (`| head`), go on silently.

    For commands whose work is worth more than their messages.
    """
    file = file or sys.stdout
    try:
        print(line, file=file, flush=True)
    except BrokenPipeError:
        _write_nowhere(file)


def _write_nowhere(file: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())


def describe(error: BaseException) -> str:
    """One line for an expected error; operating-system errors are described in plain words."""
    if isinstance(error, MemoryError):
        return "not enough memory for this; use a smaller model, batch or text"
    if isinstance(error, OSError) and error.errno is not None:
        where = f" {error.filename!r}" if error.filename is not None else ""
        denied = f"no permission to use{where}; choose a place where you may read and write"
        if sys.platform == "win32":  # where an open file cannot be replaced
            denied += ", or close it if another program has it open"
        plain = {
            errno.ENOSPC: f"no space left on the disk{where and ' for' + where}; "
            "free some, or name another folder",
            errno.EACCES: denied,
            errno.EPERM: denied,
            errno.EROFS: f"read-only file system:{where}; choose a folder you may write to",
            errno.ENOENT: f"no such file or folder:{where}",
            errno.EEXIST: f"something else is there already:{where}; choose another name",
            errno.EISDIR: f"a folder where a file was expected:{where}",
            errno.ENOTDIR: f"a file where a folder was expected:{where}",
        }.get(error.errno)
        if plain is not None:
            return plain
    return " ".join(str(error).split()) or type(error).__name__


def fail(message: str, *, prog: str, code: int = USAGE_ERROR) -> NoReturn:
    """Print `prog: error: message` on standard error, as one line, and exit with `code`.

    Names and texts in it may be untrusted, so control characters are shown as symbols. A command
    stopped by its user has not failed, so "error" is left out.
    """
    kind = "" if code == INTERRUPTED else "error: "
    sys.stderr.write(f"{prog}: {kind}{_plain(' '.join(message.split()))}\n")
    sys.exit(code)


def _plain(line: str) -> str:
    return visible(line, len(line))


def _plain_help(text: str) -> str:
    """Help without `{None}|` before a type and without `(default: None)`, in aligned columns."""
    lines = []
    for line in text.splitlines():
        plain = re.sub(r"\{None\}\|([^\s\]]+)(?=  )", r"\1" + " " * len("{None}|"), line)
        plain = plain.replace("{None}|", "").replace("(default: None)", "").rstrip()
        if plain or not line.strip():
            lines.append(plain)
    return "\n".join(lines) + "\n"


def _one_line(box: str) -> str:
    """The message inside tyro's framed, wrapped error."""
    words: list[str] = []
    ruled = False
    for line in box.splitlines():
        if line.startswith(("╭", "╰", "┌", "└", "+")):
            continue
        content = line.strip(_BOX)
        if content and set(content) == {"-"} and not ruled:  # plain-letter frame: above the
            words, ruled = [], True  # first rule is the title
            continue
        if not content or set(content) == {"-"}:
            if words:  # a rule across the box: advice follows
                break
            continue
        words.append(content)
    message = " ".join(words) or " ".join(box.split()) or "unusable arguments"
    for pattern, plain in _PLAIN_WORDS:
        message = re.sub(pattern, plain, message)
    return message
