"""--group on the command line: which documents hang together, and a hint where nobody said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthdata import __main__ as command

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            command.main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, out, err

    return call


def write(path: Path, seed: int, prompts: int, **names: str) -> Path:
    """Four documents to a prompt, each of its prompt's topic; the field may have another name."""
    rng = np.random.default_rng(seed)
    with path.open("w") as file:
        for prompt in range(prompts):
            topic = rng.choice(500, 3)
            for _ in range(4):
                own = [f"t{topic[i]}" for i in rng.integers(0, 3, 6)]
                rest = [f"w{i}" for i in rng.integers(0, 60, 8)]
                row: dict[str, Any] = {"text": " ".join([*own, *rest])}
                if names.get("field", "prompt"):
                    row[names.get("field", "prompt")] = f"p{prompt}"
                file.write(json.dumps(row) + "\n")
    return path


def width(out: str, name: str) -> float:
    found = {m["name"]: m for m in json.loads(out.splitlines()[-1])["measures"]}
    return float(found[name]["high"] - found[name]["low"])


def test_groups_widen_what_compare_says_and_a_hint_asks_for_them(run: Run, tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.jsonl", 0, 40), write(tmp_path / "b.jsonl", 1, 40)
    code, alone, _ = run("compare", one, "--ref", two, "--json")
    assert code == 0
    assert "160 documents have 40 values of 'prompt'" in alone
    assert "--group prompt" in alone
    code, grouped, _ = run("compare", one, "--ref", two, "--json", "--group", "prompt")
    assert code == 0
    assert "40 values of" not in grouped
    assert json.loads(grouped.splitlines()[-1])["provenance"]["groups"] == "prompt"
    assert width(grouped, "hill1_ratio") > 1.3 * width(alone, "hill1_ratio")
    assert width(grouped, "copied") > 1.5 * width(alone, "copied")


def test_gate_and_measure_take_groups(run: Run, tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.jsonl", 0, 40), write(tmp_path / "b.jsonl", 1, 30)
    rules = ["--rule", "near_duplicates<=0.03", "--rule", "hill1_ratio>=0.5"]
    code, out, _ = run("gate", one, "--ref", two, *rules)
    assert code == 0  # no pair among 160 documents: at most 2.3 %
    assert "have 40 values of 'prompt'" in out
    assert "of the reference, 120 documents have 30 values" in out
    code, out, _ = run("gate", one, "--ref", two, *rules, "--group", "prompt")
    assert code == 2  # no pair among 40 prompts: at most 8.8 %
    assert "values of" not in out
    code, alone, _ = run("measure", one, "--json", "--by", "prompt")
    assert "have 40 values of 'prompt'" in alone
    code, grouped, _ = run("measure", one, "--json", "--group", "prompt")
    assert code == 0
    assert "values of 'prompt'" not in grouped
    assert width(grouped, "hill1") > 1.3 * width(alone, "hill1")
    code, _, err = run("measure", one, "--stream", "--group", "prompt")
    assert code == 2
    assert "--group needs the texts in memory" in err


def test_the_references_groups_may_have_another_name_or_none(run: Run, tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", 0, 25)
    other = write(tmp_path / "b.jsonl", 1, 25, field="author")
    free = write(tmp_path / "c.jsonl", 2, 25, field="")
    rule = ["--rule", "hill1_ratio>=0.5", "--group", "prompt"]
    assert run("gate", one, "--ref", other, *rule, "--ref-group", "author")[0] == 0
    assert run("gate", one, "--ref", free, *rule, "--ref-group", "none")[0] == 0
    code, _, err = run("gate", one, "--ref", free, *rule)
    assert code == 3
    assert "no field 'prompt'" in err
    assert "--ref-group" in err
    assert "Traceback" not in err


def test_rows_without_the_field_stand_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"text": f"a b c{i}", "prompt": "p" if i < 5 else None} for i in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = run("compare", path, "--ref", path, "--group", "prompt", "--json")
    assert code == 0
    assert "too few" not in out  # 26 groups, and not the two that one group of the rest would make


def test_hints_take_any_value_of_a_field(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows: list[dict[str, Any]] = [
        {"text": f"a b c{i}", "prompt": ["p", i % 3], "author": None} for i in range(30)
    ]
    rows[4].pop("prompt")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = run("measure", path, "--by", "prompt")
    assert code == 0
    assert "29 documents have 3 values of 'prompt'" in out
    assert "author" not in out
