"""The command: a report, a last line of JSON, files, a figure, and errors in one line."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from synthdata.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as stop:
        main(["collapse", *args])
    out = capsys.readouterr()
    return int(stop.value.code or 0), out.out, out.err


def record(out: str) -> dict[str, Any]:
    return json.loads(out.splitlines()[-1])


def test_json_has_measures_intervals_theory_and_z(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys,
        *("multinomial", "--regime", "replace,accumulate", "--generations", "4"),
        *("--seeds", "12", "--json"),
    )
    assert (code, err) == (0, "")
    found = record(out)
    assert (found["schema"], found["version"], found["command"]) == ("synthdata", 2, "collapse")
    assert (found["generations"], found["seeds"], found["n"]) == (4, list(range(12)), 200)
    assert [(r["regime"], r["generation"]) for r in found["results"]] == [
        (name, g) for name in ("replace", "accumulate") for g in range(5)
    ]
    for result in found["results"]:
        measures = {m["name"]: m for m in result["measures"]}
        assert set(measures) == {"kl", "types", "entropy", "sum_p2"}
        assert all(m["low"] <= m["value"] <= m["high"] for m in measures.values())
        g = result["generation"]
        if result["regime"] == "replace":
            exact = 1 - (1 - 1 / 200) ** (g + 1) * (1 - 1 / 50)
            assert math.isclose(measures["sum_p2"]["expected"], exact)
        assert abs(measures["sum_p2"]["z"]) < 5  # fixed seeds
        assert "expected" not in measures["kl"]
    assert [j["regime"] for j in found["judgements"]] == ["replace", "accumulate"]
    assert found["judgements"][0]["verdict"] == "reproduced"
    assert "as theory says" in found["verdict"]["because"]


def test_one_seed_has_no_interval_and_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "gaussian", "--profile", "ci", "--seeds", "1", "--generations", "1", "--json"
    )
    found = record(out)
    assert code == 0
    assert found["verdict"]["confidence"] == "none"
    assert "needs 3 seeds" in found["verdict"]["because"]
    assert found["results"][0]["measures"][0]["low"] is None


def test_files_and_figure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    html, png, csv = (tmp_path / name for name in ("a.html", "a.png", "a.csv"))
    code, out, _ = run(
        capsys,
        *("linear", "--profile", "ci", "--html", str(html), "--png", str(png)),
        *("--csv", str(csv)),
    )
    assert code == 0
    assert out.count("written: ") == 3
    page = html.read_text(encoding="utf-8")
    assert "squared_error under replace from" in page
    assert "5 seeds" in page
    assert "<script" not in page
    assert png.read_bytes().startswith(b"\x89PNG")
    assert len(csv.read_text().splitlines()) == 1 + 4 * 5 * 7  # regimes, seeds, generations


def test_the_figure_draws_what_the_table_holds() -> None:
    from labkit import figures
    from synthdata.collapse import collapse
    from synthdata.collapse.figures import generations
    from synthdata.collapse.sources.distributions import Multinomial

    table = collapse(Multinomial(), generations=3, seeds=6)
    _, ax = figures.new()
    generations(ax, table, "sum_p2")
    lines = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert list(lines) == ["replace", "accumulate"]
    drawn = lines["replace"].get_ydata().tolist()
    assert drawn == table.values("replace", "sum_p2").mean(axis=0).tolist()
    crosses = next(line for line in ax.lines if line.get_marker() == "x")
    assert crosses.get_ydata()[2] == table.expected["replace", "sum_p2", 2].mean
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("generation", "P(two draws agree)")


def test_what_is_undefined_is_null_in_the_record_and_said_in_the_report() -> None:
    from synthdata.collapse import Row, Table
    from synthdata.collapse.report import figure, to_record, to_report
    from synthdata.report import record as records
    from synthdata.report import terminal

    rows = tuple(
        Row(regime="replace", generation=g, seed=s, measure=m, value=v)
        for g in range(2)
        for s in range(3)
        for m, v in (("kl", g + 0.1 * s), ("entropy", math.nan if g and s else 1.0))
    )
    units = {"kl": "bits", "entropy": "bits"}
    table = Table(source="made", error="kl", units=units, sampler="plain", n=2, rows=rows)
    made = to_report(table, (), "ci")
    assert "entropy" in terminal.terminal(made)
    assert "undefined" in terminal.terminal(made)
    found = json.loads(records.line(to_record(table, (), made)))
    measures = {m["name"]: m for m in found["results"][1]["measures"]}
    assert measures["entropy"]["value"] is None
    assert measures["kl"]["value"] == pytest.approx(1.1)
    assert figure(table).axes


@pytest.mark.parametrize("source", ["zipf", "ngram", "gpt"])
def test_every_other_source_runs_as_a_command(
    source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    more = [] if source == "zipf" else ["--data", "storyland", "--n", "60"]
    code, out, _ = run(
        capsys, source, "--profile", "ci", "--generations", "1", "--seeds", "3", *more, "--json"
    )
    found = record(out)
    assert code == 0
    assert found["source"].startswith(source if source != "ngram" else "5-gram")
    assert all(m["value"] is not None for r in found["results"] for m in r["measures"])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["multinomail"], "no source 'multinomail'; choose one of multinomial"),
        (["gaussian", "--regime", "replcae"], "no regime 'replcae'"),
        (["gaussian", "--regime", "fresh:7"], "from 0 to 1"),
        (["gaussian", "--regime", ",,"], "no regime ''; choose among replace"),
        (["gaussian", "--temperature", "1e300"], "by at most 1,000,000; got 1e+300"),
        (["gaussian", "--temperature", "1000", "--generations", "40"], "has run away"),
        (["gaussian", "--regime", "curated"], "use ngram, gpt"),
        (["gaussian", "--generations", "0"], "from 1 to 1,000, got 0"),
        (["gaussian", "--generations", "1000000"], "from 1 to 1,000"),
        (["gaussian", "--generations", "many"], "whole number"),
        (["gaussian", "--seeds", "-1"], "from 1 to 10,000"),
        (["gaussian", "--n", "1"], "got n=1"),
        (["zipf", "--n", "9000000"], "too many"),
        (["gaussian", "--temperature", "-1"], "temperature"),
        (["gaussian", "--top-k", "5"], "top-k"),
        (["gaussian", "--data", "shakespeare"], "--data is for ngram and gpt"),
        (["ngram", "--data", "no-such-text"], "no corpus and no file"),
        (["ngram", "--data", "storyland", "--n", "1"], "at least 2 texts"),
        (["ngram", "--data", "storyland:3000", "--n", "50"], "use --n 5 or less, or a text of"),
        (["ngram", "--data", "storyland:900"], "use a text of at least 1,667"),
        (["gaussian", "--html", "nowhere/at/all.html"], "there is no folder"),
    ],
)
def test_errors_are_one_line_and_exit_2(
    args: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *args)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_the_other_commands_still_bring_no_torch() -> None:
    code = (
        "import sys, synthdata, synthdata.cli.run, synthdata.cli.compare, synthdata.report.plots\n"
        "import synthdata.collapse, synthdata.collapse.sources.texts, synthdata.collapse.command\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def test_outputs_are_checked_before_any_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "my.txt"
    text.write_text("a line of my own text\n" * 200)
    for option in ("--html", "--png", "--csv"):
        code, out, err = run(capsys, "ngram", "--data", str(text), option, str(text))
        assert (code, out) == (2, "")
        assert "would overwrite its own input" in err
    monkeypatch.chdir(tmp_path)
    small = ("--profile", "ci", "--n", "10", "--seeds", "1", "--generations", "1")
    code, _, err = run(capsys, "ngram", "--data", "storyland", *small, "--csv", "a.csv")
    assert (code, err) == (0, "")  # a corpus by its name is no file that could be overwritten
    monkeypatch.setattr("os.access", lambda *_: False)  # tests may run as root, who may do all
    code, out, err = run(capsys, "gaussian", "--html", "b.html")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no permission to write into '.'" in err
