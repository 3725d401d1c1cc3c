"""`python -m minigpt.play`: what the file holds, what travels in it, what is refused."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labkit import command, pages
from minigpt import corpora
from minigpt.corpora import Corpus
from minigpt.layers import GPTConfig
from minigpt.load import count_of
from minigpt.mixture import Mixture
from minigpt.play import __main__ as play
from minigpt.play.document import ENGINE, PARTS, Shown, again, is_learned, page, read
from minigpt.saved.checkpoint import load_model

PLAY = Path(play.__file__).parent
SMALL = GPTConfig(n_layer=1, n_head=1, n_embd=8, context=8)
SCRIPTS = [f"engine/{name}.js" for name in ENGINE] + [f"parts/{name}.js" for name in PARTS]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """The command in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []
    monkeypatch.setattr(play.webbrowser, "open", opened.append)

    def _call(*args: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            command.run(play.main, play.Settings, prog="minigpt.play", args=[*map(str, args)])
        return int(stop.value.code or 0), *capsys.readouterr()

    _call.opened = opened  # type: ignore[attr-defined]
    return _call


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    """A run of its own, to write into."""
    return Path(shutil.copytree(tiny_run, tmp_path / "a <b>run"))


def inside(html: str) -> tuple[dict[str, Any], bytes]:
    """What a page carries: its data, and the bytes of the first model."""
    data = re.search(r'id="data">(.*?)</script>', html)
    blob = re.search(r'id="model-0">(.*?)</script>', html)
    assert data
    assert blob
    return json.loads(data[1]), gzip.decompress(base64.b64decode(blob[1]))


def test_a_run_becomes_one_file_in_its_folder(call: Any, run: Path) -> None:
    code, out, err = call(run)
    assert (code, err) == (0, "")
    html = (run / "play.html").read_text("utf-8")
    assert call.opened == [(run / "play.html").resolve().as_uri()]
    assert "play.html: 0.1" in out
    assert "its training text (--no-counts leaves it out)" in out
    assert "lines that it wrote\n" in out
    assert "iPhones and iPads" in out
    data, content = inside(html)
    assert data["parts"] == ["write", "surprise", "game", "look", "vary"]
    assert data["models"][0]["name"] == "a <b>run"
    assert "a &lt;b&gt;run" in html
    assert data["sample"] is True
    assert data["command"] == "python -m minigpt.play 'a <b>run'"
    facts = data["models"][0]["facts"]
    assert facts["bits"] > facts["counting"] > 0
    corpus = corpora.load("storyland:20000")
    assert data["passage"] in corpus.judge
    assert data["passage"] not in corpus.train
    model, _ = load_model(run)
    assert content.endswith(model.tokenizer.encode(corpus.train).tobytes())
    assert data["models"][0]["header"]["counted"] == len(corpus.train)
    assert re.findall(r"""(?:src|href)=["']?(?!")[^"'> ]+""", html) == []  # nothing is fetched


def test_a_gate_in_the_folder_brings_the_mixture(call: Any, run: Path) -> None:
    model, _ = load_model(run)
    corpus = corpora.load("storyland:20000")
    counted = count_of(corpus, tokenizer=model.tokenizer).model
    mixed = Mixture.fit([model, counted], model.tokenizer.encode(corpus.choose), hidden=2)
    mixed.save_gate(run / "gate.json")
    assert call(run, "-o", "a.html", "--no-open")[0] == 0
    header = inside(Path("a.html").read_text("utf-8"))[0]["models"][0]["header"]
    assert header["gate"] == json.loads(json.dumps(mixed.gate.record()))
    other = json.loads((run / "gate.json").read_text())
    other["members"][0] = "0" * 64
    (run / "gate.json").write_text(json.dumps(other))
    code, _, err = call(run, "-o", "a.html", "--no-open")
    assert code == 0
    assert err.startswith("no mixture: the gate in ")
    assert call.opened == []


def test_a_private_text_stays_out(call: Any, run: Path) -> None:
    Path("mine.txt").write_text("Something else to guess.\n" * 9)
    code, out, _ = call(run, "-o", "a.html", "--no-counts", "--passage", "mine.txt", "--no-open")
    assert code == 0
    assert "training text" not in out
    data, content = inside(Path("a.html").read_text("utf-8"))
    assert data["models"][0]["header"]["counted"] == 0
    assert data["models"][0]["header"]["gate"] is None
    assert len(content) == 2 * data["models"][0]["header"]["halves"]  # weights and nothing else
    assert data["command"].endswith("'a <b>run' --no-counts --passage mine.txt")
    train = corpora.load("storyland:20000").train
    assert data["passage"].startswith("omething else") or data["passage"].startswith("Something")
    assert train[:40] not in Path("a.html").read_text("utf-8")


@pytest.mark.parametrize("args", [(), ("--no-counts",)])
@pytest.mark.parametrize(
    "own", ["", "\nSixty characters that nobody has learned, at the end of it.\n\n"]
)
def test_a_learned_passage_is_refused(
    call: Any, run: Path, args: tuple[str, ...], own: str
) -> None:
    Path("known.txt").write_text(corpora.load("storyland:20000").train[100:1500].strip() + own)
    code, _, err = call(run, "-o", "a.html", "--passage", "known.txt", *args)
    assert code == 2
    assert err.count("\n") == 1
    assert "has learned this passage" in err
    assert not Path("a.html").exists()


def test_the_second_model_has_not_learned_the_passage_either(
    random_model: Callable[..., Any],
) -> None:
    text = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 900))
    one, other = random_model(SMALL, 5), Shown(model=random_model(SMALL), name="other", seen=text)
    page(one, other, passage=text[::-1])
    with pytest.raises(ValueError, match="other has learned this passage"):
        page(one, other, passage=text[200:500])
    assert is_learned(text[:600] + text[50:0:-1], text)
    assert not is_learned(text[:400] + text[100:0:-1], text)
    assert not is_learned("", text)


def test_of_a_text_of_ones_own_it_says_what_travels(
    call: Any, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "TABLE", {})
    _, out, _ = call(run, "-o", "a.html", "--beside", run, "--no-open")
    assert out.count("beware: your own text, ") == 1
    assert out.count("is in the page as a whole") == 1
    _, out, _ = call(run, "-o", "a.html", "--no-counts", "--no-open")
    passage = inside(Path("a.html").read_text("utf-8"))[0]["passage"]
    assert f"a passage of {len(passage)} held-out characters is in the page" in out
    Path("mine.txt").write_text("Something else to guess.\n" * 9)
    _, out, _ = call(run, "-o", "a.html", "--no-counts", "--passage", "mine.txt", "--no-open")
    assert "beware" not in out


def test_a_passage_that_the_alphabet_empties_is_told(call: Any, run: Path) -> None:
    Path("mine.txt").write_text("МОСКВА И ПЕТЕРБУРГ\n" * 40, encoding="utf-8")
    code, out, err = call(run, "-o", "a.html", "--passage", "mine.txt", "--no-open")
    assert code == 0
    assert err == "no passage to guess: of its 760 characters the model knows 120\n"
    assert "no passage to guess (--passage names one)" in out
    data, _ = inside(Path("a.html").read_text("utf-8"))
    assert data["passage"] == ""
    assert "game" not in data["parts"]


def test_of_the_second_runs_text_it_says_the_same(random_model: Callable[..., Any]) -> None:
    told = Corpus(name="a", title="A", text="", sha256="", source="", licence="")
    first = Shown(model=random_model(SMALL), name="one")
    said = play._own([(first, None), (replace(first, learned="all"), told)], "")
    assert said == ["your own text, A, is in the page as a whole"]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nowhere",), "no run at nowhere"),
        (("RUN", "-o", "no/such/a.html"), "no such file or folder"),
        (("RUN", "--beside", "nowhere"), "no run at nowhere"),
        (("RUN", "--weights", "int4"), "int4"),
        (("RUN", "--passage", "none.txt"), "none.txt"),
    ],
)
def test_mistakes_are_told_in_one_line(
    call: Any, run: Path, args: tuple[str, ...], told: str
) -> None:
    code, _, err = call(*(run if arg == "RUN" else arg for arg in args))
    assert code == 2
    assert told in err
    assert err.count("\n") == 1


def test_without_its_text_the_network_plays_alone(call: Any, run: Path, monkeypatch: Any) -> None:
    def gone(name: str) -> None:
        raise ValueError("gone")

    monkeypatch.setattr(corpora, "load", gone)
    code, _, err = call(run, "--no-open")
    assert code == 0
    assert err.startswith("no counting and no passage to guess: ")
    data, _ = inside((run / "play.html").read_text("utf-8"))
    assert data["parts"] == ["write", "surprise", "look", "vary"]


def test_two_runs_beside_each_other(call: Any, run: Path) -> None:
    assert call(run, "-o", "a.html", "--beside", run, "--weights", "int8", "--no-open")[0] == 0
    data, _ = inside(Path("a.html").read_text("utf-8"))
    assert [model["name"] for model in data["models"]] == ["a <b>run", "a <b>run (2)"]
    model, _ = load_model(run)
    with pytest.raises(ValueError, match="one model or two, got 3"):
        page(model, model, model)


# the scripts themselves


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_make_no_markup_and_run_no_text(name: str) -> None:
    code = read(name)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert word not in code, word
    assert "fetch(" not in code
    assert len(code.splitlines()) < 200
    assert code.startswith("/* ")


def test_every_script_is_in_the_page_and_under_its_policy() -> None:
    assert {p.relative_to(PLAY).as_posix() for p in PLAY.rglob("*.js")} == set(SCRIPTS)
    assert set(re.findall(r"@(\w+)@", read("parts/page.html"))) == {
        *("policy", "generator", "title", "style", "noscript", "noscript_zh"),
        *("sample", "data", "scripts", "checksum"),
    }


def test_both_languages_say_the_same() -> None:
    strings = json.loads(read("parts/strings.json"))
    assert strings["en"].keys() == strings["zh"].keys()
    for key, words in strings["en"].items():
        holes = sorted(re.findall(r"\{\w+\}", words))
        assert holes == sorted(re.findall(r"\{\w+\}", strings["zh"][key])), key
        assert words.strip()
    code = "".join(map(read, [*SCRIPTS, "parts/page.html"]))
    dynamic = ("player.", "facts.", "vary.side", "surprise.", "trouble.")
    for key in strings["en"]:
        assert f'"{key}"' in code or key.startswith(dynamic), f"{key} is said nowhere"
    for key in re.findall(r'\bt\("([\w.]+)"', code) + re.findall(r'data-t="([\w.]+)"', code):
        assert key in strings["en"], key


def test_scripts_and_words_leave_room_for_the_model(random_model: Callable[..., Any]) -> None:
    """A default run's weights and text are 2.40 MB in base64, and its page at most 2.6."""
    one = Shown(model=random_model(SMALL), name="a", learned="abcd" * 40)
    made = re.sub('id="model-0">[^<]*', "", page(one, passage="dcba" * 1000, sample="ab" * 300))
    assert len(made.encode()) + len(read("engine/mixture.js").encode()) < 160_000


def test_code_that_would_end_its_element_is_refused() -> None:
    for code in ("a = '</ScRipt>'", "x <!-- y"):
        with pytest.raises(ValueError, match="must not contain"):
            pages.script(code)
    assert "<" not in pages.data("d", ["</script><!--"])[
        len('<script type="application/json" id="d">') :
    ].removesuffix("</script>")


def test_a_page_is_made_again_from_its_data_alone(random_model: Callable[..., Any]) -> None:
    one = Shown(model=random_model(SMALL), name="<b>", learned="abcd" * 40, facts={"bits": 2.5})
    made = page(one, random_model(SMALL, seed=1), passage="dcba" * 30, sample="a <b> & c")
    assert again(made) == made
    strange = made.replace("start();", "start(); document.title = 'ran';")
    strange = strange.replace('"language": "Language"', '"language": "Loud"')
    assert len(strange) > len(made)
    assert again(strange) == made
    short = re.sub(r'"parts": \[[^]]*\]', '"parts": ["vary", "eval", 7]', made)
    assert inside(again(short))[0]["parts"] == ["vary"]
    for wrong in (
        "",
        "<p>a page</p>",
        re.sub(r'id="model-1">\w', 'id="model-1">!', made),
        made.replace('id="model-1"', 'id="other"'),
        made.replace('"counted"', '"counter"'),
        re.sub(r'id="data">.', 'id="data">[', made),
        re.sub(r'id="data">.*?</script>', 'id="data">[]</script>', made),
        made.replace('"date"', '"day"'),
    ):
        with pytest.raises(ValueError, match=r"not a page of minigpt\.play"):
            again(wrong)


def test_the_policy_names_exactly_these_scripts() -> None:
    told = pages.policy(scripts=["a", "b"], styles=[])
    digest = "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="  # sha256 of "a"
    assert f"script-src 'sha256-{digest}' 'sha256-" in told
    assert "style-src 'none'" in told
    assert "unsafe" not in told


def test_planes_and_scales_are_what_they_say(random_model: Callable[..., Any]) -> None:
    from minigpt.layers import GPTConfig
    from minigpt.play.pack import pack, rounded

    model = random_model(GPTConfig(n_layer=1, n_head=1, n_embd=8, context=4), 5)
    header, blob = pack(model, counted=np.array([3, 1, 4], np.uint8))
    data = gzip.decompress(blob)
    n = header["halves"]
    low, high = np.frombuffer(data[: 2 * n], np.uint8).reshape(2, n).astype(np.uint16)
    numbers = (low | high << 8).view(np.float16)
    assert np.array_equal(numbers[:40].reshape(5, 8), rounded(model).embed.weight.detach().numpy())
    assert data[2 * n :] == bytes([3, 1, 4])
    assert pack(model)[1] == pack(model)[1]  # the same run, the same bytes
