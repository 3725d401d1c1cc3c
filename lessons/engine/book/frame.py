"""The frame that all pages of the book share: policy, style, navigation, search box, footer.

Idea:   each page is whole in itself: its style and scripts are in it, named by their hashes, so it
        opens from a disk and from any host, and nothing else runs. Words come from one table in two
        languages.
Run:    used by lessons.engine.book
Omits:  a bundler; a switch for dark, which follows the reader's system.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any

from labkit import pages
from labkit.versions import version

LANGUAGES = ("en", "zh")
FIXED = ("index", "ledger", "play", "search")
"""Pages beside the lessons, as in the navigation; the first is the front page."""
FRAME = "'self' file:"
"""What a page with a frame may show in it. A file has no origin, so "self" alone is not enough."""


def page_name(stem: str, language: str) -> str:
    """The file of a page in a language; English ones have no mark.

    >>> page_name("index", "en"), page_name("index", "zh")
    ('index.html', 'index.zh.html')
    """
    return f"{stem}.html" if language == "en" else f"{stem}.{language}.html"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The frame of the pages in one language."""

    language: str
    """en or zh."""
    shown: tuple[str, ...] = FIXED
    """Those of `FIXED` that the book has."""

    def words(self, key: str, **values: object) -> str:
        """A sentence of strings.json with its {names} filled in; KeyError if there is none."""
        text = strings()[self.language][key]
        return re.sub(r"\{(\w+)\}", lambda hole: str(values.get(hole[1], hole[0])), text)

    def say(self, key: str, **values: object) -> str:
        """The same for HTML."""
        return escape(self.words(key, **values))

    def page(
        self,
        *,
        stem: str,
        title: str,
        body: str,
        other: str = "",
        scripts: Sequence[str] = (),
        data: Any = None,
        framed: bool = False,
    ) -> str:
        """A page of the book as HTML.

        `stem` is its name without language; `other` the file of the same page in the other
        language, if there is one; `scripts` names files of assets/ beside the search box's; `data`
        goes to them; `framed` allows a frame with another page of the book.
        """
        code = "\n".join(read(f"{name}.js") for name in ("site", *scripts))
        rules = pages.rules("lessons.engine.book", "assets/book.css")
        policy = pages.policy(scripts=[code], styles=[rules])
        home = stem == "index"
        holes = {
            "lang": "zh-Hans" if self.language == "zh" else "en",
            "policy": policy + (f"; frame-src {FRAME}" if framed else ""),
            "generator": f"cognitive-core {version()}",
            "title": self.say("book") if home else f"{escape(title)} · {self.say('book')}",
            "style": pages.style(rules),
            "kind": stem if stem in FIXED else "lesson",
            "nav": self._nav(stem, other),
            "results": page_name("search", self.language),
            "body": body,
            "footer": self.say("footer", version=version()),
            "data": "" if data is None else pages.data("book-data", data),
            "scripts": pages.script(code),
            **{key: self.say(key) for key in ("skip", "pages", "search")},
        }
        return re.sub(r"@(\w+)@", lambda hole: holes[hole[1]], read("page.html"))

    def _nav(self, stem: str, other: str) -> str:
        links = []
        for name in self.shown:
            here = ' aria-current="page"' if name == stem else ""
            words = self.say("home" if name == "index" else name)
            links.append(f'<a href="{page_name(name, self.language)}"{here}>{words}</a>')
        if other:
            lang = "zh-Hans" if self.language == "en" else "en"
            links.append(
                f'<a class="other" href="{other}" lang="{lang}" hreflang="{lang}">'
                f"{self.say('other')}</a>"
            )
        return "\n".join(links)


@functools.cache
def strings() -> dict[str, dict[str, str]]:
    """The words of the pages, by language and key."""
    found: dict[str, dict[str, str]] = json.loads(read("strings.json"))
    return found


@functools.cache
def read(name: str) -> str:
    """A file of assets/."""
    folder = resources.files("lessons.engine.book").joinpath("assets")
    return folder.joinpath(name).read_text(encoding="utf-8")
