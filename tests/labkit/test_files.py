"""Files are whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from labkit import files


def leftovers(folder: Path) -> list[str]:
    """Everything in a folder, hidden files included."""
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("stage", ["block", "fsync", "replace", "interrupt"])
def test_a_crash_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    target = tmp_path / "it.txt"
    target.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if stage in ("fsync", "replace"):
        monkeypatch.setattr(files.os, stage, refuse)

    def write() -> None:
        with files.atomic(target) as file:
            file.write(b"new")
            if stage == "block":
                raise OSError(errno.ENOSPC, "full")
            if stage == "interrupt":
                raise KeyboardInterrupt

    with pytest.raises((OSError, KeyboardInterrupt)):
        write()
    assert target.read_text() == "old"
    assert leftovers(tmp_path) == ["it.txt"]


def test_a_reader_sees_old_or_new_and_a_killed_writer_leaves_old(tmp_path: Path) -> None:
    target = tmp_path / "it.txt"
    target.write_text("old")
    with files.atomic(target, "w") as file:
        file.write("new")
        file.flush()
        assert target.read_text() == "old"  # until the block ends
    assert target.read_text() == "new"
    program = (
        "import os, sys; from labkit import files\n"
        "with files.atomic(sys.argv[1]) as file:\n"
        "    file.write(b'half'); file.flush(); os._exit(9)\n"  # no clean-up, like kill -9
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(target)],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert done.returncode == 9
    assert target.read_text() == "new"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no permission bits")
def test_permissions_are_those_of_an_ordinary_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write_text(tmp_path / "it", "x")
        assert stat.S_IMODE((tmp_path / "it").stat().st_mode) == 0o640
        assert os.umask(0o027) == 0o027  # left as it was
    finally:
        os.umask(before)


def test_round_trips(tmp_path: Path) -> None:
    value = {"é": [1, 2.5, None], "lines": "a\r\nb"}
    files.write_json(tmp_path / "a.json", value)
    assert files.read_json(tmp_path / "a.json") == value
    files.write_text(tmp_path / "b.txt", "a\r\nb\n中")
    assert (tmp_path / "b.txt").read_bytes() == "a\r\nb\n中".encode()
    files.write_bytes(tmp_path / "c", bytes(range(256)))
    assert (tmp_path / "c").read_bytes() == bytes(range(256))
    assert files.sha256("中") == hashlib.sha256("中".encode()).hexdigest()


def test_errors(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"a":\n oops}')
    with pytest.raises(ValueError, match=r"bad.json is not JSON: line 2"):
        files.read_json(tmp_path / "bad.json")
    (tmp_path / "latin.json").write_bytes(b'"\xe9"')
    with pytest.raises(ValueError, match="not UTF-8"):
        files.read_json(tmp_path / "latin.json")
    with pytest.raises(FileNotFoundError):
        files.write_text(tmp_path / "no" / "folder", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="folder"):
        files.check_place(tmp_path / "folder")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        files.check_place(tmp_path / "nowhere" / "x")
    files.check_place(tmp_path / "folder" / "x")
    with pytest.raises(IsADirectoryError, match="folder"):
        files.write_text(tmp_path / "folder", "x")
    with pytest.raises(NotADirectoryError) as caught:
        files.write_text(tmp_path / "bad.json" / "x", "x")
    assert caught.value.filename == str(tmp_path / "bad.json" / "x")  # not the half-written one
    assert leftovers(tmp_path) == ["bad.json", "folder", "latin.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
def test_all_files_or_none(tmp_path: Path) -> None:
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    files.write_all([(one, b"1"), (two, b"2")])
    assert [Path(name).read_bytes() for name in (one, two)] == [b"1", b"2"]
    for wrong in (str(tmp_path), *(["/dev/full"] if os.path.exists("/dev/full") else [])):
        for parts in ([(one, b"new"), (wrong, b"x")], [(wrong, b"x"), (one, b"new")]):
            with pytest.raises(OSError):
                files.write_all(parts)
    assert sorted(os.listdir(tmp_path)) == ["one", "two"]
    assert Path(one).read_bytes() == b"1"


def test_a_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # else the writer would wait for one
    try:
        files.write_bytes(pipe, b"through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert leftovers(tmp_path) == ["pipe"]


@pytest.mark.skipif(os.name != "posix", reason="links need a permission on Windows")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "there" / "file.txt")
    for words in ("made", "replaced"):
        files.write_text(link, words)
        assert link.is_symlink()
        assert (tmp_path / "there" / "file.txt").read_text() == words
    assert leftovers(tmp_path) == ["link.txt", "there"]


def test_one_process_at_a_time_is_let_in_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    program = (
        "import os, sys; from labkit import files\n"
        "with files.held(sys.argv[1], 'busy'):\n"
        "    print('inside', flush=True); sys.stdin.read(); os._exit(9)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(lock)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"inside"
        with pytest.raises(ValueError, match="busy"), files.held(lock, "busy"):
            pytest.fail("two were let in")
        other.communicate()  # its input ends, and it dies without cleaning up
    assert other.returncode == 9
    with files.held(lock, "busy"):
        pass
    with files.held(lock, "busy"):  # left in order, it is free again too
        pass
