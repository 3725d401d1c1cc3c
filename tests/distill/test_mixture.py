"""A mixture as a teacher, cross-fitted by place, and as a rung of a cascade."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from distill import cache as caching
from distill import cascade, compare, losses, mixture, views
from distill import train as training
from distill.cascades import escalation, ladder
from distill.comparison import arms, costs
from distill.distillation import Distillation
from distill.mixture import MixtureTeacher
from distill.settings import DistillConfig, Question
from distill.teachers import (
    FOLDS,
    EnsembleTeacher,
    ModelTeacher,
    NGramTeacher,
    Teacher,
    ask,
    check_text,
    join,
    unchanged,
)
from minigpt import corpora, storyland
from minigpt.mixture import Gate, Mixture
from minigpt.model import GPT
from minigpt.nextchar import NextChar
from minigpt.ngram import NGram
from minigpt.saved import checkpoint
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import Batch

DATA = "storyland:20000"
CORPUS = corpora.load(DATA)
TOKENIZER = CharTokenizer.from_text(CORPUS.text)
IDS = TOKENIZER.encode(CORPUS.train)


def counted(folds: int, text: str = CORPUS.train) -> NGramTeacher:
    return NGramTeacher.fit(text, TOKENIZER, 5, folds)


def gated(network: GPT) -> Gate:
    """A gate that looks, with weights that differ from place to place."""
    whole = NGram.fit(CORPUS.train, TOKENIZER, 5)
    choose = TOKENIZER.encode(CORPUS.choose)
    return Mixture.fit([network, whole], choose, hidden=3).gate


def windows(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows of the training text side by side, [B, length], and where they begin."""
    starts = np.arange(0, len(IDS) - length, length)
    return IDS[starts[:, None] + np.arange(length)].astype(np.int64), starts


def test_each_place_is_taught_by_the_mixture_that_has_not_counted_it(make_gpt: Callable) -> None:
    """18,000 characters in six folds of 3,000; none of these windows of 30 reaches into two."""
    network = make_gpt()
    gate, teacher = gated(network), counted(6)
    mixed = MixtureTeacher([ModelTeacher(network), teacher], gate)
    ids, starts = windows(30)
    said = mixed.logprobs_at(ids, starts)
    np.testing.assert_allclose(np.exp(said).sum(-1), 1, atol=1e-5)
    for window, fold in ((20, 0), (150, 1), (598, 5)):
        rest = NGram.fit(np.delete(IDS, np.s_[3000 * fold : 3000 * fold + 3000]), TOKENIZER, 5)
        right = Mixture([network, rest], gate).logprobs(ids[window : window + 1])[0]
        np.testing.assert_allclose(said[window], right, atol=1e-5)
    whole = Mixture([network, NGram.fit(CORPUS.train, TOKENIZER, 5)], gate).logprobs(ids)
    np.testing.assert_allclose(mixed.logprobs(ids), whole, atol=1e-5)  # of any other text
    assert np.abs(said - whole).max() > 0.1
    heart = MixtureTeacher([ModelTeacher(network), counted(0)], gate)
    np.testing.assert_allclose(heart.logprobs_at(ids, starts), whole, atol=1e-5)
    assert len({mixed.fingerprint, heart.fingerprint, MixtureTeacher([network]).fingerprint}) == 3


def test_it_reads_on_as_a_next_char_model(make_gpt: Callable) -> None:
    mixed = MixtureTeacher([ModelTeacher(make_gpt()), counted(6)], gated(make_gpt()))
    assert isinstance(mixed, NextChar)
    ids = IDS[None, :10].astype(np.int64)
    whole = mixed.logprobs(ids)
    state, first = mixed.start(ids[:, :4])
    np.testing.assert_allclose(first, whole[:, 3], atol=1e-5)
    np.testing.assert_allclose(mixed.step(state, ids[:, 4]), whole[:, 4], atol=1e-5)
    long = IDS[None, :100].astype(np.int64)  # longer than the network's context
    assert mixed.logprobs_at(long, np.array([0])).shape == (1, 100, len(TOKENIZER))


def test_by_heart_it_loses_far_less_than_on_fresh_text_and_cross_fitted_as_much(
    make_gpt: Callable,
) -> None:
    """Here 0.72 on the text that it has counted, 0.93 on fresh text of the source, and 0.92."""
    network = make_gpt()
    gate = gated(network)
    ids, starts = windows(32)
    fresh = TOKENIZER.encode(storyland.generate(18_000, seed=9))
    other = fresh[starts[:, None] + np.arange(33)].astype(np.int64)

    def loss(said: np.ndarray, labels: np.ndarray) -> float:
        return float(-np.take_along_axis(said, labels[..., None].astype(int), -1).mean())

    labels = IDS[starts[:, None] + np.arange(1, 33)]
    heart, fitted = (
        MixtureTeacher([ModelTeacher(network), counted(folds)], gate) for folds in (0, FOLDS)
    )
    held_out = loss(heart.logprobs(other[:, :-1]), other[:, 1:])
    assert loss(heart.logprobs_at(ids, starts), labels) < 0.85 * held_out
    assert loss(fitted.logprobs_at(ids, starts), labels) == pytest.approx(held_out, rel=0.06)


def test_folds_reach_it_through_all_that_asks(tmp_path: Path, make_gpt: Callable) -> None:
    mixed = MixtureTeacher([ModelTeacher(make_gpt()), counted(5)], gated(make_gpt()))
    ids, starts = windows(32)
    right = mixed.logprobs_at(ids, starts)
    for one in (Teacher(mixed), EnsembleTeacher([mixed]), views.shortened(99).through(mixed)):
        np.testing.assert_allclose(ask(one, ids, starts), right, atol=1e-5)
    config = caching.CacheConfig(context=32)
    kept = caching.build(tmp_path, mixed, IDS, config).read(starts)["logprobs"]
    np.testing.assert_allclose(kept, right, atol=2e-2)
    model = make_gpt(1)
    batch = Batch(
        torch.from_numpy(ids[:4]), torch.from_numpy(ids[:4]), torch.from_numpy(starts[:4])
    )
    loss = Distillation(mixed, IDS, TOKENIZER, DistillConfig(alpha=1))(model, batch)
    told = torch.from_numpy(right[:4]).flatten(0, 1)
    torch.testing.assert_close(loss, losses.kd(model(batch.ids).flatten(0, 1), told))
    check_text(mixed, IDS[:500])
    with pytest.raises(ValueError, match="another one"):
        check_text(Teacher(mixed), IDS[1:])


def test_its_network_computes_as_the_run_does(make_gpt: Callable) -> None:
    """Also inside a plain mixture, whose members nobody had looked for."""
    network = make_gpt()
    for one in (MixtureTeacher([ModelTeacher(network), counted(0)]), Mixture([network])):
        with unchanged(one):
            join(one, torch.device("cpu"), "bf16")
            assert network.precision == "bf16"
        assert network.precision == "fp32"


def test_it_costs_what_its_members_cost(make_gpt: Callable) -> None:
    network, counts = make_gpt(), counted(5)
    mixed = MixtureTeacher([ModelTeacher(network), counts], gated(network))
    each = costs.teacher_flops(network, 32), costs.teacher_flops(counts, 32)
    assert min(each) > 0
    assert costs.teacher_flops(mixed, 32) == sum(each)
    assert costs.teacher_flops(mixed.model, 32) == sum(each)


# By name.


@pytest.fixture
def run(tmp_path: Path, make_gpt: Callable) -> Path:
    """A run's folder: a network that has learned nothing, with the text it would be of."""
    folder = tmp_path / "runs" / "mine"
    folder.mkdir(parents=True)
    checkpoint.save_model(folder / "model.safetensors", make_gpt(), {"data": DATA})
    return folder


def asked(teacher: str, **more: Any) -> Question:
    return Question(teacher=teacher, distill=DistillConfig(data_fraction=0.5), **more)


def test_a_mixture_by_name_is_cross_fitted_on_its_own_text_and_whole_on_another(run: Path) -> None:
    found = arms.prepare(asked(f"mixture:{run}"))
    assert isinstance(found.teacher, MixtureTeacher)
    network, counts = found.teacher.members
    assert isinstance(network, ModelTeacher)
    assert isinstance(counts, NGramTeacher)
    assert counts.folds == FOLDS
    np.testing.assert_array_equal(counts.text, IDS)  # the run's text, not the student's part
    assert found.data == DATA
    assert found.teacher.model.gate.looks
    other = run.parent / "other.txt"
    other.write_text(CORPUS.text[::-1], encoding="utf-8")
    counts = arms.prepare(asked(f"mixture:{run}", data=str(other))).teacher.members[1]
    assert counts.folds == 0


def test_the_latest_run_is_named(
    run: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run / "config.json").write_text("{}")
    monkeypatch.chdir(run.parents[1])
    here = Path("runs", "mine")
    assert mixture.named("mixture") == f"mixture:{here}"
    assert mixture.named("ngram") == "ngram"
    assert mixture.run_of("mixture:C:/runs/mine") == "C:/runs/mine"
    assert capsys.readouterr().err == f"using {here}, the latest run\n"
    assert isinstance(arms.prepare(asked("mixture")).teacher, MixtureTeacher)
    assert "the latest run" in capsys.readouterr().err


def ended(module: Any, args: list[str]) -> int:
    with pytest.raises(SystemExit) as stop:
        module.entry(args)
    assert isinstance(stop.value.code, int)
    return stop.value.code


def test_a_student_of_a_mixture(
    run: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder keeps the teacher's name, and is not the teacher's."""
    taught: list[arms.Setting] = []

    def compared(setting: arms.Setting, **_: Any) -> None:
        taught.append(setting)
        raise ValueError("that is enough")

    monkeypatch.setattr(training, "compare", compared)
    name, out = f"mixture:{run}", run.parent / "student"
    assert ended(training, ["--teacher", name, "--out", str(out)]) == 2
    assert isinstance(taught[0].teacher, MixtureTeacher)
    assert json.loads((out / "config.json").read_text())["teacher"] == name
    assert "enough" in capsys.readouterr().err
    assert ended(training, ["--teacher", name, "--out", str(run)]) == 2
    assert "is the teacher" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "flags", "words"),
    [
        (compare, ["--teacher", "mixture:"], "names no run"),
        (cascade, ["--models", "ngram,mixture:nowhere"], "no run at nowhere"),
    ],
)
def test_a_mixture_of_nothing(
    module: Any, flags: list[str], words: str, capsys: pytest.CaptureFixture
) -> None:
    assert ended(module, flags) == 2
    line = capsys.readouterr().err
    assert words in line
    assert line.count("\n") == 1


# As a rung.

TEXTS = escalation.streams(TOKENIZER.encode(CORPUS.judge), 8, 40)
SMALL = NGram.fit(CORPUS.train, TOKENIZER, 2)


def test_a_mixture_is_a_rung_as_any_other(make_gpt: Callable) -> None:
    network = make_gpt()
    mixed = Mixture([network, NGram.fit(CORPUS.train, TOKENIZER, 5)], gated(network))
    alone = escalation.run([mixed], [], TEXTS)
    always = escalation.run([SMALL, mixed], [0.0], TEXTS)
    never = escalation.run([SMALL, mixed], [1.0], TEXTS)
    assert always.nats == pytest.approx(alone.nats, rel=1e-5)
    assert never.nats == pytest.approx(escalation.run([SMALL], [], TEXTS).nats, rel=1e-6)
    state, said = mixed.start(TEXTS[:, :4])
    behind = escalation.Behind(mixed, TEXTS, 3)
    rng = np.random.default_rng(0)
    for t in range(4, TEXTS.shape[1]):
        if t > 4:
            said = mixed.step(state, TEXTS[:, t - 1])
        rows = np.flatnonzero(rng.random(len(TEXTS)) < 0.4)
        if len(rows):
            np.testing.assert_allclose(behind.answer(t, rows), said[rows], atol=1e-4)


class Paced(Teacher):
    """A model that reads with a clock: so many milliseconds for each character of all streams."""

    def __init__(self, model: NextChar, milliseconds: float, clock: SimpleNamespace) -> None:
        super().__init__(model)
        self.milliseconds, self.clock = milliseconds, clock

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        self.clock.now += ids.shape[1] * self.milliseconds / 1000
        return self.model.start(ids)

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        self.clock.now += self.milliseconds / 1000
        return self.model.step(state, ids)


@pytest.mark.parametrize("before", [False, True])
def test_a_rung_costs_the_sum_of_its_members(before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """3 ms and 5 ms for each of 40 characters of 8 streams, of which 33 are predicted.

    Also after a cheaper one, though that is a member: what it has said is not used again.
    """
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(escalation, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    cheap, dear = Paced(SMALL, 3, clock), Paced(NGram.fit(CORPUS.train, TOKENIZER, 5), 5, clock)
    mixed = Mixture([cheap, dear])
    found = escalation.run(*(([cheap, mixed], [0.0]) if before else ([mixed], [])), TEXTS)
    spent = 40 * (3 + 5) + (40 * 3 if before else 0)
    assert found.ms_per_char == pytest.approx(spent / (33 * 8))


def test_the_command_measures_a_mixture(
    run: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*told: Any, **how: Any) -> list[ladder.Point]:
        return ladder.ladder(*told, **how, shares=(0.5,), rules=("entropy",))

    monkeypatch.setattr(cascade, "ladder", short)
    args = ["--models", f"ngram,mixture:{run}", "--data", DATA, "--streams", "4", "--json"]
    assert ended(cascade, [*args, "--repeats", "1"]) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert [p["name"] for p in points[:2]] == ["ngram", f"mixture:{run}"]
