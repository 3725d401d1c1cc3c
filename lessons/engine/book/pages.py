"""The book's other pages: a lesson, the ledger, the search, the page to play on.

Run:    used by lessons.engine.book
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from lessons.engine.book import player
from lessons.engine.book.chapter import Chapter
from lessons.engine.book.drawing import MARKS, intervals
from lessons.engine.book.frame import Frame, page_name
from lessons.engine.book.front import in_words, key, starred, verdict
from lessons.engine.ledger import printed

Row = Mapping[str, Any]
COLUMNS = ("lesson", "criterion", "value", "drawing", "verdict", "seeds", "minutes", "date")


def lesson(frame: Frame, chapter: Chapter, around: str) -> str:
    """The body of a lesson's page."""
    contents = "".join(
        f'<li><a href="#{quote(place)}">{escape(words)}</a></li>'
        for place, words in chapter.headings
    )
    return (
        f'<details class="contents"><summary>{frame.say("contents")}</summary>'
        f'<nav aria-label="{frame.say("contents")}"><ul>{contents}</ul></nav></details>'
        f'<article class="notebook">{chapter.html}</article>{around}'
    )


def around(frame: Frame, before: tuple[str, str] | None, after: tuple[str, str] | None) -> str:
    """Links to the pages before and after, each (file, title)."""
    links = [
        f'<a class="{which}" href="{page[0]}"><span class="note">{frame.say(which)}</span> '
        f"{escape(page[1])}</a>"
        for which, page in (("previous", before), ("next", after))
        if page
    ]
    return f'<nav class="around" aria-label="{frame.say("around")}">{"".join(links)}</nav>'


def ledger(frame: Frame, rows: Sequence[Row], chapters: Mapping[str, Chapter]) -> str:
    """The body of the ledger: the table, then each claim with its source."""
    heads = "".join(
        f'<th scope="col">{frame.say(f"column.{name}")}</th>'
        if name == "drawing"
        else f'<th scope="col" data-sort>{frame.say(f"column.{name}")}</th>'
        for name in COLUMNS
    )
    body = "\n".join(_row(frame, row, chapters) for row in rows)
    claims = "\n".join(_claim(frame, row) for row in {row["id"]: row for row in rows}.values())
    return (
        f"<h1>{frame.say('ledger')}</h1><p>{frame.say('ledger.about')}</p>{key(frame)}"
        f'<div class="scroll"><table class="sorted"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
        f"<h2>{frame.say('claims')}</h2><p>{frame.say('reading')}</p>"
        f'<dl lang="en">{claims}</dl>'
    )


def _row(frame: Frame, row: Row, chapters: Mapping[str, Chapter]) -> str:
    chapter = chapters.get(row["id"])
    name = escape(row["id"].replace("_", " "))
    link = f'<a href="{chapter.file}">{name}</a>' if chapter else name
    number = chapter.lesson.number if chapter else 0
    best = list(MARKS).index(row["verdict"]) if row["verdict"] in MARKS else len(MARKS)
    more = f'<br><span class="note">{escape(row["to_decide"])}</span>' if "to_decide" in row else ""
    cells = [
        f'<th scope="row" data-by="{number}">{link}</th>',
        f'<td lang="en">{escape(row["criterion"])}</td>',
        f'<td data-by="{row["value"]!r}">{escape(printed.value(row))}</td>',
        f"<td>{intervals([row], in_words(frame, row))}</td>",
        f'<td data-by="{best}">{verdict(frame, row["verdict"])}{more}</td>',
        f'<td data-by="{row["seeds"]}">{row["seeds"]}</td>',
        f'<td data-by="{row["seconds"]!r}">{row["seconds"] / 60:.1f}</td>',
        f"<td>{escape(row['date'])}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _claim(frame: Frame, row: Row) -> str:
    talks = [f"{code}: {talk}" for code, talk in printed.TALKS.items() if code in row["source"]]
    versions = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
    said = [
        f"{frame.say('source')}: {escape('; '.join([row['source'], *talks]))}",
        f"{frame.say('registration')}: {escape(row.get('registered', ''))}",
        f"{frame.say('machine')}: {escape(row['machine'])}, {escape(versions)}",
    ]
    lines = "".join(f'<dd class="note">{line}</dd>' for line in said)
    name = escape(row["id"].replace("_", " "))
    return f"<dt>{name}</dt><dd>{starred(row['claim'])}</dd>{lines}"


def search(frame: Frame) -> str:
    """The body of the search page; its index is `entries`.

    Its field may be completed: WebKit empties others when one comes back to the page.
    """
    return (
        f"<h1>{frame.say('search')}</h1><p>{frame.say('search.about')}</p>"
        f'<p id="book-off">{frame.say("search.scripts")}</p>'
        f'<form id="book-ask" role="search" aria-label="{frame.say("search")}" hidden>'
        f'<input type="search" name="q" aria-label="{frame.say("search")}">'
        '</form><p id="book-count" role="status"></p><ol id="book-found" class="found"></ol>'
    )


def entries(frame: Frame, chapters: Iterable[Chapter]) -> dict[str, Any]:
    """The index of the search: the sections of these chapters, and the page's words."""
    words = {name: frame.words(f"search.{name}") for name in ("none", "one", "found", "most")}
    rows = [
        [chapter.file, section["id"], chapter.title, section["heading"], section["text"]]
        for chapter in chapters
        for section in chapter.sections
    ]
    return {"rows": rows, "words": words}


def play(frame: Frame, file: str) -> str:
    """The body of the page with a model in a frame; `file` is the model's own page."""
    return (
        f"<h1>{frame.say('try')}</h1><p>{frame.say('play.about')} "
        f'<a href="{file}">{frame.say("play.alone")}</a></p>'
        f"{player.iframe(file, frame, frame.words('play.frame'))}"
        f'<p class="printed">{frame.say("play.printed")}</p>'
    )


def title_of(frame: Frame, stem: str) -> str:
    """Title of a page beside the lessons."""
    return frame.words({"index": "home", "play": "try"}.get(stem, stem))


def file_of(frame: Frame, stem: str) -> str:
    """File of a page beside the lessons."""
    return page_name(stem, frame.language)
