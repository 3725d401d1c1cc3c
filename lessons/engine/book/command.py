"""The course as a static site, which opens from a disk and from any host.

Idea:   the pages are made from notebooks that are already executed, and from the ledger; nothing is
        measured or run, except the tiny model to play on. Every page is whole in itself. The book
        is written beside its place, its links are checked, and only then is it put there.
Source: what was weighed, and why, is in lessons/README.md.
Run:    python -m lessons book -o site/
Omits:  a server, a theme to choose, PDF (print a page from the browser).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from lessons.engine.book import folder, links, pages, player
from lessons.engine.book.chapter import Chapter, chapter, source
from lessons.engine.book.frame import FIXED, LANGUAGES, Frame, page_name
from lessons.engine.book.front import front
from lessons.engine.building.build import NOTEBOOKS, with_source
from lessons.engine.catalogue import Lesson, find
from lessons.engine.course import in_parts
from lessons.engine.ledger import records
from lessons.engine.work import from_here

MODEL = "model.html"
LARGEST = 25_000_000  # bytes


@dataclass(frozen=True, kw_only=True)
class Book:
    """Make a static site of the lessons, from notebooks that are already executed (build makes
    them): a page a lesson, front page, ledger, search, a model to play on. It opens from a disk and
    from any host, and fetches nothing."""

    lessons: Annotated[tuple[str, ...], Positional, arg(metavar="LESSON ...")] = ()
    """Lessons by number or name; all of them if none is named."""
    out: Annotated[Path, arg(aliases=("-o",))] = Path("site")
    """Folder to write. An earlier book there is replaced; nothing else ever is."""
    notebooks: Path = NOTEBOOKS
    """Folder of the executed notebooks, such as notebooks/solutions for a teacher's book. A lesson
    in Chinese is in zh/ below it, under the same name."""
    run: str | None = None
    """A run's folder or model file to play on; by default a tiny model, trained in seconds. A run's
    training text travels in the book, as python -m minigpt.play --help says."""
    counts: bool = True
    """Let counting play, too; --no-counts leaves the run's training text out, but for a passage of
    its held-out part."""
    play: bool = True
    """Make the page to play on."""

    def __post_init__(self) -> None:
        if self.run is not None and not self.play:
            raise ValueError("--run names the model to play on; leave --no-play out")


def main(settings: Book, say: Callable[[str], None] = print) -> int:
    """Run the command: make the book and say what is in it."""
    began = time.monotonic()
    out = settings.out.resolve()
    folder.check(out)
    chosen = [find(name) for name in settings.lessons] or with_source()
    if len({lesson.name for lesson in chosen}) < len(chosen):
        raise ValueError(f"a lesson was named twice: {' '.join(settings.lessons)}")
    chosen = sorted(chosen, key=lambda lesson: lesson.number)
    chapters = read(chosen, settings.notebooks)
    rows = [row for row in records.whole(records.read()) if row["id"] in chapters]
    model, remarks = _model(settings, say)
    made = site(chapters, rows, model)
    size = sum(len(text.encode()) for text in made.values())
    if size > LARGEST:
        raise ValueError(
            f"the book would have {size / 1e6:.1f} MB, more than {LARGEST / 1e6:.0f}; leave the "
            "run out (--no-play), or name fewer lessons"
        )
    write(out, made)
    for words in (*_remarks(chapters), *remarks):
        say(words)
    many = f"{len(chosen)} lesson{'s' * (len(chosen) != 1)}"
    inside = f", {settings.run or 'a tiny model'} to play on" if model else ""
    took = f"{size / 1e6:.1f} MB in {time.monotonic() - began:.0f} s"
    say(f"{from_here(out / 'index.html')}: {many}{inside}, {took}; its links lead somewhere")
    say("open it with a double click, or put the folder on any web host")
    return 0


def _model(settings: Book, say: Callable[[str], None]) -> tuple[str, list[str]]:
    """The page to play on, empty if none is wanted, and remarks about it."""
    if not settings.play:
        return "", []
    if settings.run is not None:
        return player.of_run(settings.run, counts=settings.counts)
    say("training a tiny model to play on, some ten seconds (--no-play leaves it out)")
    return player.tiny()


def _remarks(chapters: Mapping[str, Mapping[str, Chapter]]) -> list[str]:
    return [words for some in chapters.values() for one in some.values() for words in one.remarks]


def read(chosen: Sequence[Lesson], notebooks: Path) -> dict[str, dict[str, Chapter]]:
    """The chapters of each lesson, by its name and then by language; English is always there."""
    return {
        lesson.name: {
            language: chapter(lesson, language, notebooks)
            for language in LANGUAGES
            if language == "en" or source(lesson, language, notebooks).exists()
        }
        for lesson in chosen
    }


def site(
    chapters: Mapping[str, Mapping[str, Chapter]], rows: Sequence[Mapping[str, Any]], model: str
) -> dict[str, str]:
    """Every page of the book by the name of its file; `model` is the HTML of the page to play on,
    or empty."""
    found = {MODEL: model} if model else {}
    for language in LANGUAGES:
        found |= _in_language(language, chapters, rows, model=bool(model))
    return found


def _in_language(
    language: str,
    chapters: Mapping[str, Mapping[str, Chapter]],
    rows: Sequence[Mapping[str, Any]],
    *,
    model: bool,
) -> dict[str, str]:
    shown = tuple(stem for stem in FIXED if model or stem != "play")
    frame = Frame(language=language, shown=shown)
    here = {name: some.get(language, some["en"]) for name, some in chapters.items()}
    parts = in_parts([one.lesson for one in here.values()])
    in_order = [here[lesson.name] for some in parts.values() for lesson in some]
    path = [(one.file, one.title) for one in in_order]
    other = next(one for one in LANGUAGES if one != language)
    found = {}
    for i, one in enumerate(in_order):
        if one.language != language:
            continue  # an English lesson has no page in Chinese
        neighbours = (
            path[i - 1] if i else (page_name("index", language), frame.words("home")),
            path[i + 1]
            if i + 1 < len(path)
            else (page_name("ledger", language), frame.words("ledger")),
        )
        body = pages.lesson(frame, one, pages.around(frame, *neighbours))
        twin = chapters[one.lesson.name].get(other)
        found[one.file] = frame.page(
            stem=one.lesson.slug,
            title=one.title,
            body=body,
            other=twin.file if twin else "",
            framed=bool(one.played),
        )
        found |= one.played
    chaptered = {part: [here[lesson.name] for lesson in some] for part, some in parts.items()}
    bodies = {
        "index": front(frame, chaptered, rows),
        "ledger": pages.ledger(frame, rows, here),
        "search": pages.search(frame),
        "play": pages.play(frame, MODEL),
    }
    scripts = {"ledger": ("sort",), "search": ("search", "results")}
    for stem in shown:
        found[page_name(stem, language)] = frame.page(
            stem=stem,
            title=pages.title_of(frame, stem),
            body=bodies[stem],
            other=page_name(stem, other),
            scripts=scripts.get(stem, ()),
            data=pages.entries(frame, in_order) if stem == "search" else None,
            framed=stem == "play",
        )
    return found


def write(out: Path, made: Mapping[str, str]) -> None:
    """Write the pages as a whole, or nothing; ValueError if a link leads nowhere."""
    with folder.written(out) as place:
        for name, text in made.items():
            (place / name).write_text(text, encoding="utf-8", newline="")
        if wrong := links.faults(place):
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise ValueError(f"{wrong[0]}{more}")
