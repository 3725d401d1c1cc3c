"""The book's pages to play on: one of a run that is given, or of a tiny model trained for it in
seconds, and those that lessons show.

Idea:   without a run the book holds one that it can make anywhere, from storyland, whose text is
        the project's own. It does not take the newest run by itself: a book is made to be put on a
        host, and a page carries its run's whole training text. A lesson's page is taken out of its
        notebook's output, made anew from its data, so that only scripts of our own run, and written
        beside the lesson, which shows it in a frame.
Run:    used by lessons.engine.book
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from labkit import pages
from lessons.engine.book.frame import Frame, page_name

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from nbformat import NotebookNode

CHARACTERS = 60_000
"""Length of the storyland text, of which the model learns nine tenths."""
STEPS = 600
NAME = "storyland"


def of_run(run: str, *, counts: bool) -> tuple[str, list[str]]:
    """The page of a run, and what its author should know before it is published.

    `counts` False leaves the training text out, and with it counting and the mixture.
    """
    from minigpt import corpora
    from minigpt.load import locate
    from minigpt.play import page
    from minigpt.play.document import is_learned
    from minigpt.play.material import gather, passage_of

    shown, corpus = gather(run, counts=counts)
    passage = passage_of(corpus)
    if corpus is not None and is_learned(passage, corpus.train):
        passage = ""  # a text that repeats itself: guessing what was learned would prove nothing
    sample = locate(run).parent / "sample.txt"
    wrote = sample.read_text(encoding="utf-8", errors="replace") if sample.exists() else ""
    remarks = []
    if corpus is not None and corpus.name not in corpora.TABLE:
        whole = "all that it learned (--no-counts leaves it out)" if shown.learned else ""
        inside = " and ".join(filter(None, [whole, "a passage to guess" if passage else ""]))
        if inside:
            remarks.append(f"beware: of your own text, {corpus.title}, the book holds {inside}")
    return page(shown, passage=passage, sample=wrote), remarks


def tiny(steps: int = STEPS, characters: int = CHARACTERS) -> tuple[str, list[str]]:
    """The page of a model of two layers, trained on storyland in some ten seconds."""
    from minigpt.corpora import load
    from minigpt.layers import GPTConfig
    from minigpt.play import Shown, page
    from minigpt.play.material import passage_of
    from minigpt.settings import TrainConfig
    from minigpt.train import train

    corpus = load(f"storyland:{characters}")
    config = TrainConfig(
        steps=steps,
        eval_every=steps,
        device="cpu",
        precision="fp32",
        threads=1,
        model=GPTConfig(n_layer=2, n_head=2, n_embd=64, context=64, attention_scale=2.0),
    )
    made = train(config, corpus)
    shown = Shown(
        model=made.model,
        name=NAME,
        learned=corpus.train,
        facts={
            "corpus": "one-line stories of a small grammar",
            "source": corpus.source,
            "licence": corpus.licence,
            "bits": made.val_loss / math.log(2),
            "seconds": made.train_seconds,
        },
    )
    return page(shown, passage=passage_of(corpus)), []


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A page to play on that a lesson shows."""

    mark: str
    """Text in its place that nobody can know, so that no other output is taken for it."""
    frame: pages.Frame


def take(notebook: NotebookNode) -> list[Inside]:
    """The pages of minigpt.play among a notebook's outputs; in their place they leave marks.

    Any other frame stays where it is, to be cleaned away.
    """
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown = pages.framed(output.get("data", {}).get("text/html", ""))
            if shown is None:
                continue
            from minigpt.play.document import again  # torch, and only a page needs it

            try:
                page = again(shown.page)
            except ValueError:
                continue
            found.append(
                Inside(mark=f"frame {secrets.token_hex(16)}", frame=replace(shown, page=page))
            )
            output["data"] = {"text/plain": found[-1].mark}
    return found


def put(tree: BeautifulSoup, taken: list[Inside], stem: str, frame: Frame) -> dict[str, str]:
    """Put frames where the marks are; the pages that they show, as HTML by file."""
    from bs4 import BeautifulSoup

    written = {}
    for number, inside in enumerate(taken, 1):
        file = page_name(f"{stem}.{number}", frame.language)
        written[file] = inside.frame.page
        title = inside.frame.title
        html = (
            f'<p class="note">{escape(title)}. <a href="{file}">{frame.say("play.alone")}</a></p>'
            f"{iframe(file, frame, title, inside.frame.height)}"
            f'<p class="printed">{frame.say("play.printed")}</p>'
        )
        place = tree.find(lambda tag, mark=inside.mark: tag.name == "pre" and mark in tag.text)
        assert place is not None, "nbconvert left an output out"
        place.replace_with(BeautifulSoup(html, features="html.parser"))
    return written


def iframe(file: str, frame: Frame, title: str, height: int = 0) -> str:
    """A frame with a page of the book that speaks the book's language; `height` in pixels, 0 for
    most of the window."""
    size = f' height="{height}"' if height else ""
    return (
        f'<iframe class="model" src="{file}#lang={frame.language}" title="{escape(title)}"{size} '
        'sandbox="allow-scripts" loading="lazy"></iframe>'
    )
