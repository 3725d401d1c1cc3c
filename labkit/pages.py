"""Pages that are one file: a policy that lets nothing but their own code run, and data inside.

Idea:   a page may hold strangers' texts and names. Its policy names the hashes of its own scripts
        and styles, so nothing else runs, whatever stands in the texts; and nothing is fetched.
Source: Content Security Policy, w3.org/TR/CSP3; HTML, "restrictions for contents of script".
Run:    used by minigpt.play, and by synthdata's reports (--html)
Omits:  headers. A file on a disk has none, so the policy is a meta element.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from importlib import resources
from typing import Any

from labkit.visible import SHOWN, visible


def policy(*, scripts: Sequence[str], styles: Sequence[str], workers: bool = False) -> str:
    """The policy of a page with exactly these inline scripts and styles and pictures inside it,
    and with `workers` made of its scripts."""
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(map(_hash, scripts)) or "'none'",
        "style-src": " ".join(map(_hash, styles)) or "'none'",
        **({"worker-src": "blob:"} if workers else {}),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {allowed}" for name, allowed in rules.items())


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def script(code: str, name: str = "") -> str:
    """`code` as an element whose id is `name`; ValueError if it holds what would end or hide it.

    >>> script("let a = 1;")
    '<script>let a = 1;</script>'
    """
    _check(code, "script")
    return f'<script id="{name}">{code}</script>' if name else f"<script>{code}</script>"


def style(rules: str) -> str:
    """Style rules as an element; ValueError if they hold what would end it."""
    _check(rules, "style")
    return f"<style>{rules}</style>"


def data(name: str, value: Any) -> str:
    """A JSON-able value as an element that does not run, to be read by its id.

    Chinese and Japanese stay as they are, half as long as their escapes; all else is ASCII.

    >>> data("texts", ["</script>"])
    '<script type="application/json" id="texts">["\\\\u003c/script>"]</script>'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    text = re.sub("[^\0-~\u3001-\u9fff\uff01-\uff5e]", lambda c: json.dumps(c[0])[1:-1], text)
    return f'<script type="application/json" id="{name}">{text}</script>'


def text(words: str, most: int = SHOWN) -> str:
    """A stranger's text as text of a page: at most `most` characters, none hidden, none markup.

    >>> text("<b>\\n")
    '&lt;b&gt;⏎ '
    """
    return escape(visible(words, most), quote=True)


def read(package: str, name: str) -> str:
    """A file of a package, such as a page's script."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def joined(package: str, names: Sequence[str]) -> str:
    """Scripts of a package as one, in this order."""
    return "\n".join(read(package, name) for name in names)


def rules(package: str, name: str) -> str:
    """Style rules of a page: what all pages share (web/base.css), then a file of its package."""
    return f"{read('labkit', 'web/base.css')}{read(package, name)}"


def fill(template: str, holes: Mapping[str, str]) -> str:
    """A page with its `@holes@` filled in; KeyError for a hole without a filling.

    >>> fill("<p>@said@</p>", {"said": "@not a hole@"})
    '<p>@not a hole@</p>'
    """
    return re.sub(r"@(\w+)@", lambda hole: holes[hole[1]], template)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A page inside a notebook: its scripts run in a frame of their own, and reach nothing else.

    A notebook shows it if it is the last value of a cell. The page travels in the notebook; it has
    neither an address nor storage (`sandbox`, w3.org HTML). Where a viewer takes frames out or runs
    no scripts, the words below it remain.
    """

    page: str
    """The page as HTML."""
    height: int = 640
    """Pixels; the page scrolls inside."""
    title: str
    """What a screen reader calls the frame."""
    instead: str
    """Words below the frame, for readers who see none: what they miss, and how to get it."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        inside = self.page.replace("&", "&amp;").replace('"', "&quot;")
        return {
            "text/html": f'<iframe title="{escape(self.title)}" sandbox="allow-scripts" '
            f'width="100%" height="{self.height}" srcdoc="{inside}"></iframe>\n'
            f"<p><small>{escape(self.instead)}</small></p>",
            "text/plain": f"{self.title}. {self.instead}",
        }


def frame(
    page: str, height: int = 640, title: str = "A page to play on", instead: str = ""
) -> Frame:
    """A page for a notebook's cell, `height` pixels high; `instead` is said to readers without it.

    >>> frame("<p>a & b</p>", title="Try it")._repr_mimebundle_()["text/plain"]
    'Try it. If there is no page to play on above, this viewer runs no scripts: run the cell.'
    """
    words = "If there is no page to play on above, this viewer runs no scripts: run the cell."
    return Frame(page=page, height=height, title=title, instead=instead or words)


_FRAME = re.compile(
    r'<iframe title="([^"]*)" sandbox="allow-scripts" width="100%" height="(\d{1,5})" '
    r'srcdoc="([^"]*)"></iframe>\n<p><small>([^<]*)</small></p>'
)


def framed(html: str) -> Frame | None:
    """The frame that a notebook's output holds as HTML; None if it holds anything else.

    >>> framed(frame("<p>a & b</p>")._repr_mimebundle_()["text/html"]).page
    '<p>a & b</p>'
    """
    if not (found := _FRAME.fullmatch(html.strip())):
        return None
    title, height, page, instead = map(unescape, found.groups())
    return Frame(page=page, height=int(height), title=title, instead=instead)


def _check(code: str, element: str) -> None:
    for piece in (f"</{element}", "<!--", "<script"):
        if piece in code.lower():
            raise ValueError(f"a {element} inside a page must not contain {piece!r}")
