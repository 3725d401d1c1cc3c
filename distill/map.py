"""Should I distil? A chart over amount of text, size of the student and quality of the teacher.

Idea:   distilling helps if labels are few and the teacher is good, and does nothing if the student
        has seen enough, or has no capacity. The turning point is measured, cell by cell: the
        baseline is labels alone of any length up to equal compute, the verdict that of
        `distill.compare`.
Source: Busbridge et al. 2025, arXiv:2502.08606 (distillation scaling laws).
Run:    python -m distill.map
Omits:  interpolation between cells; the arms of `distill.compare` that decide nothing here; a
        learning rate for each width, teacher and arm, so that part of what a cell shows may be the
        rate; a teacher for each seed (all seeds of a cell share one); and why a cell comes out as
        it does: no cause is varied here.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("distill.map")

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from distill.comparison import arms, costs
from distill.comparison.metrics import Verdict, gap_closed
from distill.settings import DistillConfig, portion
from distill.teachers import ModelTeacher, Teacher
from labkit import command, figures
from minigpt import corpora
from minigpt.evaluate import score
from minigpt.settings import PRESETS, TrainConfig
from minigpt.train.interface import check_fits
from minigpt.train.loop import train

PROG = "distill.map"
COLOURS: dict[str, str] = {"helps": "#009E73", "cannot tell": "#dddddd", "hurts": "#D55E00"}
SMALL = replace(PRESETS["quick"], batch_size=16, model=replace(PRESETS["quick"].model, n_layer=2))
"""Settings of teachers and, except for width and steps, of students."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One comparison of the chart."""

    fraction: float
    """Share of the training text."""
    width: int
    """Width of the student."""
    teacher_steps: int
    """Training steps of the teacher."""
    teacher_loss: float
    """The teacher's loss on the judging half, nats/char."""
    gained: float
    """Labels alone minus distilled, nats/char; mean over seeds."""
    verdict: Verdict


def chart(
    corpus: corpora.Corpus,
    student: TrainConfig,
    teacher: TrainConfig,
    *,
    fractions: Sequence[float],
    widths: Sequence[int],
    teacher_steps: Sequence[int],
    seeds: Sequence[int],
    say: Callable[[str], None] = lambda _: None,
) -> list[Cell]:
    """Compare in every cell; teachers read the whole training text. One learning rate for all.

    Labels alone do not depend on the teacher: they are trained once for all teachers of one size.
    """
    teachers = []
    for steps in teacher_steps:
        say(f"teacher of {steps} steps")
        learned = ModelTeacher(train(replace(teacher, steps=steps, seed=1000), corpus).model)
        judge = learned.tokenizer.encode(corpus.judge)
        teachers.append((steps, learned, score(Teacher(learned), judge).nats))
    cells = []
    for width in widths:
        shape = replace(student, model=replace(student.model, n_embd=width))
        for fraction in fractions:
            config = DistillConfig(data_fraction=fraction)
            what = arms.setting(teachers[0][1], shape, corpus, config)
            ways = arms.Arms(what, seeds, arms.Sweep(rates=(1.0,)), say)
            for steps, learned, loss in teachers:
                where = f"student {width} wide, {fraction:.0%} of the text"
                longer = costs.equal_compute_steps(shape, learned, len(learned.tokenizer))
                labels = ways.labels(f"{where}, labels", longer)
                taught = ways.taught(f"{where}, teacher of {steps} steps", learned)
                gap = gap_closed(labels.losses, taught.losses, loss)
                cells.append(
                    Cell(
                        fraction=fraction,
                        width=width,
                        teacher_steps=steps,
                        teacher_loss=loss,
                        gained=gap.gained.value,
                        verdict=gap.verdict,
                    )
                )
    return cells


def draw(cells: Sequence[Cell], path: Path, seeds: int) -> None:
    """Draw one panel per teacher; each cell shows the gain and the verdict, in words and colour."""
    steps = sorted({cell.teacher_steps for cell in cells})
    fractions = sorted({cell.fraction for cell in cells})
    widths = sorted({cell.width for cell in cells})
    with figures.style():
        figure, axes = figures.new("wide", 1, len(steps))
        for ax, number in zip([axes] if len(steps) == 1 else axes, steps):
            here = [cell for cell in cells if cell.teacher_steps == number]
            for cell in here:
                x, y = fractions.index(cell.fraction), widths.index(cell.width)
                ax.add_patch(_square(x, y, cell.verdict))
                said = f"{cell.verdict}\n{cell.gained:+.2f}"
                ground = {"facecolor": COLOURS[cell.verdict], "edgecolor": "none", "pad": 3}
                ax.text(x, y, said, ha="center", va="center", bbox=ground)
            ax.set(xlim=(-0.5, len(fractions) - 0.5), ylim=(-0.5, len(widths) - 0.5))
            ax.set_xticks(range(len(fractions)), [f"{100 * f:g}" for f in fractions])
            ax.set_yticks(range(len(widths)), [str(w) for w in widths])
            ax.grid(False)
            title = f"a teacher of {number} steps, {here[0].teacher_loss:.2f} nats/char"
            figures.label(
                ax, x="text the student gets (%)", y="student's width (features)", title=title
            )
        figures.caption(
            figure,
            "What distilling gains over labels alone at equal compute, nats/char;\n"
            f"helps or hurts: the 95 % interval over {seeds} seeds leaves out 0.\n"
            "One teacher for all seeds of a cell: what another would change is in no interval.",
        )
    helped = sum(cell.verdict == "helps" for cell in cells)
    figures.save(figure, path, alt=f"distilling helps in {helped} of {len(cells)} cells")


def _square(x: int, y: int, verdict: Verdict) -> Any:
    from matplotlib.patches import Rectangle

    colour, hatch = COLOURS[verdict], "//" if verdict == "hurts" else None
    look: dict[str, Any] = {"facecolor": colour, "edgecolor": "white", "linewidth": 2}
    return Rectangle((x - 0.5, y - 0.5), 1, 1, hatch=hatch, **look)


@dataclass(frozen=True, kw_only=True)
class Command:
    """Draw where distilling helps: text x student x teacher. A quarter of an hour on one core."""

    data: str = "storyland:400000"
    """A corpus or a path."""
    fractions: tuple[float, ...] = (0.02, 0.1, 1.0)
    """Shares of the training text."""
    widths: tuple[int, ...] = (32, 64)
    """Widths of the student."""
    teacher_steps: tuple[int, ...] = (60, 600)
    """Training steps of the teachers: a bad one and a better one."""
    steps: int = 240
    """Training steps of the student."""
    seeds: int = 3
    """Seeds per cell; verdicts need three."""
    out: Path = Path("map.png")
    """Where to write the picture."""
    json: bool = False
    """Print a last line of JSON with the cells."""

    def __post_init__(self) -> None:
        if not (self.fractions and self.widths and self.teacher_steps):
            raise ValueError("a map needs at least one fraction, one width and one teacher")
        if self.seeds < 1 or self.steps < 1 or min(self.teacher_steps) < 1:
            raise ValueError("seeds, steps and teacher_steps must be at least 1")
        for name in ("fractions", "widths", "teacher_steps"):
            given = getattr(self, name)
            if len(set(given)) < len(given):
                raise ValueError(f"{name} has a value twice: {' '.join(map(str, given))}")
        for fraction in self.fractions:
            DistillConfig(data_fraction=fraction)  # checks the fraction
        for width in self.widths:
            replace(SMALL.model, n_embd=width)


def main(asked: Command) -> None:
    """Measure the cells, print them and draw the map."""
    figures.check_place(asked.out)
    corpus = corpora.load(asked.data)
    for fraction in asked.fractions:
        check_fits(SMALL, portion(corpus, fraction), SMALL.model.context)
    cells = chart(
        corpus,
        replace(SMALL, steps=asked.steps),
        SMALL,
        fractions=asked.fractions,
        widths=asked.widths,
        teacher_steps=asked.teacher_steps,
        seeds=range(asked.seeds),
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    if asked.json:
        print(json.dumps([asdict(cell) for cell in cells]), flush=True)
    else:
        for cell in cells:
            print(
                f"teacher {cell.teacher_loss:.3f}  width {cell.width:4d}  text "
                f"{cell.fraction:5.0%}  {cell.gained:+.4f} nats/char  {cell.verdict}"
            )
    draw(cells, asked.out, asked.seeds)  # last: results are printed even if the disk fails
    if not asked.json:
        print(f"map: {asked.out}")


if __name__ == "__main__":
    command.run(main, Command, prog=PROG)
