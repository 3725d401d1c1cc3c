"""Reading rows: every format, every kind of damage, bounded memory, provenance."""

from __future__ import annotations

import builtins
import gzip
import hashlib
import io as pyio
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.io import reader, streams
from synthdata.io.reader import Tally
from synthdata.io.rows import ReadConfig, dig


def read(path: Path | str, **config: Any) -> tuple[list[str], Tally]:
    tally = Tally()
    rows = list(reader.read([str(path)], ReadConfig(**config), tally))
    return [row.text for row in rows], tally


def put(tmp_path: Path, name: str, data: bytes | str) -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def jsonl(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


# -- formats ------------------------------------------------------------------------------------


def test_jsonl_keeps_fields_lines_and_bytes(tmp_path: Path) -> None:
    data = '{"text": "one", "persona": 3}\r\n\n{"persona":4,"text":"two"}'
    path = put(tmp_path, "a.jsonl", data)
    first, second = reader.read([str(path)])
    assert (first.text, first.fields["persona"], first.line) == ("one", 3, 1)
    assert (second.line, second.raw) == (3, b'{"persona":4,"text":"two"}')


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_bom_change_nothing(tmp_path: Path, newline: str, bom: bytes) -> None:
    lines = newline.join(['{"text": "a"}', '{"text": "b"}', ""])
    assert read(put(tmp_path, "a.jsonl", bom + lines.encode()))[0] == ["a", "b"]
    csv = newline.join(["id,text", "1,a", '2,"b, c"', ""])
    assert read(put(tmp_path, "a.csv", bom + csv.encode()))[0] == ["a", "b, c"]
    assert read(put(tmp_path, "a.txt", bom + f"a{newline}b".encode()))[0] == ["a", "b"]


def test_gzip_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"text": "a"}\n') + gzip.compress(b'{"text": "b"}\n') + b"\0" * 16
    for name in ("a.jsonl.gz", "a.jsonl"):
        assert read(put(tmp_path, name, packed))[0] == ["a", "b"]


def test_plain_text_by_line_and_by_block(tmp_path: Path) -> None:
    path = put(tmp_path, "a.txt", "one\ntwo\n \n\nthree\n")
    texts, tally = read(path)
    assert texts == ["one", "two", "three"]
    assert tally.blank == 2
    rows = list(reader.read([str(path)], ReadConfig(format="blocks")))
    assert [(row.text, row.line) for row in rows] == [("one\ntwo", 1), ("three", 5)]


def test_csv_with_embedded_newlines_quotes_and_nul(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", 'id,text\n1,"two\nlines, ""quoted"""\n2,a\0b\n')
    rows = list(reader.read([str(path)]))
    assert [row.text for row in rows] == ['two\nlines, "quoted"', "a\0b"]
    assert [row.line for row in rows] == [2, 4]
    assert rows[0].raw == b'1,"two\nlines, ""quoted"""'


@pytest.mark.parametrize(("name", "comma"), [("a.tsv", "\t"), ("a.csv", ";"), ("a.csv", "\t")])
def test_csv_separator_is_the_one_in_its_header(tmp_path: Path, name: str, comma: str) -> None:
    path = put(tmp_path, name, f"id{comma}text\n1{comma}a, b\n")
    assert read(path)[0] == ["a, b"]


def test_csv_cells_longer_than_the_csv_modules_own_limit(tmp_path: Path) -> None:
    long = "x" * 200_000  # the csv module stops at 131,072 unless told otherwise
    assert read(put(tmp_path, "a.csv", f"text\n{long}\n"))[0] == [long]


def test_csv_bad_records_cost_one_record_each(tmp_path: Path) -> None:
    data = b'id,text\n1,good\n2\n3,a"b"c\n4,"x"y\n5,bad \xff\n6,also good\n7,"never closed\n'
    texts, tally = read(put(tmp_path, "a.csv", data))
    assert texts == ["good", 'a"b"c', "also good"]
    assert tally.bad == {"ragged row": 1, "not CSV": 2, "not UTF-8": 1}
    assert "line 3: ragged row: 1 cells under 2 names" in tally.examples[0]


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    rows = [{"text": "a", "m": {"c": "x"}}, {"text": None, "m": {"c": "y"}}, {"text": "é"}]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    texts, tally = read(path)
    assert texts == ["a", "é"]
    assert tally.bad == {"text is not a string": 1}
    assert "line 2" in tally.examples[0]
    assert read(path, text="m.c", columns=())[0] == ["x", "y"]
    assert tally.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ValueError, match="has the fields text, m"):
        read(path, text="nope")


def test_parquet_with_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    broken = pa.array([b"good", b"bad \xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": broken}), tmp_path / "a.parquet")
    texts, tally = read(tmp_path / "a.parquet")
    assert (texts, tally.bad) == (["good"], {"not UTF-8": 1})


def test_parquet_without_pyarrow_names_the_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(monkeypatch, "pyarrow")
    with pytest.raises(ValueError, match=r"-e .\.\[scale\]"):
        read(put(tmp_path, "a.parquet", b"PAR1"))


def forbid(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = builtins.__import__

    def importing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == package:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", importing)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = pyio.BytesIO(b'{"text": "a"}\n')

    monkeypatch.setattr("sys.stdin", Stdin)
    assert read("-")[0] == ["a"]


def test_many_files_and_globs_come_sorted(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        put(tmp_path, f"{name}.jsonl", jsonl({"text": name}))
    put(tmp_path, "[x].jsonl", jsonl({"text": "a name, not a glob"}))
    assert read(tmp_path / "?.jsonl")[0] == ["a", "b", "c"]
    assert read(tmp_path / "[x].jsonl")[0] == ["a name, not a glob"]
    with pytest.raises(ValueError, match="no file matches"):
        read(tmp_path / "*.txt")
    with pytest.raises(ValueError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.jsonl")
    with pytest.raises(ValueError, match="named twice"):
        list(reader.read([str(tmp_path / "a.jsonl"), str(tmp_path / "?.jsonl")]))


def test_remote_paths_go_through_fsspec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://folder/a.jsonl", "wb") as file:
        file.write(b'{"text": "far away"}\n')
    assert read("memory://folder/a.jsonl")[0] == ["far away"]
    assert read("memory://folder/*.jsonl")[0] == ["far away"]
    with pytest.raises(ValueError, match="fsspec cannot open"):
        read("nosuch://bucket/a.jsonl")
    forbid(monkeypatch, "fsspec")
    with pytest.raises(ValueError, match=r"-e .\.\[scale\]"):
        read("memory://folder/a.jsonl")
    assert read(put(tmp_path, "a.jsonl", jsonl({"text": "near"})))[0] == ["near"]


# -- the text field -----------------------------------------------------------------------------


def test_dotted_paths() -> None:
    row = {"choices": [{"message": {"content": "hi"}}], "a.b": "dot in the key", "a": {"b": "no"}}
    assert dig(row, "choices.0.message.content") == "hi"
    assert dig(row, "choices.-1.message.content") == "hi"
    assert dig(row, "a.b") == "dot in the key"
    assert dig([["x"]], "0.0") == "x"


@pytest.mark.parametrize(
    ("row", "path", "message"),
    [
        ({"output": 1, "id": 2}, "text", "no field 'text': the row has the fields output, id"),
        ({"a": {"b": 1}}, "a.c", "'a.c': a has the fields b"),
        ({"a": "x"}, "a.c", "a has no fields: it is a string"),
        ({"a": [1]}, "a.3", "a has 1 entries"),
        ({"a": [[1]]}, "a.b", "a list of 1 .say which entry"),
        ({}, "text", "the row has no fields"),
    ],
)
def test_a_missing_field_says_which_there_are(
    tmp_path: Path, row: Any, path: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read(put(tmp_path, "a.jsonl", jsonl(row)), text=path)


def test_mixed_types_in_the_text_field_are_counted(tmp_path: Path) -> None:
    values = ["good", 1, None, True, ["x"], {"y": 1}, 2.5, "fine"]
    texts, tally = read(put(tmp_path, "a.jsonl", jsonl(*({"text": v} for v in values))))
    assert texts == ["good", "fine"]
    assert tally.bad == {"text is not a string": 6}
    assert len(tally.examples) == 3
    assert "line 2: text is not a string: 'text' is a number" in tally.examples[0]


def test_a_row_with_a_million_keys(tmp_path: Path) -> None:
    keys = ",".join(f'"k{i}":0' for i in range(1_000_000))
    path = put(tmp_path, "a.jsonl", f'{{{keys},"text":"found"}}\n{{{keys}}}\n')
    texts, tally = read(path)
    assert texts == ["found"]
    assert "k7, ... (1,000,000 fields)" in tally.examples[0]
    assert len(tally.examples[0]) < 300


# -- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt", "a.csv", "a.parquet", "a.jsonl.gz", "plain"])
def test_an_empty_file_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no usable row: it is empty"):
        read(put(tmp_path, name, b""))


def test_a_file_without_a_usable_row_is_an_error_among_good_ones(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", jsonl({"text": "a"}))
    put(tmp_path, "b.jsonl", "nonsense\n{]\n")
    with pytest.raises(ValueError, match=r"b\.jsonl has no usable row: 2 x not JSON"):
        read(tmp_path / "*.jsonl")


def test_empty_strings_are_documents(tmp_path: Path) -> None:
    texts, tally = read(put(tmp_path, "a.jsonl", jsonl({"text": ""}, {"text": ""})))
    assert (texts, tally.empty, tally.rows) == (["", ""], 2, 2)


def test_invalid_utf8_has_its_position(tmp_path: Path) -> None:
    texts, tally = read(put(tmp_path, "a.txt", b"good\nb\xffd\n"))
    assert texts == ["good"]
    assert tally.examples == [
        f"{tmp_path / 'a.txt'}, line 2: not UTF-8: byte 0xff at position 2 of the line"
    ]


def test_strict_stops_at_the_first_bad_row(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jsonl", '{"text": "a"}\n{"text": 7}\n')
    with pytest.raises(ValueError, match="line 2: text is not a string"):
        read(path, strict=True)


def test_nul_bytes(tmp_path: Path) -> None:
    texts, tally = read(put(tmp_path, "a.txt", b"a\0b\n"))
    assert (texts, tally.with_nul) == (["a\0b"], 1)
    texts, tally = read(put(tmp_path, "a.jsonl", b'{"text": "a\\u0000b"}\n{"text": "a\0b"}\n'))
    assert (texts, tally.with_nul) == (["a\0b"], 1)
    assert "NUL bytes" in tally.examples[0]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"text": ' + "9" * 5000 + "}", "not JSON"),  # Python refuses integers that long
        ('"just a string"', "not a JSON object"),
        ('{"text": "half \\ud83d of an emoji"}', "text is not Unicode"),
        ('{"text": [["deep"]]}', "text is not a string"),
    ],
)
def test_bad_json_rows(tmp_path: Path, line: str, kind: str) -> None:
    texts, tally = read(put(tmp_path, "a.jsonl", f'{line}\n{{"text": "fine"}}\n'))
    assert (texts, tally.bad) == (["fine"], {kind: 1})


def test_other_encodings_and_compressions_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="UTF-16"):
        read(put(tmp_path, "a.jsonl", '{"text": "a"}'.encode("utf-16")))
    with pytest.raises(ValueError, match="zstd-compressed"):
        read(put(tmp_path, "a.jsonl.zst", b"\x28\xb5\x2f\xfd rest"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.txt", "a.csv", "a"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_wide_characters_without_a_mark_are_named(
    tmp_path: Path, encoding: str, name: str, pack: Any
) -> None:
    data = pack('{"text": "a naïve joke 🙂 从前"}\n'.encode(encoding) * 3)
    with pytest.raises(
        ValueError, match=encoding.replace("-le", "LE").replace("-be", "BE").upper()
    ):
        read(put(tmp_path, name, data))


def test_texts_with_many_nuls_stay_texts(tmp_path: Path) -> None:
    for text in ("\0" * 40, "ab\0" * 20, "a\0", "\0a\0", "abc\0" * 20):
        assert read(put(tmp_path, "a.txt", text + "\n"))[0] == [text]


def test_a_meter_is_not_read_as_text_nor_text_as_a_meter(tmp_path: Path) -> None:
    for data in (b"", b"a joke\n", b"synthdata mete", b'{"text": "a"}\n'):
        with pytest.raises(ValueError, match=r"a\.meter is named like a saved meter and is none"):
            read(put(tmp_path, "a.meter", data))
    for name in ("a.meter", "a.txt", "a"):
        with pytest.raises(ValueError, match="is a saved meter, not texts"):
            read(put(tmp_path, name, b"synthdata meter 1\nchecksum\n"))
    assert read(put(tmp_path, "a.txt", b"synthdata meter readings\n"))[0]


def test_gzip_cut_short_says_how_many_rows_came_before(tmp_path: Path) -> None:
    rows = jsonl(*({"text": hashlib.sha256(str(i).encode()).hexdigest()} for i in range(5000)))
    packed = gzip.compress(rows.encode())
    for cut, name in ((len(packed) // 2, "half"), (len(packed) - 8, "no checksum")):
        path = put(tmp_path, f"{name}.jsonl.gz", packed[:cut])
        seen: list[Any] = []
        with pytest.raises(ValueError, match="cut short") as error:
            seen.extend(row.line for row in reader.read([str(path)], ReadConfig(), Tally()))
        count = int(str(error.value).split("; ")[1].split()[0].replace(",", ""))
        assert 1000 < count <= 5000
    damaged = bytearray(packed)
    damaged[-8] ^= 1  # the checksum
    with pytest.raises(ValueError, match=r"damaged gzip.*rows were read"):
        read(put(tmp_path, "d.jsonl.gz", bytes(damaged)))


def test_a_line_of_100_mb_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "before"}\n{"text": "')
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n{"text": "after"}\n')
    tracemalloc.start()
    texts, tally = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert texts == ["before", "after"]
    assert tally.bad == {"over max-row": 1}
    assert "line 2: over max-row: 104,857,6" in tally.examples[0]
    assert peak < 40 << 20  # the limit of 16 MB, twice, and blocks


def test_max_row_is_exact(tmp_path: Path) -> None:
    path = put(tmp_path, "a.txt", "12345\n123456\n")
    assert read(path, max_row=5)[0] == ["12345"]
    assert read(put(tmp_path, "b.txt", "1\n2\n\n1\n2\n3"), format="blocks", max_row=4)[0] == [
        "1\n2"
    ]
    assert read(put(tmp_path, "a.csv", 'text\n12\n"1\n2\n3\n4"\nok\n'), max_row=5)[1].bad == {
        "over max-row": 1
    }


@pytest.mark.parametrize(
    "text", ["从前有座山", "👩‍👩‍👧‍👦 🇩🇪", "שלום עולם", "e\u0301 ạ̈", "a\u2028b"]
)
def test_every_script_survives_every_format(tmp_path: Path, text: str) -> None:
    assert read(put(tmp_path, "a.txt", text))[0] == [text]
    assert read(put(tmp_path, "a.csv", f'text\n"{text}"\n'))[0] == [text]
    assert read(put(tmp_path, "a.jsonl", json.dumps({"text": text})))[0] == [text]
    raw = json.dumps({"text": text}, ensure_ascii=False)
    assert read(put(tmp_path, "b.jsonl", raw))[0] == [text]


# -- provenance and properties --------------------------------------------------------------------


def test_provenance_is_of_the_stored_bytes(tmp_path: Path) -> None:
    packed = gzip.compress(jsonl({"text": "a"}, {"text": 1}).encode())
    _, tally = read(put(tmp_path, "a.jsonl.gz", packed))
    (record,) = tally.files
    assert (record.bytes, record.rows) == (len(packed), 1)
    assert record.sha256 == hashlib.sha256(packed).hexdigest()
    assert Tally.from_json(json.loads(json.dumps(tally.to_json()))) == tally


def test_tallies_add_up_as_if_read_at_once(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", jsonl({"text": "a"}, {"text": 1}, {"text": ""}))
    put(tmp_path, "b.jsonl", "\n{\n[]\n5\n6\n" + jsonl({"text": "b"}))
    _, whole = read(tmp_path / "*.jsonl")
    total = read(tmp_path / "a.jsonl")[1]
    total.add(read(tmp_path / "b.jsonl")[1])
    assert total == whole


@settings(max_examples=100, deadline=None)
@given(
    data=st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"bc", b"\r"])).map(b"".join),
    cuts=st.lists(st.integers(1, 7), min_size=1, max_size=4),
    limit=st.integers(1, 12),
)
def test_lines_do_not_depend_on_blocks(data: bytes, cuts: list[int], limit: int) -> None:
    blocks, at, turn = [], 0, 0
    while at < len(data):
        blocks.append(data[at : at + cuts[turn % len(cuts)]])
        at += cuts[turn % len(cuts)]
        turn += 1
    expected = data.split(b"\n")
    if not expected[-1]:
        expected.pop()
    got = list(streams.lines(blocks, limit))
    assert [line.number for line in got] == list(range(1, len(expected) + 1))
    for line, whole in zip(got, expected):
        wanted = whole[:-1] if whole.endswith(b"\r") else whole
        assert line.data == (wanted if len(whole) <= limit else None)


@settings(max_examples=50, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1),
    block=st.integers(1, 9),
)
def test_json_round_trip_whatever_the_blocks(texts: list[str], block: int) -> None:
    data = jsonl(*({"text": text} for text in texts)).encode()
    blocks = (data[i : i + block] for i in range(0, len(data), block))
    lines = streams.lines(blocks, 1 << 20)
    assert [json.loads(line.data or b"")["text"] for line in lines] == texts


def test_sizes() -> None:
    assert streams.parse_size("256M") == 256 << 20
    assert streams.parse_size("1.5GiB") == 3 << 29
    assert streams.parse_size("1000") == 1000
    for bad in ("", "M", "-1", "many", "0", "nan", "inf"):
        with pytest.raises(ValueError, match="is not a size"):
            streams.parse_size(bad)
