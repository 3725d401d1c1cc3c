"""The front page: parts, lessons in one line each, minutes, and every claim's verdict as drawn.

Run:    used by lessons.engine.book
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from lessons.engine.book.chapter import Chapter
from lessons.engine.book.drawing import MARKS, intervals
from lessons.engine.book.frame import Frame, page_name
from lessons.engine.ledger import printed

Row = Mapping[str, Any]


def front(frame: Frame, parts: Mapping[str, Sequence[Chapter]], rows: Sequence[Row]) -> str:
    """The body of the front page; `parts` has the chapters of each, in their order."""
    found = [f"<h1>{frame.say('book')}</h1>", f"<p>{frame.say('intro')}</p>"]
    if "play" in frame.shown:
        link = f'<a href="{page_name("play", frame.language)}">{frame.say("try")}</a>'
        found.append(f'<p class="try">{link}: {frame.say("try.about")}</p>')
    found.append(f'<p class="note">{frame.say("do")}</p>')
    found.append(f"<p>{frame.say('drawings')}</p>{key(frame)}")
    for part, chapters in parts.items():
        found.append(f'<section aria-labelledby="part-{part}">')
        found.append(f'<h2 id="part-{part}">{frame.say(f"part.{part}")}</h2><ol class="lessons">')
        for chapter in chapters:
            mine = [row for row in rows if row["id"] == chapter.lesson.name]
            found.append(_lesson(frame, chapter, mine))
        found.append("</ol></section>")
    return "\n".join(found)


def _lesson(frame: Frame, chapter: Chapter, rows: Sequence[Row]) -> str:
    foreign = chapter.language != frame.language
    note = frame.say("english") if foreign else ""
    lang = ' lang="en"' if foreign else ""
    about = [frame.say("lesson", n=chapter.lesson.number)]
    about += [frame.say("minutes", minutes=chapter.minutes)] if chapter.minutes else []
    found = [
        '<li><div class="what">',
        f'<h3><a href="{chapter.file}"{lang}>{escape(chapter.title)}</a>{note}</h3>',
        f'<p class="note">{" · ".join(about)}</p>',
    ]
    if rows:
        found.append(f"<p{_english(frame)}>{starred(rows[0]['claim'])}</p>")
    found.append('</div><div class="came">')
    if rows:
        found.append(f"<p>{verdict(frame, rows[0]['claim_verdict'])}</p>")
        found.append(intervals(rows, _in_words(frame, rows)))
    else:
        found.append(f'<p class="note">{frame.say("unmeasured")}</p>')
    found.append("</div>")
    found += [_criteria(frame, rows)] if rows else []
    found.append("</li>")
    return "\n".join(found)


def _english(frame: Frame) -> str:
    return "" if frame.language == "en" else ' lang="en"'


def starred(claim: str) -> str:
    """A claim for HTML; from the asterisk on it is our reading, in italics."""
    said, star, read = claim.partition("*")
    return escape(said) + (f"<em>*{escape(read)}</em>" if star else "")


def verdict(frame: Frame, word: str) -> str:
    """A verdict with its mark; a word that is not a verdict as it is."""
    said = frame.say(word) if word in MARKS else escape(word)
    return f'<span class="verdict {word.replace(" ", "-") if word in MARKS else ""}">{said}</span>'


def _in_words(frame: Frame, rows: Sequence[Row]) -> str:
    if len(rows) == 1:
        return in_words(frame, rows[0])
    counts = Counter(row["verdict"] for row in rows)
    said = ", ".join(f"{n} {_word(frame, word)}" for word, n in counts.items())
    return frame.words("drawn", n=len(rows), verdicts=said)


def in_words(frame: Frame, row: Row) -> str:
    """One row of the ledger as a sentence."""
    return frame.words(
        "drawn.one",
        criterion=row["criterion"],
        value=printed.value(row),
        verdict=_word(frame, row["verdict"]),
    )


def _word(frame: Frame, word: str) -> str:
    return frame.words(word) if word in MARKS else word


def _criteria(frame: Frame, rows: Sequence[Row]) -> str:
    many = frame.say("criteria", n=len(rows)) if len(rows) > 1 else frame.say("criteria.one")
    items = "".join(
        f"<li><span{_english(frame)}>{escape(row['criterion'])}</span>: "
        f"{escape(printed.value(row))}: {verdict(frame, row['verdict'])}</li>"
        for row in rows
    )
    return f"<details><summary>{many}</summary><ol>{items}</ol></details>"


def key(frame: Frame) -> str:
    """How to read the drawings, with one of each verdict."""
    made: dict[str, Any] = {
        "threshold": 1.0,
        "no_effect": 0.0,
        "scale": "linear",
        "direction": ">=",
    }
    ends = {"reproduced": (1.2, 1.9), "undecided": (0.7, 1.4), "falls short": (0.2, 0.8)}
    ends["contradicted"] = (-0.7, -0.2)
    items = []
    for word, (low, high) in ends.items():
        row = {**made, "low": low, "high": high, "value": (low + high) / 2, "verdict": word}
        items.append(f"<li>{intervals([row], frame.words(word))} {verdict(frame, word)}</li>")
    return (
        f'<details class="key"><summary>{frame.say("key")}</summary>'
        f"<p>{frame.say('key.about')}</p><ul>{''.join(items)}</ul></details>"
    )
