"""Every experiment runs in its ci profile, cut further down, and gives paired finite figures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill import losses
from distill.experiments import __main__ as command_line
from distill.experiments import lab, labels, outcome, results, teaching, writing
from distill.experiments.table import EXPERIMENTS, FIRST_SEEDS, PILOTS, REPLACED, SEEDS
from distill.experiments.teaching import LONGER
from distill.settings import DistillConfig
from labkit import command
from labkit.experiment import MAXIMUM_SEEDS, MINIMUM_SEEDS
from minigpt import storyland

CI, TINY = lab.PROFILES["ci"], lab.SMALLEST


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_runs(name: str) -> None:
    found = EXPERIMENTS[name](TINY)
    assert found.expected
    assert found.findings
    assert len(found.losses) >= 2
    assert found.chosen
    for arms in (found.losses, *found.measures.values()):
        for values in arms.values():
            assert len(values) == TINY.seeds
            assert np.isfinite(values).all()
    for finding in [*found.findings, *(check.finding for check in found.sanity)]:
        assert len(finding.values) == TINY.seeds
        assert finding.verdict is None  # two seeds are too few for one
    record = json.loads(json.dumps(results.record(found), allow_nan=False))
    assert len(record["findings"]) == len(found.findings)
    assert len(command_line.words(found)) > len(found.losses)
    for kept in results.read([name]):  # what is published was asked of it as the code asks it
        assert kept["profile"] == "full"
        assert kept["expected"] == found.expected
        assert kept["first_seed"] == FIRST_SEEDS.get(name, lab.PROFILES["full"].first_seed)
        assert set(kept.get("once", [])) == set(found.once) <= set(found.losses)
        for arm in found.once:
            assert len(set(kept["losses"][arm])) == 1
        state, where = results.state(kept, EXPERIMENTS[name], results.fingerprint(found))
        assert state != "stale by behaviour", where  # measure it again
        for kind in ("findings", "sanity"):
            asked = [told["criterion"] for told in record[kind]]
            assert [told["criterion"] for told in kept[kind]] == asked
            assert {len(told["values"]) for told in kept[kind]} <= {SEEDS[name]}


def test_seeds_are_planned_and_not_those_of_replaced_records() -> None:
    assert set(SEEDS) <= set(EXPERIMENTS) == {*REPLACED, "mixture_teacher"}
    assert {kept["name"] for kept in results.read(EXPERIMENTS)} <= set(SEEDS)
    assert all(MINIMUM_SEEDS <= seeds <= MAXIMUM_SEEDS for seeds in SEEDS.values())
    for name in EXPERIMENTS:
        first = FIRST_SEEDS.get(name, lab.PROFILES["full"].first_seed)
        most = range(first, first + MAXIMUM_SEEDS)
        for record in results.read([name], results.REPLACED):
            assert not results._seeds(record) & set(most), name
        assert lab.SWEEP_SEED not in most
        assert most.stop <= PILOTS


def test_an_experiment_may_take_seeds_that_its_records_have_not_used() -> None:
    fresh = replace(TINY, first_seed=10)
    assert list(fresh.judged) == [10, 11]
    small = lab.Lab(fresh)
    with pytest.MonkeyPatch.context() as patch:
        trained = watched(small, patch)
        small.arm("labels", DistillConfig(alpha=0.0))
    assert [student.seed for student, _, _ in trained] == [10, 11]


def whole_page() -> str:
    replaced = results.read(EXPERIMENTS, results.REPLACED)
    return results.page(results.read(EXPERIMENTS), replaced, REPLACED)


def test_the_published_page_is_made_from_the_records() -> None:
    assert results.PAGE.read_text(encoding="utf-8") == whole_page()


def test_a_record_becomes_rows() -> None:
    """Two seeds have an interval and no verdict; one seed has neither."""
    few = outcome.Outcome(
        expected="that it helps",
        losses={"with": [1.0, 1.1], "without": [1.5], "counted": [2.0, 2.0]},
        once=("counted",),
        findings=[
            outcome.expect("gain", [0.5, 0.4], ">=", 0.1),
            outcome.expect("loss", [1.0], ">=", 0.5),
        ],
        sanity=[
            outcome.Sanity(
                finding=outcome.expect("sum", [1.0, 1.0], ">=", 0.5), why="one and one is two"
            )
        ],
        chosen={"with": "rate x 2"},
        given="One coin was thrown for all",
    )
    told = command_line.words(few)
    about = {"name": "one", "cpu_seconds": 7.4, "profile": "full", **results.about()}
    before = about | {"name": "old"} | results.record(few)
    lines = results.page(
        [about | results.record(few)], [before], {"old": "it was a dream"}
    ).splitlines()
    assert "| [one](#one) | gain >= 0.1 | 0.45 [-0.185, 1.09] | 2 | too few seeds |" in lines
    assert "|  | loss >= 0.5 | 1 | 1 | too few seeds |" in lines
    checks = "| [one](#one) | sum >= 0.5 | 1 [1, 1] | 2 | too few seeds | one and one is two |"
    assert checks in lines
    assert lines.index(checks) > lines.index("## Sanity checks")
    assert "| loss, nats/char | with | 1.05 [0.4147, 1.685] |" in lines
    assert "|  | without | 1.5 |" in lines
    assert "|  | counted | 2 (one computation) |" in lines
    assert any(line.split() == ["counted", "2", "(one", "computation)"] for line in told)
    said = next(line for line in lines if line.startswith("Expected: that it helps. "))
    assert ", 7 s" in said
    assert said.endswith(" One coin was thrown for all.")
    assert "Chosen by the sweep: with: rate x 2." in lines
    assert lines.index("- old: it was a dream") > lines.index("## Replaced")
    assert "Changed, and not measured since: old." in lines
    assert any(line.startswith("These are 2 verdicts,") and "2, 0.1 on" in line for line in lines)


def test_what_holds_by_construction_is_no_verdict() -> None:
    """Two of the notes said of their own rows in the main table that they could not fail."""
    text = whole_page()
    table, checks = text.split("## Sanity checks")
    for quantity in ("recall minus false alarms, over that of", "lost by renormalising against"):
        assert quantity not in table
        assert quantity in checks.split("\n## ")[0]
    assert "holds by construction" not in text


def test_a_rate_at_the_end_of_its_grid_is_told() -> None:
    """The best rate may be beyond it, and the arm weaker than it could be."""
    last = f"rate x {lab.PROFILES['full'].rates[-1]:g}"
    sections = whole_page().split("\n## ")
    for kept in results.read(EXPERIMENTS):
        if last in kept["chosen"].values():
            (section,) = [one for one in sections if one.startswith(f"{kept['name']}\n")]
            assert "the last of the grid" in section


def test_a_length_at_the_end_of_what_is_offered_is_told() -> None:
    """Labels that would rather train longer are a weaker baseline than they could be."""
    steps = lab.PROFILES["full"].student.steps
    sections = whole_page().split("\n## ")
    for kept in results.read(EXPERIMENTS):
        offered = max(LONGER) if kept["name"] in FIRST_SEEDS else 1
        last = f" {round(offered * steps)} steps"
        if any(last in chosen for chosen in kept["chosen"].values()):
            (section,) = [one for one in sections if one.startswith(f"{kept['name']}\n")]
            assert "the longest run" in section.lower(), kept["name"]


def test_arms_that_are_the_same_runs_are_named() -> None:
    """Losses tell: forward KL at temperature 1 is an arm of three experiments."""
    said = next(line for line in whole_page().splitlines() if line.startswith("Experiments share"))
    for one in (
        '"own 0" of on_policy = "T=1" of temperature_sweep',
        '"labels, 5%" of few_labels = "labels, 5%" of mixture_teacher',
    ):
        assert one in said
    other = {"name": "other", "losses": {"a": [1.0, 2.0]}, "first_seed": 10}
    assert results._shared([other, {**other, "name": "later", "first_seed": 11}]) == []
    assert results._shared([other, {**other, "name": "same"}])[1].endswith(
        '"a" of other = "a" of same.'
    )


def test_a_criterion_written_after_a_look_at_its_seeds_is_told() -> None:
    """Another threshold on the same seeds; on fresh ones, as a pilot or as a sanity check it is
    right."""

    def measured(threshold: float, first: int = 10, **more: Any) -> dict[str, Any]:
        gain = outcome.expect("gain", [0.5, 0.4], ">=", threshold)
        found = outcome.Outcome(expected="", losses={"a": [1.0, 1.0]}, findings=[gain])
        about = {"name": "one", "cpu_seconds": 7.4, "profile": "full", "first_seed": first}
        return {**about, **results.about(), **results.record(found), **more}

    old, late = measured(0.1), measured(0.4)
    assert results.seen_before(measured(0.1), [old]) == ""
    assert results.seen_before(late, [old]) == "seed 10 had been measured before"
    assert results.seen_before(measured(0.4, first=11), [old]) == "seed 11 had been measured before"
    assert results.seen_before(measured(0.4, first=12), [old]) == ""
    assert results.seen_before(measured(0.4, profile="ci"), [old]) == ""
    marked = {**late, "seen_before": results.seen_before(late, [old])}
    assert results.seen_before(late, [marked]) != ""  # once more makes it no better
    checked = {**old, "findings": late["findings"], "sanity": old["findings"]}
    assert results.seen_before(measured(0.1), [checked]) == ""
    said = "Criteria that were not there before the run: one (seed 10 had been measured before)."
    assert said in results.page([marked]).splitlines()
    assert "not there before" not in whole_page()
    for kept in results.read(EXPERIMENTS):
        earlier = results.read([kept["name"]], results.REPLACED)
        assert results.seen_before(kept, [kept, *earlier]) == ""


@pytest.mark.parametrize("best", [0.25, 0.5, 1.0, 2.0, 8.0])
def test_climbing_ends_at_the_lowest_of_a_valley(best: float) -> None:
    asked: list[float] = []

    def loss(rate: float) -> float:
        asked.append(rate)
        return abs(np.log(rate / best))

    rates = lab.PROFILES["full"].rates
    assert lab.climb(loss, rates) == best
    assert asked[0] == 1.0
    assert len(asked) == len(set(asked))


def watched(small: lab.Lab, patch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """(student, teacher, choosing loss) of each training from now on."""
    trained: list[tuple[Any, ...]] = []
    original = lab.distill

    def told(student: Any, teacher: Any, *more: Any, **keywords: Any) -> Any:
        found = original(student, teacher, *more, **keywords)
        trained.append((student, teacher, lab.best_choose(found)))
        return found

    patch.setattr(lab, "distill", told)
    return trained


def test_an_arm_takes_what_is_best_on_a_seed_that_is_not_judged() -> None:
    """Length first, then rate, both by the choosing half."""
    small = lab.Lab(replace(CI, rates=(0.5, 1.0, 2.0)))
    with pytest.MonkeyPatch.context() as patch:
        trained = watched(small, patch)
        few = DistillConfig(alpha=0.0, data_fraction=0.1)
        found = small.arm("labels", few, lengths=small.shorter())
    swept = [(s, loss) for s, _, loss in trained if s.seed == lab.SWEEP_SEED]
    judged = [s for s, _, _ in trained if s.seed != lab.SWEEP_SEED]
    assert [s.seed for s in judged] == list(small.profile.judged)
    assert {s.steps for s, _ in swept} == {30, 60}
    taken, _ = min(swept, key=lambda pair: pair[1])
    assert {(s.steps, s.muon_lr, s.adamw_lr) for s in judged} == {
        (taken.steps, taken.muon_lr, taken.adamw_lr)
    }
    rate = taken.muon_lr / small.profile.student.muon_lr
    assert small.chosen["labels"] == f"rate x {rate:g}, {taken.steps} steps"
    assert small.losses == {"labels": [run.judge_loss for run in found]}


def test_each_seed_has_its_own_teacher() -> None:
    small = lab.Lab(TINY)
    teachers = small.larger(2)
    assert len({lab.Teacher(teacher).fingerprint for teacher in teachers}) == TINY.seeds
    with pytest.MonkeyPatch.context() as patch:
        trained = watched(small, patch)
        small.arm("taught", DistillConfig(alpha=1.0), teachers)
    assert [(s.seed, t) for s, t, _ in trained] == list(zip(TINY.judged, teachers))


def test_an_even_teacher_is_label_smoothing() -> None:
    """The gradient of (1 - a) cross-entropy + a KL(even || student) is that of cross-entropy with
    (1 - a) one-hot + a / V as target, as torch's own label smoothing has it."""
    small = lab.Lab(TINY)
    ids = small.ids()[:40]
    told = torch.from_numpy(lab.Even(small.tokenizer).logprobs(ids[None])[0])
    labels, size = torch.from_numpy(ids.astype(int)), len(small.tokenizer)
    found = []
    for ours in (True, False):
        logits = torch.randn(40, size, generator=torch.Generator().manual_seed(0))
        logits.requires_grad_()
        if ours:
            hard = losses.label_loss(logits, labels).mean()
            losses.mix(hard, losses.kd(logits, told), 0.3).backward()
        else:
            torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.3).backward()
        found.append(logits.grad)
    torch.testing.assert_close(*found)


def test_the_share_of_grammatical_stories_counts_stories() -> None:
    whole = storyland.generate(3000, seed=4)
    assert lab.share_grammatical(["ben rides his bike\nben ride his bike\n", "mia r"]) == 0.5
    assert lab.share_grammatical([whole[: whole.rindex("\n") + 1]]) == 1.0
    assert lab.share_grammatical(["zz\nzz\nzz\n", "ben rides his bike\n"]) == 0.25
    assert lab.share_grammatical(["mia r"]) == 0.0


@pytest.mark.parametrize(
    ("experiment", "arm"), [(labels.noisy_labels, "taught"), (writing.data_free, "written, hard")]
)
def test_teachers_are_not_the_source(
    experiment: Callable[[lab.Profile], outcome.Outcome], arm: str
) -> None:
    """The source is asked for nothing: with it gone, all comes out the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab, "StorylandModel", lambda smoothing: None)
        found = experiment(TINY)
    assert np.isfinite(found.losses[arm]).all()


def test_peers_differ_between_seeds_and_members() -> None:
    made: list[int] = []
    original = teaching.distill
    with pytest.MonkeyPatch.context() as patch:

        def counted(student: Any, *more: Any) -> Any:
            made.append(student.seed)
            return original(student, *more)

        patch.setattr(teaching, "distill", counted)
        teaching.ensemble_to_one(TINY, members=3)
    assert len(made) == len(set(made)) == 3 * TINY.seeds
    assert not set(made) & {*TINY.judged, lab.SWEEP_SEED}


def test_the_issues_name_fourteen() -> None:
    assert len(EXPERIMENTS) == 14


def test_wrong_labels_cost_and_a_corrected_loss_mends_some_of_it() -> None:
    """Two seeds of 60 steps, deterministic; the teacher reads the same wrong labels."""
    found = EXPERIMENTS["noisy_labels"](CI)
    noisy = found.gain("clean labels", "noisy labels")
    mended = found.gain("noisy labels, corrected", "noisy labels")
    assert noisy.value > 0.1
    assert mended.value > 0.05
    assert found.gain("taught", "noisy labels").value > 0.05


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
    good = outcome.expect("share", [0.7, 0.71, 0.69], ">=", 0.6)
    assert good.verdict == "reproduced"
    bad = outcome.expect("share", [-0.7, -0.71, -0.69], ">=", 0.6)
    assert bad.verdict == "contradicted"
    null = outcome.expect("gain", [0.001, 0.002, 0.0], "<=", 0.01, no_effect=0.05)
    assert null.verdict == "reproduced"


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lab.PROFILES, "ci", TINY)
    monkeypatch.setattr(command_line, "SEEDS", {"born_again": 13})
    out = tmp_path / "found.json"
    for args, code in (
        (["born_again", "--profile", "ci", "--first-seed", "7", "--out", str(out)], 0),
        (["list"], 0),
        (["results", "--out", str(tmp_path / "page.md")], 0),
        (["borne_again"], 2),
        (["born_again", "--seeds", "0"], 2),
        (["born_again", "--first-seed", "-1"], 2),
        (["born_again", "--seeds", "3"], 2),  # judged over as many as were fixed, or not at all
        (["full_data"], 2),
        (["ensemble_to_one", "--profile", "ci", "--first-seed", "90"], 0),
    ):
        with pytest.raises(SystemExit) as stop:
            command.run(command_line.main, command_line.Command, prog=command_line.PROG, args=args)
        assert stop.value.code == code
    printed = capsys.readouterr()
    assert "no verdict below 3 seeds" in printed.out
    assert "omitted_character" in printed.out
    assert printed.err.count("\n") == 5
    assert "did you mean 'born_again'?" in printed.err
    assert "is judged over 13 seeds" in printed.err
    assert "full_data is not judged before" in printed.err
    assert printed.out.count("seeds that would decide, with 90%: ") == 2
    assert (tmp_path / "page.md").read_text() == results.PAGE.read_text()
    kept = json.loads(out.read_text())
    assert (kept["name"], kept["first_seed"]) == ("born_again", 7)


def test_every_row_of_the_page_has_the_columns_of_its_table() -> None:
    """KL(teacher || student) once began two more columns."""
    columns = 0
    for line in results.PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        bars = len(re.findall(r"(?<!\\)\|", line))
        columns = columns or bars
        assert bars == columns, line
