"""Every experiment runs in its ci profile, cut further down, and gives paired finite figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distill.experiments import __main__ as command_line
from distill.experiments import lab, labels, results
from distill.experiments.table import EXPERIMENTS
from labkit import command

CI, TINY = lab.PROFILES["ci"], lab.SMALLEST


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_runs(name: str) -> None:
    found = EXPERIMENTS[name](TINY)
    assert found.expected
    assert found.findings
    assert len(found.losses) >= 2
    for arms in (found.losses, *found.measures.values()):
        for values in arms.values():
            assert len(values) == TINY.seeds
            assert np.isfinite(values).all()
    for finding in found.findings:
        assert len(finding.values) == TINY.seeds
        assert finding.verdict is None  # two seeds are too few for one
    record = json.loads(json.dumps(results.record(found), allow_nan=False))
    assert len(record["findings"]) == len(found.findings)
    assert len(command_line.words(found)) > len(found.losses)
    for kept in results.read([name]):  # what is published was asked of it as the code asks it
        assert kept["profile"] == "full"
        assert kept["expected"] == found.expected
        state, where = results.state(kept, EXPERIMENTS[name], results.fingerprint(found))
        assert state != "stale by behaviour", where  # measure it again
        assert [told["criterion"] for told in kept["findings"]] == [
            str(finding.criterion) for finding in found.findings
        ]


def test_an_experiment_may_take_seeds_that_its_records_have_not_used() -> None:
    fresh = replace(TINY, first_seed=10)
    assert lab.Lab(fresh).each_seed(lambda student: student.seed) == [10, 11]


def test_the_published_page_is_made_from_the_records() -> None:
    assert results.PAGE.read_text(encoding="utf-8") == results.page(results.read(EXPERIMENTS))


def test_a_record_becomes_rows() -> None:
    """Two seeds have an interval and no verdict; one seed has neither."""
    few = lab.Outcome(
        expected="that it helps",
        losses={"with": [1.0, 1.1], "without": [1.5]},
        findings=[lab.expect("gain", [0.5, 0.4], ">=", 0.1), lab.expect("loss", [1.0], ">=", 0.5)],
    )
    about = {"name": "one", "cpu_seconds": 7.4, **results.about()}
    lines = results.page([about | results.record(few)]).splitlines()
    assert "| [one](#one) | gain >= 0.1 | 0.45 [-0.185, 1.09] | 2 | too few seeds |" in lines
    assert "|  | loss >= 0.5 | 1 | 1 | too few seeds |" in lines
    assert "|  | without | 1.5000 |  |" in lines
    assert any(line.startswith("Expected: that it helps. ") and ", 7 s" in line for line in lines)


def test_labels_alone_take_the_length_that_is_best() -> None:
    """Half of sixty steps is tried as well; what is taken is the better on the choosing half."""
    small = lab.Lab(CI)
    tried = {}
    original = lab.distill

    def watched(student, *told):
        found = original(student, *told)
        tried[student.steps] = lab.best_choose(found)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab, "distill", watched)
        steps = small.best_length(lab.DistillConfig(alpha=0.0, data_fraction=0.1))
    assert set(tried) == {30, 60}
    assert tried[steps] == min(tried.values())
    assert [r.steps for r in small.train(lab.DistillConfig(alpha=0.0), steps=3)] == [3, 3]


def test_the_issue_names_thirteen() -> None:
    assert len(EXPERIMENTS) == 13


def test_wrong_labels_cost_and_a_teacher_does_not_read_them() -> None:
    """Two seeds of 60 steps, deterministic."""
    found = EXPERIMENTS["noisy_labels"](CI)
    noisy, clean = found.gain("clean labels", "noisy labels"), found.gain("taught", "clean labels")
    mended = found.gain("noisy labels, corrected", "noisy labels")
    assert noisy.value > 0.1
    assert clean.value > -0.1
    assert mended.value > 0.05


def test_the_omitted_character_is_never_trained_on() -> None:
    """Nobody predicts it before the fix; the bias alone brings some of it back."""
    found = labels.omitted_character(CI)
    assert set(found.measures["recall before the fix"]["labels"]) == {0.0}
    after = found.measures["recall after the fix"]
    assert set(after) == {"labels", "taught", "teacher"}
    assert all(0 <= value <= 1 for values in after.values() for value in values)


def test_bias_makes_a_character_as_frequent_as_asked() -> None:
    rng = np.random.default_rng(0)
    said = rng.normal(size=(200, 5)).astype(np.float32)
    said -= np.log(np.exp(said).sum(-1, keepdims=True))
    raised = said.astype(np.float64)
    raised[:, 2] += labels.bias(said, 2, 0.35)
    p = np.exp(raised)
    assert (p / p.sum(-1, keepdims=True))[:, 2].mean() == pytest.approx(0.35, abs=1e-6)
    with pytest.raises(ValueError, match="frequency"):
        labels.bias(said, 2, 1.0)


def test_findings_follow_the_rule_of_the_house() -> None:
    good = lab.expect("share", [0.7, 0.71, 0.69], ">=", 0.6)
    assert good.verdict == "reproduced"
    bad = lab.expect("share", [-0.7, -0.71, -0.69], ">=", 0.6)
    assert bad.verdict == "contradicted"
    null = lab.expect("gain", [0.001, 0.002, 0.0], "<=", 0.01, no_effect=0.05)
    assert null.verdict == "reproduced"


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lab.PROFILES, "ci", TINY)
    out = tmp_path / "found.json"
    for args, code in (
        (["born_again", "--profile", "ci", "--out", str(out)], 0),
        (["list"], 0),
        (["results", "--out", str(tmp_path / "page.md")], 0),
        (["borne_again"], 2),
        (["born_again", "--seeds", "0"], 2),
    ):
        with pytest.raises(SystemExit) as stop:
            command.run(command_line.main, command_line.Command, prog=command_line.PROG, args=args)
        assert stop.value.code == code
    printed = capsys.readouterr()
    assert "no verdict below 3 seeds" in printed.out
    assert "omitted_character" in printed.out
    assert printed.err.count("\n") == 2
    assert "did you mean 'born_again'?" in printed.err
    assert (tmp_path / "page.md").read_text() == results.PAGE.read_text()
    assert json.loads(out.read_text())["name"] == "born_again"
