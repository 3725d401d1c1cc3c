"""The page in a real browser, opened from a file, without a network."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from labkit import pages
from minigpt import storyland
from minigpt.evaluate import surprisal
from minigpt.layers import GPTConfig
from minigpt.mixture import Mixture
from minigpt.model import GPT
from minigpt.ngram import NGram
from minigpt.play.document import Part, Shown, page, read
from minigpt.play.pack import rounded
from minigpt.sample import shape
from minigpt.settings import PRESETS
from minigpt.tokenizer import CharTokenizer

pytestmark = pytest.mark.browser

Make = Callable[..., GPT]
Visit = Callable[..., Any]
TEXT = storyland.generate(9000, seed=5)
LEARNED, PASSAGE = TEXT[:8000], TEXT[8000:]
SHAPE = GPTConfig(n_layer=2, n_head=2, n_embd=16, context=32)
HOSTILE = "\"><script>document.title='ran'</script><img src=x onerror=alert(1)>\u202e</textarea>"


@pytest.fixture(scope="module")
def shown(random_model: Make) -> Shown:
    """A model, counting and a mixture of both, all of the same alphabet."""
    model = random_model(SHAPE, len(CharTokenizer.from_text(TEXT)))
    model.tokenizer = CharTokenizer.from_text(TEXT)
    counted = NGram.fit(LEARNED, model.tokenizer)
    gate = Mixture.fit([model, counted], model.tokenizer.encode(PASSAGE), hidden=4).gate
    return Shown(model=model, name="a run", learned=LEARNED, gate=gate)


@pytest.fixture(scope="module")
def html(shown: Shown) -> str:
    return page(shown, passage=PASSAGE, sample="It wrote <this>.")


def names(here: Any) -> list[str]:
    return here.locator("#writers .bars .name").all_inner_texts()


def test_bars_show_what_each_player_says(visit: Visit, shown: Shown, html: str) -> None:
    here = visit(html, at="#text=the+king+")
    model, tokenizer = rounded(shown.model), shown.model.tokenizer
    counted = NGram.fit(LEARNED, tokenizer)
    ids = tokenizer.encode("the king ")[None].astype(np.int64)
    players = [model, counted, Mixture([model, counted], shown.gate)]
    for name, one in zip(("network", "counting", "mixture"), players):
        here.select_option("#write-player", name)
        for temperature in (1.0, 0.5, 0.0):
            here.locator("#temperature").fill(str(temperature))
            p = shape(one.start(ids)[1], temperature=temperature)[0]
            best = int(one.start(ids)[1][0].argmax())
            assert names(here)[0] == {" ": "space", "\n": "line end"}.get(
                tokenizer.characters[best], tokenizer.characters[best]
            )
            share = here.locator("#writers .bars .share").first.inner_text()
            assert float(share.rstrip(" %")) == pytest.approx(100 * p[best], abs=0.51)


def test_bars_and_maps_come_after_a_guess(visit: Visit, shown: Shown, html: str) -> None:
    here = visit(html, at="#text=the+kin")
    bars, told = here.locator("#writers .bars"), here.locator("#writers [aria-live]")
    assert bars.is_hidden()
    assert here.locator("#look-found").is_hidden()
    here.locator("#write-guess").press_sequentially("g")
    here.keyboard.press("Enter")
    assert here.locator("#write-ask").is_hidden()
    assert here.evaluate("document.activeElement.matches('.bars button')")
    ids = shown.model.tokenizer.encode("the kin").astype(np.int64)[None]
    said = rounded(shown.model).start(ids)[1][0]
    place = 1 + int((said > said[g := shown.model.tokenizer.encode("g")[0]]).sum())
    answer = told.inner_text()
    assert f", its choice number {place}." in answer
    share = float(re.search(r"this ([\d.]+) %", answer)[1])  # type: ignore[index]
    assert share == pytest.approx(100 * math.exp(said[g]), abs=0.51)
    here.locator("#look-show").press("Enter")
    assert here.evaluate("document.activeElement.matches('#look-maps button')")
    again = visit(html, at=here.evaluate("location.hash"))
    assert told.inner_text() == answer == again.locator("#writers [aria-live]").inner_text()
    assert again.locator("#writers .bars").is_visible()
    assert again.locator("#look-found").is_visible()
    again.click("#write-one")
    again.locator("#writers").get_by_text("by its own prediction").wait_for()
    assert again.locator("#writers [aria-live]").inner_text() == ""
    again.click("#write-again")
    assert again.locator("#write-ask").is_visible()
    assert again.locator("#write-guess").input_value() == ""
    again.locator("#temperature").fill("0.5")
    assert again.locator("#writers .bars").is_visible()
    again.fill("#prompt", "the qu")
    assert again.locator("#writers .bars").is_hidden()


def test_it_writes_stops_takes_back_and_can_be_sent(visit: Visit, html: str) -> None:
    here = visit(html)
    assert len(here.workers) == 1
    written = here.locator("#writers .written")
    here.click("#write-run")
    moves = "e => getComputedStyle(e).transitionDuration"
    assert here.locator(".bars .used").first.evaluate(moves) == "0s"
    here.wait_for_timeout(600)
    here.click("#write-run")
    told = here.locator("#writers").get_by_text("by its own prediction")
    told.wait_for()
    assert here.locator(".bars .used").first.evaluate(moves) == "0.15s"
    text = written.text_content()
    assert len(text) >= 3
    here.click("#write-back")
    here.wait_for_timeout(200)
    assert written.text_content() == text[:-1]
    for value, words in (("0", "0: "), ("1", "1: "), ("1.05", "above 1"), ("0.5", "below 1")):
        here.locator("#temperature").fill(value)
        assert here.locator("#warmth").inner_text().startswith(words)
    here.locator("#temperature").dispatch_event("change")
    again = visit(html, at=here.evaluate("location.hash"))
    assert again.locator("#writers .written").text_content() == text[:-1]
    assert again.locator("#temperature").input_value() == "0.5"
    assert re.match(
        r"[\d,]+ characters, ", again.locator("#writers").get_by_text("bits").inner_text()
    )


def test_quick_clicks_wait_for_each_other(visit: Visit, html: str) -> None:
    here = visit(html, at="#text=the+king&temperature=0")
    said = here.locator("#writers > div")
    for _ in range(6):
        here.click("#write-one")
        here.wait_for_timeout(150)
    slowly = said.inner_text()
    here.click("#write-again")
    here.evaluate("for (let i = 0; i < 6; i++) document.querySelector('#write-one').click()")
    said.get_by_text("6 characters").wait_for()
    here.wait_for_timeout(150)
    assert said.inner_text() == slowly


def test_parts_one_and_three_by_keyboard_alone(visit: Visit, html: str) -> None:
    here = visit(html)

    def tab_to(selector: str) -> None:
        for _ in range(80):
            if here.evaluate(f"document.activeElement.matches({json.dumps(selector)})"):
                return
            here.keyboard.press("Tab")
        raise AssertionError(f"no way to {selector} by Tab")

    tab_to("#prompt")
    here.keyboard.press("Control+a")
    here.keyboard.type("a ki")
    tab_to("#write-one")
    here.keyboard.press("Enter")
    tab_to("#temperature")
    here.keyboard.press("Home")
    assert here.locator("#writers .bars .share").first.inner_text() == "100 %"
    tab_to(".bars button")
    first = names(here)[0]
    here.keyboard.press("Enter")
    here.wait_for_timeout(200)
    assert here.evaluate("document.activeElement.matches('.bars button')"), "the focus was lost"
    here.keyboard.press("n")
    here.wait_for_timeout(200)
    written = here.locator("#writers .written").text_content()
    assert len(written) == 3
    assert written[2] == "n"
    assert first in (written[1], "space", "line end")
    tab_to("#game-guess")
    for _ in range(3):
        here.keyboard.type("zqxjv")
        here.wait_for_timeout(150)
    tab_to("#game-pass")
    here.keyboard.press("Enter")
    here.locator("#game-table caption").wait_for()
    assert int(here.locator("#game-table caption").inner_text().split()[0]) >= 1


def test_sizes_of_a_text_are_those_of_evaluate(visit: Visit, shown: Shown, html: str) -> None:
    here = visit(html)
    text = PASSAGE[:150]
    here.fill("#surprise-text", f"{text}\u4e2d")
    here.click("#surprise-go")
    rows = here.locator("#surprise-table tbody tr")
    rows.nth(4).wait_for()
    assert "中" in here.locator("#surprise-unknown").inner_text()
    ids = shown.model.tokenizer.encode("\n" + text).astype(np.int64)
    model = rounded(shown.model)
    counted = NGram.fit(LEARNED, shown.model.tokenizer)
    both = Mixture([model, counted], shown.gate)
    sizes = [
        int(cell.replace(",", "")) for cell in rows.locator("td:nth-child(2)").all_inner_texts()
    ]
    assert sizes[0] == len(text.encode())
    for size, one in zip(sizes[2:], (model, counted, both)):
        bits = surprisal(one, ids, stride=16).sum() / math.log(2)
        assert size == math.ceil(bits / 8 - 1e-6)
    here.locator("#surprise-at").fill("7")
    assert here.locator("#surprise-says").inner_text().count("“") == 2
    here.locator("#surprise-text").press("a")
    assert here.locator("#surprise-found").is_hidden()
    assert here.locator("#surprise-unknown").is_hidden()
    assert "measured" not in here.evaluate("location.hash")


def test_the_game_counts_right_and_wrong_guesses(visit: Visit, html: str) -> None:
    here = visit(html)
    for n in range(1, 13):
        at = here.locator("#game-text").evaluate(
            "e => e.firstChild.textContent.replaceAll('⏎', '')"
        )
        places = [m.end() for m in re.finditer(re.escape(at), PASSAGE)]
        right = PASSAGE[places[0]]
        if n % 3 == 0:
            here.click("#game-pass")
        elif right == "\n":
            here.click("#game-line")
        else:
            here.locator("#game-guess").press_sequentially(right)
        here.locator("#game-table caption", has_text=f"{n} characters").wait_for()
    you = here.locator("#game-table tbody tr").first.locator("td").all_inner_texts()
    assert you[0] == "67 %"
    assert you[1] == f"{(8 + 4 * 6) / 12:.1f}"
    said = here.locator("#game-verdict").inner_text()
    assert "resampling" in said
    assert not re.search(r"[-\u2212]\d", said)
    assert here.locator("#game-bits").is_hidden()
    here.click("#game-details summary")
    assert here.locator("#game-bits tbody tr").count() == 4


def test_the_game_ends_with_its_passage(visit: Visit, shown: Shown) -> None:
    here = visit(page(shown, passage=PASSAGE[:66], parts=["game"]))
    for _ in range(66):
        here.click("#game-pass")
        here.wait_for_timeout(40)
    assert here.locator("#game-says").inner_text().endswith("try another one.")
    here.click("#game-again")
    assert "try another one" not in here.locator("#game-says").inner_text()


def test_heads_can_be_chosen_and_walked(visit: Visit, html: str) -> None:
    here = visit(html)
    maps = here.locator("#look-maps button")
    here.click("#look-show")
    maps.nth(3).click()
    assert maps.nth(3).get_attribute("aria-pressed") == "true"
    here.locator("#look-at").fill("2")
    said = here.locator("#look-says").inner_text()
    assert said.startswith("Layer 2, head 2, reading")
    assert said.count("%") == 3
    shares = [float(share) for share in re.findall(r"([\d.]+) %", said)]
    assert sum(shares) == pytest.approx(100, abs=2)
    assert "looks back in 4 ways" in here.locator("#look-before").inner_text()
    dark = here.locator("#look-text span").first.evaluate(
        "e => Number(getComputedStyle(e).backgroundColor.match(/, ([0-9.]+)\\)$/)?.[1] ?? 1)"
    )
    pixel = "e => e.getContext('2d').getImageData(0, 2, 1, 1).data[3] / 255"
    assert dark == pytest.approx(maps.nth(3).locator("canvas").evaluate(pixel), abs=0.01)


def test_two_sets_of_lines_are_counted(visit: Visit, html: str) -> None:
    here = visit(html)
    here.locator("#vary-asked input").first.fill("0")
    here.click("#vary-go")
    here.locator("#vary-found .big").nth(1).wait_for()
    cold, warm = (
        float(n.replace(",", "")) for n in here.locator("#vary-found .big").all_inner_texts()
    )
    assert cold < warm
    assert "× 64" in here.locator("#vary-found ol").first.inner_text()


def test_where_nothing_counts_nothing_is_said_of_counting(visit: Visit, shown: Shown) -> None:
    facts = {"bits": 2.1, "counting": 2.2, "mixture": 2.0}
    alone = Shown(model=shown.model, name="a run", seen=LEARNED, facts=facts)
    words = re.compile("counting|mixed|计数|只数|混合")
    here = visit(page(alone, passage=PASSAGE))
    for language in ("en", "zh"):
        here.select_option("#language", language)
        said = here.locator("p, label > span, button").all_text_contents()
        assert len(said) > 50
        assert not [one for one in said if words.search(one)]
    both = visit(page(replace(shown, facts=facts), passage=PASSAGE))
    assert "both mixed 2.00" in both.locator("#surprise-held").text_content()
    assert "bits" not in both.locator("#facts").inner_text()
    assert both.locator(".counting").count() == 2


def test_every_word_is_said_in_both_languages(visit: Visit, html: str) -> None:
    here = visit(html, locale="zh-CN")
    strings = json.loads(read("parts/strings.json"))
    for language in ("zh", "en"):
        here.select_option("#language", language)
        said = here.evaluate(
            "[...document.querySelectorAll('[data-t]')].map((e) => [e.dataset.t, e.textContent])"
        )
        assert len(said) > 30
        for key, text in said:
            if key not in ("write.run",):
                assert text == strings[language][key]


@pytest.mark.parametrize(
    ("width", "looks"),
    [(360, [("light", "en"), ("dark", "zh")]), (1100, [("dark", "en"), ("light", "zh")])],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    visit: Visit, axe: Any, html: str, width: int, looks: list[tuple[str, str]]
) -> None:
    """With everything on show, in light and dark, in English and Chinese."""
    here = visit(html, viewport={"width": width, "height": 800})
    assert width > 360 or axe(here) == []  # before anything is on show
    here.fill("#write-guess", "e")
    here.click("#write-ask button")
    here.click("#surprise-go")
    here.click("#look-show")
    here.click("#game-pass")
    here.click("#game-details summary")
    here.click("#vary-go")
    here.locator("#vary-found .big").nth(1).wait_for()
    for scheme, language in looks:
        here.emulate_media(color_scheme=scheme)
        here.select_option("#language", language)
        here.wait_for_timeout(200)  # until colours have changed
        assert here.evaluate("document.documentElement.scrollWidth") <= width
        assert axe(here) == [], (scheme, language)


def test_hostile_names_texts_and_alphabets_never_run(visit: Visit, random_model: Make) -> None:
    alphabet = "".join(sorted(set(HOSTILE + "\n\u2028\ud800\udc00ab `${}")))
    model = random_model(SHAPE, len(alphabet))
    model.tokenizer = CharTokenizer(alphabet)
    facts = dict.fromkeys(("corpus", "source", "licence"), HOSTILE)
    evil = Shown(model=model, name=HOSTILE, learned=HOSTILE * 2, facts=facts)
    text = page(evil, passage=(HOSTILE[::-1] + "ab\n") * 9, prompt=HOSTILE, sample=HOSTILE)
    here = visit(
        text, at="#text=" + "%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E&temperature=<b>"
    )
    here.fill("#surprise-text", HOSTILE)
    here.click("#surprise-go")
    here.locator("#surprise-table tbody tr").nth(3).wait_for()
    here.fill("#write-guess", "<")
    here.click("#write-ask button")
    here.locator("#writers .bars button").first.click()
    for _ in range(3):
        here.click("#game-pass")
        here.wait_for_timeout(100)
    here.click("#vary-go")
    here.locator("#vary-found .big").nth(1).wait_for()
    assert "script" in here.title()
    assert here.title() != "ran"
    assert here.locator("img").count() == 0
    assert here.locator("script").count() == text.count("<script")


@pytest.mark.parametrize("place", [0.2, 0.6])
def test_a_damaged_file_says_so_in_one_sentence(visit: Visit, html: str, place: float) -> None:
    begin = html.index('id="model-0">') + len('id="model-0">')
    at = begin + int(place * (html.index("</script>", begin) - begin))
    other = "A" if html[at] != "A" else "B"
    here = visit(html[:at] + other + html[at + 1 :], ready=False)
    here.locator("#trouble").wait_for()
    assert "damaged" in here.locator("#trouble").inner_text()
    assert here.locator("#main").is_hidden()


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"counted": 8000', '"counted": 7999'),
        ('"n_layer": 2', '"n_layer": 3'),
        ('"passage": "', '"passage": "x'),
        ("const REST = 50", "const REST = 51"),
        ('name="checksum"', 'name="check"'),
    ],
)
def test_a_changed_number_or_script_is_damage_too(
    visit: Visit, html: str, was: str, now: str
) -> None:
    assert html.count(was) == 1
    here = visit(html.replace(was, now), ready=False, silent="REST" not in was)
    here.locator("#trouble").wait_for()
    assert "damaged" in here.locator("#trouble").inner_text()
    assert here.locator("#main").is_hidden()
    assert here.locator("#status").inner_text() == ""
    assert here.workers == []


def test_without_scripts_it_says_who_made_it(visit: Visit, html: str) -> None:
    here = visit(html, ready=False, java_script_enabled=False)
    said = here.locator("body").inner_text()
    assert "small language model" in said
    assert "iPhones and iPads" in said
    assert "It wrote <this>." in said


def test_the_footer_says_what_travels(visit: Visit, shown: Shown, html: str) -> None:
    here = visit(html)
    said = here.locator("#inside").inner_text()
    assert "characters to guess, lines that it wrote." in said
    assert "Made by minigpt.play.page (cognitive-core " in said
    assert re.search(r"Checksum: [0-9a-f]{8}\.", said)
    bare = visit(page(shown.model, parts=["vary"]))
    assert bare.locator("#inside").inner_text().startswith("This file holds the network. Made by ")


def test_without_workers_the_page_answers_itself(visit: Visit, html: str) -> None:
    here = visit(html, before="delete window.Worker; window.Worker = undefined;")
    here.click("#write-one")
    here.wait_for_timeout(300)
    assert len(here.locator("#writers .written").text_content()) == 1


def test_in_a_notebooks_frame(visit: Visit, shown: Shown) -> None:
    """The frame has no origin, so it keeps no state; worker and policy work in it all the same."""
    small = page(shown.model, parts=["surprise", "write"], passage=PASSAGE, weights="int8")
    assert len(small) < 125_000
    told = pages.frame(small, height=500, title="What <comes> next", instead="Run & see.")
    outer = told._repr_mimebundle_()["text/html"]
    here = visit(f"<body>{outer}</body>", ready=False)
    frame = here.frame_locator('iframe[title="What <comes> next"]')
    frame.locator("body[data-counted]").wait_for(state="attached")
    assert len(here.workers) == 1
    frame.locator("#write-one").click()
    frame.locator("#writers").get_by_text("by its own prediction").wait_for()
    frame.locator("#surprise-go").click()
    frame.locator("#surprise-table tr").nth(3).wait_for()
    assert here.get_by_text("Run & see.").is_visible()
    assert here.locator("iframe").bounding_box()["height"] >= 500


def test_a_part_alone_carries_only_what_it_needs(visit: Visit, shown: Shown, html: str) -> None:
    for part in get_args(Part):
        alone = page(shown.model, parts=[part], passage=PASSAGE)
        assert len(alone) < len(html) - 50_000
        here = visit(alone)
        assert here.locator("section").count() == 1
        assert here.locator(f"#{part} h2").inner_text().strip()
        here.select_option("#language", "zh")
        says = here.evaluate("[...document.querySelectorAll('[data-t]')].map((e) => e.textContent)")
        assert not [words for words in says if re.fullmatch(r"[a-z.]+", words)], "a key, no words"


def test_the_address_brings_every_part_back(visit: Visit, html: str) -> None:
    here = visit(html, at="#lang=zh")
    here.fill("#prompt", PASSAGE[:100])  # longer than the context
    for player in ("network", "counting", "counting"):
        here.select_option("#write-player", player)
        here.click("#write-one")
        here.wait_for_timeout(200)
    here.fill("#surprise-text", "the king sat on the king")
    here.select_option("#surprise-player", "counting")
    here.click("#surprise-go")
    here.locator("#surprise-at").fill("5")
    here.locator("#surprise-at").dispatch_event("change")
    for n in range(1, 4):
        here.click("#game-pass")
        here.locator("#game-table caption", has_text=str(n)).wait_for()
    here.click("#look-show")
    here.locator("#look-maps button").nth(2).click()
    here.locator("#look-at").fill("3")
    here.locator("#look-at").dispatch_event("change")
    here.locator("#vary-asked input").first.fill("0.2")
    here.click("#vary-go")
    here.locator("#vary-found .big").nth(1).wait_for()
    shows = (
        *("#writers", "#surprise-says", "#surprise-table", "#game-text", "#game-table"),
        *("#look-says", "#vary-found"),
    )
    before = {name: here.locator(name).inner_text() for name in shows}
    again = visit(html, at=here.evaluate("location.hash"))
    again.locator("#vary-found .big").nth(1).wait_for()
    again.locator("#game-table caption", has_text="3").wait_for()
    again.locator("#surprise-says", has_text=before["#surprise-says"]).wait_for()
    assert {name: again.locator(name).inner_text() for name in shows} == before
    assert again.locator("#write-player").input_value() == "counting"
    assert again.locator("html").get_attribute("lang") == "zh-Hans"


def test_an_address_that_makes_no_sense_is_ignored(visit: Visit, html: str) -> None:
    wild = "#head=99&reader=-7&passage=1e9&guesses=123&vary0=9 nobody 99&vary1=x&colours=0 me"
    here = visit(html, at=f"{wild}&measured=%E4%B8%AD&at=77&writer=me&lang=xx&text=a")
    here.locator("#vary-found .big").nth(1).wait_for()
    assert here.locator("#look-maps [aria-pressed=true]").inner_text() == "1.1"
    assert here.locator("#game-table").is_hidden()
    assert here.locator("#write-player").input_value() == "network"


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        (replace(SHAPE, attention="convolution"), ["write", "surprise", "game", "vary"]),
        (
            replace(PRESETS["classic"].model, n_layer=1),
            ["write", "surprise", "game", "look", "vary"],
        ),
    ],
)
def test_a_part_that_cannot_work_is_not_shown(
    visit: Visit, random_model: Make, config: GPTConfig, parts: list[str]
) -> None:
    model = random_model(config, 27)
    text = "".join(np.random.default_rng(0).choice(list(model.tokenizer.characters), 300))
    here = visit(page(model, passage=text))
    shown = [
        s
        for s in ("write", "surprise", "game", "look", "vary")
        if here.locator(f"#{s}").is_visible()
    ]
    assert shown == parts
    here.click("#write-one")
    bare = visit(page(model, parts=["write"]))
    assert bare.locator("section:visible").count() == 1


def test_two_models_side_by_side(visit: Visit, shown: Shown, random_model: Make) -> None:
    other = random_model(replace(SHAPE, context=8), 5, seed=3)
    other.tokenizer = CharTokenizer("ab\n t")
    here = visit(page(shown, Shown(model=other, name="student"), passage=PASSAGE))
    here.fill("#prompt", "the bat!")
    told = here.locator("#prompt-unknown").inner_text().split("\n")
    assert [line.split(": ")[0] for line in told] == ["a run", "student"]
    assert [line.split(": ")[2].split() for line in told] == [["!"], ["h", "e", "!"]]
    assert here.locator("#writers h3").all_inner_texts() == ["a run", "student"]
    here.click("#write-one")
    here.wait_for_timeout(300)
    assert [len(w) for w in here.locator("#writers .written").all_text_contents()] == [1, 1]
    here.fill("#surprise-text", "a bat at a tab")
    here.click("#surprise-go")
    here.locator("#surprise-table tbody tr").nth(5).wait_for()
    assert "student: the network" in here.locator("#surprise-table").inner_text()
    assert here.locator("#surprise-maps .text").all_text_contents() == ["a bat at a tab"] * 2
    here.locator("#surprise-at").fill("2")
    says = here.locator("#surprise-says").inner_text().split("\n")
    assert [line.split(": “b”: ")[0] for line in says] == ["a run", "student"]
    here.fill("#surprise-text", "a king")
    here.click("#surprise-go")
    here.get_by_text("student does not know all of these characters.").wait_for()
    assert here.locator("#surprise-maps > div:visible").all_inner_texts() == ["a run\n\na king"]
    assert here.locator("#vary-asked select").nth(1).input_value() == "1 network"
    here.click("#vary-go")
    here.locator("#vary-found .big").nth(1).wait_for()


def test_two_models_of_one_text_share_it(visit: Visit, shown: Shown, html: str) -> None:
    both = page(shown, replace(shown, name="again"), passage=PASSAGE)
    assert len(both) < 2 * len(html)
    here = visit(both)
    said = here.evaluate("""async () => {
      const engine = new Engine();
      await engine.load();
      const ask = (model) => engine.ask({ ask: "score", model, ids: [3, 1, 4, 1, 5], lane: model });
      return [await ask(1), await ask(0)].map(({ nats }) => nats.map((one) => [...one]));
    }""")
    assert said[0] == said[1]
    assert len(said[0]) == 3
    for width in (360, 1100):
        here.set_viewport_size({"width": width, "height": 800})
        assert here.evaluate("document.documentElement.scrollWidth") <= width
        inner, outer = (
            here.locator(f"#vary-asked {e}").first.bounding_box() for e in ("select", "fieldset")
        )
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]


def test_with_reduced_motion_it_writes_in_lines(visit: Visit, html: str) -> None:
    here = visit(html, reduced_motion="reduce")
    assert (
        here.locator(".used").first.evaluate("e => getComputedStyle(e).transitionDuration") == "0s"
    )
    here.click("#write-run")
    here.wait_for_timeout(300)
    here.click("#write-run")
    here.locator("#writers").get_by_text("by its own prediction").wait_for()
    assert here.locator("#writers .written").text_content()
