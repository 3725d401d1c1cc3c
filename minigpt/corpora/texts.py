"""A text by its name or its file: from the cache, from its source, or made here.

Idea:   a fetched text is checked against the table's hash before anyone trains on it.
Run:    python -m minigpt.corpora fetch NAME
Omits:  encodings other than UTF-8.
"""

from __future__ import annotations

import difflib
import os
import warnings
from pathlib import Path

from labkit import files
from minigpt import storyland
from minigpt.corpora.cache import cache_folder, cache_path, cached, save
from minigpt.corpora.catalogue import TABLE, CorpusUnavailable, Entry
from minigpt.corpora.corpus import Corpus, from_file
from minigpt.corpora.fetch import RouteFailed

DEFAULT = "shakespeare"
FALLBACK = "python-docs"


def load(name_or_path: str | os.PathLike[str] = DEFAULT, *, offline: bool = False) -> Corpus:
    """A text by its name in the table, `storyland:LENGTH`, or a path to a UTF-8 file.

    A name takes precedence over a file of the same name (write ./jokes for the file).
    CorpusUnavailable if a text is not available; with `offline` the network is not tried.
    ValueError or OSError if a name or file is unusable.

    >>> corpus = load("storyland:1000")
    >>> len(corpus.train), len(corpus.choose), len(corpus.judge)
    (900, 50, 50)
    """
    name = os.fspath(name_or_path)
    if name in TABLE:
        return _corpus(TABLE[name], text_of(TABLE[name], offline=offline)[0])
    family, colon, length = name.partition(":")
    if colon and family == "storyland":
        if not length.isdecimal() or len(length) > 10 or not 1 <= int(length) <= 10**9:
            raise ValueError(f"storyland:LENGTH wants 1 to 10^9 characters, got {name!r}")
        return _corpus(TABLE[family], storyland.generate(int(length)))
    path = Path(name).expanduser()
    if not name or not os.path.lexists(path):
        raise ValueError(f"no corpus and no file {name!r}; {known(name)}")
    return from_file(path)


def known(name: str) -> str:
    """The known names in words, beginning with the nearest."""
    near = difflib.get_close_matches(name.lower(), TABLE, n=1, cutoff=0.5)
    return (f"did you mean {near[0]!r}? " if near else "") + f"corpora: {', '.join(TABLE)}"


def load_default(*, offline: bool = False) -> tuple[Corpus, str]:
    """The default text and ""; if it is not available, `fallback()` and a line that says so."""
    try:
        return load(DEFAULT, offline=offline), ""
    except CorpusUnavailable as error:
        return fallback(), f"using {FALLBACK}: {error}"


def fallback() -> Corpus:
    """The text that comes with every Python; it differs between Python versions."""
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


def text_of(entry: Entry, *, offline: bool, must_save: bool = False) -> tuple[str, str]:
    """The entry's text, and its origin in a word or two."""
    if entry.make is not None:
        text = entry.make()
        _check(entry, text)
        return text, "made here"
    text_here = cached(entry)
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
                save(entry, text)
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


def _corpus(entry: Entry, text: str) -> Corpus:
    return Corpus(
        name=entry.name,
        title=entry.title,
        text=text,
        sha256=files.sha256(text),
        source=entry.source,
        licence=entry.licence,
    )
