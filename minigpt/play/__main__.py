"""Write a run as one HTML file to play on, and open it.

Run:    python -m minigpt.play [RUN]
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("minigpt.play")

import shlex
import sys
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from labkit import command, files

if TYPE_CHECKING:
    from minigpt.corpora import Corpus
    from minigpt.play.document import Shown


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Write a run as one HTML file to play on: it opens from a double click, needs no network, and
    can be mailed. In it travel the model, the run's name, a passage of its held-out text and a
    sample, and for counting the whole training text: for a private text see --no-counts and
    --passage (a model may also have learned pieces of it by heart)."""

    run: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[RUN]")] = None
    """A run's folder or model file; by default the latest run."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=("-o",))] = None
    """Where to write the page; by default play.html in the run's folder."""
    weights: Literal["auto", "fp16", "int8"] = "auto"
    """Numbers of 16 bits, or of 8, which make half the file and slightly other predictions; auto
    takes 16 up to 8 million numbers."""
    counts: bool = True
    """Let counting play, too, and the mixture if the run has a gate. The training text travels in
    the page; --no-counts leaves it out."""
    passage: Path | None = None
    """A UTF-8 text to guess, which no model of the page has learned, in place of a passage of the
    run's held-out text. The page takes 4,000 characters."""
    beside: str | None = None
    """A second run, beside the first: a teacher and its student, a healthy and a collapsed one."""
    open: bool = True
    """Open the page in the browser."""


def main(settings: Settings) -> None:
    """Write the page, say what is in it, and open it."""
    from minigpt.corpora.corpus import from_file
    from minigpt.load import locate
    from minigpt.play.document import page
    from minigpt.play.material import PASSAGE, gather, passage_of, too_short

    out = settings.out or locate(settings.run).parent / "play.html"
    files.check_place(out)
    shown, corpus = gather(settings.run, counts=settings.counts)
    others, texts = [], [(shown, corpus)]
    if settings.beside is not None:
        second, other = gather(settings.beside, counts=settings.counts)
        texts.append((second, other))
        if second.name == shown.name:
            second = replace(second, name=f"{second.name} (2)")
        others.append(second)
    if settings.passage is not None:
        passage = from_file(settings.passage).text[:PASSAGE]
    else:
        passage = passage_of(corpus)
    short = too_short(passage, shown.model.tokenizer)
    if short:
        print(short, file=sys.stderr, flush=True)
        passage = ""
    sample = locate(settings.run).parent / "sample.txt"
    wrote = sample.read_text(encoding="utf-8", errors="replace") if sample.exists() else ""
    text = page(
        shown,
        *others,
        passage=passage,
        sample=wrote,
        weights=settings.weights,
        command=_written_by(settings, shown.name),
    )
    files.write_text(out, text)
    inside = ["the model"]
    if any(one.learned for one in (shown, *others)):
        inside.append("its training text (--no-counts leaves it out)")
    if passage:
        inside.append("a passage to guess (--passage names another)")
    elif short:
        inside.append("no passage to guess (--passage names one)")
    if wrote.strip():
        inside.append("lines that it wrote")
    for line in _own(texts, passage if settings.passage is None else ""):
        print(f"beware: {line}", flush=True)
    print(f"{out}: {len(text.encode()) / 1e6:.2f} MB with {', '.join(inside)}")
    print(
        "double-click it, mail it, put it on any web host; iPhones and iPads run it only from there"
    )
    if settings.open:
        webbrowser.open(out.resolve().as_uri())


def _written_by(settings: Settings, run: str) -> str:
    """The command for the page's footer: files and runs by their names, without their folders."""
    words = ["python", "-m", "minigpt.play", run]
    if settings.weights != "auto":
        words += ["--weights", settings.weights]
    if not settings.counts:
        words.append("--no-counts")
    if settings.passage is not None:
        words += ["--passage", settings.passage.name]
    if settings.beside is not None:
        words += ["--beside", Path(settings.beside).resolve().name]
    return shlex.join(words)


def _own(texts: Sequence[tuple[Shown, Corpus | None]], passage: str) -> list[str]:
    """What of texts of one's own is in the page; `passage` is from the first."""
    from minigpt.corpora import TABLE

    said = []
    for i, (one, corpus) in enumerate(texts):
        if corpus is None or corpus.name in TABLE:
            continue
        if one.learned:
            said.append(f"your own text, {corpus.title}, is in the page as a whole")
        elif passage and not i:
            said.append(
                f"of your own text, {corpus.title}, a passage of {len(passage):,} held-out "
                "characters is in the page (--passage names another text)"
            )
    return list(dict.fromkeys(said))  # two runs of one text: once


if __name__ == "__main__":
    command.run(main, Settings, prog="minigpt.play")
