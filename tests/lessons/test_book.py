"""`python -m lessons book`: what it makes of notebooks, the ledger and a model; what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat import v4

from labkit import pages
from lessons.engine import catalogue, course
from lessons.engine.book import chapter as chapters
from lessons.engine.book import clean, command, drawing, folder, frame, links, player
from lessons.engine.book.command import MODEL, Book
from lessons.engine.catalogue import Lesson
from lessons.engine.ledger import printed, records

ASSETS = Path(frame.__file__).parent / "assets"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9aw"
PNG += "AAAABJRU5ErkJggg=="  # one dot


@pytest.fixture
def ours(tmp_path: Path) -> Lesson:
    """A class's own lesson, whose notebook a test writes."""
    place = tmp_path / "l51_ours"
    place.mkdir()
    (place / "lesson.py").write_text("# %% [markdown]\n# # Ours\n", encoding="utf-8")
    return Lesson(number=51, name="ours", folder=place)


def notebook(folder: Path, *cells: Any, language: str = "") -> Path:
    """A notebook of lesson 51 in a folder: a string is prose, a list the outputs of a cell."""
    made = [
        v4.new_markdown_cell(cell)
        if isinstance(cell, str)
        else v4.new_code_cell("show()", outputs=cell, execution_count=1)
        for cell in cells
    ]
    path = folder / language / "51_ours.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=made), path)
    return path


def picture(alt: str = "a line that falls") -> Any:
    return v4.new_output("display_data", {"image/png": PNG}, metadata={"image/png": {"alt": alt}})


# Lessons.


def test_a_lesson_is_all_there(book: Path) -> None:
    page = (book / "01_next_character.html").read_text(encoding="utf-8")
    source = nbformat.read(chapters.source(catalogue.find(1), "en"), as_version=4)
    pictures = [
        output["metadata"]["image/png"]["alt"]
        for cell in source.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    from bs4 import BeautifulSoup

    tree = BeautifulSoup(page, "html.parser")
    assert [img["alt"] for img in tree.find_all("img")] == pictures != []
    assert len(tree.select(".code_cell")) == sum(c.cell_type == "code" for c in source.cells)
    printed_ = [o.text.strip() for c in source.cells for o in c.get("outputs", []) if "text" in o]
    shown = "\n".join(pre.get_text() for pre in tree.select(".output_stdout pre"))
    assert all(text in shown for text in printed_)
    assert [h.get_text() for h in tree.find_all("h1")] == [catalogue.find(1).title]
    assert "68–78 minutes" in (book / "index.html").read_text(encoding="utf-8")


def test_next_and_previous_go_through_the_parts(book: Path) -> None:
    def around(name: str) -> list[str]:
        page = (book / name).read_text(encoding="utf-8")
        return re.findall(r'class="(?:previous|next)" href="([^"]+)"', page)

    assert around("01_next_character.html") == ["index.html", "07_model_collapse.html"]
    assert around("07_model_collapse.html") == ["01_next_character.html", "ledger.html"]


def test_the_ledger_has_every_row_and_the_front_page_every_verdict(book: Path) -> None:
    rows = [r for r in records.read() if r["id"] in ("next_character", "model_collapse")]
    page = (book / "ledger.html").read_text(encoding="utf-8")
    front = (book / "index.html").read_text(encoding="utf-8")
    assert page.count("<tr>") == 1 + len(rows)
    for row in rows:
        assert printed.value(row) in page
        assert printed.value(row) in front
    assert "personas" not in page
    assert front.count('role="img"') == 2 + 4  # two claims, and the four in the key


def test_pages_are_whole_and_fetch_nothing(book: Path) -> None:
    listed = json.loads((book / folder.LIST).read_text(encoding="utf-8"))
    assert sorted([*listed["files"], folder.LIST]) == sorted(p.name for p in book.iterdir())
    for path in set(book.glob("*.html")) - {book / MODEL, *book.glob("play*")}:
        page = path.read_text(encoding="utf-8")
        assert "default-src 'none'; script-src 'sha256-" in page
        assert not re.search(r"<(link|base|object|embed|form[^>]* action)", page), path
        framed = re.findall(r'<iframe class="model"[^>]* src="([\w.]+)#lang=(?:en|zh)"', page)
        assert len(framed) == page.count("<iframe")
        assert len(framed) == ("frame-src 'self' file:" in page)
        assert [name for name in framed if not (book / name).exists()] == []
        rest = re.sub(r"<iframe[^>]+>", "", page)
        assert not re.search(r'(src|srcset)="(?!data:image/png;base64,)', rest), path
        assert not re.search(r"\son\w+=|style=|javascript:", page.split("<script")[0]), path


def test_a_lesson_in_two_languages_has_two_pages(ours: Lesson, tmp_path: Path) -> None:
    notebook(tmp_path, "# Ours\n\nTo [two](02_two.ipynb#Go).", [picture()])
    notebook(tmp_path, "# 我们的\n\n去[二](02_two.ipynb)。", [picture("一条线")], language="zh")
    read = command.read([ours], tmp_path)
    made = command.site(read, [], "")
    english, chinese = made["51_ours.html"], made["51_ours.zh.html"]
    assert '<html lang="en">' in english
    assert '<html lang="zh-Hans">' in chinese
    assert 'href="51_ours.zh.html" lang="zh-Hans"' in english
    assert 'href="51_ours.html" lang="en"' in chinese
    assert 'href="02_two.html#Go"' in english
    assert 'href="02_two.zh.html"' in chinese
    assert "Lessons of our own" in made["index.html"]
    assert "我们的" in made["index.zh.html"]
    assert "not measured yet" in made["index.html"]
    with pytest.raises(ValueError, match=r"51_ours.html: a link to '02_two.html', which is not in"):
        command.write(tmp_path / "site", made)
    assert not (tmp_path / "site").exists()


# Strangers' lessons.

HOSTILE = """# Ours <script>document.title='ran'</script>

<script>document.title='ran'</script><img src=x onerror="document.title='ran'" alt="x">
<iframe src="https://example.com"></iframe><form action="https://example.com"><input></form>
<meta http-equiv="refresh" content="0;url=https://example.com"><base href="https://example.com/">
<style>body{display:none}</style><p id="book-data" style="color:red" onclick="alert(1)">kept</p>
<svg onload=alert(1)><a href="https://e.org">w</a><a href="javascript:alert(1)">run</a>
<a href=" data:text/html,x">data</a><a href="vbscript:x">old</a>
<math><mtext></p><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;"></main>
"""


def test_what_runs_or_is_fetched_does_not_stay() -> None:
    from nbconvert.filters.markdown import markdown2html

    tree = clean.clean(markdown2html(HOSTILE))
    html = str(tree)
    assert not re.search(r"<(script|iframe|form|input|meta|base|style|svg|math|main)\b", html)
    assert {name for tag in tree.find_all() for name in tag.attrs} <= {"href", "alt", "title"}
    anchor, *others = [a.get("href") for a in tree.find_all("a")]
    assert anchor.startswith("#Ours")
    assert others == ["https://e.org", None, None, None]
    assert "kept" in html


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("# Ours\n\n![it](https://example.com/x.png)",), "the picture 'it' is not inside"),
        (("# Ours\n\n![](data:image/png;base64,AAAA)",), "a picture without alternative text"),
        (("# Ours", [picture("")]), "has an image without alternative text"),
        (("# Ours", [v4.new_output("error", ename="KeyError")]), "ends in KeyError"),
        (("no title",), "has no title"),
    ],
)
def test_what_a_published_lesson_must_not_have(
    ours: Lesson, tmp_path: Path, cells: Any, words: str
) -> None:
    notebook(tmp_path, *cells)
    with pytest.raises(ValueError, match=words) as found:
        chapters.chapter(ours, "en", tmp_path)
    assert "51_ours.ipynb" in str(found.value)


def test_a_lessons_page_to_play_on_is_beside_it_with_scripts_of_our_own(
    ours: Lesson, tmp_path: Path
) -> None:
    source = chapters.source(catalogue.find(1), "en")
    cells = [c for c in nbformat.read(source, as_version=4).cells if "<iframe" in str(c)]
    bundle = cells[-1].outputs[-1].data
    strange = bundle["text/html"].replace("start();", "start(); document.title = &quot;ran&quot;;")
    nothing = pages.frame("<script>document.title = 'ran'</script>", title="Nothing here")
    outputs = [{"text/html": strange, "text/plain": "words"}, nothing._repr_mimebundle_()]
    notebook(tmp_path, "# Ours", *[[v4.new_output("display_data", one)] for one in outputs])
    found = chapters.chapter(ours, "en", tmp_path)
    assert list(found.played) == ["51_ours.1.html"]
    made = found.played["51_ours.1.html"]
    assert "ran" not in re.findall(r"document.title = \W(\w+)", made)
    assert pages.joined("minigpt.play", ["parts/start.js"]) in made
    assert 'src="51_ours.1.html#lang=en" title="What comes next?' in found.html
    assert found.html.count("<iframe") == 1
    assert "Nothing here. If there is no page to play on above" in found.html
    assert "words" not in found.html
    assert "frame " not in found.sections[0]["text"]  # no mark is left for the search


def test_a_missing_or_broken_notebook_is_one_line(ours: Lesson, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no notebook yet; python -m lessons build 51"):
        chapters.chapter(ours, "en", tmp_path)
    (tmp_path / "51_ours.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="is no notebook"):
        chapters.chapter(ours, "en", tmp_path)


def test_outputs_that_run_are_shown_as_text(ours: Lesson, tmp_path: Path) -> None:
    rich = {"text/html": "<b>bold</b>", "application/javascript": "alert(1)", "text/plain": "plain"}
    formula = "# Ours\n\n#12 is no heading, $x^2$ stays\n\n## 5 % more\n\n## 5 % more"
    notebook(tmp_path, formula, [v4.new_output("display_data", rich)])
    found = chapters.chapter(ours, "en", tmp_path)
    assert "plain" in found.html
    assert "bold" not in found.html
    assert "alert" not in found.html
    assert "$x^2$" in found.html
    assert "#12 is no heading" in found.sections[0]["text"]
    assert found.headings == [("5-%-more", "5 % more"), ("5-%-more-2", "5 % more")]
    assert [words.partition(": ")[2][:12] for words in found.remarks] == [
        "lesson.py ha",
        "formulas bet",
    ]


def test_links_are_checked(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="x">1</p><p id="x">2</p>', encoding="utf-8")
    (tmp_path / "b.html").write_text(
        '<a href="a.html#x">ok</a><a href="https://e.org">ok</a><a href="#no">1</a>'
        '<img src="https://e.org/x.png"><a href="c.html">2</a><link href="//e.org/a.css">'
        '<a href="javascript:alert(1)">3</a><a href="../x">4</a>',
        encoding="utf-8",
    )
    assert links.faults(tmp_path) == [
        "a.html: two places called 'x'",
        "b.html: a link to a place 'no' that is not in b.html",
        "b.html: 'https://e.org/x.png' would be loaded from elsewhere",
        "b.html: a link to 'c.html', which is not in the book",
        "b.html: '//e.org/a.css' would be loaded from elsewhere",
        "b.html: 'javascript:alert(1)' would be loaded from elsewhere",
        "b.html: a link to '../x', which is not in the book",
    ]


# The folder.


def test_a_book_replaces_a_book_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "site"
    command.write(out, {"index.html": "one", "old.html": "one"})
    command.write(out, {"index.html": "two"})
    assert sorted(p.name for p in out.iterdir()) == ["book.json", "index.html"]
    (out / "index.html").unlink()  # a book with a file missing is still a book
    command.write(out, {"index.html": "three"})
    (out / "CNAME").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="'CNAME', which is not the book's; name another folder"):
        command.write(out, {"index.html": "four"})
    assert (out / "index.html").read_text(encoding="utf-8") == "three"
    for text in ("{", "[]", '{"files": ["mine.txt"]}'):
        other = tmp_path / "other"
        other.mkdir(exist_ok=True)
        (other / "mine.txt").write_text("mine", encoding="utf-8")
        (other / "book.json").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="holds something else than a book"):
            folder.check(other)
    (tmp_path / "empty").mkdir()
    command.write(tmp_path / "empty", {"index.html": "one"})


def test_after_an_error_the_old_book_is_there(tmp_path: Path) -> None:
    out = tmp_path / "site"
    command.write(out, {"index.html": "one"})
    with pytest.raises(ValueError, match=r"and 1 more"):
        command.write(out, {"index.html": '<a href="x">x</a><a href="y">y</a>'})
    assert (out / "index.html").read_text(encoding="utf-8") == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--no-play", "--run", "x"), "leave --no-play out"),
        (("1", "01", "--no-play"), "a lesson was named twice: 1 01"),
        (("nowhere", "--no-play"), "there is no lesson 'nowhere'"),
        (("1", "--no-play", "--notebooks", "empty"), "01_next_character has no notebook yet"),
        (("1", "-o", "no/such/place"), "no such file or folder"),
        (("1", "-o", "a-file"), "something else is there already"),
    ],
)
def test_bad_input_is_one_line(
    args: Any,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from labkit import command as commands

    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").write_text("mine", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        commands.run(command.main, Book, prog="lessons book", args=args)
    out, err = capsys.readouterr()
    assert (stop.value.code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert [p.name for p in tmp_path.iterdir()] == ["a-file"]


# Parts, drawings, words, scripts, the model.


def test_every_lesson_is_in_one_part() -> None:
    found = course.in_parts(catalogue.lessons())
    assert set(found) <= {*course.PARTS, "own"}, "name the new lesson in lessons/engine/course.py"
    names = [name for some in course.PARTS.values() for name in some]
    assert len(set(names)) == len(names)
    assert {f"part.{key}": title for key, title in course.TITLES.items()} == {
        key: words for key, words in frame.strings()["en"].items() if key.startswith("part.")
    }


def test_drawings_put_what_holds_to_the_right() -> None:
    for row in records.read():
        ends = sorted(drawing.position(row, row[end]) for end in ("low", "high"))
        threshold = drawing.NEEDED
        if row["verdict"] == "reproduced":
            assert ends[0] >= threshold - 1e-9, row
        elif row["verdict"] == "undecided":
            assert ends[0] < threshold < ends[1], row
        else:
            assert ends[1] < threshold, row
    row = {"threshold": 2.0, "no_effect": 1.0, "scale": "log2", "direction": ">="}
    assert drawing.position(row, 4.0) == pytest.approx(150)
    far = {**row, "low": 9e9, "high": 9e9, "value": 9e9, "verdict": "reproduced"}
    svg = drawing.intervals([far, {**far, "low": None, "high": None, "value": 2.0}], '"a" & b')
    assert svg.count('class="beyond"') == 1
    assert svg.count("<circle") == 1
    assert 'aria-label="&quot;a&quot; &amp; b"' in svg


def test_words_are_the_same_in_both_languages() -> None:
    english, chinese = frame.strings()["en"], frame.strings()["zh"]
    assert list(english) == list(chinese)
    for key in english:
        holes = [sorted(re.findall(r"\{(\w+)\}", table[key])) for table in (english, chinese)]
        assert holes[0] == holes[1], key
        if key not in ("other", "drawn.one"):
            assert re.search("[\u4e00-\u9fff]", chinese[key]), key


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.js")), ids=lambda path: path.stem)
def test_scripts_are_short_and_make_no_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    assert max(map(len, text.splitlines())) <= 100
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch("):
        assert word not in text


def test_the_search_finds_all_words_the_best_first() -> None:
    mini_racer = pytest.importorskip("py_mini_racer", reason="mini-racer is part of [test]")
    context = mini_racer.MiniRacer()
    context.eval((ASSETS / "search.js").read_text(encoding="utf-8") + ";0")

    def section(title: str, heading: str, text: str) -> dict[str, str]:
        return {"file": "", "place": "", "title": title, "heading": heading, "text": text}

    sections = [
        section("Bits", "Start", "nothing"),
        section("Nats", "Of bits", "counting"),
        section("Nats", "Of nats", "many bits, by counting Événements, 计数，比特"),
    ]
    sections[2]["text"] = sections[2]["text"] * 30

    def look(asked: str) -> list[int]:
        call = f"look(S, {json.dumps(asked)}).map((s) => S.indexOf(s))"
        return json.loads(context.eval(f"S = {json.dumps(sections)}; JSON.stringify({call})"))

    assert look("BITS") == [0, 1, 2]
    assert look("bits  counting") == [1, 2]
    assert look("evenements") == look("计数") == [2]
    assert look("bits nowhere") == look("") == look(" , ") == []
    text = json.dumps(sections[2]["text"])
    found = context.eval(f"excerpt({text}, ['evenements'])")
    assert "Événements" in found
    assert len(found) < 300
    assert context.eval(f"plain({text}).length") == len(sections[2]["text"])


def test_the_model_is_a_page_in_a_frame(book: Path) -> None:
    made = {path.name: path.read_text(encoding="utf-8") for path in book.glob("*.html")}
    assert "<title>storyland</title>" in made[MODEL]
    assert f'src="{MODEL}#lang=en"' in made["play.html"]
    assert f'src="{MODEL}#lang=zh"' in made["play.zh.html"]
    assert "frame-src 'self' file:" in made["play.zh.html"]
    assert "frame-src" not in made["index.html"]
    without = command.site({}, [], "")
    assert "play.html" not in without
    assert "play.html" not in without["index.html"]


def test_a_run_is_the_model_if_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[Any] = []

    def of_run(run: str, *, counts: bool) -> tuple[str, list[str]]:
        called.append((run, counts))
        return "<p>a run</p>", ["beware"]

    monkeypatch.setattr(player, "of_run", of_run)
    monkeypatch.setattr(command, "read", lambda chosen, notebooks: {})
    said: list[str] = []
    settings = Book(lessons=("9",), out=tmp_path / "site", run="some/run", counts=False)
    assert command.main(settings, said.append) == 0
    assert called == [("some/run", False)]
    assert said[0] == "beware"
    assert re.search(r"1 lesson, some/run to play on, 0\.\d MB in \d+ s", said[1])
    assert (tmp_path / "site" / MODEL).read_text(encoding="utf-8") == "<p>a run</p>"


def test_of_a_text_of_ones_own_the_book_says_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    import minigpt.load
    import minigpt.play
    from minigpt.corpora import Corpus
    from minigpt.play import material

    def told(text: str, *, counts: bool = True, name: str = "my.txt") -> tuple[str, list[str]]:
        about = {"title": name, "sha256": "", "source": "", "licence": ""}
        corpus = Corpus(name=name, text=text, **about)
        shown = SimpleNamespace(learned=corpus.train if counts else "")
        monkeypatch.setattr(material, "gather", lambda run, counts: (shown, corpus))
        return player.of_run("run", counts=counts)

    monkeypatch.setattr(minigpt.load, "locate", lambda run: Path("no/such/run"))
    monkeypatch.setattr(minigpt.play, "page", lambda shown, passage, sample: passage, raising=False)
    lines = "\n".join(map(str, range(3000)))
    passage, remarks = told(lines)
    assert passage.endswith("2999")
    assert "all that it learned (--no-counts leaves it out) and a passage to guess" in remarks[0]
    assert told(lines, counts=False)[1][0].endswith("the book holds a passage to guess")
    assert told(lines, name="storyland")[1] == []
    passage, remarks = told("again\n" * 3000)
    assert passage == ""
    assert remarks[0].endswith("holds all that it learned (--no-counts leaves it out)")
