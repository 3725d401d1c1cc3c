"""The cache of texts on this machine: one folder, one file per text.

Idea:   MINIGPT_CACHE names the folder; the default is the platform's user cache folder. Copied to
        another machine, it works there: what is read is checked against the table.
Run:    python -m minigpt.corpora clear
Omits:  limits on its size; all texts of the table together take a few tens of megabytes.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import platformdirs

from labkit import files
from minigpt.corpora.catalogue import TABLE, Entry

_STALE_SECONDS = 3600  # a half-written file this old belongs to no living process


def cache_folder() -> Path:
    """MINIGPT_CACHE, or this platform's folder for caches; it need not exist."""
    named = os.environ.get("MINIGPT_CACHE")
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_cache_dir("cognitive-core", appauthor=False))


def cache_path(entry: Entry) -> Path:
    """Path of the entry's file, unique because part of the hash is in its name."""
    return cache_folder() / f"minigpt-{entry.name}-{str(entry.sha256)[:12]}.txt"


def cached(entry: Entry) -> str | None:
    """The text from the cache; None if it is missing, unreadable or not the right one."""
    path = cache_path(entry)
    try:
        data = path.read_bytes() if path.is_file() else None
    except OSError:
        return None
    return data.decode("utf-8") if data and files.sha256(data) == entry.sha256 else None


def save(entry: Entry, text: str) -> None:
    """Save the text; OSError if it cannot be written and the right one is not already there."""
    path = cache_path(entry)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", error.filename) from None
    try:
        files.write_bytes(path, text.encode("utf-8"))
    except OSError:
        # On Windows a file that another process is reading cannot be replaced; nothing is lost if
        # the right text is already there.
        if cached(entry) is None:
            raise


def clear() -> list[str]:
    """Delete what this module put into the cache folder; return a line for each file.

    Only plain files with exactly our names, or our half-written ones that are an hour old; links
    are left alone.
    """
    said = []
    for entry in TABLE.values():
        if entry.make is not None:
            continue
        path = cache_path(entry)
        halves = [p for p in path.parent.glob(f".{path.name}.*.part") if _old(p)]
        for ours in [path, *halves]:
            if ours.is_symlink():
                said.append(f"left alone, a link: {ours}")
            elif ours.is_file():
                ours.unlink(missing_ok=True)
                said.append(f"deleted: {ours}")
    return said or [f"nothing to delete in {cache_folder()}"]


def _old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > _STALE_SECONDS
    except FileNotFoundError:
        return False
