"""The map: one cell a comparison, one picture, one line for what makes no sense."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from distill import map as mapping
from distill.comparison import arms, comparison
from distill.settings import DistillConfig
from distill.teachers import ModelTeacher
from labkit import command
from minigpt import corpora
from minigpt.layers import GPTConfig
from minigpt.settings import TrainConfig
from minigpt.train.loop import train

TINY = TrainConfig(
    steps=4,
    batch_size=4,
    device="cpu",
    precision="fp32",
    threads=1,
    model=GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32),
)


def test_a_map_has_a_cell_for_every_combination(tmp_path: Path) -> None:
    cells = mapping.chart(
        corpora.load("storyland:5000"),
        TINY,
        replace(TINY, batch_size=8),
        fractions=(0.1, 1.0),
        widths=(16,),
        teacher_steps=(2, 6),
        seeds=(0, 1),
    )
    assert [(c.teacher_steps, c.width, c.fraction) for c in cells] == [
        (2, 16, 0.1),
        (6, 16, 0.1),
        (2, 16, 1.0),
        (6, 16, 1.0),
    ]
    assert cells[0].teacher_loss == cells[2].teacher_loss != cells[1].teacher_loss
    mapping.draw(cells, tmp_path / "map.png", 2)
    assert (tmp_path / "map.png").stat().st_size > 1000


def test_the_caption_says_what_no_interval_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(mapping.figures, "caption", lambda figure, words: said.append(words))
    cell = mapping.Cell(
        fraction=1.0, width=16, teacher_steps=2, teacher_loss=2.0, gained=0.1, verdict="helps"
    )
    mapping.draw([cell], tmp_path / "map.png", 3)
    assert "over 3 seeds" in said[0]
    assert "One teacher for all" in said[0]


def test_a_cell_is_what_the_comparison_finds() -> None:
    corpus = corpora.load("storyland:5000")
    (cell,) = mapping.chart(
        corpus, TINY, TINY, fractions=(0.5,), widths=(16,), teacher_steps=(6,), seeds=(0,)
    )
    learned = ModelTeacher(train(replace(TINY, steps=6, seed=1000), corpus).model)
    student = replace(TINY, model=replace(TINY.model, n_embd=16))
    what = arms.setting(learned, student, corpus, DistillConfig(data_fraction=0.5))
    found = comparison.compare(what, seeds=(0,), sweep=arms.Sweep(rates=(1.0,)))
    assert cell.gained == found.gap.gained.value
    assert (cell.teacher_loss, cell.verdict) == (found.teacher_loss, found.gap.verdict)


@pytest.mark.parametrize(
    "flags",
    [
        ["--seeds", "0"],
        ["--widths", "33"],
        ["--fractions", "0"],
        ["--data", "nowhere"],
        ["--out", "no/where.png"],
        ["--out", "map.pdf"],
        ["--widths", "32", "32"],
        ["--fractions", "1e-9"],
    ],
)
def test_what_cannot_be_mapped(flags: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stop:
        command.run(mapping.main, mapping.Command, prog=mapping.PROG, args=flags)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
