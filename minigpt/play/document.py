"""The page as one string: a model, what it may be asked about, and the code that asks.

Idea:   everything is inside: code, style, words in two languages, and the model as gzip in base64.
        The policy names the hashes of exactly this code; a name or a text that travels along is
        data, and never runs.
Run:    python -m minigpt.play RUN
Omits:  a bundler. The scripts are joined as they are, in the order of `ENGINE` and `PARTS`, and
        can be read in the page's source.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, Literal, get_args

from labkit import pages
from labkit.versions import version
from labkit.visible import visible
from minigpt.mixture import Gate
from minigpt.model import GPT
from minigpt.ngram import DEFAULT_ORDER
from minigpt.play.pack import Weights, pack

Part = Literal["write", "surprise", "game", "look", "vary"]
ENGINE = (
    *("kernel", "layers", "model", "reader", "counts", "mixture", "chance", "unpack", "players"),
    "serve",
)
"""Scripts of `engine/`: they run in the worker, and where a browser has none, on the page."""
PARTS = (
    *("dom", "checksum", "state", "engine", "players", "write", "dials", "surprise", "shannon"),
    *("game", "look", "vary", "start"),
)
"""Scripts of `parts/`, which run on the page, after labkit's `ELEMENTS`."""
ELEMENTS = "web/elements.js"
ONLY: dict[str, tuple[str, ...]] = {
    "write": ("write", "dials"),
    "surprise": ("surprise",),
    "game": ("shannon", "game"),
    "look": ("look",),
    "vary": ("vary",),
}
"""Scripts that a page without this part does not need."""
COUNTING = (
    *("write.other", "surprise.rival", "inside.counts"),
    *(f"{said}.{player}" for said in ("surprise", "player") for player in ("counting", "mixture")),
)
"""Words that a page without counting does not need."""
BESIDE = ("only", "facts.two", "facts.size", "facts.corpus", "surprise.cannot")
"""Words that a page of one model does not need."""
MADE = "minigpt.play.page"
"""What a page without a command says that it was made by."""
LEAST_PASSAGE = 60
"""Characters below which there is nothing to guess."""
PIECE = 100
"""Characters of the pieces of a passage that are looked for in a training text."""
STEP = 10
"""Characters from the start of such a piece to that of the next."""
LEARNED = 0.9
"""Share of a passage in learned pieces from which on guessing it would prove nothing."""
_NOSCRIPT = {
    "en": "This page is a small language model that runs here, in your browser, without a network. "
    "Scripts are off, so you see only what it wrote. iPhones and iPads never run scripts of a file "
    "that is opened from Files or Mail: there, open the page from a web host.",
    "zh": "此页是一个小语言模型，就在你的浏览器里运行，不需要网络。脚本被关闭了，所以只能看到它写的"
    "一段文字。iPhone 和 iPad 从“文件”或“邮件”打开时从不运行脚本：请从网站打开此页。",
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A model of the page, its name, and what is said of it."""

    model: GPT
    name: str
    learned: str = ""
    """The training text, from which counting counts; empty for no counting. It travels along."""
    seen: str = ""
    """The training text that stays out of the page: a passage to guess is only compared with it."""
    gate: Gate | None = None
    """Mixes the network with counting; fitted for these two."""
    order: int = DEFAULT_ORDER
    """Order of the n-gram that counts, alone and in the mixture."""
    facts: dict[str, Any] = field(default_factory=dict)
    """corpus, source, licence, seconds of training; bits, counting, mixture: bits/char."""


def page(
    model: GPT | Shown,
    *others: GPT | Shown,
    passage: str = "",
    prompt: str = "",
    sample: str = "",
    weights: Weights = "auto",
    parts: Sequence[Part] = get_args(Part),
    command: str = MADE,
) -> str:
    """The page of a model, or of two side by side, as HTML.

    `passage` is a text to guess, which no model has learned; `prompt` the beginning that the page
    opens with; `sample` a text of the model for readers without scripts; `command` what the footer
    says that the page was made by. A part without what it needs is left out. ValueError for more
    than two models, a layer that the page does not know, and a passage that a model has learned
    (`is_learned`).
    """
    shown = [
        one if isinstance(one, Shown) else Shown(model=one, name="minigpt")
        for one in (model, *others)
    ]
    if len(shown) > 2:
        raise ValueError(f"a page shows one model or two, got {len(shown)}")
    known = shown[0].model.tokenizer
    asked, passage = passage, "".join(c for c in passage if c in known)
    for one in shown:
        if any(is_learned(text, one.learned or one.seen) for text in {asked, passage}):
            raise ValueError(
                f"{one.name} has learned this passage, so guessing it would prove nothing; "
                "name another text by --passage"
            )
    models, packed = [], []
    for one in shown:
        tokenizer = one.model.tokenizer
        counted = tokenizer.encode(one.learned) if one.learned else None
        first = shown[0]
        shared = one is not first and one.learned == first.learned and tokenizer == known
        header, blob = pack(
            one.model, weights, counted=counted, shared=shared, order=one.order, gate=one.gate
        )
        facts = {"size": one.model.size, **one.facts}
        models.append({"name": visible(one.name, 80), "header": header, "facts": facts})
        packed.append(blob)
    data = {
        "models": models,
        "parts": _possible(parts, shown[0].model, passage),
        "passage": passage,
        "prompt": prompt or _beginning(passage),
        "command": visible(command, 300),
        "version": version(),
        "date": datetime.date.today().isoformat(),
    }
    return _fill(data, packed, sample)


def is_learned(passage: str, text: str) -> bool:
    """Whether nine tenths of a passage or more lie in pieces of 100 characters that a text has.

    >>> text = "".join(map(str, range(1000)))
    >>> is_learned(text[300:800] + "and a little", text), is_learned(text[300:800][::-1], text)
    (True, False)
    """
    passage = passage.strip()
    last = max(0, len(passage) - PIECE)
    reached = fresh = 0
    for at in range(0, len(passage), STEP):
        if passage[min(at, last) :][:PIECE] in text:
            reached = at + PIECE
        elif at >= reached:
            fresh += min(STEP, len(passage) - at)
            if fresh > (1 - LEARNED) * len(passage):
                return False
    return bool(passage)


def again(made: str) -> str:
    """An earlier page made anew from the data that it carries, with the scripts and words of today.

    No code of it is taken, so a stranger's page can be shown. ValueError if it carries no model.
    """
    said = re.search(r'<script type="application/json" id="data">(.*?)</script>', made, re.DOTALL)
    found = re.findall(r'<script type="text/plain" id="model-\d">([\w+/=]*)</script>', made)
    try:
        told = json.loads(said[1]) if said else {}
        packed = [base64.b64decode(letters, validate=True) for letters in found]
        models = [
            {
                "name": visible(str(one["name"]), 80),
                "header": {**one["header"]},
                "facts": {**one["facts"]},
            }
            for one in told["models"]
        ]
        parts = [part for part in get_args(Part) if part in told["parts"]]
        if not 1 <= len(models) == len(packed) <= 2:
            raise ValueError(f"{len(models)} models, {len(packed)} with weights")
        data = {
            "models": models,
            "parts": parts,
            **{key: str(told[key]) for key in ("passage", "prompt")},
            "command": visible(str(told.get("command", MADE)), 300),
            **{key: str(told[key]) for key in ("version", "date")},
        }
        sample = re.search(r'<pre class="text">([^<]*)</pre></noscript>', made)
        return _fill(data, packed, unescape(sample[1]) if sample else "")
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"not a page of minigpt.play: {error}") from None


def _possible(parts: Sequence[Part], model: GPT, passage: str) -> list[Part]:
    """Those of the parts that have what they need, in the page's order."""
    lacks = {"game": len(passage) < LEAST_PASSAGE, "look": not model.attends}
    return [part for part in get_args(Part) if part in parts and not lacks.get(part)]


def _words(parts: Sequence[Part], without: Sequence[str]) -> dict[str, dict[str, str]]:
    """The table of strings without those of other parts, and without these."""
    table = json.loads(read("parts/strings.json"))
    others = ONLY.keys() - set(parts)
    spare = {key for key in table["en"] if key.split(".")[0] in others} | set(without)
    return {
        language: {key: said for key, said in words.items() if key not in spare}
        for language, words in table.items()
    }


def _beginning(passage: str) -> str:
    """The first line of a passage that is not empty, cut off after 40 characters."""
    line = next((line for line in passage.splitlines() if line.strip()), "")
    return line if len(line) <= 40 else line[:40].rsplit(" ", 1)[0]


def _fill(data: dict[str, Any], packed: list[bytes], sample: str) -> str:
    others = ONLY.keys() - set(data["parts"])
    spare = {name for part in others for name in ONLY[part]}
    for script, fact in (("counts", "counted"), ("mixture", "gate")):
        if not any(model["header"][fact] for model in data["models"]):
            spare.add(script)
    engine, parts = (
        pages.joined("minigpt.play", [f"{room}/{name}.js" for name in names if name not in spare])
        for room, names in (("engine", ENGINE), ("parts", PARTS))
    )
    code = f"{pages.read('labkit', ELEMENTS)}\n{parts}"
    rules = pages.rules("minigpt.play", "parts/play.css")
    wrote = visible(sample[:600], 600).replace("⏎ ", "\n")
    without = [*(COUNTING if "counts" in spare else ()), *(BESIDE if len(packed) == 1 else ())]
    data["strings"] = _words(data["parts"], without)
    data["sample"] = bool(wrote.strip())  # whether the page says that lines of the model travel
    title = escape(" · ".join(model["name"] for model in data["models"]))
    letters = [base64.b64encode(blob).decode() for blob in packed]
    blobs = [
        f'<script type="text/plain" id="model-{i}">{one}</script>' for i, one in enumerate(letters)
    ]
    told = pages.data("data", data)
    checked = "".join([told.partition(">")[2].removesuffix("</script>"), *letters, engine])
    holes = {
        "checksum": f"{zlib.crc32(checked.encode()):08x}",  # parts/checksum.js compares
        "policy": pages.policy(scripts=[engine, code], styles=[rules], workers=True),
        "generator": f"cognitive-core {data['version']}",
        "title": title,
        "style": pages.style(rules),
        "noscript": _NOSCRIPT["en"],
        "noscript_zh": _NOSCRIPT["zh"],
        "sample": escape(wrote),
        "data": "\n".join([told, *blobs]),
        "scripts": "\n".join([pages.script(engine, name="engine"), pages.script(code)]),
    }
    page = read("parts/page.html")
    for part in others:
        page = re.sub(f'<section id="{part}".*?</section>\n', "", page, flags=re.DOTALL)
    if "counts" in spare:  # where nothing counts, nothing is said of counting
        page = re.sub(r' <span class="counting".*?</span>', "", page)
    return pages.fill(page, holes)


def read(name: str) -> str:
    """A file of this package."""
    return pages.read("minigpt.play", name)
