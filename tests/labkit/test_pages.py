"""Pages of one file: what a frame holds, what a template lacks."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from labkit import pages


class Attributes(HTMLParser):
    """Attributes of the last element of each name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = dict(attrs)


def test_a_frame_holds_the_page_to_the_letter_and_nothing_gets_out() -> None:
    page = '<p title="a">&amp; \'b\' </iframe><script>"</script>\u2028é</p>'
    told = pages.frame(page, height=300, title='A "title" <b>', instead="No <page> here.")
    bundle = told._repr_mimebundle_(include=None, exclude=None)
    found = Attributes(bundle["text/html"]).found
    assert set(found) == {"iframe", "p", "small"}
    assert found["iframe"] == {
        "title": 'A "title" <b>',
        "sandbox": "allow-scripts",  # and neither allow-same-origin nor allow-top-navigation
        "width": "100%",
        "height": "300",
        "srcdoc": page,
    }
    assert bundle["text/html"].endswith("<p><small>No &lt;page&gt; here.</small></p>")
    assert bundle["text/plain"] == 'A "title" <b>. No <page> here.'


@pytest.mark.parametrize("page", ["<p title=\"a\">&amp;amp; 'b' </iframe>\u2028é\n</p>", ""])
def test_a_frame_is_found_again_and_nothing_else_is(page: str) -> None:
    told = pages.frame(page, height=300, title='A "title" <b>', instead="No <page> here.")
    html = told._repr_mimebundle_()["text/html"]
    assert pages.framed(html) == told
    for other in (f"{html}<p>", html.replace("allow-scripts", "allow-same-origin"), "<b>x</b>", ""):
        assert pages.framed(other) is None


def test_a_hole_without_a_filling_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="other"):
        pages.fill("@one@ @other@", {"one": "1"})


def test_only_a_page_with_workers_allows_them() -> None:
    told = [pages.policy(scripts=["a"], styles=["b"], workers=on) for on in (False, True)]
    assert ["worker-src" in policy for policy in told] == [False, True]
    assert told[1].replace("worker-src blob:; ", "") == told[0]


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("minigpt.play", "parts/play.css"),
        ("synthdata", "report/live/report.css"),
        ("lessons.engine.book", "assets/book.css"),
    ],
)
def test_what_pages_share_is_said_once(package: str, name: str) -> None:
    base, own = pages.read("labkit", "web/base.css"), pages.read(package, name)
    assert pages.rules(package, name) == base + own

    def defined(rules: str) -> set[str]:
        return set(re.findall(r"(--[\w-]+):", rules))

    assert len(defined(base)) > 9
    assert not defined(base) & defined(own)
    used = set(re.findall(r"var\((--[\w-]+)\)", base + own))
    assert used <= defined(base + own)
    assert defined(own) <= used | {"--map"}  # a canvas reads it
