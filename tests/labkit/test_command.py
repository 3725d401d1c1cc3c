"""Commands: whatever a user can mend is one line and exit code 2."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from labkit import command


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Say something."""

    times: int = 1
    """How often."""
    tone: Literal["low", "high"] = "low"
    """Which tone."""
    where: Path | None = None
    """A place."""

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ValueError(f"times must be at least 1, got {self.times}")


def run(
    capsys: pytest.CaptureFixture[str], *args: str, main: object = lambda settings: None
) -> tuple[object, str, str]:
    """Exit code, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as stop:
        command.run(main, Settings, prog="tests.say", args=args)  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    return stop.value.code, out, err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--bogus", "1"], "--bogus"),
        (["--times", "many"], "many"),
        (["--times"], "--times"),
        (["--tone", "shrill"], "shrill"),
        (["stray"], "stray"),
        (["--times", "0"], "times must be at least 1, got 0"),
        (["--times", "1", "--tone", "low", "--where"], "--where"),
    ],
)
def test_unusable_command_line_is_one_line(
    capsys: pytest.CaptureFixture[str], args: list[str], words: str
) -> None:
    code, out, err = run(capsys, *args)
    assert code == 2
    assert out == ""
    assert err.startswith("tests.say: error: ")
    assert words in err
    assert err.count("\n") == 1
    assert err.endswith("\n")


def test_help_is_generated_from_the_docstrings(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--help")
    assert (code, err) == (0, "")
    for words in ("Say something.", "How often.", "Which tone.", "--where"):
        assert words in out


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("a\nb   c"), "a b c"),
        (FileNotFoundError(errno.ENOENT, "x", "there.txt"), "no such file or folder: 'there.txt'"),
        (PermissionError(errno.EACCES, "x", "mine"), "no permission to use 'mine'"),
        (OSError(errno.ENOSPC, "x", "full"), "no space left on the disk for 'full'"),
        (OSError(errno.ENOSPC, "x"), "no space left on the disk;"),
        (IsADirectoryError(errno.EISDIR, "x", "d"), "a folder where a file was expected: 'd'"),
        (FileExistsError(errno.EEXIST, "x", "f"), "something else is there already: 'f'"),
        (NotADirectoryError(errno.ENOTDIR, "x", "f"), "a file where a folder was expected: 'f'"),
        (OSError(errno.EROFS, "x", "cd"), "read-only file system: 'cd'"),
        (OSError("only words"), "only words"),
        (ValueError(), "ValueError"),
        (MemoryError(), "not enough memory"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "can't decode byte 0xff"),
    ],
)
def test_expected_errors_are_one_line(
    capsys: pytest.CaptureFixture[str], error: Exception, words: str
) -> None:
    def main(settings: Settings) -> None:
        raise error

    code, _, err = run(capsys, main=main)
    assert code == 2
    assert err.startswith("tests.say: error: ")
    assert words in err
    assert err.count("\n") == 1


def test_a_bug_keeps_its_traceback() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command.guard(main, prog="tests.say")


def test_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COGNITIVE_CORE_TRACEBACK", "1")

    def main() -> None:
        raise ValueError("behind the line")

    with pytest.raises(ValueError, match="behind the line"):
        command.guard(main, prog="tests.say")


def test_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(settings: Settings) -> None:
        raise KeyboardInterrupt

    assert run(capsys)[0] == 0
    assert run(capsys, main=lambda settings: 7)[0] == 7
    code, _, err = run(capsys, main=interrupted)
    assert (code, err) == (130, "tests.say: stopped\n")
    with pytest.raises(SystemExit) as stop:
        command.run(lambda s: None, Settings, prog="x", args=["--times", "0"], error_code=3)
    assert stop.value.code == 3


def test_default_instance_fills_what_is_not_said() -> None:
    found = command.parse(
        Settings, prog="x", args=["--tone", "high"], default=Settings(times=5, tone="low")
    )
    assert found == Settings(times=5, tone="high")


PROGRAM = """
import sys
from dataclasses import dataclass
from labkit import command

@dataclass(frozen=True, kw_only=True)
class Settings:
    lines: int = 1

def main(settings):
    for i in range(settings.lines):
        print("Zeile", i, "中")

command.run(main, Settings, prog="say")
"""


def test_streams_that_misbehave(tmp_path: Path, command_environment: dict[str, str]) -> None:
    """A closed pipe, no standard output at all, a full one, and one that knows ASCII only."""
    program = tmp_path / "say.py"
    program.write_text(PROGRAM, encoding="utf-8")
    python, environment = sys.executable, command_environment

    head = subprocess.Popen(
        [python, program, "--lines", "200000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert head.stdout is not None
    assert head.stderr is not None
    head.stdout.readline()
    head.stdout.close()
    assert (head.wait(timeout=60), head.stderr.read()) == (0, b"")
    head.stderr.close()

    ascii_only = subprocess.run(
        [python, program],
        capture_output=True,
        env={**environment, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert (ascii_only.returncode, ascii_only.stderr) == (0, b"")
    assert ascii_only.stdout.split() == [b"Zeile", b"0", b"\\u4e2d"]

    if os.name == "posix":
        line = f'exec "{python}" "{program}" --lines 3 >&-'
        closed = subprocess.run(
            ["sh", "-c", line], stderr=subprocess.PIPE, env=environment, check=False
        )
        assert (closed.returncode, closed.stderr) == (0, b"")
    if Path("/dev/full").exists():
        with open("/dev/full", "wb") as full:
            broken = subprocess.run(
                [python, program], stdout=full, stderr=subprocess.PIPE, env=environment, check=False
            )
        assert broken.returncode == 2
        assert broken.stderr.decode().startswith("say: error: no space left on the disk")
        assert broken.stderr.count(b"\n") == 1


def test_where_codes_are_answers_a_bug_is_none_of_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug() -> None:
        raise ZeroDivisionError

    def mistake() -> None:
        raise ValueError("behind the line")

    monkeypatch.setenv("COGNITIVE_CORE_TRACEBACK", "1")
    for main, words in ((bug, "ZeroDivisionError"), (mistake, "behind the line")):
        with pytest.raises(SystemExit) as stop:
            command.guard(main, prog="tests.say", error_code=3)
        assert stop.value.code == 3
        err = capsys.readouterr().err
        assert err.startswith("Traceback")
        assert words in err


ANSWER = """
import sys
from labkit import command

def main():
    sys.stdin.read()
    print("answer\\n" * int(sys.argv[1]))
    return 1

command.guard(main, prog="say", error_code=int(sys.argv[2]))
"""


@pytest.mark.parametrize(
    ("lines", "error_code", "expected"),
    [
        (1, 2, 1),  # the pipe breaks when all is written: the answer is known
        (1, 3, 1),
        (200_000, 2, 0),  # it breaks inside main
        (200_000, 3, 3),  # and no answer is not the answer 0
    ],
)
def test_a_closed_pipe_changes_no_answer(
    tmp_path: Path,
    command_environment: dict[str, str],
    lines: int,
    error_code: int,
    expected: int,
) -> None:
    program = tmp_path / "answer.py"
    program.write_text(ANSWER, encoding="utf-8")
    started = subprocess.Popen(
        [sys.executable, program, str(lines), str(error_code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**command_environment, "PYTHONUNBUFFERED": ""},
    )
    assert started.stdin is not None
    assert started.stdout is not None
    assert started.stderr is not None
    started.stdout.close()
    started.stdin.close()
    assert (started.wait(timeout=60), started.stderr.read()) == (expected, b"")
    started.stderr.close()


def test_help_is_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass(frozen=True)
    class Asked:
        """What it does."""

        width: int | None = None
        """How wide."""

    with pytest.raises(SystemExit) as stop:
        command.parse(Asked, prog="x.y", args=["--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert "What it does." in out
    assert "None" not in out
    widths = [line for line in out.splitlines() if line.startswith("  --width INT")]
    assert len(widths) == 1
    assert "How wide." in out


def test_an_error_is_the_message_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the title and the rules of the frame that tyro draws around it."""

    @dataclass(frozen=True)
    class Asked:
        """What it does."""

        width: int = 1
        """How wide."""

        def __post_init__(self) -> None:
            if self.width < 1:
                raise ValueError(f"width must be at least 1, got {self.width}")

    with pytest.raises(SystemExit) as stop:
        command.parse(Asked, prog="x.y", args=["--width", "-3"])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("x.y: error: width must be at least 1, got -3 (")
    assert "---" not in said


def test_a_command_without_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ValueError, match="no standard input"):
        command.standard_input()


LOADING = """
import signal, sys, time
from labkit import command
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
command.stoppable("here")
print("loading", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot send SIGINT to one process")
def test_ctrl_c_while_modules_load_is_one_line(command_environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LOADING],
        env=command_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (command.INTERRUPTED, "here: stopped\n")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        command.stoppable("here")
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # who ignores it goes on to
        signal.signal(signal.SIGINT, signal.default_int_handler)
        command.stoppable("here")
        with pytest.raises(SystemExit):  # from here on it is an exception again, as Python has it
            command.guard(lambda: None, prog="here")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
