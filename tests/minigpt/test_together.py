"""Network and counting together in every command: train, evaluate, compress, sample, runs."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigpt import load
from minigpt.compress import container, escapes, read_header
from minigpt.evaluate import surprisal
from minigpt.load import load_predictor
from minigpt.mixture import Mixture, Remembered
from minigpt.nextchar import NextChar
from minigpt.ngram import NGram
from minigpt.tokenizer import CharTokenizer
from minigpt.train import mixing

KEYS = ("ngram_val_loss", "ngram_judge_loss", "mixture_val_loss", "mixture_judge_loss")
LETTER = "the rat sat on the mat, the cat on the rat – the mät.\n" * 4


@pytest.fixture
def here(trained: Path, tmp_path: Path, call: Any) -> Path:
    """A copy of the run, and a letter, where `call` works; the text stays where it was."""
    shutil.copytree(trained / "runs", tmp_path / "runs")
    (tmp_path / "letter.txt").write_text(LETTER, encoding="utf-8")
    return tmp_path


def gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no text can be had."""

    def refuse(name: str) -> None:
        raise ValueError(f"no file {name}")

    monkeypatch.setattr(load.corpora, "load", refuse)


def one_line(err: str) -> str:
    assert err.count("\n") == 1, err
    return err


def test_a_text_that_is_too_long_is_not_counted(
    call: Any, here: Path, monkeypatch: pytest.MonkeyPatch, trained: Path
) -> None:
    for module in ("minigpt.train.mixing", "minigpt.load", "minigpt.evaluate.__main__"):
        monkeypatch.setattr(f"{module}.NGRAM_LIMIT", 1000)
    (here / "runs" / "run" / "result.json").unlink()
    (here / "runs" / "run" / "gate.json").unlink()
    code, out, _ = call("train", "--resume")
    assert (code, out.count("no n-gram and no mixture: counting the 2,808 characters")) == (0, 1)
    record = json.loads((here / "runs" / "run" / "result.json").read_text())
    assert {record[key] for key in mixing.FIGURES} == {None}
    assert not (here / "runs" / "run" / "gate.json").exists()
    code, out, err = call("evaluate", "runs/run", "--json", "--sample", "0")
    assert (code, len(json.loads(out)["models"])) == (0, 1)
    assert "no n-gram: counting" in one_line(err)
    code, _, err = call("compress", "runs/run", "letter.txt")
    assert code == 0
    assert "the network works alone: counting" in one_line(err)


def test_a_choosing_half_of_two_characters(
    call: Any, tmp_path: Path, tiny_args: tuple[str, ...]
) -> None:
    (tmp_path / "short.txt").write_text("to be or not to be, that is th.")
    asked = ("--data", "short.txt", "--steps", "2", "--out", "r", "--json")
    code, out, err = call("train", *tiny_args, *asked)
    assert code == 0, err
    assert all(np.isfinite(json.loads(out)[key]) for key in KEYS)


def test_what_stops_the_fit_loses_nothing(
    call: Any, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    for name in ("result.json", "gate.json"):
        (run / name).unlink()

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mixing, "fit_gate", stop)
        code, _, err = call("train", "--resume", "--out", run)
    assert code == 130
    assert f"python -m minigpt.train --resume --out {run}" in one_line(err)
    assert not {"result.json", "gate.json"} & {path.name for path in run.iterdir()}
    # an unfinished run may learn on: what is fitted for it now is not kept
    assert call("evaluate", run, "--sample", "0", "--threads", "1")[0] == 0
    assert not (run / "gate.json").exists()
    code, out, _ = call("train", "--resume", "--out", run)
    assert code == 0
    assert (run / "gate.json").read_bytes() == (tiny_run / "gate.json").read_bytes()
    then, now = (json.loads((one / "result.json").read_text()) for one in (tiny_run, run))
    assert [now[key] for key in (*KEYS, "val_loss")] == [then[key] for key in (*KEYS, "val_loss")]
    for key in (*KEYS, "val_loss"):
        assert f"{now[key]:.4f}" in out
    assert "by both together" in out
    assert now["mixture_val_loss"] < min(now["val_loss"], now["ngram_val_loss"])
    assert now["mixture_seconds"] > 0
    assert f"{now['mixture_val_loss']:.4f}" in call("runs", "--folder", tmp_path)[1]


def test_predictions_are_made_once_and_are_the_same(
    tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_predictor(str(tiny_run), threads=1).model
    ids = np.random.default_rng(0).integers(0, len(model.tokenizer), 100)
    kept = Remembered(model)
    assert isinstance(kept, NextChar)
    counted = NGram.fit(ids, model.tokenizer, 3)
    alone, mixed = surprisal(model, ids), surprisal(Mixture([model, counted]), ids)
    np.testing.assert_array_equal(surprisal(kept, ids), alone)
    monkeypatch.setattr(model, "logprobs", lambda ids: 1 / 0)
    np.testing.assert_array_equal(surprisal(kept, ids), alone)
    np.testing.assert_array_equal(surprisal(Mixture([kept, counted]), ids), mixed)
    with pytest.raises(ZeroDivisionError):
        surprisal(kept, ids[::-1])


def test_a_run_without_a_gate_gets_one(call: Any, here: Path) -> None:
    gate = here / "runs" / "run" / "gate.json"
    before = gate.read_bytes()
    gate.unlink()
    code, out, err = call("evaluate", "--json", "--sample", "0")
    assert (code, len(json.loads(out)["models"])) == (0, 4)
    assert "fitted a gate" in err
    assert gate.read_bytes() == before
    # the model of another file in that folder is not the one whose gate is there
    (here / "runs" / "run" / "model.safetensors").rename(here / "runs" / "run" / "old.safetensors")
    code, _, err = call("evaluate", "runs/run/old.safetensors", "--sample", "0")
    assert (code, gate.read_bytes()) == (0, before)
    assert "fitted a gate" in one_line(err)


def test_a_mixture_compresses_by_default_and_the_file_says_so(call: Any, here: Path) -> None:
    sizes = {}
    for kind in ("auto", "adaptive", "mixture", "gpt"):
        assert (
            call("compress", "runs/run", "letter.txt", "-o", f"{kind}.mgz", "--model", kind)[0] == 0
        )
        blob = (here / f"{kind}.mgz").read_bytes()
        sizes[kind] = len(blob)
        assert call("compress", "-d", f"{kind}.mgz", "-o", f"{kind}.txt")[0] == 0
        assert (here / f"{kind}.txt").read_text(encoding="utf-8") == LETTER
    assert (here / "auto.mgz").read_bytes() == (here / "adaptive.mgz").read_bytes()
    assert sizes["adaptive"] < sizes["mixture"] < sizes["gpt"]
    assert read_header((here / "auto.mgz").read_bytes()).kind == "adaptive"
    header = read_header((here / "mixture.mgz").read_bytes())
    mixed = load_predictor("runs/run", kind="mixture", threads=1).model
    assert isinstance(mixed, Mixture)
    assert (header.version, header.kind) == (4, "mixture")
    pieces = [bytes.fromhex(part)[:8] for part in mixed.identities]
    assert [*header.members, header.fingerprint] == pieces
    alone = read_header((here / "gpt.mgz").read_bytes())
    assert (alone.version, alone.kind, alone.fingerprint) == (3, "gpt", pieces[0])


def test_what_a_mixtures_file_needs_is_named_if_it_is_missing(
    call: Any, here: Path, monkeypatch: pytest.MonkeyPatch, trained: Path, tiny_run: Path
) -> None:
    assert call("compress", "letter.txt", "--model", "mixture")[0] == 0
    asked = ("compress", "-d", "letter.txt.mgz", "-o", "back.txt", "-f")
    gate = here / "runs" / "run" / "gate.json"
    kept = json.loads(gate.read_text())
    gate.unlink()  # it is fitted again
    assert call(*asked)[0] == 0
    assert (here / "back.txt").read_text(encoding="utf-8") == LETTER
    changed = json.loads(json.dumps(kept))
    changed["gate"]["bias"][0] += 1  # so it is if another one has taken its place
    gate.write_text(json.dumps(changed))
    assert call(*asked)[0] == 0
    foreign = json.loads(json.dumps(kept))
    foreign["members"][0] = "0" * 64
    gate.write_text(json.dumps(foreign))
    code, _, err = call(*asked)
    assert (code, "fitted for other members" in one_line(err)) == (2, True)
    gate.write_text(json.dumps(kept))
    code, _, err = call(*asked, "--order", "3")
    assert code == 2
    assert "member 2 of the mixture" in err
    code, _, err = call("compress", tiny_run, "letter.txt.mgz", "-d", "-o", "back.txt", "-f")
    assert (code, "name the run it was made with" in one_line(err)) == (2, True)
    with monkeypatch.context() as patch:
        gone(patch)
        code, _, err = call(*asked)
        assert code == 2
        assert "which counts a text, and" in one_line(err)
        assert f"{trained / 'text.txt'}, which cannot be had" in err
        code, _, err = call("compress", "letter.txt", "-f")
        assert code == 0
        assert "the network works alone" in err
        assert read_header((here / "letter.txt.mgz").read_bytes()).kind == "gpt"
    shutil.rmtree(here / "runs")
    code, _, err = call("compress", "letter.txt.mgz", "-d", "-o", "back.txt", "-f")
    assert (code, "no run under" in one_line(err)) == (2, True)


def test_a_file_of_counting_needs_no_flag_but_its_text(
    call: Any, here: Path, trained: Path
) -> None:
    asked = ("--data", trained / "text.txt", "--order", "4")
    assert call("compress", "letter.txt", "--model", "ngram", *asked)[0] == 0
    assert read_header((here / "letter.txt.mgz").read_bytes()).kind == "ngram"
    assert call("compress", "letter.txt.mgz", "-d", "-o", "back.txt", *asked)[0] == 0
    assert (here / "back.txt").read_text(encoding="utf-8") == LETTER


def test_the_table_shows_all_three(call: Any, here: Path) -> None:
    code, out, _ = call("compress", "--table", "letter.txt")
    assert code == 0
    names = [line[:20].strip() for line in out.splitlines()]
    assert {"mixture", "gpt", "n-gram, order 7"} <= set(names)


MODELS = [NGram.fit("abcabc", CharTokenizer("abc"), order) for order in (1, 2)]
BLOB = container.compress("abcab", Mixture(MODELS))


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([9, 2], "kind 9 with 2 members, unknown"),
        ([0, 0], "with 0 members"),
        ([0, 2**60], "members, unknown to this version"),
        ([0, 16], "contradicts itself|end within a number"),
    ],
)
def test_numbers_of_a_strangers_header(numbers: list[int], words: str) -> None:
    assert container.decompress(BLOB, Mixture(MODELS)) == b"abcab"
    assert BLOB[20:22] == escapes.varints([0, 2])
    body = BLOB[:20] + escapes.varints(numbers) + BLOB[22:-8]
    with pytest.raises(ValueError, match=words):
        read_header(body + hashlib.sha256(body).digest()[:8])


def test_every_cut_and_altered_byte_of_a_mixtures_file_is_noticed() -> None:
    for place in range(len(BLOB)):
        bad = bytearray(BLOB)
        bad[place] ^= 1
        for blob in (bytes(bad), BLOB[:place]):
            with pytest.raises(ValueError, match=r"cut or altered|not made by"):
                read_header(blob)


def test_another_number_of_members_is_named() -> None:
    for model, words in ((MODELS[0], "this is one model"), (Mixture(MODELS[:1]), "1 models")):
        with pytest.raises(ValueError, match=f"a mixture of 2 models, and .*{words}"):
            container.decompress(BLOB, model)


def test_a_mixture_writes(call: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("sample", "runs/run", "--length", "30", "--json")
    texts = {}
    for kind in ("gpt", "mixture", "auto"):
        code, out, _ = call(*asked, "--model", kind)
        assert code == 0
        texts[kind] = json.loads(out)["texts"]
    assert texts["auto"] == texts["mixture"] != texts["gpt"]
    gone(monkeypatch)
    code, out, err = call(*asked)
    assert (code, json.loads(out)["texts"]) == (0, texts["gpt"])
    assert "the network works alone: run learned from" in one_line(err).replace("runs/", "")
    code, _, err = call("sample", "--model", "mixture")
    assert (code, "bring it back" in one_line(err)) == (2, True)


def test_evaluate_keeps_apart_what_learned_from_the_text(call: Any, here: Path) -> None:
    asked = ("evaluate", "runs/run", "--adapt", "--sample", "0", "--threads", "1")
    code, out, _ = call(*asked, "--json")
    assert code == 0
    record = json.loads(out)
    counting, both = record["adaptive"]
    assert len(record["models"]) == 4
    assert counting["model"].startswith("counting")
    assert both["nats"] < record["models"][0]["nats"]
    assert both["n"] == record["models"][0]["n"]
    code, out, _ = call(*asked)
    lines = [line.strip() for line in out.splitlines()]
    place = lines.index("having learned from what was read before, unlike those above:")
    assert "learning while it reads" in lines[place + 1]


def test_a_text_that_has_gone_or_is_long_is_not_learned_from(
    call: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("compress", "letter.txt")[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr("minigpt.load.ADAPTIVE_LIMIT", 100)
        code, _, err = call("compress", "letter.txt", "-o", "long.mgz")
        assert code == 0
        assert "nothing is learned while reading: keeping all contexts" in err
        assert read_header((here / "long.mgz").read_bytes()).kind == "mixture"
        code, _, err = call("compress", "letter.txt", "-f", "--model", "adaptive")
        assert (code, "use --model mixture" in one_line(err)) == (2, True)
    code, _, err = call("compress", "-d", "letter.txt.mgz", "-f", "--order", "3")
    assert (code, "name the run, and the order" in one_line(err)) == (2, True)
    with monkeypatch.context() as patch:
        gone(patch)
        code, _, err = call("compress", "-d", "letter.txt.mgz", "-f")
        assert (code, "which counts a text, and" in one_line(err)) == (2, True)


def test_a_gate_that_does_not_say_is_for_order_seven(here: Path) -> None:
    gate = here / "runs" / "run" / "gate.json"
    assert load.gate_order(gate) == load.ORDER != 7
    record = json.loads(gate.read_text())
    del record["orders"]  # as it was before runs were mixed with longer counts
    gate.write_text(json.dumps(record))
    assert load.gate_order(gate) == 7
    for damaged in ("{", "[]", '{"orders": ["x"]}'):
        gate.write_text(damaged)
        assert load.gate_order(gate) == load.ORDER


def test_evaluate_prints_what_it_is_asked_for(here: Path, trained: Path, call: Any) -> None:
    def models(*asked: str) -> list[Any]:
        code, out, err = call("evaluate", *asked, "--sample", "0", "--json")
        assert code == 0, err
        return [(row["model"], row["nats"]) for row in json.loads(out)["models"]]

    gpt, ngram, beside, both = models("runs/run")
    assert models("runs/run", "--model", "mixture") == [gpt, ngram, beside, both]
    assert models("runs/run", "--model", "gpt") == [gpt, ngram]
    text = str(trained / "text.txt")
    assert models("--model", "ngram", "--data", text) == [ngram]
