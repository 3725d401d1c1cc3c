"""HTML that nbconvert made of a notebook, reduced to what a page of the book may hold.

Idea:   a notebook may be a stranger's. Only the elements and attributes named here stay; a script,
        a form, a frame, a style or an event's code does not, and neither does an id, which a page's
        own scripts might take for theirs. Pictures are in the page or refused.
Source: bleach and html5lib, which nbconvert brings; nbconvert's own list drops headings.
Run:    used by lessons.engine.book
Omits:  mathematics. No lesson has a formula in TeX; it would stay as it was typed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

TAGS = frozenset(
    (
        *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div"),
        *("dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li"),
        *("ol", "p", "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody"),
        *("td", "tfoot", "th", "thead", "tr", "u", "ul", "var"),
    )
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "div": {"class"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "pre": {"class"},
    "span": {"class"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
}
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_NUMBER = re.compile(r"\d{1,5}")


def clean(html: str) -> BeautifulSoup:
    """The page's elements, with nothing in them that runs or is fetched, as a tree."""
    import bleach
    from bs4 import BeautifulSoup

    kept = bleach.clean(
        html,
        tags=TAGS,
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        strip_comments=True,
    )
    return BeautifulSoup(kept, features="html.parser")


def _allowed(tag: str, name: str, value: str) -> bool:
    if name not in _ATTRIBUTES.get(tag, ()):
        return False
    if name == "src":
        return bool(_PICTURE.fullmatch(value))
    if name == "href":
        return not value.strip().lower().startswith("data:")
    if name in ("width", "height", "colspan", "rowspan", "start"):
        return bool(_NUMBER.fullmatch(value))
    return True


def check_pictures(tree: BeautifulSoup, where: str) -> None:
    """ValueError if a picture is not inside the notebook, or has no alternative text."""
    for picture in tree.find_all("img"):
        words = str(picture.get("alt") or "").strip()
        if not picture.get("src"):
            raise ValueError(
                f"{where}: the picture {words!r:.60} is not inside the notebook; attach it, or "
                "draw it in a cell"
            )
        if not words:
            raise ValueError(f"{where}: a picture without alternative text: ![what it shows](...)")


def place_headings(tree: BeautifulSoup) -> list[tuple[str, str]]:
    """Give every heading an id, as Jupyter makes it, and each page one h1; (id, words) of each h2.

    The id is made of the heading's words, so a notebook's link to #Predict-first works here too.
    """
    seen: set[str] = set()
    found = []
    for heading in tree.find_all(re.compile(r"h[1-6]")):
        words = " ".join(heading.get_text().split())
        name = re.sub(r"\s+", "-", words)
        number = 2
        unique = name if not name.startswith("book-") else f"to-{name}"
        while unique in seen or not unique:
            unique = f"{name}-{number}"
            number += 1
        if heading.name == "h1" and seen:
            heading.name = "h2"
        seen.add(unique)
        heading["id"] = unique
        if heading.name == "h2":
            found.append((unique, words))
    return found


def scrolled(tree: BeautifulSoup) -> None:
    """Put wide things, tables and code, into boxes that scroll on their own."""
    for wide in tree.find_all(["table", "pre"]):
        box: Tag = tree.new_tag("div")
        box["class"] = "scroll"
        wide.wrap(box)
