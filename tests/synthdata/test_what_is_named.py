"""What a user names: files, fields and options, each read as meant, or refused in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthdata.io import streams
from synthdata.streaming.meter import Meter
from tests.synthdata.conftest import Run

ROOT = Path(__file__).parents[2]


def texts(n: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(f"w{w}" for w in row) for row in rng.integers(0, 200, (n, 10)).tolist()]


def jsonl(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


# -- names that are empty, or name twice ----------------------------------------------------------


@pytest.mark.parametrize(
    "option", ["--by", "--group", "--text", "--embeddings", "--html", "--meter"]
)
def test_an_empty_name_is_refused(run_here: Run, option: str) -> None:
    jsonl("a.jsonl", [{"text": t} for t in texts(5)])
    stream = ["--stream"] if option == "--meter" else []
    done = run_here("measure", "a.jsonl", option, "", *stream)
    assert (done.code, f"{option} names no" in done.err) == (2, True)


@pytest.mark.parametrize("option", ["--ref-text", "--ref-group", "--ref"])
def test_an_empty_name_of_the_reference_is_refused(run_here: Run, option: str) -> None:
    jsonl("a.jsonl", [{"text": t} for t in texts(5)])
    ref = [] if option == "--ref" else ["--ref", "a.jsonl"]
    done = run_here("gate", "a.jsonl", *ref, option, "", "--rule", "near_duplicates<=1")
    assert (done.code, f"{option} names no" in done.err) == (3, True)
    assert run_here("compare", "a.jsonl", *ref, option, "").code == 2


def test_no_output_takes_the_place_of_an_input(run_here: Run) -> None:
    jsonl("a.jsonl", [{"text": t} for t in texts(20)])
    np.save("v.npy", np.eye(20))
    before = Path("v.npy").read_bytes()
    done = run_here("measure", "a.jsonl", "--embeddings", "v.npy", "--html", "v.npy")
    assert (done.code, "--html v.npy would overwrite its own input" in done.err) == (2, True)
    assert Path("v.npy").read_bytes() == before
    # both sides may be one file, with a page as without
    assert run_here("compare", "a.jsonl", "--ref", "a.jsonl", "--html", "a.html").code == 0


@pytest.mark.skipif(os.name != "posix", reason="Windows asks for a right to make links")
@pytest.mark.parametrize("again", ["./a.txt", "link.txt", "hard.txt", "file://{}/a.txt", "a.txt"])
def test_a_file_named_twice_is_one_file(run_here: Run, again: str) -> None:
    Path("a.txt").write_text("\n".join(texts(5)))
    os.symlink("a.txt", "link.txt")
    os.link("a.txt", "hard.txt")
    Path("copy.txt").write_bytes(Path("a.txt").read_bytes())
    name = again.format(os.getcwd())
    with pytest.raises(ValueError, match="named twice"):
        streams.expand(["a.txt", name])
    assert streams.expand(["a.txt", "copy.txt"]) == ["a.txt", "copy.txt"]


def test_standard_input_is_one_side_only(run_here: Run) -> None:
    assert "can be read once" in run_here("compare", "-", "--ref", "-").err
    done = run_here("gate", "-", "--ref", "-", "--rule", "hill1_ratio>=0.8")
    assert (done.code, "can be read once" in done.err) == (3, True)


# -- groups ---------------------------------------------------------------------------------------


def test_blank_null_and_missing_groups_are_alone_and_counted(run_here: Run) -> None:
    """The same documents and groups, whichever way a row has none: the same numbers."""
    told = texts(60)
    group = [None if i % 3 else i // 6 for i in range(60)]
    cells = "".join(f"{t},{'' if g is None else g}\n" for t, g in zip(told, group))
    Path("blank.csv").write_text("text,p\n" + cells)
    jsonl("null.jsonl", [{"text": t, "p": g} for t, g in zip(told, group)])
    jsonl(
        "missing.jsonl",
        [{"text": t} if g is None else {"text": t, "p": g} for t, g in zip(told, group)],
    )
    found = []
    for name in ("blank.csv", "null.jsonl", "missing.jsonl"):
        done = run_here("measure", name, "--group", "p", "--json")
        found.append(done.record["measures"])
        assert "40 of 60 documents have no 'p' (missing, null or blank)" in done.out
    assert found[0] == found[1] == found[2]
    done = run_here("compare", "blank.csv", "--ref", "null.jsonl", "--group", "p")
    assert "of the reference, 40 of 60 documents have no 'p'" in done.out
    jsonl("all.jsonl", [{"text": t, "p": 1} for t in told])
    assert "have no 'p'" not in run_here("measure", "all.jsonl", "--group", "p").out
    Path("none.csv").write_text("text,p\n" + "".join(f"{t}, \n" for t in told))
    for option in ("--group", "--by"):
        done = run_here("measure", "none.csv", option, "p")
        assert (done.code, "the field 'p' is empty in every row" in done.err) == (2, True)


# -- saved meters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [["--tokens", "character"], ["--case", "fold"], ["--seed", "7"], ["--ram", "128M"]],
)
def test_options_that_a_saved_meter_contradicts_are_refused(
    run_here: Run, options: list[str]
) -> None:
    pytest.importorskip("datasketches")
    Path("a.txt").write_text("\n".join(texts(20)))
    assert run_here("measure", "a.txt", "--stream", "--meter", "a.meter").code == 0
    done = run_here("measure", "a.meter", "--stream", *options)
    assert done.code == 2
    assert f"{' '.join(options)}: the saved meter has counted with {options[0]}" in done.err


def test_options_that_a_saved_meter_agrees_with_are_not(run_here: Run) -> None:
    pytest.importorskip("datasketches")
    Path("a.txt").write_text("\n".join(texts(20)))
    options = ("--stream", "--tokens", "character", "--case", "fold", "--seed", "7")
    first = run_here("measure", "a.txt", *options, "--meter", "a.meter", "--json").record
    for asked in (options, ("--stream",)):
        again = run_here("measure", "a.meter", *asked, "--json").record
        assert again["measures"] == first["measures"]
        assert again["provenance"]["tokeniser"].startswith("character, NFC, case folded")


# -- messages -------------------------------------------------------------------------------------


NOTHING = {
    "empty.jsonl": (b"", "it is empty"),
    "blank.jsonl": (b"\n \n\n", "nothing stands on its 3 lines"),
    "one.txt": (b"\n", "nothing stands on its 1 line"),
    "names.csv": (b"text,p\n", "there is nothing below the names in its first line"),
    "late.csv": (b"\ntext\na tale\n", "no names stand on its first line"),
    "blank.md": (b"\n\n \n", "there is nothing in it but blanks"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_file_without_rows_says_why(run_here: Run, name: str) -> None:
    data, why = NOTHING[name]
    Path(name).write_bytes(data)
    assert f"{name} has no usable row: {why}" in run_here("measure", name).err


def test_a_meter_of_another_version_is_called_that(run_here: Run) -> None:
    Path("new.meter").write_bytes(b"synthdata meter 2\nand what it may hold\n")
    for options in ([], ["--stream"]):
        done = run_here("measure", "new.meter", *options)
        assert "a saved meter of version 2, and this program reads version 1" in done.err
    Path("now.meter").write_bytes(b"synthdata meter 1\n")
    assert "measure --stream goes on from it" in run_here("measure", "now.meter").err
    assert Meter.is_saved("now.meter")


def test_parquet_that_is_damaged_or_lacks_the_text_is_named(run_here: Run) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"story": texts(4000), "p": range(4000)}), "a.parquet")
    done = run_here("measure", "a.parquet")
    assert "no field 'text': the row has the fields story, p" in done.err
    data = bytearray(Path("a.parquet").read_bytes())
    data[200:3000] = bytes(b ^ 0x5A for b in data[200:3000])
    Path("a.parquet").write_bytes(data)
    done = run_here("measure", "a.parquet", "--text", "story")
    assert (done.code, "a.parquet is damaged Parquet" in done.err) == (2, True)


def test_control_characters_of_the_data_reach_no_terminal(run_here: Run) -> None:
    jsonl("a.jsonl", [{"a\x1b[31m\u202e": "b"}] * 3)
    done = run_here("measure", "a.jsonl")
    assert "the row has the fields a␛[31m\\u202e" in done.err
    jsonl("b.jsonl", [{"text": t, "p\x1b[31m": t[:2] + "\x9b2J"} for t in texts(30)])
    for option in ("--group", "--by"):
        done = run_here("measure", "b.jsonl", option, "p\x1b[31m", "--html", "a\x1b.html")
        assert done.code == 0
        assert not set("\x1b\x9b") & set(done.out + done.err)


# -- texts without words --------------------------------------------------------------------------


@pytest.mark.parametrize("match", ["tokens", "size", "coverage", "window"])
@pytest.mark.parametrize("wordless", ["empty", "punctuation"])
def test_a_side_without_words_cannot_be_told_about(
    run_here: Run, match: str, wordless: str
) -> None:
    """Beside Chinese, whose words are counted by script: there is nothing to divide by."""
    rng = np.random.default_rng(0)
    rows = {
        "empty": [""] * 30,
        "punctuation": ["".join(rng.choice(list(".,;:!?"), 12)) for _ in range(30)],
        "chinese": ["".join(map(chr, row)) for row in rng.integers(0x4E00, 0x4F00, (30, 15))],
    }
    for name, documents in rows.items():
        jsonl(f"{name}.jsonl", [{"text": text} for text in documents])
    for data, ref in ((wordless, "chinese"), ("chinese", wordless)):
        sides = (f"{data}.jsonl", "--ref", f"{ref}.jsonl", "--match", match)
        done = run_here("gate", *sides, "--rule", "hill1_ratio>=0.8")
        assert (done.code, "Cannot tell" in done.out) == (2, True)
        done = run_here("compare", *sides, "--json")
        assert done.code == 0
        if (data, wordless) == ("empty", "empty"):  # thirty times the same is less varied
            assert done.record["verdict"]["confidence"] == "low"
        else:
            side = "reference" if data == "chinese" else "collection"
            assert done.record["verdict"]["text"] == f"Cannot tell: the {side} has no words."


# -- Ctrl-C ---------------------------------------------------------------------------------------


LOADING = """
import importlib.abc, runpy, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "numpy":
            print("loading", flush=True)
            time.sleep(60)

sys.meta_path.insert(0, Slow())
runpy.run_module("synthdata" + {tail!r}, run_name="__main__")
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot send SIGINT to one process")
@pytest.mark.parametrize("tail", ["", ".dial"])
def test_ctrl_c_while_modules_load_is_one_line(tail: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LOADING.format(tail=tail)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, f"synthdata{tail}: stopped\n")
