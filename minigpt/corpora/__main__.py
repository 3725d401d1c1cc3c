"""`python -m minigpt.corpora`: list, fetch and clear the texts."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from tyro.conf import Positional

from labkit import command
from minigpt.corpora.cache import cache_folder, cache_path, cached, clear
from minigpt.corpora.catalogue import TABLE, CorpusUnavailable, Entry
from minigpt.corpora.texts import known, text_of


@dataclass(frozen=True)
class List:
    """List the corpora, their sizes, and whether they are on this machine."""


@dataclass(frozen=True)
class Fetch:
    """Fetch one corpus or all of them into the cache."""

    name: Positional[str]
    """A name from the list, or "all"."""

    def __post_init__(self) -> None:
        if self.name != "all" and self.name not in TABLE:
            raise ValueError(f"no corpus {self.name!r}; {known(self.name)}, or all of them: all")


@dataclass(frozen=True)
class Clear:
    """Delete the cached texts; nothing else in the folder is touched."""


def main(what: List | Fetch | Clear) -> None:
    """List, fetch or clear the texts."""
    if isinstance(what, Fetch):
        failures = []
        for entry in TABLE.values():
            if what.name in ("all", entry.name):
                try:
                    text, origin = text_of(entry, offline=False, must_save=True)
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


def _size(entry: Entry) -> str:
    if entry.characters is not None:
        return f"{entry.characters:,}"
    try:
        return f"{len(text_of(entry, offline=True)[0]):,}"
    except CorpusUnavailable:
        return "-"


def _state(entry: Entry) -> str:
    if entry.make is not None:
        return "always"
    if cached(entry) is not None:
        return "yes"
    return "damaged" if os.path.lexists(cache_path(entry)) else "no"


if __name__ == "__main__":
    arguments = sys.argv[1:] or ["list"]
    command.run(main, List | Fetch | Clear, prog="minigpt.corpora", args=arguments)
