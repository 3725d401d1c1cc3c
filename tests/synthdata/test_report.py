"""Reports: strangers' texts do nothing, undefined numbers say why, pages need no network."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import figures, pages
from labkit.visible import visible
from synthdata.diversity import quantities
from synthdata.diversity.measure import Measure
from synthdata.io.reader import Tally
from synthdata.panel.panel import measure
from synthdata.report import figures as drawing
from synthdata.report import page, plots, record, structure, terminal
from synthdata.report.structure import Report, Table
from synthdata.similarity.evidence import Evidence, Item, explain, templates
from synthdata.streaming import measures
from synthdata.streaming.meter import Meter, MeterConfig
from synthdata.verdicts import against, verdict
from synthdata.verdicts.verdict import Verdict

EVIL = "<script>alert('x')</script><img src=//evil onerror=x>\x1b[31m\x9b2J\u202egpj.exe\"&\ud800"


def share(value: float, low: float = math.nan, high: float = math.nan, n: int = 500) -> Measure:
    return Measure(
        name="near_duplicates",
        value=value,
        low=low,
        high=high,
        n=n,
        method="by hand",
        unit="share",
        direction="lower is more varied",
    )


def made(text: str = EVIL) -> Report:
    return Report(
        title=f"Variety of {text}",
        verdict=Verdict(text=f"It says {text}", confidence="high", because=text, tone="bad"),
        headlines=(
            share(0.25, 0.2, 0.3),
            Measure.undefined("words_entropy", f"no words in {text}"),
        ),
        measures=(share(0.5),),
        tables=(Table(title=text, rows=(("a", text), (text, "b")), caption=text),),
        curves=(Table(title=text, rows=((text,), (text,))),),
        evidence=(
            Evidence(title="Commonest", summary=text, items=(Item(text=text, count=3, note=text),)),
        ),
        notes=(text,),
        provenance={"file": text, text: "x"},
    )


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def without_scripts(html: str) -> str:
    return re.sub("<script.*?</script>", "", html, flags=re.S)


def hidden(text: str) -> list[str]:
    """Control characters, C0 and C1 (line ends aside), and bidirectional controls."""
    return [
        c
        for c in text
        if (ord(c) < 32 and c != "\n")
        or 0x7F <= ord(c) < 0xA0
        or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
    ]


def test_html_escapes_everything_a_stranger_wrote() -> None:
    found = Page(page.to_html(made()))
    assert {tag for tag, _ in found.tags}.isdisjoint({"img", "link", "iframe", "base"})
    scripts = [attrs for tag, attrs in found.tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "carried"}, {}]  # the page's own
    assert all(not key.startswith("on") for _, attrs in found.tags for key in attrs)
    text = "".join(found.words)
    assert text.count("<script>alert('x')</script>") >= 9  # shown, in every place
    assert not hidden(text)
    alone = "".join(Page(without_scripts(page.to_html(made()))).words)
    assert alone.count("<script>alert('x')</script>") >= 9


def test_html_needs_no_network_and_forbids_it() -> None:
    texts = ["a joke about a cat"] * 5 + [f"tale {i} of a fox and a hen" for i in range(9)]
    pictures = drawing.of_collection(measure(texts), {"persona": (0.5, 2.0)})
    shown = page.to_html(
        Report(
            title="t",
            verdict=made().verdict,
            headlines=(),
            figures=tuple(pictures),
            provenance={},
        )
    )
    found = Page(shown)
    policy = dict(found.tags[3][1])["content"] or ""
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert (rules["default-src"], rules["img-src"]) == ("'none'", "data:")
    assert rules.keys() - {"default-src", "img-src", "script-src", "style-src"} == {
        *("base-uri", "form-action")
    }
    for element, rule in (("script", "script-src"), ("style", "style-src")):
        (code,) = re.findall(f"<{element}>(.*?)</{element}>", shown, re.S)
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    images = [attrs for tag, attrs in found.tags if tag == "img"]
    assert len(images) == 3
    for attrs in images:
        assert (attrs["src"] or "").startswith("data:image/png;base64,")
        assert len(attrs["alt"] or "") > 40
    assert "14 distinct" not in without_scripts(shown)  # some point of a curve may say so
    assert "10 distinct documents among 14" in images[0]["alt"] + ""  # type: ignore[operator]
    outside = [a for _, attrs in found.tags for a in (attrs.get("src"), attrs.get("href")) if a]
    assert all(a.startswith("data:") for a in outside)
    assert shown.startswith("<!DOCTYPE html>")


def test_the_report_says_things_in_order() -> None:
    for text in (
        terminal.terminal(made("plain")),
        "".join(Page(page.to_html(made("plain"))).words),
    ):
        places = [text.index(w) for w in ("It says plain", "25.0%", "Commonest", "Provenance")]
        assert places == sorted(places)
        assert "no words in plain" in text


def test_measures_are_named_in_plain_words_and_by_key() -> None:
    known = share(0.5)
    unknown = dataclasses.replace(known, name=EVIL)
    rows = page.to_html(dataclasses.replace(made(), measures=(known, unknown)))
    said = [cell for cell in re.findall(r"<tr><td>(.*?)</td>", rows) if known.name in cell]
    assert said == [f'{quantities.plain(known.name)}<div class="small">{known.name}</div>']
    assert f"<tr><td>{pages.text(EVIL)}</td>" in rows


def test_terminal_output_commands_no_terminal() -> None:
    text = terminal.terminal(made())
    assert not hidden(text)
    assert "␛[31m\\x9b2J\\u202egpj" in text
    text.encode()  # half a surrogate pair would stop a terminal that speaks UTF-8
    page.to_html(made()).encode()


@given(st.text(max_size=400))
def test_nothing_stays_hidden_and_length_is_bounded(text: str) -> None:
    shown = visible(text, 50)
    assert not hidden(shown.replace("\n", "\x00"))
    assert len(shown) <= 50 * 6
    shown.encode()


def test_numbers() -> None:
    values = (0.0, 1e-9, 999.96, 12345.6, math.inf, -math.inf, math.nan)
    assert [structure.number(v) for v in values] == [
        "0",
        "1e-09",
        "1000",
        "12,346",
        "infinite",
        "-infinite",
        "undefined",
    ]


# -- verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "n", "word", "confidence"),
    [
        (share(0.7, 0.6, 0.8), 500, "Collapsed", "high"),
        (share(0.7, 0.4, 0.9), 100, "Repetitive", "medium"),
        (share(0.2, 0.15, 0.25), 500, "Repetitive", "high"),
        (share(0.02, 0.01, 0.03), 500, "No collapse", "high"),
        (share(0.02, 0.01, 0.09), 60, "No collapse", "medium"),
        (share(0.1, 0.05, 0.15), 500, "Perhaps", "low"),
        (share(0.9, 0.8, 1.0), 19, "Too few", "none"),
        (Measure.undefined("near_duplicates", "why"), 500, "Nothing to measure", "none"),
    ],
)
def test_verdicts_on_a_collection(measure: Measure, n: int, word: str, confidence: str) -> None:
    found = verdict.of_collection(n, measure, 0.3, "in a cluster")
    assert found.text.startswith(word)
    assert found.confidence == confidence


def test_without_a_reference_the_verdict_says_what_it_cannot_see() -> None:
    found = verdict.of_collection(500, share(0.0, 0.0, 0.01), 0.0, "in a cluster")
    assert "compare" in found.because


def tales(n: int, seed: int, words: int = 300) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(f"w{w}" for w in row) for row in rng.integers(0, words, (n, 12)).tolist()]


def test_one_pass_gives_no_all_clear() -> None:
    """Near-copies of one joke: whole, they are collapsed; in one pass, all different."""
    texts = [f"the one about the chicken that crossed road {i} in the rain" for i in range(300)]
    meter = Meter(MeterConfig()).update(texts)
    types = next(m for m in measures.measures(meter) if m.name == "documents_types")
    found = verdict.of_stream(meter.documents, types)
    assert (found.tone, found.confidence) == ("neutral", "high")
    assert "one pass sees no other repetition" in found.text
    assert "--sample" in found.because
    copies = Meter(MeterConfig()).update(["the same joke"] * 300)
    types = next(m for m in measures.measures(copies) if m.name == "documents_types")
    assert verdict.of_stream(300, types).tone == "bad"


def test_verdicts_on_a_comparison() -> None:
    from synthdata.comparison.compare import compare

    reference = tales(60, 0)
    worse = compare(tales(20, 1) * 3, reference, permutations=199)
    found = against.of_comparison(worse)
    assert found.tone == "bad"
    assert found.text.startswith("Less varied than the reference")
    same = against.of_comparison(compare(tales(60, 2), reference, permutations=199))
    assert same.text.startswith("No loss of variety")
    assert "documents a side are needed" in same.because
    copied = against.of_comparison(compare(reference, reference, permutations=199))
    assert "100% of the documents stand word for word" in copied.because
    coarse = against.of_comparison(compare(tales(20, 1) * 3, reference, permutations=60))
    assert coarse.confidence == "none"
    assert "take 1" in coarse.because
    few = against.of_comparison(compare(tales(5, 3), reference, permutations=9))
    assert few.text.startswith("Too few")
    picture = drawing.of_comparison(worse)
    assert len(picture) == 3
    assert "documents_hill1" in picture[0].image


# -- evidence -------------------------------------------------------------------------------------


def test_evidence_shows_the_three_jokes() -> None:
    jokes = [f"joke number {w} goes like this and ends well for {w}" for w in ("one", "two", "six")]
    texts = jokes * 10 + tales(20, 5)
    views = {view.title: view for view in explain(texts)}
    assert {item.text for item in views["Commonest outputs"].items} == set(jokes)
    assert views["Commonest outputs"].summary.startswith("60.0%")
    assert [item.count for item in views["Near-duplicates"].items] == [10, 10, 10]
    assert views["Repeated passages"].items[0].count >= 10
    empty = explain(["", ""])
    assert [len(view.items) for view in empty][2:] == [0, 0]
    assert explain([])[0].summary.startswith("none")
    with pytest.raises(ValueError, match="top is at least 1"):
        explain(texts, top=0)


def test_templates_are_found_through_their_slots() -> None:
    names = [f"name{i}" for i in range(60)]
    texts = [f"my dear {a} please buy {b} today" for a, b in zip(names, names[::-1])]
    (item,) = templates(texts + tales(20, 6)).items
    assert (item.text, item.count) == ("my dear ___ please buy ___ today", 60)
    assert item.note == "for example: my dear name0 please buy name59 today"
    side_by_side = [f"my dear {a} {b} please" for a, b in zip(names, names[::-1])]
    assert templates(side_by_side).items[0].text == "my dear ___ please"
    assert templates(["从前有座山"] * 9).items == ()


# -- plots ----------------------------------------------------------------------------------------


def test_plots_draw_what_they_are_given_and_return_their_axes() -> None:
    figure, axes = figures.new("wide", 1, 3)
    ax = plots.rarefaction(axes[0], {"a": (4, [(1, 1.0), (4, 3.0), (8, 5.0)])}, what="words")
    assert ax is axes[0]
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 4], [4, 8], [4]]
    assert ax.get_xlabel() == "words drawn"
    ax = plots.hill_profile(axes[1], {"a": [(0.0, 3.0), (1.0, 2.0)]})
    assert ax.lines[0].get_ydata().tolist() == [3.0, 2.0]
    ax = plots.entropy_budget(axes[2], {"persona": (1.0, 2.0), "topic": (-0.1, 2.5)})
    assert [bar.get_width() for bar in ax.patches] == [1.0, 0.0, 2.0, 2.5]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["persona", "topic"]
    assert figure.axes == list(axes)


def test_plots_take_what_measure_gives() -> None:
    found = measure(tales(30, 0))
    _, axes = figures.new("wide", 1, 2)
    curve = found.curves["documents"]
    plots.rarefaction(axes[0], {"tales": (30, curve)}, what="documents", kind="effective")
    assert axes[0].get_ylabel() == "effective documents"
    plots.hill_profile(axes[1], found.profile)
    assert len(axes[1].lines) == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["by $x_{$ y", "by 人物 \x00\x1b", "x" * 300])
def test_a_strangers_field_name_can_be_drawn(name: str) -> None:
    """Dollars would be a formula, here a broken one; what the font lacks would be a warning."""
    with figures.style():
        figure, ax = figures.new()
        plots.entropy_budget(ax, {name: (1.0, 2.0)})
        assert len(figures.png(figure, alt=name)) > 1000
    assert len(ax.get_yticklabels()[0].get_text()) < 40


# -- the JSON record ------------------------------------------------------------------------------


def test_the_record_has_its_documented_fields_and_is_one_line_of_ascii() -> None:
    value = record.record("measure", made(), Tally(rows=3, empty=1), kept=2)
    text = record.line(value)
    assert "\n" not in text
    assert text.isascii()
    again: dict[str, Any] = json.loads(text)
    documented = {
        line.split()[0]
        for line in (record.__doc__ or "").splitlines()
        if line.startswith("    ") and not line.startswith("     ")
    }
    assert set(again) <= documented
    assert {"schema", "version", "command", "verdict", "measures", "rows"} <= set(again)
    assert again["version"] == 2
    assert again["measures"][1]["value"] is None
    assert again["measures"][1]["warnings"]
    assert again["rows"] == {"used": 3, "empty": 1, "bad": {}}
