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
from html import escape
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

    >>> data("texts", ["</script>"])
    '<script type="application/json" id="texts">["\\\\u003c/script>"]</script>'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
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


def fill(template: str, holes: Mapping[str, str]) -> str:
    """A page with its `@holes@` filled in; KeyError for a hole without a filling.

    >>> fill("<p>@said@</p>", {"said": "@not a hole@"})
    '<p>@not a hole@</p>'
    """
    return re.sub(r"@(\w+)@", lambda hole: holes[hole[1]], template)


def _check(code: str, element: str) -> None:
    for piece in (f"</{element}", "<!--", "<script"):
        if piece in code.lower():
            raise ValueError(f"a {element} inside a page must not contain {piece!r}")
