"""Does every link of a book lead somewhere, and does no page fetch anything?

Idea:   a page may name files of the book, places in them, and, for a reader to click on, pages of
        the web. Whatever a browser loads by itself is in the page or in the book.
Run:    used by lessons.engine.book, on the folder that it has just written
Omits:  asking whether pages of the web are still there.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

WEB = ("http", "https", "mailto")
"""Schemes that a reader may follow."""


class Page(HTMLParser):
    """The ids of a page, and what it names: (element, attribute, address)."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.named: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's id and addresses; the base class calls this."""
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "src", "srcset", "data", "poster", "action", "background"):
                self.named.append((tag, name, value or ""))


def faults(folder: Path) -> list[str]:
    """Links of a folder's pages that lead nowhere or load from elsewhere, one line each."""
    pages = {
        path.name: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.html"))
    }
    found = []
    for name, page in pages.items():
        found += [f"{name}: two places called {i!r}" for i in _twice(page.ids)]
        for tag, attribute, address in page.named:
            fault = _fault(tag, attribute, address, name, pages)
            if fault:
                found.append(f"{name}: {fault}")
    return found


def _fault(tag: str, attribute: str, address: str, here: str, pages: dict[str, Page]) -> str:
    parts = urlsplit(address)
    if parts.scheme == "data" and (tag, attribute) == ("img", "src"):
        return ""
    if parts.scheme in WEB and (tag, attribute) == ("a", "href"):
        return ""
    if parts.scheme or parts.netloc:
        return f"{address[:60]!r} would be loaded from elsewhere"
    target = unquote(parts.path) or here
    if target not in pages:
        return f"a link to {target!r}, which is not in the book"
    if tag == "iframe":
        return ""  # behind the # is what a page to play on shows
    if parts.fragment and unquote(parts.fragment) not in pages[target].ids:
        return f"a link to a place {unquote(parts.fragment)!r} that is not in {target}"
    return ""


def _twice(ids: list[str]) -> list[str]:
    return sorted({i for i in ids if ids.count(i) > 1})
