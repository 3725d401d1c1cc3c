"""Every command on every kind of input, with every kind of bad input, and its exit codes."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthdata.dial.corpora import word
from synthdata.io import dataset
from synthdata.io.reader import read
from synthdata.io.rows import ReadConfig
from synthdata.streaming.meter import Meter

ROOT = Path(__file__).parents[2]
KINDS = ["jsonl", "jsonl.gz", "lines", "blocks", "csv", "parquet", "stdin"]


Run = Callable[..., Any]


def texts(n: int, seed: int, vocabulary: int = 200) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(f"w{w}" for w in row) for row in rng.integers(0, vocabulary, (n, 10)).tolist()]


def write(path: Path, documents: list[str], kind: str) -> list[str]:
    """Write documents as `kind`; the arguments that make a command read them."""
    rows = "".join(
        json.dumps({"out": {"t": d}, "who": i % 2}) + "\n" for i, d in enumerate(documents)
    )
    target = path / f"data.{ {'lines': 'txt', 'blocks': 'txt', 'stdin': 'jsonl'}.get(kind, kind) }"
    if kind == "parquet":
        pa = pytest.importorskip("pyarrow")
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"out": documents}), target)
        return [str(target), "--text", "out"]
    if kind in ("jsonl", "stdin"):
        target.write_text(rows)
    elif kind == "jsonl.gz":
        target.write_bytes(gzip.compress(rows.encode()))
    elif kind == "csv":
        target.write_text("id,out\n" + "".join(f'{i},"{d}"\n' for i, d in enumerate(documents)))
        return [str(target), "--text", "out"]
    elif kind == "lines":
        target.write_text("\n".join(documents))
        return [str(target)]
    else:
        target.write_text("\n\n".join(documents))
        return [str(target), "--format", "blocks"]
    return [str(target), "--text", "out.t"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_on_every_kind_of_input(
    kind: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [*texts(18, 0), *["the same joke told once more to everybody here"] * 6]
    args = write(tmp_path, documents, kind)
    reference = tmp_path / "ref.txt"
    reference.write_text("\n".join(texts(24, 1)))
    if kind == "blocks":
        reference.write_text("\n\n".join(texts(24, 1)))
    elif kind != "lines":
        reference = tmp_path / "ref.jsonl"
        rows = [json.dumps({"reference": d}) for d in texts(24, 1)]
        reference.write_text("\n".join(rows))
    ref = ["--ref", str(reference), "--ref-text", "reference"]
    source = tmp_path / args[0]

    def feed() -> None:
        if kind == "stdin":

            class Stdin:
                buffer = io.BytesIO(source.read_bytes())

            args[0] = "-"
            monkeypatch.setattr("sys.stdin", Stdin)

    feed()
    done = run("measure", *args, "--json")
    assert done.code == 0
    assert {m["name"]: m["value"] for m in done.record["measures"]}["near_duplicates"] == 0.25
    feed()
    done = run("measure", *args, "--stream", "--json")
    assert done.code == 0
    assert {m["name"]: m["value"] for m in done.record["measures"]}["documents_types"] == 19
    feed()
    done = run("compare", *args, *ref, "--json")
    assert done.code == 0
    assert {d["name"] for d in done.record["differences"]} >= {"hill1", "near_duplicates"}
    feed()
    page = tmp_path / "gate.html"
    done = run("gate", *args, "--rule", "near_duplicates<=0.02", "--json", "--html", page)
    assert "Fail: 1 of 1 rules broken." in page.read_text()
    assert done.code == 1
    assert done.record["exit_code"] == 1
    feed()
    done = run("explain", *args, "--json")
    assert done.code == 0
    assert done.record["evidence"][0]["items"][0]["count"] == 6
    feed()
    kept = tmp_path / ("kept.csv" if kind == "csv" else "kept.txt" if "--format" in args else "k")
    done = run("curate", *args, "-o", kept, "--json")
    assert done.code == 0
    assert done.record["kept"] == 19
    assert done.record["dropped"] == {"near-duplicates": 5}


# -- curate writes rows unchanged -----------------------------------------------------------------


def test_curate_keeps_the_bytes_of_every_row(run: Run, tmp_path: Path) -> None:
    lines = [
        b'{"text":"first tale of the fox",  "n": 1.50, "deep": {"a": [1, "\\u00e9"]}}',
        '{"text": "second tale of the hen", "emoji": "👩‍👩‍👧"}'.encode(),
        b'{"text": "first tale of the fox"}',
        b"broken",
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\r\n".join(lines))
    reasons = tmp_path / "why.jsonl"
    out = tmp_path / "kept.jsonl"
    assert run("curate", path, "-o", out, "--reasons", reasons).code == 0
    assert out.read_bytes() == lines[0] + b"\n" + lines[1] + b"\n"
    assert json.loads(reasons.read_text()) == {
        "file": str(path),
        "line": 3,
        "reason": "near-duplicates",
    }
    packed = tmp_path / "kept.jsonl.gz"
    assert run("curate", path, "-o", packed, "--drop", "none").code == 0
    assert gzip.decompress(packed.read_bytes()) == b"\n".join(lines[:3]) + b"\n"


def test_curate_csv_keeps_header_and_quotes(run: Run, tmp_path: Path) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text('id,text\n1,"a tale, of two\nlines here"\n2,"a tale, of two\nlines here"\n')
    assert run("curate", path, "-o", out).code == 0
    assert out.read_text() == 'id,text\n1,"a tale, of two\nlines here"\n'
    assert [row.text for row in read([str(out)])] == ["a tale, of two\nlines here"]


def test_curate_refuses_what_would_lose_data(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "one two three"}\n')
    before = path.read_bytes()
    assert "overwrite its own input" in run("curate", path, "-o", path).err
    assert "name the file .jsonl" in run("curate", path, "-o", tmp_path / "a.parquet").err
    other = tmp_path / "b.csv"
    other.write_text("text\nfour five six\n")
    assert "different columns" in run("curate", path, other, "-o", tmp_path / "c").err
    assert "cannot drop 'ads'" in run("curate", path, "-o", tmp_path / "c", "--drop", "ads").err
    assert path.read_bytes() == before
    assert not (tmp_path / "c").exists()


# -- options --------------------------------------------------------------------------------------


def test_sample_is_without_replacement_in_order_and_by_seed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(f"row {i}" for i in range(100)))

    def sample(seed: int) -> list[int]:
        found = dataset.load([str(path)], ReadConfig(), sample=30, seed=seed)
        assert found.texts == [f"row {i}" for i in found.positions]
        return found.positions.tolist()

    assert sample(1) == sample(1) != sample(2)
    assert sorted(set(sample(1))) == sample(1)
    often = np.zeros(100)
    for seed in range(400):
        often[sample(seed)] += 1
    # Each row is in 120 of 400 samples, give or take 9.2: 5 deviations, false alarm below 1e-4.
    assert np.abs(often - 120).max() < 46


def test_embeddings_go_with_their_rows(run: Run, tmp_path: Path) -> None:
    path, vectors = tmp_path / "a.txt", tmp_path / "v.npy"
    path.write_text("\n".join(f"row number {i}" for i in range(6)))
    np.save(vectors, np.eye(6)[[0, 0, 0, 1, 1, 1]])
    done = run("measure", path, "--embeddings", vectors, "--json")
    measures = {m["name"]: m["value"] for m in done.record["measures"]}
    assert measures["vendi_embeddings"] == pytest.approx(2)
    chosen = dataset.load([str(path)], ReadConfig(), sample=3, seed=0)
    assert len(dataset.embeddings(str(vectors), chosen)) == 3
    for bad, message in (
        (np.eye(5), "5 vectors for 6 usable rows"),
        (np.zeros(6), "rows x dimensions"),
        (np.full((6, 2), np.nan), "nan or infinite"),
        (np.array([["a"]] * 6), "rows x dimensions"),
    ):
        np.save(vectors, bad)
        assert message in run("measure", path, "--embeddings", vectors).err
    np.save(vectors, np.array([{}] * 6, dtype=object), allow_pickle=True)
    done = run("measure", path, "--embeddings", vectors)
    assert done.code == 2
    assert "not a .npy file of numbers" in done.err


def test_by_reports_the_budget_and_names_missing_fields(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        {"text": tale.replace("w", who), "meta": {"who": who}}
        for who in ("ada", "bob")
        for tale in texts(15, 0, 20)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"text": "who knows"}]))
    done = run("measure", path, "--by", "meta.who", "--json", "--html", tmp_path / "a.html")
    measures = {m["name"]: m for m in done.record["measures"]}
    assert measures["words_information"]["value"] > 0
    assert "What each meta.who adds" in done.out
    by = done.record["by"]
    assert by["field"] == "meta.who"
    for what in ("words", "documents"):
        split = by[what]
        assert split["information"] == measures[f"{what}_information"]["value"]
        assert split["within"] == measures[f"{what}_entropy_within"]["value"]
        assert split["information"] + split["within"] == pytest.approx(split["total"])
        assert {part["value"]: part["documents"] for part in split["strata"]} == {
            "ada": 15,
            "bob": 15,
            dataset.NO_VALUE: 1,
        }
        adds = sum(part["adds"] for part in split["strata"])
        assert adds == pytest.approx(split["information"], abs=1e-9)
    assert "by" not in run("measure", path, "--json").record
    assert dataset.NO_VALUE in done.out
    page = (tmp_path / "a.html").read_text()
    assert page.count("<img") == 3
    done = run("measure", path, "--by", "meta.whom")
    assert done.code == 2
    assert "no field 'meta.whom': meta has the fields who" in done.err


def test_explain_and_gate_show_the_numbers_that_measure_shows(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "\n".join([*texts(40, 0), *["one joke, told again and again"] * 6, *texts(9, 0)])
    )
    shown = {}
    for asked, *options in (
        ("measure",),
        ("explain",),
        ("gate", "--rule", "near_duplicates<=1", "--rule", "top3_clusters<=1"),
    ):
        record = run(asked, path, *options, "--seed", "3", "--json").record
        shown[asked] = {
            m["name"]: m
            for m in record["measures"]
            if m["name"] in ("near_duplicates", "top3_clusters")
        }
    assert len(shown["explain"]) == 2
    assert shown["explain"]["near_duplicates"]["low"] is not None
    assert shown["explain"] == shown["measure"] == shown["gate"]


def test_stream_goes_on_from_a_saved_meter(run: Run, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 1)):
        (tmp_path / f"{name}.txt").write_text("\n".join(texts(50, seed)))
    saved = tmp_path / "all.meter"
    options = ("--stream", "--meter", saved, "--json")
    run("measure", tmp_path / "a.txt", *options)
    done = run("measure", tmp_path / "b.txt", *options)
    at_once = run("measure", tmp_path / "a.txt", tmp_path / "b.txt", "--stream", "--json")
    assert done.record["measures"] == at_once.record["measures"]
    assert Meter.load(saved).documents == 100
    done = run("measure", tmp_path / "b.txt", *options)
    assert "has counted one of these files already" in done.err
    assert Meter.load(saved).documents == 100


def test_saved_meters_merge_into_that_of_the_whole(run: Run, tmp_path: Path) -> None:
    for i, name in enumerate("abc"):
        (tmp_path / f"{name}.txt").write_text("\n".join(texts(40, i)))
        run("measure", tmp_path / f"{name}.txt", "--stream", "--meter", tmp_path / f"{name}.meter")
    whole = run("measure", tmp_path / "[abc].txt", "--stream", "--json").record
    merged = run("measure", tmp_path / "[abc].meter", "--stream", "--json").record
    mixed = run("measure", tmp_path / "[bc].meter", tmp_path / "a.txt", "--stream", "--json").record
    assert merged["measures"] == mixed["measures"] == whole["measures"]
    assert merged["rows"]["used"] == 120
    assert {k for k in merged["provenance"] if k.startswith("file")} == {
        "file 1",
        "file 2",
        "file 3",
    }
    for twice in (
        ["a.meter", "a.txt"],
        ["a.meter", "b.meter", "--meter", str(tmp_path / "b.meter")],
    ):
        args = [tmp_path / t if t.endswith((".meter", ".txt")) else t for t in twice]
        done = run("measure", *args, "--stream")
        assert done.code == 2
        assert "would count double" in done.err
    (tmp_path / "none.meter").write_text("a joke\n")
    for args in (["measure", "--stream"], ["measure"], ["gate", "--rule", "self_bleu<=1"]):
        done = run(args[0], tmp_path / "none.meter", *args[1:])
        assert (done.code, done.err.count("\n")) == (3 if args[0] == "gate" else 2, 1)
        assert "none.meter is named like a saved meter and is none" in done.err
    done = run("measure", tmp_path / "a.meter")
    assert (done.code, "a.meter is a saved meter, not texts" in done.err) == (2, True)
    done = run("measure", tmp_path / "a.meter", tmp_path / "b.txt", "--stream", "--seed", "1")
    assert "count different things: seed 0 and 1" in done.err


def test_one_pass_counts_what_the_panel_counts(run: Run, tmp_path: Path) -> None:
    """Words, which in Chinese and Japanese are single characters; what came first plays no part."""
    tales = {
        "zh": ["从前有座山", "山里有座庙", "庙里有个老和尚"] * 9,
        "ja": ["むかしむかし", "あるところに", "おじいさんが"] * 9,
        "ko": ["옛날 옛적에", "호랑이 한 마리가", "살고 있었어요"] * 9,
        "en": ["once upon a time", "there was a hen"] * 9,
    }

    def words(*args: str | Path) -> tuple[float, str, str]:
        done = run("measure", *args, "--json")
        found = {m["name"]: m["value"] for m in done.record["measures"]}
        return found["words_entropy"], done.record["provenance"]["word"], done.out

    for name, documents in tales.items():
        path = tmp_path / f"{name}.txt"
        path.write_text("\n".join(documents))
        exact, unit, _ = words(path)
        assert words(path, "--stream")[:2] == (pytest.approx(exact, abs=1e-9), unit)
        assert unit == "word"
        characters = words(path, "--stream", "--tokens", "character")
        assert characters[1] == "character"
        assert (characters[0] == pytest.approx(exact)) == (name in ("zh", "ja"))
    for option in ([], ["--stream"]):
        one = words(tmp_path / "zh.txt", tmp_path / "en.txt", *option)
        two = words(tmp_path / "en.txt", tmp_path / "zh.txt", *option)
        assert one[:2] == (pytest.approx(two[0], abs=1e-12), "word")
        assert "of the words are single characters" in one[2]
    # what a saved meter counts goes on
    saved = tmp_path / "all.meter"
    assert words(tmp_path / "en.txt", "--stream", "--meter", saved)[1] == "word"
    assert words(tmp_path / "zh.txt", "--stream", "--meter", saved)[1] == "word"


def test_the_terminal_shows_n_curves_and_profile(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join([*texts(30, 0), *["one joke, told again and again"] * 10]))
    done = run("measure", path, "--json")
    lines = done.out.splitlines()
    for made in done.record["measures"]:
        rows = [i for i, line in enumerate(lines) if line.split()[:1] == [made["name"]]]
        assert rows, made["name"]
        said = " ".join(" ".join(lines[rows[-1] : rows[-1] + 3]).split())
        assert f"n = {made['n']:,}" in said or made["value"] is None
    assert "Jaccard index" in done.out.split("\n\n")[1] + done.out.split("\n\n")[2]
    for row in done.record["rarefaction"]:
        shown = [line for line in lines if row["asked"] in line and f"{row['size']:,}" in line]
        assert shown, row
        assert row["kind"] in shown[0]
        assert row["coverage_by"] == "documents"
    assert "Coverage is of as many draws in whole documents" in " ".join(done.out.split())
    observed = [r for r in done.record["rarefaction"] if r["kind"] == "observed"]
    values = {m["name"]: m["value"] for m in done.record["measures"]}
    assert {r["of"]: r["hill0"] for r in observed} == {
        "words": values["hill0"],
        "documents": values["documents_hill0"],
    }
    assert dict(done.record["profile"]["words"])[2.0] == pytest.approx(values["hill2"])
    assert "Hill profile of the sample" in lines
    said = run("measure", path, "--stream").out
    assert "Rarefaction" in said.splitlines()
    assert "n = 40" in said


def test_gate_exit_codes(run: Run, tmp_path: Path) -> None:
    varied, jokes, few = (tmp_path / f"{name}.txt" for name in ("varied", "jokes", "few"))

    def spelled(n: int, seed: int) -> list[str]:  # with numbers masked, numbered words are copies
        return [re.sub(r"w(\d+)", lambda m: word(int(m[1])), text) for text in texts(n, seed)]

    varied.write_text("\n".join(spelled(250, 0)))
    jokes.write_text("\n".join(spelled(5, 1) * 50))
    few.write_text("\n".join(spelled(10, 2)))
    rule = ["--rule", "near_duplicates<=0.05"]
    ref = ["--ref", varied, "--rule", "hill1_ratio>=0.8"]
    kinds = ["--ref", varied, "--rule", "documents_hill1_ratio>=0.8"]
    assert run("gate", varied, *rule).code == 0
    assert run("gate", jokes, *rule).code == 1
    assert run("gate", few, *rule).code == 2
    assert run("gate", jokes, *ref).code == 1
    assert run("gate", jokes, *kinds).code == 1
    assert run("gate", varied, *kinds).code == 2  # all different: how many kinds, nobody knows
    done = run("gate", varied, *ref, *rule, "--json")
    assert done.code == 0
    assert [rule["result"] for rule in done.record["rules"]] == ["pass", "pass"]
    assert done.out.splitlines()[2].startswith("Pass: every rule holds. Confidence: high.")
    assert run("gate", few, *ref, *rule).code == 2
    for args in (
        [varied],  # no rule
        [varied, "--rule", "variety>=1"],
        [varied, "--rule", "near_duplicates>0.1"],
        [varied, "--rule", "hill1_ratio>=0.8"],  # no reference
        [tmp_path / "none.txt", *rule],
        [varied, *rule, "--colour"],
        [varied, *rule, "--text"],
        [],
    ):
        done = run("gate", *args)
        assert done.code == 3, args
        assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["measure"], "no input"),
        (["measure", "none.jsonl"], "no such file"),
        (["measure", "*.nothing"], "no file matches"),
        (["measure", "a.txt", "--sample", "0"], "--sample is at least 1"),
        (["measure", "a.txt", "--max-row", "big"], "'big' is not a size"),
        (["measure", "a.txt", "--stream", "--by", "x"], "leave out --stream"),
        (["measure", "a.txt", "--engine", "ray"], "belong to --stream"),
        (["measure", "a.txt", "--ram", "1G"], "belong to --stream"),
        (["measure", "a.txt", "--html", "a.txt"], "--html a.txt would overwrite its own input"),
        (["compare", "a.txt", "--ref", "b.txt", "--html", "b.txt"], "--html b.txt would overwrite"),
        (["curate", "a.txt", "-o", "c", "--reasons", "a.txt"], "--reasons a.txt would overwrite"),
        (["measure", "a.txt", "--stream", "--ram", "1M"], "the least that works is 64M"),
        (["measure", "a.txt", "--stream", "--ram", "64M"], "lower --max-row"),
        (["measure", "a.txt", "--seed", "-1"], "--seed is from 0 to 2^62"),
        (["measure", "a.txt", "--seed", "9" * 23], "--seed is from 0 to 2^62"),
        (["measure", "a.txt", "--colour"], "colour"),
        (["explain", "a.txt", "--top", "0"], "--top is at least 1"),
        (["compare", "a.txt"], "ref"),
        (["compare", "a.txt", "--ref", "none.txt"], "no such file"),
        (["curate", "a.txt"], "-o"),
        (["dance"], "dance"),
        (["measure", "none.jsonl", "--html", "no/such.html"], "there is no folder 'no'"),
        (["curate", "none.jsonl", "-o", "no/kept.jsonl"], "there is no folder 'no'"),
        (["measure", "a.txt", "--html", "."], "--html: . is a folder"),
        (["measure", "a.txt", "--html", ""], "--html names no file"),
        (["curate", "a.txt", "-o", "k", "--reasons", "./k"], "--out and --reasons both name ./k"),
    ],
)
def test_usage_errors_are_one_line_and_2(
    args: list[str], message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("a\nb\n")
    monkeypatch.chdir(tmp_path)
    done = run(*args)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    assert all((tmp_path / name).read_text() == "a\nb\n" for name in ("a.txt", "b.txt"))


BAD: dict[str, bytes] = {
    "empty": b"",
    "blank": b"\n\n \n",
    "not_utf8": b"\xff\xfe\xfd\n",
    "no_field": b'{"output": "x"}\n' * 3,
    "wrong_type": b'{"text": [["nested"]]}\n{"text": 7}\n',
    "wide": '{"text": "a joke"}\n'.encode("utf-16-le"),
    "cut": gzip.compress(b'{"text": "row"}\n' * 999)[:40],
    "many_keys": b"{" + b",".join(b'"k%d":0' % i for i in range(10**5)) + b"}",
}


@pytest.mark.parametrize("name", sorted(BAD))
@pytest.mark.parametrize(
    "args", [["measure"], ["measure", "--stream"], ["explain"], ["gate", "--rule", "self_bleu<=1"]]
)
def test_bad_input_is_a_clear_error(name: str, args: list[str], run: Run, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.jsonl"
    path.write_bytes(BAD[name])
    done = run(args[0], path, *args[1:])
    assert done.code == (3 if args[0] == "gate" else 2)
    assert str(path) in done.err
    assert "usable row" in done.err or "cut short" in done.err or "UTF-16" in done.err
    assert done.err.count("\n") == 1


ODD: dict[str, list[str]] = {
    "one document": ["just one"],
    "all equal": ["the same old joke"] * 30,
    "all empty": [""] * 30,
    "punctuation": ["...", "!?", "--"] * 10,
    "NUL": ["a\0b c", "\0", "d"] * 10,
    "Chinese": ["从前有座山", "山里有座庙", "庙里有个老和尚"] * 10,
    "emoji": ["👩‍👩‍👧‍👦 🇩🇪", "🙂", "👍🏽"] * 10,
    "right to left": ["שלום עולם", "مرحبا بالعالم"] * 15,
    "combining": ["e\u0301a\u0308", "é ä", "a\u0323\u0307"] * 10,
}


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_texts_are_measured_or_undefined_with_a_reason(
    name: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": t}) + "\n" for t in ODD[name]))
    for args in (["measure"], ["measure", "--stream"], ["explain"]):
        done = run(args[0], path, *args[1:], "--json", "--html", tmp_path / "a.html")
        assert done.code == 0, done.err
        for measure in done.record["measures"]:
            if measure["value"] is None:
                assert measure["warnings"], measure["name"]
    equal = {m["name"]: m for m in run("measure", path, "--json").record["measures"]}
    if name in ("all equal", "all empty"):
        assert equal["near_duplicates"]["value"] == 1
        assert equal["documents_hill1"]["value"] == 1
    if name == "combining":  # the first two are equal after normalisation of e + accent
        assert equal["documents_hill0"]["value"] == 3
    done = run("curate", path, "-o", tmp_path / "kept.jsonl", "--drop", "near-duplicates")
    assert done.code == 0


def test_strict_and_max_row_reach_the_reader(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "fine tale"}\n{"text": 7}\n{"text": "' + "x" * 5000 + '"}\n')
    done = run("explain", path, "--max-row", "1K", "--json")
    assert done.record["rows"]["bad"] == {"text is not a string": 1, "over max-row": 1}
    assert "1 rows not used: over max-row" in done.out
    done = run("explain", path, "--strict")
    assert done.code == 2
    assert "line 2: text is not a string" in done.err


def test_a_gate_counts_the_rows_of_both_sides(run: Run, tmp_path: Path) -> None:
    own, reference = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    own.write_text("".join(json.dumps({"text": t}) + "\n" for t in texts(24, 1)))
    lines = [json.dumps({"text": t}) for t in texts(30, 2)]
    reference.write_text("\n".join([*lines, "broken", '{"text": 7}']))
    done = run("gate", own, "--ref", reference, "--rule", "copied<=0.5", "--json")
    assert done.record["rows"]["used"] == 54
    assert sum(done.record["rows"]["bad"].values()) == 2
