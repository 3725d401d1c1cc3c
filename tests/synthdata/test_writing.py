"""What curating writes: read again as it was, whole, and with a word where little is left."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthdata.io.reader import read
from tests.synthdata.conftest import Run


def texts(n: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(f"w{w}" for w in row) for row in rng.integers(0, 200, (n, 10)).tolist()]


def jsonl(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_blocks_are_written_as_blocks_also_where_only_the_name_says_so(run_here: Run) -> None:
    Path("b.md").write_text("a first one\nof two lines\n\nsecond it is\n\nand a third one\n")
    assert run_here("curate", "b.md", "-o", "kept.md", "--drop", "none").code == 0
    assert [row.text for row in read(["kept.md"])] == [row.text for row in read(["b.md"])]
    done = run_here("curate", "b.md", "-o", "kept.txt", "--drop", "none")
    assert "kept.txt holds documents between blank lines" in done.out
    assert "--format blocks" in done.out
    assert "which its name does not tell" not in run_here("curate", "b.md", "-o", "again.md").out


@pytest.mark.parametrize("other", ["b.txt", "b.md", "b.csv"])
def test_rows_of_two_formats_are_not_mixed(run_here: Run, other: str) -> None:
    jsonl("a.jsonl", [{"text": t} for t in texts(5)])
    Path(other).write_text("text\nsome tale of a hen\n\nand one of a fox\n")
    done = run_here("curate", "a.jsonl", other, "-o", "mixed.jsonl", "--drop", "none")
    assert (done.code, "different columns or formats" in done.err) == (2, True)
    assert not Path("mixed.jsonl").exists()


def test_parquet_and_json_rows_are_both_json_lines(run_here: Run) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": texts(5)}), "a.parquet")
    jsonl("b.jsonl", [{"text": t} for t in texts(5, 1)])
    assert run_here("curate", "a.parquet", "b.jsonl", "-o", "k.jsonl", "--drop", "none").code == 0
    assert [row.text for row in read(["k.jsonl"])] == texts(5) + texts(5, 1)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_nothing_is_written_where_the_reasons_cannot_be(run_here: Run) -> None:
    jsonl("a.jsonl", [{"text": "the same old tale of a hen"}] * 5)
    assert run_here("curate", "a.jsonl", "-o", "k.jsonl", "--reasons", "/dev/full").code == 2
    assert sorted(os.listdir()) == ["a.jsonl"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of text only")
def test_a_file_whose_name_is_no_text(run_here: Run) -> None:
    name = os.fsdecode(b"a\xff.txt")
    Path(name).write_text("the same old tale of a hen\n" * 3)
    args = ("-o", "k.txt", "--reasons", "why.jsonl", "--json")
    assert run_here("curate", name, *args).code == 0
    assert json.loads(Path("why.jsonl").read_text().splitlines()[0])["file"] == "a\\xff.txt"
    assert run_here("measure", name, "--html", "a.html", "--json").code == 0


LETTERS = np.array(list("abcdefghijklmnopqrst"))


def prefixed(n: int) -> list[str]:
    """Different texts behind one passage of some three quarters of them."""
    rng = np.random.default_rng(4)
    opening = "You are a helpful assistant that answers every question in a friendly tone and "
    opening += "never says anything that could be taken amiss by anybody who reads it here or now"
    rest = [" ".join("".join(rng.choice(LETTERS, 6)) for _ in range(8)) for _ in range(n)]
    return [f"{opening} {tale}" for tale in rest]


def test_a_choice_that_leaves_nothing_says_why_and_what_to_do(run_here: Run) -> None:
    jsonl("a.jsonl", [{"text": text, "n": 7} for text in prefixed(60)])
    done = run_here("curate", "a.jsonl", "-o", "k.jsonl", "--json")
    assert (done.record["kept"], done.record["verdict"]["confidence"]) == (0, "low")
    assert "One passage stands in 100% of the documents" in done.record["verdict"]["because"]
    assert "--strip chooses by the rest" in done.record["verdict"]["because"]
    done = run_here("curate", "a.jsonl", "-o", "k.jsonl", "--strip", "--json")
    assert done.record["kept"] == 60
    assert Path("k.jsonl").read_bytes() == Path("a.jsonl").read_bytes()  # as they stood
    jsonl("b.jsonl", [{"text": text} for text in ("ok", "yes", "no")])
    verdict = run_here("curate", "b.jsonl", "-o", "k.jsonl", "--json").record["verdict"]
    assert verdict["confidence"] == "low"
    assert "Nothing is left" in verdict["because"]
    jsonl("c.jsonl", [{"text": text} for text in texts(20)])
    verdict = run_here("curate", "c.jsonl", "-o", "k.jsonl", "--json").record["verdict"]
    assert verdict == {
        "text": "Kept 20 of 20 documents.",
        "confidence": "high",
        "because": "Dropped: nothing.",
    }
