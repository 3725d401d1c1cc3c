"""A lesson's notebook as a chapter: its HTML, its headings, and its text for the search.

Idea:   nbconvert turns cells and outputs into HTML, as everywhere; its smallest template, without
        styles and scripts. What comes out is cleaned, whoever wrote the notebook.
Source: nbconvert (nbconvert.readthedocs.io), template "basic".
Run:    used by lessons.engine.book
Omits:  outputs as HTML, SVG and JavaScript: a cell that shows these shows its picture or text. Only
        a page of minigpt.play is shown, in a frame, with scripts of our own.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit import files
from lessons.engine.book import clean, player
from lessons.engine.book.frame import Frame, page_name
from lessons.engine.building.build import NOTEBOOKS, output_faults, path_of
from lessons.engine.catalogue import Lesson

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from nbformat import NotebookNode

_SHOWN = ["image/png", "image/jpeg", "text/markdown", "text/plain"]
"""Kinds of output, the first that a cell has is shown."""


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One lesson in one language."""

    lesson: Lesson
    language: str
    """en or zh."""
    title: str
    html: str = field(repr=False)
    headings: list[tuple[str, str]]
    """(id, words) of each heading of the second level."""
    sections: list[dict[str, str]] = field(repr=False)
    """For the search: id, heading and text of each section."""
    minutes: str
    """Minutes for reading and exercises, "65–75"; empty if the lesson does not say."""
    played: dict[str, str] = field(repr=False, default_factory=dict)
    """The pages to play on that it shows in frames: HTML by file."""
    remarks: tuple[str, ...] = ()
    """What its author should know: outdated, or with formulas."""

    @property
    def file(self) -> str:
        """Name of its page: 01_next_character.html, or 01_next_character.zh.html."""
        return page_name(self.lesson.slug, self.language)


def source(lesson: Lesson, language: str, folder: Path = NOTEBOOKS) -> Path:
    """Path of the notebook: notebooks/01_name.ipynb, in Chinese notebooks/zh/01_name.ipynb."""
    path = path_of(lesson, "student", folder)
    return path if language == "en" else folder / language / path.name


def chapter(lesson: Lesson, language: str, folder: Path = NOTEBOOKS) -> Chapter:
    """Read a lesson's executed notebook and make its chapter.

    ValueError if the notebook is missing, not a notebook, not executed, or has an output that a
    published one must not have; or if a picture is elsewhere or has no alternative text.
    """
    path = source(lesson, language, folder)
    notebook = _read(path, lesson)
    if faults := list(output_faults(notebook)):
        raise ValueError(f"{path.name}: {faults[0]}; {_again(lesson)}")
    inside = player.take(notebook)
    tree = clean.clean(_html(notebook))
    clean.check_pictures(tree, path.name)
    _between_lessons(tree, language)
    headings = clean.place_headings(tree)
    first = tree.find("h1")
    if first is None:
        raise ValueError(f"{path.name} has no title: its first cell begins with '# '")
    sections = _sections(tree, " ".join(first.get_text().split()))
    played = player.put(tree, inside, lesson.slug, Frame(language=language))
    clean.scrolled(tree)
    prose = " ".join(" ".join(c.source.split()) for c in notebook.cells if c.cell_type != "code")
    return Chapter(
        lesson=lesson,
        language=language,
        title=sections[0]["heading"],
        html=str(tree),
        headings=headings,
        sections=sections,
        minutes="–".join(map(str, lesson.minutes or ())),
        played=played,
        remarks=tuple(_remarks(notebook, lesson, language, prose)),
    )


def _read(path: Path, lesson: Lesson) -> NotebookNode:
    import nbformat

    if not path.exists():
        raise ValueError(f"lesson {lesson.slug} has no notebook yet; {_again(lesson)}")
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # any error of nbformat on a file that is not a notebook
        raise ValueError(
            f"{path} is no notebook: {' '.join(str(error).split())[:120]}; {_again(lesson)}"
        ) from None
    return notebook


def _again(lesson: Lesson) -> str:
    return f"python -m lessons build {lesson.number:02d}"


def _html(notebook: NotebookNode) -> str:
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _as_jupyter(cell.source)
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
    )
    made: tuple[str, Any] = exporter.from_notebook_node(notebook)
    return made[0]


def _as_jupyter(text: str) -> str:
    """Markdown in which a line that begins with "#12" is no heading for nbconvert either.

    >>> _as_jupyter("# Title\\n#12 is open")
    '# Title\\n\\\\#12 is open'
    """
    parts = re.split(r"(^```.*?^```)", text, flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [
        re.sub(r"^( {0,3})(?=#+[^#\s])", r"\1\\", part, flags=re.M) for part in parts[::2]
    ]
    return "".join(parts)


def _between_lessons(tree: BeautifulSoup, language: str) -> None:
    """Links to other notebooks become links to their pages."""
    for link in tree.find_all("a", href=re.compile(r"^(\./)?\w+\.ipynb(#|$)")):
        stem, _, place = str(link["href"]).removeprefix("./").partition(".ipynb")
        link["href"] = f"{page_name(stem, language)}{place}"


def _sections(tree: BeautifulSoup, title: str) -> list[dict[str, str]]:
    """Text of each section, prose and code, without what a cell printed."""
    from bs4 import NavigableString, Tag

    tree = copy.copy(tree)
    for printed in tree.select(".output_text"):
        printed.decompose()
    sections = [{"id": "", "heading": title, "text": ""}]
    for node in tree.descendants:
        if isinstance(node, Tag) and node.name in ("h2", "h3"):
            words = " ".join(node.get_text().split())
            sections.append({"id": str(node["id"]), "heading": words, "text": ""})
        elif isinstance(node, NavigableString) and not node.find_parent(["h1", "h2", "h3"]):
            sections[-1]["text"] += str(node)
    return [{**one, "text": " ".join(one["text"].split())} for one in sections]


def _remarks(notebook: NotebookNode, lesson: Lesson, language: str, prose: str) -> list[str]:
    found = []
    text = (lesson.folder / "lesson.py").read_text(encoding="utf-8")
    made_from = notebook.metadata.get("cognitive_core", {}).get("source")
    if language == "en" and made_from != files.sha256(text):
        found.append(f"{lesson.slug}: lesson.py has changed since; {_again(lesson)}")
    if re.search(r"\$[^$\s][^$]*\$", prose):
        found.append(f"{lesson.slug}: formulas between $ signs are shown as they were typed")
    return found
