"""The scripts of the report: search, order, numbers of curves, differences; nothing else runs."""

from __future__ import annotations

import difflib
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit import pages
from synthdata.panel.panel import Panel, measure
from synthdata.report import figures, page, record
from synthdata.report.structure import Report
from synthdata.similarity.evidence import FURTHER, WORDINGS, Evidence, Item
from synthdata.verdicts.verdict import Verdict

LIVE = Path(page.__file__).parent / "live"
HOSTILE = "\"><script>document.title='ran'</script><img src=x onerror=alert(1)>\u202e</details> {n}"
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def scripts() -> Iterator[Callable[[str], Any]]:
    """V8 with the functions of the report in it: the value of an expression that JSON can hold."""
    mini_racer = pytest.importorskip("py_mini_racer", reason="mini-racer is part of [test]")
    context = mini_racer.MiniRacer()
    code = pages.joined("synthdata", [f"report/live/{n}.js" for n in page.LIVE if n != "start"])
    context.eval(f"{code}\n;0")
    yield lambda expression: json.loads(context.eval(f"JSON.stringify({expression})"))
    context.close()


def test_every_script_is_in_the_page_and_makes_no_markup() -> None:
    assert {path.stem for path in LIVE.glob("*.js")} == set(page.LIVE)
    strings = json.loads((LIVE / "strings.json").read_text("utf-8"))
    code = "".join(path.read_text("utf-8") for path in LIVE.glob("*.js"))
    orders = re.findall(r"^  (\w+): \(a, b\)", code, re.M)
    said = set(re.findall(r'\bt\("([\w.]+)"', code)) | {f"order.{name}" for name in orders}
    assert said | {"left", "right"} == strings.keys()
    for path in [*LIVE.glob("*.js"), Path(pages.__file__).parent / "web" / "elements.js"]:
        text = path.read_text("utf-8")
        assert text.startswith("/* ")
        assert len(text.splitlines()) < 200
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "fetch(",
        ):
            assert word not in text, (path, word)


def test_pieces_lose_nothing(scripts: Any) -> None:
    for text, count in {
        "Knock, knock!": 4,
        "  two\n\nwords ": 3,
        "一只猫 cat's": 6,
        "": 0,
        "e\u0301te\u0301 👍🏽": 3,
        "ひらがな kana": 5,
    }.items():
        found = scripts(f"pieces({json.dumps(text)})")
        assert "".join(found) == text
        assert len(found) == count, found


def test_what_both_texts_have_is_a_longest_common_subsequence(scripts: Any) -> None:
    rng = random.Random(0)
    for _ in range(40):
        left, right = ([rng.choice("abc") for _ in range(rng.randrange(9))] for _ in range(2))
        only = scripts(f"differences({json.dumps(left)}, {json.dumps(right)})")
        kept = [c for c, alone in zip(left, only["left"]) if not alone]
        assert kept == [c for c, alone in zip(right, only["right"]) if not alone]
        assert len(kept) == _longest(left, right)
        matched = difflib.SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
        assert len(kept) >= sum(block.size for block in matched)


def _longest(a: list[str], b: list[str]) -> int:
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + _longest(a[1:], b[1:])
    return max(_longest(a[1:], b), _longest(a, b[1:]))


def test_white_space_is_no_difference_and_runs_are_joined(scripts: Any) -> None:
    only = scripts('differences(pieces("a  b c"), pieces("a b\\nd c"))')
    assert only == {"left": [False] * 3, "right": [False, False, True, False]}
    assert scripts('runs(["a ", "b ", "c"], [true, true, false])') == [
        {"text": "a b ", "only": True},
        {"text": "c", "only": False},
    ]


def test_texts_fit_if_they_have_every_word(scripts: Any) -> None:
    for text, asked, fits in (
        ("A Cat and a dog", "dog cat", True),
        ("A Cat and a dog", "cat fox", False),
        ("ＡＢＣ ﬁsh", "abc fish", True),
        ("a.c", "a*c", False),
        ("anything", "", True),
        ("一只猫", "猫", True),
    ):
        assert scripts(f"fits({json.dumps(text)}, {json.dumps(asked)})") is fits


def test_orders_keep_equal_texts_as_they_were_found(scripts: Any) -> None:
    told = [(0, 2, "bb"), (1, 9, "a"), (2, 2, "ccc"), (3, 9, "aa")]
    data = json.dumps([{"rank": r, "times": t, "text": x} for r, t, x in told])
    for order, ranks in {
        "found": [0, 1, 2, 3],
        "times": [1, 3, 0, 2],
        "longest": [2, 0, 3, 1],
        "alphabet": [1, 3, 0, 2],
    }.items():
        expected = scripts(f"{data}.reverse().sort(ORDERS.{order}).map((one) => one.rank)")
        assert expected == ranks, order


def test_the_nearest_point_answers_if_it_is_near(scripts: Any) -> None:
    curves = json.dumps([[[0, 1, ""], [0.5, 0.5, ""]], [[1, 0, ""]]])
    for place, found in {
        "90, 10": (1, 0),
        "52, 49": (0, 1),
        "50, 99": (-1, -1),
    }.items():
        at = scripts(f"nearest({curves}, {place}, 100, 100, 40)")
        assert (at["curve"], at["point"]) == found


# -- what the report carries ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> Panel:
    """One joke in 20 wordings, a tale told twice in each of 40 ways, and texts of their own."""
    days = [f"{day} {time}" for day in ["sunny", "rainy", "cold", "grey"] for time in "12345"]
    jokes = [f"Why did the chicken cross the long road on a {day} day at all?" for day in days]
    tales = [f"{'abcdefgh'[i % 8] * 9} {i * 7919} {'xyzuv'[i // 8] * 9}" for i in range(40)]
    return measure([*jokes, *tales, *tales, HOSTILE, HOSTILE, f"{HOSTILE} again"])


def report(found: Panel) -> Report:
    return Report(
        title=f"Variety of {HOSTILE}",
        verdict=Verdict(text="It repeats.", confidence="high", because="So it does.", tone="bad"),
        headlines=(found["hill1"],),
        measures=tuple(found.values()),
        figures=tuple(figures.of_collection(found, {"persona": (0.5, 2.0)})),
        evidence=found.evidence,
        provenance={"file": HOSTILE},
    )


@pytest.fixture(scope="module")
def html(found: Panel) -> str:
    return page.to_html(report(found))


def test_a_page_has_room_for_more_than_the_record(found: Panel) -> None:
    views = {view.title: view for view in found.evidence}
    assert len(views["Commonest outputs"].items) == 3
    assert len(views["Commonest outputs"].further) == FURTHER - 3
    cluster = views["Near-duplicates"].items[0]
    assert (cluster.count, len(cluster.wordings)) == (20, WORDINGS)
    assert cluster.wordings[0] == (cluster.text, 1)
    told = record.evidence(found.evidence)
    assert all(view.keys() == {"title", "summary", "items"} for view in told)
    assert {key for view in told for item in view["items"] for key in item} == {
        *("text", "count", "note")
    }
    for view in found.evidence:
        assert len({*view.items, *view.further}) == len(view.items) + len(view.further)


def test_points_are_where_they_were_drawn_and_say_the_panels_numbers(found: Panel) -> None:
    curve, profile, budget = figures.of_collection(found, {"persona": (0.5, 2.0)})
    assert [drawn.name for drawn in curve.drawn] == ["words", "documents"]
    assert [drawn.name for drawn in profile.drawn] == ["words", "documents"]
    assert budget.drawn == ()
    for drawn in (*curve.drawn, *profile.drawn):
        x, y, _ = zip(*drawn.points)
        assert list(x) == sorted(x)
        assert all(0 < place < 1 for place in (*x, *y))
    words = curve.drawn[0]
    assert list(zip(*words.points))[1] == tuple(sorted((p[1] for p in words.points), reverse=True))
    n = found.counts["words"].n
    said = words.points[words.begin][2]
    assert said == f"{n:,} words drawn: {round(found['hill0'].value)} distinct"
    assert words.points[-1][2].endswith("distinct, by estimate")
    hill = profile.drawn[0]
    assert hill.points[hill.begin][2].startswith("order 1: effectively ")
    assert max(len(drawn.points) for drawn in curve.drawn) < 200


def test_a_point_lies_on_the_picture_where_its_dot_is() -> None:
    """Two dots are drawn alone, and looked for in the picture's pixels."""
    import io

    import numpy as np
    from matplotlib.image import imread

    from labkit import figures as labkit

    with labkit.style():
        figure, ax = labkit.new()
        ax.plot([1, 30], [5, 80], "s", color="#ff0000", markersize=6)
        ax.set_yscale("log")
        labkit.label(ax, x="x", y="y")
        seen = imread(io.BytesIO(labkit.png(figure, alt="two dots")))[..., :3]
    red = (seen[..., 0] > 0.9) & (seen[..., 1] < 0.1)
    high, wide = red.shape
    for (left, top), half in zip(labkit.places(ax, [(1, 5), (30, 80)]), (slice(0, wide // 2), ...)):
        rows, columns = np.nonzero(red[:, : wide // 2] if half is not ... else red[:, wide // 2 :])
        shift = 0 if half is not ... else wide // 2
        assert abs(rows.mean() - top * high) < 2
        assert abs(columns.mean() + shift - left * wide) < 2


# -- in a browser ---------------------------------------------------------------------------------


@pytest.mark.browser
def test_the_evidence_is_searched_and_ordered(visit_file: Visit, html: str) -> None:
    here = visit_file(html, ready="body[data-alive]")
    view = here.locator(".view").first
    assert view.locator(".quotes blockquote").count() == 3
    search = here.get_by_label("Search these texts")
    search.fill("CHICKEN rainy")
    shown = here.locator("blockquote:visible .quoted").all_inner_texts()
    assert shown  # by its own text, or by a wording inside it
    told = here.locator(".row [role=status]").inner_text()
    assert re.fullmatch(rf"{len(shown)} of \d+ have these words", told)
    search.fill("no such word anywhere")
    assert here.locator("blockquote:visible").count() == 0
    search.fill("")
    assert view.locator(".quotes blockquote").count() == 3
    here.get_by_label("Order").select_option("longest")
    lengths = [len(text) for text in view.locator(".quoted").all_text_contents()]
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) == FURTHER
    view.locator(".further summary").click()
    assert view.locator("blockquote:visible").count() == FURTHER


@pytest.mark.browser
def test_a_curve_says_its_numbers_to_pointer_and_keys(
    visit_file: Visit, html: str, found: Panel
) -> None:
    here = visit_file(html, ready="body[data-alive]")
    picture = here.locator(".drawing").first
    assert picture.locator(".point").is_hidden()
    slider, said = here.locator(".drawing + .row input").first, here.locator("output").first
    begin = said.inner_text()
    assert begin.startswith(f"{found.counts['words'].n:,} words drawn: ")
    slider.focus()
    assert picture.locator(".point").is_visible()
    here.keyboard.press("End")
    assert said.inner_text().endswith("by estimate")
    assert slider.get_attribute("aria-valuetext") == said.inner_text()
    assert picture.locator(".bubble").inner_text() == said.inner_text()
    slider.blur()
    assert picture.locator(".point").is_hidden()
    drawn = figures.of_collection(found)[0].drawn[1]
    left, top, words = drawn.points[drawn.begin]
    picture.scroll_into_view_if_needed()
    box = picture.locator("img").bounding_box()
    here.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
    assert said.inner_text() == words
    assert here.locator(".drawing + .row select").first.input_value() == "documents"
    dot = picture.locator(".point").bounding_box()
    assert abs(dot["x"] + dot["width"] / 2 - box["x"] - left * box["width"]) < 2
    assert abs(dot["y"] + dot["height"] / 2 - box["y"] - top * box["height"]) < 2


@pytest.mark.browser
def test_wordings_are_compared_side_by_side(visit_file: Visit, html: str) -> None:
    here = visit_file(html, ready="body[data-alive]")
    cluster = here.locator("blockquote", has_text="20 ×").locator(".wordings")
    cluster.locator("summary").click()
    cluster.locator("ins").first.wait_for()
    sides = cluster.locator(".side")
    assert cluster.locator("del").count() == cluster.locator("ins").count() >= 1
    assert "1 of 16" in cluster.locator("[role=status]").inner_text()
    boxes = [sides.nth(i).bounding_box() for i in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    sides.nth(1).locator("select").select_option(index=0)
    assert cluster.locator("del, ins").count() == 0  # the same text on both sides


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1100, "light")])
def test_axe_finds_nothing_and_strangers_run_nothing(
    visit_file: Visit, axe: Any, html: str, width: int, scheme: str
) -> None:
    here = visit_file(
        html,
        ready="body[data-alive]",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    for summary in here.locator("summary").all():
        summary.click()
    here.get_by_label("Search these texts").fill("script")
    here.locator("ins").first.wait_for()  # inside a text that was written to run
    assert here.title() == f"Variety of {HOSTILE}".replace("\u202e", "\\u202e")
    assert here.locator("img").count() == 3
    assert here.locator("script").count() == 2
    here.get_by_label("Search these texts").fill("")
    assert here.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(here) == []


@pytest.mark.browser
def test_without_scripts_everything_can_be_read(visit_file: Visit, html: str, found: Panel) -> None:
    here = visit_file(html, java_script_enabled=False)
    assert here.locator("input, select, button").count() == 0
    assert here.locator("img").count() == 3
    for view in found.evidence:
        for item in (*view.items, *view.further):
            if HOSTILE not in item.text:
                assert here.get_by_text(item.text, exact=True).count() >= 1
    summary = here.locator(".wordings summary").first
    summary.click()
    assert here.locator(".wordings li:visible").count() == WORDINGS


@pytest.mark.browser
def test_a_report_without_curves_or_evidence(visit_file: Visit, found: Panel) -> None:
    bare = Report(title="t", verdict=report(found).verdict, headlines=(), provenance={})
    empty = Evidence(title="Templates", summary="none", items=())
    one = Evidence(title="One", summary="one", items=(Item(text="a", count=2),))
    for evidence in ((), (empty,)):
        text = page.to_html(Report(**{**vars(bare), "evidence": evidence}))
        assert "<script" not in text
        assert "script-src 'none'" in text
    text = page.to_html(Report(**{**vars(bare), "evidence": (empty, one)}))
    here = visit_file(text, ready="body[data-alive]")
    here.get_by_label("Search these texts").fill("b")
    assert here.locator("blockquote:visible").count() == 0
