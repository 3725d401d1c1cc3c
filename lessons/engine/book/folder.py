"""A folder that is either a whole book or not there.

Idea:   write into a folder beside the target, then rename. A book lists its files in book.json;
        only a folder that holds these files and no others is ever replaced, so nobody's own go.
Source: POSIX rename(2), as labkit.files.
Run:    used by lessons.engine.book
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit import files

LIST = "book.json"
"""Names of a book's files, in the book."""
MAKER = "python -m lessons book"


def check(out: Path) -> None:
    """Refuse a place that cannot become a book, before the work is done.

    OSError if its parent is no folder, or not to be written to; ValueError if something else than
    an earlier book, whole or with files missing, is there.
    """
    files.check_place(out.parent / LIST)
    if out.is_dir():
        _check_book(out)
    elif os.path.lexists(out):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(out))


def _check_book(out: Path) -> None:
    here = {path.relative_to(out).as_posix() for path in out.rglob("*")}
    if not here:
        return
    remedy = "name another folder with -o, or move it away"
    try:
        listed = files.read_json(out / LIST)
        ours = {*listed["files"], LIST} if listed["made by"] == MAKER else set()
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    if not ours:
        raise ValueError(f"{out} is a folder that holds something else than a book; {remedy}")
    if strange := sorted(here - ours):
        raise ValueError(f"{out} holds {strange[0]!r}, which is not the book's; {remedy}")


@contextmanager
def written(out: Path) -> Iterator[Path]:
    """An empty folder to write a book into; at the end it replaces `out`, after an error nothing.

    Errors as `check`, which is made again before anything is replaced.
    """
    check(out)
    made = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part"))
    try:
        book = made / "new"
        book.mkdir()
        yield book
        names = sorted(path.relative_to(book).as_posix() for path in book.rglob("*"))
        files.write_json(book / LIST, {"made by": MAKER, "files": names})
        check(out)
        if out.exists():
            os.replace(out, made / "old")
        try:
            os.replace(book, out)
        except OSError:
            if (made / "old").exists():
                os.replace(made / "old", out)
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
