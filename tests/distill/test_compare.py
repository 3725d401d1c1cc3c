"""Verdicts and measures against hand calculation; the comparison and the commands end to end."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from distill import compare
from distill import train as training
from distill.cache import CacheConfig, build
from distill.comparison import arms, comparison, costs, metrics, table
from distill.settings import DistillConfig, Question
from distill.teachers import FOLDS, ModelTeacher, NGramTeacher
from labkit import command
from labkit.versions import processor
from minigpt import corpora
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.saved import checkpoint, runs
from minigpt.settings import TrainConfig
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer

CORPUS = corpora.load("storyland:20000")
TOKENIZER = CharTokenizer.from_text(CORPUS.text)
SHAPE = GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32)
STUDENT = TrainConfig(
    steps=30,
    batch_size=8,
    device="cpu",
    precision="fp32",
    threads=1,
    model=SHAPE,
    muon_lr=0.04,
    adamw_lr=1e-2,
    warmup=5,
)
TRUTH = StorylandModel(smoothing=1e-3)


def test_gap_by_hand() -> None:
    gap = metrics.gap_closed([2.0, 2.0, 2.0], [1.8, 1.7, 1.9], 1.0)
    assert gap.closed is not None
    assert gap.closed.value == pytest.approx(0.2)
    # Student's t with 2 degrees of freedom: 4.3027; the deviation of the shares is 0.1
    assert gap.closed.high - gap.closed.value == pytest.approx(4.3027 * 0.1 / 3**0.5, rel=1e-4)
    assert gap.verdict == "cannot tell"


@pytest.mark.parametrize(
    ("student", "verdict"),
    [
        ([1.80, 1.81, 1.79], "helps"),
        ([2.20, 2.21, 2.19], "hurts"),
        ([2.1, 1.9, 2.0], "cannot tell"),
        ([1.5], "cannot tell"),
    ],
)
def test_verdicts(student: list[float], verdict: str) -> None:
    assert metrics.gap_closed([2.0] * len(student), student, 1.0).verdict == verdict


def test_no_gap_where_the_teacher_is_no_better() -> None:
    assert metrics.gap_closed([2.0, 1.0], [1.0, 1.0], 1.5).closed is None
    with pytest.raises(ValueError, match="pairs"):
        metrics.gap_closed([1.0], [1.0, 2.0], 0.5)


def test_the_truth_is_calibrated_and_a_boaster_is_not() -> None:
    """20,000 characters drawn from the source itself; error of a bin is below 0.02 or so."""
    ids = TOKENIZER.encode(CORPUS.text).astype(np.int64)
    said = StorylandModel().logprobs(ids[None, :-1])[0]
    assert metrics.calibration_error(said, ids[1:]) < 0.02
    sharp = torch.from_numpy(np.maximum(said, -30) * 3).log_softmax(-1).numpy()
    assert metrics.calibration_error(sharp, ids[1:]) > 0.1


def test_divergence_and_agreement() -> None:
    p, q = np.log([[0.5, 0.5]]), np.log([[0.9, 0.1]])
    right = 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)
    assert metrics.divergence(p, q)[0] == pytest.approx(right)
    with np.errstate(divide="ignore"):
        sure = np.log(np.array([[1.0, 0.0]]))
    assert metrics.divergence(sure, p)[0] == pytest.approx(math.log(2))
    assert metrics.agreement(np.eye(3), np.eye(3)) == 1
    assert metrics.agreement(np.eye(3), np.eye(3)[[1, 0, 2]]) == pytest.approx(1 / 3)


def test_distances_of_one_who_walks_off_the_road(chain: type) -> None:
    """It differs from the teacher after b only, and writes b five times as often as is real.

    Along the real text a tenth of the places follow a b, along its own half. The share of b among
    64 x 200 draws is off by less than 0.025 (5 standard deviations).
    """
    teacher, student = chain([[0.5, 0.5], [0.9, 0.1]]), chain([[0.5, 0.5], [0.5, 0.5]])
    after_b = 0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)
    real = (np.arange(4000) % 10 == 0).astype(np.uint8)  # every tenth is a b
    rng = np.random.default_rng(0)
    found = metrics.distance(student, teacher, real, streams=64, rng=rng)
    assert found.real == pytest.approx(0.1 * after_b, rel=1e-5)
    assert found.own == pytest.approx(0.5 * after_b, abs=0.025 * after_b)
    same = metrics.distance(teacher, teacher, real, streams=4, rng=rng)
    assert (same.real, same.own) == (0, 0)
    with pytest.raises(ValueError, match="held-out"):
        metrics.distance(student, teacher, real[:50], rng=rng)


def test_quality_reads_as_the_loss_does() -> None:
    """In windows side by side, all of the text: of one that knows nothing, by hand."""
    ids = TOKENIZER.encode(CORPUS.judge)
    even = GPT(SHAPE, TOKENIZER, torch.Generator().manual_seed(0))  # its head is 0 at first
    found = metrics.quality(even, TRUTH, ids)
    assert found.calibration == pytest.approx(
        abs(np.mean(ids[1:] == 0) - 1 / len(TOKENIZER)), abs=1e-6
    )
    told = TRUTH.logprobs(ids[None, :-1].astype(np.int64))[0]
    assert found.agreement == pytest.approx(np.mean(told.argmax(-1) == 0))
    assert found.kl_real > 0.5
    assert found == metrics.quality(even, TRUTH, ids, told=told)
    assert math.isnan(metrics.quality(even, TRUTH, ids[:100]).kl_own)  # too short


@pytest.fixture(scope="module")
def compared() -> comparison.Comparison:
    what = arms.setting(TRUTH, STUDENT, CORPUS, DistillConfig(alpha=1.0, data_fraction=0.05))
    return comparison.compare(what, seeds=(0, 1, 2), sweep=arms.Sweep(rates=(0.7, 1.0)), timed=True)


def test_a_comparison_has_every_arm(compared: comparison.Comparison) -> None:
    names = [arm.name for arm in compared.arms]
    labels = [comparison.TOKENS, comparison.COMPUTE, comparison.SECONDS]
    assert names == [*labels, comparison.TAUGHT, comparison.COUNTED, comparison.NGRAM]
    assert all(len(arm.losses) == 3 for arm in compared.arms)
    assert all(arm.rate in (0.7, 1.0) for arm in compared.arms)
    assert [len(arm.qualities) for arm in compared.arms] == [3] * 5 + [1]

    def best(of: list[str]) -> comparison.Arm:
        return min(map(compared.arm, of), key=lambda arm: np.mean(arm.chosen))

    taught = np.array(compared.arm(comparison.TAUGHT).losses)
    for gap, name, arm in (
        (compared.gap, compared.baseline, best(labels)),
        (compared.gap_best, compared.best, best([*labels, comparison.COUNTED, comparison.NGRAM])),
    ):
        assert name == arm.name
        assert gap.gained.value == pytest.approx((np.array(arm.losses) - taught).mean())
        shares = (np.array(arm.losses) - taught) / (np.array(arm.losses) - compared.teacher_loss)
        assert gap.closed is not None
        assert gap.closed.value == pytest.approx(shares.mean())


def test_a_comparison_in_words(compared: comparison.Comparison) -> None:
    text = table.table(compared)
    assert all(f"\n{arm.name} " in text for arm in compared.arms)
    assert "of the student's own gap closed" in text
    assert f"from the best use of the same labels, {compared.best};" in text
    assert "of that gap closed" in text
    assert "what training it cost is counted nowhere" in text
    assert "one for all seeds: what another would change is in no interval" in text
    assert "in this run on this machine" in text
    row = next(line for line in text.splitlines() if line.startswith(comparison.TAUGHT))
    assert row.count("+-") == 5  # loss, calibration, agreement and both distances
    row = next(line for line in text.splitlines() if line.startswith(comparison.NGRAM))
    assert "+-" not in row  # one computation has no interval over seeds


def test_a_gap_in_words_has_its_intervals_as_everywhere() -> None:
    """One seed has none: it was once printed as [-inf, inf]."""
    one = metrics.gap_closed([2.0], [1.5], 1.0)
    said = "0.5 nats/char from labels; 0.5 of that gap closed; one seed has no interval"
    assert table._in_words(one, "labels", "that gap") == said
    three = metrics.gap_closed([2.0, 2.0, 2.0], [1.5, 1.6, 1.4], 1.0)
    said = "0.5 [0.252, 0.748] nats/char from labels; 0.5 [0.25, 0.75] of that gap closed"
    assert table._in_words(three, "labels", "that gap") == said


def test_a_comparison_is_json(compared: comparison.Comparison) -> None:
    record = json.loads(json.dumps(compared.record(), allow_nan=False))
    assert set(record) >= {"arms", "gap_closed", "verdict", "gap_closed_best_labels"}
    assert record["version"] == 2
    assert set(record["gap_closed"]) >= {"value", "low", "high", "verdict"}
    assert set(record["step_seconds"]) == {"labels", "taught"}
    for arm in record["arms"]:
        assert set(arm["quality"]) == {"calibration", "agreement", "kl_real", "kl_own"}
        each = [one["kl_own"] for one in arm["qualities"]]
        assert arm["quality"]["kl_own"] == pytest.approx(np.mean(each))


def test_labels_get_the_seconds_that_teaching_takes() -> None:
    """README's table: 44 ms a step on labels and 77 taught, and 480 steps: 840."""
    assert comparison.equal_seconds_steps(480, labels=0.044, taught=0.077) == 840
    assert comparison.equal_seconds_steps(480, labels=0.044, taught=0.040) == 480  # by chance
    fast, slow, odd = (SimpleNamespace(train_seconds=s, steps=10) for s in (1.0, 2.0, 90.0))
    one, other = SimpleNamespace(results=[fast, odd]), SimpleNamespace(results=[slow])
    assert comparison.seconds_a_step(one, other) == pytest.approx(0.2)  # type: ignore[arg-type]


def test_only_a_timed_comparison_looks_at_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence must come out again; how long a step took does not."""

    def timed(*_: object) -> float:
        raise AssertionError("timed")

    monkeypatch.setattr(comparison, "seconds_a_step", timed)
    what = arms.setting(TRUTH, replace(STUDENT, steps=4), CORPUS, DistillConfig())
    found = comparison.compare(what, seeds=(0,), sweep=arms.Sweep(rates=(1.0,), lengths=()))
    assert comparison.SECONDS not in [arm.name for arm in found.arms]
    assert found.step_seconds == {}
    assert "equal seconds" not in table.table(found)


def test_asking_for_a_cache_takes_time(tmp_path: Path) -> None:
    """A cache of 18,000 characters in windows of 32: more than the 64 that are timed."""
    what = arms.setting(ModelTeacher(GPT(SHAPE, TOKENIZER)), STUDENT, CORPUS, DistillConfig())
    cache = build(tmp_path / "c", what.teacher, what.ids, CacheConfig(context=32))
    assert 0 < comparison.seconds_asked(what, cache) < 100


def test_equal_compute_costs_what_distilling_costs() -> None:
    teacher = GPT(replace(SHAPE, n_layer=3), TOKENIZER)
    for share in (0.0, 0.5):
        steps = costs.equal_compute_steps(STUDENT, teacher, len(TOKENIZER), on_policy=share)
        alone = steps * costs.step_flops(STUDENT, len(TOKENIZER))
        taught = costs.taught_flops(STUDENT, teacher, len(TOKENIZER), on_policy=share)
        assert alone == pytest.approx(taught, rel=1 / STUDENT.steps)
    few = costs.equal_compute_steps(STUDENT, teacher, len(TOKENIZER), windows=8)  # one batch
    once = 8 * costs.teacher_flops(teacher, 32) / costs.step_flops(STUDENT, len(TOKENIZER))
    assert few == STUDENT.steps + round(once)


def test_too_little_text_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than one window"):
        arms.setting(TRUTH, STUDENT, CORPUS, DistillConfig(data_fraction=0.001))
    what = arms.setting(TRUTH, STUDENT, CORPUS, DistillConfig())
    with pytest.raises(ValueError, match="at least one seed"):
        comparison.compare(what, seeds=())
    with pytest.raises(ValueError, match="learning rates above 0"):
        arms.Sweep(rates=(0.0, 1.0))
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        arms.Sweep(lengths=(2.0,))


def test_an_n_gram_never_teaches_what_it_knows_by_heart() -> None:
    config = DistillConfig(data_fraction=0.5)
    assert arms.setting(TRUTH, STUDENT, CORPUS, config).counted.folds == FOLDS
    asked = Question(teacher="ngram", data="storyland:20000", distill=config)
    found = arms.prepare(asked)
    assert isinstance(found.teacher, NGramTeacher)
    assert found.teacher.folds == FOLDS
    np.testing.assert_array_equal(found.teacher.text, found.ids)


class Counted(arms.Arms):
    """Says what it would train, and that shorter runs are better than long ones, in steps^2."""

    def __init__(self, what: arms.Setting, seeds: tuple[int, ...]) -> None:
        super().__init__(what, seeds, arms.Sweep(rates=(0.5, 1.0, 2.0), lengths=(0.5,)))
        self.trained: list[tuple[int, float, int]] = []

    def _train(self, teacher, steps, rate, seed, cache, keep):
        self.trained.append((steps, rate, seed))
        loss = (steps - 30) ** 2 + abs(rate - 2)
        return SimpleNamespace(metrics=[{"choose_loss": loss}, {"choose_loss": None}])


def test_labels_may_take_the_shorter_run_and_nothing_is_trained_twice() -> None:
    """60 steps, 80 at equal compute; 30 is best, and twice the rate: found on the first seed."""
    student = replace(STUDENT, steps=60)
    train = Counted(arms.setting(TRUTH, student, CORPUS, DistillConfig()), (5, 6))
    found = train.labels("tokens", 60)
    assert (found.steps, found.rate) == (30, 2.0)
    assert train.trained == [(30, 1.0, 5), (60, 1.0, 5), (30, 0.5, 5), (30, 2.0, 5), (30, 2.0, 6)]
    same = train.labels("compute", 80)
    assert (same.steps, train.trained[5:]) == (30, [(80, 1.0, 5)])
    taught = train.taught("taught", TRUTH)
    assert (taught.steps, taught.rate) == (60, 2.0)
    assert taught.flops == pytest.approx(60 * costs.step_flops(student, len(TOKENIZER)))


def test_a_budget_becomes_steps_and_is_about_kept() -> None:
    """A minute of steps that take milliseconds: more than the twenty that are timed."""
    what = arms.setting(TRUTH, STUDENT, CORPUS, DistillConfig())
    found = arms.within(1.0, what)
    assert found.student.steps > 21
    assert found.student == replace(what.student, steps=found.student.steps)
    assert arms.within(1e-6, what).student.steps == 21  # nothing is left after the timing
    with pytest.raises(ValueError, match="instead of minutes"):
        arms.setting(TRUTH, replace(STUDENT, minutes=1.0), CORPUS, DistillConfig())


def test_a_user_who_stops_the_timing_stops_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(arms, "distill", stopped)
    with pytest.raises(KeyboardInterrupt):
        arms.within(1.0, arms.setting(TRUTH, STUDENT, CORPUS, DistillConfig()))


# The commands.


def error_line(module, args: list[str], capsys: pytest.CaptureFixture) -> str:
    with pytest.raises(SystemExit) as stop:
        module.entry(args)
    assert stop.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


@pytest.mark.parametrize("module", [training, compare])
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--alpha", "1.5"], "alpha is the teacher's share"),
        (["--temperature", "0"], "temperature must be"),
        (["--temperature", "-1"], "temperature must be"),
        (["--data-fraction", "2"], "data_fraction is a share"),
        (["--student", "vast"], "student"),
        (["--steps", "0"], "steps must be at least 1"),
        ([], "no run at"),
    ],
)
def test_bad_flags(module, flags: list[str], words: str, capsys: pytest.CaptureFixture) -> None:
    assert words in error_line(module, ["--teacher", "nowhere", *flags], capsys)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--steps", "9", "--minutes", "1"], "leave one of the two out"),
        (["--minutes", "0"], "minutes must be above 0"),
        (["--resume"], "--resume needs --out"),
        (["--resume", "--out", "o", "--on-policy", "0.5"], "no --on-policy"),
        (["--on-policy", "0.5", "--targets", "dense"], "--on-policy needs --targets live"),
        (["--k", "0"], "k must be at least 1"),
    ],
)
def test_bad_flags_of_training(flags: list[str], words: str, capsys: pytest.CaptureFixture) -> None:
    assert words in error_line(training, ["--teacher", "nowhere", *flags], capsys)


def saved(path: Path, data: str, text: str) -> Path:
    model = GPT(SHAPE, CharTokenizer.from_text(text), torch.Generator().manual_seed(0))
    checkpoint.save_model(path, model, {"data": data})
    return path


def test_bad_teachers(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = saved(tmp_path / "model.safetensors", "storyland:20000", "abc")
    line = error_line(compare, ["--teacher", str(file)], capsys)
    assert "different alphabets" in line
    assert "id 0 is 'a' to the teacher" in line
    blob = bytearray(file.read_bytes())
    blob[-3] ^= 1
    file.write_bytes(blob)
    assert "damaged" in error_line(compare, ["--teacher", str(file)], capsys)


def test_the_teacher_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path / "model.safetensors", "storyland:20000", CORPUS.text)
    args = ["--teacher", str(tmp_path), "--out", str(tmp_path)]
    assert "is the teacher" in error_line(training, args, capsys)


def test_the_train_command_prints_its_baselines(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(tmp_path / "t.safetensors", "storyland:20000", CORPUS.text)
    monkeypatch.setitem(arms.PRESETS, "quick", replace(STUDENT, steps=8))
    out = tmp_path / "student"
    args = ["--teacher", str(file), "--out", str(out), "--targets", "sampled", "--json"]
    with pytest.raises(SystemExit) as stop:
        training.entry(args)
    assert stop.value.code == 0
    record = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert record["arms"][0]["name"] == comparison.TOKENS
    assert record["verdict"] == "cannot tell"  # one seed
    assert (out / "model.safetensors").exists()
    assert json.loads((out / "result.json").read_text())["verdict"] == "cannot tell"
    assert (out / "cache" / "manifest.json").exists()


def run_training(args: list[str], capsys: pytest.CaptureFixture) -> dict:
    with pytest.raises(SystemExit) as stop:
        training.entry([*args, "--json"])
    assert stop.value.code == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def taught(record: dict) -> dict:
    return next(arm for arm in record["arms"] if arm["name"] == comparison.TAUGHT)


def test_a_stopped_student_goes_on_to_the_same_end(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the middle of being taught, and gone on with: the same loss, bit for bit."""
    file = saved(tmp_path / "t.safetensors", "storyland:20000", CORPUS.text)
    monkeypatch.setitem(arms.PRESETS, "quick", replace(STUDENT, eval_every=4))
    args = ["--teacher", str(file), "--steps", "12"]
    whole = run_training([*args, "--out", str(tmp_path / "whole")], capsys)

    original, steps, last = arms.distill, [], 6

    def watched(*told, run=None, on_step=None, **more):
        def until_the_last(now):
            on_step(now)
            if run is not None:
                steps.append(now.step)
                if now.step == last:
                    raise KeyboardInterrupt

        return original(*told, run=run, on_step=until_the_last, **more)

    half = str(tmp_path / "half")
    monkeypatch.setattr(arms, "distill", watched)
    with pytest.raises(SystemExit) as stop:
        training.entry([*args, "--out", half])
    assert stop.value.code == command.INTERRUPTED
    assert f"--resume --out {half}" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "half" / "result.json").exists()
    last = None
    capsys.readouterr()
    assert "holds a run already" in error_line(training, [*args, "--out", half], capsys)
    other = [*args, "--out", half, "--resume", "--alpha", "0.5"]
    assert "another distill" in error_line(training, other, capsys)
    told: list[str] = []
    monkeypatch.setattr(training, "print", lambda line, **_: told.append(line), raising=False)
    config = tmp_path / "half" / "config.json"
    record = json.loads(config.read_text(encoding="utf-8"))
    now = record["versions"]["torch"]
    record["versions"]["torch"], record["processor"] = "1.0", "abacus"
    config.write_text(json.dumps(record), encoding="utf-8")
    mended = run_training([*args, "--out", half, "--resume"], capsys)
    assert taught(mended)["losses"] == taught(whole)["losses"]
    assert steps == list(range(1, 13))  # none of them twice
    (line,) = [line for line in told if "not as it began" in line]
    assert f"torch 1.0 then, {now} now; processor abacus then, {processor()} now" in line
    again = json.loads(config.read_text(encoding="utf-8"))
    assert (again["versions"], again["processor"]) == (record["versions"], "abacus")


def test_a_student_that_goes_on_as_it_began_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one whose folder is of an older version, which kept no versions."""
    run = runs.create(tmp_path / "s", "s")
    file = saved(tmp_path / "t.safetensors", "storyland:20000", CORPUS.text)
    monkeypatch.setitem(arms.PRESETS, "quick", STUDENT)
    asked = training.Command(teacher=str(file))
    training._settle(run, asked, arms.prepare(asked))
    again = training.Command(teacher=str(file), resume=True, out=run.folder)
    training._settle(run, again, arms.prepare(again))
    kept = {k: v for k, v in run.config.items() if k not in ("versions", "machine", "processor")}
    (run.folder / "config.json").write_text(json.dumps(kept), encoding="utf-8")
    training._settle(run, again, arms.prepare(again))
    assert "not as it began" not in capsys.readouterr().err


def test_minutes_set_the_steps_of_all_arms(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(tmp_path / "t.safetensors", "storyland:20000", CORPUS.text)
    monkeypatch.setitem(arms.PRESETS, "quick", STUDENT)
    args = ["--teacher", str(file), "--minutes", "1e-6", "--out", str(tmp_path / "s")]
    record = run_training(args, capsys)
    assert taught(record)["steps"] == 21
    assert next(a for a in record["arms"] if a["name"] == comparison.COUNTED)["steps"] == 21
    assert json.loads((tmp_path / "s" / "config.json").read_text())["student"]["steps"] == 21
