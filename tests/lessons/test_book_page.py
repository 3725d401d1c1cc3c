"""The book in a real browser, opened from a disk, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lessons.engine.book import command

pytestmark = pytest.mark.browser

HOSTILE = (
    "<h1 id='book-main'>Ours</h1>\n\n<script>document.title='ran'</script>"
    "<img src=x onerror=\"document.title='ran'\" alt=x>&lt;/script&gt;"
)
Open = Callable[..., Any]


@pytest.fixture
def visit(browser: Any, book: Path) -> Iterator[Open]:
    """Opens a page of the book from its file, offline; no error is left in it, and nothing but
    files of the book was asked for."""
    seen: list[str] = []
    wrong: list[str] = []
    contexts = []

    def open_(name: str, folder: Path = book, **settings: Any) -> Any:
        context = browser.new_context(**settings)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.on("request", lambda request: seen.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("dialog", lambda dialog: (wrong.append("a dialog"), dialog.dismiss()))
        page.goto(f"{folder.as_uri()}/{name}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []
    assert [url for url in seen if not url.startswith(("file:", "blob:"))] == []


@pytest.mark.parametrize("name", ["index.html", "01_next_character.html"])
def test_nobody_is_shut_out(visit: Open, axe: Any, name: str) -> None:
    here = visit(name)
    here.evaluate("for (const more of document.querySelectorAll('details')) more.open = true")
    assert axe(here) == []
    here.emulate_media(color_scheme="dark")  # changes colours, and nothing else
    dark = "axe.run('.bar, .lessons, .cell:nth-child(-n + 12)', { runOnly: ['color-contrast'] })"
    found = here.evaluate(dark)
    assert len(found["passes"][0]["nodes"]) > 20
    assert found["violations"] == []


def test_no_page_scrolls_sideways_on_a_phone(visit: Open, book: Path) -> None:
    here = visit("index.zh.html", viewport={"width": 360, "height": 640})
    for name in ("index", "index.zh", "01_next_character", "ledger", "search", "play"):
        here.goto(f"{book.as_uri()}/{name}.html")
        # Firefox's own search box is as wide in a Chinese type as one of 40 characters is here
        for box in here.locator(".find input").all():
            assert box.evaluate("box => { box.size = 40; return box.offsetWidth; }") <= 240
        assert here.evaluate("document.documentElement.scrollWidth") == 360, name


def test_the_search_is_reached_from_a_lesson_and_leads_to_a_section(visit: Open, axe: Any) -> None:
    here = visit("01_next_character.html")
    here.get_by_role("searchbox").fill("tenth  FRESH")
    here.keyboard.press("Enter")
    here.wait_for_url("**/search.html#q=*")
    assert here.locator("#book-ask input").input_value() == "tenth  FRESH"
    assert here.locator("#book-count").inner_text().endswith("places")
    assert axe(here) == []
    best = here.locator("#book-found li").first
    assert {word.lower() for word in best.locator("mark").all_inner_texts()} == {"tenth", "fresh"}
    best.locator("a").click()
    here.wait_for_url("**/07_model_collapse.html#*")
    assert here.evaluate("scrollY") > 500
    here.go_back()
    here.locator("#book-ask input").fill("<b>nothing</b>")
    assert here.locator("#book-count").inner_text() == "Nothing has all of these words."


def test_the_ledger_sorts_both_ways(visit: Open, axe: Any) -> None:
    here = visit("ledger.html")

    def column(number: int) -> list[str]:
        cells = here.locator(f".sorted tbody tr > :nth-child({number})")
        return [text.split("\n")[0] for text in cells.all_inner_texts()]

    before = column(3)
    here.get_by_role("button", name="Measured [95 %").click()
    values = [float(text.split()[0]) for text in column(3)]
    assert values == sorted(values)
    here.keyboard.press("Enter")
    assert [float(text.split()[0]) for text in column(3)] == values[::-1]
    assert axe(here) == []
    head = here.locator(".sorted th", has_text="Measured [95 %")
    assert head.get_attribute("aria-sort") == "descending"
    here.get_by_role("button", name="Verdict").click()
    assert column(5)[0] == "reproduced"
    assert column(5)[-1] == "falls short"
    assert sorted(column(3)) == sorted(before)
    here.emulate_media(media="print")  # paper does not scroll
    assert here.locator(".scroll").evaluate("e => getComputedStyle(e).overflowX") == "visible"


@pytest.mark.parametrize("name", ["play.html", "01_next_character.html"])
def test_the_model_plays_in_its_frame(visit: Open, name: str) -> None:
    here = visit(name, locale="zh-CN")
    here.locator("iframe.model").scroll_into_view_if_needed()
    frame = here.frame_locator("iframe.model")
    frame.locator("body[data-counted]").wait_for()
    frame.locator("#write-one").click()
    frame.locator("#writers .bars button").first.wait_for()
    assert frame.locator("#writers .bars button").count() > 1
    assert frame.locator("html").get_attribute("lang") == "en"  # as the book's page
    assert frame.locator("#state").is_hidden()
    assert here.locator("iframe.model").get_attribute("sandbox") == "allow-scripts"


def test_without_scripts_everything_is_there_but_the_search(visit: Open) -> None:
    here = visit("ledger.html", java_script_enabled=False)
    assert here.locator(".sorted tbody tr").count() > 10
    assert not here.get_by_role("searchbox").is_visible()
    here.get_by_role("link", name="Search").click()
    assert here.get_by_text("The search needs scripts").is_visible()


def test_a_strangers_lesson_never_runs(visit: Open, tmp_path: Path) -> None:
    import nbformat
    from nbformat import v4

    from lessons.engine.catalogue import Lesson

    (tmp_path / "lesson.py").write_text("", encoding="utf-8")
    html = v4.new_output("display_data", {"text/html": HOSTILE, "text/plain": HOSTILE})
    cells = [v4.new_markdown_cell(HOSTILE), v4.new_markdown_cell(f"## {HOSTILE}")]
    cells.append(v4.new_code_cell(HOSTILE, outputs=[html], execution_count=1))
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "51_ours.ipynb")
    lesson = Lesson(number=51, name="ours", folder=tmp_path)
    with pytest.raises(ValueError, match="is not inside the notebook"):
        command.read([lesson], tmp_path)
    for cell in cells[:2]:
        cell.source = cell.source.replace("<img", "<embed")
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "51_ours.ipynb")
    made = command.site(command.read([lesson], tmp_path), [], "")
    command.write(tmp_path / "site", made)
    here = visit("51_ours.html", tmp_path / "site")
    for name in ("51_ours.html", "index.html", "search.html#q=ours"):
        here.goto(f"{(tmp_path / 'site').as_uri()}/{name}")
        here.wait_for_timeout(50)
        assert here.title() != "ran"
        assert here.locator("main").count() == 1
    assert here.locator("#book-found a").count() >= 1
